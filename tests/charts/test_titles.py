"""Findings: what the numbers carry is said, and nothing beyond."""

from __future__ import annotations

import numpy as np
import pytest

from sim.charts import findings, titles
from sim.charts.rows import (
    AuditRow,
    Diversification,
    FrontierPoint,
    Split,
    SweepLine,
    Swing,
    TailPoint,
    observed_tail,
)
from sim.measures import Measured
from sim.text.numbers import gain
from sim.text.verdicts import order


def roi(value: float | None, se: float | None = 0.01) -> Measured:
    return Measured(value, se, "fraction", None if se is not None else "no error")


def test_a_clear_lead_is_told() -> None:
    found = titles.highest_median({"micro": roi(2.4), "macro": roi(-0.05)})
    assert found == "micro has the highest median ROI: +240 %, against -5 % with macro"


@pytest.mark.parametrize(
    ("second", "se"),
    [pytest.param(2.37, 0.01, id="within two errors"), pytest.param(-0.5, None, id="no error")],
)
def test_no_lead_is_told_without_the_errors_to_carry_it(second: float, se: float | None) -> None:
    found = titles.highest_median({"micro": roi(2.4), "macro": roi(second, se)})
    assert found.startswith("No telling which of 2 portfolios")


def test_many_equals_are_told_as_a_range() -> None:
    entries = {f"p{k}": roi(1 + 0.001 * k) for k in range(9)}
    assert titles.highest_median(entries) == (
        "No telling which of 9 portfolios has the highest median ROI: +100 % to +101 %"
    )


def test_the_error_of_a_difference_is_at_most_the_sum() -> None:
    # sqrt(2) x 0.1 x 2 = 0.28 would do for independent worlds; paired ones may need 0.4
    assert order(roi(1.35, 0.1), roi(1.0, 0.1)) == 0
    assert order(roi(1.41, 0.1), roi(1.0, 0.1)) == 1
    assert order(roi(1.0, 0.1), roi(1.41, 0.1)) == -1


@pytest.mark.parametrize(
    ("wins", "text"),
    [
        (roi(0.93, 0.001), "a beats b in 93.0 % of worlds"),
        (roi(0.07, 0.001), "b beats a in 93.0 % of worlds"),
        (roi(0.51, 0.01), "a and b cannot be told apart: a wins in 51 % of worlds"),
        (roi(1.0, 0.001), "a beats b in every one of 1,000 worlds"),
        (roi(0.99999, 0.00001), "a beats b in over 99.9 % of worlds"),
        (Measured(None, None, "fraction", "no cost"), "a and b cannot be compared: no cost"),
    ],
)
def test_who_wins(wins: Measured, text: str) -> None:
    assert titles.winner("a", "b", wins, 1_000) == text


def test_shares_of_many_portfolios_name_the_first_and_the_last() -> None:
    entries = {
        name: roi(share, 0.001) for name, share in zip("abcd", (0.1, 0.4, 0.2, 0.3), strict=True)
    }
    assert titles.shares("Loss", entries, largest_first=True) == (
        "Loss: b in 40.0 % of worlds, a in 10.0 %"
    )


def test_worlds_in_a_hundred() -> None:
    losses = {"micro": roi(0.088), "macro": roi(0.9999), "mid": roi(0.52)}
    assert titles.worlds_in_hundred(losses) == (
        "In 91 of 100 worlds micro makes money, mid in 48, macro in fewer than 1"
    )


@pytest.mark.parametrize(
    ("worst", "start"),
    [
        ((-0.4, -0.9), "a has the highest mean ROI and the mildest worst 5 %"),
        ((-0.9, -0.4), "More return costs more risk: a has the highest mean ROI, b the mildest"),
        ((-0.4, -0.41), "a has the highest mean ROI, the mildest worst 5 % of worlds cannot be"),
    ],
)
def test_risk_and_return(worst: tuple[float, float], start: str) -> None:
    means = {"a": roi(4.0), "b": roi(0.6)}
    found = titles.risk_and_return(means, {"a": roi(worst[0]), "b": roi(worst[1])})
    assert found.startswith(start)


