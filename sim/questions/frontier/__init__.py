"""Which mix brings most for its risk: `sim frontier`.

`_limits.py` says what a mix may hold, `_prefixes.py` what the first creators of each line bring,
`_programs.py` and `_search.py` choose, `_answer.py` words it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._frontier import frontier

__all__ = ["frontier"]


def __getattr__(name: str) -> Any:
    if name != "frontier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _frontier

    return _frontier.frontier
