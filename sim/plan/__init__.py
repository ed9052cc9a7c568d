"""From an experiment to plain arrays: the only place where a name becomes a position.

Here a quoted mean becomes the organic figure that the funnel needs, a budget becomes a number of
creators, and what creators share becomes weights of factors. Nothing is drawn. Read in this order:
`model.py`, `tiers.py`, `hiring.py`, `shared.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.keys import stream_key
from ..engine.line import CREATOR_INPUTS, INPUTS, POST_INPUTS, Line
from ..engine.marginals import QuantileTable
from ..experiment import Experiment, ExperimentError, Fault
from ..experiment import models as m
from .boosting import boosts, line_boost
from .buyers import buyers_of, tracked_factor
from .formats import rate_of_posts, reach_of_posts
from .hiring import Group, committed_cost, grouped, hired_lines, portfolio_terms, prices_of
from .means import mean_ratios
from .model import (
    AGENCY_BASE,
    COMPONENTS,
    ECONOMICS,
    PAID,
    Factor,
    NicheTerms,
    Plan,
    PlanLine,
    Posterior,
    Programme,
    Sampling,
    Terms,
    sampling_of,
)
from .reactions import reaction_of
from .release import arrived, repeats_arrived
from .roster import named_line
from .shared import creator_mix, posterior, shared_factors, weights
from .tiers import (
    TierTables,
    amplification_table,
    compile_or_fault,
    marginal,
    quoted_to_organic,
    threshold,
    tier_tables,
)

Array = npt.NDArray[np.float64]

__all__ = [
    "AGENCY_BASE",
    "COMPONENTS",
    "ECONOMICS",
    "Factor",
    "NicheTerms",
    "Plan",
    "PlanLine",
    "Posterior",
    "Programme",
    "Sampling",
    "Terms",
    "TierTables",
    "amplification_table",
    "committed_cost",
    "compile_or_fault",
    "make_plan",
    "marginal",
    "portfolio_terms",
    "quoted_to_organic",
    "sampling_of",
    "tier_tables",
]


#: Means beyond which no tier is one, and drawing its orders would not end.
_MOST = {
    "followers": (10_000_000_000, "accounts, more than there are people"),
    "fit": (1000, "times the conversion"),
}


def make_plan(experiment: Experiment) -> Plan:
    """Turn an experiment into arrays; the plan of one that means the same is made once.

    Raises
    ------
    ExperimentError
        For what only shows here: distributions that cannot be tabulated, budgets below one
        creator, an elasticity of fees that their spread cannot carry.
    """
    return _planned(_Meant(experiment))


class _Meant:
    """An experiment, the same as another that means the same in the same order."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        simulation = experiment.simulation
        self.text = json.dumps([experiment.meaning(), simulation.worlds, simulation.beliefs])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Meant) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=16)
