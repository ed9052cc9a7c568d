"""Numbers as dashboards and spreadsheets write them, and which mark their decimals stand after."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.reading import FIGURES, ROSTER, Reading
from sim.reading.cells import is_missing, parts_of
from sim.reading.marks import Mark, mark_of, value_of

Read = Callable[..., Reading]
Faults = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1234", ".", 1234), ("1,234", ".", 1234), ("1,234,567.5", ".", 1234567.5),
        ("12.3K", ".", 12_300), ("1.2M", ".", 1.2e6), ("2b", ".", 2e9), ("1 234", ".", 1234), ("12_000", ".", 12_000),
        ("1\u202f234", ".", 1234), ("1'234", ".", 1234), ("1’234.5", ".", 1234.5),
        ("3.86 %", ".", 0.0386), ("3,86 %", ",", 0.0386), ("1.234,5", ",", 1234.5),
        ("1.234", ",", 1234), ("1,2K", ",", 1200), ("$1,250.50", ".", 1250.5), ("1.250 €", ",", 1250),
        ("USD 99", ".", 99), ("99 USD", ".", 99), ("-5", ".", -5), ("(1,250)", ".", -1250),
        ("−7", ".", -7), ("1e3", ".", 1000), ("R$ 1.250,75", ",", 1250.75), ("12 Tsd.", ",", 12_000),
        ("1.5 million", ".", 1.5e6), ("12,34,567", ".", 1_234_567), (".5", ".", 0.5), ("5 ‰", ".", 0.005),
        ("'250", ".", 250), ("£1.2k", ".", 1200),
    ],
)  # fmt: skip
def test_numbers_as_dashboards_write_them(text: str, decimal: str, value: float) -> None:
    parts = parts_of(text)
    assert parts is not None
    assert value_of(parts, decimal) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "NaN", "NULL", "None", "#N/A", "k. A."])
def test_what_is_missing_is_no_number(text: str) -> None:
    assert is_missing(text)


@pytest.mark.parametrize(
    "text",
    ["abc", "12 likes", "--5", "%", "5 % %", "1 2", "10K+", "12 00", "$5 €", "5-10", "2024-05-01"],
)
def test_what_is_no_number_has_no_parts(text: str) -> None:
    assert parts_of(text) is None


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("3.86", Mark.POINT), ("3,8", Mark.COMMA), ("1.234,5", Mark.COMMA), ("1,234.50", Mark.POINT),
        ("1.234.567", Mark.COMMA), ("1,234,567", Mark.POINT), ("12345.678", Mark.POINT),
        ("0.014", Mark.POINT), ("0,014", Mark.COMMA), (".125", Mark.POINT), ("012.345", Mark.POINT),
        ("1.234", Mark.OPEN), ("12,500", Mark.OPEN), ("19.241K", Mark.OPEN), ("3,860 %", Mark.COMMA),
        ("1234", Mark.NONE), ("1 234,567", Mark.COMMA), ("1,2,3", Mark.WRONG), ("1.2.3", Mark.WRONG),
        ("1,23.456", Mark.WRONG), ("1.234.56", Mark.WRONG),
    ],
)  # fmt: skip
def test_what_a_number_says_of_its_decimals(text: str, mark: Mark) -> None:
    parts = parts_of(text)
    assert parts is not None
    assert mark_of(parts) is mark


def test_small_fractions_have_no_thousands(read: Read) -> None:
    table = read("handle;fans;er\nkim;15000;0.031\nlou;21000;0.027\nmax;33000;0.118\n")
    assert table.numbers["engagement_rate"] == pytest.approx([0.031, 0.027, 0.118])


def test_one_cell_settles_the_file(read: Read) -> None:
    table = read('name,followers,fee,er\nKim,"12.500","1.250","3,4 %"\nLou,"8.100","90",\n')
    assert table.numbers["followers"].tolist() == [12_500, 8_100]
    assert table.numbers["fee"].tolist() == [1_250, 90]
    assert table.numbers["engagement_rate"][0] == pytest.approx(0.034)
    assert "decimals after a comma, as in '3,4 %'" in table.notes
    # The same cells beside a decimal point are decimals, and no follower comes in thousandths.
    table = read('name,followers,fee,er\nKim,12500,"1.250","3.4 %"\nLou,8100,"90",\n')
    assert table.numbers["fee"].tolist() == [1.25, 90]


def test_counts_cannot_be_read_in_thousandths(faults: Faults) -> None:
    told = faults("name,followers,likes\nKim,48.5K,300\nLou,17.300,200\n")
    assert "line 3, followers: '17.300' is 17.3 or 17,300?" in told
    assert "'48.5K' (line 2)" in told


def test_means_may_have_decimals(read: Read) -> None:
    table = read("name,followers,Avg Likes\nKim,48.5K,17.305\nLou,17300,20.5\n")
    assert table.numbers["likes"].tolist() == [17.305, 20.5]


def test_two_ways_in_one_file_leave_open_cells_open(faults: Faults, read: Read) -> None:
    told = faults('name,followers,fee,revenue\nKim,12.500,"2,5","7.25"\n')
    assert "line 2, followers: '12.500' can be read in two ways" in told
    assert "'2,5' (line 2) and '7.25' (line 2)" in told
    # A column that says it itself needs no other.
    table = read('name,followers,fee,revenue\nKim,9000,"2,5","7.25"\nLou,8000,"1.250",3\n')
    assert table.numbers["fee"].tolist() == [2.5, 1250]
    # Without an open cell each says for itself how it is meant, and that is told.
    table = read('name,followers,fee,revenue\nKim,9000,"2,5","7.25"\n')
    assert (table.numbers["fee"][0], table.numbers["revenue"][0]) == (2.5, 7.25)
    assert any("different marks" in note for note in table.notes)


@pytest.mark.parametrize(("column", "value"), [("followers", 12_500), ("fee", 12_500)])
def test_what_nothing_settles_is_told(read: Read, column: str, value: float) -> None:
    table = read(f'name,followers,likes,fee\nKim,{"12.500" if column == "followers" else 9000},50,'
                 f'{"12.500" if column == "fee" else 10}\n')  # fmt: skip
    assert table.numbers[column][0] == value
    assert f"{column}: '12.500' is taken as 12,500" in table.notes


def test_what_nothing_settles_is_refused_where_nobody_would_see_it(faults: Faults) -> None:
    told = faults("fee\n1.250\n900\n", FIGURES, figure="fee")
    assert "fee: '1.250' is taken as 1,250, or is it not?" in told


def test_lists_hold_several_counts(read: Read) -> None:
    table = read(
        'name,followers,past_orders,past_posts\nKim,9k,"40; 62 | 51",3\nLou,9k,12,2\nMax,9k,,\n',
        ROSTER,
    )
    assert table.lists["past_orders"] == [(40, 62, 51), (12,), ()]
    assert table.lists["past_posts"] == [(3,), (2,), ()]


def test_numbers_beyond_any_count_are_refused(faults: Faults) -> None:
    assert "must lie within 1,000,000,000,000,000 of zero" in faults(
        "name,followers,likes\nKim,1e300,4\n"
    )
    assert "must lie within 1,000,000,000,000,000 of zero" in faults(
        "name,followers,likes\nKim,1e999,4\n"
    )
    assert "cannot be negative (got '-4')" in faults("name,followers,likes\nKim,900,-4\n")


def test_all_faulty_cells_at_once(faults: Faults) -> None:
    told = faults("name,followers,likes\nKim,many,5\nLou,900,#DIV/0!\nMax,5%,7\nNia,$900,7\n")
    assert "line 2, followers: 'many' is no number" in told
    assert "line 3, likes: '#DIV/0!' is an error of the spreadsheet" in told
    assert "line 4, followers: '5%' is a share, and this column is a count" in told
    assert "line 5, followers: '$900' is an amount of money" in told
