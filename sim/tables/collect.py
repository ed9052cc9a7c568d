"""The tables of a run: what its folder holds, one observation per row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..explain import explain
from ..measures import COMPARISONS, MEASURES, payback
from ..measures.evaluate import measured
from ..measures.functions import mean
from ..measures.worlds import CLUSTERED_SAMPLING
from ..plan import COMPONENTS
from ..run.dataset import open_results
from ..run.folder import read_manifest
from ..run.written import read_experiment, read_summary
from .table import Column, Table, from_rows

if TYPE_CHECKING:
    import xarray as xr

_MEASURED = {
    "measure": "", "description": "", "value": "", "standard_error": "", "unit": "", "reason": "",
}  # fmt: skip
_COSTS = {
    "portfolio": "", "line": "", "tier": "", "platform": "", "niche": "", "compensation": "",
    "creators": "creators", "component": "", "charged_on": "",
    "price": "USD per unit of charged_on", "mean": "USD", "standard_error": "USD",
    "share": "fraction of the portfolio's mean cost",
}  # fmt: skip
_INPUTS = {
    "key": "", "value": "", "unit": "", "mean": "", "median": "", "p05": "", "p95": "",
    "used_as": "", "source": "",
}  # fmt: skip


def run_tables(folder: str | Path, *, worlds: bool = False) -> list[Table]:
    """Return the tables of a run.

    Parameters
    ----------
    folder
        A run's folder, such as ``results/micro_vs_macro``.
    worlds
        Whether to add the worlds themselves: a row per world and portfolio, and a row per world of
        what portfolios share.

    Returns
    -------
    list of Table
        ``summary`` and ``comparison`` (a row per measure, its unit beside it), ``portfolios`` (the
        same measures, a row per portfolio, units in the header), ``costs`` (a row per line and
        component, USD), ``payback`` (a row per portfolio and week), ``assumptions`` (a row per input as used), ``run`` (what was run); with
        `worlds` also ``worlds`` and ``shared``.

    Raises
    ------
    RunError
        Where the folder holds no whole run, or one of a version that can no longer be read.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    summary = read_summary(folder)
    experiment = read_experiment(folder)
    dataset = open_results(folder)
    try:
        tables = [
            _summary(summary),
            _comparison(summary),
            _portfolios(summary),
            _costs(dataset),
            *_payback(dataset),
            _assumptions(explain(experiment)),
            _run(manifest, summary),
        ]
        if worlds:
            tables += [_worlds(dataset), _shared(dataset)]
    finally:
        dataset.close()
    return tables


def _summary(summary: Mapping[str, Any]) -> Table:
    rows = [
        {"portfolio": portfolio, **row}
        for portfolio, entry in summary["portfolios"].items()
        for row in _entries(entry["measures"], MEASURES)
    ]
    return from_rows(
        "summary", "a measure of a portfolio over all worlds", rows, {"portfolio": "", **_MEASURED}
    )


def _comparison(summary: Mapping[str, Any]) -> Table:
    rows = [
        {"a": pair["a"], "b": pair["b"], **row}
        for pair in summary["comparisons"]
        for row in _entries({k: v for k, v in pair.items() if k in COMPARISONS}, COMPARISONS)
    ]
    about = "a comparison of portfolios a and b in the same worlds"
    return from_rows("comparison", about, rows, {"a": "", "b": "", **_MEASURED})


