"""One call from an experiment to results: plan, run, label."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .experiment import Experiment
from .plan import Plan, make_plan
from .results import open_results, stored_bytes, stream_to_file, to_dataset

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[int, int], None]
Submit = Callable[[int, int], "Future[Any]"]

#: Results beyond this many bytes go to disk block by block instead of memory.
MEMORY_LIMIT = 2 << 30
#: Runs of more creator-posts than this (about a minute) keep their blocks on disk.
LONG_RUN = 3_000_000_000
_CAPS = {
    "impressions": "posts reach the platform's whole audience; impressions are cut there",
    "engagements": "posts would have more engagements than impressions; they are cut there",
}


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
        folder runs only what is missing. Without it blocks are kept, in a temporary folder, where
        results exceed `memory_limit`.
    cluster, workers
        Address of a Dask scheduler, or processes of a local cluster, instead of threads. With
        `blocks_in` the workers write there, so they must see that folder.
    memory_limit
        Bytes of results to hold in memory at most.

    Returns
    -------
    xarray.Dataset
        See `sim.results.SCHEMA`; dimension ``sim`` is the world. Large results are read from
        their file as they are needed.

    Raises
    ------
    ExperimentError
        For faults that only show when the plan is made.
    ClusterError
        Where the cluster cannot be had.
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
    plan = make_plan(experiment)
    if blocks_in is None and stored_bytes(plan) <= memory_limit:
        arrays = _in_memory(plan, threads, progress, cluster, workers)
        return to_dataset(plan, arrays, attributes(experiment, plan, arrays))
    keep = blocks_in is not None
    folder = Path(blocks_in) if blocks_in else Path(tempfile.mkdtemp(prefix="creator-roi-"))
    folder = folder / run_key(experiment, plan)
    names = _on_disk(plan, folder, threads, progress, cluster, workers)
    path = folder / "worlds.nc"
    stream_to_file(plan, folder, names, path, partial(attributes, experiment, plan))
    results = open_results(path)
    results.attrs["temporary_folder"] = "" if keep else str(folder.parent)
    return results


def _in_memory(
    plan: Plan,
    threads: int | None,
    progress: Progress | None,
    cluster: str | None,
    workers: int | None,
) -> dict[str, Any]:
    from .engine.run import block_rows, run

    if cluster is None and workers is None:
        return run(plan, threads=threads, progress=progress)
    with _executor(block_rows, plan, threads, cluster, workers) as (submit, ahead):
        return run(plan, progress=progress, submit=submit, ahead=ahead)


def _on_disk(
    plan: Plan,
    folder: Path,
    threads: int | None,
    progress: Progress | None,
    cluster: str | None,
    workers: int | None,
) -> list[str]:
    """Run what is missing; return the names of all blocks in the order of their worlds."""
    from .engine.run import Block, blocks, collect
    from .engine.store import compute_block, finished_blocks

    folder.mkdir(parents=True, exist_ok=True)
    have = finished_blocks(folder)
    wanted = blocks(plan, large_block(plan))
    todo = [block for block in wanted if block not in have]

    def store(block: Block, name: str) -> None:
        have[block] = name

    if todo:
        function = partial(compute_block, str(folder.absolute()))
        with _executor(function, plan, threads, cluster, workers) as (submit, ahead):
            collect(todo, submit, store, progress, ahead)
    return [have[block] for block in wanted]


def large_block(plan: Plan) -> int:
    """Return the worlds of a block on disk: about two seconds of work, a multiple of 1,024."""
    posts = sum(int(work.stops[-1]) * len(work.repeats) for work in plan.works)
    return max(1024, min(65_536, 40_000_000 // max(posts, 1) // 1024 * 1024))


@contextmanager
def _executor(
    function: Callable[[Plan, int, int], Any],
    plan: Plan,
    threads: int | None,
    cluster: str | None,
    workers: int | None,
) -> Iterator[tuple[Submit, int]]:
    """Yield what submits a block, and how many blocks to keep under way."""
    if cluster is None and workers is None:
        from .engine.run import on_threads

        with on_threads(function, plan, threads) as submitting:
            yield submitting
        return
    from .engine.cluster import cluster_submit

    with cluster_submit(function, plan, cluster, workers) as submit:
        yield submit, 2 * (workers or 32)


def creator_posts(plan: Plan) -> int:
    """Return how many creator-posts a run simulates over all its worlds."""
    return plan.worlds * sum(int(work.stops[-1]) * len(work.repeats) for work in plan.works)


# --- Provenance -----------------------------------------------------------------------------------


def run_key(experiment: Experiment, plan: Plan) -> str:
    """Return what finished blocks are kept under: experiment, sampling, code and versions."""
    from .engine.jit import sources_hash

    parts = [
        experiment_hash(experiment),
        repr(plan.sampling),
        sources_hash(),
        json.dumps(package_versions()),
        __version__,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def experiment_hash(experiment: Experiment) -> str:
    """Return a hash of everything that decides the numbers: resolved tables, without the worlds."""
    tables = experiment.tables()
    tables["simulation"] = {k: v for k, v in tables["simulation"].items() if k != "worlds"}
    for cosmetic in ("title", "decision"):
        tables.pop(cosmetic, None)
    digest = hashlib.sha256(json.dumps(_canonical(tables), sort_keys=True).encode())
    for name in experiment.inputs:
        digest.update((experiment.folder / name).read_bytes())
    return digest.hexdigest()[:16]


def _canonical(value: Any) -> Any:
    """Return tables with every number a float, so that 30 and 30.0 are the same experiment."""
    if isinstance(value, Mapping):
        return {str(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(v) for v in value]
    return float(value) if isinstance(value, int | float) else value


def attributes(experiment: Experiment, plan: Plan, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a run: what was run, by which versions, and its warnings.

    Parameters
    ----------
    experiment, plan
        What was run.
    arrays
        Results; ``capped`` with its last axis worlds, or its mean over worlds.
    """
    from .experiment.write import to_toml

    decision = experiment.decision
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "seed": plan.seed,
        "worlds": plan.worlds,
        "sampling": plan.sampling.kind,
        "groups": plan.sampling.groups,
        "replicates": plan.sampling.replicates,
        "experiment_hash": experiment_hash(experiment),
        "version": __version__,
        "packages": json.dumps(package_versions()),
        "experiment_toml": to_toml(experiment),
        "left_over_json": json.dumps(dict(plan.left_over)),
        "decision_json": json.dumps([decision.a, decision.b] if decision else []),
        "warnings_json": json.dumps(
            [
                *cap_warnings(plan, arrays),
                *tail_warnings(experiment),
                *assumption_warnings(experiment),
            ]
        ),
    }


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide the numbers."""
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "numba", "scipy", "xarray")}


def cap_warnings(plan: Plan, arrays: Mapping[str, Any]) -> list[str]:
    """Warn where a cap binds for more than one post in a hundred."""
    found: dict[tuple[str, str, str], float] = {}
    for w in range(len(plan.works)):
        terms = next(line.terms for line in plan.lines if line.work == w)
        for c, name in enumerate(_CAPS):
            share = float(arrays["capped"][w, c].mean()) / plan.posts(w)
            key = (terms.tier, terms.platform, name)
            found[key] = max(share, found.get(key, 0.0))
    return [
        f"{tier} on {platform}: {100 * share:.1f} % of {_CAPS[name]} ({name} cap)."
        for (tier, platform, name), share in found.items()
        if share > 0.01
    ]


def tail_warnings(experiment: Experiment) -> list[str]:
    """Say where the mean amplification is infinite but for its cap: tail index 1 or below."""
    found: dict[str, list[str]] = {}
    for tier, tier_on in experiment.tier.items():
        for platform, spec in tier_on.on.items():
            law = spec.amplification
            tail = law.spike or law.cascade
            if tail is not None and tail.tail_index <= 1.0:
                what = f"{tier} (tail index {tail.tail_index:g}, cap {law.cap:g})"
                found.setdefault(platform, []).append(what)
    return [
        f"Amplification on {platform}: the mean rests on the cap alone for {', '.join(tiers)}."
        for platform, tiers in found.items()
    ]


def assumption_warnings(experiment: Experiment) -> list[str]:
    """Name the inputs in use that rest on an assumption or on one source, most telling first."""
    telling: Sequence[tuple[str, str]] = (
        ("shocks.loadings.conversion_rate", "how far one campaign moves everybody's conversion"),
        ("beliefs.conversion_rate", "how far the mean conversion rate is in doubt"),
        ("economics.incremental_share", "the share of orders that would not have come anyway"),
        ("economics.tracked_share", "the share of orders that codes see"),
    )
    found = [
        what for key, what in telling if experiment.origins.get(key, "").startswith("assumption")
    ]
    warnings = [*single_source_warnings(experiment), *doubt_warnings(experiment)]
    if found:
        listed = "; ".join(found)
        warnings.append(f"No source, only assumptions: {listed}. `sim explain` lists them all.")
    return warnings


def doubt_warnings(experiment: Experiment) -> list[str]:
    """Say which figures of the file's own are doubted by beliefs that the file does not mention."""
    doubted = []
    for believed, belief in experiment.beliefs.items():
        name = str(believed)
        own = [
            tier
            for tier, tier_on in experiment.tier.items()
            if belief.sd > 0.0
            and any(
                experiment.origins.get(f"tier.{tier}.on.{platform}.{name}") == "this file"
                for platform in tier_on.on
            )
        ]
        said = experiment.origins.get(f"beliefs.{name}", "") == "this file"
        if own and not said:
            some = f"{len(own)} tiers" if len(own) > 3 else ", ".join(own)
            doubted.append(f"{name} of {some} (beliefs.{name}, sd {belief.sd:g})")
    if not doubted:
        return []
    listed = "; ".join(doubted)
    way_out = "where you know them, set the belief to 0"
    return [f"The file's own figures are still in doubt: {listed}; {way_out}."]


def single_source_warnings(experiment: Experiment) -> list[str]:
    """Say where the conversion rates of all tiers rest on one and the same source."""
    from .evidence import cite, sources

    origins = {
        experiment.origins.get(f"tier.{tier}.on.{platform}.conversion_rate", "").partition(":")[0]
        for tier, tier_on in experiment.tier.items()
        for platform in tier_on.on
    }
    if len(origins) == 1 and (key := origins.pop()) in sources():
        return [f"All conversion rates rest on one source, {cite(key)}; revenue is in proportion."]
    return []


def forget_blocks(folder: str | Path) -> None:
    """Remove the blocks of a finished run."""
    shutil.rmtree(folder, ignore_errors=True)
