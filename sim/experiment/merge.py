"""Tables over tables: included files below a file, ``--set`` above it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from ..reading.files import MOST_TEXT, bytes_of
from .faults import Fault
from .layout import Path, is_section, known_keys, sourced_keys
from .numbers import Written
from .presets import presets
from .toml import path_of, value

Tables = Mapping[str, Any]

#: The source of a value given with ``--set``.
ASSIGNED = "--set on the command line"
#: Keys of a portfolio of which one excludes the other: the upper table's choice counts.
_EITHER = {"creators": "budget", "budget": "creators"}


def merge(base: Tables, over: Tables, path: Path = ()) -> dict[str, Any]:
    """Return tables laid over others, key by key; a value is replaced whole.

    A key of a tier lies over the same key on each of its platforms: `[tier.micro]` above means
    every platform, whatever `[tier.micro.on.tiktok]` below says.
    """
    result = dict(base)
    if len(path) == 2 and path[0] == "tier" and isinstance(base.get("on"), Mapping):
        result["on"] = {name: _without(table, over) for name, table in base["on"].items()}
    for key, item in over.items():
        here, below = (*path, key), result.get(key)
        if isinstance(below, Mapping) and isinstance(item, Mapping) and is_section(here):
            result[key] = merge(below, item, here)
        else:
            result[key] = item
        if path[:1] == ("portfolio",) and key in _EITHER and _EITHER[key] not in over:
            result.pop(_EITHER[key], None)
    return result


def _without(table: Any, over: Tables) -> Any:
    """Return a tier's table of a platform without the keys that the tier above it sets."""
    if not isinstance(table, Mapping):
        return table
    kept = {key: item for key, item in table.items() if key not in over or key == "source"}
    if isinstance(kept.get("source"), Mapping):
        kept["source"] = {key: item for key, item in kept["source"].items() if key not in over}
    return kept


def found_in(tables: Tables, path: Path) -> bool:
    """Say whether tables hold a path."""
    inner: Any = tables
    for part in path:
        if not isinstance(inner, Mapping) or part not in inner:
            return False
        inner = inner[part]
    return True


# --- Included files -------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A file that is no TOML, with the reason."""


def read_toml(path: FilePath) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    Unreadable
        With the reason.
    """
    try:
        text = (
            bytes_of(path, MOST_TEXT).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        )
        return tomllib.loads(text, parse_float=Written)
    except OSError as error:
        inside = path / "experiment.toml"
        way_out = f"; did you mean {inside}?" if inside.is_file() else ""
        raise Unreadable(f"cannot be read: {error.strerror}{way_out}") from None
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text; save it as UTF-8") from None
    except RecursionError:
        raise Unreadable("its tables are nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"is not valid TOML: {error}") from None


def included(names: Any, folder: FilePath) -> tuple[dict[str, Tables], list[Fault]]:
    """Read the files that the key `include` names, lowest first."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return {}, [Fault("include", 'must be a list of files such as ["fit.toml"]', names)]
    fragments, faults = {}, []
    for name in names:
        try:
            tables = read_toml(folder / name)
        except Unreadable as error:
            faults.append(Fault("include", f"{name} {error}"))
            continue
        if "include" in tables:
            faults.append(Fault("include", f"{name} must not include files itself"))
            continue
        fragments[str(folder / name)] = _moved(tables, FilePath(name).parent)
    return fragments, faults


def _moved(item: Any, parent: FilePath) -> Any:
    """Return tables whose files are named from where the including file is."""
    if not isinstance(item, Mapping):
        return item
    return {
        key: (parent / inner).as_posix()
        if key == "empirical" and isinstance(inner, str)
        else _moved(inner, parent)
        for key, inner in item.items()
    }


# --- Assignments ----------------------------------------------------------------------------------


def assign(tables: Tables, assignment: str) -> tuple[Tables, list[Fault]]:
    """Apply ``dotted.key=value`` to the tables; the value is TOML, or else text."""
    key, sign, text = assignment.partition("=")
    if not sign or path_of(key.strip()) is None:
        return tables, [Fault("", f"--set takes dotted.key=value (got {value(assignment)})")]
    try:
        given = _given(text.strip())
    except tomllib.TOMLDecodeError as error:
        return tables, [Fault(key.strip(), f"--set has a value that is no TOML: {error}", text)]
    return assign_value(tables, key.strip(), given)


def assign_value(tables: Tables, key: str, given: Any) -> tuple[Tables, list[Fault]]:
    """Apply a value, as a file would hold it, to a dotted key of the tables."""
    path = path_of(key)
    if path is None:
        return tables, [Fault(key, "is no dotted key")]
    depth = next((n for n in range(1, len(path)) if not is_section(path[:n])), len(path))
    whole, inside = path[:depth], path[depth:]
    if inside and whole[-1] in (known_keys(whole[:-1]) or ()):
        below = _value_at(tables, whole) or _value_at(presets(), whole)
        if not isinstance(below, Mapping):
            problem = "cannot be set alone; give the whole value of "
            return tables, [Fault(key, f"{problem}`{'.'.join(whole)}`")]
        given = _replaced(below, inside, given)
    # What is no key at all is set as well: the check of the whole finds it.
    tables = merge(tables, _nested(whole, given))
    return merge(tables, _label(whole)), []


def _nested(path: Path, item: Any) -> dict[str, Any]:
    for part in reversed(path):
        item = {part: item}
    return dict(item)


def _label(path: Path) -> dict[str, Any]:
    """Return the table that says where an assigned value comes from, if there is place for it."""
    table = path[:1] if path[:2] == ("shocks", "loadings") else path[:-1]
    if table and is_section((*table, "source")) and path[-1] in sourced_keys(table):
        return _nested((*table, "source", path[-1]), ASSIGNED)
    return {}


def _given(text: str) -> Any:
    """Read the value of an assignment; what does not begin like a TOML value is text."""
    try:
        tables = tomllib.loads(f"value = {text}", parse_float=Written)
    except tomllib.TOMLDecodeError:
        if text[:1] in ("{", "[", '"', "'"):
            raise
        return text
    return tables["value"] if len(tables) == 1 else text


def _value_at(tables: Tables, path: Path) -> Any:
    inner: Any = tables
    for part in path:
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    return inner


def _replaced(table: Tables, path: Sequence[str], item: Any) -> dict[str, Any]:
    """Return a copy of a table with one value inside replaced."""
    if len(path) > 1:
        inner = table.get(path[0])
        item = _replaced(inner if isinstance(inner, Mapping) else {}, path[1:], item)
    return {**table, path[0]: item}
