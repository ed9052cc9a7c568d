"""Sums of a line that a question needs again at another of its points.

A question simulates the same worlds at many points, and what a point moves leaves most lines alone:
another fee of one tier, or doubt about it, is none of the other tiers'. Within `reusing`, what a
loop gave is kept under a digest of all that it read: its line, what creators share in these worlds,
and which worlds they are. Whatever a point moves changes the digest, so sums are those that the
loop would give, to the bit.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .line import Line

Array = npt.NDArray[np.float64]
Sums = dict[str, Array]

#: Bytes of sums that a question keeps at most: of twenty lines in 20,000 worlds.
MOST_BYTES = 64 << 20


class Kept:
    """Sums by the digest of what they were made of; the first ones stay, as points come back to them.

    Parameters
    ----------
    most
        Bytes to keep.

    Attributes
    ----------
    served
        How many sums were not made again.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.served = 0
        self._sums: dict[bytes, Sums] = {}
        self._room = most
        self._lock = threading.Lock()

    def of(self, key: bytes, make: Callable[[], Sums]) -> Sums:
        """Return the sums of a digest: those that are here, or fresh ones."""
        with self._lock:
            sums = self._sums.get(key)
            self.served += sums is not None
        if sums is None:
            sums = make()
            size = sum(row.nbytes for row in sums.values())
            with self._lock:
                if size <= self._room and key not in self._sums:
                    self._sums[key] = sums
                    self._room -= size
        return sums


_KEPT: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextmanager
def reusing(most: int = MOST_BYTES) -> Iterator[Kept]:
    """Keep the sums of lines until the block ends; a question opens one around its points.

    Threads that `run.on_threads` starts within it share them; workers of a cluster have none.
    """
    kept = Kept(most)
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


def reused(
    line: bytes, shared: npt.NDArray[np.float32], world: int, worlds: int, make: Callable[[], Sums]
) -> Sums:
    """Return what a loop gives, from what is kept where something is.

    Parameters
    ----------
    line
        What `digest` says of the line.
    shared
        What creators share in each chunk of worlds, as the loop reads it.
    world, worlds
        First world and number of worlds.
    make
        Runs the loop, into rows of its own.
    """
    kept = _KEPT.get()
    if kept is None:
        return make()
    key = hashlib.blake2b(line + repr((world, worlds)).encode(), digest_size=16)
    key.update(shared.data)
    return kept.of(key.digest(), make)


def digest(line: Line) -> bytes:
    """Return a digest of every figure of a line."""
    said = hashlib.blake2b(digest_size=16)
    for part in _parts(line):
        said.update(part)
    return said.digest()


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    """Yield what tells a value from any other: arrays by shape and bytes, all else as it is written."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        yield f"{len(value)};".encode()
        for inner in value:
            yield from _parts(inner)
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype.str, value.shape)).encode()
        yield np.ascontiguousarray(value).data
    else:
        yield f"{value!r};".encode()
