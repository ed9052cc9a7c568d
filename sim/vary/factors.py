"""What worlds differ in: figures that are uncertain, and groups of the factors behind them.

Two things are told apart. The plan's factors are independent standard normals. An analyst knows
*figures*: a tier's mean fee is made of a factor that all tiers share and one of its own, so it is a
direction among the factors, with a value in its unit (`Uncertain`): it can be moved, looked up or
found in a pilot. A variance is split over the independent factors themselves, alone or several
together, and over chance, which is none of them (`FactorGroup`): a group has no value to be told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import INPUTS
from ..experiment import Experiment
from ..experiment import models as m
from ..plan import Factor, Plan, Terms, tier_tables
from ..text.currency import currency, in_currency
from ..text.names import factor_words, spoken
from ..text.numbers import FRACTION, Number, brief, multiple, scored, setting

Array = npt.NDArray[np.float64]

#: Normal scores of the 10 %, 50 % and 90 % points.
SCORES = (-1.2815515655446004, 0.0, 1.2815515655446004)
#: What creators, posts and orders add by chance; no factor of the plan.
CHANCE = "chance"

_PERCENT = (
    "authentic_share", "reach_rate", "engagement_rate", "conversion_rate", "gross_margin",
    "return_rate", "incremental_share", "tracked_share",
)  # fmt: skip
_MONEY = ("fee", "order_value", "earned_media_value")
_GROUP_WORDS = {
    "beliefs": "all beliefs together",
    "shocks": "all shared shocks together",
    "shared": "everything that creators share",
    CHANCE: "chance of creators, posts and orders",
}


# --- Figures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Uncertain:
    """One figure that the shared factors of a world decide.

    Attributes
    ----------
    name
        Dotted key as in an experiment file, or the name of a shock.
    factor
        The plan's factor that is moved where the figure is; the others stay as drawn.
    row
        Its row: what goes with the outcome where all others stay as drawn.
    words
        What it is.
    unit
        Unit and denominator.
    tier
        Tier that it is about, or empty.
    weights
        Shape (factors,): ``weights @ factors`` is its normal score times `sd`.
    values
        From that product to real units.
    level
        What beliefs add to the log of a tier's figure where all factors are zero.
    """

    name: str
    factor: Factor
    row: int
    words: str
    unit: str
    tier: str
    weights: Array
    values: Callable[[Array], Array]
    level: float = 0.0

    @property
    def kind(self) -> str:
        """``"belief"`` or ``"shock"``. Only beliefs can be learned before the money is spent."""
        return self.factor.kind

    @property
    def belief(self) -> str:
        """What it is where beliefs are told from shocks: ``belief about fee of all tiers``."""
        return factor_words(self.factor.name, self.factor.kind)

    @property
    def topic(self) -> str:
        """What it is a figure of: ``fee``, ``conversion_rate``; the shock's own name."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def sd(self) -> float:
        """Standard deviation of ``weights @ factors``: of the log of a tier's figure."""
        return math.sqrt(float(self.weights @ self.weights))

    @property
    def alone(self) -> bool:
        """Whether one factor decides it."""
        return int(np.count_nonzero(self.weights)) == 1

    def of(self, factors: Array) -> Array:
        """Return the figure in each world, shape (worlds,), in its unit."""
        return self.values(self.weights @ factors)

    def pinned(self, factors: Array, score: float) -> Array:
        """Return factors, shape (factors, worlds), that put it at one score in all worlds.

        Its own factor moves; what it shares with other figures stays as drawn.
        """
        rest = np.full(factors.shape[1], score * self.sd)
        for k in np.flatnonzero(self.weights):
            if k != self.row:
                rest -= self.weights[k] * factors[k]
        moved = factors.copy()
        moved[self.row] = rest / self.weights[self.row]
        return moved

    def settings(self) -> tuple[str, str, str]:
        """Return the figure at `SCORES` in words: scores, values, or factors on the mean."""
        low, middle, high = (self._setting(score) for score in SCORES)
        return low, middle, high

    def _setting(self, score: float) -> str:
        if self.kind == "shock":
            return f"score {scored(score)}"
        if self.factor.table is not None:
            return setting(float(self.values(np.array([self.sd * score]))[0]))
        return multiple(math.exp(self.sd * score + self.level))

    def text(self, value: float) -> str:
        """Return a value of the figure as text."""
        return f"{scored(value)} sd" if self.kind == "shock" else figure_text(self.topic, value)


def figure_text(topic: str, value: float) -> str:
    """Return a figure of a tier or of the economics as text, such as ``2.6 %`` or ``2,600 USD``."""
    unit = FRACTION if topic in _PERCENT else currency() if topic in _MONEY else ""
    return brief(Number(value, 0.0, unit))


def uncertain_figures(experiment: Experiment, plan: Plan) -> list[Uncertain]:
    """Return every figure that can be told: shocks, a tier's mean figures, economics.

    Parameters
    ----------
    experiment
        The experiment: its quoted means.
    plan
        Its plan: the weights of factors.
    """
    figures = [_shock(factor, k, plan) for k, factor in enumerate(plan.factors) if _shocks(factor)]
    figures += _tier_figures(experiment, plan)
    tables = (("economics", m.Economics, plan.economics), ("boost", m.Boost, plan.paid))
    for head, model, known in tables:
        for name, (table, k) in known.items():
            if k is None:
                continue
            what, key = _meaning(model, name, experiment), f"{head}.{name}"
            words = spoken(name) if head == "economics" else factor_words(key, "belief")
            row, values = _moved(k, plan, table)
            figures.append(Uncertain(key, plan.factors[k], k, words, what, "", row, values))
    return figures


