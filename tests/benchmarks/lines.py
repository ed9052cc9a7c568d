"""Kinds of lines besides the default one: what a creator-post of each costs, in nanoseconds.

    python tests/benchmarks/lines.py          # one JSON object

Each is the micro line of `default.toml` with something changed: laws that are no lognormals, a
roster, a programme in stages, pay by results. Times are those of the calling thread, the least of
many calls. `before.json` holds what the kernel of commit 0b372ea took on the machine it names.
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
DEFAULT, BEFORE = FOLDER / "default.toml", FOLDER / "before.json"
WORLDS, ROSTER = 2048, 60

#: What changes: the tier's laws, its portfolio, and other tables.
KINDS: dict[str, dict[str, Any]] = {
    "default": {},
    "tables": {
        "tier": {
            "engagement_rate": {"beta": {"mean": 0.03, "sd": 0.02}},
            "conversion_rate": {"beta": {"mean": 0.03, "sd": 0.02}},
            "fee": {"gamma": {"mean": 300, "sd": 180}},
            "fit": {"gamma": {"mean": 1.0, "sd": 0.3}},
            "management_hours": {"pert": {"low": 1, "mode": 2, "high": 6}},
            "post_luck": {"gamma": {"mean": 1.0, "sd": 0.5}},
            "fee_elasticity": 0.0,
        },
    },
    "roster": {"portfolio": {"roster": "roster.csv"}},
    "stages": {
        "portfolio": {
            "tier": "micro", "creators": 100,
            "stages": [{"posts": 1}, {"keep": 0.3, "posts": 3}, {"keep": 0.5, "posts": 6}],
        },
    },
    "results_pay": {
        "portfolio": {"tier": "micro", "creators": 100, "compensation": "performance"},
        "compensation": {"pay_per_order": 12.0, "pay_floor": 20.0, "pay_cap": 400.0},
    },
}  # fmt: skip


def tables_of(kind: str) -> dict[str, Any]:
    """Return the tables of an experiment with one line of a kind."""
    tables = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
    changes = KINDS[kind]
    everybody = {"tier": "micro", "creators": 205}
    tables["portfolio"] = {"micro": changes.get("portfolio", everybody)}
    tables["tier"]["micro"]["on"]["instagram"].update(changes.get("tier", {}))
    tables["compensation"]["performance"].update(changes.get("compensation", {}))
    for aside in ("decision", "sweep", "scenario"):
        tables.pop(aside, None)
    tables["simulation"] |= {"worlds": WORLDS}
    return tables


def people() -> Iterator[dict[str, Any]]:
    """Yield the rows of a roster: followers of all, rates and fees of some."""
    rng = np.random.default_rng(1)
    for k in range(ROSTER):
        yield {
            "name": f"creator {k}",
            "followers": int(rng.uniform(11_000, 90_000)),
            "engagement_rate": round(float(rng.uniform(0.01, 0.06)), 4) if k % 2 else "",
            "posts": int(rng.integers(3, 30)) if k % 2 else "",
        }


def measured(kind: str, calls: int) -> float:
    """Return the nanoseconds of a creator-post, the least of some calls."""
    from sim.engine.factors import factor_rows
    from sim.engine.kernel import line_sums
    from sim.engine.line import N_SUMS
    from sim.experiment import build
    from sim.plan import make_plan

    with tempfile.TemporaryDirectory() as folder:
        with open(Path(folder) / "roster.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["name", "followers", "engagement_rate", "posts"])
            writer.writeheader()
            writer.writerows(people())
        plan = make_plan(build(tables_of(kind), name=kind, folder=Path(folder)))
    works = plan.works
    factors, tracked = factor_rows(plan, 0, WORLDS), np.full(WORLDS, 0.6)
    outs = [np.empty((max(len(w.stops), len(w.post_ends)), N_SUMS, WORLDS)) for w in works]
    posts = sum(plan.posts(w) for w in range(len(works)))

    def call() -> None:
        for work, out in zip(works, outs, strict=True):
            line_sums(work, factors, tracked, np.uint64(0), WORLDS, out)

    call()
    times = []
    for _ in range(calls):
        started = time.thread_time_ns()
        call()
        times.append(time.thread_time_ns() - started)
    return min(times) / WORLDS / posts


def world_microseconds(calls: int) -> float:
    """Return the microseconds of a world of the whole default experiment, the least of some calls."""
    from sim.engine.run import block_rows
    from sim.experiment import build
    from sim.plan import make_plan

    plan = make_plan(build(tomllib.loads(DEFAULT.read_text(encoding="utf-8"))))
    block_rows(plan, 0, 4096)
    times = []
    for _ in range(calls):
        started = time.thread_time_ns()
        block_rows(plan, 0, 4096)
        times.append(time.thread_time_ns() - started)
    return min(times) / 4096 / 1e3


def rows(calls: int = 40) -> dict[str, float]:
    """Return nanoseconds per creator-post by kind, and microseconds per world."""
    found = {kind: round(measured(kind, calls), 2) for kind in KINDS}
    return found | {"microseconds_per_world": round(world_microseconds(max(calls // 4, 5)), 2)}


def speedups(now: dict[str, float]) -> dict[str, float]:
    """Return how many times faster each kind is than the kernel that `before.json` records."""
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    ratios = {f"{kind}_speedup": round(before[kind] / now[kind], 2) for kind in KINDS}
    worlds = before["microseconds_per_world"] / now["microseconds_per_world"]
    return ratios | {"whole_experiment_speedup": round(worlds, 2)}


if __name__ == "__main__":
    print(json.dumps(rows(), indent=1))
