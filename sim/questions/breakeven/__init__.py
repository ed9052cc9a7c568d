"""The value of a key at which two portfolios tie: `sim breakeven`.

`_solving.py` and `_crossing.py` find where the curve of a sweep changes its sign, `_beliefs.py`
where it does for each draw of the beliefs, `_hiring.py` how many creators are worth hiring there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._breakeven import breakeven

__all__ = ["breakeven"]


def __getattr__(name: str) -> Any:
    if name != "breakeven":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _breakeven

    return _breakeven.breakeven
