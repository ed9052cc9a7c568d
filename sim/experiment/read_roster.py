"""Reading rosters: a CSV file of named creators, its faults told by row and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..text.safe import alike, name_problem, unshown
from .distributions import DistributionError, number
from .faults import Fault, suggestion
from .files import readable
from .presets import preset_platforms, preset_tiers, presets
from .roster import Roster, RosterRow
from .toml import dotted

#: Columns of a roster: the first two are needed, empty cells of the others are not known.
COLUMNS = {
    "name": "unique name of the creator",
    "followers": "accounts",
    "platform": "platform; without it the portfolio's",
    "niche": "niche; without it the portfolio's",
    "engagement_rate": "measured engagements, with the tier's denominator",
    "posts": "posts that the engagement rate is the mean of",
    "fee": "agreed USD per post",
    "past_orders": "tracked orders of earlier posts",
    "past_posts": "posts that brought them",
}
_NEEDED = ("name", "followers")
_ABOVE_ZERO = ("followers", "posts", "past_posts")
#: Faults told of one file: more of them say nothing new.
_MOST_FAULTS = 20


def with_rosters(tables: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Read the rosters that portfolios name; a faulty one is left out, with its faults."""
    result, faults = dict(tables), []
    portfolios = {}
    for name, portfolio in tables.get("portfolio", {}).items():
        portfolios[name] = portfolio
        if "roster" not in portfolio:
            continue
        key = dotted(("portfolio", name, "roster"))
        found = _read(portfolio["roster"], portfolio, tables, folder, key)
        if isinstance(found, Roster):
            portfolios[name] = {**portfolio, "roster": found}
        else:
            faults += found
            portfolios[name] = {k: v for k, v in portfolio.items() if k != "roster"}
    if "portfolio" in tables:
        result["portfolio"] = portfolios
    return result, faults


def _read(
    value: Any, portfolio: Mapping[str, Any], tables: Mapping[str, Any], folder: Path, key: str
) -> Roster | list[Fault]:
    if not isinstance(value, str):
        return [Fault(key, 'must name a file such as "creators.csv"', value)]
    try:
        with readable(folder / value).open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = [str(name).strip() for name in reader.fieldnames or ()]
            lines = list(reader)
    except OSError as error:
        return [Fault(key, f"cannot read {value}: {error.strerror}")]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        return [Fault(key, f"cannot read {value}: {error}")]
    faults = [Fault(key, f"{value}: {problem}") for problem in _column_faults(columns)]
    if faults:
        return faults
    if not lines:
        return [Fault(key, f"{value} names nobody")]
    rows: list[RosterRow] = []
    seen: dict[str, int] = {}
    ranges: dict[str, dict[str, tuple[float, float]]] = {}
    for at, line in enumerate(lines, start=2):
        cells = {str(k).strip(): (v or "").strip() for k, v in line.items() if isinstance(v, str)}
        try:
            row = _row(cells, portfolio, tables, ranges)
            first = seen.setdefault(alike(row.name), at)
            if first != at:
                raise _Cell("name", f"stands in row {first} already", row.name)
            rows.append(row)
        except _Cell as cell:
            got = f" (got {cell.got!r})" if cell.got else ""
            faults.append(Fault(key, f"{value}, row {at}, {cell.column}: {cell.problem}{got}"))
            if len(faults) == _MOST_FAULTS:
                faults.append(Fault(key, f"{value}: and perhaps more; mend these first"))
                break
    return faults or Roster(value, tuple(rows))


class _Cell(Exception):
    def __init__(self, column: str, problem: str, got: str) -> None:
        super().__init__(problem)
        self.column, self.problem, self.got = column, problem, got


def _column_faults(columns: list[str]) -> Iterator[str]:
    if not columns:
        yield f"is empty; its first row must name columns: {', '.join(_NEEDED)} and what is known"
        return
    for name in _NEEDED:
        if name not in columns:
            yield f"has no column `{name}`; it has {', '.join(columns)}"
    for name in columns:
        if name not in COLUMNS:
            yield f"column `{name}` is unknown; {suggestion(name, COLUMNS)}"


