"""The portfolios at other values of some keys: `sim sweep`.

`_sweep.py` is the method, with `_points.py` (which keys are algebra, which points share a run),
`_algebra.py` and `_counting.py` (measures at many prices), `_labels.py` and `_words.py`;
`_answer.py` is what comes back, `_drawn.py` what is drawn of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ...text.numbers import counted
from ..question import Compared, Flag, Question, Setting
from ._answer import Sweep

#: What a sweep takes where neither the call nor the file names a key: the fees of the decision.
DEFAULT_RANGE = "0.5x to 2x in 21 steps"


class SweepOptions(Compared):
    """What `sim sweep` takes; from Python `keys` may hold the values of each: ``{key: values}``."""

    keys: Annotated[tuple[str, ...], Flag("--key")] = Field(
        (),
        description="Key to sweep, such as tier.macro.fee. Repeatable [those of [sweep], else fees].",
    )
    values: tuple[Any, ...] = Field(
        (),
        description='Its values: "0.5x to 2x in 21 steps" (the default), "2000 to 8000", '
        '"1000, 3000".',
    )
    zipped: Annotated[bool | None, Flag("--zip", off="--grid")] = Field(
        None, description="Take values together [grid]."
    )
    resize: bool | None = Field(None, description="Budgets hire again at each point.")
    means: bool = Field(False, description="Means and shares only: several times faster.")
    points: Annotated[int | None, Flag(metavar="N")] = Field(
        None, description="Worlds of a simulated point [20000]."
    )
    resume: bool = Field(False, description="Keep finished runs; simulate only what is missing.")

    @model_validator(mode="before")
    @classmethod
    def _values_of_keys(cls, given: Any) -> Any:
        keys = given.get("keys") if isinstance(given, Mapping) else None
        if isinstance(keys, Mapping):
            return {**given, "keys": tuple(keys), "values": tuple(keys.values())}
        return {**given, "keys": (keys,)} if isinstance(keys, str) else given

    @field_validator("values")
    @classmethod
    def _has_a_key(cls, values: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        keys = info.data.get("keys", ())
        if len(values) > len(keys):
            raise ValueError(
                f"need a --key for each list: {counted(len(values), 'list')} against {counted(len(keys), 'key')}"
            )
        return values

    def asked(self) -> dict[str, Any] | None:
        """Return the values of each key; None where no key is named."""
        given = dict.fromkeys(self.keys, DEFAULT_RANGE)
        return given | dict(zip(self.keys, self.values, strict=False)) if self.keys else None

    def stem(self, question: str) -> str:
        """Return a name with the keys."""
        return "_".join([question, *self.keys])


def _ask(setting: Setting, options: SweepOptions) -> Sweep:
    from ._sweep import ask

    return ask(setting, options)


sweep = Question(
    name="sweep",
    section="flips",
    asks="the portfolios at other values of some keys",
    about="""Show FILE's portfolios at other values of some keys, in the same worlds.

Prices (fees, commission, product, hours, rates) cost no new draw; other keys are simulated.

Example: sim sweep experiments/micro_vs_macro.toml --key tier.macro.fee --values "0.5x to 2x\"""",
    options=SweepOptions,
    answer=Sweep,
    ask=_ask,
    counts="points",
)
