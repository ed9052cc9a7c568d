"""One figure per question, `plot_x(data, ax=None) -> Axes`; matplotlib is loaded by the first.

Read in this order: `theme.py` (how everything looks), `paper.py` (axes and headline), `run.py`
(what the charts read from a run), `scale.py` (the axis of ROI), then any chart. `titles.py` and
`findings.py` word the findings, `numbers.py` arranges arrays, `rows.py` holds what questions feed
their charts with, `drawing.py` draws all that is free from a run. An answer draws itself: `plot()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .audit import plot_audit
    from .brand import load_theme, theme_from_table
    from .difference import plot_difference
    from .dots import plot_dots
    from .drawing import CHARTS, Chart, draw, draw_all
    from .drivers import plot_tornado, plot_variance_split
    from .funnel import plot_funnel
    from .inputs import plot_inputs
    from .mixes import MixPoint, plot_holdings, plot_mixes
    from .money import plot_waterfall
    from .paper import alt_text
    from .payback import plot_payback, plot_run_payback
    from .portfolios import plot_diversification, plot_frontier
    from .reach import plot_exceedance
    from .region import RegionMap, plot_region
    from .risk import plot_loss, plot_risk_return
    from .roi import plot_roi
    from .rows import (
        AuditRow,
        Diversification,
        FrontierPoint,
        Split,
        SweepLine,
        Swing,
        TailPoint,
        observed_tail,
    )
    from .run import Run
    from .scenarios import RoiRange, plot_scenarios
    from .sweeps import plot_break_even, plot_sweep
    from .tails import plot_lorenz, plot_tail
    from .theme import DARK, LIGHT, Theme, save
    from .ties import Level, TieMark, plot_tie

#: What the room offers, and where it lives: nothing is imported before it is used.
_HOME = {
    "AuditRow": "rows",
    "CHARTS": "drawing",
    "Chart": "drawing",
    "DARK": "theme",
    "Diversification": "rows",
    "FrontierPoint": "rows",
    "LIGHT": "theme",
    "Level": "ties",
    "MixPoint": "mixes",
    "RegionMap": "region",
    "RoiRange": "scenarios",
    "Run": "run",
    "Split": "rows",
    "SweepLine": "rows",
    "Swing": "rows",
    "TailPoint": "rows",
    "Theme": "theme",
    "TieMark": "ties",
    "alt_text": "paper",
    "draw": "drawing",
    "draw_all": "drawing",
    "load_theme": "brand",
    "observed_tail": "rows",
    "plot_audit": "audit",
    "plot_break_even": "sweeps",
    "plot_difference": "difference",
    "plot_diversification": "portfolios",
    "plot_dots": "dots",
    "plot_exceedance": "reach",
    "plot_frontier": "portfolios",
    "plot_funnel": "funnel",
    "plot_holdings": "mixes",
    "plot_inputs": "inputs",
    "plot_lorenz": "tails",
    "plot_loss": "risk",
    "plot_mixes": "mixes",
    "plot_payback": "payback",
    "plot_region": "region",
    "plot_risk_return": "risk",
    "plot_roi": "roi",
    "plot_run_payback": "payback",
    "plot_scenarios": "scenarios",
    "plot_sweep": "sweeps",
    "plot_tail": "tails",
    "plot_tie": "ties",
    "plot_tornado": "drivers",
    "plot_variance_split": "drivers",
    "plot_waterfall": "money",
    "save": "theme",
    "theme_from_table": "brand",
}

__all__ = [
    "CHARTS",
    "DARK",
    "LIGHT",
    "AuditRow",
    "Chart",
    "Diversification",
    "FrontierPoint",
    "Level",
    "MixPoint",
    "RegionMap",
    "RoiRange",
    "Run",
    "Split",
    "SweepLine",
    "Swing",
    "TailPoint",
    "Theme",
    "TieMark",
    "alt_text",
    "draw",
    "draw_all",
    "load_theme",
    "observed_tail",
    "plot_audit",
    "plot_break_even",
    "plot_difference",
    "plot_diversification",
    "plot_dots",
    "plot_exceedance",
    "plot_frontier",
    "plot_funnel",
    "plot_holdings",
    "plot_inputs",
    "plot_lorenz",
    "plot_loss",
    "plot_mixes",
    "plot_payback",
    "plot_region",
    "plot_risk_return",
    "plot_roi",
    "plot_run_payback",
    "plot_scenarios",
    "plot_sweep",
    "plot_tail",
    "plot_tie",
    "plot_tornado",
    "plot_variance_split",
    "plot_waterfall",
    "save",
    "theme_from_table",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.charts' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
