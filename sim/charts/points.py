"""Charts of sweeps and break-evens, from the JSON saved beside their run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import key_words
from ..text.numbers import CURRENCY, FRACTION, counted, labelled, setting
from . import findings
from .numbers import FloatArray
from .rows import SweepLine
from .sweeps import plot_break_even, plot_sweep
from .ties import Level, TieMark, plot_tie

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]


# --- Sweeps ---------------------------------------------------------------------------------------


def sweep(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw lines along one key, or who leads over two."""
    return (_along if is_line(content) else _map)(content, ax, **options)


def sweep_parts(content: Content) -> tuple[str, ...]:
    """Return the charts of a sweep: none over words."""
    axes = [key["values"] for key in content["keys"].values()]
    return () if any(isinstance(value, str) for axis in axes for value in axis) else ("",)


def sweep_headline(content: Content) -> str:
    """Say who leads along the key, or in how many cells."""
    if is_line(content):
        lines = lines_of(content)
        return findings.sweep(lines.x, lines.lines, lines.label, lines.outcome)
    grid = grid_of(content)
    return findings.leads(grid.a, grid.b, grid.gap, grid.se, grid.words)


def is_line(content: Content) -> bool:
    """Say whether a sweep runs along one way, as lines, and not over a map."""
    one = len(content["keys"]) == 1 or "point" in content["dims"]
    return one or content["decision"]["b"] is None


@dataclass(frozen=True)
class Lines:
    """A measure of every portfolio along one key.

    Attributes
    ----------
    x : ndarray, shape (points,)
        Values of the key, increasing.
    lines : mapping of str to SweepLine
        By portfolio.
    label, outcome, made : str
        The key with its unit; ``profit`` or ``ROI``; the sample, and where other keys are held.
    """

    x: FloatArray
    lines: Mapping[str, SweepLine]
    label: str
    outcome: str
    made: str


def lines_of(content: Content) -> Lines:
    """Return the lines of a sweep along its first key, other keys at the middle of their values."""
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
        str(portfolio): SweepLine(
            row(f"{kind}_mean", "value", f),
            row(f"{kind}_mean", "se", f),
            row(f"{kind}_median", "value", f),
            row(f"{kind}_p05", "value", f),
            row(f"{kind}_p95", "value", f),
        )
        for f, portfolio in enumerate(content["portfolios"])
    }
    together = (
        f", with {', '.join(key_words(other) for other, _ in others)}" if zipped and others else ""
    )
    return Lines(
        x[order],
        lines,
        labelled(key_words(name), key["unit"]) + together,
        "profit" if kind == "profit" else "ROI",
        _points(content, [] if zipped else others, rest),
    )


def _along(content: Content, ax: Axes | None, **options: Any) -> Axes:
    found = lines_of(content)
    return plot_sweep(
        found.x,
        found.lines,
        ax,
        label=found.label,
        outcome=found.outcome,
        unit=CURRENCY if found.outcome == "profit" else FRACTION,
        made=found.made,
        **options,
    )


@dataclass(frozen=True)
class Grid:
    """The difference of two portfolios over two keys.

    Attributes
    ----------
    x, y : ndarray, shape (columns,), (rows,)
        Values of the keys, increasing.
    gap, se : ndarray, shape (rows, columns)
        Measure of `a` minus that of `b`, paired, and its standard error; infinite where unknown,
        NaN where all are.
    a, b, xlabel, ylabel, words, unit, made : str
        The portfolios, the keys with units, the measure in words, its unit, the sample.
    """

    x: FloatArray
    y: FloatArray
    gap: FloatArray
    se: FloatArray
    a: str
    b: str
    xlabel: str
    ylabel: str
    words: str
    unit: str
    made: str


def grid_of(content: Content) -> Grid:
    """Return the grid of a sweep over two keys, others at the middle of theirs, or of a tie line.

    Raises
    ------
    KeyError
        For an answer without a grid.
    """
    if content["analysis"] == "breakeven":
        return _tie_grid(content)
    (xname, xkey), (yname, ykey), *others = content["keys"].items()
    rest = tuple(len(other["values"]) // 2 for _, other in others)
    x, y = (np.asarray(key["values"], dtype=np.float64) for key in (xkey, ykey))
    across, up = np.argsort(x), np.argsort(y)
    place: tuple[Any, ...] = (..., *rest)
    gap, se = (_numbers(content["gap"][what])[place][across][:, up] for what in ("value", "se"))
    se, without = _known(se)
    return Grid(
        x[across],
        y[up],
        gap.T,
        se.T,
        content["decision"]["a"],
        content["decision"]["b"],
        labelled(key_words(xname), xkey["unit"]),
        labelled(key_words(yname), ykey["unit"]),
        content["gap"]["words"],
        content["gap"]["unit"],
        _points(content, others, rest) + without,
    )


def _tie_grid(content: Content) -> Grid:
    grid, key, second = content["grid"], content["key"], content["second"]
    se, without = _known(_numbers(grid["gap"]["se"]))
    return Grid(
        _numbers(grid["second"]),
        _numbers(grid["key"]),
        _numbers(grid["gap"]["value"]),
        se,
        content["decision"]["a"],
        content["decision"]["b"],
        labelled(key_words(second["name"]), second["unit"]),
        labelled(key_words(key["name"]), key["unit"]),
        content["words"],
        content["unit"],
        f"{counted(content['worlds'], 'world')} at each point{without}",
    )


def _map(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw who leads over two keys, with the line of ties."""
    grid = grid_of(content)
    return plot_break_even(
        grid.x,
        grid.y,
        grid.gap,
        ax,
        a=grid.a,
        b=grid.b,
        se=grid.se,
        xlabel=grid.xlabel,
        ylabel=grid.ylabel,
        measure=grid.words,
        unit=grid.unit,
        made=grid.made,
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
        f"{key_words(name)} {setting(float(other['values'][k]))}"
        for (name, other), k in zip(others, rest, strict=True)
    ]
    return "; ".join([f"{counted(content['worlds'], 'world')} at each point", *held])


# --- Break-even -----------------------------------------------------------------------------------


def breakeven(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw where two portfolios tie along one key, or who leads over two."""
    return (_map if "grid" in content else _tie)(content, ax, **options)


def breakeven_headline(content: Content) -> str:
    """Say where they tie, or in how many cells each leads."""
    if "grid" not in content:
        return str(content["headline"])
    grid = grid_of(content)
    return findings.leads(grid.a, grid.b, grid.gap, grid.se, grid.words)


def _tie(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the measure along the key, with the values at which the portfolios tie."""
    a, b = content["decision"]["a"], content["decision"]["b"]
    key, on, curve = content["key"], content["on"], content["curve"]
    x = np.asarray(curve["keys"][key["name"]]["values"], dtype=np.float64)
    shown = _window(x, content)
    figures = curve["measures"][on]
    value, se = (_numbers(figures[what]) for what in ("value", "se"))
    if options.get("title") is None:
        options["title"] = content["headline"]
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
        label=labelled(key_words(key["name"]), key["unit"]),
        outcome=f"worlds won by {a}" if paired else content["words"],
        unit=figures["unit"],
        signed=on.startswith("roi"),
        base=key["base"],
        level=0.5 if paired else None,
        made=f"{counted(content['worlds'], 'world')} at each point",
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


# --- Words and numbers ----------------------------------------------------------------------------


def _numbers(values: Any) -> FloatArray:
    """Return nested lists as an array, None as NaN."""
    return np.array(values, dtype=np.float64)
