"""Numbers are called larger only where their errors allow it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.text.numbers import Number
from sim.text.verdicts import direction, leaders, near, order, ranked


@pytest.mark.parametrize(
    ("top", "other", "expected"),
    [
        pytest.param((10.0, 2.0), (5.0, 1.0), True, id="within-two-errors"),
        pytest.param((10.0, 1.0), (5.0, 1.0), False, id="beyond"),
        pytest.param((10.0, None), (9.9, 1.0), False, id="no-error"),
        pytest.param((10.0, 1.0), (None, 1.0), False, id="no-value"),
    ],
)
def test_near(
    top: tuple[float | None, float | None], other: tuple[float | None, float | None], expected: bool
) -> None:
    assert near(Number(*top), Number(*other)) is expected


@pytest.mark.parametrize(
    ("value", "se", "neutral", "expected"),
    [
        (0.6, 0.04, 0.5, 1), (0.4, 0.04, 0.5, -1), (0.58, 0.04, 0.5, 0), (0.6, None, 0.5, 0),
        (None, 0.1, 0.5, 0), (0.1, 0.0, 0.0, 1), (0.0, 0.0, 0.0, 0),
    ],
)  # fmt: skip
def test_direction(value: float | None, se: float | None, neutral: float, expected: int) -> None:
    assert direction(Number(value, se), neutral) == expected


@given(st.floats(-10, 10), st.floats(0, 3), st.floats(-10, 10), st.floats(0, 3))
def test_order_turns_with_its_sides(a: float, a_se: float, b: float, b_se: float) -> None:
    assert order(Number(a, a_se), Number(b, b_se)) == -order(Number(b, b_se), Number(a, a_se))


def test_leaders_are_the_best_and_those_beside_it() -> None:
    entries = {
        "a": Number(1.0, 0.1), "b": Number(3.0, 0.1), "c": Number(2.9, 0.1), "d": Number(None),
    }  # fmt: skip
    assert ranked(entries) == ["b", "c", "a"]
    assert leaders(entries) == ["b", "c"]
    assert leaders(entries, largest=False) == ["a"]
