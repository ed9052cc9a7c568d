"""Rosters: a table of named creators becomes rows, its faults told by line and column."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..reading import ROSTER, ReadingError, platform_name
from ..text.safe import alike, name_problem, unshown
from .amounts import currency_of
from .distributions import DistributionError, number
from .faults import Fault, suggestion
from .presets import preset_platforms, preset_tiers, presets
from .roster import Roster, RosterRow
from .toml import dotted

if TYPE_CHECKING:
    from ..reading import Reading

#: Columns that every creator needs.
_NEEDED = ("name", "followers")
_FIGURES = ("followers", "engagement_rate", "posts", "fee")
_ABOVE_ZERO = ("followers", "engagement_rate", "posts")
#: Faults told of one file: more of them say nothing new.
_MOST_FAULTS = 20
#: No account and no fee is beyond it.
_LARGEST = 1e12


def with_rosters(tables: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Read the rosters that portfolios name; a faulty one is left out, with its faults."""
    result, faults = dict(tables), []
    portfolios = {}
    for name, portfolio in tables.get("portfolio", {}).items():
        portfolios[name] = portfolio
        if "roster" not in portfolio:
            continue
        key = dotted(("portfolio", name, "roster"))
        try:
            roster = _read(portfolio["roster"], portfolio, tables, folder)
        except ReadingError as error:
            value = portfolio["roster"]
            faults += [Fault(key, f"{value}: {fault}") for fault in error.faults]
            portfolios[name] = {k: v for k, v in portfolio.items() if k != "roster"}
        except TypeError:
            problem = 'must name a file such as "creators.csv"'
            faults.append(Fault(key, problem, portfolio["roster"]))
            portfolios[name] = {k: v for k, v in portfolio.items() if k != "roster"}
        else:
            portfolios[name] = {**portfolio, "roster": roster}
    if "portfolio" in tables:
        result["portfolio"] = portfolios
    return result, faults


def _read(
    value: Any, portfolio: Mapping[str, Any], tables: Mapping[str, Any], folder: Path
) -> Roster:
    """Return the creators of a file.

    Raises
    ------
    ReadingError
        With every fault.
    TypeError
        Where the value names no file.
    """
    if not isinstance(value, str):
        raise TypeError
    from ..reading import read_table

    table = read_table(folder / value, ROSTER, name=value, currency=currency_of(tables))
    missing = [name for name in _NEEDED if name not in table.titles]
    if missing:
        seen = "; ".join((table.read, *table.notes))
        raise ReadingError(*(f"has no column `{name}` ({seen})" for name in missing))
    return _Rows(table, portfolio, tables).roster(value)


