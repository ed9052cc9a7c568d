"""Pydantic's errors in the words of an experiment file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from . import models
from .faults import Fault, suggestion
from .layout import NAMED, Path, model_in
from .toml import dotted

#: What pydantic calls a value of the wrong type, and what the file should hold.
_EXPECTED = {
    "string_type": "must be text in quotes",
    "dict_type": "must be a table",
    "tuple_type": "must be a list: [...]",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}


def user_key(location: Path, tables: Mapping[str, Any]) -> str:
    """Return the dotted key as the user wrote it.

    A tier's key may stand under a platform or not, and a value may be written short: ``micro =
    0.6`` for ``micro = { share = 0.6 }``.
    """
    if location[0] == "tier" and len(location) >= 5:
        on = tables.get("tier", {}).get(location[1], {}).get("on", {}).get(location[3], {})
        if location[4] not in on:
            location = (*location[:2], *location[4:])
    inner: Any = tables
    for depth, part in enumerate(location):
        if isinstance(inner, Mapping):
            inner = inner.get(part, {})
        else:
            return dotted(location[:depth])
    return dotted(location)


def faults_of(
    error: ValidationError,
    tables: Mapping[str, Any],
    in_vain: Mapping[Path, str],
    meant: set[str],
) -> Iterator[Fault]:
    """Yield one fault for each of pydantic's errors.

    Parameters
    ----------
    error
        What validation raised.
    tables
        Tables as in the file.
    in_vain
        What is wrong with entries such as ``("tier", "micor")`` that no portfolio uses and no
        preset has: one fault instead of one for each key that they lack.
    meant
        Keys that a misspelt key was meant to be: they are not missing.
    """
    for item in error.errors(include_url=False):
        kind, got = item["type"], item["input"]
        location = tuple(str(part) for part in item["loc"] if part != "[key]")
        key = user_key(location, tables)
        within = _within(item["loc"])
        if kind == "missing":
            if location[:2] in in_vain:
                yield Fault(dotted(location[:2]), in_vain[location[:2]])
            elif key not in meant:
                filled_up = location[0] in (*NAMED, "economics", "costs", "shocks")
                no_preset = filled_up and location[0] != "portfolio"
                yield Fault(key, "is missing: no preset has it" if no_preset else "is missing")
        elif kind == "extra_forbidden":
            hint = suggestion(location[-1], _fields(location[:-1]))
            yield Fault(key, f"{within}is not a key here; {hint}")
        elif kind == "literal_error" and "[key]" in item["loc"]:
            hint = suggestion(location[-1], get_args(models.FactorKind))
            yield Fault(key, f"is not a key here; {hint}")
        elif kind == "literal_error":
            yield Fault(key, f"must be {item['ctx']['expected']}".replace("'", '"'), got)
        elif kind == "value_error":
            yield Fault(key, f"{within}{item['ctx']['error']}", got)
        else:
            yield Fault(key, within + _EXPECTED.get(kind, item["msg"]), got)


def _within(location: tuple[str | int, ...]) -> str:
    """Return where in a list of tables a fault stands, such as ``entry 2, keep:``."""
    places = [i for i, part in enumerate(location) if isinstance(part, int)]
    if not places:
        return ""
    at = places[0]
    rest = [str(part) for part in location[at + 1 :]]
    return ", ".join([f"entry {int(location[at]) + 1}", *rest]) + ": "


def _fields(location: Path) -> list[str]:
    """Return the keys of the model at a location of the filled-up experiment."""
    model: Any = models.Experiment
    for part in location:
        field = model.model_fields.get(part)
        model = (model_in(field.annotation) if field else None) or model
    return list(model.model_fields)
