"""The distributions of ROI as a small SVG whose colours are the page's."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..charts.numbers import FloatArray, defined, density
from ..charts.scale import RoiScale
from ..charts.theme import DARK, LIGHT, Theme, looks
from ..text.numbers import brief, gain, percent

if TYPE_CHECKING:
    import xarray as xr

    from ..measures import Summary

WIDTH = 720
_LEFT, _RIGHT, _TOP, _CURVE, _ROW, _AXIS = 8, 8, 22, 150, 26, 26
_POINTS = 160
#: Width of a character, on a phone too.
_TEXT = 13.0
_QUANTILES = ("roi_p05", "roi_median", "roi_p95")


def draw(dataset: xr.Dataset, summary: Summary, tiers: Mapping[str, str], scale: RoiScale) -> str:
    """Return densities of ROI with median and 90 % interval of every portfolio.

    Parameters
    ----------
    dataset
        Results of a run.
    summary
        With the 5 %, 50 % and 95 % quantiles of ROI.
    tiers
        Tier of each portfolio: its colour.
    scale
        The axis; what lies beyond it stands at its ends.
    """
    names = list(tiers)
    roi = dataset["roi"].transpose("portfolio", "sim").values
    curves = [_curve(defined(row), scale) for row in roi]
    highest = max((float(y.max()) for _, y in curves), default=0.0) or 1.0
    height = _TOP + _CURVE + _ROW * len(names) + _AXIS
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(_words(summary))}">',
        *_frame(scale, height),
    ]
    for k, (name, (x, y)) in enumerate(zip(names, curves, strict=True)):
        parts.append(_area(x, y / highest, k))
        parts += _interval(summary, name, scale, k)
    return "".join([*parts, "</svg>"])


def colours(tiers: Mapping[str, str], theme: Theme) -> list[str]:
    """Return the colour of each portfolio on the paper of a theme."""
    return [look.text for look in looks(tiers, theme).values()]


def stylesheet(tiers: Mapping[str, str]) -> str:
    """Return the colours of the portfolios as CSS, for light and for dark paper."""

    def rules(theme: Theme) -> str:
        return "".join(f".p{k}{{color:{c}}}" for k, c in enumerate(colours(tiers, theme)))

    return f"{rules(LIGHT)}@media(prefers-color-scheme:dark){{{rules(DARK)}}}"


def _place(roi: float, scale: RoiScale) -> float:
    share = min(max(scale.share(roi), 0.0), 1.0)
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _curve(ordered: FloatArray, scale: RoiScale) -> tuple[FloatArray, FloatArray]:
    low, high = (float(end) for end in scale.position([scale.low, scale.high]))
    if not ordered.size:
        return np.linspace(_LEFT, WIDTH - _RIGHT, 2), np.zeros(2)
    x, y = density(scale.position(ordered), low, high, _POINTS)
    return _LEFT + (x - low) / (high - low) * (WIDTH - _LEFT - _RIGHT), y


def _area(x: FloatArray, height: FloatArray, k: int) -> str:
    base = _TOP + _CURVE
    line = " ".join(f"{a:.1f},{base - _CURVE * b:.1f}" for a, b in zip(x, height, strict=True))
    return (
        f'<g class="p{k}"><polygon points="{x[0]:.1f},{base} {line} {x[-1]:.1f},{base}" '
        f'fill="currentColor" fill-opacity="0.18"/>'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="2"/></g>'
    )


def _interval(summary: Summary, name: str, scale: RoiScale, k: int) -> list[str]:
    """Return the row of a portfolio: 90 % interval, median, and the median as text."""
    y = _TOP + _CURVE + _ROW * (k + 0.6)
    values = [summary[name][key].value for key in _QUANTILES]
    if any(value is None for value in values):
        return []
    low, middle, high = (_place(float(value or 0.0), scale) for value in values)
    text = f"{escape(name)} {percent(values[1], None, signed=True)}"
    # The text stands where a line of its length has room.
    x, anchor = (high + 8, "start") if WIDTH - high > _TEXT * len(text) else (low - 8, "end")
    return [
        (
            f'<g class="p{k}"><line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" '
            f'stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-opacity="0.6"/>'
            f'<circle cx="{middle:.1f}" cy="{y}" r="6" fill="currentColor"/>'
            f'<text x="{x:.1f}" y="{y + 4}" text-anchor="{anchor}" fill="currentColor">{text}</text>'
            "</g>"
        )
    ]


def _frame(scale: RoiScale, height: int) -> list[str]:
    """Return the axis, its labels, and the line between loss and gain."""
    bottom, zero = height - _AXIS, _place(0.0, scale)
    parts = [
        (
            f'<rect x="{_LEFT}" y="{_TOP}" width="{zero - _LEFT:.1f}" height="{bottom - _TOP}" '
            'class="loss"/>'
        ),
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{bottom}" class="zero"/>',
        f'<text x="{zero - 6:.1f}" y="{_TOP - 6}" text-anchor="end" class="muted">loss</text>',
        f'<text x="{zero + 6:.1f}" y="{_TOP - 6}" class="muted">gain</text>',
    ]
    for roi in scale.ticks():
        x = _place(roi, scale)
        anchor = "start" if x < 40 else "end" if x > WIDTH - 40 else "middle"
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="{anchor}" class="muted">'
            f"{gain(roi)}</text>"
        )
    return parts


def _words(summary: Summary) -> str:
    """Return the drawing in words."""
    parts = []
    for name, measures in summary.portfolios.items():
        low, middle, high = (brief(measures[key], signed=True) for key in _QUANTILES)
        parts.append(f"ROI of {name}: median {middle}, 90 % of worlds from {low} to {high}")
    return ". ".join(parts)
