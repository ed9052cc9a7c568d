"""A sweep as an answer: figures by key and portfolio, and the words for them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ...charts.rows import SweepLine
from ...figures.spec import Curve, Curves, Figure, form_of, roles
from ...tables.table import Table, View, from_records, from_texts
from ...text.currency import currency
from ...text.names import capital, key_words, measure_heading, measure_words
from ...text.numbers import FRACTION, Number, cell, counted, labelled, setting
from ..question import Answer, Sides, absent
from ._drawn import Axis, Grid, Lines, as_array

Array = npt.NDArray[np.float64]

#: Rows that a terminal shows at most.
MOST = 20
_SHOWN = ("roi_mean", "roi_median", "roi_es05", "loss_probability")


@dataclass(frozen=True)
class SweptKey:
    """A swept key.

    Attributes
    ----------
    unit
        What it is, with its denominator.
    base
        What it is in the experiment; None for text.
    values
        What it was set to.
    """

    unit: str
    base: float | None
    values: tuple[float | str, ...]


@dataclass(frozen=True)
class Figures:
    """A measure at every point.

    Attributes
    ----------
    unit
        Of the measure.
    value, se
        Nested lists in the order of `dims`; None for a missing one.
    """

    unit: str
    value: list[Any]
    se: list[Any]


@dataclass(frozen=True)
class Gap:
    """How much the outcome of one portfolio is above that of the other, at every point.

    Attributes
    ----------
    words, unit
        Of the measure.
    value, se
        Nested lists over the points, the error of paired worlds.
    """

    words: str
    unit: str
    value: list[Any]
    se: list[Any]


#: The gap of a pair beside its measures; of other measures, how often the first one wins.
_GAPS = {"roi_mean": "roi_difference_mean", "profit_mean": "profit_difference_mean"}


@dataclass(frozen=True)
class Sweep(Answer):
    """What happens to the portfolios at other values.

    Attributes
    ----------
    worlds
        Worlds of each point.
    simulated
        Runs that were simulated: 0 where all keys are prices.
    decision
        The pair compared.
    measure
        What the sentence is about.
    dims
        Axes of the figures: ``portfolio``, then the keys, or ``point`` where they go together.
    keys
        The swept keys by name.
    portfolios
        Their names.
    measures
        Figures by measure: of each portfolio over `dims`, of the pair over the points.
    creators
        Creators hired, by portfolio and point.
    sentence
        What the sweep shows.
    gap
        The pair's difference; None without a pair.
    notes
        What was done about what is not obvious.
    """

    question: ClassVar[str] = "sweep"

    worlds: int
    simulated: int
    decision: Sides
    measure: str
    dims: tuple[str, ...]
    keys: dict[str, SweptKey]
    portfolios: tuple[str, ...]
    measures: dict[str, Figures]
    sentence: str
    gap: Gap | None = Field(default=None, exclude_if=absent)
    creators: list[Any] = Field(default_factory=list)
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_a_figure_at_every_point(self) -> Sweep:
        for name, figures in self.measures.items():
            for values in (figures.value, figures.se):
                shape = np.array(values, dtype=np.float64).shape
                if shape not in {self._shape, (len(self.portfolios), *self._shape)}:
                    raise ValueError(f"{name} has no figure for each point")
        return self

    @property
    def zipped(self) -> bool:
        """Whether the keys go together."""
        return "point" in self.dims

    @property
    def points(self) -> int:
        """Number of points."""
        return int(np.prod(self._shape))

    @property
    def _shape(self) -> tuple[int, ...]:
        sizes = tuple(len(key.values) for key in self.keys.values())
        return sizes[:1] if self.zipped else sizes

    @property
    def headline(self) -> str:
        """Say who leads along the key, or in how many cells."""
        from ...charts.findings import sweep

        if any(isinstance(value, str) for key in self.keys.values() for value in key.values):
            return self.sentence
        if not self._is_line:
            return self._grid().headline
        lines = self._lines()
        return sweep(lines.x, lines.lines, lines.label, lines.outcome)

    @property
    def _is_line(self) -> bool:
        """Whether it runs along one way, and not over a map."""
        return len(self.keys) == 1 or self.zipped or self.gap is None

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each point and portfolio: keys, measures, errors; None for missing."""
        columns: dict[str, list[list[float | None]]] = {}
        for name, figures in self.measures.items():
            columns[name] = self._by_portfolio(figures.value)
            columns[f"{name}_se"] = self._by_portfolio(figures.se)
        if self.creators:
            columns["creators"] = self._by_portfolio(self.creators)
        return [
            {**values, "portfolio": portfolio, **{name: of[f][p] for name, of in columns.items()}}
            for p, values in enumerate(self.at_points())
            for f, portfolio in enumerate(self.portfolios)
        ]

    def at_points(self) -> list[dict[str, float | str]]:
        """Return the values of the keys at every point, the last key moving fastest."""
        axes = [key.values for key in self.keys.values()]
        every = zip(*axes, strict=True) if self.zipped else itertools.product(*axes)
        return [dict(zip(self.keys, values, strict=True)) for values in every]

    def _by_portfolio(self, nested: list[Any]) -> list[list[float | None]]:
        """Return a row over the points per portfolio; a measure of the pair stands in every row."""
        flat = np.array(nested, dtype=object).reshape(-1, self.points).tolist()
        return list(flat) if len(flat) == len(self.portfolios) else flat * len(self.portfolios)

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each point and portfolio."""
        units = {name: key.unit for name, key in self.keys.items()}
        units |= {name: figures.unit for name, figures in self.measures.items()}
        about = "a point and a portfolio"
        labels = len(self.keys) + 1
        table = from_records("sweep", about, self.to_rows(), units, labels=labels)
        return (replace(table, view=self._view()),)

    def _view(self) -> View | None:
        """Return what a workbook draws: lines along one key, a map over two."""
        numbers = all(
            not isinstance(value, str) for key in self.keys.values() for value in key.values
        )
        keys = list(self.keys)
        if not numbers or self.zipped or len(keys) > 2:
            return None
        if len(keys) == 1:
            return View("lines", keys[0], (self.measure,), by="portfolio", title=self.sentence)
        a, b = self.decision.a, self.decision.b
        if b is None:
            return None
        value = _GAPS.get(self.measure, "a_beats_b")
        middle = 0.5 if value == "a_beats_b" else 0.0
        title = f"{capital(measure_words(value))}: {a} against {b}"
        return View("map", keys[1], (value,), by=keys[0], title=title, middle=middle)

    def shown(self) -> Table:
        """Return points spread over the sweep: along a single key evenly, over several their ends."""
        rows, names = self.to_rows(), list(self.portfolios)
        chosen = self._corners()
        kept = names if len(chosen) * len(names) <= MOST else list(self.decision.names)
        if len(self.keys) == 1 or self.zipped:
            chosen = list(range(self.points))
        chosen = spread(chosen, max(MOST // len(kept), 2))
        texts = [
            self._texts(rows[p * len(names) + names.index(name)]) for p in chosen for name in kept
        ]
        return from_texts("sweep", "a point and a portfolio", texts)

    def _corners(self) -> list[int]:
        """Return the points at which every key has its first or its last value."""
        if self.zipped:
            return list(range(self.points))
        ends = [sorted({0, size - 1}) for size in self._shape]
        return [int(np.ravel_multi_index(at, self._shape)) for at in itertools.product(*ends)]

    def _texts(self, row: Mapping[str, Any]) -> dict[str, str]:
        texts = {key_words(name): setting(row[name]) for name in self.keys}
        texts["portfolio"] = str(row["portfolio"])
        for name in dict.fromkeys((self.measure, *_SHOWN)):
            if name in self.measures:
                texts[measure_heading(name)] = self._cell(row, name)
        if self.decision.b is not None:
            wins = row["portfolio"] == self.decision.a
            texts[f"{self.decision.a} beats {self.decision.b}"] = (
                self._cell(row, "a_beats_b") if wins else ""
            )
        return texts

    def _cell(self, row: Mapping[str, Any], name: str) -> str:
        return cell(Number(row[name], row[f"{name}_se"], self.measures[name].unit))

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return lines along one key, or a map over two; nothing over words."""
        if any(isinstance(value, str) for key in self.keys.values() for value in key.values):
            return ()
        if not self._is_line:
            return (self._grid().figure("sweep", self.sentence, tiers),)
        return (self._along(tiers),)

    def _along(self, tiers: Mapping[str, str] | None) -> Figure:
        from ...charts.sweeps import by_factors, plot_sweep

        lines = self._lines()
        unit = currency() if lines.outcome == "profit" else FRACTION
        own = roles(tiers or {name: name for name in lines.lines})
        x, log = lines.x, by_factors(lines.x)
        curves = []
        for name, line in lines.lines.items():
            role = own.get(name, ("ink", 0))
            curves.append(Curve(name, tuple(x.tolist()), tuple(line.median.tolist()), *role))
            errors = tuple(line.se.tolist())
            curves.append(
                Curve(f"{name}, mean", tuple(x.tolist()), tuple(line.mean.tolist()), *role,
                      kind="dashed", y_errors=errors)
            )  # fmt: skip
        shown = np.array([curve.y for curve in curves])
        model = Curves(
            tuple(curves),
            lines.label + (" (log axis)" if log else ""),
            labelled(lines.outcome, unit),
            x_form="number",
            y_form=form_of(unit),
            x_range=(float(x[0]), float(x[-1])),
            y_range=(min(0.0, float(np.nanmin(shown))), float(np.nanmax(shown))),
            x_log=log,
        )
        return Figure(
            name="sweep",
            finding=self.headline,
            made=f"{lines.made}. {lines.outcome} along {lines.label}; full: median, dashed: mean "
            "with two standard errors",
            reads=f"{lines.made}. Full: median, dashed: mean with two standard errors, band: 5 % "
            "to 95 % of worlds",
            panels=(model,),
            method="",
            sentences=(self.sentence,),
            plot=partial(
                plot_sweep,
                x,
                lines.lines,
                label=lines.label,
                outcome=lines.outcome,
                unit=unit,
                tiers=tiers,
            ),
            probe=model,
        )

    def _lines(self) -> Lines:
        """Return the lines along its first key, other keys at the middle of their values."""
        (name, key), *others = self.keys.items()
        rest = () if self.zipped else tuple(len(other.values) // 2 for _, other in others)
        kind = "profit" if self.measure.startswith("profit") else "roi"
        x = as_array(key.values)
        order = np.argsort(x)

        def row(measure: str, what: str, f: int) -> Array:
            # A sweep of means has no quantiles.
            known = measure if measure in self.measures else f"{kind}_mean"
            nested = as_array(getattr(self.measures[known], what))
            place: tuple[Any, ...] = (f, slice(None), *rest)
            along = nested[place]
            return np.asarray(along[order])

        lines = {
            portfolio: SweepLine(
                row(f"{kind}_mean", "value", f),
                row(f"{kind}_mean", "se", f),
                row(f"{kind}_median", "value", f),
                row(f"{kind}_p05", "value", f),
                row(f"{kind}_p95", "value", f),
            )
            for f, portfolio in enumerate(self.portfolios)
        }
        together = f", with {', '.join(key_words(other) for other, _ in others)}"
        return Lines(
            x[order],
            lines,
            labelled(key_words(name), key.unit) + (together if self.zipped and others else ""),
            "profit" if kind == "profit" else "ROI",
            self._made(() if self.zipped else tuple(others), rest),
        )

    def _grid(self) -> Grid:
        """Return the pair's difference over the first two keys, others at the middle of theirs."""
        assert self.gap is not None
        (xname, xkey), (yname, ykey), *others = self.keys.items()
        rest = tuple(len(other.values) // 2 for _, other in others)
        place: tuple[Any, ...] = (..., *rest)
        gap, se = (as_array(rows)[place] for rows in (self.gap.value, self.gap.se))
        return Grid(
            Axis(xname, xkey.unit, as_array(xkey.values)),
            Axis(yname, ykey.unit, as_array(ykey.values)),
            gap,
            se,
            self.decision.a,
            str(self.decision.b),
            self.gap.words,
            self.gap.unit,
            self._made(tuple(others), rest),
        )

    def _made(self, others: tuple[tuple[str, SweptKey], ...], rest: tuple[int, ...]) -> str:
        held = [
            f"{key_words(name)} {setting(key.values[k])}"
            for (name, key), k in zip(others, rest, strict=True)
        ]
        return "; ".join([f"{counted(self.worlds, 'world')} at each point", *held])


def spread(of: list[int], most: int) -> list[int]:
    """Return at most so many members, the first and the last among them, evenly apart."""
    if len(of) <= most:
        return of
    step = (len(of) - 1) / (most - 1)
    return [of[int(i * step + 0.5)] for i in range(most)]
