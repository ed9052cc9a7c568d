"""Counts with a lognormal rate against integrals over a fine grid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.learn.counts import log_poisson_lognormal


@pytest.mark.parametrize("count", [0, 3, 5_000])
@pytest.mark.parametrize("mean", [-3.0, 2.0, 8.0])
@pytest.mark.parametrize("variance", [0.01, 2.5])
def test_the_integral_over_the_rate(count, mean, variance):
    sd = np.sqrt(variance)
    far = np.log(count + 1.0)
    eta = np.linspace(min(mean - 12 * sd, far), max(mean + 12 * sd, far + 1.0), 20_001)
    log = stats.poisson.logpmf(count, np.exp(eta)) + stats.norm.logpdf(eta, mean, sd)
    truth = np.log(np.trapezoid(np.exp(log - log.max()), eta)) + log.max()
    assert float(log_poisson_lognormal(count, mean, variance)) == pytest.approx(truth, abs=5e-4)


def test_a_rate_that_is_known_leaves_the_poisson_law():
    counts = np.arange(30.0)
    told = log_poisson_lognormal(counts, np.log(7.0), 1e-9)
    assert told == pytest.approx(stats.poisson.logpmf(counts, 7.0), abs=1e-6)


def test_chances_add_up_to_one():
    counts = np.arange(3_000.0)
    assert np.exp(log_poisson_lognormal(counts, 2.0, 0.8)).sum() == pytest.approx(1.0, abs=1e-4)
