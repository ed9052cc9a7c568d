"""The equations of `sim/engine/README.md` in plain numpy, one function for each of its sections.

Written from that page alone: nothing of the product is imported, and nothing is shared with the
other reference in this folder's parent but the reading of distributions. Arrays have the shape
(worlds, creators) or (worlds, creators, posts); what holds for a world has the shape (worlds,).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))

from written import Law, law

Array = npt.NDArray[np.float64]
Tables = Mapping[str, Any]

#: What is added up over the lines of a portfolio in each world.
SUMMED = (
    "cost", "revenue", "contribution", "impressions", "reach", "engagements", "orders",
    "viral_posts",
)  # fmt: skip
RATES = ("authentic_share", "reach_rate", "engagement_rate", "conversion_rate")
#: Scores at which a law is looked up between neighbours.
SCORES = np.linspace(-9.0, 9.0, 36_001)


class Worlds:
    """Independent standard normal numbers of some worlds, by name; asked for again, the same."""

    def __init__(self, count: int, random: np.random.Generator) -> None:
        self.count = count
        self.random = random
        self._drawn: dict[tuple[Any, ...], Array] = {}

    def normal(self, *name: Any, shape: tuple[int, ...] = ()) -> Array:
        """Shape (worlds, *shape)."""
        if name not in self._drawn:
            self._drawn[name] = self.random.standard_normal((self.count, *shape))
        return self._drawn[name]


@dataclass(frozen=True)
class Hired:
    """Creators on the same terms: from `first` on `count` creators of their pool.

    Where `money` is finite, as many of them as it allows in a world.
    """

    name: str
    tier: str
    platform: str
    niche: str
    compensation: str
    posts: int
    repeat_factor: float
    count: int
    first: int = 0
    money: float = math.inf

    @property
    def pool(self) -> tuple[str, str, str]:
        """Names that decide who the creators are."""
        return self.tier, self.platform, self.niche


# --- Distributions: a normal score becomes a value ---------------------------------------------------


def looked_up(of: Law) -> Callable[[Array], Array]:
    """Values of a law at scores, from a fine table."""
    table = of.value(SCORES)
    return lambda score: np.interp(score, SCORES, table)


def excess_of(table: Tables) -> Callable[[Array], Array]:
    """A - 1 of a post at its score: MODEL `spike` or `cascade`, at most the cap less one."""
    given = table["amplification"]
    cap = given.get("cap", math.inf) - 1.0
    if "spike" in given:
        s = given["spike"]
        p, low, alpha = s["probability"], s["minimum"], s["tail_index"]

        def spike(score: Array) -> Array:
            above = stats.norm.sf(score)
            with np.errstate(divide="ignore"):
                size = low * (above / p) ** (-1.0 / alpha)
            return np.where(above < p, np.minimum(size, cap), 0.0)

        return spike if p > 0.0 else np.zeros_like
    if "cascade" in given:
        s = given["cascade"]
        # A - 1 = R / (1 - R), R ~ Beta(b, alpha), so 1 - R ~ Beta(alpha, b) falls with the score.
        rest = stats.beta.ppf(stats.norm.sf(SCORES), s["tail_index"], s["b"])
        logs = np.log(np.minimum(np.maximum((1.0 - rest) / rest, 1e-300), cap))
        return lambda score: np.exp(np.interp(score, SCORES, logs))
    return np.zeros_like


# --- A tier, and quoted means that become organic ones ----------------------------------------------


class Tier:
    """A tier on a platform: its table, the laws of its inputs, factors from quoted to organic."""

    def __init__(self, tables: Tables, tier: str, platform: str) -> None:
        self.table: Tables = tables["tier"][tier]["on"][platform]
        table = self.table
        self.law = {name: law(table[name], share=name in RATES) for name in RATES}
        self.law["followers"] = law(table["followers"], within=tuple(table["follower_range"]))
        for name in ("fit", "fee", "management_hours", "post_luck"):
            self.law[name] = law(table[name])
        self.law["product_cost"] = law(tables["costs"]["cost_of_goods"])
        self.value = {name: looked_up(of) for name, of in self.law.items()}
        self.excess = excess_of(table)
        self.organic = self._organic()

    def _organic(self) -> dict[str, float]:
        """Organic over quoted mean of each figure; A and e joined through rho, loadings at zero."""
        table = self.table
        z, weight = self._fine()
        extra = self.excess(z) * weight
        rho = table["amplification_engagement_correlation"]
        rho = 0.0 if self.constant("engagement_rate") else rho
        rho_r = rho * table["engagement_reach_correlation"]
        with_e = float(np.sum(extra * self._given("engagement_rate", rho, z)))
        with_r = float(np.sum(extra * self._given("reach_rate", rho_r, z)))
        q, w = table["amplified_engagement"], table["amplified_conversion"]
        g, g_w = 1.0 + q * with_e, 1.0 + q * w * with_e
        organic = dict.fromkeys(self.law, 1.0)
        organic["engagement_rate"] = 1.0 / g
        if table["engagement_basis"] == "impressions":
            organic["engagement_rate"] *= 1.0 + float(np.sum(extra))
        organic["conversion_rate"] = g / g_w
        if table["reach_basis"] == "followers":
            organic["reach_rate"] = 1.0 / (self.law["authentic_share"].mean * (1.0 + with_r))
        organic["post_luck"] = 1.0 / self.law["post_luck"].mean
        return organic

    def _fine(self) -> tuple[Array, Array]:
        """Middles of fine steps of the score, from where posts take off on, and their shares."""
        spike = self.table["amplification"].get("spike")
        low = stats.norm.isf(spike["probability"]) if spike and spike["probability"] else -9.0
        edges = np.linspace(min(low, 9.0), 9.4, 20_001)
        return (edges[1:] + edges[:-1]) / 2.0, -np.diff(stats.norm.sf(edges))

    def _given(self, name: str, rho: float, z: Array) -> Array:
        """E[x | score of A] / E[x] where the scores have correlation rho."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(100)
        coarse = np.linspace(z[0], z[-1], 400)
        scores = rho * coarse[:, None] + math.sqrt(1.0 - rho**2) * nodes
        given = self.value[name](scores) @ (weights / weights.sum())
        return np.interp(z, coarse, given) / self.law[name].mean

    def constant(self, name: str) -> bool:
        """Whether an input does not vary."""
        return self.law[name].constant


