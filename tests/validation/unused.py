"""What a fit on half of the creators says of the other half, in the words of `halves.csv`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from calibrate import VIDEOS, fitted_tables
from derive import TIERS, kind_statistics, tiktok_statistics
from halves import Histogram, Statistic, histogram, quantities, statistic
from post_statistics import Floats, Posts, Statistics
from simulated_posts import Layout, simulate_posts, tier_with

#: The half on which a fit is judged. The fit on all is what is shipped, and has seen everything.
JUDGED_ON = {"even": "odd", "odd": "even", "all": "all"}
KINDS = (("instagram", "sponsored"), ("instagram", "organic"), ("tiktok", "organic"))
MEANS = (
    "engagement_rate_mean", "views_per_follower_mean", "engagement_per_view_mean",
)  # fmt: skip
CREATORS, SEED = 20_000, 3


@dataclass(frozen=True)
class Comparison:
    """One figure of a tier: as simulated under the fit, and as seen in the posts it is judged on."""

    half: str
    platform: str
    posts: str
    tier: str
    quantity: str
    simulated: float
    seen: Statistic

    @property
    def name(self) -> tuple[str, str, str, str, str]:
        """Fit, platform, kind of post, tier and quantity."""
        return (self.half, self.platform, self.posts, self.tier, self.quantity)

    @property
    def ratio(self) -> float:
        """Simulated over seen."""
        return self.simulated / self.seen.value if self.seen.value > 0 else np.inf

    @property
    def off(self) -> float:
        """How far the two are apart, in standard errors of what was seen."""
        return (self.simulated - self.seen.value) / self.seen.se


@cache
def posts_under(half: str, platform: str, kind: str, tier: str) -> Posts:
    """Draw posts under the fit on half of the creators, or on all: creators have several each."""
    each = VIDEOS if platform == "tiktok" else 2
    tables = fitted_tables(half, platform, kind, tier)
    layout = Layout.equal(CREATORS if platform == "tiktok" else 5 * CREATORS, each)
    return simulate_posts(*tier_with(platform, tier, tables), layout, SEED)


@cache
def simulated(half: str, platform: str, kind: str, tier: str) -> Statistics:
    """Apply the estimators of real posts to simulated ones."""
    posts = posts_under(half, platform, kind, tier)
    return tiktok_statistics(posts) if platform == "tiktok" else kind_statistics(posts)


def comparisons(half: str, platform: str, kind: str) -> Iterator[Comparison]:
    """Yield every figure of every tier beside the posts that the fit is judged on."""
    for tier in TIERS:
        found = simulated(half, platform, kind, tier)
        for quantity in quantities(platform, kind, tier, ""):
            try:
                seen = statistic(JUDGED_ON[half], platform, kind, tier, quantity)
            except KeyError:
                continue
            if quantity in found:
                yield Comparison(half, platform, kind, tier, quantity, found[quantity], seen)


@dataclass(frozen=True)
class Coverage:
    """How often the next post of a new creator lies within a central range of the fit."""

    half: str
    platform: str
    posts: str
    tier: str
    quantity: str
    range: float
    share: float
    creators: int

    @property
    def off(self) -> float:
        """Distance from the range's probability, in binomial standard errors."""
        return (self.share - self.range) / self.se

    @property
    def se(self) -> float:
        """Binomial standard error of the share."""
        return float(np.sqrt(self.range * (1 - self.range) / self.creators))


def coverages(half: str, platform: str, kind: str, least: int) -> Iterator[Coverage]:
    """Yield the coverage of 50 and 90 % ranges for one post of each creator not fitted on.

    Tiers with fewer than ``least`` creators are left out.
    """
    for tier in TIERS:
        posts = posts_under(half, platform, kind, tier)
        for quantity, values in _rates(platform, posts).items():
            try:
                seen: Histogram = histogram(JUDGED_ON[half], platform, kind, tier, quantity)
            except KeyError:
                continue
            if seen.creators < least:
                continue
            for level in (0.5, 0.9):
                low, high = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2])
                share = seen.share_within(float(low), float(high))
                yield Coverage(half, platform, kind, tier, quantity, level, share, seen.creators)


def _rates(platform: str, posts: Posts) -> dict[str, Floats]:
    rates = {"engagement_rate": posts.engagements / posts.followers}
    if platform == "tiktok":
        rates["views_per_follower"] = posts.views / posts.followers
        rates["engagement_per_view"] = posts.engagements / posts.views
    return rates
