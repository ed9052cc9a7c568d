"""Blocks on disk: finished worlds outlive an interruption and need no memory.

A block is one file named after its first world, its worlds and the hash of its content, written
beside its place and moved into it. What does not match its name is not there.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine.run import Block, block_rows

if TYPE_CHECKING:
    from sim.plan import Plan

Array = npt.NDArray[np.float64]
_NAME = re.compile(r"^(\d{12})-(\d+)-([0-9a-f]{32})\.npz$")


def compute_block(folder: str, plan: Plan, first: int, worlds: int) -> str:
    """Simulate a block of worlds into a file.

    Parameters
    ----------
    folder
        Folder of the blocks; a worker elsewhere must see it under the same name.
    plan
        The plan.
    first, worlds
        First world and number of worlds.

    Returns
    -------
    str
        Name of the file.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **block_rows(plan, first, worlds))  # type: ignore[arg-type]
    content = buffer.getbuffer()
    name = f"{first:012d}-{worlds}-{hashlib.sha256(content).hexdigest()[:32]}.npz"
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(temporary, Path(folder) / name)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return name


def finished_blocks(folder: Path) -> dict[Block, str]:
    """Return the blocks in a folder whose content matches their name; remove what does not."""
    names: dict[Block, str] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        match = _NAME.match(path.name)
        if match and hashlib.sha256(path.read_bytes()).hexdigest()[:32] == match.group(3):
            names[int(match.group(1)), int(match.group(2))] = path.name
        elif path.is_file():
            path.unlink()
    return names


def kept_worlds(folder: Path) -> int:
    """Return how many worlds the blocks in a folder hold, by their names."""
    matches = [_NAME.match(path.name) for path in folder.iterdir()]
    return sum(int(match.group(2)) for match in matches if match)


def read_block(folder: Path, name: str, *wanted: str) -> dict[str, Array]:
    """Return the arrays of a block by name: those that are wanted, or all."""
    with np.load(folder / name) as content:
        return {key: content[key] for key in wanted or content.files}
