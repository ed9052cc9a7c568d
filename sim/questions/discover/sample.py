"""Worlds with their assumptions: whether a loses in each, beside every figure in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...plan import make_plan
from ...run.simulate import Progress, Where, simulated
from ...text.names import key_words
from ...vary.draw import draw, plainly, shared_scores
from ...vary.factors import Uncertain, figure_text, uncertain_figures
from ..common import Decision, check_defined, left_out

if TYPE_CHECKING:
    import xarray as xr

    from ...vary.keys import Key

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Worlds at each point of varied keys.
WORLDS_AT_POINT = 256


@dataclass(frozen=True)
class _Input:
    """An input of the region: what it is called and how its values are written."""

    name: str
    words: str
    unit: str
    text: Callable[[float], str]


@dataclass(frozen=True)
class Cloud:
    """Worlds with their assumptions.

    Attributes
    ----------
    inputs
        What differs between them.
    x
        The inputs, shape (inputs, worlds).
    lost, defined
        Whether a lost, and whether that can be said of the world, shape (worlds,).
    groups
        Into how many groups of equal size they fall; 0 where each stands for itself.
    left_out
        What is to be said of worlds that are not defined.
    """

    inputs: tuple[_Input, ...]
    x: Array
    lost: Flags
    defined: Flags
    groups: int
    left_out: tuple[str, ...]

    @property
    def half(self) -> int:
        """Worlds that are searched: whole groups."""
        size = len(self.lost)
        return size // 2 if not self.groups else (self.groups // 2) * (size // self.groups)

    @property
    def groups_left(self) -> int:
        """Groups that judge."""
        return self.groups - self.groups // 2 if self.groups else 0


def run_cloud(
    experiment: Experiment,
    decision: Decision,
    variable: str,
    worlds: int,
    run: xr.Dataset | None,
    threads: int | None,
    progress: Progress | None,
) -> Cloud:
    """Return the worlds of a run."""
    from ...measures.worlds import first_worlds, rows_of

    plan = make_plan(experiment)
    results = run if run is not None else simulated(experiment, Where(threads, progress))
    results = first_worlds(results, worlds)
    scores = shared_scores(plan, 0, int(results.sizes["sim"]))
    figures = uncertain_figures(experiment, plan)
    return _cloud(
        experiment,
        decision,
        variable,
        tuple(map(_figure_input, figures)),
        np.array([figure.of(scores) for figure in figures]).reshape(len(figures), scores.shape[1]),
        rows_of(results, variable, decision.portfolios),
        int(results.attrs.get("groups", 0)),
    )


def _cloud(
    experiment: Experiment,
    decision: Decision,
    variable: str,
    inputs: tuple[_Input, ...],
    x: Array,
    rows: Array,
    groups: int,
) -> Cloud:
    """Return worlds in which a loses where its row is below that of b, both being defined."""
    check_defined(experiment.file, variable, rows, decision.portfolios)
    defined = np.asarray(np.isfinite(rows).all(axis=0))
    lost = defined & (np.where(defined, rows[0], 0.0) < np.where(defined, rows[1], 0.0))
    notes = left_out(variable, rows, decision.portfolios)
    return Cloud(inputs, x, lost, defined, groups, notes)


def _figure_input(figure: Uncertain) -> _Input:
    return _Input(figure.name, figure.words, figure.unit, figure.text)


def varied_cloud(
    experiment: Experiment,
    decision: Decision,
    variable: str,
    vary: Mapping[str, Any],
    points: int,
    threads: int | None,
    progress: Progress | None,
) -> Cloud:
    """Draw sets of worlds, each at its own values of the varied keys."""
    from ...vary.keys import Varied

    keys, values = _design(experiment, vary, points)
    varied = Varied(experiment)
    x, outcomes, figures = [], [], list[Uncertain]()
    for p, row in enumerate(values):
        here = varied.at(dict(zip(keys, row, strict=True)))
        plan = plainly(make_plan(here))
        first = p * WORLDS_AT_POINT
        rows = draw(plan, [variable], first=first, worlds=WORLDS_AT_POINT, threads=threads)
        places = [plan.portfolios.index(name) for name in decision.portfolios]
        outcomes.append(rows[variable][places])
        figures = uncertain_figures(here, plan)
        scores = shared_scores(plan, first, WORLDS_AT_POINT)
        own = [np.full(WORLDS_AT_POINT, value) for value in row]
        x.append(
            {key.name: o for key, o in zip(keys, own, strict=True)} | _by_name(figures, scores)
        )
        if progress is not None:
            progress(p + 1, points)
    names = [_key_input(key) for key in keys]
    # A figure that is varied is its own input; what worlds make of it would say it twice.
    names += [_figure_input(figure) for figure in figures if figure.name not in vary]
    table = np.array([np.concatenate([row[item.name] for row in x]) for item in names])
    rows_of_all = np.concatenate(outcomes, axis=1)
    return _cloud(experiment, decision, variable, tuple(names), table, rows_of_all, points)


def _key_input(key: Key) -> _Input:
    """Return a varied key as an input: a loading and a tier's median by what analysts call them."""
    words = key_words(key.name)
    if key.table == "tier":
        words = f"median {words}"
    return _Input(key.name, words, key.unit, partial(figure_text, key.field))


def _by_name(figures: Sequence[Uncertain], scores: Array) -> dict[str, Array]:
    return {figure.name: figure.of(scores) for figure in figures}


def _design(
    experiment: Experiment, vary: Mapping[str, Any], points: int
) -> tuple[list[Key], Array]:
    """Return keys and their values, shape (points, keys): even within ranges, in any order."""
    from scipy.stats import qmc

    from ...vary.keys import find_key
    from ...vary.ranges import read_values

    keys, ends = [], []
    for name, written in vary.items():
        key = find_key(experiment, name)
        values = read_values(key, written, experiment.file)
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) < len(values) or not min(numbers) < max(numbers):
            raise ExperimentError(
                experiment.file, [Fault(name, 'needs a range such as "0 to 0.7"', written)]
            )
        keys.append(key)
        ends.append((min(numbers), max(numbers)))
    drawn = qmc.LatinHypercube(len(keys), rng=experiment.simulation.seed).random(points)
    low, high = np.array(ends).T
    return keys, low + (high - low) * drawn
