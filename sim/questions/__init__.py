"""Questions that need many runs or many points: one folder each, called as its command.

Every question is asked of the same worlds, so that its answers differ by the assumptions and never
by luck. Each folder holds a function of its name that takes an `Experiment`, and a finished run of
it where that saves the work; it returns a small frozen dataclass with `to_dict()` and `sentence`.
`common.py` opens the room: the decision that a question is about, its measure with an error,
finished runs, saved answers. At the top of the package each is called by its name:
``sim.breakeven(experiment, "tier.macro.fee")``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .question import Question

#: The questions, in the order of `sim --help`.
QUESTIONS = (
    "sweep",
    "breakeven",
    "tornado",
    "scenario",
    "sensitivity",
    "worth",
    "diversify",
    "frontier",
    "discover",
    "loss",
    "audit",
)


def named(name: str) -> Question[Any, Any]:
    """Return the question of a name."""
    declared: Question[Any, Any] = getattr(import_module(f".{name}", __name__), name)
    return declared
