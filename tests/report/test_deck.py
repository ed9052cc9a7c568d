"""Slides: native charts that hold the run's numbers, notes and alt text, templates honoured."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from pptx import Presentation
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.util import Inches

import sim.report
from sim.figures.pptx import Box, add_bars, add_curves, edges_of
from sim.figures.spec import Bars, Cells, Curve, Curves, Series
from sim.report.deck import fill
from sim.report.slides import Deck
from sim.report.story import all_figures
from sim.text.names import capital
from sim.text.numbers import cell

from .conftest import HOSTILE


@pytest.fixture(scope="module")
def slides(deck: Path) -> list[Any]:
    return list(Presentation(str(deck)).slides)


def charts(slides: list[Any]) -> Iterator[tuple[Any, Any]]:
    for slide in slides:
        for shape in slide.shapes:
            if shape.has_chart:
                yield slide, shape


def slide_of(slides: list[Any], finding: str) -> Any:
    return next(s for s in slides if plain(s.shapes.title.text_frame.text) == capital(finding))


def plain(text: str) -> str:
    """Return a text without what keeps its lines from breaking."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")


def test_is_wide_with_at_least_five_native_charts_and_no_pictures(bare: Path) -> None:
    path = sim.report.write_deck(bare, bare / "deck.pptx")
    file = Presentation(str(path))
    assert (file.slide_width, file.slide_height) == (Inches(13.333), Inches(7.5))
    assert len(list(charts(list(file.slides)))) >= 5
    assert not any(s.shape_type == 13 for slide in file.slides for s in slide.shapes)
    with zipfile.ZipFile(path) as content:
        slide_relations = [n for n in content.namelist() if "slides/_rels" in n]
        text = b"".join(content.read(n) for n in slide_relations)
    assert b"media/" not in text


def test_every_slide_has_title_and_notes_with_method_and_sources(slides: list[Any], story) -> None:
    assert len(slides) > 10
    for slide in slides:
        assert slide.shapes.title.text_frame.text.strip()
        notes = slide.notes_slide.notes_text_frame.text
        assert "Method" in notes
        assert "Sources of the inputs: " in notes
    citation = story.cited[0][0]
    assert citation in slides[0].notes_slide.notes_text_frame.text


def test_every_chart_and_table_has_alt_text(slides: list[Any]) -> None:
    for slide in slides:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                text = shape._element.xpath(".//p:cNvPr")[0].get("descr")
                assert text
                assert len(text) > 20


def test_every_figure_has_its_slide_with_the_numbers_of_the_story(slides: list[Any], story) -> None:
    for figure in all_figures(story)[1:]:
        models = [m for m in figure.panels if not isinstance(m, Cells)]
        if not models:
            continue
        slide = slide_of(slides, figure.finding)
        drawn = [shape.chart for shape in slide.shapes if shape.has_chart]
        assert len(drawn) == len(models)
        for model, chart in zip(models, drawn, strict=True):
            found = {series.name: series for series in chart.plots[0].series}
            if isinstance(model, Bars):
                assert len(list(chart.plots[0].categories)) == len(model.categories)
                for series in model.series:
                    assert list(found[series.name].values) == pytest.approx(
                        list(series.values), nan_ok=True
                    )
            else:
                assert isinstance(model, Curves)
                for curve in model.curves:
                    assert list(found[curve.name].values) == pytest.approx(list(curve.y))
                    x = found[curve.name]._element.findall(".//{*}xVal//{*}v")
                    assert [float(v.text) for v in x] == pytest.approx(list(curve.x))