class _Rows:
    """Rows of a table on their way to creators."""

    def __init__(
        self, table: Reading, portfolio: Mapping[str, Any], tables: Mapping[str, Any]
    ) -> None:
        self.table, self.portfolio, self.tables = table, portfolio, tables
        self.ranges: dict[str, dict[str, tuple[float, float]]] = {}
        self.faults: list[str] = []

    def roster(self, value: str) -> Roster:
        """Return the roster.

        Raises
        ------
        ReadingError
            With the faults of all rows.
        """
        rows: list[RosterRow] = []
        places: dict[str, int] = {}
        for at in range(len(self.table.rows)):
            told = len(self.faults)
            row = self._row(at)
            if row is None or len(self.faults) > told:
                continue
            first = places.setdefault(alike(row.name), at)
            if first != at:
                where = f"{self.table.unit} {self.table.rows[first]}"
                self._fault(at, "name", f"stands in {where} already")
                continue
            rows.append(row)
        if self.faults:
            more = len(self.faults) > _MOST_FAULTS
            tail = ["and perhaps more; mend these first"] if more else []
            raise ReadingError(*self.faults[:_MOST_FAULTS], *tail)
        return Roster(value, tuple(rows), (self.table.read, *self.table.notes))

    def _fault(self, at: int, key: str, problem: str) -> None:
        text = self.table.written(at, key)
        got = f" (got {text!r})" if text else ""
        self.faults.append(f"{self.table.place(at, key)}: {problem}{got}")

    def _text(self, at: int, key: str, otherwise: str) -> str:
        return (self.table.text[key][at] if key in self.table.text else "") or otherwise

    def _row(self, at: int) -> RosterRow | None:
        name = self._text(at, "name", "").removeprefix("@")
        niche = self._text(at, "niche", str(self.portfolio.get("niche", "general")))
        if not name:
            self._fault(at, "name", "is empty")
        elif odd := unshown(name):
            self._fault(at, "name", f"holds {odd}, which cannot be shown; leave it out")
        if "niche" in self.table.text and (problem := name_problem(niche)):
            self._fault(at, "niche", problem)
        figures = dict(self._figures(at))
        orders, posts = self._campaigns(at)
        platform, tier = self._platform_and_tier(at, figures.get("followers", math.nan))
        if not tier:
            return None
        return RosterRow(
            name=name, tier=tier, platform=platform, niche=niche, **figures, past_orders=orders,
            past_posts=posts,
        )  # fmt: skip

    def _figures(self, at: int) -> Iterator[tuple[str, float]]:
        for key in _FIGURES:
            value = self.table.numbers[key][at] if key in self.table.numbers else math.nan
            if math.isnan(value):
                if key == "followers":
                    self._fault(at, key, "is empty")
                continue
            if value < 0.0 or (value == 0.0 and key in _ABOVE_ZERO):
                need = "must be positive" if key in _ABOVE_ZERO else "cannot be negative"
                self._fault(at, key, need)
            elif key == "engagement_rate" and value > 1.0:
                self._fault(at, key, 'must lie between 0 and 1; write 5 % as 0.05 or "5 %"')
            elif value > _LARGEST:
                self._fault(at, key, f"must lie below {_LARGEST:.0e}")
            yield key, float(value)

    def _campaigns(self, at: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return orders of one campaign after another, and the posts of each."""
        orders, posts = (
            self.table.lists[key][at] if key in self.table.lists else ()
            for key in ("past_orders", "past_posts")
        )
        if not orders:
            return (), ()
        if not posts:
            self._fault(at, "past_posts", "is needed beside past_orders")
            return (), ()
        if len(posts) == 1:
            posts = tuple(posts[0] / len(orders) for _ in orders)
        if len(posts) != len(orders) or min(posts) < 1.0:
            problem = (
                f"must say how many posts brought each of the {len(orders)} in past_orders, or all "
                "of them together"
            )
            self._fault(at, "past_posts", problem)
        if max(orders) > _LARGEST or max(posts) > _LARGEST:
            self._fault(at, "past_orders", f"must lie below {_LARGEST:.0e}")
        return orders, posts

    def _platform_and_tier(self, at: int, followers: float) -> tuple[str, str]:
        written = self._text(at, "platform", "")
        platform = platform_name(written) if written else ""
        platform = platform or str(self.portfolio.get("platform", "instagram"))
        if written in self.tables.get("platform", {}):
            platform = written
        if platform not in self.ranges:
            self.ranges[platform] = _ranges(platform, self.tables)
        ranges = self.ranges[platform]
        if not ranges:
            self._fault(at, "platform", f"is unknown; {suggestion(platform, preset_platforms())}")
        tier = next((t for t, (a, b) in ranges.items() if a <= followers < b), "")
        if ranges and not tier and followers > 0.0:
            self._fault(at, "followers", f"belongs to no tier on {platform}")
        return platform, tier


def _ranges(platform: str, tables: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the follower range of each tier that a platform has; tiers of the file come first."""
    preset, own = presets().get(platform, {}), tables.get("tier", {})
    ranges = {}
    for tier in dict.fromkeys((*own, *preset_tiers(platform))):
        layers = (preset.get("any", {}), preset.get(tier, {}), own.get(tier, {}),
                  own.get(tier, {}).get("on", {}).get(platform, {}))  # fmt: skip
        ends = [layer["follower_range"] for layer in layers if "follower_range" in layer]
        try:
            low, high = (number(end) for end in ends[-1])
        except (IndexError, TypeError, ValueError, DistributionError):
            continue
        ranges[tier] = (low, high)
    return ranges
