"""The outside view: measured campaigns, each with a source, and where a forecast lies among them."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.evidence import sources
from sim.evidence.campaigns import campaigns
from sim.evidence.tables import claims, published
from sim.experiment import build
from sim.measures import summarize
from sim.run.outside import incremental_roas, outside_view, place

FIGURES = {figure.id: figure for figure in (*claims(), *published())}
SIX = next(row for row in campaigns() if row.id == "nielsen-six")


def sure(conversion: float) -> dict[str, Any]:
    """Return a file of one portfolio whose revenue is conversion times 1,000 engagements a post."""
    return {
        "simulation": {"worlds": 400, "seed": 2},
        "portfolio": {"sure": {"tier": "micro", "creators": 50}},
        "tier": {"micro": {"conversion_rate": conversion, "fee": 200}},
        "economics": {"incremental_share": 0.5, "return_rate": 0.1, "gross_margin": 0.6},
    }


def test_every_row_has_a_source_and_figures_of_it() -> None:
    for row in campaigns():
        assert row.source in sources()
        assert row.rows
        for key in row.rows:
            assert row.source in (FIGURES[key].source, FIGURES[key].origin)
        assert row.kind in ("incremental", "tracked")
        assert row.measure in ("roas", "roas_mean", "loss")
        assert row.low is not None or row.high is not None


def test_the_ranges_are_those_of_the_figures() -> None:
    rows = {row.id: row for row in campaigns()}
    assert (SIX.low, SIX.high) == (FIGURES["roas-wn-six"].low, FIGURES["roas-wn-six"].high)
    blueland = FIGURES["case-blueland-revenue"].low, FIGURES["case-blueland-cost"].low
    assert rows["blueland"].low == pytest.approx(blueland[0] / blueland[1], abs=0.005)  # type: ignore[operator]
    assert rows["beichert-nano"].low == FIGURES["rev-be-nano"].low / 50  # type: ignore[operator]
    assert rows["beichert-macro"].high == FIGURES["rev-be-macro"].high / 1_000  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.4, "below all of 6"), (1.5, "within the range of 6"), (4.6, "above all of 6")],
)
def test_where_a_value_lies(value: float, words: str) -> None:
    assert place(value, SIX).startswith(words)


def test_incremental_revenue_is_the_share_of_revenue_that_would_not_have_come() -> None:
    experiment = build(sure(0.03))
    dataset = sim.simulate(experiment, threads=1)
    roas = dataset["revenue"].values[0] / dataset["cost"].values[0]
    # half of every order is incremental
    half = 0.5 * sorted(roas)[199] / 2 + 0.5 * sorted(roas)[200] / 2
    assert incremental_roas(dataset, experiment)["sure"] == pytest.approx(half)


def test_beyond_all_a_warning_names_what_carries_it() -> None:
    experiment = build(sure(0.9))
    dataset = sim.simulate(experiment, threads=1)
    (sentence,), (warning,) = outside_view(dataset, experiment, summarize(dataset), ["sure"])
    assert "above all of 6 measured campaigns (1.5 to 4.5)" in sentence
    assert "Nielsen for Whalar 2023" in sentence
    assert "the file's own conversion rate, fee and incremental share" in warning
    assert "engagement rate and order value from evidence" in warning
