"""Do published claims fit: where each lies in the simulated distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import findings
from .marks import MIDDLE, SMALL, hide, note
from .paper import WIDTH, paper, wrap
from .rows import AuditRow
from .theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL = 2.2
"""Inches that a claim may be wide before it goes on in another line."""

INSIDE = (0.05, 0.95)
"""Shares of worlds between which a claim fits the simulation."""


def plot_audit(
    rows: Sequence[AuditRow],
    ax: Axes | None = None,
    *,
    made: str = "",
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw a table of claims, each with its place among the simulated worlds.

    Parameters
    ----------
    rows : sequence of AuditRow
        From top to bottom.
    ax : Axes, optional
        Where to draw; a new figure by default.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    with paper(ax, theme, width=WIDTH, height=1.9 + 0.55 * max(len(rows), 1)) as sheet:
        ax, colours = sheet.ax, sheet.theme
        ax.axvspan(*INSIDE, color=colours.gain, alpha=0.12, linewidth=0, gid="inside")
        for k, row in enumerate(rows):
            fits = row.high >= INSIDE[0] and row.low <= INSIDE[1]
            colour = colours.text(colours.gain if fits else colours.loss)
            ax.axhline(-k - 0.5, color=colours.grid, linewidth=0.8)
            ax.plot([row.low, row.high], [-k, -k], color=colour, linewidth=4, gid=f"range {k}")
            ax.plot([row.low, row.high], [-k, -k], "o", color=colour, markersize=8, clip_on=False)
            # The claim stands at one side: what was simulated is written on the other.
            left = row.low + row.high < 1
            end, side = (row.high, 1) if left else (row.low, -1)
            note(ax, row.simulated, (end, -k), (9 * side, 0), ha="left" if left else "right")
        ax.set_yticks(
            [-k for k in range(len(rows))],
            labels=["\n".join([*wrap(row.claim, LABEL, SMALL), row.source]) for row in rows],
            fontsize=SMALL,
        )
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-max(len(rows), 1) + 0.5, 0.5)
        ax.set_xlim(-0.02, 1.02)
        ax.set_xticks([0.05, 0.5, 0.95], labels=["5 %", "50 %", "95 %"])
        hide(ax, "left")
        ax.set_xlabel("simulated worlds below the claim", fontsize=MIDDLE)
        finding = findings.audit(rows, INSIDE)
        how = "; ".join(filter(None, [made, "shaded: 90 % of worlds; green claims reach into it"]))
        sheet.headline(finding, how, title, subtitle)
        return ax
