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

from .folder import MAKE_AGAIN, RunError, checked, file_in_place, is_run, second_name

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
    Variable("cost", _P, "USD", "cost"),
    Variable("impressions", _P, "impressions", "impressions, amplified ones included"),
    Variable("reach", _P, "accounts", "unique accounts reached"),
    Variable("engagements", _P, "engagements", "engagements"),
    Variable("expected_orders", _P, "orders", "expected orders given creators and posts"),
    Variable("orders", _P, "orders", "orders"),
    Variable("revenue", _P, "USD", "revenue, halo included"),
    Variable("tracked_revenue", _P, "USD", "revenue that codes and links see"),
    Variable("contribution", _P, "USD", "incremental contribution after returns"),
    Variable("profit", _P, "USD", "contribution minus cost"),
    Variable("roi", _P, "profit / cost", "return on investment"),
    Variable("roas", _P, "revenue / cost", "return on ad spend"),
    Variable("tracked_roas", _P, "tracked revenue / cost", "return on ad spend as tracked"),
    Variable("top_creator_share", _P, "share of expected orders", "share of the top creator"),
    Variable("effective_creators", _P, "creators", "effective number of creators"),
    Variable("viral_posts", _P, "posts", "viral posts"),
    Variable("hired", _P, "creators", "creators hired"),
    Variable("committed", _P, "USD", "committed of a budget beside the fixed cost; 0 without one"),
    Variable("delivered", _P, "creators", "creators who post"),
    Variable("earned_media_value", _P, "USD", "earned media value, not part of revenue"),
    Variable("line_impressions", _L, "impressions", "impressions of a line"),
    Variable("line_engagements", _L, "engagements", "engagements of a line"),
    Variable("line_expected_orders", _L, "orders", "expected orders of a line"),
    Variable("line_orders", _L, "orders", "orders of a line"),
    Variable("line_order_value", _L, "USD", "order values of a line, before returns and halo"),
    Variable(
        "cost_quantity", ("line", "component", "sim"), "see component", "what a cost is charged on"
    ),
    Variable("shock", ("factor", "sim"), "standard normal score", "shared shock"),
    Variable("belief_factor", ("belief", "sim"), "factor of mean one", "doubt about a mean"),
)
#: What a run stores beside that, where its experiment says more of who buys.
OF_BUYERS = (
    Variable("repeat_contribution", _P, "USD", "contribution of repeat purchases"),
    Variable("tracked_orders", _P, "orders", "orders that codes and links see, leaked ones too"),
    Variable("clicks", _P, "clicks", "clicks on the creators' links"),
    Variable("outlay", _P, "USD", "cost without what buyers with a code do not pay"),
    Variable("new_customers", _P, "customers", "orders by customers who never bought before"),
    Variable("customer_value", _P, "USD", "contribution of new customers within the horizon"),
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
    frame = _frame(plan, attrs)
    stored = stored_variables(plan)
    return frame.assign({v.name: (v.dims, arrays[v.name], _labels(v)) for v in stored})


def stored_variables(plan: Plan) -> tuple[Variable, ...]:
    """Return the variables that a run of a plan stores."""
    from ..engine.accounts import buyer_variables

    told = buyer_variables(plan)
    return (*SCHEMA, *(variable for variable in OF_BUYERS if variable.name in told))


def _labels(variable: Variable) -> dict[str, str]:
    return {"units": variable.units, "long_name": variable.long_name}


def _coords(plan: Plan) -> dict[str, Any]:
    coords: dict[str, Any] = {
        "portfolio": list(plan.portfolios),
        "line": [f"{line.portfolio}/{line.name}" for line in plan.lines],
        "component": list(plan.components),
        "week": list(range(1, plan.arrived.shape[1] + 1)),
        "factor": [factor.name for factor in plan.factors if factor.kind == "shock"],
        "belief": [factor.name for factor in plan.factors if factor.kind == "belief"],
    }
    for name in ("tier", "platform", "niche", "compensation"):
        coords[f"line_{name}"] = ("line", [getattr(line.terms, name) for line in plan.lines])
    coords["line_portfolio"] = ("line", [line.portfolio for line in plan.lines])
    coords["line_creators"] = ("line", [line.creators for line in plan.lines])
    return coords


def _frame(plan: Plan, attrs: Mapping[str, Any]) -> xr.Dataset:
    """Return the Dataset without what has worlds."""
    import numpy as np
    import xarray as xr

    coords = {
        # An experiment without shocks or doubts has none to name: still text, not numbers.
        name: np.array(value, dtype="<U1") if isinstance(value, list) and not value else value
        for name, value in _coords(plan).items()
    }
    counts = dict.fromkeys(plan.portfolios, 0)
    for line in plan.lines:
        counts[line.portfolio] += line.creators if line.stage == 0 else 0
    data: dict[str, Any] = {
        "cost_price": (
            ("line", "component"),
            plan.prices,
            {"units": "USD per unit of the component", "long_name": "price of a cost component"},
        ),
        "arrived": (
            ("line", "week"),
            plan.arrived,
            {"units": "share of orders", "long_name": "orders that have come by the end of a week"},
        ),
        "repeats_arrived": (
            ("line", "week"),
            plan.repeats_arrived,
            {
                "units": "share of repeat purchases",
                "long_name": "repeat purchases that have come by the end of a week",
            },
        ),
        "later_weight": (
            ("line",),
            _later_weight(plan),
            {
                "units": "ratio",
                "long_name": "contribution of repeat purchases per order value, between lines",
            },
        ),
        "first_weight": (
            ("line",),
            _first_weight(plan),
            {
                "units": "ratio",
                "long_name": "contribution of first purchases per order value, between lines",
            },
        ),
        "creators": (
            ("portfolio",),
            list(counts.values()),
            {"units": "creators", "long_name": "creators hired"},
        ),
    }
    return xr.Dataset(data, coords=coords, attrs=dict(attrs))


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
    sizes = {name: len(value) for name, value in _coords(plan).items()}
    stored = stored_variables(plan)
    rows = sum(
        math.prod(sizes[dim] for dim in variable.dims if dim != "sim") for variable in stored
    )
    return 8 * rows * plan.worlds


def stream_to_file(
    plan: Plan,
    folder: Path,
    names: Sequence[str],
    path: Path,
    attrs: Callable[[Mapping[str, Any]], Mapping[str, Any]],
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
    keep
        Whether blocks stay once they are in the file.
    """
    import h5netcdf
    import numpy as np

    from .blocks import read_block

    with file_in_place(path) as temporary:
        _frame(plan, {}).to_netcdf(temporary, engine="h5netcdf")
        capped: Any = 0.0
        with h5netcdf.File(temporary, "a") as file:
            file.dimensions["sim"] = plan.worlds
            sizes = {name: len(dimension) for name, dimension in file.dimensions.items()}
            stored = stored_variables(plan)
            for variable in stored:
                shape = [sizes[dim] for dim in variable.dims]
                chunks = tuple([1] * (len(shape) - 1) + [min(shape[-1], 1 << 16)])
                packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
                created = file.create_variable(
                    variable.name,
                    variable.dims,
                    "f8",
                    chunks=chunks if all(shape) else None,
                    **(packing if variable.name == "cost_quantity" and all(shape) else {}),
                )
                created.attrs.update(_labels(variable))
                created.attrs["_FillValue"] = np.array([np.nan])
            first = 0
            for name in names:
                rows = read_block(folder, name)
                if not keep:
                    (folder / name).unlink()
                size = rows["roi"].shape[-1]
                for variable in stored:
                    if rows[variable.name].size:
                        file.variables[variable.name][..., first : first + size] = rows[
                            variable.name
                        ]
                capped = capped + rows["capped"].mean(axis=-1) * size
                first += size
            for key, value in attrs({"capped": capped / plan.worlds}).items():
                file.attrs[key] = value


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
    import xarray as xr

    path = Path(path)
    if path.is_dir():
        path = checked(path, WORLDS) if is_run(path) else path / WORLDS
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no results of a run")
    try:
        dataset = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        raise RunError(f"{path}: is no NetCDF file that can be read; {MAKE_AGAIN}") from None
    lacking = {variable.name for variable in SCHEMA} - set(dataset.data_vars)
    if lacking:
        wrote = dataset.attrs.get("version", "an unknown version")
        dataset.close()
        listed = ", ".join(sorted(lacking))
        raise RunError(f"{path}: written by creator-roi {wrote}, lacks {listed}; {MAKE_AGAIN}")
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
        # Quantities are mostly constants and zeros; draws would not shrink.
        packed = {"cost_quantity": {"compression": "gzip", "compression_opts": 1, "shuffle": True}}
        dataset.to_netcdf(temporary, engine="h5netcdf", encoding=packed)


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
        return dataset.load()


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
        USD.
    """
    price = dataset["cost_price"].transpose("line", "component").values[lines]
    quantity = dataset["cost_quantity"].transpose("line", "component", "sim").values[lines]
    return np.asarray(np.einsum("lc,lcs->cs", price, quantity))


def cost_by_component(dataset: xr.Dataset) -> xr.DataArray:
    """Return the cost of each portfolio by component and world, USD."""
    import xarray as xr

    owner, names = dataset["line_portfolio"].values, dataset["portfolio"].values
    return xr.DataArray(
        np.stack([line_costs(dataset, owner == name) for name in names]),
        dims=("portfolio", "component", "sim"),
        coords={"portfolio": names, "component": dataset["component"].values},
        attrs={"units": "USD", "long_name": "cost by component"},
    )


def warnings_of(dataset: xr.Dataset) -> list[str]:
    """Return what the run itself warned of."""
    warnings: list[str] = json.loads(dataset.attrs.get("warnings_json", "[]"))
    return warnings
