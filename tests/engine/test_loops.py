"""Loops: what single precision costs, the same bits on every processor, and nothing shared by chance.

No test is timed. Bounds of `PRECISION` are those that sim/engine/README.md states.
"""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sim
from sim.engine import funnel
from sim.engine.accounts import paid_rows
from sim.engine.emit import loop, source
from sim.engine.exact import exact_sums
from sim.engine.factors import factor_rows
from sim.engine.kernel import line_sums, loop_sums, place
from sim.engine.line import INPUTS, N_SUMS, SUMS, Line, steps_of
from sim.engine.prepare import prepared
from sim.plan import Plan, make_plan

Array = npt.NDArray[np.float64]
EXPERIMENTS = Path(sim.__file__).parents[1] / "experiments"
#: Sums of a world, single against double precision: bias, root of the mean square, largest.
PRECISION = {
    "impressions": (1e-6, 2e-6, 1e-5),
    "engagements": (1e-6, 2e-6, 1e-5),
    "expected_orders": (1e-6, 2e-6, 1e-5),
    "expected_orders_squared": (2e-6, 5e-6, 4e-5),
    "expected_orders_largest": (2e-6, 5e-6, 2e-5),
    "reach": (1e-6, 2e-6, 1e-5),
    "exposure": (1e-6, 2e-6, 1e-5),
    "fees": (1e-6, 2e-6, 1e-5),
    "hours": (1e-6, 2e-6, 1e-5),
    "goods": (1e-6, 2e-6, 1e-5),
    "pay": (1e-6, 2e-6, 1e-5),
    "boosting": (1e-6, 2e-6, 1e-5),
}
#: Sums that are counts: equal but where a number lies within rounding of what it is held against.
COUNTS = (
    "delivered", "viral_posts", "capped_impressions", "capped_engagements", "incidents",
    "own_orders", "hired",
)  # fmt: skip
WORLDS = 256


def plan_of(name: str) -> Plan:
    tables = tomllib.loads((EXPERIMENTS / f"{name}.toml").read_text(encoding="utf-8"))
    tables["simulation"] = {"worlds": 1000, "seed": 5}
    return make_plan(sim.build(tables, name=name, folder=EXPERIMENTS))


