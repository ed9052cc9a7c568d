"""The answer under each set of evidence: common worlds, own figures win, nothing where none is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.experiment import Experiment, ExperimentError, build
from sim.figures.spec import Cells
from sim.report.reading import open_run
from sim.report.story import all_figures, tell
from sim.run.evidence import NOTHING, by_evidence, read_by_evidence
from sim.run.written import write_run

#: Leaves every input of both tiers to evidence.
OPEN: dict[str, Any] = {
    "simulation": {"worlds": 1_000, "seed": 4},
    "portfolio": {
        "many": {"tier": "micro", "budget": 10_000},
        "few": {"tier": "macro", "budget": 40_000},
    },
}
OWN = {
    "engagement_rate": 0.03,
    "reach_rate": 0.2,
    "conversion_rate": 0.02,
    "fee": 300,
    "delivery_rate": 0.9,
}
#: Leaves nothing.
CLOSED: dict[str, Any] = {
    **OPEN,
    "tier": {"micro": OWN, "macro": {**OWN, "fee": 6_000}},
    "economics": {"tracked_share": 0.2},
}
PAIR = ("many", "few")


def under(tables: dict[str, Any], evidence: str) -> Experiment:
    return build({**tables, "evidence": evidence})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "open"
    experiment = build(OPEN)
    write_run(folder, experiment, sim.simulate(experiment, threads=1), threads=1)
    return folder


def test_each_set_answers_as_a_run_that_rests_on_it(run: Path) -> None:
    content = json.loads((run / "summary.json").read_text("utf-8"))
    assert list(content["evidence"]) == ["pooled", "measured", "vendors"]
    for name, answer in content["evidence"].items():
        roi = sim.simulate(under(OPEN, name), threads=1)["roi"].values
        # a world without cost has no ROI
        both = roi[:, np.isfinite(roi).all(axis=0)]
        wins = float(np.mean((both[0] > both[1]) + 0.5 * (both[0] == both[1])))
        assert set(answer) == {"a_beats_b", "roi_median", "loss_probability"}
        assert answer["a_beats_b"]["value"] == pytest.approx(wins)
        assert answer["a_beats_b"]["se"] == pytest.approx(
            np.sqrt(wins * (1 - wins) / 1_000), rel=0.01
        )
        assert set(answer["roi_median"]) == set(PAIR)
        assert answer["loss_probability"]["few"]["value"] == pytest.approx(
            np.mean(roi[1][np.isfinite(roi[1])] < 0.0)
        )
    assert content["evidence_basis"]["worlds"] == 1_000


def test_a_run_says_it_and_its_summary_gives_it_back(run: Path) -> None:
    content = json.loads((run / "summary.json").read_text("utf-8"))
    found = read_by_evidence(content)
    assert found is not None
    assert found.sentence in content["answer"]
    assert found.to_dict()["evidence"] == content["evidence"]
    assert "1,000 common worlds each" in found.sentence
    assert "This run rests on pooled; the file leaves engagement rate" in found.sentence


def test_own_figures_win_in_every_set_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    experiment = build(CLOSED)
    assert experiment.left_to_evidence == ()
    hashes = {under(CLOSED, name).fingerprint() for name in ("pooled", "measured", "vendors")}
    assert len(hashes) == 1
    found = write_run(tmp_path / "closed", experiment, sim.simulate(experiment, threads=1))
    assert found.evidence is None
    assert not [sentence for sentence in found.sentences if "vidence" in sentence]
    content = json.loads((tmp_path / "closed" / "summary.json").read_text("utf-8"))
    assert {key: content[key] for key in NOTHING} == dict(NOTHING)


def test_nothing_is_said_where_the_sets_cannot_differ() -> None:
    """Reach, delivery and what codes see have the same figures in every set."""
    left = {
        key: {k: v for k, v in own.items() if k != "reach_rate"}
        for key, own in CLOSED["tier"].items()
    }
    experiment = build({**CLOSED, "tier": left})
    assert experiment.left_to_evidence == ("reach_rate",)
    assert by_evidence(experiment, sim.simulate(experiment, threads=1), PAIR) is None


def test_one_portfolio_has_its_median_by_set() -> None:
    experiment = build({**OPEN, "portfolio": {"many": OPEN["portfolio"]["many"]}})
    found = by_evidence(experiment, sim.simulate(experiment, threads=1), None, threads=1)
    assert found is not None
    assert "a_beats_b" not in found.to_dict()["evidence"]["vendors"]
    assert "median ROI" in found.sentence


def test_a_resolved_file_leaves_nothing_to_evidence(run: Path) -> None:
    assert sim.load(run / "experiment.toml").left_to_evidence == ()


def test_an_unknown_set_is_a_fault_of_the_file() -> None:
    with pytest.raises(ExperimentError, match=r"evidence: .*pooled"):
        under(OPEN, "folklore")


def test_reasons_name_level_and_source_of_each_set(run: Path) -> None:
    content = json.loads((run / "summary.json").read_text("utf-8"))
    reasons = {row["words"]: row for row in content["evidence_basis"]["reasons"]}
    fee = reasons["fee of micro on instagram"]
    assert list(fee["levels"]) == ["pooled", "measured", "vendors"]
    for name, level in fee["levels"].items():
        law = under(OPEN, name).tier["micro"].on["instagram"].fee
        assert level == pytest.approx(float(np.exp(law.parameters["mu"])), rel=0.01)
    assert fee["sources"]["measured"] == ["inzpire.me (undated)"]
    # A set without a source of its own has none to name.
    assert reasons["reach rate of micro on instagram"]["sources"]["vendors"] == []
    found = read_by_evidence(content)
    assert found is not None
    assert found.to_dict()["evidence_basis"] == content["evidence_basis"]


def test_page_and_slides_have_a_row_for_each_reason_that_differs(run: Path) -> None:
    with open_run(run) as opened:
        story = tell(opened)
        assert opened.answer.evidence is not None
        said = opened.answer.evidence.sentence
    figures = {figure.name: figure for figure in all_figures(story)}
    table = figures["evidence-sources"].panels[0]
    assert isinstance(table, Cells)
    assert table.head == ("", "pooled (this run)", "measured", "vendors")
    rows = {row[0]: row[1:] for row in table.rows}
    assert {"many beats few", "median ROI of many", "few loses money"} <= set(rows)
    assert rows["fee of micro"][1] == "234 USD; inzpire.me (undated)"
    assert "reach rate of micro" not in rows
    assert "The same in every set: reach rate" in figures["evidence-sources"].made
    # A slide has room for a few sentences: which evidence decides comes first.
    assert story.first[0] == said
    assert sorted(story.first) == sorted(story.sentences)


def test_nothing_is_named_that_the_file_states_itself() -> None:
    own = {**OPEN, "tier": {"micro": {"fee": 300}}}
    experiment = build(own)
    found = by_evidence(experiment, sim.simulate(experiment, threads=1), PAIR, threads=1)
    assert found is not None
    words = [reason.words for reason in found.reasons]
    assert "fee of micro on instagram" not in words
    assert "fee of macro on instagram" in words
