"""What drives an outcome, as an answer: figures, and the words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...displays import Told
from ...measures import Measured
from ...text.names import capital, listed
from ...text.numbers import told
from ...text.verdicts import near
from ...vary.inputs import CHANCE
from ..common import Decision


@dataclass(frozen=True)
class Driver:
    """How much one input, or group, moves one outcome.

    Attributes
    ----------
    outcome
        Portfolio, or ``"a - b"``.
    input, kind, words
        See `inputs.Input`; for ``delta`` a dummy that means nothing goes along.
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


@dataclass(frozen=True)
class Sensitivity(Told, table="sim.questions.shown:sensitivity_table"):
    """What drives the outcome.

    Attributes
    ----------
    method, variable, scale
        How, of what, and on which scale.
    decision
        The portfolios compared.
    drivers
        One row per outcome and input; groups and chance among them.
    worlds
        Worlds simulated in all.
    notes
        What was done about heavy tails, negative estimates, small samples and dependence.
    """

    method: str
    variable: str
    scale: str
    decision: Decision
    drivers: tuple[Driver, ...]
    worlds: int
    notes: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The outcome that the sentence is about: the difference where there are two portfolios."""
        return self.drivers[-1].outcome

    def of(self, outcome: str, *, groups: bool = False) -> list[Driver]:
        """Return the inputs of an outcome by total, largest first; or its groups as they stand."""
        rows = [d for d in self.drivers if d.outcome == outcome]
        if groups:
            return [d for d in rows if d.kind in ("group", CHANCE)]
        single = [d for d in rows if d.kind not in ("group", CHANCE)]
        return sorted(single, key=lambda d: -(d.total.value or 0.0))

    def split(self, outcome: str) -> dict[str, Measured]:
        """Return shares of the variance that add up to one: beliefs, shocks, chance, together.

        ``together`` is what beliefs, shocks and chance do only in combination.
        """
        parts = {
            d.input: d.first
            for d in self.of(outcome, groups=True)
            if d.input in ("beliefs", "shocks", CHANCE)
        }
        rest = 1.0 - sum(part.value or 0.0 for part in parts.values())
        error = math.sqrt(sum((part.se or 0.0) ** 2 for part in parts.values()))
        return {**parts, "together": Measured(rest, error, "share of variance")}

    @property
    def sentence(self) -> str:
        """Return what drives the outcome most, with its error."""
        return _sentence(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table."""
        return [_row(self.method, driver) for driver in self.drivers]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "analysis": "sensitivity",
            "method": self.method,
            "variable": self.variable,
            "scale": self.scale,
            "a": self.decision.a,
            "b": self.decision.b,
            "worlds": self.worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "drivers": [
                {
                    "outcome": d.outcome,
                    "input": d.input,
                    "kind": d.kind,
                    "words": d.words,
                    _NAMES[self.method][0]: d.first.to_dict() | interval(d.first),
                    _NAMES[self.method][1]: d.total.to_dict() | interval(d.total),
                }
                for d in self.drivers
            ],
        }


#: What the two figures of a driver are called, by method.
_NAMES = {
    "sobol": ("first_order", "total"),
    "morris": ("mean_effect", "mean_absolute_effect"),
    "delta": ("first_order", "delta"),
}


def interval(entry: Measured) -> dict[str, float | None]:
    """Return the ends of the 95 % interval, None where there is no error."""
    if entry.value is None or entry.se is None:
        return {"low": None, "high": None}
    return {"low": entry.value - 1.96 * entry.se, "high": entry.value + 1.96 * entry.se}


def _sentence(found: Sensitivity) -> str:
    rows = found.of(found.outcome)
    top, what = rows[0], f"{found.scale} of {found.outcome}"
    if not any(d.total.value for d in rows):
        return f"Nothing drives {what}: it is the same in all worlds."
    equal = [d for d in rows if d is top or near(top.total, d.total)]
    if len(equal) > 1:
        figure = told(top.total)
        rest = f"; {_rest(found)}" if found.method == "sobol" else ""
        name = {"sobol": "total index", "morris": "mean absolute effect"}.get(found.method, "delta")
        return (
            f"{capital(listed([d.words for d in equal]))} drive {what} most, and their errors do "
            f"not tell them apart: {name} {figure}{rest}."
        )
    if found.method == "morris":
        return (
            f"{capital(top.words)} moves {what} most: by {told(top.total)} on average from its 5 % "
            "to its 95 % point (Morris screening)."
        )
    if found.method == "delta":
        return f"{capital(top.words)} changes the distribution of {what} most: delta {told(top.total)}."
    return (
        f"{capital(top.words)} drives {what} most: {told(top.first)} of its variance alone, "
        f"{told(top.total)} with all its interactions; {_rest(found)}."
    )


def _rest(found: Sensitivity) -> str:
    groups = {d.input: d for d in found.of(found.outcome, groups=True)}
    return ", ".join(
        f"{told(groups[name].first)} from {groups[name].words}"
        for name in ("beliefs", "shocks", CHANCE)
        if name in groups
    )


def zero_if_missing(entry: Measured) -> float:
    """Return the value, zero where there is none."""
    return entry.value or 0.0


def _row(method: str, driver: Driver) -> dict[str, Any]:
    first, total = _NAMES[method]
    return {
        "outcome": driver.outcome,
        "input": driver.input,
        "kind": driver.kind,
        first: driver.first.value,
        f"{first}_se": driver.first.se,
        total: driver.total.value,
        f"{total}_se": driver.total.se,
        f"{total}_low": interval(driver.total)["low"],
        f"{total}_high": interval(driver.total)["high"],
    }
