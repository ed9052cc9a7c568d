"""The model a second time: slow, plain numpy, from the equations alone.

Nothing is shared with the product but the resolved tables of an experiment, numbers and text as
written. Creators are arrays of shape (worlds, creators), posts of shape (worlds, creators, posts).
Symbols: followers F, authentic share a, reach rate r, engagement rate e, conversion rate c, fit f,
delivered d, post luck u, amplification A, engagement q and conversion w of amplified viewers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from accounts import (
    drawn_orders,
    economics,
    line_accounts,
    line_costs,
    nobody_beyond,
    overlapping,
    portfolio_accounts,
)
from boosting import of_line, paid
from scipy import stats
from written import Law, grid, law

Array = npt.NDArray[np.float64]
Tables = Mapping[str, Any]

SHARES = ("authentic_share", "reach_rate", "engagement_rate", "conversion_rate")
PER_CREATOR = (*SHARES, "followers", "fit", "fee", "management_hours", "product_cost", "delivery")
PER_POST = ("post_luck", "amplification", "first_days")


class Hired(NamedTuple):
    """Creators of a portfolio on the same terms; `first` is the first one's number in its pool."""

    portfolio: str
    name: str
    terms: dict[str, Any]
    creators: int
    first: int


class Outcome(NamedTuple):
    """What a simulation gives, by name; the last axis is the world."""

    portfolio: dict[str, dict[str, Array]]
    line: dict[str, dict[str, Array]]
    cost: dict[str, dict[str, Array]]


@dataclass(frozen=True)
class Kind:
    """A tier on a platform: laws of its inputs, and factors from quoted to organic means."""

    table: Tables
    laws: dict[str, Law]
    organic: dict[str, float]

    def excess(self, z: Array) -> Array:
        """A - 1 at a post's score."""
        return excess(self.table["amplification"], z)


Pool = tuple[str, str, str]
Kinds = Mapping[tuple[str, str], Kind]


# --- Amplification, and what quoted means say about organic ones ----------------------------------


def excess(amplification: Tables, z: Array) -> Array:
    """A - 1 at a post's score."""
    cap = amplification.get("cap", math.inf) - 1.0
    z = np.asarray(z, dtype=float)
    if "spike" in amplification:
        s = amplification["spike"]
        above = stats.norm.sf(z)
        tail = s["minimum"] * (above / s["probability"]) ** (-1.0 / s["tail_index"])
        return np.where(above < s["probability"], np.minimum(tail, cap), 0.0)
    if "cascade" in amplification:
        s = amplification["cascade"]
        # R ~ Beta(b, alpha) grows with the score, so 1 - R ~ Beta(alpha, b) falls with it.
        rest = stats.beta(s["tail_index"], s["b"]).ppf(stats.norm.sf(z))
        return np.minimum((1.0 - rest) / rest, cap)
    return np.zeros(z.shape)


def amplified_means(table: Tables, engagement: Law) -> tuple[float, float, float]:
    """E[A], and E[e (1 + (A - 1) q)] / E[e] for q and for q w, on a grid of the two scores."""
    law_of_a = table["amplification"]
    if not ("spike" in law_of_a or "cascade" in law_of_a):
        return 1.0, 1.0, 1.0
    low = stats.norm.isf(law_of_a["spike"]["probability"]) if "spike" in law_of_a else -9.0
    z, w = grid(low, 12.0, 4_000)
    extra = excess(law_of_a, z)
    own, own_w = grid(points=800)
    rho = table["amplification_engagement_correlation"]
    given = [
        float(np.sum(own_w * engagement.value(rho * x + math.sqrt(1.0 - rho**2) * own))) for x in z
    ]
    joint = float(np.sum(w * extra * given)) / engagement.mean
    q = table["amplified_engagement"]
    return (
        1.0 + float(np.sum(w * extra)),
        1.0 + q * joint,
        1.0 + q * table["amplified_conversion"] * joint,
    )


