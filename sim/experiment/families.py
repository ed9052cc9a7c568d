"""Families of distributions: from the parameters that the field uses to canonical ones."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

from .faults import nearest
from .numbers import DistributionError, number

Given = Mapping[str, float]

_QUANTILE = re.compile(r"^p(\d{1,2})$", re.ASCII)
#: Families of scipy.stats whose quantiles take minutes: each is an integral solved for its end.
_TOO_SLOW = ("levy_stable", "studentized_range")


def normal_through(quantiles: Mapping[float, float]) -> dict[str, float]:
    """Return mu and sigma of the normal with two given quantiles, by probability."""
    (p, x), (q, y) = sorted(quantiles.items())
    normal = NormalDist()
    sigma = (y - x) / (normal.inv_cdf(q) - normal.inv_cdf(p))
    return {"mu": x - sigma * normal.inv_cdf(p), "sigma": sigma}


def logit(share: float) -> float:
    """Return the log odds of a share."""
    return math.log(share / (1.0 - share))


def _quantiles(given: Given) -> dict[float, float] | None:
    """Return the two quantiles of a table, None where it has none."""
    quantiles: dict[float, float] = {}
    for key, value in given.items():
        match = _QUANTILE.match(key)
        if key == "median":
            quantiles[0.5] = value
        elif match and int(match.group(1)) > 0:
            quantiles[int(match.group(1)) / 100.0] = value
        else:
            return None
    if len(quantiles) != 2 or len(given) != 2:
        return None
    (_, low), (_, high) = sorted(quantiles.items())
    if not low < high:
        raise DistributionError("quantiles must increase with their probability")
    return quantiles


def _positive(given: Given, *names: str) -> None:
    for name in names:
        if not given[name] > 0.0:
            raise DistributionError(f"{name} must be positive, not {given[name]:g}")


def _lognormal(given: Given) -> dict[str, float]:
    _positive(given, *given)
    quantiles = _quantiles(given)
    if quantiles is not None:
        return normal_through({p: math.log(x) for p, x in quantiles.items()})
    if set(given) == {"mean", "sd"}:
        variance = math.log1p((given["sd"] / given["mean"]) ** 2)
        return {"mu": math.log(given["mean"]) - variance / 2.0, "sigma": math.sqrt(variance)}
    if set(given) == {"mean", "log_sd"}:
        mu = math.log(given["mean"]) - given["log_sd"] ** 2 / 2.0
        return {"mu": mu, "sigma": given["log_sd"]}
    if set(given) == {"median", "log_sd"}:
        return {"mu": math.log(given["median"]), "sigma": given["log_sd"]}
    raise _wrong("lognormal", given)


def _normal(given: Given) -> dict[str, float]:
    quantiles = _quantiles(given)
    if quantiles is not None:
        return normal_through(quantiles)
    if set(given) == {"mean", "sd"}:
        _positive(given, "sd")
        return {"mu": given["mean"], "sigma": given["sd"]}
    raise _wrong("normal", given)


def _logitnormal(given: Given) -> dict[str, float]:
    for name in given:
        if name != "logit_sd" and not 0.0 < given[name] < 1.0:
            raise DistributionError(f"{name} must lie between 0 and 1, not {given[name]:g}")
    quantiles = _quantiles(given)
    if quantiles is not None:
        return normal_through({p: logit(x) for p, x in quantiles.items()})
    if set(given) == {"median", "logit_sd"}:
        _positive(given, "logit_sd")
        return {"mu": logit(given["median"]), "sigma": given["logit_sd"]}
    raise _wrong("logitnormal", given)


def _beta(given: Given) -> dict[str, float]:
    if set(given) != {"mean", "sd"}:
        raise _wrong("beta", given)
    mean, sd = given["mean"], given["sd"]
    if not 0.0 < mean < 1.0:
        raise DistributionError(f"mean of a beta must lie between 0 and 1, not {mean:g}")
    _positive(given, "sd")
    widest = math.sqrt(mean * (1.0 - mean))
    if not sd < widest:
        raise DistributionError(f"sd of a beta with mean {mean:g} must be below {widest:.3g}")
    size = mean * (1.0 - mean) / sd**2 - 1.0
    return {"a": mean * size, "b": (1.0 - mean) * size}


def _gamma(given: Given) -> dict[str, float]:
    if set(given) != {"mean", "sd"}:
        raise _wrong("gamma", given)
    _positive(given, "mean", "sd")
    return {"shape": (given["mean"] / given["sd"]) ** 2, "scale": given["sd"] ** 2 / given["mean"]}


def _uniform(given: Given) -> dict[str, float]:
    if set(given) != {"low", "high"}:
        raise _wrong("uniform", given)
    if not given["low"] < given["high"]:
        raise DistributionError("low must be below high")
    return dict(given)


def _with_mode(family: str) -> Callable[[Given], dict[str, float]]:
    def read(given: Given) -> dict[str, float]:
        if set(given) != {"low", "mode", "high"}:
            raise _wrong(family, given)
        if not given["low"] <= given["mode"] <= given["high"] or given["low"] == given["high"]:
            raise DistributionError("low, mode and high must not decrease")
        return dict(given)

    return read


def _pareto(given: Given) -> dict[str, float]:
    _positive(given, *given)
    if set(given) == {"minimum", "tail_index"}:
        return dict(given)
    if set(given) == {"mean", "tail_index"}:
        index = given["tail_index"]
        if not index > 1.0:
            raise DistributionError("a pareto has a mean only for a tail_index above 1")
        return {"minimum": given["mean"] * (index - 1.0) / index, "tail_index": index}
    raise _wrong("pareto", given)


#: How each family may be written.
PARAMETERS = {
    "lognormal": "mean and sd; mean and log_sd; median and log_sd; or two quantiles (p05, p95)",
    "normal": "mean and sd; or two quantiles (p05, p95)",
    "logitnormal": "median and logit_sd; or two quantiles (p05, p95)",
    "beta": "mean and sd",
    "gamma": "mean and sd",
    "uniform": "low and high",
    "triangular": "low, mode and high",
    "pert": "low, mode and high",
    "pareto": "minimum and tail_index; or mean and tail_index",
    "empirical": '"FILE.csv:COLUMN"',
    "scipy": "name of a continuous scipy.stats family, its shape parameters, loc and scale",
}
_READERS: dict[str, Callable[[Given], dict[str, float]]] = {
    "lognormal": _lognormal,
    "normal": _normal,
    "logitnormal": _logitnormal,
    "beta": _beta,
    "gamma": _gamma,
    "uniform": _uniform,
    "triangular": _with_mode("triangular"),
    "pert": _with_mode("pert"),
    "pareto": _pareto,
}


def canonical(family: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical parameters of a family of `PARAMETERS` from those in a file.

    Raises
    ------
    DistributionError
        With one line that says what is wrong and what to write instead.
    """
    if family == "scipy":
        return _scipy(given)
    return _READERS[family]({name: _parameter(name, item) for name, item in given.items()})