# --- What goes together ------------------------------------------------------------------------------


def shared_score(tables: Tables, worlds: Worlds, name: str, hired: Hired) -> tuple[Array, float]:
    """Sum of l G over the shared shocks of an input, and o = sqrt(1 - sum l^2)."""
    total, used = np.zeros(worlds.count), 0.0
    for kind, weight in tables["shocks"]["loadings"].get(name, {}).items():
        loading = weight * tables["shocks"]["scale"]
        whose = {"campaign": "", "platform": hired.platform, "niche": hired.niche}[kind]
        total = total + loading * worlds.normal("shock", kind, whose)
        used += loading**2
    return total, math.sqrt(1.0 - used)


def belief(tables: Tables, worlds: Worlds, name: str, hired: Hired) -> Array:
    """Factor of mean one on a tier's mean: a part common to all tiers, a part of its own."""
    given = tables["beliefs"].get(name)
    if given is None:
        return np.ones(worlds.count)
    common = given["sd"] * math.sqrt(given["common"])
    own = given.get("own", {}).get(hired.tier, given["sd"] * math.sqrt(1.0 - given["common"]))
    log = common * worlds.normal("belief", name)
    log = log + own * worlds.normal("belief", name, hired.platform, hired.tier)
    return np.exp(log - (common**2 + own**2) / 2.0)


