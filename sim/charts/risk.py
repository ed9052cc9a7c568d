"""What can be lost, and what is gained for bearing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..measures.evaluate import Measured
from ..text.names import abridged
from ..text.numbers import brief, counted, share_text
from ..text.verdicts import TOLD_APART
from . import titles
from .marks import MIDDLE, name_rows, note, percent_axis
from .numbers import spread_apart
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
            ax.plot(
                [max(value - TOLD_APART * se, 0.0), end],
                [y, y],
                color=sheet.theme.ink,
                linewidth=2,
                solid_capstyle="butt",
                gid=f"error {name}",
            )
            note(
                ax,
                share_text(losses[name]),
                (end, y),
                (6, 0),
                ha="left",
                color=styles[name].text,
                fontweight="bold",
                fontsize=MIDDLE,
            )
        name_rows(ax, [-k for k in range(len(names))], names, styles)
        ax.set_ylim(-len(names) + 0.45, 0.55)
        ax.set_xlim(0, 1.2 * most)
        percent_axis(ax, "x")
        ax.grid(axis="x")
        ax.set_xlabel("worlds that lose money, ROI < 0")
        finding = titles.shares("Losing money", losses, largest_first=True)
        made = (
            f"{counted(run.worlds, 'world')}; line at the end of a bar: two standard errors either way"
            f"{run.left_out()}"
        )
        sheet.headline(finding, made, title, subtitle)
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
            _dots(sheet, row, styles[name], name)
        ax.margins(0.18, 0.14)
        low, high = ax.get_xlim()
        ax.set_xlim(low, high + 0.25 * (high - low))
        ax.locator_params(axis="x", nbins=5)
        _names(sheet, rows, styles)
        percent_axis(ax, "x", signed=True)
        percent_axis(ax, "y", signed=True)
        if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
            ax.axhline(0, color=sheet.theme.loss, linewidth=1.2, zorder=1)
        ax.set_xlabel("mean ROI of the worst 5 % of worlds")
        ax.set_ylabel("ROI")
        finding = titles.risk_and_return(
            {name: row["roi_mean"] for name, row in rows.items()},
            {name: row["roi_es05"] for name, row in rows.items()},
        )
        made = (
            f"{counted(run.worlds, 'world')}; full dot: mean ROI with two standard errors, hollow: median; "
            f"right: milder worst case{run.left_out()}"
        )
        sheet.headline(finding, made, title, subtitle)
        return ax


def _dots(sheet: Paper, row: Mapping[str, Measured], look: Look, name: str) -> None:
    """Draw the mean with its errors, and below or above it the median."""
    ax, worst, mean, median = sheet.ax, row["roi_es05"], row["roi_mean"], row["roi_median"]
    if worst.value is None or mean.value is None or median.value is None:
        return
    x, y = worst.value, mean.value
    ax.plot([x, x], [median.value, y], color=look.colour, linewidth=1.2, linestyle=(0, (2, 2)))
    errors: dict[str, Any] = {
        "xerr": TOLD_APART * (worst.se or 0.0),
        "yerr": TOLD_APART * (mean.se or 0.0),
    }
    dot = ax.errorbar(x, y, **errors, fmt="o", color=look.colour, markersize=11, elinewidth=2)
    dot[0].set_gid(f"mean {name}")
    hollow: dict[str, Any] = {
        "markerfacecolor": sheet.theme.background,
        "markersize": 9,
        "markeredgewidth": 2,
    }
    ax.plot([x], [median.value], "o", color=look.colour, **hollow, gid=f"median {name}")


def _names(
    sheet: Paper, rows: Mapping[str, Mapping[str, Measured]], styles: Mapping[str, Look]
) -> None:
    """Name portfolios beside their dots, or in the right margin where the dots are crowded."""
    ax = sheet.ax
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    spots = {
        name: [row[key].value or 0.0 for key in ("roi_es05", "roi_mean", "roi_median")]
        for name, row in rows.items()
    }
    sides = _free_sides(spots, wide=0.33 * (right - left), tall=0.08 * (high - low), left=left)
    means = [mean for _, mean, _ in spots.values()]
    places = spread_apart(means, 0.075 * (high - low), low, high)
    for (name, (x, y, _)), place in zip(spots.items(), places, strict=True):
        text = f"{abridged(name, lines=1)} {brief(rows[name]['roi_mean'], signed=True)}"
        style: dict[str, Any] = {"color": styles[name].text, "fontweight": "bold"}
        if sides is None:
            ax.plot([x, right], [y, place], color=sheet.theme.grid, linewidth=1, zorder=0)
            note(ax, text, (right, float(place)), (4, 0), ha="left", **style)
        else:
            align = "left" if sides[name] > 0 else "right"
            shift = (7 * sides[name], 12)
            note(ax, text, (x, y), shift, ha=align, fontsize=MIDDLE, **style)
    ax.set_xlim(left, right)


def _free_sides(
    spots: Mapping[str, Sequence[float]], *, wide: float, tall: float, left: float
) -> dict[str, int] | None:
    """Return on which side of each dot a name has room: 1 right, -1 left; None if one has none."""
    sides: dict[str, int] = {}
    for name, (x, y, _) in spots.items():
        taken = [
            other - x
            for key, (other, *ends) in spots.items()
            if key != name and min(ends) - tall <= y + tall <= max(ends) + 2 * tall
        ]
        if not any(0 <= gap < wide for gap in taken):
            sides[name] = 1
        elif x - wide > left and not any(-2 * wide < gap <= 0 for gap in taken):
            sides[name] = -1
        else:
            return None
    return sides
