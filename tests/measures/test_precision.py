"""Standard errors of independent and grouped worlds, and the judgement of tails."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtr, ndtri

from sim.measures import functions as f
from sim.measures.estimate import Estimate
from sim.measures.evaluate import measured
from sim.measures.precision import heavier_tail_shape, pareto_shape, rare, standard_error


def test_independent_worlds_have_the_textbook_error() -> None:
    x = np.random.default_rng(1).normal(size=1000)
    assert float(standard_error(f.mean(x)).se) == pytest.approx(x.std(ddof=1) / np.sqrt(1000))


def test_grouped_worlds_have_the_error_of_their_means() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(40, 1)) + random.normal(size=(40, 25))
    expected = x.mean(axis=1).std(ddof=1) / np.sqrt(40)
    assert float(standard_error(f.mean(x.ravel()), groups=40).se) == pytest.approx(expected)
    # ignoring the groups would hide most of it
    assert float(standard_error(f.mean(x.ravel())).se) < 0.5 * expected


def test_grouped_error_of_a_quantile_is_that_of_the_group_means_of_its_influence() -> None:
    x = np.random.default_rng(3).normal(size=400)
    estimate = f.median(x)
    expected = estimate.influence.reshape(20, 20).mean(axis=1).std(ddof=1) / np.sqrt(20)
    assert float(standard_error(estimate, groups=20).se) == pytest.approx(expected)


def test_unequal_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="10 worlds do not divide into 3"):
        standard_error(f.mean(np.arange(10.0)), groups=3)


@pytest.mark.parametrize(("groups", "noun"), [(0, "world"), (1, "group")])
def test_one_world_or_group_has_no_error(groups: int, noun: str) -> None:
    x = np.arange(1.0) if not groups else np.arange(8.0)
    entry = measured(f.mean(x), "USD", groups=groups)
    assert entry.value is not None
    assert entry.se is None
    assert entry.reason == f"one {noun} only: no standard error"


@pytest.mark.parametrize("never", [True, False], ids=["never", "always"])
def test_unseen_share_obeys_the_rule_of_three(never: bool) -> None:
    n = 10_000
    estimate = f.probability_below(np.full(n, 1.0 if never else -1.0))
    se = float(standard_error(estimate).se)
    # rule of three (Hanley & Lippman-Hand 1983): the 95 % limit is 3 / n
    assert 2 * se == pytest.approx(3 / n, rel=0.002)
    clustered = float(standard_error(estimate, groups=100, clustered=True).se)
    assert 2 * clustered == pytest.approx(3 / 100, rel=0.02)
    assert float(standard_error(estimate, groups=100).se) == se


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3, 0.7, 1.2])
def test_fit_finds_a_known_pareto_shape(shape: float) -> None:
    m = 5000
    u = np.random.default_rng(4).random(m)
    y = -np.log(u) if shape == 0 else (u**-shape - 1) / shape
    # asymptotic sd (1 + k) / sqrt(m) (Smith 1987) for k > -0.5; four of them: 6 of 100,000 seeds
    assert pareto_shape(7.0 * y) == pytest.approx(shape, abs=4 * (1 + shape) / np.sqrt(m))


def slow_pareto_shape(x: list[float]) -> float:
    """Follow Zhang & Stephens (2009), section 3, step by step; their k has the other sign."""
    n, x = len(x), sorted(x)
    m = 20 + math.floor(math.sqrt(n)) + 10
    quartile = x[math.floor(n / 4 + 0.5) - 1]

    def k(theta: float) -> float:
        return -sum(math.log1p(-theta * value) for value in x) / n

    def log_likelihood(theta: float) -> float:
        return n * (math.log(theta / k(theta)) + k(theta) - 1)

    thetas = [1 / x[-1] + (1 - math.sqrt(m / (j - 0.5))) / (3 * quartile) for j in range(1, m + 1)]
    heights = [log_likelihood(theta) for theta in thetas]
    weights = [1 / sum(math.exp(other - height) for other in heights) for height in heights]
    return -k(sum(weight * theta for weight, theta in zip(weights, thetas, strict=True)))


@pytest.mark.parametrize("size", [5, 19, 94])
def test_fit_is_that_of_the_paper_drawn_to_one_half(size: int) -> None:
    y = np.random.default_rng(5).pareto(2.0, size)
    # Vehtari et al. 2024: the prior is worth ten exceedances at 0.5
    expected = (size * slow_pareto_shape(y.tolist()) + 10 * 0.5) / (size + 10)
    assert pareto_shape(y) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("alpha", "has_error"), [(1.34, False), (4.0, True)])
@pytest.mark.parametrize("side", [1.0, -1.0], ids=["upper", "lower"])
def test_error_of_a_mean_needs_a_variance(alpha: float, has_error: bool, side: float) -> None:
    # tail index alpha is shape 1 / alpha; 949 worlds in the tail: sd of the shape below 0.06
    x = side * np.random.default_rng(6).pareto(alpha, 100_000)
    entry = measured(f.mean(x), "fraction")
    assert entry.khat == pytest.approx(1 / alpha, abs=0.24)
    assert (entry.se is not None) is has_error
    assert entry.heavy_tailed is not has_error
    if not has_error:
        assert entry.reason is not None
        assert f"heavy tail (Pareto k {entry.khat:.2f}" in entry.reason
        assert "quantiles" in entry.reason


def test_error_of_a_deviation_needs_a_fourth_moment() -> None:
    # at tail index 3 the mean has a variance and the squared deviations (index 1.5) have none
    x = np.random.default_rng(7).pareto(3.0, 100_000)
    assert measured(f.mean(x), "fraction").se is not None
    assert measured(f.standard_deviation(x), "fraction").se is None
    assert measured(f.median(x), "fraction").khat is None


def test_tail_needs_five_worlds_beyond_its_threshold() -> None:
    assert np.isnan(heavier_tail_shape(np.arange(24.0)))
    assert np.isfinite(heavier_tail_shape(np.arange(25.0)))
    assert np.isnan(heavier_tail_shape(np.repeat([0.0, 1.0], [996, 4])))
    assert np.isnan(pareto_shape(np.zeros(50)))


def test_shape_does_not_depend_on_the_unit() -> None:
    x = np.random.default_rng(8).lognormal(0, 1, 2000)
    assert heavier_tail_shape(x) == pytest.approx(heavier_tail_shape(1e6 * x))
    assert heavier_tail_shape(x) == pytest.approx(heavier_tail_shape(-x))


@pytest.mark.parametrize("distribution", ["normal", "exponential", "uniform"])
def test_light_tails_keep_their_error(distribution: str) -> None:
    x = getattr(np.random.default_rng(9), distribution)(size=(200, 1000))
    # tails of 94: shape 0 has sd 0.10, so 0.5 is five of them away; 1 of 200 would be a surprise
    assert np.isfinite(standard_error(f.mean(x)).se).all()


SIGMA = 0.4
COVERED: dict[str, tuple[Callable[..., Estimate], float]] = {
    "mean": (f.mean, np.exp(SIGMA**2 / 2)),
    "median": (f.median, 1.0),
    "p05": (partial(f.quantile, p=0.05), np.exp(SIGMA * ndtri(0.05))),
    "es05": (f.expected_shortfall, np.exp(SIGMA**2 / 2) * ndtr(ndtri(0.05) - SIGMA) / 0.05),
    "share": (partial(f.probability_below, threshold=0.7), ndtr(np.log(0.7) / SIGMA)),
}


@pytest.mark.parametrize("name", COVERED)
def test_intervals_cover_a_closed_form(name: str) -> None:
    function, truth = COVERED[name]
    estimate = function(np.random.default_rng(10).lognormal(0.0, SIGMA, (400, 1000)))
    hits = np.abs(estimate.value - truth) <= 1.645 * standard_error(estimate).se
    # 400 repeats at 90 %: sd 1.5 %, so 6 % away once in 10,000 seeds
    assert 0.84 < hits.mean() < 0.96


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(2, 150)),
        elements=st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -2.5, np.nan]),
    )
)
def test_rare_is_what_it_says(influence):
    """However few worlds a look at the first of them takes."""
    n = influence.shape[-1]
    usual = np.median(influence, axis=-1, keepdims=True)
    unusual = (influence != usual).sum(axis=-1)
    expected = (unusual > 0) & (unusual < min(30, n // 2))
    np.testing.assert_array_equal(rare(influence), expected)
