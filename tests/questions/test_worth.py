"""Worth of knowing from end to end: the words answer the question, in USD of profit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from sim.experiment import Experiment, ExperimentError
from sim.measures import Measured
from sim.questions.worth import worth
from sim.questions.worth._answer import PilotWorth, Worth
from sim.run.simulate import simulate

Make = Callable[..., Experiment]


def doubtful(still_tier: Make, sd: float, orders: float) -> Experiment:
    """Return one creator whose fee is in doubt by a lognormal belief, against nothing."""
    beliefs: dict[str, Any] = {
        name: {"sd": 0.0, "common": 0.0}
        for name in ("engagement_rate", "reach_rate", "conversion_rate")
    } | {"fee": {"sd": sd, "common": 0.0}}
    return still_tier(
        {},
        simulation={"worlds": 16_384, "seed": 6},
        economics={
            "order_value": orders,
            "order_value_cv": 0.01,
            "tracked_share": 1.0,
            "incremental_share": 1.0,
        },
        portfolio={"p": {"tier": "micro", "creators": 1}},
        beliefs=beliefs,
    )


def test_knowing_a_fee_against_the_closed_form(still_tier: Make) -> None:
    # Profit is C - F with C all but certain and F lognormal with mean m: without knowing, one
    # spends if C > m. Knowing F is worth E[max(C - F, 0)] - max(C - m, 0), a put on a lognormal
    # (Black and Scholes 1973, without interest).
    sd = 0.5
    experiment = doubtful(still_tier, sd, 0.02)
    run = simulate(experiment)
    c = float(run["contribution"].mean())
    m = float(run["cost"].mean())
    found = worth(experiment, nothing=True, pilot=(), budget=m, run=run)
    d = np.log(m / c) / sd + sd / 2.0
    put = c * float(ndtr(sd - d)) - m * float(ndtr(-d))
    truth = put - max(c - m, 0.0)
    fee = found["tier.micro.fee"].worth
    assert fee.value is not None
    assert fee.se is not None
    # Four standard errors, the run's own mean of F within its own, and 1 % that the fit may lose.
    slack = 4.0 * np.hypot(fee.se, float(run["cost"].std()) / 128.0) + 0.01 * truth
    assert abs(fee.value - truth) < slack
    assert fee.se < 0.05 * truth
    # Nothing but the fee and Poisson noise of 0.3 % varies: perfect information is worth as much.
    assert found.perfect.value == pytest.approx(fee.value, rel=0.02)


def few(preset: Make) -> Experiment:
    return preset(
        portfolio={
            "micro": {"tier": "micro", "budget": 8_000},
            "macro": {"tier": "macro", "budget": 8_000},
        }
    )


@pytest.fixture(scope="module")
def found(preset: Make) -> Worth:
    return worth(few(preset), nothing=True, pilot=(10,))


def test_sentence_answers_both_questions_in_usd(found: Worth) -> None:
    text = found.sentence
    assert "is the choice" in text
    assert re.search(r"research|first", text)
    assert re.search(r"pilot of .* (pays|does not pay|may or may not pay): it costs", text)
    assert "than spending all of it on" in text
    assert "USD" in text
    assert "at a budget of 8,000 USD" in text


def test_knowing_more_is_never_worth_less(found: Worth) -> None:
    worth_of = {item.name: item.worth.value or 0.0 for item in found.known}
    assert min(worth_of.values()) >= 0.0
    beliefs = [item.name for item in found.known if item.kind == "belief"]
    for name, value in worth_of.items():
        inside = [b for b in beliefs if name == f"tier.{b.split('.')[1]}" or b.endswith(f".{name}")]
        assert value >= max((worth_of[b] for b in inside), default=0.0) - 1e-9
    assert worth_of["beliefs"] >= max(worth_of[b] for b in beliefs) - 1e-9
    assert worth_of["chance"] >= max(worth_of.values())
    assert worth_of["beliefs"] >= max((p.worth.value or 0.0) for p in found.pilots) - 1e-9


def test_a_pilot_is_paid_out_of_the_budget(found: Worth) -> None:
    """Ten macro creators cost more than 8,000 USD: such a pilot is not offered, and that is told."""
    assert all(pilot.cost <= found.budget for pilot in found.pilots)
    assert any("not offered" in note and "10 macro" in note for note in found.notes)
    micro = next(pilot for pilot in found.pilots if pilot.line == "micro")
    assert micro.returned.value is not None
    assert micro.returned.value > 0.0


def test_net_of_a_pilot_that_teaches_nothing_is_its_own_profit_less_that_of_the_money(
    still_tier: Make,
) -> None:
    # One certain tier: nothing to learn. A pilot of 2 of 10 creators brings what they bring; the
    # other eight tenths of the budget bring eight tenths. So nothing is gained and nothing lost.
    still = {name: {"sd": 0.0, "common": 0.0} for name in ("engagement_rate", "reach_rate", "fee")}
    beliefs = still | {"conversion_rate": {"sd": 0.0001, "common": 0.0}}
    experiment = still_tier(
        {},
        simulation={"worlds": 4_096, "seed": 6},
        economics={"order_value": 0.5, "tracked_share": 1.0, "incremental_share": 1.0},
        portfolio={"p": {"tier": "micro", "creators": 10}},
        beliefs=beliefs,
    )
    found = worth(experiment, nothing=True, pilot=(2,))
    (pilot,) = found.pilots
    assert found.best == "p"
    assert pilot.cost == pytest.approx(0.2 * found.budget, rel=0.01)
    assert pilot.net.value is not None
    assert pilot.net.se is not None
    assert abs(pilot.net.value) < 4.0 * pilot.net.se + 0.01 * pilot.cost


def test_table_has_the_pilot_with_its_cost(found: Worth) -> None:
    rows = found.shown().to_texts()
    assert len(rows) <= 20
    assert any("pilot" in row["what is known"] and row["costs, USD"] for row in rows)


@pytest.mark.parametrize(
    ("value", "se", "cost", "pays"),
    [
        pytest.param(500.0, 50.0, 100.0, True, id="pays"),
        pytest.param(50.0, 10.0, 100.0, False, id="does-not"),
        pytest.param(120.0, 15.0, 100.0, None, id="cannot-be-told"),
        pytest.param(5_000.0, None, 100.0, True, id="far-above-without-error"),
        pytest.param(130.0, None, 100.0, None, id="near-without-error"),
        pytest.param(None, None, 100.0, None, id="unknown"),
    ],
)
def test_pays_only_where_errors_allow(
    value: float | None, se: float | None, cost: float, pays: bool | None
) -> None:
    net = None if value is None else value - cost
    pilot = PilotWorth(
        "x",
        10,
        Measured(0.0, 0.0, "USD"),
        cost,
        Measured(0.0, 0.0, "USD"),
        Measured(net, se, "USD"),
        0.1,
    )
    assert pilot.pays is pays


def test_certainty_equivalents_differ_from_means(preset: Make, found: Worth) -> None:
    careful = worth(few(preset), nothing=True, pilot=(), risk_tolerance=5_000.0)
    assert careful.risk_tolerance == 5_000.0
    assert careful.perfect.value != found.perfect.value


def test_settings_are_checked_at_once(preset: Make) -> None:
    with pytest.raises(ExperimentError) as error:
        worth(preset(), budget=-1.0, risk_tolerance=0.0)
    for word in ("budget: must be a positive", "risk_tolerance: must be a positive"):
        assert word in str(error.value)
    with pytest.raises(ExperimentError) as error:
        worth(preset(), options=["nobody"], pilot=(-1,))
    for word in ("nobody", "--pilot"):
        assert word in str(error.value)
