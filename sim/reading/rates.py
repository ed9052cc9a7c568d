"""Rates: percent or fraction, decided over the column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..text.numbers import setting
from .marks import Written

Floats = npt.NDArray[np.float64]

#: Median beyond which numbers without a sign, some of them above one, are percent.
PERCENT = 0.3


@dataclass(frozen=True)
class Rates:
    """What a column of rates is divided by, the fault, or the note."""

    parts: float = 1.0
    fault: str = ""
    note: str = ""


def decide_rates(
    title: str,
    cells: Sequence[Written],
    values: Floats,
    percent: bool,
    guessed: bool,
    doubtful: float,
    unit: str,
) -> Rates:
    """Return how a column of rates is read.

    Parameters
    ----------
    title
        Its name.
    cells, values
        Its numbers: as written, and read (those with a percent sign are fractions already).
    percent
        Whether the name says percent.
    guessed
        Whether percent without a sign may be guessed.
    doubtful
        Median fraction beyond which a rate without a sign may as well be percent.
    unit
        What a row is called.
    """
    bare = np.array([not cell.parts.percent for cell in cells], dtype=bool)
    if percent:
        return Rates(100.0)
    if not bare.any():
        return Rates()
    first = cells[int(np.flatnonzero(bare)[0])]
    where = f"{unit} {first.line}, {title}: {first.text!r}"
    if not bare.all():
        if np.all(values[bare] == 0.0):
            return Rates()
        signed = cells[int(np.flatnonzero(~bare)[0])]
        return Rates(
            fault=f"{where} has no percent sign, {signed.text!r} ({unit} {signed.line}) has one: write "
            "all rates in one way"
        )
    above = values[values > 0.0]
    middle, most = (float(f(above)) if len(above) else 0.0 for f in (np.median, np.max))
    largest = cells[int(np.argmax(values))]
    if most > 1.0:
        if not guessed:
            return Rates(
                fault=f"{unit} {largest.line}, {title}: {largest.text!r} must lie between 0 and 1; write "
                'percent as "5 %", or (%) in the name of the column'
            )
        if middle >= PERCENT:
            return Rates(100.0, note=f"{title} is taken as percent: {largest.text!r} is above 1")
        return Rates(
            fault=f"{unit} {largest.line}, {title}: {largest.text!r} is above 1, most others are far "
            'below: percent or not? Write percent as "5 %", or (%) in the name of the column'
        )
    if middle > doubtful:
        value = float(values[int(np.flatnonzero(bare)[0])])
        return Rates(
            fault=f"{where} is {setting(value, 3)} %, or {setting(100.0 * value, 3)} %? Write it with a percent sign, or "
            "(%) in the name of the column"
        )
    return Rates()
