"""Charts of inputs, regions and mixes draw the figures that they are given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.charts.inputs import Bar, plot_inputs, worth_finding
from sim.charts.mixes import MixPoint, plot_holdings, plot_mixes
from sim.charts.paper import alt_text
from sim.charts.region import RegionMap, plot_region
from sim.questions.sensitivity import sensitivity


def by_gid(ax: Any, gid: str) -> Any:
    return next(artist for artist in ax.findobj() if artist.get_gid() == gid)


def entry(value: float | None, se: float | None = 0.01) -> dict[str, Any]:
    return {"value": value, "se": se, "unit": "share of variance"}


def test_bars_have_their_lengths_and_costs_beyond_the_axis_are_only_written() -> None:
    bars = [
        Bar("fee", 300.0, 50.0, "300 USD"),
        Bar("pilot a", 100.0, 10.0, "near", cost=400.0),
        Bar("pilot b", 100.0, 10.0, "far", cost=90_000.0),
    ]
    ax = plot_inputs(bars, label="USD", title="t")
    assert by_gid(ax, "bar fee").get_width() == 300.0
    assert by_gid(ax, "cost pilot a").get_xdata()[0] == 400.0
    assert not [a for a in ax.findobj() if a.get_gid() == "cost pilot b"]
    assert {"300 USD", "near", "far"} <= {t.get_text() for t in ax.texts}


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        pytest.param([Bar("fee", 30.0, 20.0, "")], "can be told from zero", id="noise"),
        pytest.param([Bar("fee", 300.0, 20.0, "")], "Worth most to know: fee", id="told"),
        pytest.param(
            [Bar("p", 300.0, 20.0, "", cost=290.0, pays=None)], "no pilot", id="pilot-too-near"
        ),
        pytest.param(
            [Bar("p", 900.0, 20.0, "", cost=290.0, pays=True)], "p is worth its money", id="pilot"
        ),
    ],
)
def test_finding_says_no_more_than_the_errors(bars: list[Bar], words: str) -> None:
    assert words in worth_finding(bars)


def test_region_is_outlined_within_the_map() -> None:
    edges = (np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 40.0]))
    share = np.array([[0.1, 0.9], [math.nan, 0.5]])
    region = RegionMap(("fee, USD", "rate"), edges, share, ((-math.inf, 2.0), (20.0, math.inf)))
    ax = plot_region(region, loser="a", winner="b", title="t")
    box = by_gid(ax, "region")
    assert (box.get_x(), box.get_y()) == (1.0, 20.0)
    assert (box.get_width(), box.get_height()) == (1.0, 20.0)
    assert np.nanmax(by_gid(ax, "map").get_array()) == 0.9
    assert ax.get_xlabel() == "fee, USD"


def test_region_of_one_condition_is_steps() -> None:
    region = RegionMap(("fee, USD",), (np.array([1.0, 2.0, 3.0]),), np.array([0.2, 0.6]),
                       ((2.0, math.inf),))  # fmt: skip
    ax = plot_region(region, loser="a", winner="b", title="t")
    assert by_gid(ax, "steps").get_data().values.tolist() == [0.2, 0.6]


def test_mixes_are_joined_from_bold_to_safe() -> None:
    mixes = [MixPoint("mix 1", 9.0, -3.0), MixPoint("mix 2", 5.0, -1.0)]
    alone = [MixPoint("nano-paid", 4.0, -6.0, tier="nano")]
    ax = plot_mixes(mixes, alone, title="t")
    assert by_gid(ax, "mixes").get_xdata().tolist() == [-3.0, -1.0]
    assert by_gid(ax, "alone nano-paid").get_ydata()[0] == 4.0


def test_holdings_add_up() -> None:
    ax = plot_holdings({"mix 1": {"micro-paid": 30.0, "nano-paid": 20.0}}, title="t")
    bars = [by_gid(ax, f"{line} of mix 1") for line in ("micro-paid", "nano-paid")]
    assert [bar.get_width() for bar in bars] == [30.0, 20.0]
    assert bars[1].get_x() == 30.0


def sobol(total: tuple[float, float]) -> dict[str, Any]:
    rows = [("campaign", "shock", total[0]), ("fee", "belief", total[1])]
    rows += [("beliefs", "group", 0.5), ("shocks", "group", 0.3), ("chance", "chance", 0.2)]
    return {
        "analysis": "sensitivity", "method": "sobol", "scale": "roi", "worlds": 1_000,
        "variable": "roi", "a": "micro", "b": None,
        "drivers": [
            {"outcome": "micro", "input": name, "kind": kind, "words": name,
             "first_order": entry(value), "total": entry(value)}
            for name, kind, value in rows
        ],
    }  # fmt: skip


def test_equal_inputs_are_named_together() -> None:
    apart = sensitivity.read(sobol((0.6, 0.3))).plot()
    assert alt_text(apart).startswith("Campaign moves roi of micro most (60 %)")
    equal = sensitivity.read(sobol((0.45, 0.44))).plot()
    assert "Campaign and fee move roi of micro most, and about as much" in alt_text(equal)


def test_split_adds_up_to_one() -> None:
    ax = sensitivity.read(sobol((0.6, 0.3))).plot(figure=1)
    widths = [by_gid(ax, f"{s} micro").get_width() for s in ("beliefs", "shared shocks", "chance")]
    assert widths == pytest.approx([0.5, 0.3, 0.2])
