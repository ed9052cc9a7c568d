"""Charts of answers about drivers, knowledge, numbers and mixes, from their saved figures.

For each question: its charts, one function each, and what it found as one finding. All take what
`to_dict` of the answer returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import capital, listed, measure_words, short_words
from ..text.numbers import CURRENCY, counted, in_points, labelled, money, percent, plain
from ..text.verdicts import TOLD_APART
from .drivers import plot_variance_split
from .inputs import MOST, Bar, plot_inputs, worth_finding
from .mixes import MixPoint, plot_holdings, plot_mixes
from .portfolios import plot_diversification
from .region import RegionMap, plot_region
from .rows import Diversification, Split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]

#: Conditions of a region that its headline names.
_NAMED = 2
_RISKS = {
    "es05": ("roi_es05", "mean ROI, worst 5 % of worlds"),
    "loss": ("loss_probability", "probability of loss"),
    "spread": ("spread", "standard deviation of ROI"),
}


# --- Sensitivity ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Driven:
    """Inputs of one outcome by what they do to it.

    Attributes
    ----------
    bars : list of Bar
        Inputs, the most first.
    outcome : str
        What they drive: scale and portfolio or difference.
    label : str
        What the bars measure.
    percents : bool
        Whether that is a share.
    """

    bars: list[Bar]
    outcome: str
    label: str
    percents: bool

    def write(self, value: float, se: float | None) -> str:
        """Write a bar's length."""
        return (percent if self.percents else plain)(value, se)


_INDICES = {
    "sobol": ("first_order", "total", "share of the variance"),
    "morris": ("mean_effect", "mean_absolute_effect", "mean absolute effect, 5 % to 95 % point"),
    "delta": ("first_order", "delta", "delta, 0 to 1"),
}


def driven(content: Content) -> Driven:
    """Return the inputs of the last outcome asked about, which is the difference where there is one."""
    main = content["drivers"][-1]["outcome"]
    single = [d for d in content["drivers"] if d["outcome"] == main and _is_input(d)]
    first, total, label = _INDICES[content["method"]]
    percents = content["method"] == "sobol"
    single.sort(key=lambda d: -_amount(d[total]))
    write = percent if percents else plain
    names = short_words({d["input"]: d["words"] for d in single})
    bars = [
        Bar(
            names[d["input"]],
            _amount(d[total]),
            d[total]["se"],
            write(_amount(d[total]), d[total]["se"]),
            inner=max(_amount(d[first]), 0.0) if percents else None,
            strong=d["kind"] == "dummy",
        )
        for d in single
    ]
    return Driven(_with_dummy(bars), f"{content['scale']} of {main}", label, percents)


def _amount(entry: Mapping[str, Any]) -> float:
    """Return a figure, zero where the outcome never varies."""
    return float(entry["value"] or 0.0)


