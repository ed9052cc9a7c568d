"""The HTML page: everything in it, nothing fetched, hostile text harmless."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim.report
from sim.cli import main
from sim.report.story import ROWS, all_figures
from sim.text.names import capital, measure_heading
from sim.text.numbers import cell

from .conftest import HOSTILE


class Reader(HTMLParser):
    """Every element with its attributes, and the text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def html(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(html: str) -> Reader:
    return Reader(html)


def test_is_small_and_fetches_nothing(html: str, read: Reader) -> None:
    assert len(html.encode()) < 1_000_000
    assert "://" not in html
    assert "@import" not in html
    assert "file:" not in html
    for name, attrs in read.elements:
        assert name not in {"img", "link", "iframe", "object", "embed", "base", "form"}
        for attribute in ("src", "href", "xlink:href", "srcset", "data", "action"):
            assert (attrs.get(attribute) or "#").startswith("#"), (name, attribute)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_policy_allows_its_own_script_and_nothing_else(html: str, read: Reader) -> None:
    metas = {attrs.get("http-equiv"): attrs.get("content") for attrs in read.all("meta")}
    policy = metas["Content-Security-Policy"]
    assert policy is not None
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    # Data is no script: browsers run nothing of another type.
    run = [attrs for attrs in read.all("script") if attrs.get("type") != "application/json"]
    assert len(scripts) == len(run) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.split("script-src")[1]
    handlers = [a for _, attrs in read.elements for a in attrs if a.startswith("on")]
    assert handlers == []


def test_hostile_names_are_text(html: str, read: Reader) -> None:
    assert HOSTILE in read.text
    assert "<script>alert" not in html
    assert "<img src=x>" in read.text
    assert "<b>in bold" not in html
    assert "A note <b>in bold</b>." in read.text


def test_every_id_is_unique_and_every_reference_has_its_id(read: Reader) -> None:
    ids = [attrs["id"] for _, attrs in read.elements if attrs.get("id")]
    assert len(ids) == len(set(ids))
    for _, attrs in read.elements:
        for attribute in ("aria-labelledby", "aria-describedby"):
            for name in (attrs.get(attribute) or "").split():
                assert name in ids
        link = attrs.get("href")
        if link:
            assert link.removeprefix("#") in ids


def test_pictures_tables_and_sections_have_names(html: str, read: Reader) -> None:
    pictures = [a for a in read.all("svg") if a.get("role") == "img"]
    assert len(pictures) == len(read.all("svg")) >= 14
    for inside in re.findall(r"<svg\b[^>]*>(.{200})", html, re.DOTALL):
        assert re.match(r"<title id=\"[^\"]+\">[^<]+</title><desc", inside)
    # However many fonts the machine has for other scripts, they are named once.
    assert html.count("font-family: 'DejaVu Sans'") == len(pictures)
    tables = re.findall(r"<table\b.*?</table>", html, re.DOTALL)
    assert tables
    for table in tables:
        assert re.search(r"<caption>[^<]+</caption>", table)
        assert 'scope="col"' in table
        assert 'scope="row"' in table
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(read.all(landmark)) == 1, landmark
    assert all(attrs.get("aria-labelledby") for attrs in read.all("section"))
    assert read.all("html")[0]["lang"] == "en"


def test_headings_do_not_skip_a_level(read: Reader) -> None:
    levels = [int(name[1]) for name, _ in read.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    steps = [after - before for before, after in pairwise(levels)]
    assert max(steps) <= 1


def test_first_screen_says_the_answer_with_its_table(html: str, story) -> None:
    text = Reader(html[: html.index("What else the run says")]).text
    assert capital(story.answer) in text
    assert all(measure_heading(key) in text for key in ROWS)
    assert html.index("<h1") < html.index("<table") < html.index("<svg")


def test_table_has_the_numbers_of_the_run(folder: Path, read: Reader) -> None:
    with sim.report.open_run(folder) as opened:
        summary = opened.answer.summary
        for name in opened.run.names:
            for key in ("roi_median", "loss_probability", "cost_mean"):
                entry = summary[name][key]
                assert cell(entry) in read.text


def test_everything_of_the_story_is_there(read: Reader, story) -> None:
    for figure in all_figures(story):
        assert " ".join(capital(figure.finding).split()) in read.text
    for entry in (*story.inputs, *story.key_inputs):
        assert entry.key in read.text
        assert " ".join(entry.source.split()) in read.text
    for sentence in (*story.warnings, *story.sentences):
        assert " ".join(sentence.split()) in read.text
    for command, _ in (*story.commands, *story.unasked):
        assert command in read.text


def test_names_no_place_of_this_machine(html: str, folder: Path) -> None:
    assert str(folder.parent) not in html
    assert str(Path.home()) not in html


def test_probe_says_what_the_curve_has(read: Reader, folder: Path) -> None:
    """At every stop of the distribution the probe says the share of worlds with at least that."""
    import json

    import numpy as np

    plots = [a for a in read.all("div") if a.get("data-probe")]
    probes = [json.loads(str(a["data-probe"])) for a in plots]
    with sim.report.open_run(folder) as opened:
        roi = np.sort(opened.run.ds["roi"].sel(portfolio="micro").values)
    checked = 0
    for place, text in probes[0]["stops"]:
        assert 0 < place < 1
        found = re.match(r"ROI of at least (?P<roi>[-+\d,.]+) %: micro (?P<p>[\d.]+) %", text)
        if found is None:
            continue
        at = float(found["roi"].replace(",", "")) / 100
        # the stop is rounded to whole percents of ROI, the share to three digits
        low, high = (
            (roi >= at + d).mean() for d in (0.02 + 0.01 * abs(at), -0.02 - 0.01 * abs(at))
        )
        assert 100 * low - 2 <= float(found["p"]) <= 100 * high + 2
        checked += 1
    assert checked > 20


def test_a_run_that_was_asked_nothing_shows_what_is_free(bare: Path) -> None:
    page = sim.report.write_report(bare, bare / "free.html")
    text = Reader(page.read_text("utf-8")).text
    for heading in ("How they compare", "What is risked", "Assumptions and sources"):
        assert heading in text
    for heading in ("What drives it", "When it flips", "Which mix"):
        assert heading not in text
    assert "sim tornado results/hostile/experiment.toml" in text


def test_colours_of_dark_screens_can_be_read(html: str) -> None:
    """Text has a contrast of 4.5 with the dark paper, areas and lines one of 1.2 (WCAG 2.2)."""
    from sim.charts.colours import contrast
    from sim.charts.theme import DARK

    style = html[html.index("@media screen and (prefers-color-scheme:dark)") :]
    texts = re.findall(r"--t[0-9A-F]{6}:(#[0-9A-Fa-f]{6})", style)
    assert texts
    assert min(contrast(colour, DARK.background) for colour in texts) >= 4.5
    used = set(re.findall(r"var\((--[ct][0-9A-F]{6})", html))
    defined = set(re.findall(r"(--[ct][0-9A-F]{6}):", style))
    assert used == defined


def test_command_writes_the_page_and_says_where(bare: Path) -> None:
    done = CliRunner().invoke(main, ["report", str(bare), "-o", str(bare / "other.html")])
    assert done.exit_code == 0, done.output
    assert "other.html" in done.output
    assert (bare / "other.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "{none}"], "holds no run"),
        (["report", "{run}", "-o", "{none}/x.html"], "no such folder"),
        (["deck", "{run}", "-o", "{none}/x.pptx"], "no such folder"),
        (["deck", "{run}", "-o", "x.pdf"], ".pptx"),
        (["deck", "{run}", "--template", "{none}.pptx"], "no such file"),
        (["deck", "{run}", "--template", "{text}"], "no PowerPoint file"),
    ],
    ids=["no run", "no folder", "no folder for slides", "suffix", "no template", "not a template"],
)
def test_mistakes_are_one_line(
    bare: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "text.pptx").write_text("text")
    names = {"none": tmp_path / "none", "run": bare, "text": tmp_path / "text.pptx"}
    done = CliRunner().invoke(main, [a.format(**names) for a in arguments])
    assert done.exit_code in {1, 2}
    assert message in done.output
    assert "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_part_of_a_run_is_refused(bare: Path, tmp_path: Path) -> None:
    import shutil

    half = tmp_path / "half"
    shutil.copytree(bare, half)
    (half / "worlds.nc").unlink()
    with pytest.raises(sim.run.written.RunError, match=r"worlds\.nc: is missing"):
        sim.report.write_report(half)
