"""`preserve_mean`: what loadings do to the mean of a line, by quadrature.

Loading several inputs of a creator on one shock correlates them, and the mean of their product
rises. With ``shocks.preserve_mean`` the expected orders, engagements and impressions of a line are
multiplied by E0 / E, the means of the products of their inputs with loadings at zero and as set;
what goes together within a creator counts in both. Caps are left out.

Given the shared factors G and the creator's own engagement normal, the other inputs are
independent, so a mean is a sum over Gauss-Hermite nodes of G of a sum over nodes of that normal of
a product of one-dimensional means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import product

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import INPUTS
from ..engine.marginals import QuantileTable

Array = npt.NDArray[np.float64]

_SHARED_NODES, _OWN_NODES, _INNER_NODES = 10, 24, 40
_GRID = 801
_VIEWS = ("followers", "delivery", "post_luck", "authentic_share", "reach_rate")
_ORDERS = ("conversion_rate", "fit")


def products(per_impression: bool) -> dict[str, tuple[str, ...]]:
    """Return the inputs whose product each figure of a post is the mean of."""
    engaged: tuple[str, ...] = ("followers", "delivery", "post_luck", "engagement_rate")
    if per_impression:
        engaged = (*_VIEWS, "engagement_rate")
        return {
            "impressions": _VIEWS,
            "engagements": engaged,
            "expected_orders": (*engaged, *_ORDERS),
        }
    return {
        "impressions": _VIEWS,
        "engagements": engaged,
        "expected_orders": (*engaged, *_ORDERS, "authentic_share"),
    }


def mean_ratios(
    tables: Mapping[str, QuantileTable],
    loading: Array,
    unloaded_mix: Array,
    amplification_correlation: float,
    weights: Mapping[str, float],
    log_caps: Mapping[str, float],
    per_impression: bool,
) -> dict[str, float]:
    """Return E0 / E for impressions, engagements and expected orders.

    Parameters
    ----------
    tables
        Quantile tables by input.
    loading
        Shape (inputs, factors): weights of the shared factors in the scores.
    unloaded_mix
        Shape (inputs, inputs): weights of a creator's normals in its scores without loadings.
    amplification_correlation
        Correlation of the amplification score with the creator's engagement.
    weights
        Engagement and conversion of amplified people relative to organic ones: for each figure
        what one extra impression counts.
    log_caps
        Largest log value by input.
    per_impression
        Whether the engagement rate is per impression.

    Returns
    -------
    dict
        By the keys of `products`.
    """
    used = [k for k in range(loading.shape[1]) if loading[:, k].any()]
    if not used:
        return dict.fromkeys(products(per_impression), 1.0)
    question = _Question(
        tables, loading[:, used], unloaded_mix, amplification_correlation, weights,
        log_caps["amplification"], per_impression,
    )  # fmt: skip
    return dict(zip(products(per_impression), _ratios(question), strict=True))


@dataclass(frozen=True, eq=False)
class _Question:
    """What ratios depend on; equal where all of it is, so that plans of a sweep share answers."""

    tables: Mapping[str, QuantileTable]
    loading: Array
    mix: Array
    rho: float
    weights: Mapping[str, float]
    log_cap: float
    per_impression: bool

    @cached_property
    def content(self) -> tuple[Hashable, ...]:
        """Everything as plain bytes and numbers."""
        tables = tuple(
            (name, t.low, t.step, t.jump, t.coefficients.tobytes())
            for name, t in ((name, self.tables[name]) for name in sorted(INPUTS))
        )
        arrays = self.loading.shape, self.loading.tobytes(), self.mix.tobytes()
        weights = tuple(sorted(self.weights.items()))
        return (tables, arrays, self.rho, weights, self.log_cap, self.per_impression)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Question) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)


@lru_cache(maxsize=256)
def _ratios(asked: _Question) -> tuple[float, ...]:
    """Return E0 / E of each of `products`."""
    without = _means(asked, np.zeros((len(INPUTS), 0)))
    loaded = _means(asked, asked.loading)
    return tuple(a / b for a, b in zip(without, loaded, strict=True))


def _means(asked: _Question, loading: Array) -> list[float]:
    """Return the means of `products`, with amplified impressions, under some loadings."""
    own_nodes, own_weights = mg.hermite(_OWN_NODES)
    shared_nodes, shared_weights = mg.hermite(_SHARED_NODES)
    own = np.sqrt(np.maximum(1.0 - (loading**2).sum(axis=1), 0.0))
    # Every combination of nodes of the shared factors, shape (combinations, factors).
    index = np.array(list(product(range(_SHARED_NODES), repeat=loading.shape[1])), dtype=np.int64)
    index = index.reshape(len(index), loading.shape[1])
    score = shared_nodes[index] @ loading.T
    weight = np.prod(shared_weights[index], axis=1)

    def scores(name: str, along: float) -> tuple[Array, float]:
        """Return centre and spread of an input's score at each pair of nodes."""
        x = INPUTS.index(name)
        centre = score[:, x, None] + own[x] * along * own_nodes
        return centre, own[x] * math.sqrt(max(1.0 - along * along, 0.0))

    def input_mean(name: str) -> Array | float:
        table = asked.tables[name]
        x, engagement = INPUTS.index(name), INPUTS.index("engagement_rate")
        along = float(asked.mix[x, engagement]) if name != "engagement_rate" else 1.0
        centre, spread = scores(name, along)
        if name == "delivery":
            return _delivered_share(table, centre, spread)
        return 1.0 if table.constant else _along(centre, partial(_table_mean, table, spread))

    excess: Array | float = 0.0
    if not asked.tables["amplification"].constant:
        centre, spread = scores("amplification", asked.rho)
        excess = _along(
            centre, partial(_excess_mean, asked.tables["amplification"], spread, asked.log_cap)
        )
    wanted = products(asked.per_impression)
    used = {name for names in wanted.values() for name in names}
    each = {name: input_mean(name) for name in sorted(used)}
    means = []
    for figure, names in wanted.items():
        value = np.ones((len(index), _OWN_NODES)) * (1.0 + asked.weights[figure] * excess)
        for name in names:
            value = value * each[name]
        means.append(float(weight @ (value @ own_weights)))
    return means


