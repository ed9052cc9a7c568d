"""`sim loss` against counts and means of the worlds by hand, and as JSON, table, figure and words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure as Sheet

import sim
from sim.cli import main
from sim.experiment import ExperimentError
from sim.figures.matplotlib import draw
from sim.questions.loss import Loss, Losses, Value, loss

PROFIT = {
    "even": np.arange(-400.0, 600.0),  # 1,000 worlds, a USD apart
    "safe": np.full(1_000, 5.0),
}


@pytest.fixture
def run():
    import xarray as xr

    data = {"profit": (("portfolio", "sim"), np.array(list(PROFIT.values())))}
    return xr.Dataset(data, coords={"portfolio": list(PROFIT)}, attrs={"sampling": "plain"})


@pytest.fixture
def answer(priced, run) -> Loss:
    return sim.loss(priced(), 100, run=run)


def test_the_probability_counts_worlds_that_lose_more(answer):
    likely = answer.portfolios["even"].probability
    assert likely.value == pytest.approx(0.3)  # -400 to -101
    assert likely.se == pytest.approx(np.sqrt(0.3 * 0.7 / 1_000), rel=1e-3)
    assert answer.portfolios["safe"].probability.value == 0.0


def test_amounts_lost_are_means_of_the_worst_worlds(answer):
    even = answer.portfolios["even"]
    assert even.es05.value == pytest.approx(-PROFIT["even"][:50].mean())
    assert even.es01.value == pytest.approx(-PROFIT["even"][:10].mean())
    # The influence of a world on the mean of the worst 5 % (Rockafellar and Uryasev 2002).
    q = PROFIT["even"][49]
    influence = np.minimum(PROFIT["even"] - q, 0.0) / 0.05
    assert even.es05.se == pytest.approx(influence.std(ddof=1) / np.sqrt(1_000), rel=1e-3)
    assert answer.portfolios["safe"].es05.value == pytest.approx(-5.0)
    assert "still gain" in answer.sentence


def test_json_holds_three_things(answer):
    content = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert list(content) == ["threshold", "portfolios", "sentence"]
    assert list(content["portfolios"]["even"]) == ["probability", "es05", "es01"]
    assert list(content["portfolios"]["even"]["es01"]) == ["value", "se"]


NUMBERS = st.builds(
    Value,
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    se=st.none() | st.floats(min_value=0.0, allow_nan=False, allow_infinity=False),
)
LOSSES = st.builds(Losses, probability=NUMBERS, es05=NUMBERS, es01=NUMBERS)


@given(
    st.builds(
        Loss,
        threshold=st.floats(0.0, 1e12),
        portfolios=st.dictionaries(st.text(min_size=1), LOSSES, min_size=1, max_size=3),
        sentence=st.text(),
    )
)
def test_a_saved_answer_comes_back_the_same(saved):
    assert loss.read(json.loads(json.dumps(saved.to_dict(), allow_nan=False))) == saved


def test_the_figure_shows_the_figures_of_the_table(answer):
    (figure,) = answer.figures({"even": "micro", "safe": "macro"})
    likely, worst = figure.charts
    assert likely.categories == ("safe", "even")  # bars go from the bottom up
    shown = {s.name: next(v for v in s.values if v is not None) for s in likely.series}
    rows = {row["portfolio"]: row for row in answer.to_rows()}
    assert shown == {name: row["probability"] for name, row in rows.items()}
    assert [s.values for s in worst.series] == [
        tuple(rows[name][measure] for name in worst.categories) for measure in ("es05", "es01")
    ]
    ax = draw(figure)
    sheet = ax.get_figure(root=True)
    assert isinstance(sheet, Sheet)
    assert len(sheet.axes) == 2
    assert "Losing more than 100 USD: even in 30" in figure.finding


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"more_than": -5}, "more_than: must be 0 or more"),
        ({}, "more_than: is missing"),
        ({"more_than": "much"}, "more_than: must be a number"),
        ({"more_than": 5, "most": 1}, "most: is no option here"),
    ],
    ids=str,
)
def test_options_that_cannot_be_say_why(priced, run, given_, said):
    with pytest.raises(ExperimentError, match=said):
        sim.loss(priced(), run=run, **given_)


def test_the_command_writes_answer_and_chart(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text('[portfolio.a]\ntier = "micro"\ncreators = 2\n', encoding="utf-8")
    arguments = ["loss", str(file), "--worlds", "1k", "--out", str(tmp_path / "r"), "--more-than"]
    done = CliRunner().invoke(main, [*arguments, "1k", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["threshold"] == 1_000.0
    saved = tmp_path / "r" / "analysis"
    assert sorted(path.name for path in saved.iterdir()) == ["loss.json", "loss.png", "loss.svg"]
    assert json.loads((saved / "loss.json").read_text("utf-8")) == json.loads(done.stdout)
    wrong = CliRunner().invoke(main, [*arguments, "some"])
    assert wrong.exit_code == 2
    assert "--more-than: must be a number" in wrong.stderr


def test_a_report_shows_it_beside_the_other_risks(tmp_path):
    from sim.report import open_run, tell
    from sim.run.written import write_run

    tables = {"portfolio": {"a": {"tier": "micro", "creators": 2}}, "simulation": {"worlds": 1_000}}
    experiment = sim.build(tables, name="x", file="x.toml")
    dataset = sim.simulate(experiment, threads=1)
    write_run(tmp_path / "r", experiment, dataset)
    answer = sim.loss(experiment, 500, run=dataset)
    saved = tmp_path / "r" / "analysis"
    saved.mkdir()
    (saved / "loss.json").write_text(json.dumps(answer.to_dict()), encoding="utf-8")
    with open_run(tmp_path / "r") as opened:
        story = tell(opened)
    section = story.section("risk")
    shown = {figure.name: figure for figure in section.figures}["loss"]
    assert shown.finding == answer.headline
    assert shown.charts == answer.figures({"a": "micro"})[0].charts
    (saved / "loss.json").write_text('{"sentence": "It was said.", "threshold": "no"}', "utf-8")
    with open_run(tmp_path / "r") as opened:
        story = tell(opened)
    told = {figure.name: figure for figure in story.section("risk").figures}["loss"]
    assert "another version" in told.made
    assert told.sentences == ("It was said.",)
