"""Ties against closed forms.

Without luck but that of orders, both portfolios expect 1,600 orders of 50 USD: contribution C has
one law for both, so they tie where their costs are equal, on every measure. Forty creators at 400
USD cost 16,000 USD; two cost as much at 8,000 USD each.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sim.experiment import ExperimentError
from sim.questions.breakeven import breakeven
from sim.questions.breakeven._answer import MOST
from sim.vary.variant import variant

FEE = "tier.few.fee"
TIE = 8_000.0
#: Relative sd of C: Poisson orders of mean 1,600 with order values of cv 0.5.
SPREAD = math.sqrt((1.0 + 0.5**2) / 1_600.0)
#: Every comparison below is within 4 standard errors: false alarm 6e-5 each.
ERRORS = 4.0


@pytest.mark.parametrize("on", ["roi_mean", "roi_median", "roi_es05", "profit_mean", "a_beats_b"])
def test_portfolios_tie_where_their_costs_are_equal(still, on):
    (tie,) = breakeven(still(), FEE, on=on, values="4000 to 16000", beliefs=False).ties
    assert abs(tie.value - TIE) < ERRORS * tie.se
    assert tie.low < tie.value < tie.high
    assert (tie.better_below, tie.better_above) == ("few", "many")


def test_its_error_follows_from_that_of_the_gap(still):
    # The tie is cost_a x mean(C_b) / mean(C_a): relative variance 2 SPREAD^2 / worlds.
    (tie,) = breakeven(still(), FEE, values="4000 to 16000", beliefs=False).ties
    assert tie.se == pytest.approx(TIE * SPREAD * math.sqrt(2.0 / 4_096), rel=0.1)


def test_errors_cover_the_tie_over_seeds(still):
    # Standardised errors of 12 seeds: their mean square is chi2(12) / 12, above 2.7 in 0.1 %.
    scores = []
    for seed in range(12):
        changes = {"simulation.seed": seed, "simulation.worlds": 1_024}
        (tie,) = breakeven(still(**changes), FEE, values="4000 to 16000", beliefs=False).ties
        scores.append((tie.value - TIE) / tie.se)
    assert 0.18 < np.mean(np.square(scores)) < 2.7


def test_a_key_that_is_simulated_ties_in_the_same_place(still):
    # Orders of `few` fall with its conversion rate: profits tie where 1,600 orders bring 4,000 less.
    found = breakeven(
        still(), "tier.few.conversion_rate", values="0.012 to 0.03 in 7 steps",
        on="profit_mean", beliefs=False,
    )  # fmt: skip
    (tie,) = found.ties
    # Contribution of `few`: 48,000 x rate / 0.02; equal profits at 48,000 - 16,000 + 12,000.
    assert abs(tie.value - 0.02 * 44_000 / 48_000) < ERRORS * tie.se
    assert found.curve.simulated == 7


def test_whole_numbers_tie_at_a_whole_number(still):
    # A creator of `few` earns 24,000 - 14,000 USD, `many` 32,000 in all: four are the first above.
    found = breakeven(
        still(**{"tier.few.fee": 14_000}), "portfolio.few.creators", values=[1, 2, 3, 4, 5], on="profit_mean",
        beliefs=False,
    )  # fmt: skip
    assert [tie.value for tie in found.ties] == [4.0]


def test_no_tie_is_an_answer(still):
    found = breakeven(still(), FEE, values="9000 to 20000", beliefs=False)
    assert found.ties == ()
    assert "do not tie" in found.sentence
    assert "many is better" in found.sentence
    assert found.to_dict()["ties"] == []


def test_two_keys_give_the_line_of_equal_costs(still):
    found = breakeven(still(), FEE, "tier.many.fee", second_values=[200.0, 300.0, 400.0, 600.0])
    for point in found.line:
        # 40 x fee = 2 x tie.
        assert abs(point.value - 20.0 * point.second) < ERRORS * point.se
    grid = found.to_dict()["grid"]
    assert np.shape(grid["gap"]["value"]) == (len(grid["key"]), 4)
    assert len(found.shown()) == 4


def test_a_line_says_where_there_is_none(still):
    found = breakeven(
        still(), FEE, "tier.many.fee", values="6000 to 10000", second_values=[100.0, 400.0]
    )
    assert found.line[0].value is None
    assert found.line[1].value == pytest.approx(TIE, rel=0.01)
    assert "at 1 of 2 values no tie" in found.sentence


def test_beliefs_spread_the_tie_as_they_should(still):
    # The tie of a draw is TIE x f_few / f_many with independent lognormal factors of log sd s:
    # nine in ten lie within TIE exp(+-1.645 sqrt(2) s).
    s = 0.2
    beliefs = {"beliefs.conversion_rate": {"sd": s, "common": 0}}
    found = breakeven(still(**beliefs), FEE, values="1000 to 60000 in 61 log steps").beliefs
    spread = math.sqrt(2.0) * s
    # Error of a 5 % quantile from 100 draws, on the log scale: sqrt(p (1 - p) / n) / density.
    error = math.sqrt(0.05 * 0.95 / 100) / 0.10314 * spread
    for end, score in ((found.low, -1.6449), (found.high, 1.6449)):
        assert abs(math.log(end / TIE) - score * spread) < ERRORS * error
    assert found.within == 1.0


def test_shared_beliefs_do_not_move_the_tie(still):
    # A factor that all tiers share scales both contributions alike and cancels.
    beliefs = {"beliefs.conversion_rate": {"sd": 0.3, "common": 1}}
    found = breakeven(still(**beliefs), FEE, values="4000 to 16000").beliefs
    assert found.high / found.low < 1.05


def test_what_creators_share_says_how_many_are_worth_hiring(priced):
    found = breakeven(
        priced(**{"simulation.worlds": 2_048}), "shocks.scale", on="roi_es05",
        values=[0.0, 1.0, 2.0], beliefs=False,
    )  # fmt: skip
    assert [item.value for item in found.hiring] == [0.0, 1.0, 2.0]
    assert "worth hiring" in found.sentence
    assert {item["portfolio"] for item in found.to_dict()["hiring"]} == {"paid"}


def test_a_terminal_shows_the_points_around_the_tie(still):
    found = breakeven(still(), FEE, beliefs=False)
    rows = found.shown().to_texts()
    assert len(rows) <= MOST
    values = [float(row["fee of few"].replace(",", "")) for row in rows]
    assert min(abs(value / TIE - 1.0) for value in values) < 0.15


def test_answers_repeat(still):
    first, second = (breakeven(still(), FEE, values="4000 to 16000") for _ in range(2))
    assert first == second
    assert breakeven.read(json.loads(json.dumps(first.to_dict(), allow_nan=False))) == first


# --- One portfolio --------------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["roi_median", "roi_mean", "profit_mean"])
@pytest.mark.parametrize(
    ("key", "values", "expected", "pays"),
    [
        # 1,600 orders at a margin of 0.6 pay 16,000 USD back.
        ("economics.order_value", [10.0, 14.0, 20.0, 30.0], 16_000 / (1_600 * 0.6), "above"),
        # 48,000 USD of contribution pay forty creators.
        ("tier.many.fee", "600 to 2400", 48_000 / 40, "below"),
    ],
    ids=["from", "up to"],
)
def test_one_portfolio_pays_for_itself_where_contribution_is_cost(
    still, on, key, values, expected, pays
):
    answer = breakeven(still(), key, on=on, values=values, a="many", to=0, beliefs=False)
    (tie,) = answer.ties
    assert abs(tie.value - expected) < ERRORS * tie.se
    sides = {"above": tie.better_above, "below": tie.better_below}
    assert sides.pop(pays) == "many"
    assert [*sides.values()] == [None]
    assert answer.decision.names == ("many",)
    assert {row["portfolio"] for row in answer.to_rows()} == {"many"}
    assert answer.headline.startswith("Many pays for itself on")
    assert ("from a" if pays == "above" else "up to a") in answer.headline
    assert breakeven.read(json.loads(json.dumps(answer.to_dict(), allow_nan=False))) == answer


def test_a_level_of_roi_needs_so_much_more(still):
    # ROI of one half: contribution of 24,000 USD.
    answer = breakeven(
        still(), "economics.order_value", on="roi_mean", values=[20.0, 30.0], a="many", to="50 %",
        beliefs=False,
    )  # fmt: skip
    (tie,) = answer.ties
    assert abs(tie.value - 24_000 / (1_600 * 0.6)) < ERRORS * tie.se
    assert "reaches a mean ROI of 50 %" in answer.headline


def test_a_chance_of_loss_is_kept_up_to_a_fee(still):
    # C is 48,000 (1 + SPREAD z) nearly: P(loss) is 5 % where 40 fees are its 5 % quantile.
    answer = breakeven(
        still(), "tier.many.fee", on="loss_probability", values="900 to 1500 in 61 steps",
        a="many", to=0.05, beliefs=False,
    )  # fmt: skip
    (tie,) = answer.ties
    expected = 1_200 * (1.0 - 1.6449 * SPREAD)
    # The skewness of C, about three times SPREAD, moves a 5 % quantile by 0.28 SPREAD of its sd.
    assert abs(tie.value - expected) < ERRORS * tie.se + 1_200 * SPREAD * 0.3 * 3.0 * SPREAD
    assert (tie.better_below, tie.better_above) == ("many", None)
    assert "at most 5 %" in answer.headline


def test_beliefs_give_the_range_of_one_portfolio(still):
    # Contribution is 48,000 USD times a lognormal factor of mean one.
    s = 0.2
    beliefs = {"beliefs.conversion_rate": {"sd": s, "common": 0}}
    answer = breakeven(still(**beliefs), "tier.many.fee", a="many", to=0)
    error = math.sqrt(0.05 * 0.95 / 100) / 0.10314 * s
    for end, score in ((answer.beliefs.low, -1.6449), (answer.beliefs.high, 1.6449)):
        assert abs(math.log(end / 1_200) - score * s + s * s / 2.0) < ERRORS * error
    assert "as beliefs go" in answer.headline
    (band,) = [p for p in answer.plot().patches if p.get_gid() == "beliefs"]
    assert band.get_x() == pytest.approx(answer.beliefs.low)


def test_a_level_everywhere_or_nowhere_is_an_answer(still):
    options = {"a": "many", "to": 0, "beliefs": False}
    never = breakeven(still(), "tier.many.fee", values="2000 to 4000", **options)
    assert "pays for itself on mean ROI at no fee of many tried" in never.headline
    assert "nowhere between" in never.sentence
    always = breakeven(still(), "tier.many.fee", values="100 to 400", **options)
    assert "at any fee of many tried" in always.headline


def test_a_single_portfolio_has_nothing_else_to_tie_with(still):
    alone = variant(still(), only=["many"])
    (tie,) = breakeven(alone, "tier.many.fee", values="600 to 2400", beliefs=False).ties
    assert abs(tie.value - 1_200) < ERRORS * tie.se
    with pytest.raises(ExperimentError, match="to: is needed for loss_probability"):
        breakeven(alone, "tier.many.fee", on="loss_probability")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": 0, "on": "a_beats_b"}, "on: compares two portfolios"),
        ({"to": 0, "a": "many", "b": "few"}, "b: belongs to a tie"),
        ({"to": 0, "a": "many", "second": "tier.few.fee"}, "key2: draws the line"),
        ({"to": "much", "a": "many"}, "to: "),
        ({"key": "tier.few.fe"}, "did you mean `tier.few.fee`"),
        ({"on": "roi_medain"}, "did you mean `roi_median`"),
        ({"values": [5.0]}, "at least two"),
        ({"values": "1 to x"}, "write a list"),
    ],
    ids=["chances", "other", "line", "level", "key", "measure", "one value", "range"],
)
def test_faults(still, options, message):
    arguments = {"key": FEE, **options}
    with pytest.raises(ExperimentError, match=message):
        breakeven(still(), **arguments)
