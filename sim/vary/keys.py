"""Dotted keys of an experiment: where they stand, what they are now, the experiment at other values.

The swept value of a distribution is its median; its shape stays: positive quantities are rescaled,
shares keep their spread on the logit scale (a logit-normal) or their concentration (a beta).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ..engine import marginals as mg
from ..experiment import Distribution, DistributionError, Experiment, ExperimentError, Fault
from ..experiment import models as m
from ..experiment.distributions import number
from ..experiment.faults import nearest
from ..experiment.numbers import NO_SHARE
from ..experiment.toml import dotted, path_of
from ..plan import make_plan, marginal
from ..plan.model import PlanLine
from ..text.currency import in_currency
from ..text.numbers import setting
from .variant import ASIDE, Path, variant

Kind = Literal["distribution", "number", "count", "text"]
Value = float | str | dict[str, Any]

#: Fields whose distributions lie within 0 and 1.
SHARES = {
    "authentic_share", "reach_rate", "engagement_rate", "conversion_rate", "gross_margin",
    "return_rate", "incremental_share", "tracked_share",
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key of an experiment that can be given other values.

    Attributes
    ----------
    name
        Dotted, as the analyst wrote it; ``tier.macro.fee`` means every platform of the tier.
    paths
        Its places in the resolved tables.
    kind
        What stands there.
    base
        The number there, or the median of the distribution; None for an empty key or text. Of a
        tier's key with several platforms that of the first: the others move in proportion.
    unit
        What the key is, with its denominator.
    amount
        Whether it is an amount or a count, on which a percent sign can only mean a change.
    largest
        How many times `base` the largest of its places is.
    """

    name: str
    paths: tuple[Path, ...]
    kind: Kind
    base: float | None
    unit: str
    amount: bool = False
    largest: float = 1.0

    @property
    def field(self) -> str:
        """The last part of the key."""
        return self.name.rpartition(".")[2]

    @property
    def table(self) -> str:
        """The first part of the key."""
        return self.name.partition(".")[0]


def find_key(experiment: Experiment, name: str) -> Key:
    """Return a key of an experiment.

    Raises
    ------
    ExperimentError
        Where the experiment has no such key, with the nearest one that it has.
    """
    parts = path_of(name) or tuple(name.split("."))
    paths = tuple(places_of(experiment, parts))
    places = [_look_up(experiment, path) for path in paths]
    if not places or parts[0] in ASIDE or any(place is None for place in places):
        known = [key for key in all_keys(experiment) if key.partition(".")[0] not in ASIDE]
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else "`sim explain FILE` lists all keys"
        if parts[0] == "portfolio" and "stages" in parts[2:]:
            hint = "write all `stages` of the portfolio in a [scenario.NAME]"
        raise ExperimentError(experiment.file, [Fault(name, f"is no key to vary; {hint}")])
    value, unit = places[0] or (None, "")
    if value is None and parts[-1] == "creators":
        value = make_plan(experiment).creators(parts[1])
    base = _base(value)
    others = [_base(place[0]) for place in places if place is not None]
    largest = max((other / base for other in others if other and base), default=1.0)
    kind = _kind(parts, value)
    amount = kind == "count" or not _takes_percent(experiment, paths[0])
    unit = in_currency(unit, experiment.currency)
    return Key(name, paths, kind, base, unit, amount, largest)


def places_of(experiment: Experiment, parts: Path) -> Iterator[Path]:
    """Yield the places of a key in the resolved tables: a tier's key stands on each platform."""
    if parts[0] == "tier" and len(parts) >= 3 and parts[2] != "on":
        tier = experiment.tier.get(parts[1])
        for platform in tier.on if tier else ():
            yield (*parts[:2], "on", platform, *parts[2:])
    elif len(parts) > 1:
        yield parts


def _look_up(experiment: Experiment, path: Path) -> tuple[Any, str] | None:
    """Return what stands at a place and what it means; None where there is no such place."""
    if path[0] == "beliefs" and path[2:3] == ("own",) and len(path) == 4:
        return _own_doubt(experiment, path[1], path[3])
    implied = {"shocks.loadings": 0.0, "beliefs": {"sd": 0.0, "common": 0.4}}
    here: Any = experiment
    unit = ""
    for i, part in enumerate(path):
        if isinstance(here, m.ExperimentTable):
            field = type(here).model_fields.get(part)
            if field is None:
                return None
            unit = field.description or unit
            here = getattr(here, part)
        elif isinstance(here, Mapping):
            if part not in here:
                missing = ".".join(path[: 2 if path[0] == "shocks" else 1])
                if missing not in implied or not _may_be_added(path):
                    return None
                default = implied[missing]
                here = default[path[-1]] if isinstance(default, dict) else default
                return here, _added_unit(path)
            here = here[part]
        else:
            return None
        if isinstance(here, Mapping) and i == len(path) - 1:
            return None
    return None if isinstance(here, m.ExperimentTable | Mapping) else (here, unit)


