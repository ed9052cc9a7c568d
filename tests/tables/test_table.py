"""One table: the same numbers for people, files and pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.measures import Measured
from sim.tables import Column, Table, from_rows
from sim.tables.files import write_csv, write_json, write_parquet
from sim.tables.table import from_records, measured
from sim.tables.workbook import LONGEST_NAME, SheetError, sheet_names, write_workbook


@pytest.fixture
def table() -> Table:
    return Table(
        "sweep",
        "a point and a portfolio",
        (
            Column("portfolio", ["micro", "=macro", None]),
            Column("fee", [1000.0, 2500.0, 12.5], "USD"),
            Column("roi_mean", [2.4031, -0.02, None], "fraction", [0.012, None, None], "mean ROI"),
            Column("creators", np.array([205, 9, 1]), "creators"),
            Column("wins", [True, False, True]),
            Column("note", [None, None, None]),
        ),
    )


def test_people_read_what_the_errors_support(table: Table) -> None:
    assert table.titles == [
        "portfolio",
        "fee, USD",
        "mean ROI",
        "creators",
        "wins",
        "note",
    ]
    assert list(table.texts()) == [
        ("micro", "1,000", "240 % ± 1", "205", "yes", ""),
        ("=macro", "2,500", "-2.0 % *", "9", "no", ""),
        ("", "12.5", "n/a *", "1", "yes", ""),
    ]


def test_a_file_has_errors_beside_their_values_and_units_above(table: Table) -> None:
    assert table.header == [
        "portfolio", "fee [USD]", "roi_mean [fraction]", "roi_mean_se [fraction]", "creators",
        "wins", "note",
    ]  # fmt: skip
    assert table.to_rows()[1] == {
        "portfolio": "=macro", "fee": 2500.0, "roi_mean": -0.02, "roi_mean_se": None,
        "creators": 9, "wins": False, "note": None,
    }  # fmt: skip
    assert list(table["roi_mean_se"]) == [0.012, None, None]


def test_units_may_differ_between_rows() -> None:
    column = Column(
        "value", [2.4031, 73_267.0], errors=[0.012, 71.2], units=["fraction", "USD"],
        error_name="standard_error",
    )  # fmt: skip
    assert column.texts() == ["240 % ± 1", "73,270 ± 70"]
    assert [part.name for part in column.parts()] == ["value", "standard_error"]


def test_a_row_without_a_figure_is_empty_and_a_missing_figure_is_told() -> None:
    known, missing = Measured(0.5, 0.01, "fraction"), Measured(None, None, "fraction", "no cost")
    assert measured("x", [known, missing]).texts() == ["50 % ± 1", "n/a *"]
    assert measured("x", [known, None]).texts() == ["50 % ± 1", ""]
    assert measured("x", [None, known]).unit == "fraction"


def test_records_have_their_errors_beside_them() -> None:
    rows = [{"of": "a", "roi": 0.5, "roi_se": 0.01}, {"of": "b", "cost": 3.0, "se": 1.0}]
    table = from_records("t", "", rows, {"roi": "fraction", "cost": "USD"}, errors={"cost": "se"})
    assert [column.name for column in table.columns] == ["of", "roi", "cost"]
    assert table.header == ["of", "roi [fraction]", "roi_se [fraction]", "cost [USD]", "se [USD]"]
    assert list(table.texts()) == [("a", "50 % ± 1", ""), ("b", "", "3 ± 1")]
    assert table.to_rows()[1] == {"of": "b", "roi": None, "roi_se": None, "cost": 3.0, "se": 1.0}


def test_numbers_and_text_in_a_column_are_text_in_typed_files(tmp_path: Path) -> None:
    table = Table("t", "", (Column("fee", [1000.0, "{ lognormal }", None]),))
    write_parquet(table, tmp_path / "t.parquet")
    stored = pq.read_table(tmp_path / "t.parquet").to_pydict()
    assert stored == {"fee": ["1000.0", "{ lognormal }", None]}


def test_rows_are_taken_in_the_order_asked_for(table: Table) -> None:
    taken = table.take([2, 0])
    assert taken.to_rows() == [table.to_rows()[2], table.to_rows()[0]]


def test_pandas_has_the_types_of_what_columns_hold(table: Table) -> None:
    frame = table.to_dataframe()
    assert list(map(str, frame.dtypes)) == [
        "string", "float64", "float64", "float64", "int64", "boolean", "string",
    ]  # fmt: skip
    assert frame["roi_mean"].isna().tolist() == [False, False, True]
    assert frame.attrs["units"]["fee"] == "USD"
    whole = Table("t", "", (Column("n", [1, None]),)).to_dataframe()
    assert str(whole["n"].dtype) == "Int64"


def test_csv_and_parquet_come_back_as_they_were(table: Table, tmp_path: Path) -> None:
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(tmp_path / "t.csv", encoding="utf-8-sig")
    assert list(back.columns) == table.header
    assert back["fee [USD]"].tolist() == [1000.0, 2500.0, 12.5]
    # Text that a spreadsheet would run as a formula has an apostrophe in front.
    assert back["portfolio"].tolist()[:2] == ["micro", "'=macro"]
    write_parquet(table, tmp_path / "t.parquet")
    stored = pq.read_table(tmp_path / "t.parquet")
    assert list(zip(*stored.to_pydict().values(), strict=True)) == list(table.rows())
    attrs = json.loads(stored.schema.metadata[b"PANDAS_ATTRS"])
    assert attrs["about"] == "a point and a portfolio"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_every_digit_of_a_number_is_in_a_csv(values: list[float]) -> None:
    table = Table("t", "", (Column("x", values), Column("of", ["a"] * len(values))))
    lines = table.to_dataframe().to_csv(index=False).splitlines()[1:]
    back = [line.removesuffix(",a") for line in lines]
    wanted = [v if np.isfinite(v) else None for v in values]
    assert [float(text) if text else None for text in back] == wanted


def test_missing_and_infinite_numbers_are_null_in_json(tmp_path: Path) -> None:
    table = Table("t", "", (Column("x", np.array([1.0, np.nan, np.inf])),))
    write_json([table], tmp_path / "t.json")
    rows = json.loads((tmp_path / "t.json").read_text())["t"]["rows"]
    assert rows == [{"x": 1.0}, {"x": None}, {"x": None}]


# --- Workbooks ------------------------------------------------------------------------------------


def _sheet(table: Table, path: Path):
    write_workbook([table], path)
    return openpyxl.load_workbook(path)[table.name]


def test_a_column_has_one_format_to_the_digit_of_its_errors(tmp_path: Path) -> None:
    table = Table(
        "t",
        "",
        (
            Column("portfolio", ["a", "b", "c"]),
            Column("roi", [2.4031, 0.8312, -0.1], "fraction", [0.0012, 0.0011, 0.0013]),
            Column("profit", [73_267.4, 1_234.5, 99.9], "USD", [71.2, 55.0, 80.0]),
            Column("price", [0.0123, 0.0456, 0.0789], "USD"),
            Column("hired", [205, 9, 1], "creators"),
            Column("share", [0.25, 0.5, 1.0], "fraction of worlds"),
            Column("one_way", [True, False, True]),
        ),
    )
    sheet = _sheet(table, tmp_path / "t.xlsx")
    formats = [[cell.number_format for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert formats[0] == formats[1] == formats[2]
    assert formats[0][1:] == [
        "0.0%", "0.0%", "#,##0", "#,##0", "#,##0.00000", "#,##0", "0%", "General",
    ]  # fmt: skip
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:I4"
    # Every number fits its column: none is shown as ####.
    assert sheet.column_dimensions["D"].width >= len("73,267")


def test_figures_of_different_units_in_a_column_have_their_own_formats(tmp_path: Path) -> None:
    value = Column("value", [2.4031, 73_267.0], errors=[0.012, 71.2], units=["fraction", "USD"])
    sheet = _sheet(Table("t", "", (Column("measure", ["a", "b"]), value)), tmp_path / "t.xlsx")
    assert [row[1].number_format for row in sheet.iter_rows(min_row=2)] == ["0%", "#,##0"]


def test_text_stays_text_and_what_a_sheet_cannot_hold_is_replaced(tmp_path: Path) -> None:
    table = from_rows(
        "t", "", [{"name": text, "x": 1} for text in ("a\x0bb", "c\x1b[31m", "=1")],
        {"name": "", "x": ""},
    )  # fmt: skip
    sheet = _sheet(table, tmp_path / "t.xlsx")
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == ["a\ufffdb", "c\ufffd[31m", "=1"]
    assert [cell.data_type for cell in cells] == ["s", "s", "s"]
    assert cells[2].quotePrefix


def test_a_sheet_that_is_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sim.tables.workbook.MOST_ROWS", 10)
    table = Table("worlds", "", (Column("sim", np.arange(10)),))
    with pytest.raises(SheetError, match="10 rows, an Excel sheet at most 9"):
        write_workbook([table], tmp_path / "x.xlsx")


@given(st.lists(st.text(min_size=1, max_size=60), max_size=12))
def test_names_of_sheets_can_be_and_are_told_apart(names: list[str]) -> None:
    sheets = sheet_names(names)
    assert len({name.casefold() for name in sheets}) == len(names)
    for name in sheets:
        assert 0 < len(name) <= LONGEST_NAME
        assert not set("[]:*?/\\") & set(name)


def test_a_name_that_is_short_enough_stays() -> None:
    long = "breakeven_roi_mean_tier.macro.fee"
    assert sheet_names(["sweep", long, long.upper()]) == [
        "sweep",
        long[:31],
        f"{long.upper()[:29]}~2",
    ]
