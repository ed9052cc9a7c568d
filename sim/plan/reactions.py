"""Tiers that act on each other: who has met another tier's creators before."""

from __future__ import annotations

import numpy as np

from ..experiment import Experiment, Fault
from .model import PlanLine, Reaction


def reaction_of(
    experiment: Experiment, lines: tuple[PlanLine, ...], faults: list[Fault]
) -> Reaction | None:
    """Return how tiers act on each other; None where they do not.

    Parameters
    ----------
    experiment, lines
        What is planned.
    faults
        Takes what cannot be.
    """
    audience = experiment.audience
    if audience.reinforcement == 0.0:
        return None
    key = "audience.reinforcement"
    if all(experiment.niche[line.terms.niche].market is None for line in lines):
        problem = (
            "needs the accounts of a niche, [niche.NAME] with `market`: who has met both tiers?"
        )
        faults.append(Fault(key, problem, audience.reinforcement))
    kinds = [experiment.compensation[line.terms.compensation] for line in lines]
    by_results = any(kind.pay_per_order or kind.pay_per_engagement for kind in kinds)
    if audience.reinforcement > 0.0 and (by_results or any(line.programme for line in lines)):
        problem = "above 0 does not go with stages or pay by results: orders of single creators are thinned"
        faults.append(Fault(key, problem, audience.reinforcement))
    # Tiers by the size of their creators, the largest first.
    sizes = {
        line.terms.tier: experiment.tier[line.terms.tier].on[line.terms.platform].follower_range[0]
        for line in lines
    }
    rank = {tier: at for at, tier in enumerate(sorted(sizes, key=lambda tier: -sizes[tier]))}
    return Reaction(
        audience.reinforcement,
        audience.order,
        np.array([rank[line.terms.tier] for line in lines]),
    )
