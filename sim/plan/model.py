"""What a plan is made of: plain numbers and arrays, names only where results are labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..engine.line import Line, Purse
from ..engine.marginals import QuantileTable
from ..experiment import models as m
from ..experiment.roster import RosterRow

Array = npt.NDArray[np.float64]
Key = tuple[np.uint64, np.uint64]
#: Four parts of what a creator commits: whatever it asks, by its fee, by hours and by goods.
Parts = tuple[float, float, float, float]

#: Cost components in the order of reports, with what each is proportional to.
COMPONENTS: dict[str, str] = {
    "fee": "USD of agreed fees",
    "usage_rights": "USD of agreed fees",
    "product": "USD of goods",
    "shipping": "creators",
    "management": "hours",
    "commission": "USD of tracked revenue after returns",
    "discount": "USD of orders with a code after returns",
    "bonus_orders": "orders",
    "bonus_impressions": "1,000 impressions",
    "performance": "USD of pay by each creator's results",
    "incidents": "incidents",
    "boosting": "USD of bought impressions and of rights to boost",
    "agency": "USD of fees, usage rights, commission, bonus and pay by results",
    "fixed": "portfolios",
}
#: Figures of ``[boost]`` that may be in doubt.
PAID = ("cpm", "engagement", "conversion")
#: What the agency's share is charged on.
AGENCY_BASE = (
    "fee", "usage_rights", "commission", "bonus_orders", "bonus_impressions", "performance",
)  # fmt: skip
ECONOMICS = (
    "order_value", "gross_margin", "return_rate", "incremental_share", "tracked_share",
    "repeat_value", "halo", "earned_media_value",
)  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """A standard normal number that creators share in a world.

    ``kind`` is ``"shock"`` or ``"belief"``; a belief multiplies a tier's figure by
    ``exp(log_sd z - log_sd^2 / 2)``, or moves a figure of the economics to its quantile at z.
    """

    name: str
    kind: str
    log_sd: float = 0.0
    table: QuantileTable | None = None


@dataclass(frozen=True, eq=False)
class Posterior:
    """What results taught of the factors: scores are ``center + root @ factors``.

    Attributes
    ----------
    center
        Shape (factors,), mean of the scores; zero for what nothing was learned of.
    root
        Shape (factors, factors), symmetric root of their covariance.
    """

    center: Array
    root: Array


@dataclass(frozen=True)
class Terms:
    """What creators of a line agree on: lines on the same terms draw on one pool."""

    tier: str
    platform: str
    niche: str
    compensation: str
    posts: int
    repeat_factor: float
    format: tuple[str, ...] = ()  #: of one post after another, in turn; none: as tiers are quoted

    @property
    def pool(self) -> tuple[str, str, str]:
        """Names that decide who the creators are."""
        return (self.tier, self.platform, self.niche)


@dataclass(frozen=True)
class Programme:
    """Stages of a portfolio: posts of a creator up to the end of each, creators in each.

    Where `of_list` says how many of a roster take part in each stage, the best are kept of all its
    lines together, and `keep` is what falls to a line by its share; `places` are those of its creators
    in the file. Where a budget pays, `purse` says what stages may commit, of a list all its lines
    together; where it is a cap, `keep` is what the expected cost would hire.
    """

    post_ends: tuple[int, ...]
    keep: tuple[int, ...]
    choose_by: str
    of_list: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    purse: Purse | None = None

    @property
    def alone(self) -> Purse | None:
        """What the loop of a line goes by: the money of a list is no matter to one of its lines."""
        if self.purse is None or not self.of_list:
            return self.purse
        return Purse((math.inf,) * len(self.keep), self.purse.dues)


@dataclass(frozen=True)
class LineBoost:
    """USD that a line spends on boosting, on how many of its posts, and how they are ranked."""

    money: float
    best: int
    per_follower: bool


@dataclass(frozen=True)
class PlanLine:
    """A line of a portfolio: how many creators on which terms, and where its sums are found.

    Lines of a programme are its stages, one after another: the creators of a later one are some of
    those of the first. Those who are added in stage `joins` have lines of their own, whose stages
    count from there. `people` are the creators of a roster's line; others are numbered.
    Where `money` caps a line, up to the end of its stage, `creators` is how many its expected cost
    would hire, and each world hires as many as their quotes allow. Where a budget pays, `parts` say what a creator commits at
    the mean of its quote, USD, and `dues` the same per USD of fee, hour and USD of goods. All posts of a
    creator cost `fee_posts` of its fees, and leave `usable_posts` assets.
    """

    portfolio: str
    name: str
    terms: Terms
    creators: int
    first: int
    committed_per_creator: float
    work: int = 0
    stop: int = 0
    money: float = math.inf
    parts: Parts = (0.0, 0.0, 0.0, 0.0)
    dues: Parts = (0.0, 0.0, 0.0, 0.0)
    order_key: Key = (np.uint64(0), np.uint64(0))
    programme: Programme | None = None
    stage: int = 0
    joins: int = 0
    people: tuple[RosterRow, ...] = ()
    boost: LineBoost | None = None
    fee_posts: float = 1.0
    usable_posts: float = 0.0


@dataclass(frozen=True)
class NicheTerms:
    """A niche: addressable accounts, overlap of audiences, orders lost per duplicated reach."""

    market: float
    overlap: float
    duplicate_waste: float


@dataclass(frozen=True)
class Reaction:
    """How tiers of a portfolio act on each other.

    Attributes
    ----------
    reinforcement
        By how much more accounts convert that another tier has shown it before.
    order
        ``"together"``, ``"large_first"`` or ``"small_first"``.
    rank
        Shape (lines,), place of each line's tier by size, the largest 0.
    """

    reinforcement: float
    order: str
    rank: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """How the shared factors of the worlds are drawn.

    Attributes
    ----------
    kind
        ``"plain"``, ``"stratified"`` or ``"two-level"``.
    groups
        Number of equal contiguous groups of worlds that are independent of each other while the
        worlds within are not; 0 where all worlds are independent.
    bits
        Binary logarithm of the worlds in a group of stratified sampling, else -1.
    replicates
        Consecutive worlds that share a draw of the beliefs.
    """

    kind: str = "plain"
    groups: int = 0
    bits: int = -1
    replicates: int = 1


#: Independent randomisations of stratified sampling; their spread is the standard error.
STRATIFIED_GROUPS = 32


def sampling_of(simulation: m.Simulation, count: int | None = None) -> tuple[Sampling, int]:
    """Return how to sample and how many worlds that makes; `count` asks for so many in all.

    Stratified runs round the worlds up to 32 times a power of two; two-level runs take
    ``beliefs`` draws of the beliefs (or as many as the worlds allow) times ``replicates``.
    """
    wanted = simulation.worlds if count is None else count
    if simulation.replicates > 1:
        draws = simulation.beliefs if count is None else None
        beliefs = draws or max(wanted // simulation.replicates, 1)
        worlds = beliefs * simulation.replicates
        return Sampling("two-level", beliefs, -1, simulation.replicates), worlds
    if simulation.sampling == "stratified":
        bits = max(math.ceil(math.log2(wanted / STRATIFIED_GROUPS)), 0)
        return Sampling("stratified", STRATIFIED_GROUPS, bits), STRATIFIED_GROUPS << bits
    return Sampling(), wanted


@dataclass(frozen=True)
class Buyers:
    """Who buys, where lines say more of it than the economics; arrays of shape (lines,).

    Attributes
    ----------
    tracked, incremental
        Factors on the world's share of orders that codes see, and that would not have come anyway;
        neither share passes 1.
    leaked
        Orders with a leaked code per tracked order.
    value
        Factor on the order value.
    new
        Share of orders by new customers.
    repeats
        Later orders of a new customer per first one; NaN where economics.repeat_value says them.
    orders_per_click
        Tracked orders per click; 0 where clicks are not simulated.
    discount_rate
        USD off per USD of an order with a code.
    customers
        Whether new customers are told apart or followed.
    """

    tracked: Array
    leaked: Array
    incremental: Array
    value: Array
    new: Array
    repeats: Array
    orders_per_click: float
    discount_rate: float
    customers: bool


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs, as plain arrays.

    Attributes
    ----------
    seed, worlds
        Seed of all streams and number of worlds.
    sampling
        How the shared factors are drawn.
    factors
        Shared factors in the order of their rows.
    learned
        What results taught of them; None where nothing was learned.
    works
        Lines of the kernel; several lines of portfolios may read stops of one.
    lines
        Lines of all portfolios, portfolio by portfolio.
    portfolios
        Names in the order of the file.
    prices
        Shape (lines, components), USD per unit of `COMPONENTS`.
    economics
        For each of `ECONOMICS` its table and the row of its factor, or None for a plain number.
    order_shape
        Gamma shape of one order value; inf where single orders do not vary.
    product_units
        Units of goods per creator.
    niches, overlap_between_niches
        Markets by name, and how far audiences of different niches overlap.
    spill
        Shape (lines,), share of the portfolio's orders that each incident of a line destroys.
    arrived
        Shape (lines, weeks), share of a line's orders that has come by the end of each week.
    repeats_arrived
        The same of its repeat purchases.
    buyers
        Who buys; None where all lines' buyers are as the economics say.
    reaction
        How tiers act on each other; None where they do not.
    components, agency_base
        Names of the columns of `prices`, and of those that the agency's share is charged on.
    paid
        For each of `PAID` its table and the row of its factor, or None for a plain number; empty
        where nothing is boosted.
    left_over
        USD of each budget that no whole creator fits into.
    """

    seed: int
    worlds: int
    sampling: Sampling
    factors: tuple[Factor, ...]
    works: tuple[Line, ...]
    lines: tuple[PlanLine, ...]
    portfolios: tuple[str, ...]
    prices: Array
    economics: Mapping[str, tuple[QuantileTable, int | None]]
    order_shape: float
    product_units: float
    niches: Mapping[str, NicheTerms]
    overlap_between_niches: float
    spill: Array
    arrived: Array
    repeats_arrived: Array
    buyers: Buyers | None = None
    reaction: Reaction | None = None
    paid: Mapping[str, tuple[QuantileTable, int | None]] = field(default_factory=dict)
    left_over: Mapping[str, float] = field(default_factory=dict)
    components: tuple[str, ...] = tuple(COMPONENTS)
    agency_base: tuple[str, ...] = AGENCY_BASE
    learned: Posterior | None = None

    def scores(self, k: int, factors: Array) -> Array:
        """Return the normal scores of a factor: as drawn, or as what was learned moves them.

        Parameters
        ----------
        k
            Row of the factor.
        factors
            Independent standard normal numbers, shape (factors, worlds).
        """
        if self.learned is None:
            return np.asarray(factors[k])
        return np.asarray(self.learned.center[k] + self.learned.root[k] @ factors)

    def of_lines(self, rows: Sequence[int]) -> dict[str, Any]:
        """Return what the plan says line by line for some of its lines, by the names of its fields."""
        buyers, reaction = self.buyers, self.reaction
        if buyers is not None:
            each = {f.name: getattr(buyers, f.name) for f in fields(buyers)}
            taken: dict[str, Any] = {
                name: of[rows] for name, of in each.items() if isinstance(of, np.ndarray)
            }
            buyers = replace(buyers, **taken)
        if reaction is not None:
            reaction = replace(reaction, rank=reaction.rank[rows])
        return {
            "prices": self.prices[rows],
            "spill": self.spill[rows],
            "arrived": self.arrived[rows],
            "repeats_arrived": self.repeats_arrived[rows],
            "buyers": buyers,
            "reaction": reaction,
        }

    def creators(self, portfolio: str) -> int:
        """Return how many creators a portfolio hires; those of later stages are among the first."""
        return sum(
            line.creators for line in self.lines if line.portfolio == portfolio and line.stage == 0
        )

    def posts(self, work: int) -> int:
        """Return the posts per world of all creators of a work, over its stages."""
        line = self.works[work]
        if len(line.post_ends) > 1:
            return int(line.keep @ np.diff(line.post_ends, prepend=0))
        if line.money < math.inf:
            usual = max(one.creators for one in self.lines if one.work == work)
            return int(usual * line.post_ends[-1])
        return int(line.stops[-1] * line.post_ends[-1])
