"""The one way to change an experiment: what stands elsewhere, other portfolios, fewer worlds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..experiment import Experiment, build
from ..plan import Terms

Path = tuple[str, ...]

#: Tables that ask about an experiment and mean nothing for another.
ASIDE = ("decision", "sweep", "scenario")
_TERMS = ("tier", "platform", "niche", "compensation", "posts", "repeat_factor", "format")


def variant(
    experiment: Experiment,
    places: Mapping[Path, Any] | None = None,
    *,
    portfolios: Mapping[str, Mapping[str, Any]] | None = None,
    only: Iterable[str] | None = None,
    values: Mapping[Path, Any] | None = None,
) -> Experiment:
    """Return an experiment that differs from another in what is named here, and in nothing else.

    Parameters
    ----------
    experiment
        The experiment.
    places
        What a file would write at places of the resolved tables, such as
        ``{("costs", "fixed"): "3k"}``; checked as a file is.
    portfolios
        Other portfolios by name, as tables of a file; checked too.
    only
        Names of the portfolios to keep: the worlds of these stay as they are.
    values
        Plain values that are known to be possible, such as ``{("simulation", "worlds"): 512}``:
        not checked, and so in a thousandth of the time. They are set last.

    Raises
    ------
    ExperimentError
        Where a place or a portfolio is not possible.
    """
    if places is not None or portfolios is not None:
        tables = {name: t for name, t in experiment.tables().items() if name not in ASIDE}
        if portfolios is not None:
            tables["portfolio"] = dict(portfolios)
        for path, value in (places or {}).items():
            _put(tables, path, value)
        source = experiment
        experiment = build(tables, name=source.name, file=source.file, folder=source.folder)
    if only is not None:
        kept = {name: experiment.portfolio[name] for name in only}
        experiment = experiment.model_copy(update={"portfolio": kept})
    for path, value in (values or {}).items():
        experiment = _set(experiment, path, value)
    return experiment


def _put(tables: dict[str, Any], path: Path, value: Any) -> None:
    """Set a value in tables, copying the tables on the way to it."""
    here = tables
    for part in path[:-1]:
        inner = here.get(part)
        here[part] = dict(inner) if isinstance(inner, Mapping) else {}
        here = here[part]
    here[path[-1]] = value
    if path[0] == "portfolio" and path[-1] in ("creators", "budget"):
        here.pop("budget" if path[-1] == "creators" else "creators", None)


def _set(table: Any, path: Path, value: Any) -> Any:
    """Return a copy of validated tables with another value at a place."""
    if not path:
        return value
    if isinstance(table, Mapping):
        return {**table, path[0]: _set(table[path[0]], path[1:], value)}
    return table.model_copy(update={path[0]: _set(getattr(table, path[0]), path[1:], value)})


def on_terms(terms: Terms) -> dict[str, Any]:
    """Return terms as keys of a portfolio or of a line of a mix."""
    written = {name: getattr(terms, name) for name in _TERMS}
    return {name: value for name, value in written.items() if value != ()}


def line_names(terms: Sequence[Terms]) -> dict[Terms, str]:
    """Return names that tell lines apart: the tier, and whatever else differs between them."""
    differing = ["tier"] + [n for n in _TERMS[1:] if len({getattr(t, n) for t in terms}) > 1]
    return {t: "-".join(str(getattr(t, n)) for n in differing) for t in terms}
