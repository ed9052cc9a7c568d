"""`sim learn` as a user meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import sim as package
from sim.cli import main

TOML = """
currency = "EUR"
exchange_rate = 0.92
[simulation]
worlds = 500
[portfolio.paid]
tier = "micro"
creators = 24
[portfolio.big]
tier = "macro"
creators = 2
[decision]
a = "paid"
b = "big"
"""
#: As it comes: decimal commas, thousands, K, currency signs, a total row.
SPRING = """Campaign;Total cost;Impressions;Engagements;Link clicks;Sales;Revenue
paid;7.300,50 €;210K;8.900;320;120;5.220,20 €
big;9.000,00 €;0,5M;9000;90;30;
Total;16.300,50 €;710K;17.900;410;150;5.220,20 €
"""


def sim(*words, code=0):
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(TOML)
    (tmp_path / "spring.csv").write_text(SPRING, encoding="utf-8")
    (tmp_path / "dollars.csv").write_text("portfolio,cost\npaid,$7300\n")
    return tmp_path


def test_from_results_as_they_come_to_a_run_that_uses_them(folder):
    told = json.loads(sim("learn", "x.toml", "spring.csv", "-o", "learned.toml", "--json").stdout)
    assert {"inputs", "pareto_k", "effective_worlds", "before", "after"} <= told.keys()
    assert {"tier.micro.fee", "tier.macro.reach_rate"} <= {i["name"] for i in told["inputs"]}
    assert any("a total" in note for note in told["notes"])
    assert any("clicks" in note for note in told["notes"])
    # Results are of the campaign's columns and not of what the reader made of them.
    (folder / "x.toml").write_text('include = ["learned.toml"]\n' + TOML)
    kept = package.load(folder / "x.toml").learned.results
    assert kept[0].rows[0].cost == 7300.5
    assert kept[0].rows[1].revenue is None
    run = sim("run", "x.toml", "--no-charts", "--out", "r")
    assert "Beliefs as learned from 1 campaign: spring.csv." in run.output
    content = json.loads((folder / "r" / "summary.json").read_text())
    after = told["after"]["portfolios"]["paid"]["profit_mean"]
    assert content["portfolios"]["paid"]["measures"]["profit_mean"]["value"] == after["value"]


def test_the_table_and_the_words(folder):
    done = sim("learn", "x.toml", "spring.csv")
    assert done.stdout.startswith("input,prior_median,")
    assert "Engagements alone take away" in done.stderr
    assert "mean profit" in done.stderr
    assert "EUR" in done.stderr
    assert "USD" not in done.stderr
    assert 'include = ["x.learned.toml"]' in done.stderr
    again = sim("learn", "x.toml", "spring.csv", code=2).stderr
    assert "keeps the results spring.csv, which x.toml does not include" in again
    assert not again.startswith("Traceback")


def test_on_the_way_nothing_is_written(folder):
    (folder / "day.csv").write_text("cost,engagements\n2000,900\n")
    words = ("learn", "x.toml", "day.csv", "--portfolio", "paid", "--day", "2", "--left", "4000")
    told = json.loads(sim(*words, "--json").stdout)
    assert {"due_share", "rest", "choices"} <= told.keys()
    assert [choice["name"] for choice in told["choices"]][:2] == ["go on", "stop"]
    assert not list(folder.glob("*.learned.toml"))
    assert "are not kept" in sim(*words, "-o", "l.toml", code=2).stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("missing.csv",), "missing.csv"),
        (("spring.csv", "--left", "5"), "goes with --day"),
        (("spring.csv", "-o", "no/where.toml"), "no such folder"),
        ((), "keeps no results; name a table"),
        (("spring.csv", "--portfolio", "paid"), "'big' was not"),
        (("spring.csv", "--map", "cost"), "--map takes NAME=COLUMN"),
        (("dollars.csv",), "is in USD, and money is counted in EUR here"),
    ],
)
def test_mistakes_are_one_message(folder, words, told):
    done = sim("learn", "x.toml", *words, code=2)
    assert told in done.stderr
    assert "Traceback" not in done.output
    assert not list(folder.glob("*.learned.toml"))
