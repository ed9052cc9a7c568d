"""Which figures speak for an input, by set of evidence.

Three sets, so that an answer can be given under each: ``pooled`` is what the presets rest on,
``measured`` is posts, bookings and audited outcomes alone, ``vendors`` is benchmark pages and case
studies of those who sell. An input about which a set says nothing falls back to ``pooled``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sim.evidence.tables import Figure, claims, derived, measured_figure, published

SETS = ("pooled", "measured", "vendors")

#: What a set may speak of, as `sets.csv` does.
INPUTS = (
    "engagement_rate", "reach_rate", "conversion_rate", "fee", "delivery_rate", "tracked_share",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """Figures that a set has on an input; ``fell_back`` where it has none and pooled ones stand in."""

    input: str
    platform: str
    set: str
    figures: tuple[Figure, ...]
    fell_back: bool

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the sources of the figures, each once."""
        return tuple(dict.fromkeys(figure.source for figure in self.figures))


def evidence_on(name: str, platform: str, chosen: str = "pooled") -> Evidence:
    """Return the figures of a set on an input.

    Parameters
    ----------
    name
        The input, such as ``engagement_rate``.
    platform
        The platform; rows for ``any`` hold for all.
    chosen
        One of `SETS`.

    Raises
    ------
    KeyError
        If there is no such set, or the table says nothing about the input.
    """
    if chosen not in SETS:
        raise KeyError(f"evidence: must be one of {', '.join(SETS)} (got {chosen!r})")
    table = _table()
    for of_set in (chosen, "pooled"):
        for where in (platform, "any"):
            if ids := table.get((name, where, of_set)):
                figures = tuple(_figures()[row] for row in ids)
                return Evidence(name, platform, chosen, figures, of_set != chosen)
    raise KeyError(f"no evidence on {name} of {platform} in sim/evidence/sets.csv")


@cache
def _table() -> dict[tuple[str, str, str], tuple[str, ...]]:
    with files("sim.evidence").joinpath("sets.csv").open(encoding="utf-8") as stream:
        return {
            (row["input"], row["platform"], row["set"]): tuple(row["rows"].split())
            for row in csv.DictReader(stream)
        }


@cache
def _figures() -> dict[str, Figure]:
    real = (measured_figure(row, row.quantity) for row in derived())
    return {figure.id: figure for figure in (*claims(), *published(), *real)}
