"""Figures of what has been asked of a run: one builder for each question, by its saved answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ..charts.run import Run
from ..figures.spec import Figure, Table
from ..questions import DECLARED, named
from ..questions.question import Question
from .claims import claims
from .drivers import information, shares
from .flips import regions, scenarios, swept, ties
from .mixes import diversified, efficient
from .saved import Saved

Builder = Callable[[Saved, Run], Figure]

#: Question, section of the story, builder.
_BUILDERS: Mapping[str, tuple[str, Builder]] = {
    "sensitivity": ("drivers", shares),
    "worth": ("drivers", information),
    "breakeven": ("flips", ties),
    "sweep": ("flips", swept),
    "scenario": ("flips", scenarios),
    "discover": ("flips", regions),
    "diversify": ("mix", diversified),
    "frontier": ("mix", efficient),
    "audit": ("claims", claims),
}

#: Questions that a run can be asked, and what a section would gain.
COMMANDS: Mapping[str, str] = {
    "sensitivity": "where the spread of the outcome comes from",
    "worth": "what it would be worth to know more before choosing",
    "breakeven": "at which fee, conversion or order value the choice flips",
    "discover": "in which circumstances the choice is wrong",
    "diversify": "how many creators are enough",
    "frontier": "which mix is best for each level of risk",
    "audit": "which published claims hold under these assumptions",
}


def unasked(known: set[str]) -> list[tuple[str, str, str]]:
    """Return the questions that were not asked: what follows ``sim`` and FILE, and what each says."""
    told = [(name, "", what) for name, what in COMMANDS.items()]
    told += [(one.name, one.needs, one.asks) for one in map(named, DECLARED)]
    return [(name, needs, what) for name, needs, what in told if name not in known]


def asked(run: Run, analyses: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Figure]]:
    """Return the figures of saved answers by section.

    An answer of another version, without what its chart needs, is told in its own words.

    Parameters
    ----------
    run : Run
        For colours and names.
    analyses : mapping of str to mapping
        Saved answers by file name.
    """
    found: dict[str, list[Figure]] = {}
    for name, content in analyses.items():
        saved = Saved(name, content)
        if saved.question in DECLARED:
            section, figures = _answered(named(saved.question), saved, run.tiers)
            found.setdefault(section, []).extend(figures)
            continue
        section, build = _BUILDERS.get(saved.question, ("other", in_words))
        try:
            figure = build(saved, run)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            figure = in_words(saved, run)
        found.setdefault(section, []).append(figure)
    order = [*_BUILDERS, *DECLARED]
    for figures in found.values():
        figures.sort(key=lambda figure: _place(order, figure.key))
    return found


def _answered(
    question: Question[Any, Any], saved: Saved, tiers: Mapping[str, str]
) -> tuple[str, list[Figure]]:
    """Return the section and the figures of an answer; of one that cannot be read, its words."""
    try:
        answer = question.read(saved.content)
    except ValidationError as error:
        return question.section, [in_words(saved, reason=_unread(error))]
    words = [answer.sentence, *answer.notes]
    named = f"Asked with `sim {question.name}`; saved as analysis/{saved.name}.json."
    return question.section, [
        replace(
            figure,
            key=saved.key + (f"-{figure.key}" if place else ""),
            method=" ".join(filter(None, [words[0], figure.method, *words[1:], named])),
        )
        for place, figure in enumerate(answer.figures(tiers))
    ]


def _unread(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return (
        "It was saved by another version, so it is told in its words alone: "
        f"{where or 'its content'} is not as this version writes it. Ask again to see its chart."
    )


def _place(order: list[str], key: str) -> int:
    return next((k for k, name in enumerate(order) if key.startswith(name)), len(order))


def in_words(saved: Saved, _run: Run | None = None, *, reason: str = "") -> Figure:
    """Return an answer as it was given: its sentence and its notes, and why no more."""
    return Figure(
        key=saved.key,
        finding=saved.short,
        made=reason or saved.made(),
        models=(Table(("answer", saved.question), (("in words", saved.sentence),)),),
        method=saved.method(),
        sentences=(saved.sentence,),
    )
