"""The story as slides with native charts and tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..figures.spec import Cells, Figure
from ..notebook import MOST_ROWS, MOST_SIDE_BY_SIDE
from ..run.folder import file_in_place
from ..text.names import capital, key_words, listed
from .models import Assumption, Story
from .reading import open_run
from .recommend import recommendation
from .slides import Deck
from .story import tell

if TYPE_CHECKING:
    from ..run.written import Answer

#: Sentences on a slide.
MOST_SENTENCES = 5
#: Longest text of a source in a table.
_SOURCE = 80


Audience = Literal["internal", "client"]
"""For whom slides are: colleagues, who see how all was made, or the client."""

PARTS = (
    "answer", "recommendation", "comparison", "risk", "drivers", "flips", "mix", "claims", "other",
    "assumptions", "warnings", "appendix",
)  # fmt: skip
"""Parts of a deck after its cover."""

#: What a client sees unless parts are named.
_FOR_CLIENTS = (
    "answer", "recommendation", "comparison", "risk", "drivers", "flips", "mix", "assumptions",
)  # fmt: skip
#: What is of the workshop: no sentence with it stands in front of a client.
_WORKSHOP = re.compile(
    r"`sim\b|\bsim [a-z]+ |--[a-z]|\bseeds?\b|\bhash\b|folklore|abstract seen|title not seen|"
    r"analysis/|\.json|\.toml|\.csv|Pareto k|standard error for",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=\S)")


def check_parts(names: Sequence[str]) -> None:
    """Check names of parts of a deck.

    Raises
    ------
    ValueError
        With those that there are.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ValueError(f"{listed(unknown)}: no part of a deck; there are {', '.join(PARTS)}")


def write_deck(
    folder: str | Path,
    out: str | Path,
    *,
    template: str | Path | None = None,
    answer: Answer | None = None,
    audience: Audience = "internal",
    only: Sequence[str] = (),
) -> Path:
    """Write a run as slides.

    Parameters
    ----------
    folder : str or Path
        Folder of the run.
    out : str or Path
        The `.pptx` file.
    template : str or Path, optional
        A `.pptx` or `.potx` whose layouts and theme are used.
    answer : Answer, optional
        Of the run, where it is known already.
    audience : {"internal", "client"}
        A client sees no seeds, commands, warnings and gradings of sources, neither on slides nor
        in their notes.
    only : sequence of str
        Some of `PARTS`, all that belong to the audience by default.

    Returns
    -------
    Path
        The file, written whole.

    Raises
    ------
    RunError
        For a folder without a run.
    TemplateError
        For a template that cannot be used.
    ValueError
        For a part that there is not.
    """
    check_parts(only)
    out = Path(out)
    deck = Deck(Path(template) if template is not None else None)
    with open_run(folder, answer) as opened:
        fill(deck, tell(opened), audience, only, recommendation(opened))
    with file_in_place(out) as temporary:
        deck.save(temporary)
    return out


def fill(
    deck: Deck,
    story: Story,
    audience: Audience = "internal",
    only: Sequence[str] = (),
    advice: Figure | None = None,
) -> None:
    """Write the slides of a story.

    Parameters
    ----------
    deck
        The presentation.
    story
        What the run has to say.
    audience, only
        See `write_deck`.
    advice
        The recommendation, where there is one.
    """
    parts = only or (_FOR_CLIENTS if audience == "client" else PARTS)
    if audience == "client":
        story = _for_clients(story)
        advice = None if advice is None else _without_workshop(advice)
    facts = dict(story.facts)
    seed = "" if audience == "client" else f", seed {facts['seed']}"
    sample = f"{facts['worlds']} simulated worlds{seed}"
    deck.cover(
        capital(story.title),
        f"{capital(story.answer)}\n{sample}",
        _notes(story.comparison, story, audience),
    )
    if "answer" in parts:
        _answer(deck, story, audience)
    if "recommendation" in parts and advice is not None:
        _advice(deck, story, advice, audience)
    if "comparison" in parts:
        _comparison(deck, story, audience)
    for section in story.sections:
        for figure in section.figures if section.key in parts else ():
            _figure(deck, story, figure, section.heading, audience)
    if "assumptions" in parts:
        _assumptions(deck, story, audience)
    if "warnings" in parts:
        _warnings(deck, story, audience)
    if "appendix" in parts:
        _appendix(deck, story, audience)


