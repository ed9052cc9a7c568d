"""The posterior of the factors by adaptive importance sampling.

What is sought are the scores of the beliefs that the results speak of, common to all campaigns, and
of each campaign's own shocks, which are integrated out. A priori all are independent standard
normals. The proposal is normal in the scores, thus normal in the logs of the belief factors. Weights
are Pareto-smoothed; a degenerate sample is tempered, the proposal takes its moments, and it is drawn
again. Once the proposal stands, the laws of the totals are simulated anew around it: a quadratic is
good near by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..text.numbers import counted, fixed
from .cells import Season, Simulator, simulator
from .emulate import fitted
from .likelihood import Observed, observed_cells
from .psis import Weights, most_khat, smoothed
from .results import LearnError

Array = npt.NDArray[np.float64]

#: Draws of the posterior, and simulated worlds behind the laws of totals.
DRAWS, WORLDS = 8192, 16384
#: Times that laws are simulated, and proposals of each.
_MOST_ROUNDS, _MOST_STEPS = 6, 40
#: Posterior sds that the centre may move in a last round.
_STILL = 0.1
#: Share of the draws that weights must be worth, tempered ones and those that are used.
_LEAST_EFFECTIVE = 0.1
#: The proposal's sds, over those of the sample whose moments it takes.
_WIDER = 1.1
#: Variance of the worlds around the centre: of the proposal's, and of the prior's.
_NEAR, _FAR = 1.2, 0.1


@dataclass(frozen=True)
class Posterior:
    """What results say of the factors.

    Attributes
    ----------
    names
        Of the factors that they speak of: beliefs, then shocks as ``season:name``.
    beliefs
        How many of them are beliefs.
    draws
        Scores, shape (draws, factors).
    weights
        Of the draws.
    rounds, steps
        How often laws were simulated, and how often a sample was tempered and proposed again.
    observed
        By season, the cells with their laws.
    """

    names: tuple[str, ...]
    beliefs: int
    draws: Array
    weights: Weights
    rounds: int
    steps: int
    observed: tuple[tuple[Observed, ...], ...]

    @property
    def center(self) -> Array:
        """Means of the scores of the beliefs, shape (beliefs,)."""
        return np.asarray(self.weights.values @ self.draws[:, : self.beliefs])

    @property
    def covariance(self) -> Array:
        """Covariance of the scores of the beliefs, shape (beliefs, beliefs)."""
        return _moments(self.draws[:, : self.beliefs], self.weights.values)[1]


def infer(
    seasons: Sequence[Season],
    seed: int,
    *,
    draws: int = DRAWS,
    worlds: int = WORLDS,
    threads: int | None = None,
) -> Posterior:
    """Return the posterior of the beliefs and of each season's shocks.

    Parameters
    ----------
    seasons
        Campaigns, in an order that does not depend on how they were given.
    seed
        Of the draws.
    draws, worlds
        Draws of the posterior, and simulated worlds behind the laws of totals.
    threads
        See `sim.simulate`.

    Raises
    ------
    LearnError
        Where weights stay degenerate: nothing is returned then.
    """
    names, beliefs, columns = _columns(seasons)
    random = np.random.default_rng([abs(seed), len(names)])
    simulators = [simulator(of, threads) for of in seasons]
    center, covariance = np.zeros(len(names)), np.eye(len(names))
    spread, steps = covariance, 0
    for turn in range(_MOST_ROUNDS):
        near = _normal(random, worlds, center, spread)
        observed = tuple(
            tuple(_laws(of, simulate, near, center, at, random, turn * worlds))
            for of, simulate, at in zip(seasons, simulators, columns, strict=True)
        )
        before = center
        sample, weights, more = _sampled(random, observed, center, covariance, draws)
        steps += more
        center, covariance = _moments(sample, weights.values)
        moved = np.linalg.solve(np.linalg.cholesky(covariance), center - before)
        spread = _NEAR * covariance + _FAR * np.eye(len(names))
        if turn and float(np.abs(moved).max()) < _STILL:
            break
    return Posterior(names, beliefs, sample, weights, turn + 1, steps, observed)


def _columns(
    seasons: Sequence[Season],
) -> tuple[tuple[str, ...], int, list[npt.NDArray[np.int64]]]:
    """Return names of what the results speak of, beliefs first, and each plan's columns among them.

    A column of -1 is of a factor that they do not speak of.
    """
    spoken: list[set[str]] = []
    for of in seasons:
        rows = {k for cell in of.cells for k in cell.factors.tolist()}
        for name, figures in (
            ("tracked_share", ("tracked_orders", "revenue")),
            ("order_value", ("revenue",)),
        ):
            row = of.plan.economics[name][1]
            if row is not None and any(set(figures) & set(c.observed) for c in of.cells):
                rows.add(row)
        spoken.append({of.plan.factors[k].name for k in rows})
    kinds = {f.name: f.kind for of in seasons for f in of.plan.factors}
    beliefs = sorted(name for name in set().union(*spoken) if kinds[name] == "belief")
    shocks = [
        f"{s}:{name}"
        for s, of in enumerate(spoken)
        for name in sorted(of)
        if kinds[name] == "shock"
    ]
    at = {name: k for k, name in enumerate((*beliefs, *shocks))}
    columns = [
        np.array(
            [
                at.get(f.name if f.kind == "belief" else f"{s}:{f.name}", -1)
                for f in of.plan.factors
            ],
            dtype=np.int64,
        )
        for s, of in enumerate(seasons)
    ]
    return (*beliefs, *shocks), len(beliefs), columns


def _laws(
    of: Season,
    simulate: Simulator,
    near: Array,
    center: Array,
    columns: npt.NDArray[np.int64],
    random: np.random.Generator,
    first: int,
) -> list[Observed]:
    """Return the cells of a season with their laws around a centre."""
    factors = random.standard_normal((len(columns), len(near)))
    spoken = columns >= 0
    factors[spoken] = near[:, columns[spoken]].T
    laws, delivered = [], []
    for cell, logs in zip(of.cells, simulate(factors, first), strict=True):
        at = columns[cell.factors]
        some = np.isfinite(logs).all(axis=0)
        try:
            laws.append(fitted(near[:, at], logs, center[at]))
        except ValueError:
            raise LearnError(
                f"{of.name}: {cell.words}: in {len(near) - int(some.sum())} of {len(near)} simulated "
                "worlds nothing comes of it; is it as it was run?"
            ) from None
        delivered.append(float(some.mean()))
    return observed_cells(of, laws, delivered, columns)


def _sampled(
    random: np.random.Generator,
    observed: Sequence[Sequence[Observed]],
    center: Array,
    covariance: Array,
    draws: int,
) -> tuple[Array, Weights, int]:
    """Return draws of the posterior, their weights, and how many samples were tempered before.

    Raises
    ------
    LearnError
        Where weights stay degenerate.
    """
    for step in range(_MOST_STEPS):
        wide = covariance * _WIDER**2
        sample = _normal(random, draws, center, wide)
        away = np.linalg.solve(np.linalg.cholesky(wide), (sample - center).T)
        proposed = -0.5 * (away**2).sum(axis=0)
        logs = -0.5 * (sample**2).sum(axis=1) - proposed
        for cells in observed:
            for cell in cells:
                logs += cell.log_likelihood(sample)
        weights = smoothed(logs)
        enough = weights.effective >= _LEAST_EFFECTIVE * draws
        if weights.khat <= most_khat(draws) and enough:
            return sample, weights, step
        center, covariance = _moments(sample, _tempered(logs))
    raise LearnError(
        f"weights stay degenerate (Pareto k {fixed(weights.khat, 2)}, worth {fixed(weights.effective, 0)} of "
        f"{counted(draws, 'draw')} after {_MOST_STEPS} proposals): the results contradict what the file can bring; check "
        "columns, units and the portfolio that was run"
    )


def _tempered(logs: Array) -> Array:
    """Return weights to the largest power, at most 1, that leaves enough effective draws."""
    low, high = 0.0, 1.0
    weights = _power(logs, 1.0)
    if 1.0 / (weights @ weights) >= _LEAST_EFFECTIVE * len(logs):
        return weights
    for _ in range(40):
        middle = (low + high) / 2.0
        weights = _power(logs, middle)
        if 1.0 / (weights @ weights) >= _LEAST_EFFECTIVE * len(logs):
            low = middle
        else:
            high = middle
    return _power(logs, low)


def _power(logs: Array, exponent: float) -> Array:
    weights = np.exp(exponent * (logs - logs.max()))
    return np.asarray(weights / weights.sum())


def _moments(sample: Array, weights: Array) -> tuple[Array, Array]:
    """Return weighted mean and covariance."""
    center = weights @ sample
    away = sample - center
    return center, (away * weights[:, None]).T @ away


def _normal(random: np.random.Generator, count: int, center: Array, covariance: Array) -> Array:
    """Return draws of a normal law, shape (count, factors)."""
    root = np.linalg.cholesky(covariance)
    return np.asarray(center + random.standard_normal((count, len(center))) @ root.T)
