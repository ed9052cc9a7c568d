"""What the columns of a table can mean, for each purpose that a table is read for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "count", "money", "rate", "counts", "figure", "order"]


@dataclass(frozen=True)
class Meaning:
    """What a column can stand for.

    Attributes
    ----------
    key
        Its name in the product.
    kind
        ``"text"``; numbers: ``"count"``, ``"money"``, ``"rate"``, ``"figure"`` (any of them),
        ``"counts"`` (several in a cell); ``"order"``: only whether it is there.
    words
        What it is, in words.
    names
        Names it is looked for under, the likeliest first, without units.
    hint
        What to say beside it, where its name may mean something else.
    """

    key: str
    kind: Kind
    words: str
    names: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """What the columns of a table can mean.

    Attributes
    ----------
    meanings
        By key.
    who
        Columns that say whose a row is: rows of totals are recognised by them.
    instead
        What a column means instead where its cells say so: of a percent sign, of a currency sign.
    guessed
        Whether rates without a percent sign may be percent; otherwise they are refused.
    doubtful
        Median of a rate without a percent sign beyond which it may as well be percent.
    strict
        Whether a column that looks misspelt is refused.
    mapped
        Whether columns can be renamed with ``--map``.
    silent
        Whether nobody sees what was taken for granted: it is refused then.
    """

    meanings: Mapping[str, Meaning]
    who: tuple[str, ...]
    instead: Mapping[tuple[str, str], str] = field(default_factory=dict)
    guessed: bool = False
    doubtful: float = 0.3
    strict: bool = False
    mapped: bool = False
    silent: bool = False


def _vocabulary(*meanings: Meaning) -> dict[str, Meaning]:
    return {meaning.key: meaning for meaning in meanings}


_PEOPLE = (
    "creator_id", "influencer_id", "creator", "influencer", "creator_name", "influencer_name",
    "handle", "username", "user_name", "instagram_handle", "tiktok_handle", "youtube_handle",
    "ig_handle", "account", "account_name", "account_id", "profile", "profile_name", "channel",
    "channel_name", "channel_title", "author", "author_name", "user", "user_id", "full_name", "name",
)  # fmt: skip
_FOLLOWERS = (
    "followers", "follower_count", "followers_count", "number_of_followers", "total_followers",
    "no_of_followers", "follower", "fans", "fan_count", "subscribers", "subscriber_count", "subs",
    "audience_size", "abonnenten", "seguidores", "abonnes", "abonnés",
)  # fmt: skip
_RATES = (
    "engagement_rate", "engagementrate", "er", "eng_rate", "eng_r", "engagement_rate_by_followers",
    "interaction_rate",
)  # fmt: skip
_FEES = (
    "fee", "fees", "fee_per_post", "price", "price_per_post", "cost_per_post", "rate_per_post", "cost",
    "amount_paid", "paid", "spend", "budget", "honorar", "preis",
)  # fmt: skip
_POSTS = (
    "posts",
    "post_count",
    "number_of_posts",
    "no_of_posts",
    "deliverables",
    "videos",
    "reels",
)
_VIEWS = (
    "views", "view_count", "video_views", "plays", "play_count", "video_plays", "impressions",
    "impression_count", "reach",
)  # fmt: skip
_ENGAGEMENTS = (
    "engagements", "engagement", "interactions", "total_engagements", "total_engagement",
    "total_interactions", "engagement_count",
)  # fmt: skip
_TRACKED = (
    "tracked_orders", "sales", "conversions", "attributed_orders", "attributed_sales", "code_uses",
    "code_redemptions", "redemptions", "promo_code_uses", "discount_code_uses", "coupon_uses",
    "number_of_sales", "total_sales",
)  # fmt: skip
_ORDERS = ("orders", "order_count", "number_of_orders", "purchases", "total_orders", "all_orders")
_REVENUE = (
    "revenue", "sales_value", "sales_revenue", "sales_amount", "gmv", "turnover", "total_revenue",
    "revenue_generated", "umsatz",
)  # fmt: skip
_PLATFORM = Meaning(
    "platform", "text", "platform", ("platform", "network", "social_network", "social_media", "channel_type")
)  # fmt: skip

#: Exports of posts or campaigns, for a fit.
POSTS = Vocabulary(
    _vocabulary(
        Meaning("creator", "text", "creator", _PEOPLE),
        _PLATFORM,
        Meaning("followers", "count", "followers", _FOLLOWERS),
        Meaning("views", "count", "views", _VIEWS),
        Meaning("engagements", "count", "engagements", _ENGAGEMENTS),
        Meaning("likes", "count", "likes", (
            "likes", "like_count", "likes_count", "number_of_likes", "digg_count", "hearts", "diggs")),
        Meaning("comments", "count", "comments", (
            "comments", "comment_count", "comments_count", "number_of_comments")),
        Meaning("shares", "count", "shares", ("shares", "share_count", "shares_count")),
        Meaning("saves", "count", "saves", ("saves", "save_count", "saved", "bookmarks", "collects")),
        Meaning("engagement_rate", "rate", "engagement rate", _RATES),
        Meaning("posts", "count", "posts that a row sums up", _POSTS),
        Meaning("fee", "money", "fee", _FEES),
        Meaning("orders", "count", "all orders", _ORDERS),
        Meaning("tracked_orders", "count", "tracked orders", _TRACKED,
                "say --map orders={title} if they are all orders"),
        Meaning("revenue", "money", "revenue", _REVENUE),
        Meaning("rank", "order", "place in a ranking", ("rank", "ranking", "position", "no", "nr")),
    ),
    who=("creator",),
    instead={
        ("engagements", "%"): "engagement_rate",
        ("tracked_orders", "money"): "revenue",
        ("orders", "money"): "revenue",
    },
    guessed=True,
    # 12 % of all followers engage with few posts, 0.12 % with those of some large creators.
    doubtful=0.12,
    mapped=True,
)  # fmt: skip

#: Named creators.
ROSTER = Vocabulary(
    _vocabulary(
        Meaning("name", "text", "name", ("name", *_PEOPLE)),
        Meaning("followers", "count", "followers", _FOLLOWERS),
        _PLATFORM,
        Meaning("niche", "text", "niche", ("niche", "vertical", "category", "topic")),
        Meaning("engagement_rate", "rate", "measured engagement rate", (*_RATES, "engagement")),
        Meaning("posts", "count", "posts that the rate was measured on", _POSTS),
        Meaning("fee", "money", "agreed fee per post", _FEES),
        Meaning("past_orders", "counts", "tracked orders of earlier campaigns", (
            "past_orders", "previous_orders", "orders", *_TRACKED)),
        Meaning("past_posts", "counts", "posts that brought them", ("past_posts", "previous_posts")),
    ),
    who=("name",),
    strict=True,
)  # fmt: skip

#: What a finished or running campaign brought, by portfolio, line or creator.
RESULTS = Vocabulary(
    _vocabulary(
        Meaning("portfolio", "text", "portfolio", ("portfolio", "campaign", "group")),
        Meaning("line", "text", "line", ("line", "tier")),
        Meaning("creator", "text", "creator", _PEOPLE),
        Meaning("cost", "money", "cost", ("cost", "costs", "total_cost", "spend", "amount_spent", *_FEES)),
        Meaning("impressions", "count", "impressions", ("impressions", "impression_count", *_VIEWS[:-1])),
        Meaning("engagements", "count", "engagements", _ENGAGEMENTS),
        Meaning("clicks", "count", "clicks", (
            "clicks", "link_clicks", "click_count", "url_clicks", "visits", "sessions")),
        Meaning("tracked_orders", "count", "tracked orders", (*_TRACKED, *_ORDERS)),
        Meaning("revenue", "money", "revenue", _REVENUE),
    ),
    who=("creator", "line", "portfolio"),
    instead={("tracked_orders", "money"): "revenue"},
    strict=True,
    mapped=True,
)  # fmt: skip


#: A file from which one named column of figures is drawn.
FIGURES = Vocabulary(_vocabulary(Meaning("figure", "figure", "figures")), who=(), silent=True)
