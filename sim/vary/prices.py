"""Prices are algebra: the cost of every world at other prices, from the quantities that a run kept.

A cost component of a line is price x quantity. Most keys about costs are prices; a tier's fee or
hours and the cost of goods scale a quantity. The agency's share is charged on other components, so
its stored quantity belongs to the run's own prices: here the share goes into the effective prices
of what it is charged on, ``(1 + agency share) x price``, and the cost stays linear in quantities
that no price moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from ..measures.worlds import CLUSTERED_SAMPLING, as_dataset
from ..plan import AGENCY_BASE, COMPONENTS, PlanLine, make_plan
from ..plan.hiring import prices_of
from .keys import Key
from .variant import variant

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]

#: Keys that scale a quantity, with the components that they scale.
_SCALED = {
    ("tier", "fee"): ("fee", "usage_rights"),
    ("tier", "management_hours"): ("management",),
    ("costs", "cost_of_goods"): ("product",),
    ("costs", "product_units"): ("product",),
}
#: Keys that are prices themselves.
_PRICED = {
    "costs": (
        "shipping", "hourly_rate", "agency_share", "usage_rights_share", "fixed",
        "bonus_per_order", "bonus_per_thousand_impressions",
    ),
    "compensation": ("fee_share", "commission_rate"),
}  # fmt: skip
_NAMES = tuple(COMPONENTS)
#: Worlds in which the algebra is compared with the run before it is trusted.
_CHECKED = 2048


def is_price(key: Key, experiment: Experiment) -> bool:
    """Whether another value of a key leaves every quantity of a run as it is, or scales it."""
    if (key.table, key.field) in _SCALED:
        return bool(key.base) and not (key.field == "fee" and _fee_tells(key, experiment))
    if (key.table, key.field) == ("tracking", "discount_rate"):
        # Without a discount no run keeps what one would be charged on.
        return bool(key.base)
    return key.field in _PRICED.get(key.table, ())


def _fee_tells(key: Key, experiment: Experiment) -> bool:
    """Whether a tier's fee moves more than what is paid: effort, or what known fees tell."""
    # A place is ("tier", name, "on", platform, field).
    places = {(path[1], path[3]) for path in key.paths}
    if any(experiment.tier[t].on[p].effort_elasticity for t, p in places):
        return True
    return any(
        (row.tier, row.platform) in places and not math.isnan(row.fee)
        for portfolio in experiment.portfolio.values()
        for row in (portfolio.roster.rows if portfolio.roster else ())
    )


@dataclass(frozen=True)
class Sheet:
    """Costs of portfolios at many points, as few coefficients as possible for each.

    Attributes
    ----------
    portfolios
        Names.
    coefficients
        Shape (portfolios, R, points).
    quantities
        Shape (portfolios, R, worlds): in world w the cost at a point is the sum over R of
        coefficient x quantity, USD.
    contributions
        Shape (portfolios, worlds), USD.
    sampling
        Attributes of the run that say how its worlds were sampled.
    """

    portfolios: tuple[str, ...]
    coefficients: Array
    quantities: Array
    contributions: Array
    sampling: Mapping[str, Any]

    @property
    def points(self) -> int:
        """Number of points."""
        return int(self.coefficients.shape[2])

    @property
    def worlds(self) -> int:
        """Number of worlds."""
        return int(self.contributions.shape[1])

    @property
    def groups(self) -> int:
        """Independent groups of worlds; 0 where all worlds are independent."""
        return int(self.sampling.get("groups", 0))

    @property
    def clustered(self) -> bool:
        """Whether worlds of one group resemble each other."""
        return self.sampling.get("sampling") == CLUSTERED_SAMPLING

    def index(self, portfolio: str) -> int:
        """Return the row of a portfolio."""
        return self.portfolios.index(portfolio)

    def undefined(self) -> npt.NDArray[np.bool_]:
        """Say at which points some portfolio costs nothing in some world, so that ROI is undefined.

        Where one component costs something in every world, no world needs to be looked at.
        """
        result = np.zeros(self.points, dtype=bool)
        for coefficients, quantities in zip(self.coefficients, self.quantities, strict=True):
            always = quantities.min(axis=1) > 0.0
            sure = (coefficients[always] > 0.0).any(axis=0)
            for p in np.flatnonzero(~sure):
                result[p] |= bool((coefficients[:, p] @ quantities <= 0.0).any())
        return result

    def at(self, point: int) -> xr.Dataset:
        """Return cost, contribution, profit and ROI of every world at a point."""
        cost = np.einsum("fr,frw->fw", self.coefficients[:, :, point], self.quantities)
        profit = self.contributions - cost
        roi = np.full_like(profit, np.nan)
        np.divide(profit, cost, out=roi, where=cost > 0.0)
        rows = {"cost": cost, "contribution": self.contributions, "profit": profit, "roi": roi}
        return as_dataset(self.portfolios, rows, self.sampling)