def few(line: Line, people: int = 70) -> Line:
    """The first creators of a line: more than two groups."""
    people = min(people, len(line.creators))
    stages = len(line.post_ends)
    keep = line.keep if stages == 1 else np.maximum(people // 3 ** np.arange(stages), 1)
    return replace(
        line, creators=line.creators[:people], stops=np.array([people]), keep=keep,
        mix_of=line.mix_of[:people], known_of=line.known_of[:people],
    )  # fmt: skip


def both(plan: Plan, line: Line) -> tuple[Array, Array]:
    """Return the sums of a line by its loop and in double precision, (steps, sums, worlds)."""
    factors, tracked = factor_rows(plan, 0, WORLDS), np.full(WORLDS, 0.4)
    paid, result = paid_rows(plan, factors), []
    for read in (loop_sums, exact_sums):
        out = np.empty((len(steps_of(line)), N_SUMS, WORLDS))
        place(line, read(line, factors, tracked, 0, WORLDS, paid), out)
        result.append(out)
    return result[0], result[1]


#: Every kind of line: curves and lines, cascades, several posts, markets, knowledge, stages, pay.
LINES = (
    ("micro_vs_macro", 0), ("tiktok_virality", 0), ("slow_and_fast", 0), ("small_market", 0),
    ("roster", 1), ("pay_by_results", 1), ("boosting", 2),
)  # fmt: skip


@pytest.mark.parametrize(("name", "work"), LINES, ids=str)
def test_single_precision_costs_no_more_than_stated(name: str, work: int) -> None:
    plan = plan_of(name)
    single, double = both(plan, few(plan.works[work]))
    for k, label in enumerate(SUMS):
        a, b = single[:, k].ravel(), double[:, k].ravel()
        if label in COUNTS:
            assert (a != b).mean() <= 0.01, label
            assert abs(a.sum() - b.sum()) <= 1e-4 * b.sum() + 2.0, label
        elif label in PRECISION:
            error = (a - b)[b != 0.0] / b[b != 0.0]
            assert (a[b == 0.0] == 0.0).all(), label
            if error.size:
                sizes = abs(error.mean()), np.sqrt((error**2).mean()), np.abs(error).max()
                assert all(np.array(sizes) <= PRECISION[label]), (label, sizes)


def test_the_best_posts_of_several_agree_but_where_two_are_close() -> None:
    """Another post is boosted where two differ by rounding: in few worlds, and no sum is off in mean."""
    tables = {
        "simulation": {"worlds": 1000, "seed": 6},
        "niche": {"general": {"market": 3_000_000}},
        "portfolio": {
            "one": {
                "tier": "nano", "platform": "tiktok", "creators": 40, "posts": 3,
                "boost": {"budget": 6_000, "posts": 9, "choose_by": "engagements"},
            }
        },
    }  # fmt: skip
    plan = make_plan(sim.build(tables))
    single, double = both(plan, plan.works[0])
    for k, label in enumerate(SUMS):
        a, b = single[:, k], double[:, k]
        assert np.isclose(a, b, rtol=4e-5, atol=1e-9).mean() >= 0.98, label
        assert a.mean() == pytest.approx(b.mean(), rel=0.01), label


def test_stages_agree_but_where_a_choice_is_close() -> None:
    """Another creator is kept where two differ by rounding: in few worlds, and no sum is off in mean."""
    plan = plan_of("pilot_then_scale")
    staged = next(work for work in plan.works if len(work.post_ends) > 1)
    single, double = both(plan, few(staged, 30))
    for k, label in enumerate(SUMS):
        a, b = single[:, k], double[:, k]
        same = np.isclose(a, b, rtol=4e-5, atol=1e-9)
        assert same.mean() >= 0.98, label
        assert a.mean() == pytest.approx(b.mean(), rel=0.01), label


def test_stops_are_prefixes_bit_for_bit() -> None:
    """Sums after 1, 31, 32, 33 ... creators are those of a line of as many."""
    plan = plan_of("micro_vs_macro")
    line = plan.works[0]
    stops = np.array([1, 31, 32, 33, 64, 100])
    factors, tracked = factor_rows(plan, 0, 256), np.ones(256)

    def sums(stops: Any, first: int = 0, worlds: int = 256) -> Array:
        out = np.empty((len(stops), N_SUMS, worlds))
        some = replace(line, stops=np.array(stops), creators=line.creators[: stops[-1]])
        padded = -(-worlds // 128) * 128
        here = factors[:, first : first + padded]
        line_sums(some, here, tracked[:padded], first, worlds, out)
        return out

    whole = sums(stops)
    for k, stop in enumerate(stops):
        np.testing.assert_array_equal(sums([stop])[0], whole[k])
    np.testing.assert_array_equal(sums(stops, 128, 100), whole[..., 128:228])


# --- Structures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["fee", "management_hours", "product_cost"])
def test_what_a_creator_costs_changes_no_other_bit(change: str) -> None:
    """A figure drawn, or the same for all: another loop, and the same sums of everything else."""
    tables = tomllib.loads((EXPERIMENTS / "micro_vs_macro.toml").read_text(encoding="utf-8"))
    tables["simulation"] = {"worlds": 256, "seed": 3}
    tables["portfolio"] = {"micro": {"tier": "micro", "creators": 40}}
    tables.pop("decision", None)
    other = tables | (
        {"costs": {"cost_of_goods": "10 to 30"}}
        if change == "product_cost"
        else {"tier": {"micro": {change: 120 if change == "fee" else "1 to 5"}}}
    )
    found = []
    for each in (tables, other):
        plan = make_plan(sim.build(each, folder=EXPERIMENTS))
        out = np.empty((1, N_SUMS, 256))
        line_sums(plan.works[0], factor_rows(plan, 0, 256), np.ones(256), 0, 256, out)
        found.append((prepared(plan.works[0]).structure, out[0]))
    assert found[0][0] != found[1][0]
    its = {"fee": "fees", "management_hours": "hours", "product_cost": "goods"}[change]
    for k, label in enumerate(SUMS):
        assert (found[0][1][k] == found[1][1][k]).all() == (label != its), label


def calls(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the function and the words of every draw of a normal or a coin in a loop."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = {a.id for a in node.args if isinstance(a, ast.Name)}
            if node.func.id in {"normals", "chance"}:
                yield node.func.id, words


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPERIMENTS.glob("*.toml")))
def test_coins_and_normals_share_no_word(name: str) -> None:
    for work in plan_of(name).works:
        drawn = list(calls(source(prepared(work).structure)))
        normal = [word for function, words in drawn if function == "normals" for word in words]
        coins = [word for function, words in drawn if function == "chance" for word in words]
        assert len(normal) == len(set(normal))
        assert len(coins) == len(set(coins))
        assert not set(normal) & set(coins)


def test_every_input_has_its_word() -> None:
    from sim.engine.structure import CREATOR_WORDS, POST_WORDS

    assert sorted(CREATOR_WORDS + POST_WORDS) == list(range(len(INPUTS)))


# --- Text and README --------------------------------------------------------------------------------


def test_readme_has_the_lines_of_the_funnel() -> None:
    """Whoever reads sim/engine/README.md beside funnel.py finds the same lines in both."""
    readme = (Path(funnel.__file__).parent / "README.md").read_text(encoding="utf-8")
    blocks = [block.strip() for block in readme.split("```")[1::2]]
    texts = [
        value for name, value in vars(funnel).items() if name.isupper() and isinstance(value, str)
    ]
    assert len(texts) > 10
    for text in texts:
        assert any(text.strip() in block for block in blocks), text


# --- Processors -------------------------------------------------------------------------------------

_SCRIPT = """
import hashlib, re, sys
sys.path.insert(0, sys.argv[1])
import test_loops as t
digest = hashlib.sha256()
narrow = 0
for name, work in (("micro_vs_macro", 0), ("tiktok_virality", 0)):
    plan = t.plan_of(name)
    line = t.few(plan.works[work], 40)
    out = t.np.empty((1, t.N_SUMS, 256))
    t.line_sums(line, t.factor_rows(plan, 0, 256), t.np.ones(256), 0, 256, out)
    digest.update(out.tobytes())
    code = "".join(t.loop(t.prepared(line).structure).sums.dispatcher.inspect_asm().values())
    narrow += len(re.findall(r"\\bv?sqrtss\\b", code))
    wide = len(re.findall(r"\\bv?sqrtps\\b", code))
print(digest.hexdigest(), narrow, wide)
"""


def on_processor(name: str | None, folder: Path) -> tuple[str, int, int]:
    """Return a digest of some sums, and how many square roots are taken one by one and side by side."""
    chosen = {} if name is None else {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""}
    environment = os.environ | chosen | {"NUMBA_CACHE_DIR": "/dev/null"}
    # Without a cache folder: machine code can be looked at where it was made.
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(Path(__file__).parent)],
        check=True, env=environment, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    digest, narrow, wide = done.stdout.split()
    return digest, int(narrow), int(wide)


