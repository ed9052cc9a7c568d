"""The presets under a set of evidence: what its own sources say of each tier, the rest as pooled.

A set moves *levels* only. How creators differ around a level, and how far a level is in doubt, is
what the pooled presets say: no set has sources of its own on either.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from functools import cache
from statistics import NormalDist
from typing import Any

from ..evidence.sets import INPUTS, SETS, Evidence, evidence_on
from ..evidence.spread import tier_levels
from ..evidence.tables import TIERS, Quoted, derived_value
from .presets import preset_platforms, presets

#: Score beyond which one in twenty lie: ends of an interval such as "10 to 100".
_SCORE_95 = NormalDist().inv_cdf(0.95)


def presets_under(chosen: str) -> dict[str, Any]:
    """Return the presets with the levels of a set of evidence, and with its sources beside them.

    Where a set has no source on an input, or none on a tier, the pooled level stays and its source
    says so. A set whose figures on an input are the pooled ones leaves it as it is.

    Parameters
    ----------
    chosen
        One of `sim.evidence.sets.SETS`; anything else counts as ``pooled`` and is reported where
        the file is checked.
    """
    return presets() if chosen == "pooled" or chosen not in SETS else _under(chosen)


@cache
def _under(chosen: str) -> dict[str, Any]:
    result = copy.deepcopy(presets())
    for platform in preset_platforms():
        _move_levels(result[platform], platform, chosen)
    if evidence_on("tracked_share", "any", chosen).fell_back:
        _mark(result["economics"]["source"], "tracked_share", chosen)
    return result


def _move_levels(on: dict[str, Any], platform: str, chosen: str) -> None:
    shared = on["any"]["source"]
    for name in (name for name in INPUTS if name != "tracked_share"):
        evidence = evidence_on(name, platform, chosen)
        if evidence.fell_back:
            for sources in (shared, *(on[tier].get("source", {}) for tier in TIERS)):
                if name in sources:
                    _mark(sources, name, chosen)
            continue
        if evidence.figures == evidence_on(name, platform).figures or name == "delivery_rate":
            continue
        levels = _LEVELS[name](platform, evidence)
        for tier in TIERS:
            sources = on[tier].setdefault("source", {})
            if tier in levels:
                on[tier][name] = moved(on[tier][name], levels[tier])
                sources[name] = f"{', '.join(evidence.sources)}: {_HOW[name]} ({chosen} evidence)"
            else:
                sources.setdefault(name, shared.get(name, ""))
                _mark(sources, name, chosen)


def _mark(sources: dict[str, str], name: str, chosen: str) -> None:
    sources[name] += f"; pooled evidence, as the set {chosen} has no source of its own"


# --- Levels by tier -------------------------------------------------------------------------------


def _engagement(platform: str, evidence: Evidence) -> dict[str, float]:
    """Return mean engagement by tier in the preset's denominator.

    On TikTok pages quote it per follower and the preset per view: the ratio of theirs to the posts'
    own rate per follower carries over.
    """
    levels = tier_levels(evidence.figures)
    if presets()[platform]["any"]["engagement_basis"] == "followers":
        return levels
    return {
        tier: level_of(presets()[platform][tier]["engagement_rate"])
        * level
        / derived_value(platform, tier, "engagement_rate_mean")
        for tier, level in levels.items()
    }


def _conversion(platform: str, evidence: Evidence) -> dict[str, float]:
    """Return mean orders per engagement by tier: a set's Instagram figure is the doubt's median.

    So do the pooled anchors. Other platforms move by the factor by which Instagram moves.
    """
    figures: dict[str, dict[str, Quoted]] = {}
    for figure in evidence.figures:
        figures.setdefault(figure.quantity, {})[figure.subject] = figure
    if "revenue_per_follower" in figures:
        said = orders_per_engagement(figures["revenue_per_follower"])
    else:
        said = _said_of_conversion(figures)
    doubt = float(presets()["beliefs"]["conversion_rate"]["sd"])
    over_median = math.exp(doubt**2 / 2.0)
    here, instagram = presets()[platform], presets()["instagram"]
    return {
        tier: value
        * over_median
        * level_of(here[tier]["conversion_rate"])
        / level_of(instagram[tier]["conversion_rate"])
        for tier, value in said.items()
    }


def orders_per_engagement(figures: Mapping[str, Quoted]) -> dict[str, float]:
    """Return orders per engagement by tier: revenue per follower / order value / engagement rate.

    Nano is measured below 10,000 followers and macro above 100,000; micro lies between, half way in
    the log.
    """
    nano, large = _middle(figures["nano"]), _middle(figures["macro"])
    revenue = dict.fromkeys(TIERS, large) | {"nano": nano, "micro": math.sqrt(nano * large)}
    order_value = float(presets()["economics"]["order_value"])
    return {
        tier: value / order_value / level_of(presets()["instagram"][tier]["engagement_rate"])
        for tier, value in revenue.items()
    }


def _said_of_conversion(figures: Mapping[str, Mapping[str, Quoted]]) -> dict[str, float]:
    """Return what is quoted for nano and macro, and for micro by its ratio to larger creators."""
    quoted, ratio = figures["conversion_rate"], figures["conversion_ratio"]["micro / larger"]
    large = _middle(quoted["macro"])
    return dict.fromkeys(TIERS, large) | {
        "nano": _middle(quoted["nano"]),
        "micro": large * _middle(ratio),
    }


def _fee(platform: str, evidence: Evidence) -> dict[str, float]:
    """Return the median fee by tier: as listed, or a price per thousand times a usual post's views.

    A usual post is one of the tier's median followers and median reach.
    """
    prices = [figure for figure in evidence.figures if figure.quantity == "cost_per_mille"]
    if not prices:
        return tier_levels(evidence.figures)
    per_view = _middle(prices[0]) / 1000.0
    tiers = presets()[platform]
    return {
        tier: per_view * median_followers(platform, tier) * level_of(tiers[tier]["reach_rate"])
        for tier in TIERS
    }


_LEVELS = {"engagement_rate": _engagement, "conversion_rate": _conversion, "fee": _fee}
_HOW = {
    "engagement_rate": "tier's level over its witnesses; spread between creators as pooled",
    "conversion_rate": "what it says is the median of the doubt, 1.65 times lower than the mean; "
    "spread and doubt as pooled",
    "fee": "tier's median; spread as pooled",
}


# --- Laws as the presets write them ---------------------------------------------------------------


def level_of(written: Any) -> float:
    """Return the mean or median that a preset's law quotes; of an interval the geometric middle."""
    if isinstance(written, str):
        low, high = _ends(written)
        return math.sqrt(low * high)
    (law,) = written.values()
    return float(law["mean"] if "mean" in law else law["median"])


