"""The gallery shows every chart, and the lines that it shows are those that were run."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sim import charts

GALLERY = Path(__file__).parents[2] / "results" / "gallery"
PAGE = (GALLERY / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gallery", GALLERY / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_gallery"] = module
    spec.loader.exec_module(module)
    return module


def test_every_picture_is_there_and_nothing_else(make):
    shown = set(re.findall(r"\]\((\w+\.png)\)", PAGE))
    assert shown == {path.name for path in GALLERY.glob("*.png")}
    examples = [*make.FREE, *make.ASKED, *make.LOOK]
    assert shown == {f"{example.name}.png" for example in examples}


def test_the_lines_shown_are_those_that_are_run(make):
    for example in (*make.FREE, *make.ASKED, *make.LOOK):
        assert f"## {example.question}\n" in PAGE
        assert f"```python\n{example.lines}\n```" in PAGE
    assert make.START in PAGE


def test_every_chart_is_shown_or_named():
    for name in charts.__all__:
        if name.startswith("plot_"):
            assert f"{name}(" in PAGE or f"| `{name}` |" in PAGE, name


def test_alternative_texts_are_findings_with_their_worlds():
    for text in re.findall(r"!\[([^\]]*)\]", PAGE):
        assert re.search(r"\d", text), text
        assert len(text) > 60, text
