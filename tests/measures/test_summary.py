"""The skin: labels, missing values, settings, and what is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sim.measures import MEASURES, number_warnings, summarize

Results = Callable[..., xr.Dataset]

NAMES = [
    "roi_mean", "roi_median", "roi_sd", "roi_p05", "roi_p25", "roi_p75", "roi_p95", "roi_es05",
    "roi_upside05", "roi_semi_deviation", "roi_sortino", "roi_omega", "loss_probability",
    "target_probability", "roas", "roas_mean", "roas_median", "tracked_roas", "cost_mean",
    "revenue_mean", "contribution_mean", "profit_mean", "profit_median", "profit_sd",
    "profit_p05", "profit_p95", "profit_es05", "certainty_equivalent", "impressions_mean",
    "reach_mean", "engagements_mean", "orders_mean", "cpe", "cpm", "cost_per_order",
    "cac", "ltv", "ltv_to_cac", "clicks_mean", "cpc", "reach_per_usd",
    "top_creator_share", "effective_creators", "viral_posts_mean", "assets_mean", "cost_per_asset",
    "earned_media_value_mean",
]  # fmt: skip


def test_names_are_those_promised() -> None:
    assert list(MEASURES) == NAMES


def test_dictionary_holds_exactly_what_was_promised(run_of: Results) -> None:
    summary = summarize(run_of({"micro": [0.5, -0.5, 1.5], "macro": [0.1, 0.2, 0.3]}))
    plain = summary.to_dict()
    assert list(plain) == ["micro", "macro"]
    assert plain["micro"]["creators"] == 10
    assert plain["micro"]["measures"]["roi_mean"] == {
        "value": pytest.approx(0.5),
        "se": pytest.approx(1 / np.sqrt(3)),
        "unit": "fraction",
    }
    missing = plain["macro"]["measures"]["roi_sortino"]
    assert missing == {
        "value": None,
        "se": None,
        "reason": "no world below the threshold",
        "unit": "ratio",
    }


def test_ratios_of_means_are_not_means_of_ratios(run_of: Results) -> None:
    ds = run_of({"micro": [0.0, 0.0], "macro": [0.0, 0.0]})
    ds["cost"][0] = [100.0, 300.0]
    ds["revenue"][0] = [400.0, 300.0]
    ds["roas"][0] = [4.0, 1.0]
    ds["orders"][0] = [2.0, 6.0]
    ds["impressions"][0] = [10_000.0, 30_000.0]
    measures = summarize(ds)["micro"]
    assert measures["roas"].value == pytest.approx(700 / 400)
    assert measures["roas_mean"].value == pytest.approx(2.5)
    assert measures["cost_per_order"].value == pytest.approx(400 / 8)
    assert measures["cac"] == replace(measures["cost_per_order"], unit="USD per new customer")
    assert "clicks = true in [tracking]" in str(measures["cpc"].reason)
    ds["new_customers"] = 0.5 * ds["orders"]
    ds["customer_value"] = 3.0 * ds["cost"]
    measures = summarize(ds)["micro"]
    assert measures["cac"].value == pytest.approx(400 / 4)
    assert measures["ltv"].value == pytest.approx(3 * 400 / 4)
    assert measures["ltv_to_cac"].value == pytest.approx(3.0)
    assert measures["cpm"].value == pytest.approx(1000 * 400 / 40_000)


def test_undefined_worlds_are_left_out_and_counted(run_of: Results) -> None:
    ds = run_of({"micro": [0.5, 0.0, 1.5, 1.0], "macro": [0.1, 0.2, 0.3, 0.4]})
    ds["cost"][0, 1] = 0.0
    ds["roi"][0, 1] = ds["roas"][0, 1] = np.nan
    summary = summarize(ds)
    entry = summary["micro"]["roi_mean"]
    assert entry.value == pytest.approx(1.0)
    assert entry.left_out == 1
    assert summary["macro"]["roi_mean"].left_out == 0
    text = number_warnings(ds, summary)
    assert (
        "micro: roi and roas undefined (zero denominator) in 1 of 4 worlds, which are left out"
        in text
    )
    assert not any(line.startswith("macro") for line in text)


def test_undefined_worlds_leave_groups_equal(run_of: Results) -> None:
    random = np.random.default_rng(1)
    roi = random.normal(size=600) + np.repeat(random.normal(size=60), 10)
    ds = run_of({"micro": roi}, groups=60, sampling="two-level")
    ds["roi"][0, ::7] = np.nan
    entry = summarize(ds)["micro"]["roi_mean"]
    kept = np.isfinite(ds["roi"].values[0])
    # ratio estimator by hand: group sums of (x - mean) over the number kept
    residual = np.where(kept, np.nan_to_num(ds["roi"].values[0]) - entry.value, 0.0)
    sums = residual.reshape(60, 10).sum(axis=1)
    assert entry.se == pytest.approx(np.sqrt(60) * sums.std(ddof=1) / kept.sum())


def test_never_defined_is_missing_with_its_reason(run_of: Results) -> None:
    ds = run_of({"micro": [0.0, 0.0]})
    ds["cost"][0] = 0.0
    ds["roi"][0] = np.nan
    measures = summarize(ds)["micro"]
    assert measures["roi_mean"].value is None
    assert measures["roi_mean"].reason == "roi undefined in every world"
    assert measures["roas"].reason == "the denominator is 0 in every world"
    assert measures["certainty_equivalent"].reason == "no risk tolerance: give an amount of money"


def test_target_and_tolerance_are_used_and_reported(run_of: Results) -> None:
    ds = run_of({"micro": [0.0, 0.5, 1.0, 2.0]})
    summary = summarize(ds)
    assert (summary.target, summary["micro"]["target_probability"].value) == (1.0, 0.5)
    assert summary.risk_tolerance == 1000.0
    other = summarize(ds, target=0.5, risk_tolerance=1e9)
    assert other["micro"]["target_probability"].value == 0.75
    # a decision maker with deep pockets values the mean
    assert other["micro"]["certainty_equivalent"].value == pytest.approx(875.0, rel=1e-5)
    assert "target ROI 50 %" in repr(other)
    assert "risk tolerance 1B USD" in repr(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measures": ["roi_mean", "roi_average"]}, "unknown measures: roi_average"),
        ({"target": float("nan")}, "target must be a finite ROI"),
        ({"risk_tolerance": 0.0}, "risk_tolerance must be a positive amount"),
        ({"risk_tolerance": float("inf")}, "risk_tolerance must be a positive amount"),
    ],
    ids=["measure", "target", "zero tolerance", "infinite tolerance"],
)
def test_wrong_arguments_are_refused(
    run_of: Results, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        summarize(run_of({"micro": [0.0, 1.0]}), **arguments)


def test_rows_are_tidy(run_of: Results) -> None:
    ds = run_of({"micro": [0.0, 1.0], "macro": [0.5, 0.6]})
    rows = summarize(ds, ["roi_mean", "roi_omega"]).to_rows()
    assert [(row["portfolio"], row["measure"]) for row in rows] == [
        ("micro", "roi_mean"), ("micro", "roi_omega"),
        ("macro", "roi_mean"), ("macro", "roi_omega"),
    ]  # fmt: skip
    assert list(rows[0]) == ["portfolio", "measure", "value", "se", "unit", "reason"]
    assert rows[1]["reason"] == "no world below the threshold"


def test_table_names_portfolios_units_and_missing_errors(run_of: Results) -> None:
    summary = summarize(
        run_of({"<micro>": np.linspace(0.1, 2.0, 400)}), ["roi_mean", "roi_sortino"]
    )
    text, page = repr(summary), summary._repr_html_()
    assert "105 % ± 3" in text
    assert "n/a *" in text
    assert "400 worlds" in text
    assert "&lt;micro&gt;" in page
    assert "<micro>" not in page


def test_dimension_order_does_not_matter(lognormal: Results) -> None:
    ds = lognormal(500, seed=1)
    assert summarize(ds.transpose()).to_dict() == summarize(ds).to_dict()


def test_portfolios_alike_share_a_warning(run_of: Results) -> None:
    tail = np.random.default_rng(9).pareto(1.2, 5_000)
    ds = run_of({"one": tail, "two": tail, "calm": np.linspace(-1.0, 1.0, 5_000)})
    (text,) = number_warnings(ds, summarize(ds))
    assert text.startswith("one, two: heavy tail (Pareto k ")
    ds["top_creator_share"][0, :7] = np.nan
    ds["effective_creators"][0, :7] = np.nan
    left_out, _ = number_warnings(ds, summarize(ds))
    assert left_out.startswith("one: top_creator_share and effective_creators undefined")
    assert "in 7 of 5,000 worlds" in left_out


def test_warnings_come_from_the_numbers(run_of: Results) -> None:
    random = np.random.default_rng(2)
    heavy = random.pareto(1.2, 20_000)
    light = random.normal(size=20_000)
    ds = run_of({"heavy": heavy, "light": light})
    (text,) = number_warnings(ds, summarize(ds))
    assert text.startswith("heavy: heavy tail (Pareto k ")
    assert "roi_mean" in text
    assert "roi_median" not in text
    few = run_of({"light": light[:20]}, groups=4)
    lines = number_warnings(few, summarize(few))
    assert any("rest on 1 of 20 worlds: run 1,000 or more" in line for line in lines)
    assert any("20 worlds are too few to see a heavy tail" in line for line in lines)
    assert any("4 independent groups" in line for line in lines)
