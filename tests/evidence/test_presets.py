"""The presets: every figure from a source in the tables, and what is computed from them by hand."""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.evidence import TIERS, Figure, claims, published, sources
from sim.evidence.spread import _tier_levels, _witnesses
from sim.experiment.presets import presets

TEXT = resources.files("sim.evidence").joinpath("presets.toml").read_text(encoding="utf-8")
FIGURES: dict[str, Figure] = {figure.id: figure for figure in (*claims(), *published())}
NO_SOURCE = {"assumption", "by definition"}


def origins(table: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and text of every source in the presets."""
    for key, value in table.items():
        if key == "source":
            yield from ((f"{path}{name}", text) for name, text in value.items())
        elif isinstance(value, dict):
            yield from origins(value, f"{path}{key}.")


ORIGINS = dict(origins(tomllib.loads(TEXT)))


def middle(name: str) -> float:
    """Geometric mean of a figure's two ends."""
    value = FIGURES[name].midpoint
    assert value is not None
    return value


def parameters(platform: str, tier: str, key: str) -> dict[str, float]:
    """Parameters of the distribution of a preset."""
    ((_, given),) = presets()[platform][tier][key].items()
    return dict(given)


# --- Sources --------------------------------------------------------------------------------------


def test_every_source_named_is_a_key_of_the_table() -> None:
    wrong = {}
    for path, text in ORIGINS.items():
        named = text.partition(":")[0]
        if named not in NO_SOURCE and (unknown := set(named.split(", ")) - set(sources())):
            wrong[path] = unknown
    assert wrong == {}


def test_whatever_looks_like_a_key_of_a_source_is_one() -> None:
    dated = set(re.findall(r"\b[a-z0-9]+(?:-[a-z0-9]+)*-(?:19|20)\d\d\b", TEXT))
    assert dated - set(sources()) == set()
    assert len(dated) > 10


# --- Prices ---------------------------------------------------------------------------------------


def median_followers(platform: str, tier: str) -> float:
    """Median of the lognormal of followers, truncated to the tier."""
    law = presets()[platform]["any"]["followers"]["lognormal"]
    low, high = presets()[platform][tier]["follower_range"]
    normal = stats.norm(math.log(law["median"]), law["log_sd"])
    ends = normal.cdf(np.log([low, high]))
    return float(np.exp(normal.ppf(ends.mean())))


@pytest.mark.parametrize("tier", ["micro", "mid", "macro"])
def test_instagram_is_one_cent_per_follower(tier: str) -> None:
    fee = parameters("instagram", tier, "fee")["median"]
    assert fee == pytest.approx(middle("fee-oc") * median_followers("instagram", tier), rel=0.003)


def log_sd_of_list(name: str) -> float:
    """Sd of the log where the ends of a price list are the 5 and 95 % points."""
    figure = FIGURES[name]
    assert figure.low is not None
    assert figure.high is not None
    return math.log(figure.high / figure.low) / (2 * 1.645)


@pytest.mark.parametrize("tier", ["micro", "mid", "macro"])
def test_fees_spread_as_the_price_lists_do(tier: str) -> None:
    expected = log_sd_of_list(f"fee-pl-{tier}")
    assert parameters("instagram", tier, "fee")["log_sd"] == pytest.approx(expected, abs=0.006)


# --- Conversion -----------------------------------------------------------------------------------


def test_conversion_lies_half_way_between_two_anchors_one_sd_on_either_side() -> None:
    order_value = presets()["economics"]["order_value"]
    nano, mid = (
        parameters("instagram", tier, "engagement_rate")["mean"] for tier in ("nano", "mid")
    )
    # the large creators of the paper have 122,000 followers on average
    large = mid * (122_000 / median_followers("instagram", "mid")) ** -0.12
    engagement = math.sqrt(nano * large)
    sales = math.sqrt(middle("rpf-be-nano") * middle("rpf-be-macro")) / order_value / engagement
    clicks = middle("visit-sw") * middle("buy-sw") / engagement
    assert 4 < sales / clicks < 12
    belief = presets()["beliefs"]["conversion_rate"]
    assert belief["sd"] == pytest.approx(math.log(sales / clicks) / 2, abs=0.02)
    mean = math.sqrt(sales * clicks) * math.exp(belief["sd"] ** 2 / 2)
    assert parameters("instagram", "micro", "conversion_rate")["mean"] == pytest.approx(
        mean, rel=0.01
    )


def test_micro_converts_a_tenth_better_than_macro_with_doubt_on_both_sides() -> None:
    rates = [parameters("instagram", tier, "conversion_rate")["mean"] for tier in TIERS]
    assert rates[1] / rates[3] == pytest.approx(1.1, abs=0.005)
    assert [a / b for a, b in itertools.pairwise(rates)] == pytest.approx(
        [math.sqrt(1.1)] * 4, rel=0.004
    )
    assert math.sqrt(1 * 1.2) == pytest.approx(1.1, abs=0.005)
    belief = presets()["beliefs"]["conversion_rate"]
    ratio_sd = belief["sd"] * math.sqrt(2 * (1 - belief["common"]))
    larger_better = float(stats.norm.cdf(-math.log(1.1) / ratio_sd))
    assert 0.4 < larger_better < 0.5


# --- YouTube --------------------------------------------------------------------------------------


def test_youtube_engagement_is_freed_of_the_level_of_each_source() -> None:
    rows = [
        figure
        for figure in FIGURES.values()
        if figure.quantity == "engagement_rate"
        and figure.platform == "youtube"
        and figure.source in ("imh-2021", "organicmediabuying-2025")
    ]
    levels = _tier_levels(_witnesses(rows))
    given = {tier: parameters("youtube", tier, "engagement_rate")["mean"] for tier in TIERS}
    assert given == pytest.approx(levels, rel=0.01)
