"""An experiment at other positions of its sliders: run anew, in the same worlds, within a moment."""

from __future__ import annotations

import math
import os
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..charts.run import Run
from ..charts.scale import RoiScale, roi_scale
from ..experiment import Experiment, ExperimentError, build
from ..experiment.merge import merge
from ..experiment.write import to_toml
from ..measures import answer, compare, summarize
from ..plan import Plan, make_plan, sampling_of
from ..questions.common import Decision, decide, with_worlds
from ..run.dataset import to_dataset
from ..run.folder import RunError, file_in_place
from ..run.provenance import attributes
from ..run.simulate import creator_posts
from ..text.currency import writing_in
from ..text.numbers import counted, seconds
from ..vary.keys import Key, Varied
from ..vary.variant import variant
from .controls import controls
from .drawing import draw

if TYPE_CHECKING:
    import xarray as xr

    from ..measures import Summary

#: Worlds of a run behind the page, at most and at least: as many as fit into the time below.
MOST_WORLDS, LEAST_WORLDS = 8192, 512
#: Seconds that a run may take, so that the page follows within 0.2 s.
_ALLOWED = 0.12
_ROWS = (
    "cost_mean",
    "roi_median",
    "roi_mean",
    "roi_p05",
    "roi_p95",
    "loss_probability",
    "profit_median",
)
#: What `answer` reads beyond the rows.
_READ = ("target_probability", "roi_es05", "reach_per_usd")
_LABEL = "set on the what-if page"


class PositionError(ValueError):
    """Positions that no slider has."""


@dataclass(frozen=True)
class View:
    """What the page shows at some positions.

    Attributes
    ----------
    sentence
        The answer, computed from the figures.
    head, rows
        The table as texts: portfolios, then a measure per row with its standard error.
    drawing
        SVG of the distributions.
    basis
        What the figures rest on.
    changed
        What is not as in the file, in words.
    """

    sentence: str
    head: list[str]
    rows: list[list[str]]
    drawing: str
    basis: str
    changed: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return dict(vars(self))


