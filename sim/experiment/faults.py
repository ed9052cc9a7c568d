"""Faults of an experiment file, collected and reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..text.safe import is_unshown
from . import toml

_NOTHING = object()
_LONGEST = 120


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what, and what was found there.

    Attributes
    ----------
    key
        Dotted key as the user wrote it; empty for the file as a whole.
    problem
        What is wrong, and the way out.
    got
        The value found there, if there is one.
    file
        The file that holds the key, where it is another than the experiment's.
    """

    key: str
    problem: str
    got: Any = _NOTHING
    file: str = ""

    def line(self, file: str) -> str:
        """Return ``FILE: dotted.key: what is wrong (got VALUE)``."""
        file = self.file or file
        where = f"{file}: {self.key}" if self.key else file
        got = "" if self.got is _NOTHING else f" (got {shown(self.got)})"
        # One line, whatever the user's names hold.
        line = f"{where}: {self.problem}{got}"
        return "".join(f"\\u{ord(c):04x}" if is_unshown(c) else c for c in line)


class ExperimentError(ValueError):
    """All faults of one experiment file.

    Attributes
    ----------
    file
        The file as the user named it.
    faults
        The faults, in the order of the file's keys as far as known.
    """

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.line(file) for fault in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """Come back whole from another process."""
        return type(self), (self.file, self.faults)


def shown(value: Any) -> str:
    """Return a value as the user would write it in TOML, shortened to a line."""
    text = toml.value(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be."""
    by_form = {option.lower(): option for option in known}
    near = difflib.get_close_matches(word.lower(), by_form, n=1, cutoff=0.6)
    return by_form[near[0]] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or lists all."""
    options = sorted(known)
    near = nearest(word, options)
    if near is not None:
        return f"did you mean `{near}`?"
    return "known here: " + ", ".join(options) if options else "none is known here"
