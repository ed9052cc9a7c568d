"""The command `sim audit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..text.numbers import counted
from .asking import answer_options, charts_wanted
from .common import (
    MISTAKE,
    clear_errors,
    evidence_asked,
    evidence_option,
    fail,
    is_quiet,
    print_json,
    print_rows,
    progress_bar,
    read,
)
from .questions import save_figures

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..questions.audit._answer import Audit

_COLUMNS = ("id", "source", "says", "claimed", "simulated", "se", "unit", "verdict", "because")
_GROUNDS = {
    "holds": "True by construction",
    "holds only if": "What it would take",
    "contradicts": "Which claims or real posts contradict it",
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override any key: --set economics.order_value=40. Repeatable.",
)
@click.option("--worlds", metavar="N", help="Worlds behind each simulated figure [20000].")
@click.option("--seed", type=int, help="Seed of all random streams.")
@evidence_option
@click.option("--all", "every", is_flag=True, help="Also list the figures that are no claims.")
@answer_options
@clear_errors
def audit(
    file: Path | None,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    every: bool,
    out: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Put each published claim beside what the model gives and beside what others claim.

    Under the assumptions of the experiment FILE; without it under the packaged defaults. Each
    claim holds, holds only if a parameter had another value, or contradicts another claim. Where
    FILE has been run, the audit is saved beside its run, for `sim report` and `sim deck`.

    Example: sim audit experiments/blueland.toml
    """
    from ..questions.audit import WORLDS
    from ..questions.audit._audit import check_claims
    from ..questions.audit._rows import AuditError

    experiment = _assumptions(file, overrides, worlds, seed)
    count = WORLDS if worlds is None else experiment.simulation.worlds
    try:
        with progress_bar("checking claims", as_json) as progress:
            answer = check_claims(
                experiment, worlds=count, threads=threads, progress=progress
            ).answer()
    except AuditError as error:
        fail(f"audit: {error}", MISTAKE)
    saved = _save(answer, experiment, out) if file is not None else None
    _print(answer, as_json, every, saved)
    if saved is not None and charts_wanted():
        from ..run.dataset import open_results

        with open_results(saved.parents[1]) as run:
            save_figures(answer, saved.with_suffix(""), run)


def _print(answer: Audit, as_json: bool, every: bool, saved: Path | None) -> None:
    if as_json:
        content = answer.to_dict()
        print_json([*content["claims"], *(content["listed"] if every else [])])
        return
    if is_quiet():
        click.echo(answer.sentence)
        return
    piped = not sys.stdout.isatty()
    if piped:
        print_rows(answer.to_rows(), _COLUMNS)
    else:
        _print_table(answer)
    click.echo(answer.sentence, err=piped)
    if every:
        for figure in answer.listed:
            click.echo(f"  {figure.id} ({figure.source}): {figure.reason}", err=piped)
    written = f" Written to {saved}" if saved else ""
    click.echo(
        f"± is one Monte Carlo standard error; {counted(answer.worlds, 'world')} each.{written}",
        err=piped,
    )


def _save(answer: Audit, experiment: Experiment, out: Path | None) -> Path | None:
    """Save an audit beside a run of the same assumptions, whatever its worlds; None without one."""
    from ..run.answers import save_analysis
    from ..run.folder import is_run, read_manifest
    from ..run.written import run_folder

    folder = run_folder(experiment, out)
    if not is_run(folder):
        return None
    if read_manifest(folder)["experiment_hash"] != experiment.fingerprint():
        return None
    return save_analysis(folder, "audit", answer.to_dict())


def _print_table(answer: Audit) -> None:
    """Print claims as a table that fits the terminal, then what each verdict rests on."""
    rows = answer.shown().to_texts()
    print_rows(rows, list(rows[0]))
    for verdict, heading in _GROUNDS.items():
        told = [claim for claim in answer.claims if claim.verdict == verdict and claim.has_ground]
        if told:
            click.secho(f"\n{heading}", bold=True)
        for claim in told:
            click.echo(f"  {claim.id}, {claim.says} ({claim.source}): {claim.because}")
    click.echo()


def _assumptions(
    file: Path | None, overrides: tuple[str, ...], worlds: str | None, seed: int | None
) -> Experiment:
    if file is not None:
        return read(file, overrides, worlds, seed)
    from ..experiment import ExperimentError, build
    from ..experiment.merge import assign
    from ..questions.audit._rows import packaged

    tables: Mapping[str, Any] = {"portfolio": packaged().portfolios}
    wanted = [*overrides, *evidence_asked()]
    if worlds is not None:
        wanted.append(f'simulation.worlds="{worlds}"')
    if seed is not None:
        wanted.append(f"simulation.seed={seed}")
    faults = []
    for assignment in wanted:
        tables, wrong = assign(tables, assignment)
        faults += wrong
    if faults:
        raise ExperimentError("packaged defaults", faults)
    return build(tables, name="audit", file="packaged defaults")
