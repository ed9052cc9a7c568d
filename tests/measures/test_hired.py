"""Whom a budget hires: counted by hand over a handful of worlds."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import sim
from sim.measures.hired import hired, hiring_sentence
from sim.measures.worlds import creators_hired


def worlds(**rows: list[list[float]]) -> xr.Dataset:
    data = {name: (("portfolio", "sim"), np.array(values)) for name, values in rows.items()}
    data["creators"] = (("portfolio",), np.array([7, 4]))
    return xr.Dataset(data, coords={"portfolio": ["many", "few"]})


def test_counts_money_left_and_worlds_without_anybody() -> None:
    ds = worlds(
        hired=[[3.0, 5.0, 4.0, 0.0], [1.0, 1.0, 1.0, 1.0]],
        committed=[[800.0, 900.0, 700.0, 0.0], [100.0, 100.0, 100.0, 100.0]],
        contribution=[[50.0, 0.0, 10.0, 0.0], [1.0, 1.0, 1.0, 1.0]],
    )
    ds.attrs["budgets_json"] = json.dumps({"many": [1_000.0, 50.0]})
    (only,) = hired(ds).items()
    name, told = only
    assert (name, told.p05, told.median, told.p95) == ("many", 0, 3, 5)
    # 1,000 less 50 of fixed cost less a mean of 600
    assert told.left_over == pytest.approx(350.0)
    assert (told.nobody, told.all_lost) == (0.25, 0.25)
    assert creators_hired(ds) == {"many": 3, "few": 1}
    sentence = hiring_sentence({"many": told}, ["many", "few"])
    assert "many 3 creators (0 to 5 in 90 % of worlds" in sentence
    assert "hires nobody in 25 % of worlds" in sentence


def test_stages_and_worlds_that_end_before_the_last() -> None:
    """Two intakes of a programme: the second joins in its second stage, and has no third."""
    ds = worlds(
        hired=[[4.0, 6.0, 5.0, 0.0], [1.0, 1.0, 1.0, 1.0]],
        committed=[[800.0] * 4, [100.0] * 4],
        contribution=[[50.0] * 4, [1.0] * 4],
    )
    shipped = np.array([[3.0, 4.0, 4.0, 0.0], [1.0, 2.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0],
                        [0.0, 1.0, 0.0, 0.0], [1.0] * 4])  # fmt: skip
    ds["cost_quantity"] = (("line", "component", "sim"), shipped[:, None])
    names = ["many/1", "many/2", "many/2, added in 2", "many/3", "few/micro"]
    ds = ds.assign_coords(line=names, component=["shipping"])
    ds.attrs["budgets_json"] = json.dumps({"many": [1_000.0, 50.0]})
    ds.attrs["stages_json"] = json.dumps({"many": [names[:1], names[1:3], names[3:4]]})
    told = hired(ds)["many"]
    # Stages of 3, 4, 4, 0; of 2, 4, 1, 0; of 0, 1, 0, 0; the last is empty in two worlds with some.
    assert told.stages == (3, 1, 0)
    assert (told.nobody, told.broken_off) == (0.25, 0.5)
    sentence = hiring_sentence({"many": told}, ["many"])
    assert "left over on average; in stages 3, 1 and 0)" in sentence
    assert "many has nobody left for its last stage in 50 % of worlds" in sentence


def test_a_number_of_creators_is_no_budget(tmp_path) -> None:
    file = tmp_path / "counted.toml"
    file.write_text('[simulation]\nworlds = 64\n[portfolio.micro]\ntier = "micro"\ncreators = 3\n')
    summary = sim.summarize(sim.simulate(sim.load(file)))
    assert summary.hired == {}
    assert summary.creators == {"micro": 3}
    assert "hired" not in summary.to_dict()["micro"]


def test_no_world_commits_more_than_its_budget(tmp_path) -> None:
    file = tmp_path / "capped.toml"
    file.write_text(
        "[simulation]\nworlds = 512\n[costs]\nfixed = 500\n"
        '[portfolio.micro]\ntier = "micro"\nbudget = 8_000\n'
    )
    run = sim.simulate(sim.load(file))
    assert float(run["committed"].max()) <= 7_500.0
    told = sim.summarize(run).hired["micro"]
    assert told.budget == 8_000.0
    assert told.left_over == pytest.approx(7_500.0 - float(run["committed"].mean()))
    assert told.p05 <= told.median <= told.p95
