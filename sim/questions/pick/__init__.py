"""Whom of a list to hire for a budget: `sim pick`.

`_pick.py` is the method, with `_sets.py` (what a set of creators brings, and the sets that bring
most) and `_seeing.py` (what it is worth to see one post of somebody first); `_answer.py` is what
comes back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..question import AmountAboveZero, Flag, Options, Question, Setting
from ._answer import Pick
from ._sets import On


class PickOptions(Options):
    """What `sim pick` takes."""

    budget: Annotated[AmountAboveZero, Flag(metavar="AMOUNT")] = Field(
        description="What may be committed in all."
    )
    on: On = Field("profit_mean", description="What the best set has most of, or least of a loss.")
    best: int | None = Field(
        None, ge=1, description="Creators among whom one counts as best [as many as are hired]."
    )
    portfolio: str | None = Field(
        None, description="Portfolio whose roster is meant [the only one that has one]."
    )
    pilots: Annotated[bool, Flag(name="--no-pilots")] = Field(
        True,
        description="Leave out what it is worth to see one post of somebody first, which is told of mean "
        "profit alone.",
    )


def _ask(setting: Setting, options: PickOptions) -> Pick:
    from ._pick import ask

    return ask(setting, options)


pick = Question(
    name="pick",
    section="mix",
    asks="",
    about="""Say whom of the named creators of FILE to hire for a budget, and at which price not to.

FILE needs a portfolio with a roster.

Example: sim pick experiments/shortlist.toml --budget 5000""",
    options=PickOptions,
    answer=Pick,
    ask=_ask,
    needs="--budget 5000",
)
