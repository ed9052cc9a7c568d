"""Every measure of every portfolio of a run, with its Monte Carlo standard error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..displays import table
from ..tables import Column, Table
from ..text.currency import currency, in_own_currency
from ..text.names import measure_heading
from ..text.numbers import counted, is_fraction, labelled, money, percent
from .evaluate import Measured, evaluate
from .hired import Hired, hired
from .table import MEASURES, Measure
from .worlds import (
    PortfolioWorlds,
    Sides,
    creators_hired,
    currency_of,
    portfolio_names,
    sides_of,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

ASSETS = ("assets_mean", "cost_per_asset")
DEFAULT_TARGET = 1.0
"""ROI of +100 %: every dollar spent comes back and brings a second one."""


@dataclass(frozen=True)
class Summary:
    """Measures of the portfolios of one run.

    Attributes
    ----------
    portfolios : mapping of str to mapping of str to Measured
        By portfolio, then by measure.
    creators : mapping of str to int
        Creators hired.
    worlds : int
        Worlds drawn.
    target : float
        ROI that `target_probability` refers to, a fraction.
    risk_tolerance : float or None
        Money, of `certainty_equivalent`; None if there was nothing to take it from.
    hired : mapping of str to Hired
        Whom the budget of a portfolio hires, where it is a cap.
    currency : str
        What money is counted in.
    """

    portfolios: Mapping[str, Mapping[str, Measured]]
    creators: Mapping[str, int]
    worlds: int
    target: float
    risk_tolerance: float | None
    hired: Mapping[str, Hired] = field(default_factory=dict)
    currency: str = field(default_factory=currency)

    def __getitem__(self, portfolio: str) -> Mapping[str, Measured]:
        """Return the measures of one portfolio by name."""
        return self.portfolios[portfolio]

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return plain numbers: `{portfolio: {"creators": n, "measures": {name: {...}}}}`."""
        return {
            portfolio: {
                "creators": self.creators[portfolio],
                "measures": {name: entry.to_dict() for name, entry in measures.items()},
            }
            | ({"hired": self.hired[portfolio].to_dict()} if portfolio in self.hired else {})
            for portfolio, measures in self.portfolios.items()
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows: portfolio, measure, value, se, unit, reason."""
        return [
            {
                "portfolio": portfolio,
                "measure": name,
                "value": entry.value,
                "se": entry.se,
                "unit": entry.unit,
                "reason": entry.reason,
            }
            for portfolio, measures in self.portfolios.items()
            for name, entry in measures.items()
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame: portfolio, measure, value, se, unit, reason."""
        import pandas as pd

        return pd.DataFrame(self.to_rows())

    def headline(self, measures: Iterable[str]) -> list[str]:
        """Return measures for a first look: some, and usable assets where a portfolio leaves any."""
        told = [own.get("assets_mean") for own in self.portfolios.values()]
        leaves = any(one is not None and bool(one.value) for one in told)
        return [*measures, *(ASSETS if leaves else ())]

    @in_own_currency
    def table(self, measures: Iterable[str] | None = None, *, words: bool = False) -> Table:
        """Return the portfolios side by side, a row for each measure, the creators hired first.

        Parameters
        ----------
        measures : iterable of str, optional
            Names from `MEASURES`; by default all that it has.
        words : bool
            Whether measures are told in words, units included, instead of by their names with
            units in the last column.
        """
        first: Mapping[str, Measured] = next(iter(self.portfolios.values()), {})
        names = list(first) if measures is None else list(measures)
        units = [first[name].unit for name in names]
        told = [labelled(measure_heading(n), u) for n, u in zip(names, units, strict=True)]
        label = Column("measure", ["creators", *(told if words else names)])
        portfolios = [
            Column(
                portfolio,
                [self.creators[portfolio], *(own[name].value for name in names)],
                errors=[0.0, *(own[name].se for name in names)],
                heading=portfolio,
                units=["creators", *units],
            )
            for portfolio, own in self.portfolios.items()
        ]
        beside = Column("unit", ["", *("" if is_fraction(unit) else unit for unit in units)])
        columns = (label, *portfolios) if words else (label, *portfolios, beside)
        return Table("portfolios", "a measure of every portfolio", columns)

    def __repr__(self) -> str:
        """Show a table, one column per portfolio."""
        rows = [["", *self.portfolios, ""], *self._lines()]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        text = [
            "  ".join([row[0].ljust(widths[0])]
                      + [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1],
                                                                  strict=True)]
                      + [row[-1]]).rstrip()
            for row in rows
        ]  # fmt: skip
        return "\n".join([*text, self._caption()])

    def _repr_html_(self) -> str:
        """Return the same table for a notebook."""
        return table(["", *self.portfolios, "unit"], self._lines(), self._caption())

    def _lines(self) -> list[tuple[str, ...]]:
        return list(self.table().texts())

    @in_own_currency
    def _caption(self) -> str:
        tolerance = "none" if self.risk_tolerance is None else money(self.risk_tolerance)
        return (
            f"{counted(self.worlds, 'world')}; ± is one Monte Carlo standard error, * stands for "
            f"none (see the reason); target ROI {percent(self.target)}, risk tolerance {tolerance}"
        )


