"""Figures of what has been asked of a run: one builder for each question, by its saved answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..charts.run import Run
from ..figures.spec import Figure, Table
from .claims import claims
from .drivers import information, shares, swings
from .flips import regions, scenarios, swept, ties
from .mixes import diversified, efficient
from .saved import Saved

Builder = Callable[[Saved, Run], Figure]

#: Question, section of the story, builder.
_BUILDERS: Mapping[str, tuple[str, Builder]] = {
    "tornado": ("drivers", swings),
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
    "tornado": "which input moves the answer most",
    "sensitivity": "where the spread of the outcome comes from",
    "worth": "what it would be worth to know more before choosing",
    "breakeven": "at which fee, conversion or order value the choice flips",
    "discover": "in which circumstances the choice is wrong",
    "diversify": "how many creators are enough",
    "frontier": "which mix is best for each level of risk",
    "audit": "which published claims hold under these assumptions",
}


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
        section, build = _BUILDERS.get(saved.question, ("other", in_words))
        try:
            figure = build(saved, run)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            figure = in_words(saved, run)
        found.setdefault(section, []).append(figure)
    order = list(_BUILDERS)
    for figures in found.values():
        figures.sort(key=lambda figure: _place(order, figure.key))
    return found


def _place(order: list[str], key: str) -> int:
    return next((k for k, name in enumerate(order) if key.startswith(name)), len(order))


def in_words(saved: Saved, _run: Run) -> Figure:
    """Return an answer as it was given: its sentence and its notes."""
    return Figure(
        key=saved.key,
        finding=saved.short,
        made=saved.made(),
        models=(Table(("answer", saved.question), (("in words", saved.sentence),)),),
        method=saved.method(),
        sentences=(saved.sentence,),
    )
