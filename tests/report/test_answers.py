"""Answers as the commands save them today: each has a figure of its own, none falls back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.text import Text

from sim.cli import main
from sim.figures.matplotlib import draw
from sim.figures.record import record
from sim.figures.spec import Cells, Figure
from sim.questions import named
from sim.report import open_run, tell

FILE = """
[simulation]
worlds = 1024
seed = 5

[portfolio.micro]
creators = 12
tier = "micro"
platform = "instagram"

[portfolio.macro]
creators = 2
tier = "macro"
platform = "instagram"

[scenario.dear]
costs.hourly_rate = 80
"""

COMMANDS = {
    "tornado": [],
    "breakeven": ["--key", "tier.macro.fee"],
    "sweep": ["--key", "costs.hourly_rate", "--values", "10 to 90"],
    "discover": [],
    "worth": [],
    "diversify": [],
    "scenario": [],
    "sensitivity": ["--sample", "256"],
    "audit": ["--worlds", "256"],
    "frontier": ["--points", "3", "--budget", "9000"],
    "loss": ["--more-than", "1000"],
    "dashboard": [],
    "cash": ["--months", "6"],
    "grow": ["--stages", "3k,9k"],
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("answers")
    (place / "small.toml").write_text(FILE)
    out = place / "small"
    for name, options in COMMANDS.items():
        done = CliRunner().invoke(
            main, [name, str(place / "small.toml"), "--out", str(out), *options]
        )
        assert done.exit_code == 0, (name, done.output)
    return out


@pytest.mark.parametrize("question", COMMANDS)
def test_answer_has_a_figure(answers: Path, question: str) -> None:
    with open_run(answers) as opened:
        name = next(n for n in opened.analyses if n.startswith(question))
        story = tell(opened)
    figure = next(f for s in story.sections for f in s.figures if f.name.startswith(question))
    first = figure.panels[0]
    assert not (isinstance(first, Cells) and first.head[0] == "answer"), "told in its own words"
    assert len(figure.finding) <= 240
    assert "nan" not in figure.finding
    assert opened.analyses[name]["sentence"] in figure.method


def test_claims_that_tell_most_are_failures_of_several_sources(answers: Path) -> None:
    with open_run(answers) as opened:
        content = opened.analyses["audit"]
        figure = next(f for f in tell(opened).section("claims").figures)
    bars, table = figure.panels
    verdicts = [row["verdict"] for row in content["claims"]]
    assert sum(v for s in bars.series for v in s.values if v is not None) == len(verdicts) >= 15
    assert {row[2] for row in table.rows} == {"contradicts", "holds only if"}
    sources = {row["source"] for row in content["claims"]}
    assert len({s for row in table.rows for s in sources if f"({s})" in row[0]}) >= 4
    assert figure.finding.startswith(f"Of {len(verdicts)} published claims")
    assert verdicts.count("holds") == bars.series[-1].values[-1]


def test_answers_fit_page_and_slides(answers: Path, tmp_path: Path) -> None:
    from sim.report import write_deck, write_report

    copy = tmp_path / "small"
    shutil.copytree(answers, copy)
    assert write_report(copy).stat().st_size < 1_000_000
    assert write_deck(copy, copy / "deck.pptx").is_file()


def figures_of(answers: Path, question: str) -> list[Figure]:
    """Return the figures of one answer as the command drew them."""
    with open_run(answers) as opened:
        name = next(n for n in opened.analyses if n.startswith(question))
        return list(named(question).read(opened.analyses[name]).figures(opened.run.tiers))


@pytest.mark.parametrize("question", COMMANDS)
def test_a_saved_answer_comes_back_the_same(answers: Path, question: str) -> None:
    path = next((answers / "analysis").glob(f"{question}*.json"))
    content = json.loads(path.read_text("utf-8"))
    assert named(question).read(content).to_dict() == content


@pytest.mark.parametrize("question", COMMANDS)
def test_every_figure_holds_together(answers: Path, question: str) -> None:
    for figure in figures_of(answers, question):
        recorded = record(figure)
        assert not [word for word in recorded.words if "nan" in word.lower().split()]
        assert len(figure.alt) > 20
        assert figure.plot is not None or figure.charts


@pytest.mark.parametrize("question", COMMANDS)
def test_page_draws_what_the_command_drew(answers: Path, question: str) -> None:
    """The page's drawing has the artists of the command's, value by value."""
    for figure in figures_of(answers, question):
        drawn, shown = (draw(figure, headline=headline) for headline in (True, False))
        for ax in (drawn, shown):
            ax.get_figure(root=True).draw_without_rendering()
        assert artists(drawn) == artists(shown)


def artists(ax: Any) -> dict[str, list[float]]:
    """Return the data of lines and bars by their names."""
    data: dict[str, list[float]] = {}
    for artist in ax.findobj():
        name = artist.get_gid()
        if name and hasattr(artist, "get_xydata"):
            data[name] = np.asarray(artist.get_xydata()).ravel().tolist()
        elif name and hasattr(artist, "get_width") and hasattr(artist, "get_x"):
            data[name] = [artist.get_x(), artist.get_y(), artist.get_width(), artist.get_height()]
    return data


@pytest.mark.parametrize("question", COMMANDS)
def test_nothing_is_cut_off_at_the_edge(answers: Path, question: str) -> None:
    for figure in figures_of(answers, question):
        sheet = draw(figure).get_figure(root=True)
        sheet.draw_without_rendering()
        width, height = sheet.bbox.width, sheet.bbox.height
        # Labels of ticks beyond an axis exist without being drawn.
        beyond = {label for ax in sheet.axes for label in ticks(ax)}
        for text in sheet.findobj(Text):
            box = text.get_window_extent()
            if not text.get_text() or not text.get_visible() or not box.width or text in beyond:
                continue
            assert box.x0 >= -4, (figure.name, text.get_text())
            assert box.x1 <= width + 4, (figure.name, text.get_text())
            assert box.y0 >= -4, (figure.name, text.get_text())
            assert box.y1 <= height + 4, (figure.name, text.get_text())


def ticks(ax: Any) -> list[Any]:
    """Return the labels of all ticks of an axis."""
    kinds = [(minor, axis) for minor in (False, True) for axis in (ax.xaxis, ax.yaxis)]
    return [
        label
        for minor, axis in kinds
        for tick in (axis.get_minor_ticks() if minor else axis.get_major_ticks())
        for label in (tick.label1, tick.label2)
    ]
