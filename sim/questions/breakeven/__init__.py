"""The value of a key at which two portfolios tie, or one pays for itself: `sim breakeven`.

`_breakeven.py` is the method, with `_solving.py` and `_crossing.py` (where the curve of a sweep
changes its sign), `_beliefs.py` (where it does for each draw of the beliefs) and `_hiring.py` (how
many creators are worth hiring there); `_answer.py` is what comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ...experiment.distributions import DistributionError, number
from ..question import Flag, Pair, Question, Setting
from ._answer import Breakeven


def _level(written: Any) -> float | None:
    """Read a level as an experiment file does: ``0``, ``50 %``, ``20k``."""
    if written is None:
        return None
    try:
        return number(written)
    except DistributionError as error:
        raise ValueError(str(error)) from None


class BreakevenOptions(Pair):
    """What `sim breakeven` takes."""

    key: str = Field(description="Key to solve for, such as tier.macro.fee.")
    second: Annotated[str | None, Flag("--key2")] = Field(
        None, description="A second key: the answer is a line."
    )
    on: str = Field(
        "roi_mean",
        description="What they tie on: roi_mean, roi_median, profit_mean, loss_probability, "
        "a_beats_b (even chances), ...",
    )
    to: Annotated[float | None, BeforeValidator(_level), Flag(metavar="LEVEL")] = Field(
        None,
        description="For one portfolio (--a): the level to reach, such as 0 for its money back "
        "[two portfolios tie].",
    )
    values: Any = Field(
        None, description='Where to look, such as "1000 to 20000" [all that makes sense].'
    )
    second_values: Annotated[Any, Flag("--values2")] = Field(
        None, description="The same for --key2."
    )
    resize: bool = Field(False, description="Budgets hire again at each value.")
    beliefs: Annotated[bool, Flag("--no-beliefs")] = Field(
        True, description="Leave out the range over draws of the beliefs."
    )
    points: Annotated[int | None, Flag(metavar="N")] = Field(
        None, description="Worlds of a simulated point [20000]."
    )

    def stem(self, question: str) -> str:
        """Return a name with the measure and the keys."""
        alone = [] if self.to is None else [self.a or "alone", str(self.to)]
        keys = [self.key, *([self.second] if self.second else [])]
        return "_".join([question, self.on, *keys, *alone])


def _ask(setting: Setting, options: BreakevenOptions) -> Breakeven:
    from ._breakeven import ask

    return ask(setting, options)


breakeven = Question(
    name="breakeven",
    section="flips",
    asks="at which fee, conversion or order value the choice flips, or a portfolio pays for itself",
    about="""Find the value of a key at which two portfolios of FILE tie, or with --to one of them
reaches a level: its money back, a profit, a chance of loss. None is an answer too.

Example: sim breakeven experiments/micro_vs_macro.toml --key tier.macro.fee --on roi_median

Example: sim breakeven experiments/micro_vs_macro.toml --key economics.order_value --a micro --to 0 --on roi_median""",
    options=BreakevenOptions,
    answer=Breakeven,
    ask=_ask,
    counts="points",
    needs="--key KEY",
)