def _along(centre: Array, mean: Callable[[Array], Array]) -> Array:
    """Evaluate a smooth positive function of the centre on a fine grid and interpolate its log."""
    grid = np.linspace(centre.min() - 1e-9, centre.max() + 1e-9, _GRID)
    result: Array = np.exp(np.interp(centre, grid, np.log(mean(grid))))
    return result


def _table_mean(table: QuantileTable, spread: float, centre: Array) -> Array:
    """Return the mean of a quantile table over scores N(centre, spread^2)."""
    if table.linear and table.jump == -math.inf:
        level, slope = table.coefficients[0, :2]
        return np.asarray(np.exp(level + slope * centre + (slope * spread) ** 2 / 2.0))
    nodes, weights = mg.hermite(_INNER_NODES)
    mean: Array = np.exp(table.log_quantile(centre[:, None] + spread * nodes)) @ weights
    return mean


def _delivered_share(table: QuantileTable, centre: Array, spread: float) -> Array:
    """Return the probability that scores N(centre, spread^2) lie above the jump."""
    from scipy.special import ndtr

    share: Array = ndtr((centre - table.jump) / max(spread, 1e-9))
    return share


def _excess_mean(table: QuantileTable, spread: float, log_cap: float, centre: Array) -> Array:
    """Return E[A - 1] for scores N(centre, spread^2), integrated from the jump on."""
    z, _ = mg.score_nodes(table.jump)
    half = np.diff(np.linspace(max(table.jump, -mg.SCORE_LIMIT), mg.SCORE_LIMIT, 97))[0] / 2.0
    step = np.tile(half * mg.legendre()[1], 96)
    value = np.exp(np.minimum(table.log_quantile(z), log_cap))
    width = max(spread, 1e-9)
    density = np.exp(-(((z - centre[:, None]) / width) ** 2) / 2.0) / (
        width * math.sqrt(2.0 * math.pi)
    )
    mean: Array = density @ (step * value)
    return mean
