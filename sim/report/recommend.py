"""What to do, what it puts at risk, and what would change the mind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from ..figures.spec import Cells, Figure
from ..measures.comparison import Comparison
from ..measures.summary import Summary
from ..questions import QUESTIONS, named
from ..text.names import capital
from ..text.numbers import counted, of_worlds, share_text
from ..text.verdicts import direction, leaders
from . import always
from .reading import Opened
from .saved import Saved

#: What is at risk: of each portfolio that the choice is about.
ROWS = ("cost_mean", "loss_probability", "profit_p05", "profit_es05", "profit_median")
#: Questions whose answers can change a mind, in the order in which they are told.
_CHANGES = ("breakeven", "worth", "discover", "scenario", "tornado")
#: Most answers of them that a slide holds.
_MOST = 5


def recommendation(opened: Opened) -> Figure:
    """Return the choice that the run carries, the money at risk, and what would change the mind.

    Parameters
    ----------
    opened
        A run, open for reading.
    """
    run, answer = opened.run, opened.answer
    pair = answer.comparisons[0] if answer.comparisons else None
    names = [pair.a, pair.b] if pair else always.shown(run, answer.summary)
    of_these = Summary(
        {name: answer.summary[name] for name in names},
        {name: answer.summary.creators[name] for name in names},
        answer.summary.worlds,
        answer.summary.target,
        None,
    )
    head = ("at risk", *names)
    return Figure(
        name="recommendation",
        finding=_choice(answer.summary, pair),
        made=(
            f"Recommendation. {counted(run.worlds, 'world')}; ± is one standard error of the "
            "simulation, which does not cover the model"
        ),
        panels=(Cells(head, tuple(of_these.table(ROWS, words=True).texts())[1:]),),
        method=(
            f"{always.METHOD} The choice is the portfolio that wins in more than half of the worlds "
            "by more than two standard errors; it says nothing about whether to spend at all."
        ),
        sentences=tuple(_changes(opened)),
    )


def _choice(summary: Summary, pair: Comparison | None) -> str:
    """Say which portfolio, as far as the errors carry it, and whether it pays in most worlds."""
    if pair is None:
        best = leaders({name: summary[name]["roi_median"] for name in summary.portfolios})
        if len(summary.portfolios) > 1 and len(best) > 1:
            return f"No portfolio stands out: {len(best)} cannot be told apart on median ROI"
        return f"{best[0]} {_pays(summary, best[0])}" if best else "Nothing can be told of ROI"
    wins = pair["a_beats_b"]
    side = direction(wins, 0.5)
    if side == 0:
        return f"No clear choice between {pair.a} and {pair.b}"
    first, second = (pair.b, pair.a) if side < 0 else (pair.a, pair.b)
    share = share_text(wins, mirrored=side < 0)
    return f"{first} rather than {second} ({share} of worlds); it {_pays(summary, first)}"


def _pays(summary: Summary, name: str) -> str:
    loss = summary[name]["loss_probability"]
    if loss.value is None:
        return "has no ROI to be told"
    if direction(loss, 0.5) < 0:
        return f"pays for itself in {share_text(loss, mirrored=True)} of worlds"
    return f"loses money in {of_worlds(loss)}"


def _changes(opened: Opened) -> Iterator[str]:
    """Yield what would change the mind: the headlines of the answers that say so."""
    told: list[str] = []
    for question in _CHANGES:
        for name, content in opened.analyses.items():
            if Saved(name, content).question == question:
                told += _headline(question, content)
    for text in list(dict.fromkeys(told))[:_MOST]:
        yield capital(text)
    if opened.answer.evidence:
        yield capital(always.evidence(opened.answer.evidence).finding)


def _headline(question: str, content: Mapping[str, object]) -> list[str]:
    """Return the headline of a saved answer; nothing of another version's."""
    if question not in QUESTIONS:
        return []
    try:
        return [named(question).read(content).headline]
    except ValidationError:
        return []
