"""The law of totals given factors, fitted to logs of a known law."""

from __future__ import annotations

import numpy as np
import pytest

from sim.learn.emulate import fitted


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(1)
    center = np.array([0.5, -1.0])
    z = center + rng.standard_normal((40_000, 2))
    noise = rng.standard_normal((40_000, 2)) @ np.linalg.cholesky([[1.0, 0.6], [0.6, 1.0]]).T
    mean = np.column_stack(
        [1.0 + 0.5 * z[:, 0] - 0.2 * z[:, 0] * z[:, 1], 2.0 - z[:, 1] + 0.1 * z[:, 1] ** 2]
    )
    spread = np.exp(np.column_stack([-1.0 + 0.3 * z[:, 0], -0.5 - 0.2 * z[:, 1]]))
    return fitted(z, (mean + spread * noise).T, center)


POINTS = np.array([[0.5, -1.0], [1.5, 0.0], [-0.5, -2.0], [0.0, 0.5]])


def test_quadratic_means(known):
    z = POINTS
    truth = np.column_stack(
        [1.0 + 0.5 * z[:, 0] - 0.2 * z[:, 0] * z[:, 1], 2.0 - z[:, 1] + 0.1 * z[:, 1] ** 2]
    )
    # Errors of a fitted mean: spread sqrt(leverage / n), leverage below 40 at these points.
    assert known.means(z) == pytest.approx(truth, abs=4 * 0.9 * np.sqrt(40 / 40_000))


def test_spreads_that_follow_the_factors(known):
    z = POINTS
    truth = np.exp(np.column_stack([-1.0 + 0.3 * z[:, 0], -0.5 - 0.2 * z[:, 1]]))
    assert known.spreads(z) == pytest.approx(truth, rel=0.04)


def test_correlations_of_what_is_left(known):
    # A correlation's error is (1 - r^2) / sqrt(n).
    assert known.correlation[0, 1] == pytest.approx(0.6, abs=4 * 0.64 / 200)
    assert np.diagonal(known.correlation) == pytest.approx([1.0, 1.0])


def test_slopes_are_derivatives(known):
    point, step = np.array([0.2, -0.4]), 1e-6
    numeric = np.column_stack(
        [
            (known.means((point + e)[None]) - known.means((point - e)[None]))[0] / (2 * step)
            for e in step * np.eye(2)
        ]
    )
    assert known.slopes(point) == pytest.approx(numeric, abs=1e-6)


def test_too_few_worlds_are_refused():
    z = np.zeros((5, 2))
    with pytest.raises(ValueError, match="too few"):
        fitted(z, np.zeros((2, 5)), np.zeros(2))
