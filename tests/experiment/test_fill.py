"""Filling up from presets: which layer wins, and where each value comes from."""

from __future__ import annotations

import tomllib

import pytest

import sim
from sim.evidence import sources
from sim.experiment.fill import fill
from sim.experiment.layout import FREE, NAMED, TABLES, known_keys
from sim.experiment.presets import presets


def built(text, fine):
    return sim.build(tomllib.loads(fine + text))


@pytest.mark.parametrize(
    ("text", "value", "origin"),
    [
        pytest.param(
            "",
            presets()["instagram"]["micro"]["fee"],
            presets()["instagram"]["any"]["source"]["fee"],
            id="preset",
        ),
        pytest.param("[tier.micro]\nfee = 300", 300, "this file", id="tier"),
        pytest.param("[tier.micro.on.instagram]\nfee = 400", 400, "this file", id="platform"),
        pytest.param(
            "[tier.micro]\nfee = 300\n[tier.micro.on.instagram]\nfee = 400",
            400,
            "this file",
            id="platform over tier",
        ),
        pytest.param(
            "[tier.micro]\nfee = 300\n[tier.micro.source]\nfee = 'contracts'",
            300,
            "contracts",
            id="source",
        ),
        pytest.param(
            "[tier.micro]\nfee = 300\n[tier.micro.source]\nfee = 'contracts'\n"
            "[tier.micro.on.instagram]\nfee = 400",
            400,
            "this file",
            id="the source of the layer below is not that of the layer above",
        ),
    ],
)
def test_layers_of_a_tier(fine, text, value, origin):
    experiment = built(text, fine)
    fee = experiment.tier["micro"].on["instagram"].fee
    found = experiment.origins["tier.micro.on.instagram.fee"]
    assert (fee.written, found) == (value, origin)


def test_only_platforms_in_use_are_filled_up(fine):
    text = '[portfolio.x]\ntier = "micro"\ncreators = 3\nplatform = "tiktok"'
    experiment = built(text, fine)
    assert set(experiment.tier["micro"].on) == {"instagram", "tiktok"}
    assert set(experiment.tier["macro"].on) == {"instagram"}
    assert set(experiment.platform) == {"instagram", "tiktok"}


def test_an_input_with_loadings_of_its_own_loses_those_of_the_preset(fine):
    loadings = built(
        "[shocks.loadings]\nconversion_rate = { campaign = 0.2 }", fine
    ).shocks.loadings
    assert loadings["conversion_rate"] == {"campaign": 0.2}
    assert loadings["engagement_rate"] == presets()["shocks"]["loadings"]["engagement_rate"]


def test_every_value_that_is_filled_up_has_a_source_or_is_an_assumption():
    text = "\n".join(
        f'[portfolio.{tier}_on_{platform}]\ntier = "{tier}"\nplatform = "{platform}"\ncreators = 1'
        for platform, table in presets().items()
        if "any" in table
        for tier in table
        if isinstance(table[tier], dict) and tier not in ("any", "source")
    )
    experiment = sim.build(tomllib.loads(text))
    unsaid = [
        key
        for key, origin in experiment.origins.items()
        if key.split(".")[0] in ("tier", "platform", "economics", "costs", "shocks", "beliefs")
        and origin in ("", "default")
        # A switch and a key that no file needs.
        and key not in ("shocks.preserve_mean", "shocks.loadings")
        and not key.endswith((".source", ".delivery_rate", ".effort_fee"))
    ]
    assert unsaid == []
    assert "oberlo-2024" in sources()


def test_a_tier_of_ones_own_without_any_preset():
    preset = presets()["instagram"]
    own = {**preset["any"], **preset["micro"], "fee": 123}
    own.pop("source")
    tables = {
        "tier": {"local": own},
        "platform": {"radio": {"audience": 1e6, "viral_from": 5}},
        "portfolio": {"x": {"tier": "local", "platform": "radio", "creators": 3}},
    }
    experiment = sim.build(tables)
    assert experiment.tier["local"].on["radio"].fee.written == 123
    assert {experiment.origins[f"tier.local.on.radio.{key}"] for key in own} == {"this file"}


def test_filling_up_changes_neither_presets_nor_the_file(fine):
    import copy

    tables = tomllib.loads(
        fine + "[tier.micro]\nfee = 300\n[shocks.loadings]\nfee = {campaign=0.1}"
    )
    before, known = copy.deepcopy(tables), copy.deepcopy(presets())
    fill(tables)
    assert tables == before
    assert presets() == known


def test_every_table_of_the_model_has_keys():
    for head in set(TABLES) - set(FREE):
        path = (head, "x") if head in NAMED else (head,)
        assert known_keys(path), head


def test_experiments_do_not_change(fine):
    experiment = built("", fine)
    with pytest.raises(ValueError, match="frozen"):
        experiment.simulation.worlds = 5
