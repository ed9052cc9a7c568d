"""Results of a run: one labelled Dataset, its units, where it came from, and its file."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..labelled import Labelled, labelled, real
from ..measures.worlds import currency_of
from ..text.currency import MONEY, in_currency
from . import netcdf
from .folder import MAKE_AGAIN, RunError, checked, file_in_place, is_run, second_name
from .quantities import DIMENSION, QUANTITY, ROWS, Layout, packed, unpacked

if TYPE_CHECKING:
    import xarray as xr

    from ..plan import Plan


@dataclass(frozen=True)
class Variable:
    """One row of the schema."""

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str


_P, _L = ("portfolio", "sim"), ("line", "sim")
#: Everything that a run stores.
SCHEMA = (
    Variable("cost", _P, MONEY, "cost"),
    Variable("impressions", _P, "impressions", "impressions, amplified ones included"),
    Variable("reach", _P, "accounts", "unique accounts reached"),
    Variable("engagements", _P, "engagements", "engagements"),
    Variable("expected_orders", _P, "orders", "expected orders given creators and posts"),
    Variable("orders", _P, "orders", "orders"),
    Variable("revenue", _P, MONEY, "revenue, halo included"),
    Variable("tracked_revenue", _P, MONEY, "revenue that codes and links see"),
    Variable("contribution", _P, MONEY, "incremental contribution after returns"),
    Variable("profit", _P, MONEY, "contribution minus cost"),
    Variable("roi", _P, "profit / cost", "return on investment"),
    Variable("roas", _P, "revenue / cost", "return on ad spend"),
    Variable("tracked_roas", _P, "tracked revenue / cost", "return on ad spend as tracked"),
    Variable("top_creator_share", _P, "share of expected orders", "share of the top creator"),
    Variable("effective_creators", _P, "creators", "effective number of creators"),
    Variable("viral_posts", _P, "posts", "viral posts"),
    Variable("hired", _P, "creators", "creators hired"),
    Variable("committed", _P, MONEY, "committed of a budget beside the fixed cost; 0 without one"),
    Variable("delivered", _P, "creators", "creators who post"),
    Variable("assets", _P, "assets", "usable assets, of posts that name a format"),
    Variable("earned_media_value", _P, MONEY, "earned media value, not part of revenue"),
    Variable("line_impressions", _L, "impressions", "impressions of a line"),
    Variable("line_engagements", _L, "engagements", "engagements of a line"),
    Variable("line_expected_orders", _L, "orders", "expected orders of a line"),
    Variable("line_orders", _L, "orders", "orders of a line"),
    Variable("line_order_value", _L, MONEY, "order values of a line, before returns and halo"),
    Variable(
        "cost_quantity", ("line", "component", "sim"), "see component", "what a cost is charged on"
    ),
    Variable("shock", ("factor", "sim"), "standard normal score", "shared shock"),
    Variable("belief_factor", ("belief", "sim"), "factor of mean one", "doubt about a mean"),
)
#: What a run stores beside that, where its experiment says more of who buys.
OF_BUYERS = (
    Variable("repeat_contribution", _P, MONEY, "contribution of repeat purchases"),
    Variable("tracked_orders", _P, "orders", "orders that codes and links see, leaked ones too"),
    Variable("clicks", _P, "clicks", "clicks on the creators' links"),
    Variable("outlay", _P, MONEY, "cost without what buyers with a code do not pay"),
    Variable("new_customers", _P, "customers", "orders by customers who never bought before"),
    Variable("customer_value", _P, MONEY, "contribution of new customers within the horizon"),
)
#: The file of a run's worlds.
WORLDS = "worlds.nc"


def to_dataset(plan: Plan, arrays: Mapping[str, Any], attrs: Mapping[str, Any]) -> xr.Dataset:
    """Label the arrays of a run.

    Parameters
    ----------
    plan
        The plan that was run.
    arrays
        Arrays by the names of `SCHEMA`, last axis worlds.
    attrs
        Provenance; values that a file can hold: text and numbers.

    Returns
    -------
    xarray.Dataset
        Variables of `SCHEMA` with `units` and `long_name`.
    """
    currency = str(attrs.get("currency", MONEY))
    own = {v.name: (v.dims, arrays[v.name], _labels(v, currency)) for v in stored_variables(plan)}
    return labelled({**_frame(plan, currency), **own}, tuple(_coords(plan)), attrs)


def stored_variables(plan: Plan) -> tuple[Variable, ...]:
    """Return the variables that a run of a plan stores."""
    from ..engine.accounts import buyer_variables

    told = buyer_variables(plan)
    return (*SCHEMA, *(variable for variable in OF_BUYERS if variable.name in told))


def _labels(variable: Variable, currency: str) -> dict[str, str]:
    return {"units": in_currency(variable.units, currency), "long_name": variable.long_name}


def _coords(plan: Plan) -> dict[str, tuple[tuple[str, ...], npt.NDArray[Any], dict[str, str]]]:
    """Return what names the places of each axis."""
    own: dict[str, Any] = {
        "portfolio": list(plan.portfolios),
        "line": [f"{line.portfolio}/{line.name}" for line in plan.lines],
        "component": list(plan.components),
        "week": list(range(1, plan.arrived.shape[1] + 1)),
        "factor": [factor.name for factor in plan.factors if factor.kind == "shock"],
        "belief": [factor.name for factor in plan.factors if factor.kind == "belief"],
    }
    of_lines = {
        name: [getattr(line.terms, name) for line in plan.lines]
        for name in ("tier", "platform", "niche", "compensation")
    }
    of_lines["portfolio"] = [line.portfolio for line in plan.lines]
    of_lines["creators"] = [line.creators for line in plan.lines]
    # An experiment without shocks or doubts has none to name: still text, not numbers.
    coords: dict[str, Any] = {
        name: ((name,), np.array(of or [], None if of else "<U1"), {}) for name, of in own.items()
    }
    return coords | {f"line_{name}": (("line",), np.array(of), {}) for name, of in of_lines.items()}


def _frame(
    plan: Plan, currency: str
) -> dict[str, tuple[tuple[str, ...], npt.NDArray[Any], dict[str, str]]]:
    """Return the variables without worlds, coordinates first."""
    counts = dict.fromkeys(plan.portfolios, 0)
    for line in plan.lines:
        counts[line.portfolio] += line.creators if line.stage == 0 else 0
    prices = {
        "units": f"{currency} per unit of the component",
        "long_name": "price of a cost component",
    }
    arrived = {
        "units": "share of orders",
        "long_name": "orders that have come by the end of a week",
    }
    repeats = {
        "units": "share of repeat purchases",
        "long_name": "repeat purchases that have come by the end of a week",
    }
    first, later = (
        {
            "units": "ratio",
            "long_name": f"contribution of {which} purchases per order value, between lines",
        }
        for which in ("first", "repeat")
    )
    creators = {"units": "creators", "long_name": "creators hired"}
    return _coords(plan) | {
        "cost_price": (("line", "component"), np.asarray(plan.prices), prices),
        "arrived": (("line", "week"), np.asarray(plan.arrived), arrived),
        "repeats_arrived": (("line", "week"), np.asarray(plan.repeats_arrived), repeats),
        "first_weight": (("line",), _first_weight(plan), first),
        "later_weight": (("line",), _later_weight(plan), later),
        "creators": (("portfolio",), np.array(list(counts.values())), creators),
    }


def _first_weight(plan: Plan) -> npt.NDArray[np.float64]:
    return np.ones(len(plan.lines)) if plan.buyers is None else plan.buyers.incremental


def _later_weight(plan: Plan) -> npt.NDArray[np.float64]:
    from ..engine.marginals import moment

    if plan.buyers is None:
        return np.ones(len(plan.lines))
    repeats = plan.buyers.repeats
    worth = np.where(np.isnan(repeats), moment(plan.economics["repeat_value"][0]), repeats)
    return _first_weight(plan) * plan.buyers.new * worth


def stored_bytes(plan: Plan) -> int:
    """Return the bytes that the results of a plan take."""
    sizes = {name: len(values) for name, (_, values, _) in _coords(plan).items()}
    rows = sum(
        math.prod(sizes[dim] for dim in variable.dims if dim != "sim")
        for variable in stored_variables(plan)
    )
    return 8 * rows * plan.worlds


def stream_to_file(
    plan: Plan,
    folder: Path,
    names: Sequence[str],
    path: Path,
    attrs: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    currency: str = MONEY,
    *,
    keep: bool = True,
) -> None:
    """Write blocks of worlds as one NetCDF file, holding one block at a time.

    Parameters
    ----------
    plan
        The plan that was run.
    folder, names
        The blocks, in the order of their worlds.
    path
        File to write.
    attrs
        Returns the provenance, given the mean over worlds of what hit a cap.
    currency
        What its money is counted in.
    keep
        Whether blocks stay once they are in the file.
    """
    import h5py

    from .blocks import read_block

    layout = Layout.of(read_block(folder, name, QUANTITY)[QUANTITY] for name in names)
    sizes = {name: len(values) for name, (_, values, _) in _coords(plan).items()}
    sizes |= {"sim": plan.worlds, DIMENSION: len(layout.places)}
    stored = {v.name: (v.dims, _labels(v, currency)) for v in stored_variables(plan)}
    stored[ROWS] = ((DIMENSION, "sim"), stored.pop(QUANTITY)[1])
    variables = {**_frame(plan, currency), **layout.variables()}
    for variable, (dims, labels) in stored.items():
        variables[variable] = (dims, netcdf.Shape(*(sizes[dim] for dim in dims)), labels)
    with file_in_place(path) as temporary:
        netcdf.write(temporary, variables, tuple(_coords(plan)), {})
        capped: Any = 0.0
        with h5py.File(temporary, "a") as file:
            first = 0
            for name in names:
                block = read_block(folder, name)
                if not keep:
                    (folder / name).unlink()
                size = block["roi"].shape[-1]
                block[ROWS] = layout.rows(block[QUANTITY])
                for variable in stored:
                    if block[variable].size:
                        file[variable][..., first : first + size] = block[variable]
                capped = capped + block["capped"].mean(axis=-1) * size
                first += size
            file.attrs.update(attrs({"capped": capped / plan.worlds}))


def open_results(path: str | Path) -> xr.Dataset:
    """Open the Dataset of a run without reading it: variables are read when they are used.

    Parameters
    ----------
    path
        A NetCDF file, or a run's folder, whose file must be the one that the run wrote.

    Raises
    ------
    FileNotFoundError
        Where there is none.
    RunError
        Where it is damaged.
    """
    path = Path(path)
    if path.is_dir():
        path = checked(path, WORLDS) if is_run(path) else path / WORLDS
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no results of a run")
    try:
        dataset = _opened(path)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, IndexError):
        raise RunError(f"{path}: is no NetCDF file that can be read; {MAKE_AGAIN}") from None
    lacking = {variable.name for variable in SCHEMA} - set(dataset.data_vars)
    if lacking:
        wrote = dataset.attrs.get("version", "an unknown version")
        dataset.close()
        listed = ", ".join(sorted(lacking))
        raise RunError(f"{path}: written by creator-roi {wrote}, lacks {listed}; {MAKE_AGAIN}")
    return dataset


def _opened(path: Path) -> xr.Dataset:
    import h5py

    file = h5py.File(path, "r")
    try:
        variables, coords, attrs = netcdf.read(file)
        variables = unpacked(variables)
        dataset = labelled(variables, coords, attrs, close=file.close)
    except BaseException:
        file.close()
        raise
    dataset.encoding["source"] = str(path)
    return dataset


def save(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a Dataset as NetCDF, whole or not at all.

    Parameters
    ----------
    dataset
        What a run returned.
    path
        File to write; an existing one is replaced at the end.
    """
    stored = dataset.encoding.get("source")
    with file_in_place(Path(path)) as temporary:
        if stored and dataset.encoding.get("passing"):
            dataset.close()
            temporary.unlink()
            second_name(Path(stored), temporary)
            return
        if stored:
            dataset.close()
            shutil.copyfile(stored, temporary)
            return
        own: Any = dataset
        if not isinstance(own, Labelled):
            dataset.to_netcdf(temporary, engine="h5netcdf")
            return
        variables = {name: (v.dims, v.values, v.attrs) for name, v in own.variables.items()}
        netcdf.write(temporary, packed(variables), own.names_of_coords, own.attrs)


