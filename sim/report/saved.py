"""A saved answer in its own words: what every question has in common."""

from __future__ import annotations

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

    @property
    def made(self) -> str:
        """On which sample it rests."""
        worlds = self.content.get("worlds")
        return counted(worlds, "world") if isinstance(worlds, int) else "As saved"

    @property
    def origin(self) -> str:
        """The command that it answers, and where it is saved."""
        return f"Asked with `sim {self.question}`; saved as analysis/{self.name}.json."

    @property
    def method(self) -> str:
        """How it was found: the answer in full, its notes, and the command."""
        return " ".join([self.sentence, *self.notes, self.origin])
