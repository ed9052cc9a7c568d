"""Two runs side by side: which assumptions changed, and what that did to the answer.

Draws are keyed by what they describe and by the world, so two plain runs of one seed share the luck
of their first worlds. A difference of measures is then paired: with influences I of the n worlds of
one run and J of the m of the other, its error is that of I/n - J/m summed over the worlds, worlds
beyond the shorter run counting once. Other runs are independent, and variances add.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .analysis.common import as_measured, estimate_of, gap_estimate, unit_of
from .displays import Told
from .experiment import Distribution, Experiment, load
from .experiment.layout import is_section
from .experiment.models import Table
from .experiment.toml import dotted
from .experiment.toml import value as as_toml
from .folders import RunError, read_manifest
from .measures import Estimate, Measured
from .measures.format import MISSING, cell, percent_with_error
from .measures.wording import TOLD_APART, direction
from .measures.worlds import creators_hired, portfolio_names
from .plan import portfolio_terms
from .results import open_results

if TYPE_CHECKING:
    import xarray as xr

#: What is compared of each portfolio, and of the pair.
OF_PORTFOLIO = (
    "roi_median", "roi_mean", "roi_p05", "roi_es05", "loss_probability", "profit_median",
    "cost_mean",
)  # fmt: skip
OF_PAIR = ("a_beats_b", "roi_difference_median", "both_lose")
#: What is told of a portfolio that only one run has.
_TOLD = ("creators", "budget", "tier", "mix")
#: Tables that only ask or say how many worlds.
_ASIDE = ("name", "title", "decision", "sweep", "scenario")


@dataclass(frozen=True)
class Changed:
    """A key whose value is not the same in both runs.

    Attributes
    ----------
    key
        Dotted.
    old, new
        The value as TOML in the first and in the second run; None where it has none.
    """

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Moved:
    """A measure in both runs.

    Attributes
    ----------
    of
        The portfolio, or ``a against b``.
    measure
        Its name.
    old, new, difference
        In the first run, in the second, and the second minus the first.
    """

    of: str
    measure: str
    old: Measured
    new: Measured
    difference: Measured

    def to_row(self) -> dict[str, Any]:
        """Return a tidy row."""
        return {
            "of": self.of,
            "measure": self.measure,
            "old": self.old.value,
            "old_se": self.old.se,
            "new": self.new.value,
            "new_se": self.new.se,
            "difference": self.difference.value,
            "se": self.difference.se,
            "unit": self.difference.unit,
            "reason": self.difference.reason,
        }


@dataclass(frozen=True)
class Changes(Told, table="sim.changes:changes_table"):
    """What differs between two runs.

    Attributes
    ----------
    runs
        Folders of the first and the second run.
    paired
        Whether the runs share worlds, so that differences are paired.
    changed
        Keys with another value, as far as some portfolio uses them.
    unused
        How many more keys differ that no portfolio uses.
    moved
        Measures of the portfolios that both runs have.
    sentence
        What it did to the answer.
    notes
        What is not obvious.
    """

    runs: tuple[str, str]
    paired: bool
    changed: tuple[Changed, ...]
    unused: int
    moved: tuple[Moved, ...]
    sentence: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "runs": list(self.runs),
            "paired": self.paired,
            "changed": [asdict(entry) for entry in self.changed],
            "unused": self.unused,
            "measures": self.to_rows(),
            "answer": self.sentence,
            "notes": list(self.notes),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each measure."""
        return [entry.to_row() for entry in self.moved]


def changes(first: str | Path, second: str | Path) -> Changes:
    """Compare two runs on disk.

    Parameters
    ----------
    first, second
        Folders of runs; differences are the second minus the first.

    Raises
    ------
    RunError
        Where a folder holds no whole run.
    """
    folders = (Path(first), Path(second))
    old, new = (_experiment(folder) for folder in folders)
    changed, unused = _changed_keys(old, new)
    datasets = [open_results(folder / "worlds.nc") for folder in folders]
    try:
        shared = _share_worlds(*datasets)
        moved = tuple(_moved(datasets[0], datasets[1], shared))
        hired = [creators_hired(dataset) for dataset in datasets]
    finally:
        for dataset in datasets:
            dataset.close()
    return Changes(
        runs=(str(first), str(second)),
        paired=shared,
        changed=changed,
        unused=unused,
        moved=moved,
        sentence=_sentence(moved),
        notes=tuple(_notes(hired, folders, shared)),
    )


def _experiment(folder: Path) -> Experiment:
    read_manifest(folder)
    if not ((folder / "experiment.toml").is_file() and (folder / "worlds.nc").is_file()):
        raise RunError(f"{folder}: the run is not whole; make it again with `sim run`")
    return load(folder / "experiment.toml")


# --- Keys -----------------------------------------------------------------------------------------


