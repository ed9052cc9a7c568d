"""The audit: each published claim beside what the model gives and beside what others claim.

There are three verdicts. A claim *contradicts* others, or real posts, where both cannot be true,
whatever the model says. Else it *holds* where the simulated figure lies within what is claimed (a figure without
a range is widened by the tolerance of the data file; two standard errors are forgiven), or, for a
case, where the case lies among nine in ten of its own simulated worlds. Else it *holds only if* a
parameter had another value, which is solved for. Nothing is adjusted so that a claim passes; one that
holds because a default was made of it says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...evidence import Quoted, cite, sources
from ...experiment import Experiment, build
from ...run.simulate import Progress, at_point
from ...text.currency import MONEY, writing_in
from ...text.numbers import FRACTION, Number, cell, from_to
from ...vary.dollars import in_dollars
from ...vary.keys import Varied, find_key
from ...vary.variant import variant
from ..common import as_measured, finite
from ..question import Setting
from ._answer import Audit, Simulated, Verdict
from ._checked import AuditRow, Checked
from ._rows import AuditError, Book, Row, packaged
from .expressions import (
    Interval,
    Scene,
    Speaker,
    TermError,
    Value,
    claims_in,
    measured_in,
    parts_of,
    portfolios_in,
)
from .required import Need, need, number

if TYPE_CHECKING:
    from . import AuditOptions

#: A case lies among its worlds from_to these shares of them.
AMONG = (0.05, 0.95)
#: Standard errors by which a simulated figure may miss a claim.
FORGIVEN = 2.0


def ask(setting: Setting, options: AuditOptions) -> Audit:
    """Check every published claim under the assumptions of the experiment."""
    checked = check_claims(
        setting.experiment,
        worlds=options.worlds,
        seed=options.seed,
        threads=setting.threads,
        progress=setting.progress,
    )
    return checked.answer()


def check_claims(
    experiment: Experiment | None = None,
    *,
    worlds: int = 20_000,
    seed: int | None = None,
    book: Book | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check every claim of the data file, in the currency of the claims.

    Parameters
    ----------
    experiment
        Whose assumptions to use, converted where they are in another currency; the packaged
        defaults without one. Its portfolios do not matter: the audit has its own.
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
    with writing_in(MONEY):
        return _all_checked(book or packaged(), experiment, worlds, seed, threads, progress)


def _all_checked(
    book: Book,
    experiment: Experiment | None,
    worlds: int,
    seed: int | None,
    threads: int | None,
    progress: Progress | None,
) -> Checked:
    speaker = Speaker(book.figures, _scenes(book, experiment, worlds, seed, threads))
    rows = []
    for row in book.rows:
        try:
            rows.append(_checked(row, book, speaker))
        except TermError as error:
            raise AuditError(f"{row.id}: {error}") from None
        if progress is not None:
            progress(len(rows), len(book.rows))
    return Checked(tuple(rows), book.listed, worlds)


def _scenes(
    book: Book,
    experiment: Experiment | None,
    worlds: int,
    seed: int | None,
    threads: int | None,
) -> dict[str, Scene]:
    """Return the scene that simulates each portfolio; inputs are read from that named ``""``."""
    if experiment is None:
        base = _packaged_defaults(book)
    else:
        # Claims speak of posts that nobody boosted, unless a portfolio of the book says so; some
        # speak of clicks.
        places: dict[tuple[str, ...], Any] = {
            ("boost", "budget"): 0.0,
            ("tracking", "clicks"): True,
        }
        base = variant(in_dollars(experiment), places, portfolios=book.portfolios)
    change = {"worlds": worlds, "replicates": 1, "beliefs": None}
    if seed is not None:
        change["seed"] = seed
    base = variant(base, values={("simulation", key): value for key, value in change.items()})

    def run(wanted: Experiment) -> Any:
        return at_point(wanted, threads)

    scene = Scene(base, run)
    scenes = {"": scene} | dict.fromkeys(book.portfolios, scene)
    for name, case in book.cases.items():
        alone = variant(base, portfolios={name: case.portfolio})
        facts = {find_key(alone, key): value for key, value in case.set.items()}
        scenes[name] = Scene(Varied(alone).at(facts), run)
    return scenes


# --- One claim ------------------------------------------------------------------------------------


def _checked(row: Row, book: Book, speaker: Speaker) -> AuditRow:
    claimed = speaker.interval(row.claimed)
    first, unit = book.figures[row.claims[0]], row.unit
    tolerance = book.tolerance if row.tolerance is None else row.tolerance
    below = _below(row, claimed, speaker)
    denied = _denied(row, claimed, tolerance, speaker)
    contradicted = _sayings(denied, speaker)
    needs: tuple[Need, ...] = ()
    simulated: Simulated | None = None
    if row.requires:
        key = find_key(speaker.scenes[""].experiment, row.requires["key"])
        simulated = Simulated(finite(key.base), 0.0)
        unit = unit or key.unit
        if not _holds(claimed, simulated, None, tolerance):
            needs = (Need(key.name, claimed.low, claimed.high, key.base, key.unit),)
    elif row.simulated is not None:
        simulated = _simulated(speaker.evaluate(row.simulated), row, speaker)
        if not contradicted and not _holds(claimed, simulated, below, tolerance):
            needs = _needs(row, claimed, simulated, speaker)
    needs = () if contradicted else needs
    verdict: Verdict = "contradicts" if contradicted else "holds only if" if needs else "holds"
    same, beside = _about_the_same(row, claimed, tolerance, book, speaker)
    return AuditRow(
        id=row.id,
        says=row.says,
        source=cite(first.source),
        claims=row.claims,
        claimed=claimed,
        unit=unit or first.unit,
        simulated=simulated,
        below=below,
        verdict=verdict,
        needs=needs,
        contradicted=contradicted,
        amounts=tuple(speaker.interval(term) for term in denied if len(list(parts_of(term))) > 1),
        built_in=row.built_in
        if verdict == "holds" and _as_packaged(row.built_in, book, speaker)
        else "",
        witnesses=len({witness(figure) for figure in same}),
        beside=tuple(figure.id for figure in beside),
        witnesses_beside=len({witness(figure) for figure in beside}),
        note=row.note,
    )


def _simulated(value: Value, row: Row, speaker: Speaker) -> Simulated:
    if isinstance(value, Interval):
        return Simulated(finite(number(value)), 0.0)
    like = speaker.scenes[next(iter(portfolios_in(row.simulated)))].dataset
    result = as_measured(value, row.unit, like)
    return Simulated(finite(number(value)), result.se, result.reason)


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
    if simulated.value is None:
        return False
    error = FORGIVEN * (simulated.se or 0.0)
    value = Interval(simulated.value - error, simulated.value + error)
    return claimed.widened(tolerance).meets(value)


def _denied(row: Row, claimed: Interval, tolerance: float, speaker: Speaker) -> tuple[Any, ...]:
    """Return the terms of the row that cannot be true together with what it claims."""
    wide = claimed.widened(tolerance)
    return tuple(
        term for term in row.against if not wide.meets(speaker.interval(term).widened(tolerance))
    )


def _sayings(terms: Iterable[Any], speaker: Speaker) -> dict[str, str]:
    """Return the rows of the evidence that terms are made of, and what each says."""
    says: dict[str, str] = {}
    for term in terms:
        for name in claims_in(term):
            figure, said = speaker.figures[name], speaker.interval({"claim": name})
            unit = "" if figure.unit in (FRACTION, "ratio") else f" {figure.unit}"
            says[name] = f"{cite(figure.source)}: {from_to(said.low, said.high)}{unit}"
        for part in parts_of(term):
            for statistic in measured_in(part) if "measured" in part else ():
                says[statistic.id] = (
                    f"real posts, {cite(statistic.source)}: "
                    f"{cell(Number(statistic.value, statistic.se))}"
                )
    return says


def _needs(row: Row, claimed: Interval, simulated: Simulated, speaker: Speaker) -> tuple[Need, ...]:
    needs = [need(speaker, row.simulated, claimed, name) for name in row.levers]
    possible = tuple(each for each in needs if each is not None)
    if possible:
        return possible
    # No key can do it alone: then only the figure itself being another would.
    return (Need(_words(row.simulated), claimed.low, claimed.high, simulated.value, row.unit),)


def _words(term: Any) -> str:
    """Return what a simulated figure is made of, in words."""
    names: dict[str, list[str]] = {}
    for part in parts_of(term):
        if "ratio" in part:
            name = " per ".join(part["ratio"])
        elif "spread" in part:
            name = f"spread of {part['spread']}"
        else:
            name = part.get("measure") or part.get("variable") or part.get("input") or ""
        if name:
            names.setdefault(str(name), []).extend([part["of"]] if "of" in part else [])
    return " and ".join(f"{name} of {', '.join(of)}" if of else name for name, of in names.items())


def _about_the_same(
    row: Row, claimed: Interval, tolerance: float, book: Book, speaker: Speaker
) -> tuple[tuple[Quoted, ...], tuple[Quoted, ...]]:
    """Return rows of the evidence that say the same as a claim, and those with another figure."""
    mine = book.figures[row.claims[0]]
    if len(row.claims) != 1:
        return tuple(book.figures[name] for name in row.claims), ()
    same: list[Quoted] = [mine]
    beside: list[Quoted] = []
    wide = claimed.widened(tolerance)
    for figure in book.figures.values():
        if figure.id != mine.id and figure.midpoint is not None and _same_thing(mine, figure):
            agrees = speaker.interval({"claim": figure.id}).meets(wide)
            (same if agrees else beside).append(figure)
    return tuple(same), tuple(beside)


def witness(figure: Quoted) -> str:
    """Return whose word a figure is: the cluster of the source that it restates, or of its own.

    Pages that quote or copy one another are one cluster, and one witness.
    """
    return sources()[figure.origin or figure.source].cluster


def _as_packaged(key: str, book: Book, speaker: Speaker) -> bool:
    """Whether the experiment has the packaged default at a key."""
    if not key:
        return False
    packaged_value = find_key(_packaged_defaults(book), key).base
    return find_key(speaker.scenes[""].experiment, key).base == packaged_value


def _packaged_defaults(book: Book) -> Experiment:
    tables = {"portfolio": book.portfolios, "tracking": {"clicks": True}}
    return build(tables, name="audit", file="packaged defaults")


def _same_thing(a: Quoted, b: Quoted) -> bool:
    platforms = a.platform == b.platform or "any" in (a.platform, b.platform)
    return platforms and (a.quantity, a.subject, a.basis) == (b.quantity, b.subject, b.basis)
