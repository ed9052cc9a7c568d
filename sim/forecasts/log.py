"""A file of records, one a line, each with the SHA-256 of the line before: nothing is changed later.

Whoever keeps the head, the SHA-256 of the last line, can tell whether any line before it was edited,
removed or put in later.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..run.folder import RunError, alone_in, check_file, file_in_place

#: What the first line names as the line before.
START = "0" * 64
#: What records are.
KINDS = ("forecast", "results")


class ForecastError(RuntimeError):
    """A forecast that cannot be recorded, found or scored, with the way out."""


@dataclass(frozen=True)
class Entry:
    """A line of a log.

    Attributes
    ----------
    line
        Its number, from 1.
    hash
        SHA-256 of the line without its end, hexadecimal.
    record
        What it says.
    """

    line: int
    hash: str
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Log:
    """All records of a file, in their order."""

    path: Path
    entries: tuple[Entry, ...]

    @property
    def head(self) -> str:
        """SHA-256 of the last line; zeros where there is none."""
        return self.entries[-1].hash if self.entries else START

    def of_kind(self, kind: str) -> list[Entry]:
        """Return the records of a kind, in their order."""
        return [entry for entry in self.entries if entry.record["kind"] == kind]


def read_log(path: Path) -> Log:
    """Return the records of a file after a look at its chain; none where there is no file.

    Raises
    ------
    ForecastError
        Where the chain is broken, with the line.
    """
    try:
        return _parsed(path, path.read_bytes())
    except FileNotFoundError:
        return Log(path, ())


def _parsed(path: Path, content: bytes) -> Log:
    lines = content.split(b"\n")
    if lines.pop():
        raise _broken(path, len(lines) + 1, "has no end: it was cut")
    entries: list[Entry] = []
    before = START
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise _broken(path, number, "is no record") from None
        if not isinstance(record, dict) or record.get("kind") not in KINDS:
            raise _broken(path, number, f"is no record of {' or '.join(KINDS)}")
        if record.get("previous") != before:
            what = f"line {number - 1} was" if number > 1 else "lines before it were"
            raise _broken(
                path,
                number,
                f"does not follow the line before: {what} edited, removed or put in later",
            )
        before = hashlib.sha256(line).hexdigest()
        entries.append(Entry(number, before, record))
    return Log(path, tuple(entries))


def _broken(path: Path, line: int, problem: str) -> ForecastError:
    return ForecastError(
        f"{path}: line {line} {problem}; restore the file from a copy, or name another with --log"
    )


def extended(path: Path, make: Callable[[Log], Mapping[str, Any] | None]) -> Log:
    """Add a record at the end of a log, whole or not at all; return the log with it.

    Other writers wait meanwhile, so that what is made from the log is made from its last state. The
    longer file takes the place of the shorter one in one step: a reader, a kill or a full disk meets
    one of the two.

    Parameters
    ----------
    path
        The file; made where there is none.
    make
        Returns the record, given the log; None to add nothing.

    Raises
    ------
    ForecastError
        Where the chain is broken; then nothing is added.
    RunError
        Where the file cannot be written.
    """
    target = check_file(path)
    if not target.parent.is_dir():
        raise RunError(f"{path.parent}: no such folder")
    with alone_in(target.parent):
        content = target.read_bytes() if target.exists() else b""
        log = _parsed(path, content)
        record = make(log)
        if record is None:
            return log
        line = json.dumps(
            {"previous": log.head, **record}, allow_nan=False, ensure_ascii=False
        ).encode()
        with file_in_place(target) as part, part.open("wb") as stream:
            stream.write(content + line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    entry = Entry(len(log.entries) + 1, hashlib.sha256(line).hexdigest(), json.loads(line))
    return Log(path, (*log.entries, entry))
