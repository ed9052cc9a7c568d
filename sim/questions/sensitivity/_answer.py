"""What drives an outcome, as an answer: figures, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from ...charts.inputs import Bar
from ...charts.rows import Split
from ...figures.spec import Bars, Figure, Series
from ...measures import Measured
from ...tables.table import Table, from_records, from_texts
from ...text.names import capital, listed, short_words
from ...text.numbers import FRACTION, Number, cell, counted, percent, plain, told, whole_percent
from ...text.verdicts import TOLD_APART, near
from ...vary.factors import CHANCE
from ..question import Answer, absent
from ._drivers import Driver

Method = Literal["sobol", "morris", "delta"]

#: Bars of a figure, and rows of a table.
MOST, ROWS = 8, 20
#: Share of a variance below which an input is not shown in the table.
_SMALL = 0.005
#: Share of a bar from which its segment has room for a number.
_ROOM = 0.07
#: What the two figures of a driver are called, by method.
NAMES: Mapping[str, tuple[str, str]] = {
    "sobol": ("first_order", "total"),
    "morris": ("mean_effect", "mean_absolute_effect"),
    "delta": ("first_order", "delta"),
}
_LABELS = {
    "sobol": "share of the variance",
    "morris": "mean absolute effect, 5 % to 95 % point",
    "delta": "delta, 0 to 1",
}
_HEADINGS = {"morris": ("mean effect", "mean absolute effect"), "delta": ("alone", "delta")}
_METHODS = {
    "sobol": "First-order and total Sobol' indices by pick-freeze (Saltelli et al. 2010).",
    "morris": "Elementary effects (Morris 1991; Campolongo et al. 2007).",
    "delta": "Borgonovo's (2007) moment-independent delta.",
}
_GROUPS = {"beliefs": "beliefs", "shocks": "shared shocks", CHANCE: "chance"}


@dataclass(frozen=True)
class Index:
    """A figure of a driver with its 95 % interval.

    Attributes
    ----------
    value, se, unit
        The figure and its standard error; None with a reason.
    low, high
        Ends of the interval; None without an error.
    reason
        Why value or error is missing.
    """

    value: float | None
    se: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    reason: str | None = Field(default=None, exclude_if=absent)

    @classmethod
    def of(cls, entry: Measured) -> Index:
        """Return a measure with its 95 % interval: value plus and minus 1.96 standard errors."""
        value, se = entry.value, entry.se
        low = high = None
        if value is not None and se is not None:
            low, high = value - 1.96 * se, value + 1.96 * se
        return cls(value, se, entry.unit, low, high, entry.reason)


@dataclass(frozen=True)
class Indices:
    """How much one input, or group, moves one outcome; two figures, by method.

    Attributes
    ----------
    outcome, input, kind, words
        See `Driver`.
    first_order, total
        Shares of the variance alone, and with all interactions (Sobol').
    mean_effect, mean_absolute_effect
        Elementary effects (Morris).
    delta
        Borgonovo's, beside the share alone.
    """

    outcome: str
    input: str
    kind: str
    words: str
    first_order: Index | None = Field(default=None, exclude_if=absent)
    total: Index | None = Field(default=None, exclude_if=absent)
    mean_effect: Index | None = Field(default=None, exclude_if=absent)
    mean_absolute_effect: Index | None = Field(default=None, exclude_if=absent)
    delta: Index | None = Field(default=None, exclude_if=absent)

    @classmethod
    def of(cls, driver: Driver, method: str) -> Indices:
        """Return the two indices of a driver under the names that the method gives them."""
        first, last = NAMES[method]
        own = {first: Index.of(driver.first), last: Index.of(driver.total)}
        return cls(driver.outcome, driver.input, driver.kind, driver.words, **own)


@dataclass(frozen=True)
class Sensitivity(Answer):
    """What drives the outcome.

    Attributes
    ----------
    method, variable, scale
        How, of what, and on which scale.
    a, b
        The portfolios compared.
    worlds
        Worlds simulated in all.
    drivers
        One for each outcome and input; groups and chance among them.
    notes
        What was done about heavy tails, negative estimates, small samples and dependence.
    """

    question: ClassVar[str] = "sensitivity"

    method: Method
    variable: str
    scale: str
    a: str
    b: str | None
    worlds: int
    drivers: tuple[Indices, ...]
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_the_figures_of_its_method(self) -> Sensitivity:
        if not self.drivers:
            raise ValueError("drivers are missing")
        for driver in self.drivers:
            if any(getattr(driver, name) is None for name in NAMES[self.method]):
                raise ValueError(f"{driver.input} has no figures of {self.method}")
        return self

    @property
    def outcome(self) -> str:
        """The outcome that the sentence is about: the difference where there are two portfolios."""
        return self.drivers[-1].outcome

    @property
    def outcomes(self) -> list[str]:
        """Every portfolio, and their difference."""
        return list(dict.fromkeys(driver.outcome for driver in self.drivers))

    def first(self, driver: Indices) -> Index:
        """Return what a driver does alone."""
        index: Index = getattr(driver, NAMES[self.method][0])
        return index

    def last(self, driver: Indices) -> Index:
        """Return what a driver does in all."""
        index: Index = getattr(driver, NAMES[self.method][1])
        return index

    def of(self, outcome: str, *, groups: bool = False) -> list[Indices]:
        """Return the inputs of an outcome by total, largest first; or its groups as they stand."""
        rows = [d for d in self.drivers if d.outcome == outcome]
        if groups:
            return [d for d in rows if d.kind in ("group", CHANCE)]
        single = [d for d in rows if d.kind not in ("group", CHANCE)]
        return sorted(single, key=lambda d: -(self.last(d).value or 0.0))

    def split(self, outcome: str) -> dict[str, Number]:
        """Return shares of the variance that add up to one: beliefs, shocks, chance, together.

        ``together`` is what beliefs, shocks and chance do only in combination.
        """
        parts = {
            d.input: Number(self.first(d).value, self.first(d).se, FRACTION)
            for d in self.of(outcome, groups=True)
            if d.input in _GROUPS
        }
        rest = 1.0 - sum(part.value or 0.0 for part in parts.values())
        error = math.sqrt(sum((part.se or 0.0) ** 2 for part in parts.values()))
        return {**parts, "together": Number(rest, error, FRACTION)}

    # --- In words ---------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """Name the input that moves most, or those that cannot be told from it."""
        bars = [bar for bar in self._bars() if not bar.strong]
        what = f"{self.scale} of {self.outcome}"
        if not any(bar.value for bar in bars):
            return f"No input moves {what}"
        first = bars[0]
        equal = [
            bar.name
            for bar in bars
            if first.value - bar.value <= TOLD_APART * ((first.se or 0.0) + (bar.se or 0.0))
        ]
        if len(equal) > 1:
            return f"{listed(equal[:3])} move {what} most, and about as much"
        return f"{first.name} moves {what} most ({first.text})"

    @property
    def sentence(self) -> str:
        """Return what drives the outcome most, with its error."""
        rows = self.of(self.outcome)
        top, what = rows[0], f"{self.scale} of {self.outcome}"
        last = self.last(top)
        if not any(self.last(d).value for d in rows):
            return f"Nothing drives {what}: it is the same in all worlds."
        equal = [d for d in rows if d is top or near(last, self.last(d))]
        if len(equal) > 1:
            rest = f"; {self._rest()}" if self.method == "sobol" else ""
            name = {"sobol": "total index", "morris": "mean absolute effect"}.get(
                self.method, "delta"
            )
            return (
                f"{capital(listed([d.words for d in equal]))} drive {what} most, and their errors "
                f"do not tell them apart: {name} {self._said(last)}{rest}."
            )
        if self.method == "morris":
            return (
                f"{capital(top.words)} moves {what} most: by {self._said(last)} on average from its 5 % "
                "to its 95 % point (Morris screening)."
            )
        if self.method == "delta":
            return f"{capital(top.words)} changes the distribution of {what} most: delta {self._said(last)}."
        return (
            f"{capital(top.words)} drives {what} most: {self._said(self.first(top))} of its variance "
            f"alone, {self._said(last)} with all its interactions; {self._rest()}."
        )

    def _said(self, index: Index) -> str:
        """Return an index in a sentence: a share in percent, an effect in its unit."""
        unit = {"sobol": FRACTION, "delta": ""}.get(self.method, index.unit)
        return told(Number(index.value, index.se, unit, index.reason))

    def _rest(self) -> str:
        groups = {d.input: d for d in self.of(self.outcome, groups=True)}
        return ", ".join(
            f"{self._said(self.first(groups[name]))} from {groups[name].words}"
            for name in _GROUPS
            if name in groups
        )

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each outcome and input, with every digit."""
        first, last = NAMES[self.method]
        rows = []
        for driver in self.drivers:
            alone, total = self.first(driver), self.last(driver)
            row = {"outcome": driver.outcome, "input": driver.input, "kind": driver.kind}
            rows.append(
                row
                | {first: alone.value, f"{first}_se": alone.se}
                | {last: total.value, f"{last}_se": total.se}
                | {f"{last}_low": total.low, f"{last}_high": total.high}
            )
        return rows

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each outcome and input."""
        first, last = NAMES[self.method]
        driver = self.drivers[0]
        total = self.last(driver).unit
        units = {first: self.first(driver).unit, last: total}
        units |= {f"{last}_low": total, f"{last}_high": total}
        about = "an input, and what it explains of an outcome"
        return (from_records("sensitivity", about, self.to_rows(), units, labels=2),)

    def shown(self) -> Table:
        """Return inputs by what they explain of the outcome that the sentence is about.

        For ``sobol`` what every outcome owes to an input with all its interactions, and what the
        last outcome owes to it alone; for the other methods both figures of the last outcome.
        """
        return from_texts("sensitivity", "an input, and what it explains", self._texts())

    def _texts(self) -> list[dict[str, str]]:
        main = self.outcome
        inputs = self.of(main)
        if self.method != "sobol":
            first, last = _HEADINGS[self.method]
            unit = FRACTION if self.method == "delta" else ""
            return [
                {
                    "input": d.words,
                    first: _cell(self.first(d), unit),
                    last: _cell(self.last(d), ""),
                }
                for d in inputs[:ROWS]
            ]
        groups = [d for d in self.of(main, groups=True) if d.input != "shared"]
        table = {(d.outcome, d.input): d for d in self.drivers}

        def row(driver: Indices) -> dict[str, str]:
            cells = {
                f"{name}, total": _cell(self.last(table[name, driver.input]))
                for name in self.outcomes
            }
            return {"input": driver.words, f"{main}, alone": _cell(self.first(driver))} | cells

        kept = [
            d
            for d in inputs
            if any((self.last(table[n, d.input]).value or 0.0) >= _SMALL for n in self.outcomes)
        ]
        return [row(d) for d in (*groups, *kept[: ROWS - len(groups)])]

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the inputs of the difference, and for Sobol' indices the split of each variance."""
        bars = (self._inputs(),)
        groups = [d for d in self.drivers if d.input in _GROUPS]
        varies = any(self.first(d).value is not None for d in groups)
        return (*bars, self._splits(tiers)) if self.method == "sobol" and varies else bars

    def _bars(self) -> list[Bar]:
        """Return a bar for each input, the most first; the dummy among those that are drawn."""
        single = self.of(self.outcome)
        names = short_words({d.input: d.words for d in single})
        percents = self.method == "sobol"
        write = percent if percents else plain
        bars = [
            Bar(
                names[d.input],
                self.last(d).value or 0.0,
                self.last(d).se,
                write(self.last(d).value, self.last(d).se),
                inner=max(self.first(d).value or 0.0, 0.0) if percents else None,
                strong=d.kind == "dummy",
            )
            for d in single
        ]
        dummy = [bar for bar in bars if bar.strong]
        others = [bar for bar in bars if not bar.strong]
        last = MOST - len(dummy)
        return [*others[:last], *dummy, *others[last:]]

    def _inputs(self) -> Figure:
        from ...charts.inputs import plot_inputs

        shown, label = self._bars()[:MOST], _LABELS[self.method]
        what, percents = f"{self.scale} of {self.outcome}", self.method == "sobol"
        sample = f"{what}; {counted(self.worlds, 'world')} simulated; lines: two standard errors"
        if percents:
            sample += "; dark: alone, light: with all interactions"
        groups = f"; {self._rest()}" if percents else ""
        return Figure(
            name="sensitivity",
            finding=self.headline,
            made=f"{capital(label)} of {sample}{groups}",
            reads=sample,
            panels=(_panel(shown, label, percents),),
            method=_METHODS[self.method],
            sentences=(self.sentence,),
            plot=partial(plot_inputs, shown, label=label, percents=percents),
        )

    def _splits(self, tiers: Mapping[str, str] | None) -> Figure:
        from ...charts.drivers import plot_variance_split
        from ...charts.findings import largest_source

        rows = []
        for outcome in self.outcomes:
            own = {d.input: self.first(d) for d in self.of(outcome, groups=True)}
            known = {word: own[name] for name, word in _GROUPS.items() if name in own}
            if all(one.value is None for one in known.values()):
                continue  # it is the same in all worlds: there is no variance to split
            shares = {word: max(one.value or 0.0, 0.0) for word, one in known.items()}
            shares["in combination"] = max(1.0 - sum(shares.values()), 0.0)
            errors = {word: one.se or 0.0 for word, one in known.items()}
            rows.append(Split(outcome, shares, errors))
        return Figure(
            name="split",
            finding=largest_source(rows, self.scale),
            made=f"{counted(self.worlds, 'world')} simulated; first-order Sobol' indices of groups",
            panels=(_stacked(rows, f"share of the variance of {self.scale}"),),
            method=_METHODS["sobol"],
            sentences=(self.sentence,),
            plot=partial(plot_variance_split, rows, outcome=self.scale, tiers=tiers),
        )


def _panel(shown: Sequence[Bar], label: str, percents: bool) -> Bars:
    back = shown[::-1]
    alone = Series("alone", tuple(bar.inner for bar in back), "ink")
    total = Series(
        "with interactions" if percents else label,
        tuple(bar.value for bar in back),
        "muted",
        1,
        errors=tuple(bar.se for bar in back),
        labels=tuple(bar.text for bar in back),
    )
    return Bars(
        tuple(bar.name for bar in back),
        (alone, total) if percents else (total,),
        label,
        form="percent" if percents else "number",
        horizontal=True,
    )


#: Shades of the sources of a variance, from the first to the last.
_SHADES = (("ink", 0), ("muted", 0), ("muted", 1), ("ink", 1))


def _stacked(rows: Sequence[Split], axis: str) -> Bars:
    back = rows[::-1]
    sources = list(rows[0].shares)
    return Bars(
        tuple(row.portfolio for row in back),
        tuple(
            Series(
                source,
                tuple(row.shares[source] for row in back),
                *shade,
                labels=tuple(
                    whole_percent(row.shares[source]) if row.shares[source] >= _ROOM else ""
                    for row in back
                ),
            )
            for source, shade in zip(sources, _SHADES, strict=False)
        ),
        axis,
        horizontal=True,
        stacked=True,
    )


def _cell(index: Index, unit: str = FRACTION) -> str:
    return cell(Number(index.value, index.se, unit))
