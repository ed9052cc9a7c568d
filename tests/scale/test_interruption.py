"""Interrupted runs: what is finished is kept, and a changed experiment never uses it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.engine.run import block_rows
from sim.plan import make_plan
from sim.run.blocks import compute_block, finished_blocks, read_block

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "micro_vs_macro.toml"


@pytest.fixture
def plan():
    return make_plan(sim.load(EXPERIMENT, worlds=2_048))


def test_a_block_on_disk_is_the_block(plan, tmp_path):
    name = compute_block(str(tmp_path), plan, 1_024, 1_024)
    stored, fresh = read_block(tmp_path, name), block_rows(plan, 1_024, 1_024)
    assert set(stored) == set(fresh)
    assert all(np.array_equal(stored[key], fresh[key], equal_nan=True) for key in fresh)


def test_a_damaged_block_is_not_there(plan, tmp_path):
    kept = compute_block(str(tmp_path), plan, 0, 1_024)
    damaged = tmp_path / compute_block(str(tmp_path), plan, 1_024, 1_024)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert finished_blocks(tmp_path) == {(0, 1_024): kept}
    assert not damaged.exists()


def test_resumed_runs_equal_fresh_ones_and_run_only_what_is_missing(tmp_path):
    experiment = sim.load(EXPERIMENT, worlds=150_000)
    fresh = sim.simulate(experiment)
    first = sim.simulate(experiment, blocks_in=tmp_path)
    blocks = sorted(tmp_path.rglob("*.npz"))
    assert len(blocks) > 1
    blocks[1].unlink()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    again = sim.simulate(experiment, blocks_in=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for name in fresh.data_vars:
        assert np.array_equal(fresh[name].values, first[name].values, equal_nan=True), name
        assert np.array_equal(fresh[name].values, again[name].values, equal_nan=True), name


def test_a_changed_experiment_does_not_use_the_blocks(tmp_path):
    sim.simulate(sim.load(EXPERIMENT, worlds=1_024), blocks_in=tmp_path)
    before = set(tmp_path.iterdir())
    changed = sim.load(EXPERIMENT, ["economics.gross_margin=0.5"], worlds=1_024)
    results = sim.simulate(changed, blocks_in=tmp_path)
    assert len(set(tmp_path.iterdir()) - before) == 1
    assert np.array_equal(results["profit"].values, sim.simulate(changed)["profit"].values)


@pytest.mark.scale
def test_killed_in_the_middle_and_resumed(tmp_path):
    out = tmp_path / "run"
    command = [
        sys.executable, "-m", "sim", "run", str(EXPERIMENT), "--worlds", "1M", "--no-charts",
        "--quiet", "--resume", "--out", str(out),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    blocks = tmp_path / ".run.blocks"
    deadline = time.monotonic() + 120
    while len(list(blocks.rglob("*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    kept = {path: path.stat().st_mtime_ns for path in blocks.rglob("[0-9]*.npz")}
    assert kept
    resumed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "micro beats macro" in resumed.stdout
    assert not blocks.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    results = sim.load_results(out)
    fresh = sim.simulate(sim.load(EXPERIMENT, worlds=1_000_000), memory_limit=8 << 30)
    assert np.array_equal(results["roi"].values, fresh["roi"].values)
    os.sync()
