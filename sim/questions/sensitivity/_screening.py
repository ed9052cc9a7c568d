"""Screening: elementary effects through the optional SALib, delta from one sample of worlds.

Delta is computed here: SALib 1.6 draws from numpy's global generator and keeps failures to itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...experiment import ExperimentError, Fault
from ...measures import Measured
from ...run.simulate import Progress
from ...vary.draw import shared_scores
from ...vary.factors import FactorGroup, single_factors

if TYPE_CHECKING:
    from ._drivers import Driver
    from ._sensitivity import Sampler

Array = npt.NDArray[np.float64]

#: Grid of Morris' trajectories, and the scores of its two ends: the 5 % and 95 % points.
_LEVELS = 4
_END = 1.6448536269514722
#: Most worlds that the densities of delta are estimated from.
_DELTA_WORLDS = 8192
#: Width of the intervals that SALib returns, in standard errors.
_HALF_WIDTH = 1.959963984540054


def morris_drivers(sampler: Sampler, file: str, progress: Progress | None) -> list[Driver]:
    """Return mean and mean absolute elementary effects (Morris 1991; Campolongo et al. 2007).

    A step of an input counts per its whole way from the 5 % to the 95 % point. All points of a
    trajectory are one world: its luck is held while its factors move.
    """
    salib_sample = _salib("SALib.sample.morris", file)
    salib_analyze = _salib("SALib.analyze.morris", file)
    from ._drivers import Driver

    items = single_factors(sampler.plan)
    problem = _problem(items)
    design = salib_sample.sample(
        problem, sampler.size, num_levels=_LEVELS, seed=_seed(sampler.plan.seed)
    )
    # SALib lists trajectory by trajectory; worlds of one point of all trajectories run together.
    points = design.reshape(sampler.size, len(items) + 1, len(items))
    values = []
    for step in range(len(items) + 1):
        scores = (2.0 * points[:, step].T - 1.0) * _END
        values.append(sampler.sample(0, np.ascontiguousarray(scores)))
        if progress is not None:
            progress(step + 1, len(items) + 1)
    drivers = []
    for j, outcome in enumerate(sampler.outcomes):
        table = np.array([v[j] for v in values]).T
        whole = np.isfinite(table).all(axis=1)
        rows = design[np.repeat(whole, len(items) + 1)]
        flat = table[whole].ravel()
        effects = salib_analyze.analyze(
            problem, rows, flat, num_levels=_LEVELS, seed=_seed(sampler.plan.seed)
        )
        unit = sampler.outcome.scale if sampler.outcome is not None else ""
        for k, item in enumerate(items):
            spread = float(effects["sigma"][k]) / np.sqrt(whole.sum())
            mean = _measured(effects["mu"][k], spread, unit)
            absolute = _measured(
                effects["mu_star"][k], float(effects["mu_star_conf"][k]) / _HALF_WIDTH, unit
            )
            drivers.append(Driver(outcome, item.name, item.kind, item.words, mean, absolute))
    return drivers


def delta_drivers(sampler: Sampler, _file: str, progress: Progress | None) -> list[Driver]:
    """Return first-order shares and Borgonovo's (2007) delta, both from one sample of worlds.

    A dummy that means nothing goes along (Khorashadi Zadeh et al. 2017): what it shows is the noise
    of the estimate.
    """
    from ._delta import dependence
    from ._drivers import Driver

    dummy = FactorGroup("dummy", "dummy", (), "an input that means nothing, for comparison")
    items = [*single_factors(sampler.plan), dummy]
    outcomes = sampler.sample(0)
    count = min(sampler.size, _DELTA_WORLDS)
    nothing = np.random.default_rng(sampler.plan.seed).normal(size=(1, count))
    scores = np.concatenate([shared_scores(sampler.plan, 0, count), nothing])
    drivers = []
    for j, outcome in enumerate(sampler.outcomes):
        for k, item in enumerate(items):
            kept = np.isfinite(outcomes[j, :count])
            indices = dependence(scores[k, kept], outcomes[j, :count][kept])
            alone = _measured(indices.first, indices.first_se, "share of variance")
            delta = _measured(indices.delta, indices.delta_se, "delta")
            drivers.append(Driver(outcome, item.name, item.kind, item.words, alone, delta))
        if progress is not None:
            progress(j + 1, len(sampler.outcomes))
    return drivers


def _problem(items: list[FactorGroup]) -> dict[str, Any]:
    return {
        "num_vars": len(items),
        "names": [item.name for item in items],
        "bounds": [[0.0, 1.0]] * len(items),
    }


def _seed(seed: int) -> int:
    return int(seed) % (1 << 31)


def _measured(value: float, se: float, unit: str) -> Measured:
    return Measured(float(value), se if np.isfinite(se) else None, unit)


def _salib(module: str, file: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        problem = (
            "morris needs SALib: pip install 'creator-roi[sensitivity]', or take sobol or delta"
        )
        raise ExperimentError(file, [Fault("--method", problem)]) from None
