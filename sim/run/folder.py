"""A run's folder and every file that this tool writes: whole or not at all, and nobody's file lost.

A run knows its own files by its manifest, which holds the checksum of each. A fresh run takes the
place of these alone. What was made from the old run (answers, page, slides, tables) moves aside
where the numbers are others; what somebody edited or put there stays, or moves aside where the
fresh run needs its place.

The fresh run is made in a hidden folder beside the old one. What stays is linked into it, then
both change places in one step: at any moment the folder is the old run or the new one, and what
stays is in both.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.numbers import fixed

if TYPE_CHECKING:
    import xarray as xr

MANIFEST = "manifest.json"
#: Where files go that a fresh run or answer would replace, in a folder named after the old run.
EARLIER = "earlier"
#: What a manifest must hold for its folder to be a run.
_NEEDED = {"experiment": str, "experiment_hash": str, "seed": int, "worlds": int, "version": str}
#: Hidden files and folders under way: the process that writes them, a token, their name to be.
_UNDER_WAY = re.compile(r"\.creator-roi\.(\d+)\.([0-9a-f]{8})\.(.+)", re.DOTALL)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LOG = logging.getLogger("sim")


class RunError(RuntimeError):
    """A run that cannot be written or read, with the way out."""


class DiskFullError(RunError):
    """No space left for a run."""


# --- Reading --------------------------------------------------------------------------------------


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a run.

    Raises
    ------
    RunError
        Where the folder holds no run, or its manifest lacks what one must hold.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{folder}: holds no run; make one with `sim run`") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {_reason(error)}") from None
    except (ValueError, RecursionError):
        raise RunError(f"{path}: is no JSON; {MAKE_AGAIN}") from None
    if not isinstance(manifest, dict):
        raise RunError(f"{path}: is no manifest of a run; {MAKE_AGAIN}")
    missing = [key for key, kind in _NEEDED.items() if type(manifest.get(key)) is not kind]
    if missing:
        raise RunError(f"{path}: lacks {', '.join(missing)}; {MAKE_AGAIN}")
    return manifest


#: The way out of damage.
MAKE_AGAIN = "make the run again with `sim run`"


def is_run(folder: Path) -> bool:
    """Say whether a folder holds a run: a manifest of ours, not just any."""
    try:
        read_manifest(folder)
    except RunError:
        return False
    return True


def checked(folder: str | Path, name: str) -> Path:
    """Return the path of a run's own file, after a look at its checksum.

    Raises
    ------
    RunError
        Where the file is missing, or is not what the run wrote.
    """
    folder = Path(folder)
    path, known = folder / name, _checksums(read_manifest(folder)).get(name)
    if not path.is_file():
        raise RunError(f"{path}: is missing; {MAKE_AGAIN}")
    if known is not None and checksum(path) != known:
        problem = "is not what the run wrote: its checksum in manifest.json is another"
        raise RunError(f"{path}: {problem}; {MAKE_AGAIN}")
    return path


def made_of(folder: str | Path) -> list[str]:
    """Return what was made from a run since and is still there: answers, page, slides, tables."""
    folder, manifest = Path(folder), read_manifest(folder)
    own = set(manifest.get("files", ()))
    names = {name for name in _checksums(manifest) if name not in own}
    names |= {f"analysis/{path.name}" for path in folder.glob("analysis/*.json")}
    return sorted(name for name in names if (folder / name).is_file())


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checksums(manifest: Mapping[str, Any]) -> dict[str, str]:
    known = manifest.get("sha256")
    return dict(known) if isinstance(known, dict) else {}


# --- Before a run ---------------------------------------------------------------------------------


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


# --- Writing a run --------------------------------------------------------------------------------


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder that takes the place of a run's folder if nothing fails.

    The caller writes the run's own files there and ends with `sign`. Whatever happens in between,
    `folder` is the old run whole or the new one whole, with every file that is not the old run's
    own; what killed processes left beside it goes.

    Raises
    ------
    RunError
        Where it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clear_remains(folder.parent)
        fresh = _under_way(folder)
        fresh.mkdir()
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {_reason(error)}") from None
    old = None
    try:
        yield fresh
        with alone_in(folder.parent):
            if folder.exists():
                if is_run(folder):
                    _carry(folder, fresh)
                old = _under_way(folder)
                _exchange(fresh, folder, old)
                _dissolve(old, folder)
            else:
                fresh.rename(folder)
    except OSError as error:
        kind = DiskFullError if _is_full(error) else RunError
        raise kind(f"{folder}: cannot be written: {_reason(error)}") from error
    finally:
        if old is not None and old.exists() and not folder.exists():
            old.rename(folder)
        if old is None or not old.exists():
            shutil.rmtree(fresh, ignore_errors=True)


def sign(folder: Path, content: Mapping[str, Any]) -> None:
    """Write a run's manifest: what it is, and the checksum of every file in its folder."""
    names = sorted(p.relative_to(folder).as_posix() for p in _entries(folder) if p.is_file())
    manifest = {
        **content,
        "finished": _moment(time.time()),
        "files": names,
        "sha256": {name: checksum(folder / name) for name in names},
    }
    _write_manifest(folder, manifest)


