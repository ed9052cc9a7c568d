"""The sums of a line in a block of worlds, by the loop of its structure.

Interpreted, with ``NUMBA_DISABLE_JIT=1``, the same text is read in double precision instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from .emit import loop
from .exact import exact_sums
from .funnel import HISTORY, OF_CREATOR, OF_POST, QUOTED_HISTORY
from .jit import COMPILES
from .lanes import CHUNK, F, Singles
from .line import N_SUMS, SUMS, Line, going_on, one_of, steps_of
from .prepare import Prepared, prepared
from .reuse import reused

Array = npt.NDArray[np.float64]


def line_sums(
    line: Line,
    factors: Array,
    tracked: Array,
    world: int,
    worlds: int,
    out: Array,
    paid: Array | None = None,
) -> None:
    """Simulate all creators of a line in a block of worlds.

    Parameters
    ----------
    line
        The line.
    factors
        Shared standard normal factors, shape (K, padded), `padded` the block's worlds rounded up
        to a multiple of `CHUNK`.
    tracked
        Share of orders that the brand sees, shape (padded,).
    world
        Index of the block's first world, a multiple of `CHUNK`.
    worlds
        Worlds of the block that count.
    out
        Sums to fill, shape (S, N_SUMS, worlds): after each stop, over the creators so far; for a
        line in stages, of each stage.
    paid
        The rows of `structure.PAID`, shape (3, padded), where a line boosts its posts.
    """
    read = loop_sums if COMPILES else exact_sums
    place(line, read(line, factors, tracked, world, worlds, paid), out)


def sums_of_each(
    line: Line, factors: Array, tracked: Array, world: int, worlds: int
) -> Iterator[Array]:
    """Yield the sums of each creator of a line by itself, shape (stages, N_SUMS, worlds).

    The creators, their posts and their luck are those of the whole line.

    Parameters
    ----------
    line, factors, tracked, world, worlds
        See `line_sums`; in a line in stages each creator takes part in all.
    """
    shared = prepared(line).shared(factors, tracked) if COMPILES else None
    for k in range(len(line.creators)):
        alone = one_of(line, k)
        if shared is None:
            rows = exact_sums(alone, factors, tracked, world, worlds)
        else:
            rows = _looped(alone, prepared(line), shared, k, world, worlds)
        out = np.empty((len(alone.keep), N_SUMS, worlds))
        place(alone, rows, out)
        yield out


def place(line: Line, rows: Mapping[str, Array], out: Array) -> None:
    """Put rows of sums, shape (steps, worlds) each, where they belong, and count what needs no loop.

    Parameters
    ----------
    line
        The line.
    rows
        Sums by name; ``management_hours`` and ``product_cost``, shape (worlds,), where each creator
        of a world adds the same.
    out
        See `line_sums`.
    """
    steps = steps_of(line)
    staged = len(line.post_ends) > 1
    hired = np.asarray(line.keep if staged else steps[:, 1], float)[:, None]
    counted = {"hired": hired}
    for name, amount in (("hours", "management_hours"), ("goods", "product_cost")):
        if name not in rows:
            counted[name] = hired * rows[amount]
    if "reach" not in rows:
        counted["reach"] = rows["exposure"]
    for k, name in enumerate(SUMS):
        out[:, k] = rows.get(name, counted.get(name, 0.0))


def loop_sums(
    line: Line,
    factors: Array,
    tracked: Array,
    world: int,
    worlds: int,
    paid: Array | None = None,
) -> dict[str, Array]:
    """Return the sums of a line by its compiled loop, in single precision; see `place`."""
    ready = prepared(line)
    shared = ready.shared(factors, tracked, paid)
    return reused(
        ready.digest, shared, world, worlds, lambda: _looped(line, ready, shared, 0, world, worlds)
    )


def _looped(
    line: Line, ready: Prepared, shared: Singles, first: int, world: int, worlds: int
) -> dict[str, Array]:
    """Run the loop over the creators of a line, of which the first is that one of what is ready."""
    structure = ready.structure
    its = loop(structure)
    steps = steps_of(line)
    sums = np.empty((len(steps), len(its.names), worlds))
    history, keep = _history(line), line.keep
    if line.boost is not None:
        keep = np.array([line.boost.best], dtype=np.int64)
    people = len(line.creators)
    if structure.stages:
        assert people == 1 or not structure.known, "what is known stands by creator, not by place"
        keep = going_on(line).ravel()
    who = np.empty((people if structure.stages else 1, 2, CHUNK), np.uint32)
    own = ready.own[first:] if structure.known else ready.own
    its.sums(
        _at_cache_line(its.rows * CHUNK), history, who, ready.figures, own, ready.repeats, ready.nodes,
        shared, line.creators, steps, keep, *ready.key, np.uint32(world), sums,
    )  # fmt: skip
    rows = {name: sums[:, k] for k, name in enumerate(its.names)}
    for name in ("management_hours", "product_cost"):
        if f"shift_{name}" in ready.rows:
            k = ready.rows.index(f"shift_{name}")
            rows[name] = shared.reshape(len(shared), -1, CHUNK)[:, k].ravel()[:worlds].astype(float)
    return rows


def _history(line: Line) -> Singles:
    """Return scratch for what is kept of creators, or of their posts and themselves."""
    if line.boost is not None:
        rows = len(line.creators) * len(line.repeats)
        return np.empty((rows, (len(OF_POST) + len(OF_CREATOR)) * CHUNK), F)
    people = len(line.creators) if len(line.post_ends) > 1 else 1
    names = HISTORY if line.purse is None else QUOTED_HISTORY
    return np.empty((people, len(names), CHUNK), F)


def _at_cache_line(size: int) -> Singles:
    """Return scratch that begins at a line of the processor's cache."""
    scratch = np.zeros(size + 16, F)
    skip = (-scratch.ctypes.data // scratch.itemsize) % 16
    return scratch[skip : skip + size]
