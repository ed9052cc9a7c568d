"""Published claims beside the model and beside each other: `sim audit`.

`_rows.py` reads the packaged claims, `expressions.py` is the vocabulary in which they speak of
figures, `required.py` finds what a claim would take, `_answer.py` words it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._audit import audit

__all__ = ["audit"]


def __getattr__(name: str) -> Any:
    if name != "audit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _audit

    return _audit.audit
