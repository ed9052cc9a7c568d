"""A figure as it was specified: what every renderer has to show, for tests and comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .spec import Bars, Cells, Curves, Figure


@dataclass(frozen=True)
class Recorded:
    """What a reader of a figure gets.

    Attributes
    ----------
    words : tuple of str
        Every text: finding, caption, axes, names, labels and cells.
    numbers : mapping of str to tuple of float or None
        Values by panel and series, in order.
    """

    words: tuple[str, ...]
    numbers: dict[str, tuple[float | None, ...]]


def record(figure: Figure) -> Recorded:
    """Return every word and number of a figure.

    Raises
    ------
    ValueError
        For a series that has not one value, error and label for each of its places.
    """
    words = [figure.finding, figure.made, figure.caption, figure.alt]
    numbers: dict[str, tuple[float | None, ...]] = {}
    for place, panel in enumerate(figure.panels):
        if isinstance(panel, Cells):
            words += _cells(panel)
            continue
        parts = _bars(panel) if isinstance(panel, Bars) else _curves(panel)
        for name, values, labels in parts:
            words += [name, *labels]
            numbers[f"{place} {name}"] = values
        words += (
            [panel.axis, *panel.categories]
            if isinstance(panel, Bars)
            else [panel.x_axis, panel.y_axis]
        )
    return Recorded(tuple(word for word in words if word), numbers)


Part = tuple[str, tuple[float | None, ...], tuple[str, ...]]


def _bars(panel: Bars) -> Iterator[Part]:
    for series in panel.series:
        _same_length(series.name, len(panel.categories), series.values)
        for own in (series.errors, series.labels):
            if own:
                _same_length(series.name, len(panel.categories), own)
        yield series.name, series.values, series.labels


def _curves(panel: Curves) -> Iterator[Part]:
    for curve in panel.curves:
        _same_length(curve.name, len(curve.x), curve.y)
        for own in (curve.x_errors, curve.y_errors):
            if own:
                _same_length(curve.name, len(curve.x), own)
        yield curve.name, (*curve.x, *curve.y), (curve.label,)


def _cells(panel: Cells) -> list[str]:
    for row in (*panel.rows, *panel.shades):
        wide = len(panel.head) - (0 if row in panel.rows else 1)
        _same_length(panel.head[0], wide, row)
    return [*panel.head, *(cell for row in panel.rows for cell in row), *panel.notes]


def _same_length(name: str, length: int, values: tuple[object, ...]) -> None:
    if len(values) != length:
        raise ValueError(f"{name}: {len(values)} values for {length} places")
