"""What the charts of analyses are fed with: plain rows and arrays, whoever computed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..evidence.tables import derived
from .numbers import FloatArray


@dataclass(frozen=True)
class Swing:
    """One bar of a tornado: the outcome with one input low and high, all others at their base.

    Attributes
    ----------
    input : str
        What is moved.
    low, high : float
        Outcome at the input's low and high setting, in the chart's unit.
    settings : tuple of str
        The two settings as text, such as ``("20 USD", "40 USD")``.
    se : float
        Monte Carlo standard error of ``high - low``; 0 where it is exact.
    """

    input: str
    low: float
    high: float
    settings: tuple[str, str] = ("low", "high")
    se: float = 0.0


@dataclass(frozen=True)
class Split:
    """Where the variance of one portfolio comes from.

    Attributes
    ----------
    portfolio : str
        Its name.
    shares : mapping of str to float
        Share of the variance by source, adding up to 1.
    errors : mapping of str to float
        Standard errors of the shares, as far as known.
    """

    portfolio: str
    shares: Mapping[str, float]
    errors: Mapping[str, float]


@dataclass(frozen=True)
class TailPoint:
    """Share of real posts beyond a multiple of the median.

    Attributes
    ----------
    multiple : float
        Of the median.
    probability : float
        Share of posts at or beyond it.
    se : float
        Standard error of the share.
    """

    multiple: float
    probability: float
    se: float


@dataclass(frozen=True)
class SweepLine:
    """A measure of one portfolio along a sweep; every array has shape (points,).

    Attributes
    ----------
    mean, se : ndarray
        Mean outcome and its standard error, NaN where there is none.
    median, low, high : ndarray
        Median, and the ends of the band.
    """

    mean: FloatArray
    se: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Diversification:
    """Spread of ROI by number of creators.

    Attributes
    ----------
    creators : ndarray of shape (points,)
        Numbers of creators.
    sd, se : ndarray of shape (points,)
        Standard deviation of ROI, a fraction, and its standard error.
    floor : float
        What no number of creators removes.
    floor_se : float or None
        Its standard error; None for an unknown one.
    """

    creators: FloatArray
    sd: FloatArray
    se: FloatArray
    floor: float
    floor_se: float | None = None


@dataclass(frozen=True)
class FrontierPoint:
    """One portfolio or mix: what it brings, and what it brings in bad worlds.

    Attributes
    ----------
    name : str
        Empty for a mix without one.
    mean, risk : float
        Mean ROI, and mean ROI of its worst 5 % of worlds; fractions.
    """

    name: str
    mean: float
    risk: float


@dataclass(frozen=True)
class AuditRow:
    """A claim, and where it lies in the simulated distribution.

    Attributes
    ----------
    claim, source : str
        What is claimed, such as ``ROAS 13.0``, and by whom.
    low, high : float
        Shares of simulated worlds below the claim's lower and upper end, 0 to 1; equal for a
        single number.
    simulated : str
        What the simulation says, such as ``median 7.2``.
    """

    claim: str
    source: str
    low: float
    high: float
    simulated: str


def observed_tail(platform: str, tier: str, quantity: str) -> list[TailPoint]:
    """Return the packaged tail of real posts.

    Parameters
    ----------
    platform, tier : str
        Such as ``tiktok`` and ``all``.
    quantity : str
        ``views`` (over the creator's own median) or ``engagement`` (over the tier's median rate).

    Raises
    ------
    KeyError
        If there are no such figures.
    """
    stem = f"{quantity}_exceedance_"
    points = [
        TailPoint(float(row.quantity.removeprefix(stem)), row.value, row.se or 0.0)
        for row in derived()
        if row.platform == platform
        and row.tier == tier
        and row.quantity.startswith(stem)
        and row.value is not None
    ]
    if not points:
        raise KeyError(f"no observed tail of {quantity} for {platform}, {tier}")
    return sorted(points, key=lambda point: point.multiple)
