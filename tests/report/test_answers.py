"""Answers as the commands save them today: each has a figure of its own, none falls back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.figures.spec import Table
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
    figure = next(f for s in story.sections for f in s.figures if f.key.startswith(question))
    first = figure.models[0]
    assert not (isinstance(first, Table) and first.head[0] == "answer"), "told in its own words"
    assert len(figure.finding) <= 240
    assert "nan" not in figure.finding
    assert opened.analyses[name]["sentence"] in figure.method


def test_claims_that_tell_most_are_failures_of_several_sources(answers: Path) -> None:
    with open_run(answers) as opened:
        content = opened.analyses["audit"]
        figure = next(f for f in tell(opened).section("claims").figures)
    bars, table = figure.models
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
