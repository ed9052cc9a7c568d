"""Charts of answers about drivers, knowledge, numbers and mixes, from their saved figures.

For each question: its charts, one function each, and what it found as one finding. All take what
`to_dict` of the answer returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import listed, measure_words
from ..text.numbers import CURRENCY, counted, labelled, money, percent
from .mixes import MixPoint, plot_holdings, plot_mixes
from .region import RegionMap, plot_region

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]

#: Conditions of a region that its headline names.
_NAMED = 2


# --- How many, and which --------------------------------------------------------------------------


def frontier(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the efficient mixes by risk and mean profit, and every line alone."""
    del options["tiers"]
    measure, label = risk_of_mixes(content)
    points = [_mix_point(m["name"], m, measure) for m in best_mixes(content)]
    alone = [_mix_point(m["name"], m, measure) for m in content["alone"]]
    made = (
        f"Checked on {counted(content['check_worlds'], 'fresh world')}; dots: all money on one line"
    )
    _titled(options, content, frontier_headline)
    percents = measure == "loss_probability"
    return plot_mixes(points, alone, ax, risk=label, percents=percents, made=made, **options)


def holdings(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw what each efficient mix spends on each line."""
    del options["tiers"]
    mixes = best_mixes(content)
    held = {m["name"]: m["spend"] for m in mixes}
    notes = {}
    for mix in mixes:
        mean = mix["checked"]["profit_mean"]
        notes[mix["name"]] = f"mean {money(_value(mean), mean['se'])}"
    made = f"from the highest mean profit down; limits: {', '.join(content['limits'])}"
    if options["title"] is None:
        options["title"] = _held_by_all(mixes, content["budget"])
    return plot_holdings(held, ax, notes=notes, made=made, **options)


def best_mixes(content: Content) -> list[Content]:
    """Return the efficient mixes, all where none is."""
    return [m for m in content["mixes"] if m["efficient"]] or list(content["mixes"])


def risk_of_mixes(content: Content) -> tuple[str, str]:
    """Return the measure of risk of a frontier, and its axis."""
    if content["risk"] == "es05":
        return "profit_es05", labelled(measure_words("profit_es05"), CURRENCY)
    return "loss_probability", measure_words("loss_probability")


def hired(mix: Content) -> str:
    """Say whom a mix hires."""
    counts = [f"{counted(count)} {line}" for line, count in mix["creators"].items()]
    return listed(counts) or "nobody"


def frontier_headline(content: Content) -> str:
    """Say where the search for the highest mean profit ends, and what is risked there."""
    best = max(best_mixes(content), key=lambda mix: _value(mix["checked"]["profit_mean"]))
    measure, _ = risk_of_mixes(content)
    mean, risk = best["checked"]["profit_mean"], best["checked"][measure]
    worst = (
        f"a loss in {percent(risk['value'], risk['se'])} of worlds"
        if measure == "loss_probability"
        else f"{money(risk['value'], risk['se'])} in the worst 5 % of worlds"
    )
    return (
        f"The search for the highest mean profit ends at {hired(best)}: "
        f"{money(mean['value'], mean['se'])}, and {worst}"
    )


def _held_by_all(mixes: Sequence[Content], budget: float) -> str:
    always = [line for line in mixes[0]["creators"] if all(line in m["creators"] for m in mixes)]
    if not always:
        return f"No line of creators is in every efficient mix for {money(budget)}"
    return f"Every efficient mix for {money(budget)} hires {listed(always)}"


def _mix_point(name: str, mix: Content, measure: str) -> MixPoint:
    mean, risk = mix["checked"]["profit_mean"], mix["checked"][measure]
    tier = name.partition("-")[0]
    return MixPoint(name, _value(mean), _value(risk), mean["se"] or 0.0, risk["se"] or 0.0, tier)


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
