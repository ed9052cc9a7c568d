"""Mechanisms with a switch: what each moves, against closed forms and independent slow models.

Statistical comparisons allow four standard errors (a false alarm has probability 6e-5, about 0.002
over this file); seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from scipy import stats

import sim
from sim.engine.orders import keep_orders
from sim.experiment import ExperimentError
from sim.measures import payback, profit_to_date
from sim.plan import make_plan
from sim.plan.release import WEEKS

Array = npt.NDArray[np.float64]
Make = Callable[..., sim.Experiment]
Simulated = Callable[..., xr.Dataset]

#: Orders that one post of the still creator is expected to bring: 20,000 x 2 % x 5 %.
RATE = 20.0
N = 6
CREATORS = {"portfolio.p.creators": N}


def close(values: Array, expected: float) -> None:
    """Assert that a sample has a mean, within four standard errors."""
    error = float(values.std(ddof=1) / math.sqrt(values.size))
    assert abs(float(values.mean()) - expected) <= 4.0 * error + 1e-9 * abs(expected)


def component(ds: xr.Dataset, name: str) -> Array:
    """What a cost component is charged on in the first line."""
    return np.asarray(ds["cost_quantity"].sel(component=name).values[0])


# --- Incidents -----------------------------------------------------------------------------------------

P, LOSS, SPILL = 0.15, 0.6, 0.25


def test_incidents_take_their_share_and_cost(simulated: Simulated) -> None:
    """E lambda = n r (1 - p L); n p incidents, each at its price."""
    changes = CREATORS | {
        "tier.small.incident_rate": P, "tier.small.incident_loss": LOSS,
        "tier.small.incident_cost": 400.0,
    }  # fmt: skip
    ds = simulated(changes)
    close(ds["expected_orders"].values[0], N * RATE * (1.0 - P * LOSS))
    close(component(ds, "incidents"), N * P)
    assert float(ds["cost_price"].sel(component="incidents")[0]) == 400.0
    counts = np.bincount(component(ds, "incidents").astype(int), minlength=N + 1)
    law = stats.binom.pmf(np.arange(N + 1), N, P) * counts.sum()
    assert stats.chisquare(counts[:4], law[:4] * counts[:4].sum() / law[:4].sum()).pvalue > 1e-4


def test_an_incident_spills_over_to_the_whole_portfolio(simulated: Simulated) -> None:
    """Each creator keeps E[(1 - L X)(1 - s)^N]; only the portfolio with incidents suffers."""
    changes = CREATORS | {
        "tier.small.incident_rate": P, "tier.small.incident_loss": LOSS,
        "tier.small.incident_spill": SPILL,
    }  # fmt: skip
    own = 1.0 - P + P * (1.0 - LOSS) * (1.0 - SPILL)
    close(
        simulated(changes)["expected_orders"].values[0],
        N * RATE * own * (1.0 - P * SPILL) ** (N - 1),
    )


@pytest.mark.usefixtures("exact_reading")
def test_incidents_that_are_certain(simulated: Simulated) -> None:
    """Everybody has one; none varies, and none is left out."""
    changes = CREATORS | {"tier.small.incident_rate": 1.0, "tier.small.incident_loss": LOSS}
    ds = simulated(changes, worlds=128)
    np.testing.assert_allclose(ds["expected_orders"].values[0], N * RATE * (1.0 - LOSS), rtol=1e-9)
    assert (component(ds, "incidents") == N).all()


@pytest.mark.usefixtures("exact_reading")
def test_an_incident_is_one_however_many_stages_follow(simulated: Simulated) -> None:
    """Twelve creators with an incident each: twelve to pay, and (1 - s)^12 of all orders left."""
    stages = [{"posts": 1}, {"keep": 0.5, "posts": 1}, {"keep": 0.5, "posts": 1}]
    changes = {
        "tier.small.incident_rate": 1.0, "tier.small.incident_loss": 0.0,
        "tier.small.incident_spill": 0.1,
        "portfolio.p": {"tier": "small", "creators": 12, "stages": stages},
    }  # fmt: skip
    ds = simulated(changes, worlds=128)
    incidents = ds["cost_quantity"].sel(component="incidents").sum("line").values
    assert (incidents == 12.0).all()
    expected = (12 + 6 + 3) * RATE * 0.9**12
    np.testing.assert_allclose(ds["expected_orders"].values[0], expected, rtol=1e-9)


def test_without_a_rate_there_are_no_incidents(simulated: Simulated) -> None:
    """The switch off: the same worlds to the last bit, whatever an incident would do."""
    off = simulated(CREATORS, worlds=1024)
    set_up = simulated(CREATORS | {"tier.small.incident_spill": 0.9}, worlds=1024)
    assert (off["profit"].values == set_up["profit"].values).all()


# --- Effort --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("exact_reading")
def test_effort_follows_the_fee(simulated: Simulated) -> None:
    """Twice the fee at elasticity 0.3: engagements times 2^0.3, exactly."""
    effort = {"tier.small.effort_elasticity": 0.3, "tier.small.effort_fee": 50.0}
    plain, paid = simulated(worlds=128), simulated(effort, worlds=128)
    ratio = paid["engagements"].values / plain["engagements"].values
    np.testing.assert_allclose(ratio, 2.0**0.3, rtol=1e-10)


def test_effort_needs_a_fee_to_hold_at() -> None:
    text = {"tier": "micro", "creators": 2}
    with pytest.raises(sim.ExperimentError, match="needs `effort_fee` beside it"):
        sim.build({"portfolio": {"p": text}, "tier": {"micro": {"effort_elasticity": 0.2}}})


# --- Pay by results -------------------------------------------------------------------------------------

TRACKED = 0.6


def pay_for(**terms: float) -> dict[str, Any]:
    kind = {"fee_share": 0.0, "commission_rate": 0.0, "engagement_factor": 1.0, **terms}
    return CREATORS | {"compensation.results": kind, "portfolio.p.compensation": "results"}


def test_pay_per_order_between_floor_and_cap(simulated: Simulated) -> None:
    """E of a clamped Poisson of each creator's own tracked orders, not of the line's."""
    price, floor, cap = 7.0, 70.0, 105.0
    ds = simulated(pay_for(pay_per_order=price, pay_floor=floor, pay_cap=cap))
    orders = np.arange(200)
    law = stats.poisson.pmf(orders, TRACKED * RATE)
    expected = float(law @ np.clip(price * orders, floor, cap))
    close(component(ds, "performance"), N * expected)
    # Clamping the line's total instead would give this, far from it.
    total = stats.poisson.pmf(np.arange(400), N * TRACKED * RATE)
    assert abs(float(total @ np.clip(price * np.arange(400), floor, cap)) - N * expected) > 100.0


def test_orders_drawn_creator_by_creator_are_poisson(simulated: Simulated) -> None:
    """Mean and variance of the line's orders are n r."""
    orders = simulated(pay_for(pay_per_order=1.0))["orders"].values[0]
    close(orders, N * RATE)
    close((orders - N * RATE) ** 2, N * RATE)


