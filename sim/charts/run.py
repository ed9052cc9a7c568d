"""What the charts read from the results of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..measures.comparison import Comparison
from ..measures.evaluate import evaluate
from ..measures.summary import DEFAULT_TARGET, Summary, summarize
from ..measures.table import COMPARISONS
from ..measures.worlds import currency_of, pair_worlds, portfolio_names
from ..text.currency import writing_in
from ..text.names import few, listed
from ..text.numbers import counted
from .numbers import FloatArray, defined
from .theme import LIGHT, MIXED, Look, Theme, looks

if TYPE_CHECKING:
    import xarray as xr


def portfolio_tiers(ds: xr.Dataset) -> dict[str, str]:
    """Return the tier of each portfolio, ``mixed`` if its lines have several."""
    tiers_of: dict[str, set[str]] = {name: set() for name in portfolio_names(ds)}
    pairs = zip(ds["line_portfolio"].values.tolist(), ds["line_tier"].values.tolist(), strict=True)
    for portfolio, tier in pairs:
        tiers_of[str(portfolio)].add(str(tier))
    return {
        name: next(iter(tiers)) if len(tiers) == 1 else MIXED for name, tiers in tiers_of.items()
    }


def decision(ds: xr.Dataset) -> tuple[str, str] | None:
    """Return the portfolios a and b that the run is to decide between.

    Those of ``[decision]``, else the first two; None for a run of one portfolio.
    """
    names = portfolio_names(ds)
    table = tomllib.loads(str(ds.attrs.get("experiment_toml", ""))).get("decision", {})
    asked = (table.get("a"), table.get("b"))
    if asked[0] in names and asked[1] in names and asked[0] != asked[1]:
        return str(asked[0]), str(asked[1])
    return (names[0], names[1]) if len(names) > 1 else None


@dataclass(frozen=True)
class Run:
    """A run as the charts need it; what is costly is computed once.

    Attributes
    ----------
    ds : xarray.Dataset
        Results of the run.
    summary : Summary or None
        Its measures, where they are known already.
    target : float
        ROI aimed at, a fraction, where no summary says so.
    of : int
        Portfolios of the whole run, where these are some of them; else 0.
    """

    ds: xr.Dataset
    given: Summary | None = None
    target_roi: float = DEFAULT_TARGET
    of: int = 0

    def only(self, names: Sequence[str]) -> Run:
        """Return the run with some of its portfolios, which captions say."""
        if set(names) == set(self.names):
            return self
        lines = np.isin(self.ds["line_portfolio"].values.astype(str), list(names))
        some = self.ds.sel(portfolio=list(names)).isel(line=lines)
        return Run(some, self.given, self.target_roi, len(self.names))

    @property
    def names(self) -> list[str]:
        """Portfolios, in the order of the Dataset."""
        return portfolio_names(self.ds)

    @property
    def worlds(self) -> int:
        """Worlds drawn."""
        return int(self.ds.sizes["sim"])

    @property
    def target(self) -> float:
        """ROI aimed at, a fraction."""
        return self.given.target if self.given else self.target_roi

    @property
    def currency(self) -> str:
        """What its money is counted in."""
        return currency_of(self.ds)

    @cached_property
    def tiers(self) -> Mapping[str, str]:
        """Tier of each portfolio, or ``mixed``."""
        return portfolio_tiers(self.ds)

    def looks(self, theme: Theme | None) -> dict[str, Look]:
        """How each portfolio is drawn."""
        return looks(self.tiers, theme or LIGHT)

    def summary(self, *measures: str) -> Summary:
        """Return a summary that holds these measures."""
        given = self.given
        if given and all(name in row for row in given.portfolios.values() for name in measures):
            return given
        return summarize(self.ds, measures, target=self.target)

    def comparison(self, a: str, b: str, *measures: str) -> Comparison:
        """Return a comparison of a with b that holds these measures.

        Raises
        ------
        ValueError
            For names that the run does not have.
        """
        unknown = [name for name in (a, b) if name not in self.names]
        if unknown:
            raise ValueError(f"unknown portfolios: {listed(unknown)}; known: {listed(self.names)}")
        worlds = pair_worlds(self.ds, a, b)
        estimates = {name: evaluate(COMPARISONS[name], worlds, {}) for name in measures}
        return Comparison(a, b, estimates, {}, self.worlds)

    @cached_property
    def ordered_roi(self) -> Mapping[str, FloatArray]:
        """Sorted ROI of each portfolio, shape (n_defined,)."""
        roi = self.ds["roi"].transpose("portfolio", "sim").values
        return {name: defined(row) for name, row in zip(self.names, roi, strict=True)}

    def left_out(self, names: Iterable[str] | None = None) -> str:
        """Return a note on portfolios that are not shown and worlds without an ROI (no cost)."""
        missing = {
            name: self.worlds - self.ordered_roi[name].size
            for name in (self.names if names is None else names)
        }
        counts = [f"{name} {counted(count)}" for name, count in missing.items() if count]
        some = f"; {counted(len(self.names))} of {counted(self.of)} portfolios" if self.of else ""
        return some + (f"; worlds without cost left out: {few(counts)}" if counts else "")


Plot = TypeVar("Plot", bound=Callable[..., Any])


def in_its_currency(plot: Plot) -> Plot:
    """Let a function of a run word money in the currency of that run."""

    @wraps(plot)
    def worded(data: xr.Dataset | Run, *args: Any, **others: Any) -> Any:
        run = as_run(data)
        with writing_in(run.currency):
            return plot(run, *args, **others)

    return worded  # type: ignore[return-value]


def as_run(data: xr.Dataset | Run) -> Run:
    """Take the results of a run, or what another chart already made of them."""
    return data if isinstance(data, Run) else Run(data)
