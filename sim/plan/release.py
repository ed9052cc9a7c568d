"""When what a line brings arrives: posts come out week by week, and each fades with a half-life."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment
from .formats import half_lives
from .model import PlanLine

#: Weeks that are followed.
WEEKS = 52
_DAYS = 7.0
_LN2 = float(np.log(2.0))


def arrived(experiment: Experiment, lines: tuple[PlanLine, ...]) -> npt.NDArray[np.float64]:
    r"""Return the share of a line's orders that has come by the end of each week.

    Posts come out evenly over the portfolio's release weeks W (all at the start where W is 0), a
    stage after the one before. What a post brings comes at a rate that halves every half-life h,
    so that after t days :math:`1 - 2^{-t/h}` of it is there; over posts at a uniform time that is

    .. math:: \frac{m}{W} - \frac{h}{W \ln 2}\left(2^{-(t-m)/h} - 2^{-t/h}\right),
              \quad m = \min(t, W),

    all in days.

    Returns
    -------
    numpy.ndarray
        Shape (lines, `WEEKS`), not decreasing along the weeks, at most 1.
    """
    days = _DAYS * np.arange(1, WEEKS + 1)
    shares = np.empty((len(lines), WEEKS))
    for i, line in enumerate(lines):
        release = _DAYS * experiment.portfolio[line.portfolio].release_weeks
        since = np.maximum(days - (line.joins + line.stage) * release, 0.0)
        lives = half_lives(experiment, line.terms)
        each = [None] if lives is None else sorted(set(lives.tolist()))
        part = [1.0 if lives is None else float((lives == life).mean()) for life in each]
        shares[i] = sum(
            weight * arrived_by(since, release, life)
            for life, weight in zip(each, part, strict=True)
        )
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
