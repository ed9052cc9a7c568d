"""Two portfolios in the same worlds: which wins, how often, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from ..displays import table
from .evaluate import Measured, evaluate
from .format import cell
from .table import COMPARISONS
from .worlds import PairWorlds, PortfolioWorlds, portfolio_names

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Comparison:
    """Measures of portfolio a against portfolio b.

    Attributes
    ----------
    a, b : str
        Names of the portfolios.
    measures : mapping of str to Measured
        By name, see `COMPARISONS`.
    worlds : int
        Worlds that both ran in.
    """

    a: str
    b: str
    measures: Mapping[str, Measured]
    worlds: int

    def __getitem__(self, name: str) -> Measured:
        """Return one measure."""
        return self.measures[name]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: `{"a": ..., "b": ..., name: {"value": ..., "se": ...}}`."""
        entries = {name: entry.to_dict() for name, entry in self.measures.items()}
        return {"a": self.a, "b": self.b, **entries}

    def __repr__(self) -> str:
        """Show one line per measure."""
        width = max(map(len, self.measures), default=0)
        lines = [self._caption()]
        for name, entry in self.measures.items():
            unit = "" if entry.unit == "fraction" else f" {entry.unit}"
            why = f" ({entry.reason})" if entry.reason else ""
            text = cell(entry.value, entry.se, entry.unit)
            lines.append(f"{name.ljust(width)}  {text}{unit}{why}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        rows = [
            (
                COMPARISONS[name].long_name,
                cell(entry.value, entry.se, entry.unit),
                "" if entry.unit == "fraction" else entry.unit,
                entry.reason or "",
            )
            for name, entry in self.measures.items()
        ]
        caption = f"{self._caption()}; ± is one Monte Carlo standard error"
        return table(("", "value", "unit", "reason"), rows, caption)

    def _caption(self) -> str:
        return f"a = {self.a}, b = {self.b}, {self.worlds:,} worlds"


def compare(ds: xr.Dataset, a: str, b: str) -> Comparison:
    """Compare two portfolios world by world.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).
    a, b : str
        Names of two different portfolios.

    Raises
    ------
    ValueError
        For a portfolio that the run does not have, or twice the same.
    """
    return next(compare_pairs(ds, [(a, b)]))


def compare_pairs(ds: xr.Dataset, pairs: Iterable[tuple[str, str]]) -> Iterator[Comparison]:
    """Yield the comparison of each pair of portfolios; each is read and sorted once for many.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).
    pairs : iterable of (str, str)
        Names of two different portfolios each.

    Raises
    ------
    ValueError
        For a portfolio that the run does not have, or twice the same.
    """
    known, worlds = portfolio_names(ds), int(ds.sizes["sim"])
    side = lru_cache(max(_KEPT // worlds, 2))(partial(PortfolioWorlds, ds))
    for a, b in pairs:
        unknown = [name for name in (a, b) if name not in known]
        if unknown:
            listed = ", ".join(known)
            raise ValueError(f"unknown portfolios: {', '.join(unknown)}; known are {listed}")
        if a == b:
            raise ValueError(f"a comparison needs two different portfolios (got {a} twice)")
        pair = PairWorlds(ds, side(a), side(b))
        measures = {name: evaluate(row, pair, {}) for name, row in COMPARISONS.items()}
        yield Comparison(a, b, measures, worlds)


#: Worlds of portfolios kept at once, sorted and not: ten numbers each.
_KEPT = 4_000_000
