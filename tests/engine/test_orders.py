"""Poisson inversion by its definition, gamma draws by their distribution, and both together.

Probabilities are compared to 1e-7: the engine adds up terms in double precision. Beyond a mean of
a million scipy's upper tail is wrong by up to 2 %, so there the reference is a sum in 30 digits.
"""

from __future__ import annotations

import decimal
import functools
import math

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sim.engine import orders as steps
from sim.engine.jit import called
from sim.engine.keys import stream_key
from sim.engine.lanes import CHUNK
from sim.engine.orders import draw_orders

gamma_draw = called(steps.gamma_draw)
poisson_not_above = called(steps.poisson_not_above)
poisson_quantile = called(steps.poisson_quantile)
poisson_rows = called(steps.poisson_rows)

Array = npt.NDArray[np.float64]
D = decimal.Decimal
U = np.uint32
KEY = stream_key(3, "orders", "micro", "instagram", "beauty", "paid", 1, 0)
#: Relative error of a probability that still counts as the same.
EXACT = 1e-7
DIGITS = decimal.Context(prec=40)


def log_gamma(x: int) -> D:
    """Stirling's series of log Gamma for x of a hundred thousand or more, to 30 digits."""
    with decimal.localcontext(DIGITS):
        y = D(x)
        two_pi = D("6.2831853071795864769252867665590057683943")
        terms = [D(1) / 12, -D(1) / 360, D(1) / 1260, -D(1) / 1680]
        series = sum((term / y ** (2 * k + 1) for k, term in enumerate(terms)), D(0))
        return (y - D("0.5")) * y.ln() - y + two_pi.ln() / 2 + series


@functools.cache
def tail(n: int, mean: float, upper: bool) -> float:
    """P(N > n) if `upper`, else P(N <= n)."""
    if n < 0:
        return 1.0 if upper else 0.0
    if mean <= 5e5:
        return float((special.pdtrc if upper else special.pdtr)(n, mean))
    with decimal.localcontext(DIGITS):
        m, k = D(mean), n + 1 if upper else n
        term = (k * m.ln() - m - log_gamma(k + 1)).exp()
        total = D(0)
        while term > D("1e-25") * total:
            total += term
            k, term = (k + 1, term * m / (k + 1)) if upper else (k - 1, term * k / m)
        return float(total)


def is_quantile(n: float, p: float, upper: bool, mean: float) -> bool:
    """Whether n is the smallest number with P(N > n) <= p, or P(N <= n) >= p."""
    here, before = tail(int(n), mean, upper), tail(int(n) - 1, mean, upper)
    if upper:
        return here <= p * (1.0 + EXACT) and (n == 0 or before > p * (1.0 - EXACT))
    return here >= p * (1.0 - EXACT) and (n == 0 or before < p * (1.0 + EXACT))


MEANS = [1e-3, 0.03, 0.7, 3.0, 11.99, 12.0, 13.0, 16.4, 30.0, 1e2, 1e3, 1e4, 1e5, 4e5, 2e6, 1e7]


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("upper", [False, True])
def test_quantile_by_definition(mean: float, upper: bool) -> None:
    """Probabilities down to 1e-15, random and round ones."""
    rng = np.random.default_rng(int(mean * 1e3) + upper)
    logs = [*rng.uniform(-15.0, math.log10(0.5), 60 if mean <= 5e5 else 15), -15.0, -9.0]
    for p in [*(10.0**x for x in logs), 0.5, 1e-9 * (1 + 1e-9), 1e-9 * (1 - 1e-9)]:
        n = poisson_quantile(p, upper, mean)
        assert is_quantile(n, p, upper, mean), (p, n)


@pytest.mark.parametrize("upper", [False, True])
def test_quantile_changes_at_the_distribution_function(upper: bool) -> None:
    """A millionth beside P(N <= n) on either side: n, and n + 1. Where shortcuts go wrong."""
    wrong = []
    for mean in [*np.linspace(12.0, 25.0, 105), *np.geomspace(1e-2, 3e5, 120)]:
        for score in np.linspace(-7.5, 7.5, 31):
            n = max(math.floor(mean + score * math.sqrt(mean)), 0)
            edge = tail(n, float(mean), upper)
            for relative in (-1e-6, 1e-6):
                p = edge * (1.0 + relative)
                if not 1e-15 < p < 0.5:
                    continue
                expected = n if (relative > 0.0) == upper else n + 1
                found = poisson_quantile(p, upper, float(mean))
                if found != expected:
                    wrong.append((mean, n, p, found))
    assert wrong == []


