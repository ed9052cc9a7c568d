"""Risk by number of creators, as an answer: figures, and the words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...displays import Told
from ...measures import Measured
from ...measures.outcome import LOG_SCALE
from ...text.numbers import counted, in_points, setting, told

Array = npt.NDArray[np.float64]

#: Measures at every number of creators, beside the spread.
MEASURES_KEPT = ("roi_mean", "roi_median", "roi_p05", "roi_es05", "loss_probability")


@dataclass(frozen=True)
class Point:
    """A portfolio with so many creators on its terms.

    Attributes
    ----------
    creators
        How many.
    measures
        Mean, median, 5 % quantile and expected shortfall of ROI, probability of loss, and
        ``spread``: the standard deviation on the scale of the answer.
    """

    creators: int
    measures: dict[str, Measured]


@dataclass(frozen=True)
class Diversified:
    """One portfolio by its number of creators.

    Attributes
    ----------
    portfolio
        Its name.
    hired
        Creators that it has in the experiment.
    points
        By number of creators, increasing.
    floor
        Spread, expected shortfall and loss probability that no number of creators passes.
    removable
        Share of the variance at `hired` that more creators would remove.
    enough
        Number beyond which another creator improves the risk by less than the stated amount;
        None where that lies beyond the largest number tried.
    enough_between
        The same at both ends of the slope's 95 % interval.
    """

    portfolio: str
    hired: int
    points: tuple[Point, ...]
    floor: dict[str, Measured]
    removable: Measured
    enough: int | None
    enough_between: tuple[int | None, int | None]

    def series(self, measure: str) -> tuple[Array, Array, Array]:
        """Return creators, values and standard errors of a measure, NaN where there is none."""
        entries = [point.measures[measure] for point in self.points]
        return (
            np.array([point.creators for point in self.points], dtype=np.float64),
            np.array([math.nan if e.value is None else e.value for e in entries]),
            np.array([math.nan if e.se is None else e.se for e in entries]),
        )

    def at(self, creators: int) -> Point:
        """Return the point of a number that was tried."""
        return next(point for point in self.points if point.creators == creators)


@dataclass(frozen=True)
class Diversification(Told, table="sim.questions.shown:diversify_table"):
    """Risk by number of creators, for each portfolio asked about.

    Attributes
    ----------
    scale
        Scale of ``spread``: ROI, or its logarithm where tails are heavy.
    risk, amount
        What another creator has to improve, and by how much.
    portfolios
        One each.
    worlds
        Worlds at every number; as many again with fresh creators for the floor.
    notes
        What was done.
    """

    scale: str
    risk: str
    amount: float
    portfolios: tuple[Diversified, ...]
    worlds: int
    notes: tuple[str, ...]

    def __getitem__(self, portfolio: str) -> Diversified:
        """Return a portfolio's answer."""
        return next(item for item in self.portfolios if item.portfolio == portfolio)

    @property
    def sentence(self) -> str:
        """Return how many creators are enough, with the floor and its error."""
        return " ".join(_sentence(self, item) for item in self.portfolios)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table; creators ``floor`` is what stays."""
        rows = []
        for item in self.portfolios:
            found = [(point.creators, point.measures) for point in item.points]
            for creators, measures in [*found, ("floor", item.floor)]:
                row: dict[str, Any] = {"portfolio": item.portfolio, "creators": creators}
                for name in (*MEASURES_KEPT, "spread"):
                    entry = measures.get(name)
                    row[name] = entry.value if entry else None
                    row[f"{name}_se"] = entry.se if entry else None
                rows.append(row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "analysis": "diversify",
            "scale": self.scale,
            "risk": self.risk,
            "amount": self.amount,
            "worlds": self.worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "portfolios": [
                {
                    "portfolio": item.portfolio,
                    "hired": item.hired,
                    "enough": item.enough,
                    "enough_between": list(item.enough_between),
                    "removable": item.removable.to_dict(),
                    "floor": {name: e.to_dict() for name, e in item.floor.items()},
                    "points": [
                        {"creators": point.creators}
                        | {name: e.to_dict() for name, e in point.measures.items()}
                        for point in item.points
                    ],
                }
                for item in self.portfolios
            ],
        }


def _sentence(found: Diversification, item: Diversified) -> str:
    now = item.at(item.hired).measures
    es, floor = now["roi_es05"], item.floor["roi_es05"]
    what = {
        "es05": "the mean ROI of the worst 5 %",
        "loss": "the probability of loss",
        "spread": "the spread",
    }[found.risk]
    if item.enough is None:
        last = item.points[-1].creators
        enough = (
            f"even beyond {counted(last, 'creator')} another one still moves {what} by more than"
        )
    else:
        count = f"{counted(item.enough, 'creator')}{_between(item)}"
        enough = f"beyond {count} another one moves {what} by less than"
    stated = in_points(found.amount)
    if found.risk == "spread" and found.scale == LOG_SCALE:
        stated = setting(found.amount)
    return (
        f"{item.portfolio}: {enough} {stated}; with the {counted(item.hired)} hired the worst 5 % of "
        f"worlds return {told(es)} on average, with ever more "
        f"{told(floor)}: "
        f"{told(item.removable)} of the variance of "
        f"{'ROI' if found.scale == 'roi' else found.scale} is left to diversify, the rest is shared."
    )


def _between(item: Diversified) -> str:
    """Return the ends of the 95 % interval of the number of creators that are enough."""
    low, high = item.enough_between
    if low is None or low == high:
        return ""
    return f" (95 % interval: {counted(low)} to {'beyond those tried' if high is None else f'{counted(high)}'})"
