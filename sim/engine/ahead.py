"""Draws of orders, compiled by a process beside this one the first time that they are needed.

A first run spends most of its time compiling, and numba compiles one function at a time. What draws
orders is the same for every line and takes as long as the loops, so where it is not on disk yet a
second process puts it there while this one compiles the loops.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np

from . import orders
from .machine import Entry

_LOCK = threading.Lock()
_process: subprocess.Popen[bytes] | None = None


def begin() -> None:
    """Start compiling the draws of orders in another process, where they are not on disk."""
    global _process  # noqa: PLW0603
    home = Path(__file__).parents[2]
    paths = [str(home), *filter(None, [os.environ.get("PYTHONPATH")])]
    entry = orders._draw_orders
    with _LOCK, suppress(OSError):
        if _process is not None or not sys.executable or not isinstance(entry, Entry):
            return
        if entry.is_kept() is False:
            _process = subprocess.Popen(
                [sys.executable, "-c", f"from {__name__} import compile_orders; compile_orders()"],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


def wait() -> None:
    """Wait until that process has done, if there is one; whatever it failed at is made here."""
    with _LOCK:
        if _process is not None:
            _process.wait()


def compile_orders() -> None:
    """Draw once."""
    key, once = (np.uint64(0), np.uint64(0)), np.ones(1)
    orders.draw_orders(key, 0, once, 1.0, np.empty(1), np.empty(1))
