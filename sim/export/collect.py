"""The tables of a run: what its folder holds, one observation per row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ..experiment import Experiment
from ..explain import believed, explain, known_table
from ..measures import COMPARISONS, MEASURES, Measure, payback
from ..measures.evaluate import measured
from ..measures.functions import mean
from ..measures.worlds import CLUSTERED_SAMPLING, currency_of
from ..plan import COMPONENTS
from ..questions import QUESTIONS, named
from ..run.answers import saved_analyses
from ..run.dataset import open_results
from ..run.folder import read_manifest
from ..run.written import read_experiment, read_summary
from ..tables import Column, Table, View, from_rows
from ..text.currency import MONEY, currency, in_currency, writing_in
from ..text.names import measure_heading

if TYPE_CHECKING:
    import xarray as xr

_COSTS = {
    "portfolio": "", "line": "", "tier": "", "platform": "", "niche": "", "compensation": "",
    "creators": "creators", "component": "", "charged_on": "",
    "price": f"{MONEY} per unit of charged_on",
}  # fmt: skip
_INPUTS = {
    "key": "", "value": "", "unit": "", "mean": "", "median": "", "p05": "", "p95": "",
    "used_as": "", "source": "",
}  # fmt: skip


def run_tables(folder: str | Path, *, worlds: bool = False) -> list[Table]:
    """Return the tables of a run and of what it was asked.

    Parameters
    ----------
    folder
        A run's folder, such as ``results/micro_vs_macro``.
    worlds
        Whether to add the worlds themselves: a row per world and portfolio, and a row per world of
        what portfolios share.

    Returns
    -------
    list of Table
        ``run`` (what was run), ``contents`` (a row per table), ``summary`` and ``comparison`` (a
        row per measure, its unit beside it), ``portfolios`` (the same measures, a row per
        portfolio, units in the header), ``costs`` (a row per line and component, money),
        ``payback`` (a row per portfolio and week), ``assumptions`` (a row per input as used),
        ``creators`` (a row per named creator, as read and as believed), then
        those of every answer beside the run, called as their question; with `worlds` also
        ``worlds`` and ``shared``.

    Raises
    ------
    RunError
        Where the folder holds no whole run, or one of a version that can no longer be read.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    summary = read_summary(folder)
    experiment = read_experiment(folder)
    answers = asked(folder)
    with open_results(folder) as dataset, writing_in(currency_of(dataset)):
        tables = [
            _summary(summary),
            _comparison(summary),
            _portfolios(summary),
            _costs(dataset),
            *_payback(dataset),
            _assumptions(explain(experiment)),
            *_creators(experiment),
            *(table for one in answers for table in one.tables),
        ]
        if worlds:
            tables += [_worlds(dataset), _shared(dataset)]
    told = {table.name: one.sentence for one in answers for table in one.tables}
    return [_run(manifest, summary, answers), _contents(tables, told), *tables]


@dataclass(frozen=True)
class Asked:
    """An answer beside a run.

    Attributes
    ----------
    question
        Its name.
    sentence
        The answer in words.
    tables
        Its tables that have rows; none where another version saved something else.
    """

    question: str
    sentence: str
    tables: tuple[Table, ...]


def asked(folder: Path) -> list[Asked]:
    """Return the answers beside a run.

    A table is called as its question; where a question was asked more than once, as its file.
    """
    saved = [
        (stem, question, content)
        for stem, content in saved_analyses(folder).items()
        if (question := str(content.get("analysis") or stem.partition("_")[0])) in QUESTIONS
    ]
    times = Counter(question for _, question, _ in saved)
    answers = []
    for stem, question, content in saved:
        name = question if times[question] == 1 else stem
        try:
            tables = named(question).read(content).tables()
        except ValidationError:
            tables = ()
        own = tuple(
            replace(table, name=name + table.name.removeprefix(question))
            for table in tables
            if len(table)
        )
        answers.append(Asked(question, str(content["sentence"]), own))
    return answers


def _contents(tables: Sequence[Table], told: Mapping[str, str]) -> Table:
    rows = [
        {
            "table": table.name,
            "a_row_is": table.about,
            "rows": len(table),
            "answer": told.get(table.name, ""),
        }
        for table in tables
    ]
    units = {"table": "", "a_row_is": "", "rows": "", "answer": ""}
    return from_rows("contents", "a table", rows, units)


