"""A run's folder: whole at any moment, and no file of a person is lost."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sim.run.folder import (
    MANIFEST,
    RunError,
    added,
    check_file,
    checked,
    checksum,
    file_in_place,
    is_run,
    read_manifest,
    replaced,
    sign,
)

OLD = {"experiment": "x", "experiment_hash": "aaaa", "seed": 1, "worlds": 10, "version": "1"}
NEW = {**OLD, "experiment_hash": "bbbb"}


def write_run(folder: Path, content: dict[str, object], text: str) -> None:
    with replaced(folder) as fresh:
        for name in ("summary.json", "worlds.nc"):
            (fresh / name).write_text(text)
        sign(fresh, content)


def make(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with file_in_place(path) as part:
        part.write_text(text)


def hidden(folder: Path) -> list[str]:
    return [str(p) for p in folder.rglob(".creator-roi.*")]


def texts(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with answers, a deck that somebody edited, notes, and another run within."""
    folder = tmp_path / "runs" / "x"
    write_run(folder, OLD, "old")
    make(folder / "analysis" / "tornado.json", "answer")
    make(folder / "report.html", "page")
    make(folder / "x.pptx", "deck")
    (folder / "x.pptx").write_text("edited deck")
    (folder / "notes.txt").write_text("mine")
    (folder / "empty").mkdir()
    write_run(folder / "inner", OLD, "inner")
    return folder


MINE = {
    "notes.txt": "mine",
    "x.pptx": "edited deck",
    "inner/summary.json": "inner",
    "inner/worlds.nc": "inner",
}


def test_other_numbers_move_aside_what_was_made_and_touch_nothing_else(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "sim"):
        write_run(run, NEW, "new")
    found = texts(run)
    (place,) = [p.relative_to(run).as_posix() for p in (run / "earlier").iterdir()]
    assert found == {
        "summary.json": "new",
        "worlds.nc": "new",
        f"{place}/analysis/tornado.json": "answer",
        f"{place}/report.html": "page",
        **MINE,
    }
    assert (run / "empty").is_dir()
    assert not (run / "analysis").exists()
    assert "analysis/tornado.json, report.html" in caplog.text
    assert "edited since and kept in" in caplog.text
    assert not hidden(run.parent)
    # A third run finds what moved aside to be nobody's but the person's.
    write_run(run, {**NEW, "seed": 9}, "third")
    assert texts(run) == {**found, "summary.json": "third", "worlds.nc": "third"}


def test_the_same_numbers_keep_what_was_made(run: Path) -> None:
    write_run(run, OLD, "again")
    assert texts(run) == {
        "summary.json": "again",
        "worlds.nc": "again",
        "analysis/tornado.json": "answer",
        "report.html": "page",
        **MINE,
    }
    # They are still the run's: other numbers move them aside.
    write_run(run, NEW, "new")
    assert not (run / "report.html").exists()


def test_an_edited_file_of_the_run_itself_moves_aside(run: Path) -> None:
    (run / "summary.json").write_text("annotated")
    write_run(run, OLD, "again")
    assert (run / "summary.json").read_text() == "again"
    (kept,) = (run / "earlier").rglob("summary.json")
    assert kept.read_text() == "annotated"


