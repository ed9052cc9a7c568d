"""What creators share: factors, and their weights in scores and in log values."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import INPUTS
from ..engine.marginals import QuantileTable
from ..experiment import Experiment, Fault
from ..experiment import models as m
from .model import Factor, Posterior, Terms

Array = npt.NDArray[np.float64]


def _factor_name(kind: str, terms: Terms) -> str:
    return "campaign" if kind == "campaign" else f"{kind}:{getattr(terms, kind)}"


def shared_factors(
    experiment: Experiment, all_terms: list[Terms], figures: Mapping[str, QuantileTable]
) -> tuple[Factor, ...]:
    """Return the factors in use: shocks, common and tier beliefs, other figures in doubt by key."""
    used = {kind for loadings in experiment.shocks.loadings.values() for kind in loadings}
    shocks = {_factor_name(kind, terms) for kind in used for terms in all_terms}
    factors = [Factor(name, "shock") for name in sorted(shocks)]
    for believed, belief in sorted(experiment.beliefs.items()):
        name = str(believed)
        common = _common_sd(belief)
        if common > 0.0:
            factors.append(Factor(name, "belief", common))
        for platform, tier in sorted({(terms.platform, terms.tier) for terms in all_terms}):
            own = _own_sd(belief, tier, platform)
            if own > 0.0:
                factors.append(Factor(f"{name}:{platform}:{tier}", "belief", own))
    for key, table in figures.items():
        if not table.constant:
            factors.append(Factor(key, "belief", table=table))
    if experiment.learned is not None:
        # What was learned of one goes with what was learned of another, used here or not.
        used_here = {factor.name for factor in factors}
        factors += [
            Factor(name, "belief", _believed_sd(experiment, name))
            for name in experiment.learned.factors if name not in used_here
        ]  # fmt: skip
    return tuple(factors)


def _believed_sd(experiment: Experiment, name: str) -> float:
    """Return the log sd of a belief by the name of its factor; 0 for what is no belief here."""
    believed, *place = name.split(":")
    widths: Mapping[str, m.Belief] = {
        str(key): belief for key, belief in experiment.beliefs.items()
    }
    if believed not in widths:
        return 0.0
    return _own_sd(widths[believed], place[1], place[0]) if place else _common_sd(widths[believed])


def posterior(experiment: Experiment, row: Mapping[str, int]) -> Posterior | None:
    """Return what results taught of the factors, None where nothing was learned.

    The root of the covariance is the symmetric one: no factor comes before another, and draws move
    as little as they can.
    """
    learned = experiment.learned
    if learned is None:
        return None
    center, root = np.zeros(len(row)), np.eye(len(row))
    at = [row[name] for name in learned.factors]
    values, vectors = np.linalg.eigh(np.array(learned.covariance))
    center[at] = learned.center
    root[np.ix_(at, at)] = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return Posterior(center, root)


def _common_sd(belief: m.Belief) -> float:
    return belief.sd * math.sqrt(belief.common)


def _own_sd(belief: m.Belief, tier: str, platform: str) -> float:
    rest = belief.sd * math.sqrt(1.0 - belief.common)
    return belief.own.get(f"{tier} on {platform}", belief.own.get(tier, rest))


def weights(
    experiment: Experiment,
    terms: Terms,
    factors: tuple[Factor, ...],
    row: Mapping[str, int],
    learned: Posterior | None,
) -> tuple[Array, Array, Array]:
    """Return what the factors do in scores and in log values.

    Returns
    -------
    loading, belief : numpy.ndarray
        Weights in scores and in log values, each of shape (inputs, factors).
    level : numpy.ndarray
        Shape (inputs,), what beliefs add to the log where all factors are zero.
    """
    loading = np.zeros((len(INPUTS), len(factors)))
    belief = np.zeros((len(INPUTS), len(factors)))
    for name, loadings in experiment.shocks.loadings.items():
        for kind, weight in loadings.items():
            loading[INPUTS.index(name), row[_factor_name(kind, terms)]] = (
                experiment.shocks.scale * weight
            )
    for believed, width in experiment.beliefs.items():
        common, own = _common_sd(width), _own_sd(width, terms.tier, terms.platform)
        x = INPUTS.index(believed)
        if common > 0.0:
            belief[x, row[believed]] = common
        if own > 0.0:
            belief[x, row[f"{believed}:{terms.platform}:{terms.tier}"]] = own
    # A lognormal belief of mean one has median exp(-log_sd^2 / 2).
    level = -(belief**2).sum(axis=1) / 2.0
    if learned is None:
        return loading, belief, level
    return loading, belief @ learned.root, level + belief @ learned.center


def creator_mix(
    spec: m.Tier, tables: Mapping[str, QuantileTable], own: Array, key: str, faults: list[Fault]
) -> Array:
    r"""Return the weights of a creator's independent normals in its idiosyncratic scores.

    Followers and reach go with engagement, and with each other only through it. The fee follows
    the log of expected engagements per post, :math:`X = \log F + \log e`, as it is known when the
    contract is made: over the creators of one world, without shared shocks, its score has
    correlation :math:`\gamma = \eta\, s_X / s_{fee}` with X, s standard deviations over those
    creators, so that the slope of log fee on X is eta and the fee's own distribution stays as
    written.
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
        gamma = spec.fee_elasticity * s_x / s_fee
        if abs(gamma) > 1.0:
            faults.append(
                Fault(
                    f"{key}.fee_elasticity",
                    f"must lie within {s_fee / s_x:.3g} of 0: beyond it fees that follow "
                    "engagement would spread more than `fee` says",
                    spec.fee_elasticity,
                )
            )
            gamma = 0.0
        mix[fee, e], mix[fee, f] = gamma * x_e / s_x, gamma * x_f / s_x
        mix[fee, fee] = math.sqrt(1.0 - gamma * gamma)
    return mix * own[:, None]
