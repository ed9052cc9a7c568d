"""From being seen to being bought: impressions, engagements, orders by portfolio or by tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..measures.estimate import LIGHT, Tail
from ..measures.evaluate import Measured, evaluate
from ..measures.functions import ratio_of_means
from ..measures.table import Measure
from ..measures.worlds import PortfolioWorlds, Worlds
from ..run.dataset import line_costs
from ..text.currency import currency
from ..text.names import abridged
from ..text.numbers import counted, percent, plain
from . import titles
from .marks import MIDDLE, SMALL, hide, note
from .numbers import FloatArray
from .paper import Paper, paper
from .run import Run, as_run, in_its_currency, portfolio_tiers
from .theme import Look, Theme, looks

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

STAGES = ("impressions", "engagements", "orders")
PER = 1000.0
"""USD of cost for which the stages are counted."""

MOST = 5
"""Portfolios that have bars of their own; of more, and of one alone, the tiers have."""

_ROOM, _USUAL, _LETTER = 1.85, 6, 0.035
"""Axis in longest bars, for names of so many letters; what a further letter takes."""

ROW = 0.82
"""Height of a bar, where the next one is 1 further down; stages are 1.3 apart."""


@dataclass(frozen=True)
class Funnel:
    """What a portfolio or a tier brings, each a ratio of means over the worlds.

    Attributes
    ----------
    name : str
        Of the portfolio or tier.
    tier : str
        Of the creators, or ``mixed``.
    stages : mapping of str to Measured
        Impressions, engagements and orders per 1,000 USD of cost.
    steps : mapping of str to Measured
        ``engagements`` per impression, ``orders`` per engagement.
    """

    name: str
    tier: str
    stages: Mapping[str, Measured]
    steps: Mapping[str, Measured]


class TierWorlds(Worlds):
    """Impressions, engagements, orders and cost of all lines of one tier."""

    def __init__(self, ds: xr.Dataset, tier: str) -> None:
        super().__init__(ds)
        self._ds = ds
        self._rows = np.asarray(ds["line_tier"].values == tier)

    def read(self, name: str) -> FloatArray:
        """Values summed over the lines, shape (n,)."""
        if name == "cost":
            return np.asarray(line_costs(self._ds, self._rows).sum(axis=0))
        lines = self._ds[f"line_{name}"].transpose("line", "sim").values[self._rows]
        return np.asarray(lines.sum(axis=0))

    def tail(self, name: str) -> Tail:
        """Return what the laws say of the portfolios that hire from the tier."""
        result = LIGHT
        for portfolio in set(self._ds["line_portfolio"].values[self._rows].tolist()):
            result &= PortfolioWorlds(self._ds, portfolio).tail(name)
        return result


def funnels(ds: xr.Dataset) -> list[Funnel]:
    """Return the funnel of every portfolio of a run; of one or of many, of every tier.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run.
    """
    tiers_of = portfolio_tiers(ds)
    if 1 < len(tiers_of) <= MOST:
        return [_funnel(name, tier, PortfolioWorlds(ds, name)) for name, tier in tiers_of.items()]
    tiers = dict.fromkeys(str(tier) for tier in ds["line_tier"].values.tolist())
    return [_funnel(tier, tier, TierWorlds(ds, tier)) for tier in tiers]


def _funnel(name: str, tier: str, worlds: Worlds) -> Funnel:
    def ratio(over: str, under: str, unit: str, scale: float) -> Measured:
        what = f"mean {over} / mean {under}"
        row = Measure(what, unit, what, ratio_of_means, (over, under), {"scale": scale})
        return evaluate(row, worlds, {})

    return Funnel(
        name,
        tier,
        {stage: ratio(stage, "cost", f"{stage} per 1,000 {currency()}", PER) for stage in STAGES},
        {after: ratio(after, before, "fraction", 1.0) for before, after in pairwise(STAGES)},
    )


@in_its_currency
def plot_funnel(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw what each portfolio brings for 1,000 USD: impressions, engagements, orders.

    A run of one portfolio, or of more than five, is drawn by tier. Each stage has its own scale, up
    to that of who brings most of it; the rate from one stage to
    the next stands beside the bar.

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
    shown = funnels(run.ds)
    with paper(ax, theme, height=1.75 + 0.33 * len(STAGES) * (len(shown) + 1)) as sheet:
        ax, y = sheet.ax, 0.0
        styles = looks({funnel.name: funnel.tier for funnel in shown}, sheet.theme)
        for stage in STAGES:
            most = max((funnel.stages[stage].value or 0.0 for funnel in shown), default=0.0)
            note(ax, stage, (0, y), (0, -2), ha="left", fontweight="bold", fontsize=12)
            for funnel in shown:
                y -= 1
                _bar(sheet, funnel, stage, y, most=most, look=styles[funnel.name])
            y -= 1.3
        longest = max(len(abridged(funnel.name, lines=1)) for funnel in shown)
        ax.set_xlim(0, _ROOM + _LETTER * max(longest - _USUAL, 0))
        ax.set_ylim(y + 0.7, 0.7)
        ax.set_xticks([])
        ax.set_yticks([])
        hide(ax, "left", "bottom")
        finding = titles.most_of("orders", {f.name: f.stages["orders"] for f in shown})
        made = (
            f"per 1,000 {currency()} of cost; ratios of means over {counted(run.worlds, 'world')}; "
            "each stage has its own scale"
        )
        sheet.headline(finding, made, title, subtitle)
        return ax


def _bar(sheet: Paper, funnel: Funnel, stage: str, y: float, *, most: float, look: Look) -> None:
    entry = funnel.stages[stage]
    length = (entry.value or 0.0) / most if most else 0.0
    ax = sheet.ax
    ax.barh(y, length, height=ROW, color=look.colour, gid=f"bar {stage} {funnel.name}")
    text = f"{plain(entry.value, entry.se)} {abridged(funnel.name, lines=1)}"
    drawn = note(
        ax,
        text,
        (length, y),
        (6, 0),
        ha="left",
        color=look.text,
        fontweight="bold",
        fontsize=MIDDLE,
    )
    if stage in funnel.steps:
        rate = funnel.steps[stage]
        before = STAGES[STAGES.index(stage) - 1].removesuffix("s")
        ax.annotate(
            f"{percent(rate.value, rate.se)} per {before}",
            (1, 0.5),
            xycoords=drawn,
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            ha="left",
            fontsize=SMALL,
            color=sheet.theme.muted,
        )
