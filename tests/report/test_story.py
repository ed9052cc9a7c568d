"""The story: findings that the numbers carry, saved answers read with care."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from sim.charts.run import Run
from sim.charts.scale import RoiScale
from sim.experiment import build
from sim.figures.spec import Bars, Cells, unbroken
from sim.notebook import headline_table, ranked_table
from sim.report import always
from sim.report.always import PARTS, bin_edges
from sim.report.asked import asked
from sim.report.story import all_figures, compared
from sim.run.written import read_answer

from .conftest import OF_ANOTHER_VERSION, TORNADO


def test_sections_come_in_order_and_empty_ones_are_left_out(story) -> None:
    assert [section.key for section in story.sections] == ["comparison", "risk", "drivers", "flips"]


def test_answer_of_another_version_is_told_in_its_own_words(story) -> None:
    drivers = story.section("drivers")
    words = next(f for f in drivers.figures if f.name == "sensitivity")
    assert words.finding == OF_ANOTHER_VERSION["sentence"].rstrip(".")
    assert isinstance(words.panels[0], Cells)


def test_keys_are_unique_and_fit_for_anchors(story) -> None:
    keys = [figure.name for figure in all_figures(story)]
    assert len(keys) == len(set(keys))
    assert all(key == key.lower() and " " not in key for key in keys)


def test_tornado_bars_start_at_the_base_with_the_largest_on_top(story) -> None:
    figure = next(f for f in all_figures(story) if f.name == "tornado")
    model = figure.panels[0]
    assert isinstance(model, Bars)
    assert model.start == TORNADO["base"]["value"]
    assert model.categories == ("campaign shock", "fee of micro")
    assert model.series[0].values == (0.75, 2.0)
    assert figure.finding == "fee of micro moves mean ROI of micro most: from +25 % to +200 %"


def test_a_lead_within_its_errors_is_not_told(folder) -> None:
    from sim.report import open_run

    def driver(words: str, share: float) -> dict[str, object]:
        entry = {"value": share, "se": 0.05, "unit": "share of variance"}
        return {"outcome": "micro", "input": words, "kind": "belief", "words": words,
                "first_order": entry, "total": entry}  # fmt: skip

    content = {
        "analysis": "sensitivity", "sentence": "One drives it.", "scale": "roi", "method": "sobol",
        "variable": "roi", "a": "micro", "b": None, "worlds": 100, "drivers": [driver("fee", 0.41), driver("reach", 0.40)],
    }  # fmt: skip
    with open_run(folder) as opened:
        near = asked(opened.run, {"sensitivity": content})["drivers"][0]
        content["drivers"] = [driver("fee", 0.9), driver("reach", 0.1)]
        far = asked(opened.run, {"sensitivity": content})["drivers"][0]
    assert near.finding == "fee and reach move roi of micro most, and about as much"
    assert far.finding == "fee moves roi of micro most (90 %)"


@pytest.mark.parametrize("doublings", [True, False])
def test_bins_are_even_and_begin_at_ticks(doublings: bool) -> None:
    """On the axis all bins have one width; break-even is an edge; every fourth name is a tick."""
    scale = RoiScale(-0.9, 15.0, doublings=doublings)
    edges = bin_edges(scale)
    assert np.ptp(np.diff(scale.position(edges))[1:]) < 1e-6
    assert 0.0 in edges
    named = np.concatenate([[-np.inf], edges])[PARTS::PARTS]
    assert np.allclose(named[: len(scale.ticks())], scale.ticks())


def test_numbers_stay_with_their_units() -> None:
    assert unbroken("5 % of 75k USD ± 3 x 1 a") == (
        "5\u00a0% of 75k USD ±\u00a03 x 1 a".replace("75k USD", "75k USD")
    )


def test_assumptions_are_counted(story) -> None:
    assumed = [row for row in story.inputs if row.assumed]
    assert 0 < len(assumed) < len(story.inputs)
    assert all(row.source.startswith("assumption") for row in assumed)
    assert {row.key for row in story.key_inputs} <= {row.key for row in story.inputs}


def test_many_portfolios_are_rows_and_pictures_show_some() -> None:
    """They are told by the best of them: no table of as many columns, no chart of every one."""
    portfolio = {f"p{k:02d}": {"tier": "micro", "creators": 2 + k} for k in range(13)}
    experiment = build({"simulation": {"worlds": 300, "seed": 2}, "portfolio": portfolio})
    results = sim.simulate(experiment, threads=1)
    answer = read_answer(results)
    assert answer.best is not None
    assert answer.sentences[0].startswith("Of 13 portfolios ")
    pair = answer.comparisons[0]
    assert answer.sentences[2].startswith((f"{pair.a} ", f"{pair.b} "))
    assert len(headline_table(answer)) == 1 + 13
    assert len(answer.comparisons) == 13 * 12 // 2
    table = ranked_table(answer, 6)
    assert len(table) == 1 + 6
    assert table[-1][0] == "and 8 more"
    assert {pair.a, pair.b} <= {row[0] for row in table}
    whole = compared(answer, 300).panels[0]
    assert isinstance(whole, Cells)
    assert len(whole.rows) == 13
    assert whole.rows[0][0] == answer.best.names[0]
    run = Run(results, answer.summary)
    some = run.only(answer.best.shown(answer.summary))
    assert 6 <= len(some.names) < 13
    assert {pair.a, pair.b} <= set(some.names)
    assert f"; {len(some.names)} of 13 portfolios" in some.left_out()
    losses = always.losses(some, answer.summary)
    # What a title says of the first and the last holds of all.
    whole_title = always.losses(run, answer.summary).finding
    assert losses.finding == whole_title
    reason = always.reason(run, answer.summary, answer.why) if answer.why else None
    assert reason is not None
    bars = reason.panels[0]
    assert isinstance(bars, Bars)
    first, last = bars.series[1].values[0], bars.series[4].values[-1]
    assert last == pytest.approx((first or 0.0) * (answer.why.ratio.value or 0.0))  # type: ignore[union-attr]
