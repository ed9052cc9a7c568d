"""What commands import: nothing heavy that they do not need, whatever is added to them."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import sim
from sim.cli import main
from sim.cli.light import loading
from sim.run.written import write_run

#: Runs commands one after the other; prints which of the heavy packages are there after each.
SCRIPT = """
import contextlib, io, json, sys
from sim.cli import main
heavy, commands = json.loads(sys.argv[1])
seen = []
for command in commands:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main(command)
    seen.append([name for name in heavy if name in sys.modules])
print(json.dumps(seen))
"""
HEAVY = ("numba", "xarray", "pandas", "scipy._lib._array_api", "matplotlib", "pydantic", "numpy")


def heavy_after(*commands: list[str]) -> list[set[str]]:
    """Return the heavy packages that are imported after each command, all in one process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([HEAVY, commands])],
        check=True,
        capture_output=True,
        text=True,
    )
    return [set(names) for names in json.loads(done.stdout.splitlines()[-1])]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    portfolios = {name: {"tier": name, "creators": 2} for name in ("micro", "macro")}
    experiment = sim.build({"simulation": {"worlds": 500}, "portfolio": portfolios})
    folder = tmp_path_factory.mktemp("runs") / "run"
    write_run(folder, experiment, sim.simulate(experiment, threads=1))
    return folder


def test_a_list_of_runs_needs_no_arrays_and_a_check_no_compiler(run: Path) -> None:
    listed, checked = heavy_after(
        ["list", str(run.parent)], ["check", str(run / "experiment.toml")]
    )
    assert listed == set()
    assert checked == {"numpy", "pydantic"}


def test_pages_and_slides_need_no_compiler_and_no_xarray(run: Path) -> None:
    shown = heavy_after(["report", str(run)], ["deck", str(run)])[-1]
    assert not shown & {"numba", "xarray", "pandas"}
    assert (run / "report.html").is_file()
    assert list(run.glob("*.pptx"))


def test_a_run_needs_no_xarray_and_no_compiler_twice(run: Path, tmp_path: Path) -> None:
    """What the worlds of the fixture compiled is on disk."""
    command = ["run", str(run / "experiment.toml"), "--no-charts", "--out", str(tmp_path / "again")]
    unwanted = {"numba", "xarray", "pandas", "scipy._lib._array_api", "matplotlib"}
    assert not heavy_after(command)[0] & unwanted
    assert (tmp_path / "again" / "summary.json").is_file()


def test_garbage_is_looked_for_again_after_loading() -> None:
    """As before, whatever goes wrong meanwhile."""
    for was in (True, False):
        (gc.enable if was else gc.disable)()
        with suppress(ImportError), loading():
            during = gc.isenabled()
            raise ImportError
        after = gc.isenabled()
        gc.enable()
        assert (during, after) == (False, was)


def test_scipy_is_whole_where_more_of_it_is_asked_for() -> None:
    script = """
from sim.cli.light import light_scipy
light_scipy()
import sys, scipy.special, scipy.linalg
before = "scipy._lib._array_api" in sys.modules
from scipy.special import logsumexp, ndtri
from scipy import linalg, stats
print(before, ndtri(0.5), round(logsumexp([1.0, 2.0]), 6), linalg.det([[2.0]]), stats.norm.ppf(0.5))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "0.0", "2.313262", "2.0", "0.0"]


def test_questions_need_no_xarray(run: Path) -> None:
    few = [str(run / "experiment.toml"), "--out", str(run), "--no-charts", "--points", "256"]
    asked = heavy_after(["tornado", *few], ["sweep", *few])[-1]
    assert "numpy" in asked
    assert not asked & {"xarray", "pandas"}


def test_linear_algebra_has_one_thread_unless_the_user_says_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    main(["--version"], standalone_mode=False)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["MKL_NUM_THREADS"] == "3"
