"""How many creators are worth hiring at other values of a key: what shared risk leaves to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...experiment import Experiment
from ...text.numbers import in_points, setting
from ...vary.keys import Key, Varied
from ..common import POINT_WORLDS
from ..question import Setting

#: Tables whose keys say how much creators share.
SHARED = ("shocks", "beliefs")


@dataclass(frozen=True)
class Hiring:
    """How many creators are enough at one value of a key.

    Attributes
    ----------
    value
        Of the key.
    portfolio
        Whose creators.
    creators
        Number beyond which another one improves the mean ROI of the worst 5 % of worlds by less
        than `amount`; None where that lies beyond the largest number tried.
    low, high
        The same at both ends of a 95 % interval.
    amount
        A fraction: 0.001 is 0.1 percentage points.
    """

    value: float
    portfolio: str
    creators: int | None
    low: int | None
    high: int | None
    amount: float

    @property
    def words(self) -> str:
        """Say how many, with their interval."""
        if self.creators is None:
            return "more than were tried"
        ends = [str(n) if n is not None else "more" for n in (self.low, self.high)]
        return f"{self.creators} (95 % interval {ends[0]} to {ends[1]})"


def enough_at(
    experiment: Experiment,
    key: Key,
    values: Sequence[float],
    portfolio: str,
    *,
    worlds: int | None = None,
    threads: int | None = None,
) -> tuple[Hiring, ...]:
    """Return how many creators of a portfolio are enough at some values of a key.

    Parameters
    ----------
    experiment
        The experiment.
    key, values
        The key, and its values.
    portfolio
        Name.
    worlds
        Worlds of each; 20,000 by default.
    threads
        See `sim.simulate`.
    """
    from ..diversify import DiversifyOptions
    from ..diversify._diversify import ask

    varied, hirings = Varied(experiment), []
    for value in dict.fromkeys(values):
        answer = ask(
            Setting(varied.at({key: value}), threads=threads),
            DiversifyOptions(portfolios=(portfolio,)),
            worlds=min(worlds or POINT_WORLDS, POINT_WORLDS),
        )
        item = answer[portfolio]
        low, high = item.enough_between
        hirings.append(Hiring(value, portfolio, item.enough, low, high, answer.amount))
    return tuple(hirings)


def hiring_sentence(hirings: Sequence[Hiring], key: str) -> str:
    """Say how many creators are worth hiring at the values that were looked at."""
    if not hirings:
        return ""
    points = ", ".join(f"{item.words} at {setting(item.value)}" for item in hirings)
    amount = in_points(hirings[0].amount, 2)
    return (
        f"creators of {hirings[0].portfolio} worth hiring, each improving the worst 5 % of worlds "
        f"by {amount} of ROI or more, by {key}: {points}"
    )
