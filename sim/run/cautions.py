"""What a reader of a run should know beside its figures: caps that bind, tails, thin sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..experiment import Experiment
from ..plan import Plan
from ..plan.boosting import boosts
from ..text.names import listed
from ..text.numbers import counted, fixed, setting

_CAPS = {
    "impressions": "posts reach the platform's whole audience; impressions are cut there",
    "engagements": "posts would have more engagements than impressions; they are cut there",
}


def cap_warnings(plan: Plan, arrays: Mapping[str, Any]) -> list[str]:
    """Warn where a cap binds for more than one post in a hundred."""
    shares: dict[tuple[str, str, str], float] = {}
    for w in range(len(plan.works)):
        terms = next(line.terms for line in plan.lines if line.work == w)
        for c, name in enumerate(_CAPS):
            share = float(arrays["capped"][w, c].mean()) / plan.posts(w)
            key = (terms.tier, terms.platform, name)
            shares[key] = max(share, shares.get(key, 0.0))
    return [
        f"{tier} on {platform}: {fixed(100 * share, 1)} % of {_CAPS[name]} ({name} cap)."
        for (tier, platform, name), share in shares.items()
        if share > 0.01
    ]


def tail_warnings(experiment: Experiment) -> list[str]:
    """Say where the mean amplification is infinite but for its cap: tail index 1 or below."""
    capped: dict[str, list[str]] = {}
    for tier, tier_on in experiment.tier.items():
        for platform, spec in tier_on.on.items():
            law = spec.amplification
            tail = law.spike or law.cascade
            never = law.spike is not None and law.spike.probability == 0.0
            if tail is not None and tail.tail_index <= 1.0 and not never:
                what = (
                    f"{tier} (tail index {setting(tail.tail_index)}, cap {setting(law.cap or 0.0)})"
                )
                capped.setdefault(platform, []).append(what)
    return [
        f"Amplification on {platform}: the mean rests on the cap alone for {', '.join(tiers)}."
        for platform, tiers in capped.items()
    ]


#: What boosting rests on, where a portfolio boosts.
_BOOSTED = (
    ("boost.engagement", "how often paid viewers engage beside followers"),
    ("boost.conversion", "how often paid viewers who engage buy"),
    ("boost.luck_carried", "how much of a post's luck goes over to paid viewers"),
)


def assumption_warnings(experiment: Experiment) -> list[str]:
    """Name the inputs in use that rest on an assumption or on one source, most telling first."""
    telling: Sequence[tuple[str, str]] = (
        ("shocks.loadings.conversion_rate", "how far one campaign moves everybody's conversion"),
        ("beliefs.conversion_rate", "how far the mean conversion rate is in doubt"),
        ("economics.incremental_share", "the share of orders that would not have come anyway"),
        ("economics.tracked_share", "the share of orders that codes see"),
        *(_BOOSTED if boosts(experiment) else ()),
    )
    assumed = [
        what for key, what in telling if experiment.origins.get(key, "").startswith("assumption")
    ]
    warnings = [*single_source_warnings(experiment), *doubt_warnings(experiment)]
    if assumed:
        listed = "; ".join(assumed)
        warnings.append(f"No source, only assumptions: {listed}. `sim explain` lists them all.")
    return warnings


def learned_notes(experiment: Experiment) -> list[str]:
    """Say what beliefs were learned from."""
    if experiment.learned is None:
        return []
    names = experiment.learned.campaigns
    return [f"Beliefs as learned from {counted(len(names), 'campaign')}: {listed(names)}."]


def doubt_warnings(experiment: Experiment) -> list[str]:
    """Say which figures of the file's own are doubted by beliefs that the file does not mention."""
    doubted = []
    for believed, belief in experiment.beliefs.items():
        name = str(believed)
        own = [
            tier
            for tier, tier_on in experiment.tier.items()
            if belief.sd > 0.0
            and any(
                experiment.origins.get(f"tier.{tier}.on.{platform}.{name}") == "this file"
                for platform in tier_on.on
            )
        ]
        said = experiment.origins.get(f"beliefs.{name}", "") == "this file"
        if own and not said:
            some = f"{len(own)} tiers" if len(own) > 3 else ", ".join(own)
            doubted.append(f"{name} of {some} (beliefs.{name}, sd {setting(belief.sd)})")
    if not doubted:
        return []
    listed = "; ".join(doubted)
    way_out = "where you know them, set the belief to 0"
    return [f"The file's own figures are still in doubt: {listed}; {way_out}."]


def single_source_warnings(experiment: Experiment) -> list[str]:
    """Say where the conversion rates of all tiers rest on one and the same source."""
    from ..evidence import cite, sources

    origins = {
        experiment.origins.get(f"tier.{tier}.on.{platform}.conversion_rate", "").partition(":")[0]
        for tier, tier_on in experiment.tier.items()
        for platform in tier_on.on
    }
    if len(origins) == 1 and (key := origins.pop()) in sources():
        return [f"All conversion rates rest on one source, {cite(key)}; revenue is in proportion."]
    return []
