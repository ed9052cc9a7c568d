"""How many creators are enough: `sim diversify`; `_answer.py` words it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._diversify import diversify

__all__ = ["diversify"]


def __getattr__(name: str) -> Any:
    if name != "diversify":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _diversify

    return _diversify.diversify