def test_a_mean_with_a_heavy_tail_has_no_leader() -> None:
    means = {"a": roi(4.0), "b": roi(0.6, None)}
    found = titles.risk_and_return(means, {"a": roi(-0.4), "b": roi(-0.9)})
    assert found.startswith("The highest mean ROI cannot be told, a has the mildest")


def test_mean_and_median_stand_together() -> None:
    found = titles.profit("macro", Measured(27_500, 400, "USD"), Measured(-2_900, 200, "USD"))
    assert found == "macro earns 27.5k USD on average, -2,900 USD in the median"


def test_the_longest_bar_is_named_unless_errors_blur_it() -> None:
    rows = [Swing("fee", 0.5, 2.5, se=0.1), Swing("reach", 1.0, 2.0, se=0.1)]
    assert findings.moves_most(rows, "ROI", gain) == "fee moves ROI most: from +50 % to +250 %"
    blurred = [Swing("fee", 0.5, 2.5, se=0.3), Swing("reach", 1.0, 2.0, se=0.3)]
    assert findings.moves_most(blurred, "ROI", gain) == (
        "fee and reach move ROI most, and about as far"
    )


def test_the_largest_source_is_named_for_whom_it_holds() -> None:
    rows = [
        Split("micro", {"beliefs": 0.7, "creators": 0.3}, {"beliefs": 0.01, "creators": 0.01}),
        Split("macro", {"beliefs": 0.51, "creators": 0.49}, {"beliefs": 0.01, "creators": 0.01}),
    ]
    assert findings.largest_source(rows, "ROI") == (
        "Largest source of variance of ROI: beliefs with micro (70 %), no single one with macro"
    )


def test_the_tail_is_compared_with_both_errors() -> None:
    ordered = np.sort(1 / np.linspace(1, 0, 10_000, endpoint=False))  # P(X >= x) = 1 / x
    points = [TailPoint(2, 0.5, 0.001), TailPoint(10, 0.1, 0.001), TailPoint(100, 0.5, 0.01)]
    assert "at 2 of 3 multiples" in findings.tail(ordered, points)
    assert "at all 2 multiples" in findings.tail(ordered, points[:2])


def test_observed_tails_are_the_packaged_ones() -> None:
    points = observed_tail("tiktok", "all", "views")
    assert [point.multiple for point in points] == [2, 3, 5, 10, 20, 50, 100]
    # the model's page states 0.19, 0.063 and 0.011 beyond 2, 5 and 20 times the median
    assert [round(points[k].probability, 3) for k in (0, 2, 4)] == pytest.approx(
        [0.19, 0.063, 0.011], abs=0.01
    )
    with pytest.raises(KeyError, match="no observed tail of views for radio, all"):
        observed_tail("radio", "all", "views")


def test_payback_by_counting() -> None:
    profit = np.tile([[-2, -1, 1, -3], [-1, 1, 2, -2], [1, 2, 3, -1.0]], 1_000)
    assert findings.payback("micro", profit).startswith(
        "micro pays back by week 2 in half of the worlds; after 3 weeks 75.0 %"
    )
    assert findings.payback("macro", profit - 9).startswith("macro does not pay back in half")


def line(mean: list[float], se: float = 0.01) -> SweepLine:
    values = np.array(mean)
    return SweepLine(values, np.full(values.size, se), values, values - 1, values + 1)


@pytest.mark.parametrize(
    ("macro", "se", "text"),
    [
        ([1, 1, 1], 0.01, "micro has the highest mean ROI at every fee tried"),
        ([3, 2, 1], 0.01, "passes from macro to micro at a fee between 10 and 30 USD"),
        ([3, 1, 3], 0.01, "The highest mean ROI changes hands 2 times along fee"),
        ([1, 1, 1], 1.0, "No telling which has the higher mean ROI at any fee tried"),
        ([1, 2, 1], 0.01, "micro has the highest mean ROI at 2 of 3 values of fee tried"),
    ],
)  # fmt: skip
def test_the_lead_along_a_sweep(macro: list[float], se: float, text: str) -> None:
    lines = {"micro": line([2, 2, 2], se), "macro": line(macro, se)}
    assert findings.sweep(np.array([10.0, 20, 30]), lines, "fee, USD", "ROI").endswith(text)


