"""Doubt and chance apart: what a two-level run says about the spread, without a new draw.

Worlds of one draw of the beliefs differ by shocks, creators, posts and orders alone; what their
means differ by beyond that is doubt about the tiers' figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..text.numbers import counted, told
from . import Measured
from .outcome import LOG_PARTS, choose_outcome
from .worlds import CLUSTERED_SAMPLING

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]
_UNIT = "share of variance"


@dataclass(frozen=True)
class Levels:
    """The split of each portfolio's variance.

    Attributes
    ----------
    scale
        What the variance is of: ``roi``, or its logarithm where tails are too heavy for shares.
    doubt
        Share that beliefs bring, by portfolio; chance brings the rest.
    beliefs, replicates
        Draws of the beliefs, and worlds of each.
    """

    scale: str
    doubt: dict[str, Measured]
    beliefs: int
    replicates: int

    @property
    def sentence(self) -> str:
        """Say how much of the spread is doubt."""
        told = [f"{_share(entry)} with {name}" for name, entry in self.doubt.items()]
        return (
            f"Doubt about the tiers' figures makes this share of the variance of {self.scale}, "
            f"chance the rest: {', '.join(told)} ({counted(self.beliefs)} draws of the beliefs, "
            f"{counted(self.replicates, 'world')} each){self._left_out}."
        )

    @property
    def _left_out(self) -> str:
        some = [f"{counted(e.left_out)} of {n}" for n, e in self.doubt.items() if e.left_out]
        return f"; worlds without a ROI are left out: {', '.join(some)}" if some else ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "scale": self.scale,
            "beliefs": self.beliefs,
            "replicates": self.replicates,
            "doubt": {name: entry.to_dict() for name, entry in self.doubt.items()},
        }


def _share(entry: Measured) -> str:
    if entry.value is None or entry.se is None:
        return "unknown"
    return told(entry)


def split_levels(dataset: xr.Dataset) -> Levels | None:
    """Split the variance of ROI into doubt and chance; None for a run of one level.

    Parameters
    ----------
    dataset
        Results of a run with ``simulation.replicates`` above 1.
    """
    groups = int(dataset.attrs.get("groups", 0))
    if dataset.attrs.get("sampling") != CLUSTERED_SAMPLING or groups < 3:
        return None
    rows = {
        name: dataset[name].transpose("portfolio", "sim").values for name in ("roi", *LOG_PARTS)
    }
    outcome = choose_outcome("roi", rows)
    values = outcome.values(rows)
    names = [str(name) for name in dataset["portfolio"].values]
    doubt = {
        name: between_share(row.reshape(groups, -1))
        for name, row in zip(names, values, strict=True)
    }
    return Levels(outcome.scale, doubt, groups, values.shape[1] // groups)


def between_share(values: Array) -> Measured:
    r"""Return the share of the variance that lies between groups, with its jackknife error.

    .. math:: \hat\sigma^2_b = (MS_b - MS_w) / n_0, \quad
              share = \hat\sigma^2_b / (\hat\sigma^2_b + MS_w), \quad
              n_0 = \frac{N - \sum_i n_i^2 / N}{G - 1}

    the analysis-of-variance estimator of a one-way layout with n_i worlds in group i (Searle,
    Casella and McCulloch 1992, section 3.6), not cut at zero; the error leaves out one group at a
    time (Efron and Stein 1981).

    Parameters
    ----------
    values
        Shape (groups, worlds of each), three groups and two worlds at least; worlds in which it is
        NaN are left out.

    Returns
    -------
    Measured
        A fraction; without a value where nothing varies, or too few worlds have one.
    """
    kept = np.isfinite(values)
    missing = int(kept.size - kept.sum())
    some = kept.any(axis=1)
    kept, values = kept[some], values[some]
    groups = len(values)
    if groups < 3 or (kept.sum(axis=1) > 1).sum() < 2:
        return Measured(None, None, _UNIT, "undefined in too many worlds", left_out=missing)
    if not np.ptp(values[kept]) > 0.0:
        return Measured(None, None, _UNIT, "nothing varies", left_out=missing)
    x = np.where(kept, values - values[kept].mean(), 0.0)
    n, sums = kept.sum(axis=1), x.sum(axis=1)
    within = (np.where(kept, x - (sums / n)[:, None], 0.0) ** 2).sum(axis=1)
    parts = np.array([np.ones(groups), n, n**2, sums, sums**2 / n, within])
    total = parts.sum(axis=1)
    share, without = _between(total), _between(total[:, None] - parts)
    error = np.sqrt((groups - 1) / groups * ((without - without.mean()) ** 2).sum())
    return Measured(float(share), float(error), _UNIT, left_out=missing)


def _between(totals: Array) -> Any:
    """Return the share between groups from totals over them.

    Groups, worlds, squares of their worlds, sums, squares of sums over worlds, and squares within.
    """
    groups, worlds, squared, sums, between_squares, within_squares = totals
    within = within_squares / (worlds - groups)
    each = (worlds - squared / worlds) / (groups - 1)
    between = ((between_squares - sums**2 / worlds) / (groups - 1) - within) / each
    return between / (between + within)
