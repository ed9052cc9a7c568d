"""Sums that are looked up are those that the loop would give, and never those of another line."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sim
from sim.engine.factors import factor_rows
from sim.engine.jit import COMPILES
from sim.engine.kernel import loop_sums
from sim.engine.line import Line
from sim.engine.reuse import Kept, digest, reusing
from sim.engine.run import block_rows, run
from sim.plan import Plan, make_plan
from sim.questions.tornado import tornado
from sim.vary.variant import variant

pytestmark = pytest.mark.skipif(not COMPILES, reason="the reference keeps nothing")
EXPERIMENTS = Path(sim.__file__).parents[1] / "experiments"
WORLDS = 256


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(sim.load(EXPERIMENTS / "micro_vs_macro.toml", worlds=WORLDS))


def same(one: dict[str, npt.NDArray[Any]], other: dict[str, npt.NDArray[Any]]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(row, other[name], equal_nan=True) for name, row in one.items()
    )


def moved(value: Any) -> Any:
    """Return a value that differs in one place, by as little as can be."""
    if isinstance(value, np.ndarray):
        changed = value.copy()
        changed.reshape(-1)[-1] = moved(changed.reshape(-1)[-1])
        return changed
    if isinstance(value, tuple):
        return (*value[:-1], moved(value[-1]))
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, int | np.integer):
        return type(value)(value + 1)
    return float(np.nextafter(value, np.inf)) if np.isfinite(value) else 1.0


@pytest.mark.parametrize("name", ["micro_vs_macro", "pay_by_results", "boosting", "roster"])
def test_what_is_looked_up_has_the_same_bits(name: str) -> None:
    some = make_plan(sim.load(EXPERIMENTS / f"{name}.toml", worlds=WORLDS))
    fresh = block_rows(some, 0, WORLDS)
    with reusing() as kept:
        made, looked_up = (block_rows(some, 0, WORLDS) for _ in range(2))
    assert kept.served >= len(some.works)
    assert same(made, fresh)
    assert same(looked_up, fresh)


@pytest.mark.parametrize("name", [field.name for field in fields(Line)])
def test_every_figure_of_a_line_counts(plan: Plan, name: str) -> None:
    line = plan.works[0]
    value = getattr(line, name)
    other = 1.0 if value is None else moved(value)
    assert digest(replace(line, **{name: other})) != digest(line)
    assert digest(replace(line, **{name: value})) == digest(line)


def test_the_shape_of_a_figure_counts(plan: Plan) -> None:
    line = plan.works[0]
    assert digest(replace(line, loading=line.loading.reshape(-1))) != digest(line)
    assert digest(replace(line, stops=line.stops.astype(np.int32))) != digest(line)


def test_a_line_that_moved_gets_sums_of_its_own(plan: Plan) -> None:
    line = plan.works[0]
    shift = line.shift.copy()
    shift[1] += 0.1
    larger = replace(line, shift=shift)
    factors, tracked = factor_rows(plan, 0, WORLDS), np.ones(WORLDS)
    fresh = loop_sums(larger, factors, tracked, 0, WORLDS)
    with reusing() as kept:
        before = loop_sums(line, factors, tracked, 0, WORLDS)
        after = loop_sums(larger, factors, tracked, 0, WORLDS)
    assert kept.served == 0
    assert same(after, fresh)
    assert (after["impressions"] > before["impressions"]).all()


def test_worlds_and_what_they_share_count(plan: Plan) -> None:
    line = plan.works[0]
    factors, tracked = factor_rows(plan, 0, WORLDS), np.ones(WORLDS)
    moved = factors.copy()
    moved[0, -1] += 0.5
    with reusing() as kept:
        first = loop_sums(line, factors, tracked, 0, WORLDS)
        for other in (
            loop_sums(line, moved, tracked, 0, WORLDS),
            loop_sums(line, factors, tracked, WORLDS, WORLDS),
            loop_sums(line, factors[:, :128], tracked[:128], 0, 100),
        ):
            assert not same(first, other)
        assert kept.served == 0
        # A factor that is none of the line's leaves its sums as they are.
        idle = int(np.flatnonzero(~(line.loading.any(axis=0) | line.belief.any(axis=0)))[0])
        moved = factors.copy()
        moved[idle] += 0.5
        assert same(first, loop_sums(line, moved, tracked, 0, WORLDS))
        assert kept.served == 1


def test_no_more_is_kept_than_there_is_room_for() -> None:
    kept, row = Kept(most=100), np.ones(10)

    def make() -> dict[str, npt.NDArray[np.float64]]:
        return {"orders": row}

    kept.of(b"first", make)
    kept.of(b"second", make)
    assert kept.of(b"first", dict)["orders"] is row
    assert kept.of(b"second", dict) == {}


def test_threads_share_what_is_kept_and_nothing_outlives_the_block(plan: Plan) -> None:
    with reusing() as kept:
        first = run(plan, threads=2, block=128)
        with reusing() as inner:
            run(plan, threads=2, block=128)
        assert kept.served == inner.served == 0
        again = run(plan, threads=2, block=128)
        assert kept.served == len(plan.works) * WORLDS // 128
    run(plan, threads=2, block=128)
    assert kept.served == len(plan.works) * WORLDS // 128
    assert same(first, again)


def test_a_question_answers_the_same_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = variant(
        sim.load(EXPERIMENTS / "micro_vs_macro.toml", worlds=WORLDS), only=["micro", "macro"]
    )
    reusing_them = tornado(experiment).to_dict()
    monkeypatch.setattr(Kept, "of", lambda self, key, make: make())
    assert tornado(experiment).to_dict() == reusing_them
