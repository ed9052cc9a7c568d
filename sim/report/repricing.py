"""Worlds that a page prices anew: sliders, the quantities that they move, and the algebra.

In a world a portfolio contributes C and costs the sum of its quantities q, each at what it costs in
the run. A slider multiplies: what it moves by its factor in that world. With f the product of the
factors on the contribution and g those on a quantity,

    profit = f C - sum of (product of g) q,    ROI = profit / sum of (product of g) q.

A factor is v / v0 for a price, an order value or a share that is known; (1 - v) / (1 - v0) for
returns; (1 + v) / (1 + v0) for halo and repeat value. A share in doubt that is logit-normal moves
on the logit scale: at a world's own share x it becomes x r / (1 - x + x r), r the odds of the new
median over those of the old one. ``report.js`` computes the same, with the same operations.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..engine.marginals import moment
from ..experiment import Experiment, ExperimentError
from ..measures.functions import _hall_sheather as half_width
from ..plan import make_plan
from ..text.names import capital, key_words
from ..text.numbers import is_money, labelled, percent, rounded, setting
from ..vary.keys import Key, find_key
from ..vary.prices import Prices, is_price
from ..vary.ranges import spread
from .always import shown

if TYPE_CHECKING:
    from ..experiment.distributions import Distribution
    from .reading import Opened

Array = npt.NDArray[np.float64]
Law = Literal["scale", "kept", "more", "logit", "kept_logit"]
"""How a factor follows from a value: v / v0; (1 - v) / (1 - v0); (1 + v) / (1 + v0); that of a
world's own share moved on the logit scale, and of one less such a share."""

#: Bytes of quantities in a page, at most, and of a whole page.
MOST_BYTES, PAGE_BYTES = 600_000, 1_450_000
#: Worlds of a page, at most and at least.
MOST_WORLDS, LEAST_WORLDS = 4096, 512
#: Measures that a page shows of each portfolio.
SHOWN = ("roi_median", "roi_mean", "loss_probability", "profit_median")
#: Stops of a slider; the run's own value is the one in the middle, or the first for nothing.
STOPS = 41
#: How far a slider goes: times a price, times the odds of a share, and to which addition.
_TIMES, _ODDS, _ADDED = 4.0, 8.0, 1.0
#: Components that a price moves.
_OF_FEES = ("fee", "usage_rights")


@dataclass(frozen=True)
class Slider:
    """A key that a page can move.

    Attributes
    ----------
    key : str
        Dotted.
    label : str
        What it is, with its unit.
    law : Law
        How its factor follows from its value.
    values : tuple of float
        At its stops, increasing.
    texts : tuple of str
        The same as they are written.
    start : int
        Position of the run's own value.
    contributes : bool
        Whether the contribution moves by its factor.
    worlds : int or None
        For a share in doubt: the column of its worlds.
    """

    key: str
    label: str
    law: Law
    values: tuple[float, ...]
    texts: tuple[str, ...]
    start: int
    contributes: bool
    worlds: int | None = None


@dataclass(frozen=True)
class Cost:
    """A quantity of a portfolio in USD at the run's prices, and the sliders that multiply it.

    Attributes
    ----------
    sliders : tuple of int
        Positions.
    column : int
        Of its worlds.
    """

    sliders: tuple[int, ...]
    column: int


