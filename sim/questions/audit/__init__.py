"""Published claims beside the model and beside each other: `sim audit`.

`_audit.py` is the method, with `_rows.py` (the packaged claims), `expressions.py` (the vocabulary
in which they speak of figures), `required.py` (what a claim would take) and `_checked.py` (a claim,
checked); `_answer.py` is what comes back.
"""

from __future__ import annotations

from pydantic import Field

from ..question import Options, Question, Setting
from ._answer import Audit

#: Worlds of an audit unless more are asked for.
WORLDS = 20_000


class AuditOptions(Options):
    """What an audit takes."""

    worlds: int = Field(WORLDS, ge=2, description="Worlds behind each simulated figure.")
    seed: int | None = Field(None, description="Seed of all random streams.")


def _ask(setting: Setting, options: AuditOptions) -> Audit:
    from ._audit import ask

    return ask(setting, options)


audit = Question(
    name="audit",
    section="claims",
    asks="which published claims hold under these assumptions",
    about="""Put each published claim beside what the model gives and beside what others claim.

Example: sim audit experiments/blueland.toml""",
    options=AuditOptions,
    answer=Audit,
    ask=_ask,
    counts="claims",
)
