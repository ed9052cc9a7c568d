"""What several campaigns say of the ranges: how often they held, and how much too narrow they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..figures.spec import Bars, Figure, Series
from ..text.names import spoken
from ..text.numbers import counted, fixed
from .forecast import FIGURES, QUANTILES

#: Campaigns from which on ranges are judged.
LEAST_CAMPAIGNS = 5
#: Largest share of a forecast that may be one value. A mid-PIT with atoms p varies by
#: (1 - sum p^3) / 12 instead of 1 / 12, as if ranges were too wide; below a tenth that is 1 % at most.
MOST_TIED = 0.1
#: Confidence of the interval of the factor.
_CONFIDENCE = 0.9


@dataclass(frozen=True)
class Mark:
    """How one result lay in its forecast.

    Attributes
    ----------
    figure
        Of what.
    pit
        Share of the forecast below it.
    tied
        Largest share of the forecast that is one value.
    in_50, in_90
        Whether the central ranges held.
    """

    figure: str
    pit: float
    tied: float
    in_50: bool
    in_90: bool


@dataclass(frozen=True)
class Judged:
    """The ranges of a figure over several campaigns.

    Attributes
    ----------
    figure
        Of what.
    campaigns
        Campaigns that know it.
    marks
        Of all campaigns and portfolios, by their PIT.
    factor
        By which ranges were too narrow; below 1 they were too wide.
    low, high
        Ends of its 90 % interval.
    """

    figure: str
    campaigns: int
    marks: tuple[Mark, ...]
    factor: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """The factor in words, never beyond its interval."""
        told = (
            f"{fixed(self.factor, 2)} (90 % interval {fixed(self.low, 2)} to {fixed(self.high, 2)})"
        )
        of = f"ranges of {spoken(self.figure)} were"
        if self.low > 1.0:
            return f"{of.capitalize()} too narrow by the factor {told}."
        if self.high < 1.0:
            return f"{of.capitalize()} too wide: factor {told}."
        return f"{of.capitalize()} not shown to be too narrow or too wide: factor {told}."

    @property
    def held(self) -> tuple[int, int]:
        """How many results lay in the 50 and in the 90 % range."""
        return sum(mark.in_50 for mark in self.marks), sum(mark.in_90 for mark in self.marks)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "figure": self.figure,
            "campaigns": self.campaigns,
            "pits": [mark.pit for mark in self.marks],
            "factor": self.factor,
            "low": self.low,
            "high": self.high,
            "in_50": self.held[0] / len(self.marks),
            "in_90": self.held[1] / len(self.marks),
        }


@dataclass(frozen=True)
class Calibration:
    """The ranges of every figure that five campaigns and more know."""

    figures: tuple[Judged, ...]

    @property
    def sentences(self) -> list[str]:
        """A sentence for each figure, and what they assume."""
        return [*(judged.sentence for judged in self.figures), ASSUMED]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {"figures": [judged.to_dict() for judged in self.figures], "assumed": ASSUMED}

    def figure(self) -> Figure:
        """Return the calibration chart: how often the central ranges held."""
        names = tuple(spoken(judged.figure) for judged in self.figures)
        wide = [j for j in self.figures if j.low > 1.0]
        words = " and ".join(spoken(j.figure) for j in wide)
        finding = (
            f"Ranges of {words} were too narrow" if wide else "No range is shown to be too narrow"
        )
        most = max(judged.campaigns for judged in self.figures)
        series = tuple(
            Series(
                f"in the {share} % range",
                tuple(j.held[k] / len(j.marks) for j in self.figures),
                tier,
                labels=tuple(f"{j.held[k]} of {len(j.marks)}" for j in self.figures),
            )
            for k, (share, tier) in enumerate(((50, "muted"), (90, "ink")))
        )
        return Figure(
            name="calibration",
            finding=finding,
            made=f"How often the ranges of {counted(most, 'campaign')} held: ideally, bars end at 50 % "
            "and 90 %.",
            panels=(Bars(names, series, "Share of results in the range"),),
            method=ASSUMED,
            sentences=tuple(self.sentences),
        )


ASSUMED = (
    "The factor is the root mean square of the normal scores of the PITs, with the chi-square interval "
    "of as many independent scores as there are campaigns. Assumption: scores are normal around zero, "
    "so that a forecast that is always too high counts as too narrow; portfolios of one campaign share "
    "its luck and count as one. Scores end at 3.3, and forecasts of which more than a tenth is one value "
    "are left out."
)


def calibrate(campaigns: Sequence[Sequence[Mark]]) -> Calibration | None:
    """Judge the ranges of all figures; None where no figure is known of five campaigns.

    Parameters
    ----------
    campaigns
        The marks of each campaign. Those of forecasts of which more than `MOST_TIED` is one value are
        left out.

    Returns
    -------
    Calibration or None
        With s^2 the mean over n campaigns of the mean square of a campaign's normal scores, the
        factor is s and its interval s sqrt(n / q), q the quantiles of the chi-square distribution
        with n degrees of freedom (the mean is known to be zero). A campaign's mean over several
        portfolios varies less than one score, so that the interval is wide enough. PITs beyond the
        outermost quantiles count as those quantiles' levels.
    """
    from scipy.special import ndtri
    from scipy.stats import chi2

    least = 0.5 / QUANTILES
    judged = []
    for figure in FIGURES:
        known = [
            [m for m in own if m.figure == figure and m.tied <= MOST_TIED] for own in campaigns
        ]
        known = [marks for marks in known if marks]
        n = len(known)
        if n < LEAST_CAMPAIGNS:
            continue
        squares = [
            np.mean(ndtri(np.clip([m.pit for m in marks], least, 1.0 - least)) ** 2)
            for marks in known
        ]
        mean = float(np.mean(squares))
        tails = (1.0 + _CONFIDENCE) / 2, (1.0 - _CONFIDENCE) / 2
        low, high = (math.sqrt(n * mean / float(chi2.ppf(tail, n))) for tail in tails)
        every = tuple(sorted((m for marks in known for m in marks), key=lambda m: m.pit))
        judged.append(Judged(figure, n, every, math.sqrt(mean), low, high))
    return Calibration(tuple(judged)) if judged else None
