"""Values as analysts write them."""

from __future__ import annotations

import pytest

from sim.experiment import ExperimentError
from sim.vary.keys import find_key
from sim.vary.ranges import default_values, read_values


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([1000, "2k"], [1000, 2000]),
        ("1000, 2000", [1000, 2000]),
        ("1000,2000", [1000, 2000]),
        ("1,000", [1000]),
        ("2000 to 8000 in 4 steps", [2000, 4000, 6000, 8000]),
        ("1 to 1000 in 4 log steps", [1, 10, 100, 1000]),
        ("1k to 3k in 3 even steps", [1000, 2000, 3000]),
        ("0.5x to 2x in 3 steps", [20, 40, 80]),
        ("0.5 to 2x in 3 steps", [20, 40, 80]),
        ("1x to 2x in 3 even steps", [40, 60, 80]),
        ("1.5x", [60]),
        ([30, 30, "0.75x"], [30]),
    ],
)
def test_ways_to_write_values(priced, written, expected):
    key = find_key(priced(), "costs.hourly_rate")
    assert read_values(key, written, "f.toml") == pytest.approx(expected)


def test_a_range_has_21_values_and_meets_its_own_exactly(priced):
    key = find_key(priced(), "tier.macro.fee")
    values = read_values(key, "0.5x to 2x", "f.toml")
    assert len(values) == 21
    assert values[10] == key.base


def test_percentages_hold_for_both_ends(priced):
    key = find_key(priced(), "costs.agency_share")
    assert read_values(key, "5 to 15 % in 3 steps", "f.toml") == pytest.approx([0.05, 0.1, 0.15])


def test_counts_are_whole(priced):
    key = find_key(priced(), "portfolio.few.creators")
    assert read_values(key, "1 to 3 in 5 steps", "f.toml") == [1, 2, 3]


def test_lists_may_hold_what_a_file_may(priced):
    key = find_key(priced(), "tier.macro.fee")
    assert read_values(key, ["100 to 500"], "f.toml") == ["100 to 500"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("costs.hourly_rate", "1 to 2 in 1 step"),
        ("costs.hourly_rate", []),
        ("costs.hourly_rate", "-1 to 2 in 3 log steps"),
        ("shocks.loadings.fee.campaign", "0.5x to 2x"),
    ],
)
def test_faults_say_what_to_write(priced, name, written):
    key = find_key(priced(), name)
    with pytest.raises(ExperimentError, match=r"0\.5x to 2x in 21 steps"):
        read_values(key, written, "f.toml")


def test_default_ranges_are_possible_values(priced):
    experiment = priced()

    def ends(name, wide=False):
        values = default_values(experiment, find_key(experiment, name), 9, wide)
        return values[0], values[-1]

    assert ends("costs.hourly_rate", wide=True) == pytest.approx((4, 400))
    assert ends("compensation.paid.commission_rate") == (0, 1)
    assert ends("beliefs.conversion_rate.sd") == (0, 1.5)
    # 0.3^2 + 0.2^2 + 0.1^2 = 0.14 is the heaviest: 1 / sqrt(0.14) = 2.673, rounded down.
    assert ends("shocks.scale") == pytest.approx((0, 2.67))
    # What 0.05 on the niche leaves to the campaign: sqrt(1 - 0.0025) = 0.9987.
    assert ends("shocks.loadings.conversion_rate.campaign") == pytest.approx((0, 0.99))
    low, high = ends("tier.micro.authentic_share")
    assert 0 < low < high < 1


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("tier.micro.fee", "50 %", [0.5]),
        ("tier.micro.fee", "-20%", [0.8]),
        ("tier.micro.fee", "+50%", [1.5]),
        ("tier.micro.fee", "-20%, 0%, 20%", [0.8, 1.0, 1.2]),
        ("tier.micro.fee", ["-20 %", "+20 %"], [0.8, 1.2]),
        ("tier.micro.fee", "-20% to +20% in 5 steps", [0.8, 0.9, 1.0, 1.1, 1.2]),
        ("tier.micro.fee", "50 % to 150 % in 3 steps", [0.5, 1.0, 1.5]),
        ("economics.gross_margin", "-10%", [0.9]),
        ("economics.gross_margin", "0.5x", [0.5]),
    ],
)
def test_a_percentage_of_an_amount_and_a_signed_one_are_relative(priced, name, written, expected):
    key = find_key(priced(), name)
    values = read_values(key, written, "f.toml")
    assert values == pytest.approx([factor * key.base for factor in expected], rel=1e-11)


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("economics.gross_margin", "50%", [0.5]),
        ("economics.gross_margin", "40% to 60% in 3 steps", [0.4, 0.5, 0.6]),
        ("beliefs.fee.sd", "30%", [0.3]),
        ("tier.micro.engagement_reach_correlation", "-20%", [-0.2]),
    ],
)
def test_a_percentage_of_a_share_is_the_share(priced, name, written, expected):
    assert read_values(find_key(priced(), name), written, "f.toml") == pytest.approx(expected)


def test_a_percentage_of_nothing_is_refused(priced):
    key = find_key(priced(**{"costs.fixed": 0}), "costs.fixed")
    with pytest.raises(ExperimentError, match="is 0 in the experiment, so `%` says nothing"):
        read_values(key, "-20%", "f.toml")
