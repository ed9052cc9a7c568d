"""Headers, delimiters, encodings, totals, columns: what comes around the cells."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.reading import RESULTS, ROSTER, Reading

Read = Callable[..., Reading]
Faults = Callable[..., str]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters_are_found_and_told(read: Read, sign: str) -> None:
    table = read(f"name{sign}followers{sign}likes\nKim{sign}9100{sign}300\nLou{sign}8k{sign}200\n")
    assert table.numbers["followers"].tolist() == [9_100, 8_000]
    assert bool(table.notes) == (sign != ",")


def test_commas_within_cells_are_no_delimiters(read: Read) -> None:
    """Each row has as many decimal commas as semicolons."""
    table = read("name;followers;er\nKim;9100;2,1 %\nLou;8100;1,7 %\nMax;7100;3,0 %\n")
    assert table.numbers["engagement_rate"] == pytest.approx([0.021, 0.017, 0.03])


def test_a_line_may_name_the_delimiter(read: Read) -> None:
    table = read("sep=|\r\nname|followers|likes\r\nKim, the first|9100|300\r\n")
    assert table.text["creator"] == ["Kim, the first"]
    assert table.rows == [3]
    table = read('"sep=\t"\nname\tfollowers\tlikes\nKim\t9100\t300\n')
    assert table.numbers["likes"].tolist() == [300]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", False),
        ("utf-8-sig", False),
        ("utf-16", False),
        ("utf-16-le", True),
        ("cp1252", True),
    ],
)
def test_encodings(read: Read, encoding: str, told: bool) -> None:
    table = read("Creator\tFollowers\tLikes\nZoë\t10k\t5\nŠárka\t10k\t7\n", encoding=encoding)
    assert table.text["creator"] == ["Zoë", "Šárka"]
    assert any("encoding" in note for note in table.notes) == told
    if encoding == "cp1252":
        assert any("'Zoë' should look right" in note for note in table.notes)


def test_rows_above_the_header_are_named(read: Read) -> None:
    text = 'Campaign report\n"Spring, all markets"\n\nhandle,Fans,Video views\n@kim,9100,300\n'
    table = read(text)
    assert table.text["creator"] == ["@kim"]
    assert table.rows == [5]
    assert "left out above the header: Campaign report; Spring, all markets" in table.notes


def test_blank_rows_and_headers_that_come_again_are_left_out(read: Read) -> None:
    table = read("name,followers,likes\n,,\nKim,9100,300\n\nname,followers,likes\nLou,8100,200\n")
    assert table.text["creator"] == ["Kim", "Lou"]
    assert table.rows == [3, 6]
    assert "left out: the header again, 1 times" in table.notes


@pytest.mark.parametrize(
    "name",
    [
        "Total",
        "TOTAL",
        "Totals:",
        "Grand total",
        "Sum",
        "Total (3 creators)",
        "Average",
        "Gesamt",
        "Summe",
        "Total USD",
    ],
)
def test_totals_are_nobody(read: Read, name: str) -> None:
    table = read(f"name,followers,likes\nKim,9100,300\nLou,8100,200\n{name},17200,500\n")
    assert table.text["creator"] == ["Kim", "Lou"]
    assert f"line 4 is left out, a total: {name}" in table.notes


def test_a_total_may_have_no_name(read: Read) -> None:
    table = read("name,followers,likes\nKim,9100,300\nLou,8100,200\nMax,7000,100\n,24200,600\n")
    assert table.text["creator"] == ["Kim", "Lou", "Max"]
    assert any("line 5 is left out" in note for note in table.notes)
    # A row without a name that adds nothing up is a creator of its own.
    table = read("name,followers,likes\nKim,9100,300\nLou,8100,200\nMax,7000,100\n,2420,61\n")
    assert len(table.rows) == 4


@pytest.mark.parametrize(
    "name", ["Total Fitness", "Summer", "Mean Green", "totally.kim", "Averagejoe"]
)
def test_names_that_begin_like_totals_are_people(read: Read, name: str) -> None:
    assert read(f"name,followers,likes\nKim,9100,300\n{name},8100,200\n").text["creator"][1] == name


def test_surplus_cells_are_errors_with_their_line(faults: Faults, read: Read) -> None:
    told = faults("name,followers,fee\nKim,9100,2,400\nLou,8100,300\nMax,7100,1,100\n")
    assert told.splitlines()[0].startswith("line 2 has 4 cells, the header 3")
    assert told.splitlines()[1].startswith("line 4 has 4 cells, the header 3")
    # Empty cells at the end of a line are what spreadsheets leave.
    assert read("name,followers,likes\nKim,9100,40,,\n").numbers["likes"].tolist() == [40]


def test_short_rows_are_told(read: Read) -> None:
    table = read("name,followers,likes,fee\nKim,9100,40\nLou,8100,30,250\n")
    assert "1 row cut short: what is left out is not known" in table.notes


@pytest.mark.parametrize(
    "title",
    ["influencer_id", "Creator ID", "handle", "@name", "@handle", "User name", "creatorName"],
)
def test_whose_a_row_is(read: Read, title: str) -> None:
    table = read(f"{title},followers,likes\nk1,9100,300\nk1,9100,200\n")
    assert table.text["creator"] == ["k1", "k1"]


def test_every_column_s_meaning_is_told(read: Read) -> None:
    table = read("handle,Fans,Plays,Sales,Colour\nkim,9100,300,4,red\n")
    assert table.read == (
        "read: handle → creator; Fans → followers; Plays → views; Sales → tracked orders (say --map "
        "orders=Sales if they are all orders)"
    )
    assert table.notes == ("not read: Colour",)
    table = read("handle,Fans,Plays,Sales\nkim,9100,300,4\n", orders="Sales")
    assert table.read.endswith("Sales → all orders")


def test_sales_in_money_are_revenue(read: Read) -> None:
    for title, cell in (("Sales", "$240.50"), ("Sales (USD)", "240.5"), ("sales_usd", "240.5")):
        table = read(f"handle,followers,likes,{title}\nkim,9100,300,{cell}\n")
        assert table.numbers["revenue"].tolist() == [240.5]


def test_units_in_headers(read: Read) -> None:
    table = read("handle,Followers (K),Views in thousands,Avg. likes\nkim,9.1,3,40\nlou,8M,2,30\n")
    assert table.numbers["followers"].tolist() == [9_100, 8e6]
    assert table.numbers["views"].tolist() == [3_000, 2_000]
    assert table.averaged == {"likes"}


def test_other_currencies_are_told_and_not_mixed(read: Read, faults: Faults) -> None:
    table = read("name,followers,Fee (€)\nKim,9100,250\n", ROSTER)
    assert "Fee (€) is in EUR: figures are taken as they are" in table.notes
    told = faults("name,followers,fee\nKim,9100,€250\nLou,8100,$300\n", ROSTER)
    assert "fee has amounts in EUR and USD" in told


def test_repeated_columns(read: Read, faults: Faults) -> None:
    told = faults("name,followers,likes,Likes\nKim,9100,40,41\n")
    assert "column `likes` stands twice, as columns 3 and 4" in told
    table = read("name,followers,views,impressions\nKim,9100,40,60\n")
    assert table.numbers["views"].tolist() == [40]
    assert "impressions is not read: views stands for views" in table.notes


def test_misspelt_columns_of_a_roster(faults: Faults) -> None:
    told = faults("name,followers,engagment_rate\nKim,9100,2 %\n", ROSTER)
    assert "column `engagment_rate` is unknown; did you mean `engagement_rate`?" in told


def test_columns_without_a_name_are_told(read: Read) -> None:
    table = read(",name,followers,likes\n0,Kim,9100,40\n1,Lou,8100,30\n")
    assert "not read: column 1, which has no name" in table.notes


def test_results_of_a_campaign(read: Read) -> None:
    text = "Portfolio;Influencer;Spend;Impressions;Clicks;Conversions;Revenue\n"
    text += 'micro;kim;"1.250,50";48.000;310;12;"840,00"\nmicro;lou;900;31.500;205;;\nTotal;;2150,5;;;12;840\n'
    table = read(text, RESULTS)
    assert table.text["portfolio"] == ["micro", "micro"]
    assert table.numbers["cost"].tolist() == [1250.5, 900]
    assert table.numbers["impressions"].tolist() == [48_000, 31_500]
    assert table.numbers["tracked_orders"][0] == 12


def test_control_characters_reach_nobody(read: Read, faults: Faults) -> None:
    table = read("name,followers,likes,co\x1b[31mlour\nKim,9100,40,x\n")
    assert table.notes == ("not read: co\ufffd[31mlour",)
    assert "'fi\\x1bve' is no number" in faults("name,followers,likes\nKim,9100,fi\x1bve\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name,followers,likes\n"Kim,9100,40\nLou,8100,30\n', "a quote is opened"),
        ("name,followers,likes\n", "has no rows below its header"),
        ("\n \n", "is empty"),
        ("fans,likes\n1000,5\n", ""),
    ],
)
def test_what_is_no_table(faults: Faults, read: Read, text: str, problem: str) -> None:
    if problem:
        assert problem in faults(text)
    else:
        assert read(text).numbers["followers"].tolist() == [1000]


def test_mistakes_in_a_map(faults: Faults) -> None:
    text = "fans,likes\n1000,5\n"
    assert "--map followers=fan: the file has no such column; did you mean 'fans'?" in faults(
        text, followers="fan"
    )
    assert "--map fans=...: is no column that is read" in faults(text, fans="likes")