class WhatIf:
    """An experiment with sliders.

    Parameters
    ----------
    experiment
        The experiment.
    worlds
        Worlds of each run; by default as many as take about 0.1 s on this machine.
    threads
        Threads; all processors by default.
    """

    def __init__(
        self, experiment: Experiment, *, worlds: int | None = None, threads: int | None = None
    ) -> None:
        self.experiment = experiment
        self.controls = controls(experiment)
        self.threads = threads
        #: Creator-posts that a run may simulate; None where the worlds are fixed.
        self._affordable: float | None = None
        self.worlds = worlds or self._worlds_of_a_moment()

    @cached_property
    def pair(self) -> Decision | None:
        """The pair that the sentence is about; None where the experiment names none."""
        try:
            decision = decide(self.experiment)
        except ExperimentError:
            return None
        return decision if decision.b is not None else None

    @cached_property
    def tiers(self) -> Mapping[str, str]:
        """Tier of each portfolio, or ``mixed``: its colour."""
        return Run(self._start).tiers

    @cached_property
    def _start(self) -> xr.Dataset:
        return self._run(self.experiment)

    @cached_property
    def _scale(self) -> RoiScale:
        """One axis for all positions, so that what moves is the outcome and not the ruler."""
        ordered = Run(self._start).ordered_roi.values()
        own = roi_scale(list(ordered), doublings=True)
        return RoiScale(own.low, 4.0 * (1.0 + own.high) - 1.0, doublings=True)

    def view(self, positions: Sequence[int], *, hire: bool = True) -> View:
        """Run the experiment at some positions.

        Parameters
        ----------
        positions
            One per slider.
        hire
            Whether budgets hire again at other fees; without it every portfolio keeps its
            creators unless its own size is moved.

        Raises
        ------
        PositionError
            For positions that no slider has.
        ExperimentError
            Where an experiment with these values cannot be.
        """
        with writing_in(self.experiment.currency):
            return self._view(positions, hire)

    def _view(self, positions: Sequence[int], hire: bool) -> View:
        started = time.perf_counter()
        moved = self._moved(positions)
        dataset = self._run(self._at(moved, hire))
        summary = summarize(dataset, [*_ROWS, *_READ])
        pair = self.pair
        comparison = compare(dataset, pair.a, pair.b) if pair and pair.b else None
        sentences = answer(summary, comparison)
        names = list(summary.creators)
        basis = (
            f"{counted(int(dataset.sizes['sim']), 'world')}, seed {dataset.attrs['seed']}; ± is one Monte "
            f"Carlo standard error, * has none; {seconds(time.perf_counter() - started)}"
        )
        return View(
            sentence=sentences[0],
            head=["", *names],
            rows=_table(summary),
            drawing=draw(dataset, summary, self.tiers, self._scale),
            basis=basis,
            changed=[
                f"{control.label}: {control.texts[control.start]} → {control.texts[position]}"
                for control, position in zip(self.controls, positions, strict=True)
                if position != control.start
            ],
        )

    def save(self, positions: Sequence[int], *, hire: bool = True) -> Path:
        """Write the experiment at some positions beside its file, under a name not yet taken.

        Every value and source stands in it; `sim run` gives the page's answer, in as many worlds
        as the file asks for.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunError
            Where it cannot be written.
        """
        moved = self._moved(positions)
        text = to_toml(self._complete(moved, hire))
        changed = self.view(positions, hire=hire).changed or ["nothing changed"]
        head = "".join(f"# {line}\n" for line in (f"From {self.experiment.file}:", *changed))
        for number in range(1, 1000):
            suffix = "what-if" if number == 1 else f"what-if-{number}"
            path = self.experiment.folder / f"{self.experiment.name}-{suffix}.toml"
            if os.path.lexists(path):
                continue
            with file_in_place(path) as part:
                part.write_text(head + text, encoding="utf-8")
            return path
        raise RunError(f"{self.experiment.folder}: holds a thousand of these already")

    def _moved(self, positions: Sequence[int]) -> dict[Key, float]:
        """Return the keys that are not at their start, with their values."""
        if len(positions) != len(self.controls):
            raise PositionError(f"{len(self.controls)} positions are needed")
        moved: dict[Key, float] = {}
        for control, position in zip(self.controls, positions, strict=True):
            if type(position) is not int or not 0 <= position < len(control.values):
                raise PositionError(f"{control.label} has no position {position!r}")
            if position != control.start:
                moved |= dict.fromkeys(control.keys, control.values[position])
        return moved

    def _at(self, moved: Mapping[Key, float], hire: bool) -> Experiment:
        return Varied(self.experiment, resize=hire).at(dict(moved)) if moved else self.experiment

    def _complete(self, moved: Mapping[Key, float], hire: bool) -> Experiment:
        """Return the experiment as a file holds it: with its sources and what it asks for."""
        tables: Mapping[str, Any] = tomllib.loads(to_toml(self.experiment))
        tables = merge(tables, self._at(moved, hire).tables())
        for key in moved:
            for path in key.paths if key.table != "portfolio" else ():
                label: dict[str, Any] = {"source": {path[-1]: _LABEL}}
                for part in reversed(path[:-1]):
                    label = {part: label}
                tables = merge(tables, label)
        return build(tables, name=self.experiment.name, folder=self.experiment.folder)

    def _run(self, experiment: Experiment) -> xr.Dataset:
        from ..engine.run import run

        plain = variant(experiment, values={("simulation", "beliefs"): None})
        plan = make_plan(with_worlds(plain, self.worlds))
        if self._affordable is not None:
            # A budget that hires ten times as many creators is run in fewer worlds.
            worlds = min(self.worlds, _power_of_two(self._affordable / _posts(plan)))
            sampling, worlds = sampling_of(plain.simulation, worlds)
            plan = replace(plan, sampling=sampling, worlds=worlds)
        arrays = run(plan, threads=self.threads)
        return to_dataset(plan, arrays, attributes(plain, plan, arrays))

    def _worlds_of_a_moment(self) -> int:
        """Return the worlds that take no longer than a moment, found by running some."""
        self.worlds = LEAST_WORLDS
        times = []
        for _ in range(3):  # the first one compiles
            started = time.perf_counter()
            self._run(self.experiment)
            times.append(time.perf_counter() - started)
        share = _ALLOWED / max(min(times), 1e-3)
        worlds = _power_of_two(share * LEAST_WORLDS)
        self._affordable = worlds * _posts(make_plan(self.experiment))
        return worlds


def _posts(plan: Plan) -> float:
    """Return how many posts a world of a plan has."""
    return creator_posts(plan) / plan.worlds


def _power_of_two(worlds: float) -> int:
    """Return the largest power of two up to a number of worlds, within the limits of the page."""
    inside = max(LEAST_WORLDS, min(worlds, MOST_WORLDS))
    return 1 << int(math.log2(inside))


def _table(summary: Summary) -> list[list[str]]:
    return [list(row) for row in summary.table(_ROWS, words=True).texts()]
