"""Charts of answers hold what the answers say: asserted on the artists."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sim.charts.paper import NO_BREAK
from sim.questions.breakeven import breakeven
from sim.questions.scenario import scenario
from sim.questions.sweep import sweep
from sim.questions.tornado import tornado

FEE = "tier.few.fee"


def by_gid(ax, start):
    found = [artist for artist in ax.get_children() if (artist.get_gid() or "").startswith(start)]
    assert found, start
    return found


def saved(answer):
    """Return an answer as it comes back from its file."""
    return json.loads(json.dumps(answer.to_dict(), allow_nan=False))


def title(ax):
    texts = [text for text in ax.figure.texts if text.get_gid() == "title"]
    return texts[0].get_text().replace("\n", " ")


def test_a_tie_stands_where_it_is(still):
    found = breakeven(still(), FEE, values="4000 to 16000", beliefs=False)
    ax = breakeven.read(saved(found)).plot()
    (line,) = by_gid(ax, "tie")
    assert line.get_xdata()[0] == pytest.approx(found.ties[0].value)
    low, high = ax.get_xlim()
    assert low < found.ties[0].value < high
    assert "tie on mean ROI" in title(ax)
    curve = by_gid(ax, "line few")[0]
    at = np.interp(8_000.0, curve.get_xdata(), curve.get_ydata())
    # Its mean ROI is that of 48,000 USD on 16,000.
    assert at == pytest.approx(2.0, abs=0.02)


def test_even_chances_have_their_level(still):
    found = breakeven(still(), FEE, on="a_beats_b", values="4000 to 16000", beliefs=False)
    (level,) = by_gid(breakeven.read(saved(found)).plot(), "level")
    assert level.get_ydata()[0] == 0.5


def test_two_keys_are_a_map(still):
    found = breakeven(still(), FEE, "tier.many.fee", second_values=[200.0, 300.0, 400.0, 600.0])
    ax = breakeven.read(saved(found)).plot()
    assert ax.get_xlabel().startswith("fee of many, USD")
    assert ax.get_ylabel().replace(NO_BREAK, " ").startswith("fee of few, USD")


def test_a_sweep_along_one_key_has_means_medians_and_bands(priced):
    found = sweep(priced(), {"tier.micro.fee": [400, 100, 200]})
    ax = sweep.read(saved(found)).plot()
    for name in found.dataset["portfolio"].values:
        median = by_gid(ax, f"median {name}")[0]
        own = found.dataset["roi_median"].sel(portfolio=name)
        assert median.get_xdata().tolist() == [100.0, 200.0, 400.0]
        np.testing.assert_allclose(median.get_ydata(), own.values[[1, 2, 0]])


@pytest.mark.parametrize("options", [{}, {"zipped": True}, {"means": True}], ids=str)
def test_sweeps_of_several_keys_are_drawn(priced, options):
    values = {"tier.micro.fee": [100, 200, 400], "costs.hourly_rate": [20, 40, 80]}
    assert sweep.read(saved(sweep(priced(), values, **options))).plot().get_xlabel()


def test_text_has_no_axis(priced):
    found = sweep(priced(), {"portfolio.few.tier": ["micro", "macro"]})
    assert not found.figures()


def test_bars_of_a_tornado_end_where_the_inputs_do(priced):
    found = tornado(priced())
    ax = tornado.read(saved(found)).plot()
    first = found.inputs[0]
    ends = {
        round(patch.get_x() + width, 9)
        for patch in ax.patches
        for width in (0.0, patch.get_width())
    }
    assert {round(first.low.value, 9), round(first.high.value, 9)} <= ends


def test_rank_bars_start_at_zero(priced):
    experiment = priced()
    found = tornado(experiment, rank=True)
    ax = tornado.read(saved(found)).plot()
    widths = {round(patch.get_width(), 9) for patch in ax.patches}
    assert round(found.inputs[0].rank_correlation.value, 9) in widths


def test_scenarios_show_median_and_mean_of_each(still):
    found = scenario(still(scenario={"recession": {"economics.order_value": "0.8x"}}))
    ax = scenario.read(saved(found)).plot()
    medians = [artist.get_xdata()[0] for artist in by_gid(ax, "median many")]
    own = [case.portfolios["many"]["roi_median"].value for case in found.scenarios]
    assert medians == pytest.approx(own)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["base", "recession"]


def test_nothing_uncertain_has_no_chart(still):
    assert not tornado(still()).figures()
