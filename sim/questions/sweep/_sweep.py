"""Sweeps: the same worlds at many values of some keys.

A key that is a price costs no new draw (`prices.py`); any other key is simulated at each of its
values, on the same streams. Both may stand in one sweep: the prices are then swept within each run.
"""

from __future__ import annotations

import itertools
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...engine.reuse import reusing
from ...experiment import Experiment, ExperimentError, Fault
from ...experiment.faults import nearest
from ...experiment.toml import dotted
from ...plan import make_plan
from ...run.simulate import Progress
from ...text.names import listed, measure_words
from ...text.numbers import counted
from ...vary.keys import Key, find_key
from ...vary.ranges import read_values
from ..common import (
    POINT_WORLDS,
    Decision,
    decide,
    finite,
    unit_of,
    with_worlds,
)
from ..question import Setting, Sides
from . import DEFAULT_RANGE
from ._algebra import DIFFERENCE
from ._answer import Figures, Gap, Sweep, SweptKey
from ._labels import on_axes
from ._points import Job, Point

if TYPE_CHECKING:
    import xarray as xr

    from . import SweepOptions

Array = npt.NDArray[np.float64]

#: Most points of a sweep.
MOST_POINTS = 100_000
#: Keys of [sweep] that are not keys of the experiment.
_SWITCHES = ("zip", "resize")
#: Keys of a portfolio's size, without its name.
_SIZES = (("portfolio", "budget"), ("portfolio", "creators"))
#: Variables that are told as the gap of the pair and not as measures.
_OF_THE_PAIR = (DIFFERENCE, f"{DIFFERENCE}_se")
#: Measures whose missing errors are worth a note.
_ERRORS = ("roi_mean", "profit_mean", "cost_mean")


def ask(setting: Setting, options: SweepOptions) -> Sweep:
    """Measure the portfolios at other values of some keys, in the same worlds."""
    if setting.kept is not None and not options.resume:
        shutil.rmtree(setting.kept, ignore_errors=True)
    swept_run = swept(
        setting.experiment,
        options.asked(),
        zipped=options.zipped,
        resize=options.resize,
        a=options.a,
        b=options.b,
        measure=options.measure,
        worlds=options.points,
        quantiles=not options.means,
        run=setting.run,
        points_in=setting.kept,
        threads=setting.threads,
        progress=setting.progress,
    )
    if setting.kept is not None:
        shutil.rmtree(setting.kept, ignore_errors=True)
    return swept_run.answer()


@dataclass(frozen=True)
class Swept:
    """Figures of a sweep on named axes.

    Attributes
    ----------
    keys
        The swept keys.
    dataset
        Measures by (portfolio, keys) or, zipped, by (portfolio, point), each with its standard
        error under the same name and ``_se``; comparisons of the pair without the portfolio.
    decision
        The pair compared.
    worlds
        Worlds of each point.
    simulated
        Runs that were simulated: 0 where all keys are prices.
    notes
        What was done about what is not obvious.
    """

    keys: tuple[Key, ...]
    dataset: xr.Dataset
    decision: Decision
    worlds: int
    simulated: int
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """Number of points."""
        sizes = self.dataset.sizes
        return int(np.prod([size for name, size in sizes.items() if name != "portfolio"]))

    @property
    def measures(self) -> list[str]:
        """Names of the measures, without their errors."""
        names = [str(name) for name in self.dataset.data_vars if name not in _OF_THE_PAIR]
        return [name for name in names if f"{name}_se" in names]

    def answer(self) -> Sweep:
        """Return it as an answer: plain figures."""
        data = self.dataset
        answer = Sweep(
            worlds=self.worlds,
            simulated=self.simulated,
            decision=Sides(self.decision.a, self.decision.b),
            measure=self.outcome,
            dims=tuple(str(dim) for dim in data["roi_mean"].dims),
            keys={
                key.name: SweptKey(
                    key.unit,
                    key.base,
                    tuple(_scalar(value) for value in data[key.name].values.tolist()),
                )
                for key in self.keys
            },
            portfolios=tuple(str(name) for name in data["portfolio"].values),
            measures={
                name: Figures(
                    data[name].attrs["units"],
                    _nested(data[name].values),
                    _nested(data[f"{name}_se"].values),
                )
                for name in self.measures
            },
            creators=data["creators"].values.astype(int).tolist(),
            sentence=self.sentence,
            gap=self._gap(),
            notes=self.notes,
        )
        return answer.on_axes(data)

    def _gap(self) -> Gap | None:
        if self.decision.b is None:
            return None
        value, se = self.gap()
        words, unit = measure_words(self.outcome), unit_of(self.outcome)
        return Gap(words, unit, _nested(value), _nested(se))

    @property
    def sentence(self) -> str:
        """Say what the sweep shows, with standard errors."""
        from ._words import along, over

        text = along(self) if len(self.keys) == 1 else over(self)
        how = "" if self.simulated == 0 else f", {counted(self.simulated, 'run')}"
        return f"{text} ({counted(self.points, 'point')} of {counted(self.worlds, 'world')}{how})."

    @property
    def outcome(self) -> str:
        """The measure that the sentence is about: the decision's, where a sweep has it."""
        return str(self.dataset.attrs["measure"])

    def gap(self) -> tuple[Array, Array]:
        """Return how much a's outcome is above b's, and the paired error, as the points lie."""
        data = self.dataset
        return np.asarray(data[DIFFERENCE].values), np.asarray(data[f"{DIFFERENCE}_se"].values)


