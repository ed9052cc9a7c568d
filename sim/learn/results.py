"""What campaigns brought, as far as it is learned from: read from tables, kept in TOML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..experiment import Experiment
from ..experiment.models import Results
from ..forecasts.results import portfolios_of_rows
from ..reading import RESULTS, Reading, ReadingError, read_table
from ..text.names import spoken
from ..text.numbers import counted

#: What is learned from, by the name of its column, in the order of a cell's columns.
FIGURES = ("cost", "impressions", "engagements", "tracked_orders", "revenue")


class LearnError(RuntimeError):
    """Results that nothing can be learned from, with the way out."""


@dataclass(frozen=True)
class Row:
    """What a portfolio, a line of it or one of its creators brought.

    Attributes
    ----------
    portfolio, line, creator
        Whose it is; empty where the row is not about one line, or one creator.
    figures
        By name of `FIGURES`, those that are known: USD, impressions, engagements, orders.
    """

    portfolio: str
    line: str
    creator: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Campaign:
    """A campaign and its results.

    Attributes
    ----------
    name
        File that they came in.
    portfolio
        Tables of the portfolios as they were run, by name.
    rows
        What they brought.
    notes
        How the file was read.
    """

    name: str
    portfolio: Mapping[str, Mapping[str, Any]]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of what was run and what it brought, whatever the file is called."""
        content = json.dumps(_plain([self.portfolio, self._told()]), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def repeats(self, other: Campaign) -> bool:
        """Return whether it is another once more: the same results, or a file of the same name.

        A portfolio that was changed since must not make a second campaign of one.
        """
        alike = self._told() == other._told()
        return alike and (self.name == other.name or self.digest == other.digest)

    def _told(self) -> list[list[Any]]:
        return sorted(
            [row.portfolio, row.line, row.creator, sorted(row.figures.items())] for row in self.rows
        )

    def of(self, portfolio: str) -> list[Row]:
        """Return the rows of a portfolio."""
        return [row for row in self.rows if row.portfolio == portfolio]

    def table(self) -> dict[str, Any]:
        """Return it as a table of ``[[learned.results]]``."""
        rows = [
            {"portfolio": row.portfolio}
            | {key: text for key, text in (("line", row.line), ("creator", row.creator)) if text}
            | dict(row.figures)
            for row in self.rows
        ]
        return {
            "name": self.name,
            "digest": self.digest,
            "portfolio": {name: dict(table) for name, table in self.portfolio.items()},
            "rows": rows,
        }


def _plain(item: Any) -> Any:
    """Return a value whose numbers are all of one kind, however a file wrote them."""
    if isinstance(item, Mapping):
        return {str(key): _plain(inner) for key, inner in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(inner) for inner in item]
    number = isinstance(item, int | float) and not isinstance(item, bool)
    return float(item) if number else item


def kept(results: Sequence[Results]) -> list[Campaign]:
    """Return the campaigns whose results an experiment keeps."""
    return [
        Campaign(
            one.name,
            one.portfolio,
            tuple(
                Row(
                    row.portfolio, row.line or "", row.creator or "",
                    {f: getattr(row, f) for f in FIGURES if getattr(row, f) is not None},
                )
                for row in one.rows
            ),
        )
        for one in results
    ]  # fmt: skip


def read_campaign(
    path: Path,
    experiment: Experiment,
    *,
    portfolio: str | None = None,
    mapped: Mapping[str, str] | None = None,
) -> Campaign:
    """Read the results of a campaign that ran portfolios of an experiment.

    Parameters
    ----------
    path
        A CSV file or a workbook with a header; a row for each portfolio, line or creator.
    experiment
        Whose portfolios they are.
    portfolio
        The one that was run, where no column says it.
    mapped
        Columns by what they are, where their names do not say it.

    Raises
    ------
    LearnError
        With every fault.
    """
    names = list(experiment.portfolio) if portfolio is None else [portfolio]
    try:
        table = read_table(path, RESULTS, mapped=mapped, currency=experiment.currency)
        rows, notes = _rows(table, names)
    except ReadingError as error:
        raise LearnError("\n".join(f"{path}: {fault}" for fault in error.faults)) from None
    tables = experiment.tables()["portfolio"]
    run = {name: tables[name] for name in dict.fromkeys(row.portfolio for row in rows)}
    return Campaign(path.name, run, tuple(rows), (table.read, *table.notes, *notes))


def _rows(table: Reading, portfolios: Collection[str]) -> tuple[list[Row], list[str]]:
    """Return the rows that tell anything, sums where several speak of the same."""
    figures = [figure for figure in FIGURES if figure in table.numbers]
    if not figures:
        words = ", ".join(spoken(figure) for figure in FIGURES)
        raise ReadingError(f"has no figure to learn from ({table.read}); those are {words}")
    faults = [
        f"{table.titles[figure]}: is a mean per post; give the total"
        for figure in figures if figure in table.averaged
    ]  # fmt: skip
    names = portfolios_of_rows(table, portfolios, faults)
    lines, creators = (table.text.get(key, [""] * len(table.rows)) for key in ("line", "creator"))
    for name in dict.fromkeys(names):
        rows = [at for at, other in enumerate(names) if other == name]
        for key, told in (("line", lines), ("creator", creators)):
            known = [bool(told[at]) for at in rows]
            if any(known) and not all(known):
                at = rows[known.index(False)]
                faults.append(f"{table.place(at, key)}: is empty, and other rows of {name} are not")
    if faults:
        raise ReadingError(*faults)
    notes = []
    if "clicks" in table.numbers:
        notes.append("nothing is learned from clicks")
    together: dict[tuple[str, str, str], list[int]] = {}
    for at, whose in enumerate(zip(names, lines, creators, strict=True)):
        together.setdefault(whose, []).append(at)
    result = []
    for (portfolio, line, creator), places in together.items():
        own = {figure: table.numbers[figure][places] for figure in figures}
        whole = {f: float(values.sum()) for f, values in own.items() if np.isfinite(values).all()}
        for figure in figures:
            missing = int((~np.isfinite(own[figure])).sum())
            if 0 < missing < len(places):
                notes.append(
                    f"{creator or line or portfolio}: {spoken(figure)} are missing in {counted(missing)} of "
                    f"{counted(len(places), 'row')}, so nothing is learned from the others"
                )
        if len(places) > 1 and creator:
            notes.append(f"{creator}: {counted(len(places), 'row')} are added up")
        if whole:
            result.append(Row(portfolio, line, creator, whole))
    if not result:
        raise ReadingError("has no row with a figure")
    return result, notes
