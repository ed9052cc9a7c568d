"""What inputs do: bars of indices, and bars of what knowing something is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..text.numbers import money
from ..text.verdicts import TOLD_APART
from .colours import blend
from .marks import note, number_axis, percent_axis
from .paper import paper
from .theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 12
"""Bars of a chart."""


@dataclass(frozen=True)
class Bar:
    """One input.

    Attributes
    ----------
    name : str
        What it is.
    value : float
        Length of the bar.
    se : float or None
        Its standard error; None where there is none.
    text : str
        What stands behind the bar.
    inner : float or None
        A part of the bar that is drawn stronger, such as what the input does alone.
    cost : float or None
        What finding it out costs, in the unit of the value.
    strong : bool
        Whether the bar is told apart from the others by its shade.
    pays : bool or None
        Whether it is worth its cost; None where that is not known.
    """

    name: str
    value: float
    se: float | None
    text: str
    inner: float | None = None
    cost: float | None = None
    strong: bool = False
    pays: bool | None = None


def plot_inputs(
    bars: Sequence[Bar],
    ax: Axes | None = None,
    *,
    label: str,
    percents: bool = False,
    made: str = "",
    theme: Theme | None = None,
    title: str = "",
    subtitle: str | None = None,
) -> Axes:
    """Draw inputs as bars, in the order given, with intervals of two standard errors.

    Parameters
    ----------
    bars : sequence of Bar
        The first `MOST` are drawn.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        Of the axis, with its unit.
    percents : bool
        Whether values are fractions to be written in percent.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    shown = list(bars[:MOST])
    with paper(ax, theme, height=1.9 + 0.34 * max(len(shown), 2)) as sheet:
        ax, ink = sheet.ax, sheet.theme
        faint = blend(ink.muted, ink.background, 0.55)
        longest = _longest(shown)
        letters = max((len(bar.text) for bar in shown), default=0)
        for k, bar in enumerate(shown):
            body = ink.ink if bar.strong else faint
            ax.barh(-k, bar.value, height=0.66, color=body, gid=f"bar {bar.name}")
            if bar.inner is not None:
                ax.barh(-k, bar.inner, height=0.36, color=ink.muted, gid=f"alone {bar.name}")
            if bar.se:
                ends = [bar.value - TOLD_APART * bar.se, bar.value + TOLD_APART * bar.se]
                ax.plot(ends, [-k, -k], color=ink.text(ink.muted), linewidth=1.4)
            if _on(bar, longest):
                ax.plot(
                    [bar.cost or 0.0],
                    [-k],
                    "D",
                    color=ink.loss,
                    markersize=7,
                    gid=f"cost {bar.name}",
                )
            reach = max(_reach(bar), (bar.cost or 0.0) if _on(bar, longest) else 0.0)
            note(ax, bar.text, (reach, -k), (8, 0), ha="left")
        least = min((bar.value - TOLD_APART * (bar.se or 0.0) for bar in shown), default=0.0)
        ax.set_xlim(min(least, 0.0) - 0.01 * longest, (1.12 + 0.034 * letters) * longest)
        ax.set_ylim(-max(len(shown), 1) + 0.45, 0.6)
        ax.set_yticks([-k for k in range(len(shown))], labels=[_lines(b.name) for b in shown])
        ax.tick_params(axis="y", length=0, labelsize=9.5)
        ax.locator_params(axis="x", nbins=4)
        if percents:
            percent_axis(ax, "x")
        else:
            number_axis(ax, "x")
        ax.grid(axis="x")
        ax.axvline(0.0, color=ink.ink, linewidth=1.0)
        ax.set_xlabel(label)
        notes = [made]
        if len(bars) > len(shown):
            notes.append(f"{len(bars) - len(shown)} more are not shown")
        how = "; ".join(filter(None, notes))
        sheet.headline(title, how, subtitle=subtitle)
        return ax


def worth_finding(bars: Sequence[Bar]) -> str:
    """Say what is worth finding out; bars by worth, largest first."""
    told = [bar for bar in bars if bar.value > TOLD_APART * (bar.se or 0.0)]
    paying = [bar for bar in bars if bar.pays]
    parts = []
    if told:
        unsure = "" if told[0].se else " (no standard error)"
        amount = money(told[0].value, told[0].se or None)
        parts.append(f"Worth most to know: {told[0].name}, {amount}{unsure}")
    else:
        parts.append("Nothing that could be found out has a worth that can be told from zero")
    if any(bar.cost is not None for bar in bars):
        parts.append(
            f"{paying[0].name} is worth its money" if paying else "no pilot is worth its money"
        )
    return "; ".join(parts)


def _reach(bar: Bar) -> float:
    return max(bar.value + TOLD_APART * (bar.se or 0.0), 0.0)


def _longest(bars: Sequence[Bar]) -> float:
    """Return where the axis ends: costs far beyond every worth are written, not drawn."""
    worths = max((_reach(bar) for bar in bars), default=0.0)
    costs = [bar.cost for bar in bars if bar.cost is not None]
    near = [cost for cost in costs if cost <= 1.5 * worths]
    return max([worths, *near]) or max(costs, default=1.0)


def _on(bar: Bar, longest: float) -> bool:
    return bar.cost is not None and bar.cost <= longest


def _lines(name: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(name, 34)[:2])
