"""From an experiment to plain arrays: the only place where a name becomes a position.

Here a quoted mean becomes the organic figure that the funnel needs, a budget becomes a number of
creators, and what creators share becomes weights of factors. Nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .engine import marginals as mg
from .engine.keys import stream_key
from .engine.line import CREATOR_INPUTS, INPUTS, POST_INPUTS, Line
from .engine.marginals import Marginal, MarginalError, Table
from .experiment import Distribution, Experiment, ExperimentError, Fault
from .experiment import models as m

Array = npt.NDArray[np.float64]
Key = tuple[np.uint64, np.uint64]

#: Cost components in the order of reports, with what each is proportional to.
COMPONENTS: dict[str, str] = {
    "fee": "USD of agreed fees",
    "usage_rights": "USD of agreed fees",
    "product": "USD of goods",
    "shipping": "creators",
    "management": "hours",
    "commission": "USD of tracked revenue after returns",
    "bonus_orders": "orders",
    "bonus_impressions": "1,000 impressions",
    "boosting": "posts",
    "agency": "USD of fees, usage rights, commission and bonus",
    "fixed": "portfolios",
}
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
    table: Table | None = None


@dataclass(frozen=True)
class Terms:
    """What creators of a line agree on: lines on the same terms draw on one pool."""

    tier: str
    platform: str
    niche: str
    compensation: str
    posts: int
    repeat_factor: float

    @property
    def pool(self) -> tuple[str, str, str]:
        """Names that decide who the creators are."""
        return (self.tier, self.platform, self.niche)


@dataclass(frozen=True)
class PlanLine:
    """A line of a portfolio: how many creators on which terms, and where its sums are found."""

    portfolio: str
    name: str
    terms: Terms
    creators: int
    first: int
    committed_per_creator: float
    work: int = 0
    stop: int = 0
    order_key: Key = (np.uint64(0), np.uint64(0))


@dataclass(frozen=True)
class NicheTerms:
    """A niche: addressable accounts, overlap of audiences, orders lost per duplicated reach."""

    market: float
    overlap: float
    duplicate_waste: float


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


def sampling_of(simulation: m.Simulation) -> tuple[Sampling, int]:
    """Return how to sample and how many worlds that makes.

    Stratified runs round the worlds up to 32 times a power of two; two-level runs take
    ``beliefs`` draws of the beliefs (or as many as the worlds allow) times ``replicates``.
    """
    if simulation.replicates > 1:
        beliefs = simulation.beliefs or max(simulation.worlds // simulation.replicates, 1)
        worlds = beliefs * simulation.replicates
        return Sampling("two-level", beliefs, -1, simulation.replicates), worlds
    if simulation.sampling == "stratified":
        bits = max(math.ceil(math.log2(simulation.worlds / STRATIFIED_GROUPS)), 0)
        return Sampling("stratified", STRATIFIED_GROUPS, bits), STRATIFIED_GROUPS << bits
    return Sampling(), simulation.worlds


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
        Gamma shape of one order value.
    product_units
        Units of goods per creator.
    niches, overlap_between_niches
        Markets by name, and how far audiences of different niches overlap.
    components
        Names of the columns of `prices`.
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
    economics: Mapping[str, tuple[Table, int | None]]
    order_shape: float
    product_units: float
    niches: Mapping[str, NicheTerms]
    overlap_between_niches: float
    left_over: Mapping[str, float] = field(default_factory=dict)
    components: tuple[str, ...] = tuple(COMPONENTS)


def marginal(distribution: Distribution, lower: float = 0.0, upper: float = math.inf) -> Marginal:
    """Return an experiment's distribution for the engine, truncated as written and as given."""
    return Marginal(
        distribution.family,
        distribution.parameters,
        max(distribution.lower, lower),
        min(distribution.upper, upper),
        distribution.values,
    )


# --- One tier on one platform -----------------------------------------------------------------------


@dataclass(frozen=True)
class TierTables:
    """Quantile tables of a tier's inputs and what follows from them.

    Attributes
    ----------
    tables
        By input name, as quoted; amplification is the table of A - 1.
    shift
        By input name, what is added to the log: turns quoted means into organic ones.
    amplification_mean
        E[A].
    log_amplification_cap
        Log of the largest A - 1.
    authentic_mean
        Mean authentic share.
    """

    tables: Mapping[str, Table]
    shift: Mapping[str, float]
    amplification_mean: float
    log_amplification_cap: float
    authentic_mean: float


