"""What must hold for any worlds whatever: units, order, bounds, and no NaN in any output."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.measures import COMPARISONS, MEASURES, compare, number_warnings, summarize
from sim.measures import functions as f
from sim.measures.estimate import Estimate
from sim.measures.precision import standard_error

# multiples of 1/16, so that scaling by powers of two and shifting by integers are exact
WORLD = st.integers(-(2**12), 2**12).map(lambda k: k / 16)
WORLDS = arrays(np.float64, st.integers(2, 60), elements=WORLD)
VARIABLES = sorted({name for row in MEASURES.values() for name in row.variables})

SCALED: dict[str, Callable[..., Estimate]] = {
    "mean": f.mean,
    "sd": f.standard_deviation,
    "median": f.median,
    "p05": partial(f.quantile, p=0.05),
    "es05": f.expected_shortfall,
    "upside": f.upside,
    "semi_deviation": f.semi_deviation,
}
SHIFTED = ["mean", "median", "p05", "es05", "upside"]


@pytest.mark.parametrize("name", SCALED)
@given(x=WORLDS, factor=st.sampled_from([0.125, 0.5, 4.0, 1024.0]))
def test_measures_follow_the_unit(name: str, x: np.ndarray, factor: float) -> None:
    estimate, scaled = SCALED[name](x), SCALED[name](factor * x)
    np.testing.assert_allclose(scaled.value, factor * estimate.value, rtol=1e-9, atol=1e-9)
    errors = standard_error(scaled).se, factor * standard_error(estimate).se
    np.testing.assert_allclose(*errors, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", SHIFTED)
@given(x=WORLDS, shift=st.integers(-50, 50))
def test_measures_follow_a_shift(name: str, x: np.ndarray, shift: int) -> None:
    estimate, shifted = SCALED[name](x), SCALED[name](x + shift)
    np.testing.assert_allclose(shifted.value, estimate.value + shift, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SCALED)
@given(x=WORLDS, seed=st.integers(0, 2**32 - 1))
def test_order_of_worlds_does_not_matter(name: str, x: np.ndarray, seed: int) -> None:
    estimate, shuffled = SCALED[name](x), SCALED[name](np.random.default_rng(seed).permutation(x))
    np.testing.assert_allclose(shuffled.value, estimate.value, rtol=1e-9, atol=1e-9)
    errors = standard_error(shuffled).se, standard_error(estimate).se
    np.testing.assert_allclose(*errors, rtol=1e-6, atol=1e-9)


@given(x=WORLDS)
def test_tails_are_in_order(x: np.ndarray) -> None:
    order: list[Callable[..., Estimate]] = [
        lambda x: Estimate(np.asarray(x.min()), x),
        f.expected_shortfall,
        partial(f.quantile, p=0.05),
        partial(f.quantile, p=0.25),
        f.median,
        partial(f.quantile, p=0.95),
        f.upside,
        lambda x: Estimate(np.asarray(x.max()), x),
    ]
    values = [float(function(x).value) for function in order]
    assert all(b - a > -1e-9 for a, b in pairwise(values))


@given(x=WORLDS, tolerance=st.sampled_from([0.5, 10.0, 1e4]))
def test_certainty_equivalent_lies_between_the_worst_world_and_the_mean(
    x: np.ndarray, tolerance: float
) -> None:
    value = float(f.certainty_equivalent(x, tolerance).value)
    assert x.min() - 1e-9 <= value <= x.mean() + 1e-9


@pytest.mark.parametrize("name", SCALED)
@given(x=WORLDS)
def test_influence_averages_to_nothing(name: str, x: np.ndarray) -> None:
    influence = SCALED[name](x).influence
    if np.isfinite(influence).all():
        assert abs(influence.mean()) <= 1e-9 * (1 + np.abs(influence).max())


# any number that a run may hold, and the NaN of a zero denominator
ANYTHING = st.one_of(st.floats(-1e9, 1e9), st.just(math.nan), st.sampled_from([0.0, -1.0, 1.0]))


@st.composite
def runs(draw: st.DrawFn) -> xr.Dataset:
    """Two portfolios with arbitrary worlds, some of them undefined."""
    worlds = draw(st.sampled_from([1, 2, 6, 24, 40]))
    groups = draw(st.sampled_from([0, 0, 1, 2]))
    groups = groups if not groups or worlds % groups == 0 else 0
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = np.array(draw(st.lists(ANYTHING, min_size=1, max_size=8)))
    ds = xr.Dataset(
        {name: (("portfolio", "sim"), random.choice(pool, (2, worlds))) for name in VARIABLES},
        coords={"portfolio": ["one", "two"]},
        attrs={"groups": groups, "sampling": draw(st.sampled_from(["plain", "two-level"]))},
    )
    ds["creators"] = ("portfolio", np.array([3, 4]))
    # cost, revenue and counts are defined in every world of a real run
    return ds.assign({name: ds[name].fillna(0.0) for name in ("cost", "reach", "impressions")})


def no_missing_without_reason(entry: dict[str, Any]) -> None:
    """Numbers are finite or None, and None comes with a reason."""
    for key in ("value", "se"):
        assert entry[key] is None or math.isfinite(entry[key])
    assert ("reason" in entry) is (entry["value"] is None or entry["se"] is None)
    assert entry.get("reason", "why") not in ("", None)
    assert entry["se"] is None or entry["se"] >= 0


@settings(deadline=None, max_examples=60)
@given(ds=runs())
def test_no_output_is_nan_and_none_lacks_a_reason(ds: xr.Dataset) -> None:
    summary = summarize(ds)
    for portfolio in summary.to_dict().values():
        assert list(portfolio) == ["creators", "measures"]
        assert list(portfolio["measures"]) == list(MEASURES)
        for entry in portfolio["measures"].values():
            no_missing_without_reason(entry)
    comparison = compare(ds, "one", "two").to_dict()
    assert list(comparison) == ["a", "b", *COMPARISONS, "dominance"]
    for name in COMPARISONS:
        no_missing_without_reason(comparison[name])
    for told in comparison["dominance"].values():
        missing = [told[key] is None for key in ("ahead", "from", "to")]
        assert all(missing) if "reason" in told else not any(missing)
    assert "nan" not in repr(summary) + " ".join(number_warnings(ds, summary))


MIRRORED = ["a_beats_b", "a_beats_b_profit", "a_beats_b_reach_per_usd", "a_beats_b_cpm"]
OPPOSED = ["roi_difference_mean", "roi_difference_median", "roi_median_gap", "roi_es05_gap",
           "profit_difference_mean", "cpm_gap", "reach_per_usd_gap"]  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(ds=runs())
def test_swapping_the_portfolios_mirrors_the_comparison(ds: xr.Dataset) -> None:
    there, back = compare(ds, "one", "two"), compare(ds, "two", "one")
    for names, total in ((MIRRORED, 1.0), (OPPOSED, 0.0)):
        for name in names:
            a, b = there[name].value, back[name].value
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                assert a + b == pytest.approx(total, rel=1e-9, abs=1e-6)
    p05, p95 = there["roi_difference_p05"].value, back["roi_difference_p95"].value
    assert p05 == (None if p95 is None else pytest.approx(-p95, rel=1e-9, abs=1e-6))
