"""Time of questions about points: `python questions.py [--quick]` prints one JSON line per row.

Each function returns a row: what was asked, its size, seconds, and the peak of the process's memory
beyond what it had before. The default experiment has three portfolios.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

import sim
from sim.questions.sweep import sweep
from sim.questions.tornado import tornado

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "micro_vs_macro.toml"
Row = dict[str, Any]


def base_run(worlds: int = 100_000) -> tuple[sim.Experiment, xr.Dataset]:
    """Return the default experiment and its worlds, simulated once for all rows."""
    experiment = sim.load(EXPERIMENT, worlds=worlds)
    return experiment, sim.simulate(experiment)


def algebra_point(experiment: sim.Experiment, run: xr.Dataset, points: int = 200) -> Row:
    """Time one more point of a sweep over fees, all measures: what 200 more points cost, each."""

    def ask(count: int) -> Callable[[], object]:
        return lambda: sweep(experiment, _fees(1, count), run=run)

    few, many = _timed(ask(2)), _timed(ask(points + 2))
    each = (many["seconds"] - few["seconds"]) / points
    return _row("sweep point by algebra", run, points=1, seconds=each, peak_mb=many["peak_mb"])


def simulated_point(experiment: sim.Experiment, points: int = 4) -> Row:
    """Time a point of a sweep that needs the engine, at all worlds of the experiment."""
    values = {"economics.order_value": [50.0 + 5.0 * k for k in range(points)]}
    count = experiment.simulation.worlds
    found = _timed(lambda: sweep(experiment, values, points=count))
    each = found["seconds"] / points
    return _row("sweep point by simulation", None, count, 1, each, found["peak_mb"])


def many_means(experiment: sim.Experiment, run: xr.Dataset, side: int = 100) -> Row:
    """Time side x side points of two fees: means and probabilities of loss."""
    found = _timed(lambda: sweep(experiment, _fees(side, side), run=run, means=True))
    return _row("points, means and loss", run, points=side**2, **found)


def many_quantiles(experiment: sim.Experiment, run: xr.Dataset, side: int = 100) -> Row:
    """Time side x side points of two fees: all quantiles and expected shortfalls too."""
    found = _timed(lambda: sweep(experiment, _fees(side, side), run=run))
    return _row("points, all quantiles", run, points=side**2, **found)


def default_tornado(experiment: sim.Experiment) -> Row:
    """Time a tornado over the default experiment, 20,000 worlds at each end."""
    found = _timed(lambda: tornado(experiment))
    answer = found.pop("answer")
    return _row("tornado", None, answer.worlds, 1 + 3 * len(answer.inputs), **found)


def rows(quick: bool = False) -> list[Row]:
    """Return all rows; a quick look has fewer worlds and points."""
    experiment, run = base_run(20_000 if quick else 100_000)
    side = 20 if quick else 100
    sweep(experiment, _fees(2, 2), run=run)  # compiled
    return [
        algebra_point(experiment, run, 50 if quick else 200),
        simulated_point(experiment),
        many_means(experiment, run, side),
        many_quantiles(experiment, run, side),
        default_tornado(experiment),
    ]


def _fees(micro: int, macro: int) -> dict[str, str | list[str]]:
    def values(count: int) -> str | list[str]:
        return f"0.5x to 2x in {count} steps" if count > 1 else ["1x"]

    return {"tier.micro.fee": values(micro), "tier.macro.fee": values(macro)}


def _row(
    what: str,
    run: xr.Dataset | None,
    worlds: int = 0,
    points: int = 1,
    seconds: float = 0.0,
    peak_mb: float = 0.0,
    **_: Any,
) -> Row:
    count = int(run.sizes["sim"]) if run is not None else worlds
    return {
        "question": what,
        "worlds": count,
        "points": points,
        "seconds": round(seconds, 4),
        "peak_mb": round(peak_mb, 1),
    }


def _timed(call: Callable[[], object]) -> dict[str, Any]:
    """Return seconds of a call, its answer, and how much the memory in use grew at most, MB."""
    before, stop = _resident_mb(), threading.Event()
    highest = [before]

    def watch() -> None:
        while not stop.wait(0.02):
            highest[0] = max(highest[0], _resident_mb())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.perf_counter()
    answer = call()
    seconds = time.perf_counter() - started
    stop.set()
    watcher.join()
    return {"answer": answer, "seconds": seconds, "peak_mb": highest[0] - before}


def _resident_mb() -> float:
    """Return the memory in use, MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 2**20


if __name__ == "__main__":
    for row in rows("--quick" in sys.argv[1:]):
        print(json.dumps(row), flush=True)