def test_a_file_where_the_run_needs_a_folder_moves_aside(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    write_run(folder, OLD, "old")
    (folder / "inputs").write_text("a file of mine")
    with replaced(folder) as fresh:
        (fresh / "inputs").mkdir()
        (fresh / "inputs" / "roster.csv").write_text("roster")
        sign(fresh, OLD)
    assert (folder / "inputs" / "roster.csv").read_text() == "roster"
    (kept,) = (p for p in (folder / "earlier").rglob("inputs") if p.is_file())
    assert kept.read_text() == "a file of mine"


def test_links_and_pipes_of_a_person_stay(run: Path, tmp_path: Path) -> None:
    (tmp_path / "far.txt").write_text("far")
    (run / "link").symlink_to(tmp_path / "far.txt")
    (run / "broken").symlink_to("nowhere")
    os.mkfifo(run / "pipe")
    write_run(run, NEW, "new")
    assert (run / "link").is_symlink()
    assert (run / "link").read_text() == "far"
    assert os.readlink(run / "broken") == "nowhere"
    assert stat.S_ISFIFO((run / "pipe").lstat().st_mode)


def test_without_second_names_for_files_they_are_copied(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    write_run(run, NEW, "new")
    found = texts(run)
    assert {name: found[name] for name in MINE} == MINE


def test_without_exchange_two_steps_do(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.run.folder._swapped", lambda *_: False)
    write_run(run, NEW, "new")
    found = texts(run)
    assert found["summary.json"] == "new"
    assert {name: found[name] for name in MINE} == MINE
    assert not hidden(run.parent)


def test_a_failure_leaves_everything(run: Path) -> None:
    before = texts(run)
    with pytest.raises(ValueError, match="in the middle"), replaced(run) as fresh:  # noqa: PT012
        (fresh / "summary.json").write_text("half")
        raise ValueError("in the middle")
    assert texts(run) == before
    assert not hidden(run.parent)


def test_runs_of_a_version_without_checksums(tmp_path: Path) -> None:
    """What is younger than their manifest was edited; the rest that it lists is their own."""
    folder = tmp_path / "x"
    folder.mkdir()
    for name in ("summary.json", "summary.csv", "worlds.nc"):
        (folder / name).write_text("old")
    manifest = {**OLD, "files": ["summary.csv", "summary.json", "worlds.nc"]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    later = (folder / MANIFEST).stat().st_mtime + 5
    (folder / "summary.csv").write_text("edited")
    os.utime(folder / "summary.csv", (later, later))
    write_run(folder, NEW, "new")
    assert texts(folder) == {"summary.json": "new", "worlds.nc": "new", "summary.csv": "edited"}


# --- Death at any moment --------------------------------------------------------------------------

#: Ends the process, as SIGKILL would, before the n-th change to the disk.
DEADLY = """
import os, sys
from pathlib import Path
import sim.run.folder as folders
left = int(sys.argv[2])
def deadly(function):
    def wrapped(*a, **k):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*a, **k)
    return wrapped
for name in ("rename", "replace", "link", "symlink", "mkdir", "unlink", "rmdir", "open"):
    setattr(os, name, deadly(getattr(os, name)))
if sys.argv[3] == "two steps":
    folders._swapped = lambda *_: False
else:
    folders._swapped = deadly(folders._swapped)
folder = Path(sys.argv[1])
with folders.replaced(folder) as fresh:
    for name in ("summary.json", "worlds.nc"):
        (fresh / name).write_text("new")
    folders.sign(fresh, {"experiment": "x", "experiment_hash": "bbbb", "seed": 1, "worlds": 10,
                         "version": "1"})
"""


def whole(folder: Path) -> str:
    """Return which run is there, each of its own files being what its manifest says."""
    manifest = read_manifest(folder)
    for name in manifest["files"]:
        assert checksum(folder / name) == manifest["sha256"][name]
    return (folder / "summary.json").read_text()


def survivors(folder: Path) -> dict[str, str]:
    """Return the texts of what must not be lost, wherever in the folder it is."""
    names = (*MINE, "analysis/tornado.json", "report.html")
    found = texts(folder)
    return {
        name: text
        for name in names
        for path, text in found.items()
        if path == name or (path.startswith("earlier/") and path.endswith(f"/{name}"))
    }


@pytest.mark.parametrize("way", ["exchange", "two steps"])
def test_killed_before_any_change_to_the_disk(tmp_path: Path, way: str) -> None:
    script = tmp_path / "deadly.py"
    script.write_text(textwrap.dedent(DEADLY))
    wanted = {**MINE, "analysis/tornado.json": "answer", "report.html": "page"}
    seen = set()
    for step in range(200):
        folder = tmp_path / str(step) / "x"
        write_run(folder, OLD, "old")
        make(folder / "analysis" / "tornado.json", "answer")
        make(folder / "report.html", "page")
        make(folder / "x.pptx", "deck")
        for name in ("x.pptx", "notes.txt"):
            (folder / name).write_text(MINE[name])
        write_run(folder / "inner", OLD, "inner")
        done = subprocess.run(
            [sys.executable, str(script), str(folder), str(step), way],
            check=False,
            capture_output=True,
            text=True,
        )
        if way == "exchange" or folder.exists():
            seen.add(whole(folder))
            assert survivors(folder) == wanted, step
        if done.returncode == 0:
            break
        assert done.returncode == 9, done.stderr
        # The next run finds all of it, and clears what the dead one left.
        write_run(folder, NEW, "next")
        assert whole(folder) == "next"
        assert survivors(folder) == wanted, step
        assert not hidden(folder.parent)
    assert done.returncode == 0
    assert step > 20
    assert seen == {"old", "new"}


def test_a_file_saved_while_the_run_is_replaced_is_not_lost(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor that saves between the links and the exchange."""
    from sim.run import folder as folders

    exchange = folders._exchange

    def late(fresh: Path, folder: Path, old: Path) -> None:
        (folder / "late.txt").write_text("late")
        (folder / "notes.tmp").write_text("mine, longer")
        (folder / "notes.tmp").rename(folder / "notes.txt")
        exchange(fresh, folder, old)

    monkeypatch.setattr(folders, "_exchange", late)
    write_run(run, NEW, "new")
    found = texts(run)
    assert found["late.txt"] == "late"
    assert "mine, longer" in found.values()
    assert "mine" in found.values()


# --- Single files ---------------------------------------------------------------------------------


def test_only_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, word in (
        (tmp_path / "pipe", "device or a pipe"),
        (Path("/dev/null"), "device or a pipe"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "x.txt", "no such folder"),
    ):
        with pytest.raises(RunError, match=word), file_in_place(path) as part:
            part.write_text("x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "deck.pptx").write_text("old")
    link = tmp_path / "deck.pptx"
    link.symlink_to("there/deck.pptx")
    with file_in_place(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "there" / "deck.pptx").read_text() == "new"
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(RunError, match="cannot be written"):
        check_file(loop)


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_modes_follow_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_run(tmp_path / "x", OLD, "text")
        make(tmp_path / "x" / "report.html", "page")
        make(tmp_path / "alone.txt", "text")
    finally:
        os.umask(before)
    for path in (tmp_path / "x").rglob("*"):
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask, path
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o777 & ~umask
    # A file that is replaced keeps the mode that somebody gave it.
    (tmp_path / "alone.txt").chmod(0o640)
    make(tmp_path / "alone.txt", "again")
    assert (tmp_path / "alone.txt").stat().st_mode & 0o777 == 0o640


def test_what_is_made_again_moves_an_edited_one_aside(run: Path) -> None:
    make(run / "report.html", "page two")
    assert (run / "report.html").read_text() == "page two"
    make(run / "x.pptx", "deck two")
    assert (run / "x.pptx").read_text() == "deck two"
    (kept,) = (run / "earlier").rglob("x.pptx")
    assert kept.read_text() == "edited deck"
    with pytest.raises(RunError, match="a part of the run itself"):
        make(run / "worlds.nc", "no")


def test_charts_are_the_runs_own(run: Path) -> None:
    for text in ("first", "second"):
        with added(run, "charts") as staged:
            (staged / "roi.png").write_text(text)
    assert (run / "charts" / "roi.png").read_text() == "second"
    assert "charts/roi.png" in read_manifest(run)["files"]
    write_run(run, NEW, "new")
    assert not (run / "charts").exists()
    assert hidden(run) == []


def test_what_dead_processes_left_beside_a_file_goes(tmp_path: Path) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True
    )
    remains = tmp_path / f".creator-roi.{int(dead.stdout)}.0123abcd.deck.pptx"
    remains.write_text("half")
    alive = tmp_path / f".creator-roi.{os.getpid()}.0123abcd.deck.pptx"
    alive.write_text("under way")
    make(tmp_path / "deck.pptx", "whole")
    assert not remains.exists()
    assert alive.exists()


# --- Damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "is no JSON"),
        ("[1]", "is no manifest"),
        ("[" * 100_000, "is no JSON"),
        (json.dumps({k: v for k, v in OLD.items() if k != "seed"}), "lacks seed"),
        (json.dumps({**OLD, "worlds": "many"}), "lacks worlds"),
    ],
    ids=["cut", "a list", "deep", "no seed", "worlds as text"],
)
def test_a_damaged_manifest_is_one_message(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    assert not is_run(tmp_path)
    with pytest.raises(RunError, match=word):
        read_manifest(tmp_path)


def test_a_file_that_is_not_what_the_run_wrote_is_told(run: Path) -> None:
    assert checked(run, "summary.json").read_text() == "old"
    (run / "summary.json").write_text("tampered")
    with pytest.raises(RunError, match="is not what the run wrote"):
        checked(run, "summary.json")
    (run / "summary.json").unlink()
    with pytest.raises(RunError, match="is missing"):
        checked(run, "summary.json")
