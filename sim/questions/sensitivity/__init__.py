"""Where the variance of the outcome comes from: `sim sensitivity`.

`_screening.py` and `_delta.py` are the methods beside Sobol' indices, `_answer.py` words it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._sensitivity import sensitivity

__all__ = ["sensitivity"]


def __getattr__(name: str) -> Any:
    if name != "sensitivity":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _sensitivity

    return _sensitivity.sensitivity