@pytest.mark.usefixtures("exact_reading")
def test_pay_per_engagement_is_exact(simulated: Simulated) -> None:
    """400 engagements of each creator at 0.25 USD."""
    ds = simulated(pay_for(pay_per_engagement=0.25), worlds=128)
    np.testing.assert_allclose(component(ds, "performance"), N * 400 * 0.25, rtol=1e-9)


def test_only_who_posts_is_paid(simulated: Simulated) -> None:
    changes = pay_for(pay_floor=50.0) | {"tier.small.delivery_rate": 0.7}
    close(component(simulated(changes), "performance"), N * 0.7 * 50.0)


#: A market in which six still creators with 4,000 viewers each overlap heavily.
CROWDED = {"niche.general": {"market": 6_000, "overlap": 1.0, "duplicate_waste": 0.9}}
LEFT = 1.0 - 0.9 * (1.0 - 6_000 * (1.0 - math.exp(-N * 4_000 / 6_000)) / (N * 4_000))


@pytest.mark.usefixtures("exact_reading")
@pytest.mark.parametrize(("floor", "cap"), [(0.0, 1e9), (30.0, 50.0)])
def test_orders_that_overlap_wastes_are_not_paid(
    floor: float, cap: float, simulated: Simulated
) -> None:
    """Creators are paid for the tracked orders that come: a Poisson of what overlap leaves."""
    price = 7.0
    ds = simulated(CROWDED | pay_for(pay_per_order=price, pay_floor=floor, pay_cap=cap))
    np.testing.assert_allclose(ds["expected_orders"].values, N * RATE * LEFT, rtol=1e-9)
    orders = np.arange(200)
    law = stats.poisson.pmf(orders, TRACKED * RATE * LEFT)
    close(component(ds, "performance"), N * float(law @ np.clip(price * orders, floor, cap)))
    close(ds["orders"].values[0], N * RATE * LEFT)
    close((ds["orders"].values[0] - N * RATE * LEFT) ** 2, N * RATE * LEFT)


