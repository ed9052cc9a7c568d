"""Named creators: what is known of each, and which tier each belongs to."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

#: Posts behind a measured rate where the file does not say.
POSTS = 10.0


@dataclass(frozen=True)
class RosterRow:
    """What is known of a creator; NaN where it is not.

    `past_orders` are tracked orders of one campaign after another, `past_posts` the posts that
    brought each of them.
    """

    name: str
    tier: str
    platform: str
    niche: str
    followers: float
    engagement_rate: float = math.nan
    posts: float = POSTS
    fee: float = math.nan
    past_orders: tuple[float, ...] = ()
    past_posts: tuple[float, ...] = ()

    @property
    def terms(self) -> tuple[str, str, str]:
        """Tier, platform and niche."""
        return self.tier, self.platform, self.niche


def earlier_orders(row: RosterRow) -> str:
    """Return the orders of a creator's earlier posts: ``70 in 3; 12 in 1``."""
    return "; ".join(
        f"{orders:g} in {posts:g}"
        for orders, posts in zip(row.past_orders, row.past_posts, strict=True)
    )


@dataclass(frozen=True)
class Roster:
    """Creators of a file, in its order.

    Attributes
    ----------
    path
        The file, as the experiment names it.
    rows
        What is known of each.
    told
        What each column was taken for, and what else was decided in reading.
    """

    path: str
    rows: tuple[RosterRow, ...] = field(repr=False)
    told: tuple[str, ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """Hash of all that the file says."""
        text = "\n".join(map(repr, self.rows))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def table(self) -> list[dict[str, str]]:
        """Return the creators as read, a row for each, without columns that nobody has."""
        rows = [
            {
                "name": row.name,
                "tier": f"{row.tier} on {row.platform}",
                "niche": row.niche,
                "followers": f"{row.followers:,.0f}",
                "rate": "" if math.isnan(row.engagement_rate) else f"{row.engagement_rate:.4g}",
                "posts": "" if math.isnan(row.engagement_rate) else f"{row.posts:g}",
                "fee": "" if math.isnan(row.fee) else f"{row.fee:,.2f}",
                "past orders": earlier_orders(row),
            }
            for row in self.rows
        ]
        used = [name for name in rows[0] if any(row[name] for row in rows)]
        return [{name: row[name] for name in used} for row in rows]

    def terms(self) -> list[tuple[str, str, str]]:
        """Return each tier, platform and niche once, sorted."""
        return sorted({row.terms for row in self.rows})
