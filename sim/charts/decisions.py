"""Charts of answers about drivers, knowledge, numbers and mixes, from their saved figures.

Each takes what `to_dict` of the answer returned, which is what ``analysis/NAME.json`` holds, and
returns one Axes for each file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..measures.format import number, percent, usd
from ..measures.wording import TOLD_APART
from .drivers import plot_variance_split
from .inputs import MOST, Bar, plot_inputs, worth_finding
from .mixes import MixPoint, plot_holdings, plot_mixes
from .portfolios import plot_diversification
from .region import RegionMap, plot_region
from .rows import Diversification, Split
from .theme import Theme
from .titles import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]
Tiers = Mapping[str, str]

_RISKS = {
    "es05": ("roi_es05", "mean ROI, worst 5 % of worlds"),
    "loss": ("loss_probability", "probability of loss"),
    "spread": ("spread", "standard deviation of ROI"),
}


def plot_decision(
    content: Content, *, tiers: Tiers | None = None, theme: Theme | None = None
) -> dict[str, Axes]:
    """Draw an answer about drivers, knowledge, numbers or mixes.

    Parameters
    ----------
    content
        What `to_dict` of the answer returned.
    tiers
        Tier of each portfolio, for its colour; by default its name.
    theme
        Colours, font and logo.

    Returns
    -------
    dict of str to Axes
        By what is added to the name of the answer's file; nothing for a question without a chart.
    """
    plot = _PLOTS.get(str(content["question"]))
    return plot(content, tiers or {}, theme) if plot else {}


def _sensitivity(content: Content, tiers: Tiers, theme: Theme | None) -> dict[str, Axes]:
    """Draw the inputs of the difference; for ``sobol`` the split of each portfolio's variance too."""
    main = content["drivers"][-1]["outcome"]
    single = [d for d in content["drivers"] if d["outcome"] == main and _is_input(d)]
    scale = f"{content['scale']} of {main}"
    first, total, label, percents = {
        "sobol": ("first_order", "total", "share of the variance", True),
        "morris": (
            "mean_effect",
            "mean_absolute_effect",
            "mean absolute effect, 5 % to 95 % point",
            False,
        ),
        "delta": ("first_order", "delta", "delta, 0 to 1", False),
    }[content["method"]]
    single.sort(key=lambda d: -_value(d[total]))
    write = percent if percents else number
    bars = [
        Bar(
            _short(d["words"]),
            _value(d[total]),
            d[total]["se"],
            write(_value(d[total]), d[total]["se"]),
            inner=max(_value(d[first]), 0.0) if percents else None,
            strong=d["kind"] == "dummy",
        )
        for d in single
    ]
    bars = _with_dummy(bars)
    made = f"{scale}; {content['worlds']:,} worlds simulated; lines: two standard errors"
    if percents:
        made += "; dark: alone, light: with all interactions"
    inputs = plot_inputs(bars, label=label, percents=percents, made=made, theme=theme,
                         title=_most(bars, scale, write))  # fmt: skip
    if not percents:
        return {"": inputs}
    return {"": inputs, "split": _split(content, tiers, theme)}


def _with_dummy(bars: list[Bar]) -> list[Bar]:
    """Keep the dummy among the bars that are drawn."""
    dummy = [bar for bar in bars if bar.strong]
    others = [bar for bar in bars if not bar.strong]
    last = MOST - len(dummy)
    return [*others[:last], *dummy, *others[last:]]


def _split(content: Content, tiers: Tiers, theme: Theme | None) -> Axes:
    words = {"beliefs": "beliefs", "shocks": "shared shocks", "chance": "chance"}
    rows = []
    for outcome in dict.fromkeys(d["outcome"] for d in content["drivers"]):
        own = {d["input"]: d["first_order"] for d in content["drivers"] if d["outcome"] == outcome}
        found = {word: own[name] for name, word in words.items() if name in own}
        shares = {word: max(_value(entry), 0.0) for word, entry in found.items()}
        shares["in combination"] = max(1.0 - sum(shares.values()), 0.0)
        errors = {word: entry["se"] or 0.0 for word, entry in found.items()}
        rows.append(Split(outcome, shares, errors))
    made = f"{content['worlds']:,} worlds simulated; first-order Sobol' indices of groups"
    return plot_variance_split(rows, outcome=content["scale"], tiers=tiers, made=made, theme=theme)


