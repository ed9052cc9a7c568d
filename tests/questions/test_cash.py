"""`sim cash`: what is paid and received adds up to profit, and comes when its terms say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.plan import make_plan
from sim.plan.buyers import DAYS_OF_A_MONTH
from sim.questions.cash import cash, cash_to_date, paid

#: Orders come within minutes of a post, so that months are easy to follow.
AT_ONCE = {"platform.instagram": {"half_life_days": 0.001}}
SOLD = {"costs.fee_due": "delivery", "cash.net_days": 45, "cash.payout_days": 14}


@pytest.fixture(scope="module")
def made(priced):
    """The experiment with every price, posts over two months, a discount and repeats; its run."""
    extra = {
        "portfolio.mixed.release_weeks": 8,
        "tracking": {"discount_rate": 0.1, "leaked_orders": 0.2},
        "customers": {
            "retention": 0.3,
            "interval_months": 1,
            "horizon_months": 4,
            "new_share": 0.9,
        },
    }
    experiment = priced(**AT_ONCE, **SOLD, **extra)
    return experiment, sim.simulate(experiment, threads=1)


def test_all_that_is_paid_and_received_is_profit(made) -> None:
    experiment, run = made
    for name in experiment.portfolio:
        end = cash_to_date(experiment, run, name, np.array([3_000.0]))[0]
        np.testing.assert_allclose(end, run["profit"].sel(portfolio=name), rtol=1e-9, atol=1e-6)


def test_without_interest_the_present_value_is_profit(made) -> None:
    experiment, run = made
    free = sim.build(
        {**experiment.tables(), "cash": {"net_days": 45, "payout_days": 14, "cost_of_capital": 0}}
    )
    answer = sim.cash(free, 24, run=run)
    for flow in answer.portfolios.values():
        assert flow.npv_mean.value == pytest.approx(flow.profit_mean.value, rel=1e-9)
        assert flow.npv_mean.se == pytest.approx(flow.profit_mean.se, rel=1e-9)
        assert flow.late == pytest.approx(0.0, abs=1e-9)


def test_present_value_by_hand(made) -> None:
    """Each month's net cash over 1.1 to the power of its middle in years."""
    experiment, run = made
    answer = sim.cash(experiment, 24, run=run)
    for flow in answer.portfolios.values():
        by_hand = sum(
            (one.net.value or 0.0) / 1.1 ** (max(one.month - 0.5, 0.0) / 12.0)
            for one in flow.by_month
        )
        assert flow.npv_mean.value == pytest.approx(by_hand, rel=1e-9)
        assert flow.by_month[-1].to_date.value == pytest.approx(
            sum(one.net.value or 0.0 for one in flow.by_month), rel=1e-9
        )


def test_each_payment_has_its_day(made) -> None:
    """Line of `mixed`: posts over 56 days, orders as they come out, 45 days net, 14 to the payout."""
    experiment, _ = made
    lines = make_plan(experiment).lines
    at = next(i for i, line in enumerate(lines) if line.portfolio == "mixed")
    when = paid(experiment, lines, np.array([0.0, 28.0, 45.0, 73.0, 101.0]))
    expected = {
        "fee": [0, 0, 0, 0.5, 1],
        "commission": [0, 0, 0, 0.5, 1],
        "discount": [0, 0.25, 31 / 56, 1, 1],
        "management": [0, 0.5, 45 / 56, 1, 1],
        "product": [1, 1, 1, 1, 1],
        "fixed": [1, 1, 1, 1, 1],
    }
    for component, shares in expected.items():
        np.testing.assert_allclose(when(component)[at], shares, atol=1e-3, err_msg=component)


def test_fees_at_signing_are_due_on_the_first_day(made) -> None:
    experiment, _ = made
    signed = sim.build(
        {**experiment.tables(), "costs": experiment.tables()["costs"] | {"fee_due": "signing"}}
    )
    when = paid(signed, make_plan(signed).lines, np.array([44.0, 45.0]))
    assert when("fee").tolist() == [[0.0, 1.0]] * len(make_plan(signed).lines)


def test_money_is_back_when_it_stays(made) -> None:
    """Late pay makes early cash that is owed: back is the month from which half stay above zero."""
    experiment, run = made
    answer = sim.cash(experiment, 12, run=run)
    for name, flow in answer.portfolios.items():
        days = DAYS_OF_A_MONTH * np.arange(13.0)
        to_date = cash_to_date(experiment, run, name, days)
        last_below = [max(np.flatnonzero(world < 0.0), default=-1) + 1 for world in to_date.T]
        month = int(np.quantile(last_below, 0.5, method="inverted_cdf"))
        assert flow.back == (None if month > 12 else month)
        deepest = -np.minimum(to_date.min(axis=0), 0.0)
        assert flow.tied_up_mean.value == pytest.approx(deepest.mean(), rel=1e-9)


def test_answer_is_saved_told_and_drawn(made) -> None:
    experiment, run = made
    answer = sim.cash(experiment, 6, run=run)
    saved = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert (
        cash.read(
            {
                k: v
                for k, v in saved.items()
                if k not in ("analysis", "sentence", "notes", "headline")
            }
        )
        == answer
    )
    assert "LTV : CAC" in answer.sentence
    by_month = answer.tables()[1].to_rows()
    assert len(by_month) == 7 * len(experiment.portfolio)
    (figure,) = answer.figures()
    shown = {curve.name: curve.y[-1] for curve in figure.charts[1].curves}
    last = {row["portfolio"]: row["to_date"] for row in by_month if row["month"] == 6}
    assert shown == last


def test_the_command_follows_as_many_months_as_asked(tmp_path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[portfolio.a]\ntier = "micro"\ncreators = 2\n', encoding="utf-8")
    words = ["cash", str(file), "--worlds", "1k", "--out", str(tmp_path / "r"), "--months", "3"]
    done = CliRunner().invoke(main, [*words, "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert [one["month"] for one in told["portfolios"]["a"]["by_month"]] == [0, 1, 2, 3]
    assert told["portfolios"]["a"]["ltv"]["value"] is None
    wrong = CliRunner().invoke(main, [*words[:-1], "0"])
    assert wrong.exit_code == 2
    assert "0 is not in the range x>=1" in " ".join(wrong.stderr.split())