def amplified_views(table: Tables, reach: Law) -> float:
    """E[r A] / E[r]: A goes with r as far as both go with e."""
    law_of_a = table["amplification"]
    if not ("spike" in law_of_a or "cascade" in law_of_a):
        return 1.0
    low = stats.norm.isf(law_of_a["spike"]["probability"]) if "spike" in law_of_a else -9.0
    z, w = grid(low, 12.0, 4_000)
    own, own_w = grid(points=800)
    rho = table["amplification_engagement_correlation"] * table["engagement_reach_correlation"]
    given = [float(np.sum(own_w * reach.value(rho * x + math.sqrt(1.0 - rho**2) * own))) for x in z]
    return 1.0 + float(np.sum(w * excess(law_of_a, z) * given)) / reach.mean


def kind(tables: Tables, tier: str, platform: str) -> Kind:
    """Read a tier on a platform."""
    table = tables["tier"][tier]["on"][platform]
    laws = {name: law(table[name], share=name in SHARES) for name in SHARES}
    laws["followers"] = law(table["followers"], within=tuple(table["follower_range"]))
    for name in ("fit", "fee", "management_hours", "post_luck"):
        laws[name] = law(table[name])
    laws["product_cost"] = law(tables["costs"]["cost_of_goods"])
    mean_a, g, g_w = amplified_means(table, laws["engagement_rate"])
    viewed = amplified_views(table, laws["reach_rate"])
    organic = {"engagement_rate": 1.0 / g, "conversion_rate": g / g_w}
    if table["engagement_basis"] == "impressions":
        organic["engagement_rate"] *= mean_a
    if table["reach_basis"] == "followers":
        organic["reach_rate"] = 1.0 / (laws["authentic_share"].mean * viewed)
    organic["post_luck"] = 1.0 / laws["post_luck"].mean
    return Kind(table, laws, organic)


# --- Hiring ---------------------------------------------------------------------------------------


def lines_of(portfolio: Tables) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Name, share and terms of each line, in the order of the names."""
    common = {k: portfolio[k] for k in portfolio if k not in ("creators", "budget", "mix")}
    if "mix" not in portfolio:
        yield portfolio["tier"], 1.0, common
        return
    for name, own in sorted(portfolio["mix"].items()):
        terms = {"tier": name} | common | {k: v for k, v in own.items() if k != "share"}
        yield name, own["share"], terms


def pool_of(terms: Tables) -> Pool:
    """Names that decide who the creators are."""
    return terms["tier"], terms["platform"], terms["niche"]


def committed(tables: Tables, terms: Tables, laws: Mapping[str, Law]) -> float:
    """Expected USD per creator that do not depend on revenue: fees, product, hours."""
    costs, pay = tables["costs"], tables["compensation"][terms["compensation"]]
    fee = laws["fee"].mean * terms["posts"] * pay["fee_share"]
    product = laws["product_cost"].mean * costs["product_units"] + costs["shipping"]
    hours = laws["management_hours"].mean * costs["hourly_rate"]
    spent = fee * (1.0 + costs["usage_rights_share"]) * (1.0 + costs["agency_share"])
    return spent + product + hours


def hire(tables: Tables, kinds: Kinds) -> list[Hired]:
    """Who works for whom."""
    result = []
    for portfolio, table in tables["portfolio"].items():
        taken: dict[tuple[str, ...], int] = {}
        for name, share, terms in lines_of(table):
            pool = pool_of(terms)
            if "budget" in table:
                money = share * (table["budget"] - tables["costs"]["fixed"])
                count = math.floor(money / committed(tables, terms, kinds[pool[:2]].laws))
            else:
                count = round(share * table["creators"])
            first = taken.get(pool, 0)
            taken[pool] = first + count
            result.append(Hired(portfolio, name, terms, count, first))
    return result


# --- Draws ----------------------------------------------------------------------------------------


class Draws:
    """Everything random, by name; what is asked for twice is the same."""

    def __init__(self, seed: int, worlds: int) -> None:
        self.worlds = worlds
        self._generator = np.random.default_rng(seed)
        self._known: dict[tuple[Any, ...], Array] = {}

    def normal(self, *name: Any, shape: tuple[int, ...] = ()) -> Array:
        """Independent standard normal numbers, shape (worlds, *shape)."""
        if name not in self._known:
            self._known[name] = self._generator.standard_normal((self.worlds, *shape))
        return self._known[name]

    def gamma(self, shape: Array) -> Array:
        """Gamma numbers of scale one; zero where the shape is."""
        return self._generator.gamma(np.maximum(shape, 1e-300)) * (shape > 0.0)


def belief(tables: Tables, draws: Draws, name: str, terms: Tables) -> Array:
    """The world's factor on a tier's mean: a common effect and the tier's own, mean one."""
    given = tables["beliefs"].get(name)
    if given is None or given["sd"] == 0.0:
        return np.ones(draws.worlds)
    common = draws.normal("belief", name)
    own = draws.normal("belief", name, terms["platform"], terms["tier"])
    mixed = math.sqrt(given["common"]) * common + math.sqrt(1.0 - given["common"]) * own
    return np.exp(given["sd"] * mixed - given["sd"] ** 2 / 2.0)


