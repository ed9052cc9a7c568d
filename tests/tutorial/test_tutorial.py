"""The tutorial does what it says: every command and every line of code, in order."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


def _module(name: str) -> ModuleType:
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


tutorial = _module("blocks")
PAGE = tutorial.PAGE.read_text("utf-8")
BLOCKS = tutorial.blocks(PAGE)


@pytest.fixture(scope="module")
def printed() -> Iterator[list[str]]:
    """What every block prints with a tenth of the worlds, run in the order of the page."""
    scope: dict[str, object] = {}
    with tutorial.workplace():
        yield [tutorial.run(block, scope, few=True) for block in BLOCKS]


def shape(text: str) -> list[str]:
    """Return the words of a text without its figures, which depend on the worlds."""
    return re.sub(r"[-+]?[\d,.]+", "", text).split()


def test_every_block_runs_and_prints_what_the_page_shows(printed):
    for block, text in zip(BLOCKS, printed, strict=True):
        if block.expected is None:
            continue
        shown = PAGE[slice(*block.expected)]
        assert shown.strip(), f"nothing shown behind {block.body!r}"
        lines = [line for line in shown.splitlines() if line != tutorial.LEFT_OUT]
        if len(lines) < len(shown.splitlines()):
            assert all(line in text for line in lines), block.body
        else:
            assert shape(shown.splitlines()[0])[:3] == shape(text.strip("\n").splitlines()[0])[:3]


def test_the_page_shows_results(printed):
    assert any(block.language == "python" for block in BLOCKS)
    assert sum(block.expected is not None for block in BLOCKS) >= 10


def test_every_shipped_experiment_is_in_the_table():
    table = PAGE[PAGE.index("<!-- answers -->") :]
    for path in tutorial.PAGE.parent.glob("*.toml"):
        assert f"]({path.name})" in table, path.name


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", PAGE):
        assert (tutorial.PAGE.parent / target).exists(), target


def test_the_example_data_are_a_world_of_their_file():
    for name, content in _module("launch").contents().items():
        assert (tutorial.PAGE.parent / name).read_text(encoding="utf-8") == content, name


@pytest.mark.scale
def test_the_figures_are_those_that_the_commands_print():
    # Byte for byte on the processor that wrote the page.
    assert tutorial.filled(PAGE) == PAGE
