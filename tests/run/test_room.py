"""What cannot end is refused before it begins, with what would fit."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.engine import run as engine
from sim.plan import make_plan
from sim.run import blocks, room
from sim.run.dataset import stored_bytes
from sim.run.folder import RunError
from sim.run.precision import parse_target, simulate_to_precision
from sim.run.room import check_room
from sim.run.simulate import simulate

SMALL = """
[simulation]
worlds = 1_000
[portfolio.micro]
tier = "micro"
creators = 3
[portfolio.macro]
tier = "macro"
creators = 1
"""
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """No world is simulated."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("simulated")

    monkeypatch.setattr(engine, "block_rows", fail)
    monkeypatch.setattr(blocks, "block_rows", fail)


def call(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stderr


@pytest.mark.usefixtures("never")
def test_a_billion_worlds_are_refused_at_once(small: Path, tmp_path: Path) -> None:
    code, stderr = call("run", small, "--worlds", "1e9", "--out", tmp_path / "run")
    assert code == 1
    assert "1,000,000,000 worlds need " in stderr
    assert "--worlds of at most " in stderr
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / ".run.blocks").exists()


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("on_disk", [False, True])
def test_the_worlds_that_fit_the_disk_are_told(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    plan = make_plan(sim.load(small, worlds=100_000))
    copies = 2 if on_disk else 1
    free = stored_bytes(plan) * copies // 2
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free, 0, free))
    with pytest.raises(RunError, match="--worlds of at most 50,000"):
        check_room(plan, tmp_path / "not" / "yet" / "there", on_disk)
    check_room(make_plan(sim.load(small, worlds=50_000)), tmp_path, on_disk)


@pytest.mark.usefixtures("never")
def test_memory_is_asked_too(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory", lambda: 400_000_000)
    with pytest.raises(RunError, match="MB of memory"):
        simulate(sim.load(small, worlds=300_000))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--workers", "100000"), "is not in the range 1<=x<=1024"),
        (("--threads", "100000"), "is not in the range 1<=x<=1024"),
        (("--threads", "0"), "is not in the range 1<=x<=1024"),
        (("--precision", "roi_mean=1%", "--max-worlds", "0"), "--max-worlds takes a whole number"),
        (("--precision", "roi_mean=1%", "--max-worlds", "2.5"), "--max-worlds takes a whole"),
        (("--precision", "roi_mean=0"), "--precision takes MEASURE=ERROR"),
    ],
    ids=" ".join,
)
def test_options_out_of_range(
    small: Path, tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    code, stderr = call("run", small, "--out", tmp_path / "run", *options)
    assert code == 2
    assert word in " ".join(stderr.replace("│", " ").split())


@pytest.mark.parametrize("target", ["roi_median=1e-300", "profit_median=1e-9", "roi_median=1e-9%"])
def test_an_accuracy_out_of_reach_is_refused_after_a_first_look(small: Path, target: str) -> None:
    with pytest.raises(RunError, match=r"needs about .* worlds; at most 20,000"):
        simulate_to_precision(sim.load(small), [parse_target(target)], ceiling=20_000)


def test_an_accuracy_just_out_of_reach_is_approached(small: Path) -> None:
    dataset, (reached,) = simulate_to_precision(
        sim.load(small), [parse_target("cost_mean=0.5%")], ceiling=9_000
    )
    assert not reached.met
    assert dataset.sizes["sim"] == 9_000


@pytest.mark.parametrize(
    ("given", "key", "word"),
    [
        ("creators = 20_000_000", "creators", "cannot be above 10,000,000"),
        ("budget = 4e11", "budget", "creators as micro; at most 10,000,000 are simulated"),
        ('creators = "500 %"', "creators", "a percent sign cannot be right"),
    ],
    ids=["creators", "budget", "share"],
)
def test_creators_have_a_limit(small: Path, given: str, key: str, word: str) -> None:
    small.write_text(SMALL.replace("creators = 3", given))
    code, stderr = call("check", small)
    assert code == 2
    assert f"{small}: portfolio.micro.{key}: " in stderr
    assert word in stderr


@pytest.mark.parametrize(
    ("table", "key", "word"),
    [
        ("[tier.micro]\nfit = 1e15", "tier.micro.fit", "has a mean above 1,000"),
        ("[niche.general]\nmarket = 1e-300", "niche.general.market", "must be at least 1"),
        (
            "[sweep]\n'tier.micro.fee' = '1 to 2 in 1000000000 steps'",
            "sweep.tier.micro.fee",
            "at most 10,000 steps",
        ),
        (
            "[sweep]\n"
            + "".join(f"'tier.{t}.fee' = '1 to 2 in 5000 steps'\n" for t in ("micro", "macro")),
            "sweep",
            "asks for 5,000 x 5,000 = 25,000,000 points; at most 100,000",
        ),
    ],
    ids=["fit", "market", "steps", "points"],
)
def test_what_would_never_end_is_a_fault(small: Path, table: str, key: str, word: str) -> None:
    small.write_text(f"{SMALL}{table}\n")
    code, stderr = call("check", small)
    assert code == 2
    assert f"{small}: {key}: " in stderr
    assert word in stderr
