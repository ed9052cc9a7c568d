"""What a run has to say: figures by section, assumptions and warnings; once for page and slides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..figures.spec import Figure


@dataclass(frozen=True)
class Section:
    """Figures that answer one question."""

    key: str
    heading: str
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assumption:
    """An input of the run, and what it rests on."""

    key: str
    value: str
    unit: str
    source: str

    @property
    def assumed(self) -> bool:
        """Whether nothing but an assumption stands behind it."""
        return self.source.startswith("assumption")


@dataclass(frozen=True)
class Story:
    """What a run has to say, once for page and slides.

    Attributes
    ----------
    title : str
        Of the experiment.
    answer : str
        In one sentence.
    sentences : tuple of str
        What else the run says.
    first : tuple of str
        The same, what matters most first, where there is room for a few.
    comparison : Figure
        Table of the portfolios side by side.
    sections : tuple of Section
        In the order in which a reader meets them; empty ones are left out.
    key_inputs, inputs : tuple of Assumption
        The few that are asked for first, and all.
    cited : tuple of (str, str, str)
        Citation, title and place of every source cited.
    warnings : tuple of str
        Of the run.
    facts : tuple of (str, str)
        What was run.
    commands : tuple of (str, str)
        How to run it again, and what each command does.
    unasked : tuple of (str, str)
        Questions that were not asked: command, and what it would show.
    tiers : mapping of str to str
        Tier of each portfolio, for its colour.
    """

    title: str
    answer: str
    sentences: tuple[str, ...]
    first: tuple[str, ...]
    comparison: Figure
    sections: tuple[Section, ...]
    key_inputs: tuple[Assumption, ...]
    inputs: tuple[Assumption, ...]
    cited: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    unasked: tuple[tuple[str, str], ...]
    tiers: Mapping[str, str]

    def section(self, key: str) -> Section | None:
        """Return a section, or None where there is none."""
        return next((section for section in self.sections if section.key == key), None)
