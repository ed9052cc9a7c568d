"""The page in a real browser, and the slides as an office suite draws them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .chromium import FOUND, Browser

pytestmark = pytest.mark.browser

needs_browser = pytest.mark.skipif(FOUND is None, reason="no Chromium on this machine")
needs_office = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftoppm") and shutil.which("pdftotext")),
    reason="no LibreOffice or no poppler on this machine",
)

#: Text of pictures that is drawn outside of them, and text that stands on other text.
OVERLAPS = """
(() => {
  const found = [];
  for (const svg of document.querySelectorAll('.plot svg')) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
    const boxes = texts.map(t => [t.textContent.trim(), t.getBoundingClientRect()]);
    for (const [text, b] of boxes)
      if (b.left < frame.left - 2 || b.right > frame.right + 2 ||
          b.top < frame.top - 2 || b.bottom > frame.bottom + 2) found.push('outside: ' + text);
    boxes.forEach(([one, a], k) => boxes.slice(k + 1).forEach(([two, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3 && tall > 4) found.push(one + ' / ' + two);
    }));
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@needs_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_fetched_nothing_complains_nothing_overflows(
    browser: Browser, page: Path, width: int, dark: bool
) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.requests() == []
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth") <= width
    figures = browser.run(
        "[...document.querySelectorAll('figure')].map(f => "
        "[f.id, [...f.querySelectorAll('svg, table')].some(s => "
        "{ const b = s.getBoundingClientRect(); return b.width > 200 && b.height > 40; })])"
    )
    assert len(figures) >= 8
    assert all(seen for _, seen in figures), figures
    paper = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(14, 16, 19)") == dark


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_text_of_charts_is_legible_and_stands_alone(
    browser: Browser, page: Path, width: int
) -> None:
    browser.open(page, width=width)
    assert browser.run(OVERLAPS) == []
    smallest = browser.run(
        "Math.min(...[...document.querySelectorAll('.plot svg text')]"
        ".filter(t => t.getBoundingClientRect().width)"
        ".map(t => t.getBoundingClientRect().height))"
    )
    assert smallest >= 9


@needs_browser
def test_first_screen_has_answer_table_and_chart(browser: Browser, page: Path) -> None:
    browser.open(page, width=1280, height=900)
    bottoms = browser.run(
        "['h1', '.compare tbody tr:last-child', '#roi .plot'].map("
        "s => document.querySelector(s).getBoundingClientRect().bottom)"
    )
    assert max(bottoms) <= 900


@needs_browser
def test_values_are_read_by_pointer_and_by_keys(browser: Browser, page: Path) -> None:
    browser.open(page, width=1280)
    box = browser.run(
        "(() => { const b = document.querySelector('#roi .broad svg').getBoundingClientRect();"
        "return [b.left, b.top, b.width, b.height]; })()"
    )
    browser.move(box[0] + box[2] / 2, box[1] + box[3] / 3)
    said = browser.run("document.querySelector('#roi .said').textContent")
    assert re.match(r"ROI of at least .+: micro [\d.]+ %, macro [\d.]+ %", said)
    browser.run("document.querySelector('#roi .broad').focus()")
    browser.press("End")
    last = browser.run("document.querySelector('#roi .said').textContent")
    browser.press("ArrowLeft")
    before = browser.run("document.querySelector('#roi .said').textContent")
    assert len({said, last, before}) == 3
    tip = browser.run(
        "(() => { const [id, text] = JSON.parse(document.querySelector("
        "'#losing .broad').dataset.tips)[0]; document.getElementById(id).dispatchEvent("
        "new PointerEvent('pointerenter')); return [text, document.getElementById('tip').textContent];"
        "})()"
    )
    assert tip[0] == tip[1]
    assert browser.complaints() == []


@needs_browser
def test_focus_is_visible_and_reaches_every_control(browser: Browser, page: Path) -> None:
    browser.open(page, width=1280)
    count = browser.run(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')]"
        ".filter(e => e.getClientRects().length).length"
    )
    assert count > 20
    browser.run("document.querySelector('summary').focus({focusVisible: true})")
    assert browser.run("getComputedStyle(document.querySelector('summary')).outlineWidth") == "3px"


@needs_browser
@needs_office
def test_prints_on_few_pages_without_controls(browser: Browser, page: Path, tmp_path: Path) -> None:
    browser.open(page, width=1280)
    browser.pdf(tmp_path / "page.pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    assert "micro" in text
    assert "Run it again" not in text.splitlines()[0]
    assert "Point at the chart" not in text
    # Eleven figures of the run, a table of evidence, three answers, inputs, sources.
    assert text.count("\f") <= 10


@pytest.fixture(scope="module")
def drawn(deck: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the slides as LibreOffice draws them."""
    place = tmp_path_factory.mktemp("drawn")
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(place / 'profile').as_uri()}", "--headless",
         "--convert-to", "pdf", "--outdir", place, deck],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return place / f"{deck.stem}.pdf"


def words(pdf: Path) -> list[list[tuple[str, float, float, float, float]]]:
    """Return the words of every page with their boxes, points."""
    text = subprocess.run(
        ["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True
    ).stdout.decode()
    word = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">'
                      r"(.*?)</word>")  # fmt: skip
    return [
        [(m[5], float(m[1]), float(m[2]), float(m[3]), float(m[4])) for m in word.finditer(part)]
        for part in text.split("<page ")[1:]
    ]


@needs_office
def test_slides_are_drawn_without_overflow_or_overlap(drawn: Path) -> None:
    """No word leaves its slide, and none stands on another one."""
    pages = words(drawn)
    assert len(pages) > 10
    for number, page_words in enumerate(pages, start=1):
        assert page_words, f"slide {number} is empty"
        for text, left, top, right, bottom in page_words:
            assert left >= 0, (number, text)
            assert top >= 0, (number, text)
            assert right <= 13.34 * 72, (number, text)
            assert bottom <= 7.51 * 72, (number, text)
        for k, a in enumerate(page_words):
            for b in page_words[k + 1 :]:
                wide = min(a[3], b[3]) - max(a[1], b[1])
                tall = min(a[4], b[4]) - max(a[2], b[2])
                # boxes of turned labels are those of whole lines
                turned = any((w[4] - w[2]) > 1.6 * 28 for w in (a, b))
                assert turned or wide <= 2 or tall <= 4, (number, a, b)


@needs_office
def test_text_on_slides_is_large_enough(drawn: Path) -> None:
    """Titles and charts have 14 points and more; only tables that are looked up have 11."""
    for page_words in words(drawn):
        # A stroke of an upright title is as high as it is wide.
        heights = [bottom - top for word, _, top, _, bottom in page_words if re.search(r"\w", word)]
        assert min(heights) > 11
