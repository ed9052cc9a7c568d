"""Faults of an experiment file, collected and reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_NOTHING = object()


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what, and what was found there."""

    key: str
    problem: str
    got: Any = _NOTHING

    def line(self, file: str) -> str:
        """Return ``FILE: dotted.key: what is wrong (got VALUE)``."""
        where = f"{file}: {self.key}" if self.key else file
        found = "" if self.got is _NOTHING else f" (got {shown(self.got)})"
        return f"{where}: {self.problem}{found}"


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


def shown(value: Any) -> str:
    """Return a value as the user would write it in TOML, shortened to a line."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, dict):
        text = "{ " + ", ".join(f"{k} = {shown(v)}" for k, v in value.items()) + " }"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(v) for v in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or lists all when there are few."""
    options = sorted(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if len(options) <= 24:
        return "known here: " + ", ".join(options)
    return ""
