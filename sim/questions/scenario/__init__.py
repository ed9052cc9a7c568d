"""Several things changed together, side by side: `sim scenario`.

`_scenario.py` is the method, `_answer.py` what comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from ..question import Compared, Flag, Question, Setting
from ._answer import Scenarios


class ScenarioOptions(Compared):
    """What `sim scenario` takes."""

    only: Annotated[tuple[str, ...], Flag(metavar="NAME")] = Field(
        (), description="A scenario to run. Repeatable [all]."
    )
    resize: bool = Field(False, description="Budgets hire again in each scenario.")

    @field_validator("only", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given


def _ask(setting: Setting, options: ScenarioOptions) -> Scenarios:
    from ._scenario import ask

    return ask(setting, options)


scenario = Question(
    name="scenario",
    section="flips",
    asks="",
    about="""Run the tables [scenario.NAME] of FILE side by side with FILE itself, in the same worlds.

Example: sim scenario experiments/cost_sensitivity.toml""",
    options=ScenarioOptions,
    answer=Scenarios,
    ask=_ask,
    counts="scenarios",
)
