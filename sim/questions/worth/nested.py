"""Knowing more is never worth less: policies that may ignore what they know, and estimates in order.

Whoever knows a set of figures may act as if knowing only some of them, or none. So the policy of a
set is the best of its own regression, those of the sets inside it, and taking the best option
unseen; which of them is the best is judged on the other folds than the one on which the choice is
then judged, so that picking among many adds no optimism. What is left of disorder is luck of the
worlds, and is taken out by the least-squares projection onto all estimates that are in order and not
negative (isotonic regression on a partial order: Robertson, Wright and Dykstra 1988). True worths are
in order, so the projection comes no further from them. Estimates that it makes equal are a weighted
mean, and their error is that of the mean, world by world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ...measures import Estimate
from .evppi import FOLDS, Array, Ints, best_option

Inside = Mapping[str, Sequence[str]]
"""By name of what is known, the names of all that is known with it, smallest first."""

#: Pull of the projection below which two estimates count as apart, relative to their size.
_FREE = 1e-9


def best_inside(
    chosen: Mapping[str, Ints], inside: Inside, worth: Array, folds: int = FOLDS
) -> dict[str, Ints]:
    """Return each set's policy: on every fold what does best on the others, its own or one inside.

    Parameters
    ----------
    chosen : mapping of str to ndarray, shape (n,)
        Option that each set's own regression takes, learned out of fold.
    inside : mapping of str to sequence of str
        Sets that are known with a set.
    worth : ndarray, shape (options, n)
        What each option turns out to be worth: profit or utility.
    folds : int
        The contiguous parts that the regressions were learned on.

    Returns
    -------
    dict
        By name, shape (n,).
    """
    unseen = best_option(worth)
    gains = {
        name: np.take_along_axis(worth, taken[None], axis=0)[0] - worth[unseen]
        for name, taken in chosen.items()
    }
    edges = np.linspace(0, worth.shape[1], folds + 1).astype(int)
    parts = [slice(low, high) for low, high in pairwise(edges)]
    by_fold = {name: [float(gain[part].sum()) for part in parts] for name, gain in gains.items()}
    result = {}
    for name in chosen:
        tried = [one for one in (*inside.get(name, ()), name) if one in chosen]
        policy = np.full(worth.shape[1], unseen, dtype=np.int64)
        for k, part in enumerate(parts):
            elsewhere = [sum(by_fold[one]) - by_fold[one][k] for one in tried]
            if max(elsewhere) > 0.0:
                policy[part] = chosen[tried[int(np.argmax(elsewhere))]][part]
        result[name] = policy
    return result


def in_order(estimates: Mapping[str, Estimate], inside: Inside) -> dict[str, Estimate]:
    """Return estimates that are not negative and never less than one of a set inside.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        Scalars of the same worlds.
    inside : mapping of str to sequence of str
        Sets that are known with a set; all of them, not only the next.

    Returns
    -------
    dict
        By name. Influence of what is raised to zero stays its own: its error says from how far.
    """
    from scipy.optimize import nnls

    names = list(estimates)
    place = {name: k for k, name in enumerate(names)}
    values = np.array([float(estimates[name].value) for name in names])
    spreads = np.array([float(estimates[name].influence.std()) for name in names])
    known = spreads[spreads > 0.0]
    weights = 1.0 / np.maximum(spreads, known.min() if known.size else 1.0) ** 2
    weights /= weights.max()
    pairs = [
        (place[one], k) for name, k in place.items() for one in inside.get(name, ()) if one in place
    ]
    # Rows of the cone: an estimate less one inside it, and each estimate, are not negative.
    cone = np.zeros((len(pairs) + len(names), len(names)))
    for row, (low, high) in enumerate(pairs):
        cone[row, low], cone[row, high] = -1.0, 1.0
    cone[len(pairs) :] = np.eye(len(names))
    root = np.sqrt(weights)
    # By duality the projection is the values and what the active rows pull (Lawson and Hanson 1974).
    pull, _ = nnls((cone / root).T, -values * root)
    moved = np.maximum(values + cone.T @ pull / weights, 0.0)
    moved[moved <= _FREE * max(float(np.abs(values).max(initial=0.0)), 1e-300)] = 0.0
    active = pull > _FREE * max(float(pull.max(initial=0.0)), 1e-300)
    tied = [pair for pair, on in zip(pairs, active, strict=False) if on]
    return _averaged(estimates, names, moved, weights, tied)


def _averaged(
    estimates: Mapping[str, Estimate],
    names: Sequence[str],
    moved: Array,
    weights: Array,
    tied: Sequence[tuple[int, int]],
) -> dict[str, Estimate]:
    """Return projected estimates: those tied to each other share the mean of their influences."""
    block = list(range(len(names)))

    def root(k: int) -> int:
        while block[k] != k:
            k = block[k]
        return k

    for low, high in tied:
        block[root(low)] = root(high)
    result = {}
    for k, name in enumerate(names):
        members = [j for j in range(len(names)) if root(j) == root(k)]
        own = estimates[name]
        if moved[k] <= 0.0 or len(members) == 1:
            result[name] = replace(own, value=np.asarray(float(moved[k])))
            continue
        share = weights[members] / weights[members].sum()
        level = float(share @ moved[members])
        influence = sum(
            w * estimates[names[j]].influence for w, j in zip(share, members, strict=True)
        )
        result[name] = replace(own, value=np.asarray(level), influence=np.asarray(influence))
    return result
