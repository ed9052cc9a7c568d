"""Distributions as analysts write them.

A value may be a number, a range, or a table:

==============================================  ====================================================
``250``                                         exactly that
``"150 to 600"``                                90 % interval of a lognormal (both ends positive)
``"-5 to 10"``                                  90 % interval of a normal
``"3 % to 8 %"``, any range on a share          90 % interval of a logit-normal, always within 0..1
``{ beta = { mean = 0.04, sd = 0.02 } }``       a family with its parameters
``{ lognormal = {...}, truncate = [1, 9] }``    the same, given that it lies within 1 and 9
``{ empirical = "orders.csv:value" }``          the observations in a column of a file
==============================================  ====================================================

Parameters are means and standard deviations, quantiles such as ``p05``, or words that cannot be
misread (``log_sd`` is the standard deviation of the logarithm).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

#: Kinds of keys: what values make sense on them.
POSITIVE, SHARE, REAL = "positive", "share", "real"

_Z90 = NormalDist().inv_cdf(0.95)
_SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_NUMBER = re.compile(
    r"^\s*([+-]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%|k|m|b)?\s*$", re.IGNORECASE
)
_RANGE = re.compile(r"^(.*?)\s+to\s+(.*)$", re.IGNORECASE)
_QUANTILE = re.compile(r"^p(\d{1,2})$")


class DistributionError(ValueError):
    """A distribution that cannot be understood, with the way out in its message."""


@dataclass(frozen=True)
class Distribution:
    """A distribution, as written and as understood.

    Attributes
    ----------
    written
        The value in the experiment file.
    family
        Name of the family, ``"constant"``, ``"empirical"`` or ``"scipy"``.
    parameters
        Canonical parameters, the names that `sim.engine.marginals.FAMILIES` takes.
    lower, upper
        Truncation.
    values
        Observations of an empirical distribution.
    """

    written: Any
    family: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    lower: float = -math.inf
    upper: float = math.inf
    values: tuple[float, ...] = ()

    def __hash__(self) -> int:
        return hash((self.family, tuple(self.parameters.items()), self.lower, self.upper))


def number(value: Any) -> float:
    """Read a number: ``250``, ``"1.2M"``, ``"3 %"``, ``"10k"``, ``"1,000"``.

    Raises
    ------
    DistributionError
        Where the text is not a number or the number is not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DistributionError('must be a number such as 250, "10k" or "3 %"')
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match is None:
            raise DistributionError('must be a number such as 250, "10k" or "3 %"')
        digits, suffix = match.group(1), (match.group(2) or "").lower()
        size = 0.01 if suffix == "%" else _SUFFIX[suffix]
        value = float(digits.replace(",", "").replace("_", "")) * size
    result = float(value)
    if not math.isfinite(result):
        raise DistributionError("must be a finite number")
    return result


