"""The means that a fitted tier simulates, held at those of the sample.

Means are over creators, each of whom counts once. A model of parts, each fitted to logs, need not
keep them: where the tail of amplification is heavy its mean rests on the cap. So the cap is the one
that gives the sample's mean views over mean followers, within what was seen; what is left over goes
to reach. A rate per view then gives the sample's mean engagements over mean views; a rate per
follower is the sample's mean rate. Followers are those of the fitted law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..engine import marginals as mg
from ..engine.marginals import Marginal
from ..experiment import build
from ..experiment import models as m
from ..plan import TierTables, quoted_to_organic, tier_tables
from ..text.numbers import rounded
from .components import estimate, resampled
from .estimates import Fitted, Mean, Parameter
from .pooling import pooled_variance
from .reading import Floats, Posts

_NODES = 40
#: Bisections of a cap or a median.
_HALVINGS = 30


#: How far the creators of an analyst's own lie from a market's, in logs of means (assumption).
OWN = 0.5


@dataclass(frozen=True)
class _Means:
    views: float
    engagements: float
    followers: float


def experiment_tier(
    tier: str, platform: str, inputs: Sequence[Fitted]
) -> tuple[m.Tier, TierTables]:
    """Return a tier as an experiment with these inputs has it, and its tables."""
    table: dict[str, Any] = {}
    for each in inputs:
        if each.value is not None:
            table |= {**each.also, each.key: each.value}
    one = {"tier": tier, "platform": platform, "creators": 1}
    tables = {"portfolio": {"one": one}, "tier": {tier: {"on": {platform: table}}}}
    spec = build(tables).tier[tier].on[platform]
    compiled = tier_tables(spec, tier, [])
    assert compiled is not None
    return spec, compiled


def simulated(spec: m.Tier, tier: TierTables, log_cap: float | None = None) -> _Means:
    """Return mean views and engagements of a post of a tier, caps of single posts left out.

    Given the creator's engagement score z, followers, reach and amplification are independent:
    a sum over nodes of z of products of their conditional means.

    Parameters
    ----------
    spec, tier
        The tier and its tables.
    log_cap
        Log of the largest A - 1, instead of the tier's.
    """
    tables = tier.tables
    log_cap = tier.log_amplification_cap if log_cap is None else log_cap
    engagement, _, reach, _ = quoted_to_organic(spec, tables, log_cap)
    z, w = mg.hermite(_NODES)
    varies = not tables["engagement_rate"].constant

    def given(name: str, rho: float) -> Floats:
        rho = rho if varies else 0.0
        score = rho * z[:, None] + math.sqrt(1.0 - rho * rho) * z
        return np.asarray(tables[name].quantile(score) @ w)

    followers = given("followers", spec.followers_engagement_correlation)
    seen = given("reach_rate", spec.engagement_reach_correlation) * math.exp(reach)
    rate = tables["engagement_rate"].quantile(z) * math.exp(engagement)
    excess = _excess(tables["amplification"], log_cap, spec, z, varies)
    views = followers * mg.moment(tables["authentic_share"]) * seen
    base = views if spec.engagement_basis == "impressions" else followers
    q = spec.amplified_engagement
    return _Means(
        float(w @ (views * (1.0 + excess))),
        float(w @ (base * rate * (1.0 + q * excess))),
        float(w @ followers),
    )


def _excess(
    table: mg.QuantileTable, log_cap: float, spec: m.Tier, z: Floats, varies: bool
) -> Floats:
    """Return E[A - 1] given the engagement score, shape (nodes,)."""
    if table.constant:
        return np.zeros(z.shape)
    rho = spec.amplification_engagement_correlation if varies else 0.0
    # Scores of A on a fine grid: its tail holds what Gauss-Hermite nodes would miss.
    score, weight = mg.score_nodes(table.jump)
    value = np.exp(np.minimum(table.log_quantile(score), log_cap)) * weight
    if rho == 0.0:
        return np.full(z.shape, float(value.sum()))
    rest = 1.0 - rho * rho
    ratio = np.exp(-((rho * z[:, None] - score) ** 2 / rest - score**2) / 2.0) / math.sqrt(rest)
    return np.asarray(ratio @ value)


@dataclass(frozen=True)
class _Sample:
    """Means over creators of views, engagements, their rate per follower, and followers.

    The first is that of the sample, the others those of resamples of its creators.
    """

    views: Floats | None
    engagements: Floats | None
    rate: Floats | None
    followers: Floats
    creators: int


def _sample(posts: Posts) -> _Sample:
    creators = int(posts.creator.max()) + 1
    weights = resampled(creators)

    def means(values: Floats) -> Floats | None:
        keep = np.isfinite(values)
        count = np.bincount(posts.creator[keep], minlength=creators).astype(float)
        if not keep.any():
            return None
        sums = np.bincount(posts.creator[keep], weights=values[keep], minlength=creators)
        there = count > 0.0
        each = np.where(there, sums / np.where(there, count, 1.0), 0.0)
        # A resample without anybody whose figure is known has no mean: the sample's stands.
        whole = weights @ there
        return np.where(whole > 0.0, weights @ each / np.where(whole > 0.0, whole, 1.0), each.sum())

    followers = means(posts.followers)
    assert followers is not None
    engagements = posts.engagements / posts.posts
    return _Sample(
        means(posts.views / posts.posts), means(engagements), means(engagements / posts.followers),
        followers, creators,
    )  # fmt: skip


def compared(tier: str, platform: str, inputs: Sequence[Fitted], posts: Posts) -> tuple[Mean, ...]:
    """Return the means of views and engagements that a tier simulates, beside the sample's."""
    now, sample = simulated(*experiment_tier(tier, platform, inputs)), _sample(posts)
    seen = (("views", sample.views), ("engagements", sample.engagements))
    return tuple(
        Mean(name, getattr(now, name), *estimate(drawn)) for name, drawn in seen
        if drawn is not None
    )  # fmt: skip