def own_scores(
    tables: Tables, worlds: Worlds, tier: Tier, hired: Hired, people: int
) -> dict[str, Array]:
    """Scores of the creators of a pool before shared shocks, each standard normal."""
    table, shape = tier.table, (people,)
    e = {
        name: worlds.normal("creator", *hired.pool, name, shape=shape)
        for name in (*tier.law, "delivery")
    }
    scores = dict(e)
    rho = rho_r = 0.0
    if not tier.constant("engagement_rate"):
        rho = table["followers_engagement_correlation"]
        rho_r = table["engagement_reach_correlation"]
    engagement = e["engagement_rate"]
    scores["followers"] = rho * engagement + math.sqrt(1.0 - rho**2) * e["followers"]
    scores["reach_rate"] = rho_r * engagement + math.sqrt(1.0 - rho_r**2) * e["reach_rate"]

    def spread(name: str) -> float:
        """o sigma: spread of log x over the creators of a world."""
        if tier.constant(name):
            return 0.0
        return tier.law[name].log_sd * shared_score(tables, worlds, name, hired)[1]

    w_e = spread("engagement_rate") + rho * spread("followers")
    w_f = math.sqrt(1.0 - rho**2) * spread("followers")
    s_x = math.hypot(w_e, w_f)
    if s_x > 0.0 and spread("fee") > 0.0:
        gamma = table["fee_elasticity"] * s_x / spread("fee")
        known = (w_e * engagement + w_f * e["followers"]) / s_x
        scores["fee"] = gamma * known + math.sqrt(1.0 - gamma**2) * e["fee"]
    return scores


def creators(
    tables: Tables, worlds: Worlds, tier: Tier, hired: Hired, people: int
) -> dict[str, Array]:
    """Values of the inputs of the hired creators, shape (worlds, count), and their own scores of e."""
    pay = tables["compensation"][hired.compensation]
    scores = own_scores(tables, worlds, tier, hired, people)
    part = slice(hired.first, hired.first + hired.count)
    result: dict[str, Array] = {"own_engagement": scores["engagement_rate"][:, part]}
    for name, own in scores.items():
        if name == "post_luck":
            continue
        common, o = shared_score(tables, worlds, name, hired)
        score = common[:, None] + o * own[:, part]
        if name == "delivery":
            rate = pay.get("delivery_rate", tier.table["delivery_rate"])
            result[name] = (stats.norm.cdf(score) > 1.0 - rate).astype(float)
            continue
        factor = belief(tables, worlds, name, hired) * tier.organic[name]
        result[name] = tier.value[name](score) * factor[:, None]
    effort = tier.table["effort_elasticity"]
    if effort:
        median_fee = float(tier.value["fee"](np.zeros(1))[0])
        result["engagement_rate"] *= (median_fee / tier.table["effort_fee"]) ** effort
    result["engagement_rate"] *= pay["engagement_factor"]
    for share in ("authentic_share", "reach_rate"):
        result[share] = np.minimum(result[share], 1.0)
    return result


def post_draws(
    tables: Tables, worlds: Worlds, tier: Tier, hired: Hired, x: Mapping[str, Array], people: int,
    post: int,
) -> tuple[Array, Array]:  # fmt: skip
    """Luck u and excess amplification A - 1 of one post, shape (worlds, count)."""
    part = slice(hired.first, hired.first + hired.count)
    own = {
        name: worlds.normal("post", *hired.pool, name, post, shape=(people,))[:, part]
        for name in ("post_luck", "amplification")
    }
    common, o = shared_score(tables, worlds, "post_luck", hired)
    luck = tier.value["post_luck"](common[:, None] + o * own["post_luck"])
    rho = 0.0
    if not tier.constant("engagement_rate"):
        rho = tier.table["amplification_engagement_correlation"]
    joined = rho * x["own_engagement"] + math.sqrt(1.0 - rho**2) * own["amplification"]
    common, o = shared_score(tables, worlds, "amplification", hired)
    return luck * tier.organic["post_luck"], tier.excess(common[:, None] + o * joined)


# --- MODEL: the funnel -------------------------------------------------------------------------------


