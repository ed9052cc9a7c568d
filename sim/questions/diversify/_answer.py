"""Risk by number of creators, as an answer: figures, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from ...charts.rows import Diversification as Curve
from ...figures.spec import Curve as Line
from ...figures.spec import Curves, Figure, roles
from ...measures import Measured
from ...measures.outcome import LOG_SCALE
from ...tables.table import Table, View, from_records, from_texts
from ...text.names import capital, listed, measure_heading
from ...text.numbers import brief, cell, counted, in_points, setting, told
from ..question import Answer, Entry

Risk = Literal["es05", "loss", "spread"]

#: Measures at every number of creators, beside the spread.
MEASURES_KEPT = ("roi_mean", "roi_median", "roi_p05", "roi_es05", "loss_probability")
#: Rows of a table.
MOST = 20
_SHOWN = ("roi_mean", "roi_median", "roi_es05", "loss_probability")
#: What the last creator is asked to improve, by name: the measure, and what it is.
RISKS = {
    "es05": ("roi_es05", "mean ROI, worst 5 % of worlds"),
    "loss": ("loss_probability", "probability of loss"),
    "spread": ("spread", "standard deviation of ROI"),
}


class _ByMeasure:
    """Figures that go by the names of their measures."""

    def __getitem__(self, name: str) -> Measured:
        """Return a measure."""
        entry: Measured = getattr(self, name)
        return entry


@dataclass(frozen=True)
class Point(_ByMeasure):
    """A portfolio with so many creators on its terms.

    Attributes
    ----------
    creators
        How many.
    roi_mean, roi_median, roi_p05, roi_es05, loss_probability
        Measures.
    spread
        Standard deviation on the scale of the answer.
    """

    creators: int
    roi_mean: Entry
    roi_median: Entry
    roi_p05: Entry
    roi_es05: Entry
    loss_probability: Entry
    spread: Entry


@dataclass(frozen=True)
class Floor(_ByMeasure):
    """What no number of creators passes."""

    spread: Entry
    roi_es05: Entry
    loss_probability: Entry


@dataclass(frozen=True)
class Diversified:
    """One portfolio by its number of creators.

    Attributes
    ----------
    portfolio
        Its name.
    hired
        Creators that it has in the experiment.
    enough
        Number beyond which another creator improves the risk by less than the stated amount;
        None where that lies beyond the largest number tried.
    enough_between
        The same at both ends of the slope's 95 % interval.
    removable
        Share of the variance at `hired` that more creators would remove.
    floor
        Spread, expected shortfall and loss probability that no number of creators passes.
    points
        By number of creators, increasing.
    """

    portfolio: str
    hired: int
    enough: int | None
    enough_between: tuple[int | None, int | None]
    removable: Entry
    floor: Floor
    points: tuple[Point, ...]

    def at(self, creators: int) -> Point:
        """Return the point of a number that was tried."""
        return next(point for point in self.points if point.creators == creators)


@dataclass(frozen=True)
class Diversification(Answer):
    """Risk by number of creators, for each portfolio asked about.

    Attributes
    ----------
    scale
        Scale of ``spread``: ROI, or its logarithm where tails are heavy.
    risk, amount
        What another creator has to improve, and by how much.
    worlds
        Worlds at every number; as many again with fresh creators for the floor.
    portfolios
        One each.
    notes
        What was done.
    """

    question: ClassVar[str] = "diversify"

    scale: str
    risk: Risk
    amount: float
    worlds: int
    portfolios: tuple[Diversified, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, portfolio: str) -> Diversified:
        """Return a portfolio's answer."""
        return next(item for item in self.portfolios if item.portfolio == portfolio)

    @property
    def sentence(self) -> str:
        """Return how many creators are enough, with the floor and its error."""
        return " ".join(_sentence(self, item) for item in self.portfolios)

    @property
    def headline(self) -> str:
        """Say how many creators are enough; where none are, what was reached and what stays."""
        measure, label, percents = self._asked
        enough = [item for item in self.portfolios if item.enough is not None]
        if enough and percents:
            beyond = [f"{counted(item.enough or 0)} with {item.portfolio}" for item in enough]
            what = label.replace(", ", " of the ")
            step = in_points(self.amount)
            return f"Another creator moves the {what} by less than {step} beyond {listed(beyond)}"
        parts = [
            f"{item.portfolio} {brief(item.at(item.hired)[measure])} with {counted(item.hired)}, "
            f"{brief(item.floor[measure])} with ever more creators"
            for item in self.portfolios
        ]
        return f"{capital(label)}: {'; '.join(parts)}"

    @property
    def _asked(self) -> tuple[str, str, bool]:
        """The measure of risk asked about, in words, and whether it is a fraction."""
        measure, label = RISKS[self.risk]
        if measure == "spread" and self.scale != "roi":
            return measure, f"standard deviation of {self.scale}", False
        return measure, label, True

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for every number of every portfolio; creators ``floor`` is what stays."""
        rows = []
        for item in self.portfolios:
            for creators, own in [*((p.creators, p) for p in item.points), ("floor", item.floor)]:
                row: dict[str, Any] = {"portfolio": item.portfolio, "creators": creators}
                for name in (*MEASURES_KEPT, "spread"):
                    entry: Measured | None = getattr(own, name, None)
                    row[name] = entry.value if entry else None
                    row[f"{name}_se"] = entry.se if entry else None
                rows.append(row)
        return rows

    def tables(self) -> tuple[Table, ...]:
        """Return a row for every number of every portfolio, and one for what stays with any."""
        point = self.portfolios[0].points[0]
        units = {name: point[name].unit for name in (*MEASURES_KEPT, "spread")}
        rows = [
            {
                "portfolio": row["portfolio"],
                "any_number": row["creators"] == "floor",
                **row,
                "creators": None if row["creators"] == "floor" else row["creators"],
            }
            for row in self.to_rows()
        ]
        about = "a portfolio with so many creators, or with ever more"
        table = from_records("diversify", about, rows, units, labels=3)
        view = View("lines", "creators", ("roi_es05",), by="portfolio", title=self.headline)
        return (replace(table, view=view),)

    def shown(self) -> Table:
        """Return every portfolio at a few numbers, the hired one and the floor included."""
        most = MOST // len(self.portfolios) - 1
        texts = [row for item in self.portfolios for row in self._texts(item, most)]
        return from_texts("diversify", "a portfolio with so many creators", texts)

    def _texts(self, item: Diversified, most: int) -> list[dict[str, str]]:
        counts = [point.creators for point in item.points]
        spread = "spread of ROI" if self.scale == "roi" else f"sd of {self.scale}"
        rows = []
        for point in [item.at(count) for count in some_of(counts, item.hired, most)]:
            creators = counted(point.creators) + (
                " (hired)" if point.creators == item.hired else ""
            )
            cells = {measure_heading(name): cell(point[name]) for name in _SHOWN}
            rows.append(_in_order(item.portfolio, creators, cells, spread, cell(point.spread)))
        kept = ("roi_es05", "loss_probability")
        cells = {
            measure_heading(name): cell(item.floor[name]) if name in kept else "" for name in _SHOWN
        }
        rows.append(_in_order(item.portfolio, "any number", cells, spread, cell(item.floor.spread)))
        return rows

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the risk that was asked about by number of creators, down to its limit."""
        from ...charts.portfolios import plot_diversification

        measure, label, percents = self._asked
        curves = {}
        for item in self.portfolios:
            points = [point for point in item.points if point[measure].value is not None]
            floor = item.floor[measure]
            curves[item.portfolio] = Curve(
                np.array([point.creators for point in points], dtype=np.float64),
                np.array([_or_nan(point[measure].value) for point in points]),
                np.array([_or_nan(point[measure].se) for point in points]),
                _or_nan(floor.value),
                floor.se,
            )
        limits = "; ".join(
            f"{item.portfolio} {brief(item.floor[measure])}"
            for item in self.portfolios
            if item.floor[measure].value is not None
        )
        sample = f"{counted(self.worlds, 'world')} at every number"
        dashed = f". Dashed: ever more creators ({limits})" if limits else ""
        return (
            Figure(
                name="diversify",
                finding=self.headline,
                made=f"{sample}. {capital(label)} by number of creators{dashed}",
                reads=f"{sample}. Lines at the dots: two standard errors; dashed: ever more "
                "creators",
                panels=(_panel(curves, label, measure, percents, tiers),),
                method="",
                sentences=(self.sentence,),
                plot=partial(
                    plot_diversification, curves, label=label, percents=percents, tiers=tiers
                ),
            ),
        )


