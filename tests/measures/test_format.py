"""Numbers as text: digits that the standard error supports."""

from __future__ import annotations

import pytest

from sim.measures import format as text


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.8312, 0.0012, "83.1 %"),
        (0.8312, 0.03, "83 %"),
        (0.8312, 0.2, "80 %"),
        (0.04, 0.0006, "4.0 %"),
        (2.9, 0.004, "290 %"),
        (12.345, 0.0, "1,230 %"),
        (0.83123, None, "83 %"),
        (-0.0001, 0.01, "0 %"),
        (None, None, "n/a"),
    ],
)
def test_percent(value: float | None, se: float | None, shown: str) -> None:
    assert text.percent(value, se) == shown


def test_signed_percent_leaves_zero_alone() -> None:
    assert text.percent(0.5, signed=True) == "+50 %"
    assert text.percent(-0.5, signed=True) == "-50 %"
    assert text.percent(0.0, signed=True) == "0 %"


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.8312, 0.00118, "83.1 % (± 0.1)"),
        (0.83123, 0.00034, "83.12 % (± 0.03)"),
        (0.83, 0.0096, "83 % (± 1)"),
        (0.83, 0.12, "80 % (± 10)"),
        (0.5, 0.0, "50 %"),
        (0.5123, None, "51 %"),
    ],
)
def test_percent_with_error(value: float, se: float | None, shown: str) -> None:
    assert text.percent_with_error(value, se) == shown


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.8714, 0.001, "0.87 USD"),
        (0.0123, 0.0001, "0.0123 USD"),
        (9917.0, 1.0, "9,920 USD"),
        (9917.0, 0.0, "9,917 USD"),
        (9917.0, 300.0, "9,900 USD"),
        (10_000.0, 0.0, "10k USD"),
        (-12_345.0, 20.0, "-12.3k USD"),
        (1_254_000.0, 100.0, "1.25M USD"),
        (1_254_000.0, None, "1.3M USD"),
        (3.2e9, 1.0, "3.20B USD"),
        (0.0, 0.0, "0 USD"),
        (None, 0.0, "n/a"),
    ],
)
def test_usd(value: float | None, se: float | None, shown: str) -> None:
    assert text.usd(value, se) == shown


@pytest.mark.parametrize(
    ("value", "se", "unit", "shown"),
    [
        (0.8312, 0.0012, "fraction", "83.1 % ± 0.1"),
        (0.4714, 0.0006, "USD per engagement", "0.4714 ± 0.0006"),
        (66_321.0, 123.0, "USD", "66,300 ± 100"),
        (1234.0, 0.0, "USD", "1,234 ± 0"),
        (2.456, None, "ratio", "2.5 *"),
        (None, None, "ratio", "n/a *"),
    ],
)
def test_cell(value: float | None, se: float | None, unit: str, shown: str) -> None:
    assert text.cell(value, se, unit) == shown


@pytest.mark.parametrize(("value", "shown"), [(12.345, "12.3"), (1234.5, "1,230"), (None, "n/a")])
def test_number(value: float | None, shown: str) -> None:
    assert text.number(value) == shown
