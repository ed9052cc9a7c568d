r"""While a campaign runs: what is due, what is still to come, and what to do with the money left.

By day t the share d of what posts bring has come (`plan.release`), of those who have posted d / f, f
the share of creators who have. What is still to come of them follows from what came: impressions and
engagements in proportion, orders as a Poisson number around what the posterior of their rate leaves.
The money that is left can go on, stop, or move to another line; every choice is simulated in worlds
drawn from the posterior, this season's shocks included, so that choices are compared in the same worlds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment, ExperimentError
from ..measures import Measured
from ..plan import Plan, make_plan
from ..plan.formats import half_lives
from ..plan.release import arrived_by
from ..text.names import listed, spoken
from ..text.numbers import brief, from_to, setting, told, whole_percent
from ..vary.draw import draw, shared_scores
from ..vary.variant import line_names, on_terms, variant
from .answer import Quantiles
from .cells import LOGS, Out
from .infer import Posterior
from .likelihood import Observed, widened
from .results import FIGURES, Campaign, LearnError

Array = npt.NDArray[np.float64]

GO_ON, STOP = "go on", "stop"
#: Posterior worlds in which choices are compared, a multiple of 128.
_WORLDS = 8192
#: Draws of what is still to come, and points at which the rate of orders is looked at.
_DRAWS, _POINTS = 2000, 41
#: Levels of the range of what is still to come.
_LEVELS = (0.05, 0.5, 0.95)
#: Degree of the polynomial that says what a signal tells of a profit.
_DEGREE = 3


@dataclass(frozen=True)
class Day:
    """A campaign on a day.

    Attributes
    ----------
    day
        Days since the first post.
    out
        How much of it is out.
    left
        USD that are not spent; None to take what the plan has left.
    """

    day: float
    out: Out
    left: float | None


@dataclass(frozen=True)
class Choice:
    """Something to do with the money that is left.

    Attributes
    ----------
    name
        ``go on``, ``stop``, or the line that gets the money.
    profit
        Mean profit of that money, USD.
    creators
        Mean number of creators that it hires.
    """

    name: str
    profit: Measured
    creators: float


@dataclass(frozen=True)
class Running:
    """A campaign on a day: what is due and to come, and the choices.

    Attributes
    ----------
    portfolio
        Which one runs.
    day
        Days since the first post.
    due_share
        Share of what it brings that is due by then.
    posted_share
        Share of its creators who have posted.
    came
        By figure, what came so far.
    rest
        By figure, what is still to come if it goes on as planned.
    left
        USD that are not spent.
    choices
        What to do with them.
    waiting
        Worth, USD, of deciding only once all has come of those who have posted.
    currency
        What money is counted in.
    """

    portfolio: str
    day: float
    due_share: float
    posted_share: float
    came: Mapping[str, float]
    rest: Mapping[str, Quantiles]
    left: float
    choices: tuple[Choice, ...]
    waiting: Measured
    currency: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "day": self.day,
            "due_share": self.due_share,
            "posted_share": self.posted_share,
            "came": dict(self.came),
            "rest": {name: of.to_dict() for name, of in self.rest.items()},
            "money_left": self.left,
            "choices": [
                {
                    "name": choice.name,
                    "profit": {"value": choice.profit.value, "se": choice.profit.se},
                    "creators": choice.creators,
                }
                for choice in self.choices
            ],
            "waiting": {"value": self.waiting.value, "se": self.waiting.se},
        }

    @property
    def sentences(self) -> list[str]:
        """What is due, what is to come, and the choices, in words."""
        day = (
            f"Day {setting(self.day)}: {whole_percent(self.posted_share)} of the creators have posted, and "
            f"{whole_percent(self.due_share)} of all that {self.portfolio} brings is due."
        )
        lines = [day, *(self._to_come(figure, of) for figure, of in self.rest.items())]
        money = brief(Measured(self.left, 0.0, self.currency))
        lines.append(
            f"The {money} that are left bring a mean profit of "
            + listed([_brings(choice) for choice in self.choices])
            + "."
        )
        lines.append(
            f"To decide only when all has come of those who have posted is worth {told(self.waiting)}, "
            "if waiting costs nothing."
        )
        return lines

    def _to_come(self, figure: str, of: Quantiles) -> str:
        unit = f" {self.currency}" if figure == "revenue" else ""
        text = f"Still to come: {setting(of.median)}{unit} {'of ' if unit else ''}{spoken(figure)}"
        if of.p95 > of.p05:
            text += f" (90 % range {from_to(of.p05, of.p95)})"
        return (
            f"{text}, after {setting(self.came[figure])} so far."
            if figure in self.came
            else f"{text}."
        )


def _brings(choice: Choice) -> str:
    words = {GO_ON: "going on", STOP: "stopping"}
    doing = words.get(choice.name, f"moving to {choice.name}")
    nobody = "" if choice.creators or choice.name == STOP else ", for which it hires nobody"
    return f"{told(choice.profit)} by {doing}{nobody}"


def day_of(experiment: Experiment, campaign: Campaign, day: float, left: float | None) -> Day:
    """Return how much of a campaign is out on a day.

    Raises
    ------
    LearnError
        Where several portfolios run, one in stages does, or its lines fade differently.
    """
    if len(campaign.portfolio) != 1:
        raise LearnError(
            f"{campaign.name}: on the way, one portfolio is learned from (got {', '.join(campaign.portfolio)})"
        )
    ((name, table),) = campaign.portfolio.items()
    if "stages" in table:
        raise LearnError(f"{name}: runs in stages; learn from it once it is over")
    lines = make_plan(variant(experiment, only=[name])).lines
    lives: set[float | None] = set()
    for line in lines:
        own = half_lives(experiment, line.terms)
        usual = experiment.platform[line.terms.platform].half_life_days
        lives |= {usual} if own is None else set(own.tolist())
    if len(lives) > 1:
        raise LearnError(
            f"{name}: posts on {listed(sorted({line.terms.platform for line in lines}))} fade at different "
            "rates, by platform or format, so that no one share is due; learn from it once it is over"
        )
    release = 7.0 * float(table.get("release_weeks", 0.0))
    posted = 1.0 if release == 0.0 else min(day / release, 1.0)
    due = float(arrived_by(np.array([day]), release, lives.pop())[0])
    return Day(day, Out(posted, due), left)


def running(
    experiment: Experiment,
    campaign: Campaign,
    season_at: int,
    posterior: Posterior,
    today: Day,
    *,
    threads: int | None = None,
) -> Running:
    """Return what is due and to come of a campaign, and what to do with the money that is left.

    Parameters
    ----------
    experiment
        The experiment, without learned beliefs.
    campaign
        What came so far of its one portfolio.
    season_at
        Place of the season in the posterior.
    posterior
        Of all seasons.
    today
        The day.
    threads
        See `sim.simulate`.
    """
    ((name, table),) = campaign.portfolio.items()
    random = np.random.default_rng([abs(experiment.simulation.seed), season_at])
    picked = random.choice(len(posterior.draws), _WORLDS, p=posterior.weights.values)
    worlds = posterior.draws[picked]
    came = {
        figure: sum(row.figures[figure] for row in campaign.rows)
        for figure in FIGURES
        if all(figure in row.figures for row in campaign.rows)
    }
    follow = np.zeros((len(FIGURES), _DRAWS))
    for cell in posterior.observed[season_at]:
        follow += _following(cell, worlds[:_DRAWS], random)
    left = _left(experiment, campaign, today, came)
    choices, hired = _simulated(
        experiment, name, dict(table), left, posterior, worlds, season_at, threads
    )
    if today.out.posted < 1.0:
        later = choices[GO_ON]
        share = _tracked(experiment, posterior, worlds)
        follow[1] += later["impressions"][:_DRAWS]
        follow[2] += later["engagements"][:_DRAWS]
        follow[3] += random.poisson(later["expected_orders"][:_DRAWS] * share[:_DRAWS])
        follow[4] += later["tracked_revenue"][:_DRAWS]
    rest = {figure: _quantiles(follow[k]) for k, figure in enumerate(FIGURES) if figure != "cost"}
    money = experiment.currency
    signal = _signal(posterior.observed[season_at], worlds, random)
    profits = {choice: rows["profit"] for choice, rows in choices.items()}
    order = (GO_ON, STOP, *(choice for choice in profits if choice not in (GO_ON, STOP)))
    return Running(
        name,
        today.day,
        today.out.due,
        today.out.posted,
        came,
        rest,
        left,
        tuple(Choice(one, _mean(profits[one], posterior, money), hired[one]) for one in order),
        _mean(_waiting(profits, signal), posterior, money),
        money,
    )


def _quantiles(values: Array) -> Quantiles:
    low, median, high = np.quantile(values, _LEVELS, method="inverted_cdf").tolist()
    return Quantiles(median, low, high)


def _mean(values: Array, posterior: Posterior, currency: str) -> Measured:
    """Return a mean over resampled worlds; its error counts draws by what their weights are worth."""
    worth = min(float(len(values)), posterior.weights.effective)
    return Measured(float(values.mean()), float(values.std(ddof=1) / math.sqrt(worth)), currency)


# --- What follows of those who have posted ------------------------------------------------------------


def _rates(cell: Observed, worlds: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Return logs of what each row brings in all: of `LOGS`, and of tracked orders.

    Returns
    -------
    logs : numpy.ndarray
        Shape (3, worlds, rows): of cost, impressions and engagements; known ones as they are.
    rate : numpy.ndarray
        Shape (worlds, rows), log of expected tracked orders, given the orders so far.
    """
    z = worlds[:, cell.rows]
    mean, spread = cell.law.means(z), widened(cell.law.spreads(z), cell.cell)
    table, column = cell.tracked
    tracked = table.log_quantile(np.zeros(len(worlds)) if column is None else worlds[:, column])
    rows = len(cell.cell.orders)
    logs = np.zeros((len(LOGS) + 1, len(worlds), rows))
    part = math.log(cell.cell.due)
    for r in range(rows):
        known = np.flatnonzero(np.isfinite(cell.cell.logs[r]))
        unknown = np.array([k for k in range(len(LOGS) + 1) if k not in known])
        correlation = cell.law.correlation
        seen = cell.cell.logs[r, known] - np.where(known == 0, 0.0, part)
        away = (seen - mean[:, known]) / spread[:, known]
        along = np.linalg.solve(
            correlation[np.ix_(known, known)], correlation[np.ix_(known, unknown)]
        )
        left = correlation[np.ix_(unknown, unknown)] - correlation[np.ix_(unknown, known)] @ along
        logs[known, :, r] = seen[:, None]
        centre = mean[:, unknown] + spread[:, unknown] * (away @ along)
        width = spread[:, unknown] * np.sqrt(np.maximum(np.diagonal(left), 1e-12))
        drawn = centre + width * random.standard_normal(centre.shape)
        logs[unknown, :, r] = drawn.T
        orders = _orders_told(cell, r, worlds)
        if orders is not None:
            # Points of the rate's law given factors and logs, weighted by what came.
            points = np.linspace(-5.0, 5.0, _POINTS)
            rate = centre[:, -1:] + tracked[:, None] + part + width[:, -1:] * points
            count, dispersion = orders
            told_by = count[:, None] * rate - np.exp(rate) / dispersion
            log = told_by - points**2 / 2.0
            chance = np.exp(log - log.max(axis=1, keepdims=True))
            below = np.cumsum(chance, axis=1) / chance.sum(axis=1, keepdims=True)
            at = (random.random((len(worlds), 1)) > below).sum(axis=1)
            logs[-1, :, r] = rate[np.arange(len(worlds)), at] - tracked - part
    return logs[:-1], logs[-1] + tracked[:, None]


