"""Where the variance of the outcome comes from: `sim sensitivity`.

`_sensitivity.py` is the method for Sobol' indices, `_screening.py` for Morris and delta (which
`_delta.py` estimates); `_drivers.py` is what each of them finds, `_answer.py` what comes back.
"""

from __future__ import annotations

from pydantic import Field

from ..question import Compared, Question, Setting
from ._answer import Method, Sensitivity


class SensitivityOptions(Compared):
    """What `sim sensitivity` takes."""

    method: Method = Field(
        "sobol",
        description="Sobol' indices, Morris screening (needs SALib), or Borgonovo's delta.",
    )
    sample: int | None = Field(
        None, ge=256, description="Worlds of each sample [16384; morris 1024]."
    )

    def stem(self, question: str) -> str:
        """Return a name with the method, where it is not the usual one."""
        return question if self.method == "sobol" else f"{question}_{self.method}"


def _ask(setting: Setting, options: SensitivityOptions) -> Sensitivity:
    from ._sensitivity import ask

    return ask(setting, options)


sensitivity = Question(
    name="sensitivity",
    section="drivers",
    asks="where the spread of the outcome comes from",
    about="""Say what drives the outcome of FILE: shares of its variance by belief, shock and chance.

It says why the outcome is unsure, and how much is luck that nobody can take out. `sim tornado` says
what to check or negotiate first: how far the answer moves with one input alone.

Example: sim sensitivity experiments/micro_vs_macro.toml""",
    options=SensitivityOptions,
    answer=Sensitivity,
    ask=_ask,
    counts="samples",
)
