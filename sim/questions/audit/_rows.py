"""The rows of `sim/evidence/audit.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from typing import Any

from ...evidence import Quoted, claims, published
from .expressions import TermError, measured_in, parts_of, verb_of

Term = Any


class AuditError(ValueError):
    """A row of the audit that cannot be used; the message names it."""


@dataclass(frozen=True)
class Row:
    """One claim and how to check it; the words are those of the data file.

    Attributes
    ----------
    tolerance
        How far a figure without a range may be off, as a share of itself; None for the file's.
    built_in
        Key of the experiment whose packaged default was made of this claim.
    """

    id: str
    says: str
    claims: tuple[str, ...]
    claimed: Term
    simulated: Term = None
    against: tuple[Term, ...] = ()
    requires: Mapping[str, Term] = field(default_factory=dict)
    among: Mapping[str, str] = field(default_factory=dict)
    levers: tuple[str, ...] = ()
    tolerance: float | None = None
    built_in: str = ""
    unit: str = ""
    note: str = ""

    @property
    def terms(self) -> Iterator[Term]:
        """Every term of the row."""
        yield self.claimed
        yield from self.against
        if self.simulated is not None:
            yield self.simulated
        if self.requires:
            yield self.requires["is"]


@dataclass(frozen=True)
class Case:
    """A campaign with facts of its own: a portfolio, and keys of the experiment that it fixes."""

    portfolio: Mapping[str, Any]
    set: Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """Everything in the data file, with the figures that it speaks of.

    Attributes
    ----------
    tolerance
        How far a figure without a range may be off, as a share of itself.
    portfolios, cases
        What is simulated, by name.
    rows
        The claims.
    figures
        Rows of the evidence by id.
    """

    tolerance: float
    portfolios: Mapping[str, Mapping[str, Any]]
    cases: Mapping[str, Case]
    rows: tuple[Row, ...]
    figures: Mapping[str, Quoted]

    @property
    def checked(self) -> set[str]:
        """Rows of the evidence that some row of the audit speaks of."""
        named = {name for row in self.rows for name in row.claims}
        parts = (part for row in self.rows for term in row.terms for part in parts_of(term))
        return named | {part["claim"] for part in parts if "claim" in part}

    @property
    def listed(self) -> tuple[Quoted, ...]:
        """Figures that are neither checked here nor enter a default; each says why."""
        return tuple(f for f in self.figures.values() if f.use == "neither")


@cache
def packaged() -> Book:
    """Return the packaged audit."""
    path = resources.files("sim.evidence").joinpath("audit.toml")
    return read_book(tomllib.loads(path.read_text(encoding="utf-8")))


def read_book(tables: Mapping[str, Any], figures: Mapping[str, Quoted] | None = None) -> Book:
    """Check the tables of an audit file.

    Parameters
    ----------
    tables
        The file as parsed.
    figures
        Rows of the evidence by id; the packaged ones by default.

    Raises
    ------
    AuditError
        Where a row has unknown keys, says nothing that can be checked, or names claims that do
        not exist.
    """
    known = {figure.id: figure for figure in (*claims(), *published())}
    book = Book(
        tolerance=float(tables.get("tolerance", 0.0)),
        portfolios=tables.get("portfolio", {}),
        cases={name: Case(case["portfolio"], case.get("set", {}))
               for name, case in tables.get("case", {}).items()},
        rows=tuple(_row(table) for table in tables.get("row", ())),
        figures=known if figures is None else figures,
    )  # fmt: skip
    seen: set[str] = set()
    for row in book.rows:
        if row.id in seen:
            raise AuditError(f"{row.id}: two rows have this id")
        seen.add(row.id)
        unknown = [name for name in (*row.claims, *_names(row)) if name not in book.figures]
        if unknown:
            raise AuditError(f"{row.id}: no claim is called {unknown[0]!r}")
    return book


def _row(table: Mapping[str, Any]) -> Row:
    name = str(table.get("id", "a row without id"))
    unknown = set(table) - {each.name for each in fields(Row)}
    missing = {"id", "says", "claims"} - set(table)
    if unknown or missing:
        raise AuditError(f"{name}: has no {', '.join(missing)}" if missing
                         else f"{name}: {', '.join(unknown)} is no key of a row")  # fmt: skip
    if not table["claims"] or not {"simulated", "requires", "against"} & set(table):
        raise AuditError(f"{name}: needs claims, and `simulated`, `requires` or `against`")
    wanted = table.get("requires", {})
    if "claimed" not in table and not wanted and len(table["claims"]) > 1:
        raise AuditError(f"{name}: with several claims, say in `claimed` what they amount to")
    lists = {key: tuple(table.get(key, ())) for key in ("claims", "against", "levers")}
    if wanted and set(wanted) != {"key", "is"}:
        raise AuditError(f"{name}: requires takes `key` and `is`")
    claimed = wanted.get("is", {"claim": table["claims"][0]})
    row = Row(**{"claimed": claimed, **table, **lists})
    try:
        for term in row.terms:
            for part in parts_of(term):
                if verb_of(part) == "measured":
                    measured_in(part)
    except TermError as error:
        raise AuditError(f"{name}: {error}") from None
    return row


def _names(row: Row) -> Iterator[str]:
    for term in row.terms:
        for part in parts_of(term):
            if "claim" in part:
                yield part["claim"]
