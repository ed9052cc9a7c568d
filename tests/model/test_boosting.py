"""Boosting: closed forms, order statistics, an independent slow model, and what it leaves as it was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import integrate, stats

import sim
from sim.engine.run import block_rows
from sim.experiment import ExperimentError
from sim.plan import COMPONENTS, hiring, make_plan
from sim.plan.boosting import seen_noise, split
from sim.plan.tiers import tier_tables

Array = npt.NDArray[np.float64]
#: Closed forms to many digits, and no loop to compile; `tests/engine` holds the loops against this.
pytestmark = pytest.mark.usefixtures("exact_reading")

#: Creators without any spread but the luck of their posts: what boosting adds has closed forms.
ALIKE = {
    "follower_range": [40_000, 60_000],
    "followers": 50_000,
    "authentic_share": 0.8,
    "reach_rate": 0.25,
    "reach_basis": "authentic_followers",
    "engagement_rate": 0.02,
    "engagement_basis": "followers",
    "conversion_rate": 0.02,
    "fit": 1,
    "fee": 300,
    "management_hours": 2,
    "delivery_rate": 1.0,
    "post_luck": {"lognormal": {"mean": 1, "log_sd": 0.6}},
    "amplification": {},
}
BOOST = {"cpm": 10, "rights_share": 0.5, "engagement": 0.3, "conversion": 0.7, "luck_carried": 0.8}
#: Engagements per impression, and orders per engagement of followers.
RATE, WORTH = 0.02 / (0.8 * 0.25), 0.02


def tables(
    portfolio: dict[str, Any], boost: dict[str, Any] | None = None, **tier: Any
) -> dict[str, Any]:
    loadings = ("engagement_rate", "conversion_rate", "reach_rate", "amplification")
    return {
        "simulation": {"worlds": 4096, "seed": 11},
        "tier": {"micro": ALIKE | tier},
        "boost": BOOST | (boost or {}),
        "shocks": {"loadings": {name: {} for name in loadings}},
        "beliefs": {name: {"sd": 0} for name in (*loadings[:3], "fee")},
        "portfolio": {"one": {"tier": "micro", **portfolio}},
    }


def rows_of(given: dict[str, Any], worlds: int = 4096) -> dict[str, Array]:
    plan = make_plan(sim.build(given))
    rows = block_rows(plan, 0, worlds)
    k = list(COMPONENTS).index("boosting")
    rows["boosting"] = rows["cost_quantity"][:, k] * plan.prices[:, k, None]
    return rows


def added(portfolio: dict[str, Any], **rest: Any) -> dict[str, Array]:
    """What boosting adds, world by world: luck of creators and posts stays."""
    plain = rows_of(tables({k: v for k, v in portfolio.items() if k != "boost"}, **rest))
    with_it = rows_of(tables(portfolio, **rest))
    names = ("impressions", "engagements", "expected_orders", "reach", "boosting")
    return {name: with_it[name][0] - plain[name][0] for name in names}


# --- Off --------------------------------------------------------------------------------------------


def test_without_a_budget_every_bit_is_as_before() -> None:
    """Terms of boosting mean nothing where nobody boosts, and a portfolio beside it stays as it is."""
    alone = rows_of(tables({"creators": 12}), 256)
    terms = {"cpm": 99, "engagement": "1 to 2"}
    other_terms = rows_of(tables({"creators": 12, "boost": 0}, terms), 256)
    beside = tables({"creators": 12})
    beside["portfolio"]["two"] = {"tier": "micro", "creators": 12, "boost": 5_000}
    both = rows_of(beside, 256)
    for name, row in alone.items():
        np.testing.assert_array_equal(row, other_terms[name], err_msg=name)
        if name not in ("capped", "shock", "belief_factor"):
            np.testing.assert_array_equal(row[:1], both[name][:1], err_msg=name)


# --- All posts --------------------------------------------------------------------------------------


def test_boosting_all_posts_buys_what_the_money_pays_for() -> None:
    """600 USD a post less 150 for the right buy 45,000 impressions, each worth what is written."""
    gain = added({"creators": 20, "boost": 12_000})
    np.testing.assert_allclose(gain["boosting"], 12_000, rtol=1e-12)
    np.testing.assert_allclose(gain["impressions"], 20 * 45_000, rtol=1e-9)
    np.testing.assert_allclose(gain["reach"], 20 * 45_000, rtol=1e-9)
    mean = 20 * 45_000 * RATE * 0.3
    se = gain["engagements"].std() / 64
    assert abs(gain["engagements"].mean() - mean) < 4 * se
    np.testing.assert_allclose(
        gain["expected_orders"], gain["engagements"] * 0.7 * WORTH, rtol=1e-9
    )
    # u^θ / E[u^θ] of a lognormal: log sd θ σ.
    spread = math.sqrt(math.expm1((0.8 * 0.6) ** 2) / 20)
    assert gain["engagements"].std() / gain["engagements"].mean() == pytest.approx(spread, rel=0.05)


def test_a_right_that_costs_more_than_a_post_has_is_not_bought() -> None:
    gain = added({"creators": 20, "boost": 2_990})
    assert all((row == 0.0).all() for row in gain.values())


def test_no_post_has_more_impressions_than_the_platform_has_accounts() -> None:
    given = tables({"creators": 5, "boost": 50_000, "posts": 2})
    given["platform"] = {"instagram": {"audience": 300_000}}
    rows = rows_of(given)
    np.testing.assert_allclose(rows["impressions"][0], 10 * 300_000, rtol=1e-12)
    plain = rows_of(given | {"portfolio": {"one": {"tier": "micro", "creators": 5, "posts": 2}}})
    bought = rows["impressions"][0] - plain["impressions"][0]
    np.testing.assert_allclose(rows["boosting"][0], 10 * 150 + bought / 100, rtol=1e-9)


def test_who_never_posts_is_never_boosted_and_leaves_its_money_to_others() -> None:
    rows = rows_of(tables({"creators": 4, "boost": 4_000}, delivery_rate=0.5))
    came = rows["delivered"][0]
    np.testing.assert_allclose(rows["boosting"][0], np.where(came > 0, 4_000, 0), rtol=1e-12)
    assert set(came) == {0, 1, 2, 3, 4}


def test_doubt_about_paid_viewers_is_drawn_once_for_all() -> None:
    """Impressions follow 1 / cpm of the world, the same for every portfolio."""
    given = tables({"creators": 6, "boost": 6_000}, {"cpm": "5 to 20", "rights_share": 0})
    given["portfolio"]["two"] = {"tier": "micro", "creators": 3, "boost": 6_000}
    plain = tables({"creators": 6})
    plain["portfolio"]["two"] = {"tier": "micro", "creators": 3}
    bought = rows_of(given)["impressions"] - rows_of(plain)["impressions"]
    np.testing.assert_allclose(bought[0], bought[1], rtol=1e-9)
    low, middle, high = np.quantile(6_000_000 / bought[0], (0.05, 0.5, 0.95))
    assert [low, middle, high] == pytest.approx([5, 10, 20], rel=0.06)


# --- The best ---------------------------------------------------------------------------------------


def lift_of_best(k: int, n: int, sigma: float, carried: float, noise: float) -> float:
    """Mean of u^θ / E[u^θ] over the best k of n by luck times noise (concomitants)."""
    rho = sigma / math.hypot(sigma, noise)
    slope = carried * sigma * rho

    def density(y: float) -> float:
        among = stats.binom.cdf(k - 1, n - 1, stats.norm.sf(y))
        return float(among * stats.norm.pdf(y) * math.exp(slope * y))

    return n / k * math.exp(-(slope**2) / 2) * integrate.quad(density, -9, 12, epsabs=1e-10)[0]


def test_the_closed_form_is_that_of_order_statistics() -> None:
    """Of all it is one; of the best of two by luck itself, E[max] of two lognormals, by hand."""
    assert lift_of_best(7, 7, 0.6, 0.8, 0.3) == pytest.approx(1.0, abs=1e-7)
    # E[max(X, Y)] of two lognormals of mean one is 2 Φ(σ / √2).
    assert lift_of_best(1, 2, 0.6, 1.0, 0.0) == pytest.approx(2 * stats.norm.cdf(0.6 / 2**0.5))


@pytest.mark.parametrize(
    ("k", "n", "posts", "days"), [(1, 12, 1, 2.0), (5, 40, 1, 0.3), (4, 5, 4, 0.8)], ids=str
)
def test_the_best_posts_bring_what_order_statistics_say(
    k: int, n: int, posts: int, days: float
) -> None:
    half_life = 0.8
    come = 1 - 2 ** (-days / half_life)
    noise = 0.6 * math.sqrt((1 - come) / come)
    portfolio = {"creators": n, "posts": posts, "boost": {"budget": k * 500, "posts": k}}
    gain = added(portfolio, boost={"after_days": days})
    np.testing.assert_allclose(gain["boosting"], k * 500, rtol=1e-12)
    average = k * 35_000 * RATE * 0.3
    lift = gain["engagements"] / average
    expected = lift_of_best(k, n * posts, 0.6, 0.8, noise)
    assert expected > 1.2
    assert abs(lift.mean() - expected) < 4 * lift.std() / 64


def test_where_luck_says_nothing_of_paid_viewers_winners_are_worth_no_more() -> None:
    gain = added(
        {"creators": 30, "boost": {"budget": 1_500, "posts": 3}}, boost={"luck_carried": 0}
    )
    np.testing.assert_allclose(gain["engagements"], 3 * 35_000 * RATE * 0.3, rtol=1e-9)


def test_ranked_by_engagements_the_largest_win_and_per_follower_the_best() -> None:
    """Two sizes whose engagement differs the other way; nothing else does, and all is seen at once."""
    given = tables(
        {"creators": 24, "boost": {"budget": 5_000, "posts": 1}},
        {"luck_carried": 0, "rights_share": 0},
        followers={"uniform": {"low": 40_000, "high": 60_000}}, post_luck=1,
        followers_engagement_correlation=-0.999,
        engagement_rate={"lognormal": {"median": 0.02, "log_sd": 0.05}},
    )  # fmt: skip
    by_rate = rows_of(given)["engagements"][0]
    given["portfolio"]["one"]["boost"]["choose_by"] = "engagements"
    by_number = rows_of(given)["engagements"][0]
    # Followers spread more in the log than rates, so the largest engage most, at the lowest rate.
    assert (by_rate > by_number).mean() > 0.99


def test_what_the_first_days_leave_open_follows_the_half_life() -> None:
    """(1 - s) / s of the variance of log luck and log amplification; nothing where all comes at once."""
    experiment = sim.build(tables({"creators": 3, "boost": 900}))
    terms = make_plan(experiment).lines[0].terms
    luck = tier_tables(experiment.tier["micro"].on["instagram"], "", [])
    assert luck is not None
    come = 1 - 2 ** (-2 / 0.8)
    assert seen_noise(experiment, terms, luck) == pytest.approx(0.6 * math.sqrt((1 - come) / come))
    spike = {"spike": {"probability": 0.1, "minimum": 1.0, "tail_index": 2.0}}
    both = tier_tables(
        sim.build(tables({"creators": 3}, amplification=spike)).tier["micro"].on["instagram"],
        "",
        [],
    )
    assert both is not None
    # A - 1 = V^(-1/2) in one post of ten, V uniform.
    logs = [0.1 * integrate.quad(lambda v, m=m: math.log1p(v**-0.5) ** m, 0, 1)[0] for m in (1, 2)]
    variance = 0.36 + logs[1] - logs[0] ** 2
    late = math.sqrt((1 - come) / come)
    assert seen_noise(experiment, terms, both) == pytest.approx(
        math.sqrt(variance) * late, rel=1e-4
    )


# --- Money ------------------------------------------------------------------------------------------


def test_no_world_commits_more_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # Creators beyond the budget need not be followed to see that none of them is hired.
    monkeypatch.setattr(hiring, "most_hired", lambda line: 90)
    given = tables({"budget": 20_000, "boost": {"budget": 6_000, "posts": 4}}, fee="100 to 900")
    rows = rows_of(given, 128)
    assert rows["committed"].max() <= 20_000 * (1 + 1e-6)
    assert (rows["committed"] >= rows["boosting"]).all()
    hires = rows_of(tables({"budget": 14_000}, fee="100 to 900"), 128)
    np.testing.assert_array_equal(rows["hired"], hires["hired"])
    assert 10 < rows["hired"].min() < rows["hired"].max() < 90


def test_a_mix_boosts_in_each_of_its_lines() -> None:
    given = tables({})
    given["tier"]["macro"] = ALIKE | {"followers": 52_000}
    boost = {"budget": 9_000, "posts": 3}
    given["portfolio"] = {
        "one": {"mix": {"micro": 0.6, "macro": 0.4}, "creators": 10, "boost": boost}
    }
    plan = make_plan(sim.build(given))
    told = {line.name: (line.boost.money, line.boost.best) for line in plan.lines if line.boost}
    assert told == {"macro": (3_000, 1), "micro": (6_000, 2)}
    np.testing.assert_allclose(rows_of(given)["boosting"].sum(axis=0), 9_000, rtol=1e-12)


def test_posts_are_split_by_largest_remainders() -> None:
    assert split(3, [0.6, 0.4]) == [2, 1]
    assert split(1, [0.3, 0.3, 0.4]) == [0, 0, 1]
    assert split(2, [0.5, 0.5]) == [1, 1]


@pytest.mark.parametrize(
    ("portfolio", "says"),
    [
        ({"creators": 5, "boost": -3}, "portfolio.one.boost: cannot be negative"),
        ({"creators": 5, "boost": {"posts": 0}}, 'boost.posts: must be "all" or a whole number'),
        ({"creators": 5, "boost": {"post": 3}}, "portfolio.one.boost.post"),
        (
            {"budget": 5_000, "boost": 6_000},
            "portfolio.one.boost: takes 6,000 USD; 5,000 are there",
        ),
        (
            {"creators": 5, "boost": 900, "compensation": "performance"},
            "portfolio.one.compensation: pays by each creator's results",
        ),
        (
            {"creators": 9, "boost": 900, "stages": [{}, {"keep": 0.5}]},
            "portfolio.one.stages: do not go with boosting",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_boosted_is_said_with_file_and_key(
    portfolio: dict[str, Any], says: str
) -> None:
    with pytest.raises(ExperimentError) as told:
        make_plan(sim.build(tables(portfolio), file="one.toml"))
    assert says in str(told.value)
    assert "one.toml" in str(told.value)
