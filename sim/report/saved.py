"""Reading saved answers: what every question has in common, and numbers with their errors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..text.numbers import counted

#: Longest finding that a title takes.
LONGEST = 150


@dataclass(frozen=True)
class Saved:
    """A saved answer."""

    name: str
    content: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Return a part of the answer."""
        return self.content[key]

    @property
    def question(self) -> str:
        """Which question was asked."""
        asked = self.content.get("analysis")
        return str(asked) if isinstance(asked, str) else self.name.split("_")[0]

    @property
    def key(self) -> str:
        """Name for files, anchors and slides."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def sentence(self) -> str:
        """The answer in words."""
        return str(self.content["sentence"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done about what is not obvious."""
        given = self.content.get("notes", [])
        return tuple(map(str, given)) if isinstance(given, list) else ()

    @property
    def short(self) -> str:
        """The answer as a title: its first clause where it is long."""
        text = re.sub(r" \([^)]*\)", "", self.sentence)
        for stop in (". ", "; ", ": ", ", "):
            if len(text) > LONGEST:
                text = text.split(stop)[0]
        return text.rstrip(".") if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"

    def made(self, *more: str) -> str:
        """Say on which sample it rests."""
        worlds = self.content.get("worlds")
        sample = counted(worlds, "world") if isinstance(worlds, int) else ""
        return ". ".join(filter(None, [sample, *more])) or "As saved"

    def method(self, *more: str) -> str:
        """Say how it was found: the answer in full, its notes, and the command."""
        command = f"Asked with `sim {self.question}`; saved as analysis/{self.name}.json."
        return " ".join([self.sentence, *more, *self.notes, command])


def value(entry: Mapping[str, Any]) -> float:
    """Return the value of a measure.

    Raises
    ------
    ValueError
        Where there is none.
    """
    found = entry["value"]
    if not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError("no value")
    return float(found)


def error(entry: Mapping[str, Any]) -> float | None:
    """Return the standard error of a measure, None where there is none."""
    found = entry.get("se")
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None
