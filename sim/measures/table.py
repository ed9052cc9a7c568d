"""Every measure is one row here: its name, unit, meaning, function and the variables it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..text.currency import MONEY
from . import dominance as order
from . import functions as f
from .estimate import Measurer


@dataclass(frozen=True)
class Measure:
    """One row of the table.

    Attributes
    ----------
    name : str
        Key in every output.
    unit : str
        Unit of the value and of its standard error.
    long_name : str
        What it is, denominators included.
    function : callable
        Takes the variables as `Sample` and returns an `Estimate`.
    variables : tuple of str
        Variables of the Dataset; for comparisons with the side, such as `roi_a`.
    options : mapping
        Keyword arguments of the function; a `Setting` is filled in by the caller.
    """

    name: str
    unit: str
    long_name: str
    function: Measurer
    variables: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """Placeholder for an argument of `summarize`."""

    name: str


TARGET = Setting("target")
RISK_TOLERANCE = Setting("risk_tolerance")


def _row(
    name: str, unit: str, long_name: str, function: Measurer, *variables: str, **options: Any
) -> tuple[str, Measure]:
    return name, Measure(name, unit, long_name, function, variables, MappingProxyType(options))


_MEASURES = dict([
    _row("roi_mean", "fraction", "ROI, mean of the worlds", f.mean, "roi"),
    _row("roi_median", "fraction", "ROI, median", f.median, "roi"),
    _row("roi_sd", "fraction", "ROI, standard deviation", f.standard_deviation, "roi"),
    _row("roi_p05", "fraction", "ROI, 5 % quantile", f.quantile, "roi", p=0.05),
    _row("roi_p25", "fraction", "ROI, 25 % quantile", f.quantile, "roi", p=0.25),
    _row("roi_p75", "fraction", "ROI, 75 % quantile", f.quantile, "roi", p=0.75),
    _row("roi_p95", "fraction", "ROI, 95 % quantile", f.quantile, "roi", p=0.95),
    _row("roi_es05", "fraction", "ROI, mean of the worst 5 %", f.expected_shortfall, "roi", p=0.05),
    _row("roi_upside05", "fraction", "ROI, mean of the best 5 %", f.upside, "roi", p=0.05),
    _row("roi_semi_deviation", "fraction", "ROI, semi-deviation below 0", f.semi_deviation, "roi"),
    _row("roi_sortino", "ratio", "mean ROI / semi-deviation below 0", f.sortino_ratio, "roi"),
    _row("roi_omega", "ratio", "mean gain / mean loss of ROI around 0", f.omega_ratio, "roi"),
    _row("loss_probability", "fraction", "P(ROI < 0)", f.probability_below, "roi", threshold=0.0),
    _row("target_probability", "fraction", "P(ROI >= target)", f.probability_at_least, "roi",
         threshold=TARGET),
    _row("roas", "ratio", "mean revenue / mean cost", f.ratio_of_means, "revenue", "cost"),
    _row("roas_mean", "ratio", "revenue / cost, mean of the worlds", f.mean, "roas"),
    _row("roas_median", "ratio", "revenue / cost, median of the worlds", f.median, "roas"),
    _row("tracked_roas", "ratio", "mean tracked revenue / mean cost", f.ratio_of_means,
         "tracked_revenue", "outlay"),
    _row("cost_mean", MONEY, "cost, mean", f.mean, "cost"),
    _row("revenue_mean", MONEY, "revenue, mean", f.mean, "revenue"),
    _row("contribution_mean", MONEY, "contribution, mean", f.mean, "contribution"),
    _row("profit_mean", MONEY, "profit, mean", f.mean, "profit"),
    _row("profit_median", MONEY, "profit, median", f.median, "profit"),
    _row("profit_sd", MONEY, "profit, standard deviation", f.standard_deviation, "profit"),
    _row("profit_p05", MONEY, "profit, 5 % quantile", f.quantile, "profit", p=0.05),
    _row("profit_p95", MONEY, "profit, 95 % quantile", f.quantile, "profit", p=0.95),
    _row("profit_es05", MONEY, "profit, mean of the worst 5 %", f.expected_shortfall, "profit",
         p=0.05),
    _row("certainty_equivalent", MONEY, "sure profit worth as much, exponential utility",
         f.certainty_equivalent, "profit", risk_tolerance=RISK_TOLERANCE),
    _row("impressions_mean", "impressions", "impressions, mean", f.mean, "impressions"),
    _row("reach_mean", "accounts", "unique accounts reached, mean", f.mean, "reach"),
    _row("engagements_mean", "engagements", "engagements, mean", f.mean, "engagements"),
    _row("orders_mean", "orders", "orders, mean", f.mean, "orders"),
    _row("cpe", f"{MONEY} per engagement", "mean cost / mean engagements", f.ratio_of_means,
         "cost", "engagements"),
    _row("cpm", f"{MONEY} per 1,000 impressions", "1,000 mean cost / mean impressions",
         f.ratio_of_means, "cost", "impressions", scale=1000.0),
    _row("cost_per_order", f"{MONEY} per order", "mean cost / mean orders", f.ratio_of_means,
         "cost", "orders"),
    _row("cac", f"{MONEY} per new customer", "mean cost / mean new customers", f.ratio_of_means,
         "cost", "new_customers"),
    _row("ltv", f"{MONEY} per new customer",
         "mean contribution of new customers within the horizon / mean new customers",
         f.ratio_of_means, "customer_value", "new_customers"),
    _row("ltv_to_cac", "ratio", "mean contribution of new customers / mean cost",
         f.ratio_of_means, "customer_value", "cost"),
    _row("clicks_mean", "clicks", "clicks on the creators' links, mean", f.mean, "clicks"),
    _row("cpc", f"{MONEY} per click", "mean cost / mean clicks", f.ratio_of_means, "cost", "clicks"),
    _row("reach_per_usd", f"accounts per {MONEY}", "mean unique reach / mean cost", f.ratio_of_means,
         "reach", "cost"),
    _row("top_creator_share", "fraction", "share of the top creator in expected orders, mean",
         f.mean, "top_creator_share"),
    _row("effective_creators", "creators", "1 / sum of squared shares in expected orders, mean",
         f.mean, "effective_creators"),
    _row("viral_posts_mean", "posts", "posts picked up by the algorithm, mean", f.mean,
         "viral_posts"),
    _row("assets_mean", "assets", "usable assets that posts of named formats leave, mean", f.mean,
         "assets"),
    _row("cost_per_asset", f"{MONEY} per asset", "mean cost / mean usable assets", f.ratio_of_means,
         "cost", "assets"),
    _row("earned_media_value_mean", MONEY, "earned media value, mean; never part of revenue",
         f.mean, "earned_media_value"),
])  # fmt: skip

_COMPARISONS = dict([
    _row("a_beats_b", "fraction", "P(ROI of a > ROI of b), ties half", f.probability_greater,
         "roi_a", "roi_b"),
    _row("a_ties_b", "fraction", "P(ROI of a = ROI of b)", f.probability_tied, "roi_a", "roi_b"),
    _row("a_beats_b_profit", "fraction", "P(profit of a > profit of b), ties half",
         f.probability_greater, "profit_a", "profit_b"),
    _row("both_lose", "fraction", "P(both ROI < 0)", f.probability_both_below, "roi_a", "roi_b"),
    _row("roi_difference_mean", "fraction", "ROI a - b, mean", f.mean, "roi_difference"),
    _row("roi_difference_median", "fraction", "ROI a - b, median", f.median, "roi_difference"),
    _row("roi_difference_p05", "fraction", "ROI a - b, 5 % quantile", f.quantile,
         "roi_difference", p=0.05),
    _row("roi_difference_p95", "fraction", "ROI a - b, 95 % quantile", f.quantile,
         "roi_difference", p=0.95),
    _row("profit_difference_mean", MONEY, "profit a - b, mean", f.mean, "profit_difference"),
    _row("profit_difference_median", MONEY, "profit a - b, median", f.median, "profit_difference"),
    _row("profit_difference_p05", MONEY, "profit a - b, 5 % quantile", f.quantile,
         "profit_difference", p=0.05),
    _row("profit_difference_p95", MONEY, "profit a - b, 95 % quantile", f.quantile,
         "profit_difference", p=0.95),
    _row("roi_median_gap", "fraction", "median ROI of a - median ROI of b", f.gap,
         "roi_a", "roi_b", of=f.median),
    _row("roi_es05_gap", "fraction", "roi_es05 of a - roi_es05 of b", f.gap, "roi_a", "roi_b",
         of=f.expected_shortfall),
    _row("a_beats_b_reach_per_usd", "fraction", f"P(reach per {MONEY} of a > that of b), ties half",
         f.probability_greater, "reach_per_usd_a", "reach_per_usd_b"),
    _row("a_beats_b_cpm", "fraction", "P(cpm of a < cpm of b), ties half", f.probability_greater,
         "cpm_b", "cpm_a"),
    _row("reach_per_usd_gap", f"accounts per {MONEY}", "reach_per_usd of a - reach_per_usd of b",
         f.gap_of_ratios, "reach_a", "cost_a", "reach_b", "cost_b"),
    _row("cpm_gap", f"{MONEY} per 1,000 impressions", "cpm of a - cpm of b", f.gap_of_ratios,
         "cost_a", "impressions_a", "cost_b", "impressions_b", scale=1000.0),
    _row("roi_first_order_violation", "fraction",
         "share of area against first-order dominance of a over b in ROI",
         order.first_order_violation, "roi_a", "roi_b"),
    _row("roi_second_order_violation", "fraction",
         "share of area against second-order dominance of a over b in ROI",
         order.second_order_violation, "roi_a", "roi_b"),
    _row("profit_first_order_violation", "fraction",
         "share of area against first-order dominance of a over b in profit",
         order.first_order_violation, "profit_a", "profit_b"),
    _row("profit_second_order_violation", "fraction",
         "share of area against second-order dominance of a over b in profit",
         order.second_order_violation, "profit_a", "profit_b"),
])  # fmt: skip

MEASURES: Mapping[str, Measure] = MappingProxyType(_MEASURES)
"""Measures of one portfolio, by name, in the order in which they are shown."""

COMPARISONS: Mapping[str, Measure] = MappingProxyType(_COMPARISONS)
"""Measures of two portfolios in the same worlds, by name."""
