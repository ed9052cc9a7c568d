"""The four commands as a user meets them: exit codes, messages, files, figures."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from sim.cli import main

FILE = """
title = "small"
[simulation]
worlds = 1_024
[portfolio.micro]
tier = "micro"
budget = 8_000
[portfolio.macro]
tier = "macro"
creators = 2
[decision]
a = "micro"
b = "macro"
[sweep]
tier.macro.fee = "0.5x to 2x in 3 steps"
costs.hourly_rate = [20, 40]
[scenario.recession]
economics.order_value = "0.8x"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def ask(file, tmp_path):
    """Return a function that asks a question of the file; its run is in ``tmp_path / "run"``."""

    def call(command, *options):
        arguments = [command, str(file), "--out", str(tmp_path / "run"), *options]
        result = CliRunner().invoke(main, arguments)
        return result.exit_code, result.stdout, result.stderr

    return call


QUESTIONS = {
    "sweep": ("sweep", []),
    "breakeven": ("breakeven_roi_mean_tier.macro.fee", ["--key", "tier.macro.fee", "--no-beliefs"]),
    "tornado": ("tornado", []),
    "scenario": ("scenario", []),
}


@pytest.mark.parametrize("command", QUESTIONS)
def test_an_answer_is_printed_saved_and_drawn(ask, tmp_path, command):
    name, options = QUESTIONS[command]
    code, out, err = ask(command, *options)
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows
    assert any(column.endswith("_se") for column in rows[0])
    content = json.loads((tmp_path / "run" / "analysis" / f"{name}.json").read_text("utf-8"))
    assert content["analysis"] == command
    assert content["sentence"] in err
    assert "±" in content["sentence"]
    for kind in ("png", "svg"):
        assert (tmp_path / "run" / "analysis" / f"{name}.{kind}").stat().st_size > 1_000


@pytest.mark.parametrize("command", QUESTIONS)
def test_json_is_what_is_saved_and_charts_can_be_left_out(ask, tmp_path, command):
    name, options = QUESTIONS[command]
    code, out, err = ask(command, "--json", "--no-charts", *options)
    assert (code, err) == (0, "")
    saved = json.loads((tmp_path / "run" / "analysis" / f"{name}.json").read_text("utf-8"))
    assert json.loads(out) == saved
    assert not list((tmp_path / "run" / "analysis").glob("*.png"))
    assert _pairs(saved)


def _pairs(content):
    """Count figures with value and se, wherever they stand."""
    if isinstance(content, dict):
        own = int({"value", "se"} <= set(content))
        return own + sum(_pairs(item) for item in content.values())
    return sum(_pairs(item) for item in content) if isinstance(content, list) else 0


def test_a_finished_run_is_used(ask, tmp_path):
    ask("sweep", "--no-charts")
    worlds = tmp_path / "run" / "worlds.nc"
    written = worlds.stat().st_mtime_ns
    ask("scenario", "--no-charts")
    ask("tornado", "--rank", "--no-charts")
    assert worlds.stat().st_mtime_ns == written


def test_a_run_that_makes_way_is_named(ask):
    ask("tornado", "--no-charts")
    _, _, same = ask("scenario", "--no-charts")
    _, _, other = ask("scenario", "--no-charts", "--worlds", "512")
    assert "replaces" not in same
    assert "holds another run (1,024 worlds, seed " in other
    assert "analysis/scenario.json, analysis/scenario.nc, analysis/tornado.json move to" in other


def test_rank_needs_no_points(ask):
    code, out, _ = ask("tornado", "--rank", "--json", "--no-charts")
    content = json.loads(out)
    assert code == 0
    assert content["method"] == "rank"
    assert all(row["rank_correlation"]["se"] > 0.0 for row in content["inputs"])


def test_no_tie_is_no_failure(ask):
    code, _, err = ask(
        "breakeven", "--key", "tier.macro.fee", "--values", "90000 to 99000", "--no-beliefs",
        "--no-charts",
    )  # fmt: skip
    assert code == 0
    assert "do not tie" in err


def test_two_keys_give_a_line_and_a_map(ask, tmp_path):
    code, out, _ = ask("breakeven", "--key", "tier.macro.fee", "--key2", "tier.micro.fee")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert set(rows[0]) == {"tier.micro.fee", "tier.macro.fee", "tier.macro.fee_se"}
    assert len(list((tmp_path / "run" / "analysis").glob("breakeven*.svg"))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "--key", "tier.macro.fe"], "did you mean `tier.macro.fee`"),
        (
            ["sweep", "--values", "1, 2"],
            "--values: need a --key for each list: 1 list against 0 keys",
        ),
        (["breakeven", "--key", "tier.macro.fee", "--on", "roi_meen"], "did you mean `roi_mean`"),
        (["breakeven", "--key", "tier.macro.fee", "--a", "mikro"], "did you mean `micro`"),
        (["tornado", "--measure", "roi_meen"], "did you mean `roi_mean`"),
        (["scenario", "--only", "recesion"], "did you mean `recession`"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_mistakes_have_one_message_and_code_2(ask, arguments, message):
    command, *options = arguments
    code, out, err = ask(command, *options)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""


def test_check_finds_the_faults_of_sweep_and_scenarios(file):
    text = FILE.replace("order_value", "order_valu").replace("hourly_rate", "hourly_rat")
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 2
    assert "sweep.costs.hourly_rat: is no key to vary" in result.stderr
    assert "scenario.recession.economics.order_valu: is no key to vary" in result.stderr


def test_explain_lists_what_is_asked(file):
    result = CliRunner().invoke(main, ["explain", str(file), "--json"])
    keys = {row["key"]: row["written"] for row in json.loads(result.stdout)["inputs"]}
    assert keys["sweep.costs.hourly_rate"] == "[20, 40]"
    assert keys["scenario.recession.economics.order_value"] == '"0.8x"'


def test_all_commands_are_listed_and_a_misspelt_one_is_met_with_the_nearest():
    listed = CliRunner().invoke(main, ["--help"]).stdout
    for command in ("sweep", "breakeven", "tornado", "scenario", "frontier", "discover"):
        assert f" {command} " in listed
    result = CliRunner().invoke(main, ["tornadoes"])
    assert result.exit_code == 2
    assert "did you mean `tornado`" in result.stderr
