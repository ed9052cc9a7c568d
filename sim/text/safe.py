"""Words of users and of files, made safe for every place that shows them.

A text passes three gates. `unshown` finds characters that no text of an experiment may hold, and
`name_problem` what a name may not: both are told when a file is checked. `printable` leaves such
characters out of texts that come from elsewhere (column headers, file names, runs of others).
`cell` keeps a text a text in a spreadsheet, and `Screen` shows on a terminal what it can.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TextIO

#: Longest name: labels of charts and file names still hold it.
LONGEST_NAME = 100
#: Shown in place of a character that cannot be.
INSTEAD = "\ufffd"

#: Unicode categories that nothing shows: controls, halves of pairs, separators of lines, and
#: invisible marks, such as those that turn the direction of writing.
_UNSHOWN = {"Cc", "Cs", "Zl", "Zp", "Cf"}
#: Marks that writing needs: joiners of scripts and of emoji, signs of Arabic and Syriac numbers.
_NEEDED = {"\u200c", "\u200d"} | {chr(c) for c in (*range(0x600, 0x606), 0x6DD, 0x70F)}
_BLANKS = "\t\n\r"
#: What parts names from one another in labels, result files and folders.
_PARTS = {
    "/": "/, which parts names in tables and files",
    "\\": "\\, which parts names in files",
    ":": ":, which parts names in tables",
}
_NUMBER = re.compile(r"[+-]?\d[\d.,\s]*%?")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def is_unshown(character: str) -> bool:
    """Return whether a character is a control, an invisible mark, or none at all."""
    code = ord(character)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # no characters, now and for ever
        return True
    return unicodedata.category(character) in _UNSHOWN and character not in _NEEDED


@lru_cache(maxsize=4096)
def unshown(text: str) -> str:
    """Return the first character of a text that cannot be shown, as U+000B; empty for none.

    Tabs and ends of lines are blanks of a text and no fault.
    """
    hidden = {c for c in set(text) if c not in _BLANKS and is_unshown(c)}
    return _code(next(c for c in text if c in hidden)) if hidden else ""


def _code(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name.lower()})" if name else "")


def printable(text: str) -> str:
    """Return a text on one line, with `INSTEAD` for each character that cannot be shown."""
    shown = (
        " " if c in _BLANKS else INSTEAD if is_unshown(c) else c
        for c in text
    )  # fmt: skip
    return "".join(shown)


@lru_cache(maxsize=4096)
def name_problem(name: str) -> str:
    """Return why a name of a portfolio, tier, niche, ... cannot be one; empty where it can.

    Names become parts of keys, labels, dimensions of result files and words of a chart.
    """
    if not name.strip(" ."):
        return "a name must not be empty"
    for character, what in _PARTS.items():
        if character in name:
            return f"a name must not hold {what}"
    if is_odd := next((c for c in name if is_unshown(c)), ""):
        return f"a name must not hold {_code(is_odd)}, which cannot be seen"
    if odd := next((c for c in name if c.isspace() and c != " "), ""):
        return f"a name must not hold {_code(odd)}; write a plain blank"
    if name != name.strip() or "  " in name:
        return "a name must not begin or end with a blank, or hold two in a row"
    composed = unicodedata.normalize("NFC", name)
    if name != composed:
        return f"a name must be in composed form: {composed} as one types it, no separate accents"
    if len(name) > LONGEST_NAME:
        return f"a name must not be longer than {LONGEST_NAME} characters (this has {len(name)})"
    return ""


@lru_cache(maxsize=4096)
def alike(name: str) -> str:
    """Return what two names have in common that a reader or a file system takes for one.

    Capitals, forms of one character (full width, ligatures, composed or not) and invisible marks
    do not tell names apart.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (c for c in plain if unicodedata.category(c) not in ("Cf", "Cc") and not _variant(c))
    return " ".join("".join(seen).split())


def _variant(character: str) -> bool:
    """Return whether a character only chooses how the one before is drawn."""
    return "\ufe00" <= character <= "\ufe0f"


def file_stem(name: str) -> str:
    """Return a name as that of a file on any system: quotes go, what is not allowed becomes _."""
    return re.sub(r"[<>:/\\|?*]", "_", printable(name).replace('"', ""))


def cell(value: Any) -> Any:
    """Return a value for a spreadsheet that reads text files: text stays text.

    A text that begins like a formula gets an apostrophe in front, as one types it oneself; numbers
    written as text, such as -20 %, are none.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if begins_like_a_formula(text) else text


def begins_like_a_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a text that somebody types into a cell."""
    start = text.lstrip()
    return start.startswith(_FORMULA) and not _NUMBER.fullmatch(start)


# --- Terminals ------------------------------------------------------------------------------------

_PLAINER = {
    "±": "+/-", "×": "x", "·": "*", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "•": "*", "‘": "'", "’": "'",
    "“": '"', "”": '"', "„": '"', "€": "EUR", "£": "GBP", "\u00a0": " ", "\u202f": " ",
    "σ": "sd", "α": "alpha", "κ": "kappa", "η": "eta", "ρ": "rho", "λ": "lambda", "ß": "ss",
    "█": "#", "▏": "|", "│": "|", "┃": "|", "═": "=",
}  # fmt: skip
"""What says the same with fewer characters."""

#: Styles and movements of the cursor that tables and progress bars send to a terminal.
_SEQUENCE = re.compile(r"(\x1b\[[0-9;?]*[A-HJKSTfhlmsu])")


def encodable(text: str, encoding: str) -> str:
    """Return a text in characters that an encoding has: plainer ones, or a question mark."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        return "".join(_plainer(c, encoding) for c in text)


def _plainer(character: str, encoding: str) -> str:
    base = unicodedata.normalize("NFKD", character)
    stripped = "".join(c for c in base if not unicodedata.combining(c))
    line = "-" if "\u2500" <= character <= "\u257f" else "?"
    for option in (character, _PLAINER.get(character, ""), stripped, line):
        try:
            if option:
                option.encode(encoding)
                return option
        except UnicodeEncodeError:
            continue
    return "?"


class Screen:
    """A stream of text that takes all of Unicode and never fails to show it.

    What the stream below has no character for is replaced, and controls do not pass: on a terminal
    only styles and movements of the cursor, elsewhere none.

    Parameters
    ----------
    below
        The stream that it writes to; it answers for everything but text.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def __getattr__(self, name: str) -> Any:
        """Return what the stream below has."""
        return getattr(self.below, name)

    def write(self, text: str) -> int:
        """Write a text, and return its length."""
        parts = _SEQUENCE.split(text) if self.below.isatty() else [text]
        self.below.write("".join(p if k % 2 else self._shown(p) for k, p in enumerate(parts)))
        return len(text)

    def takes(self, text: str) -> bool:
        """Return whether the stream below has every character of a text."""
        return encodable(text, self.below.encoding or "ascii") == text

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def _shown(self, text: str) -> str:
        # A carriage return alone goes back over what was written: for progress on a terminal only.
        kept = _BLANKS if self.below.isatty() else "\t\n"
        clean = text.replace("\r\n", "\n")
        hidden = {ord(c): INSTEAD for c in set(clean) if c not in kept and is_unshown(c)}
        visible = clean.translate(hidden) if hidden else clean
        return encodable(visible, self.below.encoding or "ascii")
