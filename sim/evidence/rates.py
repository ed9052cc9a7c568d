"""Rates of exchange by which packaged figures in USD become figures of another currency."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Rate:
    """What a USD is taken to be worth.

    Attributes
    ----------
    currency
        Code of the other currency.
    per_usd
        How much of it a USD is.
    date
        Day, month or year that the rate is of.
    source
        Key of `sources.csv`, or the word *assumption*.
    note
        What else to know.
    """

    currency: str
    per_usd: float
    date: str
    source: str
    note: str

    @property
    def words(self) -> str:
        """Where it comes from: ``assumption: about the mean of the year 2024``."""
        return f"{self.source}: {self.note} {self.date}"


@cache
def rates() -> dict[str, Rate]:
    """Return the packaged rates by currency."""
    with files("sim.evidence").joinpath("rates.csv").open(encoding="utf-8") as stream:
        rows = [
            Rate(row["currency"], float(row["per_usd"]), row["date"], row["source"], row["note"])
            for row in csv.DictReader(stream)
        ]
    return {rate.currency: rate for rate in rows}
