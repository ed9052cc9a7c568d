"""What the field claims: verdicts of the audit, and the claims that tell most."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from ..charts import headline
from ..charts.run import Run
from ..figures.spec import Bars, Figure, Series, Table
from ..text.numbers import FRACTION, Number, cell
from .saved import Saved

Claim = Mapping[str, Any]

#: Verdicts from the bottom of the chart up, each with its colour.
VERDICTS = (("contradicts", "loss"), ("holds only if", "muted"), ("holds", "gain"))
#: Claims of the table.
MOST = 8
#: Longest ground of a verdict that a cell takes.
_LONGEST = 170
#: A row of the evidence by its name, with what it says; readers know the source, not the name.
_BY_NAME = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+ \(((?:[^()]|\([^()]*\))*)\)")
_SAYS = r"\1"


def claims(saved: Saved, _run: Run) -> Figure:
    """Return how published claims fare under the assumptions of the run."""
    rows = saved["claims"]
    counts = [sum(row["verdict"] == verdict for row in rows) for verdict, _ in VERDICTS]
    series = tuple(
        Series(
            verdict,
            tuple(float(counts[k]) if k == j else None for k in range(len(VERDICTS))),
            colour,
            labels=tuple(str(counts[k]) if k == j else "" for k in range(len(VERDICTS))),
        )
        for j, (verdict, colour) in enumerate(VERDICTS)
    )
    shown = telling(rows)
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(
            "Simulated figures with one standard error; the table holds the "
            f"{len(shown)} claims of {len(rows)} that tell most"
        ),
        models=(
            Bars(
                tuple(verdict for verdict, _ in VERDICTS),
                series,
                "published claims",
                form="number",
                horizontal=True,
            ),
            Table(
                ("claim", "simulated", "verdict", "what it rests on"),
                tuple(map(_cells, shown)),
                left=frozenset({0, 2, 3}),
            ),
        ),
        method=saved.method(
            "A claim contradicts others where both cannot be true, whatever the model says; else it "
            "holds where the simulated figure meets it, or holds only if a parameter had the value "
            "named. No assumption is adjusted so that a claim passes."
        ),
        sentences=(saved.sentence,),
    )


def telling(rows: list[Claim]) -> list[Claim]:
    """Return the claims that tell most: those that fail, verdicts and sources in turn.

    Contradictions come first, then what the model misses by the largest factor; both are there
    where both exist.
    """
    failing = [row for row in rows if row["verdict"] != "holds"]
    failing.sort(key=lambda row: (row["verdict"] != "contradicts", -_miss(row)))
    seen: dict[tuple[str, str], int] = {}
    turns: dict[str, list[tuple[int, int]]] = {}
    for place, row in enumerate(failing):
        verdict, source = str(row["verdict"]), str(row["source"])
        seen[verdict, source] = seen.get((verdict, source), 0) + 1
        turns.setdefault(verdict, []).append((seen[verdict, source], place))
    alternating = zip_longest(*(sorted(of_verdict) for of_verdict in turns.values()))
    places = [each[1] for round_ in alternating for each in round_ if each is not None]
    return [failing[place] for place in sorted(places[:MOST])]


def _miss(row: Claim) -> float:
    """Return the factor, as a logarithm, between the simulated figure and the claim's nearer end."""
    simulated, claimed = (row["simulated"] or {}).get("value"), row["claimed"]
    ends = [end for end in (claimed["low"], claimed["high"]) if end is not None and end > 0.0]
    if not ends or not simulated or simulated < 0.0:
        return 0.0
    return min(abs(math.log(simulated / end)) for end in ends)


def _cells(row: Claim) -> tuple[str, ...]:
    unit = str(row["claimed"]["unit"])
    says = f"{row['says']} ({row['source']})"
    return says, _figure(row["simulated"], unit), str(row["verdict"]), _ground(row)


def _figure(entry: Mapping[str, Any] | None, unit: str) -> str:
    if entry is None:
        return "–"
    shown = cell(Number(entry["value"], entry["se"], unit))
    return shown if unit in (FRACTION, "ratio") else f"{shown} {unit}"


def _ground(row: Claim) -> str:
    """Return what a verdict rests on: the first needs, or who says otherwise."""
    because = str(row["because"])
    if row["verdict"] == "contradicts":
        because = f"not together with {_BY_NAME.sub(_SAYS, because)}"
    parts = because.split(", or ")
    text = f"{parts[0]}, or {len(parts) - 1} more" if len(parts) > 2 else because
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
