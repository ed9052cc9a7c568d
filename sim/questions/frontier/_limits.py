"""What a mix may hold: a budget, and limits on lines; which of them cannot all be met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...experiment import ExperimentError, Fault
from ...experiment.distributions import DistributionError, number
from ...experiment.faults import suggestion
from ...plan import Terms
from ...text.numbers import money, percent, setting

Array = npt.NDArray[np.float64]

KINDS = ("min", "max", "pin", "share", "exclude")


@dataclass(frozen=True)
class Candidate:
    """A line that a mix may hold.

    Attributes
    ----------
    name
        Of the line.
    terms
        Its terms.
    price
        USD committed per creator.
    """

    name: str
    terms: Terms
    price: float

    @property
    def labels(self) -> tuple[str, ...]:
        """What limits may call it by."""
        t = self.terms
        return (self.name, t.tier, t.compensation, t.platform, t.niche)


@dataclass(frozen=True)
class Limit:
    """A limit on the creators of some lines: ``low <= weights @ counts <= high``.

    Attributes
    ----------
    name
        As it was asked for, such as ``max macro=3``.
    words
        What it says.
    weights
        Shape (lines,).
    low, high
        Ends.
    """

    name: str
    words: str
    weights: Array
    low: float
    high: float

    def holds(self, counts: Array) -> bool:
        """Whether counts of creators, shape (lines,), respect it."""
        value = float(self.weights @ counts)
        slack = 1e-9 * max(1.0, abs(self.low) if np.isfinite(self.low) else 1.0, abs(value))
        return self.low - slack <= value <= self.high + slack


#: Limits that every mix has, beside those asked for.
BUDGET, SPEND, SOMEONE = "budget", "spend", "someone"


def read_limits(
    candidates: Sequence[Candidate],
    budget: float,
    fixed: float,
    spend: float,
    asked: Mapping[str, Sequence[str]],
    file: str,
) -> list[Limit]:
    """Return the limits of a mix, the budget first.

    Parameters
    ----------
    candidates
        The lines.
    budget, fixed
        USD, and what of it goes to the programme whatever is hired.
    spend
        Share of the budget that is committed at least.
    asked
        By kind (`KINDS`), texts such as ``"micro-paid=10"``, ``"macro=3"``, ``"gifted=40 %"``, or a
        name alone for ``exclude``. A name is a line, tier, compensation, platform or niche; limits
        on several lines are limits on their sum, shares are shares of committed spend.

    Raises
    ------
    ExperimentError
        For names that are none and figures that cannot be read.
    """
    prices = np.array([c.price for c in candidates])
    limits = [
        Limit(BUDGET, f"a budget of {money(budget)}", prices, -np.inf, budget - fixed),
        Limit(SOMEONE, "at least one creator", np.ones(len(candidates)), 1.0, np.inf),
    ]
    if spend > 0.0:
        words = f"at least {percent(spend)} of the budget spent"
        limits.append(Limit(SPEND, words, prices, spend * budget - fixed, np.inf))
    faults: list[Fault] = []
    for kind, texts in asked.items():
        for text in texts:
            limit = _read_limit(kind, text, candidates, prices)
            if isinstance(limit, Limit):
                limits.append(limit)
            else:
                faults.append(limit)
    if faults:
        raise ExperimentError(file, faults)
    return limits


def _read_limit(
    kind: str, text: str, candidates: Sequence[Candidate], prices: Array
) -> Limit | Fault:
    name, sign, figure = (part.strip() for part in text.partition("="))
    named = np.array([name in c.labels for c in candidates], dtype=np.float64)
    if not named.any():
        known = {label for c in candidates for label in c.labels}
        return Fault(f"--{kind}", f"no line of that name; {suggestion(name, known)}", text)
    if kind == "exclude":
        return Limit(f"exclude {name}", f"no {name}", named, 0.0, 0.0)
    try:
        value = number(figure)
    except DistributionError:
        return Fault(f"--{kind}", f"takes NAME=NUMBER, such as {name}=10", text)
    if value < 0.0 or not sign or (kind == "share" and value > 1.0):
        return Fault(f"--{kind}", "must be positive, a share at most 1", text)
    label = f"{kind} {name}={figure}"
    if kind == "min":
        return Limit(label, f"at least {setting(value)} {name}", named, value, np.inf)
    if kind == "max":
        return Limit(label, f"at most {setting(value)} {name}", named, -np.inf, value)
    if kind == "pin":
        return Limit(label, f"exactly {setting(value)} {name}", named, value, value)
    weights = prices * (named - value)
    return Limit(label, f"at most {percent(value)} of spend on {name}", weights, -np.inf, 0.0)


def most_creators(candidates: Sequence[Candidate], limits: Sequence[Limit]) -> list[int]:
    """Return the most creators that each line can have if the others have none.

    Limits whose weights are all of one sign bound a line by themselves; the budget always does.
    """
    most = []
    for i in range(len(candidates)):
        ends = [
            limit.high / limit.weights[i]
            for limit in limits
            if limit.weights[i] > 0.0 and (limit.weights >= 0.0).all()
        ]
        most.append(max(int(min(ends) + 1e-9), 0))
    return most


def conflict(limits: Sequence[Limit]) -> list[Limit]:
    """Return limits that cannot all hold although all but any one of them can; none if all can.

    A deletion filter (Chinneck and Dravnieks 1991) over feasibility problems solved by HiGHS.
    """
    if feasible(limits):
        return []
    kept = list(limits)
    for limit in limits:
        fewer = [other for other in kept if other is not limit]
        if not feasible(fewer):
            kept = fewer
    return kept


def feasible(limits: Sequence[Limit]) -> bool:
    """Whether whole numbers of creators meet all limits."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not limits:
        return True
    lines = len(limits[0].weights)
    rows = LinearConstraint(
        np.array([limit.weights for limit in limits]),
        np.array([limit.low for limit in limits]),
        np.array([limit.high for limit in limits]),
    )
    solution = milp(
        np.zeros(lines), integrality=np.ones(lines), bounds=Bounds(0.0), constraints=rows
    )
    return bool(solution.status == 0)
