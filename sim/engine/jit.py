"""One decorator for every compiled function of the engine.

Numba's disk cache is keyed by the file of the *decorated* function, so an edit in a file that it
calls into would go unnoticed (numba issue 1833). Here the cache folder carries a hash of all
sources of this package instead, which also serves installations whose own folder is read-only.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config

F = TypeVar("F", bound=Callable[..., Any])

#: `contract` lets a multiplication and an addition fuse; nothing is reordered.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


@cache
def cache_folder() -> str:
    """Return the folder of compiled code for exactly these sources."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "creator-roi"
    try:
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            pass
    except OSError:
        base = Path(tempfile.gettempdir()) / "creator-roi"
    return str(base / f"kernel-{digest.hexdigest()[:16]}")


def compiled(function: F) -> F:
    """Compile an entry point of the engine: cached on disk, releases the GIL, IEEE division."""
    if config.DISABLE_JIT:
        return function
    previous = config.CACHE_DIR
    config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or cache_folder()
    try:
        compiled_function: F = numba.njit(cache=True, **OPTIONS)(function)
    finally:
        config.CACHE_DIR = previous
    return compiled_function


def inlined(function: F) -> F:
    """Compile a scalar step that loops call: always inlined, so that the loops vectorise."""
    if config.DISABLE_JIT:
        return function
    compiled_function: F = numba.njit(forceinline=True, **OPTIONS)(function)
    return compiled_function


def part(function: F) -> F:
    """Compile a step over rows that entry points call: once, linked, cached with its callers."""
    if config.DISABLE_JIT:
        return function
    compiled_function: F = numba.njit(**OPTIONS)(function)
    return compiled_function