def test_kept_orders_never_fall_as_more_are_kept() -> None:
    """For the same luck the number rises with the share and with the number to choose from."""
    worlds, key = 2_000, (np.uint64(5), np.uint64(6))
    before, value = np.zeros(worlds), np.empty(worlds)
    for n, q in [(40.0, 0.1), (40.0, 0.1001), (40.0, 0.5), (41.0, 0.5), (90.0, 0.5), (90.0, 0.97)]:
        orders = np.empty(worlds)
        own, left = np.full(worlds, n), np.full(worlds, q)
        with np.errstate(over="ignore"):
            keep_orders(key, np.uint64(0), own, left, 1.0, orders, value)
        assert (orders >= before).all()
        before = orders


@pytest.mark.parametrize(("n", "q"), [(7.0, 0.3), (60.0, 0.9), (5_000.0, 0.02)])
def test_thinned_orders_are_binomial(n: float, q: float) -> None:
    """Chi-square over 20 cells of 40,000 draws; false alarm 1e-4."""
    worlds = 40_000
    orders, value = np.empty(worlds), np.empty(worlds)
    key = (np.uint64(5), np.uint64(6))
    with np.errstate(over="ignore"):
        keep_orders(key, np.uint64(0), np.full(worlds, n), np.full(worlds, q), 1.0, orders, value)
    edges = np.unique(stats.binom.ppf(np.linspace(0.05, 0.95, 19), n, q))
    cells = np.diff([0.0, *stats.binom.cdf(edges, n, q), 1.0])
    counts = np.bincount(np.searchsorted(edges, orders), minlength=len(cells))
    kept = cells > 1e-9
    assert stats.chisquare(counts[kept], worlds * cells[kept] / cells[kept].sum()).pvalue > 1e-4


def test_floor_above_cap_is_refused() -> None:
    kind = {"fee_share": 0.0, "commission_rate": 0.0, "engagement_factor": 1.0,
            "pay_floor": 9, "pay_cap": 5}  # fmt: skip
    with pytest.raises(sim.ExperimentError, match="pay_floor: is above `pay_cap`"):
        sim.build(
            {
                "portfolio": {"p": {"tier": "micro", "creators": 2, "compensation": "results"}},
                "compensation": {"results": kind},
            }
        )


# --- Programmes in stages ----------------------------------------------------------------------------

SD = 0.8
STAGES: dict[str, Any] = {
    "portfolio.p": {
        "tier": "small", "creators": 12, "stages": [{"posts": 1}, {"keep": 0.25, "posts": 2}],
    },
    "tier.small.conversion_rate": {"lognormal": {"mean": 0.005, "log_sd": SD}},
}  # fmt: skip


def slow_stages(worlds: int) -> tuple[Array, Array, Array]:
    """Pilot orders of the chosen, per post, expected orders of both stages: a model of its own."""
    rng = np.random.default_rng(7)
    rate = 2.0 * np.exp(SD * rng.standard_normal((worlds, 12)) - SD**2 / 2.0)
    seen, unseen = rng.poisson(TRACKED * rate), rng.poisson((1.0 - TRACKED) * rate)
    best = np.argsort(-(seen + rng.random(seen.shape) / 2.0), axis=1)[:, :3]
    chosen = np.take_along_axis(rate, best, 1)
    pilot = np.take_along_axis(seen + unseen, best, 1)
    return pilot.sum(1).astype(float), rate.sum(1), 2.0 * chosen.sum(1)


