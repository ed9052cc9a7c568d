"""What can be said of a file before it is filled up: unknown keys, and tables that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault, nearest, suggestion
from .layout import Path, is_section, is_source, known_keys
from .toml import dotted

#: Names become labels such as ``portfolio/line`` and ``engagement_rate:instagram:micro``.
_NAME = re.compile(r"^(?!\s)[^/:\x00-\x1f\x7f]+(?<!\s)$")
_NO_NAME = "a name must not be empty, hold / or :, or begin or end with a blank"


def name_fault(name: str) -> str:
    """Return what is wrong with a name; nothing where it may be used."""
    return "" if _NAME.match(name) else _NO_NAME


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
        elif known is None and name_fault(name):
            shape.faults.append(Fault(key, name_fault(name)))
        elif path and is_source(path) and not isinstance(item, str):
            shape.faults.append(Fault(key, "must say in words where the value comes from", item))
        elif not is_section(here):
            shape.faults += _line_names(here, item)
            result[name] = item
        elif isinstance(item, Mapping):
            result[name] = _section(here, item, shape)
        else:
            shape.faults.append(Fault(key, f"must be a table: [{key}]", item))
    return result


def _line_names(path: Path, item: Any) -> Iterator[Fault]:
    """Yield faulty names of lines: the keys of a mix."""
    if path[0] == "portfolio" and path[2:] == ("mix",) and isinstance(item, Mapping):
        for name in item:
            if name_fault(name):
                yield Fault(dotted((*path, name)), name_fault(name))
