"""Who wins: the difference of two portfolios in the same worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..measures.comparison import Comparison
from ..text.names import abridged
from ..text.numbers import brief, counted, percent, share_text, tick
from . import titles
from .marks import MIDDLE, hide, interval, note
from .numbers import BoolArray, FloatArray, defined, density
from .paper import paper, wrap
from .run import Run, as_run, decision
from .scale import RoiScale, roi_scale
from .theme import Look, Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

QUANTILES = ("roi_difference_p05", "roi_difference_median", "roi_difference_p95")


def plot_difference(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    a: str | None = None,
    b: str | None = None,
    comparison: Comparison | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the ROI of a minus that of b in the same world: who wins, and by how much.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    a, b : str, optional
        Portfolios; those of the experiment's decision by default.
    comparison : Comparison, optional
        Of a and b, where it is known already.
    theme, title, subtitle
        See `plot_roi`.

    Raises
    ------
    ValueError
        For a run of one portfolio, or for unknown names.
    """
    run = as_run(data)
    a, b = _pair(run, a, b)
    if comparison is None or (comparison.a, comparison.b) != (a, b):
        comparison = run.comparison(a, b, "a_beats_b", *QUANTILES)
    roi = run.ds["roi"].transpose("portfolio", "sim").values
    ordered = defined(roi[run.names.index(a)] - roi[run.names.index(b)])
    scale = roi_scale([ordered], doublings=False)
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, run.looks(theme)
        x, y = _with_zero(*density(ordered, scale.low, scale.high))
        for side, look in ((x >= 0, styles[a]), (x <= 0, styles[b])):
            _area(ax, x, y / (y.max() or 1.0), side, look)
        entries = [comparison[key] for key in QUANTILES]
        marks = [entry.value for entry in entries if entry.value is not None]
        if len(marks) == len(QUANTILES):
            texts = [brief(entry, signed=True).removesuffix(" %") for entry in entries]
            ink = Look(sheet.theme.muted, sheet.theme.ink)
            interval(ax, scale, marks, texts, y=-0.22, look=ink, name="difference")
        ax.plot([0, 0], [0, 1.35], color=sheet.theme.ink, linewidth=1.2)
        ax.plot([0, 0], [-0.3, 0], color=sheet.theme.grid, linewidth=1.2, zorder=0)
        ax.axhline(0, color=sheet.theme.muted, linewidth=0.8)
        _who_wins(ax, scale, comparison, styles)
        scale.apply(ax)
        ax.xaxis.set_major_formatter(lambda value, _: tick(100 * value, signed=True))
        ax.set_ylim(-0.3, 1.35)
        ax.set_yticks([])
        hide(ax, "left")
        subject = f"ROI of {a} minus ROI of {b}, percentage points"
        ax.set_xlabel("\n".join(wrap(subject, 5.6, MIDDLE)))
        finding = titles.winner(a, b, comparison["a_beats_b"], run.worlds)
        made = (
            f"{counted(comparison.worlds, 'world')}, both portfolios in the same ones; dot: median, bar: "
            f"5 % to 95 % quantile{_beyond(ordered, scale)}{run.left_out((a, b))}"
        )
        sheet.headline(finding, made, title, subtitle)
        return ax


def _pair(run: Run, a: str | None, b: str | None) -> tuple[str, str]:
    if a is not None and b is not None:
        return a, b
    asked = decision(run.ds)
    if asked is None:
        raise ValueError("a difference needs two portfolios, and this run has one")
    return a or asked[0], b or asked[1]


def _with_zero(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a curve with a point where the winner changes, so that both sides meet there."""
    at = int(np.searchsorted(x, 0.0))
    if at in (0, x.size) or x[at] == 0.0:
        return x, y
    return np.insert(x, at, 0.0), np.insert(y, at, np.interp(0.0, x, y))


def _area(ax: Axes, x: FloatArray, y: FloatArray, side: BoolArray, look: Look) -> None:
    ax.fill_between(x[side], 0, y[side], color=look.colour, alpha=0.3, linewidth=0)
    ax.plot(x[side], y[side], color=look.colour)


def _who_wins(ax: Axes, scale: RoiScale, comparison: Comparison, styles: dict[str, Look]) -> None:
    wins = comparison["a_beats_b"]
    if wins.value is None:
        return
    for name, side in ((comparison.a, 1), (comparison.b, -1)):
        text = f"{abridged(name, lines=1)} wins\n{share_text(wins, mirrored=side < 0)}"
        note(
            ax,
            text,
            (0, 1.33),
            (7 * side, 0),
            va="top",
            ha="left" if side > 0 else "right",
            color=styles[name].text,
            fontweight="bold",
            fontsize=MIDDLE,
        )


def _beyond(ordered: FloatArray, scale: RoiScale) -> str:
    """Say how much the axis does not show."""
    if not ordered.size:
        return ""
    left = float(np.searchsorted(ordered, scale.low)) / ordered.size
    right = 1 - float(np.searchsorted(ordered, scale.high, side="right")) / ordered.size
    if left + right == 0:
        return ""
    return f"; beyond the axis: {percent(left)} of worlds left, {percent(right)} right"
