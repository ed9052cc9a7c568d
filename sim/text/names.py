"""Names in words: keys of an experiment, factors, measures; the same in every room.

A name has up to three forms: in a sentence (`key_words`, `factor_words`, `measure_words`),
as a heading (`measure_heading`), and short, beside a mark (`short_words`, `abridged`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .currency import MONEY, in_currency

_PART = re.compile(r'(?:^|\.)(?:"([^"]*)"|([^."]*))')

TWINS = {
    "roi_mean": "roi_median",
    "roi_median": "roi_mean",
    "profit_mean": "profit_median",
    "profit_median": "profit_mean",
}
"""A mean is never told without its median, nor a median without its mean: tails part them."""

_MEASURES = {
    "roi_mean": ("mean ROI", "mean ROI"),
    "roi_median": ("median ROI", "median ROI"),
    "roi_sd": ("standard deviation of ROI", "sd of ROI"),
    "roi_p05": ("ROI where the worst 5 % of worlds end", "5 % quantile of ROI"),
    "roi_p25": ("ROI where the worst quarter of worlds ends", "25 % quantile of ROI"),
    "roi_p75": ("ROI where the best quarter of worlds begins", "75 % quantile of ROI"),
    "roi_p95": ("ROI where the best 5 % of worlds begin", "95 % quantile of ROI"),
    "roi_es05": ("mean ROI of the worst 5 % of worlds", "mean ROI, worst 5 %"),
    "roi_upside05": ("mean ROI of the best 5 % of worlds", "mean ROI, best 5 %"),
    "roi_semi_deviation": ("semi-deviation of ROI below 0", "semi-deviation of ROI"),
    "roi_sortino": ("mean ROI over its semi-deviation below 0", "Sortino ratio"),
    "roi_omega": ("mean gain over mean loss of ROI", "omega ratio"),
    "loss_probability": ("probability of loss", "loses money"),
    "target_probability": ("probability of reaching the target", "reaches the target"),
    "roas": ("ROAS (mean revenue / mean cost)", "ROAS (revenue / cost)"),
    "roas_mean": ("mean ROAS", "mean ROAS"),
    "roas_median": ("median ROAS", "median ROAS"),
    "tracked_roas": ("tracked ROAS (mean tracked revenue / mean cost)", "tracked ROAS"),
    "cost_mean": ("mean cost", "mean cost"),
    "revenue_mean": ("mean revenue", "mean revenue"),
    "contribution_mean": ("mean contribution", "mean contribution"),
    "profit_mean": ("mean profit", "mean profit"),
    "profit_median": ("median profit", "median profit"),
    "profit_sd": ("standard deviation of profit", "sd of profit"),
    "profit_p05": ("profit where the worst 5 % of worlds end", "5 % quantile of profit"),
    "profit_p95": ("profit where the best 5 % of worlds begin", "95 % quantile of profit"),
    "profit_es05": ("mean profit of the worst 5 % of worlds", "mean profit, worst 5 %"),
    "certainty_equivalent": ("certainty equivalent of profit", "certainty equivalent"),
    "impressions_mean": ("mean impressions", "mean impressions"),
    "reach_mean": ("mean number of accounts reached", "mean reach"),
    "engagements_mean": ("mean engagements", "mean engagements"),
    "orders_mean": ("mean orders", "mean orders"),
    "cpe": ("cost per engagement", "cost per engagement"),
    "cpm": ("cost per 1,000 impressions", "cost per 1,000 impressions"),
    "cost_per_order": ("cost per order", "cost per order"),
    "cac": ("cost per new customer", "cost per new customer"),
    "ltv": ("lifetime value of a new customer", "LTV"),
    "ltv_to_cac": ("lifetime value per unit of acquisition cost (LTV : CAC)", "LTV : CAC"),
    "clicks_mean": ("mean clicks", "mean clicks"),
    "cpc": ("cost per click", "cost per click"),
    "reach_per_usd": (f"accounts reached per {MONEY}", f"accounts per {MONEY}"),
    "top_creator_share": ("share of the top creator in orders", "share of the top creator"),
    "effective_creators": ("effective number of creators", "effective creators"),
    "viral_posts_mean": ("mean number of viral posts", "mean viral posts"),
    "assets_mean": ("mean number of usable assets", "left to use again"),
    "cost_per_asset": ("cost per usable asset", "cost per asset"),
    "earned_media_value_mean": ("mean earned media value", "mean earned media value"),
    "a_beats_b": ("how often it has the higher ROI", "wins"),
    "a_ties_b": ("how often both have the same ROI", "ties"),
    "a_beats_b_profit": ("how often it has the higher profit", "wins on profit"),
    "both_lose": ("how often both lose money", "both lose"),
    "roi_difference_mean": ("mean difference of ROI", "mean difference of ROI"),
    "roi_difference_median": ("median difference of ROI", "median difference of ROI"),
    "roi_difference_p05": ("5 % quantile of the difference of ROI", "5 % quantile, difference"),
    "roi_difference_p95": ("95 % quantile of the difference of ROI", "95 % quantile, difference"),
    "profit_difference_mean": ("mean difference of profit", "mean difference of profit"),
    "profit_difference_median": ("median difference of profit", "median difference of profit"),
    "profit_difference_p05": (
        "5 % quantile of the difference of profit", "5 % quantile, difference of profit"
    ),
    "profit_difference_p95": (
        "95 % quantile of the difference of profit", "95 % quantile, difference of profit"
    ),
    "roi_median_gap": ("difference of the median ROI", "difference of median ROI"),
    "roi_es05_gap": (
        "difference of the mean ROI of the worst 5 % of worlds", "difference, worst 5 %"
    ),
    "a_beats_b_reach_per_usd": (
        f"how often it reaches more accounts per {MONEY}", f"wins on accounts per {MONEY}"
    ),
    "a_beats_b_cpm": ("how often it has the lower cost per 1,000 impressions", "wins on cpm"),
    "reach_per_usd_gap": (
        f"difference in accounts reached per {MONEY}", f"difference, accounts per {MONEY}"
    ),
    "cpm_gap": ("difference in cost per 1,000 impressions", "difference in cpm"),
    "roi_first_order_violation": (
        "area against first-order dominance in ROI", "against first order, ROI"
    ),
    "roi_second_order_violation": (
        "area against second-order dominance in ROI", "against second order, ROI"
    ),
    "profit_first_order_violation": (
        "area against first-order dominance in profit", "against first order, profit"
    ),
    "profit_second_order_violation": (
        "area against second-order dominance in profit", "against second order, profit"
    ),
}  # fmt: skip
"""Of each measure and comparison, as if money were `MONEY`: in a sentence, and as a heading."""


def spoken(name: str) -> str:
    """Return a name of the model without underscores: ``conversion rate``."""
    return name.replace("_", " ")


def key_parts(dotted: str) -> list[str]:
    """Return the parts of a dotted key; a part in quotes may hold dots itself.

    >>> key_parts('portfolio."v1.5".creators')
    ['portfolio', 'v1.5', 'creators']
    """
    return [quoted or bare for quoted, bare in _PART.findall(dotted)] or [dotted]


def key_words(dotted: str) -> str:
    """Return a dotted key of an experiment in words, for sentences, headlines and axes alike.

    >>> key_words("tier.macro.fee")
    'fee of macro'
    >>> key_words("tier.macro.on.tiktok.reach_rate")
    'reach rate of macro on tiktok'
    >>> key_words("beliefs.conversion_rate.own.micro")
    'doubt about conversion rate of micro'
    >>> key_words("shocks.loadings.fee.campaign")
    'campaign loading of fee'
    """
    head, *parts = key_parts(dotted)
    if head == "tier" and len(parts) > 1:
        tier, *rest = parts
        if rest[0] == "on" and len(rest) > 2:
            return f"{_joined(rest[2:])} of {tier} on {rest[1]}"
        return f"{_joined(rest)} of {tier}"
    if head in ("portfolio", "compensation", "platform", "niche", "format") and len(parts) > 1:
        return f"{_joined(parts[1:])} of {parts[0]}"
    if head == "shocks" and parts[:1] == ["loadings"] and len(parts) == 3:
        return f"{parts[2]} loading of {spoken(parts[1])}"
    if head == "boost" and parts:
        return f"{_joined(parts)} of boosting"
    if dotted == "shocks.scale":
        return "scale of all loadings"
    if head == "beliefs" and parts:
        about = f"doubt about {spoken(parts[0])}"
        if parts[1:2] == ["own"] and len(parts) == 3:
            return f"{about} of {parts[2]}"
        return about if parts[1:] in ([], ["sd"]) else f"{_joined(parts[1:])} of {about}"
    return _joined(parts or [head])


def factor_words(name: str, kind: str) -> str:
    """Return what a factor stands for, in words.

    Parameters
    ----------
    name : str
        Of the factor: parts with colons between them.
    kind : str
        ``shock`` or ``belief``.

    >>> factor_words("platform:tiktok", "shock")
    'shock of the platform tiktok'
    >>> factor_words("conversion_rate:instagram:micro", "belief")
    'belief about conversion rate of micro on instagram'
    """
    head, *rest = name.split(":")
    if kind == "shock":
        return "campaign shock" if head == "campaign" else f"shock of the {head} {rest[0]}"
    if head.startswith("economics."):
        return f"belief about {spoken(head.removeprefix('economics.'))}"
    if head.startswith("boost."):
        return f"belief about {spoken(head.removeprefix('boost.'))} of boosting"
    if not rest:
        return f"belief about {spoken(head)} of all tiers"
    return f"belief about {spoken(head)} of {rest[1]} on {rest[0]}"


def short_words(names: Mapping[str, str]) -> dict[str, str]:
    """Return factors and keys in few words, for labels beside bars.

    A bar has no room for that a belief is one, nor for the platform that all of them share.

    Parameters
    ----------
    names : mapping of str to str
        What each is in words, by its name.
    """
    words = {name: text.removeprefix("belief about ") for name, text in names.items()}
    platforms = {text.partition(" on ")[2] for text in words.values() if " on " in text}
    if len(platforms) != 1:
        return words
    return {name: text.partition(" on ")[0] for name, text in words.items()}


def measure_words(name: str) -> str:
    """Return a measure or comparison in a sentence: ``mean ROI of the worst 5 % of worlds``."""
    return in_currency(_MEASURES[name][0])


def measure_heading(name: str) -> str:
    """Return a measure or comparison as a heading of a column or row: ``mean ROI, worst 5 %``."""
    return in_currency(_MEASURES[name][1])


def twin_word(name: str) -> str:
    """Return what a measure's twin is beside it: ``median`` or ``mean``."""
    return TWINS[name].rpartition("_")[2]


