"""Which input moves the answer most: `sim tornado`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._tornado import tornado

__all__ = ["tornado"]


def __getattr__(name: str) -> Any:
    if name != "tornado":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _tornado

    return _tornado.tornado
