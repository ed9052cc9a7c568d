"""Sweeps: every point is what a run of its own gives, on the same worlds."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.experiment import ExperimentError
from sim.measures import MEASURES
from sim.questions.sweep import sweep
from sim.questions.sweep._answer import MOST
from sim.questions.sweep._sweep import check_sweep, swept
from sim.vary.keys import Varied, find_key

FEES = {"tier.micro.fee": [100, 300], "tier.macro.fee": "1000 to 9000 in 3 steps"}


def test_a_swept_key_is_a_coordinate_in_its_unit(priced):
    found = sweep(priced(), FEES).dataset
    assert found["roi_mean"].dims == ("portfolio", "tier.micro.fee", "tier.macro.fee")
    assert found["tier.macro.fee"].values.tolist() == [1000.0, 5000.0, 9000.0]
    assert found["tier.macro.fee"].attrs["units"] == "USD per post"
    assert found["roi_mean"].attrs["units"] == "fraction"
    assert set(found.attrs) >= {"experiment_hash", "seed", "worlds", "version"}


@pytest.mark.parametrize("measure", ["roi_mean", "roi_median", "roi_es05", "loss_probability"])
def test_the_own_value_gives_the_measures_of_the_run(priced, measure):
    experiment = priced()
    run = sim.simulate(experiment)
    found = sweep(experiment, {"tier.micro.fee": ["1x", "2x"]}, run=run).dataset
    own = sim.summarize(run)
    for name in experiment.portfolio:
        at = found[measure].sel(portfolio=name).values[0]
        assert at == pytest.approx(own[name][measure].value, rel=1e-9)


def test_a_key_that_is_no_price_is_simulated_on_the_same_worlds(priced):
    experiment = priced()
    key = find_key(experiment, "economics.order_value")
    found = sweep(experiment, {key.name: [40.0, 90.0]})
    assert found.simulated == 2
    own = sim.summarize(sim.simulate(Varied(experiment).at({key: 90.0})))
    for name in experiment.portfolio:
        for measure in ("roi_mean", "roi_p05", "profit_es05"):
            at = found.dataset[measure].sel({"portfolio": name, key.name: 90.0}).item()
            assert at == pytest.approx(own[name][measure].value, rel=1e-9)


def test_prices_and_other_keys_share_a_sweep(priced):
    values = {"economics.order_value": [40.0, 90.0], "tier.micro.fee": [100.0, 200.0, 400.0]}
    found = sweep(priced(), values)
    assert (found.simulated, found.points) == (2, 6)
    single = sweep(priced(**{"economics.order_value": 90.0}), {"tier.micro.fee": [400.0]})
    at = found.dataset["roi_mean"].sel({"economics.order_value": 90.0, "tier.micro.fee": 400.0})
    np.testing.assert_allclose(at.values, single.dataset["roi_mean"].values[:, 0], rtol=1e-9)


def test_zipped_values_are_taken_together(priced):
    values = {"tier.micro.fee": [100, 200, 300], "costs.hourly_rate": [20, 40, 60]}
    found = sweep(priced(), values, zipped=True)
    assert found.points == 3
    assert found.dataset["roi_mean"].dims == ("portfolio", "point")
    grid = sweep(priced(), values).dataset["roi_mean"].values
    diagonal = np.einsum("fii->fi", grid)
    np.testing.assert_allclose(found.dataset["roi_mean"].values, diagonal, rtol=1e-12)


def test_zipped_values_must_be_as_many(priced):
    values = {"tier.micro.fee": [100, 200, 300], "costs.hourly_rate": [20, 40]}
    with pytest.raises(ExperimentError, match=r"tier\.micro\.fee has 3, costs\.hourly_rate has 2"):
        sweep(priced(), values, zipped=True)


def test_creators_are_held_unless_they_are_hired_again(priced):
    values = {"tier.micro.fee": ["1x", "4x"]}
    held = sweep(priced(), values).dataset["creators"].sel(portfolio="paid").values
    hired = sweep(priced(), values, resize=True).dataset["creators"].sel(portfolio="paid").values
    assert held[0] == held[1]
    assert hired[1] < hired[0] == held[0]


def test_finished_points_are_kept(priced, tmp_path, monkeypatch):
    values = {"economics.order_value": [40.0, 90.0]}
    first = swept(priced(), values, points_in=tmp_path)

    def fail(*_, **__):
        raise AssertionError("simulated again")

    monkeypatch.setattr("sim.questions.sweep._points.at_point", fail)
    again = swept(priced(), values, points_in=tmp_path)
    assert again.answer().dataset.identical(first.answer().dataset)


def test_one_missing_point_is_all_that_is_run(priced, tmp_path, monkeypatch):
    values = {"economics.order_value": [40.0, 90.0, 120.0]}
    swept(priced(), {"economics.order_value": [40.0, 120.0]}, points_in=tmp_path)
    runs = []

    def count(experiment, threads=None):
        runs.append(experiment)
        return sim.simulate(experiment, threads=threads)

    monkeypatch.setattr("sim.questions.sweep._points.at_point", count)
    swept(priced(), values, points_in=tmp_path)
    assert len(runs) == 1


def test_rows_hold_every_point_and_portfolio_once(priced):
    found = sweep(priced(), FEES)
    rows = found.to_rows()
    assert len(rows) == 2 * 3 * 3
    for row in (rows[0], rows[7], rows[-1]):
        place = {name: row[name] for name in FEES} | {"portfolio": row["portfolio"]}
        assert row["roi_p05"] == found.dataset["roi_p05"].sel(place).item()
        place.pop("portfolio")
        assert row["a_beats_b"] == found.dataset["a_beats_b"].sel(place).item()


def test_json_has_values_and_errors_of_every_measure(priced):
    content = sweep(priced(), FEES).to_dict()
    assert set(content["measures"]) <= {*MEASURES, "a_beats_b", "roi_difference_mean",
                                        "profit_difference_mean"}  # fmt: skip
    for entry in content["measures"].values():
        assert set(entry) == {"unit", "value", "se"}
        assert np.shape(entry["value"]) == np.shape(entry["se"])
    assert np.shape(content["gap"]["value"]) == (2, 3)


def test_a_terminal_shows_a_few_rows(priced):
    many = {"tier.micro.fee": "0.5x to 2x", "tier.macro.fee": "0.5x to 2x"}
    for values in (many, {"tier.micro.fee": "0.5x to 2x"}):
        rows = sweep(priced(), values).shown().to_texts()
        assert 6 <= len(rows) <= MOST
        assert "±" in rows[0]["mean ROI"]


def test_the_table_of_the_file_is_the_default(priced):
    table = {"tier": {"micro": {"fee": [100, 200]}}, "zip": False}
    experiment = priced(sweep=table)
    assert list(sweep(experiment).dataset["tier.micro.fee"].values) == [100.0, 200.0]
    assert experiment.fingerprint() == priced().fingerprint()


def test_without_a_table_the_fees_of_both_sides_are_swept(still):
    found = sweep(still())
    assert [*found.keys] == ["tier.many.fee", "tier.few.fee"]
    assert found.points == 21 * 21


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"tier.micro.fe": [1, 2]}, "sweep.tier.micro.fe: .*did you mean `tier.micro.fee`"),
        ({"zipp": True}, "sweep.zipp: .*did you mean `zip`"),
        ({"tier.micro.fee": "1 to oops in 3 steps"}, r"sweep.tier.micro.fee: .*write a list"),
        ({"tier.micro.fee": [-5, 5]}, r"sweep.tier.micro.fee: .*positive median.*got -5"),
        ({"economics.gross_margin": [0.2, 1.3]}, r"sweep.economics.gross_margin: .*above 1"),
        ({"portfolio.few.tier": ["micro", "makro"]}, r"no tier of that name.*makro"),
    ],
    ids=["key", "switch", "range", "negative", "share", "name"],
)
def test_faults_of_the_table_name_key_and_way_out(priced, table, message):
    with pytest.raises(ExperimentError, match=message):
        check_sweep(priced(sweep=table))


def test_all_faults_of_the_table_come_at_once(priced):
    with pytest.raises(ExperimentError) as caught:
        check_sweep(priced(sweep={"tier.micro.fe": [1], "costs.fixd": [2]}))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("key", ["portfolio.many.budget", "portfolio.many.creators"])
@pytest.mark.parametrize("market", [None, 1e7])
def test_a_swept_size_without_a_market_is_told_to_be_flat(still, key, market):
    changes = (
        {"portfolio.many": {"tier": "many", "budget": 16_000}} if key.endswith("budget") else {}
    )
    if market:
        changes |= {"niche.general.market": market}
    experiment = still(**changes)
    values = [8_000, 16_000] if key.endswith("budget") else [20, 40]
    notes = sweep(experiment, {key: values}, means=True).notes
    assert any("niche.general.market" in note for note in notes) == (market is None)


def test_values_of_several_platforms_say_whose_they_are(still):
    changes = {"portfolio.few.tier": "many", "portfolio.few.platform": "tiktok",
               "tier.many.on": {"tiktok": {"fee": 800}, "instagram": {}}}  # fmt: skip
    notes = sweep(still(**changes), {"tier.many.fee": [400, 500]}, means=True).notes
    assert "tier.many.fee: values are those on instagram; tiktok in proportion." in notes
