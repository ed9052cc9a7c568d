"""What can be lost, and what is gained for bearing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..measures.evaluate import Measured
from ..measures.wording import TOLD_APART
from . import titles
from .marks import MIDDLE, SMALL, name_rows, note, percent_axis
from .paper import Paper, paper
from .run import Run, as_run
from .theme import Look, Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def plot_loss(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the probability of losing money with each portfolio, with two standard errors.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    theme, title, subtitle
        See `plot_roi`.
    """
    run = as_run(data)
    summary = run.summary("loss_probability")
    losses = {name: summary[name]["loss_probability"] for name in run.names}
    known = {name: (x.value, x.se or 0.0) for name, x in losses.items() if x.value is not None}
    names = list(losses)
    with paper(ax, theme, height=1.9 + 0.5 * len(names)) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        most = max((value + TOLD_APART * se for value, se in known.values()), default=1.0) or 0.01
        for name, (value, se) in known.items():
            y = -names.index(name)
            ax.barh(y, value, height=0.62, color=styles[name].colour, gid=f"bar {name}")
            end = min(value + TOLD_APART * se, 1.0)
            ax.plot([max(value - TOLD_APART * se, 0.0), end], [y, y], color=sheet.theme.ink,
                    linewidth=2, solid_capstyle="butt", gid=f"error {name}")  # fmt: skip
            note(ax, titles.share_text(losses[name]), (end, y), (6, 0), ha="left",
                 color=styles[name].text, fontweight="bold", fontsize=MIDDLE)  # fmt: skip
        name_rows(ax, [-k for k in range(len(names))], names, styles)
        ax.set_ylim(-len(names) + 0.45, 0.55)
        ax.set_xlim(0, 1.2 * most)
        percent_axis(ax, "x")
        ax.grid(axis="x")
        ax.set_xlabel("worlds that lose money, ROI < 0")
        found = titles.shares("Losing money", losses, largest_first=True)
        made = f"{run.worlds:,} worlds; line at the end of a bar: two standard errors either way{run.left_out()}"
        sheet.headline(found if title is None else title, made if subtitle is None else subtitle)
        return ax


def plot_risk_return(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw what a portfolio brings on average against what it brings in the worst 5 % of worlds.

    Full dots are mean ROI (`roi_mean`), hollow ones the median; across, `roi_es05`. Upper right is
    better on both.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    theme, title, subtitle
        See `plot_roi`.
    """
    run = as_run(data)
    summary = run.summary("roi_mean", "roi_median", "roi_es05")
    rows = {
        name: summary[name] for name in run.names if summary[name]["roi_mean"].value is not None
    }
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        ax.grid()
        for name, row in rows.items():
            _portfolio(
                sheet, row["roi_es05"], row["roi_mean"], row["roi_median"], styles[name], name
            )
        ax.margins(0.18, 0.14)
        ax.set_xlim(*_padded(ax.get_xlim()))
        percent_axis(ax, "x", signed=True)
        percent_axis(ax, "y", signed=True)
        if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
            ax.axhline(0, color=sheet.theme.loss, linewidth=1.2, zorder=1)
        ax.set_xlabel("mean ROI of the worst 5 % of worlds")
        ax.set_ylabel("ROI")
        found = titles.risk_and_return(
            {name: row["roi_mean"] for name, row in rows.items()},
            {name: row["roi_es05"] for name, row in rows.items()},
        )
        made = (
            f"{run.worlds:,} worlds; full dot: mean ROI with two standard errors, hollow: median; "
            f"right: milder worst case{run.left_out()}"
        )
        sheet.headline(found if title is None else title, made if subtitle is None else subtitle)
        return ax


def _portfolio(
    sheet: Paper, worst: Measured, mean: Measured, median: Measured, look: Look, name: str
) -> None:
    if worst.value is None or mean.value is None or median.value is None:
        return
    ax, x, y = sheet.ax, worst.value, mean.value
    ax.plot([x, x], [median.value, y], color=look.colour, linewidth=1.2, linestyle=(0, (2, 2)))
    ax.errorbar(
        x, y, xerr=TOLD_APART * (worst.se or 0), yerr=TOLD_APART * (mean.se or 0), fmt="o",
        color=look.colour, markersize=11, elinewidth=2,
    )[0].set_gid(f"mean {name}")  # fmt: skip
    ax.plot([x], [median.value], "o", color=look.colour, markerfacecolor=sheet.theme.background,
            markersize=9, markeredgewidth=2, gid=f"median {name}")  # fmt: skip
    note(ax, name, (x, y), (11, 2), ha="left", color=look.text, fontweight="bold", fontsize=12)
    note(ax, titles.roi_text(mean), (x, y), (11, -12), ha="left", color=look.text, fontsize=SMALL)


def _padded(limits: tuple[float, float]) -> tuple[float, float]:
    """Leave room for names on the right."""
    low, high = limits
    return low, high + 0.16 * (high - low)
