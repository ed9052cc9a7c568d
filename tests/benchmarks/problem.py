"""The problem that all opponents solve: the micro line of the default experiment, as numbers.

What an analyst would write down: the distributions, what creators share, and the funnel's
constants. `engine_means` is the engine's answer, against which every opponent is checked before it
is timed.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.engine.line import INPUTS, Line
from sim.experiment import Experiment, build
from sim.plan import Plan, make_plan

Array = npt.NDArray[np.float64]
#: What each opponent returns: a row of worlds for each.
Outcome = Mapping[str, Array]

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENT = ROOT / "tests" / "benchmarks" / "default.toml"
ENGAGEMENT, FOLLOWERS, REACH, CONVERSION, AUTHENTIC, FEE, DELIVERY = (
    INPUTS.index(name)
    for name in (
        "engagement_rate", "followers", "reach_rate", "conversion_rate", "authentic_share", "fee",
        "delivery",
    )
)  # fmt: skip
LUCK, AMPLIFICATION = INPUTS.index("post_luck"), INPUTS.index("amplification")
#: Rows that every opponent has to produce; the caps and the largest creator are among its work.
SUMS = (
    "impressions", "engagements", "expected_orders", "expected_orders_squared",
    "expected_orders_largest", "exposure", "fees", "delivered", "viral_posts",
    "capped_impressions", "capped_engagements",
)  # fmt: skip
OUTCOMES = (*SUMS, "orders", "revenue", "cost", "profit")


@dataclass(frozen=True)
class Normal:
    """Mean and standard deviation of a logarithm or a logit."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Problem:
    """The micro line in plain numbers.

    Logarithms are natural. `loading` and `belief` have shape (inputs, factors), inputs in the
    order of `sim.engine.line.INPUTS`; `shift` is what turns a quoted mean into an organic one.
    """

    plan: Plan
    creators: int
    log_engagement: Normal
    log_followers: Normal
    follower_range: tuple[float, float]
    logit_reach: Normal
    log_conversion: Normal
    authentic: tuple[float, float]  #: the two parameters of the beta distribution
    log_fee: Normal
    log_luck: Normal
    delivery_rate: float
    take_off: float  #: share of posts that take off
    take_off_minimum: float  #: their least A - 1
    tail_index: float
    loading: Array
    belief: Array
    shift: Array
    followers_engagement: float  #: correlations of a creator's own scores
    engagement_reach: float
    fee_weights: tuple[float, float, float]  #: of engagement, followers and its own normal
    amplification_engagement: float
    q: float  #: engagement of people reached by amplification, relative to followers
    w: float  #: their conversion, relative to followers
    log_authentic_mean: float
    audience: float
    viral_excess: float  #: A - 1 from which a post counts as viral
    order_value: float
    order_shape: float  #: gamma shape of one order value
    margin: float  #: contribution per USD of order value
    hours: float
    cost_per_creator: float  #: goods, shipping and hours, USD

    @property
    def factors(self) -> int:
        """Shared factors of a world."""
        return self.loading.shape[1]

    @property
    def line(self) -> Line:
        """The line as the engine's kernel takes it."""
        return self.plan.works[0]

    def own(self, x: int) -> float:
        """Weight of a creator's own score beside the shared factors."""
        return math.sqrt(1.0 - float((self.loading[x] ** 2).sum()))


def micro_experiment(worlds: int, creators: int | None = None) -> Experiment:
    """Return the default experiment with its micro portfolio alone."""
    tables = tomllib.loads(EXPERIMENT.read_text(encoding="utf-8"))
    micro = dict(tables["portfolio"]["micro"])
    if creators is not None:
        micro = {"tier": "micro", "creators": creators}
    tables["portfolio"] = {"micro": micro}
    tables["simulation"]["worlds"] = worlds
    tables.pop("decision", None)
    return build(tables, name="micro", folder=EXPERIMENT.parent)


