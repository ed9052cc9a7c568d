"""Damaged tables: they are read, or refused in lines that name what is wrong. Nothing else."""

from __future__ import annotations

import io
import random
from pathlib import Path

import openpyxl
import pytest

from sim.reading import POSTS, RESULTS, ROSTER, ReadingError, read_table

ROSTERS = b'name,followers,engagement_rate,posts,fee,past_orders,past_posts\nAda,18300,2.1 %,12,150,"4; 5",2\n'
EXPORT = "sep=;\nHandle;Fans;Engagement;Likes;Sales;Revenue\nbö;8.100;1,9 %;200;5;99,00 €\nTotal;1;1 %;1;1;1\n"
TOKENS = [
    b",", b";", b"\n", b'"', b"%", b".", b"-", b"1e999", b"\x00", b"\xff", b"(", b"K", b"'", b"\t", b"0",
    b"1,234", b"1.234", b"sep=", b"Total", b"nan", b"inf", b"name", b"\xe2\x82\xac", b"\xd9\xa1", b"|",
]  # fmt: skip


def workbook() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (["name", "followers", "likes"], ["Ada", 18_300, 400], ["Bo", "5k", 3]):
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("seed", range(4))
def test_damaged_tables_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    whole = [ROSTERS, EXPORT.encode("cp1252"), EXPORT.encode("utf-16"), workbook()]
    path = tmp_path / "table.csv"
    for _ in range(120):
        raw = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 12)):
            at, what = rng.randrange(len(raw) + 1), rng.random()
            if what < 0.4:
                raw[at:at] = rng.choice(TOKENS)
            elif what < 0.7 and len(raw) > 6:
                del raw[at : at + rng.randint(1, 6)]
            elif raw:
                raw[min(at, len(raw) - 1)] = rng.randrange(256)
        path.write_bytes(raw)
        for vocabulary in (POSTS, ROSTER, RESULTS):
            faults, columns, rows = ("",), {}, 0
            try:
                table = read_table(path, vocabulary)
            except ReadingError as error:
                faults = error.faults
                told = all(fault and "\n" not in fault for fault in faults)
            else:
                columns, rows, told = table.numbers, len(table.rows), True
            assert faults
            assert told
            assert all(len(column) == rows for column in columns.values())
