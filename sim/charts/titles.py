"""The finding above each chart: computed from the numbers, never beyond their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..measures.best import Best
from ..measures.evaluate import Measured
from ..text.currency import currency
from ..text.names import capital, listed
from ..text.numbers import FRACTION, Number, brief, counted, in_hundred, plain, share_text
from ..text.verdicts import UNTOLD, direction, leaders, ranked


def highest_median(medians: Mapping[str, Measured]) -> str:
    """Say whose ROI has the highest median, and the others' medians."""
    names = ranked(medians)
    if not names:
        return "ROI cannot be computed"
    texts = {name: brief(medians[name], signed=True) for name in names}
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


def worlds_in_hundred(losses: Mapping[str, Measured]) -> str:
    """Say in how many of 100 worlds portfolios make money: `In 91 of 100 worlds micro ...`."""
    gains = {
        name: Number(1 - entry.value, entry.se, FRACTION)
        for name, entry in losses.items()
        if entry.value is not None
    }
    names = ranked(gains)
    if not names:
        return "ROI cannot be computed"
    if len(names) > 3:
        names = [names[0], names[-1]]
    told = [f"{name} in {in_hundred(gains[name].value or 0.0)}" for name in names[1:]]
    first = f"In {in_hundred(gains[names[0]].value or 0.0)} of 100 worlds {names[0]} makes money"
    return ", ".join([first, *told])


def winner(a: str, b: str, wins: Measured, worlds: int) -> str:
    """Say which of two portfolios has the higher ROI more often."""
    if wins.value is None:
        return f"{a} and {b} cannot be compared: {wins.reason}"
    side = direction(wins, 0.5)
    if side == 0:
        return f"{a} and {b} {UNTOLD}: {a} wins in {share_text(wins)} of worlds"
    first, second = (a, b) if side > 0 else (b, a)
    if wins.value == (1.0 if side > 0 else 0.0):
        return f"{first} beats {second} in every one of {counted(worlds, 'world')}"
    return f"{first} beats {second} in {share_text(wins, mirrored=side < 0)} of worlds"


def best(of: Best) -> str:
    """Say which of more than two portfolios has the highest ROI most often."""
    first = of.names[0]
    share = share_text(of.shares[first])
    if len(of.level) == 1:
        return f"{first} has the highest ROI most often: in {share} of worlds"
    return (
        f"{counted(len(of.level))} of {counted(len(of.names))} portfolios {UNTOLD} as the most often "
        f"best: {share} of worlds at most"
    )


def risk_and_return(means: Mapping[str, Measured], worst: Mapping[str, Measured]) -> str:
    """Say which portfolio is best on average, and which in its worst 5 % of worlds."""
    if not means:
        return "ROI cannot be computed"
    top, safe = leaders(means), leaders(worst)
    if len(means) == 1:
        name = top[0]
        return (
            f"{name}: mean ROI {brief(means[name], signed=True)}, and {brief(worst[name], signed=True)} in the worst "
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
    return told if len(top) == 1 else capital(told)


def profit(name: str, average: Measured, middle: Measured) -> str:
    """Say what a portfolio earns on average, and in the median."""
    return f"{name} earns {brief(average)} on average, {brief(middle)} in the median"


def most_of(what: str, entries: Mapping[str, Measured]) -> str:
    """Say which portfolio, or tier, brings most of something for a thousand of the money."""
    names, per = ranked(entries), f"1,000 {currency()}"
    if not names:
        return f"{what} per {per} cannot be computed"
    texts = {name: plain(entries[name].value, entries[name].se) for name in names}
    if len(names) == 1:
        return f"{names[0]} brings {texts[names[0]]} {what} per {per}"
    if len(leaders(entries)) > 1:
        return f"No telling which brings most {what} per {per}: {_all_of(names, texts)}"
    rest = [f"{texts[name]} with {name}" for name in names[1:3]]
    return f"{names[0]} brings most {what} per {per}: {texts[names[0]]}, against {listed(rest)}"


def _all_of(names: Sequence[str], texts: Mapping[str, str]) -> str:
    return listed([f"{name} {texts[name]}" for name in names])