def with_article(words: str) -> str:
    """Return words with the indefinite article that they are spoken with.

    >>> with_article("order value"), with_article("usage rights share")
    ('an order value', 'a usage rights share')
    """
    return f"{'an' if words[:1].lower() in 'aeio' else 'a'} {words}"


def listed(words: Sequence[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``; nothing for none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def few(words: Sequence[str]) -> str:
    """Join words with commas, of more than six the first three: ``a, b, c and 97 more``."""
    if len(words) <= 6:
        return ", ".join(words)
    return f"{', '.join(words[:3])} and {len(words) - 3:,} more"


def abridged(name: str, *, letters: int = 18, lines: int = 2) -> str:
    """Return a name on a few short lines, cut where it is longer still.

    Parameters
    ----------
    name : str
        Such as a portfolio's.
    letters : int
        Letters of a line at most.
    lines : int
        Lines at most.
    """
    import textwrap

    if lines == 1:
        return name if len(name) <= letters else f"{name[: letters - 1].rstrip()}…"
    rows = textwrap.wrap(name, letters) or [name]
    last = abridged(" ".join(rows[lines - 1 :]), letters=letters, lines=1)
    return "\n".join([*rows[: lines - 1], *([last] if last else [])])


_SPELLED = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip


def some_of(part: int, whole: int) -> str:
    """Return how many of how many, small numbers in words: ``two of five``, ``12 of 40``."""
    if whole < len(_SPELLED):
        return f"{_SPELLED[part]} of {_SPELLED[whole]}"
    return f"{part:,} of {whole:,}"


def capital(text: str) -> str:
    """Return a text that begins a sentence; a first word that is spelt like iOS stays.

    >>> capital("micro beats macro"), capital("iOS beats web")
    ('Micro beats macro', 'iOS beats web')
    """
    first = text.partition(" ")[0]
    return text if first[1:].lower() != first[1:] else text[:1].upper() + text[1:]


def _joined(parts: list[str]) -> str:
    return " ".join(spoken(part) for part in parts)
