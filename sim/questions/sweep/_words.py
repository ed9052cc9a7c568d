"""What a sweep shows, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...text.names import TWINS, key_words, measure_words, twin_word
from ...text.numbers import NO_ERROR, Number, counted, setting, told
from ...text.verdicts import TOLD_APART, UNTOLD
from ..common import unit_of

if TYPE_CHECKING:
    from ._sweep import Swept

Array = npt.NDArray[np.float64]


def along(sweep: Swept) -> str:
    """Describe the two ends of a single key."""
    key, measure = sweep.keys[0], sweep.outcome
    values = sweep.dataset[key.name].values.tolist()
    parts = []
    for portfolio in sweep.decision.portfolios:
        first, last = (_figure(sweep, measure, i, portfolio) for i in (0, -1))
        parts.append(
            f"of {portfolio} "
            + (f"stays {first}" if first == last else f"goes from {first} to {last}")
        )
    text = (
        f"With a {key_words(key.name)} from {setting(values[0])} to {setting(values[-1])} {_unit(key.unit)}, the "
        f"{measure_words(measure)} {', that '.join(parts)}"
    )
    text += _twins(sweep, measure)
    if sweep.decision.b is None:
        return text
    first, last = (_figure(sweep, "a_beats_b", i) for i in (0, -1))
    return (
        f"{text}; {sweep.decision.a} beats {sweep.decision.b} in {first} of worlds at the first "
        f"value and in {last} at the last"
    )


def _twins(sweep: Swept, measure: str) -> str:
    """Return the medians beside means, or the means beside medians."""
    twin = TWINS.get(measure)
    if twin is None or twin not in sweep.measures:
        return ""
    parts = []
    for portfolio in sweep.decision.portfolios:
        first, last = (_figure(sweep, twin, i, portfolio) for i in (0, -1))
        parts.append(f"{portfolio} {first}" + ("" if first == last else f" to {last}"))
    return f" ({twin_word(measure)}: {', '.join(parts)})"


def _unit(unit: str) -> str:
    return f"({unit})" if unit else ""


def _figure(sweep: Swept, measure: str, i: int, portfolio: str | None = None) -> str:
    value, error = sweep.dataset[measure], sweep.dataset[f"{measure}_se"]
    if portfolio is not None:
        value, error = value.sel(portfolio=portfolio), error.sel(portfolio=portfolio)
    return told(Number(float(value.values[i]), float(error.values[i]), unit_of(measure)))


def over(sweep: Swept) -> str:
    """Count who is ahead over all points, and give the range of wins and losses."""
    a, b = sweep.decision.a, sweep.decision.b
    parts = []
    if b is not None:
        parts.append(_leads(sweep, a, b))
        lowest, highest = _ends(sweep, "a_beats_b")
        parts.append(
            f"{a} beats {b} in {lowest} of worlds at one extreme and {highest} at the other"
        )
    for portfolio in sweep.decision.portfolios:
        lowest, highest = _ends(sweep, "loss_probability", portfolio)
        parts.append(f"{portfolio} loses money in {lowest} of worlds at best, {highest} at worst")
    return "; ".join(parts)


def _leads(sweep: Swept, a: str, b: str) -> str:
    """Say at how many points each portfolio is ahead, where the errors can tell."""
    gap, error = sweep.gap()
    margin = TOLD_APART * error
    what = measure_words(sweep.outcome)
    if not np.isfinite(margin).any():
        ahead, behind = int((gap > 0.0).sum()), int((gap < 0.0).sum())
        return (
            f"{a} is above {b} on {what} at {counted(ahead)} of {counted(gap.size, 'point')} and below at "
            f"{counted(behind)} (no standard error: {NO_ERROR})"
        )
    ahead, behind = int((gap > margin).sum()), int((gap < -margin).sum())
    unknown = int(np.isnan(margin).sum())
    unsure = gap.size - ahead - behind - unknown
    parts = [
        f"{a} is above {b} on {what} at {counted(ahead)} of {counted(gap.size, 'point')}",
        f"below at {counted(behind)}",
    ]
    parts += [f"at {counted(unsure)} they {UNTOLD}"] if unsure else []
    parts += [f"at {counted(unknown)} the error is not known ({NO_ERROR})"] if unknown else []
    return ", ".join(parts)


def _ends(sweep: Swept, measure: str, portfolio: str | None = None) -> tuple[str, str]:
    """Return the smallest and the largest value over all points, in words."""
    value, error = sweep.dataset[measure], sweep.dataset[f"{measure}_se"]
    if portfolio is not None:
        value, error = value.sel(portfolio=portfolio), error.sel(portfolio=portfolio)
    values, errors = value.values.ravel(), error.values.ravel()
    places: Sequence[int] = (int(np.argmin(values)), int(np.argmax(values)))
    low, high = (told(Number(float(values[i]), float(errors[i]), unit_of(measure))) for i in places)
    return low, high
