"""Which mix: what each brings and risks, and what each hires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..text.currency import currency
from ..text.names import abridged
from ..text.numbers import labelled, tick
from ..text.verdicts import TOLD_APART
from .colours import blend
from .marks import SMALL, note, percent_axis
from .numbers import spread_apart
from .paper import Paper, paper
from .theme import Theme, looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class MixPoint:
    """A mix, or a line alone.

    Attributes
    ----------
    name : str
        What stands beside it.
    mean, risk : float
        Mean profit, USD; mean profit of the worst 5 % of worlds, USD, or probability of loss.
    mean_se, risk_se : float
        Their standard errors; 0 where there is none.
    tier : str
        Of a line alone, for its colour.
    """

    name: str
    mean: float
    risk: float
    mean_se: float = 0.0
    risk_se: float = 0.0
    tier: str = ""


def plot_mixes(
    mixes: Sequence[MixPoint],
    alone: Sequence[MixPoint] = (),
    ax: Axes | None = None,
    *,
    risk: str = "",
    percents: bool = False,
    made: str = "",
    theme: Theme | None = None,
    title: str = "",
    subtitle: str | None = None,
) -> Axes:
    """Draw mixes by risk and mean profit, joined by a line, and every line of creators alone.

    Parameters
    ----------
    mixes : sequence of MixPoint
        Efficient mixes, in any order; numbered in the order given.
    alone : sequence of MixPoint
        Lines that take all the money.
    ax : Axes, optional
        Where to draw; a new figure by default.
    risk : str
        The axis of risk; by default the mean profit of the worst 5 % of worlds.
    percents : bool
        Whether risk is a probability, of which less is better.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    line = sorted(mixes, key=lambda point: point.risk)
    with paper(ax, theme, height=4.8) as sheet:
        ax = sheet.ax
        ax.grid()
        _lines_alone(sheet, alone)
        for point in line:
            _cross(sheet, point, sheet.theme.ink)
        ax.plot([p.risk for p in line], [p.mean for p in line], color=sheet.theme.ink,
                marker="o", markersize=6, gid="mixes")  # fmt: skip
        best = max(line, key=lambda p: p.mean)
        note(ax, "mixes", (best.risk, best.mean), (0, 9), va="bottom", fontweight="bold")
        ax.margins(0.12, 0.12)
        if percents:
            percent_axis(ax, "x")
            ax.invert_xaxis()
        else:
            ax.xaxis.set_major_formatter(lambda value, _: tick(value, currency()))
        ax.yaxis.set_major_formatter(lambda value, _: tick(value, currency()))
        ax.locator_params(axis="x", nbins=6)
        worst = f"mean profit of the worst 5 % of worlds, {currency()}"
        ax.set_xlabel(f"{risk or worst} (right: safer)")
        ax.set_ylabel(labelled("mean profit", currency()))
        how = "; ".join(filter(None, [made, "bars: two standard errors"]))
        sheet.headline(title, how, subtitle=subtitle)
        return ax


def plot_holdings(
    holdings: Mapping[str, Mapping[str, float]],
    ax: Axes | None = None,
    *,
    notes: Mapping[str, str] | None = None,
    made: str = "",
    theme: Theme | None = None,
    title: str = "",
    subtitle: str | None = None,
) -> Axes:
    """Draw what each mix spends on each line, USD committed.

    Parameters
    ----------
    holdings : mapping of str to mapping of str to float
        USD by mix and line; a line's name begins with its tier.
    ax : Axes, optional
        Where to draw; a new figure by default.
    notes : mapping of str to str, optional
        What stands behind each bar, by mix.
    made : str
        How the numbers were made.
    theme, title, subtitle
        See `plot_roi`.
    """
    lines = list(dict.fromkeys(line for held in holdings.values() for line in held))
    with paper(ax, theme, height=2.3 + 0.42 * max(len(holdings), 2)) as sheet:
        ax, styles = sheet.ax, looks({line: _tier(line) for line in lines}, sheet.theme)
        longest = max(sum(held.values()) for held in holdings.values())
        for k, (name, held) in enumerate(holdings.items()):
            start = 0.0
            for line, amount in held.items():
                ax.barh(-k, amount, left=start, height=0.66, color=styles[line].colour,
                        edgecolor=sheet.theme.background, linewidth=1.0,
                        label=line if line not in ax.get_legend_handles_labels()[1] else None,
                        gid=f"{line} of {name}")  # fmt: skip
                start += amount
            note(ax, (notes or {}).get(name, ""), (start, -k), (6, 0), ha="left")
        ax.set_yticks([-k for k in range(len(holdings))], labels=list(holdings))
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-len(holdings) + 0.45, 0.6)
        ax.set_xlim(0.0, 1.45 * longest)
        ax.xaxis.set_major_formatter(lambda value, _: tick(value, currency()))
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(f"{currency()} committed")
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=SMALL,
                  handlelength=1.0, columnspacing=1.0, handletextpad=0.4)  # fmt: skip
        sheet.headline(title, made, subtitle=subtitle)
        return ax


def _lines_alone(sheet: Paper, alone: Sequence[MixPoint]) -> None:
    styles = looks({point.name: point.tier for point in alone}, sheet.theme)
    named = sorted(alone, key=lambda point: -point.mean)[:5]
    ends = [point.mean for point in alone] or [0.0, 1.0]
    span = max(ends) - min(ends)
    places = spread_apart([p.mean for p in named], 0.07 * span, min(ends), max(ends))
    for point in alone:
        look = styles[point.name]
        colour = look.colour if point in named else blend(look.colour, sheet.theme.background, 0.45)
        _cross(sheet, point, colour)
        sheet.ax.plot([point.risk], [point.mean], "o", color=colour, markersize=8,
                      gid=f"alone {point.name}")  # fmt: skip
    for point, place in zip(named, places, strict=True):
        note(sheet.ax, abridged(f"all {point.name}", lines=1, letters=24), (point.risk, float(place)),
             (-9, 0), ha="right", color=styles[point.name].text)  # fmt: skip


def _cross(sheet: Paper, point: MixPoint, colour: str) -> None:
    ax, wide = sheet.ax, TOLD_APART
    ax.plot([point.risk - wide * point.risk_se, point.risk + wide * point.risk_se],
            [point.mean] * 2, color=colour, linewidth=1.0)  # fmt: skip
    ax.plot([point.risk] * 2,
            [point.mean - wide * point.mean_se, point.mean + wide * point.mean_se],
            color=colour, linewidth=1.0)  # fmt: skip


def _tier(line: str) -> str:
    return line.partition("-")[0]
