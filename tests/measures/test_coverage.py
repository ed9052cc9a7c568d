"""Do nominal 90 % intervals hold the truth 90 % of the time? Independent and grouped worlds.

With 400 repeats and a true coverage of 90 % the share of hits has sd 1.5 %: each of 61 measures is
outside 84 % to 96 % in 1 of 10,000 sets of seeds, one of them in fewer than 6 of 1,000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import xarray as xr

from sim.measures import COMPARISONS, MEASURES, Measured, compare, summarize

Results = Callable[..., xr.Dataset]

pytestmark = pytest.mark.statistical

REPEATS = 400
WORLDS = 4000
Z90 = 1.6448536269514722
# 250 times the worlds of one repeat: adds 0.4 % to the variance of a difference
REFERENCE_WORLDS = 1_000_000
TOLERANCE_OF_RISK = 10_000.0


def named(ds: xr.Dataset) -> Iterator[tuple[str, Measured]]:
    """Every measure of portfolio macro, then every comparison."""
    yield from summarize(ds, risk_tolerance=TOLERANCE_OF_RISK, target=0.4)["macro"].items()
    yield from compare(ds, "macro", "micro").measures.items()


def coverage(runs: Iterator[xr.Dataset], truth: dict[str, float]) -> dict[str, float]:
    """Share of runs whose 90 % interval holds the truth, by measure; a missing error is a miss."""
    hits = dict.fromkeys(truth, 0)
    for ds in runs:
        for name, entry in named(ds):
            if entry.se is not None and entry.value is not None:
                hits[name] += abs(entry.value - truth[name]) <= Z90 * entry.se
    return {name: hit / REPEATS for name, hit in hits.items()}


@pytest.fixture(scope="module")
def truth(lognormal: Results) -> dict[str, float]:
    """Every measure from a run of a million worlds."""
    entries = dict(named(lognormal(REFERENCE_WORLDS, seed=999)))
    return {name: entry.value for name, entry in entries.items() if entry.value is not None}


def test_intervals_of_every_measure_cover(lognormal: Results, truth: dict[str, float]) -> None:
    shares = coverage((lognormal(WORLDS, seed) for seed in range(REPEATS)), truth)
    assert set(shares) == {*MEASURES, *COMPARISONS}
    # two continuous outcomes never tie: the rule of three covers every time
    assert shares.pop("a_ties_b") == 1
    assert not {name: share for name, share in shares.items() if not 0.84 <= share <= 0.96}


def test_intervals_of_grouped_worlds_cover(lognormal: Results, truth: dict[str, float]) -> None:
    runs = (lognormal(WORLDS, 5000 + seed, groups=200) for seed in range(REPEATS))
    shares = coverage(runs, truth)
    assert shares.pop("a_ties_b") == 1
    assert not {name: share for name, share in shares.items() if not 0.84 <= share <= 0.96}


def test_ignoring_groups_would_not_cover(lognormal: Results, truth: dict[str, float]) -> None:
    # 20 worlds share a quarter of the variance of each score: true errors are 1 + 19 / 4 variances
    inside = 0
    for seed in range(40):
        ds = lognormal(WORLDS, 5000 + seed, groups=200)
        ds.attrs.update(groups=0, sampling="plain")
        entry = summarize(ds, ["roi_mean"])["macro"]["roi_mean"]
        assert entry.se is not None
        inside += abs((entry.value or 0.0) - truth["roi_mean"]) <= Z90 * entry.se
    # 40 intervals that cover 90 % would hold fewer than 30 of them once in 20,000 seeds
    assert inside < 30


def test_value_is_within_four_errors_of_the_truth(
    lognormal: Results, truth: dict[str, float]
) -> None:
    # 60 measures in one seed: a false alarm in 4 of 1,000 seeds
    for name, entry in named(lognormal(20_000, seed=77)):
        assert entry.value is not None, name
        assert entry.se is not None, name
        assert abs(entry.value - truth[name]) <= 4 * entry.se, name