def _row(
    cells: Mapping[str, str],
    portfolio: Mapping[str, Any],
    tables: Mapping[str, Any],
    ranges: dict[str, dict[str, tuple[float, float]]],
) -> RosterRow:
    name = cells.get("name", "")
    if not name:
        raise _Cell("name", "is empty", "")
    if odd := unshown(name):
        raise _Cell("name", f"holds {odd}, which cannot be shown; leave it out", name)
    values = {column: _figure(column, cells[column]) for column in cells if column in _FIGURES}
    if "followers" not in values or math.isnan(values["followers"]):
        raise _Cell("followers", "is empty", "")
    platform = cells.get("platform") or str(portfolio.get("platform", "instagram"))
    if platform not in ranges:
        ranges[platform] = _ranges(platform, tables)
    if not ranges[platform]:
        raise _Cell("platform", f"is unknown; {suggestion(platform, preset_platforms())}", platform)
    followers = values["followers"]
    tier = next((t for t, (a, b) in ranges[platform].items() if a <= followers < b), None)
    if tier is None:
        raise _Cell("followers", f"belongs to no tier on {platform}", cells["followers"])
    niche = cells.get("niche") or str(portfolio.get("niche", "general"))
    if "niche" in cells and (problem := name_problem(niche)):
        raise _Cell("niche", problem, niche)
    given = {key: value for key, value in values.items() if not math.isnan(value)}
    orders, posts = _campaigns(cells)
    return RosterRow(
        name=name, tier=tier, platform=platform, niche=niche, **given,
        past_orders=orders, past_posts=posts,
    )  # fmt: skip


def _campaigns(cells: Mapping[str, str]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return orders of one campaign after another, and the posts of each."""
    orders, posts = (
        tuple(
            _figure(column, part.strip())
            for part in cells.get(column, "").split(";")
            if part.strip()
        )
        for column in ("past_orders", "past_posts")
    )
    if not orders:
        return (), ()
    if not posts:
        raise _Cell("past_posts", "is needed beside past_orders", "")
    if len(posts) == 1:
        posts = tuple(posts[0] / len(orders) for _ in orders)
    if len(posts) != len(orders) or min(posts) < 1.0:
        raise _Cell(
            "past_posts",
            f"must say how many posts brought each of the {len(orders)} in past_orders, or all of "
            "them together",
            cells["past_posts"],
        )
    return orders, posts


_FIGURES = ("followers", "engagement_rate", "posts", "fee")


def _figure(column: str, text: str) -> float:
    if not text:
        return math.nan
    try:
        value = number(text.replace(",", ""), percent=column == "engagement_rate")
    except DistributionError as error:
        raise _Cell(column, str(error), text) from None
    if value < 0.0 or (value == 0.0 and column in _ABOVE_ZERO):
        raise _Cell(column, "must be positive" if column in _ABOVE_ZERO else "cannot be negative",
                    text)  # fmt: skip
    if column == "engagement_rate" and not 0.0 < value <= 1.0:
        raise _Cell(column, 'must lie between 0 and 1; write 5 % as 0.05 or "5 %"', text)
    return value


def _ranges(platform: str, tables: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the follower range of each tier that a platform has; tiers of the file come first."""
    preset, own = presets().get(platform, {}), tables.get("tier", {})
    found = {}
    for tier in dict.fromkeys((*own, *preset_tiers(platform))):
        layers = (preset.get("any", {}), preset.get(tier, {}), own.get(tier, {}),
                  own.get(tier, {}).get("on", {}).get(platform, {}))  # fmt: skip
        ends = [layer["follower_range"] for layer in layers if "follower_range" in layer]
        try:
            low, high = (number(end) for end in ends[-1])
        except (IndexError, TypeError, ValueError, DistributionError):
            continue
        found[tier] = (low, high)
    return found
