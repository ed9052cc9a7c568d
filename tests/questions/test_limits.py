"""Limits of a mix: what they mean, how they are read, which of them clash."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment import ExperimentError
from sim.plan import Terms
from sim.questions.frontier._limits import (
    Candidate,
    Limit,
    conflict,
    feasible,
    most_creators,
    read_limits,
)


def candidate(tier: str, compensation: str, price: float) -> Candidate:
    terms = Terms(tier, "instagram", "general", compensation, 1, 1.0)
    return Candidate(f"{tier}-{compensation}", terms, price)


LINES = [
    candidate("micro", "paid", 400.0),
    candidate("micro", "gifted", 100.0),
    candidate("macro", "paid", 5_000.0),
]


def limits(budget: float = 10_000.0, spend: float = 0.0, **asked: list[str]) -> list[Limit]:
    return read_limits(LINES, budget, 0.0, spend, asked, "mix.toml")


@pytest.mark.parametrize(
    ("kind", "text", "holds", "breaks"),
    [
        pytest.param("min", "micro=10", [4, 6, 0], [4, 5, 1], id="min-sums-over-a-tier"),
        pytest.param("max", "gifted=6", [9, 6, 0], [9, 7, 0], id="max-of-terms"),
        pytest.param("pin", "macro-paid=1", [0, 0, 1], [0, 0, 2], id="pin-a-line"),
        pytest.param("share", "macro=50 %", [13, 0, 1], [11, 0, 1], id="share-of-spend"),
        pytest.param("exclude", "macro", [1, 1, 0], [1, 1, 1], id="exclude"),
    ],
)
def test_meaning(kind: str, text: str, holds: list[int], breaks: list[int]) -> None:
    limit = limits(**{kind: [text]})[-1]
    assert limit.holds(np.array(holds, dtype=float))
    assert not limit.holds(np.array(breaks, dtype=float))


def test_budget_and_spend() -> None:
    budget, someone, spend = limits(spend=0.9)
    assert budget.holds(np.array([25.0, 0.0, 0.0]))
    assert not budget.holds(np.array([25.0, 1.0, 0.0]))
    assert not someone.holds(np.zeros(3))
    assert not spend.holds(np.array([22.0, 1.0, 0.0]))
    assert spend.holds(np.array([22.0, 2.0, 0.0]))


def test_faults_come_together_with_hints() -> None:
    with pytest.raises(ExperimentError) as error:
        limits(max=["mikro=3"], min=["micro"], share=["paid=140 %"])
    text = str(error.value)
    assert "micro" in text
    assert "--max" in text
    assert "--min" in text
    assert "--share" in text


def test_conflict_names_only_what_clashes() -> None:
    asked = limits(max=["gifted=50"], min=["macro-paid=3"], exclude=["gifted"])
    assert [x.name for x in conflict(asked)] == ["budget", "min macro-paid=3"]


def test_three_limits_clash_although_any_two_agree() -> None:
    asked = limits(budget=10_000.0, spend=0.95, max=["micro=10"], exclude=["macro"])
    clash = conflict(asked)
    assert {x.name for x in clash} == {"spend", "max micro=10", "exclude macro"}
    for left_out in clash:
        assert feasible([x for x in clash if x is not left_out])


def test_whole_creators_decide() -> None:
    # Half a macro creator would fit; a whole one does not.
    asked = limits(budget=4_000.0, min=["macro=1"])
    assert not feasible(asked)


def test_feasible_has_no_conflict() -> None:
    assert conflict(limits(min=["macro=1"], share=["macro=60 %"], max=["gifted=20"])) == []


def test_most_creators() -> None:
    asked = limits(max=["gifted=6"], share=["paid=50 %"])
    assert most_creators(LINES, asked) == [25, 6, 2]
