"""What can happen: the distribution of ROI, and how likely it is to reach a level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import titles
from .marks import MIDDLE, SMALL, hide, interval, loss_region, name_rows, note, percent_axis
from .numbers import FloatArray, density, exceedance, spread_apart
from .paper import Paper, paper
from .run import Run, as_run
from .scale import RoiScale, roi_scale, roi_text
from .theme import Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

ROW = 0.23
"""Height of an interval's row, in units of the highest density."""

NAME, COLUMN = 0.115, 0.145
"""Widths of a table's columns, in units of the axis."""

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
    with paper(ax, theme, height=4.3 + 0.28 * max(0, len(rows) - 3)) as sheet:
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
                texts = [titles.roi_text(entry) for entry in entries]
                interval(ax, scale, marks, texts, y=y, look=styles[name], name=name)
        for text, side, colour in (("loss", -1, sheet.theme.loss), ("gain", 1, sheet.theme.gain)):
            note(ax, text, (0, 1.02), (6 * side, 2), va="bottom", ha="right" if side < 0 else "left",
                 color=sheet.theme.text(colour), fontsize=MIDDLE)  # fmt: skip
        name_rows(ax, list(rows.values()), list(rows), styles)
        scale.apply(ax)
        ax.set_ylim(-ROW * (len(rows) + 0.25), 1.12)
        hide(ax, "left")
        ax.set_xlabel(scale.label("ROI"))
        found = titles.highest_median({name: summary[name]["roi_median"] for name in rows})
        made = (
            f"{run.worlds:,} worlds; areas show how likely; dot: median, bar: 5 % to 95 % quantile"
            f"{_beyond(run, scale)}{run.left_out()}"
        )
        sheet.headline(found if title is None else title, made if subtitle is None else subtitle)
        return ax


def plot_exceedance(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    targets: Sequence[float] | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the probability that ROI reaches each level: how likely is at least so much.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    targets : sequence of float, optional
        ROIs at which the probability is written out; break-even and the run's target by default.
    theme, title, subtitle
        See `plot_roi`.
    """
    run = as_run(data)
    summary = run.summary("target_probability")
    wanted = sorted({0.0, run.target} if targets is None else set(targets))
    scale = roi_scale(list(run.ordered_roi.values()), hold=wanted)
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        ax.grid(axis="y")
        loss_region(sheet, scale, top=1.0)
        lines = {
            name: exceedance(ordered, extra=[scale.low, *wanted, scale.high])
            for name, ordered in run.ordered_roi.items()
            if ordered.size
        }
        for name, (x, p) in lines.items():
            inside = (x >= scale.low) & (x <= scale.high)
            ax.plot(x[inside], p[inside], color=styles[name].colour, linestyle=styles[name].dash,
                    gid=f"exceedance {name}")  # fmt: skip
        reached = {
            name: [float(p[np.searchsorted(x, target)]) for target in wanted]
            for name, (x, p) in lines.items()
        }
        _target_lines(sheet, scale, wanted)
        for name, shares in reached.items():
            ax.plot(wanted, shares, "o", color=styles[name].colour, markersize=7,
                    gid=f"targets {name}")  # fmt: skip
        scale.apply(ax)
        ax.set_ylim(0, 1.0)
        percent_axis(ax, "y")
        ax.set_xlabel(scale.label("ROI"))
        ax.set_ylabel("worlds with at least this ROI")
        _table(sheet, run, scale, lines=lines, wanted=wanted, reached=reached)
        entries = {name: summary[name]["target_probability"] for name in run.names}
        what = f"ROI of {roi_text(run.target)} or more"
        found = titles.shares(what, entries, largest_first=True)
        made = f"{run.worlds:,} worlds; shaded: losses{run.left_out()}"
        sheet.headline(found if title is None else title, made if subtitle is None else subtitle)
        return ax


def _density(ordered: FloatArray, scale: RoiScale) -> tuple[FloatArray, FloatArray]:
    low, high = scale.position([scale.low, scale.high])
    # worlds below the axis would pile up at its left end: they are beyond it
    inside = ordered[np.searchsorted(ordered, scale.low) :]
    x, y = density(scale.position(inside), float(low), float(high))
    return scale.roi(x), y * (inside.size / max(ordered.size, 1))


def _beyond(run: Run, scale: RoiScale) -> str:
    """Say how much the axis does not show."""
    beyond = [
        1 - float(np.mean((x >= scale.low) & (x <= scale.high)))
        for x in run.ordered_roi.values()
        if x.size
    ]
    most = max(beyond, default=0.0)
    if most == 0:
        return ""
    share = "under 0.1 %" if most < 0.0005 else f"at most {100 * most:.1f} %"
    return f"; {share} of a portfolio's worlds lie beyond the axis"


def _target_lines(sheet: Paper, scale: RoiScale, wanted: Sequence[float]) -> None:
    heads = ["break-even" if target == 0 else roi_text(target) for target in wanted]
    places = spread_apart([scale.share(target) for target in wanted], 0.17, 0.08, 0.94)
    for target, head, place in zip(wanted, heads, places, strict=True):
        if target != 0:
            sheet.ax.plot([target, target], [0, 1], color=sheet.theme.muted, linewidth=1.2,
                          linestyle=(0, (4, 2)), gid="target")  # fmt: skip
        at_place = (scale.at_share(float(place)), 1.0)
        note(sheet.ax, head, at_place, (0, 3), va="bottom", color=sheet.theme.muted)


def _table(
    sheet: Paper,
    run: Run,
    scale: RoiScale,
    *,
    lines: dict[str, tuple[FloatArray, FloatArray]],
    wanted: Sequence[float],
    reached: dict[str, list[float]],
) -> None:
    """Write the probabilities at the targets into the emptier corner; it is the legend, too."""
    ax, styles = sheet.ax, run.looks(sheet.theme)
    wide, tall = NAME + COLUMN * len(wanted), 0.075
    edge = {
        share: [float(np.interp(scale.at_share(share), x, p)) for x, p in lines.values()]
        for share in (wide, 1 - wide)
    }
    below = min(edge[wide], default=1.0)
    above = 1 - max(edge[1 - wide], default=0.0)
    left, top = (0.02, tall * (len(reached) + 1.1)) if below > above else (1 - wide, 0.985)
    columns = [left + NAME + COLUMN * (k + 0.9) for k in range(len(wanted))]
    style: dict[str, Any] = {"transform": ax.transAxes, "fontsize": SMALL, "va": "top"}
    heads = [f"≥ {roi_text(target)}" for target in wanted]
    for column, head in zip(columns, heads, strict=True):
        ax.text(column, top, head, ha="right", color=sheet.theme.muted, **style)
    for k, (name, values) in enumerate(reached.items()):
        y = top - tall * (k + 1)
        bold = {**style, "fontweight": "bold", "color": styles[name].text}
        ax.text(left, y, name, ha="left", **bold)
        for column, value in zip(columns, values, strict=True):
            ax.text(column, y, f"{100 * value:.0f} %", ha="right", **bold)
