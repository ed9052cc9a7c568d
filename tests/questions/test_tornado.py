"""Swings against closed forms.

With one belief, a lognormal factor f of log sd s and mean 1, and luck in orders alone, the mean ROI
of `many` is 3 f - 1 and that of `few` 4 f - 1: 48,000 USD of contribution on 16,000 and 12,000.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import rankdata

import sim
from sim.experiment import ExperimentError
from sim.measures import Measured
from sim.questions.tornado import tornado
from sim.questions.tornado._answer import ROWS
from sim.questions.tornado._correlation import _ranks
from sim.questions.tornado._tornado import _monotone

SPREAD, SCORE = 0.3, 1.2815515655446004
LOW, MIDDLE, HIGH = (math.exp(-(SPREAD**2) / 2 + SPREAD * z) for z in (-SCORE, 0.0, SCORE))
#: Every comparison below is within 4 standard errors: false alarm 6e-5 each.
ERRORS = 4.0


@pytest.fixture
def own(still):
    """Beliefs about each tier's conversion, with nothing in common."""
    return still(**{"beliefs.conversion_rate": {"sd": SPREAD, "common": 0}})


@pytest.fixture
def shared(still):
    """A belief about conversion that all tiers have in common."""
    return still(**{"beliefs.conversion_rate": {"sd": SPREAD, "common": 1}})


def close(entry: Measured, expected: float) -> bool:
    return abs(entry.value - expected) < ERRORS * entry.se


def test_ends_and_swing_are_those_of_the_quantiles(own):
    found = tornado(own, of="many")
    first = found.inputs[0]
    assert "many" in first.input
    assert close(first.low, 3.0 * LOW - 1.0)
    assert close(first.middle, 3.0 * MIDDLE - 1.0)
    assert close(first.high, 3.0 * HIGH - 1.0)
    assert close(first.swing, 3.0 * (HIGH - LOW))
    assert first.monotone


def test_the_error_of_a_swing_is_paired(own):
    # The orders of both ends come from one stream: their difference varies less than either.
    first = tornado(own, of="many").inputs[0]
    assert first.swing.se < math.hypot(first.low.se, first.high.se)


def test_the_difference_has_both_sides(own):
    found = {swing.input: swing for swing in tornado(own).inputs}
    few = next(swing for name, swing in found.items() if "few" in name)
    # a minus b, the tier of b at its ends: (3 - 1) - (4 f - 1).
    assert close(few.low, 3.0 - 4.0 * LOW)
    assert close(few.high, 3.0 - 4.0 * HIGH)
    # The other tier's belief moves nothing in `many`: the same worlds, bit for bit.
    many = few.portfolios["many"]
    assert many.low.value == many.high.value


def test_what_both_share_cancels_as_far_as_it_should(shared):
    (swing,) = tornado(shared).inputs
    assert close(swing.swing, (3.0 - 4.0) * (HIGH - LOW))
    assert close(swing.portfolios["many"].high, 3.0 * HIGH - 1.0)


def test_swings_are_in_order_of_size(priced):
    sizes = [abs(swing.swing.value) for swing in tornado(priced()).inputs]
    assert sizes == sorted(sizes, reverse=True)


def test_rank_correlation_of_the_only_input_is_nearly_one(shared):
    # Orders add 3 % to a factor of log sd 0.3: Pearson 0.995 on the log scale, Spearman 0.994.
    run = sim.simulate(shared)
    (swing,) = tornado(shared, rank=True, run=run, of="many").inputs
    assert swing.rank_correlation.value == pytest.approx(0.994, abs=0.004)
    assert swing.swing is None


@pytest.mark.parametrize("values", [0, 1, 3, 1_000])
def test_ranks_are_those_of_scipy(values):
    x = np.random.default_rng(7).integers(-30, 30, 999).astype(float)[:values]
    assert (_ranks(x) == rankdata(x) - (len(x) + 1) / 2.0).all()


def test_ranks_need_no_new_run(shared, monkeypatch):
    run = sim.simulate(shared)
    for name in ("sim.run.simulate.simulated", "sim.questions.tornado._tornado.draw"):
        monkeypatch.setattr(name, None)
    assert tornado(shared, rank=True, run=run).inputs


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1.0, 0.1), (2.0, 0.1), True),
        ((1.0, 0.1), (-2.0, 0.1), False),
        ((0.1, 0.1), (-2.0, 0.1), True),
        ((1.0, None), (-2.0, 0.1), False),
    ],
    ids=["same way", "back", "too small to tell", "no error"],
)
def test_a_bend_is_told_only_beyond_its_error(first, second, expected):
    steps = (Measured(value, se, "fraction") for value, se in (first, second))
    assert _monotone(*steps) is expected


def test_nothing_uncertain_is_an_answer(still):
    found = tornado(still())
    assert found.inputs == ()
    assert "Nothing is uncertain" in found.sentence


def test_answers_repeat_and_are_short_on_a_terminal(priced):
    first, second = (tornado(priced()) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    assert len(first.shown()) <= ROWS
    (table,) = first.tables()
    assert len(table) == len(first.inputs)
    assert [*table["swing_se"]] == [one.swing.se for one in first.inputs]
    assert "±" in first.sentence


def test_json_has_values_and_errors_and_comes_back(own):
    answer = tornado(own)
    content = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert tornado.read(content) == answer
    for entry in content["inputs"]:
        assert {"value", "se"} <= set(entry["swing"]) & set(entry["rank_correlation"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "roi_meen"}, "did you mean `roi_mean`"),
        ({"of": "manny"}, "did you mean `many`"),
        ({"of": "many", "measure": "a_beats_b"}, "compares two portfolios"),
    ],
    ids=["measure", "portfolio", "comparison of one"],
)
def test_faults(own, options, message):
    with pytest.raises(ExperimentError, match=message):
        tornado(own, **options)
