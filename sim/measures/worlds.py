"""Reading the results Dataset: the only place in this room that knows its labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..labelled import labelled
from ..text.currency import MONEY, currency
from .estimate import LIGHT, UNKNOWN, BoolArray, FloatArray, Sample, Tail, divide

if TYPE_CHECKING:
    import xarray as xr

MOST_MISSED = 0.5
"""Share of a figure's variance that a run may miss and still have an error for its mean."""

_NO_TAIL = ("top_creator_share", "effective_creators", "viral_posts", "delivered", "assets")
_LAWS_OF = {
    "impressions": ("views",),
    "reach": ("views",),
    "engagements": ("engagements",),
    "earned_media_value": ("engagements",),
    "expected_orders": ("orders",),
    "orders": ("orders",),
    "revenue": ("orders",),
    "tracked_revenue": ("orders",),
    "contribution": ("orders",),
    "cost": ("cost",),
    "profit": ("orders", "cost"),
    "roi": ("orders", "ratios"),
    "roas": ("orders", "ratios"),
    "tracked_roas": ("orders", "ratios"),
    "outlay": ("cost",),
    "repeat_contribution": ("orders",),
    "tracked_orders": ("orders",),
    "clicks": ("orders",),
    "new_customers": ("orders",),
    "customer_value": ("orders",),
}
"""By variable, the groups of laws that it depends on (`sim.plan.tails`)."""

_SHOWN_BY = {
    "views": "impressions",
    "engagements": "engagements",
    "orders": "expected_orders",
    "cost": "cost",
}
"""By group of laws, the variable that shows how far its figures vary."""

STANDS_FOR = {"outlay": "cost", "new_customers": "orders"}
"""By variable that a run may lack, the one that it equals then: no discounts, all customers new."""

LEVERS = {
    "clicks": "clicks are not simulated: say clicks = true in [tracking]",
    "customer_value": "customers are not followed: say retention or new_share in [customers]",
}
"""By variable that a run may lack, why it is not there."""

CLUSTERED_SAMPLING = "two-level"
"""`attrs["sampling"]` of worlds that share their group's beliefs."""


class Worlds:
    """Variables of a run by name, each as a `Sample` that is sorted at most once.

    Attributes
    ----------
    groups : int
        0 for independent worlds, else the number of equal contiguous groups.
    clustered : bool
        Worlds of one group resemble each other.
    currency : str
        What money is counted in.
    """

    groups: int
    clustered: bool
    currency: str

    def __init__(self, ds: xr.Dataset) -> None:
        self.groups = int(ds.attrs.get("groups", 0))
        self.clustered = ds.attrs.get("sampling") == CLUSTERED_SAMPLING
        self.currency = currency_of(ds)
        self._samples: dict[str, Sample] = {}
        self._kept: dict[str, BoolArray | None] = {}
        self._complete: dict[tuple[str, ...], tuple[tuple[Sample, ...], BoolArray | None]] = {}

    def read(self, name: str) -> FloatArray:
        """Values of a variable, shape (n,), NaN where it is undefined."""
        raise NotImplementedError

    def sample(self, name: str) -> Sample:
        """Return a variable over all worlds, undefined ones included."""
        if name not in self._samples:
            self._samples[name] = Sample(self.read(name), self.tail(name))
        return self._samples[name]

    def tail(self, name: str) -> Tail:
        """Return what the laws behind a variable say of the errors of its measures."""
        return UNKNOWN

    def lacks(self, names: Sequence[str]) -> str:
        """Return why one of some variables is not there; nothing where all are."""
        return ""

    def complete(self, names: Sequence[str]) -> tuple[tuple[Sample, ...], BoolArray | None]:
        """Variables over the worlds in which all of them are defined.

        Returns
        -------
        samples : tuple of Sample
            One for each name; empty if no world is left.
        keep : ndarray of bool, shape (n,), or None
            The worlds kept; None if that is all of them.
        """
        key = tuple(names)
        if key not in self._complete:
            self._complete[key] = self._select(key)
        return self._complete[key]

    def _select(self, names: tuple[str, ...]) -> tuple[tuple[Sample, ...], BoolArray | None]:
        keep: BoolArray | None = None
        for name in names:
            defined = self._defined(name)
            if defined is not None:
                keep = defined if keep is None else keep & defined
        if keep is None:
            return tuple(self.sample(name) for name in names), None
        if not keep.any():
            return (), keep
        samples = (self.sample(name) for name in names)
        return tuple(Sample(sample.values[keep], sample.tail) for sample in samples), keep

    def _defined(self, name: str) -> BoolArray | None:
        """Worlds in which a variable is defined; None for all."""
        if name not in self._kept:
            finite = np.isfinite(self.sample(name).values)
            self._kept[name] = None if finite.all() else finite
        return self._kept[name]


