"""How sure a statement is: what may be called larger, and what is said where nothing may.

A difference is told only where it exceeds `TOLD_APART` standard errors. All that these errors cover
is the number of worlds, never the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from .numbers import Quantity

TOLD_APART = 2.0
"""Standard errors by which two numbers must differ before one is called larger."""

UNTOLD = "cannot be told apart"
"""What is said of two where nothing may be called larger."""


def direction(x: Quantity, neutral: float = 0.0) -> int:
    """Return 1 or -1 where a value lies above or below neutral by two of its errors, else 0."""
    if x.value is None or x.se is None:
        return 0
    return _sign(x.value - neutral, x.se)


def order(first: Quantity, second: Quantity) -> int:
    """Return 1 or -1 where one number is larger than the other for certain, else 0.

    The gap must exceed two errors of the difference, and that error is at most the sum of both,
    whatever the dependence between the two.
    """
    if first.value is None or second.value is None or first.se is None or second.se is None:
        return 0
    return _sign(first.value - second.value, first.se + second.se)


def near(top: Quantity, other: Quantity) -> bool:
    """Return whether errors, known for both, do not tell a number from a larger one."""
    if not top.se or not other.se or top.value is None or other.value is None:
        return False
    return order(top, other) <= 0


def ranked(entries: Mapping[str, Quantity], *, largest_first: bool = True) -> list[str]:
    """Return the names that have a value, by value."""
    known = {name: entry.value for name, entry in entries.items() if entry.value is not None}
    return sorted(known, key=lambda name: known[name], reverse=largest_first)


def leaders(entries: Mapping[str, Quantity], *, largest: bool = True) -> list[str]:
    """Return the name with the best number, and all that cannot be told apart from it."""
    names = ranked(entries, largest_first=largest)
    return [name for name in names if not order(entries[names[0]], entries[name])]


def _sign(gap: float, error: float) -> int:
    if not abs(gap) > TOLD_APART * error:
        return 0
    return 1 if gap > 0 else -1
