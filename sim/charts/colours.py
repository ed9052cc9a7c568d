"""Colours as numbers: contrast, and shades that can be read on a background."""

from __future__ import annotations

import re
from typing import Any

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


def is_colour(value: Any) -> bool:
    """Return whether the value is a colour such as ``#0072B2``."""
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def channels(colour: str) -> tuple[float, float, float]:
    """Return red, green and blue from 0 to 1."""
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def blend(colour: str, other: str, share: float) -> str:
    """Return the colour with a share (0 to 1) of another mixed in."""
    mixed = (
        round(255 * ((1 - share) * a + share * b))
        for a, b in zip(channels(colour), channels(other), strict=True)
    )
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def luminance(colour: str) -> float:
    """Return the relative luminance, 0 for black to 1 for white (WCAG 2.2)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(colour), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, background: str, least: float) -> str:
    """Return the colour, mixed with black or white until it stands out from the background."""
    away = "#000000" if luminance(background) > 0.18 else "#FFFFFF"
    steps = (blend(colour, away, share / 20) for share in range(21))
    return next((shade for shade in steps if contrast(shade, background) >= least), away)
