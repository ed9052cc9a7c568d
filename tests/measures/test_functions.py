"""Values against closed forms, tails by hand, influence against the jackknife.

Statistical checks allow four standard errors: a false alarm in 6 of 100,000 seeds for each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from sim.measures import functions as f
from sim.measures.estimate import Estimate, Sample
from sim.measures.precision import standard_error

Jackknife = Callable[..., np.ndarray]

N = 200_000
P05 = 0.05
Z05 = ndtri(P05)


def density(z: float) -> float:
    """Standard normal density."""
    return float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))


def normal_truth(mu: float, sigma: float) -> dict[str, tuple[Callable[..., Estimate], float]]:
    """Closed forms for a normal distribution; threshold 0, risk tolerance 2."""
    ratio = mu / sigma
    gain = mu * ndtr(ratio) + sigma * density(ratio)
    squared_shortfall = (mu**2 + sigma**2) * ndtr(-ratio) - mu * sigma * density(ratio)
    return {
        "mean": (f.mean, mu),
        "sd": (f.standard_deviation, sigma),
        "median": (f.median, mu),
        "p05": (partial(f.quantile, p=0.05), mu + sigma * Z05),
        "p95": (partial(f.quantile, p=0.95), mu - sigma * Z05),
        "es05": (f.expected_shortfall, mu - sigma * density(Z05) / P05),
        "upside05": (f.upside, mu + sigma * density(Z05) / P05),
        "semi_deviation": (f.semi_deviation, np.sqrt(squared_shortfall)),
        "sortino": (f.sortino_ratio, mu / np.sqrt(squared_shortfall)),
        "omega": (f.omega_ratio, gain / (gain - mu)),
        "certainty_equivalent": (
            partial(f.certainty_equivalent, risk_tolerance=2.0),
            mu - sigma**2 / 4,
        ),
        "loss": (f.probability_below, ndtr(-ratio)),
        "target": (partial(f.probability_at_least, threshold=1.0), ndtr(ratio - 1 / sigma)),
    }


def lognormal_truth(sigma: float) -> dict[str, tuple[Callable[..., Estimate], float]]:
    """Closed forms for a lognormal distribution with median 1."""
    average = np.exp(sigma**2 / 2)
    return {
        "mean": (f.mean, average),
        "sd": (f.standard_deviation, average * np.sqrt(np.exp(sigma**2) - 1)),
        "median": (f.median, 1.0),
        "p05": (partial(f.quantile, p=0.05), np.exp(sigma * Z05)),
        "p75": (partial(f.quantile, p=0.75), np.exp(sigma * ndtri(0.75))),
        "es05": (f.expected_shortfall, average * ndtr(Z05 - sigma) / P05),
        "upside05": (f.upside, average * ndtr(sigma + Z05) / P05),
        "loss": (partial(f.probability_below, threshold=0.5), ndtr(np.log(0.5) / sigma)),
    }


def exponential_truth() -> dict[str, tuple[Callable[..., Estimate], float]]:
    """Closed forms for an exponential distribution with mean 1; risk tolerance 2."""
    q = -np.log1p(-P05)
    return {
        "mean": (f.mean, 1.0),
        "sd": (f.standard_deviation, 1.0),
        "median": (f.median, np.log(2)),
        "p05": (partial(f.quantile, p=0.05), q),
        "es05": (f.expected_shortfall, (1 - (1 + q) * np.exp(-q)) / P05),
        "upside05": (f.upside, 1 - np.log(P05)),
        "certainty_equivalent": (
            partial(f.certainty_equivalent, risk_tolerance=2.0),
            2 * np.log(1.5),
        ),
    }


CLOSED_FORMS = {
    **{f"normal {name}": ("normal", *case) for name, case in normal_truth(0.6, 0.9).items()},
    **{f"lognormal {name}": ("lognormal", *case) for name, case in lognormal_truth(0.4).items()},
    **{f"exponential {name}": ("exponential", *case) for name, case in exponential_truth().items()},
}


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    """200,000 worlds of each distribution."""
    random = np.random.default_rng(20240501)
    return {
        "normal": Sample(random.normal(0.6, 0.9, N)),
        "lognormal": Sample(random.lognormal(0.0, 0.4, N)),
        "exponential": Sample(random.exponential(1.0, N)),
    }


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_value_meets_the_closed_form(name: str, samples: dict[str, Sample]) -> None:
    family, function, truth = CLOSED_FORMS[name]
    estimate = function(samples[family])
    se = float(standard_error(estimate).se)
    assert 0 < se < 0.02 * max(abs(truth), 1)
    assert abs(float(estimate.value) - truth) < 4 * se


@pytest.mark.parametrize(
    ("function", "truth", "tolerance"),
    [
        (f.mean, 0.9, 0.01),
        (f.standard_deviation, 0.9 / np.sqrt(2), 0.02),
        # the slope of the quantile function is itself estimated: about 2 % at this n
        (f.median, 0.9 * np.sqrt(np.pi / 2), 0.08),
        (partial(f.quantile, p=0.05), 0.9 * np.sqrt(0.05 * 0.95) / density(Z05), 0.12),
        (f.probability_below, np.sqrt(ndtr(-2 / 3) * ndtr(2 / 3)), 0.01),
    ],
    ids=["mean", "sd", "median", "p05", "probability"],
)
def test_error_meets_the_asymptotic_one(
    function: Callable[..., Estimate],
    truth: float,
    tolerance: float,
    samples: dict[str, Sample],
) -> None:
    se = float(standard_error(function(samples["normal"])).se)
    assert se * np.sqrt(N) == pytest.approx(truth, rel=tolerance)


@pytest.mark.parametrize(
    ("x", "p", "worst"),
    [
        ([1.0, 2.0, 3.0, 4.0], 0.25, 1.0),
        ([4.0, 2.0, 1.0, 3.0], 0.5, 1.5),
        # 1.5 worlds: the worst and half of the next
        ([1.0, 2.0, 3.0], 0.5, (1.0 + 0.5 * 2.0) / 1.5),
        # 0.2 of a world is still that world
        ([7.0, 5.0, 9.0, 8.0], 0.05, 5.0),
        ([-1.0, -1.0, 0.0, 6.0, 10.0], 0.7, (-1.0 - 1.0 + 0.0 + 0.5 * 6.0) / 3.5),
        ([1.0, 2.0, 4.0], 1.0, 7 / 3),
    ],
)
def test_tail_weights_the_boundary_world_fractionally(
    x: list[float], p: float, worst: float
) -> None:
    assert float(f.expected_shortfall(x, p).value) == pytest.approx(worst)
    assert float(f.upside(-np.array(x), p).value) == pytest.approx(-worst)


def test_tail_size_survives_rounding() -> None:
    # 140 x 0.05 is 7.000000000000001 in floating point
    x = np.arange(140.0)
    assert float(f.expected_shortfall(x, 0.05).value) == pytest.approx(np.arange(7).mean())


def test_deviation_has_the_divisor_of_a_sample() -> None:
    # 1, 2, 4: squares 16/9, 1/9, 25/9 add up to 14/3, over two
    assert float(f.standard_deviation([1.0, 2.0, 4.0]).value) == pytest.approx(np.sqrt(7 / 3))


def test_quantile_error_of_a_grid_is_its_spacing() -> None:
    # on 0.01, 0.02, ... 1 the quantile function has slope 0.99 anywhere
    estimate = f.median(np.arange(1, 101) / 100)
    se = float(standard_error(estimate).se)
    assert se == pytest.approx(0.99 * np.sqrt(0.25 / 99), rel=1e-12)


def test_slope_of_the_quantile_function_is_taken_over_the_published_width() -> None:
    # 100^(-1/3) 1.95996^(2/3) (1.5 / (2 pi))^(1/3) = 0.2154 x 1.5661 x 0.6204: Hall & Sheather 1988
    half_width = 0.20932
    x = np.sort(np.random.default_rng(6).exponential(size=100))
    high, low = np.quantile(x, [0.5 + half_width, 0.5 - half_width])
    se = float(standard_error(f.median(x)).se)
    assert se == pytest.approx((high - low) / (2 * half_width) * np.sqrt(0.25 / 99), rel=1e-3)


def test_quantile_interpolates_like_numpy() -> None:
    x = np.random.default_rng(5).normal(size=37)
    for p in (0.03, 0.05, 0.5, 0.77, 0.99):
        assert float(f.quantile(x, p).value) == pytest.approx(np.quantile(x, p))


SMOOTH: dict[str, Callable[..., Estimate]] = {
    "mean": f.mean,
    "sd": f.standard_deviation,
    "es20": partial(f.expected_shortfall, p=0.2),
    "upside20": partial(f.upside, p=0.2),
    "semi_deviation": f.semi_deviation,
    "sortino": f.sortino_ratio,
    "omega": f.omega_ratio,
    "certainty_equivalent": partial(f.certainty_equivalent, risk_tolerance=1.5),
    "loss": f.probability_below,
}
PAIRED: dict[str, Callable[..., Estimate]] = {
    "ratio": f.ratio_of_means,
    "ratio per thousand": partial(f.ratio_of_means, scale=1000.0),
    "greater": f.probability_greater,
    "tied": f.probability_tied,
    "both below": partial(f.probability_both_below, threshold=0.8),
    "gap of shortfalls": partial(f.gap, of=partial(f.expected_shortfall, p=0.2)),
    "gap of ratios": lambda x, y: f.gap_of_ratios(x, y, y, x),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_influence_is_that_of_the_jackknife(name: str, jackknife: Jackknife) -> None:
    # 303: 20 % of the worlds is no whole number, with a world more or less either
    x = np.random.default_rng(11).normal(0.3, 1.0, 303)
    expected = jackknife(SMOOTH[name], x)
    influence = SMOOTH[name](x).influence
    # the two differ by terms of order 1 / n^2 and, in a tail, by the neighbour of its boundary
    assert np.abs(influence - expected).max() < 0.004 * np.abs(expected).max()


@pytest.mark.parametrize("name", PAIRED)
def test_paired_influence_is_that_of_the_jackknife(name: str, jackknife: Jackknife) -> None:
    random = np.random.default_rng(12)
    x = random.integers(1, 9, 303) / 4
    y = np.round(4 * (0.5 * x + random.exponential(1.0, 303))) / 4 + 0.25
    expected = jackknife(PAIRED[name], x, y)
    influence = PAIRED[name](x, y).influence
    assert np.abs(influence - expected).max() < 0.004 * np.abs(expected).max()


def test_leading_axes_are_separate_runs() -> None:
    x = np.random.default_rng(3).normal(0.2, 1, (2, 3, 500))
    for name, function in {**SMOOTH, "median": f.median}.items():
        whole, alone = function(x), function(x[1, 2])
        assert whole.value.shape == (2, 3), name
        np.testing.assert_allclose(whole.value[1, 2], alone.value, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(whole.influence[1, 2], alone.influence, atol=1e-12, err_msg=name)
        precision = standard_error(whole)
        np.testing.assert_allclose(precision.se[1, 2], standard_error(alone).se, err_msg=name)


def test_constant_worlds_have_no_error() -> None:
    x = np.full(100, 3.0)
    for function in (f.mean, f.standard_deviation, f.median, f.expected_shortfall, f.upside):
        assert float(standard_error(function(x)).se) == 0
    assert float(f.standard_deviation(x).value) == 0


def test_measures_of_losses_need_a_loss() -> None:
    x = np.linspace(0.1, 2.0, 50)
    assert float(f.semi_deviation(x).value) == 0
    assert np.isnan(standard_error(f.semi_deviation(x)).se)
    for function in (f.sortino_ratio, f.omega_ratio):
        assert np.isnan(function(x).value)
        assert function(x).reason == f.NONE_BELOW


def test_ratio_without_a_denominator_is_missing() -> None:
    estimate = f.ratio_of_means(np.ones(10), np.zeros(10))
    assert np.isnan(estimate.value)
    assert "denominator is 0" in estimate.reason


def test_certainty_equivalent_does_not_overflow() -> None:
    estimate = f.certainty_equivalent([-1e9, 1e9], risk_tolerance=1.0)
    assert float(estimate.value) == pytest.approx(-1e9 + np.log(2), rel=1e-15)


def test_ties_count_half() -> None:
    assert float(f.probability_greater([1, 2, 3, 4], [1, 1, 4, 4]).value) == 0.5
    assert float(f.probability_tied([1, 2, 3, 4], [1, 1, 4, 4]).value) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: f.quantile([1.0, 2.0], 1.0), "level of a quantile"),
        (lambda: f.expected_shortfall([1.0, 2.0], 0.0), "share of worlds"),
        (lambda: f.certainty_equivalent([1.0, 2.0], -1.0), "must be a positive amount of money"),
        (lambda: f.mean([]), "at least one world"),
        (lambda: f.mean(3.0), "at least one world"),
    ],
    ids=["level", "share", "tolerance", "empty", "scalar"],
)
def test_impossible_arguments_are_refused(call: Callable[[], Estimate], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
