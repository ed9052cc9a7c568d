"""Columns of an export: what they are called, and which one stands for what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..experiment.faults import nearest

#: What a fit can use, and under which names it is looked for.
NAMES: Mapping[str, tuple[str, ...]] = {
    "creator": ("creator", "creator_id", "creator_name", "influencer", "influencer_name",
                "username", "user_name", "handle", "account", "account_name", "profile",
                "channel_title", "author", "user", "name"),
    "platform": ("platform", "network", "social_network"),
    "followers": ("followers", "follower_count", "followers_count", "number_of_followers", "subscribers",
                  "subscriber_count", "audience_size", "follower"),
    "views": ("views", "view_count", "plays", "play_count", "video_views", "impressions",
              "impression_count", "reach"),
    "engagements": ("engagements", "engagement", "interactions", "total_engagements",
                    "total_engagement", "total_interactions"),
    "likes": ("likes", "like_count", "likes_count", "digg_count", "hearts"),
    "comments": ("comments", "comment_count", "comments_count"),
    "shares": ("shares", "share_count", "shares_count"),
    "saves": ("saves", "save_count", "saved", "bookmarks"),
    "engagement_rate": ("engagement_rate", "er", "eng_rate"),
    "posts": ("posts", "post_count", "number_of_posts", "deliverables"),
    "fee": ("fee", "fees", "cost", "price", "fee_usd", "cost_usd", "amount_paid", "paid"),
    "orders": ("orders", "conversions", "sales", "purchases", "order_count"),
    "revenue": ("revenue", "revenue_usd", "sales_usd", "sales_value", "gmv", "turnover"),
    "rank": ("rank", "ranking", "position", "no", "nr"),
}  # fmt: skip
#: Columns of text.
TEXT = ("creator", "platform")
#: What engagements are the sum of.
PARTS = ("likes", "comments", "shares", "saves")


class ColumnError(ValueError):
    """A column that is missing or cannot be found, with the way out."""


def find_columns(header: Sequence[str], mapped: Mapping[str, str]) -> dict[str, int]:
    """Return the position of each column that a fit can use.

    Parameters
    ----------
    header
        Names as the file has them.
    mapped
        Names that the analyst gave, by what the column stands for: they win.

    Raises
    ------
    ColumnError
        Where a given name is not in the header, or stands for nothing that a fit can use.
    """
    plain = [_plain(name) for name in header]
    found: dict[str, int] = {}
    for key, name in mapped.items():
        if key not in NAMES:
            raise ColumnError(f"--map {key}=...: is no column of a fit; those are {_known()}")
        places = [i for i, title in enumerate(header) if title.strip() == name.strip()]
        places = places or [i for i, title in enumerate(plain) if title == _plain(name)]
        if not places:
            near = nearest(name, list(header))
            raise ColumnError(
                f"--map {key}={name}: the file has no such column"
                + (f"; did you mean {near!r}?" if near else f"; it has {', '.join(header)}")
            )
        found[key] = places[0]
    for key, names in NAMES.items():
        if key not in found:
            place = next((plain.index(name) for name in names if name in plain), None)
            if place is not None and place not in found.values():
                found[key] = place
    return found


def need_columns(found: Mapping[str, int], header: Sequence[str]) -> None:
    """Refuse a file without followers, or with nothing that followers could be set against.

    Raises
    ------
    ColumnError
        With the columns that the file has and how to map them.
    """
    seen = f"the file has {', '.join(header)}"
    if "followers" not in found:
        raise ColumnError(f"no column of followers; {seen}: name it with --map followers=COLUMN")
    outcomes = ("views", "engagements", "likes", "engagement_rate", "fee")
    if not any(name in found for name in outcomes):
        raise ColumnError(
            f"no column of views, engagements, likes, engagement rate or fee; {seen}: "
            "name one with --map views=COLUMN"
        )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _known() -> str:
    return ", ".join(NAMES)