def micro_problem(worlds: int = 4096, creators: int | None = None) -> Problem:
    """Resolve the micro line of the default experiment."""
    experiment = micro_experiment(worlds, creators)
    plan = make_plan(experiment)
    line, hired = plan.works[0], plan.lines[0]
    tier = experiment.tier["micro"].on["instagram"]
    spike = tier.amplification.spike
    assert spike is not None, "the opponents know the spike law only"
    beta = tier.authentic_share.parameters
    economics = {
        name: float(table.quantile(np.zeros(1))[0])
        for name, (table, factor) in plan.economics.items()
        if factor is None
    }
    prices = dict(zip(plan.components, plan.prices[0], strict=True))
    known = {"fee", "product", "shipping", "management"}
    known |= {"performance", "boosting"}  # nobody is paid by results, and nobody boosts
    assert not [n for n, p in prices.items() if p and n not in known], "a cost nobody else counts"
    hours = float(tier.management_hours.parameters["value"])
    goods = float(experiment.costs.cost_of_goods.parameters["value"]) * plan.product_units
    mix = line.mix[0] / np.array([_own(line, x) for x in range(len(INPUTS))])[:, None]
    assert line.repeats.size == 1, "the opponents know one post per creator only"
    return Problem(
        plan=plan,
        creators=hired.creators,
        log_engagement=_log_normal(tier.engagement_rate.parameters),
        log_followers=_log_normal(tier.followers.parameters),
        follower_range=tier.follower_range,
        logit_reach=_log_normal(tier.reach_rate.parameters),
        log_conversion=_log_normal(tier.conversion_rate.parameters),
        authentic=(float(beta["a"]), float(beta["b"])),
        log_fee=_log_normal(tier.fee.parameters),
        log_luck=_log_normal(tier.post_luck.parameters),
        delivery_rate=float(tier.delivery_rate),
        take_off=spike.probability,
        take_off_minimum=spike.minimum,
        tail_index=spike.tail_index,
        loading=line.loading,
        belief=line.belief,
        shift=line.shift,
        followers_engagement=float(mix[FOLLOWERS, ENGAGEMENT]),
        engagement_reach=float(mix[REACH, ENGAGEMENT]),
        fee_weights=(
            float(mix[FEE, ENGAGEMENT]), float(mix[FEE, FOLLOWERS]), float(mix[FEE, FEE])
        ),
        amplification_engagement=tier.amplification_engagement_correlation,
        q=line.amplified_engagement,
        w=line.amplified_conversion,
        log_authentic_mean=line.log_authentic_mean,
        audience=line.audience,
        viral_excess=line.viral_excess,
        order_value=economics["order_value"],
        order_shape=plan.order_shape,
        margin=(1.0 + economics["halo"])
        * economics["incremental_share"]
        * (1.0 - economics["return_rate"])
        * economics["gross_margin"]
        * (1.0 + economics["repeat_value"]),
        hours=hours,
        cost_per_creator=goods + prices["shipping"] + hours * prices["management"],
    )  # fmt: skip


def _log_normal(parameters: Mapping[str, object]) -> Normal:
    return Normal(float(str(parameters["mu"])), float(str(parameters["sigma"])))


def _own(line: Line, x: int) -> float:
    return math.sqrt(1.0 - float((line.loading[x] ** 2).sum()))


def engine_rows(problem: Problem, first: int, worlds: int) -> dict[str, Array]:
    """Run the engine on consecutive worlds: all of `OUTCOMES`, shape (worlds,)."""
    from sim.engine.accounts import line_rows, portfolio_rows
    from sim.engine.line import SUMS as NAMES
    from sim.engine.run import line_block

    factors, sums = line_block(problem.plan, first, worlds)
    lines = line_rows(problem.plan, first, factors, sums)
    portfolio = portfolio_rows(problem.plan, factors, sums, lines)
    rows = {name: sums[0][-1, NAMES.index(name)] for name in SUMS}
    rows["orders"] = portfolio["orders"][0]
    return rows | {name: portfolio[name][0] for name in ("revenue", "cost", "profit")}
