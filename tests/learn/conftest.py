"""Experiments whose posterior is known in closed form, and campaigns that were run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.experiment import Experiment, build
from sim.learn import Campaign, Row

#: Engagement and conversion alone are in doubt; engagement alone varies between creators.
FOLLOWERS, RATE, CONVERSION = 20_000.0, 0.02, 0.05
CLOSED: dict[str, Any] = {
    "simulation": {"worlds": 512, "seed": 5},
    "portfolio": {"a": {"tier": "micro", "creators": 40}},
    "platform": {"instagram": {"audience": 1e12}},
    "tier": {
        "micro": {
            "follower_range": [1_000, 1_000_000],
            "followers": FOLLOWERS,
            "authentic_share": 1,
            "reach_rate": 0.9,
            "reach_basis": "authentic_followers",
            "engagement_rate": {"lognormal": {"mean": RATE, "log_sd": 0.4}},
            "engagement_basis": "followers",
            "conversion_rate": CONVERSION,
            "fit": 1,
            "fee": 100,
            "management_hours": 0,
            "delivery_rate": 1,
            "post_luck": 1,
            "amplification": {"spike": {"probability": 0, "minimum": 1, "tail_index": 3}},
            "followers_engagement_correlation": 0,
            "engagement_reach_correlation": 0,
            "fee_elasticity": 0,
        }
    },
    "economics": {
        "order_value": 50, "order_value_cv": 0.5, "tracked_share": 1, "incremental_share": 1,
    },
    "shocks": {"scale": 0},
    "beliefs": {
        "engagement_rate": {"sd": 0.5, "common": 0.36},
        "conversion_rate": 0, "reach_rate": 0, "fee": 0,
    },
}  # fmt: skip

Maker = Callable[..., Experiment]


@pytest.fixture
def closed(with_changes) -> Maker:
    """Return a maker of the closed experiment; dotted keys replace what it says."""
    return lambda **changes: build(with_changes(CLOSED, changes), name="closed", file="closed.toml")


@pytest.fixture
def campaign() -> Callable[..., Campaign]:
    """Return a maker of campaigns: a portfolio as an experiment has it, and rows of figures."""

    def make(
        experiment: Experiment, *rows: dict[str, float], portfolio: str = "a", name: str = "r.csv",
        creators: bool = False,
    ) -> Campaign:  # fmt: skip
        table = experiment.tables()["portfolio"][portfolio]
        own = [f"c{i}" if creators else "" for i in range(len(rows))]
        told = (
            Row(portfolio, "", who, {k: float(v) for k, v in row.items()})
            for who, row in zip(own, rows, strict=True)
        )
        return Campaign(name, {portfolio: table}, tuple(told))

    return make
