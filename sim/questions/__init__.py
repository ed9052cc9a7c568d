"""Questions that a run can be asked: a folder or a file each, called as its command.

Every question is asked of the same worlds, so that its answers differ by the assumptions and never
by luck. `question.py` opens the room: what a question declares (its options, its answer, how it is
asked), and what that makes of it: command, Python call, files, page and slides. `loss.py` is a
whole one; in a folder ``__init__.py`` declares, ``_answer.py`` holds the answer with its tables,
figures and words, and the other modules the method. `common.py` holds what several share: the
decision that a question is about, and its measure with an error. At the top of the package each is
called by its name: ``sim.breakeven(experiment, "tier.macro.fee")``.
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
    "grow",
    "loss",
    "dashboard",
    "cash",
    "pick",
    "audit",
)


def named(name: str) -> Question[Any, Any]:
    """Return the question of a name."""
    declared: Question[Any, Any] = getattr(import_module(f".{name}", __name__), name)
    return declared