def funnel(
    tables: Tables, worlds: Worlds, tier: Tier, hired: Hired, x: Mapping[str, Array], people: int,
    posts: Iterable[int] | None = None, missed: Array | None = None,
) -> dict[str, Array]:  # fmt: skip
    """Follow the posts of the creators: impressions, engagements, expected orders, accounts y.

    `posts` are those of a stage, `missed` the share of followers that earlier ones did not reach.
    """
    table, audience = tier.table, tables["platform"][hired.platform]["audience"]
    f, a, r, d = (x[k] for k in ("followers", "authentic_share", "reach_rate", "delivery"))
    e, q, w = x["engagement_rate"], table["amplified_engagement"], table["amplified_conversion"]
    per_follower = table["engagement_basis"] == "followers"
    big_o = d * f * a * r
    g = e / (a * r) if per_follower else e
    v = x["conversion_rate"] * x["fit"]
    if per_follower:
        v = v * a / tier.law["authentic_share"].mean
    total = {name: np.zeros_like(f) for name in ("impressions", "engagements", "lambda", "y")}
    total["viral_posts"] = np.zeros_like(f)
    still = np.ones_like(f) if missed is None else missed.copy()
    start = still.copy()
    for post in range(hired.posts) if posts is None else posts:
        u, excess = post_draws(tables, worlds, tier, hired, x, people, post)
        o = np.minimum(big_o * u, audience)
        extra = np.minimum(big_o * u * (1.0 + excess), audience) - o
        g_p = np.minimum(hired.repeat_factor**post * g, 1.0)
        total["impressions"] += o + extra
        total["engagements"] += g_p * (o + q * extra)
        total["lambda"] += g_p * v * (o + q * w * extra)
        total["y"] += extra
        viral = 1.0 + excess >= tables["platform"][hired.platform]["viral_from"]
        total["viral_posts"] += viral * d
        still = still * (1.0 - np.minimum(r * u, 1.0))
    total["y"] += d * f * a * (start - still)
    total["missed"] = still
    return total


def unique_reach(own_reach: Array, shown: Array, market: float, overlap: float) -> Array:
    """U of a niche from the sum of reach_i and the sum of y_i, shape (worlds,)."""
    if market == math.inf:
        return own_reach
    chance = market * (1.0 - np.exp(-shown / market))
    return (1.0 - overlap) * np.minimum(own_reach, market) + overlap * chance


# --- Orders and money --------------------------------------------------------------------------------


def economics(tables: Tables, worlds: Worlds) -> dict[str, Array]:
    """Figures of the economics in each world: a number, or its quantile at the score of the doubt."""
    shares = ("gross_margin", "return_rate", "incremental_share", "tracked_share")
    result = {}
    for name, written in tables["economics"].items():
        if name != "source":
            score = worlds.normal("economics", name)
            result[name] = law(written, share=name in shares).value(score)
    return result


def orders_of(worlds: Worlds, expected: Array, *key: Any) -> Array:
    """Poisson numbers; lines with the same key share their luck."""
    luck = stats.norm.cdf(worlds.normal("orders", *key))
    return np.asarray(stats.poisson.ppf(luck, expected))


def order_values(worlds: Worlds, orders: Array, value: Mapping[str, Array]) -> Array:
    """USD of N orders: gamma with shape N / cv^2."""
    cv = float(value["order_value_cv"][0])
    if cv == 0.0:
        return orders * value["order_value"]
    shape = orders / cv**2
    drawn = worlds.random.gamma(np.maximum(shape, 1e-12)) * (orders > 0.0)
    return drawn * cv**2 * value["order_value"]


def contribution(order_value: Array, value: Mapping[str, Array]) -> Array:
    """USD that stay before cost."""
    return (
        order_value * (1.0 + value["halo"]) * value["incremental_share"]
        * (1.0 - value["return_rate"]) * value["gross_margin"] * (1.0 + value["repeat_value"])
    )  # fmt: skip