def summarize(
    ds: xr.Dataset,
    measures: Iterable[str] | None = None,
    *,
    target: float = DEFAULT_TARGET,
    risk_tolerance: float | None = None,
    sides: Sides | None = None,
) -> Summary:
    """Compute measures for every portfolio of a run.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).
    measures : iterable of str, optional
        Names from `MEASURES`; all of them by default.
    target : float
        ROI that `target_probability` asks for, a fraction; 1 is +100 %.
    risk_tolerance : float, optional
        Money, for `certainty_equivalent`: about the largest R for which an even chance of winning R
        or losing R / 2 is still worth taking. By default the mean cost of the dearest portfolio,
        the same for all of them, so that certainty equivalents can be compared.
    sides : callable, optional
        What `sides_of` returned, where portfolios are read for a comparison too.

    Raises
    ------
    ValueError
        For an unknown measure, a target that is not finite or a risk tolerance that is not
        positive.
    """
    rows = _rows(measures)
    if not math.isfinite(target):
        raise ValueError(f"target must be a finite ROI (got {target})")
    if risk_tolerance is not None and not 0 < risk_tolerance < math.inf:
        raise ValueError(
            f"risk_tolerance must be a positive amount of money (got {risk_tolerance})"
        )
    names, side = portfolio_names(ds), sides or sides_of(ds)
    if risk_tolerance is None:
        risk_tolerance = _dearest_mean_cost(map(side, names))
    settings = {"target": target, "risk_tolerance": risk_tolerance or math.nan}
    return Summary(
        portfolios={
            name: {row.name: evaluate(row, side(name), settings) for row in rows} for name in names
        },
        creators=creators_hired(ds),
        worlds=int(ds.sizes["sim"]),
        target=target,
        risk_tolerance=risk_tolerance,
        hired=hired(ds),
        currency=currency_of(ds),
    )


def _rows(names: Iterable[str] | None) -> list[Measure]:
    chosen = list(MEASURES) if names is None else list(names)
    unknown = [name for name in chosen if name not in MEASURES]
    if unknown:
        raise ValueError(
            f"unknown measures: {', '.join(map(str, unknown))}; known are {', '.join(MEASURES)}"
        )
    return [MEASURES[name] for name in chosen]


def _dearest_mean_cost(portfolios: Iterable[PortfolioWorlds]) -> float | None:
    """Highest mean cost of a portfolio, money; None if nothing costs anything."""
    means = [float(of.sample("cost").mean) for of in portfolios]
    return max((cost for cost in means if cost > 0), default=None)
