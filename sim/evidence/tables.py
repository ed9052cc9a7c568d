"""The packaged tables: sources, what they claim, and statistics derived from real posts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeVar

TIERS = ("nano", "micro", "mid", "macro", "mega")


@dataclass(frozen=True)
class Source:
    """A publication, a data set, or the word *assumption*.

    ``seen_in`` says where its figures were read: ``original`` page, ``abstract``, ``secondary page``
    or ``stored page`` (a copy of the original kept elsewhere). Sources of one ``cluster`` quote or
    copy each other, or are posts measured here: together they are one witness. ``interest`` is
    ``vendor`` where the publisher sells what the figures speak for.
    """

    key: str
    title: str
    publisher_or_authors: str
    year: int | None
    kind: str
    seen_in: str
    short: str
    locator: str
    cluster: str
    interest: str


@dataclass(frozen=True)
class Quoted:
    """A figure that a source states.

    ``low`` or ``high`` is None where the figure is unbounded on that side; ``basis`` is the
    denominator. ``informs`` names the parameter that it bears on, ``use`` is ``default``,
    ``audit`` or ``neither``, and ``origin`` is the source that it restates, if any.
    """

    id: str
    source: str
    quantity: str
    subject: str
    platform: str
    low: float | None
    high: float | None
    unit: str
    basis: str
    note: str
    year: int | None
    informs: str
    use: str
    reason: str
    origin: str

    @property
    def midpoint(self) -> float | None:
        """Geometric mean of ``low`` and ``high``; None where one is missing."""
        if self.low is None or self.high is None:
            return None
        return float((self.low * self.high) ** 0.5)


@dataclass(frozen=True)
class Derived:
    """A statistic of real posts. ``value`` is None where it does not exist: ``note`` says why.

    ``se`` is a bootstrap standard error over creators, ``n`` the posts (or creators) behind it.
    """

    id: str
    source: str
    platform: str
    tier: str
    quantity: str
    value: float | None
    se: float | None
    n: int
    unit: str
    basis: str
    note: str


def measured_figure(row: Derived, quantity: str) -> Quoted:
    """Return a statistic of real posts as a figure of its source, under another quantity's name.

    One that rests on few creators is used for ``neither``, with the reason.
    """
    reason = row.note if "weak" in row.note else ""
    use = "neither" if reason else "default"
    informs = f"tier.{row.tier}.{quantity}"
    return Quoted(
        row.id, row.source, quantity, row.tier, row.platform, row.value, row.value, row.unit,
        row.basis, row.note, sources()[row.source].year, informs, use, reason, "",
    )  # fmt: skip


Row = TypeVar("Row", Source, Quoted, Derived)

_NUMBERS = ("low", "high", "value", "se")
_INTEGERS = ("year", "n")


def _read(name: str, row: type[Row]) -> tuple[Row, ...]:
    """Rows of a packaged table; an empty number becomes None."""
    import csv
    from importlib.resources import files

    def typed(column: str, text: str) -> str | float | int | None:
        if column in _NUMBERS:
            return float(text) if text else None
        if column in _INTEGERS:
            return int(text) if text else None
        return text

    with files("sim.evidence").joinpath(name).open(encoding="utf-8") as stream:
        return tuple(
            row(**{column: typed(column, text) for column, text in record.items()})  # type: ignore[arg-type]
            for record in csv.DictReader(stream)
        )


@cache
def sources() -> dict[str, Source]:
    """Return all sources by key."""
    return {source.key: source for source in _read("sources.csv", Source)}


@cache
def claims() -> tuple[Quoted, ...]:
    """Return the quantitative claims of five articles on micro against macro creators."""
    return _read("claims.csv", Quoted)


@cache
def published() -> tuple[Quoted, ...]:
    """Return published figures beyond the five articles."""
    return _read("published.csv", Quoted)


@cache
def derived() -> tuple[Derived, ...]:
    """Return statistics derived from real posts, by platform and tier (``all`` included)."""
    return _read("derived.csv", Derived)


@cache
def _derived_by_name() -> dict[tuple[str, str, str], Derived]:
    return {(row.platform, row.tier, row.quantity): row for row in derived()}


def derived_row(platform: str, tier: str, quantity: str) -> Derived:
    """Return the derived statistic with its standard error and note.

    Raises
    ------
    KeyError
        If there is no such platform, tier or quantity.
    """
    try:
        return _derived_by_name()[platform, tier, quantity]
    except KeyError:
        raise KeyError(f"no derived figure {platform}, {tier}, {quantity}") from None


def derived_value(platform: str, tier: str, quantity: str) -> float:
    """Return the value of a derived statistic, in the unit and per the basis of its row.

    Raises
    ------
    KeyError
        If there is no such figure, or it has no value; the message gives the reason.
    """
    row = derived_row(platform, tier, quantity)
    if row.value is None:
        raise KeyError(f"{platform}, {tier}, {quantity} has no value: {row.note}")
    return row.value


def cite(key: str) -> str:
    """Return a short citation, such as ``Stack Influence 2025``.

    Raises
    ------
    KeyError
        If no source has this key.
    """
    try:
        return sources()[key].short
    except KeyError:
        raise KeyError(f"no source {key!r} in sim/evidence/sources.csv") from None