def test_rows_give_the_quantiles_one_by_one() -> None:
    """Small and large means, far tails, round probabilities: many at once or one at a time."""
    rng = np.random.default_rng(4)
    for _ in range(40):
        mean = np.where(
            rng.random(CHUNK) < 0.5, rng.uniform(0, 14, CHUNK), 10 ** rng.uniform(1, 7, CHUNK)
        )
        p = np.where(
            rng.random(CHUNK) < 0.3, 10 ** rng.uniform(-15, -1, CHUNK), rng.uniform(0, 0.5, CHUNK)
        )
        upper = (rng.random(CHUNK) < 0.5).astype(float)
        rows = np.empty(CHUNK)
        poisson_rows(p, upper, mean, rows)
        alone = [poisson_quantile(p[i], upper[i] > 0.0, mean[i]) for i in range(CHUNK)]
        # Adding up in another order may tell a probability that lies within rounding of a step apart.
        for i in np.flatnonzero(rows != alone):
            assert is_quantile(rows[i], p[i], upper[i] > 0.0, mean[i])


@given(
    st.floats(-3.0, 6.0).map(lambda x: 10.0**x),
    st.floats(-15.0, math.log10(0.5)).map(lambda x: 10.0**x),
    st.booleans(),
    st.sampled_from([1e-9, 1e-6, 1e-3, 0.05, 1.0]),
)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_orders_never_fall_as_the_mean_rises(
    mean: float, p: float, upper: bool, step: float
) -> None:
    more = poisson_quantile(p, upper, mean * (1.0 + step))
    assert poisson_quantile(p, upper, mean) <= more


@pytest.mark.parametrize("low", [1e-3, 1.0, 10.0, 11.9, 400.0, 1e5])
def test_orders_never_fall_along_a_sweep(low: float) -> None:
    """One stream per world, two hundred prices: what break-even searches rely on."""
    before = np.zeros(300)
    for mean in np.linspace(low, 1.3 * low, 200):
        orders, value = np.empty((2, 300))
        draw_orders(KEY, 0, np.full(300, mean), 2.0, orders, value)
        assert (orders >= before).all()
        before = orders


@pytest.mark.jitless
def test_quantile_of_nothing() -> None:
    assert poisson_quantile(0.3, True, 0.0) == 0.0
    assert poisson_quantile(1e-15, True, 1e-30) == 0.0
    orders, value = np.full((2, 3), -1.0)
    draw_orders(KEY, 0, np.zeros(3), 2.0, orders, value)
    assert (orders == 0.0).all()
    assert (value == 0.0).all()


@pytest.mark.jitless
@pytest.mark.parametrize("mean", [0.4, 11.0, 14.6, 90.0, 4000.0])
@pytest.mark.parametrize("lower", [True, False])
def test_tail_sums(mean: float, lower: bool) -> None:
    """Both tails at up to eight standard deviations."""
    for score in np.linspace(-8.0, 8.0, 17):
        n = max(math.floor(mean + score * math.sqrt(mean)), 0)
        expected = float((special.pdtr if lower else special.pdtrc)(n, mean))
        assert poisson_not_above(float(n), mean, lower) == pytest.approx(expected, rel=1e-10)


@pytest.mark.jitless
def test_both_branches_interpreted() -> None:
    for mean in (3.0, 14.628726087643116, 200.0):
        for p in (0.4, 1e-3, 2.8572e-4, 1e-12):
            for upper in (False, True):
                assert is_quantile(poisson_quantile(p, upper, mean), p, upper, mean)