def cost_of(
    tables: Tables, hired: Hired, x: Mapping[str, Array], order_value: Array, orders: Array,
    impressions: Array, value: Mapping[str, Array], pay_by_results: Array | float = 0.0,
    here: Array | float = 1.0, siblings: int = 1,
) -> Array:  # fmt: skip
    """USD of all components of a line, shape (worlds,); `here` says who takes part in a stage."""
    costs, pay = tables["costs"], tables["compensation"][hired.compensation]
    due = x["delivery"] * here if costs["fee_due"] == "delivery" else here * np.ones_like(x["fee"])
    fee = (x["fee"] * due).sum(axis=1) * hired.posts * pay["fee_share"]
    rights = fee * costs["usage_rights_share"]
    tracked = order_value * value["tracked_share"]
    commission = pay["commission_rate"] * tracked * (1.0 - value["return_rate"])
    bonus = costs["bonus_per_order"] * orders
    bonus = bonus + costs["bonus_per_thousand_impressions"] * impressions / 1000.0
    agency = costs["agency_share"] * (fee + rights + commission + bonus + pay_by_results)
    people = (np.ones_like(x["fee"]) * here).sum(axis=1)
    goods = costs["product_units"] * (x["product_cost"] * here).sum(axis=1)
    hours = costs["hourly_rate"] * (x["management_hours"] * here).sum(axis=1)
    fixed = costs["fixed"] / siblings
    spent = fee + rights + commission + bonus + agency + goods + hours + fixed
    return spent + costs["shipping"] * people + pay_by_results


# --- What a run says ---------------------------------------------------------------------------------

Outcome = dict[str, dict[str, Array]]


def in_parts(run: Callable[[Worlds], Outcome], count: int, seed: int, part: int = 250) -> Outcome:
    """Run independent parts of the worlds and lay them end to end."""
    random = np.random.default_rng(seed)
    parts = [run(Worlds(part, random)) for _ in range(max(count // part, 1))]
    return {
        name: {key: np.concatenate([p[name][key] for p in parts]) for key in parts[0][name]}
        for name in parts[0]
    }


def measures(world: Mapping[str, Array]) -> dict[str, tuple[float, float]]:
    """Values and standard errors of a portfolio's measures, by the names of `sim run --json`."""
    profit = world["contribution"] - world["cost"]
    some = world["cost"] > 0.0
    roi = profit[some] / world["cost"][some]
    result = {"roi_mean": _mean(roi), "profit_mean": _mean(profit)}
    result["loss_probability"] = _mean((roi < 0.0).astype(float))
    for name in SUMMED:
        result[f"{name}_mean"] = _mean(world[name])
    for p, name in ((0.05, "roi_p05"), (0.5, "roi_median"), (0.95, "roi_p95")):
        result[name] = _quantile(roi, p)
    result["profit_median"] = _quantile(profit, 0.5)
    for name, top, bottom, scale in (
        ("roas", "revenue", "cost", 1.0),
        ("cpm", "cost", "impressions", 1000.0),
        ("cac", "cost", "orders", 1.0),
    ):
        ratio = world[top].mean() / world[bottom].mean()
        error = _mean(world[top] - ratio * world[bottom])[1] / world[bottom].mean()
        result[name] = scale * ratio, scale * error
    return result


def beats(a: Mapping[str, Array], b: Mapping[str, Array]) -> tuple[float, float]:
    """Share of worlds in which the ROI of a is higher, with its standard error."""
    some = (a["cost"] > 0.0) & (b["cost"] > 0.0)
    first, second = (((x["contribution"] - x["cost"])[some] / x["cost"][some]) for x in (a, b))
    return _mean((first > second) + 0.5 * (first == second))


def _mean(x: Array) -> tuple[float, float]:
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(x.size))


def _quantile(x: Array, p: float) -> tuple[float, float]:
    """Quantile, and a quarter of the distance of those two binomial standard errors off."""
    step = 2.0 * math.sqrt(p * (1.0 - p) / x.size)
    low, middle, high = np.quantile(x, [p - step, p, p + step])
    return float(middle), float(high - low) / 4.0


def main(simulate: Callable[[Tables, int, int], Outcome]) -> None:
    """Print the measures of an experiment that a run has resolved: FILE [WORLDS]."""
    import tomllib

    tables = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    for name, world in simulate(tables, count, 1).items():
        print(name)
        for measure, (value, error) in measures(world).items():
            print(f"  {measure:20} {value:14.5g} ± {error:.2g}")
