"""Numbers as text: the standard error decides the digits, once, in every form."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.measures import Measured
from sim.text import numbers as text
from sim.text.numbers import Number

HEAVY = "heavy tail (Pareto k 0.91, above 0.7): no standard error, read the quantiles instead"


@pytest.mark.parametrize(
    ("value", "se", "unit", "brief", "told", "cell"),
    [
        # An error of one per cent leaves whole per cents, wherever the number stands.
        (2.4031, 0.012, "fraction", "240 %", "240 % (± 1)", "240 % ± 1"),
        (0.8312, 0.0012, "fraction", "83.1 %", "83.1 % (± 0.1)", "83.1 % ± 0.1"),
        (0.83123, 0.00034, "fraction", "83.1 %", "83.12 % (± 0.03)", "83.12 % ± 0.03"),
        (0.83, 0.0096, "fraction", "83 %", "83 % (± 1)", "83 % ± 1"),
        (0.83, 0.12, "fraction", "80 %", "80 % (± 10)", "80 % ± 10"),
        (0.04, 0.0006, "fraction", "4.0 %", "4.00 % (± 0.06)", "4.00 % ± 0.06"),
        (0.00034, 0.00002, "fraction", "0.034 %", "0.034 % (± 0.002)", "0.034 % ± 0.002"),
        (-0.0001, 0.01, "fraction", "0 %", "0 % (± 1)", "0 % ± 1"),
        (0.5, 0.0, "fraction", "50 %", "50 %", "50 %"),
        (73_267.0, 71.2, "USD", "73.3k USD", "73,270 USD (± 70)", "73,270 ± 70"),
        (66_321.0, 123.0, "USD", "66.3k USD", "66,300 USD (± 100)", "66,300 ± 100"),
        (1_254_000.0, 1_200.0, "USD", "1.25M USD", "1,254,000 USD (± 1,000)", "1,254,000 ± 1,000"),
        (9917.0, 0.0, "USD", "9,917 USD", "9,917 USD", "9,917"),
        # What is known exactly has the digits of a setting.
        (1 / 12, 0.0, "fraction", "8.3 %", "8.333 %", "8.333 %"),
        (12_345.67, 0.0, "USD", "12.3k USD", "12,346 USD", "12,346"),
        (0.4714, 0.0006, "USD per engagement", "0.47 USD per engagement",
         "0.4714 USD per engagement (± 0.0006)", "0.4714 ± 0.0006"),
        (0.0207, 0.0003, "share of variance", "2.1 %", "2.07 % (± 0.03)", "2.07 % ± 0.03"),
        (12_345.6, 21.0, "accounts", "12,300 accounts", "12,350 accounts (± 20)", "12,350 ± 20"),
        (2.456, 0.03, "ratio", "2.46", "2.46 (± 0.03)", "2.46 ± 0.03"),
        # An error beyond the sixth digit is written with its own, and never as nothing.
        (1e6, 0.0012, "USD", "1.00M USD", "1,000,000 USD (± 0.001)", "1,000,000 ± 0.001"),
        (0.0, 0.03, "", "0.00", "0.00 (± 0.03)", "0.00 ± 0.03"),
        (None, None, "ratio", "n/a", "n/a", "n/a *"),
        (float("nan"), 1.0, "USD", "n/a", "n/a", "n/a *"),
    ],
)  # fmt: skip
def test_three_forms(
    value: float | None, se: float | None, unit: str, brief: str, told: str, cell: str
) -> None:
    entry = Measured(value, se, unit)
    assert (text.brief(entry), text.told(entry), text.cell(entry)) == (brief, told, cell)


def test_an_unknown_error_leaves_two_digits_and_says_why() -> None:
    entry = Measured(2.456, None, "ratio", HEAVY)
    assert text.told(entry) == "2.5 (no standard error: heavy tail)"
    assert text.cell(entry) == "2.5 *"
    assert text.plus_minus(entry) == "none"
    assert text.told(Number(0.831, None, "fraction")) == (
        "83 % (no standard error: heavy tail or too few worlds)"
    )


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.8312, 0.0012, "83.1 %"),
        (2.9, 0.004, "290 %"),
        (12.345, 0.0, "1,230 %"),
        (10.15, 0.0, "1,015 %"),
        (0.07, 0.0, "7 %"),
        (0.0005, 0.0, "0.05 %"),
        (0.9996, 0.0, "100 %"),
        (0.83123, None, "83 %"),
        (-63 / 64, 0.0, "-98.4 %"),
        (None, None, "n/a"),
    ],
)
def test_percent(value: float | None, se: float | None, shown: str) -> None:
    assert text.percent(value, se) == shown


def test_gains_have_a_plus_and_zero_has_none() -> None:
    assert text.percent(0.5, signed=True) == "+50 %"
    assert text.percent(-0.5, signed=True) == "-50 %"
    assert text.percent(0.0, signed=True) == "0 %"
    assert text.money(20_500.0, unit=False, signed=True) == "+20.5k"


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.8714, 0.001, "0.87 USD"),
        (0.0123, 0.0001, "0.0123 USD"),
        (9917.0, 1.0, "9,920 USD"),
        (9917.0, 0.0, "9,917 USD"),
        (9917.0, 300.0, "9,900 USD"),
        (10_000.0, 0.0, "10k USD"),
        (12_000.5, 0.0, "12k USD"),
        (-12_345.0, 20.0, "-12.3k USD"),
        (1_254_000.0, 100.0, "1.25M USD"),
        (1_254_000.0, None, "1.3M USD"),
        (3.2e9, 1.0, "3.20B USD"),
        (999_999.0, 0.0, "1,000k USD"),
        (0.0, 0.0, "0 USD"),
        (None, 0.0, "n/a"),
    ],
)
def test_money(value: float | None, se: float | None, shown: str) -> None:
    assert text.money(value, se) == shown


@pytest.mark.parametrize(
    ("value", "se", "unit", "shown"),
    [
        (0.0123, 0.003, "fraction", "+1.2 points ± 0.3"),
        (-0.0123, 0.003, "fraction", "-1.2 points ± 0.3"),
        (1234.0, 56.0, "USD", "+1,230 ± 60"),
        (0.0, 0.0, "USD", "unchanged"),
        (0.00001, 0.01, "fraction", "0 points ± 1"),
        (None, None, "USD", "n/a"),
    ],
)
def test_change(value: float | None, se: float | None, unit: str, shown: str) -> None:
    assert text.change(Number(value, se, unit)) == shown


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.0, 0.0, "none of the worlds"),
        (1.0, 0.0, "all of the worlds"),
        (0.0003, 0.0001, "under 0.1 % of worlds"),
        (0.9998, 0.0001, "over 99.9 % of worlds"),
        (0.997, 0.01, "over 99 % of worlds"),
        (0.004, 0.01, "under 1 % of worlds"),
        (0.089, 0.001, "8.9 % of worlds"),
        (None, None, "an unknown share of worlds"),
    ],
)
def test_none_and_all_only_where_it_is_so(
    value: float | None, se: float | None, shown: str
) -> None:
    assert text.of_worlds(Number(value, se, "fraction")) == shown


def test_a_share_from_the_other_side() -> None:
    entry = Number(0.911, 0.002, "fraction")
    assert text.share_text(entry, mirrored=True) == "8.9 %"
    assert text.share_text(entry, mirrored=True, with_error=True) == "8.9 % (± 0.2)"
    assert text.of_worlds(entry, every=True) == "91.1 % of all worlds"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0312345, "0.03123"), (12.0, "12"), (1234.56, "1,235"), (0.0, "0"), ("{ beta }", "{ beta }"),
        (0.00001234, "0.00001234"), (999.96, "1,000"), (-2.5, "-2.5"),
    ],
)  # fmt: skip
def test_setting(value: float | str, shown: str) -> None:
    assert text.setting(value) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.25, "fraction", "25 %"), (1.025, "fraction", "102.5 %"), (0.1 + 0.2, "", "0.3"),
        (10_250.0, "USD", "10.25k"), (2_500.0, "USD per post", "2,500"), (-0.0, "", "0"),
        (1_234_567.0, "", "1,234,567"),
    ],
)  # fmt: skip
def test_a_tick_is_exact(value: float, unit: str, shown: str) -> None:
    assert text.tick(value, unit) == shown


@pytest.mark.parametrize(
    ("low", "high", "se", "shown"),
    [
        (1243.2, 1351.9, 27.0, "1,243 to 1,352"),
        (0.01234, 0.02346, 0.003, "0.0123 to 0.0235"),
        (1000.0, 2500.0, 0.0, "1,000 to 2,500"),
    ],
)
def test_between(low: float, high: float, se: float, shown: str) -> None:
    assert text.from_to(low, high, se) == shown


def test_what_is_counted_or_measured_otherwise() -> None:
    assert text.counted(1, "world") == "1 world"
    assert text.counted(20_000, "world") == "20,000 worlds"
    assert text.counted(1_234) == "1,234"
    assert text.multiple(0.847) == "0.85x"
    assert (text.scored(0.123), text.scored(-0.001), text.scored(0.0)) == ("+0.12", "0", "0")
    assert text.in_points(0.025) == "2.5 percentage points"
    assert (text.p_value(0.004), text.p_value(0.234)) == ("< 0.01", "= 0.23")
    assert [text.seconds(s) for s in (0.4213, 12.4, 185.0)] == ["0.42 s", "12 s", "3 min 5 s"]


def test_a_unit_stands_in_the_heading_unless_the_number_says_it() -> None:
    assert text.labelled("mean profit", "USD") == "mean profit, USD"
    assert text.labelled("mean ROI", "fraction") == "mean ROI"
    assert text.labelled("fee", "USD" * 20) == "fee"
    assert text.labelled("cost per order", "USD per order") == "cost per order, USD"


def test_a_saved_number_is_written_like_the_one_it_was() -> None:
    entry = Measured(2.456, None, "ratio", HEAVY)
    assert text.told(text.from_saved(entry.to_dict())) == text.told(entry)


# --- For every number -----------------------------------------------------------------------------

VALUES = st.floats(-1e9, 1e9).filter(lambda v: v == 0 or abs(v) > 1e-9)
ERRORS = st.floats(1e-6, 1e6)
UNITS = st.sampled_from(["fraction", "USD", "USD per order", "ratio", "accounts"])


def _read(shown: str) -> float:
    """Read the first number of a text back."""
    match = re.match(r"[+-]?[\d,]*\.?\d+", shown)
    assert match is not None, shown
    return float(match.group().replace(",", ""))


@given(VALUES, ERRORS, UNITS)
def test_a_cell_reads_back_within_the_error_it_states(value: float, se: float, unit: str) -> None:
    scale = 100 if unit == "fraction" else 1
    shown = text.cell(Number(value, se, unit))
    back, error = _read(shown), _read(shown.partition("± ")[2])
    # Six digits at most: beyond them the value is rounded by its own size.
    assert abs(back - scale * value) <= max(scale * se, 1e-5 * abs(scale * value)) * 1.0001
    assert error == pytest.approx(scale * se, rel=0.5)


@given(VALUES, ERRORS, UNITS)
def test_a_sentence_and_a_table_have_the_same_digits(value: float, se: float, unit: str) -> None:
    entry = Number(value, se, unit)
    assert re.findall(r"-?[\d,.]+\d|\d", text.told(entry).replace(" ", "")) == re.findall(
        r"-?[\d,.]+\d|\d", text.cell(entry).replace(" ", "")
    )


@given(VALUES, ERRORS, UNITS)
def test_no_digit_stands_below_the_first_that_the_error_moves(
    value: float, se: float, unit: str
) -> None:
    scale = 100 if unit == "fraction" else 1
    last = 10.0 ** _power(scale * se)
    for shown in (text.cell(Number(value, se, unit)), text.told(Number(value, se, unit))):
        back = _read(shown)
        assert abs(back / last - round(back / last)) < 1e-3 or abs(back) > 1e5 * last


def _power(se: float) -> int:
    """Return the power of ten of an error rounded to one digit, by another way than the writer."""
    power, exact = 0, Decimal(se)
    while exact >= Decimal("9.5").scaleb(power):
        power += 1
    while exact < Decimal("0.95").scaleb(power):
        power -= 1
    return power


@given(VALUES, st.one_of(st.none(), st.just(0.0), ERRORS), UNITS)
def test_zero_has_no_sign(value: float, se: float | None, unit: str) -> None:
    entry = Number(value, se, unit)
    for shown in (text.brief(entry), text.brief(entry, signed=True), text.told(entry),
                  text.cell(entry), text.tick(value, unit)):  # fmt: skip
        assert not re.match(r"[+-]0(\.0+)?(?![\d.,])", shown), shown


@given(VALUES, VALUES, st.sampled_from([0.0, 0.01, 3.0, 250.0]))
def test_a_larger_value_is_never_written_smaller(a: float, b: float, se: float) -> None:
    low, high = sorted((a, b))
    shown = [_read(text.cell(Number(x, se, "accounts"))) for x in (low, high)]
    assert shown[0] <= shown[1]


@given(VALUES, st.one_of(st.none(), ERRORS))
def test_brief_keeps_three_digits(value: float, se: float | None) -> None:
    digits = re.sub(r"\D", "", text.plain(value, se)).lstrip("0")
    assert len(digits.rstrip("0")) <= 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (8_500_000.0, "+850M %"),
        (-25_000_000.0, "-2.5B %"),
        (9_999.0, "+999,900 %"),
        (3e10, "+3T %"),
    ],
)
def test_percentages_too_long_to_read_have_a_suffix(value: float, shown: str) -> None:
    assert text.percent(value, signed=True) == shown
    assert text.tick(value, "fraction", signed=True) == shown


def test_ticks_too_long_to_read_have_a_suffix() -> None:
    assert text.tick(30_000_000.0) == "30M"
    assert text.tick(4_000_000.0) == "4,000,000"
