"""In which circumstances the favourite loses: `sim discover`.

`sample.py` draws worlds with their assumptions, `prim.py` finds the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._discover import discover

__all__ = ["discover"]


def __getattr__(name: str) -> Any:
    if name != "discover":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _discover

    return _discover.discover