@dataclass(frozen=True)
class _Target:
    """A mean to be held: the sample's, pooled with the packaged one."""

    value: float
    seen: float
    weight: float
    error: float  #: of its log


def held(
    tier: str,
    platform: str,
    inputs: Sequence[Fitted],
    posts: Posts,
    seen_from: float,
    doubts: Mapping[str, float],
) -> tuple[Fitted, ...]:
    """Return the inputs with the sample's means, pooled with those of the packaged tier.

    Few creators leave more to what is packaged.

    Parameters
    ----------
    tier, platform
        Whose inputs they are.
    inputs
        As an experiment accepts them.
    posts
        The sample.
    seen_from
        Multiple of a creator's own median that enough posts were seen above: a least cap.
    doubts
        Standard deviation of the log of each packaged mean, by key.
    """
    kept, sample = list(inputs), _sample(posts)
    packaged, now = (simulated(*experiment_tier(tier, platform, each)) for each in ((), kept))
    if sample.views is not None:
        spread = _spread_between(kept, "reach_rate")
        of = _target(
            sample.views / sample.followers, packaged.views / packaged.followers,
            doubts.get("reach_rate", 0.0), sample.creators, spread,
        )  # fmt: skip
        kept = _with_views(tier, platform, kept, of.value * now.followers, of, seen_from)
    at = _place(kept, "engagement_rate")
    if sample.engagements is None or sample.rate is None or at is None:
        return tuple(kept)
    doubt, spread = doubts.get("engagement_rate", 0.0), _spread_between(kept, "engagement_rate")
    if kept[at].also.get("engagement_basis") == "impressions" and sample.views is not None:
        drawn, usual = sample.engagements / sample.views, packaged.engagements / packaged.views
        of = _target(drawn, usual, doubt, sample.creators, spread)
        now = simulated(*experiment_tier(tier, platform, kept))
        mean = kept[at].estimates[0].value * of.value * now.views / now.engagements
    else:
        of = _target(sample.rate, _quoted(tier, platform), doubt, sample.creators, spread)
        mean = of.value
    kept[at] = _with_mean(kept[at], mean, of)
    return tuple(kept)


def _quoted(tier: str, platform: str) -> float:
    """Return the packaged mean engagement rate per follower."""
    spec, tables = experiment_tier(tier, platform, ())
    if spec.engagement_basis == "followers":
        return mg.moment(tables.tables["engagement_rate"])
    means = simulated(spec, tables)
    return means.engagements / means.followers


