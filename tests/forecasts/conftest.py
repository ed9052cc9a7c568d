"""Forecasts as a log holds them, without worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from sim.forecasts.forecast import FIGURES, LEVELS

Maker = Callable[..., dict[str, Any]]


@pytest.fixture
def forecast() -> Maker:
    """Return a maker of forecasts of portfolio ``a``: cost N(1000, 100²), the rest N(500, 50²)."""

    def make(day: str = "2026-03-01", *, mean: float = 500.0, **more: Any) -> dict[str, Any]:
        quantiles = {name: list(mean + 50.0 * ndtri(LEVELS)) for name in FIGURES}
        quantiles["cost"] = list(1000.0 + 100.0 * ndtri(LEVELS))
        return {
            "kind": "forecast",
            "date": f"{day}T12:00:00Z",
            "experiment": "x",
            "experiment_hash": "h",
            "portfolios": {"a": {"quantiles": quantiles, "loss": 0.9}},
        } | more

    return make


@pytest.fixture
def normal() -> np.ndarray:
    """Return the quantiles of a standard normal forecast."""
    return np.asarray(ndtri(LEVELS))
