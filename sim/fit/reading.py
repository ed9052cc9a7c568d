"""An analyst's export of posts or campaigns: read tolerantly, refused with line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..experiment.files import readable
from ..text.numbers import counted
from .cells import CellError, decimal_comma, number
from .columns import PARTS, TEXT, ColumnError, find_columns, need_columns

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Faulty cells that are named before the rest is only counted.
SHOWN = 5
_PLATFORMS = {"ig": "instagram", "insta": "instagram", "tt": "tiktok", "yt": "youtube"}
_BYTES = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


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
    notes: tuple[str, ...] = field(default=())

    def take(self, keep: npt.NDArray[np.bool_]) -> Posts:
        """Return some of the rows, their creators counted anew."""
        columns = {
            name: column[keep] for name, column in vars(self).items()
            if isinstance(column, np.ndarray)
        }  # fmt: skip
        columns["creator"] = np.unique(columns["creator"], return_inverse=True)[1]
        return Posts(**columns, file=self.file, ranked=self.ranked, notes=self.notes)


def read_posts(
    path: str | Path, *, columns: Mapping[str, str] | None = None, platform: str | None = None
) -> Posts:
    """Read an export.

    Parameters
    ----------
    path
        A CSV file with a header; commas, semicolons, tabs or bars between columns.
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
    header, rows, delimiter = _table(path)
    try:
        found = find_columns(header, columns or {})
        need_columns(found, header)
    except ColumnError as error:
        raise FitError(f"{path}: {error}") from None
    numbers = _numbers(path, found, rows, delimiter)
    text = {key: [row[found[key]].strip() for row in rows] for key in TEXT if key in found}
    notes: list[str] = []
    where, noted = _platform(path, text.get("platform"), len(rows), platform)
    notes += noted
    followers = numbers["followers"]
    engagements, noted = _engagements(numbers, followers)
    notes += noted
    blank = np.full(len(rows), np.nan)
    posts = Posts(
        _creators(text.get("creator"), len(rows)), followers, numbers.get("views", blank),
        engagements, np.where(numbers.get("posts", blank) >= 1.0, numbers.get("posts", blank), 1.0),
        numbers.get("fee", blank), numbers.get("orders", blank), numbers.get("revenue", blank),
        where, path.name, np.arange(len(rows)), ranked="rank" in found,
    )  # fmt: skip
    if "creator" not in found:
        notes.append("no column names the creators: every row counts as a creator of its own")
    return _usable(posts, path, notes)


def _table(path: Path) -> tuple[list[str], list[list[str]], str]:
    try:
        raw = readable(path).read_bytes()
    except OSError as error:
        raise FitError(f"{path}: cannot be read: {error.strerror}") from None
    text = _decoded(raw)
    first = text.lstrip("\n\r").partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        lines = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise FitError(f"{path}: cannot be read as CSV: {error}") from None
    if len(lines) < 2:
        raise FitError(f"{path}: has no rows below its header")
    header, rows = lines[0], lines[1:]
    # Short rows are filled up: spreadsheets drop empty cells at the end of a line.
    return header, [row + [""] * (len(header) - len(row)) for row in rows], delimiter


def _decoded(raw: bytes) -> str:
    if raw[:2] in _BYTES:
        return raw.decode(_BYTES[raw[:2]], errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _numbers(
    path: Path, found: Mapping[str, int], rows: Sequence[Sequence[str]], delimiter: str
) -> dict[str, Floats]:
    faults, columns = [], {}
    for key, place in found.items():
        if key in (*TEXT, "rank"):
            continue
        cells = [row[place] for row in rows]
        comma = decimal_comma(cells, delimiter == ";")
        values = np.full(len(cells), np.nan)
        for i, cell in enumerate(cells):
            try:
                values[i] = number(cell, comma)
            except CellError:
                faults.append(f"{path}, row {i + 2}, {key}: {cell.strip()!r} is no number")
        columns[key] = values
    if faults:
        more = len(faults) - SHOWN
        raise FitError(
            "\n".join(faults[:SHOWN])
            + (f"\nand {more} more cells" if more > 0 else "")
            + "\nLeave a cell empty where nothing is known, or map another column with --map."
        )
    return columns


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
        names = [name.lower().replace(" ", "") for name in column]
        return np.array([_PLATFORMS.get(name, name) for name in names]), []
    told = [name for name in ("instagram", "tiktok", "youtube") if name in path.name.lower()]
    if len(told) == 1:
        return np.full(rows, told[0]), [f"platform taken from the file's name: {told[0]}"]
    note = "no platform given: taken as instagram; say otherwise with --platform"
    return np.full(rows, "instagram"), [note]


def _engagements(numbers: Mapping[str, Floats], followers: Floats) -> tuple[Floats, list[str]]:
    """Return engagements as told, else the sum of their parts, else from an engagement rate."""
    if "engagements" in numbers:
        return numbers["engagements"], []
    parts = [numbers[name] for name in PARTS if name in numbers]
    if parts:
        seen = ~np.all(np.isnan(parts), axis=0)
        return np.where(seen, np.nansum(parts, axis=0), np.nan), []
    if "engagement_rate" not in numbers:
        return np.full(len(followers), np.nan), []
    rate = numbers["engagement_rate"]
    notes = ["engagements are the engagement rate times followers"]
    if np.nanmedian(rate) > 0.5:
        rate = rate / 100.0
        notes.append("engagement rates are taken as percent: half of them are above 0.5")
    return rate * followers, notes


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
    ordered = Posts(
        **{name: column[by_creator] for name, column in vars(posts).items()
           if isinstance(column, np.ndarray)},
        file=posts.file, ranked=posts.ranked, notes=tuple(notes),
    )  # fmt: skip
    return ordered.take(keep[by_creator])
