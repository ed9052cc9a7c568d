"""When what a line brings arrives: posts come out week by week, and each fades with a half-life."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from .buyers import repeats_of, spread_over_a_year
from .formats import half_lives
from .model import PlanLine

Array = npt.NDArray[np.float64]

#: Weeks that are followed.
WEEKS = 52
#: Ends of these weeks, in days after the first post.
WEEK_ENDS: Array = np.arange(1, WEEKS + 1, dtype=np.float64) * 7.0
_DAYS = 7.0
_LN2 = float(np.log(2.0))


def arrived(experiment: Experiment, lines: tuple[PlanLine, ...], days: Array = WEEK_ENDS) -> Array:
    r"""Return the share of a line's orders that has come by some days after the first post.

    Posts come out evenly over the portfolio's release weeks W (all at the start where W is 0), a
    stage after the one before. What a post brings comes at a rate that halves every half-life h,
    so that after t days :math:`1 - 2^{-t/h}` of it is there; over posts at a uniform time that is

    .. math:: \frac{m}{W} - \frac{h}{W \ln 2}\left(2^{-(t-m)/h} - 2^{-t/h}\right),
              \quad m = \min(t, W),

    all in days.

    Returns
    -------
    numpy.ndarray
        Shape (lines, days), not decreasing along the days, at most 1.
    """
    return np.stack([_of_line(experiment, line, days) for line in lines])


def repeats_arrived(
    experiment: Experiment, lines: tuple[PlanLine, ...], days: Array = WEEK_ENDS
) -> Array:
    """Return the share of a line's repeat purchases that has come by some days after the first post.

    Each comes its own time after the order that it follows.

    Returns
    -------
    numpy.ndarray
        Shape (lines, days), as for `arrived`.
    """
    shares = np.zeros((len(lines), len(days)))
    for i, line in enumerate(lines):
        later = repeats_of(experiment, line) or spread_over_a_year()
        for weight, delay in zip(later.weights, later.days, strict=True):
            shares[i] += weight * _of_line(experiment, line, days - delay)
    return shares


def posted(experiment: Experiment, lines: tuple[PlanLine, ...], days: Array) -> Array:
    """Return the share of a line's posts that is out by some days after the first one.

    Returns
    -------
    numpy.ndarray
        Shape (lines, days); posts that come out at once are there from day 0 on.
    """
    shares = np.empty((len(lines), len(days)))
    for i, line in enumerate(lines):
        release = _release(experiment, line)
        since = days - starts(experiment, line)
        shares[i] = np.clip(since / release, 0.0, 1.0) if release > 0.0 else since >= 0.0
    return shares


def starts(experiment: Experiment, line: PlanLine) -> float:
    """Return the day on which a line's creators begin: that of its stage."""
    return (line.joins + line.stage) * _release(experiment, line)


def _release(experiment: Experiment, line: PlanLine) -> float:
    return _DAYS * experiment.portfolio[line.portfolio].release_weeks


def _of_line(experiment: Experiment, line: PlanLine, days: Array) -> Array:
    since = np.maximum(days - starts(experiment, line), 0.0)
    lives = half_lives(experiment, line.terms)
    each = [None] if lives is None else sorted(set(lives.tolist()))
    part = [1.0 if lives is None else float((lives == life).mean()) for life in each]
    shares = np.zeros_like(since)
    for weight, life in zip(part, each, strict=True):
        shares += weight * arrived_by(since, _release(experiment, line), life)
    return shares


def arrived_by(
    t: npt.NDArray[np.float64], release: float, half_life: float | None
) -> npt.NDArray[np.float64]:
    """Return the share that has come after t days: see `arrived`.

    Parameters
    ----------
    t
        Days since the first post.
    release
        Days over which posts come out evenly; 0 for all at the start.
    half_life
        Days until half of what a post brings has come; None where it comes at once.
    """
    out = np.minimum(t, release)
    if release == 0.0:
        fading = np.zeros_like(t) if half_life is None else np.exp2(-t / half_life)
        return np.where(t > 0.0, 1.0 - fading, 0.0)
    if half_life is None:
        return np.asarray(out / release)
    waiting = half_life / _LN2 * (np.exp2(-(t - out) / half_life) - np.exp2(-t / half_life))
    result: npt.NDArray[np.float64] = (out - waiting) / release
    return result
