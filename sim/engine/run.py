"""A plan becomes results: worlds in blocks, blocks on threads.

Every number of a block depends on the plan and the indices of its worlds alone, so blocks may be
of any size, run in any order, on any thread or machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .line import N_SUMS, SUMS

if TYPE_CHECKING:
    from sim.plan import Plan

    from .line import Line

Array = npt.NDArray[np.float64]

#: Worlds per block: few enough for rows to stay in the L2 cache and to be taken from memory that is
#: there already (larger ones are mapped afresh, page by page), enough to amortise a call.
BLOCK = 2048
CHUNK = 128


def line_block(
    plan: Plan, first: int, worlds: int, factors: Array | None = None
) -> tuple[Array, list[Array]]:
    """Return factors and the sums of every work of a plan in a block of worlds.

    Parameters
    ----------
    plan
        The plan.
    first
        First world, a multiple of `CHUNK`.
    worlds
        Number of worlds.
    factors
        Standard normal scores to use instead of drawn ones, shape (factors, worlds).

    Returns
    -------
    factors : numpy.ndarray
        Shape (factors, worlds).
    sums : list of numpy.ndarray
        For each work, shape (stops, N_SUMS, worlds).
    """
    from .accounts import economics_rows, paid_rows
    from .audience import orders_left
    from .factors import factor_rows
    from .kernel import line_sums
    from .listed import list_sums, lists_of

    padded = -(-worlds // CHUNK) * CHUNK
    if factors is None:
        factors = factor_rows(plan, first, padded)
    else:
        factors = np.pad(factors, ((0, 0), (0, padded - worlds)))
    share = economics_rows(plan, factors)["tracked_share"]
    tracked = [seen_of(plan, w, share, padded) for w in range(len(plan.works))]
    paid = paid_rows(plan, factors)
    lists = lists_of(plan)
    listed = {w for works, _ in lists for w in works}
    sums = []
    # Interpreted, the generator's arithmetic modulo 2**32 would warn.
    with np.errstate(over="ignore"):
        for w, work in enumerate(plan.works):
            steps = max(len(work.stops), len(work.post_ends))
            out = np.empty((steps, N_SUMS, worlds))
            if w not in listed:
                line_sums(work, factors, tracked[w], first, worlds, out, paid)
            sums.append(out)
        seen = {w: tracked[w] for w in listed}
        for works, keep in lists:
            list_sums(plan, works, keep, factors, seen, first, sums)
        left = dict(orders_left(plan, sums))
        for w, share in left.items():
            # Pay and choice go by the tracked orders that overlap and incidents leave.
            seen[w] = tracked[w].copy()
            seen[w][:worlds] *= share
            if w not in listed:
                line_sums(plan.works[w], factors, seen[w], first, worlds, sums[w])
        for works, keep in lists:
            if left.keys() & {*works}:
                list_sums(plan, works, keep, factors, seen, first, sums)
    return factors[:, :worlds], sums


def seen_of(plan: Plan, work: int, share: Array | float, worlds: int) -> Array:
    """Return the share of a work's orders that the brand sees, shape (worlds,)."""
    from .accounts import seen_share

    line = next(i for i, one in enumerate(plan.lines) if one.work == work)
    return np.array(np.broadcast_to(seen_share(plan, line, share), worlds))


def block_rows(
    plan: Plan, first: int, worlds: int, factors: Array | None = None
) -> dict[str, Array]:
    """Return all results of a block of worlds by the names of the results schema.

    Parameters
    ----------
    plan
        The plan.
    first, worlds
        First world, a multiple of `CHUNK`, and number of worlds.
    factors
        Standard normal scores to use instead of drawn ones, shape (factors, worlds).

    Returns
    -------
    dict
        Arrays whose last axis is the block's worlds. ``capped`` holds, for each work, how many
        posts hit the platform's audience and how many the engagement cap.
    """
    from .accounts import line_rows, portfolio_rows

    factors, sums = line_block(plan, first, worlds, factors)
    lines = line_rows(plan, first, factors, sums)
    rows = portfolio_rows(plan, factors, sums, lines)
    rows |= {f"line_{name}": lines[name] for name in LINE_VARIABLES}
    rows["cost_quantity"] = lines["cost_quantity"]
    shocks = [k for k, factor in enumerate(plan.factors) if factor.kind == "shock"]
    beliefs = [k for k, factor in enumerate(plan.factors) if factor.kind == "belief"]
    rows["shock"] = factors[shocks]
    rows["belief_factor"] = np.array(
        [belief_factor(plan, k, plan.scores(k, factors)) for k in beliefs]
    ).reshape(len(beliefs), worlds)
    rows["capped"] = np.array(
        [
            [_whole(out, work, f"capped_{name}") for name in ("impressions", "engagements")]
            for out, work in zip(sums, plan.works, strict=True)
        ]
    )
    return rows


