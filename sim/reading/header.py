"""Names of columns: which row has them, the unit that a name holds, and what each stands for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..text.currency import SIGNS
from .cells import parts_of
from .grid import ReadingError, Row
from .vocabulary import Vocabulary

#: Rows in which a header is looked for.
_DEEPEST = 40
_PERCENT = re.compile(
    r"(?:\bin )?(?:%|\bpct\b|\bpercent(?:age)?\b|\bper cent\b|\bprozent\b|\bprocent\b)",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(
    r"[(\[](?:in )?(?:k|tsd\.?|thousands?|'?000s?)[)\]]|\bin (?:k|thousands?|tsd\.?)$",
    re.IGNORECASE,
)
_MILLIONS = re.compile(
    r"[(\[](?:in )?(?:m|mm|mn|mio\.?|millions?)[)\]]|\bin (?:m|mio\.?|millions?)$", re.IGNORECASE
)
_AVERAGE = re.compile(
    r"\bavg\b\.?|\baverage\b|\bmean\b|\bmedian\b|ø|\bdurchschnittliche?\b|"
    r"\bper (?:post|video|reel)\b|/ ?(?:post|video|reel)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    "|".join(
        rf"(?<![a-z]){re.escape(sign)}(?![a-z])" for sign in sorted(SIGNS, key=len, reverse=True)
    ),
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Title:
    """A column's name and what it says of its cells.

    Attributes
    ----------
    text
        As the file has it.
    plain
        In lower case, without units, words joined by underscores.
    percent, averaged
        Whether cells are percent, or means per post.
    size
        What cells are counted in: 1, 1,000 or 1,000,000.
    currency
        Its code, or nothing.
    """

    text: str
    plain: str
    percent: bool = False
    averaged: bool = False
    size: float = 1.0
    currency: str = ""


def title_of(text: str) -> Title:
    """Return what a column's name says."""
    rest = _CAMEL.sub(" ", " ".join(text.split()).lstrip("@#"))
    rest = rest.replace("_", " ")
    percent = bool(_PERCENT.search(rest))
    rest = _PERCENT.sub(" ", rest)
    size = 1e3 if _THOUSANDS.search(rest) else 1e6 if _MILLIONS.search(rest) else 1.0
    rest = _MILLIONS.sub(" ", _THOUSANDS.sub(" ", rest))
    money = _MONEY.search(rest)
    rest = _MONEY.sub(" ", rest)
    averaged = bool(_AVERAGE.search(rest))
    return Title(
        text, _plain(rest), percent, averaged, size, SIGNS[money[0].lower()] if money else ""
    )


def _plain(name: str) -> str:
    return "_".join(re.findall(r"[^\W_]+", name.lower()))


def without_average(title: Title) -> str:
    """Return the plain name of what is averaged."""
    return _plain(_AVERAGE.sub(" ", title.plain.replace("_", " ")))


def find_header(rows: Sequence[Row], vocabulary: Vocabulary, mapped: Mapping[str, str]) -> int:
    """Return the row that names the columns: the first with most names that are known.

    Rows of numbers are none. Where no name is known anywhere, the first row.
    """
    best, most = 0, 0
    asked = {_plain(name) for name in mapped.values()}
    for at, row in enumerate(rows[:_DEEPEST]):
        cells = [cell for cell in row.cells if cell.text]
        if sum(parts_of(cell.text) is not None for cell in cells) * 2 > len(cells):
            continue
        known = sum(
            1 for cell in cells
            if _keys(title_of(cell.text), vocabulary) or _plain(cell.text) in asked
        )  # fmt: skip
        if known > most:
            best, most = at, known
    return best


def known_names(rows: Sequence[Row], vocabulary: Vocabulary, mapped: Mapping[str, str]) -> int:
    """Return how many columns of the header are known."""
    if not rows:
        return 0
    titles = [title_of(cell.text) for cell in rows[find_header(rows, vocabulary, mapped)].cells]
    asked = {_plain(name) for name in mapped.values()}
    return sum(bool(_keys(title, vocabulary)) or _plain(title.text) in asked for title in titles)


