"""One call from an experiment to results: plan, run, label."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..experiment import Experiment
from ..labelled import real
from ..plan import Plan, make_plan
from ..text.numbers import counted
from .dataset import WORLDS, open_results, stored_bytes, stream_to_file, to_dataset
from .folder import claimed, temporary_folder
from .provenance import attributes, read_of, run_key
from .room import check_room

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[int, int], None]
Submit = Callable[[int, int], "Future[Any]"]

#: Results beyond this many bytes go to disk block by block instead of memory.
MEMORY_LIMIT = 2 << 30
#: Runs of more creator-posts than this (about a minute) keep their blocks on disk.
LONG_RUN = 3_000_000_000


@dataclass(frozen=True)
class Where:
    """Where blocks are run, and who is told: see `simulate`."""

    threads: int | None = None
    progress: Progress | None = None
    cluster: str | None = None
    workers: int | None = None


def simulate(
    experiment: Experiment,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    blocks_in: str | Path | None = None,
    cluster: str | None = None,
    workers: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> xr.Dataset:
    """Simulate an experiment.

    Parameters
    ----------
    experiment
        What `sim.load` returned.
    threads
        Threads; all processors by default. The number changes no result.
    progress
        Called with worlds done and worlds in all.
    blocks_in
        Folder that keeps finished blocks of worlds: a later call with the same experiment and
        folder runs only what is missing. Without it results beyond `memory_limit` wait in a
        temporary folder until this process ends.
    cluster, workers
        Address of a Dask scheduler, or processes of a local cluster, instead of threads. With
        `blocks_in` the workers write there, so they must see that folder.
    memory_limit
        Bytes of results to hold in memory at most.

    Returns
    -------
    xarray.Dataset
        See `sim.run.dataset.SCHEMA`; dimension ``sim`` is the world. Large results are read from
        their file as they are needed.

    Raises
    ------
    ExperimentError
        For faults that only show when the plan is made.
    ClusterError
        Where the cluster cannot be had.
    RunError
        Where another process is at the same blocks, or memory or disk have no room.
    TypeError
        For anything but an experiment, such as the name of its file.

    Examples
    --------
    >>> import sim
    >>> experiment = sim.load("experiments/micro_vs_macro.toml", worlds=2_000)
    >>> results = sim.simulate(experiment)
    >>> results["roi"].dims
    ('portfolio', 'sim')
    """
    if not isinstance(experiment, Experiment):
        raise TypeError(f"needs an experiment: sim.simulate(sim.load({experiment!r}))")
    where = Where(threads, progress, cluster, workers)
    return real(simulated(experiment, where, blocks_in=blocks_in, memory_limit=memory_limit))


def simulated(
    experiment: Experiment,
    where: Where,
    *,
    blocks_in: str | Path | None = None,
    memory_limit: int = MEMORY_LIMIT,
    provenance: bool = True,
) -> xr.Dataset:
    """Return what `simulate` does, labelled without xarray; in memory with or without provenance."""
    plan = make_plan(experiment)
    if blocks_in is not None:
        place = Path(blocks_in) / run_key(experiment, plan)
        check_room(plan, place, on_disk=True)
        with claimed(place):
            return _from_disk(experiment, plan, place, where)
    large = stored_bytes(plan) > memory_limit
    check_room(plan, Path(tempfile.gettempdir()), on_disk=large)
    if not large:
        arrays = _in_memory(plan, where)
        own = attributes(experiment, plan, arrays) if provenance else read_of(experiment, plan)
        return to_dataset(plan, arrays, own)
    place = temporary_folder()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return _from_disk(experiment, plan, place, where, keep=False)


def at_point(experiment: Experiment, threads: int | None = None) -> xr.Dataset:
    """Return the worlds of one of many points: what measures read of them, and no provenance."""
    return simulated(experiment, Where(threads), provenance=False)


@contextmanager
def worlds_of(
    experiment: Experiment,
    folder: Path,
    where: Where,
    *,
    resume: bool = False,
    memory_limit: int = MEMORY_LIMIT,
) -> Iterator[xr.Dataset]:
    """Yield the worlds of an experiment to be written as a run.

    Long runs, large ones and those that are to be resumed keep their blocks beside the run's
    folder, where no other run touches them, until the worlds have been used; an interruption
    leaves them for the next call.

    Parameters
    ----------
    experiment
        What `sim.load` returned.
    folder
        The run's folder.
    where
        Where blocks are run.
    resume
        Whether to keep blocks however short the run is.
    memory_limit
        See `simulate`.

    Raises
    ------
    RunError
        Where another process is at the same worlds, or memory or disk have no room.
    """
    plan = make_plan(experiment)
    kept = blocks_folder(folder)
    place = kept / run_key(experiment, plan)
    large = creator_posts(plan) > LONG_RUN or stored_bytes(plan) > memory_limit
    on_disk = resume or large or place.is_dir()
    check_room(plan, folder, on_disk)
    if not on_disk:
        arrays = _in_memory(plan, where)
        yield to_dataset(plan, arrays, attributes(experiment, plan, arrays))
        return
    with claimed(place):
        try:
            yield _from_disk(experiment, plan, place, where)
            shutil.rmtree(place)
        finally:
            # Where blocks wait, these stay.
            for empty in (place, kept):
                with suppress(OSError):
                    empty.rmdir()


def blocks_folder(folder: Path) -> Path:
    """Return where finished blocks of a run wait until it is written, each run's in its own."""
    return folder.parent / f".{folder.name}.blocks"


