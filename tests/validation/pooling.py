"""Partial pooling: groups seen on few creators are drawn toward what the groups have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from post_statistics import Floats


@dataclass(frozen=True)
class Pooled:
    """Groups after pooling, shape (groups,): posterior means and sds, and what they share.

    ``between`` is the sd between groups, ``centre`` their common mean, ``own`` the weight of a
    group's own value.
    """

    mean: Floats
    sd: Floats
    own: Floats
    centre: float
    between: float


def between_groups(value: Floats, se: Floats) -> float:
    """Return the sd between groups beyond their errors (DerSimonian and Laird 1986).

    ``τ² = (Q − (k − 1)) / (Σw − Σw²/Σw)`` with ``w = 1/se²`` and ``Q = Σw(y − ȳ_w)²``; zero where
    the groups differ less than their errors let expect. Groups without a value or an error are
    left out.
    """
    seen = np.isfinite(value) & np.isfinite(se) & (se > 0)
    y, w = value[seen], 1.0 / se[seen] ** 2
    q = np.sum(w * (y - np.sum(w * y) / w.sum()) ** 2)
    excess = (q - (len(y) - 1)) / (w.sum() - np.sum(w**2) / w.sum())
    return float(np.sqrt(max(excess, 0.0)))


def pool(value: Floats, se: Floats, between: float | None = None) -> Pooled:
    """Draw each group toward the common mean by what it rests on (empirical Bayes, normal model).

    A group's own value has weight ``τ² / (τ² + se²)``. One without a value or an error takes the
    common mean.

    Parameters
    ----------
    value, se
        Shape (groups,): estimates and their standard errors.
    between
        The sd τ between groups where it is known from elsewhere; else it is estimated.
    """
    tau2 = (between_groups(value, se) if between is None else between) ** 2
    seen = np.isfinite(value) & np.isfinite(se) & (se > 0)
    noise = np.where(seen, se, np.inf) ** 2
    weight = 1.0 / (tau2 + noise)
    centre = float(np.sum(np.where(seen, weight * np.nan_to_num(value), 0.0)) / weight.sum())
    own = np.where(seen, tau2 / (tau2 + noise), 0.0)
    mean = own * np.nan_to_num(value) + (1.0 - own) * centre
    # what is left of a group's own doubt, and the doubt about the centre
    sd = np.sqrt(
        np.where(seen, own * np.where(seen, se, 1.0) ** 2, tau2) + (1 - own) ** 2 / weight.sum()
    )
    return Pooled(mean, sd, own, centre, float(np.sqrt(tau2)))
