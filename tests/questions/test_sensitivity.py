"""Morris screening and delta, as the command runs them, against values of published functions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import ndtr

from sim.questions.sensitivity import _screening as screening
from sim.questions.sensitivity._drivers import Driver

Array = npt.NDArray[np.float64]
Function = Callable[[Array], Array]
END = 1.6448536269514722


def ishigami(u: Array) -> Array:
    """Ishigami and Homma (1990) with a = 7, b = 0.1, of uniforms in (0, 1)."""
    x = np.pi * (2.0 * u - 1.0)
    return np.asarray(np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))


WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(u: Array) -> Array:
    """Sobol' g with the first weights of Saltelli et al. (2010)."""
    a = WEIGHTS[:, None]
    return np.asarray(np.prod((np.abs(4.0 * u - 2.0) + a) / (1.0 + a), axis=0))


class Fake:
    """A sampler of a function of uniforms instead of worlds."""

    def __init__(self, function: Function, inputs: int, size: int) -> None:
        factors = [
            SimpleNamespace(name=f"niche:x{k}", kind="shock", table=None) for k in range(inputs)
        ]
        self.plan = SimpleNamespace(factors=factors, seed=7)
        self.size, self.outcomes = size, ("y",)
        self.outcome = SimpleNamespace(scale="y")
        self._function = function

    def sample(self, first: int, factors: Array) -> Array:
        """Return the function of scores between the two ends of a trajectory's grid."""
        return self._function((factors / END + 1.0) / 2.0)[None]


def screened(function: Function, inputs: int, size: int) -> list[Driver]:
    sampler: Any = Fake(function, inputs, size)
    return screening.morris_drivers(sampler, "file", None)


def every_effect(function: Function, inputs: int) -> tuple[Array, Array]:
    """Mean and mean absolute effect over the whole grid of four levels, steps of two thirds."""
    levels = np.array([0.0, 1.0, 2.0, 3.0]) / 3.0
    mean, absolute = [], []
    for k in range(inputs):
        grid = np.array([p for p in product(levels, repeat=inputs) if p[k] < 0.5]).T
        moved = grid.copy()
        moved[k] += 2.0 / 3.0
        effects = (function(moved) - function(grid)) * 1.5
        mean.append(effects.mean())
        absolute.append(np.abs(effects).mean())
    return np.array(mean), np.array(absolute)


@pytest.mark.parametrize(
    ("function", "inputs"),
    [pytest.param(ishigami, 3, id="ishigami"), pytest.param(sobol_g, 4, id="sobol-g")],
)
def test_morris_is_the_mean_over_the_grid(function: Function, inputs: int) -> None:
    # Four standard errors: 6 false alarms in 100,000 seeds for each of two figures per input.
    pytest.importorskip("SALib")
    mean, absolute = every_effect(function, inputs)
    for k, driver in enumerate(screened(function, inputs, 1_024)):
        assert abs((driver.first.value or 0.0) - mean[k]) < 4.0 * (driver.first.se or 0.0) + 1e-9
        gap = abs((driver.total.value or 0.0) - absolute[k])
        assert gap < 4.0 * (driver.total.se or 0.0) + 1e-9


def test_morris_of_ishigami_as_published() -> None:
    # mu* of the second input is exactly 7 sin^2(pi / 3) / (2 / 3) = 7.875, as SALib's regression
    # test has it (tests/test_regression.py); its mean effect is zero by symmetry.
    pytest.importorskip("SALib")
    driver = screened(ishigami, 3, 512)[1]
    assert driver.total.value == pytest.approx(7.875, rel=1e-12)
    assert abs(driver.first.value or 0.0) < 4.0 * 7.875 / np.sqrt(512)


def test_without_salib_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(screening, "import_module", missing)
    with pytest.raises(Exception, match="pip install 'creator-roi"):
        screened(ishigami, 3, 8)


NOISE = 0.15


def delta_of_g(i: int) -> float:
    """Delta of Sobol' g of two inputs plus normal noise, by quadrature.

    Given one input, g is uniform and the outcome a uniform plus a normal: its density is a
    difference of two normal distribution functions.
    """
    a = WEIGHTS[1:3]
    low, high = a / (1.0 + a), (2.0 + a) / (1.0 + a)
    j = 1 - i
    v = low[i] + (high[i] - low[i]) * (np.arange(1_000) + 0.5) / 1_000
    y = np.linspace(-1.0, high[0] * high[1] + 1.0, 2_001)[:, None]
    given = ndtr((y - v * low[j]) / NOISE) - ndtr((y - v * high[j]) / NOISE)
    given /= v * (high[j] - low[j])
    whole = given.mean(axis=1, keepdims=True)
    return float(0.5 * np.trapezoid(np.abs(given - whole), y[:, 0], axis=0).mean())


def test_delta_of_sobol_g() -> None:
    # Four bootstrap errors plus a hundredth for the bias of smoothing, which sharp edges would widen.
    from sim.questions.sensitivity._delta import dependence

    random = np.random.default_rng(8)
    u = random.random((2, 8_192))
    a = WEIGHTS[1:3, None]
    y = np.prod((np.abs(4.0 * u - 2.0) + a) / (1.0 + a), axis=0) + NOISE * random.normal(size=8_192)
    for i in range(2):
        found = dependence(u[i], y)
        assert abs(found.delta - delta_of_g(i)) < 4.0 * found.delta_se + 0.01


def test_delta_has_a_dummy_for_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    u = np.random.default_rng(9).normal(size=(3, 2_048))
    monkeypatch.setattr(screening, "shared_scores", lambda plan, first, count: u[:, :count])
    sampler: Any = Fake(ishigami, 3, 2_048)
    monkeypatch.setattr(sampler, "sample", lambda first: (u[0] + 0.1 * u[1])[None])
    found = {d.input: d for d in screening.delta_drivers(sampler, "file", None)}
    dummy = found["dummy"]
    assert dummy.kind == "dummy"
    assert (found["niche:x0"].total.value or 0.0) > 0.5
    # The third input means as little as the dummy does.
    gap = (found["niche:x2"].total.value or 0.0) - (dummy.total.value or 0.0)
    assert abs(gap) < 4.0 * np.hypot(found["niche:x2"].total.se or 0.0, dummy.total.se or 0.0)
