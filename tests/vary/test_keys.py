"""Keys are found where they stand, and a distribution moves as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.engine.marginals import compile_marginal
from sim.experiment import DistributionError, ExperimentError, build
from sim.experiment.distributions import POSITIVE, SHARE, parse
from sim.experiment.presets import presets
from sim.plan import make_plan, marginal
from sim.vary.keys import Varied, find_key, median, recentred
from sim.vary.overrides import overridden
from sim.vary.prices import Prices
from sim.vary.ranges import default_values

POSITIVES = (
    "150 to 600",
    {"normal": {"mean": 50, "sd": 8}, "truncate": [20, 90]},
    {"gamma": {"mean": 3, "sd": 1}},
    {"uniform": {"low": 2, "high": 7}},
    {"triangular": {"low": 1, "mode": 2, "high": 9}},
    {"pert": {"low": 1, "mode": 2, "high": 9}},
    {"pareto": {"minimum": 2, "tail_index": 3}},
    {"beta": {"mean": 0.4, "sd": 0.1}},
    {"weibull_min": {"c": 1.8, "scale": 40}},
    {"lognormal": {"median": 5, "log_sd": 0.7}, "truncate": [2, 30]},
)
SHARES = (
    "3 % to 8 %",
    {"beta": {"mean": 0.3, "sd": 0.1}},
    {"logitnormal": {"median": 0.2, "logit_sd": 0.6}, "truncate": [0.05, 0.9]},
)
SCORES = np.array([-2.0, -0.7, 0.0, 0.7, 2.0])


def quantiles(written, kind):
    return compile_marginal(marginal(parse(written, kind))).quantile(SCORES)


@pytest.mark.parametrize("written", POSITIVES, ids=str)
@given(st.floats(0.01, 1e4))
@settings(max_examples=10, deadline=None)
def test_positive_quantities_are_rescaled(written, target):
    moved = recentred(parse(written, POSITIVE), target)
    before, after = quantiles(written, POSITIVE), quantiles(moved, POSITIVE)
    assert median(parse(moved, POSITIVE)) == pytest.approx(target, rel=1e-9)
    # Tables are good to 1e-6; the same shape gives the same interpolation.
    assert after / after[2] == pytest.approx(before / before[2], rel=1e-6)


@pytest.mark.parametrize("written", SHARES, ids=str)
@given(st.floats(0.1, 0.8))
@settings(max_examples=10, deadline=None)
def test_shares_stay_within_zero_and_one(written, target):
    moved = parse(recentred(parse(written, SHARE), target, share=True), SHARE)
    assert median(moved) == pytest.approx(target, rel=1e-7)
    old = parse(written, SHARE)
    if old.family == "beta":
        assert sum(moved.parameters.values()) == pytest.approx(sum(old.parameters.values()))
    else:
        assert moved.parameters["sigma"] == pytest.approx(old.parameters["sigma"])


def test_medians_are_those_of_the_written_distribution():
    assert median(parse("150 to 600")) == pytest.approx(300.0)  # sqrt(150 * 600)
    assert median(parse({"uniform": {"low": 2, "high": 7}})) == pytest.approx(4.5)
    cut = {"uniform": {"low": 0, "high": 10}, "truncate": [4, 8]}
    assert median(parse(cut)) == pytest.approx(6.0)


def test_zero_is_a_value_but_no_median_to_come_from():
    assert recentred(parse("150 to 600"), 0.0) == 0.0
    with pytest.raises(DistributionError, match="positive median"):
        recentred(parse("150 to 600"), -1.0)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("tier.macro.fee", presets()["instagram"]["macro"]["fee"]["lognormal"]["median"]),
        (
            "tier.macro.on.instagram.fee",
            presets()["instagram"]["macro"]["fee"]["lognormal"]["median"],
        ),
        ("costs.hourly_rate", 40.0),
        ("shocks.scale", 1.0),
        ("shocks.loadings.fee.campaign", 0.0),
        ("beliefs.fit.sd", 0.0),
        ("compensation.paid.fee_share", 1.0),
        ("portfolio.mixed.creators", 9.0),
    ],
)
def test_keys_know_what_they_are_now(priced, name, base):
    assert find_key(priced(), name).base == pytest.approx(base)


def test_a_budget_says_how_many_it_hires(priced):
    experiment = priced()
    hired = [line.creators for line in make_plan(experiment).lines if line.portfolio == "paid"]
    assert find_key(experiment, "portfolio.paid.creators").base == sum(hired)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tier.makro.fee", "did you mean `tier.macro.fee`"),
        ("costs.hourlyrate", "did you mean `costs.hourly_rate`"),
        ("decision.a", "no key to vary"),
        ("tier.macro", "no key to vary"),
        ("shocks.loadings.fee.moon", "no key to vary"),
    ],
)
def test_unknown_keys_name_the_nearest(priced, name, hint):
    with pytest.raises(ExperimentError, match=hint):
        find_key(priced(), name)


def test_planned_creators_are_held_as_a_number(priced):
    experiment = priced(**{"portfolio.some": {
        "tier": "micro", "budget": 30_000, "hiring": "planned"}})  # fmt: skip
    held = Varied(experiment).at({})
    assert held.portfolio["some"].budget is None
    assert held.portfolio["some"].creators > 1


def test_creators_are_held_bit_for_bit(priced):
    experiment = priced(**{
        "portfolio.split": {"budget": 30_000, "mix": {"micro": 0.4, "macro": 0.6}},
        "portfolio.tested": TESTED,
    })  # fmt: skip
    held = Varied(experiment).at({})
    assert all(own.budget is None or own.quotes for own in held.portfolio.values())
    ours, theirs = sim.simulate(held), sim.simulate(experiment)
    for name in theirs.data_vars:
        np.testing.assert_array_equal(ours[name].values, theirs[name].values, err_msg=str(name))


#: A programme of three stages and two intakes.
TESTED = {
    "tier": "micro", "budget": 30_000,
    "stages": [{"posts": 1}, {"keep": 0.3, "add": 5, "posts": 2}, {"keep": 0.5}],
}  # fmt: skip


def test_a_programme_keeps_its_creators_at_other_prices(priced):
    """Money algebra: what each stage quotes is scaled alike, so the same creators are kept."""
    experiment = priced(**{"portfolio.tested": TESTED})
    run = sim.simulate(experiment)
    keys = [find_key(experiment, name) for name in ("tier.micro.fee", "costs.hourly_rate")]
    values = [keys[0].base * 1.3, keys[1].base * 0.5]
    other = sim.simulate(Varied(experiment).at(dict(zip(keys, values, strict=True))))
    for name in ("hired", "orders", "engagements"):
        np.testing.assert_array_equal(other[name].values, run[name].values, err_msg=name)
    point = Prices(experiment, run).sheet(keys, np.array([values])).at(0)
    np.testing.assert_allclose(point["cost"].values, other["cost"].values, rtol=1e-6)


def test_a_programme_of_several_intakes_is_held_at_its_first_creators(priced):
    counted = {k: v for k, v in TESTED.items() if k != "budget"} | {"creators": 8}
    experiment = priced(**{"portfolio.tested": counted})
    assert Varied(experiment).at({}).portfolio["tested"].creators == 8
    planned = priced(**{"portfolio.tested": TESTED | {"hiring": "planned"}})
    first = make_plan(planned).lines
    count = next(line.creators for line in first if line.name == "1 pilot")
    assert Varied(planned).at({}).portfolio["tested"].creators == count


def test_a_roster_stays_as_it_is(tmp_path):
    (tmp_path / "list.csv").write_text("name,followers\nann,20000\nbob,30000\n", encoding="utf-8")
    tables = {
        "portfolio": {"list": {"roster": "list.csv"}, "some": {"tier": "micro", "budget": 2000}}
    }
    experiment = build(tables, name="rosters", folder=tmp_path)
    held = Varied(experiment).at({find_key(experiment, "tier.micro.fee"): 100.0})
    assert held.portfolio["list"].roster is not None
    # A cap keeps the quotes that it was hired at: cheaper fees hire nobody else.
    ours, theirs = sim.simulate(held), sim.simulate(experiment)
    np.testing.assert_array_equal(ours["hired"].values, theirs["hired"].values)
    assert float(ours["cost"].sel(portfolio="some").mean()) < float(
        theirs["cost"].sel(portfolio="some").mean()
    )


def test_resizing_hires_again(priced):
    experiment = priced()
    fee = find_key(experiment, "tier.micro.fee")
    cheap = {fee: (fee.base or 0.0) / 10.0}

    def hired(resize):
        plan = make_plan(Varied(experiment, resize).at(cheap))
        return next(line.creators for line in plan.lines if line.portfolio == "paid")

    assert hired(True) > 2 * hired(False)


def test_a_size_of_its_own_replaces_the_budget(priced):
    experiment = priced()
    key = find_key(experiment, "portfolio.paid.creators")
    assert Varied(experiment).at({key: 3.0}).portfolio["paid"].creators == 3


# --- A tier on several platforms ------------------------------------------------------------------

PLATFORMS = {
    "simulation": {"worlds": 256, "seed": 4},
    "portfolio": {
        "here": {"tier": "micro", "platform": "instagram", "creators": 5},
        "there": {"tier": "micro", "platform": "tiktok", "creators": 5},
    },
}


@pytest.mark.parametrize("name", ["engagement_rate", "fee"])
def test_platforms_of_a_tier_stay_as_far_apart_as_they_are(name):
    experiment = build(PLATFORMS)
    key = find_key(experiment, f"tier.micro.{name}")
    halved = Varied(experiment).at({key: 0.5 * key.base})
    places = [getattr(e.tier["micro"].on[p], name) for e in (experiment, halved)
              for p in ("instagram", "tiktok")]  # fmt: skip
    here, there, half_here, half_there = map(median, places)
    assert here != pytest.approx(there, rel=0.1)
    assert (half_here, half_there) == pytest.approx((0.5 * here, 0.5 * there), rel=1e-6)


def test_a_scenario_of_half_keeps_platforms_and_spread():
    told = {"scenario": {"half": {"tier.micro.engagement_rate": "0.5x"}}}
    experiment = build(PLATFORMS | told)
    (half,) = overridden(Varied(experiment), experiment.scenario).values()
    for platform in ("instagram", "tiktok"):
        before, after = (e.tier["micro"].on[platform].engagement_rate for e in (experiment, half))
        assert median(after) == pytest.approx(0.5 * median(before), rel=1e-6)
        assert after.family == before.family


def test_simulation_and_algebra_move_platforms_alike():
    experiment = build(PLATFORMS)
    key, run = find_key(experiment, "tier.micro.fee"), sim.simulate(experiment)
    sheet = Prices(experiment, run).sheet([key], np.array([[1.7 * key.base]]))
    simulated = sim.simulate(Varied(experiment).at({key: 1.7 * key.base}))
    # Creators are single precision: seven digits.
    np.testing.assert_allclose(sheet.at(0)["cost"], simulated["cost"], rtol=2e-6)


def test_a_default_range_of_a_share_stays_possible_on_every_platform():
    experiment = build(PLATFORMS)
    key = find_key(experiment, "tier.micro.engagement_rate")
    ends = default_values(experiment, key, 3, wide=True)
    Varied(experiment).at({key: ends[-1]})  # raises where one of the platforms goes beyond 1
