"""Named creators against rejection sampling from the prior, kind of knowledge by kind.

The posterior that the engine draws from is a normal law of scores; the one of
`tests/reference/named.py` has whatever shape it has. So means agree within a stated bound and four
standard errors, coefficients of variation of orders within that bound and 4 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sim

Make = Callable[..., sim.Experiment]

#: Laws of a tier as an experiment writes them, and as the reference calls them.
LUCK, SIGMA, S_C, S_FIT, S_F, S_FEE = 0.6, 0.8, 0.7, 0.5, 0.9, 0.8
PLAIN: dict[str, Any] = {
    "tier.small.engagement_rate": {"lognormal": {"median": 0.02, "log_sd": SIGMA}},
    "tier.small.conversion_rate": {"lognormal": {"median": 0.02, "log_sd": S_C}},
    "tier.small.fit": {"lognormal": {"median": 0.8, "log_sd": S_FIT}},
    "tier.small.authentic_share": {"beta": {"mean": 0.6, "sd": 0.12}},
    "tier.small.post_luck": {"lognormal": {"mean": 1, "log_sd": LUCK}},
    # So that engagements stay below impressions.
    "tier.small.reach_rate": 1.0,
}
AMPLIFIED = PLAIN | {
    "tier.small.amplification": {
        "spike": {"probability": 0.1, "minimum": 2.0, "tail_index": 1.6}, "cap": 60,
    },
}  # fmt: skip
GOES_WITH = PLAIN | {
    "tier.small.followers": {"lognormal": {"median": 20_000, "log_sd": S_F}},
    "tier.small.fee": {"lognormal": {"median": 100, "log_sd": S_FEE}},
    "tier.small.followers_engagement_correlation": -0.4,
    "tier.small.fee_elasticity": 0.6,
}
SHARED = PLAIN | {
    "shocks.loadings": {"engagement_rate": {"campaign": 0.5}, "conversion_rate": {"campaign": 0.6}},
}
BETA = PLAIN | {
    "tier.small.engagement_rate": {"beta": {"mean": 0.03, "sd": 0.02}},
    "economics.tracked_share": "30 % to 90 %",
}
VIEWS = AMPLIFIED | {
    "tier.small.engagement_basis": "impressions",
    "tier.small.engagement_rate": {"lognormal": {"median": 0.05, "log_sd": 0.5}},
    "tier.small.reach_rate": {"lognormal": {"median": 0.1, "log_sd": 0.6}},
    "tier.small.engagement_reach_correlation": 0.4,
}


AMPLIFICATION = "tier.small.amplification"
#: Relative error of a mean that is allowed beside four standard errors: where all laws are straight
#: lines, where a post's noise has a heavy tail, where the law of engagement bends.
BOUND = {"straight": 0.02, "heavy": 0.03, "bent": 0.06}


def tier(named: ModuleType, changes: dict[str, Any], **more: Any) -> Any:
    """Return the same laws for the reference."""
    laws = {
        "engagement": named.lognormal(0.02, SIGMA),
        "conversion": named.lognormal(0.02, S_C),
        "fit": named.lognormal(0.8, S_FIT),
        "authentic": named.beta(0.6, 0.12),
        "luck_log_sd": LUCK,
        "engagement_log_sd": SIGMA,
    }
    if "tier.small.amplification" in changes:
        laws |= {"take_off": 0.1, "least": 2.0, "tail_index": 1.6, "cap": 60.0}
    return named.Tier(**laws | more)


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing but followers": (GOES_WITH, {"followers": 50_000}),
    "a fee": (GOES_WITH, {"followers": 50_000, "fee": 400.0}),
    "a rate from one post": (AMPLIFIED, {"followers": 30_000, "rate": 0.06, "rate_posts": 1}),
    "a rate from twelve posts": (
        AMPLIFIED, {"followers": 30_000, "rate": 0.05, "rate_posts": 12},
    ),
    "a rate per view": (VIEWS, {"followers": 30_000, "rate": 0.08, "rate_posts": 2}),
    "no order in three posts": (
        PLAIN, {"followers": 30_000, "orders": (0,), "order_posts": (3,)},
    ),
    "many orders in two posts": (
        AMPLIFIED, {"followers": 30_000, "orders": (200,), "order_posts": (2,)},
    ),
    "three campaigns": (
        SHARED, {"followers": 30_000, "orders": (20, 38, 45), "order_posts": (1, 1, 1)},
    ),
    "a rate and orders": (
        PLAIN,
        {"followers": 30_000, "rate": 0.04, "rate_posts": 4, "orders": (9,), "order_posts": (2,)},
    ),
    "a rate and orders of shocked seasons": (
        SHARED,
        {"followers": 30_000, "rate": 0.04, "rate_posts": 4, "orders": (60,), "order_posts": (2,)},
    ),
    "all of it": (
        GOES_WITH,
        {"followers": 50_000, "fee": 250.0, "rate": 0.03, "rate_posts": 3, "orders": (4,),
         "order_posts": (1,)},
    ),
    "orders where the law of engagement bends": (
        BETA, {"followers": 30_000, "orders": (1,), "order_posts": (2,)},
    ),
    "a rate where the law of engagement bends": (
        BETA, {"followers": 30_000, "rate": 0.006, "rate_posts": 2},
    ),
    "orders where the rate is per view": (
        VIEWS, {"followers": 30_000, "orders": (12,), "order_posts": (3,)},
    ),
}  # fmt: skip


def reference_tier(named: ModuleType, changes: dict[str, Any]) -> Any:
    more: dict[str, Any] = {}
    if changes is GOES_WITH:
        more = {
            "followers_log_sd": S_F, "fee_log_sd": S_FEE, "fee_elasticity": 0.6,
            "followers_with_engagement": -0.4,
        }  # fmt: skip
    if changes is SHARED:
        more = {"engagement_loading": 0.5, "conversion_loading": 0.6}
    if changes is BETA:
        middle, sd = math.sqrt(0.3 * 0.9), math.log(3.0) / 2.0 / 1.6448536269514722
        more = {"engagement": named.beta(0.03, 0.02), "tracked": named.lognormal(middle, sd)}
    if changes is VIEWS:
        more = {
            "engagement": named.lognormal(0.05, 0.5), "reach": named.lognormal(0.1, 0.6),
            "reach_with_engagement": 0.4, "per_impression": True, "engagement_log_sd": 0.5,
        }  # fmt: skip
    return tier(named, changes, **more)


def row(known: dict[str, Any]) -> str:
    def listed(values: tuple[int, ...]) -> str:
        return "; ".join(map(str, values))

    cells = {
        "name": "Ada", "followers": known["followers"], "fee": known.get("fee", ""),
        "engagement_rate": known.get("rate", ""), "posts": known.get("rate_posts", ""),
        "past_orders": listed(known.get("orders", ())),
        "past_posts": listed(known.get("order_posts", ())),
    }  # fmt: skip
    return ",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n"


def agree(
    kind: str, draws: int, make: Make, reference: Callable[[str], ModuleType], folder: Path
) -> None:
    """Compare a simulated roster of one creator with those who could have had its past."""
    changes, known = KINDS[kind]
    named = reference("named")
    (folder / "list.csv").write_text(row(known), encoding="utf-8")
    changed = changes | {"portfolio": {"p": {"roster": "list.csv"}}}
    ds = sim.simulate(make(changed, worlds=200_000, seed=5, folder=folder), threads=2)
    told = named.posterior(reference_tier(named, changes), named.Known(**known), draws, 7)
    assert told.kept > 1_000
    bound = BOUND[
        "bent" if changes is BETA else "heavy" if AMPLIFICATION in changes else "straight"
    ]
    for name, mean, of_reference in (
        ("expected_orders", told.orders, told.orders_error),
        ("engagements", told.engagements, told.engagements_error),
    ):
        values = ds[name].values[0]
        error = math.hypot(of_reference, values.std() / math.sqrt(values.size))
        assert abs(values.mean() - mean) <= bound * mean + 4.0 * error, name
    if AMPLIFICATION not in changes:
        orders = ds["expected_orders"].values[0]
        # The new post's luck comes on top: 1 + cv^2 are multiplied.
        whole = (1.0 + (orders.std() / orders.mean()) ** 2) / math.exp(LUCK**2)
        off = abs(math.sqrt(whole - 1.0) - told.variation)
        assert off <= (0.04 + bound) * told.variation + 4.0 * told.variation_error


@pytest.mark.parametrize("kind", ["no order in three posts", "many orders in two posts"])
def test_orders_tell_where_no_rate_was_measured(
    kind: str, make: Make, reference: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    agree(kind, 800_000, make, reference, tmp_path)


@pytest.mark.statistical
@pytest.mark.parametrize("kind", KINDS)
def test_posteriors_agree_with_rejection_sampling(
    kind: str, make: Make, reference: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    agree(kind, 16_000_000 if kind == "all of it" else 4_000_000, make, reference, tmp_path)
