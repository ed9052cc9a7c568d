"""Prefix totals are what a portfolio of the first so many creators brings in the same worlds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from sim.experiment import Experiment
from sim.plan import make_plan
from sim.questions.frontier._limits import Candidate
from sim.questions.frontier._prefixes import ladder, prefix_totals
from sim.run.simulate import simulate
from sim.vary.variant import variant

Make = Callable[..., Experiment]


def test_prefixes_are_portfolios(preset: Make) -> None:
    experiment = preset(simulation={"worlds": 256, "seed": 5})
    plan = make_plan(experiment)
    lines = {line.terms: line for line in plan.lines}
    candidates = [
        Candidate(terms.tier, terms, line.committed_per_creator) for terms, line in lines.items()
    ]
    counts = {"micro": [1, 3, 20], "macro": [1, 2]}
    stops = prefix_totals(experiment, candidates, counts, 256)
    for place, (line, count) in enumerate(zip(stops.line, stops.creators, strict=True)):
        name = candidates[line].name
        alone = variant(
            experiment,
            {("costs", "fixed"): 0.0},
            portfolios={"p": {"tier": name, "creators": int(count)}},
        )
        expected = simulate(alone)["profit"].values[0]
        np.testing.assert_allclose(stops.profit[place], expected, rtol=1e-9)


@pytest.mark.parametrize("most", [0, 1, 2, 7, 100, 1_000])
def test_ladder_reaches_the_most_and_starts_at_one(most: int) -> None:
    steps = ladder(most)
    assert steps == sorted(set(steps))
    assert steps[:1] == ([1] if most else [])
    assert steps[-1:] == ([most] if most else [])
    # The next is at most 1.35 times the one before, and one more.
    assert all(after <= 1.35 * before + 1.5 for before, after in pairwise(steps))
