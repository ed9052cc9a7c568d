"""Break-even: the value of a key at which two portfolios tie, or one reaches a level.

The curve comes from a sweep; each change of sign is then narrowed down on the same worlds, where
the gap is a smooth function of the key. Its Monte Carlo error follows from that of the gap and the
slope there (delta method). What the beliefs add is seen by solving once for each of many draws of
the beliefs, each with worlds of its own; half of those worlds against the other half says how much
of that spread is noise, and it is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...experiment.faults import suggestion
from ...measures.outcome import variable_of
from ...measures.worlds import rows_of
from ...plan import make_plan
from ...run.simulate import at_point
from ...text.names import TWINS, capital, key_words, measure_words, twin_word, with_article
from ...text.numbers import (
    FRACTION,
    Number,
    brief,
    counted,
    from_to,
    is_money,
    setting,
    told,
    whole_percent,
)
from ...vary.keys import Key, find_key
from ...vary.prices import is_price
from ...vary.ranges import default_values, read_values
from ..common import (
    LESS_IS_BETTER,
    POINT_WORLDS,
    check_defined,
    decide,
    finite,
    left_out,
    only,
    unit_of,
    with_worlds,
)
from ..question import Setting, Sides
from ..sweep._algebra import MEANS, QUANTILES
from ..sweep._sweep import Swept, swept
from ._answer import Breakeven, Gaps, LinePoint, SolvedKey, TieGrid
from ._beliefs import BeliefRange, belief_range
from ._hiring import SHARED, Hiring, enough_at, hiring_sentence
from ._solving import Aim, Line, Tie, find_line, find_ties, gap_at, gap_errors, gaps, with_errors

if TYPE_CHECKING:
    import xarray as xr

    from . import BreakevenOptions

Array = npt.NDArray[np.float64]

#: Beginnings of the measures of which zero means that the money comes back.
_ZERO = ("roi_", "profit_")
#: What portfolios may tie on; `a_beats_b` ties at one half.
TIES = (*MEANS, *QUANTILES, "a_beats_b")
#: Values of a curve, and of the second key of a line: by algebra, and by simulation.
_CURVE, _LINE = (41, 9), (21, 7)


@dataclass(frozen=True)
class _Solved:
    """What was solved, and the words for it.

    Attributes
    ----------
    key, second
        The key solved for, and the key of the line; None without a line.
    aim
        The portfolios, or one and the level it is to reach; `measure` is what they tie on.
    ties
        Values at which they tie, increasing; empty where they do not within the range.
    line
        With a second key: for each of its values the least value of the key at which they tie,
        with its error; None where there is none.
    beliefs
        Where the tie lies for nine in ten draws of the beliefs; None where that was not asked.
    curve
        The sweep behind it, with means beside the measure.
    hiring
        For a key about what creators share: how many of the larger portfolio are worth hiring, at
        the ties, today's value and the ends of the range.
    """

    key: Key
    second: Key | None
    aim: Aim
    ties: tuple[Tie, ...]
    line: Line
    beliefs: BeliefRange | None
    curve: Swept
    hiring: tuple[Hiring, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done about what is not obvious."""
        notes = (*self.left_out, *self.curve.notes)
        noise = self.beliefs.noise if self.beliefs is not None else 0.0
        if noise < 0.01:
            return notes
        share = whole_percent(noise)
        note = f"Noise of the worlds, {share} of the spread of ties over the beliefs, is taken out."
        return (*notes, note)

    @property
    def equal(self) -> bool:
        """Whether both have the same measure wherever the key stands."""
        return not gaps(self.curve, self.aim).any()

    def answer(self) -> Breakeven:
        """Return it as an answer: plain figures and words."""
        grid = self._grid()
        return Breakeven(
            decision=Sides(self.aim.a, self.aim.b),
            to=self.aim.level if self.aim.b is None else None,
            on=self.aim.measure,
            words=measure_words(self.aim.measure),
            unit=unit_of(self.aim.measure),
            key=SolvedKey(self.key.name, self.key.unit, self.key.base),
            worlds=self.curve.worlds,
            sentence=self.sentence,
            headline=self.headline,
            ties=self.ties,
            beliefs=self.beliefs,
            hiring=self.hiring,
            curve=self.curve.answer() if grid is None else None,
            second=SolvedKey(self.second.name, self.second.unit) if self.second else None,
            line=None
            if grid is None
            else tuple(LinePoint(x, y, None if y is None else se) for x, y, se in self.line),
            grid=grid,
            notes=self.notes,
        )

    def _grid(self) -> TieGrid | None:
        """Return how much better a is than b over both keys, as rows of the key."""
        if self.second is None:
            return None
        data = self.curve.dataset
        shape = (data.sizes[self.key.name], data.sizes[self.second.name])
        gap = gaps(self.curve, self.aim).reshape(shape)
        se = gap_errors(self.curve, self.aim).reshape(shape)
        return TieGrid(
            data[self.key.name].values.tolist(),
            data[self.second.name].values.tolist(),
            Gaps(
                [[finite(v) for v in row] for row in gap.tolist()],
                [[finite(v) for v in row] for row in se.tolist()],
            ),
        )

    @property
    def headline(self) -> str:
        """Say it in one line; the beliefs, where they were asked, give the range of the first tie."""
        a, b, name = capital(self.aim.a), self.aim.b, key_words(self.key.name)
        if self.second is not None:
            return f"Where {a} and {b} {_tied(self.aim.measure)}"
        if self.equal:
            return f"{self._who} {'is the same' if b is None else 'are equal'} at any {name} tried"
        if not self.ties:
            if b is not None:
                return f"{a} and {b} {_tied(self.aim.measure, False)} at any {name} tried"
            return (
                f"{a} {_reached(self.aim)} at {'any' if self._better_first else 'no'} {name} tried"
            )
        doubt = self.beliefs.brief if self.beliefs is not None else ""
        unit = f" {self.key.unit.partition(',')[0]}" if is_money(self.key.unit) else ""
        places = []
        for i, tie in enumerate(self.ties):
            place = brief(tie.number) if tie.se is None or doubt else told(tie.number)
            place += f"{unit} ({doubt} as beliefs go)" if doubt and not i else unit
            if b is None:
                side = "from" if tie.better_above else "up to"
                place = f"{side} {place}" if i else f"{side} {with_article(name)} of {place}"
            places.append(place)
        if b is None:
            return f"{a} {_reached(self.aim)} {' and '.join(places)}"
        return f"{a} and {b} {_tied(self.aim.measure)} at {with_article(name)} of {' and '.join(places)}"

    @property
    def _who(self) -> str:
        if self.aim.b is None:
            return f"The {measure_words(self.aim.measure)} of {self.aim.a}"
        return f"{self.aim.a} and {self.aim.b}"

    @property
    def _better_first(self) -> bool:
        """Whether a is better, or above its level, at the smallest value."""
        return bool(gaps(self.curve, self.aim)[0] > 0.0)

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value of the key that was looked at."""
        values = self.curve.dataset[self.key.name].values
        return float(values.min()), float(values.max())

    @property
    def sentence(self) -> str:
        """Say where the portfolios tie, how sure that is, and what holds on either side."""
        if self.second is not None:
            return self._line_sentence(self.second)
        a, b = self.aim.a, self.aim.b
        low, high = (setting(end) for end in self.range)
        worlds = f"{counted(self.curve.worlds, 'world')}"
        key = f"{key_words(self.key.name)} ({self.key.unit}"
        what = measure_words(self.aim.measure)
        if self.equal:
            start = f"{self._who} is the same" if b is None else f"{a} and {b} are equal on {what}"
            decides = "nothing there" if b is None else "nothing between them"
            return f"{start} wherever the {key}) stands between {low} and {high}: it decides {decides} ({worlds})."
        if not self.ties:
            if b is not None:
                start = f"{a} and {b} {_tied(self.aim.measure, False)} anywhere"
            else:
                start = (
                    f"{a} {_reached(self.aim)} {'everywhere' if self._better_first else 'nowhere'}"
                )
            return f"{start} between {low} and {high} of the {key}): {self._ahead()}{self._by_beliefs()} ({worlds})."
        now = "" if self.key.base is None else f", now {setting(self.key.base)}"
        parts = []
        for tie in self.ties:
            ends = ""
            if tie.se is not None:
                span = from_to(tie.low or 0.0, tie.high or 0.0, tie.se)
                ends = f", 95 % interval {span}"
            place = f"{told(tie.number).removesuffix(')')}{ends}"
            twins = self._twins_at(tie.value)
            if b is None:
                side = "more" if tie.better_above else "less"
                parts.append(f"{place}{twins}) or {side}")
            else:
                sides = f"below it {tie.better_below} is better, above it {tie.better_above}"
                parts.append(f"at {place}; {sides}{twins})")
        start = f"{a} and {b} {_tied(self.aim.measure)}" if b else f"{a} {_reached(self.aim)}"
        return (
            f"{start} where the {key}{now}) {'stands' if b else 'is'} "
            f"{' and '.join(parts)}{self._by_beliefs()} ({worlds})."
        )

    def _twins_at(self, value: float) -> str:
        """Return the medians at a tie of means, or the means at one of medians."""
        twin, data = TWINS.get(self.aim.measure), self.curve.dataset
        if twin is None:
            return ""
        x, parts = data[self.key.name].values, []
        for name in self.aim.portfolios:
            at, se = (
                float(np.interp(value, x, data[row].sel(portfolio=name).values))
                for row in (twin, f"{twin}_se")
            )
            parts.append(f"{name} {told(Number(at, se, unit_of(twin)))}")
        return f"; {twin_word(self.aim.measure)} there: {', '.join(parts)}"

    def _ahead(self) -> str:
        """Say who is better all along, with the gap at both ends."""
        winner = self.aim.a if self._better_first else self.aim.b
        measure, data = self.aim.measure, self.curve.dataset
        if measure == "a_beats_b":
            ends = [told(Number(data[measure].values[i], data["a_beats_b_se"].values[i], FRACTION))
                    for i in (0, -1)]  # fmt: skip
            return (
                f"{winner} is better; {self.aim.a} has the higher ROI in {ends[0]} of worlds "
                f"at one end and in {ends[1]} at the other"
            )
        ends = []
        for name in self.aim.portfolios:
            value = data[measure].sel(portfolio=name).values
            error = data[f"{measure}_se"].sel(portfolio=name).values
            figures = [told(Number(value[i], error[i], unit_of(measure))) for i in (0, -1)]
            ends.append(f"{name} from {figures[0]} to {figures[1]}")
        if self.aim.b is None:
            return f"its {measure_words(measure)} goes{ends[0].removeprefix(self.aim.a)}"
        return f"{winner} is better ({'; '.join(ends)})"

    def _by_beliefs(self) -> str:
        """Say what the beliefs add, and how many creators are worth hiring."""
        parts = [self.beliefs.sentence] if self.beliefs is not None else []
        parts.append(hiring_sentence(self.hiring, key_words(self.key.name)))
        return "".join(f"; {part}" for part in parts if part)

    def _line_sentence(self, second: Key) -> str:
        tied = [(x, y, se) for x, y, se in self.line if y is not None]
        start = f"{self.aim.a} and {self.aim.b} {_tied(self.aim.measure)}"
        if not tied:
            low, high = (setting(end) for end in self.range)
            return (
                f"{start} nowhere between {low} and {high} of the {key_words(self.key.name)}, "
                f"whatever the {key_words(second.name)} is ({counted(self.curve.worlds, 'world')})."
            )
        ends = []
        for x, y, se in (tied[0], tied[-1]):
            ends.append(
                f"{key_words(self.key.name)} {told(Number(y, se))} with {key_words(second.name)} "
                f"{setting(x)}"
            )
        missing = len(self.line) - len(tied)
        low, high = (setting(end) for end in self.range)
        none = f"; at {missing} of {len(self.line)} values no tie between {low} and {high}"
        none = none if missing else ""
        return f"{start} on the line from {' to '.join(ends)}{none} ({counted(self.curve.worlds, 'world')})."


def _tied(measure: str, tie: bool = True) -> str:
    if measure == "a_beats_b":
        return ("have" if tie else "do not have") + " even chances of the higher ROI"
    return ("tie" if tie else "do not tie") + f" on {measure_words(measure)}"


def _reached(aim: Aim) -> str:
    """Say what a portfolio alone does where it is at its level or better."""
    what = measure_words(aim.measure)
    level = told(Number(aim.level, 0.0, unit_of(aim.measure)))
    if aim.measure == "loss_probability":
        return f"loses money in at most {level} of worlds"
    if aim.measure in LESS_IS_BETTER:
        return f"has a {what} of at most {level}"
    return f"pays for itself on {what}" if aim.level == 0.0 else f"reaches a {what} of {level}"


def ask(setting: Setting, options: BreakevenOptions) -> Breakeven:
    """Find where two portfolios tie, or one reaches a level; that they do not is an answer too.

    Raises
    ------
    ExperimentError
        For unknown keys and impossible values.
    """
    return _solved(setting, options).answer()


def _solved(setting: Setting, options: BreakevenOptions) -> _Solved:
    experiment, run, threads = setting.experiment, setting.run, setting.threads
    resize = options.resize
    aim = _aim(experiment, options)
    solved = find_key(experiment, options.key)
    other = find_key(experiment, options.second) if options.second else None
    by_algebra = (
        all(is_price(k, experiment) for k in (solved, other) if k is not None) and not resize
    )
    used = experiment
    if not by_algebra:
        used = only(with_worlds(experiment, options.points or POINT_WORLDS), aim)
    if by_algebra and run is None:
        run = setting.finished()
    points = _values(
        experiment, solved, options.values, _CURVE, is_price(solved, experiment) and not resize
    )
    grid: dict[str, Any] = {solved.name: points}
    if other is not None:
        line_values = _values(
            experiment, other, options.second_values, _LINE, is_price(other, experiment)
        )
        grid[other.name] = line_values
    curve = swept(
        used,
        grid,
        zipped=False,
        resize=resize,
        a=aim.a,
        b=aim.b,
        measure=aim.measure,
        alone=aim.b is None,
        worlds=options.points,
        run=run,
        threads=threads,
        progress=setting.progress,
    )
    kept = run if curve.simulated == 0 else None
    missing = _left_out(experiment, run if run is not None else used, aim, threads)
    if other is not None:
        line = find_line(curve, solved, other, aim)
        if kept is not None:
            line = with_errors(line, used, (solved, other), aim, kept)
        return _Solved(solved, other, aim, (), line, None, curve, left_out=missing)
    ties = find_ties(curve, solved, aim, gap_at(used, solved, aim, resize, kept, threads))
    doubt, equal = None, not gaps(curve, aim).any()
    if options.beliefs and not equal:
        reference = ties[0].value if ties else None
        doubt = belief_range(used, solved, points, aim, reference, resize, threads)
    enough: tuple[Hiring, ...] = ()
    if not equal and solved.table in SHARED:
        now = [solved.base] if solved.base is not None else []
        looked = sorted({points[0], *(tie.value for tie in ties), *now, points[-1]})
        largest = max(aim.portfolios, key=lambda name: _creators(used, name))
        enough = enough_at(used, solved, looked, largest, worlds=options.points, threads=threads)
    return _Solved(solved, None, aim, ties, (), doubt, curve, enough, missing)


def _aim(experiment: Experiment, options: BreakevenOptions) -> Aim:
    """Return what is solved for: a level where one is given, or there is nothing to tie with.

    Raises
    ------
    ExperimentError
        For a measure that nothing ties on, and options that do not go together.
    """
    on, level = options.on, options.to
    faults = []
    if on not in TIES:
        faults.append(Fault("on", f"is nothing to tie on; {suggestion(on, TIES)}", on))
    alone = level is not None or len(experiment.portfolio) == 1
    if alone and level is None and on in TIES:
        level = 0.0 if on.startswith(_ZERO) else None
        if level is None:
            example = "0.3" if on == "loss_probability" else "50k"
            problem = f"is needed for {on} of a single portfolio, such as --to {example}"
            faults.append(Fault("to", problem))
    if alone and on == "a_beats_b":
        faults.append(Fault("on", "compares two portfolios: leave out --to", on))
    if alone and options.b is not None:
        faults.append(Fault("b", "belongs to a tie of two portfolios: leave out --to", options.b))
    if alone and options.second is not None:
        problem = "draws the line on which two portfolios tie: leave out --to"
        faults.append(Fault("key2", problem, options.second))
    if faults:
        raise ExperimentError(experiment.file, faults)
    aim = decide(experiment, options.a, options.b, alone=alone)
    return Aim(aim.a, None if alone else aim.b, on, level or 0.0)


def _left_out(
    experiment: Experiment, worlds: xr.Dataset | Experiment, aim: Aim, threads: int | None
) -> tuple[str, ...]:
    """Return notes on worlds without what is compared; refuse it where a portfolio never has it."""
    name = variable_of(aim.measure)
    data = at_point(worlds, threads) if isinstance(worlds, Experiment) else worlds
    values = rows_of(data, name, aim.portfolios)
    check_defined(experiment.file, name, values, aim.portfolios)
    return left_out(name, values, aim.portfolios)


def _creators(experiment: Experiment, portfolio: str) -> int:
    return make_plan(experiment).creators(portfolio)


def _values(
    experiment: Experiment, key: Key, written: Any, steps: tuple[int, int], algebra: bool
) -> list[float]:
    """Return the values to look at, increasing numbers."""
    if written is None:
        values = default_values(experiment, key, steps[0] if algebra else steps[1], algebra)
    else:
        values = read_values(key, written, experiment.file)
    numbers = [float(value) for value in values if not isinstance(value, str)]
    if len(numbers) < len(values) or len(numbers) < 2:
        fault = Fault(key.name, "a break-even needs numbers, at least two", written)
        raise ExperimentError(experiment.file, [fault])
    return sorted(numbers)
