"""An experiment that differs from another in what is named, and in nothing else."""

from __future__ import annotations

import pytest

import sim
from sim.experiment import Experiment, ExperimentError
from sim.vary.variant import variant

TABLES = {
    "simulation": {"worlds": 1_000, "seed": 3},
    "portfolio": {
        "micro": {"tier": "micro", "budget": 20_000},
        "macro": {"tier": "macro", "creators": 2},
    },
    "decision": {"a": "micro", "b": "macro"},
    "scenario": {"cheap": {"tier.macro.fee": "0.5x"}},
}


@pytest.fixture
def experiment() -> Experiment:
    return sim.build(TABLES, name="base")


def differing(first: Experiment, second: Experiment) -> set[str]:
    """Return the dotted places at which the resolved tables of two experiments differ."""

    def walk(a: object, b: object, path: str) -> set[str]:
        if isinstance(a, dict) and isinstance(b, dict):
            names = {*a, *b}
            return set().union(*(walk(a.get(n), b.get(n), f"{path}.{n}".strip(".")) for n in names))
        return set() if a == b else {path}

    return walk(first.tables(), second.tables(), "")


def test_nothing_named_changes_nothing(experiment: Experiment) -> None:
    assert variant(experiment) is experiment
    # Tables that ask about the old one go where tables are read again.
    assert differing(experiment, variant(experiment, {})) == {"decision", "scenario"}


def test_values_change_one_place_and_the_old_one_stays(experiment: Experiment) -> None:
    before = experiment.tables()
    changed = variant(
        experiment,
        values={("simulation", "worlds"): 50, ("compensation", "paid", "fee_share"): 0.5},
    )
    assert differing(experiment, changed) == {"simulation.worlds", "compensation.paid.fee_share"}
    assert experiment.tables() == before
    assert changed.origins == experiment.origins


def test_places_are_checked_as_a_file_is(experiment: Experiment) -> None:
    changed = variant(experiment, {("costs", "fixed"): "3k"})
    assert differing(experiment, changed) == {"costs.fixed", "decision", "scenario"}
    assert changed.costs.fixed == 3_000.0
    with pytest.raises(ExperimentError, match="cannot be negative"):
        variant(experiment, {("costs", "fixed"): -1})


def test_creators_take_the_place_of_a_budget(experiment: Experiment) -> None:
    changed = variant(experiment, {("portfolio", "micro", "creators"): 7})
    assert (changed.portfolio["micro"].creators, changed.portfolio["micro"].budget) == (7, None)


def test_other_portfolios_with_another_seed(experiment: Experiment) -> None:
    changed = variant(
        experiment,
        {("costs", "fixed"): 0.0},
        portfolios={"one": {"tier": "nano", "creators": 1}},
        values={("simulation", "seed"): 4},
    )
    assert list(changed.portfolio) == ["one"]
    assert changed.simulation.seed == 4
    assert changed.decision is None


def test_the_worlds_of_portfolios_that_are_kept_stay(experiment: Experiment) -> None:
    alone = sim.simulate(variant(experiment, only=["macro"]))
    both = sim.simulate(experiment).sel(portfolio=["macro"])
    assert (alone["roi"].values == both["roi"].values).all()
