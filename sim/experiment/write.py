"""Experiments back to TOML: resolved, complete, readable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .load import Experiment

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")
#: Values that stand on one line although they are tables.
_INLINE_BELOW = ("tier", "economics", "costs", "beliefs")


def to_toml(experiment: Experiment) -> str:
    """Return the resolved experiment as TOML that loads without any preset.

    Keys keep a comment that says where they come from.
    """
    lines: list[str] = []
    tables = experiment.tables()
    title = tables.pop("title", "")
    if title:
        lines += [f"title = {value(title)}", ""]
    for name, table in tables.items():
        _table(lines, (name,), table, experiment.origins)
    return "\n".join(lines).rstrip() + "\n"


def _table(
    lines: list[str], path: tuple[str, ...], table: Mapping[str, Any], origins: Mapping[str, str]
) -> None:
    plain = {k: v for k, v in table.items() if not _is_section(path, v)}
    deeper = {k: v for k, v in table.items() if _is_section(path, v)}
    if plain or not deeper:
        lines.append("[" + ".".join(key(part) for part in path) + "]")
        for name, item in plain.items():
            origin = origins.get(".".join((*path, name)), "")
            note = f"  # {origin}" if origin and origin != "this file" else ""
            lines.append(f"{key(name)} = {value(item)}{note}")
        lines.append("")
    for name, item in deeper.items():
        _table(lines, (*path, name), item, origins)


def _is_section(path: tuple[str, ...], item: Any) -> bool:
    if not isinstance(item, Mapping):
        return False
    if path[0] == "tier":
        return len(path) < 4
    return path[0] not in _INLINE_BELOW


def key(name: str) -> str:
    """Return a key as TOML."""
    return name if _BARE.match(name) else value(name)


def value(item: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str):
        escaped = item.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(item, float) and item == int(item) and abs(item) < 1e15:
        return str(int(item))
    if isinstance(item, int | float):
        return repr(item)
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{key(k)} = {value(v)}" for k, v in item.items()) + " }"
    return "[" + ", ".join(value(v) for v in item) + "]"