@pytest.mark.scale
@pytest.mark.skipif(
    "fma" not in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else True,
    reason="needs an x86 processor with fused multiplication",
)
def test_same_bits_and_wide_loops_on_every_processor(tmp_path: Path) -> None:
    """Code for five generations of processors, as far as this one can run it."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = ["haswell", "znver3"]
    names += ["skylake-avx512"] if "avx512dq" in flags else []
    names += ["znver4"] if "avx512_bf16" in flags and "avx512_vbmi2" in flags else []
    digests = set()
    for name in [None, *names]:
        digest, narrow, wide = on_processor(name, tmp_path)
        assert narrow == 0, name
        assert wide > 0, name
        digests.add(digest)
    assert len(digests) == 1


# --- What lies on disk ------------------------------------------------------------------------------

_SMALL = """
import hashlib, sys
import numpy as np
from sim.engine.jit import compiled
from sim.engine.kept import cache_folder

@compiled
def squares(out):
    made = np.empty(out.shape[0])
    for i in range(out.shape[0]):
        made[i] = i * i
    for i in range(out.shape[0]):
        out[i] = made[out.shape[0] - 1 - i]

out = np.empty(256)
squares(out)
print(hashlib.sha256(out.tobytes()).hexdigest(), squares.made, "numba" in sys.modules, cache_folder())
"""


def small(cache: Path, **more: str) -> tuple[str, bool, str]:
    """Return digest of what a process fills, whether it made the code, and the cache's folder."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(cache)} | more
    done = subprocess.run(
        [sys.executable, "-c", _SMALL], check=True, env=environment, capture_output=True, text=True
    )
    digest, made, compiler, folder = done.stdout.split()
    # Who makes nothing loads no compiler.
    assert (made == "1") == (compiler == "True")
    return digest, made == "1", folder


