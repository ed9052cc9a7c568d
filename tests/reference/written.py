"""Distributions as an experiment file writes them, read a second time: as laws of a normal score.

Nothing here knows how the product reads them. A law turns standard normal scores into values by
inverting the distribution function, with `scipy.stats` where the family is not a plain formula.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

_UNITS = {"%": 0.01, "k": 1e3, "m": 1e6, "b": 1e9}
_SCORE_95 = stats.norm.ppf(0.95)


@dataclass(frozen=True)
class Law:
    """A distribution by its quantile as a function of the normal score."""

    value: Callable[[Array], Array]
    constant: bool = False

    @property
    def mean(self) -> float:
        """Expectation, by brute force over a fine grid of scores."""
        z, w = grid()
        return float(np.sum(w * self.value(z)))

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithm, in the same way."""
        z, w = grid()
        log = np.log(self.value(z))
        return math.sqrt(np.sum(w * log**2) - np.sum(w * log) ** 2)

    @property
    def log_slope(self) -> float:
        """Regression slope of the logarithm on the normal score."""
        z, w = grid()
        return float(np.sum(w * z * np.log(self.value(z))))


def grid(low: float = -8.0, high: float = 8.0, points: int = 20_001) -> tuple[Array, Array]:
    """Midpoints of equal steps in the score, with their share of the normal distribution."""
    edges = np.linspace(low, high, points + 1)
    z = (edges[1:] + edges[:-1]) / 2
    return z, np.diff(edges) * stats.norm.pdf(z)


def number(written: Any) -> float:
    """Read 250, "1.2M", "3 %", "10k", "1,000"."""
    if not isinstance(written, str):
        return float(written)
    match = re.fullmatch(r"([-+.\de]+)([%kmb]?)", re.sub(r"[\s,_]", "", written.lower()))
    if match is None:
        raise ValueError(f"not a number: {written}")
    return float(match[1]) * _UNITS.get(match[2], 1.0)


def law(written: Any, share: bool = False, within: tuple[float, float] | None = None) -> Law:
    """Read a distribution; `within` truncates it further."""
    if isinstance(written, str) and " to " in written:
        low, high = written.split(" to ")
        if high.strip().endswith("%") and not low.strip().endswith("%"):
            low += "%"
        return _range(number(low), number(high), share, within)
    if not isinstance(written, Mapping):
        constant = number(written)
        return Law(lambda z: np.full(np.shape(z), constant), constant=True)
    given = dict(written)
    limits = tuple(number(end) for end in given.pop("truncate", (-math.inf, math.inf)))
    if within is not None:
        limits = max(limits[0], within[0]), min(limits[1], within[1])
    ((family, parameters),) = given.items()
    return _FAMILIES[family]({k: number(v) for k, v in parameters.items()}, limits)


def _range(low: float, high: float, share: bool, within: tuple[float, float] | None) -> Law:
    """90 % interval: logit-normal for shares, lognormal for what is positive."""
    limits = within or (-math.inf, math.inf)
    if share:
        return _logitnormal({"p05": low, "p95": high}, limits)
    return _lognormal({"p05": low, "p95": high}, limits)


def _mu_sigma(low: float, high: float) -> tuple[float, float]:
    return (low + high) / 2.0, (high - low) / (2.0 * _SCORE_95)


def _lognormal(p: Mapping[str, float], limits: tuple[float, float]) -> Law:
    if "p05" in p:
        mu, sigma = _mu_sigma(math.log(p["p05"]), math.log(p["p95"]))
    elif "sd" in p:
        sigma = math.sqrt(math.log(1.0 + (p["sd"] / p["mean"]) ** 2))
        mu = math.log(p["mean"]) - sigma**2 / 2.0
    else:
        sigma = p["log_sd"]
        mu = math.log(p["median"]) if "median" in p else math.log(p["mean"]) - sigma**2 / 2.0
    return _of_normal(np.exp, mu, sigma, (_log(limits[0]), _log(limits[1])))


def _logitnormal(p: Mapping[str, float], limits: tuple[float, float]) -> Law:
    def logit(x: float) -> float:
        return math.log(x / (1.0 - x)) if 0.0 < x < 1.0 else (-math.inf if x <= 0 else math.inf)

    if "p05" in p:
        mu, sigma = _mu_sigma(logit(p["p05"]), logit(p["p95"]))
    else:
        mu, sigma = logit(p["median"]), p["logit_sd"]
    ends = (logit(limits[0]), logit(limits[1]))
    return _of_normal(lambda x: 1.0 / (1.0 + np.exp(-x)), mu, sigma, ends)


def _log(x: float) -> float:
    return math.log(x) if 0.0 < x < math.inf else (-math.inf if x <= 0.0 else math.inf)


def _of_normal(
    transform: Callable[[Array], Array], mu: float, sigma: float, ends: tuple[float, float]
) -> Law:
    """A monotone transform of a normal variable that lies between two ends."""
    if ends == (-math.inf, math.inf):
        return Law(lambda z: transform(mu + sigma * z))
    low, high = stats.norm.cdf([(end - mu) / sigma for end in ends])
    return Law(
        lambda z: transform(mu + sigma * stats.norm.ppf(low + (high - low) * stats.norm.cdf(z)))
    )


def _scipy(make: Callable[[Mapping[str, float]], Any]) -> Callable[..., Law]:
    def read(p: Mapping[str, float], limits: tuple[float, float]) -> Law:
        distribution = make(p)
        low, high = distribution.cdf(limits[0]), distribution.cdf(limits[1])
        return Law(lambda z: distribution.ppf(low + (high - low) * stats.norm.cdf(z)))

    return read


def _beta(p: Mapping[str, float]) -> Any:
    size = p["mean"] * (1.0 - p["mean"]) / p["sd"] ** 2 - 1.0
    return stats.beta(p["mean"] * size, (1.0 - p["mean"]) * size)


def _gamma(p: Mapping[str, float]) -> Any:
    return stats.gamma((p["mean"] / p["sd"]) ** 2, scale=p["sd"] ** 2 / p["mean"])


def _pert(p: Mapping[str, float]) -> Any:
    width = p["high"] - p["low"]
    a, b = (1.0 + 4.0 * x / width for x in (p["mode"] - p["low"], p["high"] - p["mode"]))
    return stats.beta(a, b, loc=p["low"], scale=width)


def _triangular(p: Mapping[str, float]) -> Any:
    width = p["high"] - p["low"]
    return stats.triang((p["mode"] - p["low"]) / width, loc=p["low"], scale=width)


_FAMILIES: dict[str, Callable[..., Law]] = {
    "lognormal": _lognormal,
    "logitnormal": _logitnormal,
    "beta": _scipy(_beta),
    "gamma": _scipy(_gamma),
    "pert": _scipy(_pert),
    "triangular": _scipy(_triangular),
    "uniform": _scipy(lambda p: stats.uniform(p["low"], p["high"] - p["low"])),
    "normal": _scipy(lambda p: stats.norm(p["mean"], p["sd"])),
    "pareto": _scipy(lambda p: stats.pareto(p["tail_index"], scale=p["minimum"])),
}
