"""Which input moves the answer most: `sim tornado`.

`_tornado.py` is the method, `_answer.py` what comes back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..question import Compared, Flag, Question, Setting
from ._answer import Tornado


class TornadoOptions(Compared):
    """What `sim tornado` takes."""

    rank: bool = Field(False, description="Rank correlations of the finished run: free.")
    of: Annotated[str | None, Flag(metavar="PORTFOLIO")] = Field(
        None, description="One portfolio's measure [a's minus b's]."
    )
    points: Annotated[int | None, Flag(metavar="N")] = Field(
        None, description="Worlds of every point [20000]."
    )

    def stem(self, question: str) -> str:
        """Return a name that says the method, and what was asked for beside ``[decision]``."""
        rank = "rank" if self.rank else None
        return "_".join(filter(None, [question, rank, self.measure, self.of]))


def _ask(setting: Setting, options: TornadoOptions) -> Tornado:
    from ._tornado import ask

    return ask(setting, options)


tornado = Question(
    name="tornado",
    section="drivers",
    asks="which input moves the answer most",
    about="""Move every uncertain input of FILE from its 10 % to its 90 % point, all others as drawn.

It says what to check or negotiate first: how far the answer moves with one input alone. `sim
sensitivity` says why the outcome is unsure: the share of its variance that each input brings.

Example: sim tornado experiments/micro_vs_macro.toml --measure roi_es05""",
    options=TornadoOptions,
    answer=Tornado,
    ask=_ask,
    counts="points",
)
