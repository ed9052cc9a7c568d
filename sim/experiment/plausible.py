"""What of a file's own figures is unlikely or unfair: beyond all that is published, or out of step.

Nothing here is a fault: a file may know better than what is published. It is told once, with the
range, who says so, and the way out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import fmean, median
from typing import Any

from ..evidence.ranges import Published, published_range
from ..evidence.tables import cite, claims, published
from ..text.currency import currency, writing_in
from ..text.names import listed, spoken
from ..text.numbers import FRACTION, Number, brief, fixed, plain
from .converted import presets_in
from .distributions import Distribution
from .evidence import level_of, moved, orders_per_engagement
from .fill import lines_of
from .load import Experiment
from .presets import presets
from .toml import dotted, value

#: Inputs of a tier that figures are published of, with their denominator where it is always the same.
_OF_TIERS = {
    "engagement_rate": "",
    "reach_rate": "",
    "conversion_rate": "engagements",
    "fee": "post",
    "authentic_share": "followers",
}
_MONEY = ("fee", "order_value")
_ECONOMICS = ("order_value", "gross_margin", "return_rate", "repeat_value", "tracked_share")
#: How far beyond published figures is told where they are of other products than the file's, or of one
#: witness alone. An assumption.
_SLACK = 2.0
#: Inputs of which a tier's own figure and a packaged one of another tier are two kinds of evidence.
_COMPARED = ("engagement_rate", "conversion_rate", "reach_rate")
#: Factor between a tier's own figure and the packaged one from which on the mixture is told. An
#: assumption: about how far measured and vendors' engagement of a tier differ.
_APART = 1.5
#: Inputs that differ between creators.
_SPREAD = ("followers", "engagement_rate", "conversion_rate", "reach_rate", "fee")
_DENOMINATORS = {"engagement_rate": "engagement_basis", "reach_rate": "reach_basis"}


def implausible(experiment: Experiment) -> list[str]:
    """Return what a reader should know of a file's own figures, one sentence each.

    Parameters
    ----------
    experiment
        As loaded. Only what its file says itself is looked at.
    """
    with writing_in(experiment.currency):
        return [
            *_beyond_economics(experiment),
            *_beyond_tiers(experiment),
            *_two_denominators(experiment),
            *_two_kinds(experiment),
            *_no_spread(experiment),
        ]


# --- Beyond all that is published -----------------------------------------------------------------


def _beyond_economics(experiment: Experiment) -> Iterator[str]:
    for name in _ECONOMICS:
        if name not in _tables(experiment, "economics"):
            continue
        range_ = _converted(experiment, name, published_range(name))
        outside = _outside(getattr(experiment.economics, name), range_, _SLACK)
        if outside:
            yield _beyond(f"economics.{name}", name, *outside)


def _beyond_tiers(experiment: Experiment) -> Iterator[str]:
    for tier, platform, name, key in _own_figures(experiment, _OF_TIERS):
        terms = experiment.tier[tier].on[platform]
        basis = _OF_TIERS[name] or str(getattr(terms, _DENOMINATORS[name]))
        range_ = (
            _conversion(platform, tier)
            if name == "conversion_rate"
            else published_range(name, tier=tier, platform=platform, basis=basis)
        )
        range_ = _converted(experiment, name, range_)
        if range_ is None or (name == "reach_rate" and range_.witnesses < 2):
            continue
        outside = _outside(getattr(terms, name), range_, 1.0 if range_.witnesses > 1 else _SLACK)
        if outside:
            yield _beyond(key, name, *outside, basis)


def _converted(experiment: Experiment, name: str, range_: Published | None) -> Published | None:
    """Return a range of money, which is published in USD, in the currency of the file."""
    rate = experiment.exchange_rate
    if range_ is None or rate is None or name not in _MONEY:
        return range_
    low, high = (None if end is None else end * rate for end in (range_.low, range_.high))
    return replace(range_, low=low, high=high)


def _outside(law: Any, range_: Published | None, slack: float) -> tuple[float, Published] | None:
    """Return the level of a law that lies beyond a range, both by its mean and by its median."""
    levels = _levels(law)
    if range_ is None or not levels or max(levels) == 0.0:
        return None
    if range_.low is not None and max(levels) < range_.low / slack:
        return max(levels), range_
    if range_.high is not None and min(levels) > range_.high * slack:
        return min(levels), range_
    return None


def _beyond(key: str, name: str, level: float, range_: Published, basis: str = "") -> str:
    ends = [(range_.low, range_.lowest), (range_.high, range_.highest)]
    told = [
        f"{_written(name, end)} ({who.replace(' (undated)', ', undated')})"
        for end, who in dict.fromkeys(ends)
        if end is not None
    ]
    below = range_.low is not None and level < range_.low
    about = f" of {range_.about}" if range_.about else ""
    per = f" per {basis.removesuffix('s')}" if basis and name != "fee" else ""
    return (
        f"{key}: {_written(name, level)}{per} lies {'below' if below else 'above'} all that is "
        f"published on {spoken(name)}{about}: {' to '.join(told)}."
    )


def _written(name: str, level: float | None) -> str:
    if name in _MONEY:
        return brief(Number(level, 0.0, currency()))
    return plain(level, 0.0) if name == "repeat_value" else brief(Number(level, 0.0, FRACTION))


def _conversion(platform: str, tier: str) -> Published | None:
    """Return what conversions are published or follow from what is: per engagement.

    Quoted ones, revenue per follower as measured on sales, and a funnel of clicks: visits per follower
    times orders per visit over the packaged engagement per follower (see `presets.toml`).
    """
    quoted = published_range("conversion_rate", basis="engagements")
    assert quoted is not None
    figures = (*claims(), *published())
    revenue = {f.subject: f for f in figures if f.quantity == "revenue_per_follower"}
    sold = orders_per_engagement(revenue)
    visit = next(f for f in figures if f.quantity == "visit_rate")
    buy = next(f for f in figures if f.quantity == "conversion_rate" and f.basis == "visits")
    engaged = [level_of(presets()["instagram"][one]["engagement_rate"]) for one in sold]
    ends = [
        (quoted.low, quoted.lowest),
        (quoted.high, quoted.highest),
        *((level, cite(next(iter(revenue.values())).source)) for level in sold.values()),
        ((visit.low or 0.0) * (buy.low or 0.0) / max(engaged), cite(visit.source)),
        ((visit.high or 0.0) * (buy.high or 0.0) / min(engaged), cite(visit.source)),
    ]
    known = [(level, who) for level, who in ends if level is not None]
    low, high = min(known), max(known)
    return Published(low[0], high[0], low[1], high[1], 3, "all tiers")


# --- Out of step ----------------------------------------------------------------------------------


def _two_denominators(experiment: Experiment) -> Iterator[str]:
    """Name one value that stands for platforms which count by different denominators."""
    for tier, own in _tables(experiment, "tier").items():
        if tier not in experiment.tier or not isinstance(own, Mapping):
            continue
        for name, basis in _DENOMINATORS.items():
            if name not in own or basis in own:
                continue
            on = own.get("on", {})
            by_platform = {
                platform: str(getattr(terms, basis))
                for platform, terms in experiment.tier[tier].on.items()
                if name not in on.get(platform, {})
            }
            if len(set(by_platform.values())) < 2:
                continue
            told = [
                f"{where} (per {what.removesuffix('s')})" for where, what in by_platform.items()
            ]
            last = dotted(("tier", tier, "on", list(by_platform)[-1], name))
            yield (
                f"{dotted(('tier', tier, name))} = {value(own[name])} stands for {listed(told)}, "
                f"which count by different denominators; give each its own, such as {last}."
            )


def _two_kinds(experiment: Experiment) -> Iterator[str]:
    """Name a tier's own figure that is held against a packaged one of other evidence."""
    used = sorted(
        {
            (terms["tier"], terms["platform"])
            for _, terms in lines_of(experiment.given)
            if isinstance(terms["tier"], str)
        }
    )
    known = presets_in(experiment.evidence, experiment.currency, experiment.exchange_rate)
    own = {(t, p, n): key for t, p, n, key in _own_figures(experiment, _COMPARED)}
    for name in _COMPARED:
        others = [
            (tier, platform)
            for tier, platform in used
            if (tier, platform, name) not in own and name in known.get(platform, {}).get(tier, {})
        ]
        told = set()
        for tier, platform in used:
            key = own.get((tier, platform, name))
            usual = known.get(platform, {}).get(tier, {}).get(name)
            if key is None or key in told or usual is None or not others:
                continue
            sentence = _against(experiment, (tier, platform, name), usual, others)
            if sentence:
                told.add(key)
                yield f"{key}: {sentence}"


