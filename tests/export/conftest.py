"""Small runs on disk, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.run.written import write_run

TABLES = {
    "title": "=small",
    "simulation": {"worlds": 3_000, "seed": 11},
    "tier": {"macro": {"fee": 4_000}},
    "portfolio": {
        "micro": {"tier": "micro", "creators": 6},
        "macro": {"tier": "macro", "creators": 1},
    },
}


def make(folder: Path, **changed: object) -> Path:
    """Run a variant of the small experiment into a folder."""
    experiment = sim.build(TABLES | changed, name=folder.name)
    write_run(folder, experiment, sim.simulate(experiment, threads=1))
    return folder


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run, a dearer one, one with more worlds, with other portfolios, with another seed."""
    root = tmp_path_factory.mktemp("runs")
    dear = {"tier": {"macro": {"fee": 6_000}, "mega": {"fee": 1}}}
    return {
        "base": make(root / "base"),
        "dear": make(root / "dear", **dear),
        "longer": make(root / "longer", simulation={"worlds": 5_000, "seed": 11}),
        "another": make(
            root / "another",
            portfolio={
                "micro": {"tier": "micro", "creators": 6},
                "mid": {"tier": "mid", "creators": 2},
            },
        ),
        "other": make(root / "other", simulation={"worlds": 3_000, "seed": 12}, **dear),
    }
