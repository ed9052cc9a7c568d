"""The audit: each published claim beside what the model gives and beside what others claim.

There are three verdicts. A claim *contradicts* others where both cannot be true, whatever the
model says. Else it *holds* where the simulated figure lies within what is claimed (a figure without
a range is widened by the tolerance of the data file; two standard errors are forgiven), or, for a
case, where the case lies among nine in ten of its own simulated worlds. Else it *holds only if* a
parameter had another value, which is solved for. Nothing is adjusted so that a claim passes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...evidence import Figure, cite
from ...experiment import Experiment, build
from ...simulation import Progress, simulate
from ...vary.keys import Varied, find_key
from ...vary.variants import with_portfolios
from ..common import as_measured
from ._answer import Audit, AuditRow, Simulated
from ._rows import AuditError, Book, Row, packaged
from .expressions import Found, Interval, Scene, Speaker, TermError, claims_in, portfolios_in
from .required import Need, need, number, span

#: Worlds of an audit unless more are asked for.
WORLDS = 20_000
#: A case lies among its worlds between these shares of them.
AMONG = (0.05, 0.95)
#: Standard errors by which a simulated figure may miss a claim.
FORGIVEN = 2.0


def audit(
    experiment: Experiment | None = None,
    *,
    worlds: int = WORLDS,
    seed: int | None = None,
    book: Book | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Check every claim of the data file.

    Parameters
    ----------
    experiment
        Whose assumptions to use; the packaged defaults without one. Its portfolios do not matter:
        the audit has its own.
    worlds
        Worlds to simulate.
    seed
        Seed; the experiment's own by default.
    book
        Another audit file than the packaged one, see `sim.questions.audit._rows.read_book`.
    threads
        Threads; all processors by default.
    progress
        Called with claims done and claims in all.

    Raises
    ------
    AuditError
        Where a row of the data file makes no sense; the message names it.
    ExperimentError
        Where the experiment cannot be combined with the portfolios of the audit.
    """
    book = book or packaged()
    speaker = Speaker(book.figures, _scenes(book, experiment, worlds, seed, threads))
    rows = []
    for row in book.rows:
        try:
            rows.append(_checked(row, book, speaker))
        except TermError as error:
            raise AuditError(f"{row.id}: {error}") from None
        if progress is not None:
            progress(len(rows), len(book.rows))
    return Audit(tuple(rows), book.listed, worlds)


def _scenes(
    book: Book,
    experiment: Experiment | None,
    worlds: int,
    seed: int | None,
    threads: int | None,
) -> dict[str, Scene]:
    """Return where each portfolio is simulated; inputs are read from the scene named ``""``."""
    if experiment is None:
        base = build({"portfolio": book.portfolios}, name="audit", file="packaged defaults")
    else:
        base = with_portfolios(experiment, book.portfolios)
    change = {"worlds": worlds, "replicates": 1, "beliefs": None}
    if seed is not None:
        change["seed"] = seed
    simulation = base.simulation.model_copy(update=change)
    base = base.model_copy(update={"simulation": simulation})

    def run(wanted: Experiment) -> Any:
        return simulate(wanted, threads=threads)

    scene = Scene(base, run)
    scenes = {"": scene} | dict.fromkeys(book.portfolios, scene)
    for name, case in book.cases.items():
        alone = with_portfolios(base, {name: case.portfolio})
        facts = {find_key(alone, key): value for key, value in case.set.items()}
        scenes[name] = Scene(Varied(alone).at(facts), run)
    return scenes


# --- One claim ------------------------------------------------------------------------------------


