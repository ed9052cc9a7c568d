"""Marks that several charts share: intervals, rows with names, regions, axes in percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import abridged
from ..text.numbers import FRACTION, tick
from .numbers import spread_apart
from .paper import Paper
from .scale import RoiScale
from .theme import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

SMALL = 10.0
MIDDLE = 11.0
"""Point sizes of text beside marks."""


def note(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    shift: tuple[float, float] = (0, 0),
    **options: Any,
) -> Annotation:
    """Write a text at a point of the data, moved by so many points of the page."""
    style = {"fontsize": SMALL, "va": "center", "ha": "center", **options}
    return ax.annotate(text, at, xytext=shift, textcoords="offset points", **style)


def loss_region(sheet: Paper, scale: RoiScale, *, top: float, bottom: float = 0.0) -> None:
    """Shade what loses money, and draw break-even from bottom to top."""
    ax, theme = sheet.ax, sheet.theme
    ax.axvspan(
        scale.low,
        min(0.0, scale.high),
        color=theme.loss,
        alpha=0.09,
        linewidth=0,
        gid="loss region",
    )
    ax.plot([0, 0], [bottom, top], color=theme.loss, linewidth=1.2, gid="break-even")


def interval(
    ax: Axes,
    scale: RoiScale,
    marks: Sequence[float],
    texts: Sequence[str],
    *,
    y: float,
    look: Look,
    name: str,
) -> None:
    """Draw low, middle and high values in a row, with their texts above them."""
    low, middle, high = marks
    ax.plot([low, high], [y, y], color=look.colour, linewidth=3.2, gid=f"interval {name}")
    ax.plot([middle], [y], "o", color=look.colour, markersize=8, gid=f"median {name}")
    if low == high:
        marks, texts = [middle], [texts[len(texts) // 2]]
    wanted = np.clip([scale.share(mark) for mark in marks], 0.06, 0.94)
    # a value such as +1,350 % takes about an eighth of the axis
    longest = max(len(a) + len(b) for a, b in pairwise((*texts, texts[-1]))) / 2.0
    places = spread_apart(wanted, 0.021 + 0.0155 * longest, 0.06, 0.94)
    for place, text in zip(places, texts, strict=True):
        weight = "bold" if text == texts[len(texts) // 2] else "normal"
        note(
            ax,
            text,
            (scale.at_share(float(place)), y),
            (0, 5),
            va="bottom",
            color=look.text,
            fontweight=weight,
        )


def name_rows(
    ax: Axes,
    places: Sequence[float],
    names: Sequence[str],
    styles: Mapping[str, Look],
    *,
    lines: int = 2,
) -> None:
    """Name rows on the y axis, each in the colour of its portfolio."""
    ax.set_yticks(list(places), labels=[abridged(name, lines=lines) for name in names])
    ax.tick_params(axis="y", length=0)
    for label, name in zip(ax.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold")
        if name in styles:
            label.set_color(styles[name].text)


def percent_axis(ax: Axes, which: str, *, signed: bool = False) -> None:
    """Write the ticks of an axis of fractions in percent, with a + for gains if signed."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(lambda value, _: tick(value, FRACTION, signed=signed))


def number_axis(ax: Axes, which: str) -> None:
    """Write the ticks of an axis as plain numbers, `4,000` or `0.03`."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(lambda value, _: tick(value))


def hide(ax: Axes, *sides: str) -> None:
    """Take away sides of the frame."""
    for side in sides:
        ax.spines[side].set_visible(False)
