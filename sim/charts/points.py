"""Charts of sweeps, break-evens, tornados and scenarios, from the JSON saved beside their run.

The JSON holds all that a chart needs, so that report and deck draw it again in their own theme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..measures.format import number, percent, usd
from .drivers import plot_tornado
from .numbers import FloatArray
from .rows import SweepLine, Swing
from .scale import roi_text
from .scenarios import RoiRange, plot_scenarios
from .sweeps import plot_break_even, plot_sweep
from .ties import Level, TieMark, plot_tie

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]


def plot_answer(content: Content, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw a saved answer.

    Parameters
    ----------
    content : mapping
        What the answer's `to_dict` returned, or its JSON file.
    ax : Axes, optional
        Where to draw; a new figure by default.
    **options
        ``theme`` and ``tiers`` (tier of each portfolio, for its colour).

    Raises
    ------
    KeyError
        For an answer without a chart here.
    """
    return _CHARTS[content["analysis"]](content, ax, **options)


def has_chart(content: Content) -> bool:
    """Say whether `plot_answer` knows an answer, and whether there is anything to draw."""
    kind = content.get("analysis")
    if kind == "tornado":
        return bool(content["inputs"])
    if kind == "sweep":
        axes = [key["values"] for key in content["keys"].values()]
        return not any(isinstance(value, str) for axis in axes for value in axis)
    return kind in _CHARTS


# --- Sweeps ---------------------------------------------------------------------------------------


def _sweep(content: Content, ax: Axes | None, **options: Any) -> Axes:
    keys = content["keys"]
    if len(keys) == 1 or "point" in content["dims"] or content["decision"]["b"] is None:
        return _along(content, ax, **options)
    return _map(content, ax, **options)


