"""The width of a belief: how far sources disagree."""

from __future__ import annotations

import math
from statistics import correlation, geometric_mean, stdev

import numpy as np
import pytest

from sim.evidence import claims, derived_value, spread_of_sources
from sim.evidence.spread import Witness, _components, _tier_levels

#: The pages of one cluster are averaged before they meet the others.
PAGES = (
    math.sqrt(0.03 * 0.08), 0.0181, 0.0386, math.sqrt(0.03 * 0.055), math.sqrt(0.02 * 0.035),
)  # fmt: skip
MICRO = {
    "benchmark pages": geometric_mean(PAGES),
    "celebrity-endorsements": math.sqrt(0.03 * 0.07),
    "smaller-audiences": math.sqrt(0.07 * 0.15),
    "hypeauditor": geometric_mean([math.sqrt(0.0154 * 0.0162), 0.024]),
    "influencerdb-2019": math.sqrt(0.034 * 0.038),
}


def test_micro_engagement_by_hand() -> None:
    micro = spread_of_sources("engagement_rate").tiers["micro"]
    by_hand = MICRO | {
        "measured posts": derived_value("instagram", "micro", "engagement_rate_mean")
    }
    assert {each.cluster: each.value for each in micro.witnesses} == pytest.approx(by_hand)
    assert micro.geometric_mean == pytest.approx(geometric_mean(by_hand.values()))
    assert micro.log_sd == pytest.approx(stdev(math.log(value) for value in by_hand.values()))


def test_one_measurement_quoted_three_times_is_one_opinion() -> None:
    spread = spread_of_sources("engagement_rate")
    figures = [name for each in spread.tiers["micro"].witnesses for name in each.figures]
    assert figures.count("er-im-micro-ig") == 1
    assert {"er-si-micro-ig", "er-am-micro-ig"} <= set(spread.omitted)


def test_posts_measured_here_are_a_witness_like_any_other() -> None:
    spread = spread_of_sources("engagement_rate")
    for tier, of in spread.tiers.items():
        (posts,) = (each for each in of.witnesses if each.cluster == "measured posts")
        measured = derived_value("instagram", tier, "engagement_rate_mean")
        assert posts.value == pytest.approx(measured)
    # 21 creators are too few
    tiktok = spread_of_sources("engagement_rate", "tiktok")
    assert tiktok.omitted["tiktok-nano-engagement-rate-mean"] == "weak: 21 creators"


def test_beliefs_of_the_presets_are_the_spread_of_the_clusters() -> None:
    from sim.experiment.presets import presets

    beliefs = presets()["beliefs"]
    engagement = spread_of_sources("engagement_rate")
    assert beliefs["engagement_rate"]["sd"] == pytest.approx(engagement.total_log_sd, abs=0.005)
    assert beliefs["engagement_rate"]["common"] == pytest.approx(
        engagement.common_correlation, abs=0.005
    )
    assert engagement.ratio_log_sd == pytest.approx(0.44, abs=0.005)
    for name in ("fee", "reach_rate"):
        pooled = spread_of_sources(name).pooled_log_sd
        assert beliefs[name]["sd"] == pytest.approx(pooled, abs=0.005), name


def test_what_is_left_out_says_why() -> None:
    omitted = spread_of_sources("engagement_rate").omitted
    assert omitted["er-ce-nano"] == "bounded on one side only: no midpoint"
    assert omitted["case-blueland-er"] == "per impressions, not comparable"
    assert all(omitted.values())


def test_other_platforms_do_not_enter() -> None:
    nano = spread_of_sources("engagement_rate", "tiktok").tiers["nano"]
    assert {each.cluster for each in nano.witnesses} == {
        "benchmark pages", "calculatecreator-2026", "hypeauditor",
    }  # fmt: skip


def test_a_single_source_gives_no_spread_but_a_reason() -> None:
    spread = spread_of_sources("conversion_rate")
    assert spread.tiers["nano"].log_sd is None
    assert spread.pooled_log_sd is None
    assert spread.common_correlation is None
    assert spread.reason == "no tier is quoted by two witnesses"


def test_unknown_quantity() -> None:
    with pytest.raises(ValueError, match="quantity: must be one of engagement_rate"):
        spread_of_sources("charm")


