r"""Rosters: lines of named creators, drawn given what is known of each.

What is known is heard through the copula. Own scores of a creator's inputs are
:math:`s = L\varepsilon` with correlations :math:`R = LL^\top` (`shared.creator_mix`); what is known
says :math:`y = Hs + \text{noise}`, so that given it s is normal with mean :math:`Ky` and covariance
:math:`R - KHR`, :math:`K = RH^\top(HRH^\top + V)^{-1}`: the rule of a Kalman filter, or of empirical
Bayes shrinkage where one input is known (Efron and Morris 1975). A measured rate is the mean of n
posts of another season: its noise is what luck and amplification of posts add, :math:`\tau^2/n` in
units of the spread between creators, and what the shared shocks of that season did,
:math:`1 - o^2`, where o is the weight of the creator's own score. Orders of earlier posts tell of
conversion, fit and authentic share together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.keys import name_id
from ..engine.line import AMPLIFICATION, AUTHENTIC_SHARE, FIT, INPUTS, N_INPUTS, Line
from ..engine.marginals import Table
from ..experiment.roster import RosterRow

Array = npt.NDArray[np.float64]

E, F, C, FEE = (
    INPUTS.index(name) for name in ("engagement_rate", "followers", "conversion_rate", "fee")
)
_LOWEST, _HIGHEST, _HALVINGS = -8.0, 8.0, 60
#: Known figures are round ones: each stands for those within a twentieth of it.
_ROUND = math.log(1.05)


def score_of(table: Table, values: Array) -> Array:
    """Return the normal scores of some positive values.

    A value's probability is the mean of the distribution function a twentieth below and above it,
    so that a round number at the very end of a truncated distribution, 10,000 followers of a micro
    creator say, stands for its neighbours and not for the end itself.
    """
    from scipy.special import ndtr, ndtri

    below, above = (_score_at(table, np.log(values) + side * _ROUND) for side in (-1.0, 1.0))
    low, high = (ndtr(below) + ndtr(above)) / 2.0, (ndtr(-below) + ndtr(-above)) / 2.0
    return np.asarray(np.where(low < high, ndtri(low), -ndtri(high)))


def _score_at(table: Table, logs: Array) -> Array:
    """Return the scores whose log quantiles are some logs, by bisection."""
    low, high = np.full(logs.shape, _LOWEST), np.full(logs.shape, _HIGHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        below = table.log_quantile(middle) < logs
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2.0)


@dataclass(frozen=True)
class _Known:
    """What is known of the creators of a line, an array entry each; NaN where it is not."""

    followers: Array
    engagement: Array
    posts: Array
    fee: Array
    orders: Array
    order_posts: Array


def _columns(people: Sequence[RosterRow]) -> _Known:
    names = ("followers", "engagement_rate", "posts", "fee", "past_orders", "past_posts")
    return _Known(*(np.array([getattr(row, name) for row in people]) for name in names))


def named_line(
    line: Line,
    people: Sequence[RosterRow],
    tables: Mapping[str, Table],
    score_mix: Array,
    own: Array,
    tracked_share: float,
) -> Line:
    """Return a line of named creators, given the same line of creators nobody knows.

    Parameters
    ----------
    line
        The line as it would be without any knowledge.
    people
        Its creators. The fee is known of all or of none.
    tables
        Quantile tables of the tier as quoted.
    score_mix
        L, shape (inputs, inputs).
    own
        Weights of the creators' own scores, shape (inputs,).
    tracked_share
        Share of earlier orders that were tracked.
    """
    known = _columns(people)
    exact = [F, FEE] if not math.isnan(people[0].fee) else [F]
    drawn = np.array([x for x in line.drawn if x not in exact], dtype=np.int64)
    seen = _observations(known, tables, own, line, tracked_share)
    log_known = np.zeros((len(people), N_INPUTS))
    for x, values in ((F, known.followers), (FEE, known.fee)):
        if x in exact:
            with np.errstate(divide="ignore"):
                log_known[:, x] = np.maximum(np.log(values), mg.LOG_ZERO) - line.shift[x]
    mixes, variant, score, weight = _posterior(seen, score_mix, own, drawn, len(people))
    # Posts are picked up by how engaging the creator is, as far as that is known.
    score[:, AMPLIFICATION] *= line.amplification_engagement
    doubt = np.ones((len(people), N_INPUTS))
    doubt[:, exact] = 0.0
    doubt[:, E], doubt[:, C] = 1.0 - weight[:, E], 1.0 - weight[:, C]
    return replace(
        line,
        creators=np.array([name_id(row.name) for row in people], dtype=np.uint64),
        stops=np.array([len(people)], dtype=np.int64),
        keep=np.array([len(people)], dtype=np.int64),
        drawn=drawn,
        mix=mixes,
        mix_of=variant,
        score_known=score,
        log_known=log_known,
        doubt=doubt,
        known_of=np.arange(len(people), dtype=np.int64),
    )


@dataclass(frozen=True)
class _Seen:
    """What is seen of an input: scores, variances of their noise, and weights of own scores.

    The noise is infinite where nothing is known; a score is of the shared and own part together.
    """

    score: Array
    noise: Array
    weights: Array


def _observations(
    known: _Known, tables: Mapping[str, Table], own: Array, line: Line, tracked_share: float
) -> dict[int, _Seen]:
    result = {}

    def put(
        x: int, values: Array, noise: Array, spreads: Mapping[int, float] | None = None
    ) -> None:
        table = tables[INPUTS[x]]
        there = np.isfinite(values) & (values > 0.0)
        if table.constant or not there.any():
            return
        score, weights = np.zeros(values.shape), np.zeros(N_INPUTS)
        score[there] = score_of(table, values[there])
        weights[x] = own[x]
        for y, spread in (spreads or {}).items():
            weights[y] = own[y] * spread / _spread(table)
        result[x] = _Seen(score, np.where(there, noise, np.inf), weights)

    put(F, known.followers, np.zeros(known.followers.shape))
    put(FEE, known.fee, np.full(known.fee.shape, 1.0 - own[FEE] ** 2))
    post = _post_variance(tables, line) / _spread(tables["engagement_rate"]) ** 2
    put(E, known.engagement, 1.0 - own[E] ** 2 + post / known.posts)
    if line.per_impression or tracked_share == 0.0:
        return result  # impressions of earlier posts are not known
    # Orders per engagement of earlier posts: a Poisson count, half an order added (Haldane 1956).
    also = {x: mg.log_moments(tables[INPUTS[x]]) for x in (FIT, AUTHENTIC_SHARE)}
    typical = math.exp(sum(mean for mean, _ in also.values()) - line.log_authentic_mean)
    with np.errstate(invalid="ignore"):
        reached = known.followers * known.engagement * known.order_posts * tracked_share * typical
        rate = (known.orders + 0.5) / reached
        noise = 1.0 / (known.orders + 0.5) / _spread(tables["conversion_rate"]) ** 2
    spreads = {x: sd for x, (_, sd) in also.items()}
    put(C, rate, 1.0 - own[C] ** 2 + noise, spreads)
    return result


def _post_variance(tables: Mapping[str, Table], line: Line) -> float:
    """Return the variance of the log of what a post makes of its creator's engagement rate."""
    luck, amplification = tables["post_luck"], tables["amplification"]
    variance = 0.0 if luck.constant else mg.log_moments(luck)[1] ** 2
    if not amplification.constant:
        z, w = mg.score_nodes(amplification.jump)
        excess = np.exp(np.minimum(amplification.log_quantile(z), line.ranges[AMPLIFICATION, 3]))
        log = np.log1p(line.amplified_engagement * excess)
        variance += float(w @ log**2 - (w @ log) ** 2)
    return float(variance)


