"""Saved answers as charts and as one finding, whoever shows them: command line, report or slides.

An answer is what its `to_dict` returned, which is what ``analysis/NAME.json`` holds; ``analysis``
names its question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import cases, decisions, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .theme import Theme

Content = Mapping[str, Any]


@dataclass(frozen=True)
class _Question:
    """How the answer to a question is worded and drawn.

    `parts` are its charts by what is added to the name of its file, the first one unnamed; `drawn`
    says which of them an answer has.
    """

    headline: Callable[[Content], str]
    parts: Mapping[str, Callable[..., Axes]]
    drawn: Callable[[Content], tuple[str, ...]] = lambda _: ("",)


_QUESTIONS: Mapping[str, _Question] = {
    "sweep": _Question(points.sweep_headline, {"": points.sweep}, points.sweep_parts),
    "breakeven": _Question(points.breakeven_headline, {"": points.breakeven}),
    "scenario": _Question(lambda content: str(content["headline"]), {"": cases.scenario}),
    "audit": _Question(cases.audit_headline, {"": cases.audit}, cases.audit_parts),
    "sensitivity": _Question(
        decisions.sensitivity_headline,
        {"": decisions.sensitivity, "split": decisions.split},
        decisions.sensitivity_parts,
    ),
    "worth": _Question(decisions.worth_headline, {"": decisions.worth}),
    "diversify": _Question(decisions.diversify_headline, {"": decisions.diversify}),
    "frontier": _Question(
        decisions.frontier_headline,
        {"": decisions.frontier, "mixes": decisions.holdings},
        lambda _: ("", "mixes"),
    ),
    "discover": _Question(
        decisions.discover_headline, {"": decisions.discover}, decisions.discover_parts
    ),
}


def chart_parts(content: Content) -> tuple[str, ...]:
    """Return the charts that an answer has, by what is added to the name of its file.

    Empty where there is nothing to draw; the main chart's addition is ``""``.
    """
    question = _QUESTIONS.get(str(content.get("analysis")))
    return question.drawn(content) if question else ()


def headline(content: Content) -> str:
    """Return what an answer found in a title's length, worded as its errors allow.

    Raises
    ------
    KeyError
        For an answer to an unknown question.
    """
    return _QUESTIONS[content["analysis"]].headline(content)


def plot_answer(
    content: Content,
    ax: Axes | None = None,
    *,
    part: str = "",
    tiers: Mapping[str, str] | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw a saved answer.

    Parameters
    ----------
    content : mapping
        What the answer's `to_dict` returned, or its JSON file.
    ax : Axes, optional
        Where to draw; a new figure by default.
    part : str
        Which of its charts, one of `chart_parts`.
    tiers : mapping of str to str, optional
        Tier of each portfolio, for its colour; by default its name.
    theme, title, subtitle
        See `plot_roi`; the title is the answer's headline by default.

    Raises
    ------
    KeyError
        For an answer without this chart.
    """
    draw = _QUESTIONS[content["analysis"]].parts[part]
    return draw(content, ax, tiers=tiers, theme=theme, title=title, subtitle=subtitle)