def _takes_percent(experiment: Experiment, path: Path) -> bool:
    """Say whether a file may write a percent sign at a place: a share, a weight, a factor."""
    here: Any = experiment
    for part in path[:-1]:
        here = getattr(here, part) if isinstance(here, m.ExperimentTable) else here.get(part)
        if here is None:
            return True
    if not isinstance(here, m.ExperimentTable):
        return True
    return _reads_percent(type(here), path[-1])


@cache
def _reads_percent(table: type[m.ExperimentTable], name: str) -> bool:
    """Say whether a field reads ``"1 %"``; of those that do not, amounts say that they are."""
    field = table.model_fields[name]
    kind: Any = field.annotation
    if field.metadata:
        kind = Annotated[kind, *field.metadata]
    try:
        TypeAdapter(kind).validate_python("1 %")
    except ValidationError as error:
        return NO_SHARE not in str(error)
    return True


def _own_doubt(experiment: Experiment, name: str, tier: str) -> tuple[float, str] | None:
    """Return the log sd of a belief's own part for a tier, given or by default, and its unit."""
    belief = next((b for key, b in experiment.beliefs.items() if key == name), None)
    if belief is None or (tier not in belief.own and tier not in experiment.tier):
        return None
    rest = belief.sd * math.sqrt(1.0 - belief.common)
    return belief.own.get(tier, rest), f"sd of the log of what is {tier}'s own in the doubt"


def _may_be_added(path: Path) -> bool:
    """Whether a loading or belief that the file leaves out is one that it could have."""
    inputs = m.Shocked if path[0] == "shocks" else m.Believed
    known = inputs.__args__  # type: ignore[attr-defined]
    if path[0] == "shocks":
        return len(path) == 4 and path[2] in known and path[3] in m.FactorKind.__args__  # type: ignore[attr-defined]
    return len(path) == 3 and path[1] in known and path[2] in m.Belief.model_fields


def _added_unit(path: Path) -> str:
    if path[0] == "shocks":
        return m.Shocks.model_fields["loadings"].description or ""
    return m.Belief.model_fields[path[-1]].description or ""


def _kind(parts: Path, value: Any) -> Kind:
    if isinstance(value, Distribution):
        return "distribution"
    if parts[-1] in ("creators", "posts", "worlds", "seed", "replicates"):
        return "count"
    return "text" if isinstance(value, str) else "number"


def _base(value: Any) -> float | None:
    if isinstance(value, Distribution):
        return median(value)
    return float(value) if isinstance(value, int | float) else None


def all_keys(experiment: Experiment) -> list[str]:
    """Return the dotted keys of an experiment, tiers without their platform."""
    keys: list[str] = []

    def walk(value: Any, path: Path) -> None:
        if isinstance(value, m.ExperimentTable):
            for name in type(value).model_fields:
                walk(getattr(value, name), (*path, name))
        elif isinstance(value, Mapping):
            for name, item in value.items():
                walk(item, (*path, str(name)))
        elif len(path) > 1:
            short = (*path[:2], *path[4:]) if path[0] == "tier" else path
            keys.append(dotted(short))

    walk(experiment, ())
    return list(dict.fromkeys(keys))


# --- Distributions at another median --------------------------------------------------------------


def median(distribution: Distribution) -> float:
    """Return the median of a distribution as written, its own truncation included."""
    if distribution.family == "constant":
        return float(distribution.parameters["value"])
    if distribution.family == "empirical":
        return float(mg.compile_marginal(marginal(distribution)).quantile(np.zeros(1))[0])
    functions = mg.FAMILIES[distribution.family](**distribution.parameters)
    lower, upper = max(distribution.lower, 0.0), distribution.upper
    below = functions.cdf(lower) if distribution.lower > 0.0 else 0.0
    above = functions.sf(upper) if upper < math.inf else 0.0
    return float(functions.ppf(np.asarray(below + 0.5 * (1.0 - below - above))))