def _entries(
    measures: Mapping[str, Mapping[str, Any]], known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for name, entry in measures.items():
        yield {
            "measure": name,
            "description": known[name].long_name if name in known else "",
            "value": entry["value"],
            "standard_error": entry["se"],
            "unit": entry["unit"],
            "reason": entry.get("reason"),
        }


def _portfolios(summary: Mapping[str, Any]) -> Table:
    entries = summary["portfolios"]
    columns = [
        Column("portfolio", list(entries)),
        Column("creators", [entry["creators"] for entry in entries.values()], "creators"),
    ]
    first: Mapping[str, Any] = next(iter(entries.values()))["measures"]
    for name, measure in first.items():
        for suffix, field in (("", "value"), ("_se", "se")):
            values = [entry["measures"][name][field] for entry in entries.values()]
            columns.append(Column(f"{name}{suffix}", values, measure["unit"]))
    return Table("portfolios", "a portfolio with all its measures", tuple(columns))


def _costs(dataset: xr.Dataset) -> Table:
    """Return the mean cost of every component of every line, holding one component at a time."""
    portfolio_cost = dataset["cost"].mean("sim")
    rows = []
    for number, line in enumerate(dataset["line"].values.tolist()):
        terms = {
            name: dataset[f"line_{name}"].values[number].item()
            for name in ("portfolio", "tier", "platform", "niche", "compensation", "creators")
        }
        whole = float(portfolio_cost.sel(portfolio=terms["portfolio"]))
        for place, component in enumerate(dataset["component"].values.tolist()):
            here = {"line": number, "component": place}
            price = float(dataset["cost_price"].isel(here))
            if price == 0.0:
                continue
            cost = measured(
                mean(price * dataset["cost_quantity"].isel(here).values),
                "USD",
                groups=int(dataset.attrs.get("groups", 0)),
                clustered=dataset.attrs.get("sampling") == CLUSTERED_SAMPLING,
            )
            rows.append(
                {
                    **terms,
                    "line": line.partition("/")[2],
                    "component": component,
                    "charged_on": COMPONENTS.get(component, ""),
                    "price": price,
                    "mean": cost.value,
                    "standard_error": cost.se,
                    "share": (cost.value or 0.0) / whole if whole > 0.0 else None,
                }
            )
    return from_rows("costs", "a cost component of a line, mean over all worlds", rows, _COSTS)


def _payback(dataset: xr.Dataset) -> Iterator[Table]:
    """Yield how many worlds have paid back by the end of each week, where a run has weeks."""
    if "arrived" not in dataset:
        return
    rows = []
    for name in dataset["portfolio"].values.tolist():
        found = payback(dataset, name)
        rows += [
            {"portfolio": name, "week": int(week), "paid_back": share, "standard_error": se}
            for week, share, se in zip(
                found.weeks.tolist(),
                found.paid_back.tolist(),
                found.paid_back_se.tolist(),
                strict=True,
            )
        ]
    units = {
        "portfolio": "",
        "week": "weeks after the first post",
        "paid_back": "fraction of worlds",
        "standard_error": "fraction of worlds",
    }
    yield from_rows("payback", "a portfolio by the end of a week", rows, units)


def _assumptions(inputs: Any) -> Table:
    rows = [
        {
            "key": row.key,
            "value": row.written,
            "unit": row.unit,
            **{name: getattr(row, name) for name in ("mean", "median", "p05", "p95")},
            "used_as": row.used,
            "source": row.source,
        }
        for row in inputs
    ]
    return from_rows("assumptions", "an input as it was used, with its source", rows, _INPUTS)


def _run(manifest: Mapping[str, Any], summary: Mapping[str, Any]) -> Table:
    rows = [
        ("experiment", manifest["experiment"]),
        ("title", manifest.get("title", "")),
        *(("answer", sentence) for sentence in summary["answer"]),
        *(("note", warning) for warning in summary["warnings"]),
        ("worlds", manifest["worlds"]),
        ("seed", manifest["seed"]),
        ("experiment_hash", manifest["experiment_hash"]),
        ("creator-roi", manifest["version"]),
        *manifest.get("packages", {}).items(),
    ]
    return from_rows(
        "run",
        "a fact about the run",
        [{"name": name, "value": str(value)} for name, value in rows],
        {"name": "", "value": ""},
    )


def _worlds(dataset: xr.Dataset) -> Table:
    names = [str(name) for name in dataset["portfolio"].values]
    worlds = int(dataset.sizes["sim"])
    columns = [
        Column("sim", np.tile(np.arange(worlds), len(names))),
        Column("portfolio", np.repeat(names, worlds)),
    ]
    for name, variable in dataset.data_vars.items():
        if variable.dims == ("portfolio", "sim"):
            columns.append(Column(str(name), variable.values.ravel(), variable.attrs["units"]))
    return Table("worlds", "a portfolio in a world", tuple(columns))


def _shared(dataset: xr.Dataset) -> Table:
    """Return what all portfolios of a world share: its shocks and doubts."""
    columns = [Column("sim", np.arange(int(dataset.sizes["sim"])))]
    for variable, dim in (("shock", "factor"), ("belief_factor", "belief")):
        unit = dataset[variable].attrs["units"]
        for number, name in enumerate(dataset[dim].values.tolist()):
            values = dataset[variable].isel({dim: number}).values
            columns.append(Column(f"{variable}:{name}", values, unit))
    return Table("shared", "what all portfolios of a world share", tuple(columns))
