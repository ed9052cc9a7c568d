"""Distributions a second time: quantiles, bounds and means from `scipy.stats`, truncated by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from sim.engine.marginals import Marginal

Array = npt.NDArray[np.float64]

#: Normal scores of the probabilities between which tables state their error.
STATED = -float(special.ndtri(1e-9))


class LogitNormal:
    """The logit-normal distribution, which scipy.stats lacks."""

    def __init__(self, mu: float, sigma: float) -> None:
        self.normal = stats.norm(mu, sigma)

    def ppf(self, p: Array) -> Array:
        return np.asarray(special.expit(self.normal.ppf(p)))

    def isf(self, q: Array) -> Array:
        return np.asarray(special.expit(self.normal.isf(q)))

    def cdf(self, x: float) -> float:
        return float(self.normal.cdf(special.logit(min(max(x, 0.0), 1.0))))

    def sf(self, x: float) -> float:
        return float(self.normal.sf(special.logit(min(max(x, 0.0), 1.0))))

    def support(self) -> tuple[float, float]:
        return 0.0, 1.0


class BetaPrime:
    """scipy.stats has the lower tail only; 1 / X is beta prime with parameters exchanged."""

    def __init__(self, a: float, b: float) -> None:
        self.straight, self.inverse = stats.betaprime(a, b), stats.betaprime(b, a)

    def ppf(self, p: Array) -> Array:
        return np.asarray(self.straight.ppf(p))

    def isf(self, q: Array) -> Array:
        return np.asarray(1.0 / self.inverse.ppf(q))

    def cdf(self, x: float) -> float:
        return float(self.straight.cdf(x))

    def sf(self, x: float) -> float:
        return float(self.inverse.cdf(1.0 / x)) if x > 0.0 else 1.0

    def support(self) -> tuple[float, float]:
        return 0.0, math.inf


def frozen(family: str, p: dict[str, Any]) -> Any:
    """Return the distribution that a family and its canonical parameters name."""
    if family == "scipy":
        return getattr(stats, p["name"])(**{k: v for k, v in p.items() if k != "name"})
    if family in ("triangular", "pert"):
        low, mode, width = p["low"], p["mode"], p["high"] - p["low"]
        share = (mode - low) / width
        if family == "triangular":
            return stats.triang(share, low, width)
        return stats.beta(1.0 + 4.0 * share, 5.0 - 4.0 * share, low, width)
    makers = {
        "lognormal": lambda: stats.lognorm(p["sigma"], scale=math.exp(p["mu"])),
        "normal": lambda: stats.norm(p["mu"], p["sigma"]),
        "logitnormal": lambda: LogitNormal(p["mu"], p["sigma"]),
        "beta": lambda: stats.beta(p["a"], p["b"]),
        "betaprime": lambda: BetaPrime(p["a"], p["b"]),
        "gamma": lambda: stats.gamma(p["shape"], scale=p["scale"]),
        "uniform": lambda: stats.uniform(p["low"], p["high"] - p["low"]),
        "pareto": lambda: stats.pareto(p["tail_index"], scale=p["minimum"]),
    }
    return makers[family]()


@dataclass(frozen=True)
class Law:
    """A distribution, perhaps truncated, inverted from the nearer end."""

    marginal: Marginal

    @property
    def whole(self) -> Any:
        return frozen(self.marginal.family, dict(self.marginal.parameters))

    @property
    def bounds(self) -> tuple[float, float]:
        low, high = self.whole.support()
        return max(low, self.marginal.lower), min(high, self.marginal.upper)

    def quantile(self, z: Array) -> Array:
        """Return quantiles at normal scores."""
        whole, m = self.whole, self.marginal
        below = float(whole.cdf(m.lower)) if m.lower > 0.0 or m.family == "normal" else 0.0
        above = float(whole.sf(m.upper)) if m.upper < math.inf else 0.0
        # The share within, from the end where it does not cancel.
        if below < 0.5:
            inside = (float(whole.cdf(m.upper)) if m.upper < math.inf else 1.0) - below
        else:
            inside = float(whole.sf(m.lower)) - above
        p, q = below + inside * special.ndtr(z), above + inside * special.ndtr(-z)
        low, high = whole.ppf(np.minimum(p, 0.6)), whole.isf(np.minimum(q, 0.6))
        return np.clip(np.where(p < q, low, high), *self.bounds)