def _summary(summary: Mapping[str, Any]) -> Table:
    entries = [
        ({"portfolio": portfolio}, name, entry)
        for portfolio, own in summary["portfolios"].items()
        for name, entry in own["measures"].items()
    ]
    about = "a measure of a portfolio over all worlds"
    return _measured("summary", about, entries, MEASURES)


def _comparison(summary: Mapping[str, Any]) -> Table:
    entries = [
        ({"a": pair["a"], "b": pair["b"]}, name, entry)
        for pair in summary["comparisons"]
        for name, entry in pair.items()
        if name in COMPARISONS
    ]
    about = "a comparison of portfolios a and b in the same worlds"
    return _measured("comparison", about, entries, COMPARISONS)


Entry = tuple[Mapping[str, str], str, Mapping[str, Any]]


def _measured(
    name: str, about: str, entries: Sequence[Entry], known: Mapping[str, Measure]
) -> Table:
    """Return a row for each measure, its unit beside it."""
    whose = list(entries[0][0]) if entries else ["a", "b"]
    units = [str(entry["unit"]) for _, _, entry in entries]
    columns = [Column(key, [of[key] for of, _, _ in entries]) for key in whose]
    columns += [
        Column("measure", [measure for _, measure, _ in entries]),
        Column(
            "description",
            [in_currency(known[key].long_name) if key in known else "" for _, key, _ in entries],
        ),
        Column(
            "value",
            [entry["value"] for _, _, entry in entries],
            errors=[entry["se"] for _, _, entry in entries],
            units=units,
            error_name="standard_error",
        ),
        Column("unit", units),
        Column("reason", [entry.get("reason") for _, _, entry in entries]),
    ]
    return Table(name, about, tuple(columns), labels=len(whose) + 1)


def _portfolios(summary: Mapping[str, Any]) -> Table:
    entries = summary["portfolios"]
    columns = [
        Column("portfolio", list(entries)),
        Column("creators", [entry["creators"] for entry in entries.values()], "creators"),
    ]
    first: Mapping[str, Any] = next(iter(entries.values()))["measures"]
    for name, measure in first.items():
        values, errors = (
            [entry["measures"][name][field] for entry in entries.values()]
            for field in ("value", "se")
        )
        columns.append(Column(name, values, measure["unit"], errors, measure_heading(name)))
    view = View("bars", "portfolio", ("roi_median", "loss_probability"),
                title="Median ROI, and how often a portfolio loses money")  # fmt: skip
    return Table("portfolios", "a portfolio with all its measures", tuple(columns), view=view)


def _costs(dataset: xr.Dataset) -> Table:
    """Return the mean cost of every component of every line, holding one component at a time."""
    portfolio_cost = dataset["cost"].mean("sim")
    rows, means, shares = [], [], []
    for number, line in enumerate(dataset["line"].values.tolist()):
        terms = {
            name: dataset[f"line_{name}"].values[number].item()
            for name in ("portfolio", "tier", "platform", "niche", "compensation", "creators")
        }
        whole = float(portfolio_cost.sel(portfolio=terms["portfolio"]))
        for place, component in enumerate(dataset["component"].values.tolist()):
            here = {"line": number, "component": place}
            price = float(dataset["cost_price"].isel(here))
            if price == 0.0:
                continue
            cost = measured(
                mean(price * dataset["cost_quantity"].isel(here).values),
                currency(),
                groups=int(dataset.attrs.get("groups", 0)),
                clustered=dataset.attrs.get("sampling") == CLUSTERED_SAMPLING,
            )
            rows.append(
                {
                    **terms,
                    "line": line.partition("/")[2],
                    "component": component,
                    "charged_on": in_currency(COMPONENTS.get(component, "")),
                    "price": price,
                }
            )
            means.append(cost)
            shares.append((cost.value or 0.0) / whole if whole > 0.0 else None)
    about = "a cost component of a line, mean over all worlds"
    units = {name: in_currency(unit) for name, unit in _COSTS.items()}
    table = from_rows("costs", about, rows, units, labels=2)
    mean_cost = Column(
        "mean",
        [cost.value for cost in means],
        currency(),
        [cost.se for cost in means],
        error_name="standard_error",
    )
    share = Column("share", shares, "fraction of the portfolio's mean cost")
    return replace(table, columns=(*table.columns, mean_cost, share))


