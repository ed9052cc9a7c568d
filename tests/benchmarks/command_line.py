"""Seconds of the command line on the default experiment, each in a fresh process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from problem import EXPERIMENT


def _seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def import_seconds(repeats: int) -> float:
    """Return the median seconds of `import sim` beyond a bare interpreter."""
    bare, full = [], []
    for _ in range(repeats):
        bare.append(_seconds([sys.executable, "-c", "pass"]))
        full.append(_seconds([sys.executable, "-c", "import sim"]))
    return statistics.median(full) - statistics.median(bare)


def run_seconds(repeats: int) -> dict[str, Any]:
    """Return seconds of `sim run`: the first ever, then compiled, without and with charts.

    The first run has an empty cache of compiled code. Where the command fails, its seconds are
    None and `run_reason` says why.
    """
    command = [sys.executable, "-m", "sim", "run", str(EXPERIMENT)]
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"NUMBA_CACHE_DIR": str(Path(scratch) / "cache")}
        # As for a user, Python keeps its own bytecode.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def timed(*options: str, times: int = 1) -> float | None:
            found = []
            for k in range(times):
                out = Path(scratch) / f"run-{len(options)}-{k}-{time.monotonic_ns()}"
                found.append(_seconds([*command, *options, "--out", str(out)], environment))
            return round(statistics.median(found), 2)

        try:
            result: dict[str, Any] = {
                "first_run_seconds": timed("--no-charts"),
                "warm_run_seconds": timed("--no-charts", times=repeats),
            }
        except subprocess.CalledProcessError as error:
            return {
                "first_run_seconds": None,
                "warm_run_seconds": None,
                "warm_run_with_charts_seconds": None,
                "run_reason": _last_line(error),
            }
        try:
            result["warm_run_with_charts_seconds"] = timed(times=repeats)
        except subprocess.CalledProcessError as error:
            result |= {"warm_run_with_charts_seconds": None, "run_reason": _last_line(error)}
    return result


def _last_line(error: subprocess.CalledProcessError) -> str:
    lines = (error.stderr or b"").decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {error.returncode}"