def test_means_without_error_have_no_lead() -> None:
    lines = {"micro": line([2, 2], np.nan), "macro": line([1, 1])}
    assert findings.sweep(np.array([1.0, 2]), lines, "fee, USD", "ROI").startswith("No telling")


def test_cells_are_counted_beyond_two_errors() -> None:
    gap = np.array([[1.0, 0.1, -1.0], [1.0, -0.1, np.nan]])
    found = findings.leads("a", "b", gap, np.full(gap.shape, 0.1), "mean ROI")
    assert found == ("a has the higher mean ROI in 2 of 5 combinations, b in 1; 2 cannot be told")
    assert findings.leads("a", "b", -np.ones((2, 2)), np.zeros((2, 2)), "mean ROI") == (
        "b has the higher mean ROI in all 4 combinations"
    )


def test_floor_frontier_and_audit() -> None:
    n = np.array([1.0, 10])
    curve = Diversification(n, n, n, floor=0.55, floor_se=0.001)
    assert findings.floor({"micro": curve}).endswith("below 55.0 % with micro")
    line_ = [FrontierPoint("bold", 4.0, -0.8), FrontierPoint("safe", 1.0, -0.4)]
    assert findings.frontier(line_) == (
        "From the safest to the boldest mix, mean ROI rises from +100 % to +400 %, the worst 5 % "
        "of worlds fall from -40 % to -80 %"
    )
    rows = [AuditRow("x", "s", low, high, "") for low, high in ((0.5, 0.6), (0.97, 1), (0, 0.01))]
    assert findings.audit(rows, (0.05, 0.95)) == (
        "1 of 3 claims lie within 90 % of simulated worlds; 1 too high, 1 too low"
    )


def test_top_creators() -> None:
    shares = {"micro": np.array([0.4, 0.5, 0.6]), "macro": np.array([0.3])}
    assert findings.top_creators(shares, 0.1) == (
        "The best 10 % of creators bring 50 % of revenue with micro and 30 % with macro"
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (titles.highest_median({}), "ROI cannot be computed"),
        (titles.risk_and_return({}, {}), "ROI cannot be computed"),
        (titles.worlds_in_hundred({}), "ROI cannot be computed"),
        (titles.shares("Loss", {}, largest_first=True), "Loss: cannot be computed"),
        (titles.most_of("orders", {}), "orders per 1,000 USD cannot be computed"),
        (findings.moves_most([], "ROI", gain), "Nothing was moved that could move ROI"),
        (findings.largest_source([], "ROI"), "The variance of ROI was not split"),
        (findings.top_creators({}, 0.1), "No creator brings revenue"),
        (findings.top_creators({"micro": np.array([])}, 0.1), "No creator brings revenue"),
        (findings.frontier([]), "No mix is efficient"),
        (findings.audit([], (0.05, 0.95)), "No claims to check"),
    ],
)
def test_where_there_is_nothing_to_tell(found: str, text: str) -> None:
    assert found == text


def test_one_of_a_kind() -> None:
    assert titles.highest_median({"micro": roi(2.4)}) == "Median ROI of micro: +240 %"
    assert titles.risk_and_return({"a": roi(4.0)}, {"a": roi(-0.4)}) == (
        "a: mean ROI +400 %, and -40 % in the worst 5 % of worlds"
    )
    orders = {"micro": Measured(137.0, 1.0, "orders")}
    assert titles.most_of("orders", orders) == "micro brings 137 orders per 1,000 USD"
    both = {**orders, "macro": Measured(136.0, 1.0, "orders")}
    assert titles.most_of("orders", both).startswith("No telling which brings most orders")
    mix = [FrontierPoint("one", 1.0, -0.4)]
    assert findings.frontier(mix) == "One mix is best on both: mean ROI +100 %"
