"""The portfolios at other values of some keys: `sim sweep`.

`_points.py` says which keys are algebra and which points share a run, `_algebra.py` and
`_counting.py` measure at many prices, `_labels.py` and `_words.py` make an answer of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._sweep import sweep

__all__ = ["sweep"]


def __getattr__(name: str) -> Any:
    if name != "sweep":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _sweep

    return _sweep.sweep
