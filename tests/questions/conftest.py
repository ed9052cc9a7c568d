"""Experiments for questions: two portfolios or one tier without luck, and the presets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.experiment import Experiment, build

Make = Callable[..., Experiment]

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
        "tracked_share": 1,
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

#: A tier in which nothing varies, with so many orders that their Poisson noise is 0.3 % of one
#: creator's; tests let vary what they are about.
STILL_INPUTS: dict[str, Any] = {
    "followers": 2e8,
    "follower_range": [1, 1e9],
    "authentic_share": 1.0,
    "reach_rate": 0.2,
    "engagement_rate": 0.01,
    "conversion_rate": 0.05,
    "fit": 1.0,
    "fee": 1_000.0,
    "management_hours": 0.0,
    "delivery_rate": 1.0,
    "post_luck": 1.0,
    "amplification": {},
    "fee_elasticity": 0.0,
    "followers_engagement_correlation": 0.0,
    "engagement_reach_correlation": 0.0,
    "amplification_engagement_correlation": 0.0,
}
#: No doubt about any tier's figures.
NO_BELIEFS: dict[str, Any] = {
    name: {"sd": 0.0, "common": 0.0}
    for name in ("engagement_rate", "reach_rate", "conversion_rate", "fee")
}


def loadings(**engagement: float) -> dict[str, Any]:
    """Return shocks that load on nothing but the engagement rate."""
    return {
        "loadings": {
            "engagement_rate": {"campaign": 0.0} | engagement,
            "conversion_rate": {"campaign": 0.0, "niche": 0.0},
            "reach_rate": {"platform": 0.0},
            "amplification": {"platform": 0.0, "campaign": 0.0},
        }
    }


@pytest.fixture(scope="session")
def still_tier() -> Make:
    """Return an experiment of one still tier, with changes of its inputs and of whole tables."""

    def make(inputs: dict[str, Any] | None = None, **tables: Any) -> Experiment:
        written: dict[str, Any] = {
            "simulation": {"worlds": 1_024, "seed": 3},
            "platform": {"instagram": {"audience": 1e12}},
            "tier": {"micro": STILL_INPUTS | (inputs or {})},
            "economics": {
                "order_value": 0.02,
                "order_value_cv": 0.01,
                "tracked_share": 1.0,
                "incremental_share": 1.0,
            },
            "costs": {"hourly_rate": 0.0, "shipping": 0.0, "cost_of_goods": 0.0},
            "portfolio": {"p": {"tier": "micro", "creators": 10}},
            "beliefs": NO_BELIEFS,
            "shocks": loadings(),
        }
        return build(written | tables, name="still", file="still.toml")

    return make


@pytest.fixture(scope="session")
def preset() -> Make:
    """Return an experiment of micro and macro creators on the presets, with few worlds."""

    def make(**tables: Any) -> Experiment:
        written: dict[str, Any] = {
            "simulation": {"worlds": 2_048, "seed": 5},
            "portfolio": {
                "micro": {"tier": "micro", "budget": 20_000},
                "macro": {"tier": "macro", "budget": 20_000},
            },
        }
        return build(written | tables, name="preset", file="preset.toml")

    return make


@pytest.fixture
def still(with_changes: Callable[..., dict[str, Any]]) -> Make:
    """Return a maker of the experiment without luck."""
    return lambda **changes: build(with_changes(STILL, changes), name="still", file="still.toml")
