"""A run in euro says so wherever it speaks: every question, chart, page, slide and sheet.

What is looked for is the other currency: a text that forgot its own would say USD.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sim
from sim.diff.runs import _same_currency
from sim.export import run_tables, write_tables
from sim.figures.matplotlib import draw
from sim.forecasts.forecast import forecast_of
from sim.forecasts.log import ForecastError
from sim.forecasts.results import read_results
from sim.questions import QUESTIONS, named
from sim.report import write_deck, write_report
from sim.run.answers import save_analysis
from sim.run.folder import RunError
from sim.run.written import read_answer, write_run
from sim.text.currency import currency, writing_in
from sim.text.numbers import money
from sim.vary.dollars import in_dollars
from sim.vary.keys import median

USD = re.compile(r"\bUSD\b")
#: What each question needs, in few worlds.
OPTIONS = {
    "sweep": {"keys": {"tier.macro.fee": "1000, 9000"}},
    "breakeven": {"key": "tier.macro.fee", "beliefs": 0},
    "tornado": {"points": 256},
    "sensitivity": {"sample": 256},
    "diversify": {"counts": (1, 2, 4)},
    "frontier": {"points": 2},
    "loss": {"more_than": 2_000},
    "grow": {"stages": "9k,18k"},
    "pick": {"budget": 3_000, "pilots": False},
}
#: What the page of the run shows beside what every run shows.
SHOWN = ("frontier", "loss")
#: Published claims are in USD, and so is what is held against them: see below.
IN_DOLLARS = ("audit",)
#: Asked of a list of names, where `test_pick.py` looks.


@pytest.fixture(scope="module")
def experiment():
    return sim.build(
        {
            "title": "In euro?",
            "currency": "EUR",
            "simulation": {"worlds": 1_000, "seed": 5},
            "economics": {"order_value": "40 to 60 EUR"},
            "portfolio": {
                "micro": {"tier": "micro", "budget": "9k €"},
                "macro": {"tier": "macro", "budget": 9_000},
            },
            "decision": {"a": "micro", "b": "macro"},
            "scenario": {"dear": {"tier": {"macro": {"fee": "2x"}}}},
        }
    )


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """An experiment whose creators are named: who is picked, is picked from a list."""
    folder = tmp_path_factory.mktemp("listed")
    rows = "name,followers,fee\nann,20000,150 €\nbob,30000,250 €\ncleo,60000,900 €\n"
    (folder / "list.csv").write_text(rows, encoding="utf-8")
    tables = {
        "currency": "EUR",
        "simulation": {"worlds": 500, "seed": 6},
        "portfolio": {"list": {"roster": "list.csv"}},
    }
    return sim.build(tables, folder=folder)


@pytest.fixture(scope="module")
def results(experiment):
    return sim.simulate(experiment, threads=1)


@pytest.fixture(scope="module")
def folder(experiment, results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("euro") / "run"
    write_run(folder, experiment, results, threads=1)
    return folder


def texts_of(answer):
    yield json.dumps(answer.to_dict())
    yield f"{answer} {answer.headline} {answer._repr_html_()}"
    for table in (*answer.tables(), answer.shown()):
        yield " ".join([table.about, *table.header, *table.titles, json.dumps(table.to_texts())])
    for figure in answer.figures():
        yield " ".join([figure.finding, figure.made, figure.method, *figure.sentences])
        yield f"{figure.panels} {figure.tips}"
        if figure.plot is not None or figure.charts:
            sheet = draw(figure).get_figure(root=True)
            yield " ".join(
                text.get_text() for text in sheet.findobj(lambda a: hasattr(a, "get_text"))
            )


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name not in IN_DOLLARS])
def test_every_answer_speaks_of_euro(question, experiment, results, folder, listed):
    asked, run = (listed, None) if question == "pick" else (experiment, results)
    answer = getattr(sim, question)(asked, run=run, threads=1, **OPTIONS.get(question, {}))
    # Asked, read and drawn outside of any block that says what to write in.
    assert currency() == "USD"
    assert answer.currency == "EUR"
    content = answer.to_dict()
    assert content["currency"] == "EUR"
    assert named(question).read(json.loads(json.dumps(content))) == answer
    for text in texts_of(answer):
        assert not USD.search(text), text[max(0, USD.search(text).start() - 80) :][:160]
    if question in SHOWN:
        save_analysis(folder, question, content, answer.axes)


def test_run_summary_and_worlds_do(experiment, results, folder):
    said = read_answer(results)
    assert said.to_dict()["currency"] == "EUR"
    assert said.summary["micro"]["cost_mean"].unit == "EUR"
    assert said.summary["micro"]["reach_per_usd"].unit == "accounts per EUR"
    assert results["cost"].attrs["units"] == "EUR"
    assert results["cost_price"].attrs["units"] == "EUR per unit of the component"
    text = " ".join([json.dumps(said.to_dict()), repr(said.summary), repr(said.comparisons[0])])
    text += sim.show(results)._repr_html_() + experiment._repr_html_() + repr(sim.show(folder))
    assert "EUR" in text
    assert not USD.search(text)


def test_page_slides_and_sheets_do(folder, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    from lxml import etree
    from pptx import Presentation

    write_report(folder)
    page = (folder / "report.html").read_text("utf-8")
    write_deck(folder, tmp_path / "deck.pptx")
    slides = " ".join(
        etree.tostring(slide._element, encoding="unicode")
        + (slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else "")
        for slide in Presentation(tmp_path / "deck.pptx").slides
    )
    (workbook,) = write_tables(run_tables(folder), tmp_path / "run.xlsx", "xlsx")
    cells = " ".join(
        str(cell)
        for sheet in openpyxl.load_workbook(workbook)
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    )
    for text in (page, slides, cells):
        assert "EUR" in text
        # The rate itself, and where a converted figure comes from.
        rest = re.sub(r"(from USD at|EUR per USD|USD an order|USD per 1,000 views)", "", text)
        assert not USD.search(rest), rest[max(0, USD.search(rest).start() - 80) :][:160]


def test_runs_of_before_count_in_dollars(results):
    old = results.copy()
    del old.attrs["currency"]
    assert sim.summarize(old)["micro"]["cost_mean"].unit == "USD"


def test_a_forecast_and_its_results_are_in_one_currency(folder, tmp_path):
    assert forecast_of(folder)["currency"] == "EUR"
    path = tmp_path / "results.csv"
    path.write_text("portfolio,cost,impressions\nmicro,500 €,20000\n", encoding="utf-8")
    with writing_in("EUR"):
        assert read_results(path, ["micro"]).of["micro"]["cost"] == 500.0
    with pytest.raises(ForecastError, match="cost is in EUR, and money is counted in USD here"):
        read_results(path, ["micro"])


def test_runs_of_two_currencies_are_not_subtracted(results):
    dollars = results.copy()
    del dollars.attrs["currency"]
    folders = (Path("one"), Path("other"))
    _same_currency(folders, [results, results])
    with pytest.raises(RunError, match="one counts in EUR and other in USD"):
        _same_currency(folders, [results, dollars])


def test_a_currency_is_that_of_its_block_and_thread():
    with writing_in("EUR"):
        assert money(48) == "48 EUR"
        with writing_in("GBP"):
            assert money(48) == "48 GBP"
        assert money(48) == "48 EUR"
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(money, 48).result() == "48 USD"
    assert money(48) == "48 USD"
    with pytest.raises(KeyError), writing_in("EUR"):
        raise KeyError
    assert currency() == "USD"


def test_claims_are_held_against_figures_in_dollars(experiment):
    dollars = in_dollars(experiment)
    assert dollars.currency == "USD"
    own = sim.build({"portfolio": {"micro": {"tier": "micro", "budget": 1_000}}})
    # What was packaged comes back to the digits that were kept; what the file says is converted.
    assert dollars.costs.hourly_rate == pytest.approx(own.costs.hourly_rate, rel=1e-5)
    fee, packaged = (e.tier["micro"].on["instagram"].fee.parameters for e in (dollars, own))
    assert fee == pytest.approx(packaged, rel=1e-6)
    assert median(dollars.economics.order_value) == pytest.approx(
        median(experiment.economics.order_value) / experiment.exchange_rate
    )
    assert dollars.economics.gross_margin == experiment.economics.gross_margin
    assert in_dollars(own) is own


@pytest.mark.statistical
def test_an_audit_in_euro_is_that_in_dollars():
    tables = {"portfolio": {"micro": {"tier": "micro", "budget": 1_000}}}
    euro = sim.build({**tables, "currency": "EUR", "exchange_rate": 0.5})
    mine, theirs = (sim.audit(e, worlds=2_000, threads=1) for e in (euro, sim.build(tables)))
    assert mine.currency == "USD"
    for own, other in zip(mine.claims, theirs.claims, strict=True):
        assert own.verdict == other.verdict, own.id
        if own.simulated is not None and other.simulated.value is not None:
            assert own.simulated.value == pytest.approx(other.simulated.value, rel=1e-4), own.id
