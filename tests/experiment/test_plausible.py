"""What `sim check` says of a file's own figures that are unlikely or out of step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.evidence.ranges import published_range
from sim.evidence.tables import claims, published, sources
from sim.experiment import build
from sim.experiment.plausible import implausible

PAIR: dict[str, Any] = {
    "portfolio": {
        "many": {"tier": "micro", "budget": 10_000},
        "few": {"tier": "macro", "budget": 40_000},
    }
}


def told(**tables: Any) -> list[str]:
    return implausible(build({**PAIR, **tables}))


def test_a_file_that_leaves_all_to_evidence_is_told_nothing() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("tables", "start", "end"),
    [
        ({"economics": {"repeat_value": 30}}, "economics.repeat_value: 30 lies above", "2.35 (IPA 2025)."),
        (
            {"economics": {"order_value": 4_800}},
            "economics.order_value: 4,800 USD lies above",
            "71 USD (Oberlo 2022) to 436 USD (Oberlo 2024).",
        ),
        ({"economics": {"order_value": 20}}, "economics.order_value: 20 USD lies below", "."),
        (
            {"tier": {"micro": {"engagement_rate": {"beta": {"mean": 0.39, "sd": 0.1}}}}},
            "tier.micro.engagement_rate: 39 % per follower lies above",
            "to 15 % (Why Smaller Audiences Drive Bigger ROI, undated).",
        ),
        (
            {"tier": {"micro": {"on": {"instagram": {"conversion_rate": "20 % to 40 %"}}}}},
            "tier.micro.on.instagram.conversion_rate: 29 % per engagement lies above",
            ".",
        ),
    ],
    ids=["repeat value", "order value", "small orders", "engagement", "conversion"],
)  # fmt: skip
def test_beyond_all_that_is_published(tables: dict[str, Any], start: str, end: str) -> None:
    first = told(**tables)[0]
    assert first.startswith(start)
    assert first.endswith(end)


@pytest.mark.parametrize(
    "tables",
    [
        {"economics": {"order_value": 45}},  # half of the least category's mean is no alarm
        {"economics": {"order_value": "60 to 85", "gross_margin": 0.8, "return_rate": 0.1}},
        {"economics": {"repeat_value": 0}},
        {"tier": {"micro": {"fee": "150 to 600"}}},
        {"tier": {"micro": {"engagement_rate": "2 % to 6 %"}}},
    ],
)
def test_what_is_usual_is_told_nothing(tables: dict[str, Any]) -> None:
    assert told(**tables) == []


def test_ranges_are_those_of_the_tables() -> None:
    """Independent of the code: the ends by hand from the rows of the tables."""
    rows = [
        row
        for row in (*claims(), *published())
        if (row.quantity, row.subject, row.basis) == ("fee", "micro", "post")
        and row.platform in ("instagram", "any")
    ]
    seen = published_range("fee", tier="micro", platform="instagram", basis="post")
    assert seen is not None
    assert seen.low == min(row.low for row in rows if row.low is not None)
    assert seen.high == max(row.high for row in rows if row.high is not None)
    assert seen.witnesses == len({sources()[row.source].cluster for row in rows})


def test_one_witness_speaks_for_all_tiers() -> None:
    seen = published_range("conversion_rate", tier="nano", basis="engagements")
    assert seen is not None
    assert (seen.low, seen.high, seen.witnesses, seen.about) == (0.03, 0.07, 1, "all tiers")
    assert published_range("hourly_rate") is None


def test_an_own_tier_against_a_packaged_one() -> None:
    own = {"lognormal": {"mean": 0.0076, "log_sd": 1.25}}
    sentences = told(tier={"micro": {"conversion_rate": own}})
    assert len(sentences) == 1
    assert sentences[0].startswith(
        "tier.micro.conversion_rate: 0.8 % is the file's own, 3.2 times smaller than the packaged 2.5 %"
    )
    assert "macro on instagram keeps its packaged figure" in sentences[0]
    # With both, or with one that says the same, nothing is out of step.
    assert told(tier={"micro": {"conversion_rate": own}, "macro": {"conversion_rate": own}}) == []
    same = {"lognormal": {"mean": 0.024, "log_sd": 0.5}}
    assert told(tier={"micro": {"conversion_rate": same}}) == []


def test_one_value_for_two_denominators() -> None:
    clips = {"tier": "micro", "platform": "tiktok", "budget": 10_000}
    tables = {**PAIR, "portfolio": {**PAIR["portfolio"], "clips": clips}}
    rate = "3 % to 8 %"
    sentences = implausible(build({**tables, "tier": {"micro": {"engagement_rate": rate}}}))
    two = [one for one in sentences if "different denominators" in one]
    assert len(two) == 1
    assert "instagram (per follower) and tiktok (per impression)" in two[0]
    own = {"engagement_rate": rate, "on": {"tiktok": {"engagement_rate": "10 % to 20 %"}}}
    apart = implausible(build({**tables, "tier": {"micro": own}}))
    assert not any("different denominators" in one for one in apart)


def test_a_constant_for_a_spread_and_the_line_that_keeps_it() -> None:
    sentences = told(tier={"micro": {"engagement_rate": 0.03, "fee": 250, "delivery_rate": 1}})
    assert len(sentences) == 1
    assert sentences[0].startswith("tier.micro.engagement_rate = 0.03 and tier.micro.fee = 250 are")
    # The line given is one that the file can hold, at the level that it had.
    line = "fee = { lognormal = { median = 250, log_sd = 0.49 } }"
    assert line in sentences[0]
    fee = {"lognormal": {"median": 250, "log_sd": 0.49}}
    rate = {"beta": {"mean": 0.03, "sd": 0.0198}}
    assert told(tier={"micro": {"engagement_rate": rate, "fee": fee}}) == []


def test_published_money_is_in_the_currency_of_the_file() -> None:
    """436 USD at 100 JPY a USD is 43,600 JPY: 80,000 is within twice that, 100,000 is not."""
    yen = {"currency": "JPY", "exchange_rate": 100}
    assert told(**yen, economics={"order_value": 80_000}) == []
    (sentence,) = told(**yen, economics={"order_value": 100_000})
    assert sentence.endswith("7,100 JPY (Oberlo 2022) to 43.6k JPY (Oberlo 2024).")


def test_check_prints_them_and_stays_fine(tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(
        '[portfolio.all]\ntier = "micro"\ncreators = 5\n[economics]\nrepeat_value = 30\n'
    )
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 0
    assert "fine. all hires 5 micro" in result.stdout
    assert "Note: economics.repeat_value: 30 lies above" in result.stdout


def test_check_says_whom_stages_hire_and_what_pays_for_nobody(tmp_path: Path) -> None:
    """A fee of 100 USD and nothing else: 2,000 USD test ten and keep every second one of them."""
    file = tmp_path / "staged.toml"
    bare = """
        [tier.micro]
        fee = 100
        management_hours = 0
        [costs]
        cost_of_goods = 0
        shipping = 0
    """
    staged = "[{ posts = 1 }, { keep = 0.5, posts = 2 }]"
    text = '[portfolio.{}]\ntier = "micro"\nbudget = {}\n{}\n'
    tested, poor = text.format("tested", 2_000, f"stages = {staged}"), text.format("poor", 60, "")
    file.write_text(tested + poor + bare)
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 0, result.output
    assert "tested hires about 10 in stage 1, 5 in stage 2;" in result.stdout
    assert "Note: poor: 60 USD is less than the 100 USD that one of micro commits" in result.stdout


def test_nothing_of_the_engine_is_read() -> None:
    code = (
        "import sys; import sim.experiment.plausible; "
        "sys.exit(any(name.startswith(('sim.engine', 'numba', 'scipy')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
