"""What sentences share: joining names, and telling figures apart by their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..measures import Measured
from ..measures.wording import TOLD_APART


def listed(words: Sequence[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def near(top: Measured, other: Measured) -> bool:
    """Return whether two standard errors do not tell a figure from a larger one.

    False without errors; the two are taken as independent, which for figures from the same worlds
    errs on the side of not telling them apart.
    """
    if not top.se or not other.se or top.value is None or other.value is None:
        return False
    return top.value - other.value <= TOLD_APART * math.hypot(top.se, other.se)