def _against(
    experiment: Experiment,
    place: tuple[str, str, str],
    packaged: Any,
    others: list[tuple[str, str]],
) -> str:
    """Say how far a tier's own figure is from its packaged one, where others keep theirs."""
    tier, platform, name = place
    levels = _levels(getattr(experiment.tier[tier].on[platform], name))
    if not levels or min(levels) <= 0.0:
        return ""
    # Mean against mean, median against median, as the packaged law quotes it.
    level, usual = levels["mean" in str(packaged)], level_of(packaged)
    factor = max(level / usual, usual / level)
    if factor < _APART:
        return ""
    rest = listed([f"{other} on {where}" for other, where in others])
    keeps = "keeps its" if len(others) == 1 else "keep their"
    example = dotted(("tier", others[0][0], "on", others[0][1], name))
    return (
        f"{_written(name, level)} is the file's own, {fixed(factor, 1)} times "
        f"{'larger' if level > usual else 'smaller'} than the packaged {_written(name, usual)}, while {rest} "
        f"{keeps} packaged figure: two kinds of evidence decide between them. Give {example}, too, "
        "or leave out both."
    )


def _no_spread(experiment: Experiment) -> Iterator[str]:
    """Name constants where the packaged figure differs between creators, tier by tier."""
    constants: dict[str, dict[str, str]] = {}
    for tier, platform, name, key in _own_figures(experiment, _SPREAD):
        here = presets().get(platform, {})
        law = getattr(experiment.tier[tier].on[platform], name)
        if tier not in here or law.family != "constant" or not law.parameters["value"] > 0.0:
            continue
        written = here[tier].get(name, here["any"].get(name))
        if isinstance(written, Mapping | str):
            level = float(law.parameters["value"])
            same = f"{key} = {value(law.written)}"
            instead = f"{name} = {value(moved(written, level))}"
            constants.setdefault(tier, {}).setdefault(same, instead)
    for of_tier in constants.values():
        are, figures = ("is", "figure differs") if len(of_tier) == 1 else ("are", "figures differ")
        yield (
            f"{listed(list(of_tier))} {are} the same for every creator, where the packaged {figures} "
            f"between them; with their spread: {', '.join(of_tier.values())}."
        )


