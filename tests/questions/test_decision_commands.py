"""The five commands from end to end: what they print, save and draw, and how they fail."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sim.cli import main

FILE = """
[simulation]
worlds = 1_024
seed = 8

[portfolio.micro]
tier = "micro"
budget = 8_000

[portfolio.macro]
tier = "macro"
budget = 8_000

[decision]
a = "micro"
b = "macro"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asked")
    (path / "few.toml").write_text(FILE)
    return path


def ask(folder: Path, *arguments: str) -> Result:
    command, *options = arguments
    given = [command, str(folder / "few.toml"), "--out", str(folder / "run"), *options]
    return CliRunner().invoke(main, given)


def answer(folder: Path, *arguments: str) -> dict[str, Any]:
    result = ask(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


@pytest.mark.parametrize("method", ["sobol", "morris", "delta"])
def test_every_method_of_sensitivity(folder: Path, method: str) -> None:
    if method == "morris":
        pytest.importorskip("SALib")
    sample = "256" if method == "morris" else "1024"
    content = answer(folder, "sensitivity", "--method", method, "--sample", sample, "--no-charts")
    assert content["method"] == method
    assert content["sentence"]
    assert {d["outcome"] for d in content["drivers"]} == {"micro", "macro", "micro - macro"}
    name = "sensitivity" if method == "sobol" else f"sensitivity_{method}"
    assert json.loads((folder / "run" / "analysis" / f"{name}.json").read_text()) == content


def test_too_few_samples_are_said(folder: Path) -> None:
    content = answer(folder, "sensitivity", "--sample", "256", "--no-charts")
    assert any("Too few worlds" in note and "--sample" in note for note in content["notes"])
    assert any("below zero" in note for note in content["notes"])
    assert any("independent by construction" in note for note in content["notes"])


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        pytest.param(("worth", "--pilot", "5"), ["worth"], id="worth"),
        pytest.param(("diversify", "--counts", "1,4,22"), ["diversify"], id="diversify"),
        pytest.param(
            ("frontier", "--budget", "9000", "--points", "2"),
            ["frontier", "frontier_mixes"],
            id="frontier",
        ),
        pytest.param(("discover", "--coverage", "0.4"), ["discover"], id="discover"),
    ],
)
def test_answer_and_charts_are_saved(
    folder: Path, arguments: tuple[str, ...], files: list[str]
) -> None:
    content = answer(folder, *arguments)
    assert content["analysis"] == arguments[0]
    saved = folder / "run" / "analysis"
    assert json.loads((saved / f"{arguments[0]}.json").read_text()) == content
    drawn = bool(content.get("conditions", True))
    for name in files if drawn else []:
        assert (saved / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (saved / f"{name}.svg").read_text()


def test_pipe_gets_every_column_and_the_sentence_goes_elsewhere(folder: Path) -> None:
    result = ask(folder, "worth", "--pilot", "0", "--no-charts")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert rows
    assert {"what", "worth", "se", "changes_choice", "cost"} <= set(rows[0])
    assert "is the choice" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("sensitivity", "--a", "nano"), "decision.a", id="sensitivity"),
        pytest.param(("worth", "--option", "nano"), "--option", id="worth"),
        pytest.param(("diversify", "--counts", "many"), "--counts", id="diversify"),
        pytest.param(
            ("frontier", "--budget", "9000", "--min", "macro=5"), "no mix meets", id="frontier"
        ),
        pytest.param(
            ("discover", "--vary", "tier.macro.fee"), "--vary: takes KEY=RANGE", id="discover"
        ),
    ],
)
def test_mistakes_are_one_message_and_exit_code_two(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = ask(folder, *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
