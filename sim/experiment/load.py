"""From a file to an `Experiment`: read, fill up from presets, check everything, report at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, ValidationError

from ..text.currency import MONEY, in_currency
from ..text.safe import printable
from . import models
from .amounts import currency_of
from .checks import cross_checks, named_in_vain
from .distributions import Distribution
from .faults import ExperimentError, Fault, nearest
from .fill import fill, left_to_evidence
from .layout import FREE
from .merge import Unreadable, assign, assign_value, found_in, included, merge, read_toml
from .presets import presets
from .read_roster import with_rosters
from .roster import Roster
from .shape import sound
from .toml import dotted, path_of
from .translate import faults_of

__all__ = ["Experiment", "build", "load", "presets"]


class Experiment(models.Experiment):
    """A complete, validated, immutable experiment.

    Attributes beside the tables of the file: `file` (as the user named it), `origins` (where each
    dotted key comes from: a source, the word *assumption*, or the file) and `inputs` (files that
    the experiment reads).
    """

    _file: str = PrivateAttr("")
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _inputs: tuple[str, ...] = PrivateAttr(())
    _folder: Path = PrivateAttr(default_factory=Path)
    _given: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _left_to_evidence: tuple[str, ...] = PrivateAttr(())

    @property
    def file(self) -> str:
        """The file as the user named it."""
        return self._file

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each dotted key of the resolved experiment comes from."""
        return self._origins

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files that the experiment reads, relative to `folder`."""
        return self._inputs

    @property
    def folder(self) -> Path:
        """The folder that files named in the experiment are relative to."""
        return self._folder

    @property
    def left_to_evidence(self) -> tuple[str, ...]:
        """Inputs that the file leaves to evidence, for a tier that it hires or at all."""
        return self._left_to_evidence

    @property
    def given(self) -> Mapping[str, Any]:
        """The tables as the file gives them, before anything is filled in."""
        return self._given

    def under(self, evidence: str) -> Experiment:
        """Return the same file filled up from another set of evidence; its own figures stay."""
        tables = {**self._given, "evidence": evidence}
        return build(tables, name=self.name, file=self.file, folder=self.folder)

    def with_(
        self,
        changes: str | Sequence[str] | Mapping[str, Any] = (),
        *,
        worlds: int | str | None = None,
        seed: int | None = None,
    ) -> Experiment:
        """Return the experiment with other values, filled up and checked as its file would be.

        Parameters
        ----------
        changes
            Values by dotted key, ``{"portfolio.macro.budget": 80_000}``, or assignments as after
            ``--set``.
        worlds, seed
            Shorthand for ``simulation.worlds`` and ``simulation.seed``.

        Raises
        ------
        ExperimentError
            With every fault.
        """
        tables, faults = _assigned(self._given, changes, worlds, seed)
        try:
            changed = build(tables, name=self.name, file=self.file, folder=self.folder)
        except ExperimentError as error:
            faults += error.faults
        if faults:
            raise ExperimentError(self.file, faults)
        return changed

    def tables(self) -> dict[str, Any]:
        """Return the resolved experiment as plain TOML tables, complete without any preset.

        Results that were learned from stay where they are: what they taught is there.
        """
        aside: dict[str, Any] = {"name": True, "learned": {"results"}}
        if self.currency == MONEY:
            aside |= {"currency": True, "exchange_rate": True}
        tables: dict[str, Any] = _without_none(self.model_dump(mode="python", exclude=aside))
        return tables

    def fingerprint(self) -> str:
        """Return a hash of everything that decides the numbers of a world.

        How many worlds there are and tables that only ask are left out. Distributions count by
        what they mean: "3%" is 0.03, and observations are what they were when they were read.
        """
        text = json.dumps(self.meaning(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def meaning(self) -> dict[str, Any]:
        """Return the tables that decide the numbers of a world, as plain numbers and texts."""
        aside = {
            "name", "title", "evidence", "exchange_rate", "learned", "decision", "sweep", "scenario",
        }  # fmt: skip
        if self.currency == MONEY:
            aside.add("currency")
        tables = {name: _meaning(table) for name, table in self if name not in aside}
        if self.learned is not None:
            taught = (self.learned.factors, self.learned.center, self.learned.covariance)
            tables["learned"] = _meaning(taught)
        for number in ("worlds", "beliefs"):
            tables["simulation"].pop(number)
        return tables

    def _repr_html_(self) -> str:
        """Return what is compared, for a notebook."""
        from ..displays import paragraphs, table

        rows = []
        for name, portfolio in self.portfolio.items():
            lines = list(portfolio.mix or [portfolio.tier or "a roster"])
            size = (
                f"{portfolio.creators:,} creators"
                if portfolio.budget is None
                else in_currency(f"{portfolio.budget:,.0f} {MONEY}", self.currency)
            )
            what = (", ".join(lines), size, portfolio.platform, portfolio.compensation)
            rows.append((name, *what, str(portfolio.posts)))
        simulation = self.simulation
        asked = self.decision
        texts = [
            f"{simulation.worlds:,} worlds, seed {simulation.seed}",
            f"decision: {asked.a} or {asked.b}" if asked else "",
        ]
        head = ("portfolio", "lines", "size", "platform", "compensation", "posts")
        return table(head, rows, self.title or self.name) + paragraphs(texts, small=True)


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, tuple | list):
        return [_without_none(item) for item in value]
    return value


def _meaning(value: Any) -> Any:
    """Return a value as plain numbers and text, the same however it was written."""
    if isinstance(value, Distribution):
        means = (value.family, value.parameters, value.lower, value.upper, value.values)
        return [_meaning(part) for part in means]
    if isinstance(value, Roster):
        return value.digest
    if isinstance(value, models.ExperimentTable):
        return {name: _meaning(item) for name, item in value}
    if isinstance(value, Mapping):
        return {str(key): _meaning(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_meaning(item) for item in value]
    return float(value) if isinstance(value, int | float) else value


def load(
    path: str | Path,
    overrides: str | Sequence[str] = (),
    *,
    worlds: int | str | None = None,
    seed: int | None = None,
) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    path
        A TOML file.
    overrides
        Assignments such as ``"portfolio.macro.budget=80000"``, one or several, applied over the
        file.
    worlds, seed
        Shorthand for ``simulation.worlds`` and ``simulation.seed``.

    Raises
    ------
    ExperimentError
        With every fault of the file.
    """
    path = Path(path)
    try:
        tables = read_toml(path)
    except Unreadable as error:
        raise ExperimentError(str(path), [Fault("", str(error) + _near(path))]) from None
    fragments, faults = included(tables.pop("include", []), path.parent)
    complete: Mapping[str, Any] = {}
    for layer in (*fragments.values(), tables):
        complete = merge(complete, layer)
    complete, wrong = _assigned(complete, overrides, worlds, seed)
    faults += wrong
    try:
        experiment = build(complete, name=printable(path.stem), file=str(path), folder=path.parent)
    except ExperimentError as error:
        faults += [_where_it_stands(fault, tables, fragments) for fault in error.faults]
    if faults:
        raise ExperimentError(str(path), faults)
    return experiment