def test_the_four_paired_articles_correlate_by_about_two_fifths() -> None:
    """As first computed: micro against the larger tier, a one-sided bound taken at its bound."""
    by_id = {figure.id: figure for figure in claims()}

    def log(name: str) -> float:
        figure = by_id[name]
        return math.log(figure.midpoint or figure.high or 0.0)

    micro = ["er-si-micro-range", "er-ce-micro", "er-sa-micro", "er-am-micro-ig"]
    larger = ["er-si-macro-range", "er-ce-macro", "er-sa-celebrity", "er-am-mega-ig"]
    pairs = [log(name) for name in micro], [log(name) for name in larger]
    assert correlation(*pairs) == pytest.approx(0.42, abs=0.005)


def test_common_effect_lies_within_its_leave_one_out_range() -> None:
    spread = spread_of_sources("engagement_rate")
    assert spread.common_log_sd is not None
    assert spread.tier_log_sd is not None
    total = spread.common_log_sd**2 + spread.tier_log_sd**2
    share = spread.common_log_sd**2 / total
    assert spread.common_correlation == pytest.approx(share)
    assert spread.correlation_range is not None
    low, high = spread.correlation_range
    assert 0 <= low <= share <= high <= 1


def _witnesses(table: dict[str, dict[str, float]]) -> list[Witness]:
    return [
        Witness(source, tier, math.exp(value), ())
        for source, row in table.items()
        for tier, value in row.items()
    ]


def test_components_of_a_balanced_table_are_those_of_two_way_anova() -> None:
    """Source mean square less residual mean square, over the number of tiers."""
    rng = np.random.default_rng(3)
    logs = rng.normal(size=(5, 1)) + np.array([0.0, -0.5, -1.0]) + 0.3 * rng.normal(size=(5, 3))
    names = ["nano", "micro", "mid"]
    rows = [dict(zip(names, map(float, row), strict=True)) for row in logs]
    table = {f"s{i}": row for i, row in enumerate(rows)}
    by_source, by_tier = logs.mean(axis=1, keepdims=True), logs.mean(axis=0, keepdims=True)
    rest = logs - by_source - by_tier + logs.mean()
    ms_rest = np.sum(rest**2) / (4 * 2)
    ms_source = 3 * np.sum((by_source - logs.mean()) ** 2) / 4
    _, common, own, reason = _components(_witnesses(table))
    assert reason == ""
    assert own == pytest.approx(math.sqrt(ms_rest))
    assert common == pytest.approx(math.sqrt((ms_source - ms_rest) / 3))


def test_sources_that_differ_by_a_factor_alone_have_no_rest() -> None:
    table = {
        "a": {"micro": 0.0, "mega": -1.0},
        "b": {"micro": 0.4, "mega": -0.6, "nano": 0.9},
        "c": {"micro": -0.2},
    }
    pooled, common, own, _ = _components(_witnesses(table))
    assert pooled is not None
    assert own == pytest.approx(0.0, abs=1e-12)
    assert common is not None
    assert common > 0


def test_no_pairs_no_split() -> None:
    pooled, common, own, reason = _components(
        _witnesses({"a": {"micro": 0.0}, "b": {"micro": 1.0}})
    )
    assert pooled == pytest.approx(math.sqrt(0.5))
    assert common is None
    assert own is None
    assert reason == "no two witnesses quote the same two tiers"


def test_levels_of_a_balanced_table_are_its_geometric_means() -> None:
    table = {"a": {"micro": 0.1, "mega": -1.0}, "b": {"micro": 0.5, "mega": -0.7}}
    levels = _tier_levels(_witnesses(table))
    assert levels == pytest.approx({"micro": math.exp(0.3), "mega": math.exp(-0.85)})


def test_a_tier_that_one_witness_quotes_is_freed_of_that_witness_s_level() -> None:
    # b lies 0.6 above a where both quote: the middle of the two lies 0.3 below b
    table = {"a": {"micro": 0.0, "mega": -1.0}, "b": {"micro": 0.6, "mega": -0.4, "nano": 0.9}}
    levels = _tier_levels(_witnesses(table))
    assert math.log(levels["nano"]) == pytest.approx(0.6)
    assert math.log(levels["micro"]) == pytest.approx(0.3)
