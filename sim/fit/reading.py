"""An analyst's export of posts or campaigns: from the columns of a table to rows of posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..reading import POSTS, Reading, ReadingError, platform_name, read_table
from ..text.numbers import counted

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: What engagements are the sum of.
PARTS = ("likes", "comments", "shares", "saves")
_OUTCOMES = ("views", "engagements", "likes", "engagement_rate", "fee")


class FitError(ValueError):
    """Nothing can be fitted; the message says why and what would help."""


@dataclass(frozen=True)
class Posts:
    """Rows of an export that can be used, sorted by creator; all columns have shape (rows,).

    Attributes
    ----------
    creator
        Number of the creator, 0, 1, 2, ...
    followers
        Accounts at the time of the row.
    views, engagements
        Sums over the posts of the row; NaN where missing.
    posts
        Posts that the row sums up.
    fee, orders, revenue
        USD, orders and USD of the row; NaN where missing.
    platform
        Platform of each row.
    file
        Name of the file.
    order
        Row of the file, counted from 0.
    ranked
        Whether the file says which row is which in a ranking.
    tracked
        Whether orders are those that codes and links see.
    read
        What each column was taken for.
    notes
        What was done about what is not obvious.
    """

    creator: Ints
    followers: Floats
    views: Floats
    engagements: Floats
    posts: Floats
    fee: Floats
    orders: Floats
    revenue: Floats
    platform: npt.NDArray[np.str_]
    file: str
    order: Ints
    ranked: bool = False
    tracked: bool = False
    read: str = ""
    notes: tuple[str, ...] = field(default=())

    def take(self, keep: npt.NDArray[np.bool_]) -> Posts:
        """Return some of the rows, their creators counted anew."""
        columns: dict[str, Any] = {
            name: column[keep] for name, column in vars(self).items()
            if isinstance(column, np.ndarray)
        }  # fmt: skip
        columns["creator"] = np.unique(columns["creator"], return_inverse=True)[1]
        return replace(self, **columns)


def read_posts(
    path: str | Path, *, columns: Mapping[str, str] | None = None, platform: str | None = None
) -> Posts:
    """Read an export.

    Parameters
    ----------
    path
        A CSV file or a workbook with a header.
    columns
        Which column stands for what, where its name does not say it: ``{"followers": "Fans"}``.
    platform
        Platform of all rows; by default a column says it, or the name of the file.

    Raises
    ------
    FitError
        With every fault: what cannot be read, columns that are missing, cells that are no numbers.
    """
    path = Path(path)
    try:
        table = read_table(path, POSTS, mapped=columns)
        _need_columns(table)
    except ReadingError as error:
        raise FitError("\n".join(f"{path}: {fault}" for fault in error.faults)) from None
    notes = list(table.notes)
    rows, numbers = len(table.rows), table.numbers
    blank = np.full(rows, np.nan)
    count = numbers.get("posts", blank)
    posts = np.where(count >= 1.0, count, 1.0)
    # What is a mean per post becomes the sum that a row holds; a rate is a mean by nature.
    averaged = table.averaged - {"engagement_rate"}
    sums = {k: values * (posts if k in averaged else 1.0) for k, values in numbers.items()}
    where, noted = _platform(path, table.text.get("platform"), rows, platform)
    followers = numbers["followers"]
    engagements, more = _engagements(sums, followers, posts)
    tracked = "orders" not in sums and "tracked_orders" in sums
    read = Posts(
        _creators(table.text.get("creator"), rows), followers, sums.get("views", blank), engagements,
        posts, sums.get("fee", blank), sums.get("tracked_orders" if tracked else "orders", blank),
        sums.get("revenue", blank), where, path.name, np.arange(rows),
        ranked="rank" in table.titles, tracked=tracked, read=table.read,
    )  # fmt: skip
    notes += noted + more
    if "creator" not in table.text:
        notes.append("no column names the creators: every row counts as a creator of its own")
    return _usable(read, path, notes)


def _need_columns(table: Reading) -> None:
    """Refuse a file without followers, or with nothing that followers could be set against.

    Raises
    ------
    ReadingError
        With what was read and how to map the rest.
    """
    seen = f"{table.read}; {'; '.join(table.notes)}" if table.notes else table.read
    if "followers" not in table.numbers:
        raise ReadingError(f"no column of followers ({seen}): name it with --map followers=COLUMN")
    if not set(_OUTCOMES) & table.numbers.keys():
        raise ReadingError(
            f"no column of views, engagements, likes, engagement rate or fee ({seen}): "
            "name one with --map views=COLUMN"
        )


def _creators(names: Sequence[str] | None, rows: int) -> Ints:
    """Give every creator a number; a row without a name is a creator of its own."""
    if names is None:
        return np.arange(rows)
    labels = [name.lower() or f"row {i}\n" for i, name in enumerate(names)]
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def _platform(
    path: Path, column: Sequence[str] | None, rows: int, given: str | None
) -> tuple[npt.NDArray[np.str_], list[str]]:
    if given is not None:
        return np.full(rows, given.lower()), []
    if column is not None:
        return np.array([platform_name(name) for name in column]), []
    told = [name for name in ("instagram", "tiktok", "youtube") if name in path.name.lower()]
    if len(told) == 1:
        return np.full(rows, told[0]), [f"platform taken from the file's name: {told[0]}"]
    note = "no platform given: taken as instagram; say otherwise with --platform"
    return np.full(rows, "instagram"), [note]


def _engagements(
    sums: Mapping[str, Floats], followers: Floats, posts: Floats
) -> tuple[Floats, list[str]]:
    """Return engagements of each row: as told, else the sum of their parts, else from a rate.

    A rate is a mean already: posts tell what it rests on, and divide nothing.
    """
    parts = [sums[name] for name in PARTS if name in sums]
    spare = ["engagement rates are not read: engagements stand beside them"]
    if "engagements" in sums:
        return sums["engagements"], spare if "engagement_rate" in sums else []
    if parts:
        seen = ~np.all(np.isnan(parts), axis=0)
        totals = np.where(seen, np.nansum(parts, axis=0), np.nan)
        return totals, spare if "engagement_rate" in sums else []
    if "engagement_rate" not in sums:
        return np.full(len(followers), np.nan), []
    notes = ["engagements are the engagement rate times followers"]
    if np.any(posts > 1.0):
        notes = ["engagement rates are means per post: posts say how many each rests on"]
    return sums["engagement_rate"] * followers * posts, notes


def _usable(posts: Posts, path: Path, notes: list[str]) -> Posts:
    """Drop rows that say nothing, sort by creator, tell how many."""
    known = posts.followers > 0.0
    told = (posts.views > 0.0) | (posts.engagements > 0.0) | (posts.fee > 0.0)
    if not known.all():
        notes.append(f"{counted(int((~known).sum()))} rows without followers are left out")
    silent = int((known & ~told).sum())
    if silent:
        notes.append(f"{counted(silent)} rows without views, engagements or fee are left out")
    keep = known & told
    if not keep.any():
        raise FitError(f"{path}: no row has followers and views, engagements or a fee")
    by_creator = np.argsort(posts.creator, kind="stable")
    columns: dict[str, Any] = {
        name: column[by_creator] for name, column in vars(posts).items()
        if isinstance(column, np.ndarray)
    }  # fmt: skip
    ordered = replace(posts, notes=tuple(notes), **columns)
    return ordered.take(keep[by_creator])
