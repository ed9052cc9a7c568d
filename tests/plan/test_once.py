"""The plan of an experiment is made once, however often and however it is asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import sim
from sim import plan as rooms
from sim.plan import make_plan

TABLES = {
    "simulation": {"worlds": 1_000},
    "portfolio": {
        "micro": {"tier": "micro", "creators": 5},
        "macro": {"tier": "macro", "creators": 2},
    },
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each plan is really made, by what it is made of."""
    rooms._planned.cache_clear()
    counts: Counter[str] = Counter()
    hire = rooms.hired_lines

    def counted(experiment, *arguments):  # type: ignore[no-untyped-def]
        counts[rooms._Meant(experiment).text] += 1
        return hire(experiment, *arguments)

    monkeypatch.setattr(rooms, "hired_lines", counted)
    return counts


def test_experiments_that_mean_the_same_share_their_plan(made: Counter[str]) -> None:
    first = make_plan(sim.build(TABLES))
    again = {**TABLES, "title": "Another", "sweep": {"tier.micro.fee": "0.5x to 2x in 5 steps"}}
    assert make_plan(sim.build(again)) is first
    assert sum(made.values()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"simulation": {"worlds": 1_001}},
        {"simulation": {"worlds": 1_000, "replicates": 10, "beliefs": 20}},
        {"economics": {"order_value": 99}},
        {"portfolio": dict(reversed(TABLES["portfolio"].items()))},
    ],
    ids=["worlds", "beliefs", "a price", "order of portfolios"],
)
def test_another_experiment_has_a_plan_of_its_own(change: dict[str, object]) -> None:
    first, other = make_plan(sim.build(TABLES)), make_plan(sim.build({**TABLES, **change}))
    assert other is not first
    assert other.portfolios == tuple(sim.build({**TABLES, **change}).portfolio)


def test_a_break_even_makes_each_of_its_plans_once(made: Counter[str]) -> None:
    from sim.questions.breakeven import breakeven

    experiment = sim.build(TABLES)
    breakeven(experiment, "tier.macro.fee", beliefs=False)
    assert max(made.values()) == 1


def test_a_file_that_is_read_counts_by_what_it_holds(tmp_path: Path) -> None:
    tables = {**TABLES, "economics": {"order_value": {"empirical": "x.csv:value"}}}
    plans = []
    for values in ("20\n30\n40\n", "20\n30\n41\n"):
        (tmp_path / "x.csv").write_text(f"value\n{values}")
        plans.append(make_plan(sim.build(tables, folder=tmp_path)))
    assert plans[0] is not plans[1]
