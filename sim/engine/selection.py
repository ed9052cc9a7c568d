"""What a brand chooses by what it saw: creators whom a stage keeps, posts that are boosted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .funnel import HISTORY, OF_POST, QUOTED_HISTORY
from .jit import part
from .lanes import CHUNK, F, Singles, wide

_CHOSEN, _SEEN, _BEFORE = (list(HISTORY).index(name) for name in ("chosen", "seen", "before"))
_AGAIN = list(QUOTED_HISTORY).index("again")
Counts = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
#: Bits of infinity in single precision, and how many halvings lead to one number below it.
_INFINITE, _BITS = 0x7F800000, 31
_SHOWN_EARLY, _BOOSTED = OF_POST.index("shown_early"), OF_POST.index("boosted")


@part
def choose(
    history: Singles,
    who: Words,
    people: int,
    going_on: Counts,
    s: Singles,
    committed: int,
    money: float,
    spent: npt.NDArray[np.float64],
) -> int:
    """Keep in each world the best, until enough are kept or the first of them does not fit into the money.

    Who is kept moves up to the first places, in the order in which they stood.

    Parameters
    ----------
    history
        Shape (creators, `HISTORY` or `QUOTED_HISTORY`, CHUNK): of those who were ``chosen`` before, ``seen``
        decides who is now, the first ones where they tie; ``again`` is what each asks for this stage.
    who
        Both halves of their numbers, shape (creators, 2, CHUNK).
    people
        How many places of the two count.
    going_on
        How many to keep, of 0, 1, ... who took part in the stage before.
    s, committed
        Scratch, and where in it the row begins of what the stage before committed; below zero where no
        budget pays.
    money
        USD that may be committed up to the end of this stage.
    spent
        Shape (CHUNK,), USD that was committed before the last stage; takes what that one committed.

    Returns
    -------
    int
        Most creators that a world keeps: places that count in this stage.
    """
    order, seen, most = np.empty(people, np.int64), np.empty(people, np.float32), 0
    for i in range(CHUNK):
        there = 0
        for k in range(people):
            seen[k] = history[k, _SEEN, i]
            there += np.int64(history[k, _CHOSEN, i])
            history[k, _CHOSEN, i] = F(0)
        _rank(seen, order)
        if committed >= 0:
            spent[i] += np.float64(s[committed + i])
        total = spent[i]
        for k in range(going_on[there]):
            if committed >= 0:
                total += np.float64(history[order[k], _AGAIN, i])
                if total > np.float64(money):
                    break
            history[order[k], _CHOSEN, i] = F(1)
        kept = 0
        for k in range(people):
            if history[k, _CHOSEN, i] > F(0):
                for name in range(history.shape[1]):
                    history[kept, name, i] = history[k, name, i]
                for half in range(2):
                    who[kept, half, i] = who[k, half, i]
                kept += 1
        for k in range(kept, people):
            history[k, _CHOSEN, i] = F(0)
            history[k, _SEEN, i] = F(-1)
            history[k, _BEFORE, i] = F(0)
        most = max(most, kept)
    return most


@part
def _rank(seen: Singles, order: Counts) -> None:
    """Fill in the order of creators by what was seen, the most first, the first ones where they tie.

    Parameters
    ----------
    seen
        Shape (creators,), below zero of those who were not there.
    order
        Shape (creators,), to fill.

    Notes
    -----
    Sorted by Shell's method (1959), which needs no scratch and compiles at once: as whole numbers, what
    was seen above and the creator below, since numbers from zero up are ordered as their bits are.
    """
    people = seen.shape[0]
    bits = seen.view(np.int32)
    for k in range(people):
        least_first = np.int64(_INFINITE - max(bits[k], np.int32(-1)))
        order[k] = (least_first << np.int64(32)) | np.int64(k)
    gap = people // 2
    while gap > 0:
        for k in range(gap, people):
            this, at = order[k], k
            while at >= gap and order[at - gap] > this:
                order[at] = order[at - gap]
                at -= gap
            order[at] = this
        gap //= 2
    for k in range(people):
        order[k] &= np.int64(0xFFFFFFFF)


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
