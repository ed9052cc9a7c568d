"""What a notebook shows: the figures of the run, as markup that is well-formed and escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

import sim
from sim.displays import MOST_ROWS, Told, records
from sim.notebook import HEADLINE, as_text
from sim.tables.table import Table, from_rows
from sim.text.names import measure_heading
from sim.text.numbers import cell

NAME = "<b>few & dear"


@pytest.fixture(scope="module")
def results():
    experiment = sim.build(
        {
            "title": "Many <i>or</i> few?",
            "simulation": {"worlds": 1_000, "seed": 3},
            "portfolio": {
                "many": {"tier": "micro", "creators": 5},
                NAME: {"tier": "macro", "creators": 1},
            },
        }
    )
    return sim.simulate(experiment, threads=1)


def parsed(html: str) -> ET.Element:
    """Read as XML: every element closed, every text escaped."""
    return ET.fromstring(f"<root>{html}</root>")


def words(html: str) -> str:
    return " ".join(" ".join(parsed(html).itertext()).split())


def test_a_run_shows_its_answer_chart_and_table(results):
    shown = sim.show(results)
    html = shown._repr_html_()
    text = words(html)
    assert shown.answer.sentences[0] in text
    assert "Many <i>or</i> few?" in text
    for key in HEADLINE:
        assert measure_heading(key) in text
        measured = shown.answer.summary["many"][key]
        assert cell(measured) in text
    (drawing,) = [e for e in parsed(html).iter() if e.tag.endswith("svg")]
    assert drawing.attrib["role"] == "img"
    assert "1,000 worlds" in drawing.attrib["aria-label"]
    for warning in shown.answer.warnings:
        assert warning in str(shown)


def test_a_folder_shows_what_its_worlds_show(results, tmp_path):
    sim.save(results, tmp_path / "worlds.nc")
    assert str(sim.show(tmp_path)) == str(sim.show(results))


def test_summary_comparison_and_experiment_show_themselves(results):
    summary = sim.summarize(results)
    text = words(summary._repr_html_())
    entry = summary[NAME]["roi_median"]
    assert cell(entry) in text
    assert NAME in text
    comparison = sim.compare(results, "many", NAME)
    entry = comparison["a_beats_b"]
    assert cell(entry) in words(comparison._repr_html_())
    experiment = sim.build({"portfolio": {"many": {"tier": "micro", "budget": 9_000}}})
    text = words(experiment._repr_html_())
    assert "9,000 USD" in text
    assert f"seed {experiment.simulation.seed}" in text


@dataclass(frozen=True)
class Answer(Told):
    sentence: str
    notes: tuple[str, ...]
    count: int

    def shown(self) -> Table:
        rows = [{"key": f"k{i}", "value": i / 3} for i in range(self.count)]
        return from_rows("keys", "a key", rows, {"key": "", "value": ""})


def test_answers_of_analyses_show_sentence_rows_and_notes():
    html = Answer("1 < 2", ("as it is",), MOST_ROWS + 7)._repr_html_()
    text = words(html)
    assert text.startswith("1 < 2")
    assert "Note: as it is" in text
    assert "and 7 more rows" in text
    assert len(re.findall("<tr>", html)) == 1 + MOST_ROWS
    assert "0.3333" in text
    assert records([]) == ""


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sweep", {"keys": {"tier.macro.fee": "1000, 9000"}}),
        ("breakeven", {"key": "tier.macro.fee", "beliefs": 0}),
        ("tornado", {}),
        ("worth", {"pilot": ()}),
    ],
    ids=str,
)
def test_every_answer_shows_its_sentence_and_a_table(name, arguments):
    import sim

    experiment = sim.build(
        {
            "simulation": {"worlds": 1_000},
            "portfolio": {
                "x": {"tier": "micro", "creators": 5},
                "y": {"tier": "macro", "creators": 1},
            },
        }
    )
    answer = getattr(sim, name)(experiment, **arguments, threads=1)
    html = answer._repr_html_()
    assert " ".join(answer.sentence.split()) in words(html)
    assert len(list(parsed(html).iter("tr"))) > 1
    assert str(answer).startswith(answer.sentence)


def test_a_table_wider_than_the_terminal_goes_on_below():
    rows = [["", "one", "two", "three"], ["roi", "1 %", "2 %", "3 %"]]
    assert as_text(rows).splitlines() == ["     one  two  three", "roi  1 %  2 %    3 %"]
    blocks = as_text(rows, width=14).split("\n\n")
    assert [block.splitlines() for block in blocks] == [
        ["     one  two", "roi  1 %  2 %"],
        ["     three", "roi    3 %"],
    ]