def shared(tables: Tables, draws: Draws, name: str, terms: Tables) -> tuple[Array, float]:
    """Sum of loaded factors in an input's score, and the weight left to the creator."""
    total, used = np.zeros(draws.worlds), 0.0
    for factor, weight in tables["shocks"]["loadings"].get(name, {}).items():
        loading = tables["shocks"]["scale"] * weight
        which = "" if factor == "campaign" else terms[factor]
        total = total + loading * draws.normal("shock", factor, which)
        used += loading**2
    return total, math.sqrt(1.0 - used)


def creator_normals(
    draws: Draws, what: Kind, own_sd: float, pool: Pool, size: int
) -> dict[str, Array]:
    """The creators' own scores: correlated within a creator, independent between creators.

    `own_sd` is the weight of the creator in the score of engagement, which the fee follows.
    """
    z = {name: draws.normal("creator", *pool, name, shape=(size,)) for name in PER_CREATOR}
    table, laws = what.table, what.laws
    e, f = z["engagement_rate"], z["followers"]
    rho = 0.0 if laws["engagement_rate"].constant else table["followers_engagement_correlation"]
    result = dict(z)
    result["followers"] = rho * e + math.sqrt(1.0 - rho**2) * f
    if not laws["engagement_rate"].constant:
        rho_r = table["engagement_reach_correlation"]
        result["reach_rate"] = rho_r * e + math.sqrt(1.0 - rho_r**2) * z["reach_rate"]
    result["fee"] = fee_scores(what, own_sd, rho, z)
    return result


def fee_scores(what: Kind, own_sd: float, rho: float, z: Mapping[str, Array]) -> Array:
    """Scores of fees whose log has slope eta on the log of expected engagements, log F + log e."""
    laws, eta, noise = what.laws, what.table["fee_elasticity"], z["fee"]
    if eta == 0.0 or laws["fee"].constant:
        return noise
    slope_e = (
        0.0 if laws["engagement_rate"].constant else laws["engagement_rate"].log_slope * own_sd
    )
    slope_f, sd_f = 0.0, 0.0
    if not laws["followers"].constant:
        slope_f, sd_f = laws["followers"].log_slope, laws["followers"].log_sd
    # X = log F + log e; both are regressed on the independent normals behind them.
    on_e, on_f = slope_e + rho * slope_f, math.sqrt(1.0 - rho**2) * slope_f
    linear = math.hypot(on_e, on_f)
    if linear == 0.0:
        return noise
    variance = linear**2 + sd_f**2 - slope_f**2
    weight = eta * variance / (laws["fee"].log_sd * linear)
    followed = (on_e * z["engagement_rate"] + on_f * z["followers"]) / linear
    return weight * followed + math.sqrt(1.0 - weight**2) * noise


# --- One line -------------------------------------------------------------------------------------


