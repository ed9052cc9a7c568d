"""Tables of a run, and the files that hold them: the same numbers, whatever reads them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.export import files, run_tables, write_tables
from sim.run.dataset import cost_by_component
from sim.tables import Column, Table, View
from sim.text.safe import cell


@pytest.fixture(scope="module")
def tables(runs) -> dict[str, Table]:
    return {table.name: table for table in run_tables(runs["base"], worlds=True)}


def test_the_summary_is_that_of_the_run(tables, runs):
    stored = json.loads((runs["base"] / "summary.json").read_text())
    rows = {(row[0], row[1]): row for row in tables["summary"].rows()}
    for portfolio, entry in stored["portfolios"].items():
        for name, measure in entry["measures"].items():
            _, _, _, value, se, unit, _ = rows[portfolio, name]
            assert (value, se, unit) == (measure["value"], measure["se"], measure["unit"])
    wide = tables["portfolios"]
    assert list(wide["portfolio"]) == ["micro", "macro"]
    assert "cost_mean [USD]" in wide.header
    assert "roi_mean_se [fraction]" in wide.header


def test_costs_add_up_to_the_cost_of_the_portfolio(tables, runs):
    dataset = sim.load_results(runs["base"])
    costs = tables["costs"].to_dataframe()
    whole = costs.groupby("portfolio")["mean"].sum()
    for name in ("micro", "macro"):
        assert whole[name] == pytest.approx(float(dataset["cost"].sel(portfolio=name).mean()))
    assert costs.groupby("portfolio")["share"].sum().to_numpy() == pytest.approx([1.0, 1.0])
    # The error of a mean of independent worlds: s / sqrt(n), here from the components' own worlds.
    fee = cost_by_component(dataset).sel(portfolio="micro", component="fee").to_numpy()
    row = costs[(costs.portfolio == "micro") & (costs.component == "fee")].iloc[0]
    assert row.standard_error == pytest.approx(fee.std(ddof=1) / np.sqrt(fee.size))


def test_payback_is_the_share_of_worlds_that_have_covered_their_cost(tables, runs):
    dataset = sim.load_results(runs["base"])
    table = tables["payback"]
    last = max(table["week"])
    for row in table.rows():
        if row[1] == last:
            # By then nearly all orders have come: what has not paid back loses.
            profit = dataset["profit"].sel(portfolio=row[0]).to_numpy()
            assert row[2] == pytest.approx((profit >= 0).mean(), abs=0.01)


def test_worlds_are_the_worlds(tables, runs):
    dataset = sim.load_results(runs["base"])
    worlds = tables["worlds"]
    assert len(worlds) == 2 * 3_000
    for name in ("roi", "revenue", "orders"):
        assert (np.asarray(worlds[name]).reshape(2, -1) == dataset[name].to_numpy()).all()
    assert "roi [profit / cost]" in worlds.header
    shared = tables["shared"]
    assert (shared["shock:campaign"] == dataset["shock"].sel(factor="campaign").to_numpy()).all()


def test_every_assumption_has_a_source(tables):
    table = tables["assumptions"]
    assert "tier.macro.on.instagram.fee" in table["key"]
    assert all(table["source"])
    assert all(table["unit"])


def test_formats_hold_the_same(tables, tmp_path):
    chosen = [tables["run"], tables["summary"], tables["costs"], tables["worlds"]]
    write_tables(chosen, tmp_path / "csv", "csv")
    write_tables(chosen, tmp_path / "parquet", "parquet")
    write_tables(chosen, tmp_path / "all.json", "json")
    write_tables(chosen, tmp_path / "all.xlsx", "xlsx")
    stored = json.loads((tmp_path / "all.json").read_text())
    book = openpyxl.load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames[0] == "run"
    for table in chosen:
        rows = list(table.rows())
        path = tmp_path / "csv" / f"{table.name}.csv"
        with path.open(newline="", encoding="utf-8-sig") as stream:
            head, *body = csv.reader(stream)
        assert head == table.header
        assert body == [["" if v is None else str(cell(v)) for v in row] for row in rows]
        parquet = pq.read_table(tmp_path / "parquet" / f"{table.name}.parquet")
        assert parquet.column_names == table.header
        assert list(zip(*parquet.to_pydict().values(), strict=True)) == rows
        assert [tuple(row.values()) for row in stored[table.name]["rows"]] == rows
        cells = list(book[table.name].values)
        assert list(cells[0]) == table.header
        for got, row in zip(cells[1:], rows, strict=True):
            for value, wanted in zip(got, row, strict=True):
                if isinstance(wanted, float):
                    # The library writes 16 digits.
                    assert value == pytest.approx(wanted, rel=1e-15)
                else:
                    # An empty text is an empty cell.
                    assert (value or None) == (wanted or None)


def test_text_never_becomes_a_formula(tables, tmp_path):
    write_tables([tables["run"]], tmp_path / "run.xlsx", "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "run.xlsx")["run"]
    title = next(row[1] for row in sheet.iter_rows() if row[0].value == "title")
    assert (title.value, title.data_type) == ("=small", "s")
    assert title.quotePrefix
    write_tables([tables["run"]], tmp_path, "csv")
    with (tmp_path / "run.csv").open(newline="", encoding="utf-8-sig") as stream:
        cells = {row[0]: row[1] for row in csv.reader(stream)}
    assert cells["title"] == "'=small"


def test_excel_is_told_that_a_csv_is_utf_8(tables, tmp_path):
    write_tables([tables["run"]], tmp_path, "csv")
    assert (tmp_path / "run.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("kind", "package"), [("xlsx", "openpyxl"), ("parquet", "pyarrow")])
def test_a_missing_package_is_named_with_its_install_line(
    runs, tmp_path, monkeypatch, kind, package
):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    out = tmp_path / "x"
    result = CliRunner().invoke(
        main, ["export", str(runs["base"]), "--format", kind, "--out", str(out)]
    )
    assert result.exit_code == 1
    assert f"needs {package}" in result.stderr
    assert "pip install 'creator-roi[tables]'" in result.stderr
    assert not out.exists()


def test_the_command_writes_beside_the_run_and_says_where(runs):
    result = CliRunner().invoke(main, ["export", str(runs["dear"]), "--format", "json"])
    assert result.exit_code == 0, result.stderr
    path = runs["dear"] / "tables" / "dear.json"
    assert result.stdout == f"wrote {path}\n"
    assert set(json.loads(path.read_text())) == {
        "run", "contents", "summary", "comparison", "portfolios", "costs", "payback",
        "assumptions",
    }  # fmt: skip


def test_what_was_asked_is_exported_under_the_name_of_its_question(runs, tmp_path):
    from sim.run.answers import save_analysis

    folder = runs["another"]
    experiment = sim.load(folder / "experiment.toml")
    with sim.load_results(folder) as run:
        losing = sim.loss(experiment, more_than=10_000, run=run)
        ranks = sim.tornado(experiment, rank=True, run=run)
        swept = sim.sweep(experiment, {"tier.macro.fee": [2_000.0, 4_000.0]}, run=run)
        tied = sim.breakeven(experiment, "tier.macro.fee", beliefs=False, run=run)
    for name, answer in (
        ("loss", losing), ("tornado", ranks), ("sweep_fee", swept), ("breakeven_fee", tied),
    ):  # fmt: skip
        save_analysis(folder, name, answer.to_dict())
    found = {table.name: table for table in run_tables(folder)}
    assert found["loss"].to_rows() == losing.to_rows()
    assert len(found["tornado"]) == len(ranks.inputs)
    assert found["sweep"].to_rows() == swept.to_rows()
    assert "tier.macro.fee [USD per post]" in found["sweep"].header
    assert "roi_mean_se [fraction]" in found["breakeven"].header
    assert ("breakeven_ties" in found) == bool(tied.ties)
    for kind in ("csv", "parquet"):
        write_tables([*found.values()], tmp_path / kind, kind)
        assert (tmp_path / kind / f"sweep.{kind}").is_file()
    write_tables([*found.values()], tmp_path / "all.xlsx", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "all.xlsx")
    made = {"payback_curve", "sweep_curve", "breakeven_curve"}
    assert [name for name in book.sheetnames if name not in made] == list(found)
    assert set(book.sheetnames) - set(found) == made
    for name in ("portfolios", "loss", *made):
        assert len(book[name]._charts) == 1
    link = next(c for c in book["contents"]["A"] if c.value == "loss").hyperlink
    assert link.location == "'loss'!A1"
    contents = {row["table"]: row for row in found["contents"].to_rows()}
    assert contents["loss"]["answer"] == losing.sentence
    assert contents["loss"]["rows"] == len(losing.portfolios)
    facts = [row["name"] for row in found["run"].to_rows()]
    assert {"loss", "tornado"} <= set(facts)
    # Asked again with another amount, each is called as its file.
    save_analysis(folder, "loss_20k", sim.loss(experiment, 20_000).to_dict())
    names = [table.name for table in run_tables(folder)]
    assert "loss_20k" in names
    assert "loss" in names
    # What another version saved is told in its sentence.
    save_analysis(folder, "tornado", {"analysis": "tornado", "sentence": "Old words."})
    tables = {table.name: table for table in run_tables(folder)}
    assert "tornado" not in tables
    assert ("tornado", "Old words.") in list(tables["run"].rows())


def test_what_is_no_run_is_said_in_a_line(tmp_path):
    result = CliRunner().invoke(main, ["export", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path}: holds no run; make one with `sim run`\n"
    assert not list(Path(tmp_path).iterdir())


def test_a_workbook_draws_maps_and_curves_of_what_was_swept(tmp_path):
    grid = [(x, y, 10.0 * x + y) for y in (0.5, 0.25) for x in (3.0, 1.0, 2.0)]
    columns = (
        Column("fee", [x for x, _, _ in grid], "USD per post"),
        Column("rate", [y for _, y, _ in grid], "fraction"),
        Column("roi", [z for _, _, z in grid], "fraction"),
    )
    told = View("map", "rate", ("roi",), by="fee", title="ROI", middle=20.0)
    curve = View("lines", "fee", ("roi",), by="rate", title="ROI along fee")
    tables = [
        Table("swept", "a point", columns, 2, told),
        Table("line", "a point", columns, 2, curve),
    ]
    write_tables(tables, tmp_path / "book.xlsx", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == ["swept", "swept_map", "line", "line_curve"]
    rows = [[cell.value for cell in row] for row in book["swept_map"].iter_rows()]
    assert rows == [
        ["rate [fraction]", "1 [fraction]", "2 [fraction]", "3 [fraction]"],
        [0.25, 10.25, 20.25, 30.25],
        [0.5, 10.5, 20.5, 30.5],
    ]
    (place,) = book["swept_map"].conditional_formatting
    assert str(place.sqref) == "B2:D3"
    assert place.rules[0].colorScale.cfvo[1].val == 20.0
    (chart,) = book["line_curve"]._charts
    assert [series.yVal.numRef.f for series in chart.series] == [
        "'line_curve'!$B$2:$B$4", "'line_curve'!$C$2:$C$4"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("book.xlsx", "xlsx"),
        ("book.XLSX", "xlsx"),
        ("all.json", "json"),
        ("tables", "csv"),
        ("a.b", "csv"),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, kind: str) -> None:
    assert files.kind_of(Path(name)) == kind
    assert files.kind_of(None) == "csv"
