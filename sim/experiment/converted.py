"""Packaged figures of money, which are in USD, in the currency of a file."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..evidence.rates import rates
from ..text.currency import MONEY
from ..text.numbers import rounded
from .distributions import DistributionError, number
from .evidence import presets_under
from .models import Boost, Compensation, Costs, Economics, ExperimentTable, InMoney, Tier
from .presets import preset_platforms

#: Parameters of laws that are amounts, beside quantiles such as ``p05``.
_SCALED = frozenset({"mean", "median", "sd", "low", "mode", "high", "minimum", "scale"})
_QUANTILE = re.compile(r"p\d+")
#: Digits of a converted figure: no rate is known to more.
_DIGITS = 6


def exchange_rate(currency: str, written: Any = None) -> tuple[float | None, str]:
    """Return how much of a currency a USD is, and where that comes from.

    Parameters
    ----------
    currency
        Its code.
    written
        What the file says; None for the packaged rate.

    Returns
    -------
    tuple
        The rate, None where there is none or no number, and its source: empty for the file's own.
    """
    if written is not None:
        try:
            own = number(written)
        except DistributionError:
            return None, ""
        return (own if own > 0.0 else None), ""
    packaged = rates().get(currency)
    return (packaged.per_usd, packaged.words) if packaged else (None, "")


def presets_in(evidence: str, currency: str, rate: float | None) -> dict[str, Any]:
    """Return the presets under a set of evidence, their amounts of money in a currency.

    Parameters
    ----------
    evidence
        One of `sim.evidence.sets.SETS`.
    currency, rate
        The currency, and how much of it a USD is; without a rate amounts stay as they are.
    """
    if currency == MONEY or rate is None:
        return presets_under(evidence)
    return _converted(evidence, currency, rate)


@cache
def _converted(evidence: str, currency: str, rate: float) -> dict[str, Any]:
    result = copy.deepcopy(presets_under(evidence))
    how = f"; from {MONEY} at {rate:g} {currency}"
    for head, model in (("economics", Economics), ("costs", Costs), ("boost", Boost)):
        _convert(result[head], model, rate, how)
    for kind in result["compensation"].values():
        _convert(kind, Compensation, rate, how)
    for platform in preset_platforms():
        tiers = [table for table in result[platform].values() if isinstance(table, dict)]
        for table in tiers:
            _convert(table, Tier, rate, how)
        shared = result[platform]["any"]["source"]
        for key in money_keys(Tier):
            if key in shared and key not in result[platform]["any"]:
                shared[key] += how
    return result


def money_keys(model: type[ExperimentTable]) -> tuple[str, ...]:
    """Return the keys of a table that are amounts of money, or money per something."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(part, InMoney) for part in field.metadata)
    )


def _convert(table: dict[str, Any], model: type[ExperimentTable], rate: float, how: str) -> None:
    """Convert the amounts of a table, and say so in their sources."""
    for key in money_keys(model):
        if table.get(key, 0.0) == 0.0:
            continue
        table[key] = _times(table[key], rate)
        if key in table.get("source", {}):
            table["source"][key] += how


def _times(written: Any, rate: float) -> Any:
    """Return an amount, a range or a law as presets write them, times a rate."""
    if isinstance(written, str):
        return " to ".join(f"{_times(float(end), rate):g}" for end in written.split(" to "))
    if isinstance(written, Mapping):
        ((family, law),) = written.items()
        return {
            family: {
                key: _times(value, rate) if key in _SCALED or _QUANTILE.fullmatch(key) else value
                for key, value in law.items()
            }
        }
    return rounded(written * rate, _DIGITS)
