"""What can be said of a file before it is filled up: unknown keys, and tables that are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..text.safe import alike, name_problem, unshown
from .faults import Fault, nearest, suggestion
from .layout import Path, is_section, is_source, known_keys
from .toml import dotted

#: Keys whose value is a name; others of them must be known, which is checked later.
_NAMES_AS_VALUES = ("tier", "platform", "niche", "compensation")


@dataclass
class Shape:
    """The sound part of a file, and what is wrong with the rest.

    Attributes
    ----------
    tables
        The tables of the file without what is faulty.
    faults
        What was left out, and why.
    meant
        Dotted keys that a misspelt key was probably meant to be: they are not missing.
    """

    tables: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    meant: set[str] = field(default_factory=set)


def sound(tables: Mapping[str, Any]) -> Shape:
    """Keep of a file what has the right shape: tables where tables belong, and known keys."""
    shape = Shape()
    shape.tables = _section((), tables, shape)
    if not shape.tables.get("portfolio") and not any(
        fault.key.split(".")[0] == "portfolio" for fault in shape.faults
    ):
        problem = "is missing: name at least one, such as [portfolio.micro]"
        if "portfolio" not in shape.meant:
            shape.faults.append(Fault("portfolio", problem))
    return shape


def _section(path: Path, table: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    known, result = known_keys(path), {}
    for name, item in table.items():
        here = (*path, name)
        key = dotted(here)
        if known is not None and name not in known:
            what = "key here" if path else "table of an experiment"
            shape.faults.append(Fault(key, f"is not a {what}; {suggestion(name, known)}"))
            shape.meant.add(dotted((*path, nearest(name, known) or name)))
        elif known is None and path != ("sweep",) and (problem := name_problem(name)):
            shape.faults.append(Fault(key, problem))
        elif path and is_source(path) and not isinstance(item, str):
            shape.faults.append(Fault(key, "must say in words where the value comes from", item))
        elif not is_section(here):
            shape.faults += _line_names(here, item)
            shape.faults += unshown_in(key, item)
            result[name] = item
        elif isinstance(item, Mapping):
            result[name] = _section(here, item, shape)
        else:
            shape.faults.append(Fault(key, f"must be a table: [{key}]", item))
    if known is None and path != ("sweep",):
        shape.faults += told_apart(path, result)
    return result


def _line_names(path: Path, item: Any) -> Iterator[Fault]:
    """Yield faulty names inside a portfolio: of the lines of a mix, and where a value is a name."""
    if path[0] != "portfolio" or len(path) != 3:
        return
    if path[2] in _NAMES_AS_VALUES:
        yield from _name_as_value(path, item)
    if path[2] == "mix" and isinstance(item, Mapping):
        for name, line in item.items():
            if problem := name_problem(name):
                yield Fault(dotted((*path, name)), problem)
            for key in _NAMES_AS_VALUES if isinstance(line, Mapping) else ():
                yield from _name_as_value((*path, name, key), line.get(key))
        yield from told_apart(path, item)


def _name_as_value(path: Path, item: Any) -> Iterator[Fault]:
    if isinstance(item, str) and (problem := name_problem(item)):
        yield Fault(dotted(path), problem, item)


def told_apart(path: Path, names: Iterable[str]) -> Iterator[Fault]:
    """Yield the names of a table that a reader cannot tell from one before them."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(alike(name), name)
        if first != name:
            problem = (
                f"differs from `{first}` by capitals or marks alone; give it a name of its own"
            )
            yield Fault(dotted((*path, name)), problem)


def unshown_in(key: str, item: Any) -> Iterator[Fault]:
    """Yield a fault for each text in a value that holds a character that nothing can show."""
    if isinstance(item, str) and (odd := unshown(item)):
        yield Fault(key, f"holds {odd}, which cannot be shown; leave it out", item)
    elif isinstance(item, Mapping):
        for name, inner in item.items():
            if odd := unshown(str(name)):
                yield Fault(key, f"a key in it holds {odd}, which cannot be shown; leave it out")
            yield from unshown_in(key, inner)
    elif isinstance(item, list | tuple):
        for inner in item:
            yield from unshown_in(key, inner)
