"""A fit against its data: one panel for each fitted law."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..text.numbers import counted, tick
from .marks import SMALL, percent_axis
from .paper import LINE, MARGIN, SUBTITLE, TITLE, dress, paper, wrap
from .theme import LIGHT, Theme, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..fit.estimates import Fit, Fitted

WIDE, HIGH = 3.15, 2.45
"""Inches of a panel."""

TAILED = "post_luck"
"""The key whose tail matters: its shares are drawn on a logarithmic axis."""

_LABELS = {
    "followers": "Followers",
    "post_luck": "Luck and amplification",
    "reach_rate": "Reach",
    "engagement_rate": "Engagement",
    "fee": "Fee",
}


def plot_fitted(fitted: Fitted, ax: Axes | None = None, *, theme: Theme | None = None) -> Axes:
    """Draw the share of observations above each value: dots are data, the line is the fit.

    Parameters
    ----------
    fitted
        A fitted law with a curve.
    ax
        Where to draw; a new figure by default.
    theme
        Colours and font.

    Raises
    ------
    ValueError
        Where the law has no curve.
    """
    if fitted.curve is None:
        raise ValueError(f"{fitted.key}: there is no curve to draw")
    with paper(ax, theme, width=4.4, height=3.4) as sheet:
        ax, colours, curve = sheet.ax, sheet.theme, fitted.curve
        ax.plot(curve.data, curve.share, "o", color=colours.muted, markersize=2.6, gid="data")
        # A simulated law ends somewhere: beyond, where its share would be zero, is no line.
        line = [share if share > 0.0 else float("nan") for share in curve.fitted]
        ax.plot(curve.data, line, color=colours.tiers["macro"], linewidth=1.8, gid="fit")
        ax.set_xscale("log")
        tailed = fitted.key == TAILED
        if tailed:
            ax.set_yscale("log")
            ax.set_ylim(0.5 * float(curve.share.min()), 1.5)
            ax.set_xlim(0.09, 1.3 * float(curve.data.max()))
        else:
            ax.set_ylim(-0.02, 1.02)
            ax.set_yticks([0, 0.5, 1])
        percent_axis(ax, "y")
        ax.minorticks_off()
        ax.xaxis.set_major_formatter(lambda value, _: tick(value, compact=True))
        _few_ticks(ax)
        ax.set_xlabel(curve.unit, fontsize=SMALL)
        ax.tick_params(labelsize=SMALL)
        test = f"\n{fitted.goodness.words.replace(', ', chr(10))}" if fitted.goodness else ""
        corner: dict[str, Any] = {"x": 0.04, "y": 0.04, "ha": "left", "va": "bottom"}
        if not tailed:
            corner = {"x": 0.98, "y": 0.98, "ha": "right", "va": "top"}
        ax.text(
            s=f"{counted(fitted.n)} {fitted.of}{test}", transform=ax.transAxes, fontsize=SMALL - 1,
            color=colours.muted, gid="note", **corner,
        )  # fmt: skip
        return ax


def _few_ticks(ax: Axes) -> None:
    """Put two to five ticks on a logarithmic axis, also where it spans less than a decade."""
    from matplotlib.ticker import FixedLocator

    low, high = sorted(ax.get_xlim())
    decades = math.log10(high / low)
    marks = (1.0,) if decades >= 3.0 else (1.0, 3.0) if decades >= 1.5 else (1.0, 2.0, 5.0)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [m * 10.0**k for k in powers for m in marks if low <= m * 10.0**k <= high]
    places = places or [math.sqrt(low * high)]
    every = -(-len(places) // 5)
    ax.xaxis.set_major_locator(FixedLocator(places[::every]))


def draw_fit(fit: Fit, *, theme: Theme | None = None) -> Figure:
    """Draw every fitted law of a file against its data: tiers downwards, inputs across.

    Parameters
    ----------
    fit
        See `sim.fit.fit_posts`.
    theme
        Colours and font.
    """
    from matplotlib.figure import Figure

    theme = theme or LIGHT
    keys = [k for k in _LABELS if any(k in t and t[k].curve is not None for t in fit.tiers)]
    width, rows = MARGIN * 2 + WIDE * max(len(keys), 2), len(fit.tiers)
    title, subtitle = _words(fit)
    with styled(theme):
        lines = {
            TITLE: wrap(title, width - 2 * MARGIN, TITLE, bold=True),
            SUBTITLE: wrap(subtitle, width - 2 * MARGIN, SUBTITLE),
        }
        head = MARGIN + sum(len(text) * size * LINE / 72 + 0.06 for size, text in lines.items())
        height = head + HIGH * rows
        figure = Figure(figsize=(width, height), layout="constrained")
        top = height - MARGIN
        for size, text in lines.items():
            figure.text(
                MARGIN / width, top / height, "\n".join(text), va="top", fontsize=size,
                linespacing=1.2, fontweight="bold" if size == TITLE else "normal",
                color=theme.ink if size == TITLE else theme.muted,
                gid="title" if size == TITLE else "subtitle",
            )  # fmt: skip
            top -= len(text) * size * LINE / 72 + 0.06
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - head / height), w_pad=0.06)
        axes = figure.subplots(rows, len(keys), squeeze=False)
        for row, tier in zip(axes, fit.tiers, strict=True):
            for ax, key in zip(row, keys, strict=True):
                dress(ax, theme)
                ax.set_title(_LABELS[key] if tier is fit.tiers[0] else "", fontsize=SMALL + 1)
                if key == keys[0]:
                    ax.set_ylabel(f"{tier.tier} on {tier.platform}", fontsize=SMALL + 1)
                if key in tier and tier[key].curve is not None:
                    plot_fitted(tier[key], ax, theme=theme)
                else:
                    ax.text(0.5, 0.5, "not fitted", ha="center", transform=ax.transAxes)
                    ax.set_xticks([])
                    ax.set_yticks([])
                    for spine in ax.spines.values():
                        spine.set_visible(False)
    return figure


def _words(fit: Fit) -> tuple[str, str]:
    laws = [f for t in fit.tiers for f in t.inputs if f.curve is not None and f.goodness]
    poor = [f for f in laws if f.goodness is not None and f.goodness.poor]
    title = f"All {len(laws)} fitted laws pass a test against their data"
    if poor:
        title = (
            f"{len(laws) - len(poor)} of {len(laws)} fitted laws pass a test against their data; "
            f"{len(poor)} differ by more than chance"
        )
    subtitle = (
        f"{fit.file}. Share of observations above each value: dots are data, lines the fit; tests "
        "at 1 %. Large samples show small misfits: see how far the line is from the dots."
    )
    return title, subtitle