def _whole(sums: Array, work: Line, name: str) -> Array:
    """Return a sum over all creators of a work, and over its stages."""
    row: Array = sums[:, SUMS.index(name)]
    return np.asarray(row.sum(axis=0) if len(work.post_ends) > 1 else row[-1])


LINE_VARIABLES = ("impressions", "engagements", "expected_orders", "orders", "order_value")


def belief_factor(plan: Plan, k: int, scores: Array) -> Array:
    """Return the multiplier that a belief puts on what it is about, mean one."""
    from .marginals import moment

    factor = plan.factors[k]
    if factor.table is not None:
        return np.asarray(factor.table.quantile(scores) / moment(factor.table))
    return np.asarray(np.exp(factor.log_sd * scores - factor.log_sd**2 / 2.0))


Block = tuple[int, int]


def blocks(plan: Plan, size: int = BLOCK, first: int = 0) -> list[Block]:
    """Cut the worlds of a plan from `first` on into blocks: (first world, worlds) each.

    Raises
    ------
    ValueError
        Where the size or the first world is no multiple of `CHUNK`.
    """
    if size % CHUNK or first % CHUNK:
        raise ValueError(f"blocks must begin and end at multiples of {CHUNK} (got {first}, {size})")
    return [(start, min(size, plan.worlds - start)) for start in range(first, plan.worlds, size)]


def run(
    plan: Plan,
    *,
    threads: int | None = None,
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
    submit: Callable[[int, int], Future[Any]] | None = None,
    ahead: int = 64,
    first: int = 0,
) -> dict[str, Array]:
    """Simulate the worlds of a plan, from `first` on, into memory.

    Parameters
    ----------
    plan
        The plan.
    threads
        Threads; the number of processors by default.
    block
        Worlds per block, a multiple of `CHUNK`. It does not change any number.
    progress
        Called with worlds done and worlds in all.
    submit, ahead
        Starts a block elsewhere, on a cluster say, and how many to keep under way; threads of this
        process without it.
    first
        First world to run, a multiple of `CHUNK`.

    Returns
    -------
    dict
        Arrays by the names of the results schema, last axis worlds.
    """
    result: dict[str, Array] = {}

    def store(done: Block, rows: dict[str, Array]) -> None:
        start, size = done[0] - first, done[1]
        for name, row in rows.items():
            if name not in result:
                result[name] = np.empty((*row.shape[:-1], plan.worlds - first))
            result[name][..., start : start + size] = row

    if submit is not None:
        collect(blocks(plan, block, first), submit, store, progress, ahead)
        return result
    with on_threads(block_rows, plan, threads) as (local, few):
        collect(blocks(plan, block, first), local, store, progress, few)
    return result


@contextmanager
def on_threads(
    function: Callable[[Plan, int, int], Any], plan: Plan, threads: int | None = None
) -> Iterator[tuple[Callable[[int, int], Future[Any]], int]]:
    """Yield what submits a block to a thread of this process, and how many to keep under way."""
    from . import ahead

    count = threads or processors()
    if processors() > 1 and not all(work.own_orders for work in plan.works):
        ahead.begin()
    with ThreadPoolExecutor(count) as pool:
        # Each in the context of who asks: what a question reuses is there on its threads too.
        yield (
            lambda first, worlds: pool.submit(copy_context().run, function, plan, first, worlds),
            2 * count,
        )


def collect(
    todo: Sequence[Block],
    submit: Callable[[int, int], Future[Any]],
    store: Callable[[Block, Any], None],
    progress: Callable[[int, int], None] | None = None,
    ahead: int = 4,
) -> None:
    """Run blocks through an executor, a few ahead of what has been stored.

    Parameters
    ----------
    todo
        Blocks to run.
    submit
        Starts a block and returns its future.
    store
        Takes a finished block and what it gave; called from this thread only.
    progress
        Called with worlds done and worlds in all.
    ahead
        Blocks under way at once: what bounds the memory.
    """
    total, done = sum(size for _, size in todo), 0
    waiting = iter(todo)
    pending: dict[Future[Any], Block] = {}

    def top_up() -> None:
        while len(pending) < ahead:
            following = next(waiting, None)
            if following is None:
                return
            pending[submit(*following)] = following

    try:
        top_up()
        while pending:
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                block = pending.pop(future)
                store(block, future.result())
                done += block[1]
            top_up()
            if progress is not None:
                progress(done, total)
    finally:
        for future in pending:
            future.cancel()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