def tier_tables(tier: m.Tier, key: str, faults: list[Fault]) -> TierTables | None:
    """Compile a tier; faults are added to the list."""
    low, high = tier.follower_range
    distributions = {name: getattr(tier, name) for name in _TIER_DISTRIBUTIONS}
    tables: dict[str, Table] = {}
    for name, distribution in distributions.items():
        upper = math.inf if name not in _TIER_SHARES else 1.0
        ends = (low, high) if name == "followers" else (0.0, upper)
        # A lognormal share that practically ends below one keeps its straight line.
        if distribution.family == "lognormal" and name in _TIER_SHARES:
            ends = (0.0, math.inf)
        try:
            if distribution.family == "constant":
                tables[name] = mg.compile_marginal(Marginal("constant", distribution.parameters))
            else:
                tables[name] = mg.compile_marginal(marginal(distribution, *ends))
        except MarginalError as error:
            faults.append(Fault(f"{key}.{name}", str(error), distribution.written))
    if len(tables) < len(distributions):
        return None
    tables["delivery"] = _threshold(tier.delivery_rate)
    tables["amplification"] = amplification_table(tier.amplification)
    cap = tier.amplification.cap
    log_cap = math.log(max(cap - 1.0, 1e-300)) if cap is not None else -mg.LOG_ZERO
    shift = dict.fromkeys(tables, 0.0)
    shift["post_luck"] = -math.log(mg.moment(tables["post_luck"]))
    quoted = quoted_to_organic(tier, tables, log_cap)
    shift["engagement_rate"], shift["conversion_rate"], shift["reach_rate"] = quoted[:3]
    return TierTables(tables, shift, quoted[3], log_cap, mg.moment(tables["authentic_share"]))


_TIER_DISTRIBUTIONS = (
    "engagement_rate", "followers", "reach_rate", "conversion_rate", "authentic_share", "fee",
    "fit", "management_hours", "post_luck",
)  # fmt: skip
_TIER_SHARES = ("engagement_rate", "reach_rate", "conversion_rate", "authentic_share")


def _threshold(probability: float) -> Table:
    """Return the table of a yes/no input: zero below the score, one above."""
    from scipy.special import ndtri

    return Table(
        0.0, 1.0, np.zeros((1, 4)), float(-ndtri(probability)) if probability < 1 else -math.inf
    )


def amplification_table(law: m.Amplification) -> Table:
    """Return the table of A - 1."""
    if law.spike is not None:
        return mg.spike(law.spike.probability, law.spike.minimum, law.spike.tail_index)
    if law.cascade is not None:
        parameters = {"a": law.cascade.b, "b": law.cascade.tail_index}
        return mg.compile_marginal(Marginal("betaprime", parameters))
    return mg.compile_marginal(Marginal("constant", {"value": 0.0}))


def quoted_to_organic(
    tier: m.Tier, tables: Mapping[str, Table], log_cap: float
) -> tuple[float, float, float, float]:
    r"""Return log shifts of engagement, conversion and reach, and E[A].

    Quoted rates are means with amplified posts included. With
    :math:`g(q) = E[e (1 + (A - 1) q)] / E[e]` organic engagement per follower is the quoted one
    divided by :math:`g(q)` (per impression: times :math:`E[A] / g(q)`), organic conversion the
    quoted one times :math:`g(q) / g(q w)`, and the reach rate the quoted one divided by
    :math:`E[a] E[A]` where all viewers are counted per follower. A goes with e through the
    correlation of their normal scores; loadings are zero here.
    """
    amplification = tables["amplification"]
    if amplification.constant:
        excess, joint = 0.0, 0.0
    else:
        z, w = mg.score_nodes(amplification.jump)
        a = np.exp(np.minimum(amplification.log_quantile(z), log_cap))
        rho = tier.amplification_engagement_correlation
        excess = float(np.sum(w * a))
        joint = float(np.sum(w * a * _conditional_mean(tables["engagement_rate"], rho, z)))
        joint /= mg.moment(tables["engagement_rate"])
    q, qw = tier.amplified_engagement, tier.amplified_engagement * tier.amplified_conversion
    g, g_w = 1.0 + q * joint, 1.0 + qw * joint
    engagement = -math.log(g)
    if tier.engagement_basis == "impressions":
        engagement += math.log(1.0 + excess)
    reach = 0.0
    if tier.reach_basis == "followers":
        reach = -math.log(mg.moment(tables["authentic_share"]) * (1.0 + excess))
    return engagement, math.log(g / g_w), reach, 1.0 + excess


