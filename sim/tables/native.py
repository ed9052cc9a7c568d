"""Native charts and maps of a workbook, as a table asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..text.names import key_words
from ..text.numbers import is_fraction, labelled, setting
from .table import Column, Table, View

#: Size of a chart, cm.
_WIDTH, _HEIGHT = 17.0, 9.0
#: Colours of series, as in charts; hundredths of points of a title; EMU of a line.
_COLOURS = ("0072B2", "D55E00", "CC79A7", "009E73", "E69F00", "56B4E9")
_TITLE, _LINE_WIDTH = 1200, 28_000
#: Colours of a map from least over middle to most.
_LEAST, _MIDDLE, _MOST = "F4B183", "FFFFFF", "9DC3E6"
#: Most columns of a map, and most bars of a chart.
MOST_ACROSS, MOST_BARS = 60, 40


def pivoted(table: Table, view: View) -> Table:
    """Return a table with a row for each value of one column and a column for each of another.

    Parameters
    ----------
    table
        With a row for each pair of values; of several rows of one pair the first counts.
    view
        With one value, and what the columns are by.
    """
    (value,) = view.values
    places = {column.name: column.plain() for column in table.flat}
    rows, across = (
        list(dict.fromkeys(item for item in places[name] if item is not None))
        for name in (view.x, view.by)
    )
    rows = sorted(rows) if all(isinstance(item, int | float) for item in rows) else rows
    across = sorted(across) if all(isinstance(item, int | float) for item in across) else across
    grid = np.full((len(rows), len(across[:MOST_ACROSS])), None, dtype=object)
    for x, by, number in zip(places[view.x], places[view.by], places[value], strict=True):
        if x is not None and by in across[:MOST_ACROSS]:
            place = rows.index(x), across.index(by)
            grid[place] = number if grid[place] is None else grid[place]
    named = {column.name: column for column in table.columns}
    unit = named[value].unit
    columns = [Column(view.x, rows, named[view.x].unit)]
    columns += [
        Column(_header(named[view.by], item), list(grid[:, k]), unit)
        for k, item in enumerate(across[:MOST_ACROSS])
    ]
    return Table(f"{table.name}_{'map' if view.kind == 'map' else 'curve'}", view.title,
                 tuple(columns))  # fmt: skip


def _header(column: Column, item: Any) -> str:
    return setting(item, 6) if isinstance(item, float) else str(item)


def add_chart(sheet: Any, table: Table, view: View, anchor: str) -> None:
    """Add a native chart of a table's columns to its sheet.

    Parameters
    ----------
    sheet
        That holds the table from its first cell on.
    table
        What stands there.
    view
        What is drawn of it.
    anchor
        Cell at the chart's upper left corner.
    """
    from openpyxl.chart import BarChart, Reference, ScatterChart, Series
    from openpyxl.drawing.text import CharacterProperties

    names = [column.name for column in table.flat]
    place = {name: k + 1 for k, name in reversed([*enumerate(names)])}
    chart: Any = BarChart() if view.kind == "bars" else ScatterChart()
    last = min(len(table), MOST_BARS if view.kind == "bars" else len(table)) + 1
    x = Reference(sheet, min_col=place[view.x], min_row=2, max_row=last)
    units = {column.name: column.unit for column in table.flat}
    for name in view.values or tuple(names[1:]):
        y = Reference(sheet, min_col=place[name], min_row=1, max_row=last)
        colour = _COLOURS[len(chart.series) % len(_COLOURS)]
        if view.kind == "bars":
            chart.add_data(y, titles_from_data=True)
            chart.series[-1].graphicalProperties.solidFill = colour
            continue
        values = Reference(sheet, min_col=place[name], min_row=2, max_row=last)
        series = Series(values, x, title=name)
        if view.kind == "points":
            series.marker.symbol, series.marker.size = "circle", 7
            series.marker.graphicalProperties.solidFill = colour
            series.graphicalProperties.line.noFill = True
        else:
            series.marker.symbol = "none"
            series.smooth = False
            series.graphicalProperties.line.solidFill = colour
            series.graphicalProperties.line.width = _LINE_WIDTH
        chart.series.append(series)
    if view.kind == "bars":
        chart.set_categories(x)
        chart.type, chart.gapWidth = "bar", 60
        chart.x_axis.scaling.orientation = "maxMin"
        chart.x_axis.tickLblPos = "low"
    else:
        chart.x_axis.title = labelled(key_words(view.x), units[view.x])
        chart.x_axis.tickLblPos = "low"
    chart.title = view.title
    paragraph = chart.title.tx.rich.p[0]
    paragraph.r[0].rPr = CharacterProperties(sz=_TITLE, b=True)
    chart.width, chart.height = _WIDTH, max(_HEIGHT, 0.55 * last if view.kind == "bars" else 0.0)
    shown = (view.values or tuple(names[1:]))[0]
    chart.y_axis.number_format = "0%" if is_fraction(units[shown]) else "#,##0"
    chart.x_axis.delete = chart.y_axis.delete = False
    if len(chart.series) == 1:
        chart.legend = None
    sheet.add_chart(chart, anchor)


def colour_map(sheet: Any, columns: Sequence[str], rows: int, middle: float | None) -> None:
    """Colour the cells of a map by their values, white at its middle.

    Parameters
    ----------
    sheet
        With headers in its first row and column.
    columns
        Letters of the first and the last column of values.
    rows
        Number of rows below the header.
    middle
        The value that is white; by default the median.
    """
    from openpyxl.formatting.rule import ColorScaleRule

    kind, value = ("percentile", 50) if middle is None else ("num", middle)
    rule = ColorScaleRule(
        start_type="min", start_color=_LEAST, mid_type=kind, mid_value=value, mid_color=_MIDDLE,
        end_type="max", end_color=_MOST,
    )  # fmt: skip
    sheet.conditional_formatting.add(f"{columns[0]}2:{columns[1]}{rows + 1}", rule)
