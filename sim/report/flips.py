"""When the answer flips: ties along an input, sweeps, scenarios, and where the choice is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..charts import SweepLine, findings, plot_break_even, plot_sweep
from ..charts.numbers import FloatArray
from ..charts.run import Run
from ..measures.format import percent, percent_with_error
from .always import roles
from .models import Bars, Curve, Curves, Figure, Series, Table, Values, written
from .saved import Saved, cell_of, error, form_of, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..charts.theme import Theme

_OF_LINES = ("roi_mean", "roi_median", "roi_p05", "roi_p95")

_WORDS = {
    "roi_mean": "mean ROI",
    "roi_median": "median ROI",
    "profit_mean": "mean profit, USD",
    "profit_median": "median profit, USD",
    "loss_probability": "worlds that lose money",
    "roi_es05": "mean ROI of the worst 5 % of worlds",
}


def ties(saved: Saved, run: Run) -> Figure:
    """Return at which value of an input two portfolios tie."""
    a, b, key = saved["decision"]["a"], saved["decision"]["b"], saved["key"]
    name, unit, on = str(key["name"]), str(key["unit"]), str(saved["on"])
    curve = saved["curve"]
    measure = on if on in curve["measures"] and len(_points(curve, on)) > 1 else "roi_mean"
    names = [name for name in (a, b) if name in curve["portfolios"]]
    found = [tie for tie in saved["ties"] if tie.get("value") is not None]
    finding = saved.short
    if len(found) == 1 and b is not None:
        tie, low, high = found[0], found[0].get("better_below"), found[0].get("better_above")
        at_value = _amount(float(tie["value"]))
        finding = f"{a} and {b} tie on {_words(on)} at a {name} of {at_value} {unit}"
        if low and high:
            finding += f": below it {low} is better, above it {high}"
    model = _lines(curve, measure, names, run, name, unit)
    marks = tuple(
        Curve(f"tie at {_amount(float(tie['value']))}", (float(tie["value"]),) * 2,
              model.y_range or (0.0, 1.0), "ink", kind="dashed")
        for tie in found
    )  # fmt: skip
    base = key.get("base")
    now = f"now {_amount(float(base))}" if isinstance(base, int | float) else ""
    return Figure(
        key=saved.key,
        finding=finding,
        made=saved.made(f"{_capital(_words(measure))} along {name}, {unit}; {now}".rstrip("; "),
                        _interval(found)),
        models=(Curves((*model.curves, *marks), model.x_axis, model.y_axis, model.x_form,
                       model.y_form, model.x_range, model.y_range, model.x_log),),
        method=saved.method("Price keys are algebra on the worlds of the run: no new draws."),
        sentences=(saved.sentence,),
        probe=model,
    )  # fmt: skip


def _interval(found: Sequence[Mapping[str, Any]]) -> str:
    told = [
        f"{_amount(float(tie['value']))}: 95 % interval {_amount(float(tie['low']))} to "
        f"{_amount(float(tie['high']))}"
        for tie in found
        if tie.get("low") is not None and tie.get("high") is not None
    ]
    return f"Tie at {'; '.join(told)}" if told else ""


def _amount(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:,.4g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _words(measure: str) -> str:
    return _WORDS.get(measure, measure)


def _points(curve: Mapping[str, Any], measure: str) -> list[Any]:
    values = curve["measures"][measure]["value"]
    return list(values) if isinstance(values, list) else []


def _lines(
    curve: Mapping[str, Any], measure: str, names: Sequence[str], run: Run, key: str, unit: str
) -> Curves:
    """Return a measure of some portfolios along the one key of a sweep."""
    x = [float(v) for v in curve["keys"][key]["values"]]
    entry, tiers = curve["measures"][measure], roles(run.tiers)
    curves = []
    for name in names:
        row = curve["portfolios"].index(name)
        y, se = entry["value"][row], entry["se"][row]
        kept = [k for k, v in enumerate(y) if v is not None]
        curves.append(
            Curve(
                name,
                tuple(x[k] for k in kept),
                tuple(float(y[k]) for k in kept),
                *tiers.get(name, ("ink", 0)),
                y_errors=tuple(se[k] for k in kept),
            )
        )
    form = form_of(str(entry["unit"]))
    log = min(x) > 0 and max(x) / min(x) > 20
    low = min((min(c.y) for c in curves), default=0.0)
    high = max((max(c.y) for c in curves), default=1.0)
    return Curves(
        tuple(curves),
        f"{key}, {unit}" + (" (log axis)" if log else ""),
        _words(measure),
        x_form="number",
        y_form="percent" if measure == "loss_probability" else form,
        x_range=(min(x), max(x)),
        y_range=(min(low, 0.0), high),
        x_log=log,
    )


def _sweep_lines(curve: Mapping[str, Any], names: Sequence[str]) -> dict[str, SweepLine]:
    """Return what the sweep chart draws; nothing where quantiles were not computed."""
    if any(name not in curve["measures"] for name in _OF_LINES):
        return {}

    def row(measure: str, part: str, name: str) -> FloatArray:
        given = curve["measures"][measure][part][curve["portfolios"].index(name)]
        return np.asarray([math.nan if v is None else v for v in given], dtype=np.float64)

    return {
        name: SweepLine(
            row("roi_mean", "value", name), row("roi_mean", "se", name),
            row("roi_median", "value", name), row("roi_p05", "value", name),
            row("roi_p95", "value", name),
        )
        for name in names
    }  # fmt: skip


def _sweep(
    theme: Theme,
    ax: Axes | None = None,
    *,
    x: FloatArray,
    lines: Mapping[str, SweepLine],
    label: str,
    tiers: Mapping[str, str],
) -> Axes:
    return plot_sweep(x, lines, ax, label=label, tiers=tiers, theme=theme, title="", subtitle="")


def swept(saved: Saved, run: Run) -> Figure:
    """Return a measure along one key, or who leads on a grid of two."""
    keys = list(saved["keys"])
    content = saved.content
    if len(keys) == 1:
        unit = str(saved["keys"][keys[0]]["unit"])
        names = [str(name) for name in saved["portfolios"]]
        model = _lines(content, "roi_mean", names, run, keys[0], unit)
        label = f"{keys[0]}, {unit}"
        lines = _sweep_lines(content, names)
        x = np.asarray(saved["keys"][keys[0]]["values"], dtype=np.float64)
        return Figure(
            key=saved.key,
            finding=findings.sweep(x, lines, label, "ROI") if lines else saved.short,
            made=saved.made(f"Mean ROI along {label}"),
            reads=saved.made(
                f"ROI along {label}. Full: median, dashed: mean with two standard errors, band: 5 % "
                "to 95 % of worlds"
            )
            if lines
            else "",
            models=(model,),
            method=saved.method(),
            sentences=(saved.sentence,),
            plot=partial(_sweep, x=x, lines=lines, label=label, tiers=dict(run.tiers))
            if lines
            else None,
            probe=model,
        )
    return _grid(saved, run, keys)


def _grid(saved: Saved, run: Run, keys: list[str]) -> Figure:
    a, b = str(saved["decision"]["a"]), str(saved["decision"]["b"])
    names = [str(name) for name in saved["portfolios"]]
    entry = saved["measures"]["roi_mean"]
    values, errors = (
        np.asarray(entry[part], dtype=np.float64)[[names.index(a), names.index(b)]]
        for part in ("value", "se")
    )
    held = []
    for key in keys[2:]:
        axis = saved["keys"][key]
        given = np.asarray(axis["values"], dtype=np.float64)
        k = int(np.argmin(np.abs(given - float(axis["base"]))))
        values, errors = values[:, :, :, k], errors[:, :, :, k]
        held.append(f"{key} at {_amount(float(given[k]))}")
    x, y = (np.asarray(saved["keys"][key]["values"], dtype=np.float64) for key in keys[:2])
    gap = (values[0] - values[1]).T
    se = np.hypot(errors[0], errors[1]).T
    most = float(np.nanmax(np.abs(gap))) or 1.0
    labels = [f"{key}, {saved['keys'][key]['unit']}" for key in keys[:2]]
    step_x, step_y = max(1, math.ceil(x.size / 7)), max(1, math.ceil(y.size / 8))
    picked_x, picked_y = list(range(0, x.size, step_x)), list(range(0, y.size, step_y))[::-1]
    return Figure(
        key=saved.key,
        finding=findings.leads(a, b, gap, se, "mean ROI"),
        made=saved.made(
            f"Mean ROI of {a} minus that of {b}, percentage points, by {labels[0]} (across) and "
            f"{labels[1]} (down)",
            "; ".join(held),
        ),
        models=(
            Table(
                (f"{labels[1]} \\ {labels[0]}", *(_amount(float(x[i])) for i in picked_x)),
                tuple(
                    (_amount(float(y[j])),
                     *(written(float(gap[j, i]), "signed").removesuffix(" %") for i in picked_x))
                    for j in picked_y
                ),
                shades=tuple(
                    tuple(float(gap[j, i]) / most for i in picked_x) for j in picked_y
                ),
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
        plot=partial(_heat, x=x, y=y, gap=gap, se=se, pair=(a, b), labels=labels,
                     tiers=dict(run.tiers)),
    )  # fmt: skip


def _heat(
    theme: Theme, ax: Axes | None = None, *, x: Any, y: Any, gap: Any, se: Any,
    pair: tuple[str, str],
    labels: Sequence[str], tiers: Mapping[str, str],
) -> Axes:  # fmt: skip
    return plot_break_even(
        x, y, gap, ax, a=pair[0], b=pair[1], xlabel=labels[0], ylabel=labels[1], se=se, tiers=tiers,
        theme=theme, title="", subtitle="",
    )  # fmt: skip


def regions(saved: Saved, _run: Run) -> Figure:
    """Return in which circumstances the choice is wrong."""
    inside, overall = saved["density"], saved["losing"]
    a, b = str(saved["a"]), saved.content.get("b")
    conditions = " and ".join(str(row["words"]) for row in saved["conditions"])
    what = f"{a} loses to {b}" if b else f"{a} loses money"
    entries = (overall, inside)
    values: Values = tuple(value(entry) for entry in entries)
    texts = tuple(percent(value(entry), error(entry)) for entry in entries)
    finding = (
        f"{what} in {texts[1]} of worlds where {conditions}, in {texts[0]} overall"
        if conditions
        else saved.short
    )
    return Figure(
        key=saved.key,
        finding=finding,
        made=saved.made(
            f"Share of worlds in which {what}; the region holds "
            f"{percent_with_error(value(saved['mass']), error(saved['mass']))} of worlds and "
            f"{percent_with_error(value(saved['coverage']), error(saved['coverage']))} of the "
            "losses",
            "Lines: two standard errors",
        ),
        models=(
            Bars(
                ("in all worlds", "in the region"),
                (
                    Series(
                        what,
                        values,
                        "loss",
                        errors=tuple(error(entry) for entry in entries),
                        labels=texts,
                    ),
                ),
                f"worlds in which {what}",
                horizontal=True,
            ),
        ),
        method=saved.method("The region is a box found by patient rule induction (Friedman and "
                            "Fisher 1999) in one half of the worlds and judged in the other."),
        sentences=(saved.sentence,),
    )  # fmt: skip


def scenarios(saved: Saved, run: Run) -> Figure:
    """Return what each scenario does to the decision's measure."""
    measure = str(saved["measure"])
    cases = saved["scenarios"]
    names = list(cases[0]["portfolios"])
    tiers = roles(run.tiers)
    entries = {name: [case["portfolios"][name][measure] for case in cases] for name in names}
    unit = str(entries[names[0]][0]["unit"])
    series = tuple(
        Series(
            name,
            tuple(entry["value"] for entry in rows),
            *tiers.get(name, ("ink", 0)),
            errors=tuple(error(entry) for entry in rows),
            labels=tuple(cell_of({**entry, "se": 0.0}) for entry in rows),
        )
        for name, rows in entries.items()
    )
    return Figure(
        key=saved.key,
        finding=saved.short,
        made=saved.made(f"{_capital(_words(measure))} in each scenario, the same worlds"),
        models=(
            Bars(
                tuple(str(case["scenario"]) for case in cases),
                series,
                _words(measure),
                form=form_of(unit),
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
    )