class PortfolioWorlds(Worlds):
    """The worlds of one portfolio."""

    def __init__(self, ds: xr.Dataset, portfolio: str) -> None:
        super().__init__(ds)
        self._ds = ds
        self._row = portfolio_names(ds).index(portfolio)
        self._laws = json.loads(ds.attrs.get("tails_json", "{}")).get(portfolio)
        self._tails: dict[str, Tail] = {}

    def read(self, name: str) -> FloatArray:
        """Values of a Dataset variable, or of a ratio of two, for this portfolio, shape (n,)."""
        if name == "reach_per_usd":
            return divide(self.sample("reach").values, self.sample("cost").values)
        if name == "cpm":
            return 1000 * divide(self.sample("cost").values, self.sample("impressions").values)
        if name not in self._ds:
            name = STANDS_FOR.get(name, name)
        if name not in self._ds:
            raise KeyError(f"the results hold no variable {name!r}")
        values = self._ds[name].transpose("portfolio", "sim").values[self._row]
        return np.ascontiguousarray(values, dtype=np.float64)

    def lacks(self, names: Sequence[str]) -> str:
        """Return why one of some variables is not there; nothing where all are."""
        return next((LEVERS[n] for n in names if n in LEVERS and n not in self._ds), "")

    def tail(self, name: str) -> Tail:
        """Return what the laws behind a variable say, by the groups that it depends on."""
        if name in _NO_TAIL:
            return LIGHT
        if self._laws is None or name not in _LAWS_OF:
            return UNKNOWN
        result = LIGHT
        for group in _LAWS_OF[name]:
            result &= self._group_tail(group)
        # Nothing but profit can fall without an end: as far as cost can rise.
        below = self._group_tail("cost").mean if name == "profit" else True
        return replace(result, lower=below)

    def _group_tail(self, group: str) -> Tail:
        if group not in self._tails:
            laws = {line: of[group] for line, of in self._laws.items() if group in of}
            if any(law["unknown"] for law in laws.values()):
                self._tails[group] = UNKNOWN
            else:
                self._tails[group] = self._missed(laws, group) if laws else LIGHT
        return self._tails[group]

    def _missed(self, laws: Mapping[str, Mapping[str, Any]], group: str) -> Tail:
        """Judge what the run can miss of heavy laws against how far a figure varies."""
        values = self.read(_SHOWN_BY[group])
        level = float(values.mean())
        if not level > 0.0:
            return UNKNOWN
        missed = np.zeros(2)
        for line, law in laws.items():
            share = self._share_of(line, _SHOWN_BY[group], level)
            missed += share**2 * law["second"], share**4 * law["fourth"]
        ratio = values / level
        # Worlds that are good for all creators are so for the rare ones too.
        missed *= _even_moments(ratio)
        spread = _even_moments(ratio - 1.0)
        mean, sd = (bool(m <= MOST_MISSED * s) for m, s in zip(missed, spread, strict=True))
        return Tail(mean, sd, mean, max(laws.values(), key=lambda law: law["second"])["why"])

    def _share_of(self, line: str, variable: str, level: float) -> float:
        """Return what part of a figure's mean a line brings; all of it where that is not stored."""
        name = f"line_{variable}"
        if not line or name not in self._ds:
            return 1.0
        lines = self._ds["line"].values.tolist()
        values = self._ds[name].transpose("line", "sim").values[lines.index(line)]
        return float(values.mean()) / level


def _even_moments(x: FloatArray) -> tuple[float, float]:
    """Return the means of x^2 and x^4."""
    squares = x * x
    return float(squares.mean()), float((squares * squares).mean())


