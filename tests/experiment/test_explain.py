"""What `sim explain` says of every input: value, unit, source, and what will be drawn."""

from __future__ import annotations

import math
import tomllib

import numpy as np
import pytest
from scipy import stats

import sim
from sim.explain import explain, source_text

TEXT = """
[economics]
order_value = "60 to 80"
gross_margin = { beta = { mean = 0.6, sd = 0.1 } }
[tier.micro]
fee = { gamma = { mean = 300, sd = 100 }, truncate = [100, 500] }
engagement_rate = { gamma = { mean = 0.3, sd = 0.3 }, truncate = [0, 1] }
post_luck = { lognormal = { mean = 2, log_sd = 0.5 } }
[tier.micro.on.instagram]
fit = "0.9 to 1.1"
[tier.micro.source]
fee = "contracts of 2025"
[tier.macro.source]
fee = "kim-2020, and an assumption"
[beliefs]
fit = 0.2
"""


@pytest.fixture(scope="module")
def rows():
    from pathlib import Path

    portfolios = (
        "[portfolio.micro]\ntier='micro'\ncreators=9\n[portfolio.b]\ntier='macro'\ncreators=2\n"
    )
    experiment = sim.build(tomllib.loads(portfolios + TEXT), folder=Path())
    return {row.key: row for row in explain(experiment)}


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("tier.micro.on.instagram.followers", (
            "Kim et al. 2020: one lognormal fitted to 11,032 creators, truncated to each tier"
        )),
        ("tier.micro.on.instagram.fit", "this file"),
        ("tier.micro.on.instagram.fee", "contracts of 2025"),
        ("tier.micro.on.instagram.engagement_rate", "this file"),
        ("tier.macro.on.instagram.fee", "Kim et al. 2020, and an assumption"),
        ("tier.macro.on.instagram.fit", (
            "assumption: every creator has the typical audience of its tier"
        )),
        ("economics.order_value", "this file"),
        ("economics.order_value_cv", "assumption"),
        ("niche.general.overlap", "assumption: audiences overlap as by chance"),
        ("audience.overlap_between_niches", "assumption: none"),
        ("portfolio.micro.creators", "this file"),
        ("portfolio.micro.platform", "default"),
        ("simulation.worlds", "default"),
        ("shocks.loadings.conversion_rate.campaign", (
            "assumption: offer and season move everybody's buyers by an sd of 0.24 of the log, the "
            "niche by 0.06"
        )),
        ("beliefs.fit", "this file"),
    ],
)  # fmt: skip
def test_source(rows, key, source):
    assert rows[key].source == source


def test_every_row_has_value_unit_and_source(rows):
    assert all(row.written and row.unit and row.source for row in rows.values())


#: The normal scores of 5, 50 and 95 %.
P = np.array([0.05, 0.5, 0.95])


def within(frozen, low, high):
    """Return 5 %, median and 95 % of a distribution given that it lies between two ends."""
    a, b = frozen.cdf([low, high])
    return frozen.ppf(a + P * (b - a))


SIGMA = math.log(80 / 60) / (2 * stats.norm.ppf(0.95))
EXPECTED = {
    "economics.order_value": [60, math.sqrt(60 * 80), 80],
    # mean m and sd s: a + b = m (1 - m) / s^2 - 1 = 23
    "economics.gross_margin": stats.beta(0.6 * 23, 0.4 * 23).ppf(P),
    "tier.micro.on.instagram.fee": within(stats.gamma(9, scale=100 / 3), 100, 500),
    "tier.micro.on.instagram.engagement_rate": within(stats.gamma(1, scale=0.3), 0, 1),
    "tier.micro.on.instagram.followers": within(stats.lognorm(2.07, scale=12_900), 1e4, 1e5),
    "beliefs.fit": np.exp(-0.02 + 0.2 * stats.norm.ppf(P)),
    "tier.micro.on.instagram.fit": [0.9, math.sqrt(0.9 * 1.1), 1.1],
}


@pytest.mark.parametrize("key", EXPECTED)
def test_quantiles_are_those_of_the_closed_form(rows, key):
    row = rows[key]
    assert [row.p05, row.median, row.p95] == pytest.approx(list(EXPECTED[key]), rel=1e-4)


def test_means_are_those_of_the_closed_form(rows):
    assert rows["economics.order_value"].mean == pytest.approx(
        math.sqrt(60 * 80) * math.exp(SIGMA**2 / 2), rel=1e-6
    )
    assert rows["economics.gross_margin"].mean == pytest.approx(0.6, rel=1e-4)
    assert rows["beliefs.fit"].mean == 1.0
    frozen = stats.gamma(9, scale=100 / 3)
    share = np.diff(frozen.cdf([100, 500]))[0]
    expected = frozen.expect(lambda x: x, lb=100, ub=500) / share
    assert rows["tier.micro.on.instagram.fee"].mean == pytest.approx(expected, rel=1e-4)


def test_what_becomes_of_a_value(rows):
    assert rows["tier.micro.on.instagram.post_luck"].used == "divided by its mean, 2"
    assert rows["tier.macro.on.instagram.post_luck"].used == ""
    assert "organic mean" in rows["tier.micro.on.instagram.conversion_rate"].used
    # 0.19 squared
    assert rows["shocks.loadings.conversion_rate.campaign"].used == "3.6 % of the score's variance"


def test_keys_can_be_set(rows, tmp_path):
    """Every key that is shown can be given with ``--set`` as it is written, and stays the same."""
    path = tmp_path / "x.toml"
    path.write_text(
        "[portfolio.micro]\ntier='micro'\ncreators=9\n[portfolio.b]\ntier='macro'\ncreators=2\n"
        + TEXT
    )
    before = sim.load(path)
    after = sim.load(path, [f"{row.key}={row.written}" for row in rows.values()])
    assert after.fingerprint() == before.fingerprint()


def test_a_distribution_that_cannot_be_drawn_is_a_fault():
    tables = {
        "portfolio": {"x": {"tier": "micro", "creators": 3}},
        "tier": {"micro": {"fee": {"gamma": {"mean": 1, "sd": 1000}}}},
    }
    with pytest.raises(sim.ExperimentError, match=r"tier\.micro\.fee: gamma"):
        explain(sim.build(tables))


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        ("", "default"),
        ("this file", "this file"),
        ("oberlo-2024: beauty", "Oberlo 2024: beauty"),
        ("spread kim-2020 over all", "spread Kim et al. 2020 over all"),
        ("assumption: as loaded (kim-2020)", "assumption: as loaded (Kim et al. 2020)"),
        ("my-source-2031", "my-source-2031"),
    ],
)
def test_source_text(origin, text):
    assert source_text(origin) == text


def test_stages_and_rosters_are_written_as_in_a_file(tmp_path):
    (tmp_path / "list.csv").write_text("name,followers\nAda,12k\n", encoding="utf-8")
    staged = {"tier": "micro", "creators": 4, "stages": [{}, {"keep": 0.5, "posts": 3}]}
    experiment = sim.build(
        {"portfolio": {"a": staged, "b": {"roster": "list.csv"}}}, folder=tmp_path
    )
    written = {row.key: row.written for row in explain(experiment)}
    stages = tomllib.loads(f"stages = {written['portfolio.a.stages']}")["stages"]
    assert stages == [
        {"keep": 1, "add": 0, "posts": 1},
        {"keep": 0.5, "add": 0, "posts": 3},
    ]
    assert written["portfolio.b.roster"] == '"list.csv"'
