"""Figures from sums and order statistics are those of `sim.measures`, values and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import sim
from sim.questions.common import compared, measure_of
from sim.questions.sweep._algebra import MEANS, PAIRED, QUANTILES, figures
from sim.questions.sweep._counting import order_statistics
from sim.vary.keys import find_key
from sim.vary.prices import Prices


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(allow_nan=False, width=64)))
@settings(deadline=None)
def test_order_statistics_are_those_of_a_sort(x):
    ranks = np.arange(len(x))
    found = np.empty(len(x))
    order_statistics(np.ascontiguousarray(x), ranks, found)
    # Zeros of either sign compare equal.
    np.testing.assert_array_equal(found, np.sort(x))


@given(st.integers(1, 5_000), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_some_order_statistics_of_ties(count, seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.standard_t(2, count), 1)
    ranks = np.unique(rng.integers(0, count, 7))
    found = np.empty(len(ranks))
    order_statistics(x, ranks, found)
    np.testing.assert_array_equal(found, np.sort(x)[ranks])


SAMPLINGS = {
    "plain": {"simulation.worlds": 1_000},
    "stratified": {"simulation.worlds": 1_024, "simulation.sampling": "stratified"},
    "two-level": {"simulation.worlds": 1_000, "simulation.replicates": 20},
}


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_figures_equal_the_measures(priced, sampling):
    experiment = priced(**SAMPLINGS[sampling])
    keys = [find_key(experiment, name) for name in ("tier.micro.fee", "costs.agency_share")]
    points = np.array([[50.0, 0.0], [220.0, 0.2], [900.0, 0.5]])
    sheet = Prices(experiment, sim.simulate(experiment)).sheet(keys, points)
    found = figures(sheet, ("paid", "mixed"), threads=2)
    for p in range(len(points)):
        worlds = sheet.at(p)
        for name in (*MEANS, *QUANTILES):
            for f, portfolio in enumerate(sheet.portfolios):
                same(measure_of(worlds, portfolio, name), found, name, (f, p))
        for name in PAIRED:
            same(compared(worlds, "paid", "mixed", name), found, name, (p,))
        same(compared(worlds, "paid", "mixed", "roi_mean"), found, "difference", (p,))


def test_the_error_of_a_difference_is_that_of_paired_worlds(priced):
    """Shares and medians of two portfolios that meet the same shocks, against other ways to it.

    The share of worlds in which one loses and the other does not has the variance of the
    difference of two indicators; medians are drawn again from the same worlds together (bootstrap,
    400 draws: their own relative error is 1 / sqrt(800), about 4 %; 6 of these are allowed).
    """
    experiment = priced(**{"shocks.loadings.conversion_rate": {"campaign": 0.97}})
    run = sim.simulate(experiment)
    key = find_key(experiment, "costs.hourly_rate")
    sheet = Prices(experiment, run).sheet([key], np.array([[30.0], [90.0]]))
    n, rng = sheet.worlds, np.random.default_rng(7)
    for p in range(2):
        roi = {name: sheet.at(p)["roi"].sel(portfolio=name).values for name in ("paid", "mixed")}
        loses = (roi["paid"] < 0.0) * 1.0 - (roi["mixed"] < 0.0) * 1.0
        shares = figures(sheet, ("paid", "mixed"), measure="loss_probability")
        assert shares.value["difference"][p] == pytest.approx(loses.mean(), rel=1e-12)
        assert shares.se["difference"][p] == pytest.approx(loses.std(ddof=1) / n**0.5, rel=1e-3)
        medians = figures(sheet, ("paid", "mixed"), measure="roi_median")
        draws = rng.integers(0, n, (400, n))
        spread = np.std(
            np.median(roi["paid"][draws], axis=1) - np.median(roi["mixed"][draws], axis=1), ddof=1
        )
        assert medians.se["difference"][p] == pytest.approx(spread, rel=0.24)
        # As if they were independent, the error would be another.
        alone = np.hypot(*(medians.se["roi_median"][sheet.index(name), p] for name in roi))
        assert medians.se["difference"][p] < 0.75 * alone


def same(measured, found, name, at):
    assert found.value[name][at] == pytest.approx(measured.value, rel=1e-9, abs=1e-12), name
    if measured.se is None:
        assert np.isnan(found.se[name][at]), name
    else:
        assert found.se[name][at] == pytest.approx(measured.se, rel=1e-6), name


def test_worlds_without_a_cost_are_left_out(priced):
    """Creators who post are paid and nothing else costs: some worlds of two creators are free."""
    costs = {"cost_of_goods": 0, "shipping": 0, "hourly_rate": 0}
    experiment = priced(
        costs=costs,
        portfolio={
            "two": {"tier": "micro", "creators": 2},
            "one": {"tier": "micro", "creators": 1},
        },
        decision={"a": "two", "b": "one"},
        **{"tier.micro.delivery_rate": 0.5},
    )
    key = find_key(experiment, "tier.micro.fee")
    sheet = Prices(experiment, sim.simulate(experiment)).sheet([key], np.array([[100.0], [300.0]]))
    assert sheet.undefined().all()
    found = figures(sheet)
    for p in range(2):
        worlds = sheet.at(p)
        assert np.isnan(worlds["roi"].values).any()
        for name in ("roi_mean", "roi_median", "loss_probability", "profit_mean"):
            same(measure_of(worlds, "two", name), found, name, (0, p))


def test_threads_and_blocks_change_nothing(priced):
    experiment = priced()
    key = find_key(experiment, "costs.hourly_rate")
    points = np.linspace(5.0, 200.0, 150)[:, None]
    prices = Prices(experiment, sim.simulate(experiment))
    one = figures(prices.sheet([key], points), ("paid", "few"), threads=1)
    two = figures(prices.sheet([key], points), ("paid", "few"), threads=3)
    for name in one.value:
        np.testing.assert_array_equal(one.value[name], two.value[name])
        np.testing.assert_array_equal(one.se[name], two.se[name])


def test_a_heavy_tail_takes_the_error_away(priced):
    experiment = priced()
    run = sim.simulate(experiment)
    rng = np.random.default_rng(1)
    heavy = run.assign(contribution=run["contribution"] + 1e6 * rng.pareto(0.8, run.sizes["sim"]))
    key = find_key(experiment, "costs.hourly_rate")
    found = figures(Prices(experiment, heavy).sheet([key], np.linspace(5, 90, 40)[:, None]))
    assert np.isnan(found.se["roi_mean"]).all()
    assert np.isfinite(found.se["roi_median"]).all()
