"""Titles of charts that analyses feed: computed from the numbers, never beyond their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..text.names import listed
from ..text.numbers import Writer, gain, percent, setting, whole_percent
from ..text.verdicts import TOLD_APART
from .numbers import FloatArray
from .rows import (
    AuditRow,
    Diversification,
    FrontierPoint,
    Split,
    SweepLine,
    Swing,
    TailPoint,
)


def moves_most(rows: Sequence[Swing], outcome: str, text: Writer) -> str:
    """Say which input moves the outcome most; rows by size, largest first."""
    if not rows:
        return f"Nothing was moved that could move {outcome}"
    first = rows[0]
    equal = [row.input for row in rows if not _wider(first, row)]
    if len(equal) > 1:
        return f"{listed(equal)} move {outcome} most, and about as far"
    # The error of a swing is about that of its ends; an unknown one leaves two digits.
    ends = " to ".join(text(end, first.se or None) for end in sorted((first.low, first.high)))
    return f"{first.input} moves {outcome} most: from {ends}"


def _wider(first: Swing, row: Swing) -> bool:
    """Return whether one bar is longer than another for certain."""
    gap = abs(first.high - first.low) - abs(row.high - row.low)
    return row is not first and gap > TOLD_APART * (first.se + row.se)


def largest_source(rows: Sequence[Split], outcome: str) -> str:
    """Say what most of the variance comes from."""
    if not rows:
        return f"The variance of {outcome} was not split"
    told: dict[str, list[str]] = {}
    for row in rows:
        source = _largest(row)
        share = f" ({percent(row.shares[source], row.errors.get(source, 0.0))})" if source else ""
        told.setdefault(source or "no single one", []).append(f"{row.portfolio}{share}")
    parts = [f"{source} with {listed(names)}" for source, names in told.items()]
    return f"Largest source of variance of {outcome}: {', '.join(parts)}"


def _largest(row: Split) -> str | None:
    """Return the source with the largest share, if the errors can tell."""
    first, *rest = sorted(row.shares, key=lambda source: -row.shares[source])
    for other in rest[:1]:
        error = row.errors.get(first, 0.0) + row.errors.get(other, 0.0)
        if row.shares[first] - row.shares[other] <= TOLD_APART * error:
            return None
    return first


def tail(ordered: FloatArray, observed: Sequence[TailPoint]) -> str:
    """Say at how many multiples the simulated tail meets real posts."""
    n = ordered.size
    if not n or not observed:
        return "Few posts are seen many times as often as most"
    met = 0
    for point in observed:
        share = 1 - float(np.searchsorted(ordered, point.multiple)) / n
        error = float(np.hypot(point.se, np.sqrt(share * (1 - share) / n)))
        met += abs(share - point.probability) <= TOLD_APART * error
    many = "all" if met == len(observed) else f"{met} of"
    return (
        f"The simulated tail is within two standard errors of real posts at {many} "
        f"{len(observed)} multiples"
    )


def top_creators(shares: Mapping[str, FloatArray], top: float) -> str:
    """Say what the best creators bring in the median world."""
    if not shares:
        return "No creator brings revenue"
    told = [(name, whole_percent(float(np.median(x)))) for name, x in shares.items() if x.size]
    if not told:
        return "No creator brings revenue"
    (name, share), *rest = told
    parts = [f"{share} of revenue with {name}", *(f"{other} with {who}" for who, other in rest)]
    return f"The best {whole_percent(top)} of creators bring {listed(parts)}"


def payback(name: str, profit: FloatArray) -> str:
    """Say when half of the worlds have the money back, and how many have it at the end."""
    weeks, worlds = profit.shape
    back = (profit >= 0).mean(axis=1)
    error = float(np.sqrt(back[-1] * (1 - back[-1]) / worlds))
    half = np.flatnonzero(back >= 0.5)
    end = f"after {weeks} weeks {percent(float(back[-1]), error)} of worlds have"
    if half.size == 0:
        return f"{name} does not pay back in half of the worlds: {end}"
    return f"{name} pays back by week {half[0] + 1} in half of the worlds; {end}"


def sweep(x: FloatArray, lines: Mapping[str, SweepLine], label: str, outcome: str) -> str:
    """Say which portfolio has the highest mean along a sweep, and where the lead changes."""
    names = list(lines)
    what, _, unit = (part.strip() for part in label.partition(","))
    if len(names) < 2:
        return f"{outcome} of {names[0]} by {what}" if names else outcome
    leaders = [_leader(lines, k) for k in range(x.size)]
    told = [(float(x[k]), name) for k, name in enumerate(leaders) if name is not None]
    if not told:
        return f"No telling which has the higher mean {outcome} at any {what} tried"
    changes = [(before, after) for before, after in pairwise(told) if before[1] != after[1]]
    if not changes:
        every = "every" if len(told) == x.size else f"{len(told)} of {x.size} values of"
        return f"{told[0][1]} has the highest mean {outcome} at {every} {what} tried"
    if len(changes) == 1:
        (low, first), (high, second) = changes[0]
        return (
            f"The highest mean {outcome} passes from {first} to {second} at a {what} between "
            f"{setting(low)} and {setting(high)} {unit}".rstrip()
        )
    return f"The highest mean {outcome} changes hands {len(changes)} times along {what}"


def _leader(lines: Mapping[str, SweepLine], k: int) -> str | None:
    """Return the portfolio with the highest mean at point k, if the errors can tell."""
    first, second, *_ = sorted(lines, key=lambda name: -lines[name].mean[k])
    gap = lines[first].mean[k] - lines[second].mean[k]
    return first if gap > TOLD_APART * (lines[first].se[k] + lines[second].se[k]) else None


def leads(a: str, b: str, gap: FloatArray, se: FloatArray, measure: str) -> str:
    """Say in how many cells of a grid each portfolio leads."""
    error = np.nan_to_num(se, posinf=np.inf)
    ahead, behind = (int((side * gap > TOLD_APART * error).sum()) for side in (1, -1))
    cells = int(np.isfinite(gap).sum())
    if cells in {ahead, behind}:
        return f"{a if ahead else b} has the higher {measure} in all {cells} combinations"
    told = f"{a} has the higher {measure} in {ahead} of {cells} combinations, {b} in {behind}"
    open_cells = cells - ahead - behind
    return f"{told}; {open_cells} cannot be told" if open_cells else told


def floor(curves: Mapping[str, Diversification]) -> str:
    """Say below which spread no number of creators leads."""
    told = [f"{percent(curve.floor, curve.floor_se)} with {name}" for name, curve in curves.items()]
    return f"No number of creators brings the standard deviation of ROI below {listed(told)}"


def frontier(line: Sequence[FrontierPoint]) -> str:
    """Say what the safest and the boldest efficient mix bring."""
    if not line:
        return "No mix is efficient"
    bold, safe = line[0], line[-1]
    if len(line) == 1 or bold.mean <= safe.mean:
        return f"One mix is best on both: mean ROI {gain(safe.mean)}"
    return (
        f"From the safest to the boldest mix, mean ROI rises from {gain(safe.mean)} to "
        f"{gain(bold.mean)}, the worst 5 % of worlds fall from {gain(safe.risk)} to "
        f"{gain(bold.risk)}"
    )


def audit(rows: Sequence[AuditRow], inside: tuple[float, float]) -> str:
    """Say how many claims fit the simulation."""
    if not rows:
        return "No claims to check"
    fits = sum(row.high >= inside[0] and row.low <= inside[1] for row in rows)
    above = sum(row.low > inside[1] for row in rows)
    below = len(rows) - fits - above
    parts = [f"{above} too high" if above else "", f"{below} too low" if below else ""]
    rest = ", ".join(filter(None, parts))
    many = f"All {len(rows)}" if fits == len(rows) else f"{fits} of {len(rows)}"
    return f"{many} claims lie within 90 % of simulated worlds" + (f"; {rest}" if rest else "")
