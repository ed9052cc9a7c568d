"""Scenarios are the same worlds under other assumptions."""

from __future__ import annotations

import pytest

import sim
from sim.experiment import ExperimentError
from sim.questions.scenario import scenario
from sim.questions.scenario._answer import MOST
from sim.questions.scenario._scenario import check_scenarios

TABLES = {
    "recession": {"economics.order_value": "0.8x"},
    "dear": {"tier": {"few": {"fee": 12_000}}},
}
#: Every comparison below is within 4 standard errors: false alarm 6e-5 each.
ERRORS = 4.0


@pytest.fixture
def stressed(still):
    return still(scenario=TABLES)


def test_levels_follow_from_the_overrides(stressed):
    # Contribution 48,000 USD on 16,000 and 12,000; 0.8 of it; and `few` at 24,000.
    expected = {
        "base": {"many": 2.0, "few": 3.0},
        "recession": {"many": 1.4, "few": 2.2},
        "dear": {"many": 2.0, "few": 1.0},
    }
    for case in scenario(stressed).scenarios:
        for name, level in expected[case.scenario].items():
            entry = case.portfolios[name]["roi_mean"]
            assert abs(entry.value - level) < ERRORS * entry.se


def test_changes_are_paired(stressed):
    found = {case.scenario: case for case in scenario(stressed).scenarios}
    change = found["recession"].changes["many"]
    # Every world has 0.8 of its contribution: the change is -0.2 (1 + ROI), a fifth as noisy.
    base = found["base"].portfolios["many"]["roi_mean"]
    assert change.value == pytest.approx(-0.2 * (1.0 + base.value), rel=1e-9)
    assert change.se == pytest.approx(0.2 * base.se, rel=1e-6)


def test_what_a_scenario_does_not_touch_stays_bit_for_bit(stressed):
    dear = scenario(stressed).scenarios[-1]
    assert (dear.changes["many"].value, dear.changes["many"].se) == (0.0, 0.0)


def test_a_scenario_is_a_run_with_its_overrides(priced):
    changes = {"costs.fixed": 0, "economics.order_value": 60}
    found = scenario(priced(scenario={"cheap": changes})).scenarios[1]
    # Creators are held: without the fixed cost of 500 USD, 7,500 hire whom 8,000 hire in the base.
    held = {"portfolio.paid": {"tier": "micro", "budget": 7_500}}
    own = sim.summarize(sim.simulate(priced(**changes, **held)))
    for name in ("paid", "mixed", "few"):
        for measure in ("roi_mean", "roi_median", "loss_probability"):
            assert found.portfolios[name][measure].value == pytest.approx(
                own[name][measure].value, rel=1e-9
            )


def test_tables_do_not_change_the_run(stressed, still):
    assert stressed.fingerprint() == still().fingerprint()


def test_one_scenario_alone(stressed):
    assert [case.scenario for case in scenario(stressed, ["dear"]).scenarios] == ["base", "dear"]


def test_rows_json_and_dataset_agree(stressed):
    found = scenario(stressed)
    content, rows, table = found.to_dict(), found.to_rows(), found.dataset
    entry = content["scenarios"][1]["portfolios"]["few"]["roi_es05"]
    row = next(r for r in rows if (r["scenario"], r["portfolio"]) == ("recession", "few"))
    assert entry["value"] == row["roi_es05"]
    assert entry["se"] == row["roi_es05_se"]
    at = table["roi_es05"].sel(scenario="recession", portfolio="few")
    assert at.item() == entry["value"]


def test_the_sentence_names_the_hardest_scenarios(stressed):
    sentence = scenario(stressed).sentence
    assert "hardest on many is recession" in sentence
    assert "hardest on few is dear" in sentence
    assert "±" in sentence


def test_a_terminal_shows_a_few_rows(stressed):
    assert len(scenario(stressed).shown()) == 6 <= MOST


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"x": {"economics.order_valu": 3}}, "scenario.x.economics.order_valu: .*did you mean"),
        ({"x": {"economics": {"return_rate": "abc"}}}, "scenario.x.economics.return_rate: must be"),
        ({"x": {"portfolio.few.tier": "feww"}}, "scenario.x.*no tier of that name.*`few`"),
        ({"base": {"costs.fixed": 3}}, "scenario.base: is what the experiment itself is called"),
        ({"x": {"costs.fixed": "2x"}}, "scenario.x.costs.fixed: is 0 in the experiment"),
    ],
    ids=["key", "value", "name", "base", "times nothing"],
)
def test_faults_name_scenario_key_and_way_out(still, tables, message):
    with pytest.raises(ExperimentError, match=message):
        check_scenarios(still(scenario=tables))


def test_faults_of_all_scenarios_come_at_once(still):
    tables = {"x": {"costs.fixd": 3, "economics.return_rate": "abc"}, "y": {"costs.fixd": 3}}
    with pytest.raises(ExperimentError) as caught:
        check_scenarios(still(scenario=tables))
    assert len(caught.value.faults) == 3


def test_without_scenarios_the_way_out_is_shown(still):
    with pytest.raises(ExperimentError, match=r"\[scenario\.recession\]"):
        scenario(still())


def test_unknown_names_are_met_with_the_nearest(stressed):
    with pytest.raises(ExperimentError, match="did you mean `recession`"):
        scenario(stressed, ["recesion"])


def test_a_percentage_is_a_change(still):
    # 48,000 USD of contribution less a fifth; fees of 16,000 USD by half.
    tables = {"worse": {"economics.order_value": "-20 %"}, "cheap": {"tier.many.fee": "50 %"}}
    answer = scenario(still(scenario=tables)).scenarios
    levels = {case.scenario: case.portfolios["many"]["roi_mean"] for case in answer}
    for name, level in {"worse": 1.4, "cheap": 5.0}.items():
        assert abs(levels[name].value - level) < ERRORS * levels[name].se
