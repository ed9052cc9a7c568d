"""Keys and values as TOML writes them."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return a key, quoted where it must be."""
    return name if _BARE.match(name) else value(name)


def dotted(path: Iterable[Any]) -> str:
    """Return a dotted key: ``portfolio."a.b".budget``."""
    return _dotted(tuple(map(str, path)))


@lru_cache(maxsize=4096)
def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(key, path))


def path_of(text: str) -> tuple[str, ...] | None:
    """Return the parts of a dotted key, None where it is no key."""
    if "\n" in text:
        return None
    try:
        item: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return None
    path = []
    while isinstance(item, dict):
        if len(item) != 1:
            return None  # a comment
        ((part, item),) = item.items()
        path.append(part)
    return tuple(path)


def value(item: Any) -> str:
    """Return a value on one line."""
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str):
        # JSON escapes what TOML wants escaped, except DEL.
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(item, int):
        return str(item)
    if isinstance(item, float):
        whole = math.isfinite(item) and item == int(item) and abs(item) < 1e15
        return str(int(item)) if whole else repr(item)
    if isinstance(item, Mapping):
        inside = ", ".join(f"{key(k)} = {value(v)}" for k, v in item.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(item, list | tuple):
        return "[" + ", ".join(value(v) for v in item) + "]"
    return str(item)
