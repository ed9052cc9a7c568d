"""Which number of each world a question explains, and on which scale its tails allow shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import COMPARISONS, MEASURES, heavier_tail_shape
from .estimate import divide
from .precision import HEAVY_TAIL

Array = npt.NDArray[np.float64]

#: What the logarithmic scale is made from: log (contribution / cost).
LOG_PARTS = ("contribution", "cost")
LOG_SCALE = "log (1 + roi)"


def variable_of(measure: str) -> str:
    """Return the variable of the results that a measure summarises.

    A ratio of two means is explained through the same ratio in each world, a comparison through
    the variable that it compares.
    """
    if measure in COMPARISONS:
        return "profit" if "profit" in measure else "roi"
    variables = MEASURES[measure].variables
    if len(variables) == 1:
        return variables[0]
    ratios: dict[tuple[str, ...], str] = {
        ("revenue", "cost"): "roas",
        ("tracked_revenue", "outlay"): "tracked_roas",
    }
    return ratios.get(variables, "roi")


@dataclass(frozen=True)
class Outcome:
    """One number per world of each portfolio.

    Attributes
    ----------
    variable
        Name in the results.
    scale
        `variable` itself, or `LOG_SCALE`.
    khat
        Pareto k of the heaviest tail of the squared deviations on the plain scale, over the
        portfolios; None where the worlds are too few to judge.
    floors
        Smallest 1 + ROI that counts on the logarithmic scale, by portfolio.
    floored
        Share of worlds set to it, at most over the portfolios.
    """

    variable: str
    scale: str
    khat: float | None
    floors: tuple[float, ...] = ()
    floored: float = 0.0

    def values(self, rows: Mapping[str, Array]) -> Array:
        """Return the outcome, shape (portfolios, worlds).

        Parameters
        ----------
        rows
            `variable`, and where the scale is logarithmic `LOG_PARTS`, of that shape.
        """
        if self.scale != LOG_SCALE:
            return rows[self.variable]
        ratio = _returned(rows[self.variable], rows)
        return np.asarray(np.log(np.maximum(ratio, np.array(self.floors)[:, None])))


def choose_outcome(variable: str, rows: Mapping[str, Array]) -> Outcome:
    """Return the outcome on its own scale, or on the logarithmic one where tails are too heavy.

    A share of a variance needs the variance to exist: where the Pareto k of squared deviations
    exceeds 0.5 in any portfolio, log (1 + ROI) is explained instead. It is log ROAS plus what the
    economics keep of it, so that doubt about margins and returns stays in.

    Parameters
    ----------
    variable
        What `variable_of` returned.
    rows
        That variable and `LOG_PARTS`, shape (portfolios, worlds); NaN where it is undefined.
    """
    defined = [row[np.isfinite(row)] for row in rows[variable]]
    tails = [float(heavier_tail_shape((v - v.mean()) ** 2)) for v in defined if v.size]
    known = max((k for k in tails if np.isfinite(k)), default=None)
    if known is None or known <= HEAVY_TAIL:
        return Outcome(variable, variable, known)
    ratio = _returned(rows[variable], rows)
    floors = [float(np.min(row, where=row > 0.0, initial=np.inf)) for row in ratio]
    return Outcome(
        variable, LOG_SCALE, known, tuple(floors), float((ratio <= 0.0).mean(axis=-1).max())
    )


def _returned(own: Array, rows: Mapping[str, Array]) -> Array:
    """Return 1 + ROI, NaN where the variable itself is undefined: where nobody is hired, say."""
    return np.where(np.isfinite(own), divide(rows["contribution"], rows["cost"]), np.nan)
