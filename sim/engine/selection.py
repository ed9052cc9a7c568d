"""What a brand chooses by what it saw: creators whom a stage keeps, posts that are boosted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .funnel import HISTORY, OF_POST, QUOTED_HISTORY
from .jit import part
from .lanes import CHUNK, F, Singles, wide

_CHOSEN, _SEEN = list(HISTORY).index("chosen"), list(HISTORY).index("seen")
_AGAIN = list(QUOTED_HISTORY).index("again")
Counts = npt.NDArray[np.int64]
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
    """
    people = history.shape[0]
    order, seen = np.empty(people, np.int64), np.empty(people, np.float32)
    for i in range(CHUNK):
        for k in range(people):
            seen[k] = history[k, _SEEN, i]
            history[k, _CHOSEN, i] = F(0)
        _rank(seen, order)
        for k in range(keep):
            history[order[k], _CHOSEN, i] = F(1)


@part
def choose_within(
    history: Singles,
    going_on: Counts,
    committed: Singles,
    at: int,
    money: float,
    spent: npt.NDArray[np.float64],
) -> None:
    """Keep in each world the best, until enough are kept or the first of them does not fit into the money.

    Parameters
    ----------
    history
        Shape (creators, `QUOTED_HISTORY`, CHUNK), of those who were there in the stage before;
        ``again`` is what each asks for this one.
    going_on
        How many to keep, of 0, 1, ... who took part in the stage before.
    committed, at
        Scratch, and where in it the row begins of what the stage before committed.
    money
        USD that may be committed up to the end of this stage.
    spent
        Shape (CHUNK,), USD that was committed before the last stage; takes what that one committed.
    """
    people = history.shape[0]
    order, seen = np.empty(people, np.int64), np.empty(people, np.float32)
    for i in range(CHUNK):
        spent[i] += np.float64(committed[at + i])
        there = 0
        for k in range(people):
            seen[k] = history[k, _SEEN, i]
            there += np.int64(history[k, _CHOSEN, i])
            history[k, _CHOSEN, i] = F(0)
        _rank(seen, order)
        total = spent[i]
        for k in range(going_on[there]):
            total += np.float64(history[order[k], _AGAIN, i])
            if total > np.float64(money):
                break
            history[order[k], _CHOSEN, i] = F(1)


@part
def _rank(seen: Singles, order: Counts) -> None:
    """Fill in the order of creators by what was seen, the most first, the first ones where they tie.

    Parameters
    ----------
    seen
        Shape (creators,).
    order
        Shape (creators,), to fill.

    Notes
    -----
    Sorted by Shell's method (1959), which needs no scratch and compiles at once.
    """
    people = seen.shape[0]
    for k in range(people):
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
