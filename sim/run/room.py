"""Whether a run has room: in memory and on the disk, told before any time is spent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..plan import Plan
from ..text.numbers import counted, fixed
from .dataset import stored_bytes
from .folder import RunError

#: Bytes of memory that the answer takes for each world and portfolio: its sorted variables and the
#: influence of each world on a measure (measured at 800,000 worlds of three portfolios).
ANSWER = 320
#: Bytes that a process takes before its first world.
_START = 300_000_000


def memory() -> int:
    """Return the bytes of memory that this process may have: of the machine, or of its container."""
    limits = [1 << 62]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limits.append(int((Path("/sys/fs/cgroup") / name).read_text()))
        except (OSError, ValueError):
            # Another system, or no limit ("max").
            continue
    return min(limits)


def check_room(plan: Plan, folder: Path, on_disk: bool) -> None:
    """Refuse a run that cannot end for want of memory or of disk.

    Parameters
    ----------
    plan
        What will be run.
    folder
        Where its worlds go; it need not be there yet.
    on_disk
        Whether they wait there in blocks, and so twice, until the file is whole.

    Raises
    ------
    RunError
        With how many worlds there is room for.
    """
    each = stored_bytes(plan) / plan.worlds
    answer = ANSWER * len(plan.portfolios) + (0 if on_disk else each)
    _check(plan, answer, memory() - _START, "of memory", "are there")
    parent = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(parent).free
    _check(plan, each * (2 if on_disk else 1), free, f"on the disk of {parent}", "are free")


def _check(plan: Plan, each: float, there: float, where: str, are: str) -> None:
    needed = each * plan.worlds
    if needed > there:
        unit, size = ("GB", 1e9) if needed > 1e9 else ("MB", 1e6)
        raise RunError(
            f"{counted(plan.worlds)} worlds need {fixed(needed / size, 1)} {unit} {where}, "
            f"{fixed(there / size, 1)} {are}: --worlds of at most "
            f"{counted(max(int(there / each), 0))}"
        )


def most_worlds(plan: Plan) -> int:
    """Return how many worlds of a plan memory holds while more are added to them."""
    each = ANSWER * len(plan.portfolios) + 2 * stored_bytes(plan) / plan.worlds
    return max(int((memory() - _START) / each), 1)
