"""One small run with hostile names and saved answers, made once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import sim
import sim.report
from sim.report.reading import open_run
from sim.report.story import tell
from sim.run.written import write_run

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too'"

EXPERIMENT = """
title = '''{title}'''

[simulation]
worlds = 2048
seed = 7

[portfolio.micro]
creators = 40
tier = "micro"
platform = "instagram"

[portfolio.macro]
creators = 3
tier = "macro"
platform = "instagram"

[portfolio."<img src=x>"]
budget = 20000
mix = {{ micro = {{ share = 0.6 }}, macro = {{ share = 0.4 }} }}
platform = "instagram"

[decision]
a = "micro"
b = "macro"
"""

POINT = {"value": 0.5, "se": 0.01, "unit": "fraction"}

TORNADO = {
    "analysis": "tornado",
    "sentence": "Fees move it most.",
    "notes": ["A note <b>in bold</b>."],
    "worlds": 2000,
    "method": "swing",
    "decision": {"a": "micro", "b": "macro"},
    "measure": "roi_mean",
    "outcome": "The mean ROI of micro",
    "label": "mean ROI of micro",
    "base": {"value": 1.0, "se": 0.02, "unit": "fraction"},
    "inputs": [
        {
            "input": "fee",
            "words": "belief about fee of micro",
            "settings": ["0.5x", "1x", "2x"],
            "low": {"value": 2.0, "se": 0.02, "unit": "fraction"},
            "high": {"value": 0.25, "se": 0.02, "unit": "fraction"},
            "swing": {"value": 1.75, "se": 0.03, "unit": "fraction"},
            "monotone": True,
            "portfolios": {},
            "rank_correlation": {"value": 0.5, "se": 0.01, "unit": "rank correlation"},
        },
        {
            "input": "campaign",
            "words": "campaign shock",
            "settings": ["score -1.28", "score 0", "score +1.28"],
            "low": {"value": 0.75, "se": 0.02, "unit": "fraction"},
            "high": {"value": 1.5, "se": 0.02, "unit": "fraction"},
            "swing": {"value": 0.75, "se": 0.03, "unit": "fraction"},
            "monotone": True,
            "portfolios": {},
            "rank_correlation": {"value": 0.5, "se": 0.01, "unit": "rank correlation"},
        },
    ],
}

DISCOVER = {
    "analysis": "discover",
    "a": "micro",
    "b": "macro",
    "variable": "roi",
    "worlds": 2000,
    "varied": [],
    "sentence": "micro loses to macro mostly where fees are high.",
    "notes": [],
    "conditions": [
        {
            "input": "tier.micro.fee",
            "words": "mean fee of micro is above 400 USD",
            "unit": "USD",
            "low": 400.0,
            "high": None,
            "density_without_it": POINT,
        }
    ],
    "losing": {"value": 0.07, "se": 0.001, "unit": "fraction"},
    "density": {"value": 0.21, "se": 0.005, "unit": "fraction"},
    "coverage": POINT,
    "mass": POINT,
    "cells": {"inputs": ["tier.micro.fee"], "edges": [[300, 400, 500]], "share": [0.1, 0.3]},
}

OF_ANOTHER_VERSION = {"analysis": "sensitivity", "sentence": "Something drives it.", "drivers": 3}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run whose title and one of whose names are markup."""
    place = tmp_path_factory.mktemp("report")
    file = place / "hostile.toml"
    file.write_text(EXPERIMENT.format(title=HOSTILE), encoding="utf-8")
    experiment = sim.load(file)
    target = place / "results" / "hostile"
    write_run(target, experiment, sim.simulate(experiment))
    (target / "analysis").mkdir()
    for content in (TORNADO, DISCOVER, OF_ANOTHER_VERSION):
        name = content["analysis"]
        (target / "analysis" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (target / "analysis" / "broken.json").write_text("{", encoding="utf-8")
    return target


@pytest.fixture(scope="session")
def bare(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same run, of which nothing has been asked."""
    target = tmp_path_factory.mktemp("bare") / "hostile"
    shutil.copytree(folder, target)
    shutil.rmtree(target / "analysis")
    return target


@pytest.fixture(scope="session")
def story(folder: Path):
    with open_run(folder) as opened:
        yield tell(opened)


@pytest.fixture(scope="session")
def page(folder: Path) -> Path:
    return sim.report.write_report(folder)


@pytest.fixture(scope="session")
def deck(folder: Path) -> Path:
    return sim.report.write_deck(folder, folder.parent / "deck.pptx")
