"""Why one portfolio earns more per USD than another: the ratio of their ROAS as a product of factors.

ROAS, mean revenue over mean cost, is what a USD buys in impressions, times how many of those who
see a post engage, times how many of those order, times what an order brings. Each is a ratio of
means, so the ratio of two portfolios' ROAS is the product of the ratios of these, to the last digit;
on logarithms the parts add up. Errors are paired, by the delta method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..text.currency import MONEY, in_currency
from ..text.names import listed
from ..text.numbers import Number, plain, told
from ..text.verdicts import UNTOLD, direction
from . import functions as f
from .evaluate import Measured, evaluate
from .table import Measure
from .worlds import PairWorlds, pair_worlds

if TYPE_CHECKING:
    import xarray as xr


#: Errors of a logarithm below it are those of arithmetic; decimals that are then right.
_ROUNDING, _PLACES = 1e-12, 12


@dataclass(frozen=True)
class Factor:
    """One factor of ROAS: a ratio of two means.

    Attributes
    ----------
    text : str
        In a sentence; money is `MONEY`.
    over, under : str
        Variables of the results.
    """

    text: str
    over: str
    under: str

    @property
    def words(self) -> str:
        """What it is in the currency of the text at hand."""
        return in_currency(self.text)


FACTORS: Mapping[str, Factor] = MappingProxyType({
    "impressions_per_cost": Factor(f"impressions per {MONEY}", "impressions", "cost"),
    "engagements_per_impression": Factor(
        "engagements per impression", "engagements", "impressions"
    ),
    "orders_per_engagement": Factor("orders per engagement", "orders", "engagements"),
    "revenue_per_order": Factor("revenue per order", "revenue", "orders"),
})  # fmt: skip
"""In the order of the funnel; their product is revenue / cost."""

ROAS = Factor(f"revenue per {MONEY}", "revenue", "cost")


@dataclass(frozen=True)
class Why:
    """The ratio of two portfolios' ROAS, and the factors that it is the product of.

    Attributes
    ----------
    a, b : str
        The portfolio that earns more per USD, and the other.
    level : float
        ROAS of b.
    ratio : Measured
        ROAS of a / ROAS of b, one or more.
    factors : mapping of str to Measured
        The same ratio of each factor, by name as in `FACTORS`; their product is `ratio`.
    """

    a: str
    b: str
    level: float
    ratio: Measured
    factors: Mapping[str, Measured]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: ``{"a", "b", "level", "ratio": {"value", "se"}, "factors": {…}}``."""
        return {
            "a": self.a,
            "b": self.b,
            "level": self.level,
            "ratio": self.ratio.to_dict(),
            "factors": {name: entry.to_dict() for name, entry in self.factors.items()},
        }

    @property
    def by_size(self) -> list[str]:
        """Names of the factors, from what moves the ratio most to what moves it least."""
        return sorted(self.factors, key=lambda name: -abs(math.log(self.factors[name].value or 1)))

    @property
    def sentence(self) -> str:
        """Return what one earns more per USD than the other, and by which factors."""
        if self.told_apart:
            head = f"{self.a} has {times(self.ratio)} the ROAS of {self.b}"
        elif self.ratio.se == 0.0:
            return f"{self.a} and {self.b} have the same ROAS."
        else:
            head = f"The ROAS of {self.a} and {self.b} {UNTOLD}, {times(self.ratio)}"
        moved = [name for name in self.by_size if moves(self.factors[name])]
        level = [FACTORS[name].words for name in self.factors if name not in moved]
        parts = [f"{factor(self.factors[name])} times the {FACTORS[name].words}" for name in moved]
        if level:
            parts.append(f"the same {listed(level)}")
        return f"{head}: {listed(parts)}."

    @property
    def headline(self) -> str:
        """Return the same in brief, with the factor that moves it most."""
        if not self.told_apart:
            return f"The ROAS of {self.a} and {self.b} {UNTOLD}"
        helps = [name for name in self.by_size if (self.factors[name].value or 1.0) > 1.0]
        most = f"{factor(self.factors[helps[0]])} times the {FACTORS[helps[0]].words}"
        return f"{self.a} has {factor(self.ratio)} times the ROAS of {self.b}, mostly by {most}"

    @property
    def told_apart(self) -> bool:
        """Whether the worlds tell that one earns more per USD."""
        return moves(self.ratio)


def moves(ratio: Measured) -> bool:
    """Return whether a ratio differs from one beyond its error; without one, by a hundredth."""
    if ratio.se is None:
        return abs((ratio.value or 1.0) - 1.0) > 0.01
    return direction(ratio, 1.0) != 0


def factor(ratio: Measured) -> str:
    """Return a ratio as a factor: ``1.45``."""
    return plain(ratio.value, ratio.se)


def times(ratio: Measured) -> str:
    """Return a ratio in a sentence: ``1.23 times (± 0.01)``."""
    if ratio.se is None:
        return f"{factor(ratio)} times"
    text, bracket, error = told(Number(ratio.value, ratio.se)).partition(" (")
    return f"{text} times{bracket}{error}"


def why(ds: xr.Dataset, a: str, b: str) -> Why | None:
    """Return why one of two portfolios earns more per USD; None where one earns nothing.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).
    a, b : str
        Two portfolios.
    """
    worlds = pair_worlds(ds, a, b)
    ratio = _ratio(ROAS, worlds)
    if ratio.value is None:
        return None
    if ratio.value < 1.0:
        return why(ds, b, a)
    factors = {name: _ratio(one, worlds) for name, one in FACTORS.items()}
    if any(entry.value is None for entry in factors.values()):
        return None
    revenue, cost = (float(worlds.sample(f"{name}_b").mean) for name in (ROAS.over, ROAS.under))
    return Why(a, b, revenue / cost, ratio, factors)


def _ratio(one: Factor, worlds: PairWorlds) -> Measured:
    sides = tuple(f"{name}_{side}" for side in "ab" for name in (one.over, one.under))
    row = Measure(one.words, "ratio", one.words, f.log_of_ratios, sides, {})
    log = evaluate(row, worlds, {})
    if log.value is None:
        return log
    if log.se is not None and log.se < _ROUNDING:
        # Both sides have the same worlds but for a constant.
        return Measured(round(math.exp(log.value), _PLACES), 0.0, "ratio", left_out=log.left_out)
    value = math.exp(log.value)
    se = None if log.se is None else value * log.se
    return Measured(value, se, "ratio", log.reason, log.khat, log.left_out)


def read_why(content: Mapping[str, Any]) -> Why | None:
    """Return what `Why.to_dict` wrote into ``summary.json``; None where there was none.

    Raises
    ------
    KeyError, TypeError
        Where it is not whole.
    """
    row = content.get("why")
    if row is None:
        return None
    factors = {name: _read(row["factors"][name]) for name in FACTORS}
    return Why(str(row["a"]), str(row["b"]), float(row["level"]), _read(row["ratio"]), factors)


def _read(entry: Mapping[str, Any]) -> Measured:
    return Measured(entry["value"], entry["se"], str(entry["unit"]), entry.get("reason"))