class Prices:
    """The cost of a run at other prices.

    Parameters
    ----------
    experiment
        What was run.
    dataset
        Its results, with ``cost_quantity``.
    portfolios
        Portfolios to look at; all by default.
    """

    def __init__(
        self, experiment: Experiment, dataset: xr.Dataset, portfolios: Sequence[str] | None = None
    ) -> None:
        self.experiment = experiment
        self.dataset = dataset
        self.lines: tuple[PlanLine, ...] = make_plan(experiment).lines
        known = [str(name) for name in dataset["portfolio"].values]
        self.portfolios = tuple(portfolios) if portfolios is not None else tuple(known)
        rows = [known.index(name) for name in self.portfolios]
        self._columns: dict[tuple[int, int], Array] = {}
        self._contributions = np.ascontiguousarray(dataset["contribution"].values[rows])

    def reproduce(self) -> bool:
        """Whether the algebra at the experiment's own prices gives the costs of the run."""
        worlds = slice(0, _CHECKED)
        effective = self._effective(np.empty((1, 0)), ())[0]
        quantity = self.dataset["cost_quantity"].isel(sim=worlds).values
        cost = self.dataset["cost"].isel(sim=worlds)
        for name in self.portfolios:
            members = self._members(name)
            algebra = np.einsum("lc,lcw->w", effective[members], quantity[members])
            run = cost.sel(portfolio=name).values
            if not np.allclose(algebra, run, rtol=1e-9, atol=1e-9):
                return False
        return True

    def sheet(self, keys: Sequence[Key], values: Array) -> Sheet:
        """Return the costs at other values of some keys.

        Parameters
        ----------
        keys
            Keys for which `is_price` holds.
        values
            Shape (points, keys).
        """
        effective = self._effective(values, keys)
        compressed = [self._compressed(effective, name) for name in self.portfolios]
        terms = max(coefficients.shape[0] for coefficients, _ in compressed)
        points, worlds = len(values), self._contributions.shape[1]
        coefficients = np.zeros((len(compressed), terms, points))
        quantities = np.zeros((len(compressed), terms, worlds))
        for f, (own, quantity) in enumerate(compressed):
            coefficients[f, : len(own)] = own
            quantities[f, : len(own)] = quantity
        return Sheet(
            self.portfolios, coefficients, quantities, self._contributions, self.dataset.attrs
        )

    def parts(self, portfolio: str) -> Iterator[tuple[int, str, Array]]:
        """Yield what a portfolio pays: line, component and USD in each world at the run's prices.

        The agency's share is in the components that it is charged on.
        """
        effective = self._effective(np.empty((1, 0)), ())[0]
        for i in self._members(portfolio):
            for c, component in enumerate(_NAMES):
                if effective[i, c] != 0.0:
                    yield i, component, effective[i, c] * self._column(i, c)

    def _column(self, line: int, component: int) -> Array:
        """Return a quantity of a line over the worlds, read from the run once."""
        place = (line, component)
        if place not in self._columns:
            one = self.dataset["cost_quantity"].isel(line=line, component=component)
            self._columns[place] = np.ascontiguousarray(one.values)
        return self._columns[place]

    def _members(self, portfolio: str) -> list[int]:
        return [i for i, line in enumerate(self.lines) if line.portfolio == portfolio]

    def _effective(self, values: Array, keys: Sequence[Key]) -> Array:
        """Return USD per unit of the run's quantities, shape (points, lines, components).

        The agency's own column is zero: its share is in the prices of what it is charged on.
        """
        prices = np.empty((len(values), len(self.lines), len(_NAMES)))
        priced = [k for k, key in enumerate(keys) if (key.table, key.field) not in _SCALED]
        known: dict[tuple[float, ...], Array] = {}
        for p, row in enumerate(values):
            chosen = tuple(float(row[k]) for k in priced)
            if chosen not in known:
                known[chosen] = self._own_prices([keys[k] for k in priced], chosen)
            prices[p] = known[chosen]
        for k, key in enumerate(keys):
            for component in _SCALED.get((key.table, key.field), ()):
                for i in self._touched(key):
                    prices[:, i, _NAMES.index(component)] *= values[:, k] / (key.base or 1.0)
        agency = _NAMES.index("agency")
        base = [_NAMES.index(name) for name in AGENCY_BASE]
        prices[:, :, base] *= 1.0 + prices[:, :, agency, None]
        prices[:, :, agency] = 0.0
        return prices

    def _own_prices(self, keys: Sequence[Key], values: Sequence[float]) -> Array:
        """Return the plan's prices with some of the experiment's replaced, (lines, components)."""
        changes = {key.paths[0]: value for key, value in zip(keys, values, strict=True)}
        changed = variant(self.experiment, values=changes)
        return np.array([prices_of(changed, line, self.lines) for line in self.lines])

    def _touched(self, key: Key) -> list[int]:
        """Return the lines whose quantities a key scales."""
        if key.table != "tier":
            return list(range(len(self.lines)))
        # A place is ("tier", name, "on", platform, field).
        places = {(path[1], path[3]) for path in key.paths}
        return [
            i
            for i, line in enumerate(self.lines)
            if (line.terms.tier, line.terms.platform) in places
        ]

    def _compressed(self, effective: Array, portfolio: str) -> tuple[Array, Array]:
        """Merge quantities whose prices move in proportion over all points.

        Returns
        -------
        coefficients : numpy.ndarray
            Shape (R, points).
        quantities : numpy.ndarray
            Shape (R, worlds).
        """
        leaders: list[Array] = []
        quantities: list[Array] = []
        for i in self._members(portfolio):
            for c in range(len(_NAMES)):
                column = effective[:, i, c]
                largest = float(np.abs(column).max())
                if largest == 0.0:
                    continue
                shape = column / largest
                quantity = largest * self._column(i, c)
                for r, leader in enumerate(leaders):
                    if np.allclose(shape, leader, rtol=1e-13, atol=0.0):
                        quantities[r] = quantities[r] + quantity
                        break
                else:
                    leaders.append(shape)
                    quantities.append(quantity)
        if not leaders:
            return np.zeros((1, len(effective))), np.zeros((1, self._contributions.shape[1]))
        return np.array(leaders), np.array(quantities)
