"""Rows that are no creators: totals and means at the foot of a sheet, and repeated headers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TOTAL = re.compile(
    r"(?:grand |sub-?|overall )?(?:totals?|sum|sums)|(?:gesamt|summe|insgesamt|zwischensumme)|"
    r"(?:total|suma) general|subtotales|somme|totale|totaal",
    re.IGNORECASE,
)
_MEAN = re.compile(
    r"(?:overall )?(?:average|avg\.?|mean|median|ø|durchschnitt|mittelwert)", re.IGNORECASE
)
_AROUND = re.compile(
    r"^[\s:*=#-]+|[\s:*=#-]+$|\s*[(\[].*[)\]]\s*$|\s*:.*$|\s+(?:usd|eur|gbp|\$|€|£)$", re.IGNORECASE
)
_CLOSE = 0.005


def is_total(name: str) -> bool:
    """Say whether a name is that of a row of totals or means."""
    plain = name.strip()
    for _ in range(3):
        plain = _AROUND.sub("", plain)
    return bool(_TOTAL.fullmatch(plain) or _MEAN.fullmatch(plain))


def adds_up(columns: Sequence[Floats], at: int) -> bool:
    """Say whether a row without a name holds the sums of the rows above it, or their means.

    Parameters
    ----------
    columns
        Of numbers, shape (rows,) each.
    at
        The row.
    """
    if at < 2:
        return False
    kinds = []
    for values in columns:
        own, above = values[at], values[:at]
        above = above[np.isfinite(above)]
        if not math.isfinite(own) or len(above) < 2 or own == 0.0:
            continue
        near = [abs(own - m) <= _CLOSE * abs(own) for m in (above.sum(), above.mean())]
        kinds.append(any(near))
    return len(kinds) > 0 and all(kinds[:1]) and sum(kinds) * 2 > len(kinds)