class PairWorlds(Worlds):
    """Two portfolios in the same worlds.

    `roi_a`, `roi_b` and `roi_difference` (a - b) are read from `roi`, and so for every variable;
    `reach_per_usd` and `cpm` are ratios of the world, NaN where the denominator is zero. A side
    may take part in many pairs: it is read and sorted once.
    """

    def __init__(self, ds: xr.Dataset, a: PortfolioWorlds, b: PortfolioWorlds) -> None:
        super().__init__(ds)
        self._sides = {"a": a, "b": b}

    def read(self, name: str) -> FloatArray:
        """Return the difference a - b of a variable, shape (n,)."""
        variable, _, _ = name.rpartition("_")
        return self.sample(f"{variable}_a").values - self.sample(f"{variable}_b").values

    def sample(self, name: str) -> Sample:
        """Return a variable of one side, or the difference of both, over all worlds."""
        variable, _, side = name.rpartition("_")
        return super().sample(name) if side == "difference" else self._sides[side].sample(variable)

    def tail(self, name: str) -> Tail:
        """Return what the laws of both sides say."""
        variable, _, side = name.rpartition("_")
        if side != "difference":
            return self._sides[side].tail(variable)
        both = self._sides["a"].tail(variable) & self._sides["b"].tail(variable)
        return replace(both, lower=both.mean)


#: Worlds of portfolios kept at once, sorted and not: ten numbers each.
_KEPT = 4_000_000

Sides = Callable[[str], PortfolioWorlds]


def sides_of(ds: xr.Dataset) -> Sides:
    """Return what gives a portfolio's worlds by its name: each is read and sorted once for many."""
    kept = max(_KEPT // int(ds.sizes["sim"]), 2)
    return lru_cache(kept)(partial(PortfolioWorlds, ds))


def pair_worlds(ds: xr.Dataset, a: str, b: str) -> PairWorlds:
    """Return two portfolios of a run as a pair."""
    return PairWorlds(ds, PortfolioWorlds(ds, a), PortfolioWorlds(ds, b))


def currency_of(ds: xr.Dataset) -> str:
    """Return what a run counts money in; one of before there was a choice counts in USD."""
    return str(ds.attrs.get("currency", MONEY))


def portfolio_names(ds: xr.Dataset) -> list[str]:
    """Names of the portfolios, in the order of the Dataset."""
    return [str(name) for name in ds["portfolio"].values.tolist()]


def rows_of(ds: xr.Dataset, variable: str, portfolios: Sequence[str]) -> FloatArray:
    """Return a variable of some portfolios, shape (portfolios, worlds), in the order of the names."""
    known, values = portfolio_names(ds), ds[variable].transpose("portfolio", "sim")
    return np.array([values.isel(portfolio=known.index(name)).values for name in portfolios])


def creators_hired(ds: xr.Dataset) -> dict[str, int]:
    """Creators of each portfolio: the median over the worlds, where a budget is a cap."""
    counts = ds["creators"].values.tolist()
    if "hired" in ds and json.loads(ds.attrs.get("budgets_json", "{}")):
        middle = np.median(ds["hired"].transpose("portfolio", "sim").values, axis=-1)
        counts = np.floor(middle).tolist()
    return dict(zip(portfolio_names(ds), (int(count) for count in counts), strict=True))


def as_dataset(
    portfolios: tuple[str, ...], rows: Mapping[str, FloatArray], like: Mapping[str, Any]
) -> xr.Dataset:
    """Return arrays of shape (portfolios, worlds) as a Dataset that measures can read.

    Parameters
    ----------
    portfolios
        Names.
    rows
        Arrays by the names of the results schema.
    like
        Attributes of a run: how its worlds were sampled. Money is counted in the currency of the
        text at hand, unless they name another.
    """
    kept = {key: like[key] for key in ("sampling", "groups", "currency") if key in like}
    if currency() != MONEY:
        kept.setdefault("currency", currency())
    data: dict[str, Any] = {
        name: (("portfolio", "sim"), values, {}) for name, values in rows.items()
    }
    names: dict[str, Any] = {"portfolio": (("portfolio",), np.array(portfolios), {})}
    return labelled(names | data, ("portfolio",), kept)


def first_worlds(results: xr.Dataset, worlds: int) -> xr.Dataset:
    """Return the first worlds of a run; whole groups where its worlds come in groups."""
    size, groups = int(results.sizes["sim"]), int(results.attrs.get("groups", 0))
    if size <= worlds:
        return results
    kept = max(worlds * groups // size, 2)
    first = results.isel(sim=slice(0, kept * size // groups if groups else worlds))
    return first.assign_attrs(groups=kept if groups else 0)
