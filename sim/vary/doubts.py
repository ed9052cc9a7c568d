"""The figures in doubt as an analyst knows them: a tier's mean fee in USD, a campaign in sd.

A belief is split over several factors (what all tiers share, what is a tier's own). What can be
looked up, or found in a pilot, is their product: the tier's mean figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import INPUTS
from ..experiment import Experiment
from ..experiment import models as m
from ..plan import Plan, Terms, tier_tables
from ..text.names import factor_words, spoken
from ..text.numbers import CURRENCY, FRACTION, Number, brief, scored

Array = npt.NDArray[np.float64]

_PERCENT = (
    "authentic_share", "reach_rate", "engagement_rate", "conversion_rate", "gross_margin",
    "return_rate", "incremental_share", "tracked_share",
)  # fmt: skip
_MONEY = ("fee", "order_value", "earned_media_value")


@dataclass(frozen=True)
class Doubt:
    """One figure that the shared factors of a world decide.

    Attributes
    ----------
    name
        Dotted key as in an experiment file, or the name of a shock.
    kind
        ``"belief"`` or ``"shock"``. Only beliefs can be learned before the money is spent.
    words
        What it is.
    unit
        Unit and denominator.
    tier
        Tier that it is about, or empty.
    weights
        Shape (factors,): ``weights @ factors`` is its normal score, up to scale.
    values
        From that product to real units.
    """

    name: str
    kind: str
    words: str
    unit: str
    tier: str
    weights: Array
    values: Callable[[Array], Array]

    @property
    def topic(self) -> str:
        """What it is a figure of: ``fee``, ``conversion_rate``; the shock's own name."""
        return self.name.rsplit(".", 1)[-1]

    def of(self, factors: Array) -> Array:
        """Return the figure in each world, shape (worlds,), in its unit."""
        return self.values(self.weights @ factors)

    def text(self, value: float) -> str:
        """Return a value of the figure as text."""
        return f"{scored(value)} sd" if self.kind == "shock" else figure_text(self.topic, value)


def figure_text(topic: str, value: float) -> str:
    """Return a figure of a tier or of the economics as text, such as ``2.6 %`` or ``2,600 USD``."""
    unit = FRACTION if topic in _PERCENT else CURRENCY if topic in _MONEY else ""
    return brief(Number(value, 0.0, unit))


def doubts_of(experiment: Experiment, plan: Plan) -> list[Doubt]:
    """Return every figure that differs between worlds: shocks, tier figures, economics.

    Parameters
    ----------
    experiment
        The experiment: its quoted means.
    plan
        Its plan: the weights of factors.
    """
    unit = np.eye(len(plan.factors))
    doubts = [
        Doubt(
            factor.name,
            "shock",
            factor_words(factor.name, factor.kind),
            "sd",
            "",
            unit[k],
            np.asarray,
        )
        for k, factor in enumerate(plan.factors)
        if factor.kind == "shock"
    ]
    doubts += _tier_doubts(experiment, plan)
    for name, (table, k) in plan.economics.items():
        if k is not None:
            what = m.Economics.model_fields[name].description or ""
            key = f"economics.{name}"
            doubts.append(Doubt(key, "belief", name, what, "", *_moved(plan, k, table)))
    return doubts


def _tier_doubts(experiment: Experiment, plan: Plan) -> list[Doubt]:
    doubts: dict[str, Doubt] = {}
    terms_of = {line.work: line.terms for line in plan.lines}
    several = len({terms.platform for terms in terms_of.values()}) > 1
    for w, work in enumerate(plan.works):
        terms = terms_of[w]
        for x, name in enumerate(INPUTS):
            key = _key(terms, name, several)
            if key in doubts or not work.belief[x].any():
                continue
            weights = work.belief[x].copy()
            doubts[key] = Doubt(
                key,
                "belief",
                f"mean {spoken(name)} of {terms.tier}"
                + (f" on {terms.platform}" if several else ""),
                m.Tier.model_fields[name].description or "",
                terms.tier,
                weights,
                _multiplied(_quoted_mean(experiment, terms, name), float(work.level[x])),
            )
    return list(doubts.values())


def _key(terms: Terms, name: str, several: bool) -> str:
    where = f".on.{terms.platform}" if several else ""
    return f"tier.{terms.tier}{where}.{name}"


def _quoted_mean(experiment: Experiment, terms: Terms, name: str) -> float:
    tables = tier_tables(experiment.tier[terms.tier].on[terms.platform], f"tier.{terms.tier}", [])
    assert tables is not None
    return float(mg.moment(tables.tables[name]))


def _multiplied(mean: float, level: float) -> Callable[[Array], Array]:
    """Return the function from logs of a belief to the figure that they make of its mean."""
    return lambda logs: np.asarray(mean * np.exp(logs + level))


def _moved(plan: Plan, k: int, table: mg.QuantileTable) -> tuple[Array, Callable[[Array], Array]]:
    """Return the weights of a figure of the economics, and the function from its score to it."""
    if plan.learned is None:
        return np.eye(len(plan.factors))[k], table.quantile
    center = float(plan.learned.center[k])
    return plan.learned.root[k], lambda scores: table.quantile(center + scores)
