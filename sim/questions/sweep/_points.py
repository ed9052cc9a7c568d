"""A sweep under way: which keys are algebra, which points share a run, what is finished already."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment, ExperimentError, Fault
from ...plan import make_plan
from ...run.folder import file_in_place
from ...run.provenance import run_key
from ...run.simulate import Progress, at_point
from ...vary.keys import Key, Varied
from ...vary.prices import Prices, is_price
from ..common import POINT_WORLDS, Decision, with_worlds
from ._algebra import MEANS, QUANTILES, Figures, figures

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]
Point = tuple[float | str, ...]

#: Worlds of the short run on which the algebra of prices is tried.
_TRIAL = 2048


class Job:
    """A sweep under way: which keys are algebra, which points share a run."""

    def __init__(
        self,
        experiment: Experiment,
        keys: tuple[Key, ...],
        points: list[Point],
        decision: Decision,
        resize: bool,
        quantiles: bool,
        threads: int | None,
    ) -> None:
        self.experiment = experiment
        self.keys = keys
        self.points = points
        self.decision = decision
        self.resize = resize
        self.quantiles = quantiles
        self.threads = threads
        numbers = [
            all(isinstance(point[k], int | float) for point in points) for k in range(len(keys))
        ]
        self.priced = [
            k
            for k, key in enumerate(keys)
            if is_price(key, experiment) and numbers[k] and not resize
        ]

    @property
    def outcome(self) -> str:
        """The measure on which the pair is compared: the decision's, where a sweep has it."""
        known = (*MEANS, *(QUANTILES if self.quantiles else ()))
        return self.decision.measure if self.decision.measure in known else "roi_mean"

    @property
    def simulated_keys(self) -> list[int]:
        """Positions of the keys that need a run for each of their values."""
        return [k for k in range(len(self.keys)) if k not in self.priced]

    def run(
        self, dataset: xr.Dataset | None, points_in: str | Path | None, progress: Progress | None
    ) -> tuple[Figures, Array, int]:
        """Return the figures of all points, the creators of each portfolio, and runs simulated."""
        varied = Varied(self.experiment, self.resize)
        self.check_ends()
        base = dataset if not self.simulated_keys else None
        runs = self._runs()
        if self.priced and not self._trusted(base):
            self.priced, base = [], None
            self.experiment = with_worlds(self.experiment, POINT_WORLDS)
            varied, runs = Varied(self.experiment, self.resize), self._runs()
        portfolios = tuple(self.experiment.portfolio)
        whole = Figures({}, {})
        creators = np.empty((len(portfolios), len(self.points)))
        done = 0
        for values, members in runs.items():
            before = done

            def report(count: int, _total: int, before: int = before) -> None:
                if progress is not None:
                    progress(before + count, len(self.points))

            experiment = varied.at(dict(self._chosen(values)))
            part = self._finished(experiment, members, base, points_in, report)
            for store, own in ((whole.value, part.value), (whole.se, part.se)):
                for name, rows in own.items():
                    shape = (*rows.shape[:-1], len(self.points))
                    store.setdefault(name, np.full(shape, np.nan))[..., members] = rows
            plan = make_plan(experiment)
            for f, name in enumerate(portfolios):
                creators[f, members] = plan.creators(name)
            done += len(members)
            report(len(members), 0)
        return whole, creators, len(runs) if self.simulated_keys else 0

    def _chosen(self, values: Point) -> list[tuple[Key, Any]]:
        return [(self.keys[k], v) for k, v in zip(self.simulated_keys, values, strict=True)]

    def _runs(self) -> dict[Point, list[int]]:
        """Return the points of each run, by the values of the keys that are simulated."""
        runs: dict[Point, list[int]] = {}
        for p, point in enumerate(self.points):
            runs.setdefault(tuple(point[k] for k in self.simulated_keys), []).append(p)
        return runs

    def check_ends(self) -> None:
        """Refuse impossible values before any time is spent: the ends of each key, all faults."""
        varied = Varied(self.experiment, self.resize)
        ends: dict[tuple[Key, float | str], None] = {}
        for k, key in enumerate(self.keys):
            numbers = [point[k] for point in self.points if isinstance(point[k], int | float)]
            texts = [point[k] for point in self.points if isinstance(point[k], str)]
            for value in (*((min(numbers), max(numbers)) if numbers else ()), *texts):
                ends[key, value] = None
        faults: dict[tuple[str, str], Fault] = {}
        for key, value in ends:
            try:
                varied.at({key: value})
            except ExperimentError as error:
                for fault in error.faults:
                    faults.setdefault((fault.key, fault.problem), fault)
        if faults:
            raise ExperimentError(self.experiment.file, faults.values())

    def _trusted(self, base: xr.Dataset | None) -> bool:
        """Whether the algebra reproduces simulated costs, in the run given or in a short one."""
        experiment = self.experiment if base is not None else with_worlds(self.experiment, _TRIAL)
        return Prices(experiment, base if base is not None else at_point(experiment)).reproduce()

    def _finished(
        self,
        experiment: Experiment,
        members: list[int],
        base: xr.Dataset | None,
        points_in: str | Path | None,
        progress: Progress,
    ) -> Figures:
        """Return the figures of one run's points, from the folder that keeps them or fresh."""
        values = np.array(
            [[float(self.points[p][k]) for k in self.priced] for p in members]
        ).reshape(len(members), len(self.priced))
        kept = _Kept(points_in, self._name(experiment, values)) if points_in else None
        known = kept.read() if kept else None
        if known is not None:
            return known
        worlds = base if base is not None else at_point(experiment, self.threads)
        keys = [self.keys[k] for k in self.priced]
        sheet = Prices(experiment, worlds).sheet(keys, values)
        pair = (self.decision.a, self.decision.b) if self.decision.b is not None else None
        part = figures(
            sheet,
            pair,
            measure=self.outcome,
            quantiles=self.quantiles,
            threads=self.threads,
            progress=progress,
        )
        if kept is not None:
            kept.write(part)
        return part

    def _name(self, experiment: Experiment, values: Array) -> str:
        plan = make_plan(experiment)
        parts = [
            run_key(experiment, plan),
            str(plan.worlds),
            repr([self.keys[k].name for k in self.priced]),
            values.tobytes().hex(),
            repr((self.decision.a, self.decision.b, self.outcome, self.quantiles)),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


class _Kept:
    """Figures of a finished run on disk, there whole or not at all."""

    def __init__(self, folder: str | Path, name: str) -> None:
        self.path = Path(folder) / f"{name}.npz"

    def read(self) -> Figures | None:
        """Return the figures, None where they are not there."""
        try:
            with np.load(self.path) as content:
                arrays = dict(content)
        except (OSError, ValueError):
            return None
        se = {name: row for name, row in arrays.items() if name.endswith("_se")}
        value = {name: row for name, row in arrays.items() if name not in se}
        return Figures(value, {name.removesuffix("_se"): row for name, row in se.items()})

    def write(self, figures: Figures) -> None:
        """Write the figures."""
        buffer = io.BytesIO()
        errors = {f"{name}_se": row for name, row in figures.se.items()}
        np.savez(buffer, **figures.value, **errors)  # type: ignore[arg-type]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with file_in_place(self.path) as temporary:
            temporary.write_bytes(buffer.getbuffer())
