"""Several things changed together, side by side: `sim scenario`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._scenario import scenario

__all__ = ["scenario"]


def __getattr__(name: str) -> Any:
    if name != "scenario":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _scenario

    return _scenario.scenario