def _conditional_mean(table: Table, rho: float, z: Array) -> Array:
    """Return E[X | Z = z] where the normal score of X has correlation rho with Z."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    scores = rho * z[:, None] + math.sqrt(1.0 - rho * rho) * nodes
    mean: Array = np.exp(table.log_quantile(scores)) @ (weights / weights.sum())
    return mean


# --- The plan -------------------------------------------------------------------------------------


def make_plan(experiment: Experiment) -> Plan:
    """Turn an experiment into arrays.

    Raises
    ------
    ExperimentError
        For what only shows here: distributions that cannot be tabulated, budgets below one
        creator, an elasticity of fees that their spread cannot carry.
    """
    faults: list[Fault] = []
    tiers = {
        (name, platform): tier_tables(tier, f"tier.{name}", faults)
        for name, tier_on in experiment.tier.items()
        for platform, tier in tier_on.on.items()
    }
    goods = _compile(experiment.costs.cost_of_goods, "costs.cost_of_goods", faults)
    economics_tables = {
        name: _compile(getattr(experiment.economics, name), f"economics.{name}", faults)
        for name in ECONOMICS
    }
    if faults:
        raise ExperimentError(experiment.file, faults)
    lines, left_over = _lines(experiment, tiers, goods, faults)
    if faults:
        raise ExperimentError(experiment.file, faults)
    factors = _factors(experiment, [line.terms for line in lines], economics_tables)
    row = {factor.name: k for k, factor in enumerate(factors)}
    lines, groups = _works(lines, experiment.simulation.seed)
    works = []
    for terms, first, stops in groups:
        tier = tiers[terms.tier, terms.platform]
        assert tier is not None
        works.append(_work(experiment, terms, first, stops, tier, goods, factors, row, faults))
    if faults:
        raise ExperimentError(experiment.file, faults)
    economics = {
        name: (table, row.get(f"economics.{name}")) for name, table in economics_tables.items()
    }
    sampling, worlds = sampling_of(experiment.simulation)
    return Plan(
        seed=experiment.simulation.seed,
        worlds=worlds,
        sampling=sampling,
        factors=factors,
        works=tuple(works),
        lines=lines,
        portfolios=tuple(experiment.portfolio),
        prices=np.array([_prices(experiment, line, lines) for line in lines]),
        economics=economics,
        order_shape=experiment.economics.order_value_cv**-2,
        product_units=experiment.costs.product_units,
        niches={
            name: NicheTerms(
                math.inf if niche.market is None else niche.market,
                niche.overlap,
                niche.duplicate_waste,
            )
            for name, niche in experiment.niche.items()
        },
        overlap_between_niches=experiment.audience.overlap_between_niches,
        left_over=left_over,
    )


def _compile(distribution: Distribution, key: str, faults: list[Fault]) -> Table:
    try:
        return mg.compile_marginal(marginal(distribution))
    except MarginalError as error:
        faults.append(Fault(key, str(error), distribution.written))
        return mg.compile_marginal(Marginal("constant", {"value": 0.0}))


# --- Lines ----------------------------------------------------------------------------------------


def portfolio_terms(portfolio: m.Portfolio) -> Iterator[tuple[str, Terms, float]]:
    """Yield name, terms and share of each line of a portfolio, in the order of the names."""

    def terms(tier: str, own: Any) -> Terms:
        def pick(name: str) -> Any:
            value = getattr(own, name, None)
            return getattr(portfolio, name) if value is None else value

        return Terms(
            tier,
            pick("platform"),
            pick("niche"),
            pick("compensation"),
            pick("posts"),
            pick("repeat_factor"),
        )

    if portfolio.mix is None:
        assert portfolio.tier is not None
        yield portfolio.tier, terms(portfolio.tier, None), 1.0
        return
    for name in sorted(portfolio.mix):
        line = portfolio.mix[name]
        yield name, terms(line.tier or portfolio.tier or name, line), line.share


def committed_cost(experiment: Experiment, terms: Terms, tier: TierTables, goods: Table) -> float:
    """Return the expected USD committed per creator: fees, goods, hours, nothing from revenue."""
    costs, kind = experiment.costs, experiment.compensation[terms.compensation]
    fee = mg.moment(tier.tables["fee"]) * terms.posts * kind.fee_share
    fee *= 1.0 + costs.usage_rights_share
    return float(
        fee * (1.0 + costs.agency_share)
        + costs.product_units * mg.moment(goods)
        + costs.shipping
        + costs.hourly_rate * mg.moment(tier.tables["management_hours"])
        + costs.boosting * terms.posts
    )


def _lines(
    experiment: Experiment,
    tiers: Mapping[tuple[str, str], TierTables | None],
    goods: Table,
    faults: list[Fault],
) -> tuple[tuple[PlanLine, ...], dict[str, float]]:
    result: list[PlanLine] = []
    left_over: dict[str, float] = {}
    for name, portfolio in experiment.portfolio.items():
        taken: dict[tuple[str, str, str], int] = {}
        spent = experiment.costs.fixed
        parts = list(portfolio_terms(portfolio))
        counts = _shared_counts(portfolio, [share for _, _, share in parts])
        for (line, terms, share), count in zip(parts, counts, strict=True):
            tier = tiers[terms.tier, terms.platform]
            assert tier is not None
            price = committed_cost(experiment, terms, tier, goods)
            if portfolio.budget is not None:
                money = share * (portfolio.budget - experiment.costs.fixed)
                hired = int(money / price + 1e-9) if price > 0.0 else 0
                if hired < 1:
                    key = f"portfolio.{name}.budget"
                    part = f"its share for {line} is {money:,.0f} USD, and " if share < 1 else ""
                    problem = f"buys no creator: {part}one of {line} commits {price:,.0f} USD"
                    faults.append(Fault(key, problem, portfolio.budget))
            else:
                hired = count
            if portfolio.budget is None and hired < 1:
                key = f"portfolio.{name}.creators"
                faults.append(Fault(key, f"leaves no creator to {line}", portfolio.creators))
            first = taken.get(terms.pool, 0)
            taken[terms.pool] = first + hired
            spent += hired * price
            result.append(PlanLine(name, line, terms, hired, first, price))
        if portfolio.budget is not None:
            left_over[name] = portfolio.budget - spent
    return tuple(result), left_over


def _shared_counts(portfolio: m.Portfolio, shares: list[float]) -> list[int]:
    """Split a number of creators by shares, the largest remainders first (Hamilton)."""
    if portfolio.creators is None:
        return [0] * len(shares)
    exact = [share * portfolio.creators for share in shares]
    counts = [math.floor(x + 1e-9) for x in exact]
    order = sorted(range(len(shares)), key=lambda i: (counts[i] - exact[i], i))
    for i in order[: portfolio.creators - sum(counts)]:
        counts[i] += 1
    return counts


def _works(
    lines: tuple[PlanLine, ...], seed: int
) -> tuple[tuple[PlanLine, ...], list[tuple[Terms, int, list[int]]]]:
    """Group lines that start at the same creator of the same pool on the same terms."""
    stops: dict[tuple[Terms, int], set[int]] = {}
    for line in lines:
        stops.setdefault((line.terms, line.first), set()).add(line.creators)
    groups = [(terms, first, sorted(counts)) for (terms, first), counts in stops.items()]
    index = {(terms, first): i for i, (terms, first, _) in enumerate(groups)}
    placed = []
    for line in lines:
        work = index[line.terms, line.first]
        t = line.terms
        key = stream_key(seed, "orders", *t.pool, t.compensation, t.posts, line.first)
        stop = groups[work][2].index(line.creators)
        placed.append(
            PlanLine(
                line.portfolio,
                line.name,
                t,
                line.creators,
                line.first,
                line.committed_per_creator,
                work,
                stop,
                key,
            )
        )
    return tuple(placed), groups


def _prices(experiment: Experiment, line: PlanLine, lines: tuple[PlanLine, ...]) -> list[float]:
    costs, kind = experiment.costs, experiment.compensation[line.terms.compensation]
    siblings = sum(1 for other in lines if other.portfolio == line.portfolio)
    by_component = {
        "fee": kind.fee_share,
        "usage_rights": kind.fee_share * costs.usage_rights_share,
        "product": 1.0,
        "shipping": costs.shipping,
        "management": costs.hourly_rate,
        "commission": kind.commission_rate,
        "bonus_orders": costs.bonus_per_order,
        "bonus_impressions": costs.bonus_per_thousand_impressions,
        "boosting": costs.boosting,
        "agency": costs.agency_share,
        "fixed": costs.fixed / siblings,
    }
    return [by_component[name] for name in COMPONENTS]


# --- Shared factors -------------------------------------------------------------------------------


def _factor_name(kind: str, terms: Terms) -> str:
    return "campaign" if kind == "campaign" else f"{kind}:{getattr(terms, kind)}"


def _factors(
    experiment: Experiment, all_terms: list[Terms], economics: Mapping[str, Table]
) -> tuple[Factor, ...]:
    """Return the factors in use: shocks, common and tier beliefs, uncertain economics."""
    used = {kind for loadings in experiment.shocks.loadings.values() for kind in loadings}
    shocks = {_factor_name(kind, terms) for kind in used for terms in all_terms}
    factors = [Factor(name, "shock") for name in sorted(shocks)]
    for believed, belief in sorted(experiment.beliefs.items()):
        name = str(believed)
        common, own = _belief_sds(belief)
        if common > 0.0:
            factors.append(Factor(name, "belief", common))
        if own > 0.0:
            tiers = sorted({(terms.platform, terms.tier) for terms in all_terms})
            factors += [Factor(f"{name}:{p}:{t}", "belief", own) for p, t in tiers]
    for name, table in economics.items():
        if not table.constant:
            factors.append(Factor(f"economics.{name}", "belief", table=table))
    return tuple(factors)


def _belief_sds(belief: m.Belief) -> tuple[float, float]:
    return belief.sd * math.sqrt(belief.common), belief.sd * math.sqrt(1.0 - belief.common)


# --- One line of the kernel -----------------------------------------------------------------------


def _work(
    experiment: Experiment,
    terms: Terms,
    first: int,
    stops: list[int],
    tier: TierTables,
    goods: Table,
    factors: tuple[Factor, ...],
    row: Mapping[str, int],
    faults: list[Fault],
) -> Line:
    spec = experiment.tier[terms.tier].on[terms.platform]
    kind = experiment.compensation[terms.compensation]
    platform, niche = experiment.platform[terms.platform], experiment.niche[terms.niche]
    tables = {**tier.tables, "product_cost": goods}
    if kind.delivery_rate is not None:
        tables["delivery"] = _threshold(kind.delivery_rate)
    loading, belief = _weights(experiment, terms, factors, row)
    drawn = [x for x, name in enumerate(CREATOR_INPUTS) if not tables[name].constant]
    shift = np.array([tier.shift.get(name, 0.0) for name in INPUTS])
    shift[INPUTS.index("engagement_rate")] += math.log(kind.engagement_factor)
    # A lognormal belief of mean one has median exp(-log_sd^2 / 2).
    shift -= (belief**2).sum(axis=1) / 2.0
    for x, name in enumerate(INPUTS):
        if tables[name].constant and name != "amplification":
            shift[x] += tables[name].coefficients[0, 0]
    own = np.sqrt(np.maximum(1.0 - (loading**2).sum(axis=1), 0.0))
    mix = _mix(spec, tables, own, f"tier.{terms.tier}", faults)
    start, coefficients, pieces, ranges = 0, [], [], []
    for name in INPUTS:
        table = tables[name]
        cap = tier.log_amplification_cap if name == "amplification" else -mg.LOG_ZERO
        pieces.append((start, 0 if table.linear else len(table.coefficients)))
        ranges.append((table.low, 1.0 / table.step, table.jump, cap))
        coefficients.append(table.coefficients)
        start += len(table.coefficients)
    count = stops[-1]
    rho = spec.amplification_engagement_correlation
    engagement_varies = not tables["engagement_rate"].constant
    post_own = own[len(CREATOR_INPUTS) :]
    return Line(
        key=stream_key(experiment.simulation.seed, "creator", *terms.pool),
        creators=np.arange(first, first + count, dtype=np.uint64),
        stops=np.array(stops, dtype=np.int64),
        pairs=np.unique(np.array(drawn, dtype=np.int64) // 2),
        drawn=np.array(drawn, dtype=np.int64),
        mix=mix[None],
        mix_of=np.zeros(count, dtype=np.int64),
        score_known=np.zeros((1, len(INPUTS))),
        log_known=np.zeros((1, len(INPUTS))),
        known_of=np.zeros(count, dtype=np.int64),
        loading=loading,
        belief=belief,
        shift=shift,
        varies=np.array(
            [not tables[n].constant or bool(belief[x].any()) for x, n in enumerate(INPUTS)]
        ),
        pieces=np.array(pieces, dtype=np.int64),
        ranges=np.array(ranges),
        coefficients=np.concatenate(coefficients),
        luck_own=float(post_own[POST_INPUTS.index("post_luck")]),
        amplification_engagement=float(rho * post_own[1]) if engagement_varies else 0.0,
        amplification_own=float(
            post_own[1] * (math.sqrt(1.0 - rho * rho) if engagement_varies else 1.0)
        ),
        repeats=np.power(terms.repeat_factor, np.arange(terms.posts, dtype=np.float64)),
        amplified_engagement=spec.amplified_engagement,
        amplified_conversion=spec.amplified_conversion,
        per_impression=spec.engagement_basis == "impressions",
        log_authentic_mean=math.log(tier.authentic_mean),
        audience=platform.audience,
        market=math.inf if niche.market is None else niche.market,
        viral_excess=platform.viral_from - 1.0,
        fee_on_delivery=experiment.costs.fee_due == "delivery",
    )


def _weights(
    experiment: Experiment, terms: Terms, factors: tuple[Factor, ...], row: Mapping[str, int]
) -> tuple[Array, Array]:
    """Return weights of the factors in scores and in log values, each of shape (inputs, factors)."""
    loading = np.zeros((len(INPUTS), len(factors)))
    belief = np.zeros((len(INPUTS), len(factors)))
    for name, loadings in experiment.shocks.loadings.items():
        for kind, weight in loadings.items():
            loading[INPUTS.index(name), row[_factor_name(kind, terms)]] = (
                experiment.shocks.scale * weight
            )
    for believed, width in experiment.beliefs.items():
        common, own = _belief_sds(width)
        x = INPUTS.index(believed)
        if common > 0.0:
            belief[x, row[believed]] = common
        if own > 0.0:
            belief[x, row[f"{believed}:{terms.platform}:{terms.tier}"]] = own
    return loading, belief


def _mix(
    spec: m.Tier, tables: Mapping[str, Table], own: Array, key: str, faults: list[Fault]
) -> Array:
    r"""Return the weights of a creator's independent normals in its idiosyncratic scores.

    Followers and reach go with engagement, and with each other only through it. The fee follows
    the log of expected engagements per post, :math:`X = \log F + \log e`, as it is known when the
    contract is made (without shared shocks): its score has correlation
    :math:`\kappa = \eta\, s_X / s_{fee}` with X, so that the slope of log fee on X is eta and the
    fee's own distribution stays as written.
    """
    n = len(INPUTS)
    mix = np.eye(n)
    e, f, r, fee = (INPUTS.index(x) for x in ("engagement_rate", "followers", "reach_rate", "fee"))

    def varies(x: int) -> bool:
        return not tables[INPUTS[x]].constant

    if varies(e):
        for x, rho in (
            (f, spec.followers_engagement_correlation),
            (r, spec.engagement_reach_correlation),
        ):
            mix[x, e], mix[x, x] = rho, math.sqrt(1.0 - rho * rho)
    s_e = mg.log_moments(tables["engagement_rate"])[1] * own[e] if varies(e) else 0.0
    s_f = mg.log_moments(tables["followers"])[1] * own[f] if varies(f) else 0.0
    s_fee = mg.log_moments(tables["fee"])[1] * own[fee]
    x_e, x_f = s_e + mix[f, e] * s_f, mix[f, f] * s_f
    s_x = math.hypot(x_e, x_f)
    if s_x > 0.0 and s_fee > 0.0 and spec.fee_elasticity != 0.0:
        kappa = spec.fee_elasticity * s_x / s_fee
        if abs(kappa) > 1.0:
            faults.append(
                Fault(
                    f"{key}.fee_elasticity",
                    f"must lie within {s_fee / s_x:.3g} of 0: beyond it fees that follow "
                    "engagement would spread more than `fee` says",
                    spec.fee_elasticity,
                )
            )
            kappa = 0.0
        mix[fee, e], mix[fee, f] = kappa * x_e / s_x, kappa * x_f / s_x
        mix[fee, fee] = math.sqrt(1.0 - kappa * kappa)
    return mix * own[:, None]
