"""A plan becomes results: worlds in blocks, blocks on threads.

Every number of a block depends on the plan and the indices of its worlds alone, so blocks may be
of any size, run in any order, on any thread or machine.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .line import N_SUMS, SUMS

if TYPE_CHECKING:
    from sim.plan import Plan

    from .line import Line

Array = npt.NDArray[np.float64]

#: Worlds per block, at least and at most: enough to amortise a call, few enough for all threads to
#: be busy; and bytes of cost quantities in a block at most, by far its largest rows.
LEAST_BLOCK, BLOCK, _BLOCK_BYTES = 2048, 8192, 1 << 25
CHUNK = 128
#: Options of the C library's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


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
    listed = {w for its in lists for w in its.works}
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
        for its in lists:
            list_sums(plan, its, factors, seen, first, sums)
        left = dict(orders_left(plan, sums))
        for w, share in left.items():
            # Pay and choice go by the tracked orders that overlap and incidents leave.
            seen[w] = tracked[w].copy()
            seen[w][:worlds] *= share
            if w not in listed:
                line_sums(plan.works[w], factors, seen[w], first, worlds, sums[w])
        for its in lists:
            if left.keys() & {*its.works}:
                list_sums(plan, its, factors, seen, first, sums)
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


def block_size(plan: Plan, threads: int = 1, first: int = 0) -> int:
    """Return how many worlds a block may have: four blocks or more for each of several threads."""
    shared = (plan.worlds - first) // (4 * threads) if threads > 1 else BLOCK
    fitting = min(max(shared, LEAST_BLOCK), BLOCK, _BLOCK_BYTES // (8 * plan.prices.size))
    return max(fitting // CHUNK * CHUNK, CHUNK)


def blocks(plan: Plan, size: int, first: int = 0) -> list[Block]:
    """Cut the worlds of a plan from `first` on into blocks: (first world, worlds) each.

    Raises
    ------
    ValueError
        Where the size or the first world is no multiple of `CHUNK`.
    """
    if size % CHUNK or first % CHUNK:
        raise ValueError(f"blocks must begin and end at multiples of {CHUNK} (got {first}, {size})")
    return [(start, min(size, plan.worlds - start)) for start in range(first, plan.worlds, size)]


class Rows:
    """Results of many worlds, put in block by block, each by the thread that made it.

    Attributes
    ----------
    arrays
        By the names of the results schema, last axis worlds.
    """

    def __init__(self, worlds: int, first: int = 0) -> None:
        self.worlds, self.first = worlds, first
        self.arrays: dict[str, Array] = {}
        self._begun = Lock()

    def put(self, done: Block, rows: Mapping[str, Array]) -> None:
        """Put in the rows of a block."""
        start, size = done[0] - self.first, done[1]
        with self._begun:
            if not self.arrays:
                self._make_room(rows, size)
        for name, row in rows.items():
            self.arrays[name][..., start : start + size] = row

    def _make_room(self, rows: Mapping[str, Array], block: int) -> None:
        # In one piece, which the system gives in large pages.
        sizes = [row.size // block * self.worlds for row in rows.values()]
        memory, at = np.empty(sum(sizes)), 0
        for (name, row), size in zip(rows.items(), sizes, strict=True):
            self.arrays[name] = memory[at : at + size].reshape(*row.shape[:-1], self.worlds)
            at += size


def run(
    plan: Plan,
    *,
    threads: int | None = None,
    block: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    submit: Callable[[int, int], Future[Any]] | None = None,
    ahead: int = 64,
    first: int = 0,
    make: Callable[[Plan, int, int], dict[str, Array]] = block_rows,
) -> dict[str, Array]:
    """Simulate the worlds of a plan, from `first` on, into memory.

    Parameters
    ----------
    plan
        The plan.
    threads
        Threads; the number of processors by default.
    block
        Worlds per block, a multiple of `CHUNK`; see `block_size`. It does not change any number.
    progress
        Called with worlds done and worlds in all.
    submit, ahead
        Starts a block elsewhere, on a cluster say, and how many to keep under way; threads of this
        process without it.
    first
        First world to run, a multiple of `CHUNK`.
    make
        What gives the rows of a block on threads.

    Returns
    -------
    dict
        Arrays by the names of the results schema, last axis worlds.
    """
    result = Rows(plan.worlds - first, first)
    if submit is not None:
        todo = blocks(plan, block or block_size(plan, ahead, first), first)
        collect(todo, submit, result.put, progress, ahead)
        return result.arrays

    def put(plan: Plan, start: int, size: int) -> None:
        result.put((start, size), make(plan, start, size))

    todo = blocks(plan, block or block_size(plan, threads or processors(), first), first)
    with on_threads(put, plan, threads) as (local, few):
        collect(todo, local, lambda block, nothing: None, progress, few)
    return result.arrays


@contextmanager
def on_threads(
    function: Callable[[Plan, int, int], Any], plan: Plan, threads: int | None = None
) -> Iterator[tuple[Callable[[int, int], Future[Any]], int]]:
    """Yield what submits a block to a thread of this process, and how many to keep under way."""
    from . import ahead

    count = threads or processors()
    keep_freed_memory()
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


@cache
def keep_freed_memory() -> None:
    """Have the C library keep what a block frees for the next one, where it can be told to (glibc).

    By itself it gives the end of a thread's memory back to the system after each block and takes it
    again for the next, page by page, which costs as much as a third of a run.
    """
    with suppress(AttributeError, OSError, TypeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_TRIM_THRESHOLD, 1 << 28)
        set_option(_MMAP_THRESHOLD, 1 << 25)