def _changed_keys(old: Experiment, new: Experiment) -> tuple[tuple[Changed, ...], int]:
    """Return the keys that differ and are in use, and how many others differ."""
    before, after = _values(old, new), _values(new, old)
    used = _used(old) | _used(new)
    found, unused = [], 0
    for path in dict.fromkeys([*before, *after]):
        was, is_now = before.get(path), after.get(path)
        if was is not None and is_now is not None and was[1] == is_now[1]:
            continue
        if _is_used(path, used):
            texts = (side[0] if side else None for side in (was, is_now))
            found.append(Changed(dotted(path), *texts))
        else:
            unused += 1
    return tuple(found), unused


def _values(experiment: Experiment, other: Experiment) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Return every value by its path; a portfolio that the other has not is one value."""
    alone = {name for name in experiment.portfolio if name not in other.portfolio}
    found = {
        path: value
        for path, value in _leaves(experiment)
        if path[0] != "portfolio" or path[1] not in alone
    }
    for name in experiment.portfolio:
        if name in alone:
            portfolio = _written(experiment.portfolio[name])
            told = {key: portfolio[key] for key in _TOLD if key in portfolio}
            found["portfolio", name] = (as_toml(told), told)
    return found


def _leaves(experiment: Experiment) -> Iterator[tuple[tuple[str, ...], tuple[str, Any]]]:
    """Yield every value: its path, how it is written, and what it means."""

    def below(path: tuple[str, ...], item: Any) -> Iterator[Any]:
        for name, inner in item if isinstance(item, Table) else item.items():
            here = (*path, name)
            if inner is None:
                continue
            if is_section(here) and isinstance(inner, Table | Mapping):
                yield from below(here, inner)
            else:
                yield here, (as_toml(_written(inner)), _meaning(inner))

    for name, table in experiment:
        if name not in _ASIDE and table is not None:
            yield from below((name,), table)


def _written(value: Any) -> Any:
    if isinstance(value, Distribution):
        return _written(value.written)
    if isinstance(value, Table | Mapping):
        pairs = value if isinstance(value, Table) else value.items()
        return {k: _written(v) for k, v in pairs if v is not None}
    return value


def _meaning(value: Any) -> Any:
    """Return a value such that "3%" equals 0.03."""
    if isinstance(value, Distribution):
        return value.family, dict(value.parameters), value.lower, value.upper, value.values
    if isinstance(value, Table | Mapping):
        pairs = value if isinstance(value, Table) else value.items()
        return {k: _meaning(v) for k, v in pairs if v is not None}
    return value


def _used(experiment: Experiment) -> set[tuple[str, ...]]:
    """Return the heads of the tables that some line draws on."""
    used = set()
    for portfolio in experiment.portfolio.values():
        for _, terms, _ in portfolio_terms(portfolio):
            used |= {
                ("tier", terms.tier, "on", terms.platform),
                ("platform", terms.platform),
                ("niche", terms.niche),
                ("compensation", terms.compensation),
            }
    return used


def _is_used(path: tuple[str, ...], used: set[tuple[str, ...]]) -> bool:
    if path[0] not in {head[0] for head in used}:
        return True
    return any(path[: len(head)] == head for head in used)


# --- Measures -------------------------------------------------------------------------------------


def _share_worlds(old: xr.Dataset, new: xr.Dataset) -> bool:
    """Whether world w of one run is world w of the other."""
    if old.attrs["seed"] != new.attrs["seed"] or old.attrs["version"] != new.attrs["version"]:
        return False
    plain = {old.attrs.get("sampling"), new.attrs.get("sampling")} == {"plain"}
    alike = all(
        old.attrs.get(key) == new.attrs.get(key)
        for key in ("worlds", "sampling", "groups", "replicates")
    )
    return plain or alike


def _moved(old: xr.Dataset, new: xr.Dataset, shared: bool) -> Iterator[Moved]:
    both = [name for name in portfolio_names(old) if name in portfolio_names(new)]
    pair = _pair(new, both) or _pair(old, both)
    if pair is not None:
        a, b = pair
        for name in OF_PAIR:
            sides = [gap_estimate(dataset, a, b, name) for dataset in (old, new)]
            same = all(_identical(old, new, side) for side in pair)
            yield _one(f"{a} against {b}", name, sides, (old, new), shared, same)
    for portfolio in both:
        same = _identical(old, new, portfolio)
        for name in OF_PORTFOLIO:
            sides = [estimate_of(dataset, portfolio, name) for dataset in (old, new)]
            yield _one(portfolio, name, sides, (old, new), shared, same)


def _pair(dataset: xr.Dataset, both: list[str]) -> tuple[str, str] | None:
    """Return the pair of the decision, else the first two portfolios that both runs have."""
    asked = json.loads(dataset.attrs.get("decision_json", "[]"))
    if len(asked) == 2 and all(name in both for name in asked):
        return asked[0], asked[1]
    return (both[0], both[1]) if len(both) > 1 and not asked else None


def _identical(old: xr.Dataset, new: xr.Dataset, portfolio: str) -> bool:
    """Whether nothing that is measured of a portfolio changed in any world."""
    if old.sizes["sim"] != new.sizes["sim"]:
        return False
    return all(
        np.array_equal(
            old[name].sel(portfolio=portfolio).values,
            new[name].sel(portfolio=portfolio).values,
            equal_nan=True,
        )
        for name in ("cost", "profit")
    )


def _one(
    of: str,
    name: str,
    sides: list[Estimate],
    datasets: tuple[xr.Dataset, xr.Dataset],
    shared: bool,
    same: bool,
) -> Moved:
    unit = unit_of(name)
    was, is_now = (
        as_measured(side, unit, dataset) for side, dataset in zip(sides, datasets, strict=True)
    )
    if same and was.value is not None:
        difference = Measured(0.0, 0.0, unit)
    elif shared and not _never_seen(*sides):
        worlds = max(side.worlds for side in sides)
        long = [_stretched(side, worlds) for side in sides]
        difference = as_measured(long[1] - long[0], unit, datasets[1])
    else:
        difference = _independent(was, is_now)
    return Moved(of, name, was, is_now, difference)


def _never_seen(old: Estimate, new: Estimate) -> bool:
    """Whether both are shares of no world or of every world: pairing would call that exact."""
    return not (np.any(old.influence) or np.any(new.influence))


def _stretched(estimate: Estimate, worlds: int) -> Estimate:
    """Put the influence of n worlds on the axis of more: n-th parts of a sum stay n-th parts."""
    influence = np.zeros(worlds)
    influence[: estimate.worlds] = estimate.influence * (worlds / estimate.worlds)
    return replace(estimate, influence=influence)


def _independent(old: Measured, new: Measured) -> Measured:
    if old.value is None or new.value is None:
        return Measured(None, None, new.unit, old.reason or new.reason)
    value = new.value - old.value
    if old.se is None or new.se is None:
        return Measured(value, None, new.unit, old.reason or new.reason)
    return Measured(value, math.hypot(old.se, new.se), new.unit)


# --- Words ----------------------------------------------------------------------------------------


def moved_by(entry: Measured) -> str:
    """Return a difference in words; of shares in percentage points."""
    if entry.value is None:
        return MISSING
    if entry.value == 0.0 and entry.se == 0.0:
        return "unchanged"
    text = cell(entry.value, entry.se, entry.unit)
    text = text.replace(" %", " points") if entry.unit == "fraction" else text
    return f"+{text}" if entry.value > 0.0 else text


def changes_table(found: Changes) -> list[dict[str, str]]:
    """Return the measures as texts for people: in the first run, in the second, the difference."""
    return [
        {
            "of": entry.of,
            "measure": entry.measure
            + ("" if entry.old.unit == "fraction" else f" [{entry.old.unit}]"),
            "first run": cell(entry.old.value, entry.old.se, entry.old.unit),
            "second run": cell(entry.new.value, entry.new.se, entry.new.unit),
            "difference": moved_by(entry.difference),
        }
        for entry in found.moved
    ]


def _sentence(moved: tuple[Moved, ...]) -> str:
    if not moved:
        return "The runs have no portfolio in common: there is nothing to compare."
    wins = moved[0]
    if wins.measure != "a_beats_b":
        return f"{wins.of}: median ROI {_told(wins)}."
    a, _, b = wins.of.partition(" against ")
    before, after = direction(wins.old, 0.5), direction(wins.new, 0.5)
    text = f"{a} beats {b} {_told(wins, ' of worlds')}"
    if before != after:
        who = {1: f"{a} wins more often", -1: f"{b} wins more often", 0: "the two are level"}
        text += f". The choice moves: first {who[before]}, then {who[after]}"
    return f"{text}."


def _told(entry: Moved, of: str = "") -> str:
    """Say old, new and difference, and whether the difference exceeds its error."""
    said = [
        percent_with_error(side.value, side.se) if side.value is not None else MISSING
        for side in (entry.old, entry.new)
    ]
    gap = entry.difference
    if gap.value == 0.0 and gap.se == 0.0:
        return f"in {said[0]}{of}, unchanged" if of else f"{said[0]}, unchanged"
    text = f"{said[0]}{of} in the first run, {said[1]} in the second: {moved_by(gap)}"
    if gap.value is not None and gap.se is not None and abs(gap.value) <= TOLD_APART * gap.se:
        text += ", within two standard errors of none"
    return f"in {text}" if of else text


def _notes(hired: list[dict[str, int]], folders: tuple[Path, Path], shared: bool) -> Iterator[str]:
    yield (
        "Both runs share their worlds: differences are paired, and so are their errors."
        if shared
        else "The runs share no worlds (seed, sampling or version differ): errors are those of "
        "independent runs; the same --seed makes them smaller."
    )
    for name, count in hired[0].items():
        if hired[1].get(name, count) != count:
            yield f"{name} has {count:,} creators in the first run, {hired[1][name]:,} in the second."
    for own, other, folder in zip(hired, reversed(hired), folders, strict=True):
        alone = [name for name in own if name not in other]
        if alone:
            yield f"Only in {folder}: {', '.join(alone)}."