def _for_clients(story: Story) -> Story:
    """Return a story without what belongs to the workshop."""
    sections = tuple(
        replace(section, figures=tuple(map(_without_workshop, section.figures)))
        for section in story.sections
    )
    return replace(
        story,
        sentences=tuple(filter(None, map(_clean, story.sentences))),
        first=tuple(filter(None, map(_clean, story.first))),
        comparison=_without_workshop(story.comparison),
        sections=sections,
        key_inputs=tuple(
            replace(
                row, key=_input_words(row.key), source=_clean(row.source) or "published figures"
            )
            for row in story.key_inputs
        ),
        warnings=tuple(filter(None, map(_clean, story.warnings))),
        cited=tuple((short, _clean(title), _clean(place)) for short, title, place in story.cited),
        facts=tuple(
            (name, text) for name, text in story.facts if name in ("creators hired", "worlds")
        ),
        commands=(),
    )


def _input_words(key: str) -> str:
    return capital(key_words(key))


def _without_workshop(figure: Figure) -> Figure:
    return replace(
        figure,
        made=_clean(figure.made),
        method=_clean(figure.method),
        sentences=tuple(filter(None, map(_clean, figure.sentences))),
    )


def _clean(text: str) -> str:
    """Return a text without its sentences of the workshop."""
    kept = [part for part in _SENTENCE.split(text) if not _WORKSHOP.search(part)]
    return " ".join(kept).rstrip(";")


def _notes(figure: Figure, story: Story, audience: Audience) -> str:
    cited = "; ".join(short for short, _, _ in story.cited)
    sources = f"Sources of the inputs: {cited}." if cited else "No source is cited by the inputs."
    method = f"Method: {figure.method}" if figure.method else ""
    parts = [capital(figure.finding), figure.made, method, *figure.sentences, sources]
    return "\n\n".join(dict.fromkeys(filter(None, parts)))


def _answer(deck: Deck, story: Story, audience: Audience) -> None:
    """Say the answer, with what else the run says beside who loses how often."""
    lead = next(f for s in story.sections for f in s.figures if f.name == "losing")
    notes = _notes(story.comparison, story, audience)
    slide, box = deck.slide(story.answer, f"Answer. {lead.made}", notes)
    if not story.sentences:
        deck.show(slide, box, lead.panels[:1], lead.alt)
        return
    most = 4 if audience == "client" else MOST_SENTENCES
    deck.bullets(slide, box.part(0, 2, 300000), story.first[:most])
    deck.show(slide, box.part(1, 2, 300000), lead.panels[:1], lead.alt)


def _advice(deck: Deck, story: Story, advice: Figure, audience: Audience) -> None:
    """Say what to do: the money at risk beside what would change the mind."""
    slide, box = deck.slide(advice.finding, advice.made, _notes(advice, story, audience))
    (table,) = advice.panels
    if not advice.sentences:
        deck.show(slide, box, [table], advice.alt)
        return
    left, right = box.split(0.56, 300000)
    deck.show(slide, left, [table], advice.alt)
    deck.bullets(slide, right, advice.sentences, heading="What would change the mind")


def _comparison(deck: Deck, story: Story, audience: Audience) -> None:
    figure = story.comparison
    names = list(story.tiers)
    told = listed(names) if len(names) <= MOST_SIDE_BY_SIDE else f"{len(names)} portfolios"
    named = replace(figure, finding=f"Side by side: {told}")
    made = f"How they compare. {figure.made}"
    most = None
    if len(names) > MOST_ROWS:
        most = MOST_ROWS
        made += f"; the first {most}, `sim report` has all"
    for table in figure.panels:
        if isinstance(table, Cells):
            _tabled(deck, story, named, replace(table, rows=table.rows[:most]), made, audience)


