"""Files of a user, before they are opened: of a kind and size that can be read."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

#: Bytes of the largest file that is read: an experiment, and a table or a template.
MOST_TEXT, MOST_TABLE = 16_000_000, 500_000_000


def readable(path: Path, most: int = MOST_TABLE) -> Path:
    """Return a path that is a file and not too large; opening a pipe or a device may never end.

    Raises
    ------
    OSError
        Where it is not there, is no file, or is larger than `most` bytes.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, "Is a directory", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is a device or a pipe, no file", str(path))
    if status.st_size > most:
        size = f"has {status.st_size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} are read"
        raise OSError(errno.EFBIG, size, str(path))
    return path
