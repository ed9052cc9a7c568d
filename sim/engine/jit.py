"""One decorator for every compiled function of the engine.

Numba is imported when something is first compiled. Until then what it is to know of is a name: it
asks such a thing for its type (``_numba_type_``) when it meets it in a function that it compiles.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from .machine import BARE, OPTIONS, Entry

F = TypeVar("F", bound=Callable[..., Any])


def _compiles() -> bool:
    try:
        return int(os.environ.get("NUMBA_DISABLE_JIT") or 0) == 0
    except ValueError:
        return True


#: Whether functions are compiled, or interpreted because ``NUMBA_DISABLE_JIT=1`` says so.
COMPILES = _compiles()


class _Later:
    """What numba gets when it first asks."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def made(self) -> Any:
        return self._make()

    @property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target

        made = self.made
        cpu_target.typing_context.refresh()
        return cpu_target.typing_context.resolve_value_type(made)


class _Called(_Later):
    """The same for Python: numba compiles it for what it is called with."""

    def __call__(self, *arguments: Any) -> Any:
        return self.made(*arguments)


def _step(function: F, **options: Any) -> F:
    def make() -> Any:
        import numba

        return numba.njit(**options)(function)

    later = _Later(make)
    later.__doc__ = function.__doc__
    return later  # type: ignore[return-value]


def compiled(function: F) -> F:
    """Compile an entry point of the engine: kept on disk, releases the GIL, IEEE division.

    It takes numbers and arrays, and returns nothing.
    """
    return Entry.of(function) if COMPILES else function  # type: ignore[return-value]


def compiled_later(name: str, make: Callable[[], F]) -> F:
    """Compile an entry point whose source is made where it is to be compiled, and has a name."""
    return Entry(name, make, str) if COMPILES else make()  # type: ignore[return-value]


def inlined(function: F) -> F:
    """Compile a scalar step that loops call: always inlined, so that the loops vectorise."""
    return _step(function, forceinline=True, **BARE) if COMPILES else function


def part(function: F) -> F:
    """Compile a step that entry points call: once, linked, kept with its callers."""
    return _step(function, **BARE) if COMPILES else function


def intrinsic(define: Callable[..., Any]) -> Any:
    """Make a step of what writes LLVM's instructions for it: see `numba.extending.intrinsic`."""

    def make() -> Any:
        from numba.extending import intrinsic

        return intrinsic(define)

    return _Later(make)


def called(step: F) -> F:
    """Return a step that only compiled code calls as one that Python can call."""
    if not COMPILES:
        return step

    def call(*arguments: Any) -> Any:
        return step(*arguments)

    def make() -> Any:
        import numba

        return numba.njit(**OPTIONS)(call)

    return _Called(make)  # type: ignore[return-value]
