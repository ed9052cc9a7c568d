"""Rates: percent in cells, in headers, in neither, and rates that are called something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.reading import POSTS, ROSTER, Reading

Read = Callable[..., Reading]
Faults = Callable[..., str]


@pytest.mark.parametrize(
    "title",
    ["ER (%)", "Engagement rate %", "engagement_rate_pct", "Eng. Rate [percent]", "ER in %"],
)
def test_percent_in_a_header_is_the_unit_of_the_column(read: Read, title: str) -> None:
    table = read(f"name,followers,{title}\nKim,3.1M,0.23\nLou,2M,0.31\n")
    assert table.numbers["engagement_rate"] == pytest.approx([0.0023, 0.0031])
    # A sign in the cells says the same, once.
    table = read(f"name,followers,{title}\nKim,3.1M,0.23 %\nLou,2M,0.31 %\n")
    assert table.numbers["engagement_rate"] == pytest.approx([0.0023, 0.0031])
    assert "in percent" in table.read


def test_small_rates_without_a_sign_are_asked_about(faults: Faults) -> None:
    told = faults("name,followers,engagement rate\nKim,3.1M,0.23\nLou,2M,0.31\n")
    assert "line 2, engagement rate: '0.23' is 0.23 %, or 23 %?" in told


def test_percent_without_a_sign(read: Read, faults: Faults) -> None:
    text = "name,followers,er\nKim,9k,3.1\nLou,8k,4.2\nMax,7k,0.4\n"
    table = read(text)
    assert table.numbers["engagement_rate"] == pytest.approx([0.031, 0.042, 0.004])
    assert "er is taken as percent: '4.2' is above 1" in table.notes
    # A roster has nowhere to say so while it runs.
    assert "must lie between 0 and 1" in faults(text, ROSTER)
    told = faults("name,followers,er\nKim,9k,0.031\nLou,8k,0.042\nMax,7k,3.5\n")
    assert "line 4, er: '3.5' is above 1, most others are far below" in told


def test_some_with_a_sign_and_some_without(faults: Faults) -> None:
    told = faults("name,followers,er\nKim,9k,3.1 %\nLou,8k,4.2\n")
    assert "line 3, er: '4.2' has no percent sign, '3.1 %' (line 2) has one" in told


@pytest.mark.parametrize(
    ("title", "cells"),
    [
        ("Engagement", ("2.3%", "1.9 %")),
        ("Engagement %", ("2.3", "1.9")),
        ("engagement", ("0.023", "0.019")),
    ],
)
def test_engagement_may_be_a_rate(read: Read, title: str, cells: tuple[str, str]) -> None:
    table = read(f"name,followers,{title}\nKim,31000,{cells[0]}\nLou,22000,{cells[1]}\n")
    assert table.numbers["engagement_rate"] == pytest.approx([0.023, 0.019])
    assert f"{title} → engagement rate" in table.read
    assert "engagements" not in table.numbers


def test_engagement_far_below_one_per_follower_is_asked_about(faults: Faults, read: Read) -> None:
    text = "name,followers,engagement\nKim,31000,2.3\nLou,22000,1.9\n"
    told = faults(text)
    assert "line 2, engagement: 2.3 with 31,000 followers: a count, or a rate in percent?" in told
    assert read(text, engagements="engagement").numbers["engagements"].tolist() == [2.3, 1.9]
    rates = read(text, engagement_rate="engagement").numbers["engagement_rate"]
    assert rates == pytest.approx([0.023, 0.019])


def test_engagements_that_are_counts_stay_counts(read: Read) -> None:
    table = read("name,followers,engagement\nKim,31000,640\nLou,22000,512\n")
    assert table.numbers["engagements"].tolist() == [640, 512]


@pytest.mark.parametrize("column", ["likes", "followers", "fee", "posts"])
def test_a_share_is_no_count_and_no_amount(faults: Faults, column: str) -> None:
    other = "likes" if column == "followers" else "followers"
    told = faults(f"name,{other},{column},er\nKim,31000,2.3%,4%\n", POSTS)
    assert f"line 2, {column}: '2.3%' is a share, and this column is" in told
