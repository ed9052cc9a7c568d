"""Figures are called the largest only where their errors allow it."""

from __future__ import annotations

import pytest

from sim.measures import Measured
from sim.questions.telling import listed, near


@pytest.mark.parametrize(
    ("top", "other", "expected"),
    [
        pytest.param((10.0, 3.0), (5.0, 4.0), True, id="within-two-errors-of-five"),
        pytest.param((10.0, 1.0), (5.0, 1.0), False, id="beyond"),
        pytest.param((10.0, None), (9.9, 1.0), False, id="no-error"),
        pytest.param((10.0, 1.0), (None, 1.0), False, id="no-value"),
    ],
)
def test_near(
    top: tuple[float | None, float | None], other: tuple[float | None, float | None], expected: bool
) -> None:
    assert near(Measured(*top, "USD"), Measured(*other, "USD")) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listed(words: list[str], expected: str) -> None:
    assert listed(words) == expected
