"""Two portfolios in the same worlds: which wins, how often, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..displays import table
from ..text.currency import currency, in_currency
from ..text.numbers import cell, counted, is_fraction
from ..text.verdicts import direction
from .dominance import NOT_TOLD, Dominance, first_order_range, second_order_range
from .evaluate import Measured, evaluate
from .table import COMPARISONS
from .worlds import PairWorlds, Sides, currency_of, portfolio_names, sides_of

if TYPE_CHECKING:
    import xarray as xr

#: What dominance is told of: a variable and an order.
DOMINANCE = {
    f"{variable}_{word}_order": (variable, order)
    for variable in ("roi", "profit")
    for order, word in ((1, "first"), (2, "second"))
}


@dataclass(frozen=True)
class Comparison:
    """Measures of portfolio a against portfolio b.

    Attributes
    ----------
    a, b : str
        Names of the portfolios.
    measures : mapping of str to Measured
        By name, see `COMPARISONS`.
    dominance : mapping of str to Dominance
        By `DOMINANCE`, between which probabilities one is told to dominate the other.
    worlds : int
        Worlds that both ran in.
    currency : str
        What money is counted in.
    """

    a: str
    b: str
    measures: Mapping[str, Measured]
    dominance: Mapping[str, Dominance]
    worlds: int
    currency: str = field(default_factory=currency)

    def __getitem__(self, name: str) -> Measured:
        """Return one measure."""
        return self.measures[name]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: `{"a": ..., "b": ..., name: {"value": ..., "se": ...}}`.

        Under `"dominance"`, by `DOMINANCE`: who is `"ahead"`, `"from"` and `"to"` which level.
        """
        entries = {name: entry.to_dict() for name, entry in self.measures.items()}
        return {"a": self.a, "b": self.b, **entries, "dominance": self._told()}

    def _told(self) -> dict[str, dict[str, Any]]:
        names = {True: self.a, False: self.b, None: None}
        return {
            name: {"ahead": names[seen.a_ahead], "from": seen.low, "to": seen.high}
            | ({} if seen.a_ahead is not None else {"reason": NOT_TOLD[seen.order]})
            for name, seen in self.dominance.items()
        }

    @staticmethod
    def told_in(row: Mapping[str, Any]) -> dict[str, Dominance]:
        """Return what `to_dict` wrote of dominance."""
        ahead = {row["a"]: True, row["b"]: False, None: None}
        return {
            name: Dominance(order, ahead[entry["ahead"]], entry["from"], entry["to"])
            for (name, (_, order)), entry in zip(
                DOMINANCE.items(), (row["dominance"][name] for name in DOMINANCE), strict=True
            )
        }

    def __repr__(self) -> str:
        """Show one line per measure."""
        width = max(map(len, self.measures), default=0)
        lines = [self._caption()]
        for name, entry in self.measures.items():
            unit = "" if is_fraction(entry.unit) else f" {entry.unit}"
            why = f" ({entry.reason})" if entry.reason else ""
            text = cell(entry)
            lines.append(f"{name.ljust(width)}  {text}{unit}{why}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        rows = [
            (
                in_currency(COMPARISONS[name].long_name, self.currency),
                cell(entry),
                "" if is_fraction(entry.unit) else entry.unit,
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
    return next(compare_pairs(ds, [(a, b)]))


def compare_pairs(
    ds: xr.Dataset, pairs: Iterable[tuple[str, str]], sides: Sides | None = None
) -> Iterator[Comparison]:
    """Yield the comparison of each pair of portfolios; each is read and sorted once for many.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).
    pairs : iterable of (str, str)
        Names of two different portfolios each.
    sides : callable, optional
        What `sides_of` returned, where portfolios have been read already.

    Raises
    ------
    ValueError
        For a portfolio that the run does not have, or twice the same.
    """
    known, worlds = portfolio_names(ds), int(ds.sizes["sim"])
    side = sides or sides_of(ds)
    for a, b in pairs:
        unknown = [name for name in (a, b) if name not in known]
        if unknown:
            listed = ", ".join(known)
            raise ValueError(f"unknown portfolios: {', '.join(unknown)}; known are {listed}")
        if a == b:
            raise ValueError(f"a comparison needs two different portfolios (got {a} twice)")
        pair = PairWorlds(ds, side(a), side(b))
        measures = {name: evaluate(row, pair, {}) for name, row in COMPARISONS.items()}
        told = {name: _dominance(pair, measures, *of) for name, of in DOMINANCE.items()}
        yield Comparison(a, b, measures, told, worlds, currency_of(ds))


def _dominance(
    worlds: PairWorlds, measures: Mapping[str, Measured], variable: str, order: int
) -> Dominance:
    """Return between which levels one is told to dominate, over worlds where both are defined."""
    samples, keep = worlds.complete((f"{variable}_a", f"{variable}_b"))
    # Worlds that are left out would make groups unequal.
    if not samples or (worlds.groups and keep is not None):
        return Dominance(order)
    x, y = samples
    if order == 1:
        return first_order_range(x, y, worlds.groups)
    gap = measures[f"{variable}_difference_mean"]
    return second_order_range(x, y, direction(gap), worlds.groups)
