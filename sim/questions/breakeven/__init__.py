"""The value of a key at which two portfolios tie: `sim breakeven`.

`_breakeven.py` is the method, with `_solving.py` and `_crossing.py` (where the curve of a sweep
changes its sign), `_beliefs.py` (where it does for each draw of the beliefs) and `_hiring.py` (how
many creators are worth hiring there); `_answer.py` is what comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..question import Flag, Pair, Question, Setting
from ._answer import Breakeven


class BreakevenOptions(Pair):
    """What `sim breakeven` takes."""

    key: str = Field(description="Key to solve for, such as tier.macro.fee.")
    second: Annotated[str | None, Flag("--key2")] = Field(
        None, description="A second key: the answer is a line."
    )
    on: str = Field(
        "roi_mean",
        description="What they tie on: roi_mean, roi_median, roi_es05, a_beats_b (even chances), "
        "...",
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
        return "_".join([question, self.on, self.key, *([self.second] if self.second else [])])


def _ask(setting: Setting, options: BreakevenOptions) -> Breakeven:
    from ._breakeven import ask

    return ask(setting, options)


breakeven = Question(
    name="breakeven",
    section="flips",
    asks="at which fee, conversion or order value the choice flips",
    about="""Find the value of a key at which the two portfolios of FILE tie; none is an answer too.

Example: sim breakeven experiments/micro_vs_macro.toml --key tier.macro.fee --on roi_median""",
    options=BreakevenOptions,
    answer=Breakeven,
    ask=_ask,
    counts="points",
    needs="--key KEY",
)
