"""Words of users made safe: what no text may hold, what names tell apart, what a terminal shows."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.text.safe import (
    LONGEST_NAME,
    Screen,
    alike,
    begins_like_a_formula,
    cell,
    encodable,
    file_stem,
    name_problem,
    printable,
    unshown,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bell\x07", "U+0007"),
        ("\x1b]0;title\x07", "U+001B"),
        ("null\x00", "U+0000"),
        ("c1\x9b31m", "U+009B"),
        ("no character\ufffe", "U+FFFE"),
        ("nor\U0001fffe", "U+1FFFE"),
        ("half \ud800", "U+D800"),
        ("line\u2028", "U+2028 (line separator)"),
        ("turned \u202etxt.exe", "U+202E (right-to-left override)"),
        ("zero\u200bwidth", "U+200B (zero width space)"),
        ("bom\ufeff", "U+FEFF (zero width no-break space)"),
    ],
)
def test_what_nothing_shows_is_named(text: str, code: str) -> None:
    assert unshown(text) == code
    assert unshown(printable(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Größe 10 %",
        "日本",
        "می‌خواهم",
        "👩‍👩‍👧",
        "☕️",
        "tab\tand\nline",
        "naïve [pilot]",
        "=1+1",
        "",
    ],
)
def test_what_writing_needs_stays(text: str) -> None:
    assert unshown(text) == ""
    assert printable(text) == text.replace("\t", " ").replace("\n", " ")


@pytest.mark.parametrize(
    "name",
    [
        "micro",
        "wave [pilot]",
        "=1+1",
        "@agency",
        "v1.5",
        "日本",
        "R&D <b>",
        "a" * LONGEST_NAME,
    ],
)
def test_names_that_can_be(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("..", "must not be empty"),
        ("food/drink", "must not hold /"),
        ("a\\b", "must not hold \\"),
        ("a:b", "must not hold :"),
        ("a\nb", "must not hold U+000A"),
        ("a\u00a0b", "U+00A0 (no-break space); write a plain blank"),
        (" a", "begin or end with a blank"),
        ("a  b", "two in a row"),
        ("mi\u200bcro", "U+200B (zero width space), which cannot be seen"),
        ("\u200emicro", "U+200E (left-to-right mark)"),
        ("cafe\u0301", "composed form: café"),
        ("a" * (LONGEST_NAME + 1), "longer than 100 characters (this has 101)"),
    ],
)
def test_names_that_cannot_be(name: str, problem: str) -> None:
    assert problem in name_problem(name)


def test_a_name_of_a_file_is_one_on_any_system() -> None:
    assert file_stem('breakeven_portfolio."v1.5".creators') == "breakeven_portfolio.v1.5.creators"
    assert file_stem("tornado_<img src=x>|?*") == "tornado__img src=x____"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Micro", "micro"),
        ("café", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("ｍicro", "micro"),
        ("mi\u200bcro", "micro"),
        ("☕", "☕️"),
        ("a  b", "a b"),
    ],
)
def test_what_a_reader_takes_for_one_name(a: str, b: str) -> None:
    assert alike(a) == alike(b)


def test_accents_and_signs_tell_names_apart() -> None:
    assert len({alike(name) for name in ("resume", "résumé", "micro 1", "micro 2", "micro-1")}) == 5


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+cmd|'/c calc'!A1",
        "-2+3",
        "@SUM(A1)",
        " =1",
        "＝1+1",
        "\t=1",
        "-",
        "+49 agency x",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert begins_like_a_formula(text)
    assert cell(text) == "'" + printable(text)


@pytest.mark.parametrize("text", ["-20 %", "+33%", "-1,234.5", "micro", "a=b", "", "'=1+1", "<b>"])
def test_numbers_and_other_text_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("value", [-1.5, 3, None, True])
def test_what_is_no_text_is_no_business_of_a_text_rule(value: object) -> None:
    assert cell(value) is value


# --- Terminals --------------------------------------------------------------------------------------


def screen(encoding: str, terminal: bool = False) -> tuple[Screen, io.BytesIO]:
    raw = io.BytesIO()
    below = io.TextIOWrapper(raw, encoding=encoding, newline="", write_through=True)
    below.isatty = lambda: terminal  # type: ignore[method-assign]
    return Screen(below), raw


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp874", "cp866", "cp437", "latin-1"])
@given(text=st.text())
def test_output_never_fails(encoding: str, text: str) -> None:
    stream, raw = screen(encoding)
    assert stream.write(text) == len(text)
    shown = raw.getvalue().decode(encoding)
    assert unshown(shown) == ""


@given(text=st.text(alphabet=st.characters(codec="cp1252", exclude_categories=["Cc", "Cf"])))
def test_what_a_terminal_has_is_shown_as_it_is(text: str) -> None:
    stream, raw = screen("cp1252")
    stream.write(text)
    assert raw.getvalue().decode("cp1252") == text


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("ascii", "±2 → 5 – 6 €", "+/-2 -> 5 - 6 EUR"),
        ("cp874", "Zoë 日", "Zoe ?"),
        ("cp1252", "± é – 日本", "± é – ??"),
        ("cp866", "┌─┐ да", "┌─┐ да"),
        ("ascii", "┌─┐", "---"),
        ("utf-8", "± 日本", "± 日本"),
    ],
)
def test_plainer_characters_say_the_same(encoding: str, text: str, shown: str) -> None:
    assert encodable(text, encoding) == shown


def test_a_pipe_gets_no_escape_and_a_terminal_only_styles() -> None:
    text = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \x1b]52;c;aGk=\x07 \x9b2J \rline"
    stream, raw = screen("utf-8")
    stream.write(text)
    shown = raw.getvalue().decode()
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\r" not in shown
    stream, raw = screen("utf-8", terminal=True)
    stream.write(text)
    shown = raw.getvalue().decode()
    assert "\x1b[31mred\x1b[0m" in shown
    assert "\x1b]" not in shown
    assert "\x9b" not in shown
    assert "\rline" in shown


def test_a_screen_is_otherwise_the_stream_below() -> None:
    stream, raw = screen("utf-8")
    stream.writelines(["a", "b\n"])
    stream.flush()
    stream.buffer.write(b"c")
    assert raw.getvalue() == b"ab\nc"
    assert not stream.isatty()
    assert not stream.closed
    assert stream.takes("日本")
    assert not screen("ascii")[0].takes("日本")


def test_json_of_a_command_keeps_names_where_the_terminal_cannot_show_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sim.cli import common

    stream, raw = screen("cp1252")
    monkeypatch.setattr(common.sys, "stdout", stream)
    common.print_json({"name": "日本 é"})
    assert json.loads(raw.getvalue().decode("cp1252")) == {"name": "日本 é"}
