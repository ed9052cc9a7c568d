"""The file of a run's worlds: what is written comes back, to the last bit, and any NetCDF reader opens it."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

import sim
from sim.labelled import Labelled, labelled
from sim.measures import summarize
from sim.run.dataset import SCHEMA, open_results
from sim.run.quantities import Layout, Quantities
from sim.run.simulate import Where, at_point, simulated

EXPERIMENT = {
    "simulation": {"worlds": 600},
    "portfolio": {
        "many": {"tier": "micro", "budget": 6_000},
        "few": {"tier": "macro", "creators": 2},
    },
}


@pytest.fixture(scope="module")
def results() -> xr.Dataset:
    return simulated(sim.build(EXPERIMENT), Where(threads=1))


@pytest.fixture(scope="module")
def path(results: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("worlds") / "worlds.nc"
    sim.save(results, path)
    return path


def test_measures_need_no_provenance(results: xr.Dataset) -> None:
    point = at_point(sim.build(EXPERIMENT), threads=1)
    assert "experiment_toml" in results.attrs
    assert "experiment_toml" not in point.attrs
    assert summarize(point).to_dict() == summarize(results).to_dict()


def test_what_is_saved_comes_back(results: xr.Dataset, path: Path) -> None:
    assert isinstance(results, Labelled)
    again = sim.load_results(path)
    assert isinstance(again, xr.Dataset)
    assert again.identical(results.to_xarray())
    assert list(again.coords) == list(results.to_xarray().coords)


def test_xarray_alone_reads_all_but_the_quantities(results: xr.Dataset, path: Path) -> None:
    with xr.open_dataset(path, engine="h5netcdf") as alone:
        for variable in SCHEMA:
            if variable.name != "cost_quantity":
                xr.testing.assert_identical(alone[variable.name], results[variable.name].copy())
        assert alone.attrs == results.attrs


def test_a_file_of_an_earlier_version_is_read(results: xr.Dataset, tmp_path: Path) -> None:
    """There every quantity was a row of its own, packed, and xarray wrote the file."""
    whole = results.to_xarray()  # type: ignore[attr-defined]
    packed = {"cost_quantity": {"compression": "gzip", "compression_opts": 1, "shuffle": True}}
    whole.to_netcdf(tmp_path / "old.nc", engine="h5netcdf", encoding=packed)
    assert sim.load_results(tmp_path / "old.nc").identical(whole)


def test_only_what_varies_and_is_not_there_yet_is_stored(results: xr.Dataset, path: Path) -> None:
    quantities = results["cost_quantity"].values
    distinct = {
        (line, row.tobytes())
        for line, rows in enumerate(quantities)
        for row in rows
        if (row != row[0]).any()
    }
    with h5py.File(path) as file:
        assert file["cost_quantity_rows"].shape == (len(distinct), 600)
    assert 0 < len(distinct) < quantities.shape[0] * quantities.shape[1] / 2


def test_quantities_of_blocks_have_the_layout_of_the_whole() -> None:
    """A row that is constant, or like another, in one block only is a row of its own."""
    whole = np.zeros((1, 5, 40))
    whole[0, 1] = 3.0
    whole[0, 2, 25:] = 1.0
    whole[0, 3] = whole[0, 2]
    whole[0, 4, :25], whole[0, 4, 25:] = 0.0, 2.0
    layout = Layout.of([whole[..., :20], whole[..., 20:]])
    assert layout.row.tolist() == [[-1, -1, 0, 0, 1]]
    assert layout.number[0, :2].tolist() == [0.0, 3.0]
    read = Quantities(layout.rows(whole), layout.row, layout.number)
    for key in [
        (slice(None),) * 3,
        (0, 1, slice(None)),
        (0, 3, slice(10, 30)),
        (0, slice(1, 4), 30),
        (slice(None), 4, slice(0, 40, 7)),
    ]:
        np.testing.assert_array_equal(read[key], whole[key])


def test_blocks_on_disk_give_the_same_file(results: xr.Dataset, tmp_path: Path) -> None:
    streamed = sim.simulate(sim.build(EXPERIMENT), threads=1, blocks_in=tmp_path, memory_limit=1)
    assert streamed.load().identical(results.to_xarray())  # type: ignore[attr-defined]


# --- What stands in for an xarray.Dataset ------------------------------------------------------------


@pytest.fixture
def opened(path: Path) -> xr.Dataset:
    with open_results(path) as dataset:
        yield dataset


@pytest.mark.parametrize(
    "ask",
    [
        lambda ds: ds["roi"].isel(sim=slice(3, 9)).values,
        lambda ds: ds["roi"].sel(portfolio="few").values,
        lambda ds: ds.isel(sim=slice(5)).sel(portfolio="many")["cost"].values,
        lambda ds: ds["cost_quantity"].isel(line=1, component=2).values,
        lambda ds: ds["cost_quantity"].isel(sim=slice(0, 7)).transpose("sim", "line", "component"),
        lambda ds: ds["roi"].mean("sim").values,
        lambda ds: (ds["revenue"] - ds["cost"]).sum("portfolio").values,
        lambda ds: ds[["roi", "cost"]].sel(portfolio=["few"])["cost"].values,
        lambda ds: float(ds["cost_price"].isel(line=0, component=0)),
        lambda ds: ds.assign_attrs(groups=2).attrs["groups"],
        sorted,
        lambda ds: dict(ds.sizes),
    ],
)  # fmt: skip
def test_it_answers_as_xarray_does(results: xr.Dataset, opened: xr.Dataset, ask: object) -> None:
    expected = ask(results.to_xarray())  # type: ignore[attr-defined, operator]
    for dataset in (results, opened):
        answer = ask(dataset)  # type: ignore[operator]
        if isinstance(expected, list | dict):
            assert type(expected)(answer) == expected
        else:
            np.testing.assert_array_equal(np.asarray(answer), np.asarray(expected))


def test_an_unknown_label_is_an_error() -> None:
    dataset = labelled({"x": (("x",), np.array(["a", "b"]), {})}, ("x",), {})
    with pytest.raises(KeyError, match="c"):
        dataset.sel(x="c")
    with pytest.raises(KeyError):
        dataset["y"]
