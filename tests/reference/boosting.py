"""Boosting in the second implementation: which posts, what they get, and what paid viewers do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from written import grid, law

if TYPE_CHECKING:
    from model import Draws, Hired, Kind

Array = npt.NDArray[np.float64]
Tables = Mapping[str, Any]


def of_line(tables: Tables, hired: Hired, people: int) -> tuple[float, int | None, str]:
    """USD and number of posts of a line, and how posts are ranked; `people` are the portfolio's."""
    common, own = tables["boost"], hired.terms.get("boost", {})
    money, posts = own.get("budget", common["budget"]), own.get("posts", common["posts"])
    rank, share = own.get("choose_by", common["choose_by"]), hired.creators / people
    return money * share, None if posts == "all" else round(posts * share), rank


def log_variance(what: Kind) -> float:
    """Variance of the log of luck and amplification of a post, by fine steps of both scores."""
    z, w = grid()
    result = 0.0
    for values in (what.laws["post_luck"].value(z), 1.0 + what.excess(z)):
        log = np.log(values)
        result += float(np.sum(w * log**2) - np.sum(w * log) ** 2)
    return result


def paid(
    tables: Tables, draws: Draws, hired: Hired, what: Kind, people: int,
    x: Mapping[str, Array], post: Mapping[str, Array],
) -> dict[str, Array]:  # fmt: skip
    """What boosting adds to each creator of a line, and what it costs, shape (worlds, creators).

    `post` holds impressions, engagements, the engagement rate of followers per impression and the
    noise of the first days of each post, shape (worlds, creators, posts), `orders` per engagement.
    """
    money, best, rank = of_line(tables, hired, people)
    terms, platform = tables["boost"], tables["platform"][hired.terms["platform"]]
    pay = tables["compensation"][hired.terms["compensation"]]
    figure = {
        name: law(terms[name]).value(draws.normal("boost", name))[:, None, None]
        for name in ("cpm", "engagement", "conversion")
    }
    noise = 0.0
    if "half_life_days" in platform:
        come = 1.0 - 0.5 ** (terms["after_days"] / platform["half_life_days"])
        noise = math.sqrt(log_variance(what) * (1.0 - come) / come)
    seen = post["engagements"] * np.exp(noise * post["first_days"])
    if rank == "rate":
        seen = seen / x["followers"][..., None]
    came = np.broadcast_to(x["delivery"][..., None] > 0.0, seen.shape)
    # Ranks from the best: how many posts of the world were seen to do better.
    flat = np.where(came, seen, -1.0).reshape(len(seen), -1)
    place = np.argsort(np.argsort(-flat, axis=1, kind="stable"), axis=1).reshape(seen.shape)
    chosen = came & (place < (np.inf if best is None else best))
    each = money / np.maximum(chosen.sum(axis=(1, 2)), 1)[:, None, None]
    right = (terms["rights_share"] * pay["fee_share"] * x["fee"])[..., None]
    room = platform["audience"] - post["impressions"]
    bought = chosen * np.minimum(np.maximum(each - right, 0.0) / figure["cpm"] * 1e3, room)
    carried = terms["luck_carried"]
    luck = x["post_luck"] ** carried / mean_power(what, carried)
    engaged = bought * np.minimum(post["rate"] * figure["engagement"] * luck, 1.0)
    spent = np.where(bought > 0.0, right + bought * figure["cpm"] / 1e3, 0.0)
    orders = engaged * figure["conversion"] * post["orders"]
    return {
        "impressions": bought.sum(axis=2),
        "engagements": engaged.sum(axis=2),
        "expected_orders": orders.sum(axis=2),
        "boosting": spent.sum(axis=2),
    }


def mean_power(what: Kind, power: float) -> float:
    """E[u^power] of the luck of a post whose mean is one."""
    z, w = grid()
    luck = what.laws["post_luck"].value(z) * what.organic["post_luck"]
    return float(np.sum(w * luck**power))
