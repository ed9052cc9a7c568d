"""The page in headless Chromium: a slider moves, the figures follow, nothing leaves the machine."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.explore.drawing import WIDTH

HELPER = Path(__file__).parents[1] / "report" / "chromium.py"
pytestmark = pytest.mark.browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("chromium", HELPER)
    assert spec
    assert spec.loader
    chromium = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(chromium)
    if chromium.FOUND is None:
        pytest.skip("no Chromium on this machine")
    tab = chromium.Browser(tmp_path / "profile")
    yield tab
    tab.close()


class Address:
    """What the browser opens in place of a file."""

    def __init__(self, text: str) -> None:
        self.text = text

    def resolve(self) -> Address:
        return self

    def as_uri(self) -> str:
        return self.text


def wait(condition: Callable[[], bool], seconds: float = 10.0) -> float:
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            pytest.fail("nothing happened")
        time.sleep(0.01)
    return time.monotonic() - started


MOVE = """(() => {{
  const slider = document.getElementById("s{place}");
  slider.value = {position};
  slider.dispatchEvent(new Event("input", {{bubbles: true}}));
}})()"""
TABLE = "[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.textContent))"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_slider_moves_and_the_figures_follow(server, browser, width, tmp_path, file):
    browser.open(Address(server.address), width=width, dark=width < 600)
    start = [c.start for c in server.what_if.controls]
    assert browser.run(TABLE) == server.what_if.view(start).rows
    moved = [*start]
    moved[0] += 50
    views = browser.run("Number(document.body.dataset.views)")
    browser.run(MOVE.format(place=0, position=moved[0]))
    took = wait(lambda: browser.run("Number(document.body.dataset.views)") > views)
    wanted = server.what_if.view(moved)
    assert browser.run(TABLE) == wanted.rows
    assert browser.run("document.getElementById('sentence').textContent") == wanted.sentence
    output = browser.run("document.querySelector('#s0 ~ output').textContent")
    assert output == server.what_if.controls[0].texts[moved[0]]
    # The issue asks for 0.2 s; a machine that does other work meanwhile gets more.
    assert took < 1.0
    browser.screenshot(tmp_path / f"page-{width}.png")
    browser.run("document.getElementById('save').click()")
    wait(lambda: browser.run("document.getElementById('saved').textContent").startswith("Saved"))
    assert file.with_name("small-what-if.toml").is_file()
    browser.run("document.getElementById('reset').click()")
    wait(lambda: browser.run(TABLE) == server.what_if.view(start).rows)
    assert browser.complaints() == []
    assert all(url.startswith(server.address) for url in browser.requests())
    assert browser.run("document.documentElement.scrollWidth") <= width
    # No text of the drawing is cut off.
    boxes = browser.run(
        "[...document.querySelectorAll('svg text')].map(t => t.getBBox()).map(b => [b.x, b.x + b.width])"
    )
    assert all(left >= 0 and right <= WIDTH for left, right in boxes)


def test_keys_move_a_slider_and_every_input_has_a_name(server, browser):
    browser.open(Address(server.address), width=1280)
    browser.run("document.getElementById('s0').focus()")
    views = browser.run("Number(document.body.dataset.views)")
    browser.press("ArrowRight")
    wait(lambda: browser.run("Number(document.body.dataset.views)") > views)
    start = server.what_if.controls[0].start
    assert int(browser.run("document.getElementById('s0').value")) == start + 1
    named = "[...document.querySelectorAll('input')].every(i => i.labels.length === 1)"
    assert browser.run(named)
    text = browser.run("document.getElementById('s0').getAttribute('aria-valuetext')")
    assert text == server.what_if.controls[0].texts[start + 1]