@reusing()
def swept(
    experiment: Experiment,
    values: Mapping[str, Any] | None = None,
    *,
    zipped: bool | None = None,
    resize: bool | None = None,
    a: str | None = None,
    b: str | None = None,
    measure: str | None = None,
    alone: bool = False,
    worlds: int | None = None,
    quantiles: bool = True,
    run: xr.Dataset | None = None,
    points_in: str | Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Swept:
    """Measure an experiment's portfolios at other values of some keys, in the same worlds.

    Parameters
    ----------
    experiment
        The experiment.
    values
        Values by dotted key, see `sim.vary.ranges`; by default ``[sweep]`` of the file, else
        the fees of the decision's tiers from half to twice what they are.
    zipped
        Take the first values of all keys together, then the second; else every combination.
    resize
        Whether budgets hire again at each point; else every portfolio keeps its creators.
    a, b, measure
        Override ``[decision]``: the pair compared, and what the sentence is about.
    alone
        Whether it is about `a` alone.
    worlds
        Worlds of each simulated point, at most those of the experiment; by default 20,000.
        Prices alone use all worlds of the run.
    quantiles
        Whether to give quantiles and expected shortfall beside means and shares.
    run
        A finished run of the experiment, used where all keys are prices.
    points_in
        Folder that keeps finished runs: a later call runs only what is missing.
    threads, progress
        See `sim.simulate`; progress counts points.

    Returns
    -------
    Swept
        With a Dataset whose coordinates are the swept keys in their units.

    Raises
    ------
    ExperimentError
        For unknown keys and impossible values.
    """
    table = experiment.sweep
    zipped = zipped if zipped is not None else bool(table and table.zip)
    resize = resize if resize is not None else bool(table and table.resize)
    if alone:
        decision = decide(experiment, a, None, measure, alone=True)
    else:
        decision = _decision(experiment, a, b, measure)
    keys, axes = _axes(experiment, values, decision)
    points = _points(experiment, keys, axes, zipped)
    job = Job(experiment, keys, points, decision, resize, quantiles, threads)
    if job.simulated_keys:
        job.experiment = with_worlds(experiment, worlds or POINT_WORLDS)
    figures, creators, simulated = job.run(run, points_in, progress)
    dataset = on_axes(job, axes, zipped, figures, creators)
    notes = _notes(job, experiment, dataset)
    return Swept(keys, dataset, decision, int(dataset.attrs["worlds"]), simulated, notes)


def _notes(job: Job, experiment: Experiment, dataset: xr.Dataset) -> tuple[str, ...]:
    """Say what the sweep did that its figures do not show."""
    notes = []
    count = int(dataset.attrs["worlds"])
    if job.simulated_keys and count < experiment.simulation.worlds:
        notes.append(
            f"Each simulated point has {counted(count, 'world')} (--points asks for more)."
        )
    swept = {key.name for key in job.keys}
    budgets = [
        name
        for name, own in experiment.portfolio.items()
        if own.budget is not None and f"portfolio.{name}.budget" not in swept
    ]
    if budgets and not job.resize:
        notes.append(
            f"{', '.join(budgets)}: creators held as hired, though they may then ask for more than the "
            "budget; --resize hires at each point."
        )
    heavy = [name for name in _ERRORS if bool(np.isnan(dataset[f"{name}_se"].values).any())]
    if heavy:
        notes.append(f"Heavy tails: no standard error everywhere for {', '.join(heavy)}.")
    notes += [_in_proportion(key) for key in job.keys if key.largest != 1.0]
    notes += _without_market(experiment, job.keys)
    loadings = [key.name for key in job.keys if key.table == "shocks"]
    if loadings and not experiment.shocks.preserve_mean:
        notes.append(
            f"{', '.join(loadings)} moves the means too (`shocks.preserve_mean` takes that out): "
            "read roi_mean beside every other measure."
        )
    return tuple(notes)


def _in_proportion(key: Key) -> str:
    """Say whose values those of a key are that stands on several platforms."""
    first, *others = (path[3] for path in key.paths)
    return f"{key.name}: values are those on {first}; {listed(others)} in proportion."


def _without_market(experiment: Experiment, keys: Sequence[Key]) -> list[str]:
    """Say that more money buys more of the same where no market limits the buyers."""
    sized = [key.paths[0][1] for key in keys if key.paths[0][0::2] in _SIZES]
    lines = make_plan(experiment).lines
    niches = {line.terms.niche for line in lines if line.portfolio in sized}
    unlimited = sorted(n for n in niches if experiment.niche[n].market is None)
    if not unlimited:
        return []
    key = dotted(("niche", unlimited[0], "market"))
    note = (
        "More creators meet new buyers without end here, so ROI and the chance of loss hardly move "
        f"with the size of a portfolio: `{key}` (addressable accounts) makes returns fall."
    )
    return [note]


def _decision(
    experiment: Experiment, a: str | None, b: str | None, measure: str | None
) -> Decision:
    """Return the decision; a sweep shows all portfolios and can do without one."""
    names = list(experiment.portfolio)
    if len(names) > 2 and not (a and b) and experiment.decision is None:
        return decide(experiment, names[0], names[1], measure)
    return decide(experiment, a, b, measure)


def _written(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted keys with what is written for them, from nested or quoted keys."""
    written: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            written |= _written(value, f"{prefix}{name}.")
        else:
            written[f"{prefix}{name}"] = value
    return written


def _fees(experiment: Experiment, decision: Decision) -> dict[str, Any]:
    """Return the fees of the tiers that the decision is about, at most one for each side."""
    lines = make_plan(experiment).lines
    keys = []
    for portfolio in decision.portfolios:
        own = [line for line in lines if line.portfolio == portfolio]
        largest = max(own, key=lambda line: line.committed_per_creator * line.creators)
        keys.append(f"tier.{largest.terms.tier}.fee")
    return dict.fromkeys(keys, DEFAULT_RANGE)


def _axes(
    experiment: Experiment, values: Mapping[str, Any] | None, decision: Decision
) -> tuple[tuple[Key, ...], list[list[float | str]]]:
    """Return the keys and their values: as given, as the file says, or the fees.

    Raises
    ------
    ExperimentError
        With the faults of all keys; those of the file under ``sweep``.
    """
    prefix = ""
    if values is None and experiment.sweep is not None:
        values, prefix = _written(experiment.sweep.model_extra or {}), "sweep."
    keys, axes, faults = [], [], []
    for name, written in (values or _fees(experiment, decision)).items():
        switch = nearest(name, _SWITCHES) if prefix and "." not in name else None
        if switch is not None:
            faults.append(Fault(prefix + name, f"is no key to vary; did you mean `{switch}`?"))
            continue
        try:
            key = find_key(experiment, name)
            axes.append(read_values(key, written, experiment.file))
            keys.append(key)
        except ExperimentError as error:
            faults += [replace(fault, key=prefix + fault.key) for fault in error.faults]
    if faults:
        raise ExperimentError(experiment.file, faults)
    return tuple(keys), axes


def check_sweep(experiment: Experiment) -> None:
    """Check the table ``[sweep]`` of an experiment: every key, every value, the ends of every range.

    Raises
    ------
    ExperimentError
        With all faults.
    """
    table = experiment.sweep
    if table is None:
        return
    decision = _decision(experiment, None, None, None)
    keys, axes = _axes(experiment, None, decision)
    points = _points(experiment, keys, axes, table.zip)
    try:
        Job(experiment, keys, points, decision, table.resize, False, None).check_ends()
    except ExperimentError as error:
        faults = [replace(fault, key=f"sweep.{fault.key}") for fault in error.faults]
        raise ExperimentError(experiment.file, faults) from None


def _points(
    experiment: Experiment,
    keys: Sequence[Key],
    axes: Sequence[Sequence[float | str]],
    zipped: bool,
) -> list[Point]:
    if not zipped:
        count = math.prod(len(axis) for axis in axes)
        if count > MOST_POINTS:
            listed = " x ".join(counted(len(axis)) for axis in axes)
            problem = f"asks for {listed} = {counted(count)} points; at most {counted(MOST_POINTS)} are swept"
            raise ExperimentError(experiment.file, [Fault("sweep", problem)])
        return list(itertools.product(*axes))
    lengths = {key.name: len(axis) for key, axis in zip(keys, axes, strict=True)}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
        fault = Fault("sweep.zip", f"needs as many values of every key: {counts}")
        raise ExperimentError(experiment.file, [fault])
    return list(zip(*axes, strict=True))


def _scalar(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def _nested(values: Array) -> Any:
    if values.ndim == 0:
        return finite(float(values))
    return [_nested(row) for row in values]
