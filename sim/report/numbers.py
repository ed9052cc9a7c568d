"""The numbers of a chart as a table, for readers who want or need them."""

from __future__ import annotations

import numpy as np

from ..figures.spec import Bars, Curves, Figure, Table, written

#: Rows of a curve's table.
STEPS = 13


def tables_of(figure: Figure) -> list[Table]:
    """Return a table for every model of a figure."""
    found = []
    for model in figure.models:
        if isinstance(model, Table):
            found.append(model)
        elif isinstance(model, Bars):
            found.append(_of_bars(model))
        else:
            found += _of_curves(model)
    return found


def _of_bars(model: Bars) -> Table:
    shown = [series for series in model.series if series.tier != "none"]
    single = all(
        sum(series.values[k] is not None for series in shown) <= 1
        for k in range(len(model.categories))
    )
    if single:
        rows = [
            (name, *next(
                ((written(s.values[k], model.form), _error(s.errors[k] if s.errors else None,
                                                           model.form))
                 for s in shown if s.values[k] is not None),
                ("n/a", ""),
            ))
            for k, name in enumerate(model.categories)
        ]  # fmt: skip
        return Table((model.along or "", model.axis, "standard error"), tuple(rows))
    head = (model.along or "", *(series.name for series in shown))
    rows_of_all = [
        (name, *(written(series.values[k], model.form) for series in shown))
        for k, name in enumerate(model.categories)
    ]
    return Table(head, tuple(rows_of_all))


def _error(se: float | None, form: str) -> str:
    if se is None:
        return "none"
    if form == "percent":
        return f"± {written(se, 'percent')}"
    return f"± {written(se, 'usd' if form == 'usd' else 'number')}"


def _of_curves(model: Curves) -> list[Table]:
    found = []
    lines = [curve for curve in model.curves if curve.kind == "line"]
    if lines:
        low = max(min(curve.x) for curve in lines)
        high = min(max(curve.x) for curve in lines)
        x = np.geomspace(low, high, STEPS) if model.x_log else np.linspace(low, high, STEPS)
        rows = [
            (
                _place(float(at), model),
                *(written(float(np.interp(at, curve.x, curve.y)), model.y_form) for curve in lines),
            )
            for at in x
        ]
        found.append(Table((model.x_axis, *(curve.name for curve in lines)), tuple(rows)))
    points = [curve for curve in model.curves if curve.kind == "points"]
    if points:
        rows_of_points = [
            (curve.name, _place(x, model), written(y, model.y_form))
            for curve in points
            for x, y in zip(curve.x, curve.y, strict=True)
        ]
        found.append(Table(("", model.x_axis, model.y_axis), tuple(rows_of_points)))
    return found


def _place(at: float, model: Curves) -> str:
    if model.x_form == "number":
        return f"{at:,.0f}" if abs(at) >= 100 else f"{at:.3g}"
    return written(at, model.x_form)
