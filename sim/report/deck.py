"""The story as slides with native charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..figures.spec import Cells, Figure
from ..notebook import MOST_SIDE_BY_SIDE
from ..run.folder import file_in_place
from ..text.names import listed
from .models import Assumption, Story
from .reading import open_run
from .slides import Deck
from .story import tell

if TYPE_CHECKING:
    from ..run.written import Answer

#: Longest text of a source in a table.
_SOURCE = 80


def write_deck(
    folder: str | Path,
    out: str | Path,
    *,
    template: str | Path | None = None,
    answer: Answer | None = None,
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
    """
    out = Path(out)
    deck = Deck(Path(template) if template is not None else None)
    with open_run(folder, answer) as opened:
        fill(deck, tell(opened))
    with file_in_place(out) as temporary:
        deck.save(temporary)
    return out


def fill(deck: Deck, story: Story) -> None:
    """Write all slides of a story."""
    facts = dict(story.facts)
    sample = f"{facts['worlds']} simulated worlds, seed {facts['seed']}"
    deck.cover(story.title, f"{story.answer}\n{sample}", _notes(story.comparison, story))
    _answer(deck, story)
    _comparison(deck, story)
    for section in story.sections:
        for figure in section.figures:
            _figure(deck, story, figure, section.heading)
    _assumptions(deck, story)
    _warnings(deck, story)
    _appendix(deck, story)


def _notes(figure: Figure, story: Story) -> str:
    cited = "; ".join(short for short, _, _ in story.cited)
    sources = f"Sources of the inputs: {cited}." if cited else "No source is cited by the inputs."
    parts = [figure.finding, figure.made, f"Method: {figure.method}", *figure.sentences, sources]
    return "\n\n".join(dict.fromkeys(parts))


def _answer(deck: Deck, story: Story) -> None:
    """Say the answer, with what else the run says beside who loses how often."""
    lead = next(f for s in story.sections for f in s.figures if f.name == "losing")
    slide, box = deck.slide(story.answer, f"Answer. {lead.made}", _notes(story.comparison, story))
    if not story.sentences:
        deck.show(slide, box, lead.panels[:1], lead.alt)
        return
    deck.bullets(slide, box.part(0, 2, 300000), story.sentences[:6])
    deck.show(slide, box.part(1, 2, 300000), lead.panels[:1], lead.alt)


def _comparison(deck: Deck, story: Story) -> None:
    figure = story.comparison
    names = list(story.tiers)
    told = listed(names) if len(names) <= MOST_SIDE_BY_SIDE else f"{len(names)} portfolios"
    named = replace(figure, finding=f"Side by side: {told}")
    for table in figure.panels:
        if isinstance(table, Cells):
            _tabled(deck, story, named, table, f"How they compare. {figure.made}")


def _figure(deck: Deck, story: Story, figure: Figure, heading: str) -> None:
    charts = [model for model in figure.panels if not isinstance(model, Cells)]
    caption = f"{heading}. {figure.made}"
    if charts:
        slide, box = deck.slide(figure.finding, caption, _notes(figure, story))
        deck.show(slide, box, charts, figure.alt)
    for table in figure.panels:
        if isinstance(table, Cells):
            _tabled(deck, story, figure, table, caption)


def _tabled(deck: Deck, story: Story, figure: Figure, table: Cells, caption: str) -> None:
    """Show a table on as many slides as it needs."""
    parts: Sequence[Cells] = [table]
    done = 0
    while done < len(parts):
        more = f" ({done + 1} of {len(parts)})" if len(parts) > 1 else ""
        slide, box = deck.slide(f"{figure.finding}{more}", caption, _notes(figure, story))
        if done == 0 and not table.shades:
            parts = deck.pages(table, box)
            if len(parts) > 1:
                slide.shapes.title.text_frame.paragraphs[0].runs[0].text += f" (1 of {len(parts)})"
        deck.show(slide, box, [parts[done]], figure.alt, table if len(parts) > 1 else None)
        done += 1


def _assumptions(deck: Deck, story: Story) -> None:
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
        made="Assumptions. The inputs asked for first; `sim explain` lists all of them",
        panels=(table,),
        method="Every input carries its source; what has none says assumption.",
    )
    _tabled(deck, story, figure, table, figure.made)


def _short(row: Assumption) -> str:
    return row.source if len(row.source) <= _SOURCE else f"{row.source[: _SOURCE - 1].rstrip()}…"


def _warnings(deck: Deck, story: Story) -> None:
    if not story.warnings:
        return
    count = len(story.warnings)
    title = f"What to keep in mind: {count} warning{'s' if count > 1 else ''} of the run"
    notes = "\n\n".join([
        title, *story.warnings, "Method: number and model warnings of `sim run`.",
        _notes(story.comparison, story)])  # fmt: skip
    rest = story.warnings
    while rest:
        more = "" if rest == story.warnings else " (continued)"
        slide, box = deck.slide(f"{title}{more}", "Assumptions. As the run gave them", notes)
        rest = tuple(deck.bullets(slide, box, rest))


def _appendix(deck: Deck, story: Story) -> None:
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
    _tabled(deck, story, figure, table, figure.made)
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
        _tabled(deck, story, listed, cited, listed.made)