def parse(value: Any, kind: str = POSITIVE, folder: Path | None = None) -> Distribution:
    """Understand a distribution as written.

    Parameters
    ----------
    value
        What stands in the file.
    kind
        `POSITIVE`, `SHARE` (within 0 and 1) or `REAL`.
    folder
        Where files named in the value are looked for.

    Raises
    ------
    DistributionError
        With one line that says what is wrong and what to write instead.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, str) and _RANGE.match(value):
        result = _from_range(value, kind)
    elif isinstance(value, Mapping):
        result = _from_table(value, kind, folder)
    else:
        result = Distribution(value, "constant", {"value": number(value)})
    _check_kind(result, kind)
    return result


def _from_range(text: str, kind: str) -> Distribution:
    match = _RANGE.match(text)
    assert match is not None
    low, high = number(match.group(1)), number(match.group(2))
    # "3 to 8 %" means percent on both sides.
    if match.group(2).strip().endswith("%") and not match.group(1).strip().endswith("%"):
        low = low / 100.0
    if not low < high:
        raise DistributionError("the first end of a range must be below the second")
    if kind == SHARE:
        return _share_range(text, low, high)
    if low > 0.0:
        parameters = _from_quantiles({0.05: math.log(low), 0.95: math.log(high)})
        return Distribution(text, "lognormal", parameters)
    if kind == POSITIVE:
        raise DistributionError(
            f"cannot be zero or negative, and a range that starts at {low:g} would be; write "
            f"{{ pert = {{ low = {max(low, 0):g}, mode = {(max(low, 0) + high) / 2:g}, "
            f"high = {high:g} }} }}, or a beta for a share"
        )
    return Distribution(text, "normal", _from_quantiles({0.05: low, 0.95: high}))


def _share_range(text: str, low: float, high: float) -> Distribution:
    if not 0.0 < low < high < 1.0:
        raise DistributionError(
            "a range of shares must lie strictly between 0 % and 100 %; write { beta = "
            "{ mean = ..., sd = ... } } or { pert = { low = ..., mode = ..., high = ... } } to "
            "reach the ends"
        )
    ends = {0.05: math.log(low / (1.0 - low)), 0.95: math.log(high / (1.0 - high))}
    return Distribution(text, "logitnormal", _from_quantiles(ends))


def _from_quantiles(quantiles: Mapping[float, float]) -> dict[str, float]:
    """Return mu and sigma of the normal with two given quantiles."""
    (p, x), (q, y) = sorted(quantiles.items())
    normal = NormalDist()
    sigma = (y - x) / (normal.inv_cdf(q) - normal.inv_cdf(p))
    return {"mu": x - sigma * normal.inv_cdf(p), "sigma": sigma}


# --- Tables ---------------------------------------------------------------------------------------


def _quantiles(given: Mapping[str, float]) -> dict[float, float] | None:
    """Return the two quantiles of a table, None where it has none."""
    found: dict[float, float] = {}
    for key, value in given.items():
        match = _QUANTILE.match(key)
        if key == "median":
            found[0.5] = value
        elif match:
            found[int(match.group(1)) / 100.0] = value
        else:
            return None
    if len(found) != 2:
        return None
    (_, low), (_, high) = sorted(found.items())
    if not low < high:
        raise DistributionError("quantiles must increase with their probability")
    return found


def _positive(given: Mapping[str, float], *names: str) -> None:
    for name in names:
        if name in given and not given[name] > 0.0:
            raise DistributionError(f"{name} must be positive, not {given[name]:g}")


def _lognormal(given: Mapping[str, float]) -> dict[str, float]:
    _positive(given, *given)
    quantiles = _quantiles(given)
    if quantiles is not None:
        return _from_quantiles({p: math.log(x) for p, x in quantiles.items()})
    if set(given) == {"mean", "sd"}:
        variance = math.log1p((given["sd"] / given["mean"]) ** 2)
        return {"mu": math.log(given["mean"]) - variance / 2.0, "sigma": math.sqrt(variance)}
    if set(given) == {"mean", "log_sd"}:
        return {
            "mu": math.log(given["mean"]) - given["log_sd"] ** 2 / 2.0,
            "sigma": given["log_sd"],
        }
    if set(given) == {"median", "log_sd"}:
        return {"mu": math.log(given["median"]), "sigma": given["log_sd"]}
    raise _wrong("lognormal", given)


def _normal(given: Mapping[str, float]) -> dict[str, float]:
    _positive(given, "sd")
    quantiles = _quantiles(given)
    if quantiles is not None:
        return _from_quantiles(quantiles)
    if set(given) == {"mean", "sd"}:
        return {"mu": given["mean"], "sigma": given["sd"]}
    raise _wrong("normal", given)


def _logitnormal(given: Mapping[str, float]) -> dict[str, float]:
    for name in given:
        if name != "logit_sd" and not 0.0 < given[name] < 1.0:
            raise DistributionError(f"{name} must lie between 0 and 1, not {given[name]:g}")
    quantiles = _quantiles(given)
    if quantiles is not None:
        return _from_quantiles({p: math.log(x / (1.0 - x)) for p, x in quantiles.items()})
    if set(given) == {"median", "logit_sd"}:
        _positive(given, "logit_sd")
        median = given["median"]
        return {"mu": math.log(median / (1.0 - median)), "sigma": given["logit_sd"]}
    raise _wrong("logitnormal", given)


def _beta(given: Mapping[str, float]) -> dict[str, float]:
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


def _gamma(given: Mapping[str, float]) -> dict[str, float]:
    if set(given) != {"mean", "sd"}:
        raise _wrong("gamma", given)
    _positive(given, "mean", "sd")
    return {
        "shape": (given["mean"] / given["sd"]) ** 2,
        "scale": given["sd"] ** 2 / given["mean"],
    }


def _uniform(given: Mapping[str, float]) -> dict[str, float]:
    if set(given) != {"low", "high"}:
        raise _wrong("uniform", given)
    if not given["low"] < given["high"]:
        raise DistributionError("low must be below high")
    return dict(given)


def _with_mode(family: str) -> Callable[[Mapping[str, float]], dict[str, float]]:
    def read(given: Mapping[str, float]) -> dict[str, float]:
        if set(given) != {"low", "mode", "high"}:
            raise _wrong(family, given)
        if not given["low"] <= given["mode"] <= given["high"] or given["low"] == given["high"]:
            raise DistributionError("low, mode and high must not decrease")
        return dict(given)

    return read


def _pareto(given: Mapping[str, float]) -> dict[str, float]:
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
_READERS: dict[str, Callable[[Mapping[str, float]], dict[str, float]]] = {
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


def _wrong(family: str, given: Mapping[str, float]) -> DistributionError:
    names = ", ".join(given) or "nothing"
    return DistributionError(f"{family} takes {PARAMETERS[family]}, not {names}")


def _from_table(value: Mapping[str, Any], kind: str, folder: Path | None) -> Distribution:
    rest = {key: item for key, item in value.items() if key != "truncate"}
    lower, upper = _truncation(value.get("truncate"))
    if len(rest) != 1:
        raise DistributionError("a distribution names one family: " + ", ".join(PARAMETERS))
    ((family, given),) = rest.items()
    if family == "empirical":
        return Distribution(value, family, {}, lower, upper, _column(given, lower, upper, folder))
    if not isinstance(given, Mapping):
        raise DistributionError(
            f"{family} takes a table of " + PARAMETERS.get(family, "parameters")
        )
    if family not in PARAMETERS:
        # Any other word is taken as the name of a scipy.stats family.
        family, given = "scipy", {"name": family, **given}
    if family == "scipy":
        parameters: dict[str, Any] = _scipy(given)
    else:
        numbers = {key: _parameter(key, item) for key, item in given.items()}
        parameters = _READERS[family](numbers)
    return Distribution(value, family, parameters, lower, upper)


def _parameter(key: str, value: Any) -> float:
    try:
        return number(value)
    except DistributionError as error:
        raise DistributionError(f"{key} {error}") from None


def _truncation(value: Any) -> tuple[float, float]:
    if value is None:
        return -math.inf, math.inf
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise DistributionError("truncate takes two numbers, [lowest, highest]")
    lower, upper = number(value[0]), number(value[1])
    if not lower < upper:
        raise DistributionError("the first number of truncate must be below the second")
    return lower, upper


def _scipy(given: Mapping[str, Any]) -> dict[str, Any]:
    name = given.get("name")
    if not isinstance(name, str):
        raise DistributionError('scipy takes name = "..." and the parameters of that family')
    from scipy import stats

    family = getattr(stats, name, None)
    if not isinstance(family, stats.rv_continuous):
        import difflib

        known = [
            *PARAMETERS,
            *(f for f in dir(stats) if isinstance(getattr(stats, f), stats.rv_continuous)),
        ]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise DistributionError(f"no family is called `{name}`, here or in scipy.stats{hint}")
    shapes = [s.strip() for s in (family.shapes or "").split(",") if s.strip()]
    parameters = {k: _parameter(k, v) for k, v in given.items() if k != "name"}
    unknown = set(parameters) - {*shapes, "loc", "scale"}
    missing = set(shapes) - set(parameters)
    if unknown or missing:
        wanted = ", ".join([*shapes, "loc", "scale"])
        raise DistributionError(f"scipy.stats.{name} takes {wanted}, not {', '.join(parameters)}")
    if not math.isfinite(float(family.ppf(0.5, **parameters))):
        raise DistributionError(f"scipy.stats.{name} is not defined for these parameters")
    return {"name": name, **parameters}


def _column(value: Any, lower: float, upper: float, folder: Path | None) -> tuple[float, ...]:
    if not isinstance(value, str) or ":" not in value:
        raise DistributionError('empirical takes "FILE.csv:COLUMN"')
    name, column = value.rsplit(":", 1)
    path = (folder or Path()) / name
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise DistributionError(f"cannot read {name}: {error.strerror}") from None
    if not rows or column not in rows[0]:
        columns = ", ".join(rows[0]) if rows else "no rows"
        raise DistributionError(f"{name} has no column `{column}`; it has {columns}")
    values = []
    for line, row in enumerate(rows, start=2):
        text = (row[column] or "").strip()
        if not text:
            continue
        try:
            item = number(text)
        except DistributionError:
            raise DistributionError(
                f"{name}, line {line}, {column}: not a number: {text}"
            ) from None
        if lower <= item <= upper:
            values.append(item)
    if len(values) < 2:
        raise DistributionError(f"{name}:{column} has fewer than two values to draw from")
    return tuple(values)


# --- What a key allows ----------------------------------------------------------------------------


def _check_kind(d: Distribution, kind: str) -> None:
    """Refuse values that the key cannot take, before anything is computed."""
    if kind == REAL:
        return
    low, high = _support(d)
    if low < 0.0:
        raise DistributionError(
            "cannot be negative; truncate it at 0, or write a lognormal, gamma, beta or pert"
        )
    if kind == SHARE and high > 1.0:
        if d.family == "constant":
            raise DistributionError('is a share and cannot be above 1; write 5 % as 0.05 or "5 %"')
        raise DistributionError(
            "is a share and cannot be above 1; write a range in percent, a beta or a pert, or "
            "truncate it at 1"
        )


def _support(d: Distribution) -> tuple[float, float]:
    p = d.parameters
    low, high = 0.0, math.inf
    if d.family == "constant":
        low = high = p["value"]
    elif d.family == "normal":
        low = -math.inf
    elif d.family in ("logitnormal", "beta"):
        high = 1.0
    elif d.family in ("uniform", "triangular", "pert"):
        low, high = p["low"], p["high"]
    elif d.family == "empirical":
        low, high = min(d.values), max(d.values)
    elif d.family == "scipy":
        from scipy import stats

        shape = {k: v for k, v in p.items() if k != "name"}
        low, high = (float(end) for end in getattr(stats, p["name"])(**shape).support())
    if d.family == "lognormal":
        # A lognormal given as a share is fine where it practically ends below one.
        high = math.exp(p["mu"] + 3.3 * p["sigma"])
    return max(low, d.lower), min(high, d.upper)
