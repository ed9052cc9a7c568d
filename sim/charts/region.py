"""Where it loses: the share of lost worlds over the two conditions that matter most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..text.numbers import tick
from .marks import percent_axis
from .numbers import FloatArray
from .paper import Paper, paper
from .theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_WIDE = 4.0
"""Ratio of the ends of an axis above which it is logarithmic."""


@dataclass(frozen=True)
class RegionMap:
    """How often a portfolio loses, by one or two inputs.

    Attributes
    ----------
    labels : tuple of str
        Inputs with their units, one or two.
    edges : tuple of ndarray
        Edges of the cells, increasing, one array for each input.
    share : ndarray
        Share of worlds lost in each cell, shape (cells of the first input[, of the second]); NaN
        where there are too few worlds.
    ends : tuple of tuple of float
        The region's ends by input, infinite where open.
    """

    labels: tuple[str, ...]
    edges: tuple[FloatArray, ...]
    share: FloatArray
    ends: tuple[tuple[float, float], ...]


def plot_region(
    region: RegionMap,
    ax: Axes | None = None,
    *,
    loser: str,
    winner: str,
    made: str = "",
    theme: Theme | None = None,
    title: str = "",
    subtitle: str | None = None,
) -> Axes:
    """Draw how often one portfolio loses to another, and the region that was found.

    Parameters
    ----------
    region : RegionMap
        One input is drawn as steps, two as a map.
    ax : Axes, optional
        Where to draw; a new figure by default.
    loser, winner : str
        The portfolios.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    with paper(ax, theme, height=4.9) as sheet:
        ax = sheet.ax
        label = f"worlds that {loser} loses to {winner}"
        if len(region.edges) == 1:
            _steps(sheet, region, label)
        else:
            _map(sheet, region, label)
        ax.set_xlabel(region.labels[0])
        _scale(ax, ax.xaxis, region.edges[0])
        how = "; ".join(filter(None, [made, "outlined: the region that was found"]))
        sheet.headline(title, how, subtitle=subtitle)
        return ax


def _map(sheet: Paper, region: RegionMap, label: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    ax, theme = sheet.ax, sheet.theme
    x, y = region.edges
    shades = LinearSegmentedColormap.from_list("loss", [theme.background, theme.loss])
    highest = max(math.ceil(10.0 * float(np.nanmax(region.share))) / 10.0, 0.1)
    cells = ax.pcolormesh(x, y, region.share.T, cmap=shades, vmin=0.0, vmax=highest, gid="map",
                          edgecolor=theme.grid, linewidth=0.4)  # fmt: skip
    bar = sheet.figure.colorbar(cells, ax=ax, pad=0.02, aspect=16)
    bar.outline.set_visible(False)
    percent_axis(bar.ax, "y")
    bar.set_label(label)
    (left, right), (low, high) = (_within(e, s) for e, s in zip(region.ends, region.edges,
                                                              strict=True))  # fmt: skip
    ax.add_patch(Rectangle((left, low), right - left, high - low, fill=False,
                           edgecolor=theme.ink, linewidth=2.4, gid="region", clip_on=False))  # fmt: skip
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    ax.set_ylabel(region.labels[1])
    _scale(ax, ax.yaxis, y)


def _scale(ax: Axes, axis: Axis, edges: FloatArray) -> None:
    """Make an axis logarithmic where its cells ask for it, and write plain numbers on it."""
    from matplotlib.ticker import LogLocator, NullLocator

    if edges[0] > 0.0 and edges[-1] > _WIDE * edges[0]:
        (ax.set_xscale if axis is ax.xaxis else ax.set_yscale)("log")
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: tick(value))


def _steps(sheet: Paper, region: RegionMap, label: str) -> None:
    ax, theme = sheet.ax, sheet.theme
    x = region.edges[0]
    ax.stairs(np.nan_to_num(region.share), x, color=theme.loss, linewidth=2.4, gid="steps")
    left, right = _within(region.ends[0], x)
    ax.axvspan(left, right, fill=False, edgecolor=theme.ink, linewidth=2.0, gid="region")
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(0.0, 1.0)
    ax.grid(axis="y")
    percent_axis(ax, "y")
    ax.set_ylabel(label)


def _within(ends: tuple[float, float], edges: FloatArray) -> tuple[float, float]:
    low, high = ends
    first, last = float(edges[0]), float(edges[-1])
    return (
        first if math.isinf(low) else min(max(low, first), last),
        last if math.isinf(high) else min(max(high, first), last),
    )
