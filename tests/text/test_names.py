"""One name for a key, a factor or a measure wherever people read it."""

from __future__ import annotations

import pytest

from sim.measures import COMPARISONS, MEASURES
from sim.text.names import (
    TWINS,
    capital,
    factor_words,
    key_words,
    listed,
    measure_heading,
    measure_words,
    short_words,
    twin_word,
)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tier.macro.fee", "fee of macro"),
        ("tier.macro.on.tiktok.reach_rate", "reach rate of macro on tiktok"),
        ("economics.order_value", "order value"),
        ("costs.hourly_rate", "hourly rate"),
        ("portfolio.micro.budget", "budget of micro"),
        ("compensation.affiliate.commission_rate", "commission rate of affiliate"),
        ("shocks.scale", "scale of all loadings"),
        ("shocks.loadings.conversion_rate.campaign", "campaign loading of conversion rate"),
        ("beliefs.conversion_rate.sd", "doubt about conversion rate"),
        ("beliefs.conversion_rate.own.micro", "doubt about conversion rate of micro"),
        ("beliefs.fee.common", "common of doubt about fee"),
    ],
)
def test_keys_in_words(key: str, words: str) -> None:
    assert key_words(key) == words


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("campaign", "shock", "campaign shock"),
        ("platform:tiktok", "shock", "shock of the platform tiktok"),
        ("economics.gross_margin", "belief", "belief about gross margin"),
        ("conversion_rate", "belief", "belief about conversion rate of all tiers"),
        ("fee:tiktok:micro", "belief", "belief about fee of micro on tiktok"),
    ],
)
def test_factors_in_words(name: str, kind: str, words: str) -> None:
    assert factor_words(name, kind) == words


def test_every_measure_has_a_name_of_its_own_in_both_forms() -> None:
    known = [*MEASURES, *COMPARISONS]
    for form in (measure_words, measure_heading):
        assert len({form(name) for name in known}) == len(known)


def test_twins_are_each_others() -> None:
    assert all(TWINS[twin] == name for name, twin in TWINS.items())
    assert twin_word("roi_mean") == "median"


def test_a_platform_that_all_share_goes_unsaid() -> None:
    both = {"a": "belief about fee of micro on tiktok", "b": "reach rate of macro on tiktok"}
    assert short_words(both) == {"a": "fee of micro", "b": "reach rate of macro"}
    two = {"a": "fee of micro on tiktok", "b": "fee of micro on instagram"}
    assert short_words(two) == two


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listed(words: list[str], expected: str) -> None:
    assert listed(words) == expected


def test_capital() -> None:
    assert (capital("mean ROI"), capital("")) == ("Mean ROI", "")
