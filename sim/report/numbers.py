"""The numbers of a chart as a table, for readers who want or need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..figures.spec import Bars, Cells, Curves, Figure, Series, unit_of, written
from ..text.numbers import MISSING, Number, cell, setting

#: Rows of a curve's table.
STEPS = 13


def tables_of(figure: Figure) -> list[Cells]:
    """Return a table for every model of a figure."""
    tables = []
    for model in figure.panels:
        if isinstance(model, Cells):
            tables.append(model)
        elif isinstance(model, Bars):
            tables.append(_of_bars(model))
        else:
            tables += _of_curves(model)
    return tables


def _of_bars(model: Bars) -> Cells:
    shown = [series for series in model.series if series.tier != "none"]
    unit = unit_of(model.form)
    single = all(
        sum(series.values[k] is not None for series in shown) <= 1
        for k in range(len(model.categories))
    )
    if single:
        rows = tuple((name, _only(shown, k, unit)) for k, name in enumerate(model.categories))
        return Cells((model.along or "", model.axis), rows)
    head = (model.along or "", *(series.name for series in shown))
    rows_of_all = [
        (name, *(written(series.values[k], model.form) for series in shown))
        for k, name in enumerate(model.categories)
    ]
    return Cells(head, tuple(rows_of_all))


def _only(shown: Sequence[Series], k: int, unit: str) -> str:
    """Return the one value of a category as a cell."""
    for series in shown:
        if series.values[k] is not None:
            return cell(Number(series.values[k], series.errors[k] if series.errors else 0.0, unit))
    return MISSING


def _of_curves(model: Curves) -> list[Cells]:
    tables = []
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
        tables.append(Cells((model.x_axis, *(curve.name for curve in lines)), tuple(rows)))
    points = [curve for curve in model.curves if curve.kind == "points"]
    if points:
        rows_of_points = [
            (curve.name, _place(x, model), written(y, model.y_form))
            for curve in points
            for x, y in zip(curve.x, curve.y, strict=True)
        ]
        tables.append(Cells(("", model.x_axis, model.y_axis), tuple(rows_of_points)))
    return tables


def _place(at: float, model: Curves) -> str:
    return setting(at, 3) if model.x_form == "number" else written(at, model.x_form)