def recentred(distribution: Distribution, value: float, share: bool = False) -> Value:
    """Return a distribution with another median and the same shape, as a file would write it.

    Parameters
    ----------
    distribution
        The distribution.
    value
        Its new median.
    share
        Whether it lies within 0 and 1, so that a logit-normal and a beta keep their shape there.

    Raises
    ------
    DistributionError
        Where the family cannot be moved.
    """
    if distribution.family == "constant":
        return value
    if share and distribution.family in ("logitnormal", "beta"):
        if not 0.0 < value < 1.0:
            raise DistributionError("the median of a share must lie between 0 and 1")
        return _moved_share(distribution, value)
    if value == 0.0 and not share:
        return 0.0
    base = median(distribution)
    if not base > 0.0 or not value > 0.0:
        raise DistributionError("a distribution can only be moved to and from a positive median")
    return _truncated(distribution, _rescaled(distribution, value / base), value / base)


def _rescaled(d: Distribution, s: float) -> dict[str, Any]:
    """Return the family and parameters of s times a quantity."""
    p = d.parameters
    if d.family == "lognormal":
        return {"lognormal": {"median": math.exp(p["mu"]) * s, "log_sd": p["sigma"]}}
    if d.family == "normal":
        return {"normal": {"mean": p["mu"] * s, "sd": p["sigma"] * s}}
    if d.family == "gamma":
        mean, sd = p["shape"] * p["scale"], math.sqrt(p["shape"]) * p["scale"]
        return {"gamma": {"mean": mean * s, "sd": sd * s}}
    if d.family in ("uniform", "triangular", "pert"):
        return {d.family: {name: end * s for name, end in p.items()}}
    if d.family == "pareto":
        return {"pareto": {"minimum": p["minimum"] * s, "tail_index": p["tail_index"]}}
    if d.family == "beta":
        return {"scipy": {"name": "beta", **p, "scale": s}}
    if d.family == "scipy":
        ends = {"loc": p.get("loc", 0.0) * s, "scale": p.get("scale", 1.0) * s}
        return {"scipy": {**p, **ends}}
    raise DistributionError(f"is {d.family}, which cannot be moved; write another family")


def _moved_share(d: Distribution, value: float) -> dict[str, Any]:
    """Return a share's distribution with its median at `value`, spread or concentration kept."""
    cut = d.lower > 0.0 or d.upper < 1.0
    if d.family == "logitnormal":
        sigma = d.parameters["sigma"]

        def logitnormal(mu: float) -> dict[str, float]:
            return {"mu": mu, "sigma": sigma}

        mu = math.log(value / (1.0 - value))
        mu = _solve(d, logitnormal, value, mu - 8.0 * sigma, mu + 8.0 * sigma) if cut else mu
        written = {"median": 1.0 / (1.0 + math.exp(-mu)), "logit_sd": sigma}
        return _truncated(d, {"logitnormal": written}, 1.0)
    size = d.parameters["a"] + d.parameters["b"]

    def beta(mean: float) -> dict[str, float]:
        return {"a": mean * size, "b": (1.0 - mean) * size}

    mean = _solve(d, beta, value, 1e-6, 1.0 - 1e-6)
    sd = math.sqrt(mean * (1.0 - mean) / (size + 1.0))
    return _truncated(d, {"beta": {"mean": mean, "sd": sd}}, 1.0)


def _solve(d: Distribution, parameters: Any, value: float, low: float, high: float) -> float:
    """Return the parameter at which the median of the family is `value`."""
    from scipy.optimize import brentq

    def gap(x: float) -> float:
        return median(Distribution(None, d.family, parameters(x), d.lower, d.upper)) - value

    if not gap(low) < 0.0 < gap(high):
        raise DistributionError(f"cannot have its median at {setting(value)} within its truncation")
    return float(brentq(gap, low, high, xtol=1e-14, rtol=1e-14))


def _truncated(d: Distribution, written: dict[str, Any], s: float) -> dict[str, Any]:
    if not math.isfinite(d.lower) and not math.isfinite(d.upper):
        return written
    return {**written, "truncate": [max(d.lower, 0.0) * s, d.upper * s]}


# --- The experiment at other values ---------------------------------------------------------------


