"""An experiment in which every price is charged, for all that varies experiments."""

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

Maker = Callable[..., Experiment]


def changed(tables: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
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


@pytest.fixture(scope="session")
def priced() -> Maker:
    """Return a maker of the experiment with every price; dotted keys replace what it says."""
    return lambda **changes: build(changed(PRICED, changes), name="priced", file="priced.toml")


@pytest.fixture
def with_changes() -> Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]:
    """Return what replaces dotted keys of tables."""
    return changed
