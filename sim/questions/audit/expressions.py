"""The words in which `sim/evidence/audit.toml` speaks of figures: a fixed vocabulary, never code.

A term is a number or a table with one verb. Terms of claims and of real posts become intervals,
from low to high; terms of the simulation become estimates with an error. Arithmetic joins them: intervals by their
ends, estimates by the chain rule of their influence functions (`sim/measures/estimate.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import marginals as mg
from ...evidence import Derived, Quoted, derived_row, derived_value
from ...experiment import Distribution, Experiment
from ...experiment.models import Tier
from ...measures import Estimate
from ...measures.functions import mean, quantile, ratio_of_means, standard_deviation
from ...plan import marginal, portfolio_terms
from ...vary.variant import variant
from ..common import estimate_of, with_worlds

if TYPE_CHECKING:
    import xarray as xr


#: Standard errors on each side of a statistic of real posts: about 95 % of samples cover it.
MEASURED_ERRORS = 2.0


class TermError(ValueError):
    """A term that says nothing, or of something that does not exist."""


@dataclass(frozen=True)
class Interval:
    """A figure from low to high, both known exactly; infinite where it is unbounded."""

    low: float
    high: float

    @property
    def point(self) -> bool:
        """Whether both ends are the same."""
        return self.low == self.high

    def widened(self, tolerance: float) -> Interval:
        """Return the interval with a share of itself added on both sides if it is a point."""
        if not self.point:
            return self
        spread = abs(self.low) * tolerance
        return Interval(self.low - spread, self.high + spread)

    def meets(self, other: Interval) -> bool:
        """Whether the two have a value in common."""
        return self.low <= other.high and other.low <= self.high

    def nearest(self, value: float) -> float:
        """Return the value of the interval that is nearest to another."""
        return min(max(value, self.low), self.high)


#: What a term stands for: an interval of claims, or a simulated figure with its error.
Value = Interval | Estimate


class Scene:
    """Portfolios under the assumptions of one experiment, simulated when they are first asked for.

    Parameters
    ----------
    experiment
        The assumptions, with the portfolios of the audit.
    run
        Simulates an experiment.
    """

    def __init__(self, experiment: Experiment, run: Callable[[Experiment], xr.Dataset]) -> None:
        self.experiment = experiment
        self._run = run
        self._dataset: xr.Dataset | None = None

    @property
    def dataset(self) -> xr.Dataset:
        """The worlds of all portfolios."""
        if self._dataset is None:
            self._dataset = self._run(self.experiment)
        return self._dataset

    def only(self, portfolios: set[str]) -> Scene:
        """Return the same assumptions with some of the portfolios only: quicker to simulate."""
        tables = self.experiment.tables()
        kept = {n: table for n, table in tables["portfolio"].items() if n in portfolios}
        if not kept:
            return self
        used = {
            (terms.tier, terms.platform)
            for name in kept
            for _, terms, _ in portfolio_terms(self.experiment.portfolio[name])
        }
        tiers = {
            tier: {"on": {p: spec for p, spec in table["on"].items() if (tier, p) in used}}
            for tier, table in tables["tier"].items()
            if any(tier == name for name, _ in used)
        }
        return self.with_experiment(variant(self.experiment, {("tier",): tiers}, portfolios=kept))

    def briefly(self, worlds: int) -> Scene:
        """Return the same with its first worlds only."""
        return self.with_experiment(with_worlds(self.experiment, worlds))

    def with_experiment(self, experiment: Experiment) -> Scene:
        """Return a scene that simulates another experiment in the same way."""
        return Scene(experiment, self._run)

    def worlds(self, portfolio: str, variable: str) -> Any:
        """Return a result of a portfolio, shape (worlds,).

        ``creators`` are those who post; ``followers`` are theirs, as many as a creator of the tier
        has on average.
        """
        if variable in ("creators", "followers"):
            posting = self._values("delivered", portfolio)
            return posting if variable == "creators" else posting * self._followers(portfolio)
        return self._values(variable, portfolio)

    def _values(self, variable: str, portfolio: str) -> Any:
        if variable not in self.dataset or "portfolio" not in self.dataset[variable].dims:
            raise TermError(f"the results of a portfolio hold no {variable!r}")
        return self.dataset[variable].sel(portfolio=portfolio).values

    def _followers(self, portfolio: str) -> float:
        spec = self.experiment.portfolio[portfolio]
        if spec.tier is None:
            raise TermError(f"portfolio {portfolio} has several tiers: no common followers")
        return self.input_mean("followers", (spec.tier,), spec.platform)

    def input_mean(self, name: str, tiers: tuple[str, ...], platform: str) -> float:
        """Return the mean of an input as quoted over the accounts of one or several tiers."""
        shares = self.account_shares(tiers, platform)
        return sum(
            share * self._mean_of(name, self._spec(tier, platform))
            for tier, share in shares.items()
        )

    def account_shares(self, tiers: tuple[str, ...], platform: str) -> dict[str, float]:
        """Return which share of the accounts of several tiers each has; they add up to 1.

        Accounts are spread over followers as in the sample of real posts of the platform, a
        lognormal.
        """
        ranges = {tier: self._spec(tier, platform).follower_range for tier in tiers}
        if len(tiers) == 1:
            return {tiers[0]: 1.0}
        location, scale = (
            derived_value(platform, "all", f"followers_lognormal_{name}")
            for name in ("location", "scale")
        )
        below = NormalDist(location, scale).cdf
        accounts = {
            tier: below(math.log(high)) - below(math.log(low))
            for tier, (low, high) in ranges.items()
        }
        return {tier: count / sum(accounts.values()) for tier, count in accounts.items()}

    def _spec(self, tier: str, platform: str) -> Tier:
        on = self.experiment.tier[tier].on if tier in self.experiment.tier else {}
        if platform not in on:
            raise TermError(f"no portfolio of the audit has a {tier} creator on {platform}")
        return on[platform]

    @staticmethod
    def _mean_of(name: str, spec: Tier) -> float:
        """Return the mean of an input of a tier, in closed form or by quadrature."""
        if not isinstance(getattr(spec, name, None), Distribution):
            raise TermError(f"a tier has no input {name!r} with a mean")
        distribution = getattr(spec, name)
        if distribution.family == "constant":
            return float(distribution.parameters["value"])
        ends = spec.follower_range if name == "followers" else (0.0, math.inf)
        return mg.moment(mg.compile_marginal(marginal(distribution, *ends)))


@dataclass(frozen=True)
class Speaker:
    """Evaluates terms.

    Attributes
    ----------
    figures
        Rows of the evidence by id.
    scenes
        Where each portfolio is simulated; inputs are read from the scene named ``""``.
    """

    figures: Mapping[str, Quoted]
    scenes: Mapping[str, Scene]

    def evaluate(self, term: Any) -> Value:
        """Return what a term stands for.

        Raises
        ------
        TermError
            Where it has no verb, an unknown one, or names something that does not exist.
        """
        if isinstance(term, int | float) and not isinstance(term, bool):
            return Interval(float(term), float(term))
        verb = verb_of(term)
        if verb in _ARITHMETIC:
            parts = [self.evaluate(part) for part in term[verb]]
            return _ARITHMETIC[verb](parts)
        return _VERBS[verb](self, term)

    def interval(self, term: Any) -> Interval:
        """Return what a term made of claims and numbers stands for."""
        value = self.evaluate(term)
        if not isinstance(value, Interval):
            raise TermError("must be made of claims and numbers, not of simulated figures")
        return value

    def _claim(self, term: Mapping[str, Any]) -> Interval:
        figure = self.figures.get(term["claim"])
        if figure is None:
            raise TermError(f"no claim is called {term['claim']!r}")
        low = -math.inf if figure.low is None else figure.low
        return Interval(low, math.inf if figure.high is None else figure.high)

    def _scene(self, portfolio: str) -> Scene:
        if portfolio not in self.scenes:
            raise TermError(f"no portfolio of the audit is called {portfolio!r}")
        return self.scenes[portfolio]

    def _measure(self, term: Mapping[str, Any]) -> Estimate:
        return estimate_of(self._scene(term["of"]).dataset, term["of"], term["measure"])

    def _ratio(self, term: Mapping[str, Any]) -> Estimate:
        scene = self._scene(term["of"])
        return ratio_of_means(*(scene.worlds(term["of"], name) for name in term["ratio"]))

    def _quantile(self, term: Mapping[str, Any]) -> Estimate:
        values = self._scene(term["of"]).worlds(term["of"], term["variable"])
        return quantile(values[np.isfinite(values)], term["quantile"])

    def _spread(self, term: Mapping[str, Any]) -> Estimate:
        """Return the standard deviation over the mean of a result."""
        values = self._scene(term["of"]).worlds(term["of"], term["spread"])
        values = values[np.isfinite(values)]
        relative = _times(standard_deviation(values), _inverse(mean(values)))
        assert isinstance(relative, Estimate)
        return relative

    def _input(self, term: Mapping[str, Any]) -> Interval:
        value = self.scenes[""].input_mean(term["input"], tiers_in(term), platform_in(term))
        return Interval(value, value)

    def _measured(self, term: Mapping[str, Any]) -> Interval:
        """Return a statistic of real posts over the accounts of some tiers, with its error."""
        statistics = measured_in(term)
        shares = self.scenes[""].account_shares(tiers_in(term), platform_in(term))
        value = square = 0.0
        for statistic in statistics:
            if statistic.value is None or statistic.se is None:
                raise TermError(f"{statistic.id} has no value with an error: {statistic.note}")
            value += shares[statistic.tier] * statistic.value
            square += (shares[statistic.tier] * statistic.se) ** 2
        error = MEASURED_ERRORS * math.sqrt(square)
        return Interval(value - error, value + error)


def tiers_in(term: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tiers of a term: of one, or of all creators between the ends of several."""
    if "tiers" not in term and "tier" not in term:
        raise TermError(f"{term!r} needs `tier` or `tiers`")
    return tuple(term["tiers"]) if "tiers" in term else (str(term["tier"]),)


