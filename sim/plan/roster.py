r"""Rosters: lines of named creators, drawn given what is known of each.

What is known is heard through the copula. Own scores of a creator's inputs are
:math:`s = L\varepsilon` with correlations :math:`R = LL^\top` (`shared.creator_mix`); what is known
says :math:`y = Hs + \text{noise}`, so that given it s is normal with mean :math:`Ky` and covariance
:math:`R - KHR`, :math:`K = RH^\top(HRH^\top + V)^{-1}`: the rule of a Kalman filter, or of empirical
Bayes shrinkage where one input is known (Efron and Morris 1975). A measured rate is the mean of n
posts of another season: its noise is what posts add, :math:`\tau^2/n` in units of the spread
between creators, and what the shared shocks of that season did, :math:`1 - o^2`, where o is the
weight of the creator's own score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.keys import name_id
from ..engine.line import INPUTS, N_INPUTS, Line
from ..engine.marginals import Table
from ..experiment.roster import RosterRow

Array = npt.NDArray[np.float64]

E, F, C, FEE = (
    INPUTS.index(name) for name in ("engagement_rate", "followers", "conversion_rate", "fee")
)
_LOWEST, _HIGHEST, _HALVINGS = -8.0, 8.0, 60


def score_of(table: Table, values: Array) -> Array:
    """Return the normal scores whose quantiles are some positive values, by bisection."""
    logs = np.log(values)
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
    unloaded_mix: Array,
    own: Array,
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
    unloaded_mix
        L, shape (inputs, inputs).
    own
        Weights of the creators' own scores, shape (inputs,).
    """
    known = _columns(people)
    exact = [F, FEE] if not math.isnan(people[0].fee) else [F]
    drawn = np.array([x for x in line.drawn if x not in exact], dtype=np.int64)
    seen = _observations(known, tables, own, line)
    log_known = np.zeros((len(people), N_INPUTS))
    for x, values in ((F, known.followers), (FEE, known.fee)):
        if x in exact:
            with np.errstate(divide="ignore"):
                log_known[:, x] = np.maximum(np.log(values), mg.LOG_ZERO) - line.shift[x]
    mixes, variant, score, weight = _posterior(seen, unloaded_mix, own, drawn, len(people))
    doubt = np.ones((len(people), N_INPUTS))
    doubt[:, exact] = 0.0
    doubt[:, E], doubt[:, C] = 1.0 - weight[:, E], 1.0 - weight[:, C]
    return line._replace(
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


def _observations(
    known: _Known, tables: Mapping[str, Table], own: Array, line: Line
) -> dict[int, tuple[Array, Array]]:
    """Return score and variance of its noise of each input that something is known of.

    The variance is infinite where nothing is known; a score of the shared and own part together.
    """
    result = {}

    def put(x: int, values: Array, noise: Array) -> None:
        table = tables[INPUTS[x]]
        there = np.isfinite(values) & (values > 0.0)
        if table.constant or not there.any():
            return
        score = np.zeros(values.shape)
        score[there] = score_of(table, values[there])
        result[x] = score, np.where(there, noise, np.inf)

    put(F, known.followers, np.zeros(known.followers.shape))
    put(FEE, known.fee, np.full(known.fee.shape, 1.0 - own[FEE] ** 2))
    post = mg.log_moments(tables["post_luck"])[1] if not tables["post_luck"].constant else 0.0
    spread = _spread(tables["engagement_rate"])
    put(E, known.engagement, 1.0 - own[E] ** 2 + (post / spread) ** 2 / known.posts)
    # Orders per engagement of earlier posts: a Poisson count, half an order added (Haldane 1956).
    with np.errstate(invalid="ignore"):
        reached = known.followers * known.engagement * known.order_posts
        rate = (known.orders + 0.5) / reached
        noise = 1.0 / (known.orders + 0.5) / _spread(tables["conversion_rate"]) ** 2
    if line.per_impression:
        rate = np.full(rate.shape, np.nan)  # impressions of earlier posts are not known
    put(C, rate, 1.0 - own[C] ** 2 + noise)
    return result


def _spread(table: Table) -> float:
    return 1.0 if table.constant else max(float(mg.log_moments(table)[1]), 1e-9)


def _posterior(
    seen: Mapping[int, tuple[Array, Array]],
    mix: Array,
    own: Array,
    drawn: npt.NDArray[np.int64],
    people: int,
) -> tuple[Array, npt.NDArray[np.int64], Array, Array]:
    """Return the mixes (V, X, X), which each creator has, added scores (C, X) and weights (C, X).

    Creators with the same noise share a mix. A weight is how much of an input's own score what is
    known of that input decides.
    """
    inputs = sorted(seen)
    noise = np.array([seen[x][1] for x in inputs]).reshape(len(inputs), people).T
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
    values = np.array([seen[x][0] for x in inputs]).reshape(len(inputs), people).T
    for v, variances in enumerate(unique):
        has = np.isfinite(variances)
        at = np.array(inputs, dtype=np.int64)[has]
        h = np.zeros((len(at), N_INPUTS))
        h[np.arange(len(at)), at] = own[at]
        told = h @ correlation @ h.T + np.diag(variances[has])
        gain = correlation @ h.T @ np.linalg.pinv(told, hermitian=True)
        left = correlation - gain @ h @ correlation
        members = np.flatnonzero(variant.ravel() == v)
        score[members] = own * (values[members][:, has] @ gain.T)
        for k, x in enumerate(at):
            weight[members, x] = own[x] * gain[x, k]
        mixes[v] = own[:, None] * _root(left, drawn)
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
