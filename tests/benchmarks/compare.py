"""Compare the engine with numpy, C and the generator alone, side by side in one run.

    python tests/benchmarks/compare.py [--json FILE] [--quick]

Every opponent must give the engine's means before it is timed. Times are of interleaved rounds;
ratios are medians of ratios within rounds, with their 10 % and 90 % quantiles. Nothing here is a
test: a machine that is busy changes the figures, never a result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # one thread means one; before numpy is imported
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import c_line
import command_line
import decisions
import lines
import numpy as np
import numpy_best
import numpy_plain
import questions
import sampling
import sizes
import small_problem
from floor import calls, floor
from problem import OUTCOMES, SUMS, Array, Outcome, Problem, engine_rows, micro_problem
from timing import Contestant, Ratio, Times, interleaved, ratio

#: Standard errors by which an opponent's mean may differ from the engine's.
ALLOWED = 4.0
#: Largest relative difference of the C loop's sums from the engine's, on the same draws.
SAME = 1e-5


class Different(Exception):
    """An opponent that solves another problem."""


# --- The same problem? ----------------------------------------------------------------------------


def check(name: str, found: Outcome, engine: Outcome) -> None:
    """Raise `Different` unless all means agree within `ALLOWED` standard errors."""
    worst = 0.0
    for row in OUTCOMES:
        a, b = found[row], engine[row]
        error = float(np.sqrt(a.var() / a.size + b.var() / b.size))
        gap = abs(float(a.mean() - b.mean()))
        distance = gap / error if error > 0.0 else (0.0 if gap == 0.0 else np.inf)
        if distance > ALLOWED:
            raise Different(f"{name}: {row} differs by {distance:.1f} standard errors")
        worst = max(worst, distance)
    print(f"  {name}: all {len(OUTCOMES)} means within {worst:.1f} standard errors")


def check_c(line: c_line.CLine, problem: Problem) -> None:
    """Raise `Different` unless the C loop gives the engine's sums on the engine's draws."""
    worlds = 1024
    found = line.sums(line.shared(_factors(problem, worlds)), 0)
    engine = engine_rows(problem, 0, worlds)
    worst = 0.0
    for row, name in zip(found, SUMS, strict=True):
        scale = float(np.abs(engine[name]).max())
        worst = max(worst, float(np.abs(row - engine[name]).max()) / scale if scale else 0.0)
    if worst > SAME:
        raise Different(f"C: sums differ by {worst:.1e} of the largest")
    print(f"  C: all {len(SUMS)} sums of each world within {worst:.0e} of the largest")


def _factors(problem: Problem, worlds: int) -> Array:
    from sim.engine.factors import factor_rows

    return factor_rows(problem.plan, 0, worlds)


# --- The full default model -----------------------------------------------------------------------


def contestants(problem: Problem, notes: list[str]) -> dict[str, Contestant]:
    """Verify every opponent, then return what is timed."""
    from sim.engine.kernel import line_sums
    from sim.engine.line import N_SUMS
    from sim.engine.run import run

    n, plan = problem.creators, problem.plan
    engine = engine_rows(problem, 0, 16_384)
    check("numpy, plain", numpy_plain.simulate(problem, 8192, np.random.default_rng(1)), engine)
    for dtype in (np.float64, np.float32):
        check(f"numpy, best, {np.dtype(dtype)}",
              numpy_best.simulate(problem, 16_384, 1, 2, dtype), engine)  # fmt: skip
    only_words = floor(problem)
    count = problem.creators * calls(problem)
    sums = only_words(4096)
    if abs(sums.mean() - count / 2.0) > ALLOWED * np.sqrt(count / 12.0 / sums.size):
        raise Different("floor: words do not average one half")
    best = {
        (threads, dtype): [
            numpy_best.Simulator(problem, seed, dtype) for seed in range(10, 10 + threads)
        ]
        for threads in (1, 2)
        for dtype in (np.float64, np.float32)
    }
    rngs = [np.random.default_rng(seed) for seed in (1, 2)]
    factors = _factors(problem, 2048)
    out, tracked = np.empty((1, N_SUMS, 2048)), np.ones(2048)
    found = {
        "engine_1": Contestant(lambda: run(plan, threads=1), plan.worlds * n),
        "engine_2": Contestant(lambda: run(plan, threads=2), plan.worlds * n, 2),
        "numpy_1": Contestant(lambda: numpy_plain.simulate(problem, 512, rngs[0]), 512 * n),
        "numpy_2": Contestant(lambda: numpy_plain.run(problem, 1024, rngs), 1024 * n, 2),
        "best_1": Contestant(lambda: numpy_best.run(best[1, np.float64], 2048), 2048 * n),
        "best_2": Contestant(lambda: numpy_best.run(best[2, np.float64], 4096), 4096 * n, 2),
        "float32_1": Contestant(lambda: numpy_best.run(best[1, np.float32], 2048), 2048 * n),
        "float32_2": Contestant(lambda: numpy_best.run(best[2, np.float32], 4096), 4096 * n, 2),
        "kernel": Contestant(
            lambda: line_sums(problem.line, factors, tracked, 0, 2048, out), 2048 * n
        ),
        "floor": Contestant(lambda: only_words(2048), 2048 * n),
    }
    compiler = c_line.compiler()
    if compiler is None:
        notes.append("C: skipped, no compiler found")
    else:
        line = c_line.CLine(problem, compiler)
        check_c(line, problem)
        shared = line.shared(factors)
        found["c"] = Contestant(lambda: line.sums(shared, 0), 2048 * n)
    return found


LABELS = {
    "engine_1": "engine, 1 thread",
    "engine_2": "engine, 2 threads",
    "numpy_1": "numpy, plain, 1 thread",
    "numpy_2": "numpy, plain, 2 threads",
    "best_1": "numpy, best, 1 thread",
    "best_2": "numpy, best, 2 threads",
    "float32_1": "numpy, best, single precision, 1 thread",
    "float32_2": "numpy, best, single precision, 2 threads",
    "kernel": "engine, the loop over creators alone, 1 thread",
    "c": "C, the same loop, 1 thread",
    "floor": "the random words alone, 1 thread",
}
#: Name in the JSON file, slower and faster contestant, what it says.
RATIOS = (
    ("engine_vs_numpy_1_thread", "numpy_1", "engine_1", "numpy, plain / engine, 1 thread"),
    ("engine_vs_numpy_2_threads", "numpy_2", "engine_2", "numpy, plain / engine, 2 threads each"),
    ("engine_2_threads_vs_numpy_1_thread", "numpy_1", "engine_2",
     "numpy, plain, 1 thread / engine, 2 threads"),
    ("engine_vs_best_numpy_1_thread", "best_1", "engine_1", "numpy, best / engine, 1 thread"),
    ("engine_vs_best_numpy_2_threads", "best_2", "engine_2",
     "numpy, best / engine, 2 threads each"),
    ("engine_2_threads_vs_best_numpy_1_thread", "best_1", "engine_2",
     "numpy, best, 1 thread / engine, 2 threads"),
    ("engine_vs_float32_numpy_1_thread", "float32_1", "engine_1",
     "numpy, best, single precision / engine, 1 thread"),
    ("engine_vs_float32_numpy_2_threads", "float32_2", "engine_2",
     "numpy, best, single precision / engine, 2 threads each"),
    ("engine_vs_c", "c", "kernel", "C / engine, the loop alone"),
    ("engine_vs_floor", "engine_1", "floor", "engine, 1 thread / the random words alone"),
    ("kernel_vs_floor", "kernel", "floor", "engine's loop / the random words alone"),
)  # fmt: skip


def full_model(rounds: int, notes: list[str]) -> tuple[dict[str, Any], Problem]:
    """Time everybody on the full model and print ratios, then times."""
    problem = micro_problem(65_536)  # about as many worlds as a run has
    print(f"Same problem? {problem.creators} creators, one post each, micro line")
    times = interleaved(contestants(problem, notes), rounds)
    result: dict[str, Any] = {"creators": problem.creators, "rounds": rounds}
    print("\nRatios: median (10 % to 90 % of the rounds)")
    for name, slow, fast, label in RATIOS:
        known = slow in times and fast in times
        found = ratio(times, slow, fast) if known else None
        result[name] = round(found.median, 3) if found else None
        if found:
            result[f"{name}_range"] = [round(found.low, 3), round(found.high, 3)]
        print(f"  {label:62s} {found or 'skipped'}")
    print("\nNanoseconds per creator-post: least, median")
    result["ns_per_creator_post"] = _print_times(times)
    return result, problem


def _print_times(times: Times) -> dict[str, dict[str, float]]:
    result = {}
    for name, label in LABELS.items():
        if name in times:
            least, middle = min(times[name]), float(np.median(times[name]))
            result[name] = {"least": round(least, 2), "median": round(middle, 2)}
            print(f"  {label:62s} {least:9.1f} {middle:9.1f}")
    return result


# --- The smaller problem --------------------------------------------------------------------------


def smaller(rounds: int, notes: list[str]) -> dict[str, Any]:
    """Time general tools on the product of six lognormals."""
    print(f"\nSmaller problem: {small_problem.CREATORS} creators, product of six lognormals")
    found: dict[str, Contestant] = {}
    for name, make, worlds in small_problem.TOOLS:
        try:
            run = make()
        except ImportError as error:
            notes.append(f"{name}: skipped, {error}")
            continue
        distance = small_problem.distance(run(worlds))
        if abs(distance) > ALLOWED:
            raise Different(f"{name}: mean {distance:+.1f} standard errors from the closed form")
        found[name] = Contestant(lambda run=run, worlds=worlds: run(worlds),
                                 worlds * small_problem.CREATORS)  # type: ignore[misc]  # fmt: skip
    times = interleaved(found, rounds)
    result: dict[str, Any] = {}
    for name in times:
        over: Ratio = ratio(times, name, "engine")
        result[name] = {"ns": round(min(times[name]), 1), "engine_is_faster_by": over.median}
        print(f"  {name:12s} {min(times[name]):12.1f} ns per creator   engine is faster by {over}")
    return result


# --- Kinds of lines -------------------------------------------------------------------------------


def kinds(quick: bool) -> dict[str, Any]:
    """Measure other lines, and the whole default experiment, against the kernel before this one."""
    now = lines.rows(15 if quick else 40)
    over = lines.speedups(now)
    print("\nLines, 1 thread: nanoseconds per creator-post, times faster than at 0b372ea")
    for kind in lines.KINDS:
        print(f"  {kind:24s} {now[kind]:8.1f} {over[f'{kind}_speedup']:8.2f}")
    print(f"  microseconds per world   {now['microseconds_per_world']:8.2f} "
          f"{over['whole_experiment_speedup']:8.2f}")  # fmt: skip
    return {
        "ns_by_kind": {kind: now[kind] for kind in lines.KINDS},
        "microseconds_per_world": now["microseconds_per_world"],
        **over,
    }


# --- Sizes ----------------------------------------------------------------------------------------


def all_sizes(quick: bool) -> dict[str, Any]:
    """Measure worlds and creators, and one size on more and more threads, each in a fresh process."""
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    print(f"\nSizes, {count} threads: worlds, creators, seconds, ns per creator-post, peak MB "
          "(results MB)")  # fmt: skip
    posts = 2_000_000 if quick else 20_000_000
    worlds = [10_000, 100_000, *([] if quick else [1_000_000, 10_000_000])]
    rows = [(count, 200) for count in worlds]
    rows += [(posts // creators, creators) for creators in (10, 1_000, 100_000)]
    found = [_print_size(sizes.in_subprocess(*row)) for row in rows]
    result: dict[str, Any] = {"sizes": found, "billion_seconds": None, "billion_peak_mb": None}
    if not quick:
        row = _print_size(sizes.in_subprocess(1_000_000, 1_000))
        result |= {"billion_seconds": row["seconds"], "billion_peak_mb": row["peak_mb"]}
    print("  on 1, 2, 4 ... threads:")
    size = (20_000, 200) if quick else (200_000, 1_000)
    result["on_threads"] = [
        _print_size(sizes.in_subprocess(*size, threads)) | {"threads": threads}
        for threads in (2**k for k in range(count.bit_length()))
        if threads <= count
    ]
    return result


def _print_size(row: dict[str, Any]) -> dict[str, Any]:
    where = ", on disk" if row["results_on_disk"] else ""
    print(f"  {row['worlds']:>11,} {row['creators']:>9,} {row['seconds']:9.2f} "
          f"{row['ns_per_creator_post']:9.1f} {row['peak_mb']:9.0f} "
          f"({row['results_mb']:.0f}{where})", flush=True)  # fmt: skip
    return row


# --- Accuracy, and questions ----------------------------------------------------------------------


def stratified(seeds: int) -> list[dict[str, Any]]:
    """Print what stratified shared factors gain against plain ones, and return it."""
    found = sampling.rows(seeds)
    print(f"\nStratified against plain sampling, {found[0]['worlds']:,} worlds, {seeds} seeds")
    for row in found:
        print(f"  {row['measure']:12s} error {row['error_plain']:.5f} to "
              f"{row['error_stratified']:.5f}, gain per second {row['gain']:6.2f}")  # fmt: skip
    return found


def asked() -> list[dict[str, Any]]:
    """Print how long questions take, and return it."""
    print("\nQuestions")
    found = [*questions.rows(), *decisions.all_rows(1)]
    for row in found:
        rest = ", ".join(f"{k} {v}" for k, v in row.items() if k not in ("question", "seconds"))
        print(f"  {row['question']:30s} {row['seconds']:9.3f} s  ({rest})", flush=True)
    return found


# --- All of it ------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    import numba
    import scipy

    model = platform.processor()
    described = Path("/proc/cpuinfo")
    if described.exists():
        lines = described.read_text(encoding="utf-8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "scipy": scipy.__version__,
    }


def main(arguments: list[str]) -> int:
    """Run everything that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer rounds, smaller sizes, no billion creator-posts, no questions",
    )
    options = parser.parse_args(arguments)
    rounds = 7 if options.quick else 31
    notes: list[str] = []
    result: dict[str, Any] = {"machine": machine()}
    try:
        found, _ = full_model(rounds, notes)
        result |= found
        result["smaller_problem"] = smaller(3 if options.quick else 9, notes)
    except Different as error:
        print(f"not the same problem: {error}", file=sys.stderr)
        return 1
    result |= kinds(options.quick)
    result |= all_sizes(options.quick)
    repeats = 1 if options.quick else 5
    result["import_seconds"] = round(command_line.import_seconds(3 * repeats), 3)
    result |= command_line.run_seconds(repeats)
    print("\nCommand line, seconds")
    for name in ("import", "first_run", "warm_run", "warm_run_with_charts"):
        value = result[f"{name}_seconds"]
        print(f"  {name.replace('_', ' '):25s} {'null' if value is None else value}")
    if "run_reason" in result:
        notes.append(f"sim run: {result['run_reason']}")
    result["stratified"] = stratified(6 if options.quick else 24)
    if not options.quick:
        result["questions"] = asked()
    for note in notes:
        print(note)
    result["notes"] = notes
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