def _planned(meant: _Meant) -> Plan:
    experiment = meant.experiment
    faults: list[Fault] = []
    tiers = {
        (name, platform): tier_tables(tier, f"tier.{name}", faults)
        for name, tier_on in experiment.tier.items()
        for platform, tier in tier_on.on.items()
    }
    for (name, _), tier_on in tiers.items():
        for key, (most, unit) in _MOST.items():
            if tier_on is not None and mg.moment(tier_on.tables[key]) > most:
                faults.append(Fault(f"tier.{name}.{key}", f"has a mean above {most:,} {unit}"))
    goods = compile_or_fault(experiment.costs.cost_of_goods, "costs.cost_of_goods", faults)
    economics_tables = {
        name: compile_or_fault(getattr(experiment.economics, name), f"economics.{name}", faults)
        for name in ECONOMICS
    }
    if faults:
        raise ExperimentError(experiment.file, faults)
    lines, left_over = hired_lines(experiment, tiers, goods, faults)
    if faults:
        raise ExperimentError(experiment.file, faults)
    paid_tables = {}
    if boosts(experiment):
        paid_tables = {
            name: compile_or_fault(getattr(experiment.boost, name), f"boost.{name}", faults)
            for name in PAID
        }
    figures = {f"economics.{name}": table for name, table in economics_tables.items()}
    figures |= {f"boost.{name}": table for name, table in paid_tables.items()}
    factors = shared_factors(experiment, [line.terms for line in lines], figures)
    row = {factor.name: k for k, factor in enumerate(factors)}
    learned = posterior(experiment, row)
    spill = np.array([_spec(experiment, line.terms).incident_spill for line in lines])

    def alone(terms: Terms) -> bool:
        paid = experiment.compensation[terms.compensation].pay_per_order > 0.0
        return paid and (bool(spill.any()) or experiment.niche[terms.niche].market is not None)

    lines, groups = grouped(lines, experiment.simulation.seed, alone)
    works = []
    for group, stops in groups:
        tier = tiers[group.terms.tier, group.terms.platform]
        assert tier is not None
        shared = weights(experiment, group.terms, factors, row, learned)
        work = _work(experiment, group, stops, tier, goods, shared, faults)
        works.append(work)
    reaction = reaction_of(experiment, lines, faults)
    if faults:
        raise ExperimentError(experiment.file, faults)
    economics = {
        name: (table, row.get(f"economics.{name}")) for name, table in economics_tables.items()
    }
    paid = {name: (table, row.get(f"boost.{name}")) for name, table in paid_tables.items()}
    sampling, worlds = sampling_of(experiment.simulation)
    return Plan(
        seed=experiment.simulation.seed,
        worlds=worlds,
        sampling=sampling,
        factors=factors,
        works=tuple(works),
        lines=lines,
        portfolios=tuple(experiment.portfolio),
        prices=np.array([prices_of(experiment, line, lines) for line in lines]),
        economics=economics,
        order_shape=_order_shape(experiment.economics.order_value_cv),
        product_units=experiment.costs.product_units,
        niches={
            name: NicheTerms(
                math.inf if niche.market is None else niche.market,
                niche.overlap,
                niche.duplicate_waste,
            )
            for name, niche in experiment.niche.items()
        },
        spill=spill,
        arrived=arrived(experiment, lines),
        repeats_arrived=repeats_arrived(experiment, lines),
        buyers=buyers_of(experiment, lines),
        reaction=reaction,
        overlap_between_niches=experiment.audience.overlap_between_niches,
        paid=paid,
        left_over=left_over,
        learned=learned,
    )


def _order_shape(cv: float) -> float:
    """Return the gamma shape of a single order value, inf where it does not vary."""
    return cv**-2 if cv > 0.0 else math.inf


def _spec(experiment: Experiment, terms: Terms) -> m.Tier:
    return experiment.tier[terms.tier].on[terms.platform]


