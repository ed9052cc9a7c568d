"""Luck and amplification: how views scatter around what a creator usually gets.

Views of a post are ``usual × u × A``: luck u is lognormal with mean 1, amplification A = 1 / (1 - R)
with R ~ Beta(b, alpha) (`cascade`). What is usual is not known, so posts are set against the
creator's own median, in the data and in simulated creators with as many posts each. The law is the
one whose simulated shares agree best (simulated method of moments: McFadden 1989, Econometrica 57).

Where the tail is light or the posts are few, quite different laws agree equally well. So the
parameters are held, loosely, near the packaged law (near `USUAL` where that is no cascade); a
thousand posts with a heavy tail outweigh it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

from ..engine.marginals import MarginalError
from ..experiment import models as m
from ..plan import amplification_table
from ..text.numbers import rounded, setting
from .components import RESAMPLES, SEED, resampled
from .estimates import Curve, Fitted, Goodness, Parameter
from .goodness import chi_square, curve
from .reading import Floats, Ints

#: Posts that a creator needs before its own median says what is usual.
OWN_POSTS = 10
#: Creators and posts that a law of luck and amplification needs.
CREATORS, POSTS = 30, 1_000
#: Multiples of a creator's own median between which shares of posts are compared.
MULTIPLES = (0.1, 0.2, 1 / 3, 0.5, 0.75, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
#: Posts that a share must rest on, posts that are simulated, and points of a table of quantiles.
LEAST, SIMULATED, TABLE = 15, 40_000, 2_000
#: Chance below which a lognormal alone is given up for a law with a tail.
ENOUGH = 0.05
#: Ends between which the logs of luck, b and alpha are looked for.
BOUNDS = ((-3.0, 1.2), (-3.0, 2.5), (-1.2, 2.3))
#: Luck, b and alpha of real videos over all sizes, and how far the logs of a tier's own lie from
#: what is packaged (assumption).
USUAL, DOUBT = (0.6, 0.5, 1.3), (0.5, 0.8, 0.5)
STARTS = ((0.6, 0.2, 0.7), (0.6, 0.7, 1.4))


@dataclass(frozen=True)
class Law:
    """Luck and amplification.

    Attributes
    ----------
    luck
        Standard deviation of the log of a post's luck.
    amplification
        The law of A.
    fitted
        As keys ``post_luck`` and ``amplification``; empty where the law is not from the data.
    around
        Pairs of laws one standard error away, along the principal axes of what is not known of the
        parameters: what is computed from the law moves by this much, see `error_from_law`.
    seen_from
        Largest multiple of their own median that enough posts lie above.
    """

    luck: float
    amplification: m.Amplification
    fitted: tuple[Fitted, ...] = ()
    around: tuple[tuple[Law, Law], ...] = ()
    seen_from: float = 1.0

    @property
    def log_amplification(self) -> Floats:
        """Quantiles of log A at equally spaced probabilities."""
        return log_amplification(self.amplification)


def error_from_law(function: Callable[[Law], float], law: Law) -> float:
    """Return the standard error that a figure has from the estimated law it is computed with."""
    halves = [(function(up) - function(down)) / 2.0 for up, down in law.around]
    return math.sqrt(sum(half**2 for half in halves))


def log_amplification(law: m.Amplification) -> Floats:
    """Return log A at 20,001 equally spaced probabilities."""
    count = 20_001
    if law.spike is None and law.cascade is None:
        return np.zeros(count)
    scores = special.ndtri((np.arange(count) + 0.5) / count)
    excess = np.exp(amplification_table(law).log_quantile(scores))
    if law.cap is not None:
        excess = np.minimum(excess, law.cap - 1.0)
    return np.asarray(np.log1p(excess), dtype=float)


def own_ratios(creator: Ints, views: Floats) -> Floats:
    """Return views over the median of the same creator; ``creator`` is sorted, 0, 1, 2, ..."""
    order = np.lexsort((views, creator))
    ordered = views[order]
    count = np.bincount(creator)
    start = np.cumsum(count) - count
    low, high = ordered[start + (count - 1) // 2], ordered[start + count // 2]
    return np.asarray(views / ((low + high) / 2.0)[creator], dtype=float)


def fit_law(creator: Ints, views: Floats, tier: m.Tier) -> Law | None:
    """Fit luck and amplification; None where there are too few creators with enough posts.

    A lognormal alone where it passes (chi-square, 5 %), else a cascade cut off at the largest
    multiple that was seen: a bound, which `means.held` brings down to where the mean is right.

    Parameters
    ----------
    creator, views
        Posts, sorted by creator.
    tier
        As packaged.
    """
    count = np.bincount(creator)
    keep = count[creator] >= OWN_POSTS
    if keep.sum() < POSTS or np.sum(count >= OWN_POSTS) < CREATORS:
        return None
    own = np.unique(creator[keep], return_inverse=True)[1]
    problem = _Problem(own, own_ratios(own, views[keep]), _packaged(tier))
    plain = problem.solve([(start[0],) for start in STARTS[:1]])
    tailed = None
    if problem.goodness(plain).p < ENOUGH:
        tailed = problem.solve(list(STARTS))
        if problem.misfit(tailed) >= problem.misfit(plain):
            tailed = None
    return problem.law(plain if tailed is None else tailed)


class _Problem:
    """Shares of posts between multiples of their creator's own median, seen and simulated."""

    def __init__(self, creator: Ints, ratio: Floats, packaged: tuple[float, ...]) -> None:
        self.ratio, self.centre = ratio, np.log(packaged)
        self.n, self.creators = len(ratio), int(creator.max()) + 1
        edges = [k for k in MULTIPLES
                 if min(np.sum(ratio > k), np.sum(ratio <= k)) >= LEAST]  # fmt: skip
        self.edges = np.array(edges)
        place = np.searchsorted(self.edges, ratio)
        cells = np.zeros((self.creators, len(edges) + 1))
        np.add.at(cells, (creator, place), 1.0)
        counts = resampled(self.creators, RESAMPLES) @ cells
        # Shares add up to one: the middle one follows from the others.
        self.kept = np.delete(np.arange(len(edges) + 1), np.searchsorted(self.edges, 1.0))
        shares = (counts / counts.sum(axis=1, keepdims=True))[:, self.kept]
        self.seen = shares[0]
        self.weight = np.linalg.pinv(np.cov(shares[1:].T), rcond=1e-8)
        self.cap = float(max(np.ceil(ratio.max()), 10.0))
        self._draw(np.bincount(creator))

    def _draw(self, posts: Ints) -> None:
        """Fix the scores, so that the same law always gives the same shares."""
        repeats = int(np.ceil(max(SIMULATED, 2 * self.n) / self.n))
        layout = np.tile(posts, repeats)
        self.owner = np.repeat(np.arange(len(layout)), layout)
        rng = np.random.default_rng(SEED)
        self.luck, self.chance = rng.standard_normal(len(self.owner)), rng.random(len(self.owner))
        self.inflation = 1.0 + 1.0 / repeats

    def simulated(self, parameters: Floats) -> Floats:
        """Return ratios of simulated posts."""
        log = parameters[0] * self.luck
        if len(parameters) > 1:
            table = np.log1p(_excess(parameters[1], parameters[2], self.cap))
            log = log + np.interp(self.chance, (np.arange(TABLE) + 0.5) / TABLE, table)
        return own_ratios(self.owner, np.exp(log))

    def shares(self, logs: Floats) -> Floats:
        """Return simulated shares for the logs of the parameters."""
        place = np.searchsorted(self.edges, self.simulated(np.exp(logs)))
        counts = np.bincount(place, minlength=len(self.edges) + 1)
        return np.asarray(counts[self.kept] / len(place), dtype=float)

    def misfit(self, logs: Floats) -> float:
        """Return the chi-square of what is left over."""
        off = self.shares(logs) - self.seen
        return float(off @ self.weight @ off) / self.inflation

    def loss(self, logs: Floats) -> float:
        """Return the misfit, and what departing from usual laws costs."""
        off = (logs - self.centre[: len(logs)]) / np.array(DOUBT[: len(logs)])
        return self.misfit(logs) + float(off @ off)

    def solve(self, starts: list[tuple[float, ...]]) -> Floats:
        """Return the logs of the best parameters."""
        options = {"maxfev": 80 * len(starts[0]), "xatol": 0.002, "fatol": 0.01}
        bounds = BOUNDS[: len(starts[0])]
        fits = [
            optimize.minimize(
                self.loss, np.log(s), method="Nelder-Mead", bounds=bounds, options=options
            )
            for s in starts
        ]
        return np.asarray(min(fits, key=lambda fit: float(fit.fun)).x, dtype=float)

    def goodness(self, logs: Floats) -> Goodness:
        """Return the test of what is left over (Hansen 1982, Econometrica 50)."""
        return chi_square(self.misfit(logs), max(len(self.seen) - len(logs), 1))

    def covariances(self, logs: Floats) -> Floats:
        """Return the covariance matrix of the logs of the parameters."""
        step = 0.1
        slope = np.array([
            (self.shares(logs + step * unit) - self.shares(logs - step * unit)) / (2.0 * step)
            for unit in np.eye(len(logs))
        ])  # fmt: skip
        information = slope @ self.weight @ slope.T / self.inflation
        information += np.diag(1.0 / np.array(DOUBT[: len(logs)]) ** 2)
        return np.asarray(np.linalg.pinv(information), dtype=float)

    def around(self, logs: Floats, covariances: Floats) -> tuple[tuple[Law, Law], ...]:
        """Return the laws one standard error away along each principal axis."""
        sizes, axes = np.linalg.eigh(covariances)
        moves = [math.sqrt(max(size, 0.0)) * axes[:, k] for k, size in enumerate(sizes)]
        return tuple((self._plain(logs + move), self._plain(logs - move)) for move in moves)

    def _plain(self, logs: Floats) -> Law:
        values = np.exp(np.clip(logs, *np.transpose(BOUNDS)[:, : len(logs)]))
        if len(values) == 1:
            return Law(float(values[0]), m.Amplification())
        shape = _table_ready(float(values[1]), float(values[2]))
        law = m.Amplification(cascade=m.Cascade(**shape), cap=self.cap)
        return Law(float(values[0]), law)

    def law(self, logs: Floats) -> Law:
        """Return the law with its estimates."""
        values, covariances = np.exp(logs), self.covariances(logs)
        errors = np.sqrt(np.maximum(np.diag(covariances), 0.0))
        named = [
            Parameter(name, float(v), float(v * e))
            for name, v, e in zip(("log_sd", "b", "tail_index"), values, errors, strict=False)
        ]
        goodness, picture = self.goodness(logs), self._curve(values)
        luck = Fitted(
            "post_luck", {"lognormal": {"mean": 1, "log_sd": rounded(named[0].value)}},
            "lognormal with mean 1", (named[0],), self.n, "posts", goodness, picture,
        )  # fmt: skip
        plain, value = self._plain(logs), dict[str, Any]()
        law = "none: luck alone explains the posts"
        if plain.amplification.cascade is not None:
            shape = plain.amplification.cascade.model_dump()
            value, law = {"cascade": shape, "cap": self.cap}, "cascade up to the largest seen"
        spread = Fitted("amplification", value, law, tuple(named[1:]), self.n, "posts", goodness)
        around = self.around(logs, covariances)
        seen_from = float(self.edges[-1])
        return Law(plain.luck, plain.amplification, (luck, spread), around, seen_from)

    def _curve(self, parameters: Floats) -> Curve:
        simulated = np.sort(self.simulated(parameters))

        def above(values: Floats) -> Floats:
            below = np.searchsorted(simulated, values) / len(simulated)
            return np.asarray(1.0 - below, dtype=float)

        return curve(self.ratio, above, "views / creator's own median")


