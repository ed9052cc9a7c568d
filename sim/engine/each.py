"""What each named creator brings by itself, and what some of them bring together.

Every creator is followed alone in the same worlds, which costs what the roster's run costs. Their
sums are kept: 0.3 MB for each creator in 2,000 worlds. A set is then accounted for from the sums of
its members, with overlapping audiences, incidents and orders of that set, as the engine would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import line as k
from .run import CHUNK, seen_of

if TYPE_CHECKING:
    from sim.plan import Plan
    from sim.plan.each import Each

Array = npt.NDArray[np.float64]
Block = dict[str, Array]

#: Creators that are accounted for at once.
_AT_ONCE = 64


@dataclass(frozen=True)
class Followed:
    """Creators of a roster in some worlds.

    Attributes
    ----------
    each
        Who they are.
    factors
        Shared factors, shape (factors, worlds).
    sums
        Of each creator, shape (stages, N_SUMS, worlds).
    """

    each: Each
    factors: Array
    sums: list[Array]

    @property
    def worlds(self) -> int:
        """Number of worlds."""
        return int(self.factors.shape[1])

    @cached_property
    def interacting(self) -> bool:
        """Whether what a creator brings depends on who else is hired."""
        plan = self.each.plan
        niches = {line.terms.niche for line in plan.lines}
        limited = any(plan.niches[name].market < math.inf for name in niches)
        return limited or bool(plan.spill.any())

    def row(self, name: int, stage: int = 0) -> Array:
        """Return one of the sums of every creator, shape (creators, worlds)."""
        return np.array([own[stage, name] for own in self.sums])

    @cached_property
    def fees(self) -> Array:
        """Fee per post of each creator, USD, shape (creators, worlds); NaN where none is paid."""
        result = np.full((len(self.sums), self.worlds), np.nan)
        rows = zip(self.each.plan.works, self.sums, strict=True)
        for fee, (work, own) in zip(result, rows, strict=True):
            always, by_fee, by_hours, by_goods = work.dues
            if by_fee > 0.0:
                rest = always + by_hours * own[0, k.HOURS] + by_goods * own[0, k.GOODS]
                fee[:] = (own[0, k.COMMITTED] - rest) / by_fee
        return result

    @cached_property
    def alone(self) -> Block:
        """Results of each stage of each creator alone, shape (lines, worlds); see `portfolio_rows`.

        Without stages a creator is a line. ``line_kept`` is the share of orders that its own
        audience leaves, ``line_cost_by_orders`` the cost that goes by them, USD.
        """
        count = len(self.each.plan.portfolios)
        blocks = []
        for start in range(0, count, _AT_ONCE):
            members = range(start, min(start + _AT_ONCE, count))
            blocks.append(self._accounts(members, 1.0, together=False))
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def together(self, members: Sequence[int], hired: npt.ArrayLike = 1.0) -> Block:
        """Return results of some creators as one portfolio, shape (worlds,); see `portfolio_rows`.

        Parameters
        ----------
        members
            Which creators.
        hired
            Shape (members, worlds): 1 in the worlds in which a member is hired, else 0.
        """
        block = self._accounts(members, hired, together=True)
        return {name: rows[0] for name, rows in block.items() if not name.startswith("line_")}

    def _accounts(self, members: Sequence[int], hired: npt.ArrayLike, *, together: bool) -> Block:
        from .accounts import line_rows, portfolio_rows

        of = self.each.plan
        place = {member: at for at, member in enumerate(members)}
        rows = [i for i, line in enumerate(of.lines) if line.work in place]
        lines = tuple(
            replace(
                of.lines[i],
                work=place[of.lines[i].work],
                portfolio="set" if together else f"{i}",
            )
            for i in rows
        )
        plan = replace(
            of,
            works=tuple(of.works[member] for member in members),
            lines=lines,
            portfolios=tuple(dict.fromkeys(line.portfolio for line in lines)),
            **of.of_lines(rows),
        )
        shares = np.broadcast_to(np.asarray(hired, float), (len(members), self.worlds))
        sums = [self.sums[member] for member in members]
        if not (shares == 1.0).all():
            sums = [own * share for own, share in zip(sums, shares, strict=True)]
        sums = self._left(plan, sums, shares)
        lined = line_rows(plan, 0, self.factors, sums)
        block = portfolio_rows(plan, self.factors, sums, lined)
        agency = plan.prices[:, plan.components.index("agency")]
        by_orders = np.zeros((len(lines), self.worlds))
        for name in ("commission", "discount", "bonus_orders"):
            c = plan.components.index(name)
            charged = plan.prices[:, c] * (1.0 + agency * (name in plan.agency_base))
            by_orders += charged[:, None] * lined["cost_quantity"][:, c]
        return block | {"line_cost_by_orders": by_orders, "line_kept": lined["kept"]}

    def _left(self, plan: Plan, sums: list[Array], shares: Array) -> list[Array]:
        """Return the sums where pay goes by the tracked orders that overlap and incidents leave."""
        from .accounts import economics_rows
        from .audience import orders_left
        from .kernel import sums_of_each

        result = list(sums)
        for w, left in orders_left(plan, sums):
            share = economics_rows(plan, self.factors)["tracked_share"]
            padded = _padded(self.factors)
            seen = seen_of(plan, w, share, self.worlds) * left
            seen = np.pad(seen, (0, padded.shape[1] - self.worlds))
            (own,) = sums_of_each(plan.works[w], padded, seen, 0, self.worlds)
            result[w] = own * shares[w]
        return result


def follow(each: Each) -> Followed:
    """Return the creators of a roster, each followed by itself in the worlds of its plan."""
    from .accounts import economics_rows
    from .factors import factor_rows
    from .kernel import sums_of_each

    worlds = each.plan.worlds
    factors = factor_rows(each.plan, 0, -(-worlds // CHUNK) * CHUNK)
    share = economics_rows(each.plan, factors)["tracked_share"]
    sums: list[Array] = []
    with np.errstate(over="ignore"):
        for line in each.lines:
            # The creators of a line are alike in how well they are seen.
            seen = seen_of(each.plan, len(sums), share, factors.shape[1])
            sums += sums_of_each(line, factors, seen, 0, worlds)
    return Followed(each, factors[:, :worlds], sums)


def _padded(factors: Array) -> Array:
    return np.pad(factors, ((0, 0), (0, -factors.shape[1] % CHUNK)))
