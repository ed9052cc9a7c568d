"""The packaged presets as tables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def presets() -> dict[str, Any]:
    """Return the packaged presets as tables."""
    text = resources.files("sim.evidence").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def preset_tiers(platform: str) -> list[str]:
    """Return the tiers that have a preset on a platform."""
    known = presets().get(platform, {})
    tables = [name for name, table in known.items() if isinstance(table, Mapping)]
    return [name for name in tables if name not in ("any", "source")]


def preset_platforms() -> list[str]:
    """Return the platforms that have a preset."""
    return [name for name, table in presets().items() if "any" in table]
