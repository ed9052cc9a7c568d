"""creator-roi: Monte Carlo ROI of creator portfolios, as distributions with their assumptions.

>>> import sim
>>> experiment = sim.load("experiments/micro_vs_macro.toml", worlds=2_000)
>>> results = sim.simulate(experiment)
>>> summary = sim.summarize(results)
>>> comparison = sim.compare(results, "micro", "macro")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .experiment import Experiment, ExperimentError, build, load
    from .measures import compare, summarize
    from .notebook import show
    from .questions.audit import audit
    from .questions.breakeven import breakeven
    from .questions.discover import discover
    from .questions.diversify import diversify
    from .questions.frontier import frontier
    from .questions.loss import loss
    from .questions.scenario import scenario
    from .questions.sensitivity import sensitivity
    from .questions.sweep import sweep
    from .questions.tornado import tornado
    from .questions.worth import worth
    from .run.dataset import load_results, save
    from .run.simulate import simulate

#: What the package offers at the top, and where it lives: nothing is imported before it is used.
_HOME = {
    "Experiment": "experiment",
    "ExperimentError": "experiment",
    "build": "experiment",
    "load": "experiment",
    "simulate": "run.simulate",
    "summarize": "measures",
    "compare": "measures",
    "load_results": "run.dataset",
    "save": "run.dataset",
    "show": "notebook",
    "audit": "questions.audit",
    "breakeven": "questions.breakeven",
    "discover": "questions.discover",
    "diversify": "questions.diversify",
    "frontier": "questions.frontier",
    "loss": "questions.loss",
    "scenario": "questions.scenario",
    "sensitivity": "questions.sensitivity",
    "sweep": "questions.sweep",
    "tornado": "questions.tornado",
    "worth": "questions.worth",
}

__all__ = [
    "Experiment",
    "ExperimentError",
    "__version__",
    "audit",
    "breakeven",
    "build",
    "compare",
    "discover",
    "diversify",
    "frontier",
    "load",
    "load_results",
    "loss",
    "save",
    "scenario",
    "sensitivity",
    "show",
    "simulate",
    "summarize",
    "sweep",
    "tornado",
    "worth",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
