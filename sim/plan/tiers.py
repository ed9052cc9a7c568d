"""One tier on one platform: its quantile tables, and quoted means turned into organic ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.marginals import Marginal, MarginalError, QuantileTable
from ..experiment import Distribution, Fault
from ..experiment import models as m

Array = npt.NDArray[np.float64]


def marginal(distribution: Distribution, lower: float = 0.0, upper: float = math.inf) -> Marginal:
    """Return an experiment's distribution for the engine, truncated as written and as given."""
    return Marginal(
        distribution.family,
        distribution.parameters,
        max(distribution.lower, lower),
        min(distribution.upper, upper),
        distribution.values,
    )


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

    tables: Mapping[str, QuantileTable]
    shift: Mapping[str, float]
    amplification_mean: float
    log_amplification_cap: float
    authentic_mean: float


def tier_tables(tier: m.Tier, key: str, faults: list[Fault]) -> TierTables | None:
    """Compile a tier; faults are added to the list."""
    low, high = tier.follower_range
    distributions = {name: getattr(tier, name) for name in _TIER_DISTRIBUTIONS}
    tables: dict[str, QuantileTable] = {}
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
    try:
        tables["amplification"] = amplification_table(tier.amplification)
    except MarginalError as error:
        faults.append(Fault(f"{key}.amplification", str(error)))
    if len(tables) <= len(distributions):
        return None
    tables["delivery"] = threshold(tier.delivery_rate)
    tables["incident"] = threshold(tier.incident_rate)
    cap = tier.amplification.cap
    log_cap = math.log(max(cap - 1.0, 1e-300)) if cap is not None else -mg.LOG_ZERO
    shift = dict.fromkeys(tables, 0.0)
    shift["post_luck"] = -math.log(mg.moment(tables["post_luck"]))
    quoted = quoted_to_organic(tier, tables, log_cap)
    shift["engagement_rate"], shift["conversion_rate"], shift["reach_rate"] = quoted[:3]
    if tier.effort_elasticity and tier.effort_fee is not None:
        fee = float(tables["fee"].log_quantile(np.zeros(1))[0])
        if fee <= mg.LOG_ZERO:
            problem = "needs a `fee` above zero: effort follows its logarithm"
            faults.append(Fault(f"{key}.effort_elasticity", problem, tier.effort_elasticity))
        shift["engagement_rate"] += tier.effort_elasticity * (fee - math.log(tier.effort_fee))
    return TierTables(tables, shift, quoted[3], log_cap, mg.moment(tables["authentic_share"]))


_TIER_DISTRIBUTIONS = (
    "engagement_rate", "followers", "reach_rate", "conversion_rate", "authentic_share", "fee",
    "fit", "management_hours", "post_luck",
)  # fmt: skip
_TIER_SHARES = ("engagement_rate", "reach_rate", "authentic_share")


def threshold(probability: float) -> QuantileTable:
    """Return the table of a yes/no input: zero below the score, one above."""
    from scipy.special import ndtri

    if probability == 0.0:
        return mg.compile_marginal(Marginal("constant", {"value": 0.0}))

    return QuantileTable(
        0.0, 1.0, np.zeros((1, 4)), float(-ndtri(probability)) if probability < 1 else -math.inf
    )


def amplification_table(law: m.Amplification) -> QuantileTable:
    """Return the table of A - 1."""
    if law.spike is not None and law.spike.probability > 0.0:
        return mg.spike(law.spike.probability, law.spike.minimum, law.spike.tail_index)
    if law.cascade is not None:
        parameters = {"a": law.cascade.b, "b": law.cascade.tail_index}
        return mg.compile_marginal(Marginal("betaprime", parameters))
    return mg.compile_marginal(Marginal("constant", {"value": 0.0}))


def quoted_to_organic(
    tier: m.Tier, tables: Mapping[str, QuantileTable], log_cap: float
) -> tuple[float, float, float, float]:
    r"""Return log shifts of engagement, conversion and reach, and E[A].

    Quoted rates are means with amplified posts included. With
    :math:`g(q) = E[e (1 + (A - 1) q)] / E[e]` organic engagement per follower is the quoted one
    divided by :math:`g(q)` (per impression: times :math:`E[A] / g(q)`), organic conversion the
    quoted one times :math:`g(q) / g(q w)`, and the reach rate the quoted one divided by
    :math:`E[a] E[r A] / E[r]` where all viewers are counted per follower. A goes with e through
    the correlation of their normal scores, and with r as far as r goes with e; loadings are zero
    here. Quoted rates are unweighted means over posts.
    """
    amplification = tables["amplification"]
    if amplification.constant:
        excess, joint, seen = 0.0, 0.0, 0.0
    else:
        z, w = mg.score_nodes(amplification.jump)
        a = np.exp(np.minimum(amplification.log_quantile(z), log_cap))
        rho = tier.amplification_engagement_correlation
        excess = float(np.sum(w * a))
        joint = float(
            np.sum(w * a * _conditional_mean(tables["engagement_rate"], rho, amplification.jump))
        )
        joint /= mg.moment(tables["engagement_rate"])
        # An engagement rate that does not vary ties nothing to anything.
        varies = not tables["engagement_rate"].constant
        along = rho * tier.engagement_reach_correlation if varies else 0.0
        seen = float(
            np.sum(w * a * _conditional_mean(tables["reach_rate"], along, amplification.jump))
        )
        seen /= mg.moment(tables["reach_rate"])
    q, qw = tier.amplified_engagement, tier.amplified_engagement * tier.amplified_conversion
    g, g_w = 1.0 + q * joint, 1.0 + qw * joint
    engagement = -math.log(g)
    if tier.engagement_basis == "impressions":
        engagement += math.log(1.0 + excess)
    reach = 0.0
    if tier.reach_basis == "followers":
        reach = -math.log(mg.moment(tables["authentic_share"]) * (1.0 + seen))
    return engagement, math.log(g / g_w), reach, 1.0 + excess


@lru_cache(maxsize=64)
def _conditional_mean(table: QuantileTable, rho: float, jump: float) -> Array:
    """Return E[X | Z = z] where the normal score of X has correlation rho with Z.

    For the nodes z of the scores from a jump on, see `sim.engine.marginals.score_nodes`.
    """
    nodes, weights = mg.hermite(60)
    scores = rho * mg.score_nodes(jump)[0][:, None] + math.sqrt(1.0 - rho * rho) * nodes
    mean: Array = np.exp(table.log_quantile(scores)) @ weights
    return mean


def compile_or_fault(distribution: Distribution, key: str, faults: list[Fault]) -> QuantileTable:
    """Return the table of a distribution; where it cannot be had, add a fault and return zero."""
    try:
        return mg.compile_marginal(marginal(distribution))
    except MarginalError as error:
        faults.append(Fault(key, str(error), distribution.written))
        return mg.compile_marginal(Marginal("constant", {"value": 0.0}))
