"""The estimators behind `derived.csv`, and the file against the posts when they are at hand."""

from __future__ import annotations

import csv
import importlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from sim.evidence import derived

VALIDATION = Path(__file__).parents[1] / "validation"
#: Where the posts themselves are, for those who have them: they are not part of this repository.
POSTS = os.environ.get("CREATOR_ROI_POSTS", "")


@pytest.fixture(scope="module")
def scripts() -> Iterator[pytest.MonkeyPatch]:
    """`tests/validation` holds scripts, not a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(VALIDATION)
        yield patch


@pytest.fixture(scope="module")
def estimators(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("post_statistics")


def test_variance_components_by_hand(estimators: ModuleType) -> None:
    creator = np.array([0, 0, 1, 1, 2, 2, 3])
    values = np.array([1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 99.0])  # creator 3 has one post: left out
    # means 2, 6, 10: MSB = 2 (16 + 0 + 16) / 2 = 32, MSW = 6 / 3 = 2, two posts each
    between, within = estimators.variance_components(creator, values)
    assert within == pytest.approx(math.sqrt(2))
    assert between == pytest.approx(math.sqrt((32 - 2) / 2))


def test_variance_components_unbalanced_against_loops(estimators: ModuleType) -> None:
    rng = np.random.default_rng(1)
    groups = [rng.normal(rng.normal(), 0.5, size=size) for size in (2, 3, 5, 2, 7)]
    total, k = sum(map(len, groups)), len(groups)
    grand = np.concatenate(groups).mean()
    msw = sum(((group - group.mean()) ** 2).sum() for group in groups) / (total - k)
    msb = sum(len(group) * (group.mean() - grand) ** 2 for group in groups) / (k - 1)
    n0 = (total - sum(len(group) ** 2 for group in groups) / total) / (k - 1)
    creator = np.repeat(np.arange(k), [len(group) for group in groups])
    found = estimators.variance_components(creator, np.concatenate(groups))
    assert found == pytest.approx((math.sqrt((msb - msw) / n0), math.sqrt(msw)))


def test_followers_fit_recovers_a_truncated_lognormal(estimators: ModuleType) -> None:
    low, high, location, scale = math.log(1e4), math.log(1e6), 10.5, 1.2
    law = stats.truncnorm((low - location) / scale, (high - location) / scale, location, scale)
    logs = law.ppf((np.arange(20_000) + 0.5) / 20_000)
    found = estimators.followers_fit(logs, low, high)
    assert found[:2] == pytest.approx((location, scale), rel=1e-3)


def test_followers_fit_without_upper_bound(estimators: ModuleType) -> None:
    low, location, scale = math.log(1e3), 9.5, 2.0
    law = stats.truncnorm((low - location) / scale, np.inf, location, scale)
    logs = law.ppf((np.arange(20_000) + 0.5) / 20_000)
    found = estimators.followers_fit(logs, low, np.inf)
    assert found[:2] == pytest.approx((location, scale), rel=5e-3)


def test_followers_fit_of_a_power_law_degenerates(estimators: ModuleType) -> None:
    low, high, exponent = math.log(1e3), math.log(1e4), 0.7
    law = stats.truncexpon(exponent * (high - low), loc=low, scale=1 / exponent)
    logs = law.ppf((np.arange(5_000) + 0.5) / 5_000)
    location, scale, found = estimators.followers_fit(logs, low, high)
    assert math.isnan(location)
    assert math.isnan(scale)
    assert found == pytest.approx(exponent, rel=1e-3)


def test_hill_index_of_exact_pareto_quantiles(estimators: ModuleType) -> None:
    n, k, alpha = 10_000, 100, 1.5
    values = (np.arange(1, n + 1) / n) ** (-1 / alpha)
    mean_log = math.log(k + 1) - math.lgamma(k + 1) / k  # mean of log((k + 1) / i), i = 1..k
    assert estimators.hill_index(values) == pytest.approx(alpha / mean_log)
    assert math.isnan(estimators.hill_index(values[:1_000]))


def test_tail_statistics_count_and_contrast(estimators: ModuleType) -> None:
    ratio = np.exp(np.array([-1.0, 0.0, 0.0, 1.0]))  # log sd sqrt(2/3)
    found = estimators.tail_statistics("x", ratio, (2,))
    expected = stats.norm.sf(math.log(2) / math.sqrt(2 / 3))
    assert found == pytest.approx({"x_exceedance_2": 0.25, "x_lognormal_exceedance_2": expected})


def test_common_effect_is_found_under_noise(estimators: ModuleType) -> None:
    """Twelve periods at +-0.2, 500 creators, noise 0.5.

    Standard error about 0.5 / sqrt(500 * 12) = 0.0065; at four of them the false-alarm rate is
    6e-5 for a fresh seed.
    """
    rng = np.random.default_rng(11)
    period = np.tile(np.arange(12), 500)
    creator = np.repeat(np.arange(500), 12)
    noise = 0.5 * rng.normal(size=len(period))
    effect = np.where(period % 2 == 0, 0.2, -0.2)
    found = estimators.common_effect_sd(effect + noise, period, creator)
    assert found == pytest.approx(0.2, abs=4 * 0.0065)


def test_repeated_posts_of_a_creator_are_no_new_evidence(estimators: ModuleType) -> None:
    rng = np.random.default_rng(12)
    period, creator = np.tile(np.arange(6), 100), np.repeat(np.arange(100), 6)
    values = rng.normal(size=600) + 0.3 * (period % 3)
    once = estimators.common_effect_sd(values, period, creator)
    twice = [np.repeat(column, 2) for column in (values, period, creator)]
    assert once > 0
    assert estimators.common_effect_sd(*twice) == pytest.approx(once)


def test_correlation_between_creators_is_freed_of_luck(estimators: ModuleType) -> None:
    """Level and size correlate by -0.5 over creators; luck as wide as the level hides it.

    4,000 creators of two posts: standard error about 0.02 (correlation and spread together), so
    the band of 0.08 has a false-alarm rate of about 6e-5 for a fresh seed.
    """
    rng = np.random.default_rng(13)
    size = rng.normal(size=4_000)
    level = -0.5 * size + math.sqrt(0.75) * rng.normal(size=4_000)
    creator = np.repeat(np.arange(4_000), 2)
    rate = level[creator] + rng.normal(size=8_000)
    followers = np.exp(size[creator])
    blank = np.zeros(8_000)
    posts = estimators.Posts(
        creator, followers, blank, blank, blank, blank > 0, creator, blank, blank, creator
    )
    found = estimators.size_statistics("rate", "total", posts, np.exp(rate) * followers)
    assert found["followers_rate_correlation_between"] == pytest.approx(-0.5, abs=0.08)
    assert found["followers_rate_correlation"] == pytest.approx(-0.5 / math.sqrt(2), abs=0.08)


@pytest.mark.skipif(not POSTS, reason="CREATOR_ROI_POSTS names no folder of posts")
def test_tables_are_what_the_posts_say(scripts: pytest.MonkeyPatch) -> None:
    """Values and numbers of posts; the bootstrap is left out for time."""
    derive = importlib.import_module("derive")
    rows = derive.derive(Path(POSTS), resamples=0)
    table = derived()
    assert [row[0] for row in rows] == [row.id for row in table]
    for fresh, kept in zip(rows, table, strict=True):
        value = float(fresh[5]) if fresh[5] else math.nan
        expected = math.nan if kept.value is None else kept.value
        assert value == pytest.approx(expected, rel=2e-5, nan_ok=True), kept.id
        assert int(fresh[7]) == kept.n, kept.id
    halves, histograms = derive.halves(Path(POSTS), resamples=0)
    for name, fresh_rows in (("halves", halves), ("histograms", histograms)):
        with (VALIDATION / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            kept_rows = list(csv.reader(stream))[1:]
        assert [r[:6] for r in fresh_rows] == [r[:6] for r in kept_rows], name
    assert fresh_rows == kept_rows  # counts too
