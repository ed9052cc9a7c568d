"""Violation of dominance against slow integrals, known distributions and the jackknife."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from sim.measures.dominance import (
    Dominance,
    first_order_range,
    first_order_violation,
    second_order_range,
    second_order_violation,
)
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


# --- Between which levels dominance is told ---------------------------------------------------------


def slow_scores(x: np.ndarray, y: np.ndarray, order: int, levels: list[float]) -> list[float]:
    """Mean over standard error of what y falls behind x at thresholds, one after another."""
    both, result = np.sort(np.concatenate([x, y])), []
    for level in levels:
        t = both[int(level * both.size)]
        if order == 1:
            behind = (y <= t).astype(float) - (x <= t)
        else:
            behind = np.maximum(t - y, 0.0) - np.maximum(t - x, 0.0)
        result.append(behind.mean() / (behind.std() / np.sqrt(x.size)))
    return result


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_told_levels_are_those_of_a_slow_walk(order: int, seed: int) -> None:
    """Within the range every threshold is told apart; beyond its ends some threshold is not."""
    random = np.random.default_rng(seed)
    common = random.normal(size=5_000)
    x = 0.3 + 1.2 * (0.6 * common + 0.8 * random.normal(size=5_000))
    y = 0.6 * common + 0.8 * random.normal(size=5_000)
    seen = first_order_range(x, y) if order == 1 else second_order_range(x, y, 1)
    assert seen.a_ahead
    assert seen.low is not None
    assert seen.high is not None
    inside = [p for p in np.linspace(0.01, 0.99, 99) if seen.low <= p <= seen.high]
    assert min(slow_scores(x, y, order, inside)) > 1.9
    below = np.geomspace(seen.low / 8, seen.low, 30)
    assert min(slow_scores(x, y, order, list(below))) < 2.1


def test_mirrored_worlds_mirror_the_claim() -> None:
    random = np.random.default_rng(31)
    x, y = random.normal(0.3, 1.0, 4_000), random.normal(0.0, 1.1, 4_000)
    there, back = first_order_range(x, y), first_order_range(y, x)
    assert (there.low, there.high) == (back.low, back.high)
    assert (there.a_ahead, back.a_ahead) == (True, False)
    flipped = first_order_range(-y, -x)
    assert flipped.a_ahead
    assert flipped.low == pytest.approx(1 - (there.high or 0.0))


def test_equal_distributions_are_not_told_apart() -> None:
    y = np.random.default_rng(32).normal(size=1_000)
    assert first_order_range(y, y) == Dominance(1)
    assert second_order_range(y, y, 0) == Dominance(2)
    assert first_order_range(np.zeros(1), np.ones(1)) == Dominance(1)


def test_groups_that_resemble_each_other_tell_less() -> None:
    """Worlds drawn four times over: as groups they count once."""
    random = np.random.default_rng(33)
    x, y = random.normal(0.12, 1.0, 1_000).repeat(20), random.normal(0.0, 1.0, 1_000).repeat(20)
    assert first_order_range(x, y).covers(0.05, 0.95)
    grouped = first_order_range(x, y, groups=1_000)
    assert not grouped.covers(0.05, 0.95)
    assert first_order_range(x[::20] + 2.0, y[::20], groups=50).covers(0.1, 0.9)


REPEATS, WORLDS = 500, 20_000


@pytest.mark.statistical
@pytest.mark.parametrize("crossing", [0.9899, 0.99865, 0.99997])
def test_first_order_claims_are_seldom_false(crossing: float) -> None:
    """Normal laws whose quantiles cross at a known level: x is ahead below it and nowhere above.

    The claim says too much in at most 2.3 % of seeds; 500 repeats show more than 4.5 % of them
    once in 500 sets of seeds. "No violation in the worlds drawn" was false in up to 14 %.
    """
    spread = 1.0 + 0.3 / norm.ppf(crossing)
    random, false, none_seen = np.random.default_rng(41), 0, 0
    for _ in range(REPEATS):
        common, own, other = random.normal(size=(3, WORLDS))
        x = 0.3 + 0.5 * common + np.sqrt(0.75) * own
        y = spread * (0.5 * common + np.sqrt(0.75) * other)
        seen = first_order_range(x, y)
        assert seen.a_ahead
        false += (seen.high or 0.0) > crossing
        none_seen += bool((np.sort(x) >= np.sort(y)).all())
    print(f"false {false / REPEATS:.3f}, no violation seen {none_seen / REPEATS:.3f}")
    assert false / REPEATS <= 0.045


@pytest.mark.statistical
@pytest.mark.parametrize("crossing", [0.0501, 0.0101, 0.00021])
def test_second_order_claims_are_seldom_false(crossing: float) -> None:
    """The worst share p of two normal laws has means that cross at a known p.

    mean - sd phi(z_p) / p. False in at most 2.3 % of seeds, more than 4.5 % of 500 once in 500.
    """
    mean = 0.1 * norm.pdf(norm.ppf(crossing)) / crossing
    random, false = np.random.default_rng(42), 0
    for _ in range(REPEATS):
        common, own, other = random.normal(size=(3, WORLDS))
        x = mean + 1.1 * (0.5 * common + np.sqrt(0.75) * own)
        y = 0.5 * common + np.sqrt(0.75) * other
        false += (second_order_range(x, y, 1).low or 1.0) < crossing
    print(f"false {false / REPEATS:.3f}")
    assert false / REPEATS <= 0.045
