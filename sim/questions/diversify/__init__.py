"""How many creators are enough: `sim diversify`.

`_diversify.py` is the method, `_answer.py` what comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..question import Flag, Options, Question, Setting
from ._answer import Diversification, Risk


def _numbers(given: Any) -> Any:
    """Read whole numbers as a command line has them: ``1,5,20``."""
    if not isinstance(given, str):
        return given
    try:
        return tuple(int(part) for part in given.replace(",", " ").split())
    except ValueError:
        raise ValueError("must be whole numbers such as 1,5,20") from None


_AtLeastOne = Annotated[int, Field(ge=1)]


class DiversifyOptions(Options):
    """What `sim diversify` takes."""

    portfolios: Annotated[tuple[str, ...], Flag("--portfolio")] = Field(
        (), description="A portfolio to follow. Repeatable. [decision]"
    )
    counts: Annotated[tuple[_AtLeastOne, ...] | None, BeforeValidator(_numbers)] = Field(
        None, description="Numbers of creators, such as 1,5,20,100."
    )
    risk: Risk = Field("es05", description="What another creator has to improve.")
    amount: float = Field(
        0.001, gt=0.0, description="Improvement per creator that is worth having, a fraction."
    )


def _ask(setting: Setting, options: DiversifyOptions) -> Diversification:
    from ._diversify import ask

    return ask(setting, options)


diversify = Question(
    name="diversify",
    section="mix",
    asks="how many creators are enough",
    about="""Follow the risk of the portfolios of FILE along their number of creators.

Example: sim diversify experiments/micro_vs_macro.toml --amount 0.002""",
    options=DiversifyOptions,
    answer=Diversification,
    ask=_ask,
)
