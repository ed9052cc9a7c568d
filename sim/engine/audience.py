"""Overlapping audiences: unique reach of a portfolio, and the orders that duplicated reach wastes.

Per niche with a market of M accounts and overlap w, with S the sum of the creators' own reach and
X the accounts they were shown to, before anything is folded into the market,
U = (1 - w) min(S, M) + w M (1 - exp(-X / M)): disjoint audiences at w = 0, independent ones
(Sainsbury, as told by Caffyn and Sagovsky 1963) at w = 1, never above the market. What repeats is
1 - U / X, whether one creator's audience exceeds the market or twenty audiences fill it. Niches
combine in the same way in a market of the sum of theirs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k

if TYPE_CHECKING:
    from sim.plan import NicheTerms, Plan
    from sim.plan.model import Reaction

Array = npt.NDArray[np.float64]


def unique_reach(reach: Array, exposure: Array, market: float, overlap: float) -> Array:
    """Return the unique accounts reached within a niche.

    Parameters
    ----------
    reach, exposure
        Sums over creators of their own unique reach, and of the accounts they were shown to.
    market
        Addressable accounts of the niche; inf for no limit.
    overlap
        Overlap of audiences, 0 to 1.
    """
    if market == math.inf:
        return reach
    independent = -market * np.expm1(-exposure / market)
    result: Array = (1.0 - overlap) * np.minimum(reach, market) + overlap * independent
    return result


def kept_share(niche: NicheTerms, unique: Array, exposure: Array, expected: Array) -> Array | float:
    """Return the share of a niche's orders that duplicated reach leaves, never beyond the market.

    Parameters
    ----------
    niche
        Its terms.
    unique
        What `unique_reach` returned.
    exposure, expected
        Sums over creators of the accounts they were shown to, and of expected orders.
    """
    if niche.market == math.inf:
        return 1.0
    duplicated = 1.0 - unique / np.maximum(exposure, 1e-300)
    share = 1.0 - niche.duplicate_waste * np.maximum(duplicated, 0.0)
    # Nobody beyond the market is there to order.
    return np.minimum(share, niche.market / np.maximum(expected, 1e-300))


def across_niches(reaches: list[Array], markets: list[float], overlap: float) -> Array:
    """Return the unique accounts reached over several niches.

    Parameters
    ----------
    reaches
        Unique reach of each niche.
    markets
        Their markets; where one is unlimited the niches just add up.
    overlap
        Overlap between niches, 0 to 1.
    """
    total: Array = np.sum(reaches, axis=0)
    market = sum(markets)
    if len(reaches) == 1 or overlap == 0.0 or market == math.inf:
        return total
    missed = np.prod([1.0 - reach / market for reach in reaches], axis=0)
    result: Array = (1.0 - overlap) * np.minimum(total, market) + overlap * market * (1.0 - missed)
    return result


def within_market(plan: Plan, orders: Array) -> Array:
    """Return drawn orders, of which those of a portfolio in a niche never exceed its market.

    What chance draws beyond the market is taken from the lines in proportion, in whole orders.

    Parameters
    ----------
    plan
        The plan.
    orders
        Drawn orders, shape (lines, worlds).

    Returns
    -------
    numpy.ndarray
        Shape (lines, worlds), whole numbers.
    """
    result = orders.copy()
    for portfolio in plan.portfolios:
        members = [i for i, line in enumerate(plan.lines) if line.portfolio == portfolio]
        for name in sorted({plan.lines[i].terms.niche for i in members}):
            if plan.niches[name].market == math.inf:
                continue
            market = math.floor(plan.niches[name].market)
            own = [i for i in members if plan.lines[i].terms.niche == name]
            so_far = np.cumsum(orders[own], axis=0)
            there = np.minimum(market / np.maximum(so_far[-1], 1.0), 1.0)
            # Differences of rounded running sums add up to the market exactly.
            left = np.where(so_far[-1] > market, np.floor(so_far * there + 0.5), so_far)
            result[own] = np.diff(left, axis=0, prepend=0.0)
    return result


def reach_and_waste(plan: Plan, sums: list[Array]) -> tuple[Array, Array]:
    """Return unique reach of each portfolio and the share of orders that each line keeps.

    Overlap wastes some of them; an incident may spill over to a whole portfolio.

    Parameters
    ----------
    plan
        The plan.
    sums
        For each work, shape (stops, N_SUMS, worlds).

    Returns
    -------
    reach : numpy.ndarray
        Shape (portfolios, worlds), accounts.
    kept : numpy.ndarray
        Shape (lines, worlds), factor on expected orders.
    """
    worlds = sums[0].shape[-1]
    reach = np.zeros((len(plan.portfolios), worlds))
    kept = np.ones((len(plan.lines), worlds))
    for p, portfolio in enumerate(plan.portfolios):
        members = [i for i, line in enumerate(plan.lines) if line.portfolio == portfolio]
        reaches, markets = [], []
        for name in sorted({plan.lines[i].terms.niche for i in members}):
            niche = plan.niches[name]
            own = [i for i in members if plan.lines[i].terms.niche == name]
            totals = [sums[plan.lines[i].work][plan.lines[i].stop] for i in own]
            each = np.sum([total[k.REACH] for total in totals], axis=0)
            shown = np.sum([total[k.EXPOSURE] for total in totals], axis=0)
            unique = unique_reach(each, shown, niche.market, niche.overlap)
            reaches.append(unique)
            markets.append(niche.market)
            expected = np.sum([total[k.EXPECTED_ORDERS] for total in totals], axis=0)
            if plan.reaction is None or niche.market == math.inf:
                kept[own] = kept_share(niche, unique, shown, expected)
                continue
            factors = _reactions(plan.reaction, own, totals, niche)
            orders = np.array([total[k.EXPECTED_ORDERS] for total in totals])
            wanted = (factors * orders).sum(axis=0)
            kept[own] = factors * kept_share(niche, unique, shown, wanted)
        for i in members:
            if plan.spill[i] > 0.0:
                # Each incident takes its share of what the ones before left.
                incidents = sums[plan.lines[i].work][plan.lines[i].stop, k.INCIDENTS]
                kept[members] *= (1.0 - plan.spill[i]) ** incidents
        reach[p] = across_niches(reaches, markets, plan.overlap_between_niches)
    return reach, kept


def met_before(exposures: Array, order: str, larger: bool) -> Array:
    r"""Return the share of exposures to one tier of accounts that another tier has met before.

    Exposures of a tier are a Poisson number of mean m per account of the market. Where the other
    tier has posted before, an account has met it with probability :math:`1 - e^{-m}`; where both post
    at once, at uniform times, with :math:`\int_0^1 1 - e^{-mu} du = 1 - (1 - e^{-m}) / m`.

    Parameters
    ----------
    exposures
        Exposures of the other tier per account of the market, m.
    order
        See `sim.plan.model.Reaction`.
    larger
        Whether the other tier is the larger one.
    """
    if order == "together":
        some = np.maximum(exposures, 1e-12)
        shares: Array = np.where(exposures > 1e-6, 1.0 + np.expm1(-some) / some, exposures / 2.0)
        return shares
    first = larger if order == "large_first" else not larger
    return np.asarray(-np.expm1(-exposures)) if first else np.zeros_like(exposures)


def _reactions(
    reaction: Reaction, lines: list[int], totals: list[Array], niche: NicheTerms
) -> Array:
    r"""Return the factor on expected orders of a niche's lines by what other tiers showed before.

    A factor :math:`1 + \rho \omega p` for each other tier: reinforcement, overlap of audiences, and
    the share that has met it before.

    Parameters
    ----------
    reaction
        How tiers act on each other.
    lines, totals
        Lines of a portfolio in the niche, and their sums.
    niche
        Its market and overlap.

    Returns
    -------
    numpy.ndarray
        Shape (lines, worlds).
    """
    ranks = [int(reaction.rank[i]) for i in lines]
    shown = {
        rank: sum(t[k.EXPOSURE] for r, t in zip(ranks, totals, strict=True) if r == rank)
        for rank in sorted(set(ranks))
    }
    strength = reaction.reinforcement * niche.overlap
    factors = np.ones((len(lines), totals[0].shape[-1]))
    for row, rank in enumerate(ranks):
        for other, exposures in shown.items():
            if other != rank:
                before = met_before(exposures / niche.market, reaction.order, other < rank)
                factors[row] *= 1.0 + strength * before
    return factors


def orders_left(plan: Plan, sums: list[Array]) -> list[tuple[int, Array]]:
    """Return the works that go by each creator's tracked orders and lose some, with what they keep.

    Such a work belongs to one portfolio and one niche, so all its lines keep the same share.

    Parameters
    ----------
    plan
        The plan.
    sums
        For each work, shape (stops, N_SUMS, worlds).

    Returns
    -------
    list of (int, numpy.ndarray)
        Index of a work, and the share of its orders that is kept, shape (worlds,).
    """
    asked = [
        w
        for w, work in enumerate(plan.works)
        if work.pay[1] > 0.0 or (len(work.post_ends) > 1 and work.choose_by_orders)
    ]
    if not asked:
        return []
    _, kept = reach_and_waste(plan, sums)
    line_of = {line.work: i for i, line in enumerate(plan.lines)}
    return [(w, kept[line_of[w]]) for w in asked if (kept[line_of[w]] < 1.0).any()]