def _orders_told(cell: Observed, row: int, worlds: Array) -> tuple[Array, float] | None:
    """Return how many orders a row tells of in each world, and their dispersion; None for neither.

    Revenue is a number of units of as many mean values as its dispersion (`Observed`).
    """
    orders, revenue = cell.cell.orders[row], cell.cell.revenue[row]
    if np.isfinite(orders):
        return np.full(len(worlds), float(orders)), 1.0
    if not np.isfinite(revenue):
        return None
    dispersion = 1.0 + cell.cv**2
    return float(revenue) / (dispersion * _order_value(cell, worlds)), dispersion


def _order_value(cell: Observed, worlds: Array) -> Array:
    table, column = cell.value
    scores = np.zeros(len(worlds)) if column is None else worlds[:, column]
    return np.asarray(table.quantile(scores))


def _following(cell: Observed, worlds: Array, random: np.random.Generator) -> Array:
    """Return what is still to come of those of a cell who have posted, shape (figures, worlds)."""
    logs, rate = _rates(cell, worlds, random)
    rest = 1.0 - cell.cell.due
    follow = np.zeros((len(FIGURES), len(worlds)))
    for k in (1, 2):
        follow[k] = rest * np.exp(logs[k]).sum(axis=1)
    orders = random.poisson(rest * np.exp(rate).sum(axis=1))
    follow[3] = orders
    follow[4] = _worth(orders, cell.cv, random) * _order_value(cell, worlds)
    return follow


