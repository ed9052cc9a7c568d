"""Scenarios side by side: what each does to every portfolio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..text.names import abridged
from ..text.numbers import gain
from .marks import note, percent_axis
from .paper import paper
from .theme import Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RoiRange:
    """ROI of one portfolio in one scenario, fractions.

    Attributes
    ----------
    low, median, high : float
        Worst 5 %, median and best 5 % of worlds.
    mean : float
        Mean.
    """

    low: float
    median: float
    high: float
    mean: float


def plot_scenarios(
    cases: Mapping[str, Mapping[str, RoiRange]],
    ax: Axes | None = None,
    *,
    title: str,
    made: str = "",
    tiers: Mapping[str, str] | None = None,
    theme: Theme | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw ROI of every portfolio in every scenario.

    Parameters
    ----------
    cases : mapping of str to mapping of str to RoiRange
        By scenario, the base first, then by portfolio.
    ax : Axes, optional
        Where to draw; a new figure by default.
    title : str
        The finding.
    made : str
        How the numbers were made.
    tiers, theme, subtitle
        See `plot_roi`.
    """
    portfolios = list(next(iter(cases.values())))
    step = 0.8 / len(portfolios)
    height = 1.9 + (0.25 + 0.22 * len(portfolios)) * len(cases)
    with paper(ax, theme, height=height) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(portfolios, tiers), sheet.theme)
        ax.grid(axis="x")
        ax.axvline(0, color=sheet.theme.loss, linewidth=1.2, zorder=1)
        for k, own in enumerate(cases.values()):
            for i, (name, bar) in enumerate(own.items()):
                y = -k + 0.4 - step * (i + 0.5)
                colour = styles[name].colour
                ax.plot([bar.low, bar.high], [y, y], color=colour, linewidth=3, gid=f"range {name}")
                ax.plot([bar.median], [y], "o", color=colour, markersize=7, gid=f"median {name}")
                ax.plot(
                    [bar.mean],
                    [y],
                    "D",
                    markersize=6,
                    markerfacecolor=sheet.theme.background,
                    markeredgecolor=colour,
                    markeredgewidth=1.6,
                    gid=f"mean {name}",
                )
                middle = gain(bar.median)
                text = f"{name}: {middle}" if k == 0 else middle
                note(ax, text, (bar.high, y), (6, 0), ha="left", color=styles[name].text)
        ends = [e for own in cases.values() for bar in own.values() for e in (bar.low, bar.high)]
        room = (max(ends) - min(ends)) or 1.0
        ax.set_xlim(min(ends) - 0.04 * room, max(ends) + 0.3 * room)
        ax.set_yticks([-k for k in range(len(cases))], labels=[abridged(name) for name in cases])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-len(cases) + 0.5, 0.5)
        percent_axis(ax, "x", signed=True)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel("ROI")
        marks = "dot and number: median, diamond: mean, bar: 5 % to 95 % of worlds"
        how = "; ".join(filter(None, [made, marks]))
        sheet.headline(title, how, subtitle=subtitle)
        return ax
