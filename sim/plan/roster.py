r"""Rosters: lines of named creators, drawn given what is known of each.

What is known is heard through the copula. Own scores of a creator's inputs are
:math:`s = L\varepsilon` with correlations :math:`R = LL^\top` (`shared.creator_mix`); followers, fee,
a measured rate and orders of earlier posts are observations of them, taken in by `heard.Scores` in
this order. With one of them it is empirical Bayes shrinkage (Efron and Morris 1975).

- A **rate** measured on n posts of another season shows :math:`T_e(z_e)`, and what luck and
  amplification of these posts and the shared shocks of that season added.
- **Orders** of earlier posts are Poisson. Their mean holds all inputs that make orders, so they tell
  of engagement, conversion, fit and authentic share together, of each by its share of the spread.

What a roster shows of a tier's mean is not learned: beliefs are drawn as for everybody, and hold
for the share of a creator that its observations leave open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.keys import name_id
from ..engine.line import (
    AMPLIFICATION,
    AUTHENTIC_SHARE,
    CONVERSION_RATE,
    ENGAGEMENT_RATE,
    FEE,
    FIT,
    FOLLOWERS,
    INPUTS,
    N_INPUTS,
    POST_LUCK,
    REACH_RATE,
    Line,
)
from ..engine.marginals import QuantileTable
from ..experiment.roster import RosterRow
from .heard import Counts, Scores, counted_rate, measured_score, score_of, straight, two_digits
from .post_noise import post_noise
from .tiers import TierTables

Array = npt.NDArray[np.float64]

#: Inputs whose scores can be heard of, and the state beyond them: the log of the tracked share.
_HEARD = (
    ENGAGEMENT_RATE, FOLLOWERS, REACH_RATE, CONVERSION_RATE, AUTHENTIC_SHARE, FEE, FIT,
)  # fmt: skip
_AT = {x: k for k, x in enumerate(_HEARD)}
_TRACKED = len(_HEARD)
_STATES = _TRACKED + 1
#: How often log values that bend are laid straight again where orders put them.
_ROUNDS = 4


def named_line(
    line: Line,
    people: Sequence[RosterRow],
    tier: TierTables,
    score_mix: Array,
    own: Array,
    tracked_share: QuantileTable,
    tracked_factor: float = 1.0,
) -> Line:
    """Return a line of named creators, given the same line of creators nobody knows.

    Parameters
    ----------
    line
        The line as it would be without any knowledge.
    people
        Its creators. The fee is known of all or of none.
    tier
        Its quantile tables, as quoted.
    score_mix
        L, shape (inputs, inputs).
    own
        Weights of the creators' own scores, shape (inputs,).
    tracked_share
        Share of earlier orders that were tracked.
    tracked_factor
        Factor of the line on it.
    """
    exact = [FOLLOWERS, FEE] if not math.isnan(people[0].fee) else [FOLLOWERS]
    drawn = np.array([x for x in line.drawn if x not in exact], dtype=np.int64)
    correlation = score_mix @ score_mix.T
    told = _Told(line, people, tier, own, correlation, tracked_share, tracked_factor)
    told.followers_and_fee()
    told.measured_rate()
    told.counted_orders()
    log_known = np.zeros((len(people), N_INPUTS))
    for x in exact:
        values = np.array([getattr(row, INPUTS[x]) for row in people])
        with np.errstate(divide="ignore"):
            log_known[:, x] = np.maximum(np.log(values), mg.LOG_ZERO) - line.shift[x]
    doubt = told.doubt()
    doubt[:, exact] = 0.0
    # A belief of mean one has median exp(-b^2 / 2): what is doubted less is also moved less.
    moved = (doubt - 1.0) * line.level
    moved[:, exact] = 0.0
    mixes, variant = _mixes(told, correlation, drawn)
    score = np.zeros((len(people), N_INPUTS))
    score[:, _HEARD] = own[list(_HEARD)] * told.scores.mean[:, :_TRACKED]
    # Posts are picked up by how engaging the creator is, as far as that is known.
    score[:, AMPLIFICATION] = line.amplification_engagement * told.scores.mean[:, 0]
    return replace(
        line,
        creators=np.array([name_id(row.name) for row in people], dtype=np.uint64),
        stops=np.array([len(people)], dtype=np.int64),
        drawn=drawn,
        mix=mixes,
        mix_of=variant,
        score_known=score,
        log_known=log_known + moved,
        doubt=doubt,
        known_of=np.arange(len(people), dtype=np.int64),
    )


class _Told:
    """Creators of a line and their scores, as one kind of knowledge after another is taken in.

    Attributes
    ----------
    scores
        Of `_HEARD`, and of the tracked share.
    deciding
        Columns of numbers that decide the covariances: creators alike in them share a mix.
    """

    def __init__(
        self,
        line: Line,
        people: Sequence[RosterRow],
        tier: TierTables,
        own: Array,
        correlation: Array,
        tracked_share: QuantileTable,
        tracked_factor: float,
    ) -> None:
        self.line, self.people, self.tier, self.own = line, people, tier, own
        self.tracked_share = tracked_share
        self.log_tracked_factor = math.log(tracked_factor)
        before = np.zeros((_STATES, _STATES))
        before[:_TRACKED, :_TRACKED] = correlation[np.ix_(_HEARD, _HEARD)]
        for k, x in enumerate(_HEARD):
            if tier.tables[INPUTS[x]].constant:
                before[k, :] = before[:, k] = 0.0
        if not tracked_share.constant:
            before[_TRACKED, _TRACKED] = mg.log_moments(tracked_share)[1] ** 2
        self.scores = Scores.before(before, len(people))
        self.deciding: list[Array] = []
        self.counted = np.zeros(len(people), dtype=bool)

    def _figures(self, name: str) -> Array:
        return np.array([getattr(row, name) for row in self.people], dtype=float)

    def _table(self, x: int) -> QuantileTable:
        return self.tier.tables[INPUTS[x]]

    def _weight(self, x: int) -> Array:
        """Return h of an input's score, shape (P, K)."""
        h = np.zeros((len(self.people), _STATES))
        h[:, _AT[x]] = self.own[x]
        return h

    def followers_and_fee(self) -> None:
        """Take in what is known to the last digit: it stays, and tells of engagement."""
        for x in (FOLLOWERS, FEE):
            values, table = self._figures(INPUTS[x]), self._table(x)
            known = np.isfinite(values) & (values > 0.0)
            if table.constant or not known.any():
                continue
            score = np.zeros(values.shape)
            score[known] = score_of(table, values[known])
            noise = np.where(known, 1.0 - self.own[x] ** 2, np.inf)
            self.deciding.append(noise)
            self.scores.hear(self._weight(x), score, noise)

    def measured_rate(self) -> None:
        """Take in engagement rates measured on posts of another season."""
        x, line = ENGAGEMENT_RATE, self.line
        rates, table = self._figures(INPUTS[x]), self._table(x)
        known = np.isfinite(rates) & (rates > 0.0)
        if table.constant or not known.any():
            return
        posts = np.where(known, self._figures("posts"), np.nan)
        share = line.amplified_engagement
        mean, noise = post_noise(self.tier.tables, line, posts, share, line.per_impression)
        logs = np.log(np.where(known, rates, 1.0)) - np.where(known, mean, 0.0)
        noise = np.where(known, noise, 1.0) + self._season({POST_LUCK: self._luck()})
        h, season = self._weight(x), 1.0 - self.own[x] ** 2
        centre, spread = self.scores.along(h)
        before = (centre, spread + season)
        value, noise = measured_score(table, logs, noise, before)
        noise = np.where(known, noise + season, np.inf)
        doubted = np.zeros((len(self.people), _STATES))
        doubted[:, _AT[x]] = 1.0 / straight(table, *before)[1]
        self.deciding.append(noise)
        self.scores.hear(h, value, noise, doubted)

    def counted_orders(self) -> None:
        """Take in orders of earlier posts: counts whose mean holds all that makes orders."""
        counts = self._counts()
        if not len(counts.of):
            return
        self.counted[counts.of] = True
        started = self.scores
        bent = any(not self._table(x).linear for x in self._inputs)
        for _ in range(_ROUNDS if bent else 1):
            h, level, rest = self._log_rate(started)
            noise = counts.noise + rest[counts.of]
            placed = Counts(counts.of, counts.orders, counts.level + level[counts.of], noise)
            self.scores = started.copy()
            value, noise = counted_rate(placed, self.scores.along(h))
            noise = np.where(self.counted, noise, np.inf)
            self.scores.hear(h, value, noise, self._doubted())
        self.deciding += [noise, *np.where(self.counted[:, None], h, 0.0).T]

    @property
    def _inputs(self) -> tuple[int, ...]:
        """Inputs that orders per follower are the product of."""
        inputs = (ENGAGEMENT_RATE, CONVERSION_RATE, FIT, AUTHENTIC_SHARE)
        return (*inputs, REACH_RATE) if self.line.per_impression else inputs

    def _counts(self) -> Counts:
        """Return the counts of all creators, and what their posts and followers add to the rate."""
        pairs = [
            (of, orders, posts, row.followers)
            for of, row in enumerate(self.people)
            for orders, posts in zip(row.past_orders, row.past_posts, strict=True)
        ]
        of, orders, posts, followers = (
            np.array(column) for column in (zip(*pairs, strict=True) if pairs else ([],) * 4)
        )
        line, tier = self.line, self.tier
        share = line.amplified_engagement * line.amplified_conversion
        if not pairs or (self.tracked_share.constant and mg.moment(self.tracked_share) == 0.0):
            return Counts(*(np.empty(0, dtype=kind) for kind in (np.int64, float, float, float)))
        mean, noise = post_noise(tier.tables, line, posts.astype(float), share)
        level = mean + np.log(posts * followers * (1.0 + share * (tier.amplification_mean - 1.0)))
        level += sum(tier.shift[INPUTS[x]] for x in self._inputs)
        level += mg.log_moments(self.tracked_share)[0] + self.log_tracked_factor
        if not line.per_impression:
            level -= line.log_authentic_mean
        return Counts(of.astype(np.int64), orders.astype(float), level, noise)

    def _log_rate(self, started: Scores) -> tuple[Array, Array, Array]:
        """Return h, level and noise of log orders per follower as a straight line in the scores.

        The line is laid over where the scores were and where they are: half of each.
        """
        people = len(self.people)
        h, level, rest = np.zeros((people, _STATES)), np.zeros(people), np.zeros(people)
        slopes = {POST_LUCK: self._luck()}
        for x in self._inputs:
            k, season = _AT[x], 1.0 - self.own[x] ** 2
            was, now = started.mean[:, k], self.scores.mean[:, k]
            mean = self.own[x] * (was + now) / 2.0
            spread = (started.covariance[:, k, k] + self.scores.covariance[:, k, k]) / 2.0
            spread = self.own[x] ** 2 * (spread + (now - was) ** 2 / 4.0) + season
            centre, slope, bend = straight(self._table(x), mean, spread)
            slopes[x] = slope if self._table(x).linear else two_digits(slope)
            h[:, k] = self.own[x] * slopes[x]
            level += centre - slopes[x] * mean
            rest += bend
        h[:, _TRACKED] = 1.0
        return h, level, rest + self._season(slopes)

    def _luck(self) -> Array:
        """Return the spread of log luck, for each creator."""
        luck = self._table(POST_LUCK)
        return np.full(len(self.people), 0.0 if luck.constant else mg.log_moments(luck)[1])

    def _season(self, slopes: Mapping[int, Array]) -> Array:
        """Return the variance that the shared shocks of a season give to a sum of log values."""
        shared = np.zeros((len(self.people), self.line.loading.shape[1]))
        for x, slope in slopes.items():
            shared += slope[:, None] * self.line.loading[x]
        return np.asarray((shared**2).sum(axis=1))

    def _doubted(self) -> Array:
        doubted = np.zeros((len(self.people), _STATES))
        doubted[:, [_AT[x] for x in self._inputs]] = 1.0
        return doubted

    def doubt(self) -> Array:
        """Return the share of a tier's beliefs that holds for each creator, shape (P, inputs).

        Where orders are known, the share that counts in expected orders: what an input's belief
        still moves of their logarithm.
        """
        people = len(self.people)
        moves = np.tile(np.eye(_STATES), (people, 1, 1))
        for x in (*self._inputs, REACH_RATE):
            k = _AT[x]
            mean = self.own[x] * self.scores.mean[:, k]
            spread = self.own[x] ** 2 * self.scores.covariance[:, k, k] + 1.0 - self.own[x] ** 2
            slope = straight(self._table(x), mean, spread)[1]
            moves[:, k] += (self.own[x] * slope)[:, None] * self.scores.moved[:, k]
        doubt = np.ones((people, N_INPUTS))
        at = [_AT[x] for x in self._inputs]
        own = np.diagonal(moves, axis1=1, axis2=2)
        together = moves[:, at].sum(axis=1)
        for x in _HEARD:
            k = _AT[x]
            summed = self.counted & (x in self._inputs)
            doubt[:, x] = np.where(summed, together[:, k], own[:, k])
        return doubt


def _mixes(
    told: _Told, correlation: Array, drawn: npt.NDArray[np.int64]
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the mixes (V, X, X) and which of them each creator has.

    Under amplification stands the rest of what is not known of the creator's engagement score.
    """
    deciding = np.column_stack([*told.deciding, np.zeros(len(told.people))])
    _, first, variant = np.unique(deciding, axis=0, return_index=True, return_inverse=True)
    mixes = np.zeros((len(first), N_INPUTS, N_INPUTS))
    heard = np.ix_(_HEARD, _HEARD)
    for v, someone in enumerate(first):
        left = correlation.copy()
        left[heard] = told.scores.covariance[someone, :_TRACKED, :_TRACKED]
        root = _root(left, drawn)
        mixes[v] = told.own[:, None] * root
        mixes[v, AMPLIFICATION, ENGAGEMENT_RATE] = root[ENGAGEMENT_RATE, ENGAGEMENT_RATE]
    return mixes, variant.ravel().astype(np.int64)


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