def creators_of(
    tables: Tables, draws: Draws, hired: Hired, what: Kind, sizes: Tables
) -> dict[str, Array]:
    """The inputs of a line's creators and posts, in natural units."""
    terms = hired.terms
    pay = tables["compensation"][terms["compensation"]]
    pool = pool_of(terms)
    size, posts = sizes[pool]
    own_engagement = shared(tables, draws, "engagement_rate", terms)[1]
    own = creator_normals(draws, what, own_engagement, pool, size)
    own = {name: z[:, hired.first : hired.first + hired.creators] for name, z in own.items()}
    result: dict[str, Array] = {}
    for name in PER_CREATOR:
        common, weight = shared(tables, draws, name, terms)
        score = common[:, None] + weight * own[name]
        if name == "delivery":
            rate = pay.get("delivery_rate", what.table["delivery_rate"])
            result[name] = np.where(stats.norm.cdf(score) > 1.0 - rate, 1.0, 0.0)
            continue
        factor = what.organic.get(name, 1.0) * belief(tables, draws, name, terms)
        result[name] = what.laws[name].value(score) * factor[:, None]
    result["engagement_rate"] *= pay["engagement_factor"]
    result["reach_rate"] = np.minimum(result["reach_rate"], 1.0)
    result |= _posts_of(
        tables, draws, hired, what, engagement=own["engagement_rate"], shape=(size, posts)
    )
    result["mean_authentic_share"] = np.array(what.laws["authentic_share"].mean)
    return result


def _posts_of(
    tables: Tables,
    draws: Draws,
    hired: Hired,
    what: Kind,
    *,
    engagement: Array,
    shape: tuple[int, int],
) -> dict[str, Array]:
    """Luck u, excess amplification A - 1, and the noise of the first days of each post."""
    scores = {}
    rho = what.table["amplification_engagement_correlation"]
    if what.laws["engagement_rate"].constant:
        rho = 0.0
    for name in PER_POST:
        own = draws.normal("post", *pool_of(hired.terms), name, shape=shape)
        own = own[:, hired.first : hired.first + hired.creators, : hired.terms["posts"]]
        if name == "amplification":
            own = rho * engagement[:, :, None] + math.sqrt(1.0 - rho**2) * own
        common, weight = shared(tables, draws, name, hired.terms)
        scores[name] = common[:, None, None] + weight * own
    return {
        "post_luck": what.laws["post_luck"].value(scores["post_luck"]) * what.organic["post_luck"],
        "excess": excess(what.table["amplification"], scores["amplification"]),
        "first_days": scores["first_days"],
    }


def formats(tables: Tables, terms: Tables) -> dict[str, Array]:
    """Factors of the format of each post, and the share of them that can be used again."""
    names = terms.get("format", [])
    figures = ("reach", "engagement", "fee", "usable_share")
    if not names:
        return {f: np.full(terms["posts"], float(f != "usable_share")) for f in figures}
    each = [tables["format"][names[p % len(names)]] for p in range(terms["posts"])]
    return {f: np.array([one[f] for one in each], dtype=float) for f in figures}


