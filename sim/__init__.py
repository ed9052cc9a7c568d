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
from .questions import QUESTIONS

if TYPE_CHECKING:
    from .experiment import Experiment, ExperimentError, build, load
    from .measures import compare, summarize
    from .notebook import show
    from .run.dataset import load_results, save
    from .run.simulate import simulate

#: What the package offers at the top, and where it lives: nothing is imported before it is used.
#: Every question is here by its name: ``sim.breakeven(experiment, "tier.macro.fee")``.
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
} | {name: f"questions.{name}" for name in QUESTIONS}

__all__ = [
    "Experiment",
    "ExperimentError",
    "__version__",
    "build",
    "compare",
    "load",
    "load_results",
    "save",
    "show",
    "simulate",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *QUESTIONS])
