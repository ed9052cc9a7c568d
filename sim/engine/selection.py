"""What a brand chooses by what it saw: creators that a stage keeps, posts that are boosted."""

from __future__ import annotations

import numpy as np

from .funnel import HISTORY, OF_POST
from .jit import part
from .lanes import CHUNK, F, Singles, wide

_CHOSEN, _SEEN = list(HISTORY).index("chosen"), list(HISTORY).index("seen")
#: Bits of infinity in single precision, and how many halvings lead to one number below it.
_INFINITE, _BITS = 0x7F800000, 31
_SHOWN_EARLY, _BOOSTED = OF_POST.index("shown_early"), OF_POST.index("boosted")


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
            seen[k] = history[k, _SEEN, i]
            history[k, _CHOSEN, i] = F(0)
            order[k] = k
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


@part
def choose_posts(kept: Singles, s: Singles, at: int, posts: int, best: int) -> None:
    """Say in each world which posts are boosted: the best of those that came, as far as there are.

    Parameters
    ----------
    kept
        Shape (posts, names of `OF_POST` and `OF_CREATOR` x CHUNK): ``shown_early``, below zero of a post that
        never came, decides ``boosted``.
    s, at
        Scratch, and the row in it that takes how many posts are boosted.
    posts
        Posts of the creators who were followed.
    best
        How many to boost; of posts that tie, the first ones.

    Notes
    -----
    The least that a boosted post has shown is found by halving, world by world in as many lanes as
    there are: numbers from zero up are ordered as their bits are.
    """
    wide()
    bits = kept.view(np.int32)
    low, high = np.zeros(CHUNK, np.int32), np.full(CHUNK, _INFINITE, np.int32)
    count, middle = np.zeros(CHUNK, np.int32), np.zeros(CHUNK, np.int32)
    for _ in range(_BITS if best < posts else 0):
        for i in range(CHUNK):
            middle[i] = low[i] + (high[i] - low[i]) // np.int32(2)
            count[i] = 0
        for p in range(posts):
            for i in range(CHUNK):
                count[i] += np.int32(bits[p, np.uint64(_SHOWN_EARLY * CHUNK + i)] >= middle[i])
        for i in range(CHUNK):
            enough = count[i] >= best
            low[i] = middle[i] if enough else low[i]
            high[i] = high[i] if enough else middle[i]
    for i in range(CHUNK):
        middle[i] = best
        count[i] = 0
    for p in range(posts):
        for i in range(CHUNK):
            middle[i] -= np.int32(bits[p, np.uint64(_SHOWN_EARLY * CHUNK + i)] > low[i])
    for p in range(posts):
        for i in range(CHUNK):
            tie = np.int32(bits[p, np.uint64(_SHOWN_EARLY * CHUNK + i)] == low[i]) * np.int32(
                middle[i] > 0
            )
            chosen = np.int32(bits[p, np.uint64(_SHOWN_EARLY * CHUNK + i)] > low[i]) + tie
            middle[i] -= tie
            count[i] += chosen
            kept[p, np.uint64(_BOOSTED * CHUNK + i)] = F(chosen)
    for i in range(CHUNK):
        s[np.uint64(at + i)] = F(count[i])