def _table_ready(b: float, tail_index: float) -> dict[str, float]:
    """Return a cascade's parameters in three digits, moved by 1 % at most to have a table."""
    for nudge in (1.0, 0.995, 1.005, 0.99, 1.01):
        shape = {"b": rounded(b, 3), "tail_index": rounded(tail_index * nudge, 3)}
        try:
            amplification_table(m.Amplification(cascade=m.Cascade(**shape)))
        except MarginalError:
            continue
        return shape
    raise MarginalError(
        f"no quantile table for a cascade with b = {setting(b)}, {setting(tail_index)}"
    )


def _excess(b: float, tail_index: float, cap: float) -> Floats:
    """Return A - 1 at equally spaced probabilities: a beta-prime, from the smaller side of R."""
    chance = (np.arange(TABLE) + 0.5) / TABLE
    rest = special.betaincinv(tail_index, b, 1.0 - chance)
    return np.asarray(np.minimum((1.0 - rest) / np.maximum(rest, 1e-300), cap - 1.0), dtype=float)


def packaged_law(tier: m.Tier, within: float, share: float = 1.0) -> Law:
    """Return the packaged amplification, with luck for what posts scatter beyond it.

    Parameters
    ----------
    tier
        As packaged.
    within
        Variance of log views, or of log engagements, from post to post of a creator; NaN where
        it is not known.
    share
        Of the viewers whom amplification brings, how many show up in it: all in views, q in
        engagements.
    """
    packaged = _packaged_luck(tier)
    if not np.isfinite(within):
        return Law(packaged, tier.amplification)
    shown = np.log1p(share * np.expm1(log_amplification(tier.amplification)))
    rest = within - float(shown.var())
    return Law(float(np.sqrt(max(rest, 0.01))), tier.amplification)


def _packaged(tier: m.Tier) -> tuple[float, ...]:
    """Return luck, b and tail index of the packaged law, the usual ones where it is no cascade."""
    cascade = tier.amplification.cascade
    if cascade is None:
        return USUAL
    return _packaged_luck(tier) or USUAL[0], cascade.b, cascade.tail_index


def _packaged_luck(tier: m.Tier) -> float:
    parameters: Mapping[str, Any] = tier.post_luck.parameters
    return float(parameters.get("sigma", 0.0))