def _worth(content: Content, tiers: Tiers, theme: Theme | None) -> dict[str, Axes]:
    """Draw what can be found out before the money is spent, and what pilots cost."""
    known = [k for k in content["known"] if k["learnable"] and k["worth"]["value"] is not None]
    bars = [_worth_bar(k["words"], k["worth"], None) for k in known]
    # Pilots come in the order of what they leave after their cost.
    pilots = [
        _worth_bar(f"a pilot of {p['creators']} {p['line']}", p["worth"], p["cost"])
        for p in content["pilots"]
        if p["worth"]["value"] is not None
    ]
    told = sorted((bar for bar in bars if bar.value > 0.0), key=lambda bar: -bar.value)
    nothing = len(bars) - len(told)
    shown = [*told[: MOST - len(pilots[:4])], *pilots[:4]]
    made = (
        f"{content['worlds']:,} worlds; choice among {listed(content['options'])} at "
        f"{usd(content['budget'])}; lines: two standard errors"
    )
    if nothing:
        made += f"; {nothing} figures and groups that are worth nothing are not shown"
    if pilots:
        made += "; diamonds, as far as the axis goes: what a pilot costs"
    kind = "mean profit" if content["risk_tolerance"] is None else "certainty equivalent"
    label = f"worth of knowing before choosing, USD of {kind}"
    title = worth_finding([*told, *pilots])
    return {"": plot_inputs(shown, label=label, made=made, theme=theme, title=title)}


def _worth_bar(name: str, entry: Content, cost: float | None) -> Bar:
    value = max(_value(entry), 0.0)
    text = (
        usd(value, entry["se"])
        if entry["se"] or not value
        else f"{usd(value, None)}, error unknown"
    )
    if cost is not None:
        text = f"{text}; costs {usd(cost)}"
    return Bar(name, value, entry["se"], text, cost=cost)


def _diversify(content: Content, tiers: Tiers, theme: Theme | None) -> dict[str, Axes]:
    """Draw the risk that was asked about by number of creators, down to its limit."""
    measure, label = _RISKS[content["risk"]]
    plain = measure != "spread" or content["scale"] == "roi"
    if not plain:
        label = f"standard deviation of {content['scale']}"
    curves, told = {}, []
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
        hired = next(p for p in points if p["creators"] == item["hired"])
        write = percent if plain else number
        told.append(
            f"{item['portfolio']} {write(_value(hired[measure]), hired[measure]['se'])} with "
            f"{item['hired']:,}, {write(_value(floor), floor['se'])} with ever more creators"
        )
    title = f"{label[0].upper()}{label[1:]}: {'; '.join(told)}"
    made = f"{content['worlds']:,} worlds at every number"
    ax = plot_diversification(curves, label=label, percents=plain, tiers=tiers, made=made,
                              theme=theme, title=title)  # fmt: skip
    return {"": ax}


def _frontier(content: Content, tiers: Tiers, theme: Theme | None) -> dict[str, Axes]:
    """Draw the efficient mixes by risk and mean profit, and what each of them hires."""
    es = content["risk"] == "es05"
    measure = "profit_es05" if es else "loss_probability"
    mixes = [m for m in content["mixes"] if m["efficient"]] or list(content["mixes"])
    points = [_mix_point(m["name"], m, measure) for m in mixes]
    alone = [_mix_point(m["name"], m, measure) for m in content["alone"]]
    best = mixes[0]
    hired = listed([f"{count:,} {line}" for line, count in best["creators"].items()])
    mean, risk = best["checked"]["profit_mean"], best["checked"][measure]
    worst = (
        f"{usd(risk['value'], risk['se'])} in the worst 5 % of worlds"
        if es
        else f"a loss in {percent(risk['value'], risk['se'])} of worlds"
    )
    title = f"Highest mean profit: {hired}, {usd(mean['value'], mean['se'])}, with {worst}"
    made = f"Checked on {content['check_worlds']:,} fresh worlds; dots: all money on one line"
    label = "mean profit of the worst 5 % of worlds, USD" if es else "probability of loss"
    holdings = {m["name"]: m["spend"] for m in mixes}
    texts = {
        m[
            "name"
        ]: f"mean {usd(_value(m['checked']['profit_mean']), m['checked']['profit_mean']['se'])}"
        for m in mixes
    }
    return {
        "": plot_mixes(points, alone, risk=label, percents=not es, made=made, theme=theme,
                       title=title),
        "mixes": plot_holdings(holdings, notes=texts, theme=theme,
                               title=_held_by_all(mixes, content["budget"]),
                               made="from the highest mean profit down; limits: "
                               + ", ".join(content["limits"])),
    }  # fmt: skip


