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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..engine.line import INPUTS
from ..engine.marginals import Table

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
    tables: Mapping[str, Table],
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
    ratios = {}
    for figure, names in products(per_impression).items():
        arguments = (
            names,
            tables,
            unloaded_mix,
            amplification_correlation,
            weights[figure],
            log_caps,
        )
        without = _mean(np.zeros((len(INPUTS), 0)), *arguments)
        loaded = _mean(loading[:, used], *arguments)
        ratios[figure] = without / loaded
    return ratios


def _mean(
    loading: Array,
    names: Sequence[str],
    tables: Mapping[str, Table],
    mix: Array,
    rho: float,
    extra: float,
    log_caps: Mapping[str, float],
) -> float:
    own_nodes, own_weights = _hermite(_OWN_NODES)
    shared_nodes, shared_weights = _hermite(_SHARED_NODES)
    engagement = INPUTS.index("engagement_rate")
    own = np.sqrt(np.maximum(1.0 - (loading**2).sum(axis=1), 0.0))
    # Every combination of nodes of the shared factors, shape (combinations, factors).
    index = list(product(range(_SHARED_NODES), repeat=loading.shape[1]))
    shared = shared_nodes[np.array(index, dtype=np.int64).reshape(len(index), -1)]
    weight = np.prod(
        shared_weights[np.array(index, dtype=np.int64).reshape(len(index), -1)], axis=1
    )
    score = shared @ loading.T
    value = np.ones((len(index), _OWN_NODES))
    for name in names:
        x = INPUTS.index(name)
        along = float(mix[x, engagement]) if name != "engagement_rate" else 1.0
        spread = own[x] * math.sqrt(max(1.0 - along * along, 0.0))
        centre = score[:, x, None] + own[x] * along * own_nodes
        if name == "delivery":
            value *= _delivered_share(tables[name], centre, spread)
        elif not tables[name].constant:
            value *= _along(centre, partial(_table_mean, tables[name], spread, log_caps.get(name)))
    if not tables["amplification"].constant:
        x = INPUTS.index("amplification")
        centre = score[:, x, None] + own[x] * rho * own_nodes
        spread = own[x] * math.sqrt(max(1.0 - rho * rho, 0.0))
        mean = partial(_excess_mean, tables["amplification"], spread, log_caps["amplification"])
        value *= 1.0 + extra * _along(centre, mean)
    return float(weight @ (value @ own_weights))


def _along(centre: Array, mean: Callable[[Array], Array]) -> Array:
    """Evaluate a smooth positive function of the centre on a fine grid and interpolate its log."""
    grid = np.linspace(centre.min() - 1e-9, centre.max() + 1e-9, _GRID)
    result: Array = np.exp(np.interp(centre, grid, np.log(mean(grid))))
    return result


def _table_mean(table: Table, spread: float, log_cap: float | None, centre: Array) -> Array:
    """Return the mean of a quantile table over scores N(centre, spread^2)."""
    nodes, weights = _hermite(_INNER_NODES)
    log = table.log_quantile(centre[:, None] + spread * nodes)
    if log_cap is not None:
        log = np.minimum(log, log_cap)
    mean: Array = np.exp(log) @ weights
    return mean


def _delivered_share(table: Table, centre: Array, spread: float) -> Array:
    """Return the probability that scores N(centre, spread^2) lie above the jump."""
    from scipy.special import ndtr

    share: Array = ndtr((centre - table.jump) / max(spread, 1e-9))
    return share


def _excess_mean(table: Table, spread: float, log_cap: float, centre: Array) -> Array:
    """Return E[A - 1] for scores N(centre, spread^2), integrated from the jump on."""
    z, _ = mg.score_nodes(table.jump)
    half = np.diff(np.linspace(max(table.jump, -mg.SCORE_LIMIT), mg.SCORE_LIMIT, 97))[0] / 2.0
    _, legendre = np.polynomial.legendre.leggauss(8)
    step = np.tile(half * legendre, 96)
    value = np.exp(np.minimum(table.log_quantile(z), log_cap))
    width = max(spread, 1e-9)
    density = np.exp(-(((z - centre[:, None]) / width) ** 2) / 2.0) / (
        width * math.sqrt(2.0 * math.pi)
    )
    mean: Array = density @ (step * value)
    return mean


def _hermite(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()
