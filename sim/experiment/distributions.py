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
misread (``log_sd`` is the standard deviation of the logarithm): see `families.PARAMETERS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

from ..reading import FIGURES, ReadingError
from .families import PARAMETERS, canonical, logit, normal_through, scipy_number, scipy_support
from .faults import nearest
from .numbers import LARGEST, DistributionError, number, refuse_percent, suffix_of

__all__ = [
    "POSITIVE",
    "REAL",
    "SHARE",
    "Distribution",
    "DistributionError",
    "Kind",
    "number",
    "parse",
]

#: Log sd s of a lognormal up to which its mean is drawn: half of it lies beyond the score s, which
#: one draw in 3.5 million passes at 5.
WIDEST = 5.0

_RANGE = re.compile(r"^(.*?)\s+to\s+(.*)$", re.IGNORECASE)
_DASHED = re.compile(r"^(.*?\S)\s*[-\u2013\u2014]\s*(.*)$")


@dataclass(frozen=True)
class Kind:
    """What values make sense on a key.

    Attributes
    ----------
    low, high
        Ends that no value may pass.
    all_zero
        Whether it may be zero for everybody.
    any_tail
        Whether its mean may be infinite, as where another key truncates it.
    percent
        Whether a percent sign makes sense, as it does not on money and counts.
    rare
        Share of the draws of a lognormal or gamma that may pass ``high``.
    """

    low: float = 0.0
    high: float = math.inf
    all_zero: bool = True
    any_tail: bool = False
    percent: bool = True
    rare: float = 0.0005

    def never_all_zero(self) -> Kind:
        """Return the same kind for a key that something is divided by."""
        return replace(self, all_zero=False)

    def passed_by_some(self) -> Kind:
        """Return the same kind for a ratio of which half of the draws have to stay below ``high``.

        Orders may outnumber engagements: who buys need not have engaged.
        """
        return replace(self, rare=0.5)

    def truncated_elsewhere(self) -> Kind:
        """Return the same kind for a key that another key truncates."""
        return replace(self, all_zero=False, any_tail=True)

    def no_share(self) -> Kind:
        """Return the same kind for a key that is an amount of something: USD, accounts, hours."""
        return replace(self, percent=False)


POSITIVE, SHARE, REAL = Kind(), Kind(high=1.0), Kind(low=-math.inf)


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


def parse(
    value: Any, kind: Kind = POSITIVE, folder: Path | None = None, currency: str = ""
) -> Distribution:
    """Understand a distribution as written.

    Parameters
    ----------
    value
        What stands in the file.
    kind
        `POSITIVE`, `SHARE` (within 0 and 1), `REAL`, or one made from them.
    folder
        Where files named in the value are looked for.
    currency
        What the amounts of such a file must be counted in; empty where the key is no money.

    Raises
    ------
    DistributionError
        With one line that says what is wrong and what to write instead.
    """
    if isinstance(value, Distribution):
        return value
    if not kind.percent:
        refuse_percent(value)
    try:
        if isinstance(value, str) and _RANGE.match(value):
            result = _from_range(value, kind)
        elif isinstance(value, Mapping):
            result = _from_table(value, kind, folder, currency)
        else:
            result = Distribution(value, "constant", {"value": _constant(value)})
        _check_kind(result, kind)
        if result.family == "gamma":
            # What a gamma on a share has beyond one is cut off.
            result = replace(result, upper=min(result.upper, kind.high))
    except ArithmeticError:
        raise DistributionError("its numbers are too large or too small to compute with") from None
    return result


# --- Numbers and ranges ---------------------------------------------------------------------------


def _constant(value: Any) -> float:
    try:
        return number(value)
    except DistributionError:
        if isinstance(value, str):
            _refuse_dash(value)
        raise


def _refuse_dash(text: str) -> None:
    """Refuse "3-8 %": a dash may be a minus."""
    match = _DASHED.match(text)
    try:
        ends = [number(end) for end in match.groups()] if match else []
    except DistributionError:
        return
    if match and ends:
        low, high = match.groups()
        raise DistributionError(f'a range is written with the word to: "{low} to {high}"')


def _from_range(text: str, kind: Kind) -> Distribution:
    low, high = _ends(text)
    if not low < high:
        raise DistributionError("the first end of a range must be below the second")
    if kind.high == 1.0:
        return _share_range(text, low, high)
    if low > 0.0:
        return Distribution(
            text, "lognormal", normal_through({0.05: math.log(low), 0.95: math.log(high)})
        )
    if kind.low < 0.0:
        return Distribution(text, "normal", normal_through({0.05: low, 0.95: high}))
    if high <= 0.0:
        raise DistributionError("cannot be negative")
    raise DistributionError(
        f"cannot be zero or negative, and a range that starts at {low:g} would be; write "
        f"{{ pert = {{ low = 0, mode = {high / 2.0:g}, high = {high:g} }} }}, or a beta for a share"
    )


def _ends(text: str) -> tuple[float, float]:
    """Read both ends: "3 to 8 %" means percent on both, "10 to 100k" could mean two things."""
    match = _RANGE.match(text)
    assert match is not None
    first, second = match.groups()
    low, high = number(first), number(second)
    before, after = suffix_of(first), suffix_of(second)
    if before == after:
        return low, high
    if after == "%" and not before:
        return low / 100.0, high
    scaled = number(f"{first}{after}") if after and not before else math.inf
    if before == "%" or scaled < high:
        unit = before or after
        space = " " if unit == "%" else ""
        both = f"{first.strip(' %')}{space}{unit} to {second.strip(' kKmMbB')}{space}{unit}"
        raise DistributionError(f'has a unit at one end only; write it at both: "{both}"')
    return low, high


def _share_range(text: str, low: float, high: float) -> Distribution:
    if low >= 1.0:
        raise DistributionError(
            'a range of shares must lie between 0 and 1; write percent as "3 % to 8 %"'
        )
    if not 0.0 < low < high < 1.0:
        middle = (max(low, 0.0) + min(high, 1.0)) / 2.0
        raise DistributionError(
            "a range of shares must lie strictly between 0 % and 100 %; to reach the ends write "
            f"{{ beta = {{ mean = {middle:g}, sd = {middle / 4:g} }} }} or {{ pert = {{ low = "
            f"{max(low, 0.0):g}, mode = {middle:g}, high = {min(high, 1.0):g} }} }}"
        )
    return Distribution(text, "logitnormal", normal_through({0.05: logit(low), 0.95: logit(high)}))


# --- Tables ---------------------------------------------------------------------------------------


def _from_table(
    value: Mapping[str, Any], kind: Kind, folder: Path | None, currency: str
) -> Distribution:
    rest = {key: item for key, item in value.items() if key != "truncate"}
    lower, upper = _truncation(value.get("truncate"))
    if len(rest) != 1:
        raise DistributionError(_not_one_family(rest))
    ((family, given),) = rest.items()
    if family == "empirical":
        values = _column(given, lower, upper, kind, folder, currency)
        return Distribution(value, family, {}, lower, upper, values)
    if not isinstance(given, Mapping):
        raise DistributionError(f"{family} takes a table of {PARAMETERS.get(family, 'parameters')}")
    if family not in PARAMETERS:
        # Any other word is taken as the name of a scipy.stats family.
        family, given = "scipy", {**given, "name": family}
    return Distribution(value, family, canonical(family, given), lower, upper)


def _not_one_family(rest: Mapping[str, Any]) -> str:
    for key in rest:
        if key not in PARAMETERS and nearest(key, ["truncate"]):
            return f"`{key}` is not a key here; did you mean `truncate`?"
    return "a distribution names one family: " + ", ".join(PARAMETERS)


def _truncation(value: Any) -> tuple[float, float]:
    if value is None:
        return -math.inf, math.inf
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise DistributionError("truncate takes two numbers, [lowest, highest]")
    lower, upper = (_end(item) for item in value)
    if not lower < upper:
        raise DistributionError("the first number of truncate must be below the second")
    # An open end is closed where nothing lies, so that a truncation is seen as one.
    return lower, min(upper, LARGEST)


def _end(value: Any) -> float:
    if isinstance(value, float) and math.isinf(value):
        return value
    try:
        return number(value)
    except DistributionError as error:
        raise DistributionError(f"truncate: {error}") from None


def _column(
    value: Any, lower: float, upper: float, kind: Kind, folder: Path | None, currency: str
) -> tuple[float, ...]:
    """Read the numbers of a column that lie within the truncation; empty cells are no numbers."""
    if not isinstance(value, str) or ":" not in value:
        raise DistributionError('empirical takes "FILE.csv:COLUMN"')
    from ..reading import read_table

    name, column = value.rsplit(":", 1)
    try:
        table = read_table(
            (folder or Path()) / name,
            FIGURES,
            mapped={"figure": column},
            name=name,
            currency=currency,
        )
    except ReadingError as error:
        raise DistributionError(f"{name}: {'; '.join(error.faults[:3])}") from None
    if not kind.percent:
        refuse_percent((table.titles["figure"], *table.cells["figure"]))
    figures = table.numbers["figure"]
    values = figures[(figures >= lower) & (figures <= upper)]
    if len(values) < 2:
        within = f" within {lower:g} to {upper:g}" if upper < math.inf else ""
        raise DistributionError(f"{name}:{column} has fewer than two values{within} to draw from")
    return tuple(values.tolist())


# --- What a key allows ----------------------------------------------------------------------------


def _check_kind(d: Distribution, kind: Kind) -> None:
    """Refuse values that the key cannot take, before anything is computed."""
    low, high = _support(d)
    if low < kind.low:
        way_out = "" if d.family in ("constant", "empirical") else (
            "; truncate it at 0, or write a lognormal, gamma, beta or pert"
        )  # fmt: skip
        raise DistributionError(f"cannot be negative{way_out}")
    # A lognormal or gamma given as a share is fine where it practically ends below one.
    practical = min(high, _passed_by(d, kind.rare)) if d.family in ("lognormal", "gamma") else high
    if practical > kind.high:
        if d.family == "constant":
            raise DistributionError('is a share and cannot be above 1; write 5 % as 0.05 or "5 %"')
        raise DistributionError(
            "is a share and cannot be above 1; write a range in percent, a beta or a pert, or "
            "truncate it at 1"
        )
    if not low < high and d.family not in ("constant", "empirical"):
        raise DistributionError(f"nothing of it lies within {d.lower:g} to {d.upper:g}")
    if high <= 0.0 and not kind.all_zero:
        raise DistributionError("must be positive" if low == high else "cannot be zero always")
    if not kind.any_tail and not _has_mean(d):
        raise DistributionError(
            "its mean is infinite or beyond 1e15; truncate it from above: truncate = [0, ...]"
        )
    spread = d.parameters["sigma"] if d.family == "lognormal" else 0.0
    if spread > WIDEST and d.upper >= LARGEST and not kind.any_tail:
        raise DistributionError(
            f"spreads too far (a log_sd of {spread:.4g}): half of its mean would come from draws "
            f"too rare to be seen; stay within {WIDEST:g}, or truncate it from above: "
            "truncate = [0, ...]"
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
    elif d.family == "pareto":
        low = p["minimum"]
    elif d.family == "empirical":
        low, high = min(d.values), max(d.values)
    elif d.family == "scipy":
        low, high = scipy_support(p)
    return max(low, d.lower), min(high, d.upper)


def _passed_by(d: Distribution, share: float) -> float:
    """Return what a share of the draws of a lognormal or a gamma pass."""
    if d.family == "gamma":
        from scipy.special import gammainccinv

        return float(d.parameters["scale"] * gammainccinv(d.parameters["shape"], share))
    score = NormalDist().inv_cdf(1.0 - share)
    return math.exp(min(d.parameters["mu"] + score * d.parameters["sigma"], 700.0))


def _has_mean(d: Distribution) -> bool:
    p = d.parameters
    if d.upper < LARGEST:
        return True
    if d.family == "lognormal":
        return bool(p["mu"] + p["sigma"] ** 2 / 2.0 < math.log(LARGEST))
    if d.family == "pareto":
        return bool(p["tail_index"] > 1.0)
    if d.family == "scipy":
        shape = {k: v for k, v in p.items() if k != "name"}
        return bool(abs(scipy_number(p["name"], shape, "mean")) < LARGEST)
    return True
