"""The command `sim audit`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from .common import MISTAKE, clear_errors, fail, print_json, print_rows, progress_bar, read

if TYPE_CHECKING:
    from ..experiment import Experiment

_COLUMNS = ("id", "source", "claimed", "simulated", "se", "unit", "verdict", "because")


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
@click.option("--threads", type=click.IntRange(1), help="Threads [all processors].")
@click.option("--json", "as_json", is_flag=True, help="Print a list of rows instead of a table.")
@clear_errors
def audit(
    file: Path | None,
    overrides: tuple[str, ...],
    worlds: str | None,
    seed: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Put each published claim beside what the model gives and beside what others claim.

    Under the assumptions of the experiment FILE; without it under the packaged defaults. Each
    claim holds, holds only if a parameter had another value, or contradicts another claim.

    Example: sim audit experiments/blueland.toml
    """
    from ..analysis.audit_rows import AuditError
    from ..analysis.auditing import WORLDS
    from ..analysis.auditing import audit as check_claims

    experiment = _assumptions(file, overrides, worlds, seed)
    count = WORLDS if worlds is None else experiment.simulation.worlds
    try:
        with progress_bar("checking claims", as_json) as progress:
            found = check_claims(experiment, worlds=count, threads=threads, progress=progress)
    except AuditError as error:
        fail(f"audit: {error}", MISTAKE)
    if as_json:
        print_json(found.to_rows())
        return
    print_rows([row.to_row() for row in found.rows], _COLUMNS)
    click.echo(f"\n{found.sentence}\n\nNeither checked nor used:", err=False)
    for figure in found.listed:
        click.echo(f"  {figure.id} ({figure.source}): {figure.reason}")


def _assumptions(
    file: Path | None, overrides: tuple[str, ...], worlds: str | None, seed: int | None
) -> Experiment:
    if file is not None:
        return read(file, overrides, worlds, seed)
    from ..analysis.audit_rows import packaged
    from ..experiment import ExperimentError, build
    from ..experiment.merge import assign

    tables: Mapping[str, Any] = {"portfolio": packaged().portfolios}
    wanted = [*overrides]
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
