"""Figures of what has been asked of a run, by its saved answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ..charts.run import Run
from ..figures.spec import Cells, Figure
from ..questions import QUESTIONS, named
from .saved import Saved


def asked(run: Run, analyses: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Figure]]:
    """Return the figures of saved answers by section, in the order of the questions.

    An answer of another version, which no longer validates, is told in its own words with the
    reason.

    Parameters
    ----------
    run : Run
        For the tiers of its portfolios.
    analyses : mapping of str to mapping
        Saved answers by file name.
    """
    answers = sorted((Saved(name, content) for name, content in analyses.items()), key=_place)
    figures: dict[str, list[Figure]] = {}
    for saved in answers:
        if saved.question in QUESTIONS:
            section = named(saved.question).section
            figures.setdefault(section, []).extend(_answered(saved, run.tiers))
        else:
            figures.setdefault("other", []).append(in_words(saved))
    return figures


def unasked(known: set[str]) -> list[tuple[str, str, str]]:
    """Return the questions that were not asked: name, options that it needs, what it says."""
    return [
        (one.name, one.needs, one.asks)
        for one in map(named, QUESTIONS)
        if one.asks and one.name not in known
    ]


def _answered(saved: Saved, tiers: Mapping[str, str]) -> list[Figure]:
    """Return the figures of an answer; of one that cannot be read, or has none, its words."""
    question = named(saved.question)
    try:
        answer = question.read(saved.content)
    except ValidationError as error:
        return [in_words(saved, _unread(error))]
    words = [answer.sentence, *answer.notes]
    figures = [
        replace(
            figure,
            name=saved.key + (f"-{figure.name}" if place else ""),
            method=" ".join(filter(None, [words[0], figure.method, *words[1:], saved.origin])),
        )
        for place, figure in enumerate(answer.figures(tiers))
    ]
    return figures or [in_words(saved)]


def _unread(error: ValidationError) -> str:
    """Return why an answer is told in its words alone."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "its content"
    return (
        f"Saved by another version, so told in its words alone: {where} is not as this version "
        "writes it; ask again to see its chart"
    )


def _place(saved: Saved) -> tuple[int, str]:
    known = saved.question in QUESTIONS
    return QUESTIONS.index(saved.question) if known else len(QUESTIONS), saved.name


def in_words(saved: Saved, reason: str = "") -> Figure:
    """Return an answer as it was given: its sentence and its notes, and why no more."""
    return Figure(
        name=saved.key,
        finding=saved.short,
        made=reason or saved.made,
        panels=(Cells(("answer", saved.question), (("in words", saved.sentence),)),),
        method=saved.method,
        sentences=(saved.sentence,),
    )
