"""Worth of knowing against closed forms: two normal options, and a lognormal one.

Checks allow four standard errors (6 false alarms in 100,000 seeds) plus what a fit may lose, which
is stated with each.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import isotonic_regression
from scipy.special import ndtr

from sim.measures import Estimate
from sim.measures.precision import standard_error
from sim.questions.worth.evppi import (
    Additive,
    Learner,
    Multiplied,
    Smoothing,
    best_option,
    policy,
    utilities,
    worth_of_knowing,
)
from sim.questions.worth.nested import best_inside, in_order
from sim.questions.worth.smoothing import smoothing_spline

N = 40_000


def unit_loss(distance: float, sd: float) -> float:
    """E[max(D, 0)] for D normal with mean -distance: what knowing D is worth."""
    z = distance / sd
    return sd * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi) - distance * float(ndtr(-z))


@pytest.fixture(scope="module")
def normal() -> dict[str, np.ndarray]:
    """Option a brings 100; option b 90 + 30 x + 40 y + 50 e: x and y can be learned."""
    x, y, e = np.random.default_rng(11).normal(size=(3, N))
    profit = np.array([np.full(N, 100.0), 90.0 + 30.0 * x + 40.0 * y + 50.0 * e])
    return {"x": x, "y": y, "profit": profit}


def check(estimate: Estimate, truth: float, loss: float = 0.0) -> None:
    se = float(standard_error(estimate).se)
    gap = float(estimate.value) - truth
    assert -4.0 * se - loss * truth <= gap <= 4.0 * se
    assert se < 0.05 * truth


def test_perfect_information(normal: dict[str, np.ndarray]) -> None:
    profit = normal["profit"]
    known = worth_of_knowing(profit, profit.argmax(axis=0))
    check(known, unit_loss(10.0, math.sqrt(30**2 + 40**2 + 50**2)))


@pytest.mark.parametrize(("name", "sd"), [("x", 30.0), ("y", 40.0)])
def test_one_input(normal: dict[str, np.ndarray], name: str, sd: float) -> None:
    # The spline may lose 1 % of the worth.
    chosen = policy(Smoothing(normal[name]), normal["profit"])
    check(worth_of_knowing(normal["profit"], chosen), unit_loss(10.0, sd), 0.01)


def test_two_inputs(normal: dict[str, np.ndarray]) -> None:
    known = np.array([normal["x"], normal["y"]])
    chosen = policy(Additive(known), normal["profit"])
    check(worth_of_knowing(normal["profit"], chosen), unit_loss(10.0, 50.0), 0.01)


def test_pilot(normal: dict[str, np.ndarray]) -> None:
    # A pilot of n sees y through noise of sd 2 / sqrt(n): pre-posterior sd 40 sqrt(n / (n + 4)).
    n = 10
    noise = np.random.default_rng(12).normal(size=N) * 2.0 / math.sqrt(n)
    chosen = policy(Smoothing(normal["y"] + noise), normal["profit"])
    sd = 40.0 * math.sqrt(n / (n + 4.0))
    check(worth_of_knowing(normal["profit"], chosen), unit_loss(10.0, sd), 0.01)


def test_products() -> None:
    # b brings m exp(s x + t y + noise of mean one), a brings k: an option on a lognormal
    # (Black and Scholes 1973, without interest). The fit may lose 3 %.
    x, y, e = np.random.default_rng(13).normal(size=(3, N))
    m, k, s, t = 95.0, 100.0, 0.3, 0.4
    brought = m * np.exp(s * x + t * y - (s * s + t * t) / 2.0 + 0.3 * e - 0.045)
    profit = np.array([np.full(N, k), brought])
    sd = math.hypot(s, t)
    d = math.log(m / k) / sd + sd / 2.0
    truth = m * float(ndtr(d)) - k * float(ndtr(d - sd))
    chosen = policy(Multiplied(np.array([x, y]), profit), profit)
    check(worth_of_knowing(profit, chosen), truth, 0.03)


def test_what_is_worth_nothing(normal: dict[str, np.ndarray]) -> None:
    blind = np.random.default_rng(14).normal(size=N)
    estimate = worth_of_knowing(normal["profit"], policy(Smoothing(blind), normal["profit"]))
    assert float(estimate.value) <= 4.0 * float(standard_error(estimate).se)
    # Ten USD between the options, and noise of 70: at most a few worlds are led astray.
    assert float(estimate.value) > -0.5


def test_no_optimism_in_small_samples() -> None:
    # Sixteen inputs that mean nothing, forty samples of 400 worlds. Judged on the worlds that it was
    # fitted to, the policy seems to earn 1.7 in a sample with standard error 0.5.
    found, seeming = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        known, profit = random.normal(size=(16, 400)), random.normal(size=(2, 400)) * 10.0
        learner = Additive(known)
        found.append(float(worth_of_knowing(profit, policy(learner, profit)).value))
        fitted = learner.everywhere(slice(0, 0), profit - profit[0]).argmax(axis=0)
        seeming.append(float(worth_of_knowing(profit, fitted).value))
    assert np.mean(found) < 4.0 * np.std(found, ddof=1) / np.sqrt(40)
    assert np.mean(seeming) > 1.0


def test_order_of_options_does_not_matter(normal: dict[str, np.ndarray]) -> None:
    profit = normal["profit"]
    one = worth_of_knowing(profit, policy(Smoothing(normal["y"]), profit))
    other = worth_of_knowing(profit[::-1], policy(Smoothing(normal["y"]), profit[::-1]))
    assert float(one.value) == pytest.approx(float(other.value), rel=0.01)


def test_certainty_equivalent(normal: dict[str, np.ndarray]) -> None:
    # Exponential utility, b given y is normal: E[min of the two disutilities] by quadrature.
    r, profit = 150.0, normal["profit"]
    z = np.linspace(-9.0, 9.0, 20_001)
    w = np.exp(-z * z / 2.0)
    rest = 30.0**2 + 50.0**2
    a = np.full(z.shape, math.exp(-100.0 / r))
    b = np.exp(-(90.0 + 40.0 * z - rest / (2.0 * r)) / r)
    weights = w / w.sum()
    sure = [-r * math.log(weights @ u) for u in (a, b, np.minimum(a, b))]
    chosen = policy(Smoothing(normal["y"]), utilities(profit, r))
    found = worth_of_knowing(profit, chosen, r)
    se = float(standard_error(found).se)
    assert abs(float(found.value) - (sure[2] - max(sure[:2]))) < 4.0 * se + 0.02
    assert best_option(profit, r) == 0


def test_inputs_of_few_values() -> None:
    # Two-level sampling repeats a belief: a learner must not divide a value between bins.
    known = np.repeat(np.random.default_rng(16).normal(size=7), 500)
    profit = np.array([np.zeros(3500), known + 0.1])
    learners: list[Learner] = [Smoothing(known), Additive(known[None])]
    for learner in learners:
        found = policy(learner, profit)
        assert np.mean(found == (known + 0.1 > 0.0)) > 0.8


# --- Knowing more is never worth less -------------------------------------------------------------


INSIDE = {"x": [], "y": [], "pilot": [], "both": ["x", "y", "pilot"]}


def two_arms(seed: int, n: int, junk: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return what is known and profits: a sure arm and one of 90 + 30 x + 40 y + 50 e."""
    random = np.random.default_rng(seed)
    x, y, e, noise = random.normal(size=(4, n))
    profit = np.array([np.full(n, 100.0), 90.0 + 30.0 * x + 40.0 * y + 50.0 * e])
    # A pilot of ten shows y through noise of sd 2 / sqrt(10).
    known = {"x": x[None], "y": y[None], "pilot": (y + noise * 2.0 / math.sqrt(10.0))[None]}
    known["both"] = np.concatenate([x[None], y[None], random.normal(size=(junk, n))])
    return known, profit


