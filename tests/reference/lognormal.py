"""Moments of sums over creators and posts where every input is lognormal, in closed form.

A quantity of one post is ``exp(mu + sum of weights times independent standard normals)``. Names of
the normals say who shares them: ``"shared:..."`` all creators of a world, ``"creator:..."`` the
posts of one creator, ``"post:..."`` nobody.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LogNormal:
    """``factor * exp(mu + sum(weights[k] * N_k))``."""

    mu: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    factor: float = 1.0

    def __mul__(self, other: LogNormal | float) -> LogNormal:
        if not isinstance(other, LogNormal):
            return LogNormal(self.mu, self.weights, self.factor * other)
        weights = Counter(self.weights)
        weights.update(other.weights)
        return LogNormal(self.mu + other.mu, dict(weights), self.factor * other.factor)

    @property
    def variance(self) -> float:
        """Variance of the logarithm."""
        return sum(w * w for w in self.weights.values())

    @property
    def mean(self) -> float:
        """Expectation."""
        return self.factor * math.exp(self.mu + self.variance / 2.0)

    def product_mean(self, other: LogNormal, common: Sequence[str]) -> float:
        """E[X Y] where X and Y share the normals whose names start with one of `common`."""
        covariance = sum(
            w * other.weights.get(name, 0.0)
            for name, w in self.weights.items()
            if name.startswith(tuple(common))
        )
        return self.mean * other.mean * math.exp(covariance)


def line_moments(
    posts: Sequence[Sequence[LogNormal]], creators: int, delivered: float = 1.0
) -> tuple[float, float]:
    """Mean and variance of the sum over a line.

    Parameters
    ----------
    posts
        For each post of a creator the terms that add up to its quantity.
    creators
        Creators with the same law.
    delivered
        Probability that a creator posts at all, independent of everything.
    """
    mean = creators * delivered * sum(term.mean for post in posts for term in post)
    square = 0.0
    for i, post in enumerate(posts):
        for j, other in enumerate(posts):
            for x in post:
                for y in other:
                    same = ("shared", "creator", "post") if i == j else ("shared", "creator")
                    square += creators * delivered * x.product_mean(y, same)
                    pairs = creators * (creators - 1) * delivered**2
                    square += pairs * x.product_mean(y, ("shared",))
    return mean, square - mean**2
