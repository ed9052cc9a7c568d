"""What results teach: beliefs before and after, which figure taught what, and the answer they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..experiment import Experiment, models
from ..measures import compare, summarize
from ..plan import make_plan
from ..run.simulate import Progress, Where, simulated
from ..text.names import spoken
from ..text.numbers import fixed, rounded
from ..vary.factors import Uncertain, uncertain_figures
from .answer import Answers, LearnedInput, Learnt, Quantiles, Taught
from .cells import Season, season
from .infer import Posterior, infer
from .likelihood import widened
from .results import FIGURES, Campaign, LearnError, kept
from .running import Day, day_of, running

if TYPE_CHECKING:
    from .likelihood import Observed

Array = npt.NDArray[np.float64]

#: Normal scores of the 5 and 95 % quantiles.
_SCORES = (-1.6448536269514722, 0.0, 1.6448536269514722)
#: Measures of each portfolio before and after.
_MEASURES = ("roi_mean", "roi_median", "profit_mean", "loss_probability")
#: Largest gap, in posterior sds, that a quantile of the normal law may have from the sample's.
_NORMAL = 0.2
#: Prior predictive sds beyond which a result is told as surprising.
_SURPRISING = 4.0


def learn(
    experiment: Experiment,
    campaigns: Sequence[Campaign],
    *,
    day: float | None = None,
    left: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Learnt:
    """Return what campaigns teach about the beliefs of an experiment.

    Results that the experiment keeps are learned from again, together with the new ones and from
    the beliefs as they were before any: the order in which campaigns came makes no difference.

    Parameters
    ----------
    experiment
        The experiment, with results that it keeps.
    campaigns
        New results.
    day
        Days since the first post, where the one new campaign still runs.
    left
        USD of it that are not spent; by default what its plan has left.
    threads, progress
        See `sim.simulate`.

    Raises
    ------
    LearnError
        Where nothing can be learned, and where weights stay degenerate.
    """
    every, notes = _together(experiment, campaigns)
    prior = experiment.model_copy(update={"learned": None})
    _check_buyers(prior)
    today = None if day is None else _today(prior, campaigns, day, left)
    ours = -1 if today is None else [of.digest for of in every].index(campaigns[0].digest)
    seasons = [
        season(prior, of, out=today.out if today and k == ours else None, threads=threads)
        for k, of in enumerate(every)
    ]
    posterior = infer(seasons, experiment.simulation.seed, threads=threads)
    after = with_learned(prior, posterior, every)
    inputs = inputs_of(prior, after)
    notes += [f"{of.name}: {note}" for of in seasons for note in dict.fromkeys(of.notes)]
    notes += [*_surprises(seasons, posterior), *_bent(posterior)]
    on_the_way = None
    if today is not None:
        on_the_way = running(prior, every[ours], ours, posterior, today, threads=threads)
    return Learnt(
        after,
        tuple(inputs),
        tuple(taught_by(prior, seasons, posterior)),
        posterior.weights.khat,
        posterior.weights.effective,
        len(posterior.draws),
        posterior.steps,
        _answer(prior, threads, progress),
        _answer(after, threads, progress),
        tuple(every),
        tuple(notes),
        on_the_way,
    )


def _today(prior: Experiment, campaigns: Sequence[Campaign], day: float, left: float | None) -> Day:
    if len(campaigns) != 1:
        raise LearnError("on the way, the results of one campaign are learned from: name one table")
    return day_of(prior, campaigns[0], day, left)


def _check_buyers(experiment: Experiment) -> None:
    """Refuse what makes tracked orders and revenue something else than a share of all.

    Raises
    ------
    LearnError
        With the way out.
    """
    buyers = make_plan(experiment).buyers
    if buyers is None:
        return
    factors = (buyers.tracked != 1.0) | (buyers.value != 1.0) | (buyers.leaked > 0.0)
    if factors.any() or buyers.discount_rate:
        raise LearnError(
            f"{experiment.file}: a window, leaked codes, a discount, or factors of a tier on what codes see "
            "and on the order value: results are not read through them; leave them out to learn"
        )


def _together(
    experiment: Experiment, campaigns: Sequence[Campaign]
) -> tuple[list[Campaign], list[str]]:
    """Return kept and new campaigns, each once, in an order of their own."""
    learned, notes = experiment.learned, []
    if learned is not None and len(learned.results) < len(learned.campaigns):
        raise LearnError(
            f"{experiment.file}: keeps what {', '.join(learned.campaigns)} taught and not the results; "
            "learn from the file that includes them"
        )
    every: dict[str, Campaign] = {}
    for campaign in [*kept(learned.results if learned is not None else ()), *campaigns]:
        same = next((other for other in every.values() if campaign.repeats(other)), None)
        if same is not None:
            notes.append(f"{campaign.name}: the same results as {same.name}, counted once")
            continue
        every[campaign.digest] = campaign
        notes += [f"{campaign.name}: {note}" for note in campaign.notes]
    if not every:
        raise LearnError(f"{experiment.file}: keeps no results; name a table of them")
    return [every[digest] for digest in sorted(every)], notes


def with_learned(
    prior: Experiment, posterior: Posterior, campaigns: Sequence[Campaign]
) -> Experiment:
    """Return the experiment with a normal law of its beliefs' scores that has the sample's moments."""
    learned = models.Learned(
        factors=posterior.names[: posterior.beliefs],
        center=tuple(round(float(value), _PLACES) for value in posterior.center),
        covariance=tuple(
            tuple(round(float(value), _PLACES) for value in row) for row in posterior.covariance
        ),
        evidence=prior.evidence,
        campaigns=tuple(campaign.name for campaign in campaigns),
        results=tuple(models.Results(**campaign.table()) for campaign in campaigns),
    )
    return prior.model_copy(update={"learned": learned})


#: Decimal places of learned scores, whose sds are of order one.
_PLACES = 6


def inputs_of(prior: Experiment, after: Experiment) -> list[LearnedInput]:
    """Return the figures that the learned beliefs move, before and after."""
    plans = make_plan(prior), make_plan(after)
    later = {figure.name: figure for figure in uncertain_figures(after, plans[1])}
    assert after.learned is not None
    moved = [k for k, factor in enumerate(plans[0].factors) if factor.name in after.learned.factors]
    return [
        LearnedInput(
            figure.name,
            figure.words,
            figure.topic,
            _quantiles(figure),
            _quantiles(later[figure.name]),
        )
        for figure in uncertain_figures(prior, plans[0])
        if figure.kind == "belief" and figure.weights[moved].any()
    ]


def _quantiles(figure: Uncertain) -> Quantiles:
    low, median, high = (
        rounded(v, 6) for v in figure.values(figure.sd * np.array(_SCORES)).tolist()
    )
    return Quantiles(median, low, high)


# --- What each figure taught ------------------------------------------------------------------------


def taught_by(prior: Experiment, seasons: Sequence[Season], posterior: Posterior) -> list[Taught]:
    """Return the input that each figure alone teaches most of, to first order around the posterior."""
    plan = make_plan(prior)
    at = {name: k for k, name in enumerate(posterior.names)}
    doubts = []
    for one in uncertain_figures(prior, plan):
        weights = np.zeros(len(at))
        for k, factor in enumerate(plan.factors):
            if factor.kind == "belief" and factor.name in at:
                weights[at[factor.name]] = one.weights[k]
        if one.kind == "belief" and weights.any():
            # What the results do not speak of stays in doubt.
            doubts.append((one.name, weights, one.sd**2))
    center = posterior.weights.values @ posterior.draws
    result = []
    for figure in FIGURES:
        known = [
            cell for cells in posterior.observed for cell in cells if figure in cell.cell.observed
        ]
        if not known or not doubts:
            continue
        precision = np.eye(len(at)) + sum(_information(cell, figure, center) for cell in known)
        shares = [
            (1.0 - (full - w @ w + w @ np.linalg.solve(precision, w)) / full, name)
            for name, w, full in doubts
        ]
        share, name = max(shares)
        result.append(Taught(figure, name, rounded(float(share))))
    return result


def _information(cell: Observed, figure: str, center: Array) -> Array:
    """Return the information about all factors that a figure of a cell holds, to first order."""
    mean, variance, slope, rows = predicted(cell, figure, center)
    del mean
    return np.asarray(rows * np.outer(slope, slope) / variance)


def predicted(cell: Observed, figure: str, point: Array) -> tuple[float, float, Array, int]:
    """Return log mean, log variance, slope and number of observations of a figure at given factors.

    Parameters
    ----------
    cell
        Cell with its law.
    figure
        One of `FIGURES`.
    point
        Scores of all factors, shape (factors,).
    """
    k = min(FIGURES.index(figure), 3)
    z = point[cell.rows]
    mean = float(cell.law.means(z[None])[0, k])
    variance = float(widened(cell.law.spreads(z[None]), cell.cell)[0, k] ** 2)
    slope = np.zeros(len(point))
    slope[cell.rows] = cell.law.slopes(z)[k]
    if k < len(FIGURES) - 2:
        return mean, variance, slope, int(np.isfinite(cell.cell.logs[:, k]).sum())
    seen = cell.cell.orders if figure == "tracked_orders" else cell.cell.revenue
    used = [cell.tracked] if figure == "tracked_orders" else [cell.tracked, cell.value]
    for table, column in used:
        if column is None:
            mean += float(table.log_quantile(np.zeros(1))[0])
            continue
        ends = table.log_quantile(point[column] + np.array([-0.01, 0.0, 0.01]))
        mean += float(ends[1])
        slope[column] += float(ends[2] - ends[0]) / 0.02
    rows = int(np.isfinite(seen).sum())
    total = float(np.nansum(seen))
    if figure == "revenue":
        level = float(np.exp(cell.value[0].log_quantile(np.zeros(1))[0]))
        total /= level * (1.0 + cell.cv**2)
    return mean, variance + rows / max(total, 0.5), slope, rows


def _surprises(seasons: Sequence[Season], posterior: Posterior) -> list[str]:
    """Say which results lie so far from what was expected that a column or a unit may be wrong."""
    notes = []
    zero = np.zeros(len(posterior.names))
    for of, cells in zip(seasons, posterior.observed, strict=True):
        for cell in cells:
            for figure in cell.cell.observed:
                mean, variance, slope, rows = predicted(cell, figure, zero)
                values = (
                    np.exp(cell.cell.logs[:, FIGURES.index(figure)])
                    if figure in FIGURES[:3]
                    else cell.cell.orders
                    if figure == "tracked_orders"
                    else cell.cell.revenue
                )
                level = float(np.nanmean(values)) / cell.cell.due ** (figure != "cost")
                away = np.log(max(level, 1e-9)) - mean
                sd = np.sqrt(slope @ slope + variance / rows)
                if abs(away) > _SURPRISING * sd:
                    notes.append(
                        f"{of.name}: {spoken(figure)} of {cell.cell.words} are {fixed(float(np.exp(away)), 2)} "
                        f"times the usual, {fixed(abs(float(away / sd)), 1)} sd from what was expected: check "
                        "column and unit"
                    )
    return notes


def _bent(posterior: Posterior) -> list[str]:
    """Say where the normal law that later runs draw from is not quite the sample's."""
    sample, weights = posterior.draws[:, : posterior.beliefs], posterior.weights.values
    sd = np.sqrt(np.diagonal(posterior.covariance))
    notes = []
    for k, name in enumerate(posterior.names[: posterior.beliefs]):
        order = np.argsort(sample[:, k])
        below = np.cumsum(weights[order])
        ends = np.interp([0.05, 0.5, 0.95], below, sample[order, k])
        normal = posterior.center[k] + sd[k] * np.array(_SCORES)
        if float(np.abs(ends - normal).max()) > _NORMAL * sd[k]:
            notes.append(
                f"{name}: what was learned is bent; later runs draw the normal law of its moments"
            )
    return notes


def _answer(experiment: Experiment, threads: int | None, progress: Progress | None) -> Answers:
    """Return what an experiment answers."""
    worlds = simulated(experiment, Where(threads, progress))
    summary = summarize(worlds, _MEASURES)
    wins, decision = {}, experiment.decision
    if decision is not None:
        both = compare(worlds, decision.a, decision.b)
        wins = {f"{decision.a} beats {decision.b}": both["a_beats_b"]}
    return Answers({name: summary[name] for name in summary.portfolios}, wins)
