"""Values of a key as analysts write them: lists, and ranges in real units or in times of its own.

======================================  ============================================================
``[1000, 2000, "3k"]``                  exactly these
``"1000, 2000, 3k"``                    the same on the command line
``"0.5x to 2x in 21 steps"``            21 values, each the same factor above the one before
``"2000 to 8000 in 13 steps"``          13 values, evenly apart
``"1 to 1000 in 7 log steps"``          real units, but by factors (``even steps``: evenly apart)
``"-20 % to +20 % in 5 steps"``         from 0.8 to 1.2 times what it is, evenly apart
======================================  ============================================================

``x`` means times the value in the experiment, for a distribution times its median. A percent sign on
an amount (money, accounts, hours, a count) is relative: ``50 %`` is half of what it is; on a share
``50 %`` is 0.5. A percentage with a sign is a change of either: ``-20 %`` is 0.8 times what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..experiment import DistributionError, Experiment, ExperimentError, Fault
from ..experiment.amounts import without_signs
from ..experiment.distributions import SHARE, number, parse
from ..text.currency import SIGN
from ..text.numbers import counted, is_money, rounded
from .keys import SHARES, Key, recentred_at

#: Values of a range that does not say how many.
STEPS = 21
#: Most values of a range.
MOST_STEPS = 10_000
_RANGE = re.compile(
    r"^\s*(?P<low>\S+?)\s*(?P<sign>%?)\s+to\s+(?P<high>\S+?|\S+\s+%)"
    r"(?:\s+in\s+(?P<steps>\d+)\s+(?:(?P<spacing>log|even)\s+)?steps?)?\s*$",
    re.IGNORECASE,
)
_TIMES = re.compile(r"^(.*\d)\s*[x×]$", re.IGNORECASE)
_PERCENT = re.compile(r"^\s*(?P<sign>[+\-\u2212]?)\s*(?P<number>\d[\d_,.]*)\s*%\s*$", re.ASCII)
HELP = 'write a list such as [1000, 2000], "0.5x to 2x in 21 steps" or "2000 to 8000 in 13 steps"'


def read_values(key: Key, written: Any, file: str) -> list[float | str]:
    """Return the values that a key is to take.

    Parameters
    ----------
    key
        The key.
    written
        A list, a number, or text in one of the ways above. Text in a list that is no number is
        taken as the file would take it there, such as ``"150 to 600"``.
    file
        How error messages call the experiment.

    Raises
    ------
    ExperimentError
        Where the values cannot be understood or the key does not allow them.
    """
    try:
        values = _values(key, written)
    except DistributionError as error:
        raise ExperimentError(file, [Fault(key.name, f"{error}; {HELP}", written)]) from None
    if key.kind == "count":
        values = [round(v) if isinstance(v, float) else v for v in values]
    kept = list(dict.fromkeys(values))
    if not kept:
        raise ExperimentError(file, [Fault(key.name, f"has no values; {HELP}", written)])
    return kept


def _values(key: Key, written: Any) -> list[float | str]:
    if isinstance(written, Sequence) and not isinstance(written, str):
        return _items(key, written)
    if isinstance(written, str):
        match = _RANGE.match(written)
        if match is not None:
            return [*_range(key, match)]
        if is_money(key.unit) and SIGN.search(written):
            # A comma may part decimals: only one with a blank behind it parts amounts.
            return _items(key, re.split(r",\s+", written))
        if "," in written and not re.fullmatch(r"[\d,.]+", written.strip()):
            return _items(key, [item.strip() for item in written.split(",") if item.strip()])
        if re.fullmatch(r"\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)+", written.strip()):
            return _plain_list(key, written)
    return [_item(key, written)]


def _items(key: Key, items: Sequence[Any]) -> list[float | str]:
    """Read a list: where one percentage has a sign, all of them are changes, ``0 %`` too."""
    changes = _signed(items)
    return [_item(key, item, changes) for item in items]


def _signed(items: Sequence[Any]) -> bool:
    matches = (_PERCENT.match(item) for item in items if isinstance(item, str))
    return any(match is not None and bool(match["sign"]) for match in matches)


def _plain_list(key: Key, written: str) -> list[float | str]:
    """Tell a list from thousands: ``1,000`` is one number, ``1000,2000`` are two."""
    parts = written.strip().split(",")
    if all(re.fullmatch(r"\d{3}(?:\.\d+)?", part) for part in parts[1:]) and len(parts[0]) <= 3:
        return [_item(key, written)]
    return [_item(key, part) for part in parts]


def _item(key: Key, item: Any, changes: bool = False) -> float | str:
    try:
        return scaled_number(key, item, changes)
    except DistributionError:
        if isinstance(item, str) and _factor(key, item, changes) is None and not item[:1].isdigit():
            return item
        if isinstance(item, str) and " to " in item:
            return item
        raise


def is_relative(key: Key, written: str) -> bool:
    """Return whether a text means so many times what a key is: ``0.8x``, ``-20 %``."""
    return _factor(key, written) is not None


def scaled_number(key: Key, written: Any, changes: bool = False) -> float:
    """Return a number, what is written or so many times what a key is: ``1.5x``, ``-20 %``.

    Parameters
    ----------
    key
        The key.
    written
        What stands there.
    changes
        Whether a percentage without a sign is a change too, since others beside it have one.

    Raises
    ------
    DistributionError
        Where it is neither, or where there is nothing to multiply.
    """
    factor = _factor(key, written, changes)
    return _plainly(key, written) if factor is None else factor * _now(key, written)


def _plainly(key: Key, written: Any) -> float:
    """Return a number as written; an amount of money may have the sign of its currency."""
    return number(without_signs(written, key.unit[:3]) if is_money(key.unit) else written)


def _now(key: Key, written: Any) -> float:
    """Return what a key is, to be multiplied."""
    if not key.base:
        now = "0" if key.base == 0.0 else "no number"
        sign = "x" if _TIMES.match(str(written)) else "%"
        raise DistributionError(f"is {now} in the experiment, so `{sign}` says nothing")
    return key.base


def _factor(key: Key, written: Any, changes: bool = False) -> float | None:
    """Return how many times what a key is a text means; None for anything else."""
    if not isinstance(written, str):
        return None
    times = _TIMES.match(written)
    if times is not None:
        return number(times.group(1))
    percent = _PERCENT.match(written)
    if percent is None or key.field.endswith("_correlation"):
        return None
    share = number(f"{percent['number']}%")
    if percent["sign"] or changes:
        return 1.0 + share if percent["sign"] in ("", "+") else 1.0 - share
    return share if key.amount else None


def _range(key: Key, match: re.Match[str]) -> list[float]:
    low, high = match["low"] + match["sign"], match["high"]
    if high.endswith("%") and not low.endswith("%"):
        low += "%"
    steps, by_factors = _steps(match), _by_factors(match)
    changes = _signed([low, high])
    last = _factor(key, high, changes)
    if last is None:
        return spread(scaled_number(key, low), _plainly(key, high), steps, by_factors)
    # Spread the factors, so that 1x is exactly the experiment's own value.
    first = _factor(key, low, changes)
    first = _plainly(key, low) if first is None else first
    base = _now(key, high)
    return [f * base for f in spread(first, last, steps, by_factors)]


def _steps(match: re.Match[str]) -> int:
    steps = int(match["steps"] or STEPS)
    if steps < 2:
        raise DistributionError("a range needs at least 2 steps")
    if steps > MOST_STEPS:
        raise DistributionError(f"a range has at most {counted(MOST_STEPS)} steps")
    return steps


def _by_factors(match: re.Match[str]) -> bool:
    if match["spacing"]:
        return match["spacing"].lower() == "log"
    return _TIMES.match(match["high"]) is not None


def spread(low: float, high: float, steps: int, by_factors: bool) -> list[float]:
    """Return numbers from low to high, the ends included, evenly or by equal factors apart."""
    if by_factors and low > 0.0 and high > 0.0:
        inner = np.geomspace(low, high, steps)
    elif by_factors and low != 0.0:
        raise DistributionError("log steps need both ends positive")
    else:
        inner = np.linspace(low, high, steps)
    return [rounded(value, 12) for value in inner]


# --- Ranges that nobody wrote ---------------------------------------------------------------------

#: Upper ends for amounts that are nothing in the experiment, USD.
_FROM_NOTHING = {
    "fixed": 100_000.0,
    "bonus_per_order": 50.0,
    "bonus_per_thousand_impressions": 50.0,
    "shipping": 100.0,
    "hourly_rate": 200.0,
}
#: Numbers between 0 and 1, and the ends of their own range.
_BOUNDED = {
    "commission_rate": (0.0, 1.0),
    "agency_share": (0.0, 1.0),
    "usage_rights_share": (0.0, 1.0),
    "common": (0.0, 1.0),
    "overlap": (0.0, 1.0),
    "duplicate_waste": (0.0, 1.0),
    "reinforcement": (-1.0, 1.0),
    "discount_rate": (0.0, 0.5),
    "leaked_orders": (0.0, 1.0),
    "new_share": (0.0, 1.0),
    "retention": (0.0, 0.9),
    "overlap_between_niches": (0.0, 1.0),
    "amplified_engagement": (0.0, 1.0),
    "amplified_conversion": (0.0, 1.0),
    "delivery_rate": (0.05, 1.0),
}
#: Widest doubt about a mean that is looked at: sd of the log.
_WIDEST_BELIEF = 1.5
#: By how much the end of a range of shares is lowered at a time.
_LOWER = 0.9
#: How far a key moves from what it is: wide where a point is algebra, less where it is a run.
_WIDE, _NARROW = 10.0, 4.0


def default_values(experiment: Experiment, key: Key, steps: int, wide: bool) -> list[float | str]:
    """Return values for a key where none are given: all that it can sensibly be.

    Parameters
    ----------
    experiment
        The experiment.
    key
        The key.
    steps
        Number of values.
    wide
        Whether to go from a tenth to ten times its value, else from a quarter to four times.

    Raises
    ------
    ExperimentError
        For keys with nothing to go by.
    """
    low, high, by_factors = _default_ends(experiment, key, _WIDE if wide else _NARROW)
    if key.field in SHARES:
        high = _possible_share(experiment, key, high)
    values = spread(low, high, steps, by_factors)
    if key.kind == "count":
        values = [float(round(value)) for value in values]
    return list(dict.fromkeys(values))


def _possible_share(experiment: Experiment, key: Key, high: float) -> float:
    """Return the end of a range of shares, lowered until no place of the key goes beyond 1."""
    while key.base and high > key.base:
        try:
            for path in key.paths:
                parse(recentred_at(experiment, key, path, high), SHARE)
        except (DistributionError, ExperimentError):
            high = max(_LOWER * high, key.base)
        else:
            break
    return high


def _default_ends(experiment: Experiment, key: Key, factor: float) -> tuple[float, float, bool]:
    if key.table == "shocks" and key.kind == "number":
        return 0.0, _largest_loading(experiment, key), False
    if key.table == "beliefs" and key.field == "sd":
        return 0.0, _WIDEST_BELIEF, False
    if key.field in _BOUNDED:
        return (*_BOUNDED[key.field], False)
    if key.field.endswith("_correlation"):
        return -0.9, 0.9, False
    if key.base == 0.0 and key.field in _FROM_NOTHING:
        return 0.0, _FROM_NOTHING[key.field], False
    if not key.base or key.base < 0.0:
        raise ExperimentError(experiment.file, [Fault(key.name, f"has no default range; {HELP}")])
    share = key.field in SHARES or key.name.endswith("spike.probability")
    high = min(factor * key.base, 0.95 / key.largest) if share else factor * key.base
    low = max(key.base / factor, 1.0) if key.kind == "count" else key.base / factor
    return low, high, True


def _largest_loading(experiment: Experiment, key: Key) -> float:
    """Return the largest loading, or scale, at which squared loadings sum to less than one."""
    scale = experiment.shocks.scale
    squares: dict[str, dict[str, float]] = {
        str(name): {str(kind): (scale * weight) ** 2 for kind, weight in loadings.items()}
        for name, loadings in experiment.shocks.loadings.items()
    }
    if key.field == "scale":
        heaviest = max((sum(own.values()) for own in squares.values()), default=0.0)
        limit = scale / heaviest**0.5 if heaviest > 0.0 and scale > 0.0 else 2.0
    else:
        _, _, name, kind = key.name.split(".")
        others = sum(x for other, x in squares.get(name, {}).items() if other != kind)
        limit = max(1.0 - others, 0.0) ** 0.5 / scale if scale > 0.0 else 1.0
    # Rounded down, so that the sum of squares stays below one.
    return float(np.floor(limit * 100.0) / 100.0)
