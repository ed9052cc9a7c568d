"""Experiments back to TOML: resolved, complete, readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fill import DEFAULT, THIS_FILE
from .layout import FREE, Path, is_section, sourced_keys
from .load import Experiment
from .toml import dotted, key, value


def to_toml(
    experiment: Experiment, files: Mapping[str, str] | None = None, worlds: int | None = None
) -> str:
    """Return the resolved experiment as TOML that loads to the same without any preset.

    Parameters
    ----------
    experiment
        The experiment.
    files
        New places of the files in `Experiment.inputs`; without it they stay where they are.
    worlds
        So many in all, instead of those of the experiment.

    Notes
    -----
    Sources stand in tables ``source`` beside the values, as in the presets, so that they come back
    when the file is read.
    """
    lines: list[str] = []
    tables = experiment.tables()
    if worlds is not None:
        kept = {key: item for key, item in tables["simulation"].items() if key != "beliefs"}
        tables["simulation"] = kept | {"worlds": worlds}
    title = tables.pop("title", "")
    evidence = tables.pop("evidence")
    if title:
        lines += [f"title = {value(title)}", ""]
    if evidence != "pooled":
        lines += [f"evidence = {value(evidence)}", ""]
    if "currency" in tables:
        money = {name: tables.pop(name) for name in ("currency", "exchange_rate") if name in tables}
        lines += [*(f"{name} = {value(item)}" for name, item in money.items()), ""]
    for name, table in tables.items():
        moved = table if name in FREE else _moved(table, files or {})
        _table(lines, (name,), moved, experiment.origins)
    return "\n".join(lines).rstrip() + "\n"


def _table(
    lines: list[str], path: Path, table: Mapping[str, Any], origins: Mapping[str, str]
) -> None:
    plain = {k: v for k, v in table.items() if not is_section((*path, k))}
    deeper = {k: v for k, v in table.items() if is_section((*path, k))}
    if plain or not deeper:
        lines += [f"[{dotted(path)}]", *(f"{key(k)} = {value(v)}" for k, v in plain.items()), ""]
    sources = _sources(path, origins)
    if sources:
        lines.append(f"[{dotted((*path, 'source'))}]")
        lines += [*(f"{key(k)} = {value(source)}" for k, source in sources.items()), ""]
    for name, item in deeper.items():
        _table(lines, (*path, name), item, origins)


def _sources(path: Path, origins: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of where the values of a table come from, beside the file itself."""
    if not is_section((*path, "source")):
        return {}
    sources = {}
    for name in sourced_keys(path):
        loading = dotted(("shocks", "loadings", name))
        origin = origins.get(dotted((*path, name))) or (
            origins.get(loading, "") if path == ("shocks",) else ""
        )
        if origin not in ("", DEFAULT, THIS_FILE):
            sources[name] = origin
    return sources


def _moved(item: Any, files: Mapping[str, str]) -> Any:
    if not isinstance(item, Mapping):
        return item
    result = {}
    for name, inner in item.items():
        if name == "empirical" and isinstance(inner, str):
            file, column = inner.rsplit(":", 1)
            result[name] = f"{files.get(file, file)}:{column}"
        elif name == "roster" and isinstance(inner, str):
            result[name] = files.get(inner, inner)
        else:
            result[name] = _moved(inner, files)
    return result