@dataclass(frozen=True)
class Repricing:
    """What a page needs to price worlds anew.

    Attributes
    ----------
    portfolios : tuple of str
        Names.
    pair : tuple of int or None
        Positions of the portfolios compared.
    sliders : tuple of Slider
        In the order of the page.
    contributions : tuple of int
        Column of each portfolio.
    costs : tuple of tuple of Cost
        By portfolio.
    columns : ndarray, shape (columns, worlds)
        Quantities, USD, and shares in doubt.
    errors : bool
        Whether worlds are independent, so that errors are those of plain means.
    heavy : tuple of bool
        By portfolio, whether the mean has no error (heavy tail).
    """

    portfolios: tuple[str, ...]
    pair: tuple[int, int] | None
    sliders: tuple[Slider, ...]
    contributions: tuple[int, ...]
    costs: tuple[tuple[Cost, ...], ...]
    columns: Array
    errors: bool
    heavy: tuple[bool, ...]

    @property
    def worlds(self) -> int:
        """Worlds that a page holds."""
        return int(self.columns.shape[1])

    def to_dict(self) -> dict[str, Any]:
        """Return what stands in a page: plain values, columns as little-endian doubles in base64."""
        return {
            "portfolios": list(self.portfolios),
            "pair": self.pair,
            "worlds": self.worlds,
            "errors": self.errors,
            "heavy": list(self.heavy),
            "halfWidth": half_width(0.5, self.worlds),
            "sliders": [dict(vars(slider)) for slider in self.sliders],
            "contributions": list(self.contributions),
            "costs": [[dict(vars(cost)) for cost in own] for own in self.costs],
            "columns": [
                base64.b64encode(row.astype("<f8").tobytes()).decode() for row in self.columns
            ],
        }


# --- The algebra ----------------------------------------------------------------------------------


def factor(slider: Slider, value: float, columns: Array) -> float | Array:
    """Return what a slider multiplies by at a value, in each world for a share in doubt."""
    now = slider.values[slider.start]
    if slider.law == "scale":
        return value / now
    if slider.law == "kept":
        return (1.0 - value) / (1.0 - now)
    if slider.law == "more":
        return (1.0 + value) / (1.0 + now)
    assert slider.worlds is not None
    share = columns[slider.worlds]
    odds = value / (1.0 - value) / (now / (1.0 - now))
    moved = share * odds / (1.0 - share + share * odds)
    if slider.law == "logit":
        return np.asarray(moved / share)
    return np.asarray((1.0 - moved) / (1.0 - share))


def repriced(pricing: Repricing, values: Mapping[str, float]) -> list[dict[str, Array]]:
    """Return cost, profit and ROI of each portfolio in every world at other values of some keys.

    Parameters
    ----------
    pricing
        What the page holds.
    values
        By key; the others stay as in the run.

    Returns
    -------
    list of dict
        By portfolio: ``cost``, ``profit`` and ``roi``, shape (worlds,); ROI is NaN without cost.
    """
    factors: list[float | Array] = [
        factor(slider, values[slider.key], pricing.columns) if slider.key in values else 1.0
        for slider in pricing.sliders
    ]
    results = []
    for column, costs in zip(pricing.contributions, pricing.costs, strict=True):
        contribution = pricing.columns[column].copy()
        for slider, own in zip(pricing.sliders, factors, strict=True):
            if slider.contributes:
                contribution = contribution * own
        cost = np.zeros(pricing.worlds)
        for part in costs:
            quantity = pricing.columns[part.column]
            for k in part.sliders:
                quantity = quantity * factors[k]
            cost = cost + quantity
        profit = contribution - cost
        roi = np.full_like(profit, np.nan)
        np.divide(profit, cost, out=roi, where=cost > 0.0)
        results.append({"cost": cost, "profit": profit, "roi": roi})
    return results


def figures(pricing: Repricing, values: Mapping[str, float]) -> dict[str, Any]:
    """Return what a page shows at other values of some keys.

    Parameters
    ----------
    pricing, values
        See `repriced`.

    Returns
    -------
    dict
        ``portfolios``: for each the median and mean ROI, the share of worlds that lose money and
        the median profit; ``wins``: in which share of the worlds the first of the pair has the
        higher ROI, ties half. Each is [value, standard error]; None where there is none.
    """
    rows = repriced(pricing, values)
    portfolios = []
    for row, heavy in zip(rows, pricing.heavy, strict=True):
        roi = row["roi"][np.isfinite(row["roi"])]
        mean, loss = _mean(pricing, roi), _mean(pricing, (roi < 0.0).astype(np.float64))
        portfolios.append(
            {
                "roi_median": _median(pricing, roi),
                "roi_mean": [mean[0], None] if heavy else mean,
                "loss_probability": loss,
                "profit_median": _median(pricing, row["profit"]),
            }
        )
    wins: list[float | None] | None = None
    if pricing.pair is not None:
        a, b = (rows[k]["roi"] for k in pricing.pair)
        gap = (a - b)[np.isfinite(a - b)]
        wins = _mean(pricing, np.where(gap > 0.0, 1.0, np.where(gap < 0.0, 0.0, 0.5)))
    return {"portfolios": portfolios, "wins": wins}


