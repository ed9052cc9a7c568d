"""The resolved experiment: complete without presets, and the same when it is read again."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.experiment.toml import dotted, path_of, value
from sim.experiment.write import to_toml

SHIPPED = sorted((Path(__file__).parents[2] / "experiments").glob("*.toml"))
RICH = """
title = 'Which "one"?'
[simulation]
worlds = "2k"
[portfolio.hybrid]
budget = "80k"
niche = "beauty"
repeat_factor = 0.9
posts = 3
[portfolio.hybrid.mix]
micro = 0.5
"a.b" = { share = 0.3, tier = "macro", posts = 2 }
gift = { share = 0.2, tier = "local", compensation = "gifted", platform = "tiktok" }
[portfolio.macro]
tier = "macro"
creators = 3
[niche.beauty]
market = "5M"
[niche.beauty.source]
market = "census"
[tier.micro]
fee = "150 to 600"
engagement_rate = { beta = { mean = "4 %", sd = 0.02 } }
[tier.micro.on.instagram]
fit = { lognormal = { mean = 1, sd = 0.1 }, truncate = [0.5, inf] }
[tier.micro.on.instagram.source]
fit = "assumption: a \\"good\\" fit"
[tier.local]
follower_range = ["1k", 20_000]
authentic_share = 0.9
reach_rate = "20 % to 40 %"
engagement_rate = { empirical = "data/posts.csv:rate" }
conversion_rate = 0.02
fee = { empirical = "posts.csv:fee" }
management_hours = 1
amplification = { cascade = { b = 0.5, tail_index = 2 }, cap = 100 }
amplified_engagement = 0.5
post_luck = 1
followers_engagement_correlation = -0.1
[shocks.loadings]
fee = { campaign = 0.1 }
[beliefs]
fit = 0.2
[decision]
a = "hybrid"
b = "macro"
"""


@pytest.fixture
def rich(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "posts.csv").write_text("fee\n50\n80\n0\n")
    (tmp_path / "data" / "posts.csv").write_text("rate\n0.03\n0.05\n0.09\n")
    (tmp_path / "rich.toml").write_text(RICH)
    return sim.load(tmp_path / "rich.toml", ["economics.order_value=60"])


def again(experiment, tmp_path, name="again.toml"):
    (tmp_path / name).write_text(to_toml(experiment), encoding="utf-8")
    for file in experiment.inputs:
        if not (tmp_path / file).exists():
            shutil.copy(experiment.folder / file, tmp_path / file)
    return sim.load(tmp_path / name)


def said(experiment):
    """Origins beside those that a complete file cannot tell apart."""
    unsaid = ("this file", "default", "")
    return {k: v for k, v in experiment.origins.items() if v not in unsaid and "portfolio" not in k}


def test_reads_back_the_same(rich, tmp_path):
    resolved = again(rich, tmp_path)
    assert resolved.tables() == rich.tables()
    assert resolved.fingerprint() == rich.fingerprint()
    assert said(resolved) == said(rich)
    assert to_toml(resolved) == to_toml(rich)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_experiments_read_back_the_same(path, tmp_path):
    experiment = sim.load(path)
    resolved = again(experiment, tmp_path)
    assert resolved.fingerprint() == experiment.fingerprint()
    assert said(resolved) == said(experiment)


def test_needs_no_preset(rich, tmp_path, monkeypatch):
    from sim.experiment import checks, evidence, fill, merge, presets

    text = to_toml(rich)
    empty = {"compensation": {}}
    for module in (presets, evidence, fill, merge, checks):
        monkeypatch.setattr(module, "presets", lambda: empty)
    resolved = sim.build(tomllib.loads(text), folder=tmp_path)
    assert resolved.tables() == rich.tables()


def test_same_numbers(rich, tmp_path):
    resolved = again(rich, tmp_path)
    first, second = sim.simulate(rich), sim.simulate(resolved)
    assert first["profit"].identical(second["profit"])


def test_sources_stay_beside_the_values(rich):
    tables = tomllib.loads(to_toml(rich))
    assert tables["niche"]["beauty"]["source"] == {
        "market": "census",
        "overlap": "assumption: audiences overlap as by chance",
        "duplicate_waste": "assumption: half of duplicated reach brings nothing",
    }
    on = tables["tier"]["micro"]["on"]["instagram"]
    assert on["source"]["fit"] == 'assumption: a "good" fit'
    assert "fee" not in on["source"]
    assert tables["economics"]["source"]["order_value"] == "--set on the command line"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param("simulation.worlds=9", True, id="worlds"),
        pytest.param("title=Another", True, id="title"),
        pytest.param("decision.a=macro", None, id="decision"),
        pytest.param("simulation.seed=9", False, id="seed"),
        pytest.param("economics.order_value=60.0", True, id="60.0 for 60"),
        pytest.param("economics.order_value=61", False, id="value"),
        pytest.param("tier.micro.fee=150 to 0.6k", True, id="another way to write it"),
        pytest.param("tier.local.fee={ empirical = 'data/posts.csv:rate' }", False, id="column"),
    ],
)
def test_fingerprint(rich, tmp_path, change, same):
    changes = ["economics.order_value=60", change]
    if same is None:
        changes, same = [*changes, "decision.b=hybrid"], True
    changed = sim.load(tmp_path / "rich.toml", changes)
    assert (changed.fingerprint() == rich.fingerprint()) is same


def test_fingerprint_follows_what_a_file_holds_and_not_where_it_is(rich, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "posts.csv").rename(tmp_path / "elsewhere" / "x.csv")
    moved = sim.load(
        tmp_path / "rich.toml",
        ["economics.order_value=60", "tier.local.fee={ empirical = 'elsewhere/x.csv:fee' }"],
    )
    assert moved.fingerprint() == rich.fingerprint()
    (tmp_path / "posts.csv").write_text("fee\n50\n81\n0\n")
    changed = sim.load(tmp_path / "rich.toml", ["economics.order_value=60"])
    assert changed.fingerprint() != rich.fingerprint()


def test_fingerprint_does_not_follow_the_order_of_tables(rich, tmp_path):
    tables = tomllib.loads(to_toml(rich))
    tables = {key: tables[key] for key in reversed(tables)}
    tables["portfolio"] = dict(reversed(tables["portfolio"].items()))
    assert sim.build(tables, folder=tmp_path).fingerprint() == rich.fingerprint()


NESTED = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(NESTED)
def test_values_read_back(item):
    assert tomllib.loads(f"x = {value(item)}")["x"] == item


def test_nan_and_dates():
    import datetime as dt

    assert value(float("nan")) == "nan"
    assert value(dt.date(2025, 1, 2)) == "2025-01-02"
    assert json.loads(value("é\x00\x7f")) == "é\x00\x7f"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_dotted_keys_read_back(path):
    assert path_of(dotted(path)) == tuple(path)


@pytest.mark.parametrize("text", ["", "a b", "a.", "a=1\nb", "a # b", "a #", "[a]", '"'])
def test_what_is_no_key(text):
    assert path_of(text) is None


def test_a_sweep_names_no_files(tmp_path):
    """Found by fuzzing: a key of [sweep] that is called as a distribution is."""
    tables = {
        "portfolio": {"p": {"tier": "micro", "creators": 2}},
        "sweep": {"empirical": "posts.csv"},
    }
    experiment = sim.build(tables, folder=tmp_path)
    assert experiment.inputs == ()
    assert "posts.csv" in to_toml(experiment, {"posts.csv": "elsewhere.csv"})
