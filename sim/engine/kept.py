"""Where compiled code is kept, and how: in a folder that nobody else can write to, or nowhere.

What lies there is run. The folder's name carries a hash of all sources of the engine, so an edit in
a file that compiled code calls into makes it afresh. Each file carries its own digest, and one that
does not match is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

#: Bytes of the digest at the head of a file.
_DIGEST = 32


@cache
def sources_hash() -> str:
    """Return a hash of the sources of the engine: what compiled code and finished blocks go by."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def digest_of(file: Path) -> str:
    """Return a digest of a file, empty where there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


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
    user = os.getuid() if hasattr(os, "getuid") else "user"
    places = [Path(tempfile.gettempdir()) / f"creator-roi-{user}"]
    # A user without a name has no home, as in a container that runs under a number.
    with suppress(RuntimeError):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        places.insert(0, cache / "creator-roi")
    for folder in places:
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


def read(name: str) -> bytes | None:
    """Return what is kept under a name; None where nothing is, or where it is damaged."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        data = (folder / name).read_bytes()
    except OSError:
        return None
    whole = hashlib.sha256(data[_DIGEST:]).digest() == data[:_DIGEST]
    return data[_DIGEST:] if whole else None


def write(name: str, data: bytes) -> None:
    """Keep data under a name, whole; where that fails, nothing is kept."""
    folder = cache_folder()
    if folder is not None:
        put(folder / name, hashlib.sha256(data).digest() + data)


def put(file: Path, data: bytes) -> None:
    """Write a file of the cache in one step, or not at all."""
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