def ordered(known: dict[str, np.ndarray], profit: np.ndarray) -> dict[str, Estimate]:
    chosen = {
        name: policy(Smoothing(x[0]) if len(x) == 1 else Additive(x), profit)
        for name, x in known.items()
    }
    policies = best_inside(chosen, INSIDE, profit)
    return in_order({n: worth_of_knowing(profit, one) for n, one in policies.items()}, INSIDE)


def test_what_is_all_but_straight_is_a_line() -> None:
    # The penalty's cross-validation fails where residuals are those of rounding.
    x = np.random.default_rng(5).normal(size=2_000)
    learner = Smoothing(x)
    worth = np.array([np.zeros(2_000), 1e9 + 1e-7 * x])
    assert np.isfinite(learner.foretell(slice(0, 400), worth)).all()


def test_two_arms_against_their_closed_forms() -> None:
    """EVPPI of each input, EVSI of the pilot, EVPPI of both: unit normal loss (Raiffa 1961)."""
    found = ordered(*two_arms(21, N))
    pilot = 40.0 * math.sqrt(10.0 / 14.0)
    for name, sd in {"x": 30.0, "y": 40.0, "pilot": pilot, "both": 50.0}.items():
        # The fit may lose 1 %.
        check(found[name], unit_loss(10.0, sd), 0.01)


