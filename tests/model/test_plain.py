"""Whole commands against scripts that know the equations alone (`tests/reference/plain`).

`sim run` writes what it used; a script in plain numpy reads that file and nothing else. Each measure
may differ by four standard errors of the difference: a false alarm has probability 6e-5 for one and,
over some 350 mostly dependent ones, at most 2 % whenever seeds or the streams of numpy change.
"""

from __future__ import annotations

import importlib
import json
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from sim.cli import main

PLAIN = Path(__file__).parents[1] / "reference" / "plain"
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ALLOWED = 4.0
#: Tables of quantiles, and the scripts' own, are exact to about this, relatively.
ROUNDING = 2e-4

CASES = {
    "micro_vs_macro": "lines",
    "tiktok_virality": "lines",
    "small_market": "lines",
    "gifting_vs_paid": "lines",
    "pilot_then_scale": "own_orders",
    "pay_by_results": "own_orders",
}


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    """Import a script of `tests/reference/plain`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PLAIN)
        yield importlib.import_module


def run_of(name: str, folder: Path, worlds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run an experiment by its command; return its summary and the tables that it used."""
    out = folder / name
    call = ["run", str(EXPERIMENTS / f"{name}.toml"), "--worlds", str(worlds), "--no-charts"]
    done = CliRunner().invoke(main, [*call, "--quiet", "--out", str(out)])
    assert done.exit_code == 0, done.output
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return summary, tomllib.loads((out / "experiment.toml").read_text(encoding="utf-8"))


def apart(entry: dict[str, Any], value: float, error: float) -> float | None:
    """Difference in standard errors; None where the tool gives none."""
    if entry["value"] is None or entry["se"] is None:
        return None
    both = math.hypot(entry["se"], error) + ROUNDING * abs(value)
    return (entry["value"] - value) / (both + 1e-300)


def compared(
    summary: dict[str, Any], outcome: Any, equations: ModuleType
) -> Iterator[tuple[str, float]]:
    """Yield measures and their differences in standard errors."""
    for portfolio, world in outcome.items():
        entries = summary["portfolios"][portfolio]["measures"]
        for measure, (value, error) in equations.measures(world).items():
            z = apart(entries[measure], value, error)
            if z is not None:
                yield f"{measure} of {portfolio}", z
    pair = summary["comparisons"][0]
    value, error = equations.beats(outcome[pair["a"]], outcome[pair["b"]])
    z = apart(pair["a_beats_b"], value, error)
    if z is not None:
        yield "a_beats_b", z


def test_scripts_import_nothing_of_the_product() -> None:
    for path in PLAIN.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("import sim", "from sim"))]


@pytest.mark.statistical
@pytest.mark.parametrize("name", CASES)
def test_commands_agree_with_plain_scripts(name: str, script: Any, tmp_path: Path) -> None:
    summary, tables = run_of(name, tmp_path, worlds=40_000)
    outcome = script(CASES[name]).simulate(tables, 6_000, 3)
    assert set(outcome) == set(summary["portfolios"])
    differences = dict(compared(summary, outcome, script("equations")))
    wrong = {key: round(z, 1) for key, z in differences.items() if not abs(z) <= ALLOWED}
    largest = max(abs(z) for z in differences.values())
    print(f"{name}: {len(differences)} measures, largest difference {largest:.1f} standard errors")
    assert not wrong
    assert len(differences) >= 14 * len(outcome)


@pytest.mark.statistical
def test_the_comparison_notices_a_wrong_equation(script: Any, tmp_path: Path) -> None:
    """Creators whose followers go with engagement a little otherwise than the tool drew them."""
    summary, tables = run_of("micro_vs_macro", tmp_path, worlds=20_000)
    tier = tables["tier"]["micro"]["on"]["instagram"]
    tier["followers_engagement_correlation"] += 0.25
    outcome = script("lines").simulate(tables, 8_000, 4)
    differences = dict(compared(summary, outcome, script("equations")))
    assert max(abs(z) for z in differences.values()) > ALLOWED
