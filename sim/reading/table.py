"""From a file to columns with meanings: the steps of reading a table, in their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..text.currency import MONEY
from ..text.numbers import counted, fixed, setting
from ..text.safe import printable
from . import workbook
from .cells import is_missing, parts_of
from .grid import DELIMITERS, Cell, ReadingError, Row, decoded, raw_bytes, separator_line, split
from .header import Title, find_columns, find_header, known_names, title_of
from .marks import Decided, Mark, Numbers, Written, decide, value_of
from .rates import decide_rates
from .totals import adds_up, is_total
from .vocabulary import Kind, Meaning, Vocabulary

Floats = npt.NDArray[np.float64]

#: Faults told of one file: more of them say nothing new.
MOST_FAULTS = 20
#: Lines by which the delimiter is told.
_SNIFFED = 5_000
#: No count and no amount of money is beyond it.
LARGEST = 1e15
#: Engagements per follower below which a count of them is doubted.
FAR_BELOW = 2e-4
_SPLIT = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MARKS = {",": "comma", ".": "point"}


@dataclass(frozen=True)
class Reading:
    """A table as read; every column has an entry for each row.

    Attributes
    ----------
    name
        The file as it was called.
    numbers
        Columns of numbers by key; NaN where nothing is known. Rates are fractions, sizes are
        multiplied out.
    text
        Columns of text by key, as written.
    lists
        Columns of several numbers in a cell.
    titles
        What each column is called in the file, by key.
    averaged
        Keys whose figures are means per post.
    rows
        Number of each row in the file.
    unit
        What a row is called: line, or row of a workbook.
    read
        What each column stands for, in one line.
    notes
        What else was decided or left out.
    """

    name: str
    numbers: Mapping[str, Floats]
    text: Mapping[str, Sequence[str]]
    lists: Mapping[str, Sequence[tuple[float, ...]]]
    titles: Mapping[str, str]
    averaged: frozenset[str]
    rows: Sequence[int]
    unit: str
    read: str
    notes: tuple[str, ...]
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    def place(self, at: int, key: str) -> str:
        """Return where a cell stands, as faults call it: ``line 3, Fans``."""
        return f"{self.unit} {self.rows[at]}, {self.titles.get(key, key)}"

    def written(self, at: int, key: str) -> str:
        """Return a cell as written; nothing where there is no such column."""
        return self.cells[key][at] if key in self.cells else ""


def read_table(
    path: Path,
    vocabulary: Vocabulary,
    *,
    mapped: Mapping[str, str] | None = None,
    name: str = "",
    currency: str = "",
) -> Reading:
    """Read a table: CSV in any dialect, or a sheet of a workbook.

    Parameters
    ----------
    path
        The file.
    vocabulary
        What its columns can mean.
    mapped
        Columns by key, where names do not say it: they win.
    name
        How the file is called.
    currency
        What its amounts must be counted in, where they say so; any but one to a column by default.

    Raises
    ------
    ReadingError
        With every fault.
    """
    mapped = mapped or {}
    rows, unit, notes = _rows(raw_bytes(path), vocabulary, mapped)
    head = find_header(rows, vocabulary, mapped)
    titles = [title_of(cell.text) for cell in rows[head].cells]
    while titles and not titles[-1].text:
        titles.pop()
    if head:
        above = "; ".join(" ".join(c.text for c in row.cells if c.text) for row in rows[:head])
        notes.append(f"left out above the header: {_short(above)}")
    body = _body(rows[head + 1 :], rows[head], titles, unit, notes)
    columns = find_columns(titles, vocabulary, mapped)
    notes += columns.notes
    who = [columns.place[key] for key in vocabulary.who if key in columns.place]
    body = _without_totals(body, who, unit, notes)
    if not body:
        raise ReadingError("has no rows below its header")
    return _Columns(
        vocabulary, titles, dict(columns.place), columns.given, body, unit, currency
    ).reading(name or path.name, who, notes)


# --- Rows -----------------------------------------------------------------------------------------


def _rows(
    raw: bytes, vocabulary: Vocabulary, mapped: Mapping[str, str]
) -> tuple[list[Row], str, list[str]]:
    """Return the rows that hold anything, what a row is called, and what was decided."""
    if workbook.is_zip(raw):
        sheets = workbook.sheets(raw)
        if not sheets:
            raise ReadingError("is empty; the first row of a sheet must name the columns")
        title, rows = max(sheets, key=lambda sheet: known_names(sheet[1], vocabulary, mapped))
        others = ", ".join(name for name, _ in sheets if name != title)
        return rows, "row", [f"sheet {title} is read, not {others}"] if others else []
    text, notes = decoded(raw)
    sign, text = separator_line(text)
    if sign is None:
        sign = _delimiter(text, vocabulary, mapped)
    if sign != ",":
        notes.append(f"{_SPLIT.get(sign, repr(sign))} between columns")
    rows = [row for row in split(text, sign) if not row.blank]
    if not rows:
        raise ReadingError("is empty; its first row must name the columns")
    return rows, "line", notes


def _delimiter(text: str, vocabulary: Vocabulary, mapped: Mapping[str, str]) -> str:
    """Return the delimiter under which most columns are known, most rows are as long as the header.

    Raises
    ------
    ReadingError
        Where the text is no table under any.
    """
    best, score, refusal = "", (-1, -1.0, -1), None
    text = "".join(text.splitlines(keepends=True)[:_SNIFFED])
    for sign in DELIMITERS:
        if sign not in text:
            continue
        try:
            rows = [row for row in split(text, sign) if not row.blank]
        except ReadingError as error:
            refusal = refusal or error
            continue
        width = len(rows[find_header(rows, vocabulary, mapped)].cells)
        alike = sum(len(row.cells) == width for row in rows) / len(rows)
        this = known_names(rows, vocabulary, mapped), alike * (width > 1), width
        if this > score:
            best, score = sign, this
    if not best and refusal is not None:
        raise refusal
    return best or ","


def _body(
    rows: Sequence[Row], header: Row, titles: Sequence[Title], unit: str, notes: list[str]
) -> list[Row]:
    """Return the rows below the header, all as long as it is.

    Raises
    ------
    ReadingError
        Where a row has more cells than the header: which of them is which cannot be said.
    """
    faults, result, again, unnamed, short = [], [], 0, set(), 0
    names = [title.text for title in titles]
    for row in rows:
        cells = list(row.cells)
        while len(cells) > len(titles) and not cells[-1].text:
            cells.pop()
        if len(cells) > len(titles):
            faults.append(
                f"{unit} {row.number} has {len(cells)} cells, the header {len(titles)}; a number with "
                'the delimiter in it stands in quotes: "1,250"'
            )
            continue
        short += len(cells) < len(titles)
        cells += [Cell("")] * (len(titles) - len(cells))
        if [cell.text for cell in cells] == names:
            again += 1
            continue
        unnamed |= {at for at, cell in enumerate(cells) if cell.text and not names[at]}
        result.append(Row(row.number, tuple(cells)))
    if faults:
        more = len(faults) - MOST_FAULTS
        raise ReadingError(
            *faults[:MOST_FAULTS], *([f"and {more} more rows like these"] if more > 0 else [])
        )
    if again:
        notes.append(f"left out: the header again, {again} times")
    if unnamed:
        places = ", ".join(str(at + 1) for at in sorted(unnamed))
        notes.append(f"not read: column {places}, which has no name")
    if short and unit == "line":
        notes.append(f"{counted(short, 'row')} cut short: what is left out is not known")
    return result


def _without_totals(
    rows: Sequence[Row], who: Sequence[int], unit: str, notes: list[str]
) -> list[Row]:
    """Return the rows that are no totals by their name."""
    if not who:
        return list(rows)
    kept = []
    for row in rows:
        names = [row.cells[at].text for at in who if row.cells[at].text]
        words = names or [c.text for c in row.cells if c.text and parts_of(c.text) is None]
        if words and is_total(words[0]):
            notes.append(f"{unit} {row.number} is left out, a total: {words[0]}")
        else:
            kept.append(row)
    return kept


# --- Columns --------------------------------------------------------------------------------------


class _Columns:
    """The columns of a table, on their way from cells to numbers."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        titles: Sequence[Title],
        place: dict[str, int],
        given: frozenset[str],
        rows: Sequence[Row],
        unit: str,
        currency: str = "",
    ) -> None:
        self.currency = currency
        self.vocabulary, self.titles, self.place, self.given = vocabulary, titles, place, given
        self.rows, self.unit = rows, unit
        self.faults: list[str] = []
        self.notes: list[str] = []
        self._switch()

    def reading(self, name: str, who: Sequence[int], notes: Sequence[str]) -> Reading:
        """Return the table.

        Raises
        ------
        ReadingError
            With the faults of all cells.
        """
        numbers, lists = self._numbers()
        self._far_below(numbers)
        if self.faults:
            more = len(self.faults) - MOST_FAULTS
            tail = ["and perhaps more; mend these first"] if more > 0 else []
            raise ReadingError(*self.faults[:MOST_FAULTS], *tail)
        text = {
            key: [row.cells[at].text for row in self.rows]
            for key, at in self.place.items() if self._meaning(key).kind == "text"
        }  # fmt: skip
        keep = self._named(numbers, who)
        averaged = frozenset(k for k, at in self.place.items() if self.titles[at].averaged)
        words = [self._words(key) for key in self.vocabulary.meanings if key in self.place]
        picked = [int(i) for i in np.flatnonzero(keep)]
        return Reading(
            name=name,
            numbers={key: values[keep] for key, values in numbers.items()},
            text={key: [cells[i] for i in picked] for key, cells in text.items()},
            lists={key: [cells[i] for i in picked] for key, cells in lists.items()},
            titles={key: self.titles[at].text for key, at in self.place.items()},
            averaged=averaged,
            rows=[self.rows[i].number for i in picked],
            unit=self.unit,
            read=printable("read: " + "; ".join(words)),
            notes=tuple(printable(note) for note in (*notes, *self.notes)),
            cells={key: [self.rows[i].cells[at].text for i in picked]
                   for key, at in self.place.items()},
        )  # fmt: skip

    def _meaning(self, key: str) -> Meaning:
        return self.vocabulary.meanings[key]

    def _words(self, key: str) -> str:
        title, meaning = self.titles[self.place[key]], self._meaning(key)
        words = meaning.words + (" per post" if title.averaged and meaning.kind == "count" else "")
        hint = ""
        if meaning.hint and key not in self.given:
            hint = f" ({meaning.hint.format(title=title.text)})"
        if meaning.kind == "rate" and title.percent:
            words += ", in percent"
        elif title.size > 1.0:
            words += ", in thousands" if title.size < 1e6 else ", in millions"
        elif title.plain == words.replace(" ", "_"):
            return f"{title.text}{hint}"
        return f"{title.text} → {words}{hint}"

    def _switch(self) -> None:
        """Let a column mean what its cells say: shares are rates, amounts are revenue."""
        for (key, sign), other in self.vocabulary.instead.items():
            at = self.place.get(key)
            if at is None or key in self.given or other in self.place:
                continue
            title = self.titles[at]
            parts = [parts_of(row.cells[at].text) for row in self.rows]
            there = [p for p in parts if p is not None]
            if sign == "%":
                says = title.percent or any(p.percent for p in there)
                says = says or (bool(there) and all(_fraction(p.body) for p in there))
            else:
                says = bool(title.currency) or any(p.currency for p in there)
            if says:
                del self.place[key]
                self.place[other] = at

    def _numbers(self) -> tuple[dict[str, Floats], dict[str, list[tuple[float, ...]]]]:
        """Return columns of numbers, and of several numbers in a cell."""
        keys = [key for key in self.place if self._meaning(key).kind not in ("text", "order")]
        written = {key: self._written(key) for key in keys}
        decided = decide([self._column(key, written[key]) for key in keys], self.unit)
        numbers: dict[str, Floats] = {}
        lists: dict[str, list[tuple[float, ...]]] = {}
        marks: dict[str, Written] = {}
        for key, how in zip(keys, decided, strict=True):
            if how.fault:
                self.faults.append(how.fault)
                continue
            if how.note and self.vocabulary.silent:
                self.faults.append(f"{how.note}, or is it not? Write it without the mark")
            elif how.note:
                self.notes.append(how.note)
            values = self._values(key, written[key], how)
            if self._meaning(key).kind == "counts":
                lists[key] = [tuple(row) for row in values]
            else:
                numbers[key] = np.array([row[0] if row else math.nan for row in values])
            for mark, cell in self._column(key, written[key]).told.items():
                marks.setdefault(mark, cell)
        if len(marks) == 2:
            ways = " and ".join(f"{c.text!r} ({self.unit} {c.line})" for c in marks.values())
            self.notes.append(f"decimals stand after different marks: {ways}")
        elif "," in marks:
            self.notes.append(f"decimals after a {_MARKS[',']}, as in {marks[','].text!r}")
        return numbers, lists

    def _column(self, key: str, cells: Sequence[Sequence[Written]]) -> Numbers:
        flat = [cell for row in cells for cell in row]
        kind: Kind = self._meaning(key).kind
        title = self.titles[self.place[key]]
        as_kind = {"counts": "count", "figure": "money"}.get(kind, kind)
        return Numbers(title.text, as_kind, flat, title.averaged)

    def _written(self, key: str) -> list[list[Written]]:
        """Return the numbers in the cells of a column; cells that hold none are faults."""
        at, kind = self.place[key], self._meaning(key).kind
        result = []
        for row in self.rows:
            cell, numbers = row.cells[at], []
            texts = _several(cell.text) if kind == "counts" else [cell.text]
            for text in texts:
                if is_missing(text):
                    continue
                parts = parts_of(text)
                written = Written(row.number, text, parts) if parts else None
                if written is None or (cell.value is None and written.mark is Mark.WRONG):
                    self._fault(row, key, _no_number(text, kind))
                    continue
                problem = _wrong_sign(written, kind, bool(self.titles[at].percent), cell)
                if problem:
                    self._fault(row, key, problem)
                    continue
                numbers.append(_as_known(written, cell))
            result.append(numbers)
        return result

    def _values(
        self, key: str, written: Sequence[Sequence[Written]], how: Decided
    ) -> list[list[float]]:
        title, kind = self.titles[self.place[key]], self._meaning(key).kind
        values = [[_value(cell, how) for cell in row] for row in written]
        if kind in ("rate", "figure"):
            values = self._as_fractions(title, kind, written, values)
        size = title.size
        values = [
            [v if c.parts.scaled else v * size for v, c in zip(row, cells, strict=True)]
            for row, cells in zip(values, written, strict=True)
        ]
        currencies = {c.parts.currency for row in written for c in row} | {title.currency}
        other = sorted(currencies - {"", self.currency or MONEY})
        if kind in ("money", "figure") and other:
            if len(currencies - {""}) > 1:
                self.faults.append(
                    f"{title.text} has amounts in {' and '.join(sorted(currencies - {''}))}: convert "
                    "them to one currency"
                )
            elif self.currency:
                self.faults.append(
                    f"{title.text} is in {other[0]}, and money is counted in {self.currency} here: "
                    f'convert it, or set `currency = "{other[0]}"` in the experiment'
                )
            self.notes.append(f"{title.text} is in {other[0]}: figures are taken as they are")
        for row, cells in zip(values, written, strict=True):
            for value, cell in zip(row, cells, strict=True):
                problem = ""
                if not abs(value) <= LARGEST:
                    problem = f"must lie within {setting(LARGEST)} of zero"
                elif value < 0.0 and kind in ("count", "counts", "rate"):
                    problem = "cannot be negative"
                if problem:
                    self.faults.append(
                        f"{self.unit} {cell.line}, {title.text}: {problem} (got {cell.text!r})"
                    )
        return values

    def _as_fractions(
        self,
        title: Title,
        kind: str,
        written: Sequence[Sequence[Written]],
        values: list[list[float]],
    ) -> list[list[float]]:
        cells = [c for row in written for c in row]
        flat = np.array([v for row in values for v in row])
        if kind == "figure" and not (title.percent or any(c.parts.percent for c in cells)):
            return values
        of = self.vocabulary
        rates = decide_rates(
            title.text, cells, flat, title.percent, of.guessed, of.doubtful, self.unit
        )
        if rates.fault:
            self.faults.append(rates.fault)
        if rates.note:
            self.notes.append(rates.note)
        return [
            [v if c.parts.percent else v / rates.parts for v, c in zip(row, own, strict=True)]
            for row, own in zip(values, written, strict=True)
        ]

    def _fault(self, row: Row, key: str, problem: str) -> None:
        title = self.titles[self.place[key]].text
        self.faults.append(f"{self.unit} {row.number}, {title}: {problem}")

    def _far_below(self, numbers: Mapping[str, Floats]) -> None:
        """Refuse engagements that are hardly any: they may be a rate."""
        if not {"engagements", "followers"} <= numbers.keys() or "engagements" in self.given:
            return
        if ("engagements", "%") not in self.vocabulary.instead:
            return
        engagements, followers = numbers["engagements"], numbers["followers"]
        known = (engagements > 0.0) & (followers > 0.0)
        if not known.any() or np.median(engagements[known] / followers[known]) >= FAR_BELOW:
            return
        at = int(np.flatnonzero(known)[0])
        title = self.titles[self.place["engagements"]].text
        self.faults.append(
            f"{self.unit} {self.rows[at].number}, {title}: {setting(float(engagements[at]))} with "
            f"{fixed(float(followers[at]), 0)} followers: a count, or a rate in percent? Say --map "
            f"engagements={title} or write (%) in its name"
        )

    def _named(self, numbers: Mapping[str, Floats], who: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Leave out rows without a name that hold the sums or means of the others."""
        keep = np.ones(len(self.rows), dtype=bool)
        if not who:
            return keep
        columns = list(numbers.values())
        for i, row in enumerate(self.rows):
            if not any(row.cells[at].text for at in who) and adds_up(columns, i):
                keep[i] = False
                self.notes.append(
                    f"{self.unit} {row.number} is left out: nobody's, and the sum or mean of the rest"
                )
        return keep


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _several(text: str) -> list[str]:
    for sign in ";|\n":
        text = text.replace(sign, ";")
    return [part.strip() for part in text.split(";")]


def _fraction(body: str) -> bool:
    """Say whether digits are those of a number between 0 and 1 that is not whole."""
    plain = body.replace(",", ".")
    return plain.startswith(("0.", ".")) and plain.count(".") == 1


def _no_number(text: str, kind: str) -> str:
    if text.startswith("#"):
        return f"{text!r} is an error of the spreadsheet"
    several = kind == "counts" and "," in text
    hint = "; between several put ;" if several else ""
    return f"{text!r} is no number{hint}"


def _wrong_sign(written: Written, kind: str, percent: bool, cell: Cell) -> str:
    """Return what is wrong with a percent or currency sign; nothing where it may stand."""
    parts = written.parts
    if kind in ("count", "counts", "money") and (parts.percent or cell.percent or percent):
        what = "an amount" if kind == "money" else "a count"
        return f"{written.text!r} is a share, and this column is {what}"
    if kind in ("count", "counts", "rate") and parts.currency:
        what = "a rate" if kind == "rate" else "a count"
        return f"{written.text!r} is an amount of money, and this column is {what}"
    return ""


@dataclass(frozen=True)
class _Exact(Written):
    """A number that a workbook knows to the last digit."""

    value: float = math.nan

    @property
    def mark(self) -> Mark:
        """Nothing: it is not read."""
        return Mark.NONE


def _as_known(written: Written, cell: Cell) -> Written:
    if cell.value is None:
        return written
    parts = replace(written.parts, percent="%" if cell.percent else "")
    return _Exact(written.line, written.text, parts, cell.value)


def _value(cell: Written, how: Decided) -> float:
    if isinstance(cell, _Exact):
        return cell.value
    mark = cell.mark
    decimal = mark.value if mark in (Mark.POINT, Mark.COMMA) else how.decimal
    return value_of(cell.parts, decimal)
