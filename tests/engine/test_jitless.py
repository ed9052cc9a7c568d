"""The engine interpreted: draws, orders and accounts are plain Python that coverage can see.

For coverage run

    NUMBA_DISABLE_JIT=1 pytest tests/engine -m jitless --cov=sim.engine

which this file does without the coverage.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.run import block_rows
from sim.plan import make_plan

ROOT = Path(__file__).parents[2]
INTERPRETED = {
    **os.environ,
    "NUMBA_DISABLE_JIT": "1",
    "PYTHONPATH": str(Path(sim.__file__).parents[1]),
}
#: Worlds of the comparison: a full chunk and a part of one.
WORLDS = 150

#: Everything that a line's structure is made of: bases, posts, market, tables with and without jumps,
#: constants, shocks, beliefs, fees on delivery and on signing, several stops of one line.
SMALL: dict[str, Any] = {
    "simulation": {"worlds": WORLDS, "seed": 4},
    "platform": {"instagram": {"audience": 200_000.0, "viral_from": 1.5}},
    "niche": {"general": {"market": 300_000.0}},
    "portfolio": {
        "two": {"creators": 2, "tier": "micro", "posts": 3, "repeat_factor": 0.8},
        "three": {"creators": 3, "tier": "micro", "posts": 3, "repeat_factor": 0.8},
        "nano": {"creators": 2, "tier": "nano", "niche": "open", "compensation": "gifted"},
    },
    "costs": {"cost_of_goods": "10 to 30"},
    "economics": {"order_value": "60 to 80", "order_value_cv": 1.5},
}
OTHERS: dict[str, dict[str, Any]] = {
    "followers": {},
    "impressions": {
        "engagement_basis": "impressions",
        "amplification": {"cascade": {"b": 0.74, "tail_index": 1.34}, "cap": 300},
        "post_luck": 1.0,
    },
    "still": {
        "engagement_rate": 0.04,
        "reach_rate": 0.3,
        "amplification": {},
        "delivery_rate": 1.0,
        "fee": 200.0,
    },
}


def experiment(kind: str) -> sim.Experiment:
    tables = {
        **SMALL,
        "niche": {**SMALL["niche"], "open": {}},
        "tier": {"micro": OTHERS[kind]},
        "costs": {**SMALL["costs"], "fee_due": "signing" if kind == "still" else "delivery"},
    }
    return sim.build(tables)


@pytest.mark.jitless
@pytest.mark.parametrize("kind", OTHERS)
def test_small_runs_make_sense(kind: str) -> None:
    """What must hold in every world: caps, order of stops, nothing but numbers."""
    rows = block_rows(make_plan(experiment(kind)), 0, WORLDS)
    two, three = 0, 1
    for name in ("impressions", "engagements", "cost", "viral_posts", "delivered"):
        assert np.isfinite(rows[name]).all()
        assert (rows[name] >= 0.0).all()
        # The first two creators of the three are the two of the other portfolio.
        assert (rows[name][three] >= rows[name][two]).all()
    assert (rows["engagements"] <= rows["impressions"] * (1.0 + 1e-9)).all()
    assert (rows["impressions"] <= np.array([[6.0], [9.0], [2.0]]) * 200_000.0).all()
    assert (rows["reach"] <= 300_000.0).all()
    assert (rows["delivered"] == np.round(rows["delivered"])).all()


def test_interpreted_and_compiled_agree(tmp_path: Path) -> None:
    """Interpreted, the funnel is read in double precision: what single precision may cost."""
    script = (
        "import importlib.util, sys, numpy as np\n"
        f"spec = importlib.util.spec_from_file_location('small', {str(Path(__file__))!r})\n"
        "small = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(small)\n"
        "for kind in small.OTHERS:\n"
        "    plan = small.make_plan(small.experiment(kind))\n"
        "    rows = small.block_rows(plan, 0, small.WORLDS)\n"
        "    np.savez(sys.argv[1] + '/' + kind, **rows)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, env=INTERPRETED, cwd=ROOT
    )
    for kind in OTHERS:
        compiled = block_rows(make_plan(experiment(kind)), 0, WORLDS)
        with np.load(tmp_path / f"{kind}.npz") as interpreted:
            assert set(interpreted) == set(compiled)
            for name in compiled:
                scale = np.nanmax(np.abs(compiled[name]), initial=1.0)
                near = np.isclose(
                    interpreted[name], compiled[name], 2e-5, 2e-6 * scale, equal_nan=True
                )
                # A mean that differs by rounding is an order more or less in few worlds.
                assert near.mean() >= 0.99, name


def test_marked_tests_pass_interpreted() -> None:
    """Runs every test marked `jitless` in a process without compilation."""
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), "-m", "jitless", "-q"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        check=False,
        env=INTERPRETED,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = int(done.stdout.rsplit(" passed", 1)[0].rsplit(maxsplit=1)[-1])
    assert passed > 45


def test_this_process_is_compiled() -> None:
    """Else the comparison above would compare Python with itself."""
    from sim.engine.jit import COMPILES

    assert COMPILES or os.environ.get("NUMBA_DISABLE_JIT") == "1"
