"""A brand: a theme read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..experiment.faults import ExperimentError, Fault, shown, suggestion
from ..reading.files import MOST_TEXT, bytes_of
from .colours import is_colour
from .theme import LIGHT, MODES, Theme

COLOURS = ("background", "ink", "muted", "grid", "loss", "gain")
"""What has a colour besides the tiers."""


def load_theme(path: str | Path) -> Theme:
    """Read a brand from the table ``[theme]`` of a TOML file.

    ``mode`` is "light" or "dark"; ``font`` a family; ``logo`` a PNG beside the file; the table
    ``[theme.colours]`` names tiers, ``mixed``, background, ink, muted, grid, loss and gain.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ExperimentError
        All faults of the table, with their keys.
    """
    import tomllib

    path = Path(path)
    try:
        document = tomllib.loads(bytes_of(path, MOST_TEXT).decode())
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(str(path), [Fault("", f"is not TOML: {error}")]) from None
    return theme_from_table(document.get("theme", {}), folder=path.parent, file=str(path))


def theme_from_table(
    table: Mapping[str, Any], *, folder: Path | None = None, file: str = "theme"
) -> Theme:
    """Build a theme from a TOML table; see `load_theme`.

    Raises
    ------
    ExperimentError
        All faults of the table, with their keys.
    """
    faults: list[Fault] = []
    mode = table.get("mode", "light")
    if mode not in MODES:
        faults.append(Fault("theme.mode", 'must be "light" or "dark"', mode))
    theme = MODES.get(mode, LIGHT)
    known = ("mode", "font", "logo", "colours")
    faults += [
        Fault(f"theme.{key}", f"unknown key; {suggestion(key, known)}")
        for key in table
        if key not in known
    ]
    font = table.get("font", theme.font)
    if not isinstance(font, str) or not font:
        faults.append(Fault("theme.font", "must be the name of a font family", font))
    logo = _logo(table.get("logo"), folder, faults)
    colours = _colours(table.get("colours", {}), theme, faults)
    if faults:
        raise ExperimentError(file, faults)
    plain = {key: colour for key, colour in colours.items() if key in COLOURS}
    tiers = {key: colour for key, colour in colours.items() if key not in COLOURS}
    return replace(theme, font=font, logo=logo, tiers={**theme.tiers, **tiers}, **plain)


def _colours(table: Any, theme: Theme, faults: list[Fault]) -> dict[str, str]:
    known = (*COLOURS, *theme.tiers)
    if not isinstance(table, Mapping):
        faults.append(Fault("theme.colours", "must be a table of colours", table))
        return {}
    for key, colour in table.items():
        where = f"theme.colours.{key}"
        if key not in known:
            faults.append(Fault(where, f"unknown key; {suggestion(key, known)}"))
        elif not is_colour(colour):
            faults.append(Fault(where, 'must be a colour such as "#0072B2"', colour))
    return dict(table)


def _logo(name: Any, folder: Path | None, faults: list[Fault]) -> Path | None:
    if name is None:
        return None
    if not isinstance(name, str) or not name.lower().endswith(".png"):
        faults.append(Fault("theme.logo", "must be the name of a PNG file", name))
        return None
    path = (folder or Path()) / name
    if not path.is_file():
        faults.append(Fault("theme.logo", f"no such file beside the theme: {shown(name)}"))
    return path
