"""The packaged tables: nothing without a source, a denominator and a use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from sim.evidence import (
    TIERS,
    Derived,
    Quoted,
    Source,
    cite,
    claims,
    derived,
    derived_row,
    derived_value,
    published,
    sources,
)

ARTICLES = {
    "stack-influence": "Micro vs. Macro Influencers: Which Partnership Model Delivers the Highest "
    "ROI in 2025?",
    "adsmaa": "Micro-Influencer Marketing: Complete Strategy Guide 2025",
    "celebrity-endorsements": "Micro-Influencer Marketing: Better ROI Than Celebrity Endorsements?",
    "smaller-audiences": "Micro-Influencers: Why Smaller Audiences Drive Bigger ROI",
    "tapfiliate": "Micro-Influencers vs Celebrity Influencers: Who Drives Better ROI in Partner "
    "Marketing",
}
COUNTS = {
    "accounts", "cascades", "count", "creators", "engagements", "impressions", "posts", "purchases",
}  # fmt: skip
KINDS = {
    "article", "paper", "abstract", "dataset", "price list", "report", "assumption",
}  # fmt: skip
FIGURES = (*claims(), *published())
ROWS: list[Quoted | Derived] = [*FIGURES, *derived()]


def test_the_five_articles_stand_with_their_full_titles() -> None:
    assert {key: sources()[key].title for key in ARTICLES} == ARTICLES
    # `articles`: quoted from one of the five, but which of them was not recorded
    assert {figure.source for figure in claims()} == {*ARTICLES, "articles"}


def test_sources_say_what_they_are_and_where_they_were_read() -> None:
    for source in sources().values():
        assert source.kind in KINDS, source.key
        seen = {"original", "abstract", "secondary page", "stored page"}
        assert source.seen_in in seen, source.key
        assert source.interest in {"", "vendor"}, source.key
        assert source.cluster, source.key
        assert source.title, source.key
        assert source.short, source.key


def test_pages_that_quote_each_other_and_posts_measured_here_are_one_witness_each() -> None:
    of = {key: source.cluster for key, source in sources().items()}
    for figure in FIGURES:  # whoever restates another's figure is its witness or a page among pages
        if figure.origin and figure.use == "default":
            assert of[figure.source] == of[figure.origin], figure.id
    assert {key for key, cluster in of.items() if cluster == "measured posts"} == {
        row.source for row in derived()
    }
    pages = {key for key, cluster in of.items() if cluster == "benchmark pages"}
    assert pages == {
        "stack-influence", "adsmaa", "imh-2020", "imh-2021", "passo-2026", "untapper-2026",
    }  # fmt: skip
    assert of["organicmediabuying-2025"] == of["hypeauditor-36k"]


def test_every_source_is_used_or_is_the_word_assumption() -> None:
    used = {row.source for row in ROWS} | {figure.origin for figure in FIGURES}
    assert set(sources()) - used == {"assumption"}


@pytest.mark.parametrize("table", [claims, published, derived], ids=lambda table: table.__name__)
def test_ids_are_unique_and_sources_exist(
    table: Callable[[], tuple[Quoted, ...] | tuple[Derived, ...]],
) -> None:
    rows = table()
    assert len({row.id for row in rows}) == len(rows)
    assert {row.source for row in rows} <= set(sources())


def test_no_id_is_shared_between_tables() -> None:
    ids = [row.id for row in ROWS]
    assert len(set(ids)) == len(ids)


def test_a_restated_figure_names_another_source() -> None:
    for figure in FIGURES:
        assert figure.origin == "" or figure.origin in sources(), figure.id
        assert figure.origin != figure.source, figure.id


def test_every_figure_has_a_denominator_or_counts() -> None:
    assert [row.id for row in ROWS if not row.unit] == []
    assert [row.id for row in ROWS if not row.basis and row.unit not in COUNTS] == []


def test_every_figure_is_used_or_says_why_not() -> None:
    assert {figure.use for figure in FIGURES} == {"default", "audit", "neither"}
    assert [row.id for row in FIGURES if row.use == "neither" and not row.reason] == []
    assert [row.id for row in FIGURES if row.use == "default" and not row.informs] == []


def test_a_default_rate_informs_its_own_tier() -> None:
    rates = {"engagement_rate", "conversion_rate", "fee", "reach_rate"}
    for figure in FIGURES:
        if figure.use == "default" and figure.quantity in rates and figure.subject in TIERS:
            assert figure.informs == f"tier.{figure.subject}.{figure.quantity}", figure.id


def test_bounds_are_in_order() -> None:
    for figure in FIGURES:
        assert figure.low is not None or figure.high is not None, figure.id
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.high, figure.id


def test_every_derived_row_has_a_value_or_a_reason() -> None:
    for row in derived():
        assert row.value is not None or row.note, row.id
        assert row.se is None or row.se >= 0, row.id
        assert row.tier in (*TIERS, "all"), row.id


def test_loaders_return_frozen_rows_and_read_once() -> None:
    assert all(isinstance(source, Source) for source in sources().values())
    assert all(isinstance(figure, Quoted) for figure in FIGURES)
    assert all(isinstance(row, Derived) for row in derived())
    assert claims() is claims()
    with pytest.raises(FrozenInstanceError):
        claims()[0].low = 1.0  # type: ignore[misc]


def test_numbers_are_numbers_and_blanks_are_none() -> None:
    by_id = {figure.id: figure for figure in claims()}
    assert by_id["er-si-micro-range"].low == 0.03
    assert by_id["er-si-micro-range"].high == 0.08
    assert by_id["er-si-mega-ig"].low is None
    assert by_id["er-si-mega-ig"].midpoint is None
    assert by_id["er-ce-micro"].year is None
    assert by_id["er-am-mid"].year == 2025


def test_midpoint_is_the_geometric_mean() -> None:
    by_id = {figure.id: figure for figure in claims()}
    assert by_id["fee-si-micro"].midpoint == pytest.approx(300.0)  # sqrt(100 * 900)


@pytest.mark.parametrize(
    ("key", "short"),
    [
        ("stack-influence", "Stack Influence 2025"),
        ("beichert-2024", "Beichert et al. 2024"),
        ("kim-2020", "Kim et al. 2020"),
    ],
)
def test_cite(key: str, short: str) -> None:
    assert cite(key) == short


def test_unknown_names_are_errors_that_name_them() -> None:
    with pytest.raises(KeyError, match="no source 'nobody'"):
        cite("nobody")
    with pytest.raises(KeyError, match="no derived figure instagram, nano, charm"):
        derived_value("instagram", "nano", "charm")


def test_a_missing_value_is_an_error_with_its_reason() -> None:
    assert derived_row("instagram", "mid", "followers_lognormal_scale").value is None
    with pytest.raises(KeyError, match="degenerates to a power law"):
        derived_value("instagram", "mid", "followers_lognormal_scale")


@pytest.mark.parametrize(
    ("platform", "tier", "quantity", "expected", "tolerance"),
    [
        # as the data's own description states them
        ("instagram", "nano", "engagement_rate_median", 0.040, 0.0005),
        ("instagram", "micro", "engagement_rate_median", 0.030, 0.0005),
        ("instagram", "mid", "engagement_rate_median", 0.025, 0.0005),
        ("instagram", "macro", "engagement_rate_median", 0.024, 0.0005),
        ("instagram", "mega", "engagement_rate_median", 0.021, 0.0005),
        ("instagram", "all", "engagement_followers_slope", 0.88, 0.005),
        ("tiktok", "all", "views_per_follower_median", 0.16, 0.005),
        ("tiktok", "all", "views_per_follower_log_sd", 1.5, 0.05),
        ("tiktok", "all", "views_hill_index", 1.5, 0.05),
        ("tiktok", "all", "views_exceedance_10", 0.027, 0.001),
    ],
)
def test_derived_figures_agree_with_the_known_ones(
    platform: str, tier: str, quantity: str, expected: float, tolerance: float
) -> None:
    assert derived_value(platform, tier, quantity) == pytest.approx(expected, abs=tolerance)


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'csv', 'scipy', 'pandas'} & set(sys.modules)"
    code = f"import sys; import sim.evidence; sys.exit(' '.join({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
