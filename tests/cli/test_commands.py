"""The commands as a user meets them: exit codes, messages, files."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.experiment.schema import json_schema

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.toml"))
MAIN = ROOT / "experiments" / "micro_vs_macro.toml"

SMALL = """
[portfolio.micro]
tier = "micro"
creators = 5
[portfolio.macro]
tier = "macro"
creators = 2
"""
BROKEN = """
[simulatoin]
worlds = 3
[portfolio.micro]
tier = "micor"
creaters = 3
[portfolio.b]
tier = "micro"
budget = -5
[portfolio.c]
mix = { micro = 0.5, macro = 0.4 }
creators = 10
[tier.micro]
fee = -5
enagement_rate = "3% to 8%"
conversion_rate = "0 to 50"
[shocks.loadings]
engagement_rate = { campaign = 0.9, platform = 0.9 }
[economics]
gross_margin = 1.4
"""


def call(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_every_fault_at_once_and_nothing_written(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN)
    out = tmp_path / "run"
    code, stdout, stderr = call("run", path, "--out", out)
    assert code == 2
    assert not stdout
    assert not out.exists()
    lines = stderr.splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    for key, word in {
        "simulatoin": "did you mean `simulation`?",
        "tier.micro.enagement_rate": "did you mean `engagement_rate`?",
        "portfolio.micro.creaters": "did you mean `creators`?",
        "portfolio.micro.tier": "did you mean `micro`?",
        "tier.micro.fee": "(got -5)",
        "tier.micro.conversion_rate": "beta",
        "economics.gross_margin": "(got 1.4)",
        "portfolio.b.budget": "(got -5)",
        "portfolio.c.mix": "0.9",
        "shocks.loadings.engagement_rate": "1.62",
    }.items():
        assert any(line.startswith(f"{path}: {key}: ") and word in line for line in lines), key


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[portfolio", "TOML"),
        ("", "portfolio"),
        (
            '[portfolio.a]\ntier = "micro"\nbudget = 10',
            "portfolio.a.budget: buys no creator: there are 10 USD, and one of micro commits ",
        ),
        (
            '[costs]\nfixed = 990\n[portfolio.a]\ntier = "micro"\nbudget = 1000',
            "portfolio.a.budget: buys no creator: there are 10 USD after `costs.fixed`, and one of ",
        ),
        (
            '[costs]\nfixed = 1000\n[portfolio.a]\ntier = "micro"\nbudget = 500',
            (
                "portfolio.a.budget: is used up before anybody is hired: `costs.fixed` is 1,000 USD; "
                "raise the budget, or lower `costs.fixed` (got 500)"
            ),
        ),
        (SMALL + "[simulation]\nworlds = 0", "worlds"),
        (SMALL + "[economics]\norder_value = nan", "order_value"),
        (
            SMALL + "[tier.micro]\n"
            "amplification = { spike = { probability = 0.1, minimum = 1, tail_index = 0.9 } }",
            "cap",
        ),
    ],
    ids=[
        "syntax",
        "empty",
        "poor",
        "poor after the fixed cost",
        "no money",
        "no worlds",
        "not a number",
        "infinite mean",
    ],
)
def test_hard_limits_are_one_message(tmp_path, text, word):
    path = tmp_path / "x.toml"
    path.write_text(text)
    code, stdout, stderr = call("run", path, "--out", tmp_path / "run")
    assert (code, stdout) == (2, "")
    assert word in stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "run").exists()


def test_a_run_writes_what_it_says(small, tmp_path):
    out = tmp_path / "run"
    code, stdout, _ = call("run", small, "--worlds", "2k", "--out", out, "--seed", "7")
    assert code == 0
    assert "micro beats macro in " in stdout
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["experiment"], summary["seed"], summary["worlds"]) == ("small", 7, 2_000)
    measures = summary["portfolios"]["micro"]["measures"]
    for name in (
        "roi_mean", "roi_median", "roi_sd", "roi_p05", "roi_p95", "roi_es05", "loss_probability",
        "roas_mean", "cost_mean", "revenue_mean", "profit_mean", "engagements_mean", "cpe",
        "top_creator_share",
    ):  # fmt: skip
        entry = measures[name]
        assert entry["value"] is not None
        assert entry["se"] is not None or entry["reason"]
    pair = summary["comparisons"][0]
    assert (pair["a"], pair["b"]) == ("micro", "macro")
    assert 0.0 <= pair["a_beats_b"]["value"] <= 1.0
    assert isinstance(summary["warnings"], list)
    with (out / "summary.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["portfolio"] for row in rows} == {"micro", "macro"}
    assert list((out / "charts").glob("*.png"))
    assert json.loads((out / "manifest.json").read_text())["experiment_hash"]
    # The resolved experiment stands alone and gives the same numbers.
    again = sim.simulate(sim.load(out / "experiment.toml"))
    assert (again["roi"].values == sim.load_results(out)["roi"].values).all()


def test_json_quiet_and_overrides(small, tmp_path):
    out = tmp_path / "run"
    options = ("--worlds", "1k", "--no-charts", "--out", out)
    code, stdout, _ = call("run", small, *options, "--json", "--set", "portfolio.micro.creators=9")
    assert code == 0
    assert json.loads(stdout)["portfolios"]["micro"]["creators"] == 9
    code, stdout, stderr = call("run", small, *options, "--quiet")
    assert code == 0
    summary = json.loads((out / "summary.json").read_text())
    assert stdout.splitlines() == summary["answer"]
    assert not stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("tornado", "--rank"), id="a-question"),
        pytest.param(("audit",), id="audit"),
    ],
)
def test_quiet_questions_print_their_sentence_alone(small, tmp_path, arguments):
    out = tmp_path / "run"
    command, *options = arguments
    assert call("run", small, "--worlds", "256", "--no-charts", "--out", out)[0] == 0
    given = [command, small, *options, "--worlds", "256", "--no-charts", "--out", out]
    code, stdout, stderr = call(*given, "--quiet")
    assert code == 0
    (saved,) = (out / "analysis").glob(f"{command}*.json")
    content = json.loads(saved.read_text())
    assert stdout == content["sentence"] + "\n"
    assert not stderr
    assert content["analysis"] == command


def test_audit_is_saved_beside_a_run_of_its_own_assumptions_alone(small, tmp_path):
    out = tmp_path / "run"
    audit = ("audit", small, "--worlds", "256", "--no-charts", "--quiet", "--out", out)
    assert call(*audit)[0] == 0
    assert not out.exists()
    call("run", small, "--worlds", "1k", "--no-charts", "--out", out)
    assert call(*audit, "--set", "economics.order_value=20")[0] == 0
    assert not (out / "analysis").exists()
    assert call(*audit)[0] == 0
    assert (out / "analysis" / "audit.json").is_file()


def test_analyses_are_kept_only_for_the_same_run(small, tmp_path):
    out = tmp_path / "run"
    options = ("--no-charts", "--quiet", "--out", out)
    call("run", small, *options, "--worlds", "1k")
    (out / "analysis").mkdir()
    (out / "analysis" / "note.json").write_text("{}")
    call("run", small, *options, "--worlds", "1k")
    assert (out / "analysis" / "note.json").exists()
    code, _, stderr = call("run", small, *options, "--worlds", "1k", "--seed", "2")
    assert code == 0
    assert "holds another run (1,000 worlds, seed 1)" in stderr
    assert not (out / "analysis").exists()
    assert [*(out / "earlier").rglob("note.json")]


def test_another_scenario_keeps_the_run_and_its_answers(small, tmp_path):
    """Tables that only ask decide no number."""
    out = tmp_path / "run"
    options = ("--no-charts", "--quiet", "--out", out)
    assert call("run", small, *options, "--worlds", "1k")[0] == 0
    assert call("tornado", small, "--rank", *options, "--worlds", "1k")[0] == 0
    before = (out / "worlds.nc").stat().st_mtime_ns
    asking = (
        SMALL
        + "[scenario.cheap]\n'tier.macro.fee' = '0.5x'\n[sweep]\n'tier.macro.fee' = '0.5x to 2x in 5 steps'\n"
    )
    small.write_text(asking)
    code, _, stderr = call("sweep", small, *options, "--worlds", "1k")
    assert (code, stderr) == (0, "")
    assert (out / "worlds.nc").stat().st_mtime_ns == before
    code, _, stderr = call("run", small, *options, "--worlds", "1k")
    assert (code, stderr) == (0, "")
    assert [*(out / "analysis").glob("tornado*.json")]


def test_a_folder_with_something_else_is_left_alone(small, tmp_path):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    code, _, stderr = call("run", small, "--worlds", "1k", "--out", out)
    assert code != 0
    assert "holds something that is no run" in stderr
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_interrupted_runs_leave_the_last_one_whole(tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "sim", "run", str(MAIN), "--no-charts", "--out", str(out)]
    subprocess.run([*command, "--worlds", "1k"], check=True, capture_output=True)
    before = (out / "summary.json").read_text()
    process = subprocess.Popen(
        [*command, "--worlds", "3M"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        # Where the tests run in the background, the shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    time.sleep(4)
    try:
        for _ in range(20):
            # Again, as a user would: what loads libraries may lose the first.
            process.send_signal(signal.SIGINT)
            try:
                _, stderr = process.communicate(timeout=5)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert (out / "summary.json").read_text() == before
    assert [p for p in os.listdir(tmp_path) if p.endswith((".part", ".old"))] == []


def test_explain_says_what_each_stage_may_spend():
    code, stdout, _ = call("explain", ROOT / "experiments" / "pilot_then_scale.toml")
    assert code == 0
    own = [line for line in stdout.splitlines() if line.strip().startswith("tested: about")]
    assert len(own) == 3
    assert own[-1].endswith("at most 75,000 USD up to this stage")
    assert (
        "everyone: about 175 micro, 426 USD committed per creator, at most 75,000 USD in all"
        in stdout
    )


def test_explain_names_unit_and_source(small):
    code, stdout, _ = call("explain", small, "--json")
    assert code == 0
    inputs = {row["key"]: row for row in json.loads(stdout)["inputs"]}
    fee = inputs["tier.micro.on.instagram.fee"]
    assert fee["unit"] == "USD per post"
    assert "price lists" in fee["source"]
    assert all(row["source"] and row["unit"] for row in inputs.values())


def test_a_new_experiment_checks_and_has_its_schema(tmp_path):
    code, stdout, _ = call("new", tmp_path / "launch")
    assert code == 0
    assert "sim run" in stdout
    assert call("check", tmp_path / "launch.toml")[0] == 0
    assert json.loads((tmp_path / "experiment.schema.json").read_text()) == json_schema()
    assert call("new", tmp_path / "launch")[0] == 2


def test_the_committed_schema_is_the_generated_one():
    committed = json.loads((ROOT / "experiments" / "experiment.schema.json").read_text())
    assert committed == json_schema()


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_shipped_experiments_run(path, tmp_path):
    text = path.read_text()
    assert text.startswith("#:schema ./experiment.schema.json\n")
    tomllib.loads(text)
    code, stdout, stderr = call(
        "run", path, "--worlds", "1k", "--no-charts", "--quiet", "--out", tmp_path / "run"
    )
    assert code == 0, stderr
    assert "worlds" in stdout


def test_alone_it_says_what_to_do_next():
    code, stdout, _ = call()
    assert code == 0
    assert "sim run experiments/micro_vs_macro.toml" in stdout
