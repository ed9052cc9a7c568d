"""From a row of the table and the worlds to a number with its error, or to why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..text.currency import in_currency
from ..text.numbers import fixed
from .estimate import Estimate, spread_over
from .precision import HEAVY_TAIL, rare, standard_error
from .table import Measure, Setting
from .worlds import Worlds

HEAVY = "heavy tail"
"""How the reason begins for which a heavy tail leaves no standard error."""


_ROUNDING = 1e-14
"""Relative standard error below which a measure is the same in every world, but for rounding."""


@dataclass(frozen=True)
class Measured:
    """One measure, ready to print: never NaN.

    Attributes
    ----------
    value, se : float or None
        The measure and its Monte Carlo standard error, in `unit`.
    unit : str
        Unit of both.
    reason : str or None
        Why one of them is missing; None if neither is.
    khat : float or None
        Pareto shape of the tail that the standard error rests on, where it was judged.
    left_out : int
        Worlds in which a variable is undefined; they do not count.
    """

    value: float | None
    se: float | None
    unit: str
    reason: str | None = None
    khat: float | None = None
    left_out: int = 0

    @property
    def heavy_tailed(self) -> bool:
        """Whether the standard error is missing because of a heavy tail."""
        return self.se is None and (self.reason or "").startswith(HEAVY)

    def to_dict(self) -> dict[str, float | str | None]:
        """Return value, se and unit, and the reason if one of them is missing."""
        entry: dict[str, float | str | None] = {"value": self.value, "se": self.se}
        if self.reason is not None:
            entry["reason"] = self.reason
        entry["unit"] = self.unit
        return entry


def evaluate(measure: Measure, worlds: Worlds, settings: Mapping[str, float]) -> Measured:
    """Compute one row of the table.

    Parameters
    ----------
    measure : Measure
        Row of `MEASURES` or `COMPARISONS`.
    worlds : Worlds
        Where its variables are read.
    settings : mapping of str to float
        Values of the `Setting` placeholders.
    """
    # a ratio over almost nothing may overflow: it is then reported as missing
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _evaluate(measure, worlds, settings)


def _evaluate(measure: Measure, worlds: Worlds, settings: Mapping[str, float]) -> Measured:
    unit = in_currency(measure.unit, worlds.currency)
    if lacking := worlds.lacks(measure.variables):
        return Measured(None, None, unit, lacking)
    samples, keep = worlds.complete(measure.variables)
    left_out = 0 if keep is None else int(keep.size - keep.sum())
    if not samples:
        reason = f"{' and '.join(measure.variables)} undefined in every world"
        return Measured(None, None, unit, reason, left_out=left_out)
    options = {
        key: settings[option.name] if isinstance(option, Setting) else option
        for key, option in measure.options.items()
    }
    estimate = measure.function(*samples, **options)
    if keep is not None and worlds.groups:
        estimate = spread_over(estimate, keep)
    return measured(
        estimate, unit, groups=worlds.groups, clustered=worlds.clustered, left_out=left_out
    )


def measured(
    estimate: Estimate, unit: str, *, groups: int = 0, clustered: bool = False, left_out: int = 0
) -> Measured:
    """Turn an estimate without leading axes into plain numbers, with the reason for a missing one.

    Parameters
    ----------
    estimate : Estimate
        Value of shape (), influence of shape (n,).
    unit : str
        Unit of the value.
    groups, clustered
        See `standard_error`.
    left_out : int
        Worlds that did not count.
    """
    precision = standard_error(estimate, groups=groups, clustered=clustered)
    value, se, khat = (
        _finite(float(number)) for number in (estimate.value, precision.se, precision.khat)
    )
    if value is not None and se is not None and se < _ROUNDING * abs(value):
        se = 0.0  # nothing varies but the last digits
    units = groups or estimate.worlds
    reason = None
    if value is None:
        se, reason = None, estimate.reason or "not a finite number"
    elif se is None:
        reason = _why_no_error(estimate, khat, units, "group" if groups else "world")
    return Measured(value, se, unit, reason, khat, left_out)


def _why_no_error(estimate: Estimate, khat: float | None, units: int, noun: str) -> str:
    if units < 2:
        return f"one {noun} only: no standard error"
    why = ""
    if estimate.has_error is False:
        why = f"{estimate.law}, more than these worlds show"
    elif khat is not None and khat > HEAVY_TAIL:
        why = f"Pareto k {fixed(khat, 2)}, above {HEAVY_TAIL}"
    if why:
        return f"{HEAVY} ({why}): no standard error, read the quantiles instead"
    if estimate.kind == "open" and rare(estimate.influence).any():
        return "seen in too few worlds for a standard error"
    return estimate.reason or "not a finite number"


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
