"""Measures of two runs, subtracted with the error that the worlds they share leave.

Draws are keyed by what they describe and by the world, so two plain runs of one seed share the luck
of their first worlds. A difference of measures is then paired: with influences I of the n worlds of
one run and J of the m of the other, its error is that of I/n - J/m summed over the worlds, worlds
beyond the shorter run counting once. Other runs are independent, and variances add.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..measures import Estimate, Measured
from ..measures.worlds import portfolio_names
from ..questions.common import as_measured, estimate_of, gap_estimate, unit_of
from .answer import Moved

if TYPE_CHECKING:
    import xarray as xr

#: What is compared of each portfolio, and of the pair.
OF_PORTFOLIO = (
    "roi_median", "roi_mean", "roi_p05", "roi_es05", "loss_probability", "profit_median",
    "cost_mean",
)  # fmt: skip
OF_PAIR = ("a_beats_b", "roi_difference_median", "both_lose")


def share_worlds(old: xr.Dataset, new: xr.Dataset) -> bool:
    """Whether world w of one run is world w of the other."""
    if old.attrs["seed"] != new.attrs["seed"] or old.attrs["version"] != new.attrs["version"]:
        return False
    plain = {old.attrs.get("sampling"), new.attrs.get("sampling")} == {"plain"}
    alike = all(
        old.attrs.get(key) == new.attrs.get(key)
        for key in ("worlds", "sampling", "groups", "replicates")
    )
    return plain or alike


def moved_measures(old: xr.Dataset, new: xr.Dataset, shared: bool) -> Iterator[Moved]:
    """Yield the measures of the pair, then those of each portfolio that both runs have.

    Parameters
    ----------
    old, new
        Results of the first and the second run.
    shared
        Whether they share worlds.
    """
    both = [name for name in portfolio_names(old) if name in portfolio_names(new)]
    pair = _pair(new, both) or _pair(old, both)
    if pair is not None:
        a, b = pair
        for name in OF_PAIR:
            sides = [gap_estimate(dataset, a, b, name) for dataset in (old, new)]
            same = all(_identical(old, new, side) for side in pair)
            yield _one(f"{a} against {b}", name, sides, (old, new), shared, same)
    for portfolio in both:
        same = _identical(old, new, portfolio)
        for name in OF_PORTFOLIO:
            sides = [estimate_of(dataset, portfolio, name) for dataset in (old, new)]
            yield _one(portfolio, name, sides, (old, new), shared, same)


def _pair(dataset: xr.Dataset, both: list[str]) -> tuple[str, str] | None:
    """Return the pair of the decision, else the first two portfolios that both runs have."""
    asked = json.loads(dataset.attrs.get("decision_json", "[]"))
    if len(asked) == 2 and all(name in both for name in asked):
        return asked[0], asked[1]
    return (both[0], both[1]) if len(both) > 1 and not asked else None


def _identical(old: xr.Dataset, new: xr.Dataset, portfolio: str) -> bool:
    """Whether nothing that is measured of a portfolio changed in any world."""
    if old.sizes["sim"] != new.sizes["sim"]:
        return False
    return all(
        np.array_equal(
            old[name].sel(portfolio=portfolio).values,
            new[name].sel(portfolio=portfolio).values,
            equal_nan=True,
        )
        for name in ("cost", "profit")
    )


def _one(
    of: str,
    name: str,
    sides: list[Estimate],
    datasets: tuple[xr.Dataset, xr.Dataset],
    shared: bool,
    same: bool,
) -> Moved:
    unit = unit_of(name)
    was, is_now = (
        as_measured(side, unit, dataset) for side, dataset in zip(sides, datasets, strict=True)
    )
    if same and was.value is not None:
        difference = Measured(0.0, 0.0, unit)
    elif shared and not _never_seen(*sides):
        worlds = max(side.worlds for side in sides)
        long = [_stretched(side, worlds) for side in sides]
        difference = as_measured(long[1] - long[0], unit, datasets[1])
    else:
        difference = _independent(was, is_now)
    return Moved(of, name, was, is_now, difference)


def _never_seen(old: Estimate, new: Estimate) -> bool:
    """Whether both are shares of 0 or 1 without influence: paired, they would seem exact."""
    return not (np.any(old.influence) or np.any(new.influence))


def _stretched(estimate: Estimate, worlds: int) -> Estimate:
    """Return an estimate on an axis of more worlds: those have no influence, its value stays."""
    influence = np.zeros(worlds)
    influence[: estimate.worlds] = estimate.influence * (worlds / estimate.worlds)
    return replace(estimate, influence=influence)


def _independent(old: Measured, new: Measured) -> Measured:
    if old.value is None or new.value is None:
        return Measured(None, None, new.unit, old.reason or new.reason)
    value = new.value - old.value
    if old.se is None or new.se is None:
        return Measured(value, None, new.unit, old.reason or new.reason)
    return Measured(value, math.hypot(old.se, new.se), new.unit)