def _spread_between(inputs: Sequence[Fitted], key: str) -> float:
    """Return the spread of logs between creators that was fitted, or a usual one."""
    at = _place(inputs, key)
    return 0.8 if at is None else float(inputs[at].estimates[-1].value)


def _target(drawn: Floats, packaged: float, doubt: float, creators: int, spread: float) -> _Target:
    """Pool a mean of the sample with the packaged one, in logs.

    Parameters
    ----------
    drawn
        The mean, and the same of resamples.
    packaged
        What the packaged tier simulates.
    doubt
        Standard deviation of its log.
    creators
        In the sample.
    spread
        Of logs between creators, which few of them show badly.
    """
    seen, error = estimate(drawn)
    sd = math.hypot(doubt, OWN)
    variance = pooled_variance((error / seen) ** 2, math.expm1(min(spread, 2.0) ** 2), creators)
    weight = sd**2 / (sd**2 + variance)
    value = math.exp(weight * math.log(seen) + (1.0 - weight) * math.log(packaged))
    return _Target(value, seen, weight, math.sqrt(weight * variance))


def _place(inputs: Sequence[Fitted], key: str) -> int | None:
    return next((i for i, f in enumerate(inputs) if f.key == key and f.value is not None), None)


def _with_views(
    tier: str, platform: str, inputs: list[Fitted], views: float, of: _Target, seen_from: float
) -> list[Fitted]:
    """Return the inputs with a cap, and then a reach, that give the mean views."""
    spec, tables = experiment_tier(tier, platform, inputs)
    at = _place(inputs, "amplification")
    if at is not None and "cap" in inputs[at].value:
        largest = float(inputs[at].value["cap"])

        def at_cap(log_cap: float) -> float:
            return simulated(spec, tables, math.log(math.expm1(log_cap))).views

        ends = math.log(min(max(seen_from, 2.0), largest)), math.log(largest)
        cap = rounded(math.exp(_solved(at_cap, views, *ends)))
        value = {**inputs[at].value, "cap": cap}
        inputs[at] = replace(inputs[at], value=value, law="cascade, its cap from the mean views")
        spec, tables = experiment_tier(tier, platform, inputs)
    place = _place(inputs, "reach_rate")
    if place is None or "logitnormal" not in inputs[place].value:
        return inputs
    reach = inputs[place]
    median, width = (reach.value["logitnormal"][name] for name in ("median", "logit_sd"))

    def at_median(logit: float) -> float:
        law = Marginal("logitnormal", {"mu": logit, "sigma": width}, 0.0, 1.0)
        moved = {**tables.tables, "reach_rate": mg.compile_marginal(law)}
        return simulated(spec, replace(tables, tables=moved)).views

    start = math.log(median / (1.0 - median))
    figure, law = median, reach.law
    if abs(views / simulated(spec, tables).views - 1.0) > 0.001:
        logit = _solved(at_median, views, start - 3.0, start + 3.0)
        figure, law = 1.0 / (1.0 + math.exp(-logit)), f"{reach.law}, from the mean views"
    first = replace(
        reach.estimates[0], value=figure, se=figure * (1.0 - figure) * of.error,
        seen=reach.estimates[0].value, weight=of.weight,
    )  # fmt: skip
    inputs[place] = replace(
        reach, value={"logitnormal": {"median": rounded(figure), "logit_sd": width}}, law=law,
        estimates=(first, *reach.estimates[1:]), doubt=of.error,
    )  # fmt: skip
    return inputs


def _with_mean(rate: Fitted, mean: float, of: _Target) -> Fitted:
    """Return an engagement rate with another mean."""
    law = rate.value["lognormal"]
    first = Parameter("mean", mean, mean * of.error, mean * of.seen / of.value, of.weight)
    value = {**rate.value, "lognormal": {**law, "mean": rounded(mean)}}
    return replace(rate, value=value, estimates=(first, *rate.estimates[1:]), doubt=of.error)


def _solved(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Return where a rising function has a value, or the end that is nearer to it."""
    if rising(low) >= wanted:
        return low
    if rising(high) <= wanted:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2.0