@contextmanager
def added(folder: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder whose files become a run's own, in the run's folder `name`.

    Raises
    ------
    RunError
        Where they cannot be written.
    """
    staged = _under_way(folder / name)
    try:
        staged.mkdir()
        yield staged
        for path in sorted(staged.iterdir()):
            (folder / name).mkdir(exist_ok=True)
            _into_run(path, folder / name / path.name, folder, own=True)
    except OSError as error:
        raise _unwritable(folder / name, error) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(manifest, indent=2, allow_nan=False, ensure_ascii=False)
    if any("\ud800" <= c <= "\udfff" for c in text):
        # The name of a file that is no Unicode; so written, it is read back as it was.
        text = json.dumps(manifest, indent=2, allow_nan=False)
    part = _under_way(folder / MANIFEST)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def _carry(folder: Path, fresh: Path) -> None:
    """Link into a fresh run what of the old one's folder is not its own; say what moves aside."""
    old, new = read_manifest(folder), read_manifest(fresh)
    same = all(old.get(key) == new.get(key) for key in _NUMBERS)
    own, known = set(old.get("files", ())) | {MANIFEST}, _checksums(old)
    place, aside, edited, kept = _free_place(folder, _ended(folder, old)), [], [], {}
    for path in _entries(folder):
        name = path.relative_to(folder).as_posix()
        if _is_folder(path):
            if not any(path.iterdir()) and not _is_own_folder(name, {*own, *known}):
                (fresh / name).mkdir(parents=True, exist_ok=True)
            continue
        made = name in own or name in known
        untouched = made and _untouched(path, known.get(name), folder / MANIFEST)
        if (untouched and name in own) or _is_remains(path):
            continue
        if made and not untouched:
            edited.append(name)
        target = fresh / name
        # Whoever wrote it, what lies there would pass for an answer of the fresh run.
        stale = untouched or name.startswith("analysis/")
        if (stale and not same) or _is_taken(target, fresh):
            aside.append(name)
            target = fresh / place / name
        elif untouched:
            kept[name] = known[name]
        target.parent.mkdir(parents=True, exist_ok=True)
        second_name(path, target)
    if kept:
        _write_manifest(fresh, {**new, "sha256": {**_checksums(new), **kept}})
    if aside:
        _LOG.warning("Note: moved to %s: %s.", folder / place, listed(aside))
    stays = [name for name in edited if name not in aside]
    if stays:
        _LOG.warning("Note: edited since and kept in %s: %s.", folder, listed(stays))


#: What two runs of the same numbers have in common in their manifests.
_NUMBERS = ("experiment_hash", "seed", "worlds", "version")


def _untouched(path: Path, known: str | None, manifest: Path) -> bool:
    """Return whether a file of a run is as the run wrote it."""
    if known is not None:
        return path.is_file() and not path.is_symlink() and checksum(path) == known
    # Runs of earlier versions hold no checksums; their manifest was written last.
    return path == manifest or path.lstat().st_mtime_ns <= manifest.stat().st_mtime_ns


def _is_own_folder(name: str, files: Collection[str]) -> bool:
    return any(file.startswith(f"{name}/") for file in files)


def _is_taken(target: Path, fresh: Path) -> bool:
    """Return whether a fresh run has the name of a file, or a file where it needs a folder."""
    between = target.relative_to(fresh).parents
    return os.path.lexists(target) or any((fresh / part).is_file() for part in between)


def _entries(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder, a folder before what it holds; links are not followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if _is_folder(path):
            yield from _entries(path)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def second_name(path: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk has no second names."""
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    try:
        os.link(path, target)
    except OSError:
        # What is no file is moved when the folders have changed places.
        if path.is_file():
            shutil.copy2(path, target)


def _exchange(fresh: Path, folder: Path, old: Path) -> None:
    """Put a fresh run in a folder's place, and what was there under another name, in one step.

    Where the system cannot (neither Linux nor macOS), in two: the next run mends what a death in
    between leaves.
    """
    if _swapped(fresh, folder):
        fresh.rename(old)
        return
    folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def _swapped(first: Path, second: Path) -> bool:
    """Swap two folders in one step; say whether that could be done."""
    here, exchange = -100, 2
    names = os.fsencode(first), os.fsencode(second)
    try:
        system = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(system.renamex_np(*names, exchange) == 0)
        return bool(system.renameat2(here, names[0], here, names[1], exchange) == 0)
    except (OSError, AttributeError, TypeError):
        return False


def _dissolve(remains: Path, folder: Path) -> None:
    """Remove a run that was replaced, or one that was never finished.

    What somebody put into it while it was replaced moves to `folder`.
    """
    if is_run(remains):
        manifest = read_manifest(remains)
        own, known = set(manifest.get("files", ())) | {MANIFEST}, _checksums(manifest)
        place = _free_place(folder, _ended(remains, manifest))
        for path in [*_entries(remains)]:
            name = path.relative_to(remains).as_posix()
            made = name in own or name in known
            if _is_folder(path) or _is_remains(path):
                continue
            if made and _untouched(path, known.get(name), remains / MANIFEST):
                continue
            if path.lstat().st_nlink > 1 or _same(path, folder / name):
                continue
            target = folder / name
            if _is_taken(target, folder):
                target = folder / place / name
                if _same(path, target):
                    continue
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    shutil.rmtree(remains, ignore_errors=True)


def _same(path: Path, other: Path) -> bool:
    if path.is_symlink() or other.is_symlink():
        return path.is_symlink() and other.is_symlink() and path.readlink() == other.readlink()
    return path.is_file() and other.is_file() and checksum(path) == checksum(other)


def _ended(folder: Path, manifest: Mapping[str, Any]) -> str:
    ended = str(manifest.get("finished", ""))
    return ended if _MOMENT.fullmatch(ended) else _moment((folder / MANIFEST).stat().st_mtime)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _free_place(folder: Path, moment: str) -> str:
    """Return a folder not yet there for what moves aside, named after a moment."""
    base = f"{EARLIER}/{moment.replace(':', '').replace('T', '-').rstrip('Z')}"
    place, number = base, 2
    while os.path.lexists(folder / place):
        place, number = f"{base}-{number}", number + 1
    return place


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# --- Writing a file -------------------------------------------------------------------------------


@contextmanager
def file_in_place(path: Path) -> Iterator[Path]:
    """Yield a hidden file beside a path that takes its place if nothing fails.

    A link is followed: the file that it names is replaced. In a run's folder the file becomes the
    run's own; one that somebody put there or edited moves aside first.

    Raises
    ------
    RunError
        Where it cannot be written, where the path is a folder, a device or a pipe, or where it is
        the run itself.
    """
    target = check_file(path)
    run = _run_of(target)
    try:
        clear_remains(target.parent)
        part = _under_way(target)
        # Made here, so that the mode is what the user's umask says.
        part.touch(exist_ok=False)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        yield part
        if run is None:
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        else:
            _into_run(part, target, run)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def check_file(path: Path) -> Path:
    """Return where a file will be written, links followed; refuse what is no file.

    Raises
    ------
    RunError
        With the reason.
    """
    try:
        target = path.resolve(strict=False)
        kind = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise RunError(f"{path.parent}: no such folder") from None
        return target
    except (OSError, ValueError, RuntimeError) as error:
        raise RunError(f"{path}: cannot be written: {error}") from None
    if stat.S_ISDIR(kind):
        raise RunError(f"{path}: is a folder; name a file")
    if not stat.S_ISREG(kind):
        raise RunError(f"{path}: is a device or a pipe; name a file")
    return target


def _unwritable(path: Path, error: OSError) -> RunError:
    kind = DiskFullError if _is_full(error) else RunError
    return kind(f"{path}: cannot be written: {_reason(error)}")


def _run_of(path: Path) -> Path | None:
    """Return the folder of the run that a file is made from: its own, or the one above `_MADE`."""
    folder = path.parent.parent if path.parent.name in _MADE else path.parent
    under_way = _UNDER_WAY.fullmatch(folder.name) is not None
    return folder if not under_way and is_run(folder) else None


#: Folders of what is made from a run.
_MADE = ("analysis", "tables")


def _into_run(part: Path, target: Path, run: Path, *, own: bool = False) -> None:
    """Move a file into a run's folder, as the run's own or as made from it; note its checksum."""
    with alone_in(run.parent):
        manifest, name = read_manifest(run), target.relative_to(run).as_posix()
        files, known = list(manifest.get("files", ())), _checksums(manifest)
        if not own and (name == MANIFEST or name in files):
            raise RunError(f"{target}: is a part of the run itself; name another file")
        if os.path.lexists(target) and not _untouched_now(target, known.get(name)):
            place = _free_place(run, _moment(target.lstat().st_mtime))
            aside = run / place / name
            aside.parent.mkdir(parents=True)
            second_name(target, aside)
            _LOG.warning("Note: %s is not as it was written; it moves to %s.", target, aside)
        known[name] = checksum(part)
        part.replace(target)
        if own:
            manifest["files"] = sorted({*files, name})
        _write_manifest(run, {**manifest, "sha256": known})


def _untouched_now(path: Path, known: str | None) -> bool:
    return known is not None and path.is_file() and checksum(path) == known


# --- What is under way ----------------------------------------------------------------------------


def _under_way(path: Path) -> Path:
    """Return a hidden name beside a path for what becomes it: of this process, not yet taken.

    It ends as the path does, since writers go by the suffix.
    """
    return path.with_name(f".creator-roi.{os.getpid()}.{secrets.token_hex(4)}.{path.name}")


def clear_remains(parent: Path) -> None:
    """Remove what killed processes left in a folder; put back a run that was set aside."""
    for path in sorted(parent.iterdir()):
        match = _UNDER_WAY.fullmatch(path.name)
        if match is None or _alive(int(match[1])) or path.lstat().st_uid != _user():
            continue
        if not _is_folder(path):
            path.unlink(missing_ok=True)
            continue
        folder = parent / match[3]
        if is_run(path) and not folder.exists():
            path.rename(folder)
        else:
            _dissolve(path, folder)


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _is_remains(path: Path) -> bool:
    match = _UNDER_WAY.fullmatch(path.name)
    return match is not None and not _alive(int(match[1]))


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


def temporary_folder() -> Path:
    """Make a folder of this process in the system's temporary one; clear those of dead processes."""
    parent = Path(tempfile.gettempdir())
    clear_remains(parent)
    folder = _under_way(parent / "worlds")
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a folder and keep other processes out of it.

    Raises
    ------
    RunError
        Where one is in it, or it cannot be made.
    """
    try:
        handle = _locked(folder)
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _locked(folder: Path) -> int | None:
    """Make a folder and lock it; return what holds the lock, None where nothing can be locked."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            import fcntl

            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        except ImportError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise RunError(
                f"{folder}: another process is simulating the same worlds; wait until it has "
                "ended, or give this run another --out"
            ) from None
        except OSError:
            # Some network disks lock nothing.
            return handle
        # Whoever had it may have removed the folder in between.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        os.close(handle)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process changes the runs in a folder, and keep others out meanwhile."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        # Some network disks lock nothing: then two writers of one run at once are on their own.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
