"""What a run forecasts: equal-weight quantiles of every figure that results can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..measures.worlds import currency_of, portfolio_names
from ..run.dataset import open_results
from ..run.folder import checked, checksum, read_manifest
from ..text.currency import MONEY
from .log import Entry, ForecastError

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Quantiles that stand for a forecast, at the levels (i - 1/2) / QUANTILES.
QUANTILES = 1_001
LEVELS: Floats = (np.arange(QUANTILES) + 0.5) / QUANTILES

#: What is forecast, by the name of its column in results, with its unit; clicks where they are
#: simulated. Revenue is what codes and links see, since results know no other.
FIGURES = {
    "cost": MONEY,
    "impressions": "impressions",
    "engagements": "engagements",
    "clicks": "clicks",
    "tracked_orders": "orders",
    "revenue": MONEY,
}
_VARIABLES = {
    "cost": "cost",
    "impressions": "impressions",
    "engagements": "engagements",
    "revenue": "tracked_revenue",
}


@dataclass(frozen=True)
class Forecast:
    """A forecast as it was recorded.

    Attributes
    ----------
    hash
        SHA-256 of its line in the log.
    date
        When it was recorded, UTC: ``2026-03-01T12:00:00Z``.
    experiment
        Name of the experiment.
    experiment_hash
        What two runs of the same numbers have in common.
    quantiles
        By portfolio and figure, shape (QUANTILES,), in the figure's unit.
    loss
        By portfolio: share of worlds whose tracked revenue is below the cost.
    currency
        What its money is counted in.
    """

    hash: str
    date: str
    experiment: str
    experiment_hash: str
    quantiles: Mapping[str, Mapping[str, Floats]]
    loss: Mapping[str, float]
    currency: str = MONEY

    @property
    def day(self) -> str:
        """Day on which it was recorded, UTC."""
        return self.date[:10]


def forecast_of(folder: Path, now: datetime | None = None) -> dict[str, Any]:
    """Return the record of what a run forecasts.

    Parameters
    ----------
    folder
        The run's folder.
    now
        When it is recorded; by default the present.

    Returns
    -------
    dict
        ``kind``, ``date``, what was run with the SHA-256 of its resolved file, and by portfolio the
        quantiles of each figure and the chance of a tracked loss.

    Raises
    ------
    RunError
        Where the folder holds no whole run.
    """
    manifest = read_manifest(folder)
    resolved = checksum(checked(folder, "experiment.toml"))
    with open_results(folder) as dataset:
        portfolios = {name: _of_portfolio(dataset, name) for name in portfolio_names(dataset)}
        currency = currency_of(dataset)
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return {
        "kind": "forecast",
        "date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "experiment": manifest["experiment"],
        "resolved_sha256": resolved,
        "experiment_hash": manifest["experiment_hash"],
        "seed": manifest["seed"],
        "worlds": manifest["worlds"],
        "version": manifest["version"],
        **({} if currency == MONEY else {"currency": currency}),
        "portfolios": portfolios,
    }


def _of_portfolio(dataset: xr.Dataset, name: str) -> dict[str, Any]:
    here = dataset.sel(portfolio=name)
    worlds = {figure: here[variable].values for figure, variable in _VARIABLES.items()}
    worlds["tracked_orders"] = _tracked_orders(dataset, name)
    if "clicks" in here:
        worlds["clicks"] = here["clicks"].values
    # Of the worlds' own values: counts stay whole, and atoms stay atoms.
    quantiles = {
        figure: np.quantile(worlds[figure], LEVELS, method="inverted_cdf")
        for figure in FIGURES
        if figure in worlds
    }
    return {
        "quantiles": {figure: [float(q) for q in values] for figure, values in quantiles.items()},
        "loss": float(np.mean(worlds["revenue"] < worlds["cost"])),
    }


def _tracked_orders(dataset: xr.Dataset, name: str) -> Floats:
    """Return tracked orders of a portfolio, shape (worlds,).

    Each order is seen with the world's tracked share, so that they are binomial given the orders
    (thinning of a Poisson count). The stream is that of the run's seed: the same run gives the same.
    """
    here, lines = dataset.sel(portfolio=name), dataset["line_portfolio"].values == name
    if "tracked_orders" in here:
        return np.asarray(here["tracked_orders"].values, dtype=np.float64)
    orders = np.rint(here["orders"].values).astype(np.int64)
    value = dataset["line_order_value"].transpose("line", "sim").values[lines].sum(axis=0)
    tracked = here["tracked_revenue"].values
    share = np.divide(tracked, value, out=np.zeros_like(value), where=value > 0.0)
    at = int(np.flatnonzero(dataset["portfolio"].values == name)[0])
    stream = np.random.default_rng([abs(int(dataset.attrs["seed"])), at])
    return np.asarray(stream.binomial(orders, np.clip(share, 0.0, 1.0)), dtype=np.float64)


def read_forecast(entry: Entry, path: Path) -> Forecast:
    """Return the forecast of a record.

    Raises
    ------
    ForecastError
        Where the record is not one that this version can read.
    """
    record = entry.record
    try:
        quantiles = {
            name: {
                figure: np.asarray(values, dtype=np.float64)
                for figure, values in of["quantiles"].items()
            }
            for name, of in record["portfolios"].items()
        }
        whole = all(
            values.shape == (QUANTILES,) and bool(np.isfinite(values).all())
            for of in quantiles.values() for values in of.values()
        )  # fmt: skip
        if not whole:
            raise ValueError
        datetime.fromisoformat(record["date"])
        return Forecast(
            entry.hash, record["date"], str(record["experiment"]), record["experiment_hash"],
            quantiles, {name: float(of["loss"]) for name, of in record["portfolios"].items()},
            str(record.get("currency", MONEY)),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ForecastError(
            f"{path}: line {entry.line} is no forecast that can be read; restore the file from a copy, "
            "or name another with --log"
        ) from None
