"""Formats: factors on what a post reaches, brings, costs, and when, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.run import block_rows
from sim.experiment import ExperimentError
from sim.plan import COMPONENTS, make_plan

#: Closed forms to many digits, and no loop to compile; test_agreement.py follows the loops.
pytestmark = pytest.mark.usefixtures("exact_reading")

BIG = {"reach": 2.0, "engagement": 1.5, "half_life": 3.0, "fee": 1.25, "usable_share": 0.75}
SMALL = {"reach": 0.5, "engagement": 0.25, "half_life": 0.5, "fee": 0.5, "usable_share": 0.25}


def tables(**portfolio: Any) -> dict[str, Any]:
    return {
        "simulation": {"worlds": 128, "seed": 21},
        "format": {"big": BIG, "small": SMALL},
        "costs": {"usage_rights_share": 0.3},
        "portfolio": {"one": {"tier": "micro", "creators": 20, **portfolio}},
    }


def rows_of(given: dict[str, Any]) -> dict[str, Any]:
    plan = make_plan(sim.build(given))
    rows = block_rows(plan, 0, 128)
    for k, name in enumerate(COMPONENTS):
        rows[f"paid {name}"] = rows["cost_quantity"][:, k] * plan.prices[:, k, None]
    return rows


def test_without_a_format_nothing_is_as_with_one_of_factors_one() -> None:
    """A format that changes nothing leaves every bit but the assets that it counts."""
    plain = rows_of(tables(posts=2))
    named = rows_of(tables(posts=2, format="feed"))
    for name, row in plain.items():
        if name != "assets":
            np.testing.assert_array_equal(row, named[name], err_msg=name)
    np.testing.assert_allclose(named["assets"], named["delivered"] * 2 * 0.5, rtol=1e-12)
    assert not plain["assets"].any()


@pytest.mark.parametrize(("name", "its"), [("big", BIG), ("small", SMALL)])
def test_a_format_multiplies_what_posts_reach_bring_and_cost(
    name: str, its: dict[str, float]
) -> None:
    """Within the caps, which are far away here."""
    given = tables(posts=2)
    given["tier"] = {"micro": {"engagement_rate": "0.002 to 0.01", "reach_rate": "0.05 to 0.2"}}
    given["platform"] = {"instagram": {"audience": 1e12}}
    plain = rows_of(given)
    given["portfolio"]["one"]["format"] = name
    formed = rows_of(given)
    for row, factor in (
        ("impressions", its["reach"]), ("engagements", its["engagement"]),
        ("expected_orders", its["engagement"]), ("paid fee", its["fee"]),
        ("paid usage_rights", its["fee"]), ("paid product", 1.0), ("delivered", 1.0),
    ):  # fmt: skip
        np.testing.assert_allclose(formed[row], plain[row] * factor, rtol=1e-9, err_msg=row)
    np.testing.assert_allclose(
        formed["assets"], plain["delivered"] * 2 * its["usable_share"], rtol=1e-12
    )


def test_formats_in_turn_are_those_of_single_posts() -> None:
    """Three posts as big, small, big: fees and assets of each, and as many impressions in the mean."""
    rows = rows_of(tables(posts=3, format=["big", "small"]))
    plain = rows_of(tables(posts=3))
    np.testing.assert_allclose(rows["paid fee"], plain["paid fee"] * 3.0 / 3, rtol=1e-12)
    np.testing.assert_allclose(rows["assets"], rows["delivered"] * 1.75, rtol=1e-12)
    assert rows["impressions"].mean() == pytest.approx(1.5 * plain["impressions"].mean(), rel=0.02)


def test_a_half_life_is_that_of_the_format() -> None:
    """After a week 1 - 2^(-7 / h) has come, h the platform's times the format's; in turn, their mean."""
    plan = make_plan(sim.build(tables(posts=2, format=["big", "small"])))
    half_life = 0.8
    come = [1 - 2 ** (-7 / (half_life * x)) for x in (3.0, 0.5)]
    assert plan.arrived[0, 0] == pytest.approx(sum(come) / 2, rel=1e-12)
    alone = make_plan(sim.build(tables(posts=2, format="big")))
    assert alone.arrived[0, 0] == pytest.approx(come[0], rel=1e-12)


def test_a_budget_hires_by_the_fees_of_the_formats() -> None:
    plan, other = (make_plan(sim.build(_with_budget(name))) for name in ("small", "big"))
    fee = [p.lines[0].parts[1] for p in (plan, other)]
    assert fee[1] / fee[0] == pytest.approx(1.25 / 0.5, rel=1e-12)
    assert plan.lines[0].creators > other.lines[0].creators


def _with_budget(name: str) -> dict[str, Any]:
    given = tables(format=name)
    del given["portfolio"]["one"]["creators"]
    given["portfolio"]["one"]["budget"] = 20_000
    return given


def test_assets_are_told_where_a_portfolio_leaves_any() -> None:
    plain, formed = (sim.simulate(sim.build(t)) for t in (tables(), tables(format="big")))
    summary = sim.summarize(formed)
    one = summary.portfolios["one"]
    assert one["assets_mean"].value == pytest.approx(20 * 0.8 * 0.75, rel=0.05)
    cost, assets = one["cost_mean"].value, one["assets_mean"].value
    assert cost is not None
    assert assets is not None
    assert one["cost_per_asset"].value == pytest.approx(cost / assets, rel=1e-9)
    assert summary.headline(["roas"]) == ["roas", "assets_mean", "cost_per_asset"]
    without = sim.summarize(plain)
    assert without.headline(["roas"]) == ["roas"]
    missing = without.portfolios["one"]["cost_per_asset"]
    assert missing.value is None
    assert missing.reason


@pytest.mark.parametrize(
    ("portfolio", "says"),
    [
        ({"format": "rel"}, "portfolio.one.format: is unknown; did you mean `reel`?"),
        ({"format": []}, "portfolio.one.format: must be a format such as"),
        ({"format": 3}, "portfolio.one.format: must be a format such as"),
        (
            {"format": "reel", "stages": [{}, {"keep": 0.5}]},
            "portfolio.one.format: does not go with `stages`",
        ),
    ],
    ids=str,
)
def test_faults_name_the_key(portfolio: dict[str, Any], says: str) -> None:
    with pytest.raises(ExperimentError) as told:
        make_plan(sim.build(tables(**portfolio)))
    assert says in str(told.value)


def test_a_format_of_ones_own_needs_all_its_figures() -> None:
    given = tables(format="own")
    given["format"]["own"] = {"reach": 2}
    with pytest.raises(ExperimentError) as told:
        sim.build(given)
    assert "format.own" in str(told.value)
