"""Whom a budget hires: how many in most worlds, what stays unspent, how often all of it is lost.

Where a budget is a cap, hiring ends in each world with the first creator whose quote does not fit,
so the number hired is a distribution like any other figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import listed
from ..text.numbers import counted, money, percent

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Hired:
    """What a budget that is a cap came to, over the worlds of a run.

    Attributes
    ----------
    budget : float
        USD, the fixed cost of the programme included.
    median, p05, p95 : int
        Creators hired: in the middle world, and between which nine worlds in ten lie.
    left_over : float
        USD that nobody was hired for, mean over the worlds.
    nobody : float
        Share of worlds in which no creator fits.
    all_lost : float
        Share of worlds that bring nothing: all that was spent is lost.
    stages : tuple of int
        Of a programme, creators in each stage: in the middle world of each. Empty without stages.
    broken_off : float
        Share of worlds in which somebody is hired, and the last stage has nobody.
    """

    budget: float
    median: int
    p05: int
    p95: int
    left_over: float
    nobody: float
    all_lost: float
    stages: tuple[int, ...] = ()
    broken_off: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return asdict(self)


def hired(ds: xr.Dataset) -> dict[str, Hired]:
    """Return whom each budget hires, by portfolio; empty without a budget that is a cap.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run; ``budgets_json`` among its attributes says which portfolios have one, and
        ``stages_json`` which lines make a stage.
    """
    budgets = json.loads(ds.attrs.get("budgets_json", "{}"))
    stages = json.loads(ds.attrs.get("stages_json", "{}"))
    names = [str(name) for name in ds["portfolio"].values.tolist()]
    result = {}
    for name, (budget, fixed) in budgets.items():
        row = names.index(name)
        of = {
            key: np.asarray(ds[key].transpose("portfolio", "sim").values[row])
            for key in ("hired", "committed", "contribution")
        }
        low, middle, high = np.quantile(of["hired"], (0.05, 0.5, 0.95), method="inverted_cdf")
        some = of["hired"] > 0
        there = _in_stages(ds, stages.get(name, ()))
        result[name] = Hired(
            float(budget),
            int(middle),
            int(low),
            int(high),
            float(budget - fixed - of["committed"].mean()),
            float(1.0 - some.mean()),
            float((some & (of["contribution"] <= 0.0)).mean()),
            tuple(int(np.quantile(row, 0.5, method="inverted_cdf")) for row in there),
            float((some & (there[-1] == 0)).mean()) if there else 0.0,
        )
    return result


def _in_stages(ds: xr.Dataset, stages: Sequence[Sequence[str]]) -> list[Any]:
    """Return how many creators take part in each stage, shape (worlds,) each."""
    if not stages or "cost_quantity" not in ds:
        return []
    # What is shipped is counted in creators.
    shipped = ds["cost_quantity"].sel(component="shipping")
    return [shipped.sel(line=list(lines)).sum("line").values for lines in stages]


def hiring_sentence(told: Mapping[str, Hired], portfolios: Sequence[str]) -> str:
    """Return in words whom budgets hire, of the portfolios given; empty where none has one."""
    parts, rare = [], []
    for name in portfolios:
        if name not in told:
            continue
        it = told[name]
        most = counted(it.p05) if it.p05 == it.p95 else f"{counted(it.p05)} to {counted(it.p95)}"
        stages = f"; in stages {listed([counted(n) for n in it.stages])}" if it.stages else ""
        parts.append(
            f"{name} {counted(it.median, 'creator')} ({most} in 90 % of worlds, "
            f"{money(it.left_over)} of {money(it.budget)} left over on average{stages})"
        )
        if it.nobody:
            rare.append(f"{name} hires nobody in {percent(it.nobody)} of worlds")
        if it.broken_off:
            share = percent(it.broken_off)
            rare.append(f"{name} has nobody left for its last stage in {share} of worlds")
        if it.all_lost:
            rare.append(f"{name} loses all that it spends in {percent(it.all_lost)} of worlds")
    if not parts:
        return ""
    return f"Hired within the budget: {'; '.join(parts)}." + "".join(
        f" {sentence[0].upper()}{sentence[1:]}." for sentence in ["; ".join(rare)] if sentence
    )
