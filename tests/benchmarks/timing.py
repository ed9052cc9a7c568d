"""Interleaved timings: opponents take turns, so that a busy moment hits all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Times = Mapping[str, list[float]]


@dataclass(frozen=True)
class Contestant:
    """What to time, and how many creator-posts one call works through.

    One thread is timed by the processor's seconds of this process, so that neighbours on the machine
    count as little as they can; several threads by the clock on the wall.
    """

    call: Callable[[], object]
    posts: int
    threads: int = 1


@dataclass(frozen=True)
class Ratio:
    """Median of the ratios within rounds, with their 10 % and 90 % quantiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def interleaved(contestants: Mapping[str, Contestant], rounds: int) -> Times:
    """Return nanoseconds per creator-post of each round; a first round is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, contestant in contestants.items():
            clock = time.process_time if contestant.threads == 1 else time.perf_counter
            started = clock()
            contestant.call()
            if turn:
                seconds = clock() - started
                times[name].append(1e9 * seconds / contestant.posts)
    return times


def ratio(times: Times, over: str, under: str) -> Ratio:
    """Compare two contestants round by round: time of the first over time of the second."""
    ratios = sorted(a / b for a, b in zip(times[over], times[under], strict=True))
    tenth = len(ratios) // 10
    return Ratio(statistics.median(ratios), ratios[tenth], ratios[-1 - tenth])
