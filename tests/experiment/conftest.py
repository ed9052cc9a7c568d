"""A file that is fine, and what a reader says when something is added to it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.experiment.numbers import Written

FINE = """
[portfolio.micro]
tier = "micro"
budget = 50000
[portfolio.macro]
tier = "macro"
budget = 50000
"""

Complaints = Callable[..., list[str]]


@pytest.fixture
def fine() -> str:
    return FINE


@pytest.fixture
def complaints(tmp_path: Path) -> Complaints:
    """Return a function from the text added to a sound file to the lines of its faults."""

    def read(text: str, base: str = FINE) -> list[str]:
        try:
            tables = tomllib.loads(base + text, parse_float=Written)
            sim.build(tables, file="launch.toml", folder=tmp_path)
        except sim.ExperimentError as error:
            lines = str(error).splitlines()
            assert all(line.startswith("launch.toml: ") for line in lines), lines
            return [line.removeprefix("launch.toml: ") for line in lines]
        return []

    return read


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a file into a fresh folder."""

    def write(text: str, name: str = "launch.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
