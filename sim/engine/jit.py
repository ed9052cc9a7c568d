"""One decorator for every compiled function of the engine, and where compiled code is kept.

Numba's disk cache is keyed by the file of the *decorated* function, so an edit in a file that it
calls into would go unnoticed (numba issue 1833). Here the cache folder carries a hash of all
sources of this package instead. What lies in it is run, so it is a folder that nobody else can
write to, or none; each file carries its own digest, and one that does not match is made again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config
from numba.core.caching import FunctionCache, IndexDataCacheFile

F = TypeVar("F", bound=Callable[..., Any])

#: Whether functions are compiled, or interpreted because ``NUMBA_DISABLE_JIT=1`` says so.
COMPILES = not config.DISABLE_JIT
#: Nothing is reordered and nothing fuses by itself; a sum that begins with zero is not computed.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"nsz"}}

#: Of what only compiled code calls: Python could not, and its wrappers take half of a first run.
_INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@cache
def sources_hash() -> str:
    """Return a hash of the sources of the engine: what compiled code and finished blocks go by."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """Return the folder of compiled code for exactly these sources, None where none is safe.

    It is ``NUMBA_CACHE_DIR``, else a folder in the user's cache, else one in the folder of temporary
    files; the last two belong to the user alone.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    name = f"engine-{sources_hash()}"
    if chosen:
        return _writable(Path(chosen) / name)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "creator-roi"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    for folder in (base, Path(tempfile.gettempdir()) / f"creator-roi-{user}"):
        if private(folder):
            return _writable(folder / name)
    return None


def private(folder: Path) -> bool:
    """Make a folder where there is none; return whether it belongs to this user alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            return False
        if hasattr(os, "getuid"):
            if status.st_uid != os.getuid():
                return False
            if status.st_mode & 0o077:
                folder.chmod(0o700)
        return _writable(folder) is not None
    except OSError:
        return False


def _writable(folder: Path) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


class _CheckedFile(IndexDataCacheFile):
    """Numba's files of one function, each with its digest; damaged ones are not there."""

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return hashlib.sha256(data).digest() + data

    def _load_index(self) -> dict[Any, str]:
        import pickle

        try:
            with open(self._index_path, "rb") as file:
                version, data = pickle.load(file), file.read()
            if version != self._version:
                return {}
            stamp, overloads = pickle.loads(_checked(data))
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is made again
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        import pickle

        with open(self._data_path(name), "rb") as file:
            return pickle.loads(_checked(file.read()))


def _checked(data: bytes) -> bytes:
    """Return what stands behind a digest; OSError where it does not match, as if it were not there."""
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise OSError("damaged")
    return data[32:]


class _Kept(FunctionCache):
    """The disk cache of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFile(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )


def compiled(function: F) -> F:
    """Compile an entry point of the engine: kept on disk, releases the GIL, IEEE division."""
    if not COMPILES:
        return function
    entry = numba.njit(**OPTIONS)(function)
    folder = cache_folder()
    if folder is not None:
        previous = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            entry._cache = _Kept(function)
        finally:
            config.CACHE_DIR = previous
    return entry  # type: ignore[no-any-return]


def on_disk(entry: Any) -> bool | None:
    """Return whether an entry point has been compiled before; None where nothing is kept."""
    kept = getattr(entry, "_cache", None)
    return Path(kept._cache_file._index_path).exists() if isinstance(kept, _Kept) else None


def inlined(function: F) -> F:
    """Compile a scalar step that loops call: always inlined, so that the loops vectorise."""
    if not COMPILES:
        return function
    step: F = numba.njit(forceinline=True, **_INNER)(function)
    return step


def part(function: F) -> F:
    """Compile a step that entry points call: once, linked, cached with its callers."""
    if not COMPILES:
        return function
    step: F = numba.njit(**_INNER)(function)
    return step


def called(step: F) -> F:
    """Return a step that only compiled code calls as one that Python can call."""
    if not COMPILES:
        return step

    @numba.njit(**OPTIONS)  # type: ignore[untyped-decorator]
    def call(*arguments: Any) -> Any:
        return step(*arguments)

    return call  # type: ignore[no-any-return]
