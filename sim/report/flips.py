"""When the answer flips: ties along an input, sweeps, scenarios, and where the choice is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..charts import headline, plot_answer
from ..charts.points import grid_of, is_line, lines_of
from ..charts.run import Run
from ..figures.spec import (
    Bars,
    Curve,
    Curves,
    Figure,
    Series,
    Table,
    Values,
    form_of,
    roles,
    written,
)
from ..text.names import capital, key_words, measure_words
from ..text.numbers import (
    CURRENCY,
    FRACTION,
    Number,
    brief,
    from_saved,
    from_to,
    labelled,
    percent,
    setting,
    told,
)
from .saved import Saved, error, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Largest over smallest value of a key from which its axis is logarithmic.
_LOG = 20.0


def ties(saved: Saved, run: Run) -> Figure:
    """Return at which value of an input two portfolios tie."""
    if "grid" in saved.content:
        return _grid(saved, run)
    a, b, key = saved["decision"]["a"], saved["decision"]["b"], saved["key"]
    name, unit, on = str(key["name"]), str(key["unit"]), str(saved["on"])
    curve = saved["curve"]
    measure = on if on in curve["measures"] and len(_points(curve, on)) > 1 else "roi_mean"
    names = [name for name in (a, b) if name in curve["portfolios"]]
    found = [tie for tie in saved["ties"] if tie.get("value") is not None]
    model = _lines(curve, measure, names, run, name, unit)
    marks = tuple(
        Curve(f"tie at {brief(_tie(tie))}", (float(tie["value"]),) * 2,
              model.y_range or (0.0, 1.0), "ink", kind="dashed")
        for tie in found
    )  # fmt: skip
    base = key.get("base")
    now = f"now {setting(float(base))}" if isinstance(base, int | float) else ""
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(f"{capital(measure_words(measure))} along {labelled(key_words(name), unit)}; {now}".rstrip("; "),
                        _interval(found)),
        models=(Curves((*model.curves, *marks), model.x_axis, model.y_axis, model.x_form,
                       model.y_form, model.x_range, model.y_range, model.x_log),),
        method=saved.method("Price keys are algebra on the worlds of the run: no new draws."),
        sentences=(saved.sentence,),
        probe=model,
    )  # fmt: skip


def _tie(tie: Mapping[str, Any]) -> Number:
    return Number(float(tie["value"]), error(tie), "", tie.get("reason"))


def _interval(found: Sequence[Mapping[str, Any]]) -> str:
    places = [
        f"{told(_tie(tie))}, 95 % interval "
        f"{from_to(float(tie['low']), float(tie['high']), tie['se'])}"
        for tie in found
        if tie.get("low") is not None and tie.get("high") is not None
    ]
    return f"Tie at {'; '.join(places)}" if places else ""


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
    log = min(x) > 0 and max(x) / min(x) > _LOG
    low = min((min(c.y) for c in curves), default=0.0)
    high = max((max(c.y) for c in curves), default=1.0)
    return Curves(
        tuple(curves),
        labelled(key_words(key), unit) + (" (log axis)" if log else ""),
        labelled(measure_words(measure), str(entry["unit"])),
        x_form="number",
        y_form="percent" if measure == "loss_probability" else form,
        x_range=(min(x), max(x)),
        y_range=(min(low, 0.0), high),
        x_log=log,
    )


def swept(saved: Saved, run: Run) -> Figure:
    """Return a measure along one key, or who leads on a grid of two."""
    if not is_line(saved.content):
        return _grid(saved, run)
    found = lines_of(saved.content)
    unit = CURRENCY if found.outcome == "profit" else FRACTION
    tiers = roles(run.tiers)
    x = found.x
    log = x[0] > 0 and x[-1] / x[0] > _LOG
    means = [line.mean for line in found.lines.values()]
    model = Curves(
        tuple(
            Curve(name, tuple(x.tolist()), tuple(line.mean.tolist()),
                  *tiers.get(name, ("ink", 0)), y_errors=tuple(line.se.tolist()))
            for name, line in found.lines.items()
        ),
        found.label + (" (log axis)" if log else ""),
        labelled(f"mean {found.outcome}", unit),
        x_form="number",
        y_form=form_of(unit),
        x_range=(float(x[0]), float(x[-1])),
        y_range=(min(0.0, *(float(m.min()) for m in means)), max(float(m.max()) for m in means)),
        x_log=bool(log),
    )  # fmt: skip
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=f"{found.made}. Mean {found.outcome} along {found.label}",
        reads=f"{found.made}. Full: median, dashed: mean with two standard errors, band: 5 % to "
        "95 % of worlds",
        models=(model,),
        method=saved.method(),
        sentences=(saved.sentence,),
        plot=drawn(saved, run),
        probe=model,
    )


def drawn(saved: Saved, run: Run) -> Callable[..., Axes]:
    """Return what draws a saved answer."""
    return partial(plot_answer, saved.content, tiers=run.tiers)


def _grid(saved: Saved, run: Run) -> Figure:
    """Return who leads over two keys, as a coloured table of at most 7 by 8 cells."""
    grid = grid_of(saved.content)
    form = form_of(grid.unit)
    most = float(np.nanmax(np.abs(grid.gap))) or 1.0
    across = range(0, grid.x.size, max(1, math.ceil(grid.x.size / 7)))
    down = range(0, grid.y.size, max(1, math.ceil(grid.y.size / 8)))[::-1]
    unit = "percentage points" if form == "signed" else grid.unit
    cells = [[float(grid.gap[j, i]) for i in across] for j in down]
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=f"{grid.made}. {capital(grid.words)} of {grid.a} minus that of {grid.b}, {unit}, by "
        f"{grid.xlabel} (across) and {grid.ylabel} (down)",
        models=(
            Table(
                (
                    f"{_key(grid.ylabel)} \\ {_key(grid.xlabel)}",
                    *(setting(float(grid.x[i])) for i in across),
                ),
                tuple(
                    (
                        setting(float(grid.y[j])),
                        *(written(gap, form).removesuffix(" %") for gap in row),
                    )
                    for j, row in zip(down, cells, strict=True)
                ),
                shades=tuple(tuple(gap / most for gap in row) for row in cells),
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
        plot=drawn(saved, run),
    )


def _key(label: str) -> str:
    """Return a key without its table and unit: the caption has both in full."""
    return label.partition(", ")[0].partition(".")[2] or label


def regions(saved: Saved, _run: Run) -> Figure:
    """Return in which circumstances the choice is wrong."""
    inside, overall = saved["density"], saved["losing"]
    a, b = str(saved["a"]), saved.content.get("b")
    what = f"{a} loses to {b}" if b else f"{a} loses money"
    entries = (overall, inside)
    values: Values = tuple(value(entry) for entry in entries)
    texts = tuple(percent(value(entry), error(entry)) for entry in entries)
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(
            f"Share of worlds in which {what}; the region holds "
            f"{told(from_saved(saved['mass']))} of worlds and "
            f"{told(from_saved(saved['coverage']))} of the "
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
            labels=tuple(written(entry["value"], form_of(unit), error(entry)) for entry in rows),
        )
        for name, rows in entries.items()
    )
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(f"{capital(measure_words(measure))} in each scenario, the same worlds"),
        models=(
            Bars(
                tuple(str(case["scenario"]) for case in cases),
                series,
                labelled(measure_words(measure), unit),
                form=form_of(unit),
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
    )