def uncertain_inputs(experiment: Experiment, plan: Plan) -> list[Uncertain]:
    """Return what can be moved, one for each factor of the plan and in its order.

    A belief has up to two kinds of input: what all tiers have in common (``beliefs.fee``), a factor
    of mean one, and each tier's figure, in which the common part and the tier's own add up.
    """
    own = {figure.row: figure for figure in uncertain_figures(experiment, plan)}
    return [
        _common(factor, k, plan) if _is_common(factor) else own[k]
        for k, factor in enumerate(plan.factors)
        # What was learned of may be used by nothing here.
        if k in own or (_is_common(factor) and factor.log_sd > 0.0)
    ]


def _shocks(factor: Factor) -> bool:
    return factor.kind == "shock"


def _is_common(factor: Factor) -> bool:
    return factor.kind == "belief" and factor.table is None and ":" not in factor.name


def _only(k: int, plan: Plan) -> Array:
    """Return the weights of a figure that one factor decides, shape (factors,)."""
    return np.asarray(np.eye(len(plan.factors))[k])


def _shock(factor: Factor, k: int, plan: Plan) -> Uncertain:
    words = factor_words(factor.name, factor.kind)
    return Uncertain(factor.name, factor, k, words, "sd", "", _only(k, plan), np.asarray)


def _moved(k: int, plan: Plan, table: mg.QuantileTable) -> tuple[Array, Callable[[Array], Array]]:
    """Return the weights of a figure with a table of its own, and the function from them to it."""
    if plan.learned is None:
        return _only(k, plan), table.quantile
    center = float(plan.learned.center[k])
    return plan.learned.root[k].copy(), lambda scores: table.quantile(center + scores)


def _common(factor: Factor, k: int, plan: Plan) -> Uncertain:
    """Return what all tiers have in common in a belief, as a factor on their means."""
    weights, level = factor.log_sd * _only(k, plan), -(factor.log_sd**2) / 2.0
    if plan.learned is not None:
        level += float(factor.log_sd * plan.learned.center[k])
        weights = factor.log_sd * plan.learned.root[k]
    return Uncertain(
        f"beliefs.{factor.name}",
        factor,
        k,
        f"{spoken(factor.name)} of all tiers",
        "factor of mean one",
        "",
        weights,
        _multiplied(1.0, level),
        level,
    )


def _tier_figures(experiment: Experiment, plan: Plan) -> list[Uncertain]:
    row = {factor.name: k for k, factor in enumerate(plan.factors)}
    terms_of = {line.work: line.terms for line in plan.lines}
    figures: dict[str, Uncertain] = {}
    for w, work in enumerate(plan.works):
        terms = terms_of[w]
        for x, name in enumerate(INPUTS):
            several = len(experiment.tier[terms.tier].on) > 1
            place = f"tier.{terms.tier}.on.{terms.platform}" if several else f"tier.{terms.tier}"
            key, weights = f"{place}.{name}", work.belief[x].copy()
            if key in figures or not weights.any():
                continue
            k = row.get(f"{name}:{terms.platform}:{terms.tier}", row.get(name, -1))
            figures[key] = Uncertain(
                key,
                plan.factors[k],
                k,
                f"mean {spoken(name)} of {terms.tier}"
                + (f" on {terms.platform}" if several else ""),
                _meaning(m.Tier, name, experiment),
                terms.tier,
                weights,
                _multiplied(_quoted_mean(experiment, terms, name), float(work.level[x])),
                float(work.level[x]),
            )
    return list(figures.values())


def _meaning(table: type[m.ExperimentTable], name: str, experiment: Experiment) -> str:
    """Return what a key is, in the currency of an experiment."""
    return in_currency(table.model_fields[name].description or "", experiment.currency)


def _quoted_mean(experiment: Experiment, terms: Terms, name: str) -> float:
    tables = tier_tables(experiment.tier[terms.tier].on[terms.platform], f"tier.{terms.tier}", [])
    assert tables is not None
    return float(mg.moment(tables.tables[name]))


def _multiplied(mean: float, level: float) -> Callable[[Array], Array]:
    """Return the function from logs of a belief to the figure that they make of its mean."""
    return lambda logs: np.asarray(mean * np.exp(logs + level))


# --- Factors --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactorGroup:
    """One factor of the plan, several of them, or chance: what a share of a variance is of.

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


def single_factors(plan: Plan) -> list[FactorGroup]:
    """Return every factor of a plan by itself."""
    return [
        FactorGroup(factor.name, factor.kind, (k,), factor_words(factor.name, factor.kind))
        for k, factor in enumerate(plan.factors)
    ]


def factor_groups(plan: Plan) -> list[FactorGroup]:
    """Return beliefs, shocks, everything shared, and chance; groups that hold nothing are left out."""
    rows = {
        "beliefs": tuple(k for k, f in enumerate(plan.factors) if f.kind == "belief"),
        "shocks": tuple(k for k, f in enumerate(plan.factors) if f.kind == "shock"),
        "shared": tuple(range(len(plan.factors))),
    }
    groups = [FactorGroup(name, "group", k, _GROUP_WORDS[name]) for name, k in rows.items() if k]
    return [*groups, FactorGroup(CHANCE, CHANCE, (), _GROUP_WORDS[CHANCE])]
