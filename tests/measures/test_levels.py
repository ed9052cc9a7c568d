"""Two-level runs: doubt and chance apart."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.measures.levels import between_share, split_levels
from sim.run.written import read_answer


def test_share_equals_a_written_out_analysis_of_variance() -> None:
    """Two groups of variances 2 and 2 around means 0 and 10, a third of 2 around 5."""
    values = np.array([[-1.0, 1.0], [9.0, 11.0], [4.0, 6.0]])
    # MS within is 2; means 0, 10, 5 have variance 25; between 25 - 2 / 2 = 24, of 26 in all.
    found = between_share(values)
    assert found.value == pytest.approx(24.0 / 26.0)
    # Left out one by one: variances of the means 12.5, 12.5, 50 give 11.5 and 49 between.
    left = np.array([11.5 / 13.5, 11.5 / 13.5, 49.0 / 51.0])
    assert found.se == pytest.approx(np.sqrt(2.0 / 3.0 * ((left - left.mean()) ** 2).sum()))


def test_worlds_without_a_value_are_left_out() -> None:
    """Against the analysis of variance of groups of unequal size, written out; one group is empty."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((8, 1)) + rng.standard_normal((8, 4))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[2] = np.nan

    def share(groups: list[np.ndarray]) -> float:
        every = np.concatenate(groups)
        among = sum(len(g) * (g.mean() - every.mean()) ** 2 for g in groups) / (len(groups) - 1)
        within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (len(every) - len(groups))
        squares = sum(len(g) ** 2 for g in groups)
        between = (among - within) * (len(groups) - 1) / (len(every) - squares / len(every))
        return float(between / (between + within))

    groups = [row[np.isfinite(row)] for row in values if np.isfinite(row).any()]
    left = np.array([share(groups[:i] + groups[i + 1 :]) for i in range(len(groups))])
    found = between_share(values)
    assert len({len(group) for group in groups}) > 1
    assert found.value == pytest.approx(share(groups))
    assert found.se == pytest.approx(
        np.sqrt((1.0 - 1.0 / len(groups)) * ((left - left.mean()) ** 2).sum())
    )
    assert found.left_out == np.isnan(values).sum()


def test_too_few_worlds_with_a_value_are_no_share() -> None:
    values = np.full((5, 4), np.nan)
    values[:2] = [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]]
    found = between_share(values)
    assert found.value is None
    assert found.reason == "undefined in too many worlds"


def test_errors_cover_the_true_share() -> None:
    """Of 200 seeds 95 % intervals cover 2/3 in 190 +- 3.1; five standard errors: 175 to 200.

    A false alarm is below one in a million; the jackknife of 100 groups is a little short.
    """
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        values = np.sqrt(2.0) * rng.standard_normal((100, 1)) + rng.standard_normal((100, 5))
        found = between_share(values)
        covered += abs(found.value - 2.0 / 3.0) <= 1.96 * found.se
    assert 175 <= covered <= 200


def test_without_doubt_no_share_is_doubt_and_with_it_there_is(tmp_path) -> None:
    """Three standard errors at a fixed seed: a false alarm in one of 370 seeds."""
    file = tmp_path / "two.toml"
    file.write_text(
        "[simulation]\nworlds = 4_000\nreplicates = 20\n"
        '[portfolio.micro]\ntier = "micro"\ncreators = 20\n'
    )
    doubtful = sim.simulate(sim.load(file))
    none = [f"beliefs.{name}=0" for name in sim.load(file).beliefs]
    figures = {
        "order_value": 71,
        "gross_margin": 0.7,
        "incremental_share": 0.6,
        "tracked_share": 0.3,
    }
    fixed = [*none, *(f"economics.{name}={value}" for name, value in figures.items())]
    certain = sim.simulate(sim.load(file, fixed))
    with_doubt, without = split_levels(doubtful), split_levels(certain)
    assert with_doubt is not None
    assert without is not None
    assert without.doubt["micro"].value == pytest.approx(0, abs=3 * without.doubt["micro"].se)
    assert with_doubt.doubt["micro"].value > 10 * with_doubt.doubt["micro"].se
    assert (with_doubt.beliefs, with_doubt.replicates) == (200, 20)
    assert with_doubt.sentence in read_answer(doubtful).sentences


def test_runs_of_one_level_are_not_split(tmp_path) -> None:
    file = tmp_path / "one.toml"
    file.write_text('[simulation]\nworlds = 64\n[portfolio.micro]\ntier = "micro"\ncreators = 2\n')
    dataset = sim.simulate(sim.load(file))
    assert split_levels(dataset) is None
