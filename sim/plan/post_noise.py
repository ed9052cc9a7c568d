"""What luck and amplification of n posts do to a figure that is their mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import AMPLIFICATION, Line
from ..engine.marginals import QuantileTable

Array = npt.NDArray[np.float64]

#: Simulated creators, posts of each at most, and the seed of their order.
_CREATORS, _POSTS, _SEED = 4096, 128, 20_250_914


def post_noise(
    tables: Mapping[str, QuantileTable],
    line: Line,
    posts: Array,
    share: float,
    of_views: bool = False,
) -> tuple[Array, Array]:
    r"""Return mean and variance of :math:`\log \overline W`, relative to log E[W], over n posts.

    :math:`W = u (1 + (A - 1) s)` is what a post makes of its creator's rate; of a ratio to views it
    is :math:`\sum W / \sum u A`. A mean over few posts lies mostly below its expectation: by
    :math:`\sigma^2 / 2` of one post where W is lognormal. Posts are simulated, each column of them
    a permutation of the same strata (Latin hypercube: McKay, Beckman and Conover 1979); beyond 128
    posts both figures fall as 1 / n. That engaging creators are picked up more often is left out.

    Parameters
    ----------
    tables
        Quantile tables of the tier.
    line
        The line: caps, and the weight of a post's own luck.
    posts
        n, any shape; NaN gives NaN.
    share
        s, what one amplified impression counts beside an organic one.
    of_views
        Whether the figure is a ratio to views.
    """
    known = np.isfinite(posts)
    mean, variance = np.full(posts.shape, np.nan), np.full(posts.shape, np.nan)
    luck, amplification = tables["post_luck"], tables["amplification"]
    if not known.any() or (luck.constant and amplification.constant):
        return np.where(known, 0.0, np.nan), np.where(known, 0.0, np.nan)
    most = int(min(np.max(posts[known]), _POSTS))
    cap = float(line.ranges[AMPLIFICATION, 3])
    means, variances = _moments(
        _content(luck), _content(amplification), cap, line.luck_own, share, of_views, most
    )
    count = np.clip(posts[known], 1.0, None)
    at = np.minimum(count, most) - 1.0
    whole = np.arange(most)
    beyond = np.minimum(most / count, 1.0)
    mean[known] = np.interp(at, whole, means) * beyond
    variance[known] = np.interp(at, whole, variances) * beyond
    return mean, variance


def _content(table: QuantileTable) -> tuple[float, float, bytes, float]:
    return table.low, table.step, table.coefficients.tobytes(), table.jump


def _table(content: tuple[float, float, bytes, float]) -> QuantileTable:
    low, step, coefficients, jump = content
    return QuantileTable(low, step, np.frombuffer(coefficients).reshape(-1, 4), jump)


@lru_cache(maxsize=64)
def _moments(
    luck: tuple[float, float, bytes, float],
    amplification: tuple[float, float, bytes, float],
    log_cap: float,
    luck_own: float,
    share: float,
    of_views: bool,
    most: int,
) -> tuple[Array, Array]:
    """Return mean and variance of the log mean of 1, 2, ... posts, shape (most,)."""
    from scipy.special import ndtri

    rng = np.random.default_rng(_SEED)
    strata = ndtri((np.arange(_CREATORS) + 0.5) / _CREATORS)

    def scores() -> Array:
        return np.array([rng.permutation(strata) for _ in range(most)])

    u = np.exp(_table(luck).log_quantile(luck_own * scores()))
    law = _table(amplification)
    excess = np.zeros(u.shape)
    if not law.constant:
        log = np.minimum(law.log_quantile(scores()), log_cap)
        excess = np.where(log <= mg.LOG_ZERO, 0.0, np.exp(log))
    whole, seen = u * (1.0 + share * excess), u * (1.0 + excess)
    mean = math.log(float(whole.mean()))
    log_mean = np.log(np.cumsum(whole, axis=0) / np.arange(1, most + 1)[:, None]) - mean
    if of_views:
        views = np.cumsum(seen, axis=0) / np.arange(1, most + 1)[:, None]
        log_mean -= np.log(views) - math.log(float(seen.mean()))
    return log_mean.mean(axis=1), log_mean.var(axis=1)
