"""Time and peak memory of one size, in a process of its own: `python sizes.py WORLDS CREATORS [THREADS]`.

Prints one JSON line. Results are those of `sim.simulate`: in memory while they fit, else streamed
to a file, which is deleted.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def measure(worlds: int, creators: int, threads: int | None = None) -> dict[str, Any]:
    """Simulate the micro line of the default experiment; the compiled code is loaded before.

    On all processors where no number of threads is given.
    """
    from problem import micro_experiment

    import sim

    sim.simulate(micro_experiment(256, 2))
    before = _peak_mb()
    started = time.perf_counter()
    dataset = sim.simulate(micro_experiment(worlds, creators), threads=threads)
    seconds = time.perf_counter() - started
    results = sum(variable.nbytes for variable in dataset.data_vars.values()) / 2**20
    peak = _peak_mb()
    folder = dataset.attrs.get("temporary_folder", "")
    dataset.close()
    if folder:
        shutil.rmtree(folder)
    return {
        "worlds": worlds,
        "creators": creators,
        "seconds": round(seconds, 3),
        "ns_per_creator_post": round(1e9 * seconds / worlds / creators, 2),
        "peak_mb": round(peak, 1),
        "before_mb": round(before, 1),
        "results_mb": round(results, 1),
        "results_on_disk": bool(folder),
    }


def _peak_mb() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def in_subprocess(*numbers: int) -> dict[str, Any]:
    """Measure in a fresh process."""
    command = [sys.executable, str(Path(__file__)), *map(str, numbers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