def load_results(path: str | Path) -> xr.Dataset:
    """Read the Dataset of a run: a NetCDF file, or a run's folder.

    Raises
    ------
    FileNotFoundError
        Where there is none.
    RunError
        Where it is damaged.
    """
    with open_results(path) as dataset:
        return real(dataset).load()


def line_costs(dataset: xr.Dataset, lines: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the cost of some lines by component, summed over them.

    Parameters
    ----------
    dataset
        Results of a run.
    lines
        Which ones, shape (line,).

    Returns
    -------
    ndarray, shape (component, sim)
        In the run's currency.
    """
    price = dataset["cost_price"].transpose("line", "component").values
    quantity = dataset["cost_quantity"].transpose("line", "component", "sim")
    cost = np.zeros((price.shape[1], dataset.sizes["sim"]))
    for line, component in zip(*np.nonzero(price), strict=True):
        if lines[line]:
            one = quantity.isel(line=int(line), component=int(component)).values
            cost[component] += price[line, component] * one
    return cost


def cost_by_component(dataset: xr.Dataset) -> xr.DataArray:
    """Return the cost of each portfolio by component and world, in the run's currency."""
    import xarray as xr

    owner, names = dataset["line_portfolio"].values, dataset["portfolio"].values
    return xr.DataArray(
        np.stack([line_costs(dataset, owner == name) for name in names]),
        dims=("portfolio", "component", "sim"),
        coords={"portfolio": names, "component": dataset["component"].values},
        attrs={"units": currency_of(dataset), "long_name": "cost by component"},
    )


def warnings_of(dataset: xr.Dataset) -> list[str]:
    """Return what the run itself warned of."""
    warnings: list[str] = json.loads(dataset.attrs.get("warnings_json", "[]"))
    return warnings