def test_stages_choose_by_what_was_seen(simulated: Simulated) -> None:
    """Expected orders of both stages agree with an independent model; ties fall differently."""
    ds = simulated(STAGES, worlds=40_000)
    _, first, second = slow_stages(200_000)
    expected = ds["line_expected_orders"].values
    assert ds["line"].values.tolist() == ["p/1 pilot", "p/2 growth"]
    assert ds["line_creators"].values.tolist() == [12, 3]
    for found, model in ((expected[0], first), (expected[1], second)):
        gap = abs(found.mean() - model.mean())
        assert gap <= 4.0 * math.hypot(found.std() / 200.0, model.std() / math.sqrt(model.size))


def test_the_chosen_fall_back_toward_the_mean(simulated: Simulated) -> None:
    """Regression to the mean: the chosen bring more than the average, less than in their pilot."""
    growth = simulated(STAGES)["line_expected_orders"].values[1].mean() / 2.0
    pilot, first, _ = slow_stages(20_000)
    assert 1.2 * first.mean() / 12.0 * 3.0 < growth < 0.8 * pilot.mean()


GROWING = STAGES | {
    "portfolio.p": {
        "tier": "small", "creators": 12,
        "stages": [{"posts": 1}, {"keep": 0.25, "add": 20, "posts": 2}, {"keep": 0.25, "add": 7}],
    },
    "portfolio.kept": {
        "tier": "small", "creators": 12,
        "stages": [{"posts": 1}, {"keep": 0.25, "posts": 2}, {"keep": 0.25}],
    },
}  # fmt: skip


def test_those_who_are_added_leave_the_first_ones_as_they_were(simulated: Simulated) -> None:
    ds = simulated(GROWING, worlds=512)
    for line in ("1 pilot", "2 growth", "3 scale"):
        for name in ("line_orders", "line_engagements", "line_order_value"):
            own = ds[name].sel(line=[f"{portfolio}/{line}" for portfolio in ("p", "kept")]).values
            np.testing.assert_array_equal(own[0], own[1], err_msg=f"{line} {name}")


def test_an_intake_is_a_programme_of_its_own(simulated: Simulated) -> None:
    """The 20 who are added are tested with two posts, and the best 5 of them kept for a third."""
    ds = simulated(GROWING, worlds=40_000)
    count = dict(zip(ds["line"].values.tolist(), ds["line_creators"].values.tolist(), strict=True))
    assert {line: n for line, n in count.items() if line.startswith("p/")} == {
        "p/1 pilot": 12, "p/2 growth": 3, "p/3 scale": 1, "p/2 growth, added in 2": 20,
        "p/3 scale, added in 2": 5, "p/3 scale, added in 3": 7,
    }  # fmt: skip
    rng = np.random.default_rng(3)
    rate = 2.0 * np.exp(SD * rng.standard_normal((100_000, 20)) - SD**2 / 2.0)
    seen = rng.poisson(2.0 * TRACKED * rate) + rng.random(rate.shape) / 2.0
    kept = np.take_along_axis(rate, np.argsort(-seen, axis=1)[:, :5], 1).sum(axis=1)
    expected = ds["line_expected_orders"].sel(line="p/3 scale, added in 2").values
    error = math.hypot(expected.std() / 200.0, kept.std() / math.sqrt(kept.size))
    assert abs(expected.mean() - kept.mean()) <= 4.0 * error
    hired = ds["hired"].sel(portfolio="p").values
    assert (hired == 12 + 20 + 7).all()


def test_a_budget_pays_for_those_who_are_added_first(simulated: Simulated, make: Make) -> None:
    alone = make(STAGES | {"portfolio.p": {"tier": "small", "creators": 1}}, worlds=128)
    each = make_plan(alone).lines[0].committed_per_creator
    stages = [{"posts": 1}, {"keep": 0.5, "add": 20, "posts": 1}]
    added = {"tier": "small", "budget": 20 * each + 30.5 * each, "stages": stages}
    ds = simulated(STAGES | {"portfolio.p": added}, worlds=128)
    # 20 first ones, 10 of them again, and the 20 who are added.
    assert ds["line_creators"].values.tolist() == [20, 10, 20]
    with pytest.raises(ExperimentError, match="those who are added"):
        simulated(STAGES | {"portfolio.p": added | {"budget": 19 * each}}, worlds=128)
    late = added | {"stages": [{"posts": 1, "add": 3}, {"keep": 0.5}]}
    with pytest.raises(ExperimentError, match="leave out its `add`"):
        simulated(STAGES | {"portfolio.p": late}, worlds=128)


