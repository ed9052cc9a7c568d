"""Tables of overrides as experiments: keys as a file would write them, or times what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..experiment import DistributionError, Experiment, ExperimentError, Fault
from ..experiment.layout import is_section
from ..experiment.toml import dotted, path_of
from .keys import Varied, find_key, places_of, recentred_at
from .ranges import is_relative, scaled_number
from .variant import Path

#: Tables in which an override leaves what it does not name.
_BY_KEY = ("shocks", "beliefs")


def overridden(varied: Varied, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Experiment]:
    """Return the experiment under each scenario; the faults of all of them at once."""
    result: dict[str, Experiment] = {}
    faults: list[Fault] = []
    for name, table in tables.items():
        try:
            result[name] = _under(varied, name, table)
        except ExperimentError as error:
            faults += error.faults
    if faults:
        raise ExperimentError(varied.experiment.file, faults)
    return result


def _under(varied: Varied, name: str, table: Mapping[str, Any]) -> Experiment:
    """Return the experiment under a scenario; faults carry the scenario's name."""
    places: dict[Path, Any] = {}
    faults: list[Fault] = []
    for path, value in _leaves((), table):
        try:
            places |= _placed(varied.experiment, path, value)
        except ExperimentError as error:
            faults += error.faults
        except DistributionError as error:
            faults.append(Fault(dotted(path), str(error), value))
    try:
        changed = varied.with_tables(places)
        if not faults:
            return changed
    except ExperimentError as error:
        faults += error.faults
    named = [Fault(f"scenario.{name}.{fault.key}", fault.problem, fault.got) for fault in faults]
    raise ExperimentError(varied.experiment.file, named)


def _leaves(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield the values of a table that may be nested or have quoted, dotted keys."""
    for name, value in table.items():
        here = (*path, *(path_of(name) or name.split(".")))
        if isinstance(value, Mapping) and (len(here) == 1 or is_section(here)):
            yield from _leaves(here, value)
        else:
            yield here, value


def _placed(experiment: Experiment, path: Path, value: Any) -> dict[Path, Any]:
    """Return what stands where in the resolved tables for one override."""
    if isinstance(value, Mapping):
        if path[0] in _BY_KEY:
            inner = [_placed(experiment, (*path, name), item) for name, item in value.items()]
            return {place: item for places in inner for place, item in places.items()}
        return {place: dict(value) for place in places_of(experiment, path)}
    key = find_key(experiment, dotted(path))
    if isinstance(value, str) and is_relative(key, value):
        number = scaled_number(key, value)
        return {place: recentred_at(experiment, key, place, number) for place in key.paths}
    return dict.fromkeys(key.paths, value)
