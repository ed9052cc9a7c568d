"""What a method finds: how much one input, or group, moves one outcome."""

from __future__ import annotations

from dataclasses import dataclass

from ...measures import Measured


@dataclass(frozen=True)
class Driver:
    """How much one input, or group, moves one outcome.

    Attributes
    ----------
    outcome
        Portfolio, or ``"a - b"``.
    input, kind, words
        See `sim.vary.inputs.Input`; for ``delta`` a dummy that means nothing goes along.
    first, total
        Share of the variance that the input explains alone, and with all its interactions. For
        ``morris``: mean and mean absolute elementary effect; for ``delta``: share alone and
        Borgonovo's delta.
    """

    outcome: str
    input: str
    kind: str
    words: str
    first: Measured
    total: Measured


def zero_if_missing(entry: Measured) -> float:
    """Return the value, zero where there is none."""
    return entry.value or 0.0
