"""Forecasts that are recorded before, and marked once the results are in.

Read in this order: `log.py` (the file of records, each bound to the one before), `forecast.py` (what a
run forecasts), `results.py` (what a campaign brought), `outside.py` (measured campaigns), `scores.py` (how far one lay from the other,
and how two baselines would have done), `calibration.py` (what several campaigns say of the ranges).
"""

from .calibration import Calibration, calibrate
from .forecast import FIGURES, Forecast, forecast_of
from .log import ForecastError, Log, extended, read_log
from .outside import packaged
from .results import Totals, read_results
from .scores import Scored, record_and_score

__all__ = [
    "FIGURES",
    "Calibration",
    "Forecast",
    "ForecastError",
    "Log",
    "Scored",
    "Totals",
    "calibrate",
    "extended",
    "forecast_of",
    "packaged",
    "read_log",
    "read_results",
    "record_and_score",
]