def test_charts_hold_the_numbers_of_the_run(slides: list[Any], folder: Path, story) -> None:
    """Loss probabilities, exceedance and shares of the histogram, counted from the worlds here."""
    import xarray as xr

    with xr.open_dataset(folder / "worlds.nc", engine="h5netcdf") as ds:
        roi = {str(n): ds["roi"].sel(portfolio=n).values for n in ds["portfolio"].values}
    drawn = [f for f in all_figures(story) if f.charts]
    found = {f.name: slide_of(slides, f.finding) for f in drawn}

    def series(key: str) -> dict[str, Any]:
        chart = next(s.chart for s in found[key].shapes if s.has_chart)
        return {one.name: one for one in chart.plots[0].series}

    for name, one in series("losing").items():
        values = [v for v in one.values if v is not None]
        assert values == pytest.approx([np.mean(roi[name] < 0)])
    for name, one in series("exceedance").items():
        x = [float(v.text) for v in one._element.findall(".//{*}xVal//{*}v")]
        expected = [np.mean(roi[name] >= at) for at in x]
        assert list(one.values) == pytest.approx(expected, abs=1e-12)
    for one in series("roi").values():
        assert sum(one.values) == pytest.approx(1.0)
    gap = roi["micro"] - roi["macro"]
    ahead = {name: sum(v or 0.0 for v in one.values) for name, one in series("difference").items()}
    assert ahead["micro ahead"] == pytest.approx(np.mean(gap >= 0))
    assert ahead["macro ahead"] == pytest.approx(np.mean(gap < 0))


def test_waterfall_adds_up(slides: list[Any], folder: Path, story) -> None:
    """Each bar ends where the next begins, and the last is the mean profit."""
    figure = next(f for f in all_figures(story) if f.name == "waterfall")
    chart = next(s.chart for s in slide_of(slides, figure.finding).shapes if s.has_chart)
    rows = np.asarray([list(s.values) for s in chart.plots[0].series], dtype=float)
    start, total, up, down = rows
    with sim.report.open_run(folder) as opened:
        mean = opened.answer.summary["micro"]["profit_mean"].value
    assert total[-1] == pytest.approx(mean)
    assert total[2] - up[3:-1].sum() + down[3:-1].sum() == pytest.approx(total[-1])
    assert (start[up > 0] >= 0).all()


def test_error_bars_are_two_standard_errors(slides: list[Any], folder: Path, story) -> None:
    figure = next(f for f in all_figures(story) if f.name == "losing")
    chart = next(s.chart for s in slide_of(slides, figure.finding).shapes if s.has_chart)
    with sim.report.open_run(folder) as opened:
        errors = {n: opened.answer.summary[n]["loss_probability"].se for n in opened.run.names}
    for series in chart.plots[0].series:
        sizes = series._element.findall(".//{*}errBars/{*}plus//{*}v")
        if errors[series.name]:
            assert [float(v.text) for v in sizes] == pytest.approx([2 * errors[series.name]])


def test_colours_come_from_the_theme(slides: list[Any]) -> None:
    slots = {
        "micro": MSO_THEME_COLOR.ACCENT_1,
        "macro": MSO_THEME_COLOR.ACCENT_2,
    }
    seen = 0
    for _, shape in charts(slides):
        for series in shape.chart.plots[0].series:
            if series.name in slots:
                fill = series.format.fill
                if fill.type is not None:
                    assert fill.fore_color.theme_color == slots[series.name]
                    seen += 1
        assert b"srgbClr" not in shape.chart.part.blob
    assert seen >= 4


def test_hostile_title_is_text(slides: list[Any]) -> None:
    assert slides[0].shapes.title.text_frame.text == HOSTILE


def test_axes_hold_all_that_is_drawn(slides: list[Any]) -> None:
    """No bar, point or error ends beyond its axis: what lies outside vanishes in silence."""
    for _, shape in charts(slides):
        chart = shape.chart
        if "stacked" in chart.chart_type.name.lower():
            continue
        low, high = chart.value_axis.minimum_scale, chart.value_axis.maximum_scale
        values = [v for s in chart.plots[0].series for v in s.values if v is not None]
        assert low - 1e-9 <= min(values)
        assert max(values) <= high + 1e-9


def test_nothing_leaves_the_slide_or_covers_another(deck: Path) -> None:
    file = Presentation(str(deck))
    for slide in file.slides:
        boxes = []
        for shape in slide.shapes:
            if shape.is_placeholder and shape.placeholder_format.type == 13:
                continue
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= file.slide_width + 2
            height = shape.height
            if shape.has_table:
                height = sum(row.height for row in shape.table.rows)
            assert shape.top + height <= file.slide_height + 2
            edges = (shape.left, shape.top, shape.left + shape.width, shape.top + height)
            boxes.append((shape, *edges))
        for k, (one, *a) in enumerate(boxes):
            for other, *b in boxes[k + 1 :]:
                if one.has_chart and other.name == "tick":  # on the axis of its chart
                    assert a[0] <= b[0]
                    assert a[1] <= b[1]
                    assert b[3] <= a[3]
                    continue
                wide = min(a[2], b[2]) - max(a[0], b[0])
                tall = min(a[3], b[3]) - max(a[1], b[1])
                assert wide <= 2 or tall <= Inches(0.02)