def _assigned(
    tables: Mapping[str, Any],
    changes: str | Sequence[str] | Mapping[str, Any],
    worlds: int | str | None,
    seed: int | None,
) -> tuple[Mapping[str, Any], list[Fault]]:
    """Return tables with assignments laid over them, and what is wrong with these."""
    faults: list[Fault] = []
    given: list[Any] = [changes] if isinstance(changes, str) else list(changes)
    if isinstance(changes, Mapping):
        given = [*changes.items()]
    for change in given:
        if isinstance(change, str):
            tables, wrong = assign(tables, change)
        else:
            tables, wrong = assign_value(tables, *change)
        faults += wrong
    for key, value in (("worlds", worlds), ("seed", seed)):
        if value is not None:
            tables = merge(tables, {"simulation": {key: value}})
    if worlds is not None and isinstance(tables.get("simulation"), Mapping):
        # So many worlds in all: the draws of the beliefs follow from them.
        simulation = {k: v for k, v in tables["simulation"].items() if k != "beliefs"}
        tables = {**tables, "simulation": simulation}
    return tables, faults


def _near(path: Path) -> str:
    """Suggest a file of nearly that name."""
    if path.exists() or not path.parent.is_dir():
        return ""
    near = nearest(path.name, [other.name for other in path.parent.glob("*.toml")])
    return f"; did you mean {path.with_name(near)}?" if near else ""


