"""The bytes of a user's file: of a plain file alone, and never more than can be held."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from ..text.numbers import fixed

#: Bytes of the largest text that is read: an experiment, a brand.
MOST_TEXT = 16_000_000

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def bytes_of(path: Path, most: int) -> bytes:
    """Return the bytes of a file; opening a pipe or a device might never end.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        Bytes that are read at most.

    Raises
    ------
    OSError
        Where it is not there, is no plain file, or is larger; ``strerror`` says which.
    """
    try:
        status = path.stat()
    except ValueError as error:  # a path that no file can have
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    if not stat.S_ISREG(status.st_mode):
        kind = next((words for test, words in _KINDS if test(status.st_mode)), "no plain file")
        raise OSError(errno.EINVAL, f"is {kind}", str(path))
    if status.st_size > most:
        size = (
            f"has {fixed(status.st_size / 1e6, 0)} MB, and at most {fixed(most / 1e6, 0)} are read"
        )
        raise OSError(errno.EFBIG, size, str(path))
    with path.open("rb") as stream:
        # A file may grow, or say that it is empty and go on: never more than is allowed.
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise OSError(errno.EFBIG, f"goes on beyond {fixed(most / 1e6, 0)} MB", str(path))
    return raw
