"""Commands on experiment files: check, explain, schema, new."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..experiment import Experiment, ExperimentError, Fault
from ..text.currency import currency
from ..text.numbers import counted, fixed, money, percent, plain, setting, whole_percent
from .common import MISTAKE, clear_errors, experiment_options, fail, print_json, read, write_whole

if TYPE_CHECKING:
    from ..explain import Believed
    from ..plan import Plan, PlanLine


@click.command()
@experiment_options
@clear_errors
def check(file: Path, overrides: tuple[str, ...], worlds: str | None, seed: int | None) -> None:
    """Validate an experiment FILE: every fault at once, exit code 2 if there is one.

    Example: sim check experiments/micro_vs_macro.toml
    """
    from ..experiment.plausible import implausible
    from ..plan import make_plan

    experiment = read(file, overrides, worlds, seed)
    plan = make_plan(experiment)
    _check_questions(experiment)
    parts = []
    for name in plan.portfolios:
        hired = _hired([line for line in plan.lines if line.portfolio == name])
        left = plan.left_over.get(name)
        parts.append(
            f"{name} hires {hired}" + (f", {fixed(left, 0)} {currency()} left over" if left else "")
        )
    click.echo(f"{file}: fine. " + "; ".join(parts) + ".")
    _print_rosters(experiment)
    for note in (*_too_little(plan), *implausible(experiment)):
        click.secho(f"Note: {note}", fg="yellow")


def _hired(lines: Sequence[PlanLine]) -> str:
    """Return in words whom a portfolio hires: of each line, or in each stage over its lines."""
    about = "about " if any(line.money < math.inf for line in lines) else ""
    if all(line.programme is None for line in lines):
        return ", ".join(f"{about}{line.creators} {line.name}" for line in lines)
    stages: dict[int, int] = {}
    for line in lines:
        its, stage = line.programme, line.joins + line.stage
        if its is not None and its.of_list:
            stages[stage] = its.of_list[line.stage]
        else:
            stages[stage] = stages.get(stage, 0) + line.creators
    counts = ", ".join(f"{stages[k]} in stage {k + 1}" for k in sorted(stages))
    return f"{about}{counts}"


def _too_little(plan: Plan) -> Iterator[str]:
    """Yield which budgets pay less than one creator commits on average."""
    for line in plan.lines:
        each = line.committed_per_creator
        if line.stage == line.joins == 0 and not line.people and line.money < each:
            yield (
                f"{line.portfolio}: {money(line.money)} is less than the {money(each)} that one of "
                f"{line.name} commits on average, so in many worlds nobody fits"
            )


#: Creators of a roster that are printed; the rest is only counted.
_SHOWN = 12


def _print_rosters(experiment: Experiment) -> None:
    """Print each roster as it was read: what its columns mean, and its first creators."""
    for name, portfolio in experiment.portfolio.items():
        if portfolio.roster is None:
            continue
        rows = portfolio.roster.table()
        count = counted(len(rows), "creator")
        click.echo(f"\n{name}: {count} from {portfolio.roster.path}")
        for text in portfolio.roster.told:
            click.echo(f"    {text}")
        _print_first(rows)


def _print_believed(name: str, known: Sequence[Believed]) -> None:
    """Print creators as they are believed, given all that is known of them."""
    click.echo(f"\n{name} as believed: means over worlds, and how much of a creator is known")
    _print_first(
        [
            {
                "name": one.name,
                "rate": percent(one.rate_believed),
                "of its tier": percent(one.rate_tier),
                "known of it": whole_percent(one.rate_counts),
                "orders a post": plain(one.orders_believed),
                "known of them": whole_percent(one.orders_counts),
                "fee": "" if one.fee_believed is None else money(one.fee_believed, unit=False),
            }
            for one in known
        ]
    )


def _print_first(rows: Sequence[dict[str, str]]) -> None:
    """Print the first rows of a table in columns."""
    heads = list(rows[0])
    wide = {head: max(len(head), *(len(row[head]) for row in rows[:_SHOWN])) for head in heads}
    for row in ({head: head for head in heads}, *rows[:_SHOWN]):
        cells = (
            row[head].ljust(wide[head]) if head in _LEFT else row[head].rjust(wide[head])
            for head in heads
        )
        click.echo("    " + "  ".join(cells).rstrip())
    if len(rows) > _SHOWN:
        click.echo(f"    and {counted(len(rows) - _SHOWN)} more")


_LEFT = ("name", "tier", "niche")


def _check_questions(experiment: Experiment) -> None:
    """Check the tables that other commands ask: [sweep] and [scenario.NAME], all faults at once."""
    from ..questions.scenario._scenario import check_scenarios
    from ..questions.sweep._sweep import check_sweep

    faults: list[Fault] = []
    for check_table in (check_sweep, check_scenarios):
        try:
            check_table(experiment)
        except ExperimentError as error:
            faults += error.faults
    if faults:
        raise ExperimentError(experiment.file, faults)


@click.command()
@experiment_options
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@clear_errors
def explain(
    file: Path, overrides: tuple[str, ...], worlds: str | None, seed: int | None, as_json: bool
) -> None:
    """Print every input of FILE as it will be used: unit, denominator, source or *assumption*.

    Example: sim explain experiments/micro_vs_macro.toml
    """
    from ..explain import believed, caps
    from ..explain import explain as explain_inputs
    from ..plan import make_plan

    experiment = read(file, overrides, worlds, seed)
    rows = explain_inputs(experiment)
    cut = caps(experiment)
    people = {
        name: believed(experiment, name)
        for name, portfolio in experiment.portfolio.items()
        if portfolio.roster is not None
    }
    plan = make_plan(experiment)
    lines: list[dict[str, Any]] = [
        {
            "portfolio": line.portfolio,
            "line": line.name,
            "creators": line.creators,
            "committed_per_creator": line.committed_per_creator,
            "money": line.money if line.money < math.inf else None,
        }
        for line in plan.lines
    ]
    if as_json:
        print_json(
            {
                "experiment": experiment.name,
                "inputs": [row.to_dict() for row in rows],
                "lines": lines,
                "rosters": {
                    name: {
                        "told": portfolio.roster.told,
                        "creators": portfolio.roster.table(),
                        "believed": [asdict(one) for one in people[name]],
                    }
                    for name, portfolio in experiment.portfolio.items()
                    if portfolio.roster is not None
                },
                "left_over": dict(plan.left_over),
                "caps": cut,
            }
        )
        return
    table = ""
    for row in rows:
        head, _, key = row.key.rpartition(".")
        if head != table:
            table = head
            click.echo(f"\n[{table}]")
        click.echo(f"{key} = {row.written}" + _numbers(row))
        click.echo(f"    {row.unit}")
        if row.used:
            click.echo(f"    used as: {row.used}")
        click.echo(f"    source: {row.source}")
    _print_rosters(experiment)
    for name, known in people.items():
        _print_believed(name, known)
    click.echo("\nHired")
    for line in plan.lines:
        about, most = "", ""
        if line.money < math.inf:
            what = "in all" if line.programme is None else "up to this stage"
            about, most = "about ", f", at most {fixed(line.money, 0)} {currency()} {what}"
        click.echo(
            f"    {line.portfolio}: {about}{line.creators} {line.name}, "
            f"{fixed(line.committed_per_creator, 0)} {currency()} committed per creator{most}"
        )
    for name, left in plan.left_over.items():
        click.echo(f"    {name}: {fixed(left, 0)} {currency()} left over")
    click.echo("\nCaps (short run)")
    for item in cut:
        click.echo(
            f"    {item['tier']} on {item['platform']}, {item['compensation']}: impressions cut "
            f"at the audience in {percent(item['impressions_cut'])} of posts, engagements cut "
            f"at impressions in {percent(item['engagements_cut'])}"
        )


def _numbers(row: Any) -> str:
    if row.mean is None or row.p05 == row.p95:
        return ""
    mean, median, low, high = (
        setting(value, digits)
        for value, digits in ((row.mean, 4), (row.median, 4), (row.p05, 3), (row.p95, 3))
    )
    return f"   mean {mean}, median {median}, nine in ten between {low} and {high}"


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; standard output without it."
)
@clear_errors
def schema(out: Path | None) -> None:
    """Write the JSON Schema of experiment files, with which editors complete keys.

    Example: sim schema --out experiments/experiment.schema.json
    """
    from ..experiment.schema import schema_text

    if out is None:
        click.echo(schema_text(), nl=False)
    else:
        write_whole(out, schema_text())
        click.echo(f"wrote {out}")


@click.command()
@click.argument("name")
@clear_errors
def new(name: str) -> None:
    """Write a commented experiment to start from: NAME.toml and its schema.

    Example: sim new experiments/launch
    """
    from ..experiment.schema import schema_text
    from ..experiment.starter import starter

    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    if path.name == ".toml":
        fail("give the experiment a name: sim new experiments/launch", MISTAKE)
    if path.exists():
        fail(f"{path}: exists already; choose another name", MISTAKE)
    write_whole(path, starter(path.stem, str(path)))
    beside = path.parent / "experiment.schema.json"
    if not beside.exists():
        write_whole(beside, schema_text())
    click.echo(f"wrote {path}; now: sim explain {path}, then sim run {path}")
