"""The log: its chain, several writers at once, and writers that are killed."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from sim.forecasts import ForecastError, extended, read_log
from sim.forecasts.log import START


def three(path, forecast):
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        log = extended(path, lambda _, d=day: forecast(d))
    return log


def test_each_line_names_the_sha_256_of_the_one_before(tmp_path, forecast):
    log = three(tmp_path / "f.jsonl", forecast)
    lines = (tmp_path / "f.jsonl").read_bytes().splitlines()
    assert json.loads(lines[0])["previous"] == START
    for before, line in itertools.pairwise(lines):
        assert json.loads(line)["previous"] == hashlib.sha256(before).hexdigest()
    assert log.head == hashlib.sha256(lines[-1]).hexdigest() == read_log(log.path).head


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace(b'"x"', b'"y"'), *lines[1:]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], b"{}", *lines[1:]], 2),
        (lambda lines: [*lines[:2], b"not json"], 3),
        (lambda lines: [lines[0], b"", *lines[1:]], 2),
    ],
    ids=["edited", "removed", "first removed", "put in", "damaged", "blank"],
)
def test_a_broken_chain_is_told_with_its_line_and_nothing_is_added(
    tmp_path, forecast, change, line
):
    path = tmp_path / "f.jsonl"
    three(path, forecast)
    path.write_bytes(b"\n".join([*change(path.read_bytes().splitlines()), b""]))
    before = path.read_bytes()
    with pytest.raises(ForecastError, match=f"line {line} "):
        extended(path, lambda _: forecast())
    assert path.read_bytes() == before


def test_a_line_without_an_end_was_cut(tmp_path, forecast):
    path = tmp_path / "f.jsonl"
    three(path, forecast)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ForecastError, match="line 3 has no end"):
        read_log(path)


WRITER = """
import sys
from pathlib import Path
from sim.forecasts import extended
for i in range(int(sys.argv[2])):
    extended(Path(sys.argv[1]), lambda _: {"kind": "forecast", "text": "x" * 200_000})
"""


def writer(path, count):
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(count)], env=os.environ)


def test_writers_at_once_lose_no_record(tmp_path):
    path = tmp_path / "f.jsonl"
    writers = [writer(path, 6) for _ in range(3)]
    assert [one.wait() for one in writers] == [0, 0, 0]
    assert len(read_log(path).entries) == 18


def test_a_killed_writer_leaves_whole_records(tmp_path):
    path = tmp_path / "f.jsonl"
    one = writer(path, 100_000)
    for _ in range(600):
        if path.exists() and path.stat().st_size > 400_000:
            break
        time.sleep(0.05)
    one.send_signal(signal.SIGKILL)
    one.wait()
    there = len(read_log(path).entries)
    assert there >= 2
    extended(path, lambda _: {"kind": "forecast"})
    assert len(read_log(path).entries) == there + 1
    assert [p.name for p in tmp_path.iterdir()] == ["f.jsonl"]
