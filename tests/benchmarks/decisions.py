"""Seconds of the questions about drivers, numbers and mixes: plain functions, no timed tests.

Each returns a row: what was asked, of how many worlds, and the seconds of the best of some rounds,
compiled. `compare.py` prints them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


def sobol_seconds(rounds: int = 3, threads: int | None = None) -> dict[str, Any]:
    """Return first-order and total indices of every input of the default experiment."""
    from sim.experiment import load
    from sim.questions.sensitivity import sensitivity

    experiment = load(EXPERIMENTS / "micro_vs_macro.toml")
    seconds, found = _best(lambda: sensitivity(experiment, threads=threads), rounds)
    inputs = len({driver.input for driver in found.drivers})
    return {
        "question": "sobol",
        "experiment": "micro_vs_macro",
        "inputs": inputs,
        "worlds": found.worlds,
        "seconds": seconds,
    }


def diversify_seconds(rounds: int = 3, threads: int | None = None) -> dict[str, Any]:
    """Return the risk of the default experiment's decision by number of creators."""
    from sim.experiment import load
    from sim.questions.diversify import diversify

    experiment = load(EXPERIMENTS / "micro_vs_macro.toml")
    seconds, found = _best(lambda: diversify(experiment, threads=threads), rounds)
    return {
        "question": "diversify",
        "experiment": "micro_vs_macro",
        "numbers": sum(len(item.points) for item in found.portfolios),
        "worlds": 2 * found.worlds,
        "seconds": seconds,
    }


def frontier_seconds(rounds: int = 3, threads: int | None = None) -> dict[str, Any]:
    """Return the efficient set over five tiers on three compensations."""
    from sim.experiment import load
    from sim.questions.frontier import frontier

    experiment = load(EXPERIMENTS / "budget_mix.toml")
    seconds, found = _best(
        lambda: frontier(experiment, max=("gifted=60",), threads=threads), rounds
    )
    return {
        "question": "frontier",
        "experiment": "budget_mix",
        "lines": len(experiment.portfolio),
        "mixes": len(found.mixes),
        "search_worlds": found.search_worlds,
        "check_worlds": found.check_worlds,
        "seconds": seconds,
    }


def all_rows(rounds: int = 3, threads: int | None = None) -> list[dict[str, Any]]:
    """Return every row of this file."""
    return [ask(rounds, threads) for ask in (sobol_seconds, diversify_seconds, frontier_seconds)]


def _best(ask: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the least seconds of some rounds and the last answer; a round before warms up."""
    found, least = ask(), float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        found = ask()
        least = min(least, time.perf_counter() - started)
    return round(least, 2), found


if __name__ == "__main__":
    for row in all_rows():
        print(row)
