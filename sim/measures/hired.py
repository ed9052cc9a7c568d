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
    """

    budget: float
    median: int
    p05: int
    p95: int
    left_over: float
    nobody: float
    all_lost: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return asdict(self)


def hired(ds: xr.Dataset) -> dict[str, Hired]:
    """Return whom each budget hires, by portfolio; empty without a budget that is a cap.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run; ``budgets_json`` among its attributes says which portfolios have one.
    """
    budgets = json.loads(ds.attrs.get("budgets_json", "{}"))
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
        result[name] = Hired(
            float(budget),
            int(middle),
            int(low),
            int(high),
            float(budget - fixed - of["committed"].mean()),
            float(1.0 - some.mean()),
            float((some & (of["contribution"] <= 0.0)).mean()),
        )
    return result


def hiring_sentence(told: Mapping[str, Hired], portfolios: Sequence[str]) -> str:
    """Return in words whom budgets hire, of the portfolios given; empty where none has one."""
    parts, rare = [], []
    for name in portfolios:
        if name not in told:
            continue
        it = told[name]
        most = counted(it.p05) if it.p05 == it.p95 else f"{counted(it.p05)} to {counted(it.p95)}"
        parts.append(
            f"{name} {counted(it.median, 'creator')} ({most} in 90 % of worlds, "
            f"{money(it.left_over)} of {money(it.budget)} left over on average)"
        )
        if it.nobody:
            rare.append(f"{name} hires nobody in {percent(it.nobody)} of worlds")
        if it.all_lost:
            rare.append(f"{name} loses all that it spends in {percent(it.all_lost)} of worlds")
    if not parts:
        return ""
    return f"Hired within the budget: {'; '.join(parts)}." + "".join(
        f" {sentence[0].upper()}{sentence[1:]}." for sentence in ["; ".join(rare)] if sentence
    )
