"""What moves the outcome: tornado, split of the variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..text.names import abridged
from ..text.numbers import FRACTION, tick, whole_percent, writer
from . import findings
from .colours import blend, contrast
from .marks import MIDDLE, SMALL, name_rows, note, percent_axis
from .paper import Paper, paper
from .rows import Split, Swing
from .theme import Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NARROW = 5.0
"""Inches of a sheet that has little room beside its bars."""
MOST = 10
"""Inputs that a tornado shows."""

SHADES = (0.0, 0.35, 0.62, 0.82, 0.92)
"""Background mixed into a portfolio's colour, source by source."""


def plot_tornado(
    rows: Sequence[Swing],
    ax: Axes | None = None,
    *,
    base: float,
    outcome: str = "mean ROI",
    unit: str = FRACTION,
    signed: bool = True,
    made: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw how far each input moves the outcome, one at a time, largest first.

    Parameters
    ----------
    rows : sequence of Swing
        One for each input, in any order; the ten that move most are drawn.
    ax : Axes, optional
        Where to draw; a new figure by default.
    base : float
        Outcome with every input at its base.
    outcome : str
        What is moved, for axis and title.
    unit, signed
        Unit of the outcome, and whether gains have a plus.
    made : str
        How the numbers were made, such as ``20,000 worlds``.
    theme, title, subtitle
        See `plot_roi`.
    """
    ordered = sorted(rows, key=lambda row: -abs(row.high - row.low))
    shown = ordered[:MOST]
    with paper(ax, theme, height=1.9 + 0.42 * max(len(shown), 2)) as sheet:
        ax, colours = sheet.ax, _low_and_high(sheet)
        for k, row in enumerate(shown):
            for end, setting, colour in zip(
                (row.low, row.high), row.settings, colours, strict=True
            ):
                ax.barh(
                    -k,
                    end - base,
                    left=base,
                    height=0.66,
                    color=colour,
                    gid=f"{setting} {row.input}",
                )
                right = end > base or (end == base and setting == row.settings[1])
                note(
                    ax, setting, (end, -k), (5 if right else -5, 0), ha="left" if right else "right"
                )
        ax.axvline(base, color=sheet.theme.ink, linewidth=1.2)
        ends = [base, *(end for row in shown for end in (row.low, row.high))]
        narrow = sheet.figure.get_size_inches()[0] < NARROW
        # on a narrow sheet the settings beside the bars take a larger share of it
        room = (0.6 if narrow else 0.25) * ((max(ends) - min(ends)) or 1.0)
        ax.set_xlim(min(ends) - room, max(ends) + room)
        ax.set_ylim(-max(len(shown), 1) + 0.45, 0.6)
        ax.set_yticks(
            [-k for k in range(len(shown))],
            labels=[abridged(row.input, letters=24) for row in shown],
        )
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_formatter(lambda value, _: tick(value, unit, signed=signed))
        ax.locator_params(axis="x", nbins=3 if narrow else 4)
        ax.grid(axis="x")
        ax.set_xlabel(outcome)
        left_out = len(ordered) - len(shown)
        write = writer(unit, signed=signed)
        notes = [made, f"base: {write(base)}", "each input alone; faint: low setting, strong: high"]
        if left_out:
            notes.append(f"{left_out} inputs that move less are not shown")
        finding = findings.moves_most(shown, outcome, write)
        how = "; ".join(filter(None, notes))
        sheet.headline(finding, how, title, subtitle)
        return ax


def plot_variance_split(
    rows: Sequence[Split],
    ax: Axes | None = None,
    *,
    outcome: str = "ROI",
    tiers: Mapping[str, str] | None = None,
    made: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw where the variance of each portfolio comes from.

    Parameters
    ----------
    rows : sequence of Split
        One for each portfolio, with the same sources in the same order.
    ax : Axes, optional
        Where to draw; a new figure by default.
    outcome : str
        Whose variance is split.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    names = [row.portfolio for row in rows]
    sources = list(rows[0].shares) if rows else []
    with paper(ax, theme, height=2.2 + 0.62 * max(len(rows), 1)) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(names, tiers), sheet.theme)
        for k, row in enumerate(rows):
            start = 0.0
            for source, shade in zip(sources, SHADES, strict=False):
                share = row.shares[source]
                colour = blend(styles[row.portfolio].colour, sheet.theme.background, shade)
                ax.barh(
                    -k,
                    share,
                    left=start,
                    height=0.7,
                    color=colour,
                    linewidth=1,
                    edgecolor=sheet.theme.background,
                    gid=f"{source} {row.portfolio}",
                )
                if share >= 0.07:
                    dark, light = "#1A1A1A", "#FFFFFF"
                    ink = dark if contrast(dark, colour) > contrast(light, colour) else light
                    note(
                        ax,
                        whole_percent(share),
                        (start + share / 2, -k),
                        color=ink,
                        fontweight="bold",
                        fontsize=MIDDLE,
                    )
                start += share
        _sources(sheet, sources)
        name_rows(ax, [-k for k in range(len(rows))], names, styles)
        ax.set_ylim(-max(len(rows), 1) + 0.5, 0.55)
        ax.set_xlim(0, 1)
        percent_axis(ax, "x")
        ax.set_xlabel(f"share of the variance of {outcome}")
        finding = findings.largest_source(rows, outcome)
        sheet.headline(finding, made, title, subtitle)
        return ax


def _low_and_high(sheet: Paper) -> tuple[str, str]:
    """Return a faint and a strong shade that belong to no tier."""
    return blend(sheet.theme.muted, sheet.theme.background, 0.6), sheet.theme.muted


def _sources(sheet: Paper, sources: Sequence[str]) -> None:
    """Write the key to the shades above the bars."""
    from matplotlib.patches import Patch

    patches = [
        Patch(
            color=blend(sheet.theme.ink, sheet.theme.background, 0.15 + 0.8 * shade), label=source
        )
        for source, shade in zip(sources, SHADES, strict=False)
    ]
    sheet.ax.legend(
        handles=patches,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=min(3, len(sources) or 1),
        fontsize=SMALL,
        handlelength=1.0,
        columnspacing=1.0,
        handletextpad=0.4,
        borderaxespad=0.3,
    )
