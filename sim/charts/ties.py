"""Where two portfolios tie along one input, or one reaches a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..text.names import abridged
from ..text.numbers import FRACTION, tick
from ..text.verdicts import TOLD_APART
from .marks import MIDDLE, note, number_axis
from .numbers import FloatArray, spread_apart
from .paper import paper
from .sweeps import spread_axis
from .theme import Theme, looks, tiers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Letters of a line of a name beside its curve.
_LETTERS = 14
#: Share of an axis that a short word takes.
_WORD = 0.1


@dataclass(frozen=True)
class Level:
    """A measure along an input; both arrays have shape (points,).

    Attributes
    ----------
    value, se : ndarray
        The measure and its standard error, NaN where there is none.
    """

    value: FloatArray
    se: FloatArray


@dataclass(frozen=True)
class TieMark:
    """A value of the input at which the portfolios tie.

    Attributes
    ----------
    value : float
        The value.
    low, high : float or None
        Its 95 % interval from Monte Carlo error.
    """

    value: float
    low: float | None = None
    high: float | None = None


def plot_tie(
    x: npt.ArrayLike,
    lines: Mapping[str, Level],
    ties: Sequence[TieMark],
    ax: Axes | None = None,
    *,
    label: str,
    outcome: str,
    title: str,
    unit: str = FRACTION,
    signed: bool = True,
    base: float | None = None,
    level: float | None = None,
    wins: bool = False,
    doubt: tuple[float | None, float | None] | None = None,
    made: str = "",
    tiers: Mapping[str, str] | None = None,
    theme: Theme | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw the measure that two portfolios tie on, and the values at which they do.

    Parameters
    ----------
    x : array_like, shape (points,)
        Values of the input, increasing.
    lines : mapping of str to Level
        By portfolio; a single line is compared with `level`.
    ties : sequence of TieMark
        None where the portfolios do not tie.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label, outcome : str
        The input with its unit, and what is measured.
    title : str
        The finding.
    unit, signed
        Unit of the outcome, and whether gains have a plus.
    base : float, optional
        Value of the input in the experiment.
    level : float, optional
        Value of the outcome that means a tie, such as one half.
    wins : bool
        Whether the outcome is a share of worlds won.
    doubt : tuple of float or None, optional
        Ends of the range in which the tie lies as beliefs go; an end that is None is open.
    made : str
        How the numbers were made.
    tiers, theme, subtitle
        See `plot_roi`.
    """
    x = np.asarray(x, dtype=np.float64)
    with paper(ax, theme) as sheet:
        ax, styles = sheet.ax, looks(tiers_of(list(lines), tiers), sheet.theme)
        ax.grid()
        ax.margins(x=0)
        spread_axis(ax, x)
        for name, line in lines.items():
            error = TOLD_APART * line.se
            colour = styles[name].colour
            ax.fill_between(
                x, line.value - error, line.value + error, color=colour, alpha=0.25, linewidth=0
            )
            ax.plot(x, line.value, color=colour, gid=f"line {name}")
        if level is not None:
            ax.axhline(level, color=sheet.theme.muted, linewidth=1.2, gid="level")
        ax.set_ylim(ax.get_ylim())
        low, high = ax.get_ylim()
        if doubt is not None:
            ends = (x[0] if doubt[0] is None else doubt[0], x[-1] if doubt[1] is None else doubt[1])
            ax.axvspan(*ends, color=sheet.theme.muted, alpha=0.14, linewidth=0, gid="beliefs")
        for tie in ties:
            if tie.low is not None and tie.high is not None:
                ax.axvspan(tie.low, tie.high, color=sheet.theme.ink, alpha=0.15, linewidth=0)
            ax.axvline(tie.value, color=sheet.theme.ink, linewidth=1.6, gid="tie")
        if base is not None and x[0] <= base <= x[-1]:
            ax.axvline(base, color=sheet.theme.muted, linewidth=1.2, linestyle=":", gid="base")
            left = _crowded(ax, base, [tie.value for tie in ties])
            place, side = ((-4, -8), "right") if left else ((4, -8), "left")
            note(ax, "now", (base, high), place, ha=side, color=sheet.theme.muted)
        wanted = [float(line.value[-1]) for line in lines.values()]
        for name, place in zip(
            lines, spread_apart(wanted, 0.08 * (high - low), low, high), strict=True
        ):
            note(
                ax,
                abridged(f"{name} wins" if wins else name, letters=_LETTERS),
                (float(x[-1]), float(place)),
                (6, 0),
                ha="left",
                color=styles[name].text,
                fontweight="bold",
                fontsize=MIDDLE,
            )
        ax.yaxis.set_major_formatter(lambda value, _: tick(value, unit, signed=signed))
        if ax.get_xscale() == "linear":
            number_axis(ax, "x")
        ax.set_xlabel(label)
        ax.set_ylabel(outcome)
        notes = [made, "bands: ± 2 standard errors"]
        if ties:
            notes.append("upright line: tie with its 95 % interval")
        if doubt is not None:
            notes.append("wide band: nine in ten draws of the beliefs")
        how = "; ".join(filter(None, notes))
        sheet.headline(title, how, subtitle=subtitle)
        return ax


def _crowded(ax: Axes, base: float, ties: Sequence[float]) -> bool:
    """Say whether a tie stands where a word to the right of a value would."""
    ends = ax.transAxes.inverted()
    here, *places = (ends.transform(ax.transData.transform((x, 0.0)))[0] for x in (base, *ties))
    return any(0.0 < place - here < _WORD for place in places)
