"""Rich displays in notebooks: small tables and texts as HTML that inherits the notebook's colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from .text.names import spoken
from .text.numbers import counted, setting

#: Rows of a long table that are shown; the rest is counted.
MOST_ROWS = 30
_RIGHT = ' style="text-align:right"'
_LEFT = ' style="text-align:left"'


def paragraphs(texts: Iterable[str], *, small: bool = False) -> str:
    """Return texts as paragraphs, empty ones left out."""
    style = ' style="font-size:85%;opacity:.8;margin:.2em 0"' if small else ""
    return "".join(f"<p{style}>{escape(text)}</p>" for text in texts if text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table: first column labels, all others numbers to the right.

    Parameters
    ----------
    head
        Headers, one per column.
    rows
        Texts, one per column.
    caption
        What the figures rest on.
    """
    names = "".join(
        f'<th scope="col"{_RIGHT if i else _LEFT}>{escape(name)}</th>'
        for i, name in enumerate(head)
    )
    body = "".join(
        f'<tr><th scope="row"{_LEFT}>{escape(first)}</th>'
        + "".join(f"<td{_RIGHT}>{escape(text)}</td>" for text in rest)
        + "</tr>"
        for first, *rest in rows
    )
    above = f'<caption style="text-align:left">{escape(caption)}</caption>' if caption else ""
    return f"<table>{above}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def records(rows: Sequence[Mapping[str, Any]], *, most: int = MOST_ROWS) -> str:
    """Return tidy rows as a table, four digits of every number, at most so many rows.

    Columns are those that any row has, in the order in which they come.
    """
    head = list(dict.fromkeys(key for row in rows for key in row))
    if not head:
        return ""
    shown = [[_text(row.get(key)) for key in head] for row in rows[:most]]
    rest = len(rows) - most
    note = paragraphs([f"... and {counted(rest)} more rows: see to_rows()"], small=True)
    return table([spoken(key) for key in head], shown) + (note if rest > 0 else "")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return setting(value) if isinstance(value, float) else str(value)


class Told:
    """An answer that a notebook shows: its sentence, its rows, its notes.

    For dataclasses with ``sentence`` and ``shown()``, a table of the rows that people read, and
    ``notes`` where there are any.
    """

    def __str__(self) -> str:
        """Return sentence and notes."""
        answer: Any = self
        notes = [f"Note: {note}" for note in getattr(answer, "notes", ())]
        return "\n".join([answer.sentence, *notes])

    def _repr_html_(self) -> str:
        """Return sentence, table and notes."""
        answer: Any = self
        notes = [f"Note: {note}" for note in getattr(answer, "notes", ())]
        return (
            f"<div>{paragraphs([answer.sentence])}{records(answer.shown().to_texts())}"
            f"{paragraphs(notes, small=True)}</div>"
        )
