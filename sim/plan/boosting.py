"""Boosting: what a portfolio spends on paid impressions of its posts, line by line.

The money stands aside from the first quote on, rights included, so boosting never spends more than
was set apart. What the first days show of a post is what all of it will have brought, but for what
has not come yet. Early and late popularity of a post go together in the log, with a noise that
shrinks as more has come (Szabo and Huberman 2010); here the log of luck and amplification builds up
like a Brownian motion along the release curve. Where the share s has come, it is seen with a noise
of (1 - s) / s times its variance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..engine import marginals as mg
from ..engine.line import Boost
from ..experiment import Experiment, Fault
from ..experiment import models as m
from .formats import half_lives
from .model import LineBoost, PlanLine, Terms
from .tiers import TierTables

#: As many posts as there are.
_ALL = 2**31 - 1
#: Posts of a line that can be ranked: the loops keep what was seen of each.
_MOST_POSTS = 1_000_000


def boost_of(experiment: Experiment, portfolio: m.Portfolio) -> m.PortfolioBoost:
    """Return how a portfolio boosts: its own figures, else those of ``[boost]``."""
    own, common = portfolio.boost or m.PortfolioBoost(), experiment.boost
    given = {name: getattr(own, name) for name in m.PortfolioBoost.model_fields}
    filled = {k: getattr(common, k) if v is None else v for k, v in given.items()}
    return m.PortfolioBoost.model_construct(**filled)


def boosts(experiment: Experiment) -> bool:
    """Return whether any portfolio boosts."""
    return any(boost_of(experiment, p).budget for p in experiment.portfolio.values())


def boosted(
    experiment: Experiment,
    name: str,
    portfolio: m.Portfolio,
    lines: Sequence[PlanLine],
    shares: Sequence[float],
    faults: list[Fault],
) -> list[PlanLine]:
    """Return the lines of a portfolio with what each spends on boosting.

    A mix boosts in each of its lines: money by their shares, or by posts where the best are chosen.

    Parameters
    ----------
    experiment, name, portfolio
        Whose lines they are.
    lines, shares
        The lines, and the share of each in the portfolio.
    faults
        Takes what cannot be boosted.
    """
    its = boost_of(experiment, portfolio)
    if not its.budget:
        return list(lines)
    key = f"portfolio.{name}"
    if portfolio.stages is not None:
        faults.append(Fault(f"{key}.stages", "do not go with boosting; leave out one of them"))
    for line in lines:
        kind = experiment.compensation[line.terms.compensation]
        if kind.pay_per_engagement or kind.pay_per_order or kind.pay_floor:
            problem = "pays by each creator's results, which does not go with boosting"
            faults.append(Fault(f"{key}.compensation", problem, line.terms.compensation))
        if line.creators * line.terms.posts > _MOST_POSTS:
            problem = f"at most {_MOST_POSTS:,} posts of a line can be ranked for boosting"
            faults.append(Fault(f"{key}.boost", problem))
    counts = [_ALL] * len(lines)
    if its.posts != "all":
        assert its.posts is not None
        counts = split(int(its.posts), shares)
        shares = [count / int(its.posts) for count in counts]
    result = []
    for line, count, share in zip(lines, counts, shares, strict=True):
        own = LineBoost(its.budget * share, count, its.choose_by == "rate") if count else None
        result.append(replace(line, boost=own))
    return result


def split(count: int, shares: Sequence[float]) -> list[int]:
    """Split a number by shares, the largest remainders first (Hamilton)."""
    exact = [share * count for share in shares]
    counts = [math.floor(x + 1e-9) for x in exact]
    order = sorted(range(len(shares)), key=lambda i: (counts[i] - exact[i], i))
    for i in order[: count - sum(counts)]:
        counts[i] += 1
    return counts


def line_boost(experiment: Experiment, terms: Terms, its: LineBoost, tier: TierTables) -> Boost:
    """Return what the loop of a line needs to boost its posts."""
    common, kind = experiment.boost, experiment.compensation[terms.compensation]
    luck, carried = tier.tables["post_luck"], common.luck_carried
    lifted = math.log(mg.moment(luck, carried)) + carried * tier.shift["post_luck"]
    return Boost(
        money=its.money,
        best=its.best,
        right_of_fee=common.rights_share * kind.fee_share,
        noise=seen_noise(experiment, terms, tier),
        per_follower=its.per_follower,
        carried=carried,
        log_mean_carried=lifted,
    )


def seen_noise(experiment: Experiment, terms: Terms, tier: TierTables) -> float:
    """Return the sd of the log of what the first days show of a post, over the whole of it."""
    lives = half_lives(experiment, terms)
    if lives is None:
        return 0.0
    # Posts of several formats are seen alike: at the mean of what has come of each.
    passed = math.log(2.0) * experiment.boost.after_days / lives
    return _log_sd(tier) * math.sqrt(np.exp(-passed).mean() / -np.expm1(-passed).mean())


def _log_sd(tier: TierTables) -> float:
    """Return the standard deviation of the log of a post's luck and amplification."""
    variance = mg.log_moments(tier.tables["post_luck"])[1] ** 2
    excess = tier.tables["amplification"]
    if not excess.constant:
        z, w = mg.score_nodes(excess.jump)
        log = np.log1p(np.exp(np.minimum(excess.log_quantile(z), tier.log_amplification_cap)))
        variance += float(np.sum(w * log**2) - np.sum(w * log) ** 2)
    return math.sqrt(variance)
