"""The committed statistics of half of the creators: `halves.csv` and `histograms.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from post_statistics import Floats

HERE = Path(__file__).parent
#: Width of a bin in the logarithm, as in `derive.py`.
BIN = 0.05


@dataclass(frozen=True)
class Statistic:
    """A statistic of some posts, its bootstrap error over creators, and how many creators."""

    value: float
    se: float
    creators: int


@dataclass(frozen=True)
class Histogram:
    """One post of each creator: how many lie in each bin of the logarithm.

    ``edges`` has one number more than ``counts``.
    """

    edges: Floats
    counts: Floats

    @property
    def creators(self) -> int:
        """How many creators, and so posts, were counted."""
        return int(self.counts.sum())

    def share_within(self, low: float, high: float) -> float:
        """Return the share of posts between two values; within a bin evenly in the logarithm."""
        below = np.concatenate([[0.0], np.cumsum(self.counts)]) / self.creators
        first, last = np.interp(np.log([low, high]), self.edges, below)
        return float(last - first)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


@cache
def _statistics() -> dict[tuple[str, ...], Statistic]:
    return {
        (row["half"], row["platform"], row["posts"], row["tier"], row["quantity"]): Statistic(
            float(row["value"]), float(row["se"] or "nan"), int(row["n"])
        )
        for row in _rows("halves.csv")
    }


@cache
def _histograms() -> dict[tuple[str, ...], Histogram]:
    result = {}
    for row in _rows("histograms.csv"):
        counts = np.array(row["counts"].split(), dtype=float)
        edges = BIN * (int(row["first_bin"]) + np.arange(len(counts) + 1))
        key = (row["half"], row["platform"], row["posts"], row["tier"], row["quantity"])
        result[key] = Histogram(edges, counts)
    return result


def statistic(half: str, platform: str, posts: str, tier: str, quantity: str) -> Statistic:
    """Return a statistic of ``even``, ``odd`` or ``all`` creators; KeyError where there is none."""
    return _statistics()[half, platform, posts, tier, quantity]


def histogram(half: str, platform: str, posts: str, tier: str, quantity: str) -> Histogram:
    """Return the counts of one post of each creator; KeyError where there are too few."""
    return _histograms()[half, platform, posts, tier, quantity]


def quantities(platform: str, posts: str, tier: str, start: str) -> list[str]:
    """Return the quantities whose name begins so."""
    return [
        key[4]
        for key in _statistics()
        if key[:4] == ("all", platform, posts, tier) and key[4].startswith(start)
    ]
