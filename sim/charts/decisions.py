"""Charts of answers about drivers, knowledge, numbers and mixes, from their saved figures.

For each question: its charts, one function each, and what it found as one finding. All take what
`to_dict` of the answer returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.numbers import counted, labelled, percent
from .region import RegionMap, plot_region

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]

#: Conditions of a region that its headline names.
_NAMED = 2


# --- Where it loses -------------------------------------------------------------------------------


def discover(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw how often the portfolio loses over the conditions that tell most, and the region."""
    del options["tiers"]
    cells = content["cells"]
    of = {c["input"]: c for c in content["conditions"]}
    chosen = [of[name] for name in cells["inputs"]]
    region = RegionMap(
        tuple(_axis(c) for c in chosen),
        tuple(np.array(edges) for edges in cells["edges"]),
        np.array(cells["share"], dtype=np.float64),
        tuple((_end(c["low"], -math.inf), _end(c["high"], math.inf)) for c in chosen),
    )
    made = f"{counted(content['worlds'], 'world')} judge the region"
    if len(of) > _NAMED:
        made += f": {' and '.join(c['words'] for c in content['conditions'])}"
    _titled(options, content, discover_headline)
    a, b = content["a"], content["b"]
    return plot_region(region, ax, loser=a, winner=b, made=made, **options)


def discover_parts(content: Content) -> tuple[str, ...]:
    """Return the charts: none where no region was found."""
    return ("",) if content["cells"] is not None else ()


def discover_headline(content: Content) -> str:
    """Say how often the portfolio loses in the region, and overall."""
    a, b = content["a"], content["b"]
    what = f"{a} loses to {b}" if b else f"{a} loses money"
    words = [str(row["words"]) for row in content["conditions"]]
    more = len(words) - _NAMED
    if more > 0:
        words[_NAMED:] = [f"{more} more condition{'s hold' if more > 1 else ' holds'}"]
    conditions = " and ".join(words)
    overall, inside = content["losing"], content["density"]
    told = percent(overall["value"], overall["se"])
    if not conditions:
        return f"{what} in {told} of worlds; no region was found where it does so more often"
    share = percent(inside["value"], inside["se"])
    return f"{what} in {share} of worlds where {conditions}, in {told} overall"


def _axis(condition: Content) -> str:
    what = condition["words"]
    for word in (" below ", " above ", " between "):
        what = what.partition(word)[0].removesuffix(" is")
    unit = str(condition["unit"])
    return labelled(what, unit, longest=41 - len(what))


def _end(value: float | None, open_end: float) -> float:
    return open_end if value is None else value


def _is_input(driver: Content) -> bool:
    return driver["kind"] not in ("group", "chance")


def _titled(options: dict[str, Any], content: Content, say: Callable[[Content], str]) -> None:
    """Put an answer's headline in the place of a title that was not given."""
    if options["title"] is None:
        options["title"] = say(content)


def _value(entry: Content) -> float:
    return math.nan if entry["value"] is None else float(entry["value"])


def _error(entry: Content) -> float:
    return math.nan if entry["se"] is None else float(entry["se"])
