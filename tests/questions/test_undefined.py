"""Worlds in which nothing is spent have no ROI: left out, counted and told, in every question."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.questions.breakeven import breakeven
from sim.questions.discover import discover
from sim.questions.diversify import diversify
from sim.questions.pickfreeze import shared_variance, sobol
from sim.questions.sensitivity import sensitivity
from sim.questions.tornado import tornado

WORLDS = 2_048
#: Paid by commission alone: where nobody buys, nothing is spent.
CODES: dict[str, Any] = {
    "simulation": {"worlds": WORLDS, "seed": 4},
    "costs": {"cost_of_goods": 0, "shipping": 0},
    "tier": {"nano": {"management_hours": 0, "conversion_rate": 0.01}},
    "portfolio": {
        "codes": {"tier": "nano", "creators": 2, "compensation": "affiliate"},
        "paid": {"tier": "micro", "creators": 4},
    },
}
FREE: dict[str, Any] = CODES | {
    "tier": {"nano": {"management_hours": 0, "fee": 0}},
    "portfolio": {
        "free": {"tier": "nano", "creators": 2},
        "paid": {"tier": "micro", "creators": 4},
    },
}


@pytest.fixture(scope="module")
def codes() -> sim.Experiment:
    return sim.build(CODES)


@pytest.fixture(scope="module")
def run(codes: sim.Experiment) -> Any:
    return sim.simulate(codes, threads=1)


def test_every_question_counts_and_tells_them(codes: sim.Experiment, run: Any) -> None:
    missing = int((~np.isfinite(run["roi"].sel(portfolio="codes").values)).sum())
    assert 50 < missing < WORLDS / 2
    told = f"roi of codes is undefined in {missing:,} of {WORLDS:,} worlds"
    answers = {
        "breakeven": breakeven(codes, "tier.micro.fee", run=run, beliefs=False, threads=1),
        "discover": discover(codes, run=run, threads=1),
        "tornado": tornado(codes),
        "rank": tornado(codes, rank=True),
        "sensitivity": sensitivity(codes, sample=WORLDS, threads=1),
        "delta": sensitivity(codes, method="delta", sample=WORLDS, threads=1),
    }
    for name, answer in answers.items():
        assert any(told in note for note in answer.notes), name
        assert "profit_mean" in " ".join(answer.notes), name


def test_a_world_without_a_roi_is_no_loss(codes: sim.Experiment, run: Any) -> None:
    a, b = (run["roi"].sel(portfolio=name).values for name in ("codes", "paid"))
    both = np.isfinite(a) & np.isfinite(b)
    region = discover(codes, run=run, threads=1)
    # The half that judges: 1,024 worlds.
    half = both[WORLDS // 2 :]
    expected = (a < b)[WORLDS // 2 :][half].mean()
    assert region.losing.value == pytest.approx(expected)
    assert region.worlds == half.sum()


def test_beliefs_put_the_tie_where_worlds_without_a_roi_do_not_count() -> None:
    nano = {"management_hours": 0, "conversion_rate": 0.01}
    tiers = {"tier": {"nano": nano, "micro": {"management_hours": 0}}}
    cheap = sim.build(CODES | tiers | {"economics": {"order_value": 150}})
    answer = breakeven(cheap, "tier.micro.fee", points=WORLDS, threads=1)
    assert answer.ties
    assert answer.beliefs is not None
    assert answer.beliefs.within > 0.5


def test_what_never_costs_anything_is_sent_to_profit() -> None:
    free = sim.build(FREE)
    for ask in (
        lambda: breakeven(free, "tier.micro.fee", threads=1),
        lambda: tornado(free, points=256),
        lambda: sensitivity(free, sample=256, threads=1),
        lambda: discover(free, threads=1),
        lambda: diversify(free),
    ):
        with pytest.raises(sim.ExperimentError, match=r"portfolio\.free: roi is undefined.*profit"):
            ask()
    answer = breakeven(free, "tier.micro.fee", on="profit_mean", beliefs=False, threads=1)
    assert "free" in answer.sentence
    assert tornado(free, measure="profit_mean", points=256).inputs


def test_shares_of_a_variance_rest_on_the_worlds_that_are_defined() -> None:
    # f = x0 + 2 x1 with unit variances: shares 1/5 and 4/5, whatever worlds are missing.
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 2, 60_000))

    def f(x: np.ndarray) -> np.ndarray:
        return x[0] + 2.0 * x[1]

    mixed = np.array([f(np.array([b[0], a[1]])), f(np.array([a[0], b[1]]))])
    f_a = f(a)
    f_a[random.random(60_000) < 0.2] = np.nan
    first, total = sobol(f_a, f(b), mixed)
    assert first.worlds == np.isfinite(f_a).sum()
    for estimate in (first, total):
        error = estimate.influence.std(axis=1) / np.sqrt(estimate.worlds)
        assert (np.abs(estimate.value - [0.2, 0.8]) < 4.0 * error).all()


def test_shared_variance_leaves_out_what_is_undefined() -> None:
    x, y = np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, 3.0, 9.0, 5.0])
    kept = [0, 1, 3]
    expected = np.cov(x[kept], y[kept], bias=True)[0, 1]
    assert shared_variance(x, y).value == pytest.approx(expected)


# --- Equal everywhere -------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["the same twice", "nothing is left"])
def equal(request: pytest.FixtureRequest) -> sim.Experiment:
    twice = {name: {"tier": "mid", "creators": 3} for name in ("one", "two")}
    lost = {"one": {"tier": "mid", "creators": 3}, "two": {"tier": "nano", "creators": 9}}
    same = request.param == "the same twice"
    return sim.build(
        {
            "simulation": {"worlds": 1_024},
            "economics": {} if same else {"gross_margin": 0},
            "portfolio": twice if same else lost,
        }
    )


def test_equal_everywhere_nothing_moves_it(equal: sim.Experiment) -> None:
    tie = breakeven(equal, "tier.mid.fee", threads=1)
    assert "one and two are equal" in tie.sentence
    assert "better" not in tie.sentence
    assert "equal" in tie.headline
    assert tie.ties == ()
    assert tie.beliefs is None
    for answer in (
        tornado(equal),
        tornado(equal, rank=True),
    ):
        assert answer.sentence.startswith("No input moves the mean ROI of one minus that of two")
    for method in ("sobol", "delta"):
        found = sensitivity(equal, method=method, sample=1_024, threads=1)
        assert found.sentence.startswith("Nothing drives")
    assert "none of the worlds" in discover(equal, threads=1).sentence


def test_charts_of_what_nothing_moves_are_drawn(equal: sim.Experiment) -> None:
    for answer in (
        sensitivity(equal, sample=256),
        breakeven(equal, "tier.mid.fee"),
        tornado(equal, points=256),
    ):
        for figure in answer.figures({"one": "mid", "two": "mid"}):
            assert figure.plot is not None
            assert figure.plot(title=figure.finding) is not None
    assert "No input moves" in tornado(equal, points=256).headline
    assert "No input moves" in sensitivity(equal, sample=256).headline
