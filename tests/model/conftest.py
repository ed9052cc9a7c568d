"""Small experiments with every figure stated, so that a change of the presets changes no test."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import sim
from sim.experiment.load import presets

Array = npt.NDArray[np.float64]
Make = Callable[..., sim.Experiment]

#: A tier where nothing varies: each test lets vary what it is about.
STILL: dict[str, Any] = {
    "follower_range": [1, 1e9],
    "followers": 20_000,
    "authentic_share": 1.0,
    "reach_rate": 0.2,
    "reach_basis": "authentic_followers",
    "engagement_rate": 0.02,
    "engagement_basis": "followers",
    "conversion_rate": 0.05,
    "fit": 1.0,
    "fee": 100.0,
    "management_hours": 2.0,
    "delivery_rate": 1.0,
    "post_luck": 1.0,
    "amplification": {},
    "amplified_engagement": 0.5,
    "amplified_conversion": 0.4,
    "followers_engagement_correlation": 0.0,
    "engagement_reach_correlation": 0.0,
    "amplification_engagement_correlation": 0.0,
    "fee_elasticity": 0.0,
}
BASE: dict[str, Any] = {
    "simulation": {"worlds": 20_000, "seed": 1},
    "economics": {
        "order_value": 50.0,
        "order_value_cv": 0.5,
        "gross_margin": 0.7,
        "return_rate": 0.1,
        "incremental_share": 0.8,
        "tracked_share": 0.6,
        "repeat_value": 0.2,
        "halo": 0.1,
        "earned_media_value": 0.3,
    },
    "costs": {
        "cost_of_goods": 20.0,
        "product_units": 2.0,
        "shipping": 5.0,
        "hourly_rate": 40.0,
        "agency_share": 0.1,
        "usage_rights_share": 0.2,
        "fixed": 100.0,
        "bonus_per_order": 1.0,
        "bonus_per_thousand_impressions": 2.0,
        "fee_due": "delivery",
    },
    "platform": {"instagram": {"audience": 1e12, "viral_from": 2.0}},
    "niche": {"general": {}},
    "tier": {"small": STILL},
    "portfolio": {"p": {"tier": "small", "creators": 3}},
    "shocks": {"scale": 1.0, "loadings": {}},
    "beliefs": {},
}


def changed(tables: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with dotted keys set."""
    result = copy.deepcopy(tables)
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        table = result
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = copy.deepcopy(value)
    return result


@pytest.fixture(scope="session")
def make() -> Make:
    """Return an experiment: `BASE` with dotted keys changed, no shocks or beliefs but those given."""

    def build(
        changes: Mapping[str, Any] | None = None,
        *,
        worlds: int = 20_000,
        seed: int = 1,
        folder: Path | None = None,
    ) -> sim.Experiment:
        tables = changed(BASE, changes or {})
        tables["simulation"] |= {"worlds": worlds, "seed": seed}
        silent = {name: {} for name in presets()["shocks"]["loadings"]}
        tables["shocks"]["loadings"] = silent | tables["shocks"]["loadings"]
        sure = {name: {"sd": 0.0} for name in presets()["beliefs"] if name != "source"}
        tables["beliefs"] = sure | tables["beliefs"]
        return sim.build(tables, folder=folder)

    return build


@pytest.fixture(scope="session")
def simulated(make: Make) -> Callable[..., xr.Dataset]:
    """Return the worlds of an experiment that is `BASE` with dotted keys changed."""
    return lambda changes=None, **how: sim.simulate(make(changes, **how), threads=2)


@pytest.fixture
def exact_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the funnel in double precision: for tests that compare to more digits than loops have."""
    from sim.engine import kernel

    monkeypatch.setattr(kernel, "loop_sums", kernel.exact_sums)


@pytest.fixture(scope="session")
def still() -> dict[str, Any]:
    """Return a tier where nothing varies."""
    return dict(STILL)


@pytest.fixture(scope="session")
def reference() -> Iterator[Callable[[str], ModuleType]]:
    """Import a module of `tests/reference`, which holds scripts, not a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "reference")
        yield importlib.import_module


@pytest.fixture(scope="session")
def checks(reference: Callable[[str], ModuleType]) -> ModuleType:
    """Return comparisons of samples with expected moments."""
    return reference("checks")
