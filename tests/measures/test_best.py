"""Which of many portfolios is best how often, and why one of two earns more per USD."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from sim.measures import answer, best_of, compare, number_warnings, summarize, why
from sim.measures.best import read_best
from sim.measures.why import FACTORS, read_why
from sim.run.written import read_answer

Results = Callable[..., xr.Dataset]
N = 40_000


def normal_worlds(means: list[float], seed: int, worlds: int = N) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    common = random.normal(size=worlds)
    return {
        f"p{k}": mean + 0.7 * common + random.normal(size=worlds) for k, mean in enumerate(means)
    }


def chance_best(k: int, means: list[float]) -> float:
    """P(p_k is the largest): an orthant of the differences, which are normal (common part gone)."""
    others = [j for j in range(len(means)) if j != k]
    gap = np.array([means[j] - means[k] for j in others])
    covariance = np.ones((len(others), len(others))) + np.eye(len(others))
    return float(multivariate_normal(gap, covariance).cdf(np.zeros(len(others))))


def test_shares_are_the_orthants_of_normal_portfolios(run_of: Results) -> None:
    means = [0.0, 0.3, 0.5, -0.2]
    best = best_of(run_of(normal_worlds(means, 5)))
    assert best is not None
    # Four comparisons within four errors: a false alarm once in 4,000 seeds.
    for k in range(len(means)):
        entry, exact = best.shares[f"p{k}"], chance_best(k, means)
        assert entry.value is not None
        assert entry.se == pytest.approx(math.sqrt(exact * (1 - exact) / N), rel=0.05)
        assert abs(entry.value - exact) < 4 * entry.se
    assert best.names == ("p2", "p1", "p0", "p3")
    assert best.level == ("p2",)
    assert sum(entry.value or 0.0 for entry in best.shares.values()) == pytest.approx(1.0)


def test_a_tie_counts_in_equal_parts_and_who_hires_nobody_is_not_best(run_of: Results) -> None:
    nan = math.nan
    best = best_of(
        run_of({
            "a": np.array([1.0, 2.0, -1.0, nan]),
            "b": np.array([1.0, nan, -2.0, nan]),
            "c": np.array([0.0, 2.0, nan, nan]),
        })
    )  # fmt: skip
    assert best is not None
    shares = {name: entry.value for name, entry in best.shares.items()}
    assert shares == pytest.approx({"a": (0.5 + 0.5 + 1) / 3, "b": 0.5 / 3, "c": 0.5 / 3})
    assert best.left_out == 1


def test_a_pair_has_no_best_of_all(run_of: Results) -> None:
    assert best_of(run_of(normal_worlds([0.0, 1.0], 1, 100))) is None


def test_equal_portfolios_are_not_told_apart(run_of: Results) -> None:
    # The first leads by luck alone: in how many of 60 seeds is it called the best of eight? The
    # first must be told from each of the others, so seldom; one in 200 were it one comparison.
    called = 0
    for seed in range(60):
        best = best_of(run_of(normal_worlds([0.0] * 8, seed, 400)))
        assert best is not None
        called += len(best.level) == 1
    assert called <= 3


def test_the_answer_without_a_decision_is_the_best(run_of: Results) -> None:
    ds = run_of(normal_worlds([0.0, 0.3, 0.5, -0.2, -0.3, -0.4, -0.5], 3))
    summary, best = summarize(ds), best_of(ds)
    assert best is not None
    pair = best.pair(summary)
    assert pair == ("p2", "p1")
    sentences = answer(summary, compare(ds, *pair), best=best, asked=False)
    share = best.shares["p2"]
    assert share.value is not None
    assert sentences[0].startswith(
        f"Of 7 portfolios p2 has the highest ROI most often: in {100 * share.value:.1f} % (± 0.2) "
        "of worlds, p1 in "
    )
    assert "each of 4 others in at most" in sentences[0]
    assert sentences[2].startswith("p2 beats p1 in")
    # Asked about a pair, the pair comes first.
    assert answer(summary, compare(ds, "p0", "p1"), best=best)[1] == sentences[0]


def test_alike_portfolios_do_not_hide_the_better_one(run_of: Results) -> None:
    """Two that are nearly one share their worlds: the risky third is best most often, not best."""
    random = np.random.default_rng(2)
    steady = random.normal(0.5, 0.2, N)
    worlds = {
        "steady": steady,
        "twin": steady + random.normal(0, 0.01, N),
        "risky": random.normal(0.45, 1.0, N),
    }
    ds = run_of(worlds)
    best, summary = best_of(ds), summarize(ds)
    assert best is not None
    assert best.names[0] == "risky"
    assert best.pair(summary)[1] in ("steady", "twin")
    assert "; the highest median ROI is that of" in best.beside(summary)


def test_best_is_read_back(run_of: Results) -> None:
    best = best_of(run_of(normal_worlds([0.0, 0.1, 0.2], 3, 500)))
    assert best is not None
    again = read_best({"best": best.to_dict()})
    assert again is not None
    assert again.sentence == best.sentence
    assert read_best({"best": None}) is None


def factors_of(ds: xr.Dataset, name: str) -> dict[str, float]:
    mean = {v: float(ds[v].sel(portfolio=name).mean()) for v in ds.data_vars if v != "creators"}
    return {
        "impressions_per_cost": mean["impressions"] / mean["cost"],
        "engagements_per_impression": mean["engagements"] / mean["impressions"],
        "orders_per_engagement": mean["orders"] / mean["engagements"],
        "revenue_per_order": mean["revenue"] / mean["orders"],
    }


def test_factors_multiply_to_the_ratio_of_roas(lognormal: Results) -> None:
    ds = lognormal(5_000, 3)
    split = why(ds, "micro", "macro")
    assert split is not None
    roas = summarize(ds, ["roas"])
    top, low = roas[split.a]["roas"].value, roas[split.b]["roas"].value
    assert top is not None
    assert low is not None
    assert split.level == pytest.approx(low)
    assert split.ratio.value == pytest.approx(top / low)
    product = math.prod(entry.value or 0.0 for entry in split.factors.values())
    assert product == pytest.approx(top / low, rel=1e-12)
    mine, other = factors_of(ds, split.a), factors_of(ds, split.b)
    for name, entry in split.factors.items():
        assert entry.value == pytest.approx(mine[name] / other[name])
    # Whoever is asked about first.
    assert why(ds, "macro", "micro") == split


def test_errors_of_factors_are_those_of_many_runs(lognormal: Results) -> None:
    runs = [why(lognormal(1_000, seed), "micro", "macro") for seed in range(150)]
    for name in FACTORS:
        logs, errors = [], []
        for one in runs:
            assert one is not None
            sign = 1 if one.a == "micro" else -1
            entry = one.factors[name]
            assert entry.value is not None
            assert entry.se is not None
            logs.append(sign * math.log(entry.value))
            errors.append(entry.se / entry.value)
        # The sd of 150 runs has an error of 6 %: four of them.
        assert np.std(logs, ddof=1) == pytest.approx(np.mean(errors), rel=0.24)


def test_what_is_the_same_is_called_the_same(run_of: Results) -> None:
    roi = np.random.default_rng(4).normal(1.0, 0.2, 500)
    ds = run_of({"a": roi, "b": roi})
    assert why(ds, "a", "b") is not None
    assert why(ds, "a", "b").sentence == "a and b have the same ROAS."  # type: ignore[union-attr]
    ds["cost"] = ds["cost"] * xr.DataArray([1.0, 2.0], dims="portfolio")
    split = why(ds, "a", "b")
    assert split is not None
    assert split.sentence == (
        "a has 2 times the ROAS of b: 2 times the impressions per USD and the same engagements per "
        "impression, orders per engagement and revenue per order."
    )


def test_a_portfolio_that_sells_nothing_has_no_reason(run_of: Results) -> None:
    ds = run_of({"a": np.ones(10), "b": np.ones(10)})
    ds["orders"][1] = 0.0
    assert why(ds, "a", "b") is None


def test_a_reason_is_read_back(lognormal: Results) -> None:
    split = why(lognormal(200, 1), "micro", "macro")
    assert split is not None
    again = read_why({"why": split.to_dict()})
    assert again is not None
    assert again.sentence == split.sentence
    assert again.headline == split.headline


def test_many_portfolios_are_warned_of_at_once(run_of: Results) -> None:
    worlds = normal_worlds([0.0] * 9, 1, 2_000)
    for k in range(8):
        worlds[f"p{k}"][: k + 1] = math.nan
    ds = run_of(worlds)
    undefined = [w for w in number_warnings(ds, summarize(ds)) if "zero denominator" in w]
    assert len(undefined) == 1
    assert undefined[0].startswith("p0, p1, p2 and 5 more: roi and ")
    assert undefined[0].endswith("in at most 8 of 2,000 worlds, which are left out")


def test_of_very_many_portfolios_the_first_is_compared_with_each(run_of: Results) -> None:
    worlds = normal_worlds(np.linspace(0.0, 1.0, 20).tolist(), 1, 60)
    ds = run_of(worlds)
    said = read_answer(ds)
    first = said.comparisons[0]
    assert len(said.comparisons) == 19
    assert {one.a for one in said.comparisons} == {first.a}
    assert {one.b for one in said.comparisons} == set(worlds) - {first.a}
    few = read_answer(ds.isel(portfolio=slice(16)))
    assert len({frozenset((one.a, one.b)) for one in few.comparisons}) == 16 * 15 // 2