def test_damaged_code_is_made_again(tmp_path: Path) -> None:
    """Cut short, a byte changed, no such function in it: the next process neither fails nor runs it."""
    first = small(tmp_path)
    assert first[:2] == (
        hashlib.sha256((np.arange(256.0)[::-1] ** 2).tobytes()).hexdigest(),
        True,
    )
    assert small(tmp_path)[:2] == (first[0], False)
    (file,) = Path(first[2]).glob("*.code")
    whole = file.read_bytes()
    other = whole[32:].replace(b"creator_roi_entry", b"creator_roi_other")
    for damaged in (
        whole[: len(whole) // 2],
        whole[:-9] + b"x" + whole[-8:],
        hashlib.sha256(other).digest() + other,
    ):
        file.write_bytes(damaged)
        assert small(tmp_path)[:2] == (first[0], True)
    assert small(tmp_path)[:2] == (first[0], False)
    # What cannot be read nor replaced stays.
    file.unlink()
    file.mkdir()
    assert small(tmp_path)[:2] == (first[0], True)
    assert file.is_dir()


def test_code_goes_by_the_settings_of_the_compiler(tmp_path: Path) -> None:
    """Beside the versions and the processor; and is made where none can be kept."""
    first = small(tmp_path)
    assert small(tmp_path, NUMBA_OPT="2")[:2] == (first[0], True)
    assert small(tmp_path, NUMBA_OPT="2")[:2] == (first[0], False)
    assert small(tmp_path)[:2] == (first[0], False)
    assert small(tmp_path, NUMBA_CACHE_DIR="/dev/null") == (first[0], True, "None")


def test_cache_belongs_to_its_user(tmp_path: Path) -> None:
    from sim.engine.kept import private

    folder = tmp_path / "open"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    assert private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    made = tmp_path / "deep" / "new"
    assert private(made)
    assert made.stat().st_mode & 0o777 == 0o700
    (tmp_path / "elsewhere").symlink_to(folder)
    assert not private(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert not private(tmp_path / "file")


def test_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.engine import kept

    folder = tmp_path / "theirs"
    folder.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 123_456)
    assert not kept.private(folder)


def test_digest_of_sources_names_the_folder() -> None:
    from sim.engine.kept import sources_hash

    digest = hashlib.sha256()
    for file in sorted(Path(funnel.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    assert sources_hash() == digest.hexdigest()[:16]


def test_loops_are_kept_as_files_that_can_be_read() -> None:
    plan = plan_of("micro_vs_macro")
    structure = prepared(plan.works[0]).structure
    made = loop(structure)
    assert "for creator in range" in source(structure)
    assert made is loop(structure)
