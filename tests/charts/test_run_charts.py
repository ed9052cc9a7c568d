"""Charts of a run: what is drawn is what the measures say, and nothing runs into anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from sim import charts
from sim.charts.drawing import CHARTS
from sim.charts.money import waterfall
from sim.charts.run import Run, decision, portfolio_tiers
from sim.charts.theme import LIGHT
from sim.measures import Measured, compare, summarize
from sim.run.dataset import line_costs

Part = Callable[[Axes, str], Any]
Eyes = Callable[[Axes], list[str]]
Results = Callable[..., xr.Dataset]

TIERS = {"micro": ("micro",), "macro": ("macro",), "hybrid": ("micro", "macro")}
COLOURS = {"micro": LIGHT.tiers["micro"], "macro": LIGHT.tiers["macro"],
           "hybrid": LIGHT.tiers["mixed"]}  # fmt: skip


def hex_of(artist: Any) -> str:
    return to_hex(artist.get_color()).upper()


@pytest.mark.parametrize("name", list(TIERS))
def test_quantile_marks_stand_at_the_measures(name: str, results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_roi(results)
    row = summarize(results)[name]
    ends = part(ax, f"interval {name}")
    assert ends.get_xdata() == pytest.approx([row["roi_p05"].value, row["roi_p95"].value])
    assert part(ax, f"median {name}").get_xdata() == pytest.approx([row["roi_median"].value])
    assert hex_of(ends) == COLOURS[name]
    assert ax.get_xlim()[0] < row["roi_p05"].value
    assert ax.get_xlim()[1] > row["roi_p95"].value


def test_areas_of_densities_are_shares_of_worlds(results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_roi(results)
    areas = {}
    for name, roi in zip(results["portfolio"].values, results["roi"].values, strict=True):
        curve = part(ax, f"density {name}")
        position = np.log2(1 + curve.get_xdata())
        low, high = ax.get_xlim()
        inside = float(np.mean((roi >= low) & (roi <= high)))
        areas[name] = float(np.trapezoid(curve.get_ydata(), position)) / inside
    # one factor for all: the height of the highest curve
    assert max(areas.values()) / min(areas.values()) == pytest.approx(1, abs=0.01)


def test_losses_are_shaded_up_to_break_even(results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_roi(results)
    shade = part(ax, "loss region")
    assert shade.get_x() + shade.get_width() == pytest.approx(0)
    assert ax.get_xlim()[0] == pytest.approx(shade.get_x())


def test_what_lies_beyond_the_axis_is_said(results: xr.Dataset) -> None:
    ax = charts.plot_roi(results)
    low, high = ax.get_xlim()
    roi = results["roi"].values
    left, right = (float(np.mean(side, axis=1).max()) for side in (roi < low, roi > high))
    said = f"at most {100 * left:.1f} % of a portfolio's worlds left, {100 * right:.1f} % right"
    assert said in charts.alt_text(ax)


@pytest.mark.parametrize("name", list(TIERS))
def test_exceedance_passes_through_the_probabilities(
    name: str, results: xr.Dataset, part: Part
) -> None:
    summary = summarize(results, target=2.0)
    ax = charts.plot_exceedance(Run(results, summary))
    row = summary[name]
    dots = part(ax, f"targets {name}")
    expected = [1 - row["loss_probability"].value, row["target_probability"].value]
    assert dots.get_xdata() == pytest.approx([0, 2])
    assert dots.get_ydata() == pytest.approx(expected)
    curve = part(ax, f"exceedance {name}")
    assert np.interp([0, 2], curve.get_xdata(), curve.get_ydata()) == pytest.approx(
        expected, abs=1e-3
    )
    assert hex_of(curve) == COLOURS[name]
    shown = {text.get_text() for text in ax.texts}
    assert {f"{100 * share:.0f} %" for share in expected} <= shown


def test_targets_of_ones_own(results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_exceedance(results, targets=[0.5, 30.0])
    assert part(ax, "targets micro").get_xdata() == pytest.approx([0.5, 30])
    assert ax.get_xlim()[1] >= 30


def test_difference_is_paired(results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_difference(results, a="hybrid", b="macro")
    comparison = compare(results, "hybrid", "macro")
    quantiles = [comparison[f"roi_difference_{key}"].value for key in ("p05", "p95")]
    assert part(ax, "interval difference").get_xdata() == pytest.approx(quantiles)
    wins = comparison["a_beats_b"].value
    shown = "\n".join(text.get_text() for text in ax.texts)
    assert f"hybrid wins\n{100 * wins:.1f} %" in shown
    assert f"macro wins\n{100 * (1 - wins):.1f} %" in shown
    assert charts.alt_text(ax).startswith(f"Hybrid beats macro in {100 * wins:.1f} % of worlds")
    assert ax.get_xlim()[0] < quantiles[0]
    assert ax.get_xlim()[1] > quantiles[1]


def test_a_given_comparison_is_used_for_its_own_pair_only(results: xr.Dataset) -> None:
    comparison = compare(results, "micro", "macro")
    made_up = replace(comparison.measures["a_beats_b"], value=0.123, se=0.0001)
    fake = replace(comparison, measures={**comparison.measures, "a_beats_b": made_up})
    told = charts.alt_text(charts.plot_difference(results, comparison=fake))
    assert told.startswith("Macro beats micro in 87.7 %")
    other = charts.plot_difference(results, a="hybrid", b="macro", comparison=fake)
    assert charts.alt_text(other).startswith("Hybrid beats macro")


def test_both_sides_of_a_difference_meet_at_zero(results: xr.Dataset) -> None:
    curves = [line.get_xydata() for line in charts.plot_difference(results).lines[:2]]
    right, left = (np.asarray(curve) for curve in curves)
    assert right[0, 0] == left[-1, 0] == 0.0
    assert right[0, 1] == left[-1, 1] > 0.0


def test_a_difference_needs_two_portfolios(invented: Results, results: xr.Dataset) -> None:
    with pytest.raises(ValueError, match="needs two portfolios, and this run has one"):
        charts.plot_difference(invented({"micro": ("micro",)}, 50))
    with pytest.raises(ValueError, match="unknown portfolios: makro"):
        charts.plot_difference(results, a="micro", b="makro")


@pytest.mark.parametrize("name", list(TIERS))
def test_dots_stand_for_equal_shares_and_hollow_ones_lose(
    name: str, results: xr.Dataset, part: Part
) -> None:
    ax = charts.plot_dots(results)
    lost, kept = part(ax, f"lost {name}"), part(ax, f"kept {name}")
    roi = results["roi"].sel(portfolio=name).values
    count = int((np.quantile(roi, (np.arange(50) + 0.5) / 50) < 0).sum())
    assert len(lost.get_xdata()) == count
    assert len(kept.get_xdata()) == 50 - count
    assert lost.get_markerfacecolor() == "none"
    assert to_hex(kept.get_markerfacecolor()).upper() == COLOURS[name]
    zero = part(ax, "break-even").get_xdata()[0]
    assert (np.asarray(lost.get_xdata()) < zero).all()
    assert (np.asarray(kept.get_xdata()) > zero).all()


def test_dots_of_chosen_portfolios(results: xr.Dataset) -> None:
    ax = charts.plot_dots(results, portfolios=["macro"], dots=20)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["macro"]
    told = charts.alt_text(ax)
    assert "each dot stands for 5 of 100 worlds" in told
    assert "1 of 3 portfolios" in told


@pytest.mark.parametrize("name", list(TIERS))
def test_bars_are_as_long_as_the_loss_is_likely(name: str, results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_loss(results)
    entry = summarize(results)[name]["loss_probability"]
    bar = part(ax, f"bar {name}")
    assert bar.get_width() == pytest.approx(entry.value)
    assert to_hex(bar.get_facecolor()).upper() == COLOURS[name]
    low, high = part(ax, f"error {name}").get_xdata()
    assert (low, high) == pytest.approx((entry.value - 2 * entry.se, entry.value + 2 * entry.se))


@pytest.mark.parametrize("name", list(TIERS))
def test_risk_and_return_are_the_measures(name: str, results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_risk_return(results)
    row = summarize(results)[name]
    mean, median = part(ax, f"mean {name}"), part(ax, f"median {name}")
    assert mean.get_xdata() == pytest.approx([row["roi_es05"].value])
    assert mean.get_ydata() == pytest.approx([row["roi_mean"].value])
    assert median.get_ydata() == pytest.approx([row["roi_median"].value])
    assert hex_of(mean) == COLOURS[name]


def test_the_waterfall_leads_from_revenue_to_profit(results: xr.Dataset, part: Part) -> None:
    ax = charts.plot_waterfall(results, portfolio="hybrid")
    row = summarize(results)["hybrid"]
    for step, measure in (("revenue", "revenue_mean"), ("profit", "profit_mean")):
        bar = part(ax, f"step {step}")
        assert bar.get_width() == pytest.approx(row[measure].value)
        assert bar.get_x() == pytest.approx(0)
        assert to_hex(bar.get_facecolor()).upper() == COLOURS["hybrid"]
    fees = (results["cost_quantity"] * results["cost_price"]).sel(component="fee")
    fee = float(fees[np.asarray(results["line_portfolio"] == "hybrid")].sum("line").mean())
    assert part(ax, "step fee").get_width() == pytest.approx(-fee)
    assert "step fixed" not in {child.get_gid() for child in ax.get_children()}


def test_waterfall_steps_add_up_and_small_costs_go_together() -> None:
    def usd(value: float) -> Measured:
        return Measured(value, 1.0, "USD")

    means = {"revenue_mean": usd(1000.0), "contribution_mean": usd(400.0), "cost_mean": usd(156.0)}
    steps = waterfall(means, {"fee": 100.0, "product": 50.0, "shipping": 4.0, "hours": 2.0, "x": 0})
    assert [(step.label, step.change) for step in steps[3:-1]] == [
        ("fee", -100), ("product", -50), ("other costs", -6)
    ]  # fmt: skip
    assert steps[-1].end == pytest.approx(400 - 156)
    assert [step.start for step in steps if step.total] == [0, 0, 0]


def test_costs_of_lines_are_price_times_quantity(results: xr.Dataset) -> None:
    lines = np.asarray(results["line_portfolio"] == "hybrid")
    total = line_costs(results, lines).sum(axis=0)
    assert total == pytest.approx(results["cost"].sel(portfolio="hybrid").values)


@pytest.mark.parametrize("stage", ["impressions", "engagements", "orders"])
def test_the_funnel_counts_for_a_thousand_dollars(
    stage: str, results: xr.Dataset, part: Part
) -> None:
    ax = charts.plot_funnel(results)
    per = {}
    for name in ("micro", "macro", "hybrid"):
        lines = np.asarray(results["line_portfolio"] == name)
        spent = line_costs(results, lines).sum()
        per[name] = 1000 * float(results[f"line_{stage}"].values[lines].sum()) / spent
        assert any(name in text.get_text() for text in ax.texts)
    widths = {name: part(ax, f"bar {stage} {name}").get_width() for name in per}
    assert widths == pytest.approx({name: per[name] / per["micro"] for name in per})


def test_the_funnel_of_one_portfolio_is_by_tier(invented: Results, part: Part) -> None:
    results = invented({"all": ("micro", "macro")}, 200)
    ax = charts.plot_funnel(results)
    assert part(ax, "bar orders micro").get_width() == pytest.approx(1)
    assert part(ax, "bar orders macro").get_width() < 1


def test_tiers_and_decision_are_read_from_the_run(results: xr.Dataset) -> None:
    assert portfolio_tiers(results) == {"micro": "micro", "macro": "macro", "hybrid": "mixed"}
    assert decision(results) == ("micro", "macro")
    asked = results.assign_attrs(experiment_toml='[decision]\na = "hybrid"\nb = "micro"\n')
    assert decision(asked) == ("hybrid", "micro")
    stale = results.assign_attrs(experiment_toml='[decision]\na = "gone"\nb = "micro"\n')
    assert decision(stale) == ("micro", "macro")


def test_worlds_without_cost_are_left_out_and_counted(results: xr.Dataset) -> None:
    some = results.copy(deep=True)
    some["roi"][1, :500] = np.nan
    assert "worlds without cost left out: macro 500" in charts.alt_text(charts.plot_roi(some))


def test_title_and_subtitle_of_ones_own(results: xr.Dataset) -> None:
    ax = charts.plot_loss(results, title="Ours", subtitle="")
    assert charts.alt_text(ax) == "Ours"
    assert charts.alt_text(charts.plot_loss(results, title="", subtitle="")) == ""


def extreme(invented: Results, case: str) -> xr.Dataset:
    """Runs that are hard on a layout."""
    if case == "twelve":
        return invented({f"micro {k} thousand": ("micro",) for k in range(12)}, 500)
    if case == "five tiers":
        return invented({tier: (tier,) for tier in ("nano", "micro", "mid", "macro", "mega")}, 500)
    if case == "long names":
        names = ("two hundred small creators", "eight large creators in a celebrity campaign")
        return invented({names[0]: ("micro",), names[1]: ("macro",)}, 500)
    worlds = {"one world": 1, "five worlds": 5}.get(case, 500)
    spread = {"wide": 2.5, "narrow": 0.02}.get(case, 0.8)
    ds = invented(TIERS, worlds, spread=spread)
    if case == "total loss":
        for name, value in (("roi", -1.0), ("contribution", 0.0), ("revenue", 0.0)):
            ds[name][:] = value
    if case == "all the same":
        ds["roi"][:] = 0.3
    if case == "no cost":
        ds["roi"][:] = np.nan
    if case == "often nothing":
        ds["roi"][1, :200] = -1.0
    return ds


@pytest.mark.parametrize(
    "case",
    ["twelve", "five tiers", "long names", "one world", "five worlds", "wide", "narrow",
     "total loss", "all the same", "no cost", "often nothing"],
)  # fmt: skip
def test_nothing_is_clipped_and_nothing_overlaps(case: str, invented: Results, eyes: Eyes) -> None:
    drawn = charts.draw(extreme(invented, case))
    assert {name: eyes(ax) for name, ax in drawn.items()} == {name: [] for name in drawn}


def test_eyes_see_what_is_wrong(results: xr.Dataset, eyes: Eyes) -> None:
    ax = charts.plot_loss(results)
    ax.annotate("on top of it", (0.0, 0.0), ha="right")
    ax.figure.text(0.99, 0.5, "out of the paper")
    found = eyes(ax)
    assert any(line.startswith("clipped: 'out of the paper'") for line in found)
    assert any("overlap" in line and "on top of it" in line for line in found)


def test_all_that_is_free_is_drawn_and_written(results: xr.Dataset, tmp_path: Path) -> None:
    paths = charts.draw_all(results, tmp_path / "charts")
    names = [chart.name for chart in CHARTS if chart.fits(charts.Run(results))]
    assert len(names) >= 8
    assert [path.name for path in paths] == [
        f"{name}.{kind}" for name in names for kind in ("png", "svg")
    ]
    assert all(path.stat().st_size > 3_000 for path in paths)


def test_one_portfolio_has_nothing_to_be_compared_with(invented: Results, tmp_path: Path) -> None:
    paths = charts.draw_all(invented({"micro": ("micro",)}, 200), tmp_path, ("svg",))
    names = {path.stem for path in paths}
    assert "roi" in names
    assert not names & {"difference", "risk_return"}


def test_chosen_charts_with_what_is_known(results: xr.Dataset, tmp_path: Path) -> None:
    summary = summarize(results, target=3.0)
    comparison = compare(results, "hybrid", "macro")
    drawn = charts.draw(
        results, charts=["exceedance", "difference"], summary=summary, comparison=comparison
    )
    assert charts.alt_text(drawn["exceedance"]).startswith("ROI of +300 % or more")
    assert charts.alt_text(drawn["difference"]).startswith("Hybrid beats macro")
    with pytest.raises(ValueError, match="unknown charts: pie; known are roi, exceedance"):
        charts.draw_all(results, tmp_path, charts=["pie"])


def test_a_real_run_can_be_drawn(eyes: Eyes) -> None:
    import sim

    experiment = sim.build(
        {
            "simulation": {"worlds": 300, "seed": 4},
            "portfolio": {
                "micro": {"tier": "micro", "creators": 20},
                "both": {"creators": 10, "mix": {"micro": 0.5, "macro": 0.5}},
            },
        }
    )
    drawn = charts.draw(sim.simulate(experiment))
    assert {name: eyes(ax) for name, ax in drawn.items()} == {name: [] for name in drawn}
