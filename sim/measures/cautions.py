"""What the numbers themselves say against trusting them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from ..text.currency import currency
from ..text.names import few
from ..text.numbers import counted, fixed, percent, setting
from .summary import Summary
from .table import MEASURES

if TYPE_CHECKING:
    import xarray as xr

_MANY = 6
"""Portfolios beyond which what is alike is told once."""

TAIL = 0.05
FEWEST_TAIL_WORLDS = 50
"""Below this the mean of a 5 % tail rests on too little (its error is above a tenth of its sd)."""

FEWEST_WORLDS_FOR_SHAPE = 25
"""Below this no tail has the five worlds that a Pareto fit needs."""

FEWEST_GROUPS = 10
"""Below this a standard error from group means is itself uncertain by a quarter or more."""


def number_warnings(ds: xr.Dataset, summary: Summary) -> list[str]:
    """Warn of heavy tails, worlds left out, and too few worlds or groups.

    Parameters
    ----------
    ds : xarray.Dataset
        The run; `attrs["groups"]` is read.
    summary : Summary
        Its measures.
    """
    return [
        *_too_few(summary.worlds, int(ds.attrs.get("groups", 0))),
        *_left_out(summary),
        *_heavy_tails(summary),
        *_overrun(ds, summary),
        *_overspent(ds),
    ]


#: A mean cost beyond this share of the budget is told.
_OVERRUN = 1.05


def _overrun(ds: xr.Dataset, summary: Summary) -> list[str]:
    """Name budgets that what is paid by results takes the cost beyond."""
    portfolios = tomllib.loads(str(ds.attrs.get("experiment_toml", ""))).get("portfolio", {})
    over = []
    for name in summary.portfolios:
        budget = portfolios.get(name, {}).get("budget")
        entry = summary[name].get("cost_mean")
        if budget and entry and entry.value is not None and entry.value > _OVERRUN * budget:
            over.append(f"{name} ({fixed(entry.value, 0)} of {fixed(budget, 0)} {currency()})")
    if not over:
        return []
    what = "commission, bonus and pay by results come on top of what a budget commits"
    return [f"mean cost above budget: {', '.join(over)}; {what}"]


def _overspent(ds: xr.Dataset) -> list[str]:
    """Say how often what a planned budget hires asks for more than the budget."""
    tables = tomllib.loads(str(ds.attrs.get("experiment_toml", "")))
    fixed_cost, over = tables.get("costs", {}).get("fixed", 0.0), []
    for name, portfolio in tables.get("portfolio", {}).items():
        if (
            portfolio.get("hiring") != "planned"
            or "budget" not in portfolio
            or "committed" not in ds
        ):
            continue
        spent = (ds["committed"].sel(portfolio=name).values + fixed_cost) / portfolio["budget"]
        if (spent > 1.0).any():
            often, most = percent(float((spent > 1.0).mean())), setting(float(spent.max()), 2)
            over.append(f"{name} in {often} of worlds, up to {most} times")
    if not over:
        return []
    return [f"planned by expected cost, more is committed than the budget: {'; '.join(over)}"]


def _too_few(worlds: int, groups: int) -> list[str]:
    warnings = []
    if worlds * TAIL < FEWEST_TAIL_WORLDS:
        warnings.append(
            f"the worst and best 5 % rest on {setting(worlds * TAIL, 3)} of {counted(worlds, 'world')}: "
            f"run {fixed(FEWEST_TAIL_WORLDS / TAIL, 0)} or more to read them"
        )
    if worlds < FEWEST_WORLDS_FOR_SHAPE:
        warnings.append(
            f"{worlds} worlds are too few to see a heavy tail: standard errors may be too small"
        )
    if 0 < groups < FEWEST_GROUPS:
        warnings.append(
            f"standard errors rest on {groups} independent groups of worlds: "
            f"they are rough below {FEWEST_GROUPS}"
        )
    return warnings


def _left_out(summary: Summary) -> list[str]:
    """Warn of worlds left out: portfolio by portfolio, of many in one sentence."""
    rows = [
        (portfolio, variables, count)
        for portfolio in summary.portfolios
        for variables, count in _undefined(summary, portfolio)
    ]
    worlds, most = counted(summary.worlds, "world"), ""
    if len(summary.portfolios) > _MANY:
        most = "at most "
        alike: dict[str, dict[str, int]] = {}
        for portfolio, variables, count in rows:
            alike.setdefault(variables, {})[portfolio] = count
        rows = [(few(list(n)), variables, max(n.values())) for variables, n in alike.items()]
    return [
        f"{who}: {variables} undefined (zero denominator) in {most}"
        f"{counted(count)} of {worlds}, which are left out"
        for who, variables, count in rows
    ]


def _undefined(summary: Summary, portfolio: str) -> list[tuple[str, int]]:
    """Return variables that are undefined in some worlds, and in how many."""
    by_count: dict[int, list[str]] = {}
    for name, entry in summary[portfolio].items():
        if entry.left_out:
            variables = by_count.setdefault(entry.left_out, [])
            variables += [v for v in MEASURES[name].variables if v not in variables]
    return [(" and ".join(variables), count) for count, variables in by_count.items()]


def _heavy_tails(summary: Summary) -> list[str]:
    """Warn once for all portfolios that lack the errors of the same measures."""
    alike: dict[tuple[str, ...], dict[str, str]] = {}
    for portfolio in summary.portfolios:
        heavy = {
            name: (entry.reason or "").partition("(")[2].partition(")")[0]
            for name, entry in summary[portfolio].items()
            if entry.heavy_tailed
        }
        if heavy:
            alike.setdefault(tuple(heavy), {})[portfolio] = max(heavy.values())
    return [
        f"{few(list(tails))}: heavy tail ({max(tails.values())}), so no standard error for "
        f"{', '.join(measures)}: read medians and quantiles"
        for measures, tails in alike.items()
    ]