def _figure(deck: Deck, story: Story, figure: Figure, heading: str, audience: Audience) -> None:
    charts = [model for model in figure.panels if not isinstance(model, Cells)]
    caption = f"{heading}. {figure.made}"
    if charts:
        slide, box = deck.slide(figure.finding, caption, _notes(figure, story, audience))
        deck.show(slide, box, charts, figure.alt)
    for table in figure.panels:
        if isinstance(table, Cells):
            _tabled(deck, story, figure, table, caption, audience)


def _tabled(
    deck: Deck, story: Story, figure: Figure, table: Cells, caption: str, audience: Audience
) -> None:
    """Show a table on as many slides as it needs."""
    parts: Sequence[Cells] = [table]
    done = 0
    while done < len(parts):
        more = f" ({done + 1} of {len(parts)})" if len(parts) > 1 else ""
        slide, box = deck.slide(f"{figure.finding}{more}", caption, _notes(figure, story, audience))
        if done == 0 and not table.shades:
            parts = deck.pages(table, box)
            if len(parts) > 1:
                slide.shapes.title.text_frame.paragraphs[0].runs[0].text += f" (1 of {len(parts)})"
        deck.show(slide, box, [parts[done]], figure.alt, table if len(parts) > 1 else None)
        done += 1


def _assumptions(deck: Deck, story: Story, audience: Audience) -> None:
    assumed = sum(row.assumed for row in story.inputs)
    table = Cells(
        ("input", "value", "source"),
        tuple(
            (row.key, ", ".join(filter(None, [row.value, row.unit])), _short(row))
            for row in story.key_inputs
        ),
        left=frozenset(range(3)),
    )
    figure = Figure(
        name="assumptions",
        finding=f"{assumed} of {len(story.inputs)} inputs rest on an assumption alone",
        made="Assumptions. The inputs asked for first"
        + ("" if audience == "client" else "; `sim explain` lists all of them"),
        panels=(table,),
        method="Every input carries its source; what has none says assumption.",
    )
    _tabled(deck, story, figure, table, figure.made, audience)


def _short(row: Assumption) -> str:
    return textwrap.shorten(row.source, _SOURCE, placeholder=" …")


def _warnings(deck: Deck, story: Story, audience: Audience) -> None:
    if not story.warnings:
        return
    count = len(story.warnings)
    title = f"What to keep in mind: {count} warning{'s' if count > 1 else ''} of the run"
    notes = "\n\n".join([
        title, *story.warnings, "Method: number and model warnings of `sim run`.",
        _notes(story.comparison, story, audience)])  # fmt: skip
    rest = story.warnings
    while rest:
        more = "" if rest == story.warnings else " (continued)"
        slide, box = deck.slide(f"{title}{more}", "Assumptions. As the run gave them", notes)
        rest = tuple(deck.bullets(slide, box, rest))


def _appendix(deck: Deck, story: Story, audience: Audience) -> None:
    rows = (*story.facts, *((what, command) for command, what in story.commands))
    table = Cells(("appendix", "what was run, and how to run it again"), rows,
                  left=frozenset({0, 1}))  # fmt: skip
    figure = Figure(
        name="appendix",
        finding="What was run, and how to run it again",
        made="Appendix. The same seed gives the same numbers",
        panels=(table,),
        method="`sim run` on the resolved experiment beside the results gives the same worlds.",
    )
    _tabled(deck, story, figure, table, figure.made, audience)
    if story.cited:
        cited = Cells(
            ("source", "title and place"),
            tuple((short, f"{title}{'; ' if place else ''}{place}")
                  for short, title, place in story.cited),
            left=frozenset({0, 1}),
        )  # fmt: skip
        listed = Figure(
            name="sources",
            finding="Sources of the inputs",
            made="Appendix. Where each figure was read is listed in sim/evidence/sources.csv",
            panels=(cited,),
            method="Citations of all inputs of the run.",
        )
        _tabled(deck, story, listed, cited, listed.made, audience)
