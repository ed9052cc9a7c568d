"""What was run, by which versions, and what two runs of the same numbers have in common."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from .._version import __version__
from ..experiment import Experiment
from ..plan import Plan, sampling_of
from ..plan.tails import group_tails
from ..text.currency import MONEY
from .cautions import assumption_warnings, cap_warnings, learned_notes, tail_warnings


def run_key(experiment: Experiment, plan: Plan) -> str:
    """Return what finished blocks are kept under: experiment, sampling, code and versions."""
    from ..engine.kept import sources_hash

    parts = [
        experiment.fingerprint(),
        repr(plan.sampling),
        sources_hash(),
        json.dumps(package_versions()),
        __version__,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def identity(experiment: Experiment) -> dict[str, Any]:
    """Return what two runs of the same numbers have in common, as manifest and worlds name it."""
    return {
        "experiment_hash": experiment.fingerprint(),
        "seed": experiment.simulation.seed,
        "worlds": sampling_of(experiment.simulation)[1],
        "version": __version__,
    }


def attributes(experiment: Experiment, plan: Plan, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a run: what was run, by which versions, its warnings, `read_of`.

    Parameters
    ----------
    experiment, plan
        What was run.
    arrays
        Results; ``capped`` with its last axis worlds, or its mean over worlds.
    """
    from ..experiment.write import to_toml

    decision = experiment.decision
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "seed": plan.seed,
        "worlds": plan.worlds,
        **read_of(experiment, plan),
        "experiment_hash": experiment.fingerprint(),
        "version": __version__,
        "packages": json.dumps(package_versions()),
        "experiment_toml": to_toml(experiment),
        "left_over_json": json.dumps(dict(plan.left_over)),
        "decision_json": json.dumps([decision.a, decision.b] if decision else []),
        "warnings_json": json.dumps(
            [
                *cap_warnings(plan, arrays),
                *tail_warnings(experiment),
                *assumption_warnings(experiment),
                *learned_notes(experiment),
            ]
        ),
    }


def read_of(experiment: Experiment, plan: Plan) -> dict[str, Any]:
    """Return what measures read of how worlds were made: their sampling, money, laws and budgets."""
    return {
        "sampling": plan.sampling.kind,
        "groups": plan.sampling.groups,
        "replicates": plan.sampling.replicates,
        **({} if experiment.currency == MONEY else {"currency": experiment.currency}),
        "tails_json": json.dumps(group_tails(experiment, plan)),
        "budgets_json": json.dumps(_caps(experiment, plan)),
        "stages_json": json.dumps(_capped_stages(plan)),
    }


def _caps(experiment: Experiment, plan: Plan) -> dict[str, tuple[float, float]]:
    """Return budget and fixed cost, money, of each portfolio whose budget is a cap."""
    capped = {line.portfolio for line in plan.lines if line.money < math.inf}
    return {
        name: (portfolio.budget, experiment.costs.fixed)
        for name, portfolio in experiment.portfolio.items()
        if name in capped and portfolio.budget is not None
    }


def _capped_stages(plan: Plan) -> dict[str, list[list[str]]]:
    """Return the lines of each stage of each programme whose budget is a cap."""
    stages: dict[str, dict[int, list[str]]] = {}
    for line in plan.lines:
        if line.money < math.inf and line.programme is not None:
            stages.setdefault(line.portfolio, {})
    for line in plan.lines:
        if line.portfolio in stages:
            own = stages[line.portfolio].setdefault(line.joins + line.stage, [])
            own.append(f"{line.portfolio}/{line.name}")
    return {name: [own[k] for k in sorted(own)] for name, own in stages.items()}


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide the numbers."""
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "numba", "scipy", "xarray")}
