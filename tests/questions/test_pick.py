"""`sim pick` against closed forms, every set tried by hand, the roster's own run, and its words."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import integrate, stats

import sim
from sim.cli import main
from sim.engine.each import follow
from sim.engine.run import block_rows
from sim.experiment import Experiment, ExperimentError, build
from sim.figures.record import record
from sim.plan import NicheTerms, make_plan
from sim.plan.each import each_of
from sim.questions import named
from sim.questions.pick import _sets
from sim.questions.pick._answer import Pick
from sim.questions.pick._sets import Acting, Offer, knapsack, rank_sets, score

from .conftest import NO_BELIEFS, STILL_INPUTS, loadings

ROOT = Path(__file__).parents[2]
SPREAD = 0.5  # log sd of conversion between creators: all that differs between them
#: A million followers bring 500 orders of 10 USD in the mean.
LIST = "name,followers,fee\nAda,1_000_000,4000\nBo,2_000_000,9500\n"
TWINS = "name,followers,fee\nAda,1_000_000,4000\nBo,1_000_000,4000\n"


def listed(folder: Path, people: str, **tables: Any) -> Experiment:
    """Return an experiment of a list in which nothing but conversion differs between creators."""
    (folder / "list.csv").write_text(people)
    inputs = STILL_INPUTS | {
        "follower_range": [1, 1e9],
        "conversion_rate": {"lognormal": {"mean": 0.05, "log_sd": SPREAD}},
    }
    written: dict[str, Any] = {
        "simulation": {"worlds": 2_000, "seed": 3},
        "tier": {"micro": inputs | {"follower_range": [1, 1e9]}},
        "economics": {
            "order_value": 10.0,
            "order_value_cv": 0.01,
            "gross_margin": 1.0,
            "return_rate": 0.0,
            "tracked_share": 1.0,
            "incremental_share": 1.0,
            "repeat_value": 0.0,
            "halo": 0.0,
        },
        "costs": {"hourly_rate": 0.0, "shipping": 0.0, "cost_of_goods": 0.0},
        "portfolio": {"list": {"roster": "list.csv"}},
        "beliefs": NO_BELIEFS,
        "shocks": loadings(),
        "platform": {"instagram": {"audience": 1e12}},
    }
    return build(written | tables, name="listed", file="listed.toml", folder=folder)


def near(entry: Any, expected: float) -> None:
    """Four standard errors: one false alarm in 16,000."""
    assert entry.value == pytest.approx(expected, abs=4.0 * entry.se)


# --- Closed forms -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Pick:
    return sim.pick(listed(tmp_path_factory.mktemp("two"), LIST), 14_000, best=1)


def test_forecasts_of_two_creators_have_closed_forms(two: Pick) -> None:
    law = stats.lognorm(SPREAD, scale=np.exp(-(SPREAD**2) / 2.0))  # mean one
    ada, bo = sorted(two.creators, key=lambda one: one.name)
    for one, orders, fee in ((ada, 500.0, 4_000.0), (bo, 1_000.0, 9_500.0)):
        near(one.profit, 10.0 * orders - fee)
        near(one.orders, orders)
        near(one.ceiling_price, 10.0 * orders)
        # The Poisson noise of orders, 3 and 4 % of them, moves this by less than its error.
        near(one.loss_probability, law.cdf(fee / (10.0 * orders)))
        assert one.quote == pytest.approx(fee, rel=1e-6)
    first, _ = integrate.quad(
        lambda y: law.pdf(y) * law.sf((10_000.0 * y - 9_500.0 + 4_000.0) / 5_000.0), 0.0, 20.0
    )
    near(ada.best_k, first)
    near(bo.best_k, 1.0 - first)


def test_both_are_hired_where_the_budget_pays_both(two: Pick) -> None:
    assert two.chosen == ("Ada", "Bo")
    assert two.quoted == pytest.approx(13_500.0, rel=1e-6)
    near(two.judged.profit_mean, 1_500.0)
    assert two.judged.exact


def test_twins_are_best_half_the_time_and_regret_is_their_mean_difference(tmp_path: Path) -> None:
    answer = sim.pick(listed(tmp_path, TWINS), 4_500, pilots=False)
    assert len(answer.chosen) == 1
    assert answer.judged.close == 2
    near(answer.judged.best_share, 0.5)
    # Half the mean difference of two lognormals: Gini's coefficient times the mean.
    near(answer.judged.regret, 5_000.0 * (2.0 * stats.norm.cdf(SPREAD / np.sqrt(2.0)) - 1.0))
    assert answer.pilots == ()


def test_a_pilot_that_shows_all_is_worth_a_call_option(tmp_path: Path) -> None:
    # One post of Ada first, then the better of another one of hers and one of her twin's, against
    # one post of each: E[max(X, 1)] - 1 of 5,000 USD, X lognormal of mean one (Black 1976).
    answer = sim.pick(listed(tmp_path, TWINS), 8_000)
    assert sorted(answer.chosen) == ["Ada", "Bo"]
    expected = 5_000.0 * (2.0 * stats.norm.cdf(SPREAD / 2.0) - 1.0)
    for pilot in answer.pilots:
        near(pilot.worth, expected)
        near(pilot.returns, 1_000.0)
        assert pilot.cost == pytest.approx(4_000.0, rel=1e-6)
        # Hired again where the orders were above the mean.
        near(pilot.again, stats.norm.cdf(-SPREAD / 2.0))


def test_a_pilot_dearer_than_the_budget_is_not_offered(tmp_path: Path) -> None:
    answer = sim.pick(listed(tmp_path, LIST), 5_000)
    assert {pilot.name for pilot in answer.pilots} <= {"Ada"}
    assert answer.chosen == ("Ada",)


def test_nobody_is_hired_where_nobody_pays(tmp_path: Path) -> None:
    dear = LIST.replace("4000", "9000").replace("9500", "19000")
    answer = sim.pick(listed(tmp_path, dear), 30_000)
    assert answer.chosen == ()
    assert answer.sentence.startswith("Hire nobody of 2 for 30k USD")
    assert answer.headline.startswith("Nobody on the list")
    assert answer.judged.profit_mean.value == 0.0
    for figure in answer.figures():
        record(figure)


# --- Sets, by hand ------------------------------------------------------------------------------------


def made_up(count: int, seed: int, *, certain: bool = True, acting: bool = False) -> Offer:
    """Return an offer of made-up creators in 40 worlds."""
    rng = np.random.default_rng(seed)
    quotes = rng.uniform(100.0, 900.0, (count, 1)) * np.ones(40)
    if not certain:
        quotes = quotes * rng.lognormal(0.0, 0.4, (count, 40))
    gross = rng.lognormal(6.0, 1.0, (count, 40))
    profit, market = gross - quotes, None
    if acting:
        exposure = rng.lognormal(7.0, 0.5, (count, 40))
        market = Acting(
            gross, quotes, exposure, exposure, gross / 10.0, np.zeros((count, 40)),
            np.arange(count) % 2, (NicheTerms(5_000.0, 1.0, 0.8), NicheTerms(np.inf, 1.0, 0.8)),
        )  # fmt: skip
        kept = 1.0 - 0.8 * (1.0 - 5_000.0 * -np.expm1(-exposure / 5_000.0) / exposure)
        profit = np.where(np.arange(count)[:, None] % 2 == 0, kept, 1.0) * gross - quotes
    order = np.argsort(-profit.mean(axis=1) / quotes.mean(axis=1), kind="stable")
    return Offer(profit, quotes, quotes.mean(axis=1), order, 2_000.0, 0.0, market)


def by_hand(offer: Offer, members: tuple[int, ...]) -> np.ndarray:
    """Return the profit of a set, world by world and creator by creator."""
    worlds = []
    for w in range(offer.profit.shape[1]):
        hired, spent = [], 0.0
        for i in offer.order:
            if i in members and spent + offer.quotes[i, w] <= offer.budget * (1.0 + 1e-6):
                hired.append(i)
                spent += offer.quotes[i, w]
        if offer.acting is None:
            worlds.append(sum(offer.profit[i, w] for i in hired))
            continue
        act, total = offer.acting, 0.0
        for niche in (0, 1):
            own = [i for i in hired if act.niche[i] == niche]
            shown, share = sum(act.exposure[i, w] for i in own), 1.0
            if niche == 0 and shown > 0.0:
                unique = 5_000.0 * (1.0 - np.exp(-shown / 5_000.0))
                share = 1.0 - 0.8 * (1.0 - unique / shown)
            total += share * sum(act.gross[i, w] for i in own)
        worlds.append(total - sum(act.cost[i, w] for i in hired))
    return np.array(worlds)


@pytest.mark.parametrize("acting", [False, True])
@pytest.mark.parametrize("certain", [False, True])
def test_profits_of_sets_are_those_by_hand(certain: bool, acting: bool) -> None:
    offer = made_up(6, 1, certain=certain, acting=acting)
    sets = [one for size in (1, 2, 4, 6) for one in combinations(range(6), size)]
    sets = [one for one in sets if not certain or offer.fits(offer.cost(one))]
    assert offer.profits(sets) == pytest.approx(np.array([by_hand(offer, one) for one in sets]))


@pytest.mark.parametrize("on", ["profit_mean", "profit_es05", "profit_median", "loss_probability"])
def test_the_best_of_twelve_is_the_best_of_all_sets(on: Any) -> None:
    offer = made_up(12, 5)
    every = [
        members
        for size in range(0 if on != "loss_probability" else 1, 13)
        for members in combinations(range(12), size)
        if sum(offer.expected[i] for i in members) <= offer.budget
    ]
    profits = [offer.profit[list(one)].sum(axis=0) for one in every]
    values = [(float(score(profit, on)), float(profit.mean())) for profit in profits]
    ranked = rank_sets(offer, on, 5)
    assert ranked.exact
    best = sorted(range(len(every)), key=lambda i: values[i], reverse=True)[:5]
    assert list(ranked.sets) == [every[i] for i in best]


@pytest.mark.parametrize("seed", range(8))
def test_the_knapsack_is_the_best_of_all_sets(seed: int) -> None:
    offer = made_up(15, seed)
    counts = (np.arange(2**15)[:, None] >> np.arange(15)) & 1
    worth = np.where(counts @ offer.expected <= offer.budget, counts @ offer.means, -np.inf)
    members, whole = knapsack(offer, range(15))
    assert whole
    assert offer.mean(members) == pytest.approx(worth.max())


def test_a_knapsack_of_equal_creators_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = made_up(40, 2)
    alike = replace(offer, profit=offer.quotes * 0.5, expected=offer.expected, order=np.arange(40))
    members, whole = knapsack(alike, range(40))
    assert alike.cost(members) <= alike.budget * (1.0 + 1e-6)
    assert alike.cost(members) > 0.99 * alike.budget
    monkeypatch.setattr(_sets, "_MOST_STEPS", 10)
    assert not knapsack(alike, range(40))[1] or whole


@pytest.mark.parametrize(("certain", "acting"), [(True, False), (False, False), (True, True)])
def test_exchanges_find_what_every_set_tried_finds(
    certain: bool, acting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = made_up(9, 11, certain=certain, acting=acting)
    best = rank_sets(offer, "profit_es05", 1).sets[0]
    monkeypatch.setattr(_sets, "ALL_SETS", 3)
    searched = rank_sets(offer, "profit_es05", 1)
    assert not searched.exact
    assert searched.sets[0] == best


# --- The roster's own run -----------------------------------------------------------------------------


def run_of(experiment: Experiment, worlds: int) -> dict[str, np.ndarray]:
    return block_rows(replace(make_plan(experiment), worlds=worlds), 0, worlds)


def test_all_hired_together_are_the_roster(tmp_path: Path) -> None:
    experiment = listed(tmp_path, LIST)
    whole = run_of(experiment, 256)
    followed = follow(each_of(experiment, "list", 256))
    together = followed.together([0, 1])
    for name in ("expected_orders", "cost", "impressions", "engagements"):
        assert together[name] == pytest.approx(whole[name][0], rel=1e-5), name
        assert followed.alone[name].sum(axis=0) == pytest.approx(whole[name][0], rel=1e-5), name
    # Orders are drawn for each creator, not for all at once: the same law, other luck.
    off = (together["orders"] - whole["orders"][0]) / np.sqrt(2.0 * whole["expected_orders"][0])
    assert off.mean() == pytest.approx(0.0, abs=4.0 / 16.0)
    assert off.std() == pytest.approx(1.0, abs=0.25)


def test_one_of_the_list_is_a_list_of_one(tmp_path: Path) -> None:
    alone = follow(each_of(listed(tmp_path, LIST), "list", 256)).alone
    whole = run_of(listed(tmp_path, LIST.replace("Ada,1_000_000,4000\n", "")), 256)
    for name in ("expected_orders", "orders", "profit"):
        assert alone[name][1] == pytest.approx(whole[name][0], rel=1e-4), name


SPILL = {"incident_rate": 0.2, "incident_loss": 0.5, "incident_spill": 0.3}


@pytest.mark.statistical
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"niche": {"general": {"market": 4e5, "overlap": 0.7, "duplicate_waste": 0.6}}},
        {"tier": {"micro": SPILL}},
        {
            "niche": {"general": {"market": 4e5, "overlap": 1.0, "duplicate_waste": 0.6}},
            "compensation": {"paid": {"pay_per_order": 3.0, "pay_cap": 200.0}},
        },
    ],
    ids=["presets", "market", "incidents", "market-and-pay"],
)
def test_the_shipped_roster_hired_whole_is_its_run(changes: dict[str, Any]) -> None:
    written = {"portfolio": {"list": {"roster": "roster.csv"}}} | changes
    experiment = build(written, name="r", file="r.toml", folder=ROOT / "experiments")
    whole = run_of(experiment, 2_000)
    followed = follow(each_of(experiment, "list", 2_000))
    together = followed.together(range(40))
    for name in ("expected_orders", "reach", "impressions", "engagements"):
        assert together[name] == pytest.approx(whole[name][0], rel=1e-5), name
    gap = together["profit"] - whole["profit"][0]
    assert gap.mean() == pytest.approx(0.0, abs=4.0 * gap.std() / np.sqrt(2_000))
    assert gap.std() < 0.2 * whole["profit"][0].std()
    if not followed.interacting:
        assert followed.alone["profit"].sum(axis=0) == pytest.approx(together["profit"])


@pytest.mark.statistical
def test_sets_in_a_market_are_searched_at_their_means() -> None:
    written = {
        "portfolio": {"list": {"roster": "roster.csv"}},
        "niche": {"general": {"market": 4e5, "overlap": 0.7, "duplicate_waste": 0.6}},
        "tier": {"micro": SPILL},
    }
    experiment = build(written, name="r", file="r.toml", folder=ROOT / "experiments")
    followed = follow(each_of(experiment, "list", 2_000))
    offer = _sets.offer_of(followed, 1e6, slice(0, 1_000))
    members = tuple(range(0, 40, 3))
    exact = followed.together(members)["profit"]
    searched = offer.profits([members])[0]
    gap = exact - searched
    assert gap.mean() == pytest.approx(0.0, abs=4.0 * gap.std() / np.sqrt(2_000))
    assert gap.std() < 0.3 * exact.std()


@pytest.mark.scale
@pytest.mark.parametrize("fees", [True, False], ids=["fees known", "fees drawn"])
def test_five_hundred_names_take_seconds(tmp_path: Path, fees: bool) -> None:
    rng = np.random.default_rng(1)
    rows = ["name,followers,engagement_rate,posts,fee"]
    for i in range(500):
        followers = int(np.clip(np.exp(rng.normal(10.6, 0.9)), 10_500, 900_000))
        fee = f"{0.01 * followers * rng.lognormal(0.0, 0.4):.0f}" if fees else ""
        rows.append(f"n{i},{followers},{rng.lognormal(np.log(3.0), 0.6):.1f} %,12,{fee}")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    experiment = build(
        {"portfolio": {"list": {"roster": "list.csv"}}}, name="n", file="n.toml", folder=tmp_path
    )
    sim.pick(experiment, 10_000)  # compiles
    start = time.process_time()
    answer = sim.pick(experiment, 20_000)
    assert time.process_time() - start < 30.0
    assert len(answer.creators) == 500
    assert 10 < len(answer.chosen) < 200


# --- Words, JSON, page --------------------------------------------------------------------------------


def test_json_holds_what_a_meeting_asks_for(two: Pick) -> None:
    content = json.loads(json.dumps(two.to_dict(), allow_nan=False))
    one = content["creators"][0]
    assert {
        "name", "profit", "orders", "loss_probability", "best_k", "ceiling_price", "known",
    } <= set(one)  # fmt: skip
    assert {"value", "se"} <= set(one["profit"])
    assert content["chosen"] == ["Ada", "Bo"]
    assert content["judged"]["close"] >= 1
    assert named("pick").read(content).to_dict() == content


def test_the_sentence_says_whom_for_how_much(two: Pick) -> None:
    assert two.sentence.startswith("Two of two for 14k USD: hire Ada and Bo.")
    assert two.headline.startswith("Two of two for 14k USD: hire Ada and Bo, mean profit")


def test_every_figure_holds_together(two: Pick) -> None:
    names = []
    for figure in two.figures():
        record(figure)
        names.append(figure.name)
        assert len(figure.finding) <= 240
    assert names == ["pick", "ceilings", "rivals", "believed"]


def test_creators_are_shown_as_read_and_as_believed(two: Pick) -> None:
    table = next(table for table in two.tables() if table.name == "pick_known")
    assert table["followers"] == [1e6, 2e6] or table["followers"] == [2e6, 1e6]
    assert table["rate_believed"] == pytest.approx([0.01, 0.01], rel=1e-4)
    assert table["orders_believed"] == pytest.approx(
        [1e-2 * 0.05 * followers for followers in table["followers"]], rel=0.08
    )


def test_a_budget_below_every_quote_hires_nobody(tmp_path: Path) -> None:
    answer = sim.pick(listed(tmp_path, LIST), 3_000)
    assert answer.sentence == "Hire nobody of 2 for 3,000 USD: nobody's quote fits into it."


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"budget": 0}, "must be a positive amount of money"),
        ({"budget": 5_000, "on": "roi_mean"}, "must be"),
        ({"budget": 5_000, "best": 0}, "must be 1 or more"),
        ({"budget": 5_000, "portfolio": "lst"}, "no such portfolio"),
        ({}, "is missing"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ExperimentError, match=problem):
        sim.pick(listed(tmp_path, LIST), **options)


def test_without_a_roster_there_is_nobody_to_pick(preset: Any) -> None:
    with pytest.raises(ExperimentError, match="has no roster to pick from"):
        sim.pick(preset(), 5_000)


def test_several_rosters_need_a_name(tmp_path: Path) -> None:
    both = {"list": {"roster": "list.csv"}, "again": {"roster": "list.csv", "posts": 2}}
    with pytest.raises(ExperimentError, match="is needed where several portfolios have a roster"):
        sim.pick(listed(tmp_path, LIST, portfolio=both), 5_000)


def test_a_budget_below_the_fixed_cost_is_told(tmp_path: Path) -> None:
    costs = {"hourly_rate": 0.0, "shipping": 0.0, "cost_of_goods": 0.0, "fixed": 6_000}
    with pytest.raises(ExperimentError, match=r"is used up by `costs\.fixed`"):
        sim.pick(listed(tmp_path, LIST, costs=costs), 5_000)


def test_too_few_worlds_are_told(tmp_path: Path) -> None:
    few = listed(tmp_path, LIST, simulation={"worlds": 50, "seed": 1})
    with pytest.raises(ExperimentError, match="must be 100 or more"):
        sim.pick(few, 5_000)


def test_a_list_in_euro_is_answered_in_euro(tmp_path: Path) -> None:
    answer = sim.pick(listed(tmp_path, LIST, currency="EUR"), 14_000, best=1)
    texts = [json.dumps(answer.to_dict()), answer.sentence, answer.headline]
    for table in (*answer.tables(), answer.shown()):
        texts += [table.about, *table.titles, json.dumps(table.to_texts())]
    for figure in answer.figures():
        texts += [figure.finding, figure.made, f"{figure.panels}"]
    assert "EUR" in " ".join(texts)
    assert "USD" not in " ".join(texts)


def test_boosting_is_left_out_and_said(tmp_path: Path) -> None:
    boosted = {"list": {"roster": "list.csv", "boost": 500}}
    plain, answer = (
        sim.pick(listed(tmp_path, LIST, **tables), 14_000, pilots=False)
        for tables in ({}, {"portfolio": boosted})
    )
    assert answer.creators == plain.creators
    assert any(note.startswith("Boosting is left out") for note in answer.notes)


def test_command_page_and_slides(tmp_path: Path) -> None:
    from sim.experiment.write import to_toml
    from sim.report import write_deck, write_report

    experiment = listed(tmp_path, LIST, simulation={"worlds": 200, "seed": 3})
    file = tmp_path / "two.toml"
    file.write_text(to_toml(experiment))
    out = tmp_path / "two"
    command = ["pick", str(file), "--budget", "5k", "--out", str(out)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "One of two for 5,000 USD: hire Ada." in done.output
    assert write_report(out).stat().st_size < 1_000_000
    assert write_deck(out, out / "deck.pptx").is_file()
