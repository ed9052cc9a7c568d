"""Rosters in stages: the best of a whole list are kept, whatever lines its creators stand in.

A loop follows one line, and compares creators of that line alone. Where a list has several, every
creator is followed by itself through all stages, so that each meets the luck that it would meet
if it were kept; who is kept is decided over all of them, and a stage counts for those who are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k
from .lanes import CHUNK
from .line import ROUNDING, Purse

if TYPE_CHECKING:
    from sim.plan import Plan

Array = npt.NDArray[np.float64]

#: Worlds in which all creators of a list are in memory at once, a multiple of `CHUNK`.
_AT_ONCE = 4 * CHUNK


@dataclass
class Listed:
    """A roster in stages.

    Attributes
    ----------
    keep
        How many of its creators take part in each stage.
    purse
        What a budget lets the stages commit; None without one.
    works, places
        Works of its lines, and where their creators stand in the file, one line after another.
    """

    keep: tuple[int, ...]
    purse: Purse | None
    works: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


def lists_of(plan: Plan) -> list[Listed]:
    """Return the rosters in stages."""
    lists: dict[str, Listed] = {}
    for line in plan.lines:
        its = line.programme
        if its is not None and its.of_list and line.stage == 0:
            one = lists.setdefault(line.portfolio, Listed(its.of_list, its.purse))
            one.works.append(line.work)
            one.places += its.places
    return list(lists.values())


def best_of_list(
    noticed: Array,
    keep: Sequence[int],
    quotes: Array | None = None,
    purse: Purse | None = None,
    places: Sequence[int] = (),
) -> Array:
    """Return who takes part in each stage: 1 or 0, shape (creators, stages, worlds).

    Parameters
    ----------
    noticed
        What the brand saw of each creator in each stage, shape (creators, stages, worlds).
    keep
        How many take part in each stage; the first creators where they tie.
    quotes
        USD that each commits in each stage, shape (creators, stages, worlds).
    purse
        What stages may commit; without one all take part in the first.
    places
        In which order the first stage hires; without them, as they stand.
    """
    people, stages, worlds = noticed.shape
    chosen = np.zeros(noticed.shape)
    if quotes is None or purse is None:
        quotes, purse = np.zeros(noticed.shape), Purse((math.inf,) * stages, ())
    going_on = purse.going_on(np.array(keep), people)
    order = np.argsort(places or range(people), kind="stable")[:, None].repeat(worlds, axis=1)
    seen, spent, enough = np.zeros((people, worlds)), np.zeros(worlds), np.full(worlds, people)
    for stage, money in enumerate(purse.money):
        if stage:
            there = chosen[:, stage - 1] > 0.0
            seen = np.where(there, seen + noticed[:, stage - 1], -1.0)
            order = np.argsort(-seen, axis=0, kind="stable")
            enough = going_on[stage, there.sum(axis=0)]
        asked = spent + np.cumsum(np.take_along_axis(quotes[:, stage], order, axis=0), axis=0)
        fits = (asked <= money * (1.0 + ROUNDING)) & (np.arange(people)[:, None] < enough)
        np.put_along_axis(chosen[:, stage], order, fits.astype(float), axis=0)
        spent = spent + (chosen[:, stage] * quotes[:, stage]).sum(axis=0)
    return chosen


def list_sums(
    plan: Plan,
    its: Listed,
    factors: Array,
    tracked: Mapping[int, Array],
    world: int,
    sums: list[Array],
) -> None:
    """Fill the sums of the works of a list, shape (stages, N_SUMS, worlds) each.

    Parameters
    ----------
    plan, its
        The plan, and one of `lists_of`.
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

    works = its.works
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
        noticed, quotes = (
            np.array([own[:, name] for own in followed]) for name in (k.NOTICED, k.COMMITTED)
        )
        chosen = best_of_list(noticed, its.keep, quotes, its.purse, its.places)
        for w in works:
            sums[w][..., start:end] = 0.0
        for w, own, there in zip(line_of, followed, chosen, strict=True):
            part = sums[w][..., start:end]
            largest = np.maximum(
                part[:, k.EXPECTED_ORDERS_LARGEST], own[:, k.EXPECTED_ORDERS_LARGEST] * there
            )
            part += own * there[:, None]
            part[:, k.EXPECTED_ORDERS_LARGEST] = largest