def _worth(orders: npt.NDArray[np.int64], cv: float, random: np.random.Generator) -> Array:
    """Return the total of so many order values of mean one."""
    if cv == 0.0:
        return orders.astype(float)
    drawn = random.gamma(np.maximum(orders, 1) / cv**2, cv**2)
    return np.where(orders > 0, drawn, 0.0)


def _signal(cells: tuple[Observed, ...], worlds: Array, random: np.random.Generator) -> Array:
    """Return the orders that are still to come of those who have posted, shape (worlds,)."""
    total = np.zeros(len(worlds))
    for cell in cells:
        step = _DRAWS
        for start in range(0, len(worlds), step):
            some = worlds[start : start + step]
            total[start : start + step] += _following(cell, some, random)[3]
    return total


# --- Choices ----------------------------------------------------------------------------------------


def _factors(plan: Plan, posterior: Posterior, worlds: Array, season_at: int) -> Array:
    """Return factors of a plan in posterior worlds: what nothing was learned of is drawn as before."""
    at = {name: k for k, name in enumerate(posterior.names)}
    rows = shared_scores(plan, _WORLDS, len(worlds))
    for k, factor in enumerate(plan.factors):
        name = factor.name if factor.kind == "belief" else f"{season_at}:{factor.name}"
        if name in at:
            rows[k] = worlds[:, at[name]]
    return rows