def waiting_blocks(folder: Path) -> list[tuple[Path, int]]:
    """Return where blocks of interrupted runs wait beside a run's folder, and their bytes."""
    kept = blocks_folder(folder)
    places = sorted(path for path in kept.iterdir() if path.is_dir()) if kept.is_dir() else []
    return [(place, sum(p.stat().st_size for p in place.rglob("*"))) for place in places]


def _from_disk(
    experiment: Experiment, plan: Plan, place: Path, where: Where, keep: bool = True
) -> xr.Dataset:
    """Run what a folder of blocks lacks, put all of it into one file there, and open that."""
    names = _on_disk(plan, place, where, keep)
    path = place / WORLDS
    attrs = partial(attributes, experiment, plan)
    stream_to_file(plan, place, names, path, attrs, experiment.currency, keep=keep)
    results = open_results(path)
    results.encoding["passing"] = True
    return results


def _in_memory(plan: Plan, where: Where) -> dict[str, Any]:
    from ..engine.run import block_rows, run

    if where.cluster is None and where.workers is None:
        return run(plan, threads=where.threads, progress=where.progress)
    with _executor(block_rows, plan, where) as (submit, ahead):
        return run(plan, progress=where.progress, submit=submit, ahead=ahead)


def _on_disk(plan: Plan, folder: Path, where: Where, keep: bool) -> list[str]:
    """Run what is missing; return the names of all blocks in the order of their worlds."""
    from ..engine.run import Block, blocks, collect
    from .blocks import compute_block, finished_blocks, kept_worlds

    folder.mkdir(parents=True, exist_ok=True)
    have = finished_blocks(folder)
    wanted = blocks(plan, large_block(plan))
    todo = [block for block in wanted if block not in have]

    def store(block: Block, name: str) -> None:
        have[block] = name

    try:
        if todo:
            function = partial(compute_block, str(folder.absolute()))
            with _executor(function, plan, where) as (submit, ahead):
                collect(todo, submit, store, where.progress, ahead)
    except KeyboardInterrupt:
        done = kept_worlds(folder)
        raise KeyboardInterrupt(
            f"{counted(done)} of {counted(plan.worlds, 'world')} are kept in {folder}; the same command goes on "
            "with them, and without that folder it starts afresh"
            if keep and done
            else ""
        ) from None
    return [have[block] for block in wanted]


def large_block(plan: Plan) -> int:
    """Return the worlds of a block on disk: about two seconds of work, a multiple of 1,024."""
    posts = sum(plan.posts(w) for w in range(len(plan.works)))
    return max(1024, min(65_536, 40_000_000 // max(posts, 1) // 1024 * 1024))


@contextmanager
def _executor(
    function: Callable[[Plan, int, int], Any], plan: Plan, where: Where
) -> Iterator[tuple[Submit, int]]:
    """Yield what submits a block, and how many blocks to keep under way."""
    if where.cluster is None and where.workers is None:
        from ..engine.run import on_threads

        with on_threads(function, plan, where.threads) as submitting:
            yield submitting
        return
    from ..engine.cluster import cluster_submit

    with cluster_submit(function, plan, where.cluster, where.workers) as submit:
        yield submit, 2 * (where.workers or 32)


def creator_posts(plan: Plan) -> int:
    """Return how many creator-posts a run simulates over all its worlds."""
    return plan.worlds * sum(plan.posts(w) for w in range(len(plan.works)))
