"""Two runs side by side: what changed, and errors that know which worlds both share."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import sim
from sim.cli import main
from sim.diff import Changes, Moved, changes
from sim.text.numbers import told


def moved(found: Changes, of: str, measure: str) -> Moved:
    return next(m for m in found.moved if (m.of, m.measure) == (of, measure))


def test_only_what_changed_and_is_used_is_listed(runs):
    found = changes(runs["base"], runs["dear"])
    assert [(c.key, c.old, c.new) for c in found.changed] == [
        ("tier.macro.on.instagram.fee", "4000", "6000")
    ]
    # The fee of a tier that nobody hires.
    assert found.unused >= 1, found
    assert not changes(runs["base"], runs["base"]).changed


def test_portfolios_of_one_run_alone_are_one_line_each(runs):
    found = changes(runs["base"], runs["another"])
    (added,) = [c for c in found.changed if c.key == "portfolio.mid"]
    assert (added.old, added.new) == (None, '{ creators = 2, tier = "mid" }')
    (gone,) = [c for c in found.changed if c.key == "portfolio.macro"]
    assert gone.new is None
    assert {m.of for m in found.moved} == {"micro"}
    assert any(note.endswith("another: mid.") for note in found.notes)


def test_a_run_against_itself_is_unchanged(runs):
    result = CliRunner().invoke(main, ["diff", str(runs["base"]), str(runs["base"])])
    assert result.exit_code == 0, result.stderr
    assert "No assumption in use changed." in result.stdout
    assert result.stdout.count("unchanged") == 3 + 2 * 7 + 1


def test_runs_of_one_seed_are_paired(runs):
    found = changes(runs["base"], runs["dear"])
    assert found.paired
    old, new = (sim.load_results(runs[name]) for name in ("base", "dear"))
    gap = new["roi"].sel(portfolio="macro").values - old["roi"].sel(portfolio="macro").values
    entry = moved(found, "macro", "roi_mean").difference
    assert entry.value == pytest.approx(gap.mean())
    if entry.se is not None:
        assert entry.se == pytest.approx(gap.std(ddof=1) / math.sqrt(gap.size))
    lost = (new["roi"] < 0).values.astype(float) - (old["roi"] < 0).values
    entry = moved(found, "macro", "loss_probability").difference
    assert entry.value == pytest.approx(lost[1].mean())
    assert entry.se == pytest.approx(lost[1].std(ddof=1) / math.sqrt(lost[1].size), rel=1e-9)
    # Who was left alone has not moved at all, exactly.
    for measure in ("roi_mean", "loss_probability", "profit_median"):
        same = moved(found, "micro", measure).difference
        assert (same.value, same.se) == (0.0, 0.0)


def test_a_longer_run_shares_its_first_worlds(runs):
    found = changes(runs["base"], runs["longer"])
    assert found.paired
    short, long = (sim.load_results(runs[name]) for name in ("base", "longer"))
    x, y = (d["cost"].sel(portfolio="micro").values for d in (short, long))
    n, m = x.size, y.size
    assert (y[:n] == x).all()
    entry = moved(found, "micro", "cost_mean").difference
    # Var(mean of m - mean of its first n) = s^2 (1/n - 1/m) where both are of the same draws.
    assert entry.se == pytest.approx(y.std() * math.sqrt(1 / n - 1 / m), rel=0.05)
    assert entry.value == pytest.approx(y.mean() - x.mean())


def test_runs_of_other_seeds_are_independent(runs):
    found = changes(runs["base"], runs["other"])
    assert not found.paired
    for entry in found.moved:
        if entry.difference.se is not None:
            assert entry.old.se is not None
            assert entry.new.se is not None
            assert entry.difference.se == pytest.approx(math.hypot(entry.old.se, entry.new.se))
    paired = changes(runs["base"], runs["dear"])
    pairs = [moved(one, "macro", "cost_mean").difference.se for one in (paired, found)]
    assert pairs[0] < pairs[1]


def test_the_sentence_has_the_figures_of_both_runs(runs):
    found = changes(runs["base"], runs["dear"])
    wins = moved(found, "micro against macro", "a_beats_b")
    for side in (wins.old, wins.new):
        assert told(side) in found.sentence
    assert np.isfinite(wins.difference.value)


def test_the_command_prints_and_speaks_json(runs):
    arguments = ["diff", str(runs["base"]), str(runs["dear"])]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    assert "tier.macro.on.instagram.fee" in result.stdout
    assert "unchanged" in result.stdout
    result = CliRunner().invoke(main, [*arguments, "--json"])
    content = json.loads(result.stdout)
    assert content["paired"] is True
    assert content["changed"][0]["new"] == "6000"
    assert {row["of"] for row in content["measures"]} == {"micro against macro", "micro", "macro"}


def test_both_tables_are_written_with_every_digit(runs, tmp_path):
    answer = changes(runs["base"], runs["dear"])
    out = tmp_path / "diff.json"
    arguments = ["diff", str(runs["base"]), str(runs["dear"]), "-o", str(out)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    written = json.loads(out.read_text("utf-8"))
    assert set(written) == {"diff", "changed"}
    row = next(
        row for row in answer.to_rows() if (row["of"], row["measure"]) == ("macro", "cost_mean")
    )
    entry = moved(answer, "macro", "cost_mean")
    assert (row["old"], row["old_se"]) == (entry.old.value, entry.old.se)
    assert (row["difference"], row["se"]) == (entry.difference.value, entry.difference.se)
    assert row["unit"] == entry.old.unit
    folder = tmp_path / "tables"
    assert CliRunner().invoke(main, [*arguments[:4], str(folder)]).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["changed.csv", "diff.csv"]


def test_a_notebook_shows_differences_as_people_read_them(runs):
    html = changes(runs["base"], runs["dear"])._repr_html_()
    assert "unchanged" in html
    assert "mean cost, USD" in html


def test_what_is_no_run_is_said_in_a_line(runs, tmp_path):
    result = CliRunner().invoke(main, ["diff", str(runs["base"]), str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no run" in result.stderr


def test_runs_are_listed_latest_first_with_their_answers(runs):
    result = CliRunner().invoke(main, ["list", str(runs["base"].parent), "--json"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert {run["folder"] for run in found} == {str(path) for path in runs.values()}
    assert all("beats" in run["answer"] or "told apart" in run["answer"] for run in found)
    assert [run["worlds"] for run in found if run["folder"].endswith("longer")] == [5_000]
    times = [run["finished"] for run in found]
    assert times == sorted(times, reverse=True)


def test_a_folder_without_runs_says_how_to_make_one(tmp_path):
    result = CliRunner().invoke(main, ["list", str(tmp_path)])
    assert result.exit_code == 0
    assert "sim run" in result.stderr