def _held_by_all(mixes: Sequence[Content], budget: float) -> str:
    always = [line for line in mixes[0]["creators"] if all(line in m["creators"] for m in mixes)]
    if not always:
        return f"No line of creators is in every efficient mix for {usd(budget)}"
    return f"Every efficient mix for {usd(budget)} hires {listed(always)}"


def _mix_point(name: str, mix: Content, measure: str) -> MixPoint:
    mean, risk = mix["checked"]["profit_mean"], mix["checked"][measure]
    tier = name.partition("-")[0]
    return MixPoint(name, _value(mean), _value(risk), mean["se"] or 0.0, risk["se"] or 0.0, tier)


def _discover(content: Content, tiers: Tiers, theme: Theme | None) -> dict[str, Axes]:
    """Draw how often the portfolio loses over the conditions that tell most, and the region."""
    cells = content["cells"]
    if cells is None:
        return {}
    of = {c["input"]: c for c in content["conditions"]}
    chosen = [of[name] for name in cells["inputs"]]
    region = RegionMap(
        tuple(_axis(c) for c in chosen),
        tuple(np.array(edges) for edges in cells["edges"]),
        np.array(cells["share"], dtype=np.float64),
        tuple((_end(c["low"], -math.inf), _end(c["high"], math.inf)) for c in chosen),
    )
    a, b = content["a"], content["b"]
    there, overall = content["density"], content["losing"]
    title = (
        f"{a} loses to {b} in {percent(there['value'], there['se'])} of worlds in the region found, "
        f"in {percent(overall['value'], overall['se'])} overall"
    )
    made = (
        f"Region: {' and '.join(c['words'] for c in content['conditions'])}; "
        f"{content['worlds']:,} worlds judge it"
    )
    return {"": plot_region(region, loser=a, winner=b, made=made, theme=theme, title=title)}


def _axis(condition: Content) -> str:
    what = condition["words"]
    for word in (" below ", " above ", " between "):
        what = what.partition(word)[0]
    unit = str(condition["unit"])
    return f"{what}, {unit}" if len(what) + len(unit) < 42 else what


def _end(value: float | None, open_end: float) -> float:
    return open_end if value is None else value


def _is_input(driver: Content) -> bool:
    return driver["kind"] not in ("group", "chance")


def _most(bars: Sequence[Bar], what: str, write: Callable[..., str]) -> str:
    """Name the input that moves most, or those that cannot be told from it."""
    first = bars[0]
    equal = [
        bar.name
        for bar in bars
        if first.value - bar.value <= TOLD_APART * math.hypot(first.se or 0.0, bar.se or 0.0)
    ]
    if len(equal) > 1:
        return f"{listed(equal[:3])} move {what} most, and about as much"
    return f"{first.name} moves {what} most ({write(first.value, first.se)})"


def _short(words: str) -> str:
    return words.removeprefix("belief about ")


def _value(entry: Content) -> float:
    return math.nan if entry["value"] is None else float(entry["value"])


def _error(entry: Content) -> float:
    return math.nan if entry["se"] is None else float(entry["se"])


#: By the name of the question.
_PLOTS: Mapping[str, Callable[[Content, Tiers, Theme | None], dict[str, Axes]]] = {
    "sensitivity": _sensitivity,
    "worth": _worth,
    "diversify": _diversify,
    "frontier": _frontier,
    "discover": _discover,
}
