"""A roster's creators one by one: each a portfolio of its own, in the worlds of the whole roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from ..engine.keys import stream_key
from ..engine.line import Line, one_of
from ..experiment import Experiment
from ..experiment.roster import RosterRow
from . import make_plan
from .hiring import charged_for
from .model import Plan, PlanLine, Programme, Sampling


@dataclass(frozen=True)
class Each:
    """Named creators of a roster, each by itself.

    Attributes
    ----------
    plan
        A portfolio for each creator, of its name; no portfolio pays the programme's fixed cost.
    lines
        The lines of the engine that hold them, in the order of `people`.
    people
        What is known of each.
    fixed
        USD that hiring anybody costs once.
    """

    plan: Plan
    lines: tuple[Line, ...]
    people: tuple[RosterRow, ...]
    fixed: float


def each_of(
    experiment: Experiment,
    portfolio: str,
    worlds: int,
    *,
    stages: Sequence[int] = (),
    only: Sequence[str] | None = None,
    quoted: bool = True,
) -> Each:
    """Return the creators of a roster, each as a portfolio of its own.

    The name decides a creator's draws, so all of them are those of the roster's run; orders are
    those of a roster of that creator alone. Of a programme it is the first stage. Boosting is left out, as it goes to the best posts of all.

    Parameters
    ----------
    experiment, portfolio
        The experiment, and its portfolio with a roster.
    worlds
        Worlds; the first of the experiment's own.
    stages
        Posts of one stage after another, in all of which each creator takes part; without them the
        posts of the portfolio.
    only
        Names of the creators; all by default.
    quoted
        Whether each creator's quote is counted as committed, where there are no stages.
    """
    plan = make_plan(experiment)
    factor = experiment.portfolio[portfolio].repeat_factor
    fixed = plan.components.index("fixed")
    lines: list[Line] = []
    placed: list[PlanLine] = []
    works: list[Line] = []
    rows: list[int] = []
    for i, line in enumerate(plan.lines):
        if line.portfolio != portfolio or line.stage:
            continue
        chosen = [k for k, row in enumerate(line.people) if only is None or row.name in only]
        if not chosen:
            continue
        work = replace(_some(plan.works[line.work], chosen), boost=None)
        work = replace(work, purse=None, dues=(0.0, 0.0, 0.0, 0.0))
        if line.programme is not None:
            ends = work.post_ends[:1]
            work = replace(work, post_ends=ends, repeats=work.repeats[: ends[0]])
        if stages:
            ends = np.cumsum(stages)
            work = replace(
                work,
                repeats=np.power(factor, np.arange(ends[-1], dtype=np.float64)),
                post_ends=ends,
                keep=np.full(len(ends), len(chosen)),
                own_orders=True,
                choose_by_orders=True,
            )
        elif quoted:
            work = replace(work, dues=charged_for(experiment, line.terms))
        lines.append(work)
        for at, k in enumerate(chosen):
            person = replace(line, portfolio=line.people[k].name, people=(line.people[k],))
            person = replace(person, creators=1, work=len(works), boost=None, programme=None)
            own = _stages(person, stages, plan.seed)
            placed += own
            rows += [i] * len(own)
            works.append(one_of(work, at))
    own_rows = plan.of_lines(rows)
    own_rows["prices"][:, fixed] = 0.0
    alone = replace(
        plan,
        worlds=worlds,
        sampling=Sampling(),
        works=tuple(works),
        lines=tuple(placed),
        portfolios=tuple(dict.fromkeys(line.portfolio for line in placed)),
        **own_rows,
    )
    people = tuple(line.people[0] for line in placed if line.stage == 0)
    return Each(alone, tuple(lines), people, experiment.costs.fixed)


def _some(line: Line, chosen: Sequence[int]) -> Line:
    """Return a line with some of its creators."""
    return replace(
        line,
        creators=line.creators[chosen],
        mix_of=line.mix_of[chosen],
        known_of=line.known_of[chosen],
        stops=np.array([len(chosen)], dtype=np.int64),
        keep=np.array([len(chosen)], dtype=np.int64),
    )


def _stages(line: PlanLine, stages: Sequence[int], seed: int) -> list[PlanLine]:
    """Return the line of a creator, or one for each of its stages."""

    def keyed(terms_posts: int, *stage: str | int) -> tuple[np.uint64, np.uint64]:
        t = line.terms
        return stream_key(
            seed, "orders", *t.pool, t.compensation, terms_posts, 0, *stage, line.people[0].name
        )

    if not stages:
        return [replace(line, stop=0, order_key=keyed(line.terms.posts))]
    programme = Programme(tuple(accumulate(stages)), (1,) * len(stages), "orders")
    return [
        replace(
            line,
            terms=replace(line.terms, posts=posts),
            order_key=keyed(posts, "stage", k),
            programme=programme,
            stage=k,
            stop=k,
        )
        for k, posts in enumerate(stages)
    ]
