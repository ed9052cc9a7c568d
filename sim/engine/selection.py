"""Stages: which creators a brand keeps, by what it saw of them."""

from __future__ import annotations

import numpy as np

from .funnel import HISTORY
from .jit import part
from .lanes import CHUNK, F, Singles

_CHOSEN, _SEEN = list(HISTORY).index("chosen"), list(HISTORY).index("seen")


@part
def choose(history: Singles, keep: int) -> None:
    """Keep in each world the creators of whom most was seen, the first ones where they tie.

    Parameters
    ----------
    history
        Shape (creators, `HISTORY`, CHUNK): ``seen``, of which who was not chosen before has -1,
        decides ``chosen``.
    keep
        How many to keep.

    Notes
    -----
    Sorted by Shell's method (1959), which needs no scratch and compiles at once.
    """
    people = history.shape[0]
    order, seen = np.empty(people, np.int64), np.empty(people, np.float32)
    for i in range(CHUNK):
        for k in range(people):
            order[k] = k
            seen[k] = history[k, _SEEN, i]
            history[k, _CHOSEN, i] = F(0)
        gap = people // 2
        while gap > 0:
            for k in range(gap, people):
                this, at = order[k], k
                while at >= gap:
                    other = order[at - gap]
                    ahead = seen[other] - seen[this]
                    if ahead > F(0) or (ahead == F(0) and other < this):
                        break
                    order[at] = other
                    at -= gap
                order[at] = this
            gap //= 2
        for k in range(keep):
            history[order[k], _CHOSEN, i] = F(1)
