"""One call from an experiment to results: plan, run, label."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .experiment import Experiment
from .plan import Plan, make_plan
from .results import to_dataset

if TYPE_CHECKING:
    import xarray as xr

_CAPS = {
    "impressions": "posts reach the platform's whole audience; impressions are cut there",
    "engagements": "posts would have more engagements than impressions; they are cut there",
}


def simulate(
    experiment: Experiment,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Simulate an experiment.

    Parameters
    ----------
    experiment
        What `sim.load` returned.
    threads
        Threads; all processors by default. The number changes no result.
    progress
        Called with worlds done and worlds in all.

    Returns
    -------
    xarray.Dataset
        See `sim.results.SCHEMA`; dimension ``sim`` is the world.

    Raises
    ------
    ExperimentError
        For faults that only show when the plan is made.

    Examples
    --------
    >>> import sim
    >>> experiment = sim.load("experiments/micro_vs_macro.toml", worlds=2_000)
    >>> results = sim.simulate(experiment)
    >>> results["roi"].dims
    ('portfolio', 'sim')
    """
    from .engine.run import run

    plan = make_plan(experiment)
    arrays = run(plan, threads=threads, progress=progress)
    return to_dataset(plan, arrays, attributes(experiment, plan, arrays))


def experiment_hash(experiment: Experiment) -> str:
    """Return a hash of everything that decides the numbers: resolved tables, without the worlds."""
    tables = experiment.tables()
    tables["simulation"] = {k: v for k, v in tables["simulation"].items() if k != "worlds"}
    for cosmetic in ("title", "decision"):
        tables.pop(cosmetic, None)
    digest = hashlib.sha256(json.dumps(_canonical(tables), sort_keys=True).encode())
    for name in experiment.inputs:
        digest.update((experiment.folder / name).read_bytes())
    return digest.hexdigest()[:16]


def _canonical(value: Any) -> Any:
    """Return tables with every number a float, so that 30 and 30.0 are the same experiment."""
    if isinstance(value, Mapping):
        return {str(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(v) for v in value]
    return float(value) if isinstance(value, int | float) else value


def attributes(experiment: Experiment, plan: Plan, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the provenance of a run: what was run, by which versions, and its warnings."""
    from .experiment.write import to_toml

    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "seed": plan.seed,
        "worlds": plan.worlds,
        "sampling": "plain",
        "groups": 0,
        "experiment_hash": experiment_hash(experiment),
        "version": __version__,
        "packages": json.dumps(package_versions()),
        "experiment_toml": to_toml(experiment),
        "left_over_json": json.dumps(dict(plan.left_over)),
        "decision_json": json.dumps([experiment.decision.a, experiment.decision.b] if experiment.decision else []),
        "warnings_json": json.dumps([*cap_warnings(plan, arrays), *assumption_warnings(experiment)]),
    }


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide the numbers."""
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "numba", "scipy", "xarray")}


def cap_warnings(plan: Plan, arrays: dict[str, Any]) -> list[str]:
    """Warn where a cap binds for more than one post in a hundred."""
    found = []
    for w, work in enumerate(plan.works):
        terms = next(line.terms for line in plan.lines if line.work == w)
        posts = float(work.stops[-1]) * terms.posts
        for c, (name, what) in enumerate(_CAPS.items()):
            share = float(arrays["capped"][w, c].mean()) / posts
            if share > 0.01:
                found.append(
                    f"{terms.tier} on {terms.platform}: {100 * share:.1f} % of {what} "
                    f"({name} cap)."
                )
    return found


def assumption_warnings(experiment: Experiment) -> list[str]:
    """Name the inputs in use that rest on an assumption or on one source, most telling first."""
    found = []
    telling = {
        "shocks.loadings.conversion_rate": "how far one campaign moves everybody's conversion",
        "beliefs.conversion_rate": "how far the mean conversion rate is in doubt",
        "economics.incremental_share": "the share of orders that would not have come anyway",
        "economics.tracked_share": "the share of orders that codes see",
    }
    for key, what in telling.items():
        origin = experiment.origins.get(key, "")
        if origin.startswith("assumption"):
            found.append(what)
    if not found:
        return []
    return ["No source, only assumptions: " + "; ".join(found) + ". `sim explain` lists them all."]
