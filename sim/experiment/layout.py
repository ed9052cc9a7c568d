"""Where things stand in an experiment file: which paths are tables, and the keys that each takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from . import models

Path = tuple[str, ...]

#: Plain keys at the top of an experiment file.
PLAIN = ("title", "evidence", "currency", "exchange_rate")
#: Tables that an experiment file may have, beside these and `include`.
TABLES = tuple(name for name in models.Experiment.model_fields if name not in ("name", *PLAIN))
#: Tables of tables: the analyst names what is in them.
NAMED = ("platform", "niche", "tier", "compensation", "format", "portfolio")
#: Tables of dotted keys with other values for them: what they name is checked when it is used.
FREE = ("sweep", "scenario")
#: Tables with nothing that a source could say.
_UNSOURCED = ("simulation", "portfolio", "learned", "decision")


@lru_cache(maxsize=4096)
def is_section(path: Path) -> bool:
    """Say whether a path is a table of keys; anything deeper is one value, and replaced whole.

    So ``tier.micro`` and ``tier.micro.on.instagram`` are tables, and ``tier.micro.fee`` is a
    value, though it may be written as a table.
    """
    head, depth = path[0], len(path)
    if depth == 1:
        return head in TABLES
    if is_source(path):
        return True
    if head == "tier":
        return depth == 2 or (path[2] == "on" and depth <= 4)
    return depth == 2 and (head in NAMED or path == ("shocks", "loadings"))


def is_source(path: Path) -> bool:
    """Say whether a path is the table that tells where the values beside it come from."""
    return path[-1] == "source" and len(path) > 1 and "source" in (known_keys(path[:-1]) or ())


@lru_cache(maxsize=4096)
def known_keys(path: Path) -> tuple[str, ...] | None:
    """Return the keys that a table takes in a file; None where any name will do."""
    if not path:
        return (*TABLES, *PLAIN, "include")
    head, depth = path[0], len(path)
    if is_source(path):
        return sourced_keys(path[:-1])
    if (depth == 1 and head in NAMED) or (head == "tier" and depth == 3) or head in FREE:
        return None
    if path == ("shocks", "loadings"):
        return get_args(models.Shocked)
    keys = tuple(get_args(models.Believed)) if head == "beliefs" else tuple(model_of(head))
    if head == "tier" and depth == 2:
        keys = (*keys, "on")
    return keys if head in _UNSOURCED else (*keys, "source")


def sourced_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of a table that its table `source` may speak of."""
    keys = [key for key in known_keys(path) or () if key not in ("on", "source", "loadings")]
    return (*keys, *get_args(models.Shocked)) if path[0] == "shocks" else tuple(keys)


def model_of(head: str) -> dict[str, Any]:
    """Return the fields of the model behind a table, or behind each entry of a table of tables."""
    if head == "tier":
        return dict(models.Tier.model_fields)
    model = model_in(models.Experiment.model_fields[head].annotation)
    assert model is not None
    return dict(model.model_fields)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as ``dict[str, Annotated[MixLine, ...]] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        model = model_in(inner)
        if model is not None:
            return model
    return None