def moved(written: Any, level: float) -> dict[str, dict[str, float]]:
    """Return a preset's law at another level, with the same spread relative to it."""
    if isinstance(written, str):
        low, high = _ends(written)
        spread = math.log(high / low) / (2.0 * _SCORE_95)
        return {"lognormal": {"median": _short(level), "log_sd": _short(spread)}}
    ((family, law),) = written.items()
    factor = level / level_of(written)
    scaled = {"mean", "median", "sd"}
    return {
        family: {
            key: _short(value * factor) if key in scaled else value for key, value in law.items()
        }
    }


def median_followers(platform: str, tier: str) -> float:
    """Return the median of a tier's followers: a lognormal within the range of the tier."""
    law = presets()[platform]["any"]["followers"]["lognormal"]
    logs = NormalDist(math.log(law["median"]), law["log_sd"])
    low, high = (logs.cdf(math.log(end)) for end in presets()[platform][tier]["follower_range"])
    return math.exp(logs.inv_cdf((low + high) / 2.0))


def _ends(written: str) -> tuple[float, float]:
    low, high = written.split(" to ")
    return float(low), float(high)


def _middle(figure: Quoted) -> float:
    assert figure.midpoint is not None, figure.id
    return figure.midpoint


def _short(value: float) -> float:
    return float(f"{value:.3g}")
