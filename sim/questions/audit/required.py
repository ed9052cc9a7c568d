"""What it would take: the value of a key at which a simulated figure is what somebody claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.reuse import reusing
from ...experiment import Distribution, ExperimentError
from ...text.names import key_words
from ...text.numbers import from_to, setting
from ...vary.keys import Varied, find_key
from ..common import finite
from .expressions import Interval, Scene, Speaker, TermError, portfolios_in

#: Relative accuracy of the figure that is met, the longest step of the key in log, and most steps.
ACCURACY, LONGEST_STEP, STEPS = 1e-3, math.log(8.0), 14
#: Worlds of a step; how the figure moves is carried over to all worlds.
STEP_WORLDS = 4096


@dataclass(frozen=True)
class Need:
    """A value that a parameter would need.

    Attributes
    ----------
    parameter
        A dotted key of the experiment, or in words the figure itself where no key can do it.
    low, high
        The value, or the range that would do. Of a distribution it is the median.
    now
        What it is in the experiment; None where that is not one number.
    unit
        Unit, with its denominator.
    median
        Whether the value is the median of a distribution that keeps its shape.
    """

    parameter: str
    low: float
    high: float
    now: float | None
    unit: str
    median: bool = False

    @property
    def sentence(self) -> str:
        """Say it in words."""
        now = "" if self.now is None else f" (now {setting(self.now)})"
        name = key_words(self.parameter)
        what = f"median {name}" if self.median else name
        return f"{what} = {from_to(self.low, self.high)}{now}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name: infinite ends are None."""
        return {
            "parameter": self.parameter,
            "low": finite(self.low),
            "high": finite(self.high),
            "now": self.now,
            "unit": self.unit,
            "is_median": self.median,
        }


@reusing()
def need(speaker: Speaker, term: Any, claimed: Interval, name: str) -> Need | None:
    """Return the value of a key at which a simulated term meets a claim, None where there is none.

    Parameters
    ----------
    speaker
        Knows the simulated figures as they are.
    term
        The simulated figure.
    claimed
        What it should be; its nearer end is aimed at.
    name
        Dotted key.
    """
    of = portfolios_in(term)
    base = speaker.scenes[next(iter(of), "")].only(of).briefly(STEP_WORLDS)
    key = find_key(base.experiment, name)
    if key.base is None:
        return None
    varied = Varied(base.experiment)

    def seen(scene: Scene) -> float:
        return number(Speaker(speaker.figures, dict.fromkeys({"", *of}, scene)).evaluate(term))

    def at(value: float) -> float:
        return seen(base.with_experiment(varied.at({key: value}))) * carried

    whole, few = number(speaker.evaluate(term)), seen(base)
    carried = whole / few if few else 1.0
    required = solve(at, key.base, whole, claimed.nearest(whole))
    if required is None:
        return None
    return Need(
        name, required, required, key.base, key.unit, _varies(base.experiment, key.paths[0])
    )


def _varies(experiment: Any, path: Sequence[str]) -> bool:
    """Whether a distribution with a spread stands at a place of the experiment."""
    here = experiment
    for part in path:
        here = here.get(part) if isinstance(here, Mapping) else getattr(here, part, None)
    return isinstance(here, Distribution) and here.family != "constant"


def number(value: Any) -> float:
    """Return the value of a term that is one number."""
    if isinstance(value, Interval):
        if not value.point:
            raise TermError("what is simulated must be one number, not a range")
        return value.low
    return float(value.value)


def solve(at: Callable[[float], float], now: float, start: float, target: float) -> float | None:
    """Return where a monotone function is equal to a target, by secants.

    In logarithms, where prices, rates and sizes act as powers and one step is enough; as they are
    where the parameter is zero now.

    Parameters
    ----------
    at
        The function; it may raise `ExperimentError` where the parameter cannot go.
    now, start
        Value of the parameter, and of the function there.
    target
        Wanted value.
    """
    logs = now > 0.0 and start > 0.0 and target > 0.0
    if now < 0.0 or not math.isfinite(target):
        return None
    into: Callable[[float], float] = math.log if logs else float
    back: Callable[[float], float] = math.exp if logs else float
    x, y, goal = into(now), into(start), into(target)
    step = 0.2 if logs else 1.0
    try:
        for _ in range(STEPS):
            value = at(back(x + step))
            if not (value > 0.0 or not logs) or not math.isfinite(value):
                return None
            slope = (into(value) - y) / step
            x, y = x + step, into(value)
            if abs(value / target - 1.0) < ACCURACY if target else abs(value) < ACCURACY:
                return back(x)
            if abs(slope) < 1e-4:
                return None
            step = (goal - y) / slope
            if logs:
                step = max(-LONGEST_STEP, min(step, LONGEST_STEP))
            elif x + step < 0.0:
                return None
    except ExperimentError:
        return None
    return None