def platform_in(term: Mapping[str, Any]) -> str:
    """Return the platform of a term."""
    return str(term.get("platform", "instagram"))


def measured_in(term: Mapping[str, Any]) -> tuple[Derived, ...]:
    """Return the statistics of real posts that a term is made of, one of each tier."""
    try:
        return tuple(
            derived_row(platform_in(term), tier, term["measured"]) for tier in tiers_in(term)
        )
    except KeyError as error:
        raise TermError(str(error.args[0])) from None


def verb_of(term: Any) -> str:
    """Return the verb of a term."""
    if isinstance(term, Mapping):
        for verb in (*_VERBS, *_ARITHMETIC):
            if verb in term:
                return verb
    raise TermError(f"{term!r} is no term: it needs one of {', '.join((*_VERBS, *_ARITHMETIC))}")


def parts_of(term: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a term and every term inside it."""
    if isinstance(term, Mapping):
        yield term
        for part in term.get(verb_of(term), ()) if verb_of(term) in _ARITHMETIC else ():
            yield from parts_of(part)


def claims_in(term: Any) -> list[str]:
    """Return the claims that a term is made of."""
    return [part["claim"] for part in parts_of(term) if "claim" in part]


def portfolios_in(term: Any) -> set[str]:
    """Return the portfolios that a term is about."""
    return {part["of"] for part in parts_of(term) if "of" in part}


# --- Arithmetic -----------------------------------------------------------------------------------


def _multiply(parts: list[Value]) -> Value:
    return _folded(parts, _times)


def _divide(parts: list[Value]) -> Value:
    first, second = parts
    return _times(first, _inverse(second))


def _add(parts: list[Value]) -> Value:
    return _folded(parts, _plus)


def _growth(parts: list[Value]) -> Value:
    """Return the yearly growth from the first figure to the second over the third, in years."""
    first, last, years = parts
    if not all(isinstance(part, Interval) and part.point for part in parts):
        raise TermError("growth joins three figures without a range: from, to, years")
    assert isinstance(first, Interval)
    assert isinstance(last, Interval)
    assert isinstance(years, Interval)
    rate = (last.low / first.low) ** (1.0 / years.low) - 1.0
    return Interval(rate, rate)


def _both(parts: list[Value]) -> Value:
    intervals = [part for part in parts if isinstance(part, Interval)]
    if len(intervals) < len(parts):
        raise TermError("both joins claims, not simulated figures")
    low, high = max(part.low for part in intervals), min(part.high for part in intervals)
    if low > high:
        raise TermError("both joins claims that have no value in common")
    return Interval(low, high)


def _folded(parts: list[Value], join: Callable[[Value, Value], Value]) -> Value:
    result = parts[0]
    for part in parts[1:]:
        result = join(result, part)
    return result


def _times(a: Value, b: Value) -> Value:
    if isinstance(a, Interval) and isinstance(b, Interval):
        return Interval(max(a.low, 0.0) * max(b.low, 0.0), a.high * b.high)
    x, y = _estimates(a, b)
    value = np.asarray(x.value * y.value)
    return Estimate(value, x.influence * y.value + y.influence * x.value, reason=x.reason)


def _inverse(a: Value) -> Value:
    if isinstance(a, Interval):
        return Interval(1.0 / a.high, 1.0 / a.low if a.low > 0.0 else math.inf)
    return Estimate(np.asarray(1.0 / a.value), -a.influence / a.value**2, reason=a.reason)


def _plus(a: Value, b: Value) -> Value:
    if isinstance(a, Interval) and isinstance(b, Interval):
        return Interval(a.low + b.low, a.high + b.high)
    x, y = _estimates(a, b)
    return Estimate(np.asarray(x.value + y.value), x.influence + y.influence, reason=x.reason)


def _estimates(a: Value, b: Value) -> tuple[Estimate, Estimate]:
    """Return both as estimates on the same worlds; a figure without error has no influence."""
    like = a if isinstance(a, Estimate) else b
    assert isinstance(like, Estimate)

    def estimate(value: Value) -> Estimate:
        if isinstance(value, Estimate):
            return value
        if not value.point:
            raise TermError("a simulated figure can be joined with one number, not with a range")
        return Estimate(np.asarray(value.low), np.zeros_like(like.influence))

    return estimate(a), estimate(b)


_VERBS: Mapping[str, Callable[[Speaker, Mapping[str, Any]], Value]] = {
    "claim": Speaker._claim,
    "measure": Speaker._measure,
    "ratio": Speaker._ratio,
    "quantile": Speaker._quantile,
    "spread": Speaker._spread,
    "input": Speaker._input,
    "measured": Speaker._measured,
}
_ARITHMETIC: Mapping[str, Callable[[list[Value]], Value]] = {
    "multiply": _multiply,
    "divide": _divide,
    "add": _add,
    "growth": _growth,
    "both": _both,
}
