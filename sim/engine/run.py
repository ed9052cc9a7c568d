"""A plan becomes results: worlds in blocks, blocks on threads.

Every number of a block depends on the plan and the indices of its worlds alone, so blocks may be
of any size, run in any order, on any thread or machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .keys import stream_key
from .line import N_SUMS, SUMS

if TYPE_CHECKING:
    from sim.plan import Plan

Array = npt.NDArray[np.float64]

#: Worlds per block: small enough to keep sums in the L2 cache, large enough to amortise a call.
BLOCK = 4096
CHUNK = 128


def line_block(plan: Plan, first: int, worlds: int) -> tuple[Array, list[Array]]:
    """Return factors and the sums of every work of a plan in a block of worlds.

    Parameters
    ----------
    plan
        The plan.
    first
        First world, a multiple of `CHUNK`.
    worlds
        Number of worlds.

    Returns
    -------
    factors : numpy.ndarray
        Shape (factors, worlds).
    sums : list of numpy.ndarray
        For each work, shape (stops, N_SUMS, worlds).
    """
    from .factors import factor_rows
    from .kernel import line_sums

    padded = -(-worlds // CHUNK) * CHUNK
    keys = [stream_key(plan.seed, "factor", factor.name) for factor in plan.factors]
    factors = factor_rows(keys, first, padded, [1] * len(keys))
    sums = []
    # Interpreted, the generator's arithmetic modulo 2**64 would warn.
    with np.errstate(over="ignore"):
        for work in plan.works:
            out = np.empty((len(work.stops), N_SUMS, worlds))
            line_sums(work, factors, np.uint64(first), worlds, out)
            sums.append(out)
    return factors[:, :worlds], sums


def block_rows(plan: Plan, first: int, worlds: int) -> dict[str, Array]:
    """Return all results of a block of worlds by the names of the results schema.

    Parameters
    ----------
    plan
        The plan.
    first, worlds
        First world, a multiple of `CHUNK`, and number of worlds.

    Returns
    -------
    dict
        Arrays whose last axis is the block's worlds. ``capped`` holds, for each work, how many
        posts hit the platform's audience and how many the engagement cap.
    """
    from .accounts import line_rows, portfolio_rows

    factors, sums = line_block(plan, first, worlds)
    lines = line_rows(plan, first, factors, sums)
    rows = portfolio_rows(plan, factors, sums, lines)
    rows |= {f"line_{name}": lines[name] for name in LINE_VARIABLES}
    rows["cost_quantity"] = lines["cost_quantity"]
    shocks = [k for k, factor in enumerate(plan.factors) if factor.kind == "shock"]
    beliefs = [k for k, factor in enumerate(plan.factors) if factor.kind == "belief"]
    rows["shock"] = factors[shocks]
    rows["belief_factor"] = np.array([belief_factor(plan, k, factors[k]) for k in beliefs]).reshape(
        len(beliefs), worlds
    )
    rows["capped"] = np.array(
        [
            [out[-1, SUMS.index(f"capped_{name}")] for name in ("impressions", "engagements")]
            for out in sums
        ]
    )
    return rows


LINE_VARIABLES = ("impressions", "engagements", "expected_orders", "orders", "order_value")


def belief_factor(plan: Plan, k: int, scores: Array) -> Array:
    """Return the multiplier that a belief puts on what it is about, mean one."""
    from .marginals import moment

    factor = plan.factors[k]
    if factor.table is not None:
        return np.asarray(factor.table.quantile(scores) / moment(factor.table))
    return np.asarray(np.exp(factor.log_sd * scores - factor.log_sd**2 / 2.0))


def run(
    plan: Plan,
    *,
    threads: int | None = None,
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
    arrays: dict[str, Array] | None = None,
) -> dict[str, Array]:
    """Simulate all worlds of a plan.

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
    arrays
        Where results go, by name, last axis worlds; made in memory where not given.

    Returns
    -------
    dict
        Arrays by the names of the results schema, last axis worlds.
    """
    if block % CHUNK:
        raise ValueError(f"block must be a multiple of {CHUNK} (got {block})")
    threads = threads or processors()
    result = {} if arrays is None else arrays
    done = 0
    starts = iter(range(0, plan.worlds, block))
    with ThreadPoolExecutor(threads) as pool:
        pending: dict[Future[dict[str, Array]], int] = {}
        try:
            for first in _take(starts, 2 * threads):
                pending[pool.submit(block_rows, plan, first, min(block, plan.worlds - first))] = first
            while pending:
                finished, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    first = pending.pop(future)
                    done += _store(result, future.result(), first, plan.worlds)
                    for following in _take(starts, 1):
                        size = min(block, plan.worlds - following)
                        pending[pool.submit(block_rows, plan, following, size)] = following
                if progress is not None:
                    progress(done, plan.worlds)
        except BaseException:
            for future in pending:
                future.cancel()
            raise
    return result


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _take(starts: Iterator[int], count: int) -> Iterator[int]:
    for _, first in zip(range(count), starts, strict=False):
        yield first


def _store(result: dict[str, Array], rows: dict[str, Array], first: int, worlds: int) -> int:
    """Copy a block into the results, making room at the first one; return its worlds."""
    size = 0
    for name, row in rows.items():
        if name not in result:
            result[name] = np.empty((*row.shape[:-1], worlds))
        size = row.shape[-1]
        result[name][..., first : first + size] = row
    return size
