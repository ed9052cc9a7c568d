"""How well fitted laws fit, and the curves to look at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from .components import SEED, Levels
from .estimates import Curve, Goodness
from .reading import Floats

DRAWS, POINTS, LARGEST_SAMPLE = 199, 400, 4_000


def normal_goodness(z: Floats) -> Goodness | None:
    """Compare scores with a normal whose mean and sd were fitted to them; None if they are equal.

    Kolmogorov and Smirnov's distance; its distribution under fitted parameters (Lilliefors 1967)
    from simulated samples of the same size.
    """
    z = z[:: max(1, len(z) // LARGEST_SAMPLE)]
    if not np.ptp(z) > 1e-9:
        return None
    rng = np.random.default_rng(SEED)
    drawn = rng.standard_normal((DRAWS, len(z)))
    chance = [_distance(_standard(row)) for row in drawn]
    seen = _distance(_standard(z))
    p = (1 + sum(d >= seen for d in chance)) / (DRAWS + 1)
    return Goodness(seen, p, "KS distance")


def _standard(z: Floats) -> Floats:
    return np.asarray((z - z.mean()) / z.std(ddof=1), dtype=float)


def _distance(z: Floats) -> float:
    u = special.ndtr(np.sort(z))
    k = np.arange(len(u))
    return float(max(np.max((k + 1) / len(u) - u), np.max(u - k / len(u))))


def uniform_goodness(u: Floats) -> Goodness:
    """Compare probabilities under a fitted law with a uniform.

    The chance is that of a law known beforehand, so it is too large rather than too small.
    """
    test = stats.kstest(u, "uniform")
    return Goodness(float(test.statistic), float(test.pvalue), "KS distance")


def chi_square(statistic: float, freedom: int) -> Goodness:
    """Return the chance of a chi-square."""
    return Goodness(statistic, float(stats.chi2.sf(statistic, freedom)), f"chi2({freedom})")


def curve(data: Floats, above: Callable[[Floats], Floats], unit: str) -> Curve:
    """Return data and fit: the share of observations above each of them, in both.

    Parameters
    ----------
    data
        Observations.
    above
        Share of the fitted law above a value.
    unit
        Unit of the observations.
    """
    ordered = np.sort(data)
    n = len(ordered)
    pick = np.unique(np.linspace(0, n - 1, min(n, POINTS)).astype(int))
    # The few largest are what a tail is judged by.
    pick = np.unique(np.concatenate([pick, np.arange(max(n - 30, 0), n)]))
    chosen = ordered[pick]
    return Curve(chosen, 1.0 - (pick + 0.5) / n, np.asarray(above(chosen), dtype=float), unit)


def level_curve(levels: Levels, mean: float, between: float, within: float, unit: str) -> Curve:
    """Return the share of creators above each geometric mean, in the data and by the law."""
    spread = np.sqrt(np.maximum(between + within / levels.posts, 1e-12))

    def above(values: Floats) -> Floats:
        share = [np.mean(special.ndtr((mean - log) / spread)) for log in np.log(values)]
        return np.asarray(share, dtype=float)

    return curve(np.exp(levels.mean), above, unit)


def level_goodness(levels: Levels, mean: float, between: float, within: float) -> Goodness | None:
    """Compare creators with a lognormal law, each by as much as its posts can tell."""
    spread = np.sqrt(np.maximum(between + within / levels.posts, 1e-12))
    return normal_goodness((levels.mean - mean) / spread)
