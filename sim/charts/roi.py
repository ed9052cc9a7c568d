"""What can happen: the distribution of ROI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..text.numbers import brief, counted, percent
from . import titles
from .marks import MIDDLE, hide, interval, loss_region, name_rows, note
from .numbers import FloatArray, density
from .paper import paper
from .run import Run, as_run
from .scale import RoiScale, roi_scale
from .theme import Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

ROW = 0.23
"""Height of an interval's row, in units of the highest density."""

QUANTILES = ("roi_p05", "roi_median", "roi_p95")


def plot_roi(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the distribution of ROI of every portfolio: what can happen, and how likely.

    Densities overlaid; below them the median and the interval from the 5 % to the 95 % quantile.
    A heavy right tail gets an axis on which equal steps are equal factors of the money back, so
    that losses and tail are both visible; how much lies beyond the axis is said.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    theme : Theme, optional
        Colours, font and logo.
    title, subtitle : str, optional
        In place of the finding and of how the figure was made; "" for none.
    """
    run = as_run(data)
    summary = run.summary(*QUANTILES)
    scale = roi_scale(list(run.ordered_roi.values()))
    rows = {name: -ROW * (k + 0.72) for k, name in enumerate(run.names)}
    with paper(ax, theme, height=1.7 + 1.39 * (1.12 + ROW * (len(rows) + 0.25))) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        loss_region(sheet, scale, top=1.02)
        curves = {name: _density(run.ordered_roi[name], scale) for name in rows}
        highest = max(float(y.max()) for _, y in curves.values()) or 1.0
        for name, (x, height) in curves.items():
            look, share = styles[name], height / highest
            ax.fill_between(x, 0, share, color=look.colour, alpha=0.22, linewidth=0)
            ax.plot(x, share, color=look.colour, linestyle=look.dash, gid=f"density {name}")
        ax.axhline(0, color=sheet.theme.muted, linewidth=0.8)
        for name, y in rows.items():
            entries = [summary[name][key] for key in QUANTILES]
            marks = [entry.value for entry in entries if entry.value is not None]
            if len(marks) == len(QUANTILES):
                texts = [brief(entry, signed=True) for entry in entries]
                interval(ax, scale, marks, texts, y=y, look=styles[name], name=name)
        for text, side, colour in (("loss", -1, sheet.theme.loss), ("gain", 1, sheet.theme.gain)):
            note(
                ax,
                text,
                (0, 1.02),
                (6 * side, 2),
                va="bottom",
                ha="right" if side < 0 else "left",
                color=sheet.theme.text(colour),
                fontsize=MIDDLE,
            )
        name_rows(ax, list(rows.values()), list(rows), styles, lines=1)
        scale.apply(ax)
        ax.set_ylim(-ROW * (len(rows) + 0.25), 1.12)
        hide(ax, "left")
        ax.set_xlabel(scale.label("ROI"))
        finding = titles.highest_median({name: summary[name]["roi_median"] for name in rows})
        made = (
            f"{counted(run.worlds, 'world')}; areas show how likely; dot: median, bar: 5 % to 95 % quantile"
            f"{_beyond(run, scale)}{run.left_out()}"
        )
        sheet.headline(finding, made, title, subtitle)
        return ax


def _density(ordered: FloatArray, scale: RoiScale) -> tuple[FloatArray, FloatArray]:
    low, high = scale.position([scale.low, scale.high])
    # worlds below the axis would pile up at its left end: they are beyond it
    inside = ordered[np.searchsorted(ordered, scale.low) :]
    x, y = density(scale.position(inside), float(low), float(high))
    return scale.roi(x), y * (inside.size / max(ordered.size, 1))


def _beyond(run: Run, scale: RoiScale) -> str:
    """Say how much the axis does not show."""
    samples = [x for x in run.ordered_roi.values() if x.size]
    left = max((float(np.mean(x < scale.low)) for x in samples), default=0.0)
    right = max((float(np.mean(x > scale.high)) for x in samples), default=0.0)
    if left + right == 0:
        return ""
    return (
        f"; beyond the axis: at most {percent(left)} of a portfolio's worlds left, "
        f"{percent(right)} right"
    )
