"""How likely is at least so much: exceedance curves of ROI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import abridged
from ..text.numbers import counted, gain, whole_percent
from . import titles
from .marks import SMALL, loss_region, note, percent_axis
from .numbers import FloatArray, exceedance, spread_apart
from .paper import WIDTH, Paper, paper, text_width
from .run import Run, as_run
from .scale import RoiScale, roi_scale
from .theme import Look, Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

ROW = 14.0
INSIDE = (380.0, 185.0)
"""Points: height of a table's row; width and height of the axes that it must fit into."""

Curves = Mapping[str, tuple[FloatArray, FloatArray]]


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
    curves = {
        name: exceedance(ordered, extra=[scale.low, *wanted, scale.high])
        for name, ordered in run.ordered_roi.items()
        if ordered.size
    }
    reached = {
        name: [float(p[np.searchsorted(x, target)]) for target in wanted]
        for name, (x, p) in curves.items()
    }
    table = _Table(reached, wanted)
    corner = table.corner(scale, curves)
    beside = table.width / 72 if corner == "beside" else 0.0
    with paper(ax, theme, width=WIDTH + beside) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        ax.grid(axis="y")
        loss_region(sheet, scale, top=1.0)
        for name, (x, p) in curves.items():
            inside = (x >= scale.low) & (x <= scale.high)
            look = styles[name]
            line = {"color": look.colour, "linestyle": look.dash, "gid": f"exceedance {name}"}
            ax.plot(x[inside], p[inside], **line)
            dots: dict[str, Any] = {"color": look.colour, "markersize": 7, "gid": f"targets {name}"}
            ax.plot(wanted, reached[name], "o", **dots)
        _target_lines(sheet, scale, wanted)
        table.write(sheet, corner, styles)
        scale.apply(ax)
        ax.set_ylim(0, 1.08)
        ax.set_yticks([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        percent_axis(ax, "y")
        ax.set_xlabel(scale.label("ROI"))
        ax.set_ylabel("worlds with at least this ROI")
        entries = {name: summary[name]["target_probability"] for name in run.names}
        what = f"ROI of {gain(run.target)} or more"
        finding = titles.shares(what, entries, largest_first=True)
        made = f"{counted(run.worlds, 'world')}; shaded: losses{run.left_out()}"
        sheet.headline(finding, made, title, subtitle)
        return ax


def _target_lines(sheet: Paper, scale: RoiScale, wanted: Sequence[float]) -> None:
    heads = ["break-even" if target == 0 else gain(target) for target in wanted]
    places = spread_apart([scale.share(target) for target in wanted], 0.17, 0.08, 0.94)
    for target, head, place in zip(wanted, heads, places, strict=True):
        if target != 0:
            sheet.ax.plot(
                [target, target],
                [0, 1],
                color=sheet.theme.muted,
                linewidth=1.2,
                linestyle=(0, (4, 2)),
                gid="target",
            )
        at_place = (scale.at_share(float(place)), 1.0)
        note(sheet.ax, head, at_place, (0, 2), va="bottom", color=sheet.theme.muted)


class _Table:
    """The probabilities at the targets, and the legend of the curves; all lengths in points."""

    def __init__(self, reached: Mapping[str, Sequence[float]], targets: Sequence[float]) -> None:
        self.reached = reached
        self.names = {name: abridged(name, lines=1) for name in reached}
        self.heads = [f"≥ {gain(target)}" for target in targets]
        widths = [text_width(name, SMALL, bold=True) for name in self.names.values()]
        first = 72 * max(widths, default=0.0)
        self.columns = [first + 62 * (k + 1) for k in range(len(targets))]
        self.width = first + 62 * len(targets) + 12
        self.height = ROW * (len(reached) + 1) + 6

    def corner(self, scale: RoiScale, curves: Curves) -> str:
        """Return where no curve is in the way: below left, above right, or beside the axes."""
        wide, tall = self.width / INSIDE[0], self.height / INSIDE[1]
        low, high = scale.at_share(min(wide, 1.0)), scale.at_share(max(1 - wide, 0.0))
        below = min((float(np.interp(low, x, p)) for x, p in curves.values()), default=1.0)
        above = 1 - max((float(np.interp(high, x, p)) for x, p in curves.values()), default=0.0)
        if max(below, above) < tall:
            return "beside"
        return "below" if below > above else "above"

    def write(self, sheet: Paper, corner: str, styles: Mapping[str, Look]) -> None:
        """Write the table into a corner of the axes, or beside them."""
        at = (0.0, 0.0) if corner == "below" else (1.0, 1 / 1.08)
        start = {"below": 8.0, "above": -self.width, "beside": 12.0}[corner]
        top = self.height if corner == "below" else -4.0

        def write(text: str, x: float, row: int, **style: Any) -> None:
            spot = (start + x, top - ROW * row)
            note(sheet.ax, text, at, spot, xycoords="axes fraction", va="top", **style)

        for column, head in zip(self.columns, self.heads, strict=True):
            write(head, column, 0, ha="right", color=sheet.theme.muted)
        for row, (name, shares) in enumerate(self.reached.items(), start=1):
            bold = {"fontweight": "bold", "color": styles[name].text}
            write(self.names[name], 0, row, ha="left", **bold)
            for column, share in zip(self.columns, shares, strict=True):
                write(whole_percent(share), column, row, ha="right", **bold)