def _panel(
    curves: Mapping[str, Curve],
    label: str,
    measure: str,
    percents: bool,
    tiers: Mapping[str, str] | None,
) -> Curves:
    own = roles(tiers or {name: name for name in curves})
    lines = []
    for name, curve in curves.items():
        x, y = tuple(curve.creators.tolist()), tuple(curve.sd.tolist())
        role = own.get(name, ("ink", 0))
        lines.append(Line(name, x, y, *role, y_errors=tuple(curve.se.tolist())))
        if np.isfinite(curve.floor):
            ends = (x[0], x[-1])
            level = (curve.floor, curve.floor)
            lines.append(Line(f"{name}, ever more creators", ends, level, *role, kind="dashed"))
    heights = [value for line in lines for value in line.y]
    signed = measure == "roi_es05"
    return Curves(
        tuple(lines),
        "creators (log axis)",
        label,
        x_form="number",
        y_form=("signed" if signed else "percent") if percents else "number",
        x_range=(1.0, max(line.x[-1] for line in lines)),
        y_range=(min(heights), max(heights)),
        x_log=True,
    )


def some_of(counts: Sequence[int], hired: int, most: int) -> list[int]:
    """Return at most so many of the numbers, even in their order, both ends and the hired one in."""
    if len(counts) <= most:
        return list(counts)
    at = {round(k) for k in np.linspace(0, len(counts) - 1, max(most - 1, 2))}
    return sorted({counts[k] for k in at} | {hired})


