"""Experiments for sweeps, ties, swings and scenarios: one with every price, one without any luck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.experiment import Experiment, build

#: Every cost component is charged, on several compensations, so that no price is idle.
PRICED: dict[str, Any] = {
    "simulation": {"worlds": 512, "seed": 11},
    "portfolio": {
        "paid": {"tier": "micro", "budget": 8_000},
        "mixed": {
            "creators": 9,
            "posts": 2,
            "mix": {
                "macro": {"share": 2 / 9, "compensation": "hybrid"},
                "micro": {"share": 7 / 9, "compensation": "affiliate"},
            },
        },
        "few": {"tier": "macro", "creators": 2, "compensation": "hybrid"},
    },
    "decision": {"a": "paid", "b": "mixed"},
    "costs": {
        "cost_of_goods": "10 to 60",
        "product_units": 2,
        "agency_share": 0.15,
        "usage_rights_share": 0.1,
        "fixed": 500,
        "bonus_per_order": 2,
        "bonus_per_thousand_impressions": 1.5,
    },
    "tier": {"micro": {"management_hours": { "gamma": {"mean": 2, "sd": 1}}}},
}  # fmt: skip

#: No luck but that of orders: every creator of a tier is the same.
STILL_TIER: dict[str, Any] = {
    "follower_range": [1_000, 10_000_000],
    "authentic_share": 1,
    "reach_rate": 0.5,
    "reach_basis": "authentic_followers",
    "engagement_rate": 0.05,
    "engagement_basis": "followers",
    "fit": 1,
    "management_hours": 0,
    "delivery_rate": 1,
    "post_luck": 1,
    "amplification": {},
    "amplified_engagement": 0,
    "amplified_conversion": 0,
    "followers_engagement_correlation": 0,
    "engagement_reach_correlation": 0,
    "amplification_engagement_correlation": 0,
    "fee_elasticity": 0,
}
STILL: dict[str, Any] = {
    "simulation": {"worlds": 4_096, "seed": 5},
    "costs": {"cost_of_goods": 0, "product_units": 0, "shipping": 0, "hourly_rate": 0},
    "economics": {
        "order_value": 50,
        "order_value_cv": 0.5,
        "gross_margin": 0.6,
        "return_rate": 0,
        "incremental_share": 1,
        "repeat_value": 0,
        "halo": 0,
    },
    "tier": {
        "many": STILL_TIER | {"followers": 20_000, "conversion_rate": 0.04, "fee": 400},
        "few": STILL_TIER | {"followers": 800_000, "conversion_rate": 0.02, "fee": 6_000},
    },
    "portfolio": {
        "many": {"tier": "many", "creators": 40},
        "few": {"tier": "few", "creators": 2},
    },
    "shocks": {
        "loadings": {
            "engagement_rate": {},
            "conversion_rate": {},
            "reach_rate": {},
            "amplification": {},
        }
    },
    "beliefs": {
        "engagement_rate": {"sd": 0},
        "reach_rate": {"sd": 0},
        "conversion_rate": {"sd": 0},
        "fee": {"sd": 0},
    },
}

Maker = Callable[..., Experiment]


def _changed(tables: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the tables with dotted keys replaced."""
    result = dict(tables)
    for key, value in changes.items():
        here = result
        *path, last = key.split(".")
        for part in path:
            here[part] = dict(here.get(part, {}))
            here = here[part]
        here[last] = value
    return result


@pytest.fixture
def priced() -> Maker:
    """Return a maker of the experiment with every price; dotted keys replace what it says."""
    return lambda **changes: build(_changed(PRICED, changes), name="priced", file="priced.toml")


@pytest.fixture
def still() -> Maker:
    """Return a maker of the experiment without luck."""
    return lambda **changes: build(_changed(STILL, changes), name="still", file="still.toml")
