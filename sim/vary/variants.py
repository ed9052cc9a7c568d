"""The same assumptions with other portfolios: what questions about numbers and mixes simulate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..experiment import Experiment, build
from ..plan import Terms

#: Tables that are about the portfolios of the file and mean nothing for others.
_ABOUT_PORTFOLIOS = ("decision", "sweep", "scenario")
_TERMS = ("tier", "platform", "niche", "compensation", "posts", "repeat_factor")


def with_portfolios(
    experiment: Experiment,
    portfolios: Mapping[str, Mapping[str, Any]],
    *,
    seed: int | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Experiment:
    """Return an experiment with other portfolios under the same assumptions.

    Parameters
    ----------
    experiment
        The experiment.
    portfolios
        Tables as in a file, by name.
    seed
        Another seed, for fresh worlds.
    changes
        Keys to set in other tables, such as ``{"costs": {"fixed": 0}}``.
    """
    tables = experiment.tables()
    for key in _ABOUT_PORTFOLIOS:
        tables.pop(key, None)
    tables["portfolio"] = dict(portfolios)
    for table, values in (changes or {}).items():
        tables[table] = {**tables[table], **values}
    if seed is not None:
        tables["simulation"] = {**tables["simulation"], "seed": seed}
    return build(tables, name=experiment.name, file=experiment.file, folder=experiment.folder)


def on_terms(terms: Terms) -> dict[str, Any]:
    """Return terms as keys of a portfolio or of a line of a mix."""
    return {name: getattr(terms, name) for name in _TERMS}


def line_names(terms: Sequence[Terms]) -> dict[Terms, str]:
    """Return names that tell lines apart: the tier, and whatever else differs between them."""
    differing = ["tier"] + [n for n in _TERMS[1:] if len({getattr(t, n) for t in terms}) > 1]
    return {t: "-".join(str(getattr(t, n)) for n in differing) for t in terms}
