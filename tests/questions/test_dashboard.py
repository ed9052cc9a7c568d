"""`sim dashboard` against choices and means by hand, and as JSON, table, figure and words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.experiment import ExperimentError
from sim.questions.dashboard import dashboard

#: Two worlds of each: what the dashboard shows, and what is earned on 100 USD.
SHOWN = {"loud": [3.0, 3.0, 1.0, 3.0], "quiet": [1.0, 1.0, 2.0, 1.0]}
PROFIT = {"loud": [10.0, 20.0, 40.0, 10.0], "quiet": [50.0, 10.0, 90.0, 30.0]}


@pytest.fixture(scope="module")
def run():
    import xarray as xr

    def rows(table):
        return ("portfolio", "sim"), np.array(list(table.values()))

    cost = np.full((2, 4), 100.0)
    data = {
        "tracked_roas": rows(SHOWN), "profit": rows(PROFIT), "cost": (("portfolio", "sim"), cost),
        "tracked_revenue": (("portfolio", "sim"), rows(SHOWN)[1] * cost),
        "revenue": (("portfolio", "sim"), 4.0 * cost), "roi": (("portfolio", "sim"), rows(PROFIT)[1] / cost),
    }  # fmt: skip
    return xr.Dataset(data, coords={"portfolio": list(SHOWN)}, attrs={"sampling": "plain"})


@pytest.fixture(scope="module")
def answer(priced, run):
    return sim.dashboard(priced(), run=run)


def test_choices_are_the_best_means_and_their_difference_is_paired(answer):
    assert (answer.by_dashboard, answer.by_profit) == ("loud", "quiet")
    lost = np.subtract(PROFIT["quiet"], PROFIT["loud"])
    assert answer.cost_of_the_dashboard.value == pytest.approx(lost.mean())
    assert answer.cost_of_the_dashboard.se == pytest.approx(lost.std(ddof=1) / 2.0)
    assert answer.portfolios["loud"].tracked_roas.value == pytest.approx(2.5)


def test_the_dashboard_of_a_world_may_mislead(answer):
    """It follows loud, loud, quiet, loud; quiet earns more in the first and the last, by 40 and 20."""
    assert answer.misled.value == pytest.approx(2 / 4)
    assert answer.given_up.value == pytest.approx((40 + 0 + 0 + 20) / 4)


def test_json_holds_what_was_promised(answer):
    saved = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert saved["by_dashboard"] == "loud"
    assert saved["by_profit"] == "quiet"
    assert set(saved["cost_of_the_dashboard"]) >= {"value", "se"}
    assert dashboard.read(saved) == answer


def test_table_and_figure_show_the_same_figures(answer):
    rows = {row["portfolio"]: row for row in answer.to_rows()}
    (figure,) = answer.figures({"loud": "macro", "quiet": "micro"})
    for panel, measure in zip(figure.charts, ("tracked_roas", "profit_mean"), strict=True):
        shown = {s.name: next(v for v in s.values if v is not None) for s in panel.series}
        assert shown == {name: row[measure] for name, row in rows.items()}


def test_where_both_agree_nothing_is_lost(priced, run):
    swapped = run.assign(profit=run["profit"].copy(data=run["profit"].values[::-1]))
    answer = sim.dashboard(priced(), run=swapped)
    assert answer.by_dashboard == answer.by_profit == "loud"
    assert answer.cost_of_the_dashboard.value == 0.0
    assert answer.headline == "Dashboard and profit both choose loud"


def test_what_cannot_be_told_apart_is_said(answer):
    """Four worlds: two errors of the difference of profits are larger than it is."""
    assert "cannot tell it from quiet" in answer.headline
    assert any("profits cannot be told apart" in note for note in answer.notes)


def test_a_choice_needs_two_portfolios(priced):
    alone = sim.build({"portfolio": {"a": {"tier": "micro", "creators": 2}}})
    with pytest.raises(ExperimentError, match="a choice needs two portfolios"):
        sim.dashboard(alone)


@pytest.mark.statistical
def test_leaked_codes_mislead_the_shipped_experiment(tmp_path):
    words = ["dashboard", "experiments/dashboard.toml", "--worlds", "4k", "--out", str(tmp_path)]
    done = CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert (told["by_dashboard"], told["by_profit"]) == ("macro", "micro")
    cost = told["cost_of_the_dashboard"]
    assert cost["value"] > 4 * cost["se"] > 0.0


def test_a_discount_is_a_price_where_there_is_one(priced):
    """Costs at another discount by algebra are those of running it."""
    from sim.vary.keys import find_key
    from sim.vary.prices import Prices, is_price

    experiment = priced(tracking={"discount_rate": 0.1, "leaked_orders": 0.2})
    key = find_key(experiment, "tracking.discount_rate")
    assert is_price(key, experiment)
    assert not is_price(find_key(priced(), "tracking.discount_rate"), priced())
    prices = Prices(experiment, sim.simulate(experiment, threads=1))
    assert prices.reproduce()
    at = prices.sheet([key], np.array([[0.3]])).at(0)
    again = sim.simulate(priced(tracking={"discount_rate": 0.3, "leaked_orders": 0.2}), threads=1)
    np.testing.assert_allclose(at["cost"], again["cost"], rtol=1e-9)
    np.testing.assert_allclose(at["profit"], again["profit"], rtol=1e-9, atol=1e-6)
