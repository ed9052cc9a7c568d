"""Worlds priced anew: the page's algebra against simulations at the same values."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import sim
import sim.report
from sim.report.reading import open_run
from sim.report.repricing import Repricing, figures, repriced, repricing
from sim.run.written import write_run
from sim.vary.keys import Varied, find_key

from .chromium import FOUND, Browser

#: Creators and look-up tables are single precision: money agrees to a millionth of what is spent
#: and earned.
CLOSE = 3e-6


@pytest.fixture(scope="module")
def pricing(bare: Path) -> Repricing:
    with open_run(bare) as opened:
        made = repricing(opened)
    assert made is not None
    return made


#: Each law once; all sliders at once are below.
LAWS = ("economics.order_value", "economics.incremental_share", "economics.return_rate",
        "economics.halo", "tier.micro.fee")  # fmt: skip


def test_a_slider_gives_the_worlds_of_a_simulation(bare: Path, pricing: Repricing) -> None:
    experiment = sim.load(bare / "experiment.toml")
    varied = Varied(experiment)
    sliders = [slider for slider in pricing.sliders if slider.key in LAWS]
    assert len(sliders) == len(LAWS)
    for slider in sliders:
        value = slider.values[-6]
        run = sim.simulate(varied.at({find_key(experiment, slider.key): value}))
        run = run.isel(sim=slice(0, pricing.worlds))
        for name, row in zip(
            pricing.portfolios, repriced(pricing, {slider.key: value}), strict=True
        ):
            own = run.sel(portfolio=name)
            scale = np.maximum(own["contribution"].values, own["cost"].values)
            gap = np.abs(row["profit"] - own["profit"].values)
            assert np.max(gap / scale) < CLOSE, (slider.key, name)
            assert row["cost"] == pytest.approx(own["cost"].values, rel=CLOSE)


def test_sliders_multiply(bare: Path, pricing: Repricing) -> None:
    experiment = sim.load(bare / "experiment.toml")
    values = {slider.key: slider.values[10] for slider in pricing.sliders}
    keys = {find_key(experiment, key): value for key, value in values.items()}
    run = sim.simulate(Varied(experiment).at(keys)).isel(sim=slice(0, pricing.worlds))
    for name, row in zip(pricing.portfolios, repriced(pricing, values), strict=True):
        own = run.sel(portfolio=name)
        scale = np.maximum(own["contribution"].values, own["cost"].values)
        assert np.max(np.abs(row["profit"] - own["profit"].values) / scale) < CLOSE


def test_at_its_own_values_a_run_is_what_it_was(bare: Path, pricing: Repricing) -> None:
    with open_run(bare) as opened:
        summary, wins = opened.answer.summary, opened.answer.comparisons[0]["a_beats_b"]
    assert pricing.worlds == summary.worlds
    own = {slider.key: slider.values[slider.start] for slider in pricing.sliders}
    for values in ({}, own):
        told = figures(pricing, values)
        assert told["wins"] == pytest.approx([wins.value, wins.se], rel=1e-9)
        for name, row in zip(pricing.portfolios, told["portfolios"], strict=True):
            for measure, (value, se) in row.items():
                entry = summary[name][measure]
                assert value == pytest.approx(entry.value, rel=1e-9)
                assert se == (None if entry.se is None else pytest.approx(entry.se, rel=1e-3))


def test_less_room_holds_fewer_worlds_and_none_where_it_is_too_small(bare: Path) -> None:
    with open_run(bare) as opened:
        whole = repricing(opened)
        assert whole is not None
        needed = whole.columns.shape[0] * 600 * 8 * 4 // 3
        some = repricing(opened, needed)
        assert some is not None
        assert some.worlds == 600
        assert sum(map(len, some.to_dict()["columns"])) <= needed + 4 * some.columns.shape[0]
        assert np.array_equal(some.columns, whole.columns[:, :600])
        assert repricing(opened, needed // 2) is None


def test_a_page_holds_its_worlds_to_the_last_digit(
    bare: Path, pricing: Repricing, tmp_path
) -> None:
    page = sim.report.write_report(bare, tmp_path / "page.html")
    text = page.read_text()
    assert len(text.encode()) < 1.5e6
    held = re.search(
        r'<script type="application/json" id="repricing">(.*?)</script>', text, re.DOTALL
    )
    content = json.loads(held[1])
    rows = [np.frombuffer(base64.b64decode(row), "<f8") for row in content["columns"]]
    assert np.array_equal(np.array(rows), pricing.columns[:, : content["worlds"]])
    for k, slider in enumerate(pricing.sliders):
        assert f'id="slider-{k}"' in text
        assert slider.texts[slider.start] in text


def test_a_page_in_another_currency_says_so(folder: Path, tmp_path: Path) -> None:
    experiment = sim.load(folder / "experiment.toml", worlds=512).with_({"currency": "EUR"})
    target = tmp_path / "run"
    write_run(target, experiment, sim.simulate(experiment))
    text = sim.report.write_report(target, tmp_path / "page.html").read_text()
    section = text[text.index('id="what-if"') : text.index('id="repricing"')]
    assert "median profit, EUR" in section
    assert "Order value, EUR per order" in section
    assert "USD" not in section


@pytest.mark.browser
@pytest.mark.skipif(FOUND is None, reason="no Chromium on this machine")
def test_a_browser_computes_what_python_does(bare: Path, tmp_path: Path) -> None:
    page = sim.report.write_report(bare, tmp_path / "page.html")
    with open_run(bare) as opened:
        pricing = repricing(opened)
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(page, width=1280)
        assert browser.complaints() == []
        random = np.random.default_rng(3)
        count = len(pricing.sliders)
        starts = [slider.start for slider in pricing.sliders]
        tries = [starts, *(random.integers(0, 41, count).tolist() for _ in range(5))]
        tries += [[*starts[:k], 33, *starts[k + 1 :]] for k in range(count)]
        for positions in tries:
            told = json.loads(
                browser.run(
                    f"{json.dumps(positions)}.forEach((position, k) => {{"
                    "const input = document.getElementById('slider-' + k);"
                    "input.value = position; input.dispatchEvent(new Event('input')); });"
                    "document.getElementById('what-if').dataset.figures"
                )
            )
            values = {s.key: s.values[p] for s, p in zip(pricing.sliders, positions, strict=True)}
            expected = figures(pricing, values)
            assert told["wins"] == pytest.approx(expected["wins"], rel=1e-9)
            for row, own in zip(told["portfolios"], expected["portfolios"], strict=True):
                for measure, pair in own.items():
                    assert row[measure] == pytest.approx(pair, rel=1e-9), (measure, positions)
        browser.run("document.getElementById('as-run').click()")
        assert browser.run("document.getElementById('slider-0').value") == str(starts[0])
    finally:
        browser.close()
