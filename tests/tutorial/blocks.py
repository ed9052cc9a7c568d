"""The fenced blocks of a page: found, run, and filled with what they print.

`python tests/tutorial/blocks.py` runs experiments/README.md from its first block to its last and
writes what they print into the page.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sim.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "experiments" / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANSWERS = re.compile(r"(<!-- answers -->\n).*?(<!-- end of answers -->)", re.DOTALL)
#: A line that stands for those left out: such a block is an excerpt.
LEFT_OUT = "..."


@dataclass
class Block:
    """A fenced block: its language, its lines, where it stands, and what it is to print."""

    language: str
    body: str
    place: tuple[int, int]
    expected: tuple[int, int] | None = None


def blocks(page: str) -> list[Block]:
    """Return the blocks that do something, each with the place of the text block behind it."""
    found: list[Block] = []
    for match in _BLOCK.finditer(page):
        if match[1] != "text":
            found.append(Block(match[1], match[2], match.span(2)))
        elif not page[found[-1].place[1] + 4 : match.start()].strip():
            found[-1].expected = match.span(2)
    return found


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Work in a copy of the experiments, as a reader does."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "experiments", Path(folder) / "experiments")
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def run(block: Block, scope: dict[str, Any], few: bool) -> str:
    """Do what a block says and return what it prints; with `few`, in a tenth of the worlds."""
    body = block.body.replace("worlds = 20_000", "worlds = 2_000") if few else block.body
    if block.language == "toml":
        name = re.match(r"# (experiments/\w+\.toml)\n", body)
        assert name, "a TOML block names its file in its first line"
        Path(name[1]).write_text(body, encoding="utf-8")
        return ""
    if block.language == "python":
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            exec(compile(body, "README.md", "exec"), scope)  # noqa: S102 - what the page shows
        return stream.getvalue()
    assert block.language == "bash", block.language
    return "".join(_command(line) for line in body.splitlines())


def _command(line: str) -> str:
    """Run a command; where it tells a person something beside its table, return that."""
    program, *arguments = shlex.split(line)
    assert program == "sim", line
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return result.stderr or result.stdout


def filled(page: str) -> str:
    """Return the page with what its blocks print."""
    scope: dict[str, Any] = {}
    parts, end = [], 0
    with workplace():
        for block in blocks(page):
            printed = run(block, scope, few=False)
            if block.expected and LEFT_OUT not in page[slice(*block.expected)].splitlines():
                parts += [page[end : block.expected[0]], printed.strip("\n") + "\n"]
                end = block.expected[1]
        table = _answers()
    return _ANSWERS.sub(lambda found: found[1] + table + found[2], "".join([*parts, page[end:]]))


def _answers() -> str:
    """Return a table of the shipped experiments with their answers."""
    import sim
    from sim.run.written import read_answer

    lines = ["| file | question | answer |", "|---|---|---|"]
    for path in sorted((ROOT / "experiments").glob("*.toml")):
        experiment = sim.load(path, worlds=20_000)
        found = read_answer(sim.simulate(experiment)).sentences[0]
        lines.append(f"| [{path.stem}]({path.name}) | {experiment.title} | {found} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), encoding="utf-8")
