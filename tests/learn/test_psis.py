"""Smoothed importance weights: their shape, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from sim.learn.psis import most_khat, smoothed


def test_weights_that_are_alike_stay():
    weights = smoothed(np.full(1_000, -7.0))
    assert weights.values == pytest.approx(np.full(1_000, 1e-3), rel=1e-12)
    assert weights.khat == -np.inf
    assert weights.effective == pytest.approx(1_000)


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9])
def test_the_shape_of_a_pareto_tail(shape):
    # Weights u^-k have a Pareto tail of shape k; the prior, worth ten of 424 exceedances at 0.5,
    # and the fit's error, about (1 + k) / sqrt 424, leave 4 errors below 0.4.
    uniform = np.random.default_rng(3).random(20_000)
    khat = smoothed(-shape * np.log(uniform)).khat
    assert khat == pytest.approx(shape, abs=4 * (1 + shape) / np.sqrt(424))


def test_smoothing_keeps_order_body_and_maximum():
    logs = np.random.default_rng(4).standard_normal(5_000) * 1.5
    weights, raw = smoothed(logs).values, np.exp(logs - logs.max())
    order = np.argsort(logs)
    assert (np.diff(weights[order]) >= 0).all()
    body = order[: -int(3 * np.sqrt(5_000))]
    ratio = weights[body] / raw[body]
    assert ratio == pytest.approx(np.full(len(body), ratio[0]), rel=1e-12)
    assert weights.max() <= ratio[0] * 1.0 + 1e-15
    assert weights.sum() == pytest.approx(1.0)


def test_the_mean_of_a_law_from_draws_of_another():
    # N(0.5, 1) by draws of N(0, 1.2^2): the error of the weighted mean is about 1 / sqrt(effective).
    draws = 1.2 * np.random.default_rng(5).standard_normal(20_000)
    weights = smoothed(-((draws - 0.5) ** 2) / 2 + draws**2 / (2 * 1.44))
    assert weights.khat < most_khat(20_000)
    assert weights.values @ draws == pytest.approx(0.5, abs=4 / np.sqrt(weights.effective))


def test_the_largest_shape_depends_on_the_draws():
    assert most_khat(100) == pytest.approx(0.5)
    assert most_khat(1_000_000) == pytest.approx(0.7)
