"""Named creators: what is known counts as far as it is known, and faults name row and column.

Statistical comparisons allow four standard errors; seeds are fixed.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from scipy import integrate, stats

import sim
from sim.plan import make_plan
from sim.run.dataset import load_results

Array = npt.NDArray[np.float64]
Named = Callable[..., xr.Dataset]

SIGMA, TAU, MEAN = 0.8, 0.5, 0.02
VARIED = {
    "tier.small.engagement_rate": {"lognormal": {"median": MEAN, "log_sd": SIGMA}},
    "tier.small.post_luck": {"lognormal": {"mean": 1.0, "log_sd": TAU}},
    # So that engagements stay below impressions.
    "tier.small.reach_rate": 1.0,
}


@pytest.fixture
def named(tmp_path: Path, make: Callable[..., sim.Experiment]) -> Named:
    """Simulate a roster given as the text of its file, with dotted keys changed."""

    def build(text: str, changes: dict[str, Any] | None = None, worlds: int = 40_000) -> xr.Dataset:
        (tmp_path / "list.csv").write_text(text, encoding="utf-8")
        portfolio = {"portfolio": {"p": {"roster": "list.csv"}}}
        experiment = make((changes or {}) | portfolio, worlds=worlds, seed=3, folder=tmp_path)
        return sim.simulate(experiment, threads=2)

    return build


def log_engagements(ds: xr.Dataset) -> Array:
    return np.asarray(np.log(ds["engagements"].values[0]))


def agree(values: Array, mean: float, sd: float) -> None:
    """Assert mean and standard deviation of normal values."""
    error = sd / math.sqrt(values.size)
    assert abs(values.mean() - mean) <= 4.0 * error
    assert abs(values.std() - sd) <= 4.0 * error / math.sqrt(2.0)


def luck_of(posts: int) -> float:
    """Return the variance of the log of a mean of n lucks, lognormal itself (Fenton 1960)."""
    return math.log1p(math.expm1(TAU**2) / posts)


def ordering(
    orders: float, exposure: float, centre: float, log_sd: float, noise: float = 0.0
) -> tuple[float, float]:
    """Return mean and coefficient of variation of a rate whose orders were counted, on a grid.

    The log rate is normal before; orders are Poisson with mean exposure x rate x a lognormal of
    mean one whose log has the variance `noise`.
    """
    t = np.linspace(centre - 8.0 * log_sd, centre + 8.0 * log_sd, 4_001)
    z = np.linspace(-6.0, 6.0, 241) if noise else np.zeros(1)
    expected = exposure * np.exp(t[:, None] + math.sqrt(noise) * z - noise / 2.0)
    chance = stats.poisson.pmf(orders, expected) @ stats.norm.pdf(z)
    weight = chance * stats.norm.pdf(t, centre, log_sd)
    weight /= weight.sum()
    mean = float(weight @ np.exp(t))
    return mean, math.sqrt(float(weight @ np.exp(2.0 * t)) / mean**2 - 1.0)


@pytest.mark.usefixtures("exact_reading")
def test_followers_and_fees_that_are_known_do_not_vary(named: Named) -> None:
    """Two creators with their own numbers, in a tier where both vary widely and fees are shocked."""
    changes = {
        "tier.small.followers": {"lognormal": {"median": 9_000, "log_sd": 1.0}},
        "tier.small.fee": {"lognormal": {"median": 80, "log_sd": 1.0}},
        "shocks.loadings": {"fee": {"campaign": 0.5}},
        "beliefs": {"fee": {"sd": 0.4}, "followers": {"sd": 0.3}},
    }
    ds = named("name,followers,fee\nAda,12_000,150\nBo,40K,320\n", changes, worlds=256)
    np.testing.assert_allclose(ds["impressions"].values[0], 0.2 * 52_000, rtol=1e-9)
    fees = ds["cost_quantity"].sel(component="fee").values[0]
    np.testing.assert_allclose(fees, 470.0, rtol=1e-9)


@pytest.mark.parametrize("posts", [1, 12, 400])
def test_a_measured_rate_is_shrunk_toward_its_tier(named: Named, posts: int) -> None:
    """w = sigma^2 / (sigma^2 + v): log e has mean w (y - m) + (1 - w) mu, variance (1 - w) sigma^2.

    m = -v / 2 and v are mean and variance of the log of a mean of n lucks, exact for one post and
    nearly so for the mean of several lognormals (Fenton 1960). One post of this season adds its
    own luck of mean one.
    """
    ds = named(f"name,followers,engagement_rate,posts\nAda,20000,6 %,{posts}\n", VARIED)
    v = luck_of(posts)
    w = SIGMA**2 / (SIGMA**2 + v)
    measured = math.log(0.06) + v / 2.0
    mean = math.log(20_000) + w * measured + (1.0 - w) * math.log(MEAN) - TAU**2 / 2.0
    agree(log_engagements(ds), mean, math.sqrt((1.0 - w) * SIGMA**2 + TAU**2))


def test_a_rate_that_nobody_measured_comes_from_the_tier(named: Named) -> None:
    ds = named("name,followers\nAda,20000\n", VARIED)
    mean = math.log(20_000 * MEAN) - TAU**2 / 2.0
    agree(log_engagements(ds), mean, math.hypot(SIGMA, TAU))


def test_followers_tell_of_engagement(named: Named) -> None:
    """Given a score f of followers engagement has mean rho f and variance 1 - rho^2 in scores."""
    rho, spread = -0.6, 0.7
    changes = VARIED | {
        "tier.small.followers": {"lognormal": {"median": 20_000, "log_sd": spread}},
        "tier.small.followers_engagement_correlation": rho,
    }
    ds = named("name,followers\nAda,60000\n", changes)
    score = math.log(3.0) / spread
    mean = math.log(60_000 * MEAN) + SIGMA * rho * score - TAU**2 / 2.0
    agree(log_engagements(ds), mean, math.hypot(SIGMA * math.sqrt(1.0 - rho**2), TAU))


def test_last_seasons_shocks_are_noise(named: Named) -> None:
    """With loading l a measurement on many posts still holds (1 - l^2) of what is shared now."""
    loading = 0.6
    changes = VARIED | {"shocks.loadings": {"engagement_rate": {"campaign": loading}}}
    ds = named("name,followers,engagement_rate,posts\nAda,20000,6 %,100000\n", changes)
    own = 1.0 - loading**2
    w = own / (own + loading**2 + TAU**2 / SIGMA**2 / 1e5)
    mean = math.log(20_000 * MEAN) + w * math.log(3.0) - TAU**2 / 2.0
    variance = SIGMA**2 * (loading**2 + own * (1.0 - w)) + TAU**2
    agree(log_engagements(ds), mean, math.sqrt(variance))


def test_doubt_about_a_tier_fades_as_a_rate_is_measured(named: Named) -> None:
    """The belief keeps 1 - w of its standard deviation."""
    b = 0.5
    changes = VARIED | {"beliefs": {"engagement_rate": {"sd": b, "common": 0.0}}}
    ds = named("name,followers,engagement_rate,posts\nAda,20000,6 %,4\n", changes)
    w = SIGMA**2 / (SIGMA**2 + luck_of(4))
    sd = math.sqrt((1.0 - w) * SIGMA**2 + TAU**2 + ((1.0 - w) * b) ** 2)
    values = log_engagements(ds)
    assert abs(values.std() - sd) <= 4.0 * sd / math.sqrt(2.0 * values.size)


def test_all_that_is_known_of_a_creator_counts_together(named: Named) -> None:
    """Followers, fee and a measured rate, under shocks: conditioning of normals on log values.

    Own parts: cov(f, e) = rho s_f s_e and, as the fee follows x = f + e with slope eta,
    cov(fee, y) = eta cov(x, y). A measured rate holds the shock of its season and luck.
    """
    rho, eta, loading, s_f, s_fee, posts = -0.4, 0.7, 0.7, 0.9, 0.8, 8
    changes = VARIED | {
        "tier.small.followers": {"lognormal": {"median": 20_000, "log_sd": s_f}},
        "tier.small.fee": {"lognormal": {"median": 100, "log_sd": s_fee}},
        "tier.small.followers_engagement_correlation": rho,
        "tier.small.fee_elasticity": eta,
        "shocks.loadings": {"engagement_rate": {"campaign": loading}},
    }
    text = f"name,followers,engagement_rate,posts,fee\nAda,50000,5 %,{posts},400\n"
    s_e = SIGMA * math.sqrt(1.0 - loading**2)
    own = np.array([[s_f**2, rho * s_f * s_e], [rho * s_f * s_e, s_e**2]])
    with_fee = eta * own.sum(axis=1)
    known = np.block([[own, with_fee[:, None]], [with_fee[None], np.array([[s_fee**2]])]])
    known[1, 1] += (SIGMA * loading) ** 2 + luck_of(posts)
    along = np.array([own[1, 0], own[1, 1], with_fee[1]])
    gain = np.linalg.solve(known, along)
    rate = math.log(0.05 / MEAN) + luck_of(posts) / 2.0
    seen = np.array([math.log(50_000 / 20_000), rate, math.log(400 / 100)])
    mean = math.log(50_000 * MEAN) + gain @ seen - TAU**2 / 2.0
    variance = own[1, 1] - gain @ along + (SIGMA * loading) ** 2 + TAU**2
    agree(log_engagements(named(text, changes)), mean, math.sqrt(variance))


def test_past_orders_tell_of_conversion(named: Named) -> None:
    """Conversion as it was: 40 orders in 10 posts of 400 engagements, 0.6 of them tracked."""
    changes = VARIED | {
        "tier.small.conversion_rate": {"lognormal": {"median": 0.02, "log_sd": 0.9}},
        "tier.small.engagement_rate": 0.02,
    }
    text = "name,followers,past_orders,past_posts\nAda,20000,40,10\n"
    values = named(text, changes)["expected_orders"].values[0]
    mean, cv = ordering(40, 10 * 400 * 0.6, math.log(0.02), 0.9, luck_of(10))
    error = values.std() / math.sqrt(values.size)
    assert abs(values.mean() - 400 * mean) <= 4.0 * error + 0.01 * 400 * mean
    # A new post has luck of its own.
    assert 1.0 + (values.std() / values.mean()) ** 2 == pytest.approx(
        (1.0 + cv**2) * math.exp(TAU**2), rel=0.04
    )


def test_orders_count_where_no_rate_was_measured(named: Named) -> None:
    """None in three posts and 200 in two are different creators."""
    text = "name,followers,past_orders,past_posts\nZoe,30000,{},{}\n"
    sd = math.sqrt(SIGMA**2 + 0.6**2)
    changes = VARIED | {
        "tier.small.conversion_rate": {"lognormal": {"median": 0.02, "log_sd": 0.6}},
    }
    for orders, posts in ((0, 3), (200, 2)):
        values = named(text.format(orders, posts), changes)["expected_orders"].values[0]
        centre = math.log(30_000 * MEAN * 0.02)
        mean, _ = ordering(orders, posts * 0.6, centre, sd, luck_of(posts))
        error = values.std() / math.sqrt(values.size)
        assert abs(values.mean() - mean) <= 4.0 * error + 0.01 * mean


def test_three_campaigns_are_three_observations(named: Named) -> None:
    """Each has the luck of its own posts and season: three tell more than their sum."""
    changes = VARIED | {
        "tier.small.conversion_rate": {"lognormal": {"median": 0.02, "log_sd": 0.6}},
        "shocks.loadings": {"conversion_rate": {"campaign": 0.8}},
    }
    head = "name,followers,past_orders,past_posts\n"
    three, each, together = (
        named(f"{head}Ada,20000,{cells}\n", changes)["expected_orders"].values[0]
        for cells in ('"70; 88; 95",3', '"70; 88; 95","1; 1; 1"', "253,3")
    )
    np.testing.assert_array_equal(three, each)
    assert np.log(three).std() < 0.95 * np.log(together).std()


def test_a_name_decides_the_luck(named: Named) -> None:
    """The order of rows changes nothing but the order of additions; another name does."""
    rows = ["Ada,20000,3 %,5", "Bo,30000,,", "Cleo,25000,1 %,9"]
    head = "name,followers,engagement_rate,posts\n"
    one, other = (
        named(head + "\n".join(order), VARIED, worlds=512)["engagements"].values
        for order in (rows, rows[::-1])
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)
    renamed = named(head + "\n".join(["Dora,20000,3 %,5", *rows[1:]]), VARIED, worlds=512)
    assert not np.allclose(one, renamed["engagements"].values, rtol=1e-3)


def test_the_order_of_rows_changes_nothing(named: Named) -> None:
    """Not even orders and their values: bit for bit."""
    rows = ["Ada,20000,3 %,5", "Bo,30000,,", "Cleo,25000,1 %,9"]
    head = "name,followers,engagement_rate,posts\n"
    one, other = (
        named(head + "\n".join(order), VARIED, worlds=512) for order in (rows, rows[::-1])
    )
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=str(name))


def test_the_end_of_a_tier_is_no_miracle(named: Named) -> None:
    """Exactly 10,000 followers, the least of the tier, tell about as much as 10,300 do."""
    changes = VARIED | {
        "tier.small.follower_range": [10_000, 100_000],
        "tier.small.followers": {"lognormal": {"median": 15_000, "log_sd": 1.5}},
        "tier.small.followers_engagement_correlation": -0.6,
    }
    least, near = (
        log_engagements(named(f"name,followers\nAda,{n}\n", changes)).mean() - math.log(n)
        for n in (10_000, 10_300)
    )
    assert 0.0 < least - near < 0.2


def test_an_engaging_creator_is_picked_up_more_often(named: Named) -> None:
    """Given a score y of engagement a post takes off with P(rho y + sqrt(1 - rho^2) Z > z_p)."""
    rho, p, posts = 0.7, 0.1, 100_000
    changes = VARIED | {
        "tier.small.post_luck": 1.0,
        "tier.small.amplification": {"spike": {"probability": p, "minimum": 5, "tail_index": 3}},
        "tier.small.amplified_engagement": 0.0,
        "tier.small.amplification_engagement_correlation": rho,
    }
    for rate in (0.06, 0.01):
        text = f"name,followers,engagement_rate,posts\nAda,20000,{rate},{posts}\n"
        viral = named(text, changes)["viral_posts"].values[0]
        y = math.log(rate / MEAN) / SIGMA
        expected = stats.norm.sf((stats.norm.isf(p) - rho * y) / math.sqrt(1.0 - rho**2))
        error = math.sqrt(expected * (1.0 - expected) / viral.size)
        assert abs(viral.mean() - expected) <= 4.0 * error


def test_amplified_posts_measure_less_well(tmp_path: Path, make: Callable[..., Any]) -> None:
    """The noise of one post holds the variance of log(1 + q (A - 1)), here by an integral."""
    p, least, index, q = 0.2, 3.0, 3.0, 0.5
    changes = VARIED | {
        "tier.small.amplification": {
            "spike": {"probability": p, "minimum": least, "tail_index": index}
        },
        "tier.small.amplified_engagement": q,
    }
    (tmp_path / "list.csv").write_text(
        "name,followers,engagement_rate,posts\nAda,20000,6 %,1\n", encoding="utf-8"
    )
    experiment = make(changes | {"portfolio": {"p": {"roster": "list.csv"}}}, folder=tmp_path)
    work = make_plan(experiment).works[0]

    def moment(order: int) -> float:
        def integrand(x: float) -> float:
            return math.log1p(q * x) ** order * index * least**index / x ** (index + 1.0)

        return p * float(integrate.quad(integrand, least, np.inf)[0])

    noise = TAU**2 + moment(2) - moment(1) ** 2
    left = 1.0 / (1.0 + SIGMA**2 / noise)
    assert work.mix[0, 0, 0] ** 2 == pytest.approx(left, rel=0.05)
    assert left > 1.3 * TAU**2 / (SIGMA**2 + TAU**2)


def test_past_orders_tell_of_conversion_and_fit_together(named: Named) -> None:
    """Orders show c f, whose log varies by both."""
    sigma_c, sigma_f = 0.6, 0.8
    changes = {
        "tier.small.conversion_rate": {"lognormal": {"median": 0.02, "log_sd": sigma_c}},
        "tier.small.fit": {"lognormal": {"median": 0.5, "log_sd": sigma_f}},
    }
    text = "name,followers,engagement_rate,past_orders,past_posts\nAda,20000,2 %,40,10\n"
    values = named(text, changes)["expected_orders"].values[0]
    centre = math.log(0.02 * 0.5)
    mean, cv = ordering(40, 10 * 400 * 0.6, centre, math.hypot(sigma_c, sigma_f))
    error = values.std() / math.sqrt(values.size)
    assert abs(values.mean() - 400 * mean) <= 4.0 * error
    assert values.std() / values.mean() == pytest.approx(cv, rel=0.05)


def test_a_rate_known_for_certain_stays(named: Named) -> None:
    """Whatever the doubt about the tier: a belief of mean one would shift what nobody doubts."""
    changes = VARIED | {"beliefs": {"engagement_rate": {"sd": 0.5, "common": 0.5}}}
    ds = named("name,followers,engagement_rate,posts\nAda,20000,6 %,100000\n", changes)
    values = ds["engagements"].values[0]
    assert abs(values.mean() - 1_200) <= 4.0 * values.std() / math.sqrt(values.size)


def test_orders_of_many_posts_leave_no_doubt_about_the_tier(named: Named) -> None:
    """Doubt about engagement and conversion fades from expected orders as orders are counted."""
    b = 0.5
    changes = {
        "tier.small.conversion_rate": {"lognormal": {"median": 0.05, "log_sd": 0.8}},
        "beliefs": {
            name: {"sd": b, "common": 0.0} for name in ("engagement_rate", "conversion_rate")
        },
    }
    text = "name,followers,past_orders,past_posts\nAda,20000,{},{}\n"
    for orders, posts in ((1_000, 100), (10, 1)):
        values = named(text.format(orders, posts), changes)["expected_orders"].values[0]
        _, cv = ordering(orders, posts * 0.6, math.log(20_000 * 0.02 * 0.05), 0.8)
        left = math.log1p(cv**2)
        # The counts leave left / 0.8^2 of the log variance open, and as much of both beliefs.
        sd = math.sqrt(left + 2.0 * (left / 0.8**2 * b) ** 2)
        assert np.log(values).std() == pytest.approx(sd, rel=0.05)


# --- Faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,followers\nAda,12k\nBo,twelve\n", "line 3, followers: 'twelve' is no number"),
        ("name,followers\nAda,12k\nada,13k\n", "line 3, name: stands in line 2 already"),
        ("name,folowers\nAda,1\n", "column `folowers` is unknown; did you mean `followers`"),
        ("name\nAda\n", "has no column `followers`"),
        ("name,followers,engagement_rate\nAda,12k,5\n", "line 2, engagement_rate: '5' must lie"),
        ("name,followers,past_orders\nAda,12k,5\n", "line 2, past_posts: is needed beside"),
        (
            'name,followers,past_orders,past_posts\nAda,12k,"5; 6; 7",2\n',
            "each of the 3 in past_orders",
        ),
        ('name,followers,past_orders,past_posts\nAda,12k,"5; 6; 7","2; 1"\n', "each of the 3 in"),
        ("name,followers,platform\nAda,12k,myspace\n", "line 2, platform: is unknown"),
        ("name,followers,niche\nAda,12k,art/craft\n", "line 2, niche: a name must not"),
        ("name,followers,niche\nAda,12k,art:craft\n", "line 2, niche: a name must not"),
        ("name,followers\nAda,0.5\n", "line 2, followers: belongs to no tier"),
        ("name,followers\nAda,0\n", "line 2, followers: must be positive"),
        ("name,followers\n,9k\n", "line 2, name: is empty"),
        ("name,followers\nAda,\n", "line 2, followers: is empty"),
        ("name,followers,fee\nAda,9k,-5\n", "line 2, fee: cannot be negative"),
        ("name,followers,fee\nAda,9k,1,250\n", "line 2 has 4 cells, the header 3"),
        ("name,followers\n", "has no rows below its header"),
        ("", "is empty; its first row must name the columns"),
    ],
)
def test_faults_name_row_and_column(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(sim.ExperimentError) as caught:
        sim.build({"portfolio": {"p": {"roster": "list.csv"}}}, folder=tmp_path)
    assert problem in str(caught.value)
    assert "list.csv" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Name;Followers;Platform;Engagement Rate;Fee\nAda;12.500;TikTok;2,1 %;149,50\n",
        "sep=;\nhandle;Fans;Network;ER (%);Price (USD)\n@Ada;12,5K;tik tok;2,1;149,50\n\nTotal;12.500;;;149,50\n",
        "Our list\n\nInfluencer\tSubscribers\tplatform\tER\tFee\nAda\t12 500\tTT\t2.1%\t$149.50\n",
    ],
)
def test_rosters_as_they_come(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    built = sim.build({"portfolio": {"p": {"roster": "list.csv"}}}, folder=tmp_path)
    (row,) = built.portfolio["p"].roster.rows
    assert (row.name, row.platform, row.followers, row.fee) == ("Ada", "tiktok", 12_500, 149.5)
    assert row.engagement_rate == pytest.approx(0.021)


def test_a_roster_may_be_a_workbook(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for cells in (["Name", "Followers", "Past orders", "Past posts"], ["Zoë", 12_500, "70; 88", 2]):
        book.active.append(cells)
    book.save(tmp_path / "list.xlsx")
    built = sim.build({"portfolio": {"p": {"roster": "list.xlsx"}}}, folder=tmp_path)
    (row,) = built.portfolio["p"].roster.rows
    assert (row.name, row.past_orders, row.past_posts) == ("Zoë", (70, 88), (1, 1))


def test_check_and_explain_show_a_roster_as_read(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from sim.cli.files import check, explain

    text = 'Handle;Fans;ER;Past orders;Past posts\nAda;12.500;2,1 %;"70; 88";2\nBo;20.000;;;\n'
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    (tmp_path / "mine.toml").write_text('[portfolio.p]\nroster = "list.csv"\n')
    for command in (check, explain):
        told = CliRunner().invoke(command, [str(tmp_path / "mine.toml")])
        assert told.exit_code == 0, told.output
        assert "p: 2 creators from list.csv" in told.output
        assert "Handle → name; Fans → followers; ER → measured engagement rate" in told.output
        assert "semicolons between columns" in told.output
        assert "decimals after a comma, as in '2,1 %'" in told.output
        # `explain` goes on to what is believed of each.
        line = next(x for x in told.output.splitlines() if x.lstrip().startswith("Ada "))
        assert line.split() == [
            "Ada",
            "micro",
            "on",
            "instagram",
            "general",
            "12,500",
            "0.021",
            "10",
            "70",
            "in",
            "1;",
            "88",
            "in",
            "1",
        ]


def test_all_faulty_rows_at_once(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,followers\nA,x\nB,1k\nC,y\n", encoding="utf-8")
    with pytest.raises(sim.ExperimentError) as caught:
        sim.build({"portfolio": {"p": {"roster": "list.csv"}}}, folder=tmp_path)
    assert [fault.problem.split(",")[0] for fault in caught.value.faults] == [
        "list.csv: line 2",
        "list.csv: line 4",
    ]


def test_a_roster_says_who_they_are(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,followers\nA,12k\n", encoding="utf-8")
    tables = {"portfolio": {"p": {"roster": "list.csv", "tier": "micro"}}}
    with pytest.raises(sim.ExperimentError, match="does not go with `tier`"):
        sim.build(tables, folder=tmp_path)


def test_a_run_keeps_its_roster(tmp_path: Path) -> None:
    """The run's folder holds all that is needed to run it again."""
    from sim.run.written import write_run

    (tmp_path / "list.csv").write_text("name,followers\nA,12k\nB,700k\n", encoding="utf-8")
    experiment = sim.build(
        {"portfolio": {"p": {"roster": "list.csv"}}, "simulation": {"worlds": 256}},
        folder=tmp_path, name="again",
    )  # fmt: skip
    results = sim.simulate(experiment)
    write_run(tmp_path / "out", experiment, results)
    (tmp_path / "list.csv").unlink()
    again = sim.simulate(sim.load(tmp_path / "out" / "experiment.toml"))
    kept = load_results(tmp_path / "out")
    assert (again["profit"].values == kept["profit"].values).all()


MEASURED = """
import resource, sys
from pathlib import Path
import numpy as np
import sim
tables = {"portfolio": {"p": {"roster": "list.csv"}}, "simulation": {"worlds": 10_000}}
results = sim.simulate(sim.build(tables, folder=Path(sys.argv[1])))
assert results["line_creators"].values.sum() == 50_000
assert np.isfinite(results["profit"].values).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)
"""


@pytest.mark.scale
def test_fifty_thousand_creators_in_bounded_memory(tmp_path: Path) -> None:
    """50,000 rows x 10,000 worlds would be 4 GB for one number each; a process of its own has 1 GB.

    Measured: 340 MB.
    """
    rng = np.random.default_rng(1)
    sizes = np.exp(rng.uniform(math.log(2e3), math.log(9e4), 50_000)).astype(int)
    rows = [
        f"c{i},{size},{'' if i % 2 else 0.03},{5 + i % 20}" for i, size in enumerate(sizes.tolist())
    ]
    text = "name,followers,engagement_rate,posts\n" + "\n".join(rows)
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", MEASURED, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert float(done.stdout.split()[-1]) < 1024
