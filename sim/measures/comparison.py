"""Two portfolios in the same worlds: which wins, how often, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..displays import table
from ..text.numbers import cell, counted
from .evaluate import Measured, evaluate
from .table import COMPARISONS
from .worlds import PairWorlds, portfolio_names

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
            text = cell(entry)
            lines.append(f"{name.ljust(width)}  {text}{unit}{why}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        rows = [
            (
                COMPARISONS[name].long_name,
                cell(entry),
                "" if entry.unit == "fraction" else entry.unit,
                entry.reason or "",
            )
            for name, entry in self.measures.items()
        ]
        caption = f"{self._caption()}; ± is one Monte Carlo standard error"
        return table(("", "value", "unit", "reason"), rows, caption)

    def _caption(self) -> str:
        return f"a = {self.a}, b = {self.b}, {counted(self.worlds, 'world')}"


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
    known = portfolio_names(ds)
    unknown = [name for name in (a, b) if name not in known]
    if unknown:
        raise ValueError(f"unknown portfolios: {', '.join(unknown)}; known are {', '.join(known)}")
    if a == b:
        raise ValueError(f"a comparison needs two different portfolios (got {a} twice)")
    worlds = PairWorlds(ds, a, b)
    measures = {name: evaluate(row, worlds, {}) for name, row in COMPARISONS.items()}
    return Comparison(a, b, measures, int(ds.sizes["sim"]))