def _spread(table: Table) -> float:
    return 1.0 if table.constant else max(float(mg.log_moments(table)[1]), 1e-9)


def _posterior(
    seen: Mapping[int, _Seen],
    mix: Array,
    own: Array,
    drawn: npt.NDArray[np.int64],
    people: int,
) -> tuple[Array, npt.NDArray[np.int64], Array, Array]:
    """Return the mixes (V, X, X), which each creator has, added scores (C, X) and weights (C, X).

    Creators with the same noise share a mix. A weight is how much of an input's own score what is
    known of that input decides. Under amplification stand the mean and the rest of what is not
    known of the creator's engagement score.
    """
    inputs = sorted(seen)
    noise = np.array([seen[x].noise for x in inputs]).reshape(len(inputs), people).T
    # Two digits: creators whose rates rest on 17 and on 17.1 orders share their mix.
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 10.0 ** (np.floor(np.log10(noise)) - 1.0)
        rounded = np.where(
            (noise > 0.0) & np.isfinite(noise), np.round(noise / digits) * digits, noise
        )
    unique, variant = np.unique(rounded, axis=0, return_inverse=True)
    correlation = mix @ mix.T
    mixes = np.zeros((len(unique), N_INPUTS, N_INPUTS))
    score, weight = np.zeros((people, N_INPUTS)), np.zeros((people, N_INPUTS))
    values = np.array([seen[x].score for x in inputs]).reshape(len(inputs), people).T
    for v, variances in enumerate(unique):
        has = np.isfinite(variances)
        at = np.array(inputs, dtype=np.int64)[has]
        h = np.array([seen[x].weights for x in at]).reshape(len(at), N_INPUTS)
        told = h @ correlation @ h.T + np.diag(variances[has])
        gain = correlation @ h.T @ np.linalg.pinv(told, hermitian=True)
        left = correlation - gain @ h @ correlation
        members = np.flatnonzero(variant.ravel() == v)
        mean = values[members][:, has] @ gain.T
        score[members] = own * mean
        score[members, AMPLIFICATION] = mean[:, E]
        for k, x in enumerate(at):
            weight[members, x] = own[x] * gain[x, k]
        root = _root(left, drawn)
        mixes[v] = own[:, None] * root
        mixes[v, AMPLIFICATION, E] = root[E, E]
    return mixes, variant.ravel().astype(np.int64), score, weight


def _root(covariance: Array, drawn: npt.NDArray[np.int64]) -> Array:
    """Return a lower triangular root of a covariance that may be singular, over the drawn inputs."""
    root = np.zeros_like(covariance)
    for i in drawn:
        for j in drawn:
            if j > i:
                break
            rest = covariance[i, j] - root[i] @ root[j]
            if i == j:
                root[i, i] = math.sqrt(max(float(rest), 0.0))
            elif root[j, j] > 1e-9:
                root[i, j] = rest / root[j, j]
    return root
