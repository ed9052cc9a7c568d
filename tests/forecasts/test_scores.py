"""Scores against their definitions, closed forms and another implementation."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, norm

from sim.forecasts import ForecastError, Totals, extended, read_log, record_and_score
from sim.forecasts.calibration import Mark, calibrate
from sim.forecasts.forecast import LEVELS
from sim.forecasts.scores import central_range, crps, largest_tie, mid_pit

DRAWS = np.sort(np.random.default_rng(3).lognormal(size=1001))
PLACES = [0.0, 0.3, float(DRAWS[500]), 5.0, 1e4]


@pytest.mark.parametrize("y", PLACES)
def test_crps_is_the_mean_pinball_loss_and_the_score_of_the_sample(y):
    pinball = sum(
        2 * ((level if y >= q else level - 1) * (y - q))
        for q, level in zip(DRAWS, LEVELS, strict=True)
    ) / len(DRAWS)
    energy = np.abs(DRAWS - y).mean() - np.abs(DRAWS[:, None] - DRAWS).mean() / 2
    assert crps(DRAWS, y) == pytest.approx(pinball, rel=1e-12)
    assert crps(DRAWS, y) == pytest.approx(energy, rel=1e-12)


@pytest.mark.parametrize("y", PLACES)
def test_crps_is_that_of_scoringrules(y):
    rules = pytest.importorskip("scoringrules")
    assert crps(DRAWS, y) == pytest.approx(float(rules.crps_quantile(y, DRAWS, LEVELS)), rel=1e-12)


@pytest.mark.parametrize("y", [-2.0, 0.0, 0.7])
def test_crps_of_a_normal_forecast_has_its_closed_form(normal, y):
    exact = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / math.sqrt(math.pi)
    # Between the levels lies what 1,001 quantiles do not tell: below 1 / 1001 of the spread.
    assert crps(normal, y) == pytest.approx(exact, abs=1e-3)


def test_one_value_scores_its_distance():
    assert crps(np.array([3.0]), 5.5) == 2.5


def test_mid_pit_counts_half_of_what_is_equal(normal):
    assert mid_pit(np.array([0.0, 0.0, 1.0, 2.0]), 0.0) == 0.25
    assert mid_pit(np.array([0.0, 0.0, 1.0, 2.0]), 1.0) == 0.625
    assert mid_pit(normal, -9.0) == 0.0
    assert mid_pit(normal, 9.0) == 1.0


def test_ranges_of_a_normal_forecast(normal):
    for share in (0.5, 0.9):
        low, high = central_range(normal, share)
        wanted = norm.ppf(0.5 + share / 2)
        assert (low, high) == (pytest.approx(-wanted, abs=1e-4), pytest.approx(wanted, abs=1e-4))


def test_ties_are_measured():
    assert largest_tie(np.array([0.0, 0.0, 0.0, 2.0])) == 0.75


# --- Calibration ----------------------------------------------------------------------------------


def marks(scores, tied=0.001):
    pits = norm.cdf(scores)
    return [[Mark("cost", p, tied, abs(p - 0.5) < 0.25, abs(p - 0.5) < 0.45)] for p in pits]


def test_the_factor_is_the_root_mean_square_with_its_chi_square_interval():
    scores = np.array([-2.0, 0.5, 1.5, -1.0, 2.5, 0.1])
    [judged] = calibrate(marks(scores)).figures
    square = (scores**2).sum()
    assert judged.factor == pytest.approx(math.sqrt(square / 6), rel=1e-9)
    assert judged.low == pytest.approx(math.sqrt(square / chi2.ppf(0.95, 6)), rel=1e-9)
    assert judged.high == pytest.approx(math.sqrt(square / chi2.ppf(0.05, 6)), rel=1e-9)
    assert judged.held == (2, 4)


def test_portfolios_of_one_campaign_count_as_one():
    single = marks(np.array([-2.0, 0.5, 1.5, -1.0, 2.5]))
    assert calibrate([own * 3 for own in single]).figures[0].factor == pytest.approx(
        calibrate(single).figures[0].factor
    )
    assert calibrate([own * 3 for own in single]).figures[0].low == pytest.approx(
        calibrate(single).figures[0].low
    )


def test_four_campaigns_and_forecasts_of_one_value_judge_nothing():
    scores = np.array([-2.0, 0.5, 1.5, -1.0, 2.5])
    assert calibrate(marks(scores[:4])) is None
    assert calibrate(marks(scores, tied=0.4)) is None


def test_the_interval_covers_the_factor_as_often_as_it_says():
    stream, true = np.random.default_rng(5), 1.6
    inside = 0
    for _ in range(400):
        [judged] = calibrate(marks(true * stream.standard_normal(8))).figures
        inside += judged.low <= true <= judged.high
    # Binomial with 400 and 0.9: four standard errors are 0.06.
    assert abs(inside / 400 - 0.9) < 0.06


# --- Campaigns ------------------------------------------------------------------------------------


def results(**figures: float) -> Totals:
    return Totals({"a": figures}, "read: all", ())


def scored(log: Path, day: str, **figures: float):
    return record_and_score(log, lambda _: results(**figures), date.fromisoformat(day))


def test_baselines_are_per_usd_of_the_forecast_cost(tmp_path, forecast):
    log = tmp_path / "f.jsonl"
    extended(log, lambda _: forecast("2026-01-01"))
    first = scored(log, "2026-02-01", cost=2000.0, revenue=800.0)
    assert "last" not in first.scores[0].baselines
    assert any("last campaign again is left out" in note for note in first.notes)
    extended(log, lambda _: forecast("2026-03-01"))
    past = Totals(
        {"p": {"cost": 100.0, "revenue": 40.0}, "q": {"cost": 100.0, "revenue": 120.0}}, "", ()
    )
    now = record_and_score(
        log, lambda _: results(cost=1100.0, revenue=500.0), date(2026, 4, 1), outside=past
    )
    cost, revenue = now.scores
    # Last time 0.4 USD came of each USD; 1,000 USD are forecast, and 500 came.
    assert revenue.baselines["last"] == pytest.approx(100.0)
    assert cost.baselines == {"last": pytest.approx(900.0)}
    # Equally likely 400 and 1,200: mean distance (100 + 700) / 2, less half of the mean pair, 200.
    assert revenue.baselines["outside"] == pytest.approx(200.0)
    [loss] = now.losses
    assert (loss.lost, loss.brier) == (True, pytest.approx(0.01))
    assert loss.baselines == {"last": 0.0, "outside": pytest.approx(0.25)}


def test_a_later_campaign_is_no_baseline_of_an_earlier_forecast(tmp_path, forecast):
    log = tmp_path / "f.jsonl"
    extended(log, lambda _: forecast("2026-01-01", mean=400.0))
    extended(log, lambda _: forecast("2026-01-02"))
    scored(log, "2026-05-01", cost=2000.0)
    first = scored(log, "2026-01-01", cost=900.0)
    assert first.forecast.day == "2026-01-01"
    assert first.scores[0].baselines == {}


def test_a_forecast_after_its_results_is_refused(tmp_path, forecast):
    log = tmp_path / "f.jsonl"
    extended(log, lambda _: forecast("2026-03-01"))
    before = log.read_bytes()
    with pytest.raises(
        ForecastError, match="recorded on 2026-03-01, after the results of 2026-02-28"
    ):
        scored(log, "2026-02-28", cost=1.0)
    assert log.read_bytes() == before


def test_results_count_once_and_the_last_of_a_forecast(tmp_path, forecast):
    log = tmp_path / "f.jsonl"
    extended(log, lambda _: forecast("2026-03-01"))
    scored(log, "2026-04-01", cost=1000.0)
    assert scored(log, "2026-04-01", cost=1000.0).campaigns == 1
    assert len(read_log(log).entries) == 2
    assert scored(log, "2026-04-01", cost=1010.0).campaigns == 1
    # The same results under a second forecast are no second campaign.
    extended(log, lambda _: forecast("2026-03-02"))
    assert scored(log, "2026-04-01", cost=1010.0).campaigns == 1


def test_five_campaigns_are_judged(tmp_path, forecast):
    log = tmp_path / "f.jsonl"
    costs = [800.0, 1250.0, 700.0, 1300.0, 1100.0]
    for month, cost in enumerate(costs, start=1):
        extended(log, lambda _, m=month: forecast(f"2026-0{m}-01"))
        now = scored(log, f"2026-0{month}-20", cost=cost)
        assert (now.calibration is None) == (month < 5)
    [judged] = now.calibration.figures
    scores = [(cost - 1000.0) / 100.0 for cost in costs]
    # PITs are known to 1 / 1001: scores of 2.5 and 3 to about 0.06 and 0.2.
    assert judged.factor == pytest.approx(math.sqrt(np.mean(np.square(scores))), rel=0.05)
    assert judged.low > 1.0
    assert "too narrow" in judged.sentence
    assert now.calibration.figure().finding == "Ranges of cost were too narrow"


def test_packaged_campaigns_are_as_their_sources_state_them():
    from sim.forecasts import packaged

    told = packaged()
    # Blueland: 129,280 USD on 9,917, 247,000 impressions, 11,400 engagements.
    assert told.of["blueland"] == pytest.approx(
        {"cost": 9_917, "revenue": 129_280, "impressions": 247_000, "engagements": 11_400}
    )
    # Traced sales alone: what marketing mix models measure is no revenue that codes see.
    assert not any(name.startswith("nielsen") for name in told.of)
    per_usd = [of["revenue"] / of["cost"] for of in told.of.values() if "revenue" in of]
    assert sorted(per_usd) == pytest.approx([6, 129_280 / 9_917, 20])
    # 32 to 42 USD per thousand on Instagram.
    assert told.of["cpm-iz-ig"]["impressions"] == pytest.approx(1000 / np.sqrt(32 * 42))