def _along(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw lines along the first key, other keys at the middle of their values."""
    (name, key), *others = content["keys"].items()
    zipped = "point" in content["dims"]
    rest = () if zipped else tuple(len(other["values"]) // 2 for _, other in others)
    kind = "profit" if content["measure"].startswith("profit") else "roi"
    x = np.asarray(key["values"], dtype=np.float64)
    order = np.argsort(x)

    def row(measure: str, what: str, f: int) -> FloatArray:
        place: tuple[Any, ...] = (f, slice(None), *rest)
        # A sweep of means has no quantiles.
        known = measure if measure in content["measures"] else f"{kind}_mean"
        return np.asarray(_numbers(content["measures"][known][what])[place])[order]

    lines = {
        portfolio: SweepLine(
            row(f"{kind}_mean", "value", f),
            row(f"{kind}_mean", "se", f),
            row(f"{kind}_median", "value", f),
            row(f"{kind}_p05", "value", f),
            row(f"{kind}_p95", "value", f),
        )
        for f, portfolio in enumerate(content["portfolios"])
    }
    together = f", with {', '.join(other for other, _ in others)}" if zipped and others else ""
    return plot_sweep(
        x[order],
        lines,
        ax,
        label=_label(name, key["unit"]) + together,
        outcome="profit" if kind == "profit" else "ROI",
        text=usd if kind == "profit" else roi_text,
        made=_points(content, [] if zipped else others, rest),
        **options,
    )


def _map(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw who leads over the first two keys, other keys at the middle of their values."""
    (xname, xkey), (yname, ykey), *others = content["keys"].items()
    rest = tuple(len(other["values"]) // 2 for _, other in others)
    x, y = (np.asarray(key["values"], dtype=np.float64) for key in (xkey, ykey))
    across, up = np.argsort(x), np.argsort(y)
    place: tuple[Any, ...] = (..., *rest)
    gap, se = (_numbers(content["gap"][what])[place][across][:, up] for what in ("value", "se"))
    se, without = _known(se)
    return plot_break_even(
        x[across],
        y[up],
        gap.T,
        ax,
        a=content["decision"]["a"],
        b=content["decision"]["b"],
        se=se.T,
        xlabel=_label(xname, xkey["unit"]),
        ylabel=_label(yname, ykey["unit"]),
        measure=content["gap"]["words"],
        text=_text(content["gap"]["unit"]),
        made=_points(content, others, rest) + without,
        **options,
    )


def _known(se: FloatArray) -> tuple[FloatArray, str]:
    """Return errors in which an unknown one tells nothing apart; all unknown, a remark instead."""
    if np.isnan(se).all():
        return se, "; no standard errors (heavy tails)"
    some = "; dotted too where a heavy tail leaves no standard error" if np.isnan(se).any() else ""
    return np.where(np.isnan(se), np.inf, se), some


def _points(content: Content, others: Any, rest: tuple[int, ...]) -> str:
    held = [
        f"{name} = {number(float(other['values'][k]))}"
        for (name, other), k in zip(others, rest, strict=True)
    ]
    return "; ".join([f"{content['worlds']:,} worlds at each point", *held])


# --- Break-even -----------------------------------------------------------------------------------


def _breakeven(content: Content, ax: Axes | None, **options: Any) -> Axes:
    return (_line if "grid" in content else _tie)(content, ax, **options)


def _line(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw who is better over both keys, with the line of ties."""
    grid, key, second = content["grid"], content["key"], content["second"]
    se, without = _known(_numbers(grid["gap"]["se"]))
    return plot_break_even(
        grid["second"],
        grid["key"],
        _numbers(grid["gap"]["value"]),
        ax,
        a=content["decision"]["a"],
        b=content["decision"]["b"],
        se=se,
        xlabel=_label(second["name"], second["unit"]),
        ylabel=_label(key["name"], key["unit"]),
        measure=content["words"],
        text=_text(content["unit"]),
        made=f"{content['worlds']:,} worlds at each point{without}",
        **options,
    )


def _tie(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the measure along the key, with the values at which the portfolios tie."""
    a, b = content["decision"]["a"], content["decision"]["b"]
    key, on, curve = content["key"], content["on"], content["curve"]
    x = np.asarray(curve["keys"][key["name"]]["values"], dtype=np.float64)
    shown = _window(x, content)
    figures = curve["measures"][on]
    value, se = (_numbers(figures[what]) for what in ("value", "se"))
    paired = on == "a_beats_b"
    if paired:
        lines = {a: Level(value[shown], se[shown])}
    else:
        rows = {name: curve["portfolios"].index(name) for name in (a, b)}
        lines = {name: Level(value[f][shown], se[f][shown]) for name, f in rows.items()}
    return plot_tie(
        x[shown],
        lines,
        [TieMark(tie["value"], tie["low"], tie["high"]) for tie in content["ties"]],
        ax,
        label=_label(key["name"], key["unit"]),
        outcome=f"worlds won by {a}" if paired else content["words"],
        title=content["headline"],
        text=_text(figures["unit"], signed=on.startswith("roi")),
        base=key["base"],
        level=0.5 if paired else None,
        made=f"{content['worlds']:,} worlds at each point",
        **options,
    )


#: How far the axis goes beyond ties and today's value, by factors.
_AROUND = 2.0


def _window(x: FloatArray, content: Content) -> slice:
    """Return the part of the curve around the ties and today's value."""
    places = [tie["value"] for tie in content["ties"]]
    if not places or not x[0] > 0.0:
        return slice(None)
    places += [content["key"]["base"]] if content["key"]["base"] else []
    first = int(np.searchsorted(x, min(places) / _AROUND, "right")) - 1
    last = int(np.searchsorted(x, max(places) * _AROUND, "left")) + 1
    return slice(max(first, 0), last)


# --- Tornado and scenarios ------------------------------------------------------------------------


def _tornado(content: Content, ax: Axes | None, **options: Any) -> Axes:
    options.pop("tiers", None)
    if content["method"] == "rank":
        return _ranks(content, ax, **options)
    names, base = _short_names(content["inputs"]), content["base"]
    rows = [
        Swing(
            names[row["input"]],
            row["low"]["value"],
            row["high"]["value"],
            (_setting(row["settings"][0]), _setting(row["settings"][2])),
            row["swing"]["se"] or 0.0,
        )
        for row in content["inputs"]
        if row["low"]["value"] is not None and row["high"]["value"] is not None
    ]
    return plot_tornado(
        rows,
        ax,
        base=base["value"],
        outcome=content["label"],
        text=_text(base["unit"], signed=content["measure"].startswith("roi")),
        made=f"{content['worlds']:,} worlds at each end",
        **options,
    )


def _ranks(content: Content, ax: Axes | None, **options: Any) -> Axes:
    names = _short_names(content["inputs"])
    rows = []
    for row in content["inputs"]:
        rank = row["rank_correlation"]
        text = f"{rank['value']:+.2f}"
        rows.append(Swing(names[row["input"]], 0.0, rank["value"], ("", text), rank["se"] or 0.0))
    return plot_tornado(
        rows,
        ax,
        base=0.0,
        outcome="rank correlation",
        text=lambda value: f"{value:+.2f}" if value else "0",
        title=f"{rows[0].input} goes with the outcome most closely: {rows[0].high:+.2f}",
        subtitle=f"{content['worlds']:,} worlds of the run, Spearman's rank correlation",
        **options,
    )


def _short_names(inputs: Sequence[Content]) -> dict[str, str]:
    """Return what to call inputs beside their bars; a platform that all share goes unsaid."""
    words = {
        row["input"]: str(row["words"]).removeprefix("belief about ").replace("_", " ")
        for row in inputs
    }
    platforms = {text.partition(" on ")[2] for text in words.values() if " on " in text}
    if len(platforms) != 1:
        return words
    return {name: text.partition(" on ")[0] for name, text in words.items()}


def _setting(text: str) -> str:
    """Return a setting in few letters: scores of a shock are standard deviations."""
    score = text.startswith("score ")
    return f"{text.removeprefix('score ')} sd" if score else text


def _scenario(content: Content, ax: Axes | None, **options: Any) -> Axes:
    cases = {
        case["scenario"]: {
            name: RoiRange(*(own[measure]["value"] for measure in _ROI))
            for name, own in case["portfolios"].items()
        }
        for case in content["scenarios"]
    }
    return plot_scenarios(
        cases,
        ax,
        title=content["headline"],
        made=f"{content['worlds']:,} worlds, the same in every scenario",
        **options,
    )


_ROI = ("roi_p05", "roi_median", "roi_p95", "roi_mean")
_CHARTS: dict[str, Callable[..., Axes]] = {
    "sweep": _sweep,
    "breakeven": _breakeven,
    "tornado": _tornado,
    "scenario": _scenario,
}


# --- Words and numbers ----------------------------------------------------------------------------


def _label(name: str, unit: str) -> str:
    return f"{name}, {unit}" if unit and len(unit) < 40 else name


def _numbers(values: Any) -> FloatArray:
    """Return nested lists as an array, None as NaN."""
    return np.array(values, dtype=np.float64)


def _text(unit: str, signed: bool = True) -> Callable[[float], str]:
    """Return what writes a figure of a unit, to three digits."""
    if unit == "fraction":
        return roi_text if signed else percent
    return usd if unit.startswith("USD") else number
