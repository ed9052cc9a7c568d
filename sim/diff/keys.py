"""Keys that have another value in one experiment than in another, as far as somebody uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..experiment import Distribution, Experiment
from ..experiment.layout import is_section
from ..experiment.models import ExperimentTable
from ..experiment.toml import dotted
from ..experiment.toml import value as as_toml
from ..plan import portfolio_terms

#: What is told of a portfolio that only one run has.
_TOLD = ("creators", "budget", "tier", "mix")
#: Tables that only ask or say how many worlds.
_ASIDE = ("name", "title", "evidence", "currency", "exchange_rate", "decision", "sweep", "scenario")


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


def changed_keys(old: Experiment, new: Experiment) -> tuple[tuple[Changed, ...], int]:
    """Return the keys that differ and are in use, and how many others differ."""
    before, after = _values(old, new), _values(new, old)
    used = _used(old) | _used(new)
    changed, unused = [], 0
    for path in dict.fromkeys([*before, *after]):
        was, is_now = before.get(path), after.get(path)
        if was is not None and is_now is not None and was[1] == is_now[1]:
            continue
        if _is_used(path, used):
            texts = (side[0] if side else None for side in (was, is_now))
            changed.append(Changed(dotted(path), *texts))
        else:
            unused += 1
    return tuple(changed), unused


def _values(experiment: Experiment, other: Experiment) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Return every value by its path; a portfolio that the other has not is one value."""
    alone = {name for name in experiment.portfolio if name not in other.portfolio}
    written = {
        path: value
        for path, value in _leaves(experiment)
        if path[0] != "portfolio" or path[1] not in alone
    }
    for name in experiment.portfolio:
        if name in alone:
            portfolio = _written(experiment.portfolio[name])
            told = {key: portfolio[key] for key in _TOLD if key in portfolio}
            written["portfolio", name] = (as_toml(told), told)
    return written


def _leaves(experiment: Experiment) -> Iterator[tuple[tuple[str, ...], tuple[str, Any]]]:
    """Yield every value: its path, how it is written, and what it means."""

    def below(path: tuple[str, ...], item: Any) -> Iterator[Any]:
        for name, inner in item if isinstance(item, ExperimentTable) else item.items():
            here = (*path, name)
            if inner is None:
                continue
            if is_section(here) and isinstance(inner, ExperimentTable | Mapping):
                yield from below(here, inner)
            else:
                yield here, (as_toml(_written(inner)), _meaning(inner))

    for name, table in experiment:
        if name not in _ASIDE and table is not None:
            yield from below((name,), table)


def _written(value: Any) -> Any:
    if isinstance(value, Distribution):
        return _written(value.written)
    if isinstance(value, ExperimentTable | Mapping):
        pairs = value if isinstance(value, ExperimentTable) else value.items()
        return {k: _written(v) for k, v in pairs if v is not None}
    return value


def _meaning(value: Any) -> Any:
    """Return a value such that "3%" equals 0.03."""
    if isinstance(value, Distribution):
        return value.family, dict(value.parameters), value.lower, value.upper, value.values
    if isinstance(value, ExperimentTable | Mapping):
        pairs = value if isinstance(value, ExperimentTable) else value.items()
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
