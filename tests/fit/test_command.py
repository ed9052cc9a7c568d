"""`sim fit`: what it prints and writes, and that experiments can include it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

import sim
from sim.cli.fit import fit as command
from sim.text.numbers import Number, cell, tick

Write = Callable[..., Path]


def run(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.fixture
def folder(truth: SimpleNamespace, written: Write) -> Path:
    """A folder with an export, its fit, and the picture."""
    path = written(truth.campaigns(21, creators=120))
    result = run(path, "--out", path.parent / "fit.toml")
    assert result.exit_code == 0, result.output
    return path.parent


EXPERIMENT = """
include = ["fit.toml"]
[simulation]
worlds = 512
[portfolio.a]
tier = "micro"
creators = 20
[portfolio.b]
tier = "micro"
platform = "tiktok"
creators = 20
"""


def test_a_fit_is_included_and_runs(folder: Path) -> None:
    (folder / "mine.toml").write_text(EXPERIMENT)
    experiment = sim.load(folder / "mine.toml")
    fitted = tomllib.loads((folder / "fit.toml").read_text())
    tier = experiment.tier["micro"].on["instagram"]
    written = fitted["tier"]["micro"]["on"]["instagram"]["fee"]["lognormal"]
    assert tier.fee.parameters["sigma"] == pytest.approx(written["log_sd"])
    assert experiment.origins["tier.micro.on.instagram.fee"].startswith("fit to posts.csv: ")
    assert experiment.economics.order_value.parameters["value"] == pytest.approx(70, rel=0.1)
    # a fit to one platform changes no other
    plain = sim.build({"portfolio": {"b": {"tier": "micro", "platform": "tiktok", "creators": 1}}})
    assert experiment.tier["micro"].on["tiktok"] == plain.tier["micro"].on["tiktok"]
    dataset = sim.simulate(experiment)
    assert float(dataset["revenue"].sel(portfolio="a").mean()) > 0.0


def test_the_experiment_s_own_keys_win(folder: Path) -> None:
    own = '[tier.micro]\nfee = 123\n[tier.micro.source]\nfee = "mine"\n'
    (folder / "mine.toml").write_text(EXPERIMENT + own)
    experiment = sim.load(folder / "mine.toml")
    for platform in ("instagram", "tiktok"):
        assert experiment.tier["micro"].on[platform].fee.parameters == {"value": 123}
        assert experiment.origins[f"tier.micro.on.{platform}.fee"] == "mine"
    # and what the command line sets wins over both
    again = sim.load(folder / "mine.toml", ["tier.micro.on.instagram.fee=7"])
    assert again.tier["micro"].on["instagram"].fee.parameters == {"value": 7}
    # other fitted keys stay
    assert experiment.origins["tier.micro.on.instagram.conversion_rate"].startswith("fit to")


def test_picture_is_written_in_three_kinds(
    truth: SimpleNamespace, written: Write, tmp_path: Path
) -> None:
    path = written(truth.instagram_posts(3, creators=60))
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        target = tmp_path / f"shown.{kind}"
        result = run(path, "--out", tmp_path / "f.toml", "--picture", target)
        assert result.exit_code == 0, result.output
        assert target.read_bytes().startswith(start)
    assert not list(tmp_path.glob(".*"))


def test_csv_in_a_pipe_and_json(truth: SimpleNamespace, written: Write, tmp_path: Path) -> None:
    path = written(truth.instagram_posts(3, creators=60))
    result = run(path, "--out", tmp_path / "f.toml", "--no-picture")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {"tier", "key", "parameter", "value", "se", "n", "toml"} <= set(rows[0])
    assert "taken as instagram" in result.stderr
    told = json.loads(run(path, "--out", tmp_path / "f.toml", "--no-picture", "--json").stdout)
    assert [row["value"] for row in told["estimates"]] == [float(row["value"]) for row in rows]
    assert not (tmp_path / "f.png").exists()


def test_on_a_terminal_tables_fit_eighty_columns(
    truth: SimpleNamespace, written: Write, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from sim.cli import fit as module
    from sim.fit import fit_posts, read_posts

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    found = fit_posts(read_posts(written(truth.campaigns(21, creators=120))))
    module._print_tables(found.to_rows())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "micro on instagram" in shown
    median = found["micro"]["fee"].estimates[0]
    assert cell(Number(median.value, median.se)) in shown


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--map", "followers"], "--map takes NAME=COLUMN"),
        (["--map", "followers=Fans"], "the file has no such column"),
        (["--out", "none/fit.toml"], "no such folder"),
        (["--out", "posts.csv"], "cannot be written over"),
        (["--picture", "shown.gif"], "pictures are written as"),
        (["--platform", "myspace"], "no tiers are packaged for it"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    truth: SimpleNamespace,
    written: Write,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    problem: str,
) -> None:
    path = written(truth.instagram_posts(3, creators=60))
    monkeypatch.chdir(path.parent)
    result = run("posts.csv", *words)
    assert result.exit_code == 2
    assert problem in result.output
    assert "Traceback" not in result.output
    assert [file.name for file in path.parent.iterdir()] == ["posts.csv"]


def test_refusal_says_how_many_it_takes(truth: SimpleNamespace, written: Write) -> None:
    result = run(written(truth.instagram_posts(3, creators=2)), "--no-picture")
    assert result.exit_code == 2
    assert "2 creators, 3 are needed" in result.stderr


def test_panels_show_data_and_fit(truth: SimpleNamespace, written: Write) -> None:
    from sim.charts.fit import draw_fit, plot_fitted
    from sim.fit import fit_posts, read_posts

    found = fit_posts(read_posts(written(truth.campaigns(21, creators=120))))
    figure = draw_fit(found)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Followers", "Engagement", "Fee"]
    for ax in figure.axes:
        lines = {line.get_gid(): line for line in ax.get_lines()}
        data, fitted = lines["data"].get_ydata(), lines["fit"].get_ydata()
        # the fit stays near the data: Kolmogorov's distance at 120 creators is 0.15 in 1 of 100
        assert max(abs(a - b) for a, b in zip(data, fitted, strict=True)) < 0.15
    assert plot_fitted(found["micro"]["fee"]).get_xlabel() == "USD per post"
    with pytest.raises(ValueError, match="no curve"):
        plot_fitted(found["micro"]["conversion_rate"])
    assert [tick(x, compact=True) for x in (0.01, 300, 10_000, 2e6)] == ["0.01", "300", "10k", "2M"]


def test_importing_the_command_is_light() -> None:
    heavy = "{'numba', 'scipy', 'matplotlib', 'xarray', 'pandas'} & set(sys.modules)"
    code = f"import sys; import sim.cli.fit; sys.exit(' '.join({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
