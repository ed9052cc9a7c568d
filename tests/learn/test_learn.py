"""From results to learned beliefs: what is kept, in any order, and what it means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.experiment import build
from sim.learn import Campaign, LearnError, Row, learn, read_campaign, to_toml
from sim.learn.cells import season
from sim.learn.writing import check_target

TABLES = {
    "simulation": {"worlds": 512, "seed": 3},
    "portfolio": {
        "many": {"tier": "micro", "creators": 30},
        "few": {"tier": "macro", "budget": 60_000},
        "both": {"creators": 10, "mix": {"micro": 0.8, "macro": 0.2}},
    },
    "decision": {"a": "many", "b": "few"},
}
SPRING = "portfolio,cost,impressions,engagements,tracked_orders\nmany,9000,250K,11000,140\n"
SUMMER = "portfolio;impressions;engagements\nfew;1,9M;30.000\n"


@pytest.fixture(scope="module")
def experiment():
    return build(TABLES, name="x", file="x.toml")


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "spring.csv", tmp_path / "summer.csv"
    for path, text in zip(paths, (SPRING, SUMMER), strict=True):
        path.write_text(text)
    return paths


def included(experiment, learnt, tmp_path):
    """Return the experiment as a file that includes what was learned, read back."""
    import sim

    (tmp_path / "learned.toml").write_text(to_toml(learnt.experiment.learned, "learned.toml"))
    from sim.experiment.write import to_toml as resolved

    text = 'include = ["learned.toml"]\n' + resolved(experiment)
    (tmp_path / "x.toml").write_text(text)
    return sim.load(tmp_path / "x.toml")


def test_in_either_order_or_at_once(experiment, files, tmp_path):
    spring, summer = (read_campaign(path, experiment) for path in files)
    at_once = learn(experiment, [spring, summer]).experiment.learned
    assert learn(experiment, [summer, spring]).experiment.learned == at_once
    later = included(experiment, learn(experiment, [summer]), tmp_path)
    again = learn(later, [spring])
    assert again.experiment.learned == at_once
    assert to_toml(again.experiment.learned, "a") == to_toml(at_once, "a")


def test_a_portfolio_that_changed_makes_no_second_campaign(experiment, files, tmp_path):
    learnt = learn(experiment, [read_campaign(files[0], experiment)])
    changed = build(
        {**TABLES, "portfolio": {**TABLES["portfolio"], "many": {"tier": "micro", "creators": 44}}},
        name="x", file="x.toml",
    )  # fmt: skip
    later = included(changed, learnt, tmp_path)
    again = learn(later, [read_campaign(files[0], later)])
    assert len(again.campaigns) == 1
    assert any("counted once" in note for note in again.notes)
    assert again.experiment.learned.center == learnt.experiment.learned.center


def test_what_each_figure_taught_and_what_it_changes(experiment, files):
    learnt = learn(experiment, [read_campaign(files[0], experiment)])
    told = {taught.figure: taught for taught in learnt.taught}
    assert told["cost"].input == "tier.micro.fee"
    assert told["impressions"].input == "tier.micro.reach_rate"
    assert told["engagements"].input == "tier.micro.engagement_rate"
    assert told["tracked_orders"].input == "tier.micro.conversion_rate"
    for one in learnt.inputs:
        prior, posterior = (math.log(of.p95 / of.p05) for of in (one.prior, one.posterior))
        assert posterior < prior * 1.01, one.name
    content = learnt.to_dict()
    assert {"inputs", "pareto_k", "effective_worlds", "before", "after"} <= content.keys()
    assert content["inputs"][0].keys() == {"name", "prior", "posterior"}
    assert content["inputs"][0]["prior"].keys() == {"median", "p05", "p95"}
    assert content["effective_worlds"] > 0.1 * content["draws"]
    assert content["after"]["portfolios"]["many"]["profit_mean"]["se"] > 0.0
    assert set(content["before"]["decision"]) == {"many beats few"}


def test_one_figure_alone_teaches_as_the_closed_form_says(closed, campaign):
    # Share of the variance that a mean of 25 logs with sd 0.4 takes from a belief of sd 0.5.
    of = closed()
    rows = [{"engagements": 400 * math.exp(0.1 * (i % 5))} for i in range(25)]
    taught = learn(of, [campaign(of, *rows, creators=True)]).taught
    assert [t.figure for t in taught] == ["engagements"]
    assert taught[0].share == pytest.approx(0.25 / (0.25 + 0.16 / 25), abs=0.002)


def test_a_budget_is_the_money_that_was_spent(experiment):
    table = {"few": experiment.tables()["portfolio"]["few"]}
    spent = Campaign("r", table, (Row("few", "", "", {"cost": 30_000.0, "engagements": 9e3}),))
    of = season(experiment, spent)
    assert of.cells[0].observed == ("engagements",)
    assert any("nothing of fees" in note for note in of.notes)
    from sim.vary.draw import draw

    cost = draw(of.plan, ["cost"], worlds=2048)["cost"][0]
    assert np.median(cost) == pytest.approx(30_000, rel=0.05)


def test_lines_of_a_mix_and_their_creators(experiment):
    table = {"both": experiment.tables()["portfolio"]["both"]}
    rows = (
        Row("both", "micro", "", {"engagements": 9e3}),
        Row("both", "macro", "A", {"engagements": 8e3}),
        Row("both", "macro", "B", {"engagements": 4e3}),
    )
    of = season(experiment, Campaign("r", table, rows))
    assert [(c.words, c.creators, c.single, len(c.orders)) for c in of.cells] == [
        ("micro of both", 8, False, 1),
        ("creators of macro of both", 1, True, 2),
    ]
    assert any("few for the lognormal law" in note for note in of.notes)
    with pytest.raises(LearnError, match="has no line 'nano'"):
        season(experiment, Campaign("r", table, (Row("both", "nano", "", {"engagements": 1.0}),)))


def test_creators_of_a_mix_without_lines_are_summed(experiment):
    table = {"both": experiment.tables()["portfolio"]["both"]}
    rows = tuple(Row("both", "", f"c{i}", {"engagements": 1e3}) for i in range(10))
    of = season(experiment, Campaign("r", table, rows))
    assert [len(cell.orders) for cell in of.cells] == [1]
    assert of.cells[0].logs[0, 2] == pytest.approx(math.log(1e4))
    assert any("no column says of which line" in note for note in of.notes)


def test_the_fixed_cost_is_no_creators_cost(experiment):
    fixed = build({**TABLES, "costs": {"fixed": 2_000}})
    table = {"many": fixed.tables()["portfolio"]["many"]}
    of = season(fixed, Campaign("r", table, (Row("many", "", "", {"cost": 9_000.0}),)))
    assert of.cells[0].logs[0, 0] == pytest.approx(math.log(7_000))


def test_a_surprising_column_is_told(experiment):
    table = {"many": experiment.tables()["portfolio"]["many"]}
    thousand = Campaign("r.csv", table, (Row("many", "", "", {"impressions": 3e8}),))
    assert any("check column and unit" in note for note in learn(experiment, [thousand]).notes)


def test_a_campaign_of_another_tier_is_kept_and_learned_from(experiment, files, tmp_path):
    # The results keep what was run: the file that learns more need not hire it any more.
    learnt = learn(experiment, [read_campaign(files[0], experiment)])
    nano = {"n": {"tier": "nano", "creators": 9}}
    other = build({"simulation": TABLES["simulation"], "portfolio": nano}, name="y", file="y.toml")
    again = learn(included(other, learnt, tmp_path), [])
    assert any(one.name.startswith("tier.nano") for one in again.inputs)
    assert again.experiment.learned.center == learnt.experiment.learned.center


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("impressions\n5\n", "no column names the portfolio"),
        ("portfolio,likes\nmany,3\n", "has no figure to learn from"),
        ("portfolio,impressions\nmani,3\n", "did you mean `many`?"),
        ("portfolio,creator,engagements\nmany,A,3\nmany,,4\n", "is empty, and other rows of many"),
    ],
)
def test_tables_that_say_too_little(experiment, tmp_path, text, told):
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(LearnError) as refused:
        read_campaign(path, experiment)
    assert told in str(refused.value)
    assert str(path) in str(refused.value)


def test_nothing_came_at_all(experiment):
    table = {"many": experiment.tables()["portfolio"]["many"]}
    none = Campaign("r.csv", table, (Row("many", "", "", {"impressions": 0.0}),))
    with pytest.raises(LearnError, match="holds nothing to learn from"):
        learn(experiment, [none])
    with pytest.raises(LearnError, match="keeps no results"):
        learn(experiment, [])


def test_results_that_are_not_included_are_not_written_over(experiment, files, tmp_path):
    learnt = learn(experiment, [read_campaign(files[0], experiment)])
    path = tmp_path / "l.toml"
    check_target(path, experiment)
    path.write_text(to_toml(learnt.experiment.learned, path.name))
    check_target(path, learnt.experiment)
    with pytest.raises(LearnError, match=r"keeps the results spring\.csv"):
        check_target(path, experiment)
    path.write_text("title = 'mine'\n")
    with pytest.raises(LearnError, match="no file of learned beliefs"):
        check_target(path, experiment)


def test_what_was_learned_without_its_results_is_refused(experiment, files):
    from sim.vary.variant import variant

    learnt = learn(experiment, [read_campaign(files[0], experiment)]).experiment
    resolved = variant(learnt, {("costs", "fixed"): 1})
    with pytest.raises(LearnError, match="not the results"):
        learn(resolved, [])


ROSTER = "name,followers,engagement_rate,posts,fee\nAda,20000,4 %,30,200\nBo,60000,1 %,30,300\n"


def test_named_creators_by_what_is_known_of_each(tmp_path):
    from sim.learn.infer import infer

    (tmp_path / "r.csv").write_text(ROSTER)
    team = {"team": {"roster": "r.csv"}}
    named = build({"simulation": TABLES["simulation"], "portfolio": team}, folder=tmp_path)
    table = {"team": named.tables()["portfolio"]["team"]}
    rows = (
        Row("team", "", "Ada", {"engagements": 820.0}),
        Row("team", "", "Bo", {"engagements": 610.0}),
    )
    of = season(named, Campaign("r", table, rows))
    assert [(cell.words, cell.creators) for cell in of.cells] == [("Ada", 1), ("Bo", 1)]
    # Both brought what the roster measured, though Bo's rate is a quarter of Ada's: nothing moves.
    posterior = infer([of], 1)
    assert np.abs(posterior.center).max() < 0.15
    thrice = tuple(
        Row("team", "", row.creator, {"engagements": 3 * row.figures["engagements"]})
        for row in rows
    )
    # Thrice as much moves the tier a little: what is known of each leaves little to the belief.
    assert 0.1 < infer([season(named, Campaign("r", table, thrice))], 1).center.max() < 0.4
    with pytest.raises(LearnError, match="Cy not on the roster of team; those are Ada, Bo"):
        season(named, Campaign("r", table, (Row("team", "", "Cy", {"engagements": 1.0}),)))