def sensitivity(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the inputs of the difference by what they do to it."""
    del options["tiers"]
    found = driven(content)
    made = f"{found.outcome}; {counted(content['worlds'], 'world')} simulated; lines: "
    made += "two standard errors"
    if found.percents:
        made += "; dark: alone, light: with all interactions"
    _titled(options, content, sensitivity_headline)
    return plot_inputs(
        found.bars, ax, label=found.label, percents=found.percents, made=made, **options
    )


def sensitivity_parts(content: Content) -> tuple[str, ...]:
    """Return the charts: for Sobol' indices the split of each portfolio's variance too."""
    varies = any(d[_INDICES[content["method"]][0]]["value"] is not None for d in content["drivers"])
    return ("", "split") if content["method"] == "sobol" and varies else ("",)


def sensitivity_headline(content: Content) -> str:
    """Name the input that moves most, or those that cannot be told from it."""
    found = driven(content)
    bars = [bar for bar in found.bars if not bar.strong]
    if not any(bar.value for bar in bars):
        return f"No input moves {found.outcome}"
    first = bars[0]
    equal = [
        bar.name
        for bar in bars
        if first.value - bar.value <= TOLD_APART * ((first.se or 0.0) + (bar.se or 0.0))
    ]
    if len(equal) > 1:
        return f"{listed(equal[:3])} move {found.outcome} most, and about as much"
    return f"{first.name} moves {found.outcome} most ({found.write(first.value, first.se)})"


def _with_dummy(bars: list[Bar]) -> list[Bar]:
    """Keep the dummy among the bars that are drawn."""
    dummy = [bar for bar in bars if bar.strong]
    others = [bar for bar in bars if not bar.strong]
    last = MOST - len(dummy)
    return [*others[:last], *dummy, *others[last:]]


def split(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw what the variance of each portfolio comes from."""
    words = {"beliefs": "beliefs", "shocks": "shared shocks", "chance": "chance"}
    rows = []
    for outcome in dict.fromkeys(d["outcome"] for d in content["drivers"]):
        own = {d["input"]: d["first_order"] for d in content["drivers"] if d["outcome"] == outcome}
        found = {word: own[name] for name, word in words.items() if name in own}
        if all(entry["value"] is None for entry in found.values()):
            continue  # it is the same in all worlds: there is no variance to split
        shares = {word: max(_amount(entry), 0.0) for word, entry in found.items()}
        shares["in combination"] = max(1.0 - sum(shares.values()), 0.0)
        errors = {word: entry["se"] or 0.0 for word, entry in found.items()}
        rows.append(Split(outcome, shares, errors))
    made = f"{counted(content['worlds'], 'world')} simulated; first-order Sobol' indices of groups"
    return plot_variance_split(rows, ax, outcome=content["scale"], made=made, **options)


# --- Worth ----------------------------------------------------------------------------------------


def worth(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw what can be found out before the money is spent, and what pilots cost."""
    del options["tiers"]
    told, pilots, nothing = _worths(content)
    shown = [*told[: MOST - len(pilots[:4])], *pilots[:4]]
    made = (
        f"{counted(content['worlds'], 'world')}; choice among {listed(content['options'])} at "
        f"{money(content['budget'])}; lines: two standard errors"
    )
    if nothing:
        made += f"; {nothing} figures and groups that are worth nothing are not shown"
    if pilots:
        made += "; diamonds, as far as the axis goes: what a pilot costs"
    kind = "mean profit" if content["risk_tolerance"] is None else "certainty equivalent"
    label = f"worth of knowing before choosing, {CURRENCY} of {kind}"
    _titled(options, content, worth_headline)
    return plot_inputs(shown, ax, label=label, made=made, **options)


def worth_headline(content: Content) -> str:
    """Say what is worth most to find out, and whether a pilot pays."""
    told, pilots, _ = _worths(content)
    return worth_finding([*told, *pilots])


def _worths(content: Content) -> tuple[list[Bar], list[Bar], int]:
    """Return what is worth knowing, most first, pilots, and how many figures are worth nothing."""
    known = [k for k in content["known"] if k["learnable"] and k["worth"]["value"] is not None]
    bars = [_worth_bar(k["words"], k["worth"], None) for k in known]
    # Pilots come in the order of what they leave after their cost.
    pilots = [
        _worth_bar(f"a pilot of {p['creators']} {p['line']}", p["worth"], p["cost"])
        for p in content["pilots"]
        if p["worth"]["value"] is not None
    ]
    told = sorted((bar for bar in bars if bar.value > 0.0), key=lambda bar: -bar.value)
    return told, pilots, len(bars) - len(told)


def _worth_bar(name: str, entry: Content, cost: float | None) -> Bar:
    value = max(_value(entry), 0.0)
    text = (
        money(value, entry["se"])
        if entry["se"] or not value
        else f"{money(value, None)}, error unknown"
    )
    if cost is not None:
        text = f"{text}; costs {money(cost)}"
    return Bar(name, value, entry["se"], text, cost=cost)


# --- How many, and which --------------------------------------------------------------------------


def diversify(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the risk that was asked about by number of creators, down to its limit."""
    measure, label, percents = risk_of(content)
    curves = {}
    for item in content["portfolios"]:
        points = [p for p in item["points"] if p[measure]["value"] is not None]
        floor = item["floor"][measure]
        curves[item["portfolio"]] = Diversification(
            np.array([p["creators"] for p in points], dtype=np.float64),
            np.array([_value(p[measure]) for p in points]),
            np.array([_error(p[measure]) for p in points]),
            _value(floor),
            floor["se"],
        )
    made = f"{counted(content['worlds'], 'world')} at every number"
    _titled(options, content, diversify_headline)
    return plot_diversification(curves, ax, label=label, percents=percents, made=made, **options)


def risk_of(content: Content) -> tuple[str, str, bool]:
    """Return the measure of risk asked about, in words, and whether it is a fraction."""
    measure, label = _RISKS[content["risk"]]
    if measure == "spread" and content["scale"] != "roi":
        return measure, f"standard deviation of {content['scale']}", False
    return measure, label, True


def diversify_headline(content: Content) -> str:
    """Say how many creators are enough; where none are, what was reached and what stays."""
    measure, label, percents = risk_of(content)
    enough = [item for item in content["portfolios"] if item["enough"] is not None]
    if enough and percents:
        told = [f"{counted(item['enough'])} with {item['portfolio']}" for item in enough]
        step = in_points(float(content["amount"]))
        what = label.replace(", ", " of the ")
        return f"Another creator moves the {what} by less than {step} beyond {listed(told)}"
    write = percent if percents else plain
    parts = []
    for item in content["portfolios"]:
        floor = item["floor"][measure]
        hired = next(p for p in item["points"] if p["creators"] == item["hired"])[measure]
        parts.append(
            f"{item['portfolio']} {write(_value(hired), hired['se'])} with {counted(item['hired'])}, "
            f"{write(_value(floor), floor['se'])} with ever more creators"
        )
    return f"{capital(label)}: {'; '.join(parts)}"


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
