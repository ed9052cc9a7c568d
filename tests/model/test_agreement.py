"""Every output of the engine against the slow second implementation in `tests/reference`.

Two samples are drawn with unrelated random numbers, so each comparison allows four standard errors
of the difference: a false alarm has probability 6e-5 for one comparison and, over the 4,050 mostly
dependent ones below, at most 0.2 whenever seeds or the streams of numpy change. Seeds are fixed.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import sim

Array = npt.NDArray[np.float64]

ENGINE_WORLDS, REFERENCE_WORLDS = 40_000, 20_000
ALLOWED = 4.0
#: Tables of quantiles are exact to about this, relatively.
ROUNDING = 1e-5
#: Sample kurtosis up to which a mean and an sd are near enough to normal to be compared.
TAME_MEAN, TAME_SD = 100.0, 15.0

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))


def spread_out(changes: dict[str, Any], still: dict[str, Any]) -> dict[str, Any]:
    """Give both tiers what `tier.*` says; what a tier says itself wins."""
    both = {k: v for k, v in changes.items() if k.startswith("tier.*.")}
    result: dict[str, Any] = {"tier.large": still | {"followers": 300_000, "fee": 900}}
    for key, value in both.items():
        for tier in ("small", "large"):
            result[key.replace("*", tier)] = value
    return result | {k: v for k, v in changes.items() if k not in both}


def moments(x: Array) -> tuple[float, float, float]:
    """Mean, sd and kurtosis."""
    deviations = x - x.mean()
    variance = float(np.mean(deviations**2))
    if variance <= (ROUNDING * float(np.abs(x).mean())) ** 2:
        return float(x.mean()), 0.0, 0.0
    return float(x.mean()), math.sqrt(variance), float(np.mean(deviations**4)) / variance**2


def differences(x: Array, y: Array) -> Iterator[tuple[str, float]]:
    """Yield differences of two samples in standard errors: mean, sd, shares below quantiles."""
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    (mean_x, sd_x, kurtosis_x), (mean_y, sd_y, kurtosis_y) = moments(x), moments(y)
    slack = ROUNDING * max(abs(mean_x), abs(mean_y))
    kurtosis = max(kurtosis_x, kurtosis_y)
    if kurtosis <= TAME_MEAN:
        error = math.hypot(sd_x / math.sqrt(x.size), sd_y / math.sqrt(y.size))
        yield "mean", (mean_x - mean_y) / (error + slack + 1e-300)
    if sd_x == 0.0 or sd_y == 0.0:
        # A constant, but for rare worlds that only one sample may have met.
        constant = float(np.median(np.concatenate([x, y])))
        apart_x, apart_y = (np.abs(z - constant) > ROUNDING * abs(constant) for z in (x, y))
        share = max(float(np.concatenate([apart_x, apart_y]).mean()), 1 / (x.size + y.size))
        error = math.sqrt(share * (1 / x.size + 1 / y.size))
        yield "share apart", float(apart_x.mean() - apart_y.mean()) / error
        return
    if kurtosis <= TAME_SD:
        error_x, error_y = (
            sd * math.sqrt((k - 1.0) / (4.0 * size))
            for sd, k, size in ((sd_x, kurtosis_x, x.size), (sd_y, kurtosis_y, y.size))
        )
        yield "sd", (sd_x - sd_y) / (math.hypot(error_x, error_y) + slack)
    both = np.concatenate([x, y])
    for p in (0.05, 0.5, 0.95):
        cut = np.quantile(both, p)
        # Atoms, such as a cap or a single creator's share of one, must not fall on both sides.
        cut += 1e-5 * abs(cut) + 1e-200
        below = np.mean(both <= cut)
        error = math.sqrt(max(below * (1 - below), 1 / both.size) * (1 / x.size + 1 / y.size))
        yield f"p{100 * p:02.0f}", (np.mean(x <= cut) - np.mean(y <= cut)) / error


def engine_outputs(ds: xr.Dataset) -> dict[str, Array]:
    """Every output of the engine by a readable name."""
    result = {}
    for name, variable in ds.data_vars.items():
        if variable.dims in (("portfolio", "sim"), ("line", "sim")):
            kind = variable.dims[0]
            for owner in ds[kind].values:
                result[f"{name} {owner}"] = variable.sel({kind: owner}).values
    cost = ds["cost_quantity"] * ds["cost_price"]
    for line in ds["line"].values:
        for component in ds["component"].values:
            values = cost.sel(line=line, component=component).values
            result[f"{component} paid by {line}"] = values
    return result | paired(result)


def reference_outputs(outcome: Any) -> dict[str, Array]:
    """The same of the second implementation."""
    result = {}
    for portfolio, values in outcome.portfolio.items():
        result |= {f"{name} {portfolio}": row for name, row in values.items()}
    for line, values in outcome.line.items():
        for name in LINE_OUTPUTS:
            result[f"line_{name} {line}"] = values[name]
        for component, row in outcome.cost[line].items():
            result[f"{component} paid by {line}"] = row
    return result | paired(result)


LINE_OUTPUTS = ("impressions", "engagements", "expected_orders", "orders", "order_value")


def paired(outputs: dict[str, Array]) -> dict[str, Array]:
    """Differences of portfolios in the same world: these see what portfolios share."""
    result = {}
    for measure in ("roi", "roas", "cost"):
        rows = {k: v for k, v in outputs.items() if k.startswith(f"{measure} ")}
        for a, b in pairwise(rows):
            result[f"{a} - {b}"] = rows[a] - rows[b]
    return result


@pytest.mark.parametrize("case", CASES)
def test_engine_agrees_with_the_reference(
    case: str,
    make: Callable[..., sim.Experiment],
    still: dict[str, Any],
    reference: Callable[[str], ModuleType],
) -> None:
    experiment = make(spread_out(CASES[case], still), worlds=ENGINE_WORLDS, seed=11)
    engine = engine_outputs(sim.simulate(experiment))
    model = reference("model")
    slow = reference_outputs(model.simulate(experiment.tables(), 12, REFERENCE_WORLDS))
    # Nobody is paid by results and nothing goes wrong here: test_mechanisms.py has that.
    elsewhere = {name for name in engine if name.startswith(("performance paid", "incidents paid"))}
    assert all(not engine.pop(name).any() for name in elsewhere)
    # Who is hired by a budget has a rule and a test of its own: test_hiring.py.
    engine = {k: v for k, v in engine.items() if not k.startswith(("hired ", "committed "))}
    assert set(engine) == set(slow)
    compared, found = 0, []
    for name, values in engine.items():
        for statistic, z in differences(values, slow[name]):
            compared += 1
            if not abs(z) <= ALLOWED:
                found.append(f"{name}: {statistic} differs by {z:+.1f} standard errors")
    print(f"{case}: {compared} comparisons")
    assert not found, "\n".join(found)
    # Three for each output that varies: what is zero everywhere, such as assets, has fewer.
    assert compared >= 3 * sum(moments(x[np.isfinite(x)])[1] > 0.0 for x in engine.values())


def test_the_comparison_notices_small_errors() -> None:
    """One per cent in the mean, three in the sd: what the samples above can tell apart."""
    rng = np.random.default_rng(0)
    x = rng.lognormal(0.0, 0.2, ENGINE_WORLDS)
    y = rng.lognormal(0.0, 0.2, REFERENCE_WORLDS)
    assert all(abs(z) <= ALLOWED for _, z in differences(x, y))
    assert abs(dict(differences(1.01 * x, y))["mean"]) > ALLOWED
    assert abs(dict(differences(x.mean() + 1.03 * (x - x.mean()), y))["sd"]) > ALLOWED
    assert abs(dict(differences(np.where(x > 1.0, 1.05 * x, x), y))["p95"]) > ALLOWED
    assert dict(differences(np.ones(9), np.full(9, 1.001)))["mean"] == pytest.approx(-100, rel=0.01)
