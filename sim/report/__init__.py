"""A run for people who never run it: one HTML page, or slides that can be edited.

Read in this order: `models.py` (what a story is: figures by section), `reading.py` (a run's
folder), `story.py` (the answer and the sections, once for both renderings) with `always.py` and
`flows.py` (what is free from every run) and `asked.py` (what saved answers add), then `page.py`
with `picture.py` (HTML) or `deck.py` with `slides.py` (PowerPoint); `sim/figures` draws for both.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .deck import write_deck
    from .page import write_report
    from .reading import open_run
    from .story import tell

_HOME = {"open_run": "reading", "tell": "story", "write_deck": "deck", "write_report": "page"}

__all__ = ["open_run", "tell", "write_deck", "write_report"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.report' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
