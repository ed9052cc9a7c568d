"""How far results lay from what was forecast, and how two baselines would have done."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..text.currency import currency, in_currency, writing_in
from ..text.numbers import counted, fixed
from .calibration import Calibration, Mark, calibrate
from .forecast import FIGURES, Forecast, read_forecast
from .log import Entry, ForecastError, Log, extended, read_log
from .results import Totals

Floats = npt.NDArray[np.float64]

#: Baselines, as JSON calls them and in words.
BASELINES = {"outside": "the outside view", "last": "the last campaign again"}
#: How figures are forecast that a run need not simulate.
_HOW = {"clicks": "; clicks = true in [tracking] simulates them"}
#: Totals by portfolio and figure.
Actual = Mapping[str, Mapping[str, float]]
Campaigns = Sequence[Mapping[str, float]]


# --- One figure -----------------------------------------------------------------------------------


def mid_pit(quantiles: Floats, actual: float) -> float:
    """Return the share of the forecast below a value, with half of what equals it.

    Parameters
    ----------
    quantiles
        Equal-weight quantiles, shape (m,).
    actual
        What came.
    """
    return float(np.mean(quantiles < actual) + 0.5 * np.mean(quantiles == actual))


def crps(quantiles: Floats, actual: float) -> float:
    """Return the continuous ranked probability score, in the figure's unit; smaller is better.

    Twice the mean pinball loss of the quantiles at the levels (i - 1/2) / m (Laio and Tamea 2007),
    which is exactly the score of the m values as equally likely ones (Gneiting and Raftery 2007,
    eq. 21); one value scores its distance.

    Parameters
    ----------
    quantiles
        Equal-weight quantiles, sorted, shape (m,).
    actual
        What came.
    """
    levels = (np.arange(len(quantiles)) + 0.5) / len(quantiles)
    beyond = actual - quantiles
    return float(2.0 * np.mean(np.where(beyond >= 0.0, levels, levels - 1.0) * beyond))


def largest_tie(quantiles: Floats) -> float:
    """Return the largest share of a forecast that is one value."""
    return float(np.unique(quantiles, return_counts=True)[1].max() / len(quantiles))


def central_range(quantiles: Floats, share: float) -> tuple[float, float]:
    """Return the ends of the central range that holds a share of the forecast."""
    low, high = np.quantile(quantiles, [0.5 - share / 2, 0.5 + share / 2], method="hazen")
    return float(low), float(high)


@dataclass(frozen=True)
class Score:
    """A figure of a portfolio against its forecast.

    Attributes
    ----------
    portfolio, figure
        Of what.
    actual
        What came, in the figure's unit.
    median, range_50, range_90, tied
        Of the forecast; tied is the largest share of it that is one value.
    pit
        See `mid_pit`.
    crps
        See `crps`.
    in_50, in_90
        Whether the central ranges held.
    baselines
        CRPS of each baseline there is.
    currency
        What money is counted in.
    """

    portfolio: str
    figure: str
    actual: float
    median: float
    range_50: tuple[float, float]
    range_90: tuple[float, float]
    tied: float
    pit: float
    crps: float
    in_50: bool
    in_90: bool
    baselines: Mapping[str, float]
    currency: str = field(default_factory=currency)

    @property
    def unit(self) -> str:
        """Unit of the figure."""
        return in_currency(FIGURES[self.figure], self.currency)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "portfolio": self.portfolio,
            "figure": self.figure,
            "unit": self.unit,
            "actual": self.actual,
            "median": self.median,
            "range_50": list(self.range_50),
            "range_90": list(self.range_90),
            "pit": self.pit,
            "crps": self.crps,
            "in_50": self.in_50,
            "in_90": self.in_90,
            "baselines": {name: self.baselines.get(name) for name in BASELINES},
        }


@dataclass(frozen=True)
class LossScore:
    """The forecast of a tracked loss against whether there was one.

    Attributes
    ----------
    portfolio
        Of what.
    probability
        Forecast share of worlds whose tracked revenue is below the cost.
    lost
        Whether it was.
    brier
        Squared difference of the two.
    baselines
        Brier score of each baseline there is.
    """

    portfolio: str
    probability: float
    lost: bool
    brier: float
    baselines: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "portfolio": self.portfolio,
            "probability": self.probability,
            "lost": self.lost,
            "brier": self.brier,
            "baselines": {name: self.baselines.get(name) for name in BASELINES},
        }


def scores_of(
    forecast: Forecast, actual: Actual, references: Mapping[str, Mapping[str, Campaigns]]
) -> tuple[list[Score], list[LossScore]]:
    """Score every figure that is both forecast and known.

    Parameters
    ----------
    forecast
        What was recorded.
    actual
        What came, by portfolio and figure.
    references
        By baseline, then by portfolio: totals of the campaigns that it rests on.
    """
    scores, losses = [], []
    for name, totals in actual.items():
        quantiles = forecast.quantiles[name]
        spend = float(np.median(quantiles["cost"]))
        others = {baseline: of[name] for baseline, of in references.items() if of.get(name)}
        for figure, came in totals.items():
            own = quantiles[figure]
            ranges = {share: central_range(own, share) for share in (0.5, 0.9)}
            scores.append(
                Score(
                    name, figure, came, float(np.median(own)), ranges[0.5], ranges[0.9],
                    largest_tie(own),
                    mid_pit(own, came), crps(own, came),
                    in_50=ranges[0.5][0] <= came <= ranges[0.5][1],
                    in_90=ranges[0.9][0] <= came <= ranges[0.9][1],
                    baselines={
                        baseline: crps(values, came) for baseline, campaigns in others.items()
                        if len(values := _again(baseline, figure, campaigns, spend))
                    },
                )
            )  # fmt: skip
        if {"cost", "revenue"} <= totals.keys():
            lost = totals["revenue"] < totals["cost"]
            chance = forecast.loss[name]
            chances = {
                baseline: float(np.mean(told)) for baseline, campaigns in others.items()
                if (told := [c["revenue"] < c["cost"] for c in campaigns
                             if {"cost", "revenue"} <= c.keys()])
            }  # fmt: skip
            losses.append(
                LossScore(
                    name, chance, lost, (chance - lost) ** 2,
                    {baseline: (share - lost) ** 2 for baseline, share in chances.items()},
                )
            )  # fmt: skip
    return scores, losses


def _again(baseline: str, figure: str, campaigns: Campaigns, spend: float) -> Floats:
    """Return what a figure would be if campaigns came again, sorted; shape (campaigns that know it,).

    A figure is taken per USD of that campaign's cost, times what this one was forecast to cost
    (median). The cost is that of the last campaign; others' budgets are no forecast of it.
    """
    if figure == "cost":
        values = [own["cost"] for own in campaigns if "cost" in own and baseline == "last"]
    else:
        values = [
            own[figure] / own["cost"] * spend
            for own in campaigns if figure in own and own.get("cost", 0.0) > 0.0
        ]  # fmt: skip
    return np.sort(np.asarray(values, dtype=np.float64))


# --- A campaign -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """A forecast marked by its results.

    Attributes
    ----------
    forecast
        What was recorded.
    date
        Day of the results.
    scores, losses
        Of every figure and portfolio.
    calibration
        What the campaigns of the log say of the ranges; None for fewer than five.
    campaigns
        Campaigns of the log with results, this one included.
    head
        SHA-256 of the log's last line.
    notes
        What was left out.
    """

    forecast: Forecast
    date: date
    scores: Sequence[Score]
    losses: Sequence[LossScore]
    calibration: Calibration | None
    campaigns: int
    head: str
    notes: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "forecast": {
                "hash": self.forecast.hash,
                "date": self.forecast.date,
                "experiment": self.forecast.experiment,
                "experiment_hash": self.forecast.experiment_hash,
            },
            "date": self.date.isoformat(),
            "scores": [score.to_dict() for score in self.scores],
            "loss": [loss.to_dict() for loss in self.losses],
            "campaigns": self.campaigns,
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "head": self.head,
            "sentences": self.sentences,
            "notes": list(self.notes),
        }

    @property
    def sentences(self) -> list[str]:
        """The answer in words: ranges that held, baselines, loss, calibration."""
        held = [sum(s.in_50 for s in self.scores), sum(s.in_90 for s in self.scores)]
        of = counted(len(self.scores), "figure")
        told = [f"{held[0]} of {of} lay in the 50 % range, {held[1]} in the 90 % range."]
        for baseline, words in BASELINES.items():
            pairs = [
                (s.crps, s.baselines[baseline]) for s in self.scores if baseline in s.baselines
            ]
            if pairs:
                better = sum(own < other for own, other in pairs)
                told.append(
                    f"The forecast was nearer than {words} in {better} of {len(pairs)} figures (CRPS)."
                )
        told += [
            f"{loss.portfolio}: a tracked loss (revenue that codes and links see below cost) was "
            f"forecast with probability {fixed(loss.probability, 2)} and "
            f"{'came' if loss.lost else 'did not come'} (Brier score {fixed(loss.brier, 2)})."
            for loss in self.losses
        ]
        return told + ([] if self.calibration is None else self.calibration.sentences)


def record_and_score(
    path: Path,
    read: Callable[[Collection[str]], Totals],
    day: date,
    *,
    experiment_hash: str | None = None,
    outside: Totals | None = None,
    now: datetime | None = None,
) -> Scored:
    """Record results beside the forecast that they belong to, and score it.

    Results that stand there already are recorded no second time; other results of the same forecast
    take the place of earlier ones in all that is computed.

    Parameters
    ----------
    path
        The log.
    read
        Returns the results, given the names of the portfolios that were forecast.
    day
        Day of the results: the forecast is the last that was recorded until then.
    experiment_hash
        Of the run whose forecast is scored; by default any run's.
    outside
        Measured campaigns for the outside view, by the name of each.
    now
        When the results are recorded; by default the present.

    Raises
    ------
    ForecastError
        Where there is no forecast, it was recorded after the results, the chain is broken, or the
        results cannot be read; then nothing is recorded.
    RunError
        Where the log cannot be written.
    """
    recorded = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = _forecast_until(read_log(path), day, experiment_hash)
    forecast = read_forecast(entry, path)
    with writing_in(forecast.currency):
        totals = _forecast_figures(read(list(forecast.quantiles)), forecast)
    if not any(totals.of.values()):
        raise ForecastError("nothing to score: every figure has gaps or is empty")

    def record(log: Log) -> dict[str, Any] | None:
        content = {"forecast": entry.hash, "day": day.isoformat(), "results": totals.of}
        earlier = [e.record for e in log.of_kind("results") if e.record["forecast"] == entry.hash]
        if earlier and all(earlier[-1][key] == value for key, value in content.items()):
            return None
        return {"kind": "results", "date": recorded, **content}

    log = extended(path, record)
    campaigns = campaigns_of(log)
    last = _last(campaigns, forecast, totals.of)
    everywhere = [] if outside is None else list(outside.of.values())
    references = {"outside": dict.fromkeys(totals.of, everywhere), "last": last}
    with writing_in(forecast.currency):
        scores, losses = scores_of(forecast, totals.of, references)
    notes = [totals.read, *totals.notes]
    if outside is None:
        notes.append(
            "the outside view is left out: name a table of measured campaigns with --outside"
        )
    else:
        notes += [f"outside view: {note}" for note in (outside.read, *outside.notes)]
    if not last:
        notes.append(
            "the last campaign again is left out: none with these portfolios was scored before the "
            "forecast"
        )
    marks = [
        [Mark(s.figure, s.pit, s.tied, s.in_50, s.in_90) for s in scores_of(f, a, {})[0]]
        for f, a, _ in campaigns
    ]
    return Scored(
        forecast, day, scores, losses, calibrate(marks), len(campaigns), log.head, tuple(notes)
    )


def _forecast_figures(totals: Totals, forecast: Forecast) -> Totals:
    """Return results without the figures that were not forecast, and say which."""
    known = {
        name: {f: value for f, value in of.items() if f in forecast.quantiles[name]}
        for name, of in totals.of.items()
    }
    left = dict.fromkeys(f for name, of in totals.of.items() for f in of if f not in known[name])
    notes = [
        f"{figure} were not forecast, so they are not scored{_HOW.get(figure, '')}"
        for figure in left
    ]
    return replace(totals, of=known, notes=(*totals.notes, *notes))


def _forecast_until(log: Log, day: date, experiment_hash: str | None) -> Entry:
    """Return the last forecast that was recorded until a day.

    Raises
    ------
    ForecastError
        Where there is none.
    """
    entries = [
        entry for entry in log.of_kind("forecast")
        if experiment_hash in (None, entry.record.get("experiment_hash"))
    ]  # fmt: skip
    if not entries:
        of = "" if experiment_hash is None else " of this run"
        raise ForecastError(f"{log.path}: holds no forecast{of}; record one with `sim log RUN`")
    until = [e for e in entries if str(e.record.get("date"))[:10] <= day.isoformat()]
    if not until:
        raise ForecastError(
            f"{log.path}: the forecast was recorded on {str(entries[0].record.get('date'))[:10]}, after "
            f"the results of {day.isoformat()}, and is refused; --date names the day of the results"
        )
    return until[-1]


Campaign = tuple[Forecast, Actual, str]


def campaigns_of(log: Log) -> list[Campaign]:
    """Return the campaigns of a log: forecast, results and their day, in the order of the records.

    The last results of a forecast count. The same results under several forecasts are one campaign,
    with the last of these forecasts.
    """
    forecasts = {entry.hash: entry for entry in log.of_kind("forecast")}
    last = {}
    for entry in log.of_kind("results"):
        _check_results(entry, forecasts, log.path)
        last[entry.record["forecast"]] = entry.record
    campaigns = {}
    for of, record in last.items():
        key = json.dumps([record["day"], record["results"]], sort_keys=True)
        campaigns[key] = (read_forecast(forecasts[of], log.path), record["results"], record["day"])
    return list(campaigns.values())


def _check_results(entry: Entry, forecasts: Mapping[str, Entry], path: Path) -> None:
    record = entry.record
    try:
        known = forecasts[record["forecast"]].record["portfolios"]
        date.fromisoformat(record["day"])
        whole = all(
            figure in known[name]["quantiles"] and float(value) == value
            for name, totals in record["results"].items() for figure, value in totals.items()
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise ForecastError(
            f"{path}: line {entry.line} holds no results that can be read; restore the file from a "
            "copy, or name another with --log"
        )


def _last(
    campaigns: Sequence[Campaign], forecast: Forecast, actual: Actual
) -> dict[str, list[Mapping[str, float]]]:
    """Return the results of each portfolio in the last campaign known when a forecast was recorded."""
    known: dict[str, tuple[str, Mapping[str, float]]] = {}
    for other, results, day in campaigns:
        if other.hash == forecast.hash or day > forecast.day:
            continue
        if other.currency != forecast.currency:  # what a unit of money brings is another figure
            continue
        for name, totals in results.items():
            if name in actual and totals and day >= known.get(name, ("", {}))[0]:
                known[name] = (day, totals)
    return {name: [totals] for name, (_, totals) in known.items()}