@pytest.mark.usefixtures("exact_reading")
def test_choosing_among_equals_gains_nothing(simulated: Simulated) -> None:
    """Where creators do not differ the second stage brings 3 x 2 posts of the average."""
    ds = simulated(STAGES | {"tier.small.conversion_rate": 0.005}, worlds=1024)
    np.testing.assert_allclose(ds["line_expected_orders"].values[1], 3 * 2 * 2.0, rtol=1e-9)


@pytest.mark.usefixtures("exact_reading")
def test_stages_pay_who_takes_part(simulated: Simulated) -> None:
    """Fees: 12 creators one post, 3 creators two posts; goods and hours in either stage."""
    ds = simulated(STAGES, worlds=128)
    quantity = ds["cost_quantity"].sel(component=["fee", "product", "management"]).values
    expected = [[12 * 100.0, 12 * 2 * 20.0, 12 * 2.0], [3 * 2 * 100.0, 3 * 2 * 20.0, 3 * 2.0]]
    np.testing.assert_allclose(quantity, np.array(expected)[:, :, None].repeat(128, 2), rtol=1e-9)


@pytest.mark.usefixtures("exact_reading")
def test_keeping_everybody_equals_hiring_at_once(simulated: Simulated) -> None:
    """One post and two more of all creators are three posts: same luck, reach and concentration."""
    both = STAGES | {
        "portfolio.p.stages": [{"posts": 1}, {"posts": 2}],
        "portfolio.once": {"tier": "small", "creators": 12, "posts": 3},
        "tier.small.post_luck": {"lognormal": {"mean": 1.0, "log_sd": 0.5}},
    }
    ds = simulated(both, worlds=512)
    for name in ("expected_orders", "engagements", "reach", "effective_creators", "delivered"):
        staged, once = ds[name].sel(portfolio=["p", "once"]).values
        np.testing.assert_allclose(staged, once, rtol=1e-9, err_msg=name)


@pytest.mark.usefixtures("exact_reading")
def test_stages_reach_no_account_twice(simulated: Simulated) -> None:
    """In a small market too: what a creator reaches over its stages is what it reaches at once."""
    changes = STAGES | {
        "niche.general": {"market": 10_000, "overlap": 0.3, "duplicate_waste": 0.8},
        "portfolio.p.stages": [{"posts": 1}, {"posts": 2}],
        "portfolio.once": {"tier": "small", "creators": 12, "posts": 3},
        "tier.small.amplification": {"spike": {"probability": 0.3, "minimum": 2, "tail_index": 3}},
    }
    ds = simulated(changes, worlds=512)
    for name in ("reach", "expected_orders", "effective_creators", "top_creator_share"):
        staged, once = ds[name].sel(portfolio=["p", "once"]).values
        np.testing.assert_allclose(staged, once, rtol=1e-9, err_msg=name)


def test_a_budget_is_spent_over_all_stages() -> None:
    tables = {
        "portfolio": {
            "p": {
                "tier": "micro", "budget": 50_000, "hiring": "planned",
                "stages": [{}, {"keep": 0.2, "posts": 4}],
            }
        }
    }  # fmt: skip
    from sim.plan import make_plan

    plan = make_plan(sim.build(tables))
    pilot, growth = plan.lines
    assert growth.creators == round(0.2 * pilot.creators)
    spent = sum(line.creators * line.committed_per_creator for line in plan.lines)
    assert 0.0 <= plan.left_over["p"] == pytest.approx(50_000 - spent)
    assert plan.left_over["p"] < pilot.committed_per_creator + growth.committed_per_creator


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"stages": [{"posts": 2}]}, "needs at least two stages"),
        ({"stages": [{"keep": 0.5}, {}]}, "the first stage keeps nobody"),
        ({"stages": [{}, {}], "posts": 3}, "leave out `posts`"),
        ({"stages": [{}, {"keep": 2}]}, "stages: entry 2, keep: cannot be above 1"),
        ({"stages": [{}, {"kep": 0.5}]}, "stages: entry 2, kep: is not a key here; did you mean"),
        ({"stages": [{}, 7]}, "stages: entry 2: must be a table"),
        ({"stages": {}}, "stages: must be a list"),
    ],
)
def test_stages_that_make_no_sense(extra: dict[str, Any], problem: str) -> None:
    with pytest.raises(sim.ExperimentError, match=problem):
        sim.build({"portfolio": {"p": {"tier": "micro", "creators": 5, **extra}}})