class Varied:
    """An experiment at other values of its keys.

    Parameters
    ----------
    experiment
        The experiment.
    resize
        Whether budgets hire again at each point; without it every portfolio keeps the creators
        that it has in the experiment, unless the key is about its size.
    """

    def __init__(self, experiment: Experiment, resize: bool = False) -> None:
        self.experiment = experiment
        self.resize = resize

    @cached_property
    def _portfolios(self) -> dict[str, Any]:
        return dict(self.experiment.tables()["portfolio"])

    @cached_property
    def _lines(self) -> tuple[PlanLine, ...]:
        return make_plan(self.experiment).lines

    @cached_property
    def _held(self) -> dict[str, dict[str, Any]]:
        """Portfolios sized by the creators that they have."""
        counts: dict[str, dict[str, int]] = {}
        quotes: dict[str, dict[str, tuple[float, ...]]] = {}
        for line in self._lines:
            if line.money < math.inf:
                quotes.setdefault(line.portfolio, {})[line.name] = (line.money, *line.parts)
            elif line.stage == 0 and not line.joins:
                counts.setdefault(line.portfolio, {})[line.name] = line.creators
        return {
            name: {**table, "quotes": quotes[name]}
            if name in quotes
            else _sized(table, counts[name])
            for name, table in self._portfolios.items()
        }

    @cached_property
    def _lists(self) -> dict[Path, dict[str, Any]]:
        """Of lists whom a budget plans to test: those of them whom it does, and no budget."""
        tested: dict[str, set[str]] = {}
        for line in self._lines:
            if line.people and line.money == math.inf:
                tested.setdefault(line.portfolio, set()).update(row.name for row in line.people)
        result: dict[Path, dict[str, Any]] = {}
        for name, people in tested.items():
            portfolio = self.experiment.portfolio[name]
            if portfolio.budget is not None and portfolio.roster is not None:
                rows = tuple(row for row in portfolio.roster.rows if row.name in people)
                roster = replace(portfolio.roster, rows=rows)
                result["portfolio", name] = {"roster": roster, "budget": None}
        return result

    def at(self, values: Mapping[Key, Value]) -> Experiment:
        """Return the experiment with other values of some keys.

        Parameters
        ----------
        values
            A number (the new median of a distribution) or anything that a file may write there.

        Raises
        ------
        ExperimentError
            Where a value is not possible.
        """
        places: dict[Path, Value] = {
            path: recentred_at(self.experiment, key, path, value)
            for key, value in values.items()
            for path in key.paths
        }
        return self.with_tables(places)

    def with_tables(self, places: Mapping[Path, Any]) -> Experiment:
        """Return the experiment with what stands at some places of its resolved tables replaced."""
        resized = {path[1] for path in places if path[0] == "portfolio" and {*path[2:3]} & _WHO}
        if ("boost", "budget") in places:
            resized = set(self._portfolios)
        portfolios = {
            name: table if self.resize or name in resized else self._held[name]
            for name, table in self._portfolios.items()
        }
        lists = {
            (*path, field): value
            for path, values in ({} if self.resize else self._lists).items()
            if path[1] not in resized
            for field, value in values.items()
        }
        return variant(self.experiment, places, portfolios=portfolios, values=lists)


def recentred_at(experiment: Experiment, key: Key, path: Path, value: Value) -> Value:
    """Return what a number for a key writes at one of its places: a distribution keeps its shape.

    Of a key with several places the number is what stands at the first, and the others move in
    proportion: platforms stay as far apart as they are.

    Raises
    ------
    ExperimentError
        Where the distribution cannot be moved there.
    """
    place = _look_up(experiment, path)
    current = place[0] if place else None
    if isinstance(value, int | float) and key.kind != "count":
        own = _base(current)
        if len(key.paths) > 1 and own and key.base and own != key.base:
            value = value * (own / key.base)
    if not isinstance(current, Distribution) or not isinstance(value, int | float):
        return int(value) if key.kind == "count" and isinstance(value, float) else value
    try:
        return recentred(current, float(value), key.field in SHARES)
    except DistributionError as error:
        raise ExperimentError(experiment.file, [Fault(key.name, str(error), value)]) from None


#: Keys of a portfolio that decide whom it hires: another value hires again.
_WHO = {"creators", "budget", "hiring", "mix", "tier", "roster", "stages", "boost"}


def _sized(table: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    if "roster" in table:
        return dict(table)
    total = sum(counts.values())
    held = {k: v for k, v in table.items() if k not in ("budget", "creators", "mix")}
    held["creators"] = total
    if "mix" in table:
        held["mix"] = {
            name: {**line, "share": counts[name] / total} for name, line in table["mix"].items()
        }
    return held


def as_number(value: Any) -> float | None:
    """Return what a file would read as a number, None for anything else."""
    try:
        return number(value)
    except DistributionError:
        return None
