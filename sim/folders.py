"""A run's folder: checked before any time is spent, replaced whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .text.numbers import fixed

if TYPE_CHECKING:
    import xarray as xr

MANIFEST = "manifest.json"


class RunError(RuntimeError):
    """A run that cannot be written or read, with the way out."""


class DiskFullError(RunError):
    """No space left for a run."""


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a run.

    Raises
    ------
    RunError
        Where the folder holds no run.
    """
    try:
        manifest: dict[str, Any] = json.loads((Path(folder) / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{folder}: holds no run; make one with `sim run`") from None
    return manifest


def check_target(folder: Path) -> None:
    """Refuse a folder that holds anything but a run, before any time is spent.

    Raises
    ------
    RunError
        With the reason.
    """
    target = folder.resolve()
    if target.exists():
        if not target.is_dir():
            raise RunError(f"{folder}: is a file; name a folder with --out")
        if target == Path.cwd():
            raise RunError(f"{folder}: is the current folder; name another with --out")
        if any(target.iterdir()) and not is_run(target):
            raise RunError(f"{folder}: holds something that is no run; name another with --out")
    parent = next(p for p in target.parents if p.exists())
    if not parent.is_dir():
        raise RunError(f"{parent}: is a file; name another folder with --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise RunError(f"{parent}: cannot be written to; name another folder with --out")


def is_run(folder: Path) -> bool:
    """Say whether a folder holds a run: a manifest of ours, not just any."""
    try:
        manifest = read_manifest(folder)
    except RunError:
        return False
    return isinstance(manifest, dict) and "experiment_hash" in manifest


@contextmanager
def moved_into_place(folder: Path) -> Iterator[Path]:
    """Yield a temporary sibling that takes the folder's place if nothing fails.

    Whatever happens in between, `folder` is the old run whole or the new one whole; what a killed
    process left beside it goes.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(folder)
        prefix = f".{folder.name}.{os.getpid()}."
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {_reason(error)}") from None
    old = temporary.with_name(f"{temporary.name}.old")
    try:
        temporary.chmod(0o755)
        yield temporary
        if folder.exists() and not _exchanged(temporary, folder):
            folder.rename(old)
        if not folder.exists():
            temporary.rename(folder)
    except OSError as error:
        kind = DiskFullError if _is_full(error) else RunError
        raise kind(f"{folder}: cannot be written: {_reason(error)}") from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for remains in (old, temporary):
            shutil.rmtree(remains, ignore_errors=True)


@contextmanager
def file_in_place(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside a path, of its suffix, that takes its place if nothing fails.

    Raises
    ------
    RunError
        Where it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix
        )
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {_reason(error)}") from None
    os.close(handle)
    try:
        yield Path(name)
        Path(name).chmod(0o644)
        os.replace(name, path)
    except OSError as error:
        kind = DiskFullError if _is_full(error) else RunError
        raise kind(f"{path}: cannot be written: {_reason(error)}") from error
    finally:
        Path(name).unlink(missing_ok=True)


def _exchanged(first: Path, second: Path) -> bool:
    """Swap two folders in one step where the system can (Linux: renameat2, RENAME_EXCHANGE)."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0)


def _clear_remains(folder: Path) -> None:
    """Remove what killed processes left beside a run; put back a run that was set aside."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.(\d+)\.\w{{8}}(\.old)?")
    for path in folder.parent.iterdir():
        match = name.fullmatch(path.name)
        if match is None or _alive(int(match[1])):
            continue
        if match[2] and not folder.exists():
            path.rename(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        # There, signal 0 would end it.
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _reason(error: OSError) -> str:
    said = str(error.strerror or error).splitlines()[0]
    if not _is_full(error):
        return said
    return "no space left on the disk" + (f": {said}" if said.startswith("needs") else "")


def _is_full(error: OSError) -> bool:
    # The HDF5 library reports a full disk in its own words.
    return error.errno == errno.ENOSPC or "errno = 28" in str(error)


def check_space(dataset: xr.Dataset, folder: Path) -> None:
    """Refuse to begin what cannot end: a failed write of HDF5 may crash the process later."""
    needed = sum(v.nbytes for name, v in dataset.data_vars.items() if name != "cost_quantity")
    free = shutil.disk_usage(folder).free
    if needed > free:
        problem = f"needs {fixed(needed / 1e6, 0)} MB, {fixed(free / 1e6, 0)} MB are free"
        raise OSError(errno.ENOSPC, problem)


@contextmanager
def silent_deallocation() -> Iterator[None]:
    """Keep HDF5's second complaint about a file that it could not write off the terminal."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda *_: None
    try:
        yield
    finally:
        sys.unraisablehook = hook