def _work(
    experiment: Experiment,
    group: Group,
    stops: list[int],
    tier: TierTables,
    goods: QuantileTable,
    shared: tuple[Array, Array, Array],
    faults: list[Fault],
) -> Line:
    terms, first, programme = group.terms, group.first, group.programme
    spec = _spec(experiment, terms)
    kind = experiment.compensation[terms.compensation]
    platform, niche = experiment.platform[terms.platform], experiment.niche[terms.niche]
    tables = {**tier.tables, "product_cost": goods}
    if kind.delivery_rate is not None:
        tables["delivery"] = threshold(kind.delivery_rate)
    loading, belief, level = shared
    drawn = [x for x, name in enumerate(CREATOR_INPUTS) if not tables[name].constant]
    shift = np.array([tier.shift.get(name, 0.0) for name in INPUTS])
    shift[INPUTS.index("engagement_rate")] += math.log(kind.engagement_factor)
    shift += level
    for x, name in enumerate(INPUTS):
        if tables[name].constant:
            shift[x] += tables[name].coefficients[0, 0]
    if experiment.shocks.preserve_mean:
        _preserve_means(shift, spec, tables, loading, tier)
    own = np.sqrt(np.maximum(1.0 - (loading**2).sum(axis=1), 0.0))
    mix = creator_mix(spec, tables, own, f"tier.{terms.tier}", faults)
    start, coefficients, pieces, ranges = 0, [], [], []
    for name in INPUTS:
        table = tables[name]
        cap = tier.log_amplification_cap if name == "amplification" else -mg.LOG_ZERO
        pieces.append((start, 0 if table.linear else len(table.coefficients)))
        ranges.append((table.low, 1.0 / table.step, table.jump, cap))
        coefficients.append(table.coefficients)
        start += len(table.coefficients)
    count = stops[-1]
    varies = np.array(
        [not tables[n].constant or bool(belief[x].any()) for x, n in enumerate(INPUTS)]
    )
    # An incident that is certain is none that the loops may skip.
    varies[INPUTS.index("incident")] = spec.incident_rate > 0.0
    rho = spec.amplification_engagement_correlation
    engagement_varies = not tables["engagement_rate"].constant
    post_own = own[len(CREATOR_INPUTS) :]
    reach = reach_of_posts(experiment, terms)
    ends, keep = [terms.posts], [count]
    if programme is not None:
        ends, keep = list(programme.post_ends), list(programme.keep)
    line = Line(
        key=stream_key(experiment.simulation.seed, "creator", *terms.pool),
        creators=np.arange(first, first + count, dtype=np.uint64),
        stops=np.array(stops, dtype=np.int64),
        drawn=np.array(drawn, dtype=np.int64),
        mix=mix[None],
        mix_of=np.zeros(count, dtype=np.int64),
        score_known=np.zeros((1, len(INPUTS))),
        log_known=np.zeros((1, len(INPUTS))),
        doubt=np.ones((1, len(INPUTS))),
        known_of=np.full(count, -1, dtype=np.int64),
        loading=loading,
        belief=belief,
        level=level,
        shift=shift,
        varies=varies,
        pieces=np.array(pieces, dtype=np.int64),
        ranges=np.array(ranges),
        coefficients=np.concatenate(coefficients),
        luck_own=float(post_own[POST_INPUTS.index("post_luck")]),
        amplification_engagement=float(rho * post_own[1]) if engagement_varies else 0.0,
        amplification_own=float(
            post_own[1] * (math.sqrt(1.0 - rho * rho) if engagement_varies else 1.0)
        ),
        repeats=np.power(terms.repeat_factor, np.arange(terms.posts, dtype=np.float64))
        * rate_of_posts(experiment, terms),
        amplified_engagement=spec.amplified_engagement,
        amplified_conversion=spec.amplified_conversion,
        per_impression=spec.engagement_basis == "impressions",
        log_authentic_mean=math.log(tier.authentic_mean),
        audience=platform.audience,
        market=math.inf if niche.market is None else niche.market,
        viral_excess=platform.viral_from - 1.0,
        fee_on_delivery=experiment.costs.fee_due == "delivery",
        incident_loss=spec.incident_loss,
        own_orders=programme is not None or any(_pay(kind)[:3]),
        pay=_pay(kind),
        post_ends=np.array(ends, dtype=np.int64),
        keep=np.array(keep, dtype=np.int64),
        choose_by_orders=programme is None or programme.choose_by == "orders",
        money=group.money,
        dues=group.dues,
        purse=None if programme is None else programme.alone,
        boost=line_boost(experiment, terms, group.boost, tier) if group.boost else None,
        reach_of_post=reach if (reach != 1.0).any() else None,
    )
    if not group.people:
        return line
    scores = np.divide(mix, own[:, None], out=np.eye(len(INPUTS)), where=own[:, None] > 0.0)
    tracked = compile_or_fault(experiment.economics.tracked_share, "", faults)
    seen = tracked_factor(experiment, terms)
    return named_line(line, group.people, tier, scores, own, tracked, seen)


def _pay(kind: m.Compensation) -> tuple[float, float, float, float]:
    cap = math.inf if kind.pay_cap is None else kind.pay_cap
    return kind.pay_per_engagement, kind.pay_per_order, kind.pay_floor, cap


def _preserve_means(
    shift: Array,
    spec: m.Tier,
    tables: Mapping[str, QuantileTable],
    loading: Array,
    tier: TierTables,
) -> None:
    """Take out of the log values what loadings do to the means of impressions, engagements, orders.

    Organic impressions carry their ratio into engagements only where those are per impression.
    """
    q, w = spec.amplified_engagement, spec.amplified_conversion
    per_impression = spec.engagement_basis == "impressions"
    ratios = mean_ratios(
        tables,
        loading,
        creator_mix(spec, tables, np.ones(len(INPUTS)), "", []),
        spec.amplification_engagement_correlation,
        {"impressions": 1.0, "engagements": q, "expected_orders": q * w},
        {"amplification": tier.log_amplification_cap},
        per_impression,
    )
    impressions, engagements, orders = (math.log(ratio) for ratio in ratios.values())
    shift[INPUTS.index("reach_rate")] += impressions
    shift[INPUTS.index("engagement_rate")] += engagements - impressions * per_impression
    shift[INPUTS.index("conversion_rate")] += orders - engagements
