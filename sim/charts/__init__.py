"""One figure per question, `plot_x(data, ax=None) -> Axes`; matplotlib is loaded by the first."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .difference import plot_difference
    from .roi import plot_exceedance, plot_roi

_HOME = {
    "CHARTS": "draw",
    "Chart": "draw",
    "draw": "draw",
    "draw_all": "draw",
    "plot_difference": "difference",
    "plot_dots": "dots",
    "plot_exceedance": "roi",
    "plot_funnel": "funnel",
    "plot_loss": "risk",
    "plot_risk_return": "risk",
    "plot_waterfall": "money",
    "plot_roi": "roi",
}

__all__ = ["plot_difference", "plot_exceedance", "plot_roi"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.charts' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