def test_warnings_that_fill_a_slide_go_on_to_the_next(story) -> None:
    warnings = tuple(f"portfolio {k}: {'heavy tail ' * 20}" for k in range(30))
    deck = Deck()
    fill(deck, replace(story, warnings=warnings))
    told = [
        s for s in deck.file.slides if s.shapes.title.text_frame.text.startswith("What to keep")
    ]
    shown = [
        line.removeprefix("•  ").strip()
        for slide in told
        for shape in slide.shapes
        if shape.name == "sentences"
        for line in plain(shape.text_frame.text).split("\n")
    ]
    assert shown == [warning.strip() for warning in warnings]
    assert len(told) > 2
    assert all("continued" in s.shapes.title.text_frame.text for s in told[1:])


# --- For whom, and which parts --------------------------------------------------------------------

WORKSHOP = ("seed", "folklore", "abstract seen", "`sim", "--", ".json", ".toml", ".csv", "hash of")


def words_of(path: Path) -> list[str]:
    """Return every text of a deck: titles, boxes, tables, charts, notes, alternative texts."""
    found = []
    for slide in Presentation(str(path)).slides:
        found.append(slide.notes_slide.notes_text_frame.text)
        for shape in slide.shapes:
            found.append(shape._element.xpath(".//p:cNvPr")[0].get("descr") or "")
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
            if shape.has_chart:
                found += shape.chart._chartSpace.xpath(".//a:t/text()|.//c:v/text()")
    return found


def test_a_client_sees_nothing_of_the_workshop(folder: Path, tmp_path: Path) -> None:
    path = sim.report.write_deck(folder, tmp_path / "client.pptx", audience="client")
    internal = sim.report.write_deck(folder, tmp_path / "internal.pptx")
    assert any("seed" in text for text in words_of(internal))
    for text in words_of(path):
        assert not [word for word in WORKSHOP if word in text], text
    titles = [s.shapes.title.text_frame.text for s in Presentation(str(path)).slides]
    assert not any("published claims" in title or "warning" in title for title in titles)


def test_a_deck_of_chosen_parts(folder: Path, tmp_path: Path, story) -> None:
    path = sim.report.write_deck(folder, tmp_path / "parts.pptx", only=["answer", "drivers"])
    slides = list(Presentation(str(path)).slides)
    drivers = sum(len(s.figures) for s in story.sections if s.key == "drivers")
    assert len(slides) >= 2 + drivers
    captions = [s.text_frame.text for slide in slides for s in slide.shapes
                if s.name == "how it was made"]  # fmt: skip
    assert {text.partition(".")[0] for text in captions} == {"Answer", "What drives it"}


def test_parts_that_are_none_are_named_with_those_that_are(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="risks: no part of a deck; there are answer, recommend"):
        sim.report.write_deck(folder, tmp_path / "x.pptx", only=["risks"])
    assert not (tmp_path / "x.pptx").exists()


def test_the_recommendation_says_what_is_at_risk_and_what_would_change_it(
    folder: Path, tmp_path: Path
) -> None:
    path = sim.report.write_deck(folder, tmp_path / "one.pptx", only=["recommendation"])
    _, slide = Presentation(str(path)).slides
    with sim.report.open_run(folder) as opened:
        summary, wins = opened.answer.summary, opened.answer.comparisons[0]["a_beats_b"]
    ahead = "micro" if wins.value > 0.5 else "macro"
    assert slide.shapes.title.text_frame.text.startswith(f"{ahead.capitalize()} rather than")
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    cells = {plain(row.cells[0].text): row.cells[1].text for row in table.rows}
    lost = summary["micro"]["profit_es05"]
    assert plain(cells["mean profit, worst 5 %, USD"]) == cell(lost)
    said = plain(" ".join(s.text_frame.text for s in slide.shapes if s.name == "sentences"))
    assert "Fee of micro moves mean ROI of micro most" in said


