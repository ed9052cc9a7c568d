"""What knowing more is worth before choosing: `sim worth`.

`_worth.py` is the method, with `evppi.py` (perfect information about inputs) and `evsi.py` (what a
pilot would show); `_answer.py` is what comes back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..question import AmountAboveZero, Flag, Options, Question, Setting
from ._answer import Worth


class WorthOptions(Options):
    """What `sim worth` takes."""

    pilot: Annotated[tuple[int, ...], Flag("--pilot")] = Field(
        (10,), description="Creators of a pilot, 0 for no pilot. Repeatable. [10]"
    )
    options: Annotated[tuple[str, ...], Flag("--option")] = Field(
        (), description="A portfolio to choose among. Repeatable. [all]"
    )
    nothing: bool = Field(False, description="Keeping the money is an option too.")
    budget: Annotated[AmountAboveZero | None, Flag(metavar="AMOUNT")] = Field(
        None, description="Money at which profits are compared."
    )
    risk_tolerance: Annotated[AmountAboveZero | None, Flag(metavar="AMOUNT")] = Field(
        None, description="Amount of money: certainty equivalents instead of means."
    )


def _ask(setting: Setting, options: WorthOptions) -> Worth:
    from ._worth import ask

    return ask(setting, options)


worth = Question(
    name="worth",
    section="drivers",
    asks="what it would be worth to know more before choosing",
    about="""Say what it is worth to know more before choosing among the portfolios of FILE.

Per number in doubt, per group of them, and for a pilot against its cost.

Example: sim worth experiments/micro_vs_macro.toml --pilot 10 --pilot 40""",
    options=WorthOptions,
    answer=Worth,
    ask=_ask,
    counts="pilot worlds",
)
