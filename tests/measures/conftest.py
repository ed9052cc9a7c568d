"""Results of invented runs, with the variables and labels of the real ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from sim.measures.estimate import Estimate

Results = Callable[..., xr.Dataset]

LOG_SD = {
    "cost": 0.1,
    "revenue": 0.25,
    "impressions": 0.3,
    "reach": 0.25,
    "engagements": 0.3,
    "expected_orders": 0.25,
    "orders": 0.3,
    "earned_media_value": 0.3,
    "effective_creators": 0.2,
    "top_creator_share": 0.2,
}
MEDIAN = {
    "cost": 10_000.0,
    "revenue": 40_000.0,
    "impressions": 5e5,
    "reach": 2e5,
    "engagements": 2e4,
    "expected_orders": 600.0,
    "orders": 600.0,
    "earned_media_value": 3e4,
    "effective_creators": 40.0,
    "top_creator_share": 0.1,
}
SPREAD = {"micro": 1.0, "macro": 1.4}
LEVEL = {"micro": 1.0, "macro": 1.05}
CONTRIBUTION = 0.33


def lognormal_results(
    worlds: int, seed: int, *, groups: int = 0, shared: float = 0.5
) -> xr.Dataset:
    """Two portfolios with lognormal outcomes that share part of their luck.

    With groups, the shared part is drawn once per group, so that worlds of a group resemble each
    other as in two-level sampling.
    """
    random = np.random.default_rng(seed)
    names = list(SPREAD)
    common = random.normal(size=groups or worlds).repeat(worlds // groups if groups else 1)
    values: dict[str, np.ndarray] = {}
    for variable, log_sd in LOG_SD.items():
        own = random.normal(size=(len(names), worlds))
        score = shared * common + np.sqrt(1 - shared**2) * own
        spread = log_sd * np.array(list(SPREAD.values()))[:, np.newaxis]
        level = np.array(list(LEVEL.values()))[:, np.newaxis]
        values[variable] = MEDIAN[variable] * level * np.exp(spread * score)
    values["viral_posts"] = random.poisson(2.0, size=(len(names), worlds)).astype(float)
    values["assets"] = random.poisson(9.0, size=(len(names), worlds)).astype(float)
    values["tracked_revenue"] = 0.5 * values["revenue"]
    values["clicks"] = 3.0 * values["orders"]
    values["customer_value"] = 0.2 * values["revenue"]
    values["contribution"] = CONTRIBUTION * values["revenue"]
    values["profit"] = values["contribution"] - values["cost"]
    values["roi"] = values["profit"] / values["cost"]
    values["roas"] = values["revenue"] / values["cost"]
    values["tracked_roas"] = values["tracked_revenue"] / values["cost"]
    return labelled(names, values, groups=groups, sampling="two-level" if groups else "plain")


def labelled(
    names: list[str],
    values: dict[str, np.ndarray],
    *,
    groups: int = 0,
    sampling: str = "plain",
) -> xr.Dataset:
    """Put arrays (portfolio, sim) into a results Dataset."""
    ds = xr.Dataset(
        {name: (("portfolio", "sim"), array) for name, array in values.items()},
        coords={"portfolio": names},
        attrs={"groups": groups, "sampling": sampling},
    )
    ds["creators"] = ("portfolio", np.arange(1, len(names) + 1) * 10)
    return ds


def results_of(
    roi: dict[str, np.ndarray], *, groups: int = 0, sampling: str = "plain"
) -> xr.Dataset:
    """Build a run from its ROI alone: cost 1,000 USD, everything else in proportion."""
    names = list(roi)
    table = np.array([roi[name] for name in names], dtype=float)
    cost = np.full(table.shape, 1000.0)
    values = {
        "roi": table,
        "cost": cost,
        "profit": table * cost,
        "contribution": (table + 1) * cost,
        "revenue": 3 * (table + 1) * cost,
        "tracked_revenue": (table + 1) * cost,
        "roas": 3 * (table + 1),
        "tracked_roas": table + 1,
    }
    for variable in (
        "impressions",
        "reach",
        "engagements",
        "expected_orders",
        "orders",
        "earned_media_value",
        "effective_creators",
        "top_creator_share",
        "viral_posts",
        "assets",
    ):
        values[variable] = np.full(table.shape, 10.0)
    return labelled(names, values, groups=groups, sampling=sampling)


def jackknife_influence(function: Callable[..., Estimate], *arrays: np.ndarray) -> np.ndarray:
    """Influence of each world by leaving it out and by doubling it: the slow way.

    The two one-sided differences, (n - 1)(T - T without) and (n + 1)(T doubled - T), err by 1 / n
    in opposite directions (infinitesimal jackknife: Jaeckel 1972).
    """
    n = arrays[0].size
    whole = float(function(*arrays).value)
    without = [float(function(*(np.delete(x, i) for x in arrays)).value) for i in range(n)]
    doubled = [float(function(*(np.append(x, x[i]) for x in arrays)).value) for i in range(n)]
    return ((n - 1) * (whole - np.array(without)) + (n + 1) * (np.array(doubled) - whole)) / 2


@pytest.fixture(scope="session")
def lognormal() -> Results:
    """Builder of a run with lognormal outcomes: `lognormal(worlds, seed, groups=0)`."""
    return lognormal_results


@pytest.fixture(scope="session")
def run_of() -> Results:
    """Builder of a run from the ROI of each portfolio: `run_of({"micro": [...], ...})`."""
    return results_of


@pytest.fixture(scope="session")
def jackknife() -> Callable[..., np.ndarray]:
    """Slow influence function of a measure: `jackknife(function, x, ...)`."""
    return jackknife_influence