# --- Revenue over weeks --------------------------------------------------------------------------------


def test_half_of_a_post_has_come_after_its_half_life(simulated: Simulated) -> None:
    """Posts at once, half-life of two weeks: 1 - 2^(-w / 2)."""
    ds = simulated({"platform.instagram.half_life_days": 14.0}, worlds=128)
    weeks = np.arange(1, WEEKS + 1)
    np.testing.assert_allclose(ds["arrived"].values[0], 1.0 - 2.0 ** (-weeks / 2.0), rtol=1e-12)


def test_posts_released_over_weeks(simulated: Simulated) -> None:
    """The formula against a sum over 100,000 posts at even times."""
    changes = {"platform.instagram.half_life_days": 5.0, "portfolio.p.release_weeks": 4.0}
    arrived = simulated(changes, worlds=128)["arrived"].values[0]
    posted = (np.arange(100_000) + 0.5) / 100_000 * 28.0
    for week in (1, 3, 4, 9):
        age = 7.0 * week - posted
        slow = np.where(age > 0.0, 1.0 - 2.0 ** (-age / 5.0), 0.0).mean()
        assert arrived[week - 1] == pytest.approx(slow, abs=1e-4)


def test_payback(simulated: Simulated) -> None:
    """Share of contribution needed to cover the cost, from the closed form of its arrival."""
    at_once = {"platform.instagram.half_life_days": 14.0, "economics.repeat_value": 0.0}
    ds = simulated(at_once | CREATORS)
    found = payback(ds, "p")
    share = (ds["cost"] / ds["contribution"]).values[0]
    for week in (1, 2, 5):
        there = 1.0 - 2.0 ** (-week / 2.0)
        assert found.paid_back[week - 1] == pytest.approx((there >= share).mean(), abs=1e-12)
    half = float(np.quantile(share, 0.5, method="higher"))
    assert found.median_weeks == math.ceil(-2.0 * math.log2(1.0 - half))
    assert profit_to_date(ds, "p", worlds=10).shape == (WEEKS, 10)


# --- Doubt about one tier ------------------------------------------------------------------------------


def test_a_tier_may_be_in_doubt_on_its_own(simulated: Simulated, still: dict[str, Any]) -> None:
    """log lambda of the named tier has the given sd, the other what sd and common leave it."""
    belief = {"sd": 0.5, "common": 0.36, "own": {"small": 0.9}}
    changes = {
        "tier.large": {**still, "followers": 30_000},
        "portfolio.q": {"tier": "large", "creators": 1},
        "beliefs": {"conversion_rate": belief},
    }
    ds = simulated(changes, worlds=40_000)
    for portfolio, own in (("p", 0.9), ("q", 0.5 * math.sqrt(0.64))):
        log = np.log(ds["expected_orders"].sel(portfolio=portfolio).values)
        sd = math.hypot(0.5 * 0.6, own)
        assert abs(float(log.std()) - sd) <= 4.0 * sd / math.sqrt(2.0 * log.size)
    shared = np.corrcoef(np.log(ds["expected_orders"].values))[0, 1]
    expected = 0.3**2 / math.sqrt((0.09 + 0.81) * (0.09 + 0.16))
    assert abs(shared - expected) <= 4.0 / math.sqrt(40_000)


def test_doubt_of_a_tier_nobody_uses_is_refused() -> None:
    tables = {
        "portfolio": {"p": {"tier": "micro", "creators": 2}},
        "beliefs": {"fee": {"sd": 0.1, "own": {"mirco": 0.2}}},
    }
    with pytest.raises(sim.ExperimentError, match="did you mean `micro`"):
        sim.build(tables)