# --- What a file says itself ----------------------------------------------------------------------


def _tables(experiment: Experiment, head: str) -> Mapping[str, Any]:
    tables = experiment.given.get(head, {})
    return tables if isinstance(tables, Mapping) else {}


def _own_figures(
    experiment: Experiment, names: Mapping[str, str] | tuple[str, ...]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield tier, platform, input and key of each figure of a tier that the file states."""
    for tier, own in _tables(experiment, "tier").items():
        if tier not in experiment.tier or not isinstance(own, Mapping):
            continue
        seen = set()
        for platform in experiment.tier[tier].on:
            on = own.get("on", {}).get(platform, {})
            for name in names:
                path = ("tier", tier, "on", platform, name) if name in on else ("tier", tier, name)
                if name in (on if name in on else own) and (dotted(path), platform) not in seen:
                    seen.add((dotted(path), platform))
                    yield tier, platform, name, dotted(path)


def _levels(law: Any) -> list[float]:
    """Return median and mean of a law, as far as they are known without any integral, else twice one."""
    if isinstance(law, int | float):
        return [float(law)] * 2
    if not isinstance(law, Distribution):
        return []
    p = law.parameters
    if law.family == "empirical":
        return [median(law.values), fmean(law.values)]
    if law.family == "constant":
        return [p["value"]] * 2
    if law.family == "lognormal":
        return [math.exp(p["mu"]), math.exp(p["mu"] + p["sigma"] ** 2 / 2.0)]
    if law.family == "normal":
        return [p["mu"]] * 2
    if law.family == "logitnormal":
        return [1.0 / (1.0 + math.exp(-p["mu"]))] * 2
    if law.family == "beta":
        return [p["a"] / (p["a"] + p["b"])] * 2
    if law.family == "gamma":
        return [p["shape"] * p["scale"]] * 2
    if law.family in ("uniform", "triangular", "pert"):
        ends, mode = p["low"] + p["high"], p.get("mode", 0.0)
        weight = {"uniform": 0.0, "triangular": 1.0, "pert": 4.0}[law.family]
        return [(ends + weight * mode) / (2.0 + weight)] * 2
    return []
