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
    assert "pilot" in text
    assert "worth its money" in text
    assert "USD" in text
    assert "at a budget of 8,000 USD" in text


def test_groups_are_worth_at_least_their_parts(found: Worth) -> None:
    # Knowing more is never worth less, but for the regression's noise: four errors, or 2 % of the
    # best option where a tail allows no error.
    everything = found["beliefs"].worth
    for item in found.known:
        if item.kind == "belief" and item.worth.value is not None:
            gap = item.worth.value - (everything.value or 0.0)
            assert gap < 4.0 * ((item.worth.se or 0.0) + (everything.se or 0.0)) + 400.0
    assert (found.perfect.value or 0.0) >= (everything.value or 0.0)


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
    assert PilotWorth("x", 10, Measured(value, se, "USD"), cost, 0.1).pays is pays


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