@pytest.mark.parametrize("mean", [0.05, 2.0, 11.5, 12.5, 70.0, 3e3, 1e6])
def test_moments_of_orders(mean: float) -> None:
    """First three cumulants are the mean; 4.9 standard errors, 1e-6 false alarms each."""
    n = 400_000
    orders, value = np.empty((2, n))
    draw_orders(KEY, 0, np.full(n, mean), 2.0, orders, value)
    law = stats.poisson(mean)
    centred = orders - mean
    for power in (1, 2, 3):
        # Central moments of the Poisson distribution up to the sixth, by their recursion.
        mu = [1.0, 0.0]
        for k in range(1, 6):
            mu.append(mean * sum(math.comb(k, j) * mu[j] for j in range(k)))
        error = math.sqrt((mu[2 * power] - mu[power] ** 2) / n)
        assert abs(np.mean(centred**power) - mu[power]) < 4.9 * error
    assert law.ppf(1e-7) <= orders.min()
    assert orders.max() <= law.isf(1e-8)


# --- Gamma -----------------------------------------------------------------------------------------


@numba.njit
def _gammas(shape: float, k0: np.uint32, k1: np.uint32, out: Array) -> None:
    for i in range(out.shape[0]):
        out[i] = gamma_draw(shape, k0, k1, U(i))


@pytest.mark.parametrize("shape", [0.05, 0.3, 0.999, 1.0, 1.5, 6.0, 50.0, 3e3, 1e5])
def test_gamma_draws(shape: float) -> None:
    """Kolmogorov-Smirnov, 200,000 draws, 1e-6 false alarms each."""
    x = np.empty(200_000)
    _gammas(shape, *map(U, stream_key(1, "gamma", str(shape))), x)
    assert stats.kstest(x, stats.gamma(shape).cdf).pvalue > 1e-6


@pytest.mark.statistical
@pytest.mark.parametrize("shape", [0.05, 1.0, 1.5625, 50.0, 1e5])
def test_gamma_draws_in_full(shape: float) -> None:
    """Ten million draws on 1,000 equiprobable cells, both tails of chi-square, 1e-6 each."""
    x = np.empty(10_000_000)
    _gammas(shape, *map(U, stream_key(2, "gamma", str(shape))), x)
    cells = np.bincount(np.minimum(stats.gamma(shape).cdf(x) * 1000, 999).astype(int))
    p = stats.chisquare(cells).pvalue
    assert 5e-7 < p < 1.0 - 5e-7


@pytest.mark.jitless
def test_gamma_draws_interpreted() -> None:
    """Mean and variance of 2,000 draws: 4.9 standard errors."""
    for shape in (0.4, 3.0):
        k0, k1 = map(U, stream_key(5, "gamma", str(shape)))
        x = np.array([gamma_draw(shape, k0, k1, U(i)) for i in range(2000)])
        assert abs(x.mean() - shape) < 4.9 * math.sqrt(shape / 2000)
        fourth = 3.0 * shape**2 + 6.0 * shape
        assert abs(x.var() - shape) < 4.9 * math.sqrt((fourth - shape**2) / 2000)


# --- Order values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "cv"), [(0.3, 0.8), (2.5, 0.8), (2.5, 3.0), (40.0, 0.8)])
def test_total_value_is_that_of_single_orders(mean: float, cv: float) -> None:
    """One gamma draw for all orders against as many draws as orders, from numpy.

    Two-sample Kolmogorov-Smirnov among worlds with orders, share of worlds without, mean and
    variance of the compound Poisson sum; 1e-6 false alarms each.
    """
    n, shape = 200_000, cv**-2
    orders, value = np.empty((2, n))
    draw_orders(KEY, 0, np.full(n, mean), shape, orders, value)
    rng = np.random.default_rng(11)
    counts = rng.poisson(mean, n)
    single = rng.gamma(shape, size=counts.sum())
    which = np.repeat(np.arange(n), counts)
    direct = np.bincount(which, weights=single, minlength=n)
    assert stats.ks_2samp(value[orders > 0], direct[counts > 0]).pvalue > 1e-6
    none = math.exp(-mean)
    assert abs((orders == 0).mean() - none) < 4.9 * math.sqrt(none * (1.0 - none) / n)
    # E[S] = m k, Var[S] = m (k + k^2), in units of the gamma scale.
    assert abs(value.mean() - mean * shape) < 4.9 * math.sqrt(mean * shape * (1 + shape) / n)
    spread = value.var() / (mean * shape * (1.0 + shape)) - 1.0
    fourth = np.mean((direct - direct.mean()) ** 4) / direct.var() ** 2
    assert abs(spread) < 4.9 * math.sqrt((fourth - 1.0) / n)
