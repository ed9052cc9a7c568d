"""What of a fit an experiment can take: the rest is reported, and not written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..experiment import ExperimentError, build
from ..plan import make_plan
from .estimates import Fitted

#: Keys that must lie within 0 and 1, and the cut that makes a wide lognormal do so.
SHARES, CUT = ("engagement_rate", "conversion_rate"), {"truncate": [0, 1]}
#: Mean above which cutting a share at one would change it, not trim it.
LARGEST_MEAN = 0.25


def acceptable(
    tier: str, platform: str, inputs: Sequence[Fitted]
) -> tuple[tuple[Fitted, ...], list[str]]:
    """Return the inputs, without a value where an experiment would refuse it, and the reasons.

    A lognormal share whose tail passes one is cut there first.

    Parameters
    ----------
    tier, platform
        Whose inputs they are.
    inputs
        What was fitted.
    """
    kept, notes = list(inputs), []
    # Each round takes away at least one value.
    for _ in range(2 * len(kept) + 1):
        faults = _faults(tier, platform, kept)
        if not faults:
            break
        for key, problem in faults.items():
            place = next(
                (i for i, f in enumerate(kept) if f.value is not None and key in (f.key, *f.also)),
                None,
            )
            if place is None:
                continue
            each = kept[place]
            if key in SHARES and "truncate" not in each.value and _mean(each) < LARGEST_MEAN:
                kept[place] = replace(each, value={**each.value, **CUT})
                continue
            kept[place] = replace(each, value=None)
            notes.append(f"{each.key} is not written ({each.words}): {problem}")
    return tuple(kept), notes


def _mean(each: Fitted) -> float:
    return next((e.value for e in each.estimates if e.name == "mean"), math.inf)


def _faults(tier: str, platform: str, inputs: Sequence[Fitted]) -> dict[str, str]:
    """Return what an experiment with these inputs would refuse, by key."""
    table: dict[str, Any] = {}
    for each in inputs:
        if each.value is not None:
            table |= {**each.also, each.key: each.value}
    portfolio = {"one": {"tier": tier, "platform": platform, "creators": 1}}
    try:
        make_plan(build({"portfolio": portfolio, "tier": {tier: {"on": {platform: table}}}}))
    except ExperimentError as error:
        return {fault.key.rpartition(".")[2]: fault.problem for fault in error.faults}
    return {}
