"""Questions that need many runs or many points, one public function each.

Every question is asked of the same worlds, so that its answers differ by the assumptions and never
by luck. Each function takes an `Experiment`, and a finished run of it where that saves the work; it
returns a small frozen dataclass with `to_dict()` and `sentence`. `common.py` opens the room: the
decision that a question is about, its measure with an error, finished runs, saved answers.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: What the room offers, and where it lives: nothing is imported before it is used. No module is
#: named after its function: importing it would put the module in the function's place.
_HOME = {
    "audit": "auditing",
    "sweep": "sweeps",
    "breakeven": "ties",
    "tornado": "swings",
    "scenario": "scenarios",
    "sensitivity": "drivers",
    "worth": "knowledge",
    "diversify": "headcount",
    "frontier": "mixes",
    "discover": "regions",
}

__all__ = [
    "audit",
    "breakeven",
    "discover",
    "diversify",
    "frontier",
    "scenario",
    "sensitivity",
    "sweep",
    "tornado",
    "worth",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.analysis' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
