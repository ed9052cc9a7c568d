"""Campaigns as they were measured: a reference class to lay a forecast beside, no input of any."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Campaigns:
    """One measured outcome, of one campaign or of several that were reported together.

    Attributes
    ----------
    id, source
        Own key, and that of `sources.csv`.
    rows
        Keys of the published figures that it restates.
    what, year, seen, note
        What was measured, when and how; what else to know.
    kind
        ``incremental``: what would not have come anyway; ``tracked``: what codes, links or one shop saw.
    measure
        ``roas`` of each campaign, ``roas_mean`` over them, or ``loss``, the share that made no profit.
    low, high
        Range; None where it is open.
    campaigns
        How many, at least; None where it is not told.
    """

    id: str
    source: str
    rows: tuple[str, ...]
    what: str
    year: int
    seen: str
    kind: str
    measure: str
    low: float | None
    high: float | None
    campaigns: int | None
    note: str


@cache
def campaigns() -> tuple[Campaigns, ...]:
    """Return the measured campaigns."""
    with files("sim.evidence").joinpath("campaigns.csv").open(encoding="utf-8") as stream:
        return tuple(
            Campaigns(
                row["id"], row["source"], tuple(row["rows"].split()), row["what"], int(row["year"]),
                row["seen"], row["kind"], row["measure"],
                float(row["low"]) if row["low"] else None,
                float(row["high"]) if row["high"] else None,
                int(row["campaigns"]) if row["campaigns"] else None,
                row["note"],
            )
            for row in csv.DictReader(stream)
        )  # fmt: skip
