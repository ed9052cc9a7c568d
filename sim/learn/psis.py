"""Importance weights with a smoothed tail, and the shape that says whether they can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..measures.precision import SMALLEST_TAIL, pareto_fit

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Smoothed weights.

    Attributes
    ----------
    values
        Shape (draws,), adding up to one.
    khat
        Pareto shape of the raw weights' tail; -inf where all weights are alike.
    """

    values: Array
    khat: float

    @property
    def effective(self) -> float:
        """How many equally weighted draws they are worth (Kish 1965)."""
        return float(1.0 / (self.values @ self.values))


def most_khat(draws: int) -> float:
    """Return the Pareto shape beyond which weights are degenerate, min(0.7, 1 - 1 / log10 S)."""
    return min(0.7, 1.0 - 1.0 / math.log10(draws))


def smoothed(log_weights: Array) -> Weights:
    """Return Pareto-smoothed weights (Vehtari, Simpson, Gelman, Yao and Gabry 2024, algorithm 1).

    The M = min(S / 5, 3 sqrt S) largest of S weights are replaced by the expected order statistics
    of the generalised Pareto law that is fitted to them; none exceeds the largest raw one.

    Parameters
    ----------
    log_weights
        Logarithms up to a constant, shape (draws,); -inf for a weight of zero.
    """
    logs = log_weights - log_weights.max()
    weights = np.exp(logs)
    size = int(min(0.2 * len(logs), 3.0 * math.sqrt(len(logs))))
    order = np.argsort(logs, kind="stable")
    tail, edge = order[-size:], float(weights[order[-size - 1]])
    beyond = weights[tail] - edge
    khat = -math.inf
    if np.count_nonzero(beyond > 1e-12) >= SMALLEST_TAIL:
        khat, scale = pareto_fit(beyond)
        chance = (np.arange(size) + 0.5) / size
        with np.errstate(over="ignore"):
            away = np.expm1(-khat * np.log1p(-chance)) / khat if khat else -np.log1p(-chance)
        weights[tail] = np.minimum(edge + scale * away, 1.0)
    return Weights(weights / weights.sum(), khat)