def funnel(
    tables: Tables, draws: Draws, hired: Hired, what: Kind, people: int, x: Mapping[str, Array]
) -> dict[str, Array]:
    """Impressions, engagements, expected orders and reach of each creator, (worlds, creators).

    `people` are all creators of the portfolio.
    """
    terms = hired.terms
    table = tables["tier"][terms["tier"]]["on"][terms["platform"]]
    platform, niche = tables["platform"][terms["platform"]], tables["niche"][terms["niche"]]
    per_impression = table["engagement_basis"] == "impressions"
    organic_reach = x["delivery"] * x["followers"] * x["authentic_share"] * x["reach_rate"]
    shape = formats(tables, terms)
    luck = x["post_luck"] * shape["reach"]
    wanted = organic_reach[..., None] * luck
    organic = np.minimum(wanted, platform["audience"])
    amplified = np.minimum(wanted * (1.0 + x["excess"]), platform["audience"]) - organic
    rate = x["engagement_rate"]
    conversion = x["conversion_rate"] * x["fit"]
    if not per_impression:
        rate = rate / (x["authentic_share"] * x["reach_rate"])
        conversion = conversion * x["authentic_share"] / x["mean_authentic_share"]
    repeats = terms["repeat_factor"] ** np.arange(terms["posts"])
    repeats = repeats * shape["engagement"] / shape["reach"]
    # Engagements never exceed impressions.
    rate = np.minimum(rate[..., None] * repeats, 1.0)
    q, w = table["amplified_engagement"], table["amplified_conversion"]
    orders = conversion[..., None] * rate * (organic + q * w * amplified)
    # A real follower sees a post with probability r u, each post anew.
    seen = 1.0 - np.prod(1.0 - np.minimum(x["reach_rate"][..., None] * luck, 1.0), axis=2)
    exposed = x["delivery"] * x["followers"] * x["authentic_share"] * seen
    exposed = exposed + amplified.sum(axis=2)
    gain = dict.fromkeys(
        ("impressions", "engagements", "expected_orders", "boosting"), 0.0 * exposed
    )
    if of_line(tables, hired, people)[0]:
        post = {
            "impressions": organic + amplified, "engagements": rate * (organic + q * amplified),
            "rate": rate, "orders": conversion[..., None], "first_days": x["first_days"],
        }  # fmt: skip
        gain = paid(tables, draws, hired, what, people, x, post)
        exposed = exposed + gain["impressions"]
    market = niche.get("market", math.inf)
    reach = exposed if market == math.inf else market * (1.0 - np.exp(-exposed / market))
    viral = (1.0 + x["excess"] >= platform["viral_from"]) * x["delivery"][..., None]
    return {
        "impressions": (organic + amplified).sum(axis=2) + gain["impressions"],
        "engagements": (rate * (organic + q * amplified)).sum(axis=2) + gain["engagements"],
        "expected_orders": orders.sum(axis=2) + gain["expected_orders"],
        "boosting": gain["boosting"],
        "shown": exposed,
        "reach": reach,
        "viral_posts": viral.sum(axis=2),
        "delivered": x["delivery"],
        "assets": x["delivery"] * shape["usable_share"].sum(),
        "management_hours": x["management_hours"],
        "product_cost": x["product_cost"],
        "fee_posts": x["fee"] * 0.0 + shape["fee"].sum(),
        "fee": x["fee"] * (x["delivery"] if tables["costs"]["fee_due"] == "delivery" else 1.0),
    }


# --- All lines and portfolios ------------------------------------------------------------------------


def simulate(tables: Tables, seed: int, worlds: int) -> Outcome:
    """Simulate an experiment given as its resolved tables."""
    if tables["shocks"].get("preserve_mean"):
        raise NotImplementedError("means under loadings are compared with closed forms instead")
    draws = Draws(seed, worlds)
    kinds = {(t, p): kind(tables, t, p) for t, on in tables["tier"].items() for p in on["on"]}
    hired = hire(tables, kinds)
    sizes: dict[tuple[str, ...], tuple[int, int]] = {}
    for h in hired:
        pool = pool_of(h.terms)
        size, posts = sizes.get(pool, (0, 0))
        sizes[pool] = max(size, h.first + h.creators), max(posts, h.terms["posts"])
    value = economics(tables, draws)
    outcome = Outcome({}, {}, {})
    for portfolio in tables["portfolio"]:
        members = [h for h in hired if h.portfolio == portfolio]
        everybody, people = sum(h.creators for h in members), []
        for h in members:
            what = kinds[pool_of(h.terms)[:2]]
            x = creators_of(tables, draws, h, what, sizes)
            people.append(funnel(tables, draws, h, what, everybody, x))
        reach, people = overlapping(tables, members, people)
        lines, cost = [], np.zeros(worlds)
        drawn = [drawn_orders(draws, h, of) for h, of in zip(members, people, strict=True)]
        drawn = nobody_beyond(tables, members, drawn)
        for h, creators, orders in zip(members, people, drawn, strict=True):
            name = f"{portfolio}/{h.name}"
            lines.append(line_accounts(draws, orders, creators, value))
            spent = line_costs(tables, h, creators, lines[-1], len(members))
            outcome.line[name], outcome.cost[name] = lines[-1], spent
            cost += np.sum(list(spent.values()), axis=0)
        totals = portfolio_accounts(value, people, lines, cost)
        outcome.portfolio[portfolio] = totals | {"reach": reach}
    return outcome