def in_order_everywhere(seeds: range) -> None:
    # Few worlds, and twenty inputs of noise beside the two that count: the large regression is poor.
    for seed in seeds:
        found = ordered(*two_arms(seed, 300, junk=20))
        assert all(float(one.value) >= 0.0 for one in found.values())
        for name in INSIDE["both"]:
            assert float(found["both"].value) >= float(found[name].value) - 1e-9


def test_never_less_for_knowing_more() -> None:
    in_order_everywhere(range(3))


@pytest.mark.statistical
def test_never_less_for_knowing_more_in_many_seeds() -> None:
    in_order_everywhere(range(30))


@pytest.mark.statistical
def test_errors_cover_what_the_projection_gives() -> None:
    # Of 100 samples of 2,000 worlds, two errors cover the true worth of knowing both in 95; three
    # binomial errors, and a fit that may lose 1 %, allow 88.
    truth, inside = unit_loss(10.0, 50.0), 0
    for seed in range(100):
        known, profit = two_arms(seed, 2_000)
        chosen = {name: policy(Additive(x), profit) for name, x in known.items()}
        policies = best_inside(chosen, INSIDE, profit)
        raw = {name: worth_of_knowing(profit, one) for name, one in policies.items()}
        one = in_order(raw, INSIDE)["both"]
        inside += abs(float(one.value) - truth) <= 2.0 * float(standard_error(one).se)
    assert inside >= 88


def test_choosing_the_policy_adds_no_optimism() -> None:
    # Twenty sets of nothing at all, in forty samples: the best of them by its own worlds seems to be
    # worth 0.7 and more; judged on other folds the policy of all is worth nothing.
    honest, seeming = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        profit = random.normal(size=(2, 400)) * 10.0
        profit[1] -= profit[1].mean() - profit[0].mean()
        chosen = {f"k{k}": random.integers(0, 2, 400) for k in range(20)}
        policies = best_inside(chosen, {"k19": list(chosen)[:-1]}, profit)
        honest.append(float(worth_of_knowing(profit, policies["k19"]).value))
        seeming.append(max(float(worth_of_knowing(profit, one).value) for one in chosen.values()))
    assert abs(np.mean(honest)) < 4.0 * np.std(honest, ddof=1) / np.sqrt(40)
    assert np.mean(seeming) > 0.5


def test_projection_of_a_chain_is_isotonic_regression() -> None:
    """On a chain, scipy's pool-adjacent-violators is the same projection, coded otherwise."""
    random = np.random.default_rng(3)
    for _ in range(20):
        size = 6
        spread, values = random.uniform(0.5, 2.0, size), random.normal(1.0, 1.0, size)
        noise = random.normal(size=(size, 200))
        noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, keepdims=True)
        estimates = {
            str(k): Estimate(np.asarray(values[k]), spread[k] * noise[k]) for k in range(size)
        }
        inside = {str(k): [str(j) for j in range(k)] for k in range(size)}
        found = [float(one.value) for one in in_order(estimates, inside).values()]
        pooled = isotonic_regression(values, weights=1.0 / spread**2).x
        assert found == pytest.approx(np.maximum(pooled, 0.0), abs=1e-9)


def test_what_the_projection_makes_equal_has_the_error_of_their_mean() -> None:
    random = np.random.default_rng(4)
    noise = random.normal(size=(2, 5_000))
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, keepdims=True)
    estimates = {
        "low": Estimate(np.asarray(3.0), noise[0]),
        "high": Estimate(np.asarray(1.0), noise[1]),
    }
    found = in_order(estimates, {"high": ["low"]})
    assert {float(one.value) for one in found.values()} == {2.0}
    for one in found.values():
        assert float(standard_error(one).se) == pytest.approx(math.sqrt(0.5 / 5_000), rel=0.03)
    kept = in_order(estimates, {})
    assert [float(one.value) for one in kept.values()] == [3.0, 1.0]


@pytest.mark.parametrize("bins", [10, 25, 50])
def test_the_smoothing_spline_is_scipys(bins: int) -> None:
    """Both minimise over the penalty to 1e-5, which moves the curve by less."""
    rng = np.random.default_rng(bins)
    x = np.sort(rng.normal(size=bins))
    y = np.sin(x) + 0.3 * rng.normal(size=bins)
    weight = rng.uniform(0.2, 3.0, size=bins)
    at = np.linspace(x[0], x[-1], 301)
    expected = make_smoothing_spline(x, y, weight)(at)
    assert smoothing_spline(x, y, weight)(at) == pytest.approx(expected, rel=1e-5, abs=1e-5)
