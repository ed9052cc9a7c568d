"""What few do and many do not: the tail of amplification, revenue concentrated on creators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..text.numbers import FRACTION, counted, tick
from ..text.verdicts import TOLD_APART
from . import findings
from .marks import MIDDLE, note, percent_axis
from .numbers import FloatArray, concentration, defined, exceedance
from .paper import paper
from .rows import TailPoint
from .theme import Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_tail(
    simulated: npt.ArrayLike,
    observed: Sequence[TailPoint] = (),
    ax: Axes | None = None,
    *,
    name: str = "simulated",
    source: str = "real posts",
    quantity: str = "views over the creator's median",
    tier: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw how rare large multiples are, simulated and observed, on two log axes.

    Parameters
    ----------
    simulated : array_like, shape (posts,)
        Multiples of the median.
    observed : sequence of TailPoint
        What real posts show; drawn with two standard errors.
    ax : Axes, optional
        Where to draw; a new figure by default.
    name, source, quantity : str
        Of the curve, of the points, and of the axis.
    tier : str
        Whose colour the curve has.
    theme, title, subtitle
        See `plot_roi`.
    """
    ordered = defined(simulated)
    at_points = [point.multiple for point in observed]
    with paper(ax, theme) as sheet:
        ax, look = sheet.ax, looks({name: tier}, sheet.theme)[name]
        x, p = exceedance(ordered, extra=at_points)
        seen = (x >= 1) & (p > 0)
        ax.grid()
        ax.plot(x[seen], p[seen], color=look.colour, label=name, gid="simulated")
        if observed:
            shares = np.asarray([point.probability for point in observed])
            errors = TOLD_APART * np.asarray([point.se for point in observed])
            ax.errorbar(
                at_points,
                shares,
                yerr=[np.minimum(errors, 0.95 * shares), errors],
                fmt="o",
                color=sheet.theme.ink,
                markersize=7,
                label=source,
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        largest = max([*at_points, float(x[seen][-1]) if seen.any() else 10.0])
        least = min([point.probability for point in observed], default=10 / max(ordered.size, 1))
        ax.set_xlim(1, 2 * min(largest, 2 * max(at_points, default=largest)))
        ax.set_ylim(least / 4, 1)
        ax.xaxis.set_major_formatter(lambda value, _: f"{tick(value)} ×")
        ax.yaxis.set_major_formatter(lambda value, _: tick(value, FRACTION))
        ax.minorticks_off()
        ax.legend(loc="upper right")
        ax.set_xlabel(quantity)
        ax.set_ylabel("posts at or beyond it")
        finding = findings.tail(ordered, observed)
        made = f"{counted(ordered.size)} simulated posts; points: {source}, two standard errors"
        sheet.headline(finding, made, title, subtitle)
        return ax


def plot_lorenz(
    revenue: Mapping[str, npt.ArrayLike],
    ax: Axes | None = None,
    *,
    tiers: Mapping[str, str] | None = None,
    top: float = 0.1,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw how much of a portfolio's revenue its best creators bring.

    The Lorenz curve seen from the top: creators from best to worst in each world. Line: the median
    of the worlds, band: 5 % to 95 %; the diagonal is equal creators.

    Parameters
    ----------
    revenue : mapping of str to array_like, each of shape (creators, worlds)
        Revenue, or expected orders, of each creator, by portfolio.
    ax : Axes, optional
        Where to draw; a new figure by default.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    top : float
        Share of creators that the title speaks of.
    theme, title, subtitle
        See `plot_roi`.
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in revenue.items()}
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(list(arrays), tiers), sheet.theme)
        ax.grid()
        ax.plot([0, 1], [0, 1], color=sheet.theme.muted, linewidth=1.2, linestyle=(0, (4, 2)))
        note(
            ax, "equal creators", (0.8, 0.8), (6, -4), ha="left", va="top", color=sheet.theme.muted
        )
        at_top: dict[str, FloatArray] = {}
        for name, values in arrays.items():
            x, shares = concentration(values)
            low, middle, high = np.quantile(shares, (0.05, 0.5, 0.95), axis=1)
            look = styles[name]
            ax.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
            ax.plot(x, middle, color=look.colour, linestyle=look.dash, gid=f"lorenz {name}")
            each = [np.interp(top, x, world) for world in shares.T]
            at_top[name] = np.asarray(each)
            # curves lie above the diagonal: names have room in the lower right corner
            place = (0.98, 0.05 + 0.085 * (len(arrays) - len(at_top)))
            note(
                ax,
                f"{name}, {counted(values.shape[0], 'creator')}",
                place,
                ha="right",
                color=look.text,
                fontweight="bold",
                fontsize=MIDDLE,
            )
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        percent_axis(ax, "x")
        percent_axis(ax, "y")
        ax.set_xlabel("share of creators, best first")
        ax.set_ylabel("share of revenue")
        finding = findings.top_creators(at_top, top)
        worlds = next((values.shape[1] for values in arrays.values()), 0)
        made = f"{counted(worlds, 'world')}; line: median, band: 5 % to 95 %"
        sheet.headline(finding, made, title, subtitle)
        return ax
