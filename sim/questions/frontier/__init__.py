"""Which mix brings most for its risk: `sim frontier`.

`_frontier.py` is the method, with `_limits.py` (what a mix may hold), `_prefixes.py` (what the
first creators of each line bring), `_programs.py` and `_search.py` (how a mix is chosen);
`_answer.py` is what comes back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..question import AmountAboveZero, Flag, Options, Question, Setting
from ._answer import Frontier, Risk


class FrontierOptions(Options):
    """What `sim frontier` takes."""

    budget: Annotated[AmountAboveZero | None, Flag(metavar="AMOUNT")] = Field(
        None,
        description="Money committed [the largest budget in FILE].",
    )
    risk: Risk = Field(
        "es05",
        description="Mean profit of the worst 5 % of worlds, or the probability of loss.",
    )
    min: Annotated[tuple[str, ...], Flag(metavar="NAME=N")] = Field(
        (), description="At least N creators."
    )
    max: Annotated[tuple[str, ...], Flag(metavar="NAME=N")] = Field(
        (), description="At most N creators."
    )
    pin: Annotated[tuple[str, ...], Flag(metavar="NAME=N")] = Field(
        (), description="Exactly N creators."
    )
    share: Annotated[tuple[str, ...], Flag(metavar="NAME=S")] = Field(
        (), description="At most the share S of spend."
    )
    exclude: Annotated[tuple[str, ...], Flag(metavar="NAME")] = Field(
        (), description="Nobody of that name."
    )
    spend: float = Field(
        0.9,
        ge=0.0,
        le=1.0,
        description="Share of the budget spent at least; 0 lets a mix keep the money.",
    )
    points: int = Field(7, ge=2, description="Mixes.")


def _ask(setting: Setting, options: FrontierOptions) -> Frontier:
    from ._frontier import ask

    return ask(setting, options)


frontier = Question(
    name="frontier",
    section="mix",
    asks="which mix is best for each level of risk",
    about="""Search the mixes of the lines of FILE that no other beats in both mean and risk.

NAME is a line, tier, compensation, platform or niche; limits are repeatable.

Example: sim frontier experiments/budget_mix.toml --budget 50000 --max mega=1""",
    options=FrontierOptions,
    answer=Frontier,
    ask=_ask,
)
