"""Paired comparison of two portfolios."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr

from sim.measures import Comparison, compare

Results = Callable[..., xr.Dataset]


def test_paired_shares_by_hand(run_of: Results) -> None:
    ds = run_of({"micro": [0.5, -0.2, 0.3, -0.1], "macro": [0.1, -0.1, 0.3, 0.9]})
    comparison = compare(ds, "micro", "macro")
    assert comparison["a_beats_b"].value == 0.375
    assert comparison["a_ties_b"].value == 0.25
    assert comparison["both_lose"].value == 0.25
    assert comparison["roi_difference_mean"].value == pytest.approx((0.4 - 0.1 + 0 - 1.0) / 4)
    assert comparison["profit_difference_mean"].value == pytest.approx(1000 * -0.7 / 4)
    plain = comparison.to_dict()
    assert (plain["a"], plain["b"]) == ("micro", "macro")
    assert set(plain["a_beats_b"]) == {"value", "se", "unit"}


def test_shared_luck_cancels(run_of: Results) -> None:
    # four standard errors: a false alarm in 6 of 100,000 seeds
    random = np.random.default_rng(1)
    campaign = 3 * random.normal(size=50_000)
    micro = 0.2 + campaign + 0.5 * random.normal(size=50_000)
    macro = campaign + 0.5 * random.normal(size=50_000)
    wins = compare(run_of({"micro": micro, "macro": macro}), "micro", "macro")["a_beats_b"]
    assert wins.value is not None
    assert wins.se is not None
    assert abs(wins.value - ndtr(0.2 / np.sqrt(0.5))) < 4 * wins.se


def test_paired_error_is_smaller_than_that_of_two_runs(run_of: Results) -> None:
    random = np.random.default_rng(2)
    campaign = random.normal(size=10_000)
    micro, macro = (campaign + 0.1 * random.normal(size=10_000) for _ in range(2))
    comparison = compare(run_of({"micro": micro, "macro": macro}), "micro", "macro")
    unpaired = np.sqrt((micro.var() + macro.var()) / 10_000)
    for name in ("roi_difference_mean", "roi_median_gap", "roi_es05_gap"):
        entry = comparison[name]
        assert entry.se is not None
        assert entry.se < unpaired
    assert comparison["roi_difference_mean"].se == pytest.approx(0.1 * unpaired, rel=0.1)


def test_awareness_uses_reach_and_impressions(run_of: Results) -> None:
    ds = run_of({"micro": [0.0, 0.0], "macro": [0.0, 0.0]})
    ds["reach"][0] = [3000.0, 1000.0]
    ds["reach"][1] = [2000.0, 2000.0]
    ds["impressions"][0] = [5000.0, 4000.0]
    ds["impressions"][1] = [2500.0, 2500.0]
    comparison = compare(ds, "micro", "macro")
    assert comparison["a_beats_b_reach_per_usd"].value == 0.5
    assert comparison["a_beats_b_cpm"].value == 1.0
    assert comparison["cpm_gap"].value == pytest.approx(1000 * (2000 / 9000 - 2000 / 5000))
    assert comparison["reach_per_usd_gap"].value == pytest.approx(0.0)


def test_worlds_without_cost_on_one_side_are_left_out(run_of: Results) -> None:
    ds = run_of({"micro": [0.5, np.nan, 0.4], "macro": [0.1, 0.9, 0.6]})
    ds["cost"][0, 1] = 0.0
    comparison = compare(ds, "micro", "macro")
    assert comparison["a_beats_b"].value == 0.5
    assert comparison["a_beats_b"].left_out == 1
    assert comparison["a_beats_b_reach_per_usd"].left_out == 1
    assert comparison["a_beats_b_profit"].value is not None


def test_dominance_of_a_certain_gain(run_of: Results) -> None:
    random = np.random.default_rng(3)
    base = random.normal(size=300)
    ds = run_of({"better": base + 0.5, "worse": random.permutation(base)})
    comparison = compare(ds, "better", "worse")
    for name in ("roi", "profit"):
        for order in ("first", "second"):
            assert comparison[f"{name}_{order}_order_violation"].value == 0


def test_dominance_is_written_with_its_levels_and_read_back(run_of: Results) -> None:
    random = np.random.default_rng(3)
    base = random.normal(size=2_000)
    comparison = compare(run_of({"better": base + 0.5, "worse": base}), "better", "worse")
    row = comparison.to_dict()
    told = row["dominance"]["roi_first_order"]
    assert told["ahead"] == "better"
    assert 0.0 < told["from"] <= 0.05
    assert 0.95 <= told["to"] < 1.0
    assert row["dominance"]["roi_second_order"]["to"] == 1.0
    assert Comparison.told_in(row) == dict(comparison.dominance)
    tie = compare(run_of({"better": base, "worse": random.permutation(base)}), "better", "worse")
    assert tie.to_dict()["dominance"]["profit_first_order"] == {
        "ahead": None, "from": None, "to": None, "reason": "the medians cannot be told apart",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("micro", "mega", "unknown portfolios: mega; known are micro, macro"),
        ("micro", "micro", "two different portfolios"),
    ],
)
def test_wrong_names_are_refused(run_of: Results, a: str, b: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare(run_of({"micro": [0.0, 1.0], "macro": [1.0, 0.0]}), a, b)


def test_text_says_why_an_error_is_missing(run_of: Results) -> None:
    comparison = compare(run_of({"micro": [1.0, 2.0], "macro": [0.0, 1.0]}), "micro", "macro")
    assert "a = micro, b = macro, 2 worlds" in repr(comparison)
    assert "(no violation at any level in the worlds drawn" in repr(comparison)


def test_a_portfolio_is_read_once_for_all_its_pairs(
    run_of: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itertools import combinations

    from sim.measures.comparison import compare_pairs
    from sim.measures.worlds import PortfolioWorlds

    read, names = PortfolioWorlds.read, []

    def counted(self, name):
        names.append((self._row, name))
        return read(self, name)

    monkeypatch.setattr(PortfolioWorlds, "read", counted)
    rng = np.random.default_rng(3)
    portfolios = {name: rng.normal(0.5, 1.0, 200) for name in "abcd"}
    run = run_of(portfolios)
    every = list(compare_pairs(run, combinations("abcd", 2)))
    assert len(every) == 6
    assert len(names) == len(set(names))
    assert every[4].to_dict() == compare(run, "b", "d").to_dict()
