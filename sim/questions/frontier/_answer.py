"""What a search for the best mix answers: mixes, their prices, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...displays import Told
from ...measures import Measured
from ...text.numbers import CURRENCY, counted, money, told


@dataclass(frozen=True)
class Price:
    """What a limit that binds costs.

    Attributes
    ----------
    limit
        Its words.
    at_margin
        USD of mean profit for moving its end by one unit (a USD of budget, a creator, all of the
        spend for a share) in the linear program.
    gain
        USD of mean profit without it, the risk no worse; of the budget: with one per cent more.
    """

    limit: str
    at_margin: float
    gain: Measured


@dataclass(frozen=True)
class Mix:
    """A portfolio found.

    Attributes
    ----------
    name
        ``"mix 1"`` has the highest mean; or the line of which all is.
    creators
        By line; only lines that are hired.
    spend
        USD committed to each line.
    committed
        USD committed, the fixed cost of the programme included.
    searched
        Mean profit and risk in the worlds of the search.
    bound
        The most that any mix of the numbers tried could have there at that risk; None where no
        bound is known.
    checked
        Measures on fresh worlds, by name.
    efficient
        Whether it meets all limits and no other that does is better in both on the fresh worlds,
        by the figures as they came.
    prices
        Of limits that bind.
    """

    name: str
    creators: Mapping[str, int]
    spend: Mapping[str, float]
    committed: float
    searched: tuple[float, float]
    bound: float | None
    checked: Mapping[str, Measured]
    efficient: bool
    prices: tuple[Price, ...]

    @property
    def words(self) -> str:
        """Who is hired: ``120 nano-paid, 3 macro-paid``."""
        return ", ".join(f"{counted(count)} {line}" for line, count in self.creators.items())


@dataclass(frozen=True)
class Frontier(Told, table="sim.questions.shown:frontier_table"):
    """The efficient set for a budget.

    Attributes
    ----------
    budget
        USD.
    risk
        ``"es05"`` or ``"loss"``.
    limits
        In words.
    mixes
        From the highest mean to the lowest risk.
    alone
        Each line alone, for comparison.
    search_worlds, check_worlds
        Worlds of the search, and fresh ones of the check.
    notes
        What was done.
    """

    budget: float
    risk: str
    limits: tuple[str, ...]
    mixes: tuple[Mix, ...]
    alone: tuple[Mix, ...]
    search_worlds: int
    check_worlds: int
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Return the two ends of the set, with their errors."""
        return _sentence(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows for a table."""
        return [_row(mix) for mix in (*self.mixes, *self.alone)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "analysis": "frontier",
            "budget": self.budget,
            "risk": self.risk,
            "limits": list(self.limits),
            "search_worlds": self.search_worlds,
            "check_worlds": self.check_worlds,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "mixes": [_mix_dict(mix) for mix in self.mixes],
            "alone": [_mix_dict(mix) for mix in self.alone],
        }


def coordinates(mix: Mix, risk: str) -> tuple[float, float]:
    """Return mean profit, and what is safer the larger it is."""
    mean = mix.checked["profit_mean"].value or 0.0
    if risk == "es05":
        return mean, mix.checked["profit_es05"].value or 0.0
    return mean, -(mix.checked["loss_probability"].value or 0.0)


def _sentence(found: Frontier) -> str:
    best = found.mixes[0]
    safest = max(found.mixes, key=lambda mix: coordinates(mix, found.risk)[1])
    parts = [
        f"For {money(found.budget)} the highest mean is {best.words}: {_levels(best, found.risk)}"
    ]
    if safest.creators != best.creators:
        parts.append(f"the safest is {safest.words}: {_levels(safest, found.risk)}")
    text = "; ".join(parts) + "."
    budget = next((p for p in best.prices if p.limit.startswith("a budget")), None)
    if budget is not None:
        text += f" One more {CURRENCY} of budget is worth {money(budget.at_margin)} of mean profit there."
    others = [
        p
        for p in best.prices
        if p is not budget and (p.gain.value or 0.0) > 2.0 * (p.gain.se or 0.0)
    ]
    if others:
        dearest = max(others, key=lambda p: p.gain.value or 0.0)
        text += (
            f" The dearest limit is {dearest.limit}: without it mean profit is higher by "
            f"{told(dearest.gain)}."
        )
    return text


def priced(price: Price) -> str:
    """Return what a limit costs in words."""
    if price.limit.startswith("a budget"):
        return f"One per cent more than {price.limit} brings {told(price.gain)} of mean profit."
    return f"The limit “{price.limit}” costs {told(price.gain)} of mean profit."


def _levels(mix: Mix, risk: str) -> str:
    mean, loss = mix.checked["profit_mean"], mix.checked["loss_probability"]
    text = f"mean profit {told(mean)}, median {told(mix.checked['profit_median'])}"
    if risk == "es05":
        return f"{text}, worst 5 % of worlds {told(mix.checked['profit_es05'])}"
    return f"{text}, loses money in {told(loss)} of worlds"


def _row(mix: Mix) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": mix.name,
        "hired": mix.words,
        "committed": mix.committed,
        "efficient": mix.efficient,
    }
    for name, entry in mix.checked.items():
        row[name], row[f"{name}_se"] = entry.value, entry.se
    row["searched_mean"], row["searched_risk"] = mix.searched
    row["bound"] = mix.bound
    return row


def _mix_dict(mix: Mix) -> dict[str, Any]:
    return {
        "name": mix.name,
        "creators": dict(mix.creators),
        "spend": dict(mix.spend),
        "committed": mix.committed,
        "efficient": mix.efficient,
        "checked": {name: entry.to_dict() for name, entry in mix.checked.items()},
        "searched": {"mean": mix.searched[0], "risk": mix.searched[1], "bound": mix.bound},
        "prices": [
            {"limit": p.limit, "at_margin": p.at_margin, "gain": p.gain.to_dict()}
            for p in mix.prices
        ],
    }
