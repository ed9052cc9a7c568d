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


@dataclass(frozen=True)
class Roster:
    """Creators of a file, in its order."""

    path: str
    rows: tuple[RosterRow, ...] = field(repr=False)

    @property
    def digest(self) -> str:
        """Hash of all that the file says."""
        text = "\n".join(map(repr, self.rows))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def terms(self) -> list[tuple[str, str, str]]:
        """Return each tier, platform and niche once, sorted."""
        return sorted({row.terms for row in self.rows})
