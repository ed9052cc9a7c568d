"""What decides the loop of a line: by what law each input varies, and which steps it needs.

Numbers are no part of it: lines that differ in numbers alone share a loop.
"""

from __future__ import annotations

from typing import NamedTuple

from .line import CREATOR_INPUTS, INPUTS, N_CREATOR, POST_INPUTS

#: Which input each word of a creator's calls of the generator is for, four words a call. Yes/no
#: inputs stand together: a pair of normals takes two words, and a coin is one.
CREATOR_WORDS = tuple(
    INPUTS.index(name)
    for name in (
        "engagement_rate", "followers", "reach_rate", "conversion_rate",
        "authentic_share", "fee", "delivery", "incident",
        "fit", "management_hours", "product_cost",
    )
)  # fmt: skip
POST_WORDS = tuple(range(N_CREATOR, len(INPUTS)))
#: After the inputs, the word of a post for what its first days show.
FIRST_DAYS = len(INPUTS)
#: Second word of the counter where calls are for a post, a stage's own orders: the post or stage,
#: counted from one, in the bits above these.
POST_SHIFT, OWN_ORDERS_WORD = 8, 6

#: Inputs that a creator has or has not, and those whose amount counts, not its logarithm.
COINS = ("delivery", "incident")
AMOUNTS = ("fee", "management_hours", "product_cost", "amplification")


#: Figures of a world on paid viewers: impressions that a USD buys, their engagement and conversion
#: relative to followers.
PAID = ("impressions_per_cost", "paid_engagement", "paid_conversion")

#: Kinds of laws whose logarithm is no straight line in the score.
BENT = ("smooth", "curve")


class Law(NamedTuple):
    """How one input gets its value.

    Kinds: ``fixed``, the same for all creators of a world; ``line``, a lognormal, whose logarithm
    is a straight line in the score; ``smooth``, a polynomial in the score; ``curve``, any other
    law, a curve between nodes in the score; ``coin``, yes with the chance of the world;
    ``threshold``, yes from some score on.
    """

    kind: str
    normals: tuple[int, ...] = ()  #: inputs whose normals the score is made of
    moved: bool = False  #: whether beliefs move its logarithm
    jump: bool = False  #: whether scores below a jump mean zero
    capped: bool = False  #: whether there is a largest value
    degree: int = 0  #: of the polynomial
    folds: bool = False  #: whether it is one in the folded score, see `lanes.folded`


class Structure(NamedTuple):
    """What decides the loop of a line."""

    laws: tuple[Law, ...]  #: in the order of `INPUTS`
    one_post: bool  #: one post per creator: all of the funnel is one loop
    market: bool  #: whether the niche has a limited market
    fee_on_delivery: bool  #: whether fees fall due only where a creator delivers
    incident: bool  #: whether incidents can happen
    known: bool  #: whether something is known of each creator
    stages: bool  #: whether a programme picks creators, stage by stage
    by_orders: bool  #: whether it picks by tracked orders, else by engagements
    results: bool  #: whether each creator's own orders are drawn
    quoted: bool  #: whether a budget pays, of which each creator's quote takes its part
    boosted: bool = False  #: whether posts are shown to paid viewers, too
    formats: bool = False  #: whether posts are of formats that reach more or less

    def of(self, name: str) -> Law:
        """Return the law of an input."""
        return self.laws[INPUTS.index(name)]

    def drawn(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of some inputs that differ between creators or posts."""
        return tuple(name for name in names if self.of(name).kind != "fixed")

    @property
    def all_take_part(self) -> bool:
        """Whether every creator of the line takes part in every world."""
        return not (self.stages or self.quoted)


def weights(structure: Structure) -> tuple[tuple[int, int], ...]:
    """Return the (input, normal) of every weight of a score, in the order in which loops take them."""
    return tuple(
        (x, y)
        for x, law in enumerate(structure.laws)
        for y in law.normals
        if law.kind not in {"coin", "fixed"}
    )


def post_words(structure: Structure) -> tuple[int, ...]:
    """Return what the words of a post's call are for."""
    return (*POST_WORDS, FIRST_DAYS) if structure.boosted else POST_WORDS


def shared_rows(structure: Structure) -> tuple[str, ...]:
    """Return the rows of a world that its creators share.

    ``base_x``: what all have in their score, or in their logarithm on a straight line, or the
    chance of a coin. ``shift_x``: what is added to the logarithm of a curve, or the value itself
    where it is fixed. ``belief_x``: of known creators, what beliefs add before doubt scales it.
    The rest are figures of the world: the share of orders that is tracked, and `PAID`.
    """
    rows = [f"base_{name}" for name in structure.drawn(INPUTS)]
    for name in INPUTS:
        law = structure.of(name)
        if law.kind in {"coin", "threshold"}:
            continue
        fixed = law.kind == "fixed" and (name in COINS or not structure.known)
        if structure.known and law.moved:
            rows.append(f"belief_{name}")
        elif fixed or (law.kind in BENT and law.moved):
            rows.append(f"shift_{name}")
    if structure.results:
        rows.append("tracked")
    if structure.boosted:
        rows += PAID
    return tuple(rows)


def own_numbers(structure: Structure) -> tuple[str, ...]:
    """Return the numbers that a creator has to itself; without knowledge all creators share them.

    ``weight_x_y`` of a normal in a score; ``told_x``, what is known of its score; ``known_x``,
    what is known of its logarithm; ``doubt_x``, the share of a belief that holds for it.
    """
    numbers = [f"weight_{x}_{y}" for x, y in weights(structure)]
    if structure.known:
        for name in INPUTS:
            law = structure.of(name)
            if law.kind not in {"fixed", "coin"}:
                numbers.append(f"told_{name}")
            if law.kind in {"fixed", *BENT} and name not in COINS:
                numbers.append(f"known_{name}")
            if law.moved and law.kind in {"fixed", "line", *BENT}:
                numbers.append(f"doubt_{name}")
    return tuple(numbers)


def is_known_amount(name: str, law: Law) -> bool:
    """Whether ``known_x`` is the amount itself, as it is where it stands for each creator."""
    return name in AMOUNTS and law.kind == "fixed" and not law.moved


def line_numbers(structure: Structure) -> tuple[str, ...]:
    """Return the numbers of inputs that all creators of a line share.

    ``last_x`` of a curve, ``c_x_k`` of a polynomial, ``jump_x`` and ``cap_x`` where there are such.
    """
    numbers = []
    for name in INPUTS:
        law = structure.of(name)
        numbers += [f"last_{name}"] if law.kind == "curve" else []
        numbers += [f"jump_{name}"] if law.jump or law.kind == "threshold" else []
        numbers += [f"cap_{name}"] if law.capped else []
        if law.kind == "smooth":
            numbers += [f"c_{name}_{k}" for k in range(law.degree + 1)]
    return tuple(numbers)


def curves_of(structure: Structure) -> tuple[str, ...]:
    """Return the inputs that a loop looks up in a curve, in the order of its nodes."""
    return tuple(name for name in INPUTS if structure.of(name).kind == "curve")


def inputs_of_part(part: str) -> tuple[str, ...]:
    """Return the inputs that are drawn in a part of the funnel."""
    return {"creator": CREATOR_INPUTS, "post": POST_INPUTS, "whole": INPUTS}.get(part, ())
