"""The profit of the first k creators of each line, for several k, world by world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...experiment import Experiment
from ...plan import Plan, Terms, make_plan
from ...run.simulate import Progress
from ...vary.draw import draw, plainly
from ...vary.variant import on_terms, variant
from ._limits import Candidate
from ._programs import Stops

Array = npt.NDArray[np.float64]

#: How far one number of creators lies from the next in the first pass, beyond small numbers.
_RATIO = 1.35


def ladder(most: int, ratio: float = _RATIO) -> list[int]:
    """Return whole numbers from 1 to `most`, each about `ratio` times the one before."""
    steps, at = [], 1.0
    while at < most:
        steps.append(round(at))
        at = max(at + 1.0, at * ratio)
    return sorted({*steps, most}) if most > 0 else []


def prefix_totals(
    experiment: Experiment,
    candidates: Sequence[Candidate],
    counts: Mapping[str, Sequence[int]],
    worlds: int,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Stops:
    """Return the profit of each line's first k creators, USD, for each k asked, in the same worlds.

    Each line is simulated once, and its sums are read after each number of creators.

    Lines on other terms of the same pool hire other creators, as they do in one portfolio. The
    fixed cost of a programme is left out; audiences of different lines do not overlap here. Both
    are in the check of the mixes on fresh worlds.

    Parameters
    ----------
    experiment
        The experiment.
    candidates
        The lines.
    counts
        By line, the numbers of creators.
    worlds
        Worlds, independent.
    threads, progress
        See `sim.simulate`.

    Returns
    -------
    Stops
        One row for each line and number of creators: profit in USD, shape (stops, worlds).
    """
    portfolios = {
        f"{c.name} {count}": on_terms(c.terms) | {"creators": count, "boost": 0}
        for c in candidates
        for count in counts[c.name]
    }
    free = variant(experiment, {("costs", "fixed"): 0.0}, portfolios=portfolios)
    plan = _apart(plainly(make_plan(free)))
    profit = draw(plan, ["profit"], worlds=worlds, threads=threads, progress=progress)["profit"]
    return Stops(
        np.array([i for i, c in enumerate(candidates) for _ in counts[c.name]], dtype=np.int64),
        np.array([count for c in candidates for count in counts[c.name]], dtype=np.int64),
        profit,
        len(candidates),
    )


def _apart(plan: Plan) -> Plan:
    """Return the plan with lines on other terms of one pool hiring other creators of it."""
    terms = {line.work: line.terms for line in plan.lines}
    people: dict[Terms, int] = {}
    for w, work in enumerate(plan.works):
        people[terms[w]] = max(people.get(terms[w], 0), int(work.stops[-1]))
    first: dict[Terms, int] = {}
    taken: dict[tuple[str, str, str], int] = {}
    for each, count in people.items():
        first[each] = taken.get(each.pool, 0)
        taken[each.pool] = first[each] + count
    works = [
        replace(work, creators=work.creators + np.uint64(first[terms[w]]))
        for w, work in enumerate(plan.works)
    ]
    return replace(plan, works=tuple(works))
