"""Charts drawn by two processes: the same files, whatever becomes of the one beside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.report import beside
from sim.report.beside import Charts, draw_charts, drawing_beside
from sim.run.dataset import open_results
from sim.run.written import Answer, read_answer, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Answer]:
    """A run's folder, its worlds and what it says."""
    portfolios = {name: {"tier": name, "creators": 4} for name in ("micro", "macro")}
    experiment = sim.build({"simulation": {"worlds": 800}, "portfolio": portfolios})
    folder = tmp_path_factory.mktemp("runs") / "run"
    write_run(folder, experiment, sim.simulate(experiment, threads=1))
    dataset = open_results(folder)
    return folder, dataset, read_answer(dataset)


def test_the_same_bytes_whoever_draws(run: tuple[Path, Any, Answer], tmp_path: Path) -> None:
    folder, dataset, said = run
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    some = ["loss", "why"]
    with drawing_beside(folder / "worlds.nc") as other:
        assert other is not None
        undone = other.draw(deque([*some, "no such chart"]), there, said)
        charts = Charts(dataset, said)
        for name in some:
            charts.write(name, here)
        assert undone() == ["no such chart"]
    files = sorted(path.name for path in here.iterdir())
    assert files == sorted(path.name for path in there.iterdir())
    assert len(files) == 4
    for name in files:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


def test_what_the_one_beside_leaves_is_drawn_here(
    run: tuple[Path, Any, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dead before it begins, or its worlds are not there; and each chart is drawn once."""
    folder, dataset, said = run
    drawn: list[str] = []
    monkeypatch.setattr(Charts, "write", lambda self, name, _: drawn.append(name))
    with drawing_beside(folder / "worlds.nc") as other:
        assert other is not None
        other._process.kill()
        other._process.wait()
        draw_charts(dataset, tmp_path, said, other)
    assert sorted(drawn) == sorted(Charts(dataset, said).names)
    drawn.clear()
    with drawing_beside(folder / "other.nc") as other:
        draw_charts(dataset, tmp_path, said, other)
    assert sorted(drawn) == sorted(Charts(dataset, said).names)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no signal stops a process")
def test_one_that_hangs_is_not_waited_for(
    run: tuple[Path, Any, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, said = run
    monkeypatch.setattr(beside, "PATIENCE", 0.2)
    with drawing_beside(folder / "worlds.nc") as other:
        assert other is not None
        os.kill(other._process.pid, signal.SIGSTOP)
        assert other.draw(deque(["loss", "why"]), tmp_path, said)() == ["loss"]
        assert other._process.returncode is not None


def test_a_failure_here_ends_the_one_beside(
    run: tuple[Path, Any, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, dataset, said = run

    def fail(*_: Any) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr(Charts, "write", fail)
    with drawing_beside(folder / "worlds.nc") as other:
        assert other is not None
        with pytest.raises(ValueError, match="no ink"):
            draw_charts(dataset, tmp_path, said, other)
        assert other._process.returncode is not None


def test_folders_of_the_environment_are_the_same_for_both(
    run: tuple[Path, Any, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative one is relative to where the command stands, though the other process stands elsewhere."""
    folder, _, said = run
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLCONFIGDIR", "own")
    charts = tmp_path / "charts"
    charts.mkdir()
    with drawing_beside(folder / "worlds.nc") as other:
        assert other is not None
        assert other.draw(deque(["loss"]), charts, said)() == []
    assert (tmp_path / "own").is_dir()


def test_one_processor_draws_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from sim.engine import run as engine

    monkeypatch.setattr(engine, "processors", lambda: 1)
    with drawing_beside(tmp_path / "worlds.nc") as other:
        assert other is None


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(beside.subprocess, "Popen", full)
    with drawing_beside(tmp_path / "worlds.nc") as other:
        assert other is None


def marked(mark: str) -> set[int]:
    """Return the processes whose environment holds a mark."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes():
                found.add(int(place.name))
        except OSError:
            continue
    return found


def until(told: Any, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not told():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C in a terminal reaches all processes of a command; a killed one tells nobody."""
    mark = uuid.uuid4().hex
    experiment = tmp_path / "one.toml"
    experiment.write_text('[portfolio.one]\ntier = "micro"\ncreators = 1000\n', encoding="utf-8")
    command = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", str(experiment), "--worlds", "4M",
         "--out", str(tmp_path / "run")],
        env=os.environ | {"SIM_MARK": mark}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert until(lambda: len(marked(mark)) == 2)
    os.killpg(command.pid, how)
    _, told = command.communicate()
    assert "Traceback" not in told
    assert until(lambda: not marked(mark))