def _keys(title: Title, vocabulary: Vocabulary) -> dict[str, int]:
    """Return what a name can stand for, each with its rank among that meaning's names."""
    names = dict.fromkeys((title.plain, without_average(title), _plain(title.text)))
    ranks_of: dict[str, int] = {}
    for meaning in vocabulary.meanings.values():
        ranks = [meaning.names.index(name) for name in names if name in meaning.names]
        if ranks:
            ranks_of[meaning.key] = min(ranks)
    return ranks_of


@dataclass(frozen=True)
class Columns:
    """Where each meaning stands, and what else the header has.

    Attributes
    ----------
    place
        Column of each key.
    given
        Keys that were mapped by hand.
    notes
        What was not read, and why.
    """

    place: Mapping[str, int]
    given: frozenset[str]
    notes: tuple[str, ...]


def find_columns(
    titles: Sequence[Title], vocabulary: Vocabulary, mapped: Mapping[str, str]
) -> Columns:
    """Return what each column stands for.

    Raises
    ------
    ReadingError
        Where a mapped name is not there, a name stands twice, or one looks misspelt.
    """
    place = _mapped(titles, vocabulary, mapped)
    faults, spare, unknown = [], [], []
    candidates: dict[str, list[tuple[int, int]]] = {}
    for at, title in enumerate(titles):
        if at in place.values() or not title.text:
            continue
        keys = _keys(title, vocabulary)
        for key, rank in keys.items():
            candidates.setdefault(key, []).append((rank, at))
        if not keys:
            unknown.append(title)
    taken = set(place.values())
    for key in vocabulary.meanings:
        if key in place:
            spare += [(at, key) for _, at in candidates.get(key, ())]
            continue
        some = sorted((rank, at) for rank, at in candidates.get(key, ()) if at not in taken)
        if not some:
            continue
        twice = [at for rank, at in some if titles[at].plain == titles[some[0][1]].plain]
        if len(twice) > 1:
            columns = " and ".join(str(at + 1) for at in twice)
            name = titles[twice[0]].text
            faults.append(f"column `{name}` stands twice, as columns {columns}: rename or drop one")
        place[key] = some[0][1]
        taken.add(some[0][1])
        spare += [(at, key) for _, at in some[1:]]
    left = sorted({(at, key) for at, key in spare if at not in taken})
    notes = [
        f"{titles[at].text} is not read: {titles[place[key]].text} stands for "
        f"{vocabulary.meanings[key].words}"
        for at, key in dict(left).items()
    ]
    faults += _misspelt(unknown, place, vocabulary)
    if faults:
        raise ReadingError(*faults)
    if unknown:
        names = ", ".join(title.text for title in unknown[:8])
        more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
        notes.append(f"not read: {names}{more}")
    return Columns(place, frozenset(mapped), tuple(notes))


def _mapped(
    titles: Sequence[Title], vocabulary: Vocabulary, mapped: Mapping[str, str]
) -> dict[str, int]:
    place, faults = {}, []
    texts = [title.text for title in titles]
    for key, name in mapped.items():
        if key not in vocabulary.meanings:
            known = ", ".join(vocabulary.meanings)
            faults.append(f"--map {key}=...: is no column that is read; those are {known}")
            continue
        places = [i for i, text in enumerate(texts) if text == name.strip()]
        places = places or [i for i, text in enumerate(texts) if _plain(text) == _plain(name)]
        if not places:
            near = difflib.get_close_matches(name, texts, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(texts)}"
            if vocabulary.mapped:
                faults.append(f"--map {key}={name}: the file has no such column{hint}")
            else:
                faults.append(f"has no column `{name}`{hint}")
            continue
        if len(places) > 1:
            columns = " and ".join(str(at + 1) for at in places)
            faults.append(f"--map {key}={name}: stands twice, as columns {columns}: rename one")
        place[key] = places[0]
    if faults:
        raise ReadingError(*faults)
    return place


def _misspelt(
    unknown: Sequence[Title], place: Mapping[str, int], vocabulary: Vocabulary
) -> list[str]:
    """Return faults of names that are nearly those of a column that is not there."""
    if not vocabulary.strict:
        return []
    missing = {
        n: key for key, m in vocabulary.meanings.items() if key not in place for n in m.names
    }
    faults = []
    for title in unknown:
        near = difflib.get_close_matches(title.plain, missing, n=1, cutoff=0.8)
        if near and len(title.plain) > 3:
            faults.append(
                f"column `{title.text}` is unknown; did you mean `{near[0]}`? Rename it, or drop it"
            )
    return faults
