"""Arranged arrays: against slow counting, closed forms, and for any input."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.charts.numbers import (
    at,
    concentration,
    defined,
    density,
    exceedance,
    quantile_dots,
    spread_apart,
    stacks,
)

FLOATS = st.floats(-1e6, 1e6)


def test_defined_sorts_and_drops_what_is_not_a_number() -> None:
    assert defined([3.0, np.nan, 1.0, np.inf, 2.0]).tolist() == [1, 2, 3]


def test_quantiles_are_those_of_numpy() -> None:
    x = np.sort(np.random.default_rng(1).normal(size=101))
    for p in (0.0, 0.05, 0.333, 0.5, 0.95, 1.0):
        assert at(x, p) == pytest.approx(float(np.quantile(x, p)))


def test_area_of_a_density_is_the_share_inside() -> None:
    x = np.sort(np.random.default_rng(2).normal(size=20_000))
    middles, height = density(x, -1.0, 2.0)
    area = float(height.sum() * (middles[1] - middles[0]))
    assert area == pytest.approx(float(np.mean((x >= -1) & (x <= 2))), abs=1e-9)


def test_density_of_normal_worlds_is_nearly_normal() -> None:
    # the same shape drawn exactly: no noise, only the kernel's flattening
    normal = NormalDist()
    x = np.array([normal.inv_cdf((k + 0.5) / 50_000) for k in range(50_000)])
    middles, height = density(x, -3, 3)
    exact = np.array([normal.pdf(float(m)) for m in middles])
    # kernel of bandwidth h flattens the peak by about h^2 / 2, h = 1.144 n^-0.2 = 0.13
    assert np.abs(height - exact).max() < 0.4 * 0.13**2


def test_density_of_nothing_is_nothing() -> None:
    assert density(np.array([]), 0, 1)[1].sum() == 0


@given(arrays(np.float64, st.integers(1, 60), elements=st.integers(-5, 5).map(float)))
def test_exceedance_of_few_worlds_is_counting(values: np.ndarray) -> None:
    x, p = exceedance(np.sort(values), extra=[0.0])
    first = np.unique(x, return_index=True)[1]
    for k in first:
        assert p[k] == pytest.approx(np.mean(values >= x[k]))
    assert (np.diff(p) <= 1e-12).all()


def test_exceedance_drops_where_many_worlds_agree() -> None:
    x, p = exceedance(np.array([-1.0] * 50 + [0.5] * 50), extra=[0.0])
    assert x.tolist() == [-1, -1, 0, 0.5, 0.5]
    assert p.tolist() == pytest.approx([1, 0.5, 0.5, 0.5, 0])


def test_exceedance_of_many_worlds_is_short_and_right() -> None:
    ordered = np.sort(np.random.default_rng(3).lognormal(size=50_000))
    x, p = exceedance(ordered)
    assert x.size <= 240
    # between two of its points lies at most 1 / 150 of the worlds: linear in between
    levels = np.interp(np.quantile(ordered, [0.05, 0.3, 0.5, 0.9, 0.99]), x, p)
    assert levels == pytest.approx([0.95, 0.7, 0.5, 0.1, 0.01], abs=0.001)


def test_quantile_dots_stand_in_the_middle_of_their_share() -> None:
    assert quantile_dots(np.linspace(0, 1, 10_001), 4) == pytest.approx(
        [0.125, 0.375, 0.625, 0.875]
    )


@given(arrays(np.float64, 30, elements=st.floats(-2, 12)))
def test_no_two_dots_share_a_place(values: np.ndarray) -> None:
    column, height = stacks(np.sort(values), 0, 10, 20)
    assert len(set(zip(column, height, strict=True))) == 30
    inside = np.sort(values)
    near = (inside >= 0) & (inside < 10)
    assert (np.abs(column - inside)[near] <= 0.25 + 1e-9).all()


@given(st.lists(FLOATS, min_size=1, max_size=12), st.floats(0.01, 5), st.floats(1, 50))
def test_labels_keep_their_order_and_their_distance(
    wanted: list[float], gap: float, length: float
) -> None:
    places = spread_apart(wanted, gap, 0, length)
    assert (places >= -1e-9).all()
    assert (places <= length + 1e-9).all()
    order = np.argsort(wanted, kind="stable")
    least = min(gap, length / (len(wanted) - 1)) if len(wanted) > 1 else 0
    assert (np.diff(places[order]) >= least - 1e-6).all()


def test_labels_that_have_room_stay() -> None:
    assert spread_apart([8.0, 1.0, 5.0], 2, 0, 10).tolist() == [8, 1, 5]


def test_two_labels_at_one_place_move_apart_evenly() -> None:
    assert spread_apart([5.0, 5.0], 2, 0, 10) == pytest.approx([4, 6])


def test_equal_creators_bring_equal_shares() -> None:
    x, shares = concentration(np.ones((4, 3)))
    assert shares == pytest.approx(np.tile(x[:, np.newaxis], 3))


def test_concentration_by_hand_without_worlds_of_nothing() -> None:
    x, shares = concentration(np.array([[1.0, 0.0], [6.0, 0.0], [3.0, 0.0]]))
    assert x == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert shares.ravel() == pytest.approx([0, 0.6, 0.9, 1])