def _tracked(experiment: Experiment, posterior: Posterior, worlds: Array) -> Array:
    """Return the tracked share in posterior worlds."""
    table, row = make_plan(experiment).economics["tracked_share"]
    name = "economics.tracked_share"
    learned = row is not None and name in posterior.names
    scores = worlds[:, posterior.names.index(name)] if learned else np.zeros(len(worlds))
    return np.asarray(table.quantile(scores))


def _left(
    experiment: Experiment,
    campaign: Campaign,
    today: Day,
    came: Mapping[str, float],
) -> float:
    """Return the money that is not spent: as told, or what the plan has left."""
    if today.left is not None:
        return today.left
    ((name, table),) = campaign.portfolio.items()
    if "budget" in table:
        budget = float(table["budget"])
        return max(budget - came.get("cost", budget * today.out.posted), 0.0)
    if today.out.posted == 1.0:
        return 0.0
    lines = [line for line in make_plan(experiment).lines if line.portfolio == name]
    planned = sum(line.committed_per_creator * line.creators for line in lines)
    if "cost" in came:
        # Those who are still to post cost what those before them cost.
        return came["cost"] * (1.0 / today.out.posted - 1.0)
    return planned * (1.0 - today.out.posted)


def _simulated(
    experiment: Experiment,
    name: str,
    table: dict[str, Any],
    left: float,
    posterior: Posterior,
    worlds: Array,
    season_at: int,
    threads: int | None,
) -> tuple[dict[str, dict[str, Array]], dict[str, float]]:
    """Return what each choice brings in posterior worlds, and how many creators it hires."""
    nothing = {key: np.zeros(len(worlds)) for key in _KEPT}
    if not left > 0.0:
        return {GO_ON: nothing, STOP: nothing}, {GO_ON: 0.0, STOP: 0.0}
    lines = make_plan(experiment).lines
    running_terms = [line.terms for line in lines if line.portfolio == name]
    names = line_names(list(dict.fromkeys(line.terms for line in lines)))
    plain = {k: v for k, v in table.items() if k not in ("creators", "roster")}
    if "roster" in table:
        plain |= on_terms(running_terms[0])
    wanted = {GO_ON: plain | {"budget": left}}
    for terms, line in names.items():
        if [terms] != running_terms:
            wanted[line] = on_terms(terms) | {"budget": left}
    made: dict[str, dict[str, Array]] = {STOP: nothing}
    hired = {STOP: 0.0}
    base = variant(experiment, values={("costs", "fixed"): 0.0})
    for choice, portfolio in wanted.items():
        try:
            plan = make_plan(variant(base, portfolios={"choice": portfolio}))
        except ExperimentError as error:
            if not all(fault.key.endswith(".budget") for fault in error.faults):
                raise
            # The money hires nobody.
            made[choice], hired[choice] = nothing, 0.0
            continue
        # Creators that have not been hired yet: other worlds, other luck.
        factors = _factors(plan, posterior, worlds, season_at)
        rows = draw(
            plan, _KEPT, first=_WORLDS, worlds=len(worlds), factors=factors, threads=threads
        )
        made[choice] = {key: rows[key][0] for key in _KEPT}
        hired[choice] = float(rows["hired"][0].mean())
    return made, hired


_KEPT = (
    "profit", "impressions", "engagements", "expected_orders", "tracked_revenue", "hired",
)  # fmt: skip


def _waiting(profits: Mapping[str, Array], signal: Array) -> Array:
    r"""Return what it is worth to see a signal before choosing, USD, in each world.

    :math:`E[\max_c E[profit_c | signal]] - \max_c E[profit_c]`, the inner means by a polynomial in the
    signal's normal score (regression-based expected value of sample information: Strong, Oakley,
    Brennan and Breeze 2015).
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    score = ndtri((rankdata(signal) - 0.5) / len(signal))
    features = np.vander(score, _DEGREE + 1)
    names = list(profits)
    gains = np.column_stack([profits[name] for name in names])
    fit = features @ np.linalg.lstsq(features, gains, rcond=None)[0]
    best = int(gains.mean(axis=0).argmax())
    return np.asarray(fit.max(axis=1) - fit[:, best])
