"""The finding above each chart: computed from the numbers, never beyond their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..measures.evaluate import Measured
from ..text.numbers import counted, money, percent, plain
from ..text.verdicts import TOLD_APART, direction


def order(first: Measured, second: Measured) -> int:
    """Return 1 or -1 where one measure is larger than the other for certain, else 0.

    The gap must exceed two errors of the difference, and that error is at most the sum of both,
    whatever the dependence between the two portfolios.
    """
    if first.value is None or second.value is None or first.se is None or second.se is None:
        return 0
    gap = first.value - second.value
    if abs(gap) <= TOLD_APART * (first.se + second.se):
        return 0
    return 1 if gap > 0 else -1


def ranked(entries: Mapping[str, Measured], *, largest_first: bool = True) -> list[str]:
    """Return the names that have a value, by value."""
    known = {name: entry.value for name, entry in entries.items() if entry.value is not None}
    return sorted(known, key=lambda name: known[name], reverse=largest_first)


def leaders(entries: Mapping[str, Measured], *, largest: bool = True) -> list[str]:
    """Return the best portfolio and all that cannot be told apart from it."""
    names = ranked(entries, largest_first=largest)
    return [name for name in names if not order(entries[names[0]], entries[name])]


def roi_text(entry: Measured) -> str:
    """Return an ROI with its sign, `+240 %`."""
    return percent(entry.value, entry.se, signed=True)


def listed(words: Sequence[str]) -> str:
    """Join words: `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def highest_median(medians: Mapping[str, Measured]) -> str:
    """Say whose ROI has the highest median, and the others' medians."""
    names = ranked(medians)
    if not names:
        return "ROI cannot be computed"
    texts = {name: roi_text(medians[name]) for name in names}
    if len(names) == 1:
        return f"Median ROI of {names[0]}: {texts[names[0]]}"
    best = leaders(medians)
    if len(best) > 1:
        which = f"No telling which of {len(best)} portfolios has the highest median ROI"
        if len(best) > 3:
            return f"{which}: {texts[best[-1]]} to {texts[best[0]]}"
        return f"{which}: {_all_of(best, texts)}"
    rest = [f"{texts[name]} with {name}" for name in names[1:]]
    against = listed(rest) if len(rest) <= 2 else rest[0]
    more = "" if len(rest) <= 2 else ", the next best"
    return f"{names[0]} has the highest median ROI: {texts[names[0]]}, against {against}{more}"


def shares(what: str, entries: Mapping[str, Measured], *, largest_first: bool) -> str:
    """Say in which share of worlds something happens: `{what}: micro in 9 % of worlds, ...`.

    Of more than three portfolios the first and the last are named.
    """
    names = ranked(entries, largest_first=largest_first)
    if not names:
        return f"{what}: cannot be computed"
    if len(names) > 3:
        names = [names[0], names[-1]]
    told = [f"{name} in {share_text(entries[name])}" for name in names]
    told[0] += " of worlds"
    return f"{what}: {', '.join(told)}"


def share_text(entry: Measured) -> str:
    """Return a share of worlds, `8.9 %`; a small one that is not zero is `under 0.1 %`."""
    value = entry.value
    if value in {0.0, 1.0}:
        return "100 %" if value else "0 %"
    if value is not None and 0 < value < 0.0005:
        return "under 0.1 %"
    if value is not None and 0.9995 < value < 1:
        return "over 99.9 %"
    return percent(value, entry.se)


def worlds_in_hundred(losses: Mapping[str, Measured]) -> str:
    """Say in how many of 100 worlds portfolios make money: `In 91 of 100 worlds micro ...`."""
    gains = {
        name: with_value(entry, 1 - entry.value)
        for name, entry in losses.items()
        if entry.value is not None
    }
    names = ranked(gains)
    if not names:
        return "ROI cannot be computed"
    if len(names) > 3:
        names = [names[0], names[-1]]
    told = [f"{name} in {_hundred(gains[name].value)}" for name in names[1:]]
    first = f"In {_hundred(gains[names[0]].value)} of 100 worlds {names[0]} makes money"
    return ", ".join([first, *told])


def _hundred(share: float | None) -> str:
    """Return how many of 100; none and all only where it is so."""
    exact = 100 * (share or 0.0)
    if 0 < exact < 0.5:
        return "fewer than 1"
    if 99.5 < exact < 100:
        return "more than 99"
    return f"{exact:.0f}"


def with_value(entry: Measured, value: float) -> Measured:
    """Return a measure with another value and the same error: a share seen from the other side."""
    return replace(entry, value=value)


def winner(a: str, b: str, wins: Measured, worlds: int) -> str:
    """Say which of two portfolios has the higher ROI more often."""
    if wins.value is None:
        return f"{a} and {b} cannot be compared: {wins.reason}"
    side = direction(wins, 0.5)
    if side == 0:
        return f"{a} and {b} cannot be told apart: {a} wins in {share_text(wins)} of worlds"
    first, second = (a, b) if side > 0 else (b, a)
    seen = wins if side > 0 else with_value(wins, 1 - wins.value)
    if seen.value == 1:
        return f"{first} beats {second} in every one of {counted(worlds, 'world')}"
    return f"{first} beats {second} in {share_text(seen)} of worlds"


def risk_and_return(means: Mapping[str, Measured], worst: Mapping[str, Measured]) -> str:
    """Say which portfolio is best on average, and which in its worst 5 % of worlds."""
    if not means:
        return "ROI cannot be computed"
    top, safe = leaders(means), leaders(worst)
    if len(means) == 1:
        name = top[0]
        return (
            f"{name}: mean ROI {roi_text(means[name])}, and {roi_text(worst[name])} in the worst "
            "5 % of worlds"
        )
    if len(top) == len(safe) == 1 and top == safe:
        return f"{top[0]} has the highest mean ROI and the mildest worst 5 % of worlds"
    if len(top) == len(safe) == 1:
        return (
            f"More return costs more risk: {top[0]} has the highest mean ROI, {safe[0]} the "
            "mildest worst 5 % of worlds"
        )
    parts = [
        f"{best[0]} has the {what}" if len(best) == 1 else f"the {what} cannot be told"
        for best, what in ((top, "highest mean ROI"), (safe, "mildest worst 5 % of worlds"))
    ]
    told = ", ".join(parts)
    return told if len(top) == 1 else told[0].upper() + told[1:]


def profit(name: str, average: Measured, middle: Measured) -> str:
    """Say what a portfolio earns on average, and in the median."""
    return (
        f"{name} earns {money(average.value, average.se)} on average, "
        f"{money(middle.value, middle.se)} in the median"
    )


def most_of(what: str, entries: Mapping[str, Measured], per: str = "1,000 USD") -> str:
    """Say which tier brings most of something for the money."""
    names = ranked(entries)
    if not names:
        return f"{what} per {per} cannot be computed"
    texts = {name: plain(entries[name].value, entries[name].se) for name in names}
    if len(names) == 1:
        return f"{names[0]} brings {texts[names[0]]} {what} per {per}"
    if len(leaders(entries)) > 1:
        return f"No telling which tier brings most {what} per {per}: {_all_of(names, texts)}"
    rest = [f"{texts[name]} with {name}" for name in names[1:3]]
    return f"{names[0]} brings most {what} per {per}: {texts[names[0]]}, against {listed(rest)}"


def _all_of(names: Sequence[str], texts: Mapping[str, str]) -> str:
    return listed([f"{name} {texts[name]}" for name in names])
