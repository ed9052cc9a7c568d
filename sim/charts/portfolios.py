"""How many creators, and which mix: diversification, the efficient frontier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..text.numbers import percent, plain, tick
from ..text.verdicts import TOLD_APART
from . import findings
from .marks import MIDDLE, SMALL, note, percent_axis
from .numbers import spread_apart
from .paper import paper
from .rows import Diversification, FrontierPoint
from .theme import Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_diversification(
    curves: Mapping[str, Diversification],
    ax: Axes | None = None,
    *,
    label: str = "standard deviation of ROI",
    percents: bool = True,
    tiers: Mapping[str, str] | None = None,
    made: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw how the spread of ROI falls with the number of creators, down to its floor.

    Parameters
    ----------
    curves : mapping of str to Diversification
        By tier or portfolio.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        What is drawn, where it is another measure of risk than the spread.
    percents : bool
        Whether it is a fraction, written in percent.
    tiers : mapping of str to str, optional
        Tier of each, for its colour; by default its name.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(list(curves), tiers), sheet.theme)
        ax.grid(axis="y")
        most, least = (
            max(0.0, *(side * float(np.max(side * c.sd + TOLD_APART * np.nan_to_num(c.se)))
                       for c in curves.values()), key=lambda x: side * x)
            for side in (1.0, -1.0)
        )  # fmt: skip
        span = most - least
        last = max(float(curve.creators[-1]) for curve in curves.values())
        for name, curve in curves.items():
            look = styles[name]
            ax.errorbar(
                curve.creators,
                curve.sd,
                yerr=TOLD_APART * curve.se,
                color=look.colour,
                marker="o",
                markersize=5,
                linestyle=look.dash,
            )[0].set_gid(f"sd {name}")
            ax.plot(
                [curve.creators[0], last],
                [curve.floor] * 2,
                color=look.colour,
                linewidth=1.4,
                linestyle=(0, (4, 2)),
                gid=f"floor {name}",
            )
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: tick(value))
        ax.minorticks_off()
        ax.set_ylim(least - (0.08 * span if least < 0.0 else 0.0), most + 0.08 * span)
        if percents:
            percent_axis(ax, "y", signed=least < 0.0)
        floors = [curve.floor for curve in curves.values()]
        word, write = "floor" if least >= 0.0 else "limit", percent if percents else plain
        places = spread_apart(floors, 0.14 * span, least + 0.05 * span, most)
        for name, place in zip(curves, places, strict=True):
            note(
                ax,
                f"{name}\n{word} {write(curves[name].floor, curves[name].floor_se)}",
                (last, float(place)),
                (8, 0),
                ha="left",
                color=styles[name].text,
                fontweight="bold",
                fontsize=SMALL,
            )
        ax.set_xlabel("creators (log axis)")
        ax.set_ylabel(label)
        finding = findings.floor(curves)
        marks = "bars: two standard errors; dashed: what no number of creators removes"
        how = "; ".join(filter(None, [made, marks]))
        sheet.headline(finding, how, title, subtitle)
        return ax


def plot_frontier(
    frontier: Sequence[FrontierPoint],
    portfolios: Sequence[FrontierPoint] = (),
    ax: Axes | None = None,
    *,
    tiers: Mapping[str, str] | None = None,
    made: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the mixes that bring most for each level of risk, and the portfolios of the run.

    Parameters
    ----------
    frontier : sequence of FrontierPoint
        Efficient mixes, in any order; those with a name are labelled.
    portfolios : sequence of FrontierPoint
        To compare with them.
    ax : Axes, optional
        Where to draw; a new figure by default.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    line = sorted(frontier, key=lambda point: point.risk)
    with paper(ax, theme) as sheet:
        ax = sheet.ax
        styles = looks(tiers_of([point.name for point in portfolios], tiers), sheet.theme)
        ax.grid()
        ax.plot(
            [p.risk for p in line],
            [p.mean for p in line],
            color=sheet.theme.ink,
            marker="o",
            markersize=4,
            gid="frontier",
        )
        for point in line:
            if point.name:
                note(
                    ax,
                    point.name,
                    (point.risk, point.mean),
                    (6, 3),
                    ha="left",
                    va="bottom",
                    color=sheet.theme.muted,
                )
        for point in portfolios:
            look = styles[point.name]
            ax.plot(
                [point.risk],
                [point.mean],
                "o",
                color=look.colour,
                markersize=11,
                gid=f"portfolio {point.name}",
            )
            note(
                ax,
                point.name,
                (point.risk, point.mean),
                (9, -9),
                ha="left",
                color=look.text,
                fontweight="bold",
                fontsize=MIDDLE,
            )
        ax.margins(0.16, 0.14)
        percent_axis(ax, "x", signed=True)
        percent_axis(ax, "y", signed=True)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel("mean ROI of the worst 5 % of worlds (right: milder)")
        ax.set_ylabel("mean ROI")
        finding = findings.frontier(line)
        how = "; ".join(filter(None, [made, "line: the most mean ROI for each level of risk"]))
        sheet.headline(finding, how, title, subtitle)
        return ax
