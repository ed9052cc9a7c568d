"""In which circumstances the favourite loses: `sim discover`.

`_discover.py` is the method, with `sample.py` (worlds with their assumptions) and `prim.py` (the
box in which they are lost more often); `_answer.py` is what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator

from ..question import Compared, Flag, Question, Setting
from ._answer import Region


class DiscoverOptions(Compared):
    """What `sim discover` takes; from Python `vary` is a mapping of keys to ranges."""

    coverage: float = Field(
        0.5, gt=0.0, lt=1.0, description="Share of the losing worlds that the region must hold."
    )
    inputs: int = Field(3, ge=1, description="Conditions at most.")
    vary: Annotated[tuple[tuple[str, Any], ...], Flag(metavar="KEY=RANGE")] = Field(
        (), description='Vary a key too: --vary "tier.macro.fee=1500 to 8000". Repeatable.'
    )
    points: int = Field(200, ge=20, description="Values of --vary.")

    @field_validator("vary", mode="before")
    @classmethod
    def _pairs(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return tuple(given.items())
        return tuple(_pair(item) if isinstance(item, str) else item for item in given or ())


def _pair(written: str) -> tuple[str, str]:
    key, sign, values = written.partition("=")
    if not sign:
        raise ValueError("takes KEY=RANGE, such as tier.macro.fee=1500 to 8000")
    return key.strip(), values.strip()


def _ask(setting: Setting, options: DiscoverOptions) -> Region:
    from ._discover import ask

    return ask(setting, options)


discover = Question(
    name="discover",
    section="flips",
    asks="in which circumstances the choice is wrong",
    about="""Find where one portfolio of FILE loses to the other, as conditions in words.

Example: sim discover experiments/when_does_micro_lose.toml""",
    options=DiscoverOptions,
    answer=Region,
    ask=_ask,
    counts="sets of worlds",
)
