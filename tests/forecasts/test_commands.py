"""`sim log` and `sim score` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.forecasts import ForecastError, extended, read_log, read_results
from sim.forecasts.forecast import LEVELS
from sim.run.dataset import load_results

TOML = """
currency = "EUR"
[simulation]
worlds = 500
[economics]
tracked_share = 0.5
[portfolio.paid]
tier = "micro"
creators = 6
[portfolio.big]
tier = "macro"
creators = 1
"""
#: As it comes: decimal commas, thousands, a currency, a total row.
RESULTS = """portfolio;creator;cost;impressions;engagements;clicks;tracked orders;revenue
paid;a;3.000,50 €;20K;900;12;8;520,20 €
paid;b;2.100,00 €;31K;700;8;2;130,00 €
big;c;9.000,00 €;500K;9000;90;30;
Total;;14.100,50 €;551K;10600;110;40;650,20 €
"""


def sim(*words, code=0):
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "x.toml").write_text(TOML)
    sim("run", folder / "x.toml", "--no-charts", "--quiet", "--out", folder / "run")
    return folder / "run"


def test_a_forecast_is_the_quantiles_of_the_run(run, tmp_path):
    log = tmp_path / "f.jsonl"
    told = json.loads(sim("log", run, "--log", log, "--json").stdout)
    assert told["head"] == read_log(log).head
    record, dataset = told["record"], load_results(run)
    for figure, variable in (("cost", "cost"), ("revenue", "tracked_revenue")):
        worlds = np.sort(dataset[variable].sel(portfolio="paid").values)
        own = record["portfolios"]["paid"]["quantiles"][figure]
        # The smallest value that so many worlds do not exceed.
        assert own == [worlds[int(np.ceil(level * 500 - 1e-9)) - 1] for level in LEVELS]
    tracked = np.array(record["portfolios"]["paid"]["quantiles"]["tracked_orders"])
    orders = dataset["orders"].sel(portfolio="paid").values
    assert np.array_equal(tracked, np.rint(tracked))
    # Half of the orders are seen: thinning changes the mean by 4 standard errors at most.
    assert tracked.mean() == pytest.approx(orders.mean() / 2, rel=0.1)
    assert (
        record["resolved_sha256"]
        == json.loads((run / "manifest.json").read_text())["sha256"]["experiment.toml"]
    )


def test_from_the_log_to_the_scores(run, tmp_path):
    log, table = tmp_path / "f.jsonl", tmp_path / "results.csv"
    table.write_text(RESULTS, encoding="utf-8")
    sim("log", run, "--log", log)
    told = json.loads(sim("score", run, table, "--log", log, "--json").stdout)
    came = {(s["portfolio"], s["figure"]): s["actual"] for s in told["scores"]}
    assert came["paid", "cost"] == pytest.approx(5100.5)
    assert came["big", "impressions"] == 500_000
    assert ("big", "revenue") not in came
    assert [loss["portfolio"] for loss in told["loss"]] == ["paid"]
    assert told["calibration"] is None
    again = sim("score", table, "--log", log)
    assert told["head"] in again.stderr
    assert "clicks were not forecast" in again.stderr
    assert again.stdout.startswith("portfolio,figure,unit,actual")
    assert len(read_log(log).entries) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--date", "soon"], "must be a day"),
        (["--date", "2020-01-01"], "after the results of 2020-01-01, and is refused"),
        (["--log", "none.jsonl"], "holds no forecast"),
    ],
    ids=["date", "too late", "no log"],
)
def test_mistakes_are_met_with_one_message(run, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text("portfolio,cost\npaid,100\n")
    sim("log", run)
    done = sim("score", run, "r.csv", *words, code=2)
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_faults_of_results_are_told_at_once(tmp_path):
    table = tmp_path / "r.csv"
    table.write_text("portfolio,cost,average impressions\npayed,100,5\n,200,5\nbig,1,1\n")
    with pytest.raises(ForecastError) as told:
        read_results(table, ["paid", "big"])
    lines = str(told.value).splitlines()
    assert len(lines) == 3
    assert "average impressions: is a mean per post" in lines[0]
    assert "'payed' was not forecast; did you mean `paid`?" in lines[1]
    assert "line 3, portfolio: is empty" in lines[2]


def test_a_figure_with_gaps_is_no_total(tmp_path):
    table = tmp_path / "r.csv"
    table.write_text("portfolio,creator,cost,revenue\na,x,100,10\na,y,50,\nb,z,70,30\n")
    totals = read_results(table, ["a", "b"])
    assert totals.of == {"a": {"cost": 150.0}, "b": {"cost": 70.0, "revenue": 30.0}}
    assert any("a: revenue" in note and "write 0" in note for note in totals.notes)


def test_the_fifth_campaign_draws_the_calibration_chart(tmp_path, monkeypatch, forecast):
    monkeypatch.chdir(tmp_path)
    for month, cost in enumerate((800, 1250, 700, 1300, 1100), start=1):
        extended(Path("forecasts.jsonl"), lambda _, m=month: forecast(f"2026-0{m}-01"))
        Path("r.csv").write_text(f"cost\n{cost}\n")
        done = sim("score", "r.csv", "--date", f"2026-0{month}-20")
        assert Path("forecasts.calibration.png").exists() == (month == 5)
    assert "Ranges of cost were too narrow by the factor" in done.stderr
    assert "Assumption" in done.stderr
    sim("score", "r.csv", "--date", "2026-05-20", "--picture", "c.svg")
    assert Path("c.svg").read_text().lstrip().startswith("<?xml")
    assert "pictures are written as" in sim("score", "r.csv", "--picture", "c.gif", code=2).stderr


def test_clicks_are_scored_where_they_are_simulated(tmp_path):
    file, out = tmp_path / "x.toml", tmp_path / "r"
    file.write_text(f"{TOML}\n[tracking]\nclicks = true\n", encoding="utf-8")
    log, table = tmp_path / "f.jsonl", tmp_path / "results.csv"
    table.write_text(RESULTS, encoding="utf-8")
    sim("run", file, "--out", out, "--no-charts", "--quiet")
    sim("log", out, "--log", log)
    told = json.loads(sim("score", out, table, "--log", log, "--json").stdout)
    (clicks,) = (s for s in told["scores"] if (s["portfolio"], s["figure"]) == ("paid", "clicks"))
    assert clicks["actual"] == 20
    worlds = load_results(out)["clicks"].sel(portfolio="paid").values
    assert clicks["median"] == np.quantile(worlds, LEVELS, method="inverted_cdf")[500]
    assert not any("were not forecast" in note for note in told["notes"])