def _wrong(family: str, given: Given) -> DistributionError:
    return DistributionError(f"{family} takes {PARAMETERS[family]}, not {_listed(given)}")


def _listed(given: Given) -> str:
    return ", ".join(given) or "nothing"


def _parameter(name: str, value: Any) -> float:
    try:
        return number(value)
    except DistributionError as error:
        raise DistributionError(f"{name} {error}") from None


# --- scipy.stats ----------------------------------------------------------------------------------


def _scipy(given: Mapping[str, Any]) -> dict[str, Any]:
    name = given.get("name")
    if not isinstance(name, str):
        raise DistributionError('scipy takes name = "..." and the parameters of that family')
    from scipy import stats

    family = getattr(stats, name, None)
    if not isinstance(family, stats.rv_continuous):
        known = [f for f in dir(stats) if isinstance(getattr(stats, f), stats.rv_continuous)]
        near = nearest(name, [*PARAMETERS, *known])
        hint = f"; did you mean `{near}`?" if near else ""
        raise DistributionError(
            f"no continuous family is called `{name}`, here or in scipy.stats{hint}"
        )
    if name in _TOO_SLOW:
        raise DistributionError(f"scipy.stats.{name} is too slow; choose another family")
    shapes = [s.strip() for s in (family.shapes or "").split(",") if s.strip()]
    parameters = {k: _parameter(k, v) for k, v in given.items() if k != "name"}
    if set(parameters) - {*shapes, "loc", "scale"} or set(shapes) - set(parameters):
        wanted = ", ".join([*shapes, "loc", "scale"])
        raise DistributionError(f"scipy.stats.{name} takes {wanted}, not {_listed(parameters)}")
    if not math.isfinite(scipy_number(name, parameters, "median")):
        raise DistributionError(f"scipy.stats.{name} is not defined for these parameters")
    return {"name": name, **parameters}


def scipy_support(parameters: Mapping[str, Any]) -> tuple[float, float]:
    """Return the ends of the support of a scipy.stats family with its parameters."""
    from scipy import stats

    shape = {k: v for k, v in parameters.items() if k != "name"}
    low, high = getattr(stats, parameters["name"])(**shape).support()
    return float(low), float(high)


def scipy_number(name: str, parameters: Mapping[str, float], what: str) -> float:
    """Return the median or the mean of a scipy.stats family; NaN where scipy finds none."""
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(getattr(getattr(stats, name), what)(**parameters))
        except (ValueError, ArithmeticError, TypeError, RuntimeError):
            return math.nan
