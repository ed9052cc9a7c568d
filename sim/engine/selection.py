"""What a brand chooses by what it saw: creators that a stage keeps, posts that are boosted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .funnel import HISTORY, OF_POST
from .jit import part
from .lanes import CHUNK, F, Singles

_CHOSEN, _SEEN = list(HISTORY).index("chosen"), list(HISTORY).index("seen")
_SHOWN_EARLY, _BOOSTED = OF_POST.index("shown_early"), OF_POST.index("boosted")


@part
def _best_first(seen: Singles, order: npt.NDArray[np.int64], count: int) -> None:
    """Order places by what was seen of them, the most first, the first ones where they tie.

    Sorted by Shell's method (1959), which needs no scratch and compiles at once.
    """
    for k in range(count):
        order[k] = k
    gap = count // 2
    while gap > 0:
        for k in range(gap, count):
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
        _best_first(seen, order, people)
        for k in range(keep):
            history[order[k], _CHOSEN, i] = F(1)


@part
def choose_posts(kept: Singles, s: Singles, at: int, people: int, posts: int, best: int) -> None:
    """Say in each world which posts are boosted: the best of those that came, as far as there are.

    Parameters
    ----------
    kept
        Shape (creators x (posts + 1), `OF_POST`, CHUNK), each creator's own row after those of its
        posts: ``shown_early``, below zero of a post that never came, decides ``boosted``.
    s, at
        Scratch, and the row in it that takes how many posts are boosted.
    people, posts
        Creators that were followed, and posts of each.
    best
        How many to boost.
    """
    order, seen = np.empty(people * posts, np.int64), np.empty(people * posts, np.float32)
    place = np.empty(people * posts, np.int64)
    for i in range(CHUNK):
        count = 0
        for creator in range(people):
            for p in range(posts):
                row = creator * (posts + 1) + p
                early = kept[row, _SHOWN_EARLY, i]
                kept[row, _BOOSTED, i] = F(0)
                if early >= F(0):
                    place[count], seen[count] = row, early
                    count += 1
        chosen = min(best, count)
        if chosen < count:
            _best_first(seen, order, count)
            for k in range(chosen):
                kept[place[order[k]], _BOOSTED, i] = F(1)
        else:
            for k in range(chosen):
                kept[place[k], _BOOSTED, i] = F(1)
        s[at + i] = F(chosen)
