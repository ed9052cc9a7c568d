"""The diversification curve and its floor against the closed form of an equal-weight mean of correlated creators.

Checks allow four standard errors: a false alarm in 6 of 100,000 seeds for each figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.experiment import Experiment, ExperimentError, build
from sim.questions.diversify import DiversifyOptions, diversify
from sim.questions.diversify._answer import Diversification, some_of
from sim.questions.diversify._diversify import _last_above, ask
from sim.questions.question import Setting

Make = Callable[..., Experiment]
SIGMA, LOADING = 0.5, 0.6
COUNTS = (1, 4, 16, 64)


def followed(experiment: Experiment, worlds: int, **options: Any) -> Diversification:
    return ask(Setting(experiment), DiversifyOptions(**options), worlds=worlds)


def correlation() -> float:
    """Linear correlation of two lognormals that share a factor."""
    return math.expm1((LOADING * SIGMA) ** 2) / math.expm1(SIGMA**2)


@pytest.fixture(scope="module")
def found(still_tier: Make) -> Diversification:
    experiment = still_tier(
        {"engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}}},
        shocks={
            "loadings": {
                "engagement_rate": {"campaign": LOADING},
                "conversion_rate": {"campaign": 0.0, "niche": 0.0},
                "reach_rate": {"platform": 0.0},
                "amplification": {"platform": 0.0, "campaign": 0.0},
            }
        },
    )
    return followed(experiment, counts=COUNTS, worlds=8_192)


def test_spread_follows_the_closed_form(found: Diversification) -> None:
    item, rho = found["p"], correlation()
    one = math.sqrt(math.expm1(SIGMA**2))
    for count in COUNTS:
        m = item.at(count)
        back = 1.0 + (m["roi_mean"].value or 0.0)
        spread, error = m["spread"].value or 0.0, m["spread"].se or 0.0
        # Poisson orders add 0.3 % of one creator's spread in squares: below a thousandth.
        expected = one * math.sqrt((1.0 + (count - 1) * rho) / count) * back
        assert abs(spread - expected) < 4.0 * error + 1e-3 * expected
        assert error < 0.05 * expected


def test_floor_is_what_no_number_removes(found: Diversification) -> None:
    item, rho = found["p"], correlation()
    back = 1.0 + (item.at(64)["roi_mean"].value or 0.0)
    floor = item.floor.spread
    expected = math.sqrt(math.expm1(SIGMA**2) * rho) * back
    # The covariance at 64 creators is the floor itself: E[x | factors] does not know how many.
    assert abs((floor.value or 0.0) - expected) < 4.0 * (floor.se or 0.0) + 1e-3 * expected
    share = 1.0 - rho / ((1.0 + 9.0 * rho) / 10.0)
    removable = item.removable
    assert item.hired == 10
    assert abs((removable.value or 0.0) - share) < 4.0 * (removable.se or 0.0) + 1e-3


def test_shortfall_approaches_its_floor_from_below(found: Diversification) -> None:
    worst = [p["roi_es05"].value or 0.0 for p in found["p"].points]
    assert worst == sorted(worst)
    assert (found["p"].floor["roi_es05"].value or 0.0) > worst[-1]


def test_independent_creators_have_no_floor(still_tier: Make) -> None:
    experiment = still_tier({"engagement_rate": {"lognormal": {"mean": 0.01, "log_sd": SIGMA}}})
    floor = followed(experiment, counts=(1, 8, 64), worlds=4_096)["p"].floor.spread
    # sd(ROI) of 64 independent creators is 0.067: noise of a covariance of 4,096 pairs is 1 / 64
    # of its square, so the root is below four times 0.067 / 8.
    assert (floor.value or 0.0) < 4.0 * 0.067 / 8.0


@pytest.mark.parametrize(("slope", "enough"), [(0.5, 22), (2.0, 45), (1e-6, 1)])
def test_enough_solves_the_slope(slope: float, enough: int) -> None:
    # A measure that runs like c / n: creator n + 1 moves it by c / (n (n + 1)), here at least 0.001.
    assert _last_above([slope] * 3, [1, 10, 50, 200], 0.001) == enough


def test_enough_beyond_what_was_tried() -> None:
    assert _last_above([50.0, 50.0], [1, 10, 20], 0.001) is None


def test_rows_of_a_terminal_keep_both_ends_and_the_hired() -> None:
    kept = some_of([1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 100, 205, 410], 205, 6)
    assert kept[0] == 1
    assert kept[-1] == 410
    assert 205 in kept
    assert len(kept) <= 6


def test_table_says_what_stays(found: Diversification) -> None:
    rows = found.shown().to_texts()
    assert len(rows) <= 20
    assert rows[-1]["creators"] == "any number"
    assert any("hired" in row["creators"] for row in rows)


def test_every_setting_is_checked_at_once(still_tier: Make) -> None:
    with pytest.raises(ExperimentError) as error:
        diversify(still_tier(), risk="luck", amount=0.0, counts=[0])
    for word in ("risk: must be 'es05', ", "amount: must be more than 0", "counts: must be 1 or"):
        assert word in str(error.value)
    with pytest.raises(ExperimentError, match="--portfolio: no such portfolio"):
        diversify(still_tier(), portfolios=["nobody"])


def roster_and_some(tmp_path: Path) -> Experiment:
    (tmp_path / "list.csv").write_text("name,followers\nann,20000\nbob,30000\n", encoding="utf-8")
    tables = {
        "simulation": {"worlds": 256, "seed": 1},
        "portfolio": {"list": {"roster": "list.csv"}, "some": {"tier": "micro", "creators": 3}},
        "decision": {"a": "list", "b": "some"},
    }
    return build(tables, name="rosters", folder=tmp_path)


def test_a_roster_has_no_other_number_of_creators(tmp_path: Path) -> None:
    experiment = roster_and_some(tmp_path)
    found = followed(experiment, counts=[1, 2], worlds=256)
    assert [item.portfolio for item in found.portfolios] == ["some"]
    assert "list is a roster: its creators are named." in found.notes
    with pytest.raises(ExperimentError, match="--portfolio: is a roster"):
        followed(experiment, portfolios=["list"], worlds=256)
