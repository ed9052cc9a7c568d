"""Formats: what a Reel, a Story or a long video is, beside the post that a tier's figures speak of.

A creator's posts take the formats of its terms in turn. A format multiplies the impressions of a
post, its engagements, its fee and its half-life, and says how many such posts leave an asset.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from ..experiment import models as m
from .model import Terms

Array = npt.NDArray[np.float64]


def _of_posts(
    experiment: Experiment, terms: Terms, figure: Callable[[m.Format], float], usual: float
) -> Array:
    """Return a figure of the format of each post, shape (posts,); `usual` where none is named."""
    names = terms.format
    if not names:
        return np.full(terms.posts, usual)
    own = [figure(experiment.format[name]) for name in names]
    return np.resize(own, terms.posts)


def reach_of_posts(experiment: Experiment, terms: Terms) -> Array:
    """Return what each post's impressions are multiplied by."""
    return _of_posts(experiment, terms, lambda its: its.reach, 1.0)


def rate_of_posts(experiment: Experiment, terms: Terms) -> Array:
    """Return what engagements per impression of each post are multiplied by."""
    return _of_posts(experiment, terms, lambda its: its.engagement / its.reach, 1.0)


def fee_posts(experiment: Experiment, terms: Terms) -> float:
    """Return for how many of the tier's fees all posts of a creator are paid."""
    return float(_of_posts(experiment, terms, lambda its: its.fee, 1.0).sum())


def usable_posts(experiment: Experiment, terms: Terms) -> float:
    """Return how many usable assets the posts of a creator leave; none where no format is named."""
    return float(_of_posts(experiment, terms, lambda its: its.usable_share, 0.0).sum())


def half_lives(experiment: Experiment, terms: Terms) -> Array | None:
    """Return the half-life of each post in days; None where a post brings all at once."""
    usual = experiment.platform[terms.platform].half_life_days
    if usual is None:
        return None
    return usual * _of_posts(experiment, terms, lambda its: its.half_life, 1.0)
