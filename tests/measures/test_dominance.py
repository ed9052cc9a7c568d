"""Violation of dominance against slow integrals, known distributions and the jackknife."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from sim.measures.dominance import first_order_violation, second_order_violation
from sim.measures.estimate import Estimate
from sim.measures.evaluate import measured
from sim.measures.precision import standard_error

BOTH = [first_order_violation, second_order_violation]


def slow_first_order(x: np.ndarray, y: np.ndarray) -> float:
    """Integrate the two distribution functions over every interval between worlds."""
    ends = np.unique(np.concatenate([x, y]))
    against = total = 0.0
    for low, high in pairwise(ends):
        excess = np.mean(x <= low) - np.mean(y <= low)
        against += max(excess, 0.0) * (high - low)
        total += abs(excess) * (high - low)
    return against / total


def slow_second_order(x: np.ndarray, y: np.ndarray) -> float:
    """Compare the sums of the worst 1, 2, ... n worlds."""
    differences = [np.sort(y)[:j].sum() - np.sort(x)[:j].sum() for j in range(1, x.size + 1)]
    return float(sum(max(d, 0.0) for d in differences) / sum(abs(d) for d in differences))


@pytest.mark.parametrize(
    ("fast", "slow"),
    [(first_order_violation, slow_first_order), (second_order_violation, slow_second_order)],
    ids=["first", "second"],
)
@pytest.mark.parametrize("seed", range(5))
def test_violation_is_the_slow_integral(
    fast: Callable[..., Estimate], slow: Callable[..., float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(0.2, 1.3, 150), np.round(random.normal(0, 1, 150), 1)
    assert float(fast(x, y).value) == pytest.approx(slow(x, y), rel=1e-10)


def test_first_order_of_two_crossing_uniforms() -> None:
    # x on (0, 3), y on (1, 2): equal triangles left and right of the crossing at 1.5
    grid = (np.arange(20_000) + 0.5) / 20_000
    assert float(first_order_violation(3 * grid, 1 + grid).value) == pytest.approx(0.5, abs=1e-3)
    # shift x by 0.5: L(t) = t/3 - 1/6 crosses y at t = 1.25, areas 3/16 and 27/16 of the same unit
    against = float(first_order_violation(0.5 + 3 * grid, 1 + grid).value)
    assert against == pytest.approx(0.1, abs=1e-3)


def test_second_order_of_equal_means_favours_the_narrower() -> None:
    grid = (np.arange(20_000) + 0.5) / 20_000
    narrow, wide = 1 + grid, 3 * grid
    assert float(second_order_violation(narrow, wide).value) == pytest.approx(0, abs=1e-9)
    assert float(second_order_violation(wide, narrow).value) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("function", BOTH)
def test_influence_is_that_of_the_jackknife(
    function: Callable[..., Estimate], jackknife: Callable[..., np.ndarray]
) -> None:
    random = np.random.default_rng(21)
    common = random.normal(size=600)
    x = 0.3 + 1.4 * common + random.normal(size=600)
    y = common + random.normal(size=600)
    expected = jackknife(function, x, y)
    influence = function(x, y).influence
    assert 0.05 < function(x, y).value < 0.95
    assert np.sqrt(np.mean((influence - expected) ** 2)) < 0.05 * expected.std()


@pytest.mark.parametrize("function", BOTH)
def test_the_two_sides_add_up_to_one(function: Callable[..., Estimate]) -> None:
    random = np.random.default_rng(22)
    x, y = random.normal(0.1, 1.2, 500), random.normal(0, 1, 500)
    there, back = function(x, y), function(y, x)
    assert float(there.value + back.value) == pytest.approx(1)
    assert float(standard_error(there).se) == pytest.approx(float(standard_error(back).se))


@pytest.mark.parametrize("function", BOTH)
def test_dominance_in_every_world_has_no_error(function: Callable[..., Estimate]) -> None:
    y = np.random.default_rng(23).normal(size=100)
    entry = measured(function(y + 1, y), "fraction")
    assert (entry.value, entry.se) == (0, None)
    assert entry.reason is not None
    assert "no violation" in entry.reason
    assert measured(function(y, y + 1), "fraction").value == 1


@pytest.mark.parametrize("function", BOTH)
def test_same_distribution_has_no_violation_to_speak_of(function: Callable[..., Estimate]) -> None:
    y = np.random.default_rng(24).normal(size=100)
    entry = measured(function(y[::-1].copy(), y), "fraction")
    assert entry.value is None
    assert entry.reason == "the two distributions are the same"


def test_unpaired_worlds_are_refused() -> None:
    with pytest.raises(ValueError, match="same worlds"):
        first_order_violation(np.arange(3.0), np.arange(4.0))