def _where_it_stands(
    fault: Fault, tables: Mapping[str, Any], fragments: Mapping[str, Mapping[str, Any]]
) -> Fault:
    """Name the included file in a fault of a key that only stands there."""
    path = path_of(fault.key)
    if path is None or found_in(tables, path):
        return fault
    holders = [file for file, fragment in fragments.items() if found_in(fragment, path)]
    return replace(fault, file=holders[-1]) if holders else fault


def build(
    tables: Mapping[str, Any],
    *,
    name: str = "experiment",
    file: str = "experiment",
    folder: Path | None = None,
) -> Experiment:
    """Fill up and validate an experiment given as tables.

    Parameters
    ----------
    tables
        What an experiment file would hold.
    name
        Name of the experiment, the stem of its file.
    file
        How error messages call it.
    folder
        Where files that it names are looked for.

    Raises
    ------
    ExperimentError
        With every fault.
    """
    folder = folder or Path()
    try:
        return _built(tables, name, file, folder)
    except RecursionError:
        raise ExperimentError(file, [Fault("", "its tables are nested too deep")]) from None


def _built(tables: Mapping[str, Any], name: str, file: str, folder: Path) -> Experiment:
    shape = sound(tables)
    shape.tables, faults = with_rosters(shape.tables, folder)
    shape.meant |= {fault.key for fault in faults}
    filled, origins = fill(shape.tables)
    faults = [*shape.faults, *faults]
    experiment = None
    context = {"folder": folder, "currency": currency_of(shape.tables)}
    try:
        experiment = Experiment.model_validate({"name": name, **filled}, context=context)
    except ValidationError as error:
        faults += faults_of(error, shape.tables, named_in_vain(shape.tables), shape.meant)
    faults += cross_checks(filled, shape)
    if faults or experiment is None:
        raise ExperimentError(file, _in_order(faults, tables))
    experiment._file = file
    experiment._origins = origins
    experiment._folder = folder
    experiment._given = tables
    experiment._left_to_evidence = left_to_evidence(shape.tables)
    read = {head: table for head, table in experiment.tables().items() if head not in FREE}
    experiment._inputs = tuple(sorted(set(_input_files(read))))
    return experiment


def _input_files(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "empirical" and isinstance(item, str):
                yield item.rsplit(":", 1)[0]
            elif key == "roster" and isinstance(item, str):
                yield item
            else:
                yield from _input_files(item)


def _in_order(faults: list[Fault], tables: Mapping[str, Any]) -> list[Fault]:
    """Return each fault once, in the order of the file's keys as far as known."""
    order = {key: position for position, key in enumerate(_dotted_keys(tables))}

    def position(fault: Fault) -> int:
        key = fault.key
        while key and key not in order:
            key = key.rpartition(".")[0]
        return order.get(key, -1)

    once = {(fault.key, fault.problem): fault for fault in faults}
    return sorted(once.values(), key=position)


def _dotted_keys(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    for key, item in table.items():
        yield dotted((*path, key))
        if isinstance(item, Mapping):
            yield from _dotted_keys(item, (*path, key))
