"""What moves an outcome most, as an answer: figures, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ...charts.rows import Swing as Bar
from ...figures.spec import Bars, Figure, Series, form_of
from ...tables.table import Column, Table, View, from_texts, measured
from ...text.names import short_words, twin_word
from ...text.numbers import cell, counted, scored, told, writer
from ..question import Answer, Entry, Sides, absent

#: Bars of a figure, and rows of a table.
MOST, ROWS = 8, 12


@dataclass(frozen=True)
class Ends:
    """A measure of one portfolio where an input is low and where it is high."""

    low: Entry
    high: Entry


@dataclass(frozen=True)
class Swing:
    """What one input does to the outcome.

    Attributes
    ----------
    input, words, settings
        The input; see `Uncertain`.
    low, middle, high
        Outcome at its 10 %, 50 % and 90 % points; None where only rank correlation was asked.
    swing
        Outcome at the 90 % point minus that at the 10 % point, paired.
    monotone
        False where the middle lies outside of the two ends by more than two standard errors.
    portfolios
        The measure of each portfolio at the 10 % and the 90 % points.
    rank_correlation
        Spearman's, of the input's own row with the outcome of each world: for a tier's centre
        without what all tiers have in common, so that the rows are independent.
    """

    input: str
    words: str
    settings: tuple[str, str, str]
    monotone: bool
    portfolios: dict[str, Ends]
    rank_correlation: Entry
    low: Entry | None = Field(default=None, exclude_if=absent)
    middle: Entry | None = Field(default=None, exclude_if=absent)
    high: Entry | None = Field(default=None, exclude_if=absent)
    swing: Entry | None = Field(default=None, exclude_if=absent)

    @property
    def moves(self) -> bool:
        """Whether the outcome is not the same wherever the input stands."""
        points = [entry.value for entry in (self.low, self.middle, self.high) if entry is not None]
        return len(set(points)) > 1 if points else bool(self.rank_correlation.value)


@dataclass(frozen=True)
class Tornado(Answer):
    """Inputs by how far each moves the outcome, the largest first.

    Attributes
    ----------
    method
        ``"swing"`` or ``"rank"``: by which the inputs are ordered.
    decision, measure
        Portfolios, and what of them moves.
    outcome, label
        What moves, in words and as the label of an axis.
    worlds
        Worlds of each point.
    base
        The outcome with all inputs as drawn.
    inputs
        One for each input.
    twin
        With a mean as the outcome its median, with a median its mean; all inputs as drawn.
    notes
        What was done about what is not obvious.
    """

    question: ClassVar[str] = "tornado"

    method: Literal["swing", "rank"]
    decision: Sides
    measure: str
    outcome: str
    label: str
    worlds: int
    base: Entry
    inputs: tuple[Swing, ...]
    twin: Entry | None = Field(default=None, exclude_if=absent)
    notes: tuple[str, ...] = ()

    @property
    def ranked(self) -> bool:
        """Whether its bars are rank correlations."""
        return self.method == "rank"

    @property
    def headline(self) -> str:
        """Say which input moves the outcome most."""
        from ...charts.findings import moves_most

        bars = self._bars()
        if bars and not any(one.moves for one in self.inputs):
            return f"No input moves the {self._measured}"
        if not self.ranked or not bars:
            return moves_most(bars, self._measured, writer(self.base.unit, signed=self._signed))
        return f"{bars[0].input} goes with the outcome most closely: {scored(bars[0].high)}"

    @property
    def sentence(self) -> str:
        """Say what moves the outcome most, and which inputs do not push in one direction."""
        outcome = self.outcome[0].lower() + self.outcome[1:]
        if not self.inputs:
            return f"Nothing is uncertain: no input moves {outcome}."
        moving = [swing for swing in self.inputs if swing.moves]
        if not moving:
            return (
                f"No input moves {outcome}: it is {told(self.base)} wherever each stands "
                f"({counted(self.worlds, 'world')})."
            )
        parts = []
        for swing in moving[:3]:
            if swing.low is None or swing.high is None:
                rank = swing.rank_correlation
                parts.append(f"{swing.words} ({cell(rank)})")
                continue
            ends = [told(entry) for entry in (swing.low, swing.high)]
            parts.append(f"{swing.words} (from {ends[0]} at {swing.settings[0]} "
                         f"to {ends[1]} at {swing.settings[2]})")  # fmt: skip
        how = "rank correlation" if self.method == "rank" else "10 % to 90 % point"
        bent = [swing.words for swing in self.inputs if not swing.monotone]
        text = (
            f"{self.outcome}, {told(self.base)}{self._twin()} with everything "
            f"as drawn, moves most with {', then '.join(parts)}"
        )
        if bent:
            text += f"; not in one direction with {', '.join(bent)}"
        return f"{text} ({how}, {counted(self.worlds, 'world')})."

    def _twin(self) -> str:
        if self.twin is None:
            return ""
        return f", {twin_word(self.measure)} {told(self.twin)},"

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each input, with every digit."""
        rows = self.inputs
        points = [] if self.ranked else [
            measured("low", [one.low for one in rows], heading="at its 10 %"),
            measured("middle", [one.middle for one in rows], heading="at its 50 %"),
            measured("high", [one.high for one in rows], heading="at its 90 %"),
            measured("swing", [one.swing for one in rows]),
            Column("monotone", [one.monotone for one in rows], heading="one way"),
        ]  # fmt: skip
        rank = [one.rank_correlation for one in rows]
        columns = (
            Column("input", [one.input for one in rows]),
            *points,
            measured("rank_correlation", rank, heading="rank correlation"),
            Column("words", [one.words for one in rows]),
            *(
                Column(f"{name}_setting", [one.settings[k] for one in rows])
                for name, k in (("low", 0), ("middle", 1), ("high", 2))
            ),
        )
        view = None if self.ranked else View("bars", "words", ("low", "high"), title=self.headline)
        return (Table("tornado", "an input, and what it does to the outcome", columns, view=view),)

    def shown(self) -> Table:
        """Return the inputs that move the outcome most."""
        rows = []
        for one in self.inputs[:ROWS]:
            row = {"input": one.words}
            if one.low is not None and one.high is not None and one.swing is not None:
                row["at its 10 %"] = f"{cell(one.low)} ({one.settings[0]})"
                row["at its 90 %"] = f"{cell(one.high)} ({one.settings[2]})"
                row["swing"] = cell(one.swing)
                row["one way"] = "yes" if one.monotone else "no"
            row["rank correlation"] = cell(one.rank_correlation)
            rows.append(row)
        return from_texts("tornado", "an input, and what it does", rows)

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return a bar for each of the inputs that move the outcome most; none without inputs."""
        from ...charts.drivers import plot_tornado

        bars = self._bars()
        if not bars:
            return ()
        shown, left_out = bars[:MOST], len(bars) - MOST
        base = 0.0 if self.ranked else self.base.value or 0.0
        unit = "" if self.ranked else self.base.unit
        write = writer(unit, signed=self._signed)
        how = (
            "Spearman's rank correlation over the worlds of the run"
            if self.ranked
            else "Each input alone at its 10 % and 90 % point or at the settings written beside the "
            f"bars; base {write(base)}; faint: low setting, strong: high"
        )
        more = f"; {left_out} inputs that move less are not shown" if left_out > 0 else ""
        return (
            Figure(
                name="tornado",
                finding=self.headline,
                made=f"{counted(self.worlds, 'world')}. {how}{more}",
                panels=(self._panel(shown, base, unit),),
                method="",
                sentences=(self.sentence,),
                plot=partial(
                    plot_tornado,
                    shown,
                    base=base,
                    outcome=self._measured,
                    unit=unit,
                    signed=self._signed,
                ),
                tips={
                    f"{setting} {bar.input}": f"{bar.input} at {setting}: {write(end)}"
                    for bar in shown
                    for setting, end in zip(bar.settings, (bar.low, bar.high), strict=True)
                    if not self.ranked
                },
            ),
        )

    def _panel(self, bars: list[Bar], base: float, unit: str) -> Bars:
        back = bars[::-1]
        low, high = (
            Series(
                name,
                tuple(getattr(bar, end) for bar in back),
                "muted",
                repeat,
                labels=tuple(bar.settings[1 - repeat] for bar in back),
            )
            for name, end, repeat in (("low setting", "low", 1), ("high setting", "high", 0))
        )
        return Bars(
            tuple(bar.input for bar in back),
            (high,) if self.ranked else (low, high),
            self._measured,
            form="number" if self.ranked else form_of(unit),
            horizontal=True,
            start=base,
        )

    def _bars(self) -> list[Bar]:
        """Return a bar for each input that has both ends, longest first."""
        names = short_words({one.input: one.words for one in self.inputs})
        bars = []
        for one in self.inputs:
            rank = one.rank_correlation
            if self.ranked and rank.value is not None:
                settings = ("", scored(rank.value))
                bars.append(Bar(names[one.input], 0.0, rank.value, settings, rank.se or 0.0))
            elif one.low and one.high and one.low.value is not None and one.high.value is not None:
                error = one.swing.se if one.swing else None
                settings = (_setting(one.settings[0]), _setting(one.settings[2]))
                bars.append(
                    Bar(names[one.input], one.low.value, one.high.value, settings, error or 0.0)
                )
        return sorted(bars, key=lambda bar: -abs(bar.high - bar.low))

    @property
    def _measured(self) -> str:
        return "rank correlation" if self.ranked else self.label

    @property
    def _signed(self) -> bool:
        return self.ranked or self.measure.startswith("roi")


def _setting(text: str) -> str:
    """Return a setting in few letters: scores of a shock are standard deviations."""
    score = text.startswith("score ")
    return f"{text.removeprefix('score ')} sd" if score else text
