"""Worlds for questions of this room: any factors, any luck, only the variables that are asked for.

Creators, posts and orders are keyed by the world, so the same factors in other worlds meet fresh
creators: what a second run of "the same season with other luck" needs is only where it starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..measures.worlds import STANDS_FOR
from ..plan import Plan, Sampling
from ..run.simulate import Progress

Array = npt.NDArray[np.float64]


def plainly(plan: Plan) -> Plan:
    """Return the plan with independent worlds: estimators over pairs of worlds need them."""
    return replace(plan, sampling=Sampling())


def shared_scores(plan: Plan, first: int, worlds: int) -> Array:
    """Return the standard normal factors of worlds, shape (factors, worlds)."""
    from ..engine.factors import factor_rows

    return factor_rows(plan, first, worlds)


def draw(
    plan: Plan,
    variables: Sequence[str],
    *,
    first: int = 0,
    worlds: int | None = None,
    factors: Array | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Array]:
    """Simulate worlds and keep a few variables.

    Parameters
    ----------
    plan
        The plan.
    variables
        Names from `sim.run.dataset.SCHEMA`, or from `OF_BUYERS` there.
    first
        First world, a multiple of 128: it decides the luck of creators, posts and orders.
    worlds
        Number of worlds; the plan's own by default.
    factors
        Standard normal scores instead of the worlds' own, shape (factors, worlds).
    threads, progress
        See `sim.simulate`.

    Returns
    -------
    dict
        Arrays by variable, last axis worlds.
    """
    from ..engine.run import block_rows, run

    count = plan.worlds if worlds is None else worlds

    def make(reached: Plan, start: int, size: int) -> dict[str, Array]:
        here = slice(start - first, start - first + size)
        rows = block_rows(reached, start, size, None if factors is None else factors[:, here])
        return {name: rows[name if name in rows else STANDS_FOR[name]] for name in variables}

    reached = replace(plan, worlds=first + count)
    return run(reached, threads=threads, progress=progress, first=first, make=make)
