"""Reading the results Dataset: the only place in this room that knows its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .estimate import BoolArray, FloatArray, Sample, divide

if TYPE_CHECKING:
    import xarray as xr

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
    """

    groups: int
    clustered: bool

    def __init__(self, ds: xr.Dataset) -> None:
        self.groups = int(ds.attrs.get("groups", 0))
        self.clustered = ds.attrs.get("sampling") == CLUSTERED_SAMPLING
        self._samples: dict[str, Sample] = {}
        self._kept: dict[str, BoolArray | None] = {}
        self._complete: dict[tuple[str, ...], tuple[tuple[Sample, ...], BoolArray | None]] = {}

    def read(self, name: str) -> FloatArray:
        """Values of a variable, shape (n,), NaN where it is undefined."""
        raise NotImplementedError

    def sample(self, name: str) -> Sample:
        """Return a variable over all worlds, undefined ones included."""
        if name not in self._samples:
            self._samples[name] = Sample(self.read(name))
        return self._samples[name]

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
        return tuple(Sample(self.sample(name).values[keep]) for name in names), keep

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

    def read(self, name: str) -> FloatArray:
        """Values of a Dataset variable for this portfolio, shape (n,)."""
        if name not in self._ds:
            raise KeyError(f"the results hold no variable {name!r}")
        values = self._ds[name].transpose("portfolio", "sim").values[self._row]
        return np.ascontiguousarray(values, dtype=np.float64)


class PairWorlds(Worlds):
    """Two portfolios in the same worlds.

    `roi_a`, `roi_b` and `roi_difference` (a - b) are read from `roi`, and so for every variable;
    `reach_per_usd` and `cpm` are ratios of the world, NaN where the denominator is zero.
    """

    def __init__(self, ds: xr.Dataset, a: str, b: str) -> None:
        super().__init__(ds)
        self._sides = {"a": PortfolioWorlds(ds, a), "b": PortfolioWorlds(ds, b)}

    def read(self, name: str) -> FloatArray:
        """Values of a variable of one side, or of the difference a - b, shape (n,)."""
        variable, _, side = name.rpartition("_")
        if side == "difference":
            return self.sample(f"{variable}_a").values - self.sample(f"{variable}_b").values
        worlds = self._sides[side]
        if variable == "reach_per_usd":
            return divide(worlds.sample("reach").values, worlds.sample("cost").values)
        if variable == "cpm":
            return 1000 * divide(worlds.sample("cost").values, worlds.sample("impressions").values)
        return worlds.sample(variable).values


def portfolio_names(ds: xr.Dataset) -> list[str]:
    """Names of the portfolios, in the order of the Dataset."""
    return [str(name) for name in ds["portfolio"].values.tolist()]


def creators_hired(ds: xr.Dataset) -> dict[str, int]:
    """Creators of each portfolio."""
    counts = ds["creators"].values.tolist()
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
        Attributes of a run: how its worlds were sampled.
    """
    import xarray as xr

    kept = {key: like[key] for key in ("sampling", "groups") if key in like}
    data = {name: (("portfolio", "sim"), values) for name, values in rows.items()}
    return xr.Dataset(data, coords={"portfolio": list(portfolios)}, attrs=kept)


def first_worlds(results: xr.Dataset, worlds: int) -> xr.Dataset:
    """Return the first worlds of a run; whole groups where its worlds come in groups."""
    size, groups = int(results.sizes["sim"]), int(results.attrs.get("groups", 0))
    if size <= worlds:
        return results
    kept = max(worlds * groups // size, 2)
    first = results.isel(sim=slice(0, kept * size // groups if groups else worlds))
    return first.assign_attrs(groups=kept if groups else 0)
