"""Blocks of long runs: each run's own, locked, kept by an interruption, gone with the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.plan import make_plan
from sim.run.folder import RunError, claimed
from sim.run.provenance import run_key
from sim.run.simulate import Where, blocks_folder, simulate, worlds_of
from sim.run.written import write_run

SMALL = """
[simulation]
worlds = 3_000
[portfolio.micro]
tier = "micro"
creators = 3
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def call(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    return result.exit_code, result.stderr


@pytest.fixture
def interrupted(small: Path, tmp_path: Path) -> Path:
    """Blocks of a run with another seed, beside the run's folder."""
    experiment = sim.load(small, seed=9)
    blocks = blocks_folder(tmp_path / "run")
    simulate(experiment, blocks_in=blocks).close()
    return blocks / run_key(experiment, make_plan(experiment))


def test_another_run_of_the_same_name_leaves_the_blocks_alone(
    small: Path, tmp_path: Path, interrupted: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in interrupted.iterdir()}
    options = ("--no-charts", "--quiet", "--out", tmp_path / "run")
    for arguments in ((), ("--resume",)):
        code, stderr = call("run", small, *options, *arguments)
        assert code == 0
        assert f"{interrupted} keeps" in stderr
        assert {p: p.stat().st_mtime_ns for p in interrupted.iterdir()} == before
    # Its own command uses them, without being told to, and they go.
    code, stderr = call("run", small, *options, "--seed", "9")
    assert (code, stderr) == (0, "")
    assert not interrupted.parent.exists()


def test_two_runs_of_the_same_worlds_do_not_meet(small: Path, tmp_path: Path) -> None:
    experiment = sim.load(small)
    place = blocks_folder(tmp_path / "run") / run_key(experiment, make_plan(experiment))
    options = ("--resume", "--no-charts", "--quiet", "--out", tmp_path / "run")
    with claimed(place):
        code, stderr = call("run", small, *options)
        assert code == 1
        assert "another process is simulating the same worlds" in stderr
        with pytest.raises(RunError, match="another process"):
            simulate(experiment, blocks_in=place.parent)
    assert call("run", small, *options) == (0, "")


def test_two_processes_that_resume_at_once(small: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "sim", "run", str(small), "--resume", "--no-charts", "--quiet",
        "--worlds", "100k", "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(process.communicate()[1], process.returncode) for process in both]
    assert 0 in [code for _, code in ends]
    for stderr, code in ends:
        assert code == 0 or "another process is simulating" in stderr
    fresh = simulate(sim.load(small, worlds=100_000))
    assert np.array_equal(sim.load_results(tmp_path / "run")["roi"].values, fresh["roi"].values)
    assert not blocks_folder(tmp_path / "run").exists()


def test_an_interruption_says_what_is_kept(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.run import blocks

    compute, left = blocks.compute_block, [1]

    def interrupt(*arguments: object) -> str:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return compute(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(blocks, "compute_block", interrupt)
    monkeypatch.setattr("sim.run.simulate.large_block", lambda _: 1024)
    options = ("--no-charts", "--quiet", "--threads", "1", "--out", tmp_path / "run")
    code, stderr = call("run", small, *options, "--resume")
    assert code == 130
    assert "1,024 of 3,000 worlds are kept in" in stderr
    assert "the same command goes on" in stderr
    monkeypatch.setattr(blocks, "compute_block", compute)
    assert call("run", small, *options) == (0, "")
    assert not blocks_folder(tmp_path / "run").exists()


def test_a_large_run_leaves_nothing_beside_it(small: Path, tmp_path: Path) -> None:
    experiment = sim.load(small)
    folder = tmp_path / "runs" / "run"
    with worlds_of(experiment, folder, Where(), memory_limit=1000) as dataset:
        write_run(folder, experiment, dataset)
    assert os.listdir(folder.parent) == ["run"]
    stored = sim.load_results(folder)
    fresh = simulate(experiment)
    for name in fresh.data_vars:
        assert np.array_equal(stored[name].values, fresh[name].values, equal_nan=True), name


#: Simulates more than it may hold, says where that is, and ends as it is told to.
LARGE = """
import os, sys, sim
results = sim.simulate(sim.load(sys.argv[1]), memory_limit=1000)
print(results.encoding["source"], float(results["roi"].mean()), flush=True)
if sys.argv[2] == "dies":
    os._exit(9)
"""


def test_what_exceeds_memory_goes_with_its_process(small: Path, tmp_path: Path) -> None:
    def large(end: str) -> Path:
        done = subprocess.run(
            [sys.executable, "-c", LARGE, str(small), end],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert done.stdout, done.stderr
        return Path(done.stdout.split()[0])

    temporary = tmp_path / "tmp"
    temporary.mkdir()
    large("ends")
    assert list(temporary.iterdir()) == []
    place = large("dies").parent
    # The worlds are there once, in their file, and not in blocks too.
    assert [p.name for p in place.iterdir()] == ["worlds.nc"]
    assert place.stat().st_mode & 0o777 == 0o700
    large("ends")
    assert list(temporary.iterdir()) == []
