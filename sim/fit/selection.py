"""Signs that rows were chosen by their outcome: nothing fitted to such a list describes a market."""

from __future__ import annotations

import numpy as np

from ..text.numbers import Number, cell, setting
from .components import average, covariance, estimate, resampled, totals
from .reading import Floats, Posts

#: Growth of log engagements (or views) with log followers below which a list is doubted. In an
#: unselected sample of Instagram posts it is 0.88 (Kim et al. 2020, our estimate), on a top-1,000
#: list about 0.
FLAT = 0.6
#: Rows that an order must hold over, creators and spread of log followers that a slope needs.
ORDERED, CREATORS, SPREAD = 30, 30, 0.4


def selection_warnings(posts: Posts) -> list[str]:
    """Return reasons to think that the file is a list of the largest or best.

    Parameters
    ----------
    posts
        All rows that can be used.
    """
    warnings = []
    if posts.ranked:
        warnings.append("a column ranks the rows, as top-N lists do")
    in_file = np.argsort(posts.order)
    for name in ("views", "engagements", "followers"):
        values = getattr(posts, name)[in_file]
        if len(values) >= ORDERED and np.all(np.diff(values) <= 0.0) and values[0] > values[-1]:
            warnings.append(f"rows stand in the order of {name}, largest first, as on top-N lists")
            break
    return warnings + _flat(posts)


def _flat(posts: Posts) -> list[str]:
    """Say so where larger creators do not get more: on lists chosen by the outcome."""
    name = "engagements" if np.mean(posts.engagements > 0.0) >= 0.5 else "views"
    outcome: Floats = getattr(posts, name)
    some = posts.take(outcome > 0.0) if np.any(outcome > 0.0) else None
    if some is None or int(some.creator.max()) + 1 < CREATORS:
        return []
    count = np.bincount(some.creator)
    x = totals(some.creator, np.log(some.followers)) / count
    y = totals(some.creator, np.log(getattr(some, name) / some.posts)) / count
    weights = resampled(len(x))
    spread = covariance(weights, x, x)
    if not np.sqrt(spread[0]) > SPREAD:
        return []
    slope, error = estimate(covariance(weights, x, y) / spread)
    if not slope + 2.0 * error < FLAT:
        return []
    middle = float(np.exp(average(weights[:1], x)[0]))
    text = (
        f"log {name} rise only {cell(Number(slope, error))} times as fast as log followers (around "
        f"{setting(middle)}), where an unselected sample has about 0.9: lists chosen by the outcome "
        "look like this, and what is fitted to them describes the list"
    )
    return [text]
