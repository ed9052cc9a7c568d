"""Sliders and what follows from them: the same figures as a run of the file they stand for."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.explore.controls import REACH, Control, controls
from sim.explore.whatif import PositionError, WhatIf
from sim.text.numbers import cell
from sim.vary.keys import median


def control(what_if: WhatIf, label: str) -> int:
    (place,) = [i for i, c in enumerate(what_if.controls) if c.label.startswith(label)]
    return place


def start(what_if: WhatIf) -> list[int]:
    return [c.start for c in what_if.controls]


def moved(what_if: WhatIf, label: str, by: int) -> list[int]:
    positions = start(what_if)
    positions[control(what_if, label)] += by
    return positions


def test_sliders_stand_at_the_files_own_values(what_if):
    fee = what_if.controls[control(what_if, "fee of a micro")]
    own = median(what_if.experiment.tier["micro"].on["instagram"].fee)
    assert fee.values[fee.start] == own
    assert fee.values[-1] == pytest.approx(REACH * own, rel=0.01)
    assert fee.values[0] == pytest.approx(own / REACH, rel=0.01)
    for each in what_if.controls:
        assert list(each.values) == sorted(each.values)
        assert len(each.texts) == len(each.values)
    labels = [c.label for c in what_if.controls]
    assert labels[:2] == ["budget of micro", "creators of macro"]
    assert any(label.startswith("order value") for label in labels)


def test_one_budget_where_all_are_equal_and_no_slider_without_shared_shocks():
    experiment = sim.build(
        {
            "portfolio": {
                "x": {"tier": "micro", "budget": 5_000},
                "y": {"tier": "macro", "budget": 5_000},
            },
            "shocks": {"loadings": {"conversion_rate": {"campaign": 0.0}}},
        }
    )
    found = controls(experiment)
    assert [key.name for key in found[0].keys] == ["portfolio.x.budget", "portfolio.y.budget"]
    heaviest = max(sum(w**2 for w in ls.values()) for ls in experiment.shocks.loadings.values())
    scales = [c for c in found if c.unit == "x loadings"]
    if heaviest == 0.0:
        assert not scales
    else:
        # Loadings times the scale keep the squares of every score within one.
        assert scales[0].values[-1] <= 1 / math.sqrt(heaviest)


def test_the_view_shows_the_figures_of_the_run(what_if):
    view = what_if.view(start(what_if))
    experiment = sim.load(what_if.experiment.file, worlds=2_000)
    results = sim.simulate(experiment, threads=1)
    summary = sim.summarize(results)
    row = next(row for row in view.rows if row[0] == "median ROI")
    entries = [summary[name]["roi_median"] for name in ("micro", "macro")]
    assert row[1:] == [cell(e) for e in entries]
    assert view.head == ["", "micro", "macro"]
    assert not view.changed
    assert "2,000 worlds, seed 5" in view.basis


@pytest.mark.parametrize("hire", [True, False])
def test_a_saved_experiment_gives_the_figures_of_the_page(what_if, file, hire):
    positions = moved(what_if, "fee of a micro", 30)
    view = what_if.view(positions, hire=hire)
    path = what_if.save(positions, hire=hire)
    assert path == file.with_name("small-what-if.toml")
    saved = sim.load(path)
    assert saved.simulation.worlds == 50_000
    assert saved.decision == what_if.experiment.decision
    assert saved.title == what_if.experiment.title
    assert saved.origins["costs.fixed"] == "our own books"
    assert "what-if" in saved.origins["tier.micro.on.instagram.fee"]
    again = WhatIf(saved, worlds=2_000, threads=1)
    assert again.view(start(again), hire=hire).rows == view.rows
    text = path.read_text()
    assert text.startswith(f"# From {file}:\n# fee of a micro creator, median: ")
    tomllib.loads(text)
    # Nothing is ever written over.
    assert what_if.save(positions, hire=hire) == file.with_name("small-what-if-2.toml")


def test_a_dearer_fee_hires_fewer_or_costs_more(what_if):
    dear = moved(what_if, "fee of a micro", 60)
    rows = {
        hire: {row[0]: row[1] for row in what_if.view(dear, hire=hire).rows}
        for hire in (True, False)
    }
    own = {row[0]: row[1] for row in what_if.view(start(what_if)).rows}
    assert int(rows[True]["creators"]) < int(own["creators"])
    assert rows[False]["creators"] == own["creators"]


def test_the_axis_stays_and_the_drawing_says_what_it_shows(what_if):
    from xml.etree import ElementTree as ET

    first = ET.fromstring(what_if.view(start(what_if)).drawing)
    second = ET.fromstring(what_if.view(moved(what_if, "order value", 40)).drawing)
    for drawing in (first, second):
        assert drawing.attrib["role"] == "img"
        assert "ROI of micro: median" in drawing.attrib["aria-label"]
        points = [
            float(number)
            for line in drawing.iter("polyline")
            for pair in line.attrib["points"].split()
            for number in pair.split(",")
        ]
        assert np.isfinite(points).all()
    axes = [[t.text for t in d.iter("text") if t.attrib.get("class")] for d in (first, second)]
    assert axes[0] == axes[1]


@pytest.mark.parametrize("wrong", [[], [0], ["0"], [0.5], [True], [-1], [10_000]], ids=str)
def test_positions_that_no_slider_has_are_refused(what_if, wrong):
    positions = wrong if len(wrong) != 1 else wrong + start(what_if)[1:]
    with pytest.raises(PositionError):
        what_if.view(positions if wrong != [0] else [0])


def test_more_creators_run_in_fewer_worlds(file, monkeypatch):
    import sim.explore.whatif as module

    monkeypatch.setattr(module, "_ALLOWED", 10.0)
    what_if = WhatIf(sim.load(file), threads=1)
    assert what_if.worlds == module.MOST_WORLDS
    many = moved(what_if, "budget of micro", 100)
    assert f"{module.MOST_WORLDS:,} worlds" in what_if.view(start(what_if)).basis
    assert f"{module.MOST_WORLDS // 4:,} worlds" in what_if.view(many).basis


def test_a_share_goes_no_further_than_a_file_may_write():
    experiment = sim.build(
        {
            "portfolio": {"x": {"tier": "micro", "creators": 5}},
            "tier": {"micro": {"conversion_rate": {"lognormal": {"median": 0.1, "log_sd": 0.6}}}},
        }
    )
    what_if = WhatIf(experiment, worlds=1_000, threads=1)
    place = control(what_if, "conversion")
    positions = start(what_if)
    positions[place] = len(what_if.controls[place].values) - 1
    assert what_if.controls[place].values[-1] < REACH * 0.1
    assert what_if.view(positions).changed


def test_named_creators_are_not_counted_anew():
    root = Path(__file__).parents[2] / "experiments"
    what_if = WhatIf(sim.load(root / "roster.toml"), worlds=512, threads=1)
    assert not [c for c in what_if.controls if c.label == "creators of list"]
    assert what_if.view([c.start + 1 for c in what_if.controls]).changed


def test_a_value_of_nothing_has_no_slider():
    experiment = sim.build(
        {"portfolio": {"gifts": {"tier": "micro", "creators": 3, "compensation": "gifted"}}}
    )
    found: list[Control] = controls(experiment)
    assert not [c for c in found if c.label.startswith("fee")]