def _checked(row: Row, book: Book, speaker: Speaker) -> AuditRow:
    claimed = speaker.interval(row.claimed)
    first, unit = book.figures[row.claims[0]], row.unit
    below = _below(row, claimed, speaker)
    contradicted = _contradicted(row, claimed, book, speaker)
    needs: tuple[Need, ...] = ()
    if row.requires:
        key = find_key(speaker.scenes[""].experiment, row.requires["key"])
        simulated = Simulated(math.nan if key.base is None else key.base, 0.0)
        unit = unit or key.unit
        if not _holds(claimed, simulated, None, book.tolerance):
            needs = (Need(key.name, claimed.low, claimed.high, key.base, key.unit),)
    else:
        simulated = _simulated(speaker.evaluate(row.simulated), row, speaker)
        if not contradicted and not _holds(claimed, simulated, below, book.tolerance):
            needs = _needs(row, claimed, simulated, speaker)
    needs = () if contradicted else needs
    return AuditRow(
        id=row.id,
        says=row.says,
        source=cite(first.source),
        claims=row.claims,
        claimed=claimed,
        unit=unit or first.unit,
        simulated=simulated,
        below=below,
        verdict="contradicts" if contradicted else "holds only if" if needs else "holds",
        needs=needs,
        contradicted=contradicted,
        beside=_beside(row, claimed, book, speaker),
        note=row.note,
    )


def _simulated(found: Found, row: Row, speaker: Speaker) -> Simulated:
    if isinstance(found, Interval):
        return Simulated(number(found), 0.0)
    like = speaker.scenes[next(iter(portfolios_in(row.simulated)))].dataset
    result = as_measured(found, row.unit, like)
    return Simulated(number(found), result.se, result.reason)


def _below(row: Row, claimed: Interval, speaker: Speaker) -> tuple[float, float] | None:
    """Return the shares of a case's worlds below both ends of the claim; a tie counts half."""
    if not row.among:
        return None
    values = speaker.scenes[row.among["of"]].worlds(row.among["of"], row.among["variable"])
    values = values[np.isfinite(values)]

    def share(end: float) -> float:
        return float(np.mean(values < end) + np.mean(values == end) / 2.0)

    return share(claimed.low), share(claimed.high)


def _holds(
    claimed: Interval,
    simulated: Simulated,
    below: tuple[float, float] | None,
    tolerance: float,
) -> bool:
    if below is not None:
        return below[1] >= AMONG[0] and below[0] <= AMONG[1]
    error = FORGIVEN * (simulated.se or 0.0)
    value = Interval(simulated.value - error, simulated.value + error)
    return claimed.widened(tolerance).meets(value)


def _contradicted(row: Row, claimed: Interval, book: Book, speaker: Speaker) -> dict[str, str]:
    """Return the claims that cannot be true together with this one, and what each says."""
    found: dict[str, str] = {}
    for term in row.against:
        other = speaker.interval(term).widened(book.tolerance)
        if not claimed.widened(book.tolerance).meets(other):
            for name in claims_in(term):
                figure, said = book.figures[name], speaker.interval({"claim": name})
                unit = "" if figure.unit in ("fraction", "ratio") else f" {figure.unit}"
                found[name] = f"{cite(figure.source)}: {span(said.low, said.high)}{unit}"
    return found


def _needs(row: Row, claimed: Interval, simulated: Simulated, speaker: Speaker) -> tuple[Need, ...]:
    found = [need(speaker, row.simulated, claimed, name) for name in row.levers]
    possible = tuple(each for each in found if each is not None)
    if possible:
        return possible
    # No key can do it alone: then only the figure itself being another would.
    return (Need(_words(row.simulated), claimed.low, claimed.high, simulated.value, row.unit),)


def _words(term: Mapping[str, Any]) -> str:
    of = ", ".join(sorted(portfolios_in(term)))
    name = term.get("measure") or term.get("variable") or term.get("input")
    if name is None:
        name = " per ".join(term["ratio"]) if "ratio" in term else "the figure"
    return f"{name} of {of}" if of else str(name)


def _beside(row: Row, claimed: Interval, book: Book, speaker: Speaker) -> tuple[str, ...]:
    """Return other rows of the evidence about the same thing that give another figure."""
    if len(row.claims) != 1:
        return ()
    mine = book.figures[row.claims[0]]
    same = (
        figure for figure in book.figures.values()
        if figure.id != mine.id and figure.midpoint is not None and _same_thing(mine, figure)
    )  # fmt: skip
    wide = claimed.widened(book.tolerance)
    return tuple(f.id for f in same if not speaker.interval({"claim": f.id}).meets(wide))


def _same_thing(a: Figure, b: Figure) -> bool:
    platforms = a.platform == b.platform or "any" in (a.platform, b.platform)
    return platforms and (a.quantity, a.subject, a.basis) == (b.quantity, b.subject, b.basis)
