"""What a campaign brought: the totals of each portfolio, from a table as it comes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..experiment.faults import suggestion
from ..reading import RESULTS, Reading, ReadingError, read_table
from ..text.currency import currency
from ..text.names import spoken
from ..text.numbers import counted
from .forecast import FIGURES
from .log import ForecastError


@dataclass(frozen=True)
class Totals:
    """Totals of the portfolios of a campaign, or of several campaigns.

    Attributes
    ----------
    of
        By portfolio, then by figure; a figure that is not known of a portfolio is not there.
    read
        What each column was taken for, in one line.
    notes
        What was left out, and what else was decided.
    """

    of: Mapping[str, Mapping[str, float]]
    read: str
    notes: tuple[str, ...]


def read_results(
    path: Path, portfolios: Collection[str] | None, *, mapped: Mapping[str, str] | None = None
) -> Totals:
    """Read results: a row for each portfolio, line or creator, which is summed.

    Parameters
    ----------
    path
        A CSV file or a workbook with a header.
    portfolios
        Names that the portfolios may have; None for any, then a column must name them. Without a
        column, all rows are those of the only portfolio.
    mapped
        Columns by what they are, where their names do not say it.

    Notes
    -----
    Results of known portfolios must be in the currency of the text at hand, that of the forecast.

    Raises
    ------
    ForecastError
        With every fault.
    """
    try:
        counted_in = "" if portfolios is None else currency()
        table = read_table(path, RESULTS, mapped=mapped, currency=counted_in)
        return _totals(table, portfolios)
    except ReadingError as error:
        raise ForecastError("\n".join(f"{path}: {fault}" for fault in error.faults)) from None


def _totals(table: Reading, portfolios: Collection[str] | None) -> Totals:
    figures = [figure for figure in FIGURES if figure in table.numbers]
    if not figures:
        words = ", ".join(spoken(figure) for figure in FIGURES)
        raise ReadingError(f"has no figure that is forecast ({table.read}); those are {words}")
    faults = [
        f"{table.titles[figure]}: is a mean per post; give the total"
        for figure in figures if figure in table.averaged
    ]  # fmt: skip
    names = portfolios_of_rows(table, portfolios, faults)
    if faults:
        raise ReadingError(*faults)
    totals: dict[str, dict[str, float]] = {}
    notes = list(table.notes)
    for name in dict.fromkeys(names):
        rows = np.array([other == name for other in names])
        totals[name] = {}
        for figure in figures:
            values = table.numbers[figure][rows]
            known = np.isfinite(values)
            if known.all():
                totals[name][figure] = float(values.sum())
            elif known.any():
                notes.append(
                    f"{name}: {spoken(figure)} are not scored, missing in {counted(int((~known).sum()))} "
                    f"of {counted(len(values), 'row')}; write 0 where there was none"
                )
    return Totals(totals, table.read, tuple(notes))


def portfolios_of_rows(
    table: Reading, portfolios: Collection[str] | None, faults: list[str]
) -> list[str]:
    """Return the portfolio of each row of results; faults where it is unknown."""
    written = table.text.get("portfolio")
    if written is None:
        if portfolios is not None and len(portfolios) == 1:
            return [next(iter(portfolios))] * len(table.rows)
        many = "" if portfolios is None else f": {', '.join(portfolios)}"
        faults.append(f"no column names the portfolio ({table.read}), and there are several{many}")
        return []
    for at, name in enumerate(written):
        if not name:
            faults.append(f"{table.place(at, 'portfolio')}: is empty; name the portfolio")
        elif portfolios is not None and name not in portfolios:
            hint = suggestion(name, portfolios)
            faults.append(f"{table.place(at, 'portfolio')}: {name!r} was not forecast; {hint}")
    return list(written)
