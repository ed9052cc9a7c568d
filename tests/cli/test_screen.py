"""Commands on terminals with few characters, and with words of users that are none of a table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOML = """
title = "Größe ± 日本"
[simulation]
worlds = 300
[portfolio."日本 é"]
tier = "micro"
creators = 3
[portfolio."wave [pilot]"]
tier = "macro"
creators = 1
[portfolio."wave [bold]"]
tier = "nano"
creators = 2
"""


def sim(folder: Path, *args: str, encoding: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "sim", *args]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("encoding", ["cp1252", "cp874", "cp866", "ascii", "cp437"])
def test_output_never_fails_and_is_in_the_characters_of_the_terminal(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "zürich.toml").write_text(TOML, encoding="utf-8")
    for args in (
        ("run", "zürich.toml", "--no-charts", "--out", "out"),
        ("explain", "zürich.toml"),
        ("list", "."),
        ("run", "nö.toml"),
        ("--help",),
    ):
        done = sim(tmp_path, *args, encoding=encoding)
        text = done.stdout.decode(encoding) + done.stderr.decode(encoding)
        assert "Traceback" not in text, text
        assert done.returncode == (2 if "nö.toml" in args else 0), text


def test_words_in_brackets_stay_in_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.cli import common

    written: list[str] = []

    class Terminal:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

        def flush(self) -> None:
            pass

    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(common.sys, "stdout", Terminal())
    rows = [{"name": "wave [pilot]", "x[/b]": "[/b]"}, {"name": "wave [bold]", "x[/b]": "\x1b[2J"}]
    common.print_rows(rows, ("name", "x[/b]"), title="a [red]title[/red]")
    text = "".join(written)
    for words in ("wave [pilot]", "wave [bold]", "x[/b]", "a [red]title[/red]"):
        assert words in text
    assert "\x1b[2J" not in text


def test_rows_in_a_pipe_hold_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    from sim.cli import common

    common.print_rows([{"name": "=1+1", "x": -1.5}, {"name": "-20 %", "x": None}], ("name", "x"))
    assert capsys.readouterr().out == "name,x\n'=1+1,-1.5\n-20 %,\n"
