"""How a programme should grow when it may move its money: `sim grow`.

`_grow.py` is the method (cohorts, policies), `_learning.py` how a brand forecasts the next cohort
from what it has seen; `_answer.py` is what comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from ..question import Flag, Options, Question, Setting, read_amount
from ._answer import Growth

#: Most stages: the ways through them grow as a power of their number.
MOST_STAGES = 4


def _amounts(given: Any, info: ValidationInfo) -> Any:
    """Read amounts as a command line has them: ``5k,20k,50k``."""
    if not isinstance(given, str):
        return given
    try:
        return tuple(read_amount(part, info) for part in given.replace(";", ",").split(","))
    except ValueError as error:
        raise ValueError(f"must be amounts such as 5k,20k,50k: {error}") from None


def _growing(amounts: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse amounts that are no stages."""
    if not 2 <= len(amounts) <= MOST_STAGES:
        raise ValueError(f"must be 2 to {MOST_STAGES} amounts, one for each stage")
    if not all(0.0 < amount < float("inf") for amount in amounts):
        raise ValueError("must be amounts above 0")
    return amounts


class GrowOptions(Options):
    """What `sim grow` takes."""

    stages: Annotated[
        tuple[float, ...] | None,
        BeforeValidator(_amounts),
        AfterValidator(lambda given: given if given is None else _growing(given)),
        Flag(metavar="AMOUNTS"),
    ] = Field(
        None,
        description="Money of each stage, such as 5k,20k,50k [5, 20 and 75 % of the largest budget].",
    )


def _ask(setting: Setting, options: GrowOptions) -> Growth:
    from ._grow import ask

    return ask(setting, options)


grow = Question(
    name="grow",
    section="mix",
    asks="whether money should follow what the first creators bring",
    about="""Compare ways to grow a programme over the lines of FILE: the plan that is best before anything
is seen, and one whose money follows what the stages before have brought.

Example: sim grow experiments/growing_programme.toml --stages 4k,15k,56k""",
    options=GrowOptions,
    answer=Growth,
    ask=_ask,
)