def test_a_histogram_writes_the_edges_of_its_bins_where_they_are() -> None:
    names = ("< -2", "-2", "-1", "0", "1", "2", "3", "4")
    shares = (0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.05, 0.05)
    one = Bars(names, (Series("a", shares),), "share", touching=True, every=2)
    two = replace(one, series=(*one.series, Series("b", shares)))
    columns, area = dict(map(reversed, edges_of(one))), dict(map(reversed, edges_of(two)))
    assert list(columns) == ["\N{NON-BREAKING HYPHEN}1", "1", "3"]
    # Columns: the left edge of every second; areas: half a step before their points.
    steps = [b - a for a, b in pairwise(columns.values())]
    assert steps == pytest.approx([2 / 8 * (0.985 - 0.09)] * 2)
    middle = [0.09 + (0.985 - 0.09) * (k - 0.5) / 7 for k in (2, 4, 6)]
    assert list(area.values()) == pytest.approx(middle)


def template(path: Path, *, potx: bool = False) -> Path:
    """Write a 4:3 template with one slide, its own names of layouts and its own theme."""
    from pptx.opc.constants import RELATIONSHIP_TYPE

    file = Presentation()
    file.slides.add_slide(file.slide_layouts[0]).shapes.title.text = "of the template"
    for layout in file.slide_layouts:
        layout.name = f"Brand {layout.name}"
    theme = file.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme._blob = theme.blob.replace(b'val="4F81BD"', b'val="123456"')
    file.save(str(path))
    if potx:
        kind = b"presentationml.presentation.main+xml"
        with zipfile.ZipFile(path) as old:
            items = {item: old.read(item) for item in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for name, data in items.items():
                new.writestr(name, data.replace(kind, kind.replace(b"presentation.m", b"template.m"))
                             if name == "[Content_Types].xml" else data)  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", ["pptx", "potx"])
def test_template_is_honoured(bare: Path, tmp_path: Path, suffix: str) -> None:
    brand = template(tmp_path / f"brand.{suffix}", potx=suffix == "potx")
    path = sim.report.write_deck(bare, tmp_path / "branded.pptx", template=brand)
    file = Presentation(str(path))
    assert file.slide_width == Inches(10)
    names = [slide.slide_layout.name for slide in file.slides]
    assert names[0] == "Brand Title Slide"
    assert set(names[1:]) == {"Brand Title Only"}
    assert all(s.shapes.title.text_frame.text != "of the template" for s in file.slides)
    with zipfile.ZipFile(path) as content:
        themes = [content.read(n) for n in content.namelist() if "theme/theme" in n]
        assert any(b"123456" in text for text in themes)
        assert len([n for n in content.namelist() if "slides/slide" in n]) == len(names) * 1


def test_template_without_titles_is_refused(bare: Path, tmp_path: Path) -> None:
    from sim.report.slides import TemplateError

    file = Presentation()
    for layout in list(file.slide_layouts):
        for place in list(layout.placeholders):
            if place.placeholder_format.type in {1, 3}:
                place._element.getparent().remove(place._element)
    file.save(str(tmp_path / "untitled.pptx"))
    with pytest.raises(TemplateError, match=r"untitled\.pptx: has no layout with a title"):
        sim.report.write_deck(bare, tmp_path / "x.pptx", template=tmp_path / "untitled.pptx")
    assert not (tmp_path / "x.pptx").exists()


def test_names_like_formulas_stay_text_in_the_workbook_of_a_chart() -> None:
    bars = Bars(("=1+1", "@agency", "-2+3"), (Series("=2+2", (1.0, 2.0, 3.0), "micro"),), "x")
    curve = Curve("+cmd|'/c calc'!A1", (0.0, 1.0), (0.0, 1.0), "micro")
    slide = Presentation().slides.add_slide(Presentation().slide_layouts[6])
    box = Box(0, 0, 5_000_000, 3_000_000)
    for frame in (
        add_bars(slide, bars, box),
        add_curves(slide, Curves((curve,), "x", "y"), box),
    ):
        blob = frame.chart.part.chart_workbook.xlsx_part.blob
        sheet = openpyxl.load_workbook(io.BytesIO(blob)).active
        texts = [c for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
        assert {c.data_type for c in texts} == {"s"}
        assert {c.value for c in texts} & {"=1+1", "@agency", "=2+2", "+cmd|'/c calc'!A1"}
        assert b"<f>" not in zipfile.ZipFile(io.BytesIO(blob)).read("xl/worksheets/sheet1.xml")
