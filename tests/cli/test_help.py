"""Help, colours and completion of every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import _MODULES, main

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize("name", list(_MODULES))
def test_every_command_has_an_example_of_itself(name):
    result = CliRunner().invoke(main, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert f"Example: sim {name}" in result.stdout


@pytest.mark.parametrize("name", list(_MODULES))
def test_files_that_examples_name_exist(name):
    text = main.get_command(None, name).help
    for word in text.partition("Example:")[2].split():
        if word.startswith("experiments/") and word.endswith(".toml"):
            assert (EXPERIMENTS.parent / word).is_file(), word


def test_no_color_takes_the_colours_away(monkeypatch, tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('[portfolio.a]\ntier = "micro"\ncreators = 2\n')
    command = ["run", str(path), "--worlds", "1k", "--no-charts", "--out", str(tmp_path / "r")]
    # Styles pass to terminals only.
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[33m" in CliRunner().invoke(main, command, color=True).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(main, command, color=True).stdout


@pytest.mark.parametrize(
    ("words", "wanted"), [("sim exp", "export"), ("sim export --f", "--format")], ids=str
)
def test_the_shell_completes(words, wanted):
    done = subprocess.run(
        [sys.executable, "-c", "from sim.cli import main; main(prog_name='sim')"],
        env=os.environ
        | {
            "_SIM_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"plain,{wanted}" in done.stdout.splitlines()
