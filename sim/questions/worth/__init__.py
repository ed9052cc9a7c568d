"""What knowing more is worth before choosing: `sim worth`.

`evppi.py` is perfect information about inputs, `evsi.py` a pilot's, `_answer.py` words it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._worth import worth

__all__ = ["worth"]


def __getattr__(name: str) -> Any:
    if name != "worth":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _worth

    return _worth.worth
