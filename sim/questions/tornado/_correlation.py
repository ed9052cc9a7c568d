"""How an input goes with an outcome over the worlds of a run: Spearman's rank correlation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...measures import Measured
from ...measures.worlds import CLUSTERED_SAMPLING

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]


def rank_correlation(x: Array, y: Array, like: xr.Dataset) -> Measured:
    """Return Spearman's rank correlation over the worlds in which both are defined.

    The standard error is ``(1 - rho^2) sqrt((1 + rho^2 / 2) / (n - 3))`` (Bonett and Wright 2000)
    with n the independent worlds; where worlds share a draw of the beliefs, the draws.
    """
    defined = np.isfinite(x) & np.isfinite(y)
    u, v = _ranks(x[defined]), _ranks(y[defined])
    spread = float(np.sqrt((u @ u) * (v @ v)))
    if not spread > 0.0:
        return Measured(None, None, "rank correlation", "one of the two never changes")
    rho = float(u @ v) / spread
    groups = int(like.attrs.get("groups", 0))
    count = groups if groups and like.attrs.get("sampling") == CLUSTERED_SAMPLING else len(u)
    if count <= 3:
        return Measured(rho, None, "rank correlation", "too few worlds for a standard error")
    se = (1.0 - rho**2) * math.sqrt((1.0 + rho**2 / 2.0) / (count - 3))
    return Measured(rho, se, "rank correlation")


def _ranks(x: Array) -> Array:
    """Return ranks about their mean; ties share the mean of theirs."""
    order = np.argsort(x)
    ordered = x[order]
    # Where each run of equal values begins, and the end of the last one.
    edges = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])[: len(x) + 1]
    ends = np.flatnonzero(edges)
    ranks = np.empty(len(x))
    ranks[order] = np.repeat((ends[:-1] + ends[1:] + 1) / 2.0, np.diff(ends))
    return ranks - (len(x) + 1) / 2.0
