"""A full disk, a folder that cannot be written, an interruption: a message, and nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main

SMALL = """
[simulation]
worlds = 2_000
[portfolio.micro]
tier = "micro"
creators = 5
"""


def call(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    return result.exit_code, result.stderr


#: Makes a full disk of any disk: what the program sees of it.
FULL = (
    "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**6, 10**6, 10**3)"
)


def call_alone(*arguments: str | Path, first: str = "pass") -> tuple[int, str]:
    """Run in a process of its own: a full disk ends it at once."""
    code = f"{first}\nfrom sim.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


#: One that fills while worlds are simulated.
FULL_LATER = """
import shutil
# Room for the worlds of the run and of the two other sets of evidence, then none.
usages = iter([10**12] * 3 + [10**3] * 3)
def usage(path):
    return shutil._ntuple_diskusage(10**12, 0, next(usages))
shutil.disk_usage = usage
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("first", "word"),
    [(FULL, "2,000 worlds need "), (FULL_LATER, "no space left on the disk: needs")],
    ids=["from the start", "later"],
)
def test_a_full_disk_leaves_the_last_run_whole(
    small: Path, tmp_path: Path, first: str, word: str
) -> None:
    runs = tmp_path / "runs"
    options = ("--no-charts", "--quiet", "--out", runs / "small")
    assert call("run", small, *options)[0] == 0
    before = everything(runs)
    code, message = call_alone("run", small, *options, "--seed", "9", first=first)
    assert code not in (0, None)
    assert word in message
    assert "Traceback" not in message
    assert everything(runs) == before


def test_a_folder_that_cannot_be_written_costs_no_time(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes before the first world."""
    import sim.run.simulate

    def never(*_: object, **__: object) -> None:
        pytest.fail("simulated")

    monkeypatch.setattr(sim.run.simulate, "simulate", never)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    code, message = call("run", small, "--out", tmp_path / "runs")
    assert code not in (0, None)
    assert "cannot be written to; name another folder with --out" in message


def test_what_only_shows_when_writing_is_told_too(small: Path) -> None:
    """Folders of /proc look writable to root and are not."""
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc here")
    code, message = call("run", small, "--no-charts", "--out", "/proc/self/runs")
    assert code not in (0, None)
    assert "cannot be written" in message
    assert "Traceback" not in message


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where the system lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.scale
@pytest.mark.parametrize("worlds", ["2k", "20k"])
def test_a_disk_that_is_really_full(small: Path, tiny_disk: Path, worlds: str) -> None:
    out = tiny_disk / "run"
    code, message = call_alone("run", small, "--worlds", worlds, "--no-charts", "--out", out)
    if code == 0:
        assert (out / "worlds.nc").is_file()
        return
    # Told before where the worlds alone are too many, else when the disk is full.
    assert "no space left on the disk" in message or "MB on the disk of" in message
    assert "Traceback" not in message
    assert list(tiny_disk.iterdir()) == []


def test_a_mistake_in_a_question_costs_no_finished_run(small: Path, tmp_path: Path) -> None:
    """The question would replace the run (other worlds), and its values cannot be read."""
    out = tmp_path / "run"
    assert call("run", small, "--no-charts", "--quiet", "--out", out)[0] == 0
    before = everything(out)
    question = ("sweep", small, "--key", "tier.micro.fee", "--out", out, "--worlds", "1k")
    code, message = call(*question, "--values", "abc")
    assert code == 2, message
    assert everything(out) == before
    code, message = call(*question, "--values", "100, 200", "--no-charts")
    assert code == 0, message
    assert "holds another run (2,000 worlds, seed" in message
    assert (out / "analysis").is_dir()
