"""Which sliders an experiment has: budgets, fees, conversion, order value, correlation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..experiment import Experiment, ExperimentError
from ..experiment.distributions import SHARE, DistributionError, parse
from ..plan import portfolio_terms
from ..text.numbers import counted, fixed, rounded, setting
from ..vary.keys import Key, find_key, recentred_at

#: Positions of a slider: from 0 to this number; the experiment's own value stands in the middle.
STEPS = 200
#: How far a slider reaches to both sides, as a factor.
REACH = 4.0
#: Most that the scale of correlation may become, however small the loadings.
_MOST_SCALE = 2.0


@dataclass(frozen=True)
class Control:
    """A slider: a key, or several that move together, and the value at each position.

    Attributes
    ----------
    label
        What it says.
    unit
        Of the value shown, with its denominator.
    keys
        Keys that get the value.
    values
        Value at each position.
    start
        Position of the experiment's own value.
    """

    label: str
    unit: str
    keys: tuple[Key, ...]
    values: tuple[float, ...]
    start: int

    @property
    def texts(self) -> list[str]:
        """The value at each position as the page shows it."""
        return [_text(value, self.unit) for value in self.values]

    def to_dict(self) -> dict[str, Any]:
        """Return what the page needs."""
        return {"label": self.label, "start": self.start, "texts": self.texts}


def controls(experiment: Experiment) -> list[Control]:
    """Return the sliders of an experiment.

    Parameters
    ----------
    experiment
        The experiment. What is zero or empty in it has no slider.
    """
    parts = (_sizes, _tiers, _order_value, _correlation)
    return [control for part in parts for control in part(experiment) if control.keys]


def _sizes(experiment: Experiment) -> Iterator[Control]:
    """Yield one budget for all portfolios that have the same, else one for each; or creators.

    Named creators are who they are.
    """
    budgets = {name: p.budget for name, p in experiment.portfolio.items() if p.budget is not None}
    if len(set(budgets.values())) == 1 and len(budgets) > 1:
        keys = tuple(find_key(experiment, f"portfolio.{name}.budget") for name in budgets)
        yield _scaled("budget of each portfolio", experiment.currency, keys)
    else:
        for name in budgets:
            yield _scaled(
                f"budget of {name}",
                experiment.currency,
                _key(experiment, f"portfolio.{name}.budget"),
            )
    for name, portfolio in experiment.portfolio.items():
        if portfolio.budget is None and portfolio.roster is None:
            key = _key(experiment, f"portfolio.{name}.creators")
            yield _scaled(f"creators of {name}", "creators", key, whole=True)


def _tiers(experiment: Experiment) -> Iterator[Control]:
    used: dict[str, None] = {}
    paid: dict[str, None] = {}
    for portfolio in experiment.portfolio.values():
        for _, terms, _ in portfolio_terms(portfolio):
            used[terms.tier] = None
            if experiment.compensation[terms.compensation].fee_share > 0.0:
                paid[terms.tier] = None
    for tier in paid:
        key = _key(experiment, f"tier.{tier}.fee")
        yield _scaled(f"fee of a {tier} creator, median", f"{experiment.currency} per post", key)
    for tier in used:
        keys = _key(experiment, f"tier.{tier}.conversion_rate")
        slider = _scaled(f"conversion of {tier}, median", "% of engagements that order", keys)
        yield _possible(experiment, slider)


def _order_value(experiment: Experiment) -> Iterator[Control]:
    yield _scaled(
        "order value", f"{experiment.currency} per order", _key(experiment, "economics.order_value")
    )


def _correlation(experiment: Experiment) -> Iterator[Control]:
    """Yield the slider of the factor on all loadings, up to where squared loadings sum to one."""
    squares = [
        sum(weight**2 for weight in loadings.values())
        for loadings in experiment.shocks.loadings.values()
    ]
    heaviest = max(squares, default=0.0)
    if heaviest == 0.0:
        return
    most = min(_MOST_SCALE, 1.0 / math.sqrt(heaviest))
    scale = experiment.shocks.scale
    values = sorted({scale, *(round(0.05 * k, 2) for k in range(int(most / 0.05 + 1e-9) + 1))})
    yield Control(
        "shared shocks (0: creators are independent)",
        "x loadings",
        _key(experiment, "shocks.scale"),
        tuple(values),
        values.index(scale),
    )


def _possible(experiment: Experiment, slider: Control) -> Control:
    """Return a slider of a share without the values at its upper end that no file may hold."""
    values = list(slider.values)
    while len(values) > slider.start + 1 and not _accepted(experiment, slider, values[-1]):
        values.pop()
    return replace(slider, values=tuple(values))


def _accepted(experiment: Experiment, slider: Control, value: float) -> bool:
    try:
        for key in slider.keys:
            for path in key.paths:
                parse(recentred_at(experiment, key, path, value), SHARE)
    except (DistributionError, ExperimentError):
        return False
    return True


def _key(experiment: Experiment, name: str) -> tuple[Key, ...]:
    try:
        return (find_key(experiment, name),)
    except ExperimentError:
        return ()


def _scaled(label: str, unit: str, keys: tuple[Key, ...], *, whole: bool = False) -> Control:
    """Return a slider in equal factors around the value of a key."""
    base = keys[0].base if keys else None
    if not base or base <= 0.0:
        return Control(label, unit, (), (), 0)
    factors = (REACH ** (2 * k / STEPS - 1) for k in range(STEPS + 1))
    values = [base if math.isclose(f, 1.0) else rounded(base * f, 3) for f in factors]
    if whole:
        values = [float(max(1, round(value))) for value in values]
    values = sorted(set(values))
    return Control(label, unit, keys, tuple(values), values.index(base))


def _text(value: float, unit: str) -> str:
    if unit.startswith("%"):
        return f"{setting(100 * value, 3)} {unit}"
    if unit == "creators":
        return counted(round(value), "creator")
    return f"{fixed(value, 0 if value >= 100 else 2)} {unit}"