def _payback(dataset: xr.Dataset) -> Iterator[Table]:
    """Yield how many worlds have paid back by the end of each week, where a run has weeks."""
    if "arrived" not in dataset:
        return
    names: list[str] = []
    curves = []
    for name in dataset["portfolio"].values.tolist():
        one = payback(dataset, name)
        curves.append(one)
        names += [name] * len(one.weeks)
    columns = (
        Column("portfolio", names),
        Column("week", np.concatenate([one.weeks for one in curves]), "weeks after the first post"),
        Column(
            "paid_back",
            np.concatenate([one.paid_back for one in curves]),
            "fraction of worlds",
            np.concatenate([one.paid_back_se for one in curves]),
            error_name="standard_error",
        ),
    )
    view = View("lines", "week", ("paid_back",), by="portfolio",
                title="Worlds that have paid back by the end of a week")  # fmt: skip
    yield Table("payback", "a portfolio by the end of a week", columns, labels=2, view=view)


def _assumptions(inputs: Any) -> Table:
    rows = [
        {
            "key": row.key,
            "value": row.written,
            "unit": row.unit,
            **{name: getattr(row, name) for name in ("mean", "median", "p05", "p95")},
            "used_as": row.used,
            "source": row.source,
        }
        for row in inputs
    ]
    return from_rows("assumptions", "an input as it was used, with its source", rows, _INPUTS)


def _creators(experiment: Experiment) -> Iterator[Table]:
    """Yield the creators of all rosters as read and as believed."""
    lists = [name for name, one in experiment.portfolio.items() if one.roster is not None]
    people = {name: believed(experiment, name) for name in lists}
    if people:
        table = known_table([one for name in lists for one in people[name]], "creators")
        whose = Column("portfolio", [name for name in lists for _ in people[name]])
        yield replace(table, columns=(whose, *table.columns), labels=2)


def _run(
    manifest: Mapping[str, Any], summary: Mapping[str, Any], answers: Sequence[Asked]
) -> Table:
    rows = [
        ("experiment", manifest["experiment"]),
        ("title", manifest.get("title", "")),
        *(("answer", sentence) for sentence in summary["answer"]),
        *(("note", warning) for warning in summary["warnings"]),
        *((one.question, one.sentence) for one in answers),
        ("worlds", manifest["worlds"]),
        ("seed", manifest["seed"]),
        ("experiment_hash", manifest["experiment_hash"]),
        ("creator-roi", manifest["version"]),
        *manifest.get("packages", {}).items(),
    ]
    return from_rows(
        "run",
        "a fact about the run",
        [{"name": name, "value": str(value)} for name, value in rows],
        {"name": "", "value": ""},
    )


def _worlds(dataset: xr.Dataset) -> Table:
    names = [str(name) for name in dataset["portfolio"].values]
    worlds = int(dataset.sizes["sim"])
    columns = [
        Column("sim", np.tile(np.arange(worlds), len(names))),
        Column("portfolio", np.repeat(names, worlds)),
    ]
    for name, variable in dataset.data_vars.items():
        if variable.dims == ("portfolio", "sim"):
            columns.append(Column(str(name), variable.values.ravel(), variable.attrs["units"]))
    return Table("worlds", "a portfolio in a world", tuple(columns), labels=2)


def _shared(dataset: xr.Dataset) -> Table:
    """Return what all portfolios of a world share: its shocks and doubts."""
    columns = [Column("sim", np.arange(int(dataset.sizes["sim"])))]
    for variable, dim in (("shock", "factor"), ("belief_factor", "belief")):
        unit = dataset[variable].attrs["units"]
        for number, name in enumerate(dataset[dim].values.tolist()):
            values = dataset[variable].isel({dim: number}).values
            columns.append(Column(f"{variable}:{name}", values, unit))
    return Table("shared", "what all portfolios of a world share", tuple(columns))
