"""Numbers become text in `sim/text` alone: no other room formats one by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim

ROOT = Path(sim.__file__).parent
#: Rooms that write for machines, or whose faults repeat what somebody wrote: files, drawings, TOML.
OTHERS = (
    "text", "engine", "experiment", "plan", "evidence",
)  # fmt: skip
#: The page of sliders writes the coordinates of its SVG.
COORDINATES = "drawing.py"
FILES = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if path.relative_to(ROOT).parts[0] not in OTHERS and path.name != COORDINATES
]
#: What formats a number: digits, thousands, sign, percent.
NUMERIC = frozenset("eEfFgGn%,+")


def _formats(path: Path) -> Iterator[str]:
    """Yield every format of a number in an f-string."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(
                part.value for part in node.format_spec.values if isinstance(part, ast.Constant)
            )
            if NUMERIC & set(spec):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_room_formats_a_number(path: Path) -> None:
    assert [*_formats(path)] == []
