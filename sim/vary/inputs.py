"""What worlds share, as inputs of a question: names in words, and how to tell what can be learned."""

from __future__ import annotations

from dataclasses import dataclass

from ..plan import Plan
from ..text.names import factor_words

#: What creators, posts and orders add by chance; no factor of the plan.
CHANCE = "chance"
_GROUP_WORDS = {
    "beliefs": "all beliefs together",
    "shocks": "all shared shocks together",
    "shared": "everything that creators share",
    CHANCE: "chance of creators, posts and orders",
}


@dataclass(frozen=True)
class Input:
    """One input, or one group of inputs.

    Attributes
    ----------
    name
        Name of the factor, or of the group.
    kind
        ``"shock"``, ``"belief"``, ``"chance"`` or ``"group"``.
    rows
        Rows of the plan's factors; none for chance.
    words
        What it is.
    """

    name: str
    kind: str
    rows: tuple[int, ...]
    words: str


def single_inputs(plan: Plan) -> list[Input]:
    """Return every factor of a plan as an input."""
    return [
        Input(factor.name, factor.kind, (k,), factor_words(factor.name, factor.kind))
        for k, factor in enumerate(plan.factors)
    ]


def grouped_inputs(plan: Plan) -> list[Input]:
    """Return beliefs, shocks, everything shared, and chance; groups that hold nothing are left out."""
    rows = {
        "beliefs": tuple(k for k, f in enumerate(plan.factors) if f.kind == "belief"),
        "shocks": tuple(k for k, f in enumerate(plan.factors) if f.kind == "shock"),
        "shared": tuple(range(len(plan.factors))),
    }
    groups = [Input(name, "group", k, _GROUP_WORDS[name]) for name, k in rows.items() if k]
    return [*groups, Input(CHANCE, CHANCE, (), _GROUP_WORDS[CHANCE])]
