"""Rosters in stages: the best of a whole list are kept, whatever lines its creators stand in.

A loop follows one line, and compares creators of that line alone. Where a list has several, every
creator is followed by itself through all stages, so that each meets the luck that it would meet
if it were kept; who is kept is decided over all of them, and a stage counts for those who are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k
from .lanes import CHUNK

if TYPE_CHECKING:
    from sim.plan import Plan

Array = npt.NDArray[np.float64]
List = tuple[list[int], tuple[int, ...]]

#: Worlds in which all creators of a list are in memory at once, a multiple of `CHUNK`.
_AT_ONCE = 4 * CHUNK


def lists_of(plan: Plan) -> list[List]:
    """Return the works of each roster in stages, and how many of its creators take part in each."""
    lists: dict[str, List] = {}
    for line in plan.lines:
        if line.programme is not None and line.programme.of_list and line.stage == 0:
            lists.setdefault(line.portfolio, ([], line.programme.of_list))[0].append(line.work)
    return list(lists.values())


def best_of_list(noticed: Array, keep: Sequence[int]) -> Array:
    """Return who takes part in each stage: 1 or 0, shape (creators, stages, worlds).

    Parameters
    ----------
    noticed
        What the brand saw of each creator in each stage, shape (creators, stages, worlds).
    keep
        How many take part in each stage; the first creators where they tie.
    """
    chosen = np.ones(noticed.shape)
    seen = np.zeros(noticed[:, 0].shape)
    for stage in range(1, noticed.shape[1]):
        seen = np.where(chosen[:, stage - 1] > 0.0, seen + noticed[:, stage - 1], -1.0)
        best = np.argsort(-seen, axis=0, kind="stable")[: keep[stage]]
        chosen[:, stage] = 0.0
        np.put_along_axis(chosen[:, stage], best, 1.0, axis=0)
    return chosen


def list_sums(
    plan: Plan,
    works: Sequence[int],
    keep: Sequence[int],
    factors: Array,
    tracked: Mapping[int, Array],
    world: int,
    sums: list[Array],
) -> None:
    """Fill the sums of the works of a list, shape (stages, N_SUMS, worlds) each.

    Parameters
    ----------
    plan, works, keep
        The plan, and a list of `lists_of`.
    factors
        Shape (factors, padded).
    tracked
        By work, share of orders that the brand sees, shape (padded,).
    world
        First world, a multiple of `CHUNK`.
    sums
        Of all works.
    """
    from .kernel import sums_of_each

    worlds = sums[works[0]].shape[-1]
    for start in range(0, worlds, _AT_ONCE):
        end = min(start + _AT_ONCE, worlds)
        padded = slice(start, min(start + _AT_ONCE, factors.shape[1]))
        followed: list[Array] = []
        line_of: list[int] = []
        for w in works:
            followed += sums_of_each(
                plan.works[w], factors[:, padded], tracked[w][padded], world + start, end - start
            )
            line_of += [w] * len(plan.works[w].creators)
        chosen = best_of_list(np.array([own[:, k.NOTICED] for own in followed]), keep)
        for w in works:
            sums[w][..., start:end] = 0.0
        for w, own, there in zip(line_of, followed, chosen, strict=True):
            part = sums[w][..., start:end]
            largest = np.maximum(
                part[:, k.EXPECTED_ORDERS_LARGEST], own[:, k.EXPECTED_ORDERS_LARGEST] * there
            )
            part += own * there[:, None]
            part[:, k.EXPECTED_ORDERS_LARGEST] = largest