def _mean(pricing: Repricing, values: Array) -> list[float | None]:
    count = values.size
    if not count:
        return [None, None]
    mean = float(values.mean())
    if not pricing.errors or count < 2:
        return [mean, None]
    return [mean, float(np.sqrt(((values - mean) ** 2).sum() / (count - 1) / count))]


def _median(pricing: Repricing, values: Array) -> list[float | None]:
    """Return a median with its error by the slope of the quantile function (Hall, Sheather 1988)."""
    if not values.size:
        return [None, None]
    h = half_width(0.5, pricing.worlds)
    low, middle, high = (float(v) for v in np.quantile(values, [0.5 - h, 0.5, 0.5 + h]))
    if not pricing.errors:
        return [middle, None]
    return [middle, (high - low) / (2.0 * h) * float(np.sqrt(0.25 / values.size))]


# --- From a run -----------------------------------------------------------------------------------


def repricing(opened: Opened, room: int = MOST_BYTES) -> Repricing | None:
    """Return what a page needs to price a run anew; None where its prices are no algebra.

    Portfolios keep the creators that they hired.

    Parameters
    ----------
    opened
        A run, open for reading.
    room
        Bytes for the quantities.
    """
    run, experiment = opened.run, opened.experiment
    names = shown(run, opened.answer.summary)
    some = run.ds.isel(sim=slice(0, MOST_WORLDS))
    prices = Prices(experiment, some, names)
    if not prices.reproduce():
        return None
    sliders, shares = _sliders(experiment, some, names)
    columns: list[Array] = list(shares)
    contributions, costs = [], []
    for name in names:
        contributions.append(len(columns))
        columns.append(np.asarray(some["contribution"].sel(portfolio=name).values))
        own = []
        for moved, quantity in _costs(prices, name, sliders).items():
            own.append(Cost(moved, len(columns)))
            columns.append(quantity)
        costs.append(tuple(own))
    worlds = min(int(some.sizes["sim"]), room * 3 // 4 // 8 // len(columns))
    if not sliders or worlds < min(LEAST_WORLDS, run.worlds):
        return None
    summary, decided = opened.answer.summary, opened.answer.comparisons
    pair = (decided[0].a, decided[0].b) if decided else None
    return Repricing(
        tuple(names),
        (names.index(pair[0]), names.index(pair[1])) if pair else None,
        tuple(sliders),
        tuple(contributions),
        tuple(costs),
        np.array([column[:worlds] for column in columns]),
        not int(run.ds.attrs.get("groups", 0)),
        tuple(summary[name]["roi_mean"].se is None for name in names),
    )


def _sliders(
    experiment: Experiment, some: Any, names: Sequence[str]
) -> tuple[list[Slider], list[Array]]:
    """Return the sliders of an experiment, and the worlds of shares in doubt."""
    plan = make_plan(experiment)
    tiers = dict.fromkeys(line.terms.tier for line in plan.lines if line.portfolio in names)
    priced = [*(f"tier.{tier}.fee" for tier in tiers), "costs.cost_of_goods", "costs.hourly_rate",
              "costs.shipping"]  # fmt: skip
    movable: list[Slider] = []
    shares: list[Array] = []
    value = _key(experiment, "economics.order_value")
    if value is not None and value.base and _can_be_scaled(experiment.economics.order_value):
        movable.append(_scaled(value, contributes=True))
    for name, law, doubtful in (
        ("gross_margin", "scale", "logit"),
        ("incremental_share", "scale", "logit"),
        ("return_rate", "kept", "kept_logit"),
    ):
        table, belief = plan.economics[name]
        law_of: Law
        if belief is None:
            law_of, column = law, None  # type: ignore[assignment]
        elif _is_plain_logit(getattr(experiment.economics, name)):
            law_of, column = doubtful, len(shares)  # type: ignore[assignment]
            of = some["belief_factor"].sel(belief=f"economics.{name}").values
            shares.append(np.asarray(of * moment(table)))
        else:
            continue
        key = _key(experiment, f"economics.{name}")
        if key is not None and key.base and 0.0 < key.base < 1.0:
            movable.append(_share(key, law_of, column))
    for name in ("halo", "repeat_value"):
        key = _key(experiment, f"economics.{name}")
        if plan.economics[name][1] is None and key is not None and key.base is not None:
            movable.append(_added(key))
    for name in priced:
        key = _key(experiment, name)
        if key is not None and key.base and is_price(key, experiment):
            movable.append(_scaled(key, contributes=False))
    return movable, shares


def _key(experiment: Experiment, name: str) -> Key | None:
    try:
        return find_key(experiment, name)
    except ExperimentError:
        return None


def _can_be_scaled(distribution: Distribution) -> bool:
    return distribution.family != "empirical"


def _is_plain_logit(distribution: Distribution) -> bool:
    """Say whether another median moves every world by the same step on the logit scale."""
    whole = distribution.lower <= 0.0 and distribution.upper >= 1.0
    return distribution.family == "logitnormal" and whole


def _scaled(key: Key, *, contributes: bool) -> Slider:
    base = key.base or 1.0
    values = [base * times for times in spread(1.0 / _TIMES, _TIMES, STOPS, True)]
    values[STOPS // 2] = base
    return Slider(key.name, _label(key), "scale", tuple(values), tuple(map(_text, values)),
                  STOPS // 2, contributes)  # fmt: skip


def _share(key: Key, law: Law, column: int | None) -> Slider:
    base = key.base or 0.5
    odds = [base / (1.0 - base) * times for times in spread(1.0 / _ODDS, _ODDS, STOPS, True)]
    values = [each / (1.0 + each) for each in odds]
    values[STOPS // 2] = base
    texts = tuple(percent(value) for value in values)
    return Slider(key.name, _label(key), law, tuple(values), texts, STOPS // 2, True, column)


def _added(key: Key) -> Slider:
    values = sorted(
        {*spread(0.0, max(_ADDED, 2.0 * (key.base or 0.0)), STOPS, False), key.base or 0.0}
    )
    return Slider(key.name, _label(key), "more", tuple(values), tuple(map(percent, values)),
                  values.index(key.base or 0.0), True)  # fmt: skip


def _text(value: float) -> str:
    return setting(rounded(value, 3))


def _label(key: Key) -> str:
    unit = key.unit.partition(",")[0] if is_money(key.unit) else ""
    return labelled(capital(key_words(key.name)), unit)


def _costs(
    prices: Prices, portfolio: str, sliders: Sequence[Slider]
) -> dict[tuple[int, ...], Array]:
    """Return the quantities of a portfolio, USD, by the sliders that multiply them."""
    place = {slider.key: k for k, slider in enumerate(sliders)}
    result: dict[tuple[int, ...], Array] = {}
    for line, component, cost in prices.parts(portfolio):
        moved = _moving(component, prices.lines[line].terms.tier, place)
        result[moved] = result[moved] + cost if moved in result else cost
    return {moved: cost for moved, cost in result.items() if cost.any()}


def _moving(component: str, tier: str, place: Mapping[str, int]) -> tuple[int, ...]:
    """Return the sliders that multiply a cost component."""
    keys = {
        "product": ("costs.cost_of_goods",),
        "management": ("costs.hourly_rate",),
        "shipping": ("costs.shipping",),
        "commission": ("economics.order_value", "economics.return_rate"),
    }.get(component, (f"tier.{tier}.fee",) if component in _OF_FEES else ())
    return tuple(sorted(place[key] for key in keys if key in place))
