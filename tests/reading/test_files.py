"""Kinds of files: workbooks, and what is no table at all."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sim.reading import POSTS, ROSTER, ReadingError, grid, read_table


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    """Write a workbook; percent are cells of the form (value, format)."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append([cell[0] if isinstance(cell, tuple) else cell for cell in row])
            for at, cell in enumerate(row, start=1):
                if isinstance(cell, tuple):
                    sheet.cell(sheet.max_row, at).number_format = cell[1]
    made.save(path)
    return path


def test_a_workbook_knows_its_numbers(tmp_path: Path) -> None:
    """Typed numbers are exact whatever a text beside them says; a percent format makes fractions."""
    path = book(
        tmp_path / "list.xlsx",
        Creators=[
            ["Our creators in spring"],
            ["Name", "Followers", "ER", "Fee", "Posts"],
            ["Kim", 18_300, (0.021, "0.0%"), 149.505, 12],
            ["Lou", "52.1K", (0.015, "0.0%"), "1,250.00", None],
            ["Total", 70_400, None, 1399.505, None],
        ],
    )
    table = read_table(path, ROSTER)
    assert table.text["name"] == ["Kim", "Lou"]
    assert table.numbers["followers"].tolist() == [18_300, 52_100]
    assert table.numbers["engagement_rate"].tolist() == [0.021, 0.015]
    assert table.numbers["fee"].tolist() == [149.505, 1250]
    assert (table.unit, table.rows) == ("row", [3, 4])


def test_percent_in_the_header_of_a_workbook(tmp_path: Path) -> None:
    rows = [["Name", "Followers", "ER (%)"], ["Kim", 18_300, 2.1], ["Lou", 9_000, (0.015, "0.00%")]]
    table = read_table(book(tmp_path / "list.xlsx", A=rows), ROSTER)
    assert table.numbers["engagement_rate"] == pytest.approx([0.021, 0.015])


def test_the_sheet_with_most_known_columns_is_read_and_told(tmp_path: Path) -> None:
    path = book(
        tmp_path / "list.xlsx",
        Notes=[["as agreed on Monday"]],
        Data=[["handle", "fans", "likes"], ["kim", 9_000, 300]],
        Old=[["handle", "remark"], ["kim", "x"]],
    )
    table = read_table(path, POSTS)
    assert table.numbers["followers"].tolist() == [9_000]
    assert table.notes == ("sheet Data is read, not Notes, Old",)


def test_dates_and_errors_in_a_workbook_are_no_numbers(tmp_path: Path) -> None:
    import datetime as dt

    rows = [
        ["name", "followers", "likes"],
        ["Kim", dt.date(2024, 5, 1), 3],
        ["Lou", 9_000, "#REF!"],
    ]
    with pytest.raises(ReadingError) as caught:
        read_table(book(tmp_path / "list.xlsx", A=rows), POSTS)
    assert "row 2, followers: '2024-05-01T00:00:00' is no number" in str(caught.value)
    assert "row 3, likes: '#REF!' is an error of the spreadsheet" in str(caught.value)


def test_a_workbook_needs_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "list.xlsx", A=[["name", "followers"], ["Kim", 9_000]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ReadingError, match=r"pip install 'creator-roi\[tables\]'"):
        read_table(path, ROSTER)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"\xd0\xcf\x11\xe0rest", "old kind"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\x1f\x8bzipped", "compressed"),
        (b"PK\x03\x04damaged", "damaged workbook"),
        (b"\x00\x01\x02\x03" * 50, "is no text"),
        (bytes(range(1, 32)) * 40 + b"\xff", "is no text"),
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"\xff\xfe\x00", "is not: save it anew"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, raw: bytes, problem: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(raw)
    with pytest.raises(ReadingError, match=problem):
        read_table(path, POSTS)


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("posts.csv", "name,followers\n")
    with pytest.raises(ReadingError, match="unpack it first"):
        read_table(path, POSTS)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook>")
    with pytest.raises(ReadingError, match="damaged workbook"):
        read_table(path, POSTS)


def test_only_regular_files_of_sane_size_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ReadingError, match="is a folder"):
        read_table(tmp_path, POSTS)
    with pytest.raises(ReadingError, match="No such file"):
        read_table(tmp_path / "none.csv", POSTS)
    with pytest.raises(ReadingError, match="is a device"):
        read_table(Path("/dev/zero"), POSTS)
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    done = threading.Event()

    def attempt() -> None:
        with pytest.raises(ReadingError, match="is a pipe"):
            read_table(pipe, POSTS)
        done.set()

    threading.Thread(target=attempt, daemon=True).start()
    assert done.wait(10), "a pipe is waited for"
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(3 * grid.LARGEST)  # takes no room on the disk
    with pytest.raises(
        ReadingError, match=r"has 300 MB, and at most 100 are read: keep the columns"
    ):
        read_table(large, POSTS)
