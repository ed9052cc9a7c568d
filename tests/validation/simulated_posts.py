"""Posts of simulated creators, one by one, from the tables that the kernel reads.

The kernel keeps sums only. Here single posts are drawn from the same quantile tables and conversions
(`sim.plan.tier_tables`), written out in numpy, so that the estimators of `post_statistics.py` can be
put to simulated posts as they are put to real ones. What creators share in a world is left out: the
samples are of many months and creators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from post_statistics import Floats, Ints, Posts

import sim
from sim.experiment.models import Tier
from sim.plan import TierTables, tier_tables

TIERS = ("nano", "micro", "mid", "macro", "mega")


@dataclass(frozen=True)
class Layout:
    """How many posts each simulated creator has, shape (creators,)."""

    posts: Ints

    @classmethod
    def equal(cls, creators: int, posts: int) -> Layout:
        """Give every creator the same number of posts."""
        return cls(np.full(creators, posts))

    @property
    def creator(self) -> Ints:
        """Position of each post's creator, shape (all posts,)."""
        return np.repeat(np.arange(len(self.posts)), self.posts)


def preset_tier(platform: str, tier: str) -> tuple[Tier, float]:
    """Return a tier as the packaged presets have it, and the platform's audience."""
    return tier_with(platform, tier, {})


def tier_with(platform: str, tier: str, tables: Mapping[str, Any]) -> tuple[Tier, float]:
    """Return a tier with some keys as given, the rest as packaged, and the platform's audience."""
    portfolio = {"tier": tier, "platform": platform, "creators": 1}
    experiment = sim.build({"portfolio": {"one": portfolio}, "tier": {tier: dict(tables)}})
    return experiment.tier[tier].on[platform], experiment.platform[platform].audience


def simulate_posts(spec: Tier, audience: float, layout: Layout, seed: int) -> Posts:
    """Draw posts of creators of a tier; every creator delivers.

    Equations of one post: organic impressions ``F a r u``, all ``F a r u A`` up to the audience,
    engagements ``g (organic + q (all - organic))`` with ``g`` the engagements per organic
    impression, at most one.

    Parameters
    ----------
    spec, audience
        See `preset_tier`.
    layout
        Posts of each creator.
    seed
        Seed of the generator: the same seed draws the same scores whatever the tier.
    """
    faults: list[object] = []
    tables = tier_tables(spec, "tier", faults)  # type: ignore[arg-type]
    assert tables is not None, faults
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal((4, len(layout.posts)))
    luck = rng.standard_normal((2, int(layout.posts.sum())))
    z_e = quality[0]
    log_e = _log(tables, "engagement_rate", z_e)
    log_f = _log(tables, "followers", _with(spec.followers_engagement_correlation, z_e, quality[1]))
    log_r = _log(tables, "reach_rate", _with(spec.engagement_reach_correlation, z_e, quality[2]))
    log_a = _log(tables, "authentic_share", quality[3])
    log_r = np.minimum(log_r, 0.0)
    per_impression = log_e if spec.engagement_basis == "impressions" else log_e - log_a - log_r
    creator = layout.creator
    z_amplification = _with(spec.amplification_engagement_correlation, z_e[creator], luck[1])
    log_excess = _log(tables, "amplification", z_amplification)
    excess = np.exp(np.minimum(log_excess, tables.log_amplification_cap))
    organic = np.exp((log_f + log_a + log_r)[creator] + _log(tables, "post_luck", luck[0]))
    views = np.minimum(organic * (1.0 + excess), audience)
    organic = np.minimum(organic, audience)
    rate = np.minimum(np.exp(per_impression), 1.0)[creator]
    engagements = rate * (organic + spec.amplified_engagement * (views - organic))
    return _as_posts(layout, np.exp(log_f), views, engagements)


def _log(tables: TierTables, name: str, z: Floats) -> Floats:
    """Log values of an input for normal scores, converted as the plan converts them."""
    table = tables.tables[name]
    log = np.asarray(table.log_quantile(z), dtype=float) + tables.shift[name]
    return np.where(z >= table.jump, log, -np.inf)


def _with(correlation: float, z: Floats, own: Floats) -> Floats:
    return correlation * z + np.sqrt(1.0 - correlation**2) * own


def _as_posts(layout: Layout, followers: Floats, views: Floats, engagements: Floats) -> Posts:
    creator = layout.creator
    blank = np.zeros(len(creator))
    return Posts(
        creator, followers[creator], engagements, engagements, blank, blank.astype(bool),
        blank.astype(np.int64), views, ratio=views / own_median(creator, views),
        own=layout.posts[creator],
    )  # fmt: skip


def own_median(creator: Ints, values: Floats) -> Floats:
    """Median over the posts of the same creator, for each post; ``creator`` is sorted."""
    order = np.lexsort((values, creator))
    ordered = values[order]
    count = np.bincount(creator)
    start = np.cumsum(count) - count
    low, high = ordered[start + (count - 1) // 2], ordered[start + count // 2]
    return ((low + high) / 2.0)[creator]