def _in_order(
    portfolio: str, creators: str, cells: Mapping[str, str], spread: str, value: str
) -> dict[str, str]:
    """Return a row: means and medians, the spread, then the risks."""
    names = list(cells)
    first, rest = names[:2], names[2:]
    return (
        {"portfolio": portfolio, "creators": creators}
        | {name: cells[name] for name in first}
        | {spread: value}
        | {name: cells[name] for name in rest}
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _sentence(answer: Diversification, item: Diversified) -> str:
    now = item.at(item.hired)
    es, floor = now.roi_es05, item.floor.roi_es05
    what = {
        "es05": "the mean ROI of the worst 5 %",
        "loss": "the probability of loss",
        "spread": "the spread",
    }[answer.risk]
    if item.enough is None:
        last = item.points[-1].creators
        enough = (
            f"even beyond {counted(last, 'creator')} another one still moves {what} by more than"
        )
    else:
        count = f"{counted(item.enough, 'creator')}{_between(item)}"
        enough = f"beyond {count} another one moves {what} by less than"
    stated = in_points(answer.amount)
    if answer.risk == "spread" and answer.scale == LOG_SCALE:
        stated = setting(answer.amount)
    return (
        f"{item.portfolio}: {enough} {stated}; with the {counted(item.hired)} hired the worst 5 % of "
        f"worlds return {told(es)} on average, with ever more "
        f"{told(floor)}: "
        f"{told(item.removable)} of the variance of "
        f"{'ROI' if answer.scale == 'roi' else answer.scale} is left to diversify, "
        "the rest is shared."
    )


def _between(item: Diversified) -> str:
    """Return the ends of the 95 % interval of the number of creators that are enough."""
    low, high = item.enough_between
    if low is None or low == high:
        return ""
    return f" (95 % interval: {counted(low)} to {'beyond those tried' if high is None else f'{counted(high)}'})"
