"""Exports as they come: suffixes, percents, commas, byte order marks, other names, gaps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.fit.cells import CellError, decimal_comma, number
from sim.fit.reading import FitError, read_posts


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("1234", False, 1234), ("1,234", False, 1234), ("1,234,567.5", False, 1234567.5),
        ("12.3K", False, 12_300), ("1.2M", False, 1.2e6), ("2b", False, 2e9), ("1 234", False, 1234),
        ("1\u202f234", False, 1234), ("1'234", False, 1234), ("3.86 %", False, 0.0386),
        ("3,86 %", True, 0.0386), ("1.234,5", True, 1234.5), ("1.234", True, 1234),
        ("1,2K", True, 1200), ("$1,250.50", False, 1250.5), ("1.250 €", True, 1250),
        ("USD 99", False, 99), ("-5", False, -5), ("1e3", False, 1000),
    ],
)  # fmt: skip
def test_numbers_as_dashboards_write_them(text: str, comma: bool, value: float) -> None:
    assert number(text, comma) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "NaN", "NULL", "None", "#N/A"])
def test_what_is_missing_is_no_number(text: str) -> None:
    assert math.isnan(number(text))


@pytest.mark.parametrize("text", ["abc", "12 likes", "1.2.3e", "--5", "%", "5 % %"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        number(text)


@pytest.mark.parametrize(
    ("cells", "semicolons", "comma"),
    [
        (["1,234", "5,678"], False, False),  # thousands
        (["1,234", "3,8"], False, True),  # one cell settles the column
        (["1.234", "2.5"], True, False),
        (["1.234", "5.678"], True, True),  # nothing settles it but the separator of columns
        (["1.234,50"], False, True),
        (["1,234.50"], True, False),
        (["3,860 %"], False, True),  # no share of 3,860 %
        (["", "n/a"], False, False),
    ],
)
def test_decimal_commas_are_seen_by_column(cells: list[str], semicolons: bool, comma: bool) -> None:
    assert decimal_comma(cells, semicolons) is comma


def test_german_spreadsheet_with_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    text = "Account;Follower Count;Engagement Rate\nana;12.500;3,86 %\nben;1,2M;\nciu;45.000;2 %\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    posts = read_posts(path)
    assert posts.followers.tolist() == [12_500, 45_000]
    assert posts.engagements == pytest.approx([0.0386 * 12_500, 900])
    assert any("1 rows without views" in note for note in posts.notes)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("Creator\tFollowers\tLikes\nZoë\t10k\t5\nZoë\t10k\t7\n".encode(encoding))
    posts = read_posts(path)
    assert posts.creator.tolist() == [0, 0]
    assert posts.engagements.tolist() == [5, 7]


def test_percent_without_a_sign_is_seen_and_told(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("creator,followers,er\na,1000,3.1\nb,1000,4.2\nc,1000,0.4\n")
    posts = read_posts(path)
    assert posts.engagements == pytest.approx([31, 42, 4])
    assert any("taken as percent" in note for note in posts.notes)


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "tiktok_export.csv"
    path.write_text("Wer,Fans,Abrufe\nx,10000,500\ny,20000,700\n")
    with pytest.raises(FitError, match="no column of followers; the file has Wer, Fans, Abrufe"):
        read_posts(path)
    mapped = {"followers": "Fans", "views": "abrufe", "creator": "Wer"}
    posts = read_posts(path, columns=mapped)
    assert posts.views.tolist() == [500, 700]
    assert set(posts.platform) == {"tiktok"}  # from the file's name


@pytest.mark.parametrize(
    ("text", "columns", "problem"),
    [
        ("followers,likes\n1000,five\n", {}, "row 2, likes: 'five' is no number"),
        ("followers,likes\n", {}, "has no rows below its header"),
        ("followers,colour\n1000,red\n", {}, "no column of views, engagements"),
        ("fans,likes\n1000,5\n", {"followers": "fan"}, "no such column; did you mean 'fans'"),
        ("followers,likes\n1000,5\n", {"fans": "likes"}, "--map fans=...: is no column of a fit"),
        ("followers,likes\n0,5\n,7\n", {}, "no row has followers and views"),
    ],
)
def test_faults_name_row_and_column(
    tmp_path: Path, text: str, columns: dict[str, str], problem: str
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(text)
    with pytest.raises(FitError) as raised:
        read_posts(path, columns=columns)
    assert problem in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="cannot be read: No such file"):
        read_posts(tmp_path / "nowhere.csv")


def test_rows_without_a_creator_are_creators_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("creator,followers,likes\na,1000,5\n,1000,6\n,1000,7\na,1000,8\n")
    posts = read_posts(path)
    assert np.bincount(posts.creator).tolist() in ([1, 1, 2], [2, 1, 1], [1, 2, 1])
