"""Checks that need more than one key: references, shares, loadings, correlations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .distributions import DistributionError, number
from .faults import Fault, suggestion


def cross_checks(
    filled: Mapping[str, Any], tables: Mapping[str, Any], faulty: set[str]
) -> list[Fault]:
    """Return faults between keys of a filled-up experiment.

    Parameters
    ----------
    filled
        Tables merged over the presets.
    tables
        Tables as in the file.
    faulty
        Keys that are known to be wrong already: what rests on them is not checked again.
    """
    faults = [
        *_portfolios(filled, tables),
        *_loadings(filled),
        *_tiers(filled),
        *_decision(filled),
    ]
    return [fault for fault in faults if not any(fault.key == key for key in faulty)]


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _value(value: Any) -> float | None:
    try:
        return number(value)
    except DistributionError:
        return None


def _portfolios(filled: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[Fault]:
    from .load import lines_of, presets

    platforms = [name for name, table in presets().items() if "any" in table]
    for name, portfolio in _dict(filled.get("portfolio")).items():
        key = f"portfolio.{name}"
        if not isinstance(portfolio, Mapping):
            yield Fault(key, f"must be a table, [{key}]", portfolio)
            continue
        if ("creators" in portfolio) == ("budget" in portfolio):
            yield Fault(key, "needs either `creators` (a number) or `budget` (USD)")
        mix = portfolio.get("mix")
        if mix is None and "tier" not in portfolio:
            yield Fault(key, "needs `tier`, or `mix` with several")
        if isinstance(mix, Mapping):
            yield from _shares(f"{key}.mix", mix)
    for key, line in lines_of(tables):
        tier, platform = line.get("tier"), line.get("platform")
        where = key if ".mix." in key else f"{key}.tier"
        if (
            isinstance(platform, str) and platform not in {*platforms, *_dict(filled["platform"])}
        ) or (isinstance(platform, str) and not _dict(filled["platform"].get(platform))):
            yield Fault(
                f"{key}.platform", f"is unknown; {suggestion(platform, platforms)}", platform
            )
        elif isinstance(tier, str) and platform not in _dict(
            _dict(_dict(filled.get("tier")).get(tier)).get("on")
        ):
            known = [t for t in presets().get(str(platform), {}) if t not in ("any", "source")]
            known = [t for t in known if isinstance(presets()[str(platform)][t], Mapping)]
            yield Fault(where, f"no tier of that name; {suggestion(tier, known)}", tier)
        compensation = line.get("compensation")
        kinds = _dict(filled.get("compensation"))
        if isinstance(compensation, str) and compensation not in kinds:
            yield Fault(
                f"{key}.compensation",
                f"is unknown; {suggestion(compensation, kinds)}",
                compensation,
            )


def _shares(key: str, mix: Mapping[str, Any]) -> Iterator[Fault]:
    shares = [_value(v.get("share") if isinstance(v, Mapping) else v) for v in mix.values()]
    if not shares:
        yield Fault(key, "is empty: name at least one line with its share")
    elif None not in shares:
        total = sum(s for s in shares if s is not None)
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            yield Fault(key, "shares must add up to 1", round(total, 6))


def _loadings(filled: Mapping[str, Any]) -> Iterator[Fault]:
    shocks = _dict(filled.get("shocks"))
    scale = _value(shocks.get("scale", 1.0))
    for name, loadings in _dict(shocks.get("loadings")).items():
        weights = [_value(weight) for weight in _dict(loadings).values()]
        if scale is None or None in weights:
            continue
        total = sum((scale * weight) ** 2 for weight in weights if weight is not None)
        if total > 1.0 + 1e-12:
            yield Fault(
                f"shocks.loadings.{name}",
                "squared loadings times shocks.scale squared add up to "
                f"{total:.3g}, more than 1: nothing would be left to the creator",
                dict(loadings),
            )


def _tiers(filled: Mapping[str, Any]) -> Iterator[Fault]:
    for name, tier in _dict(filled.get("tier")).items():
        for platform, table in _dict(_dict(tier).get("on")).items():
            key = f"tier.{name}"
            ends = table.get("follower_range")
            if isinstance(ends, list) and len(ends) == 2:
                low, high = _value(ends[0]), _value(ends[1])
                if low is not None and high is not None and not low < high:
                    yield Fault(
                        f"{key}.follower_range", "the first number must be below the second", ends
                    )
            law = table.get("amplification")
            if isinstance(law, Mapping):
                yield from _amplification(f"{key}.amplification", law)


def _amplification(key: str, law: Mapping[str, Any]) -> Iterator[Fault]:
    if "spike" in law and "cascade" in law:
        yield Fault(key, "has both `spike` and `cascade`: choose one")
    for name in ("spike", "cascade"):
        index = _value(_dict(law.get(name)).get("tail_index"))
        if index is not None and 0.0 < index <= 1.0 and "cap" not in law:
            yield Fault(
                f"{key}.{name}.tail_index",
                "at or below 1 the mean is infinite; set `cap` beside it, the largest A",
                index,
            )


def _decision(filled: Mapping[str, Any]) -> Iterator[Fault]:
    names = _dict(filled.get("portfolio"))
    for side in ("a", "b"):
        chosen = _dict(filled.get("decision")).get(side)
        if isinstance(chosen, str) and chosen not in names:
            yield Fault(
                f"decision.{side}", f"no such portfolio; {suggestion(chosen, names)}", chosen
            )
