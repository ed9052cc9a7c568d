"""Slides in the layouts of a template: findings as titles, notes, alt text, text that fits."""

from __future__ import annotations

import copy
import math
import re
import zipfile
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from ..charts.paper import text_width, wrap
from ..figures.pptx import FLOOR, TEXT, Box, add_bars, add_curves, edges_of, fade, one_each
from ..figures.spec import Bars, Cells, Curves, Panel, unbroken
from ..reading.files import bytes_of
from ..text.names import capital
from .default_template import house_style

_FURNITURE = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}
_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE}
EMU = 914400
#: Bytes of the largest template.
MOST_TEMPLATE = 500_000_000
#: Points: titles as large as they fit, captions, least size of table text.
LARGEST, SMALLEST, CAPTION, TABLE_LEAST = 28, 18, 14, 11
#: Points of a table that goes on over several slides.
PAGED = 13
#: Inset of text in its box.
INSET = EMU // 10
#: No style, no grid: bands and text come from the theme, on light and dark paper alike.
_PLAIN_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
_SIGN = re.compile(r"(?<![\w-])-(?=\d)")
_TEMPLATE = "application/vnd.openxmlformats-officedocument.presentationml.template.main+xml"
_DECK = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


class TemplateError(ValueError):
    """A template that cannot be used, with the way out."""


class Deck:
    """A presentation that is written slide by slide.

    Parameters
    ----------
    template : Path or None
        A `.pptx` or `.potx` whose layouts, theme and size are used; its slides are left out.

    Raises
    ------
    TemplateError
        For a file that is no presentation, or has no layout with a title.
    """

    def __init__(self, template: Path | None = None) -> None:
        self._name = str(template)
        self.file = _opened(template) if template else house_style()
        _forget_slides(self.file)
        self.width, self.height = int(self.file.slide_width), int(self.file.slide_height)
        self._cover = self._layout(cover=True)
        self._plain = self._layout(cover=False)

    def _layout(self, *, cover: bool) -> Any:
        """Return the layout of the cover, or that with a title and least else."""
        ranked = []
        for layout in self.file.slide_layouts:
            kinds = [p.placeholder_format.type for p in layout.placeholders]
            rest = [k for k in kinds if k not in _FURNITURE and k not in _TITLES]
            if not any(kind in _TITLES for kind in kinds):
                continue
            centre = PP_PLACEHOLDER.CENTER_TITLE in kinds or PP_PLACEHOLDER.SUBTITLE in kinds
            ranked.append((centre != cover, len(rest), layout))
        if not ranked:
            raise TemplateError(
                f"{self._name}: has no layout with a title; add one to its slide master"
            )
        return min(ranked, key=lambda entry: entry[:2])[2]

    def cover(self, title: str, subtitle: str, notes: str) -> None:
        """Add the first slide."""
        slide = self.file.slides.add_slide(self._cover)
        self._headline(slide, capital(title), largest=40)
        others = [p for p in slide.placeholders if p.placeholder_format.type not in _TITLES]
        for k, place in enumerate(others):
            if k == 0 and place.has_text_frame:
                size = _fitting(subtitle, place.width, place.height, 24, 14)
                _write(place.text_frame, [subtitle], size)
                _ink(place.text_frame)
            else:
                place._element.getparent().remove(place._element)
        self._end(slide, notes)

    def slide(self, title: str, caption: str, notes: str) -> tuple[Any, Box]:
        """Add a slide with a finding and a caption; return it and the room between them."""
        slide = self.file.slides.add_slide(self._plain)
        for place in list(slide.placeholders):
            if place.placeholder_format.type not in _TITLES:
                place._element.getparent().remove(place._element)
        left, right, bottom = self._headline(slide, capital(title))
        floor = min(
            (int(p.top) for p in self._plain.placeholders
             if p.placeholder_format.type in _FURNITURE and int(p.top) > self.height // 2),
            default=self.height - EMU // 3,
        )  # fmt: skip
        lines = _lines(caption, right - left - 2 * INSET, CAPTION) if caption else 0
        tall = int(lines * CAPTION * 1.25 / 72 * EMU) + EMU // 12
        if caption:
            self.text(slide, Box(left, floor - tall, right - left, tall), [caption], CAPTION,
                      muted=True, name="how it was made")  # fmt: skip
        top = bottom + EMU // 12
        self._end(slide, notes)
        height = floor - tall - EMU // 16 - top
        return slide, Box(left + INSET, top, right - left - 2 * INSET, height)

    def _headline(self, slide: Any, title: str, largest: int = LARGEST) -> tuple[int, int, int]:
        place = slide.shapes.title
        left, top = int(place.left), int(place.top)
        width, height = int(place.width), int(place.height)
        size = _fitting(title, width, height, largest, SMALLEST)
        _write(place.text_frame, [title], size)
        return left, left + width, top + height

    def _end(self, slide: Any, notes: str) -> None:
        frame = slide.notes_slide.notes_text_frame
        assert frame is not None
        frame.text = notes
        for place in slide.slide_layout.placeholders:
            if place.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER:
                slide.shapes._spTree.append(copy.deepcopy(place._element))

    def text(
        self,
        slide: Any,
        box: Box,
        lines: Sequence[str],
        size: float,
        *,
        muted: bool = False,
        bullets: bool = False,
        name: str = "text",
    ) -> None:
        """Add a text box."""
        shape = slide.shapes.add_textbox(*box.edges)
        shape.name = name
        frame = shape.text_frame
        _write(frame, [f"•  {line}" if bullets else line for line in lines], size,
               space=0.4 if bullets else 0.0)  # fmt: skip
        frame.word_wrap = True
        frame.vertical_anchor = MSO_ANCHOR.TOP
        for paragraph in frame.paragraphs:
            paragraph.alignment = PP_ALIGN.LEFT
        _ink(frame, 0.8 if muted else 1.0)

    def bullets(
        self, slide: Any, box: Box, lines: Sequence[str], *, heading: str = ""
    ) -> Sequence[str]:
        """Add sentences as large as they fit; return those that do not fit at the smallest size.

        A heading stands above them, in bold.
        """
        if heading:
            tall_heading = EMU * 2 // 5
            top = Box(box.left, box.top, box.width, tall_heading)
            self.text(slide, top, [heading], 18, name="heading")
            slide.shapes[-1].text_frame.paragraphs[0].runs[0].font.bold = True
            box = Box(box.left, box.top + tall_heading, box.width, box.height - tall_heading)

        def tall(count: int, size: int) -> float:
            rows = (_lines(f"•  {line}", box.width - 2 * INSET, size) for line in lines[:count])
            return sum(row * 1.25 + 0.45 for row in rows) * size / 72 * EMU

        sizes = (22, 20, 18, 16, 14, 13, 12)
        size = next((s for s in sizes if tall(len(lines), s) <= box.height), sizes[-1])
        count = len(lines)
        while count > 1 and tall(count, size) > box.height:
            count -= 1
        self.text(slide, box, lines[:count], size, bullets=True, name="sentences")
        return lines[count:]

    def show(
        self, slide: Any, box: Box, models: Sequence[Panel], alt: str, whole: Cells | None = None
    ) -> None:
        """Add charts or tables side by side, each with its alt text.

        A part of a `whole` table has the columns and the size of text of all parts.
        """
        for k, model in enumerate(models):
            place = box.part(k, len(models), EMU // 4)
            frame = self._native(slide, model, place, whole)
            frame.name = f"chart {k + 1}" if not isinstance(model, Cells) else f"table {k + 1}"
            more = "" if isinstance(model, Cells) else f" {_axis(model)}."
            describe(frame, f"{alt}{more}")

    def _native(self, slide: Any, model: Panel, box: Box, whole: Cells | None) -> Any:
        if isinstance(model, Bars):
            if one_each(model) and model.horizontal:
                tall = min(box.height, int((1.0 + 1.2 * len(model.categories)) * EMU))
                box = Box(box.left, box.top, box.width, tall)
            if model.every > 1:
                return self._histogram(slide, model, box)
            return add_bars(slide, model, box)
        if isinstance(model, Curves):
            return add_curves(slide, model, box)
        return self._table(slide, model, box, whole)

    def _histogram(self, slide: Any, model: Bars, box: Box) -> Any:
        """Add a histogram whose axis is written below it: programs turn or break names of bins."""
        frame = add_bars(slide, model, box)
        for share, name in edges_of(model):
            wide, tall = int((text_width(name, TEXT) * 1.1 + 0.25) * EMU), EMU // 3
            middle = box.left + int(share * box.width)
            top = box.top + int(FLOOR * box.height)
            self.text(slide, Box(middle - wide // 2, top, wide, tall), [name], TEXT, name="tick")
            slide.shapes[-1].text_frame.paragraphs[0].alignment = PP_ALIGN.CENTER
        return frame

    def _table(self, slide: Any, table: Cells, box: Box, whole: Cells | None) -> Any:
        widths = _widths(whole or table, box.width)
        largest = PAGED if whole else 18
        size = next((s for s in range(largest, TABLE_LEAST, -1) if _whole(table, widths, s)
                     and _height(table, widths, s) <= box.height), TABLE_LEAST)  # fmt: skip
        frame = slide.shapes.add_table(
            len(table.rows) + 1, len(table.head), box.left, box.top, box.width, EMU
        )
        native = frame.table
        native._tbl.tblPr.find(qn("a:tableStyleId")).text = _PLAIN_STYLE
        for column, width in zip(native.columns, widths, strict=True):
            column.width = Emu(width)
        for r, row in enumerate((table.head, *table.rows)):
            native.rows[r].height = Emu(_row_height(row, widths, size, bold=r == 0))
            for c, cell in enumerate(row):
                _fill(native.cell(r, c), cell, size, left=c in table.left, row=r)
                if table.shades and r > 0 and c > 0:
                    _shade(native.cell(r, c), table.shades[r - 1][c - 1])
        return frame

    def pages(self, table: Cells, box: Box) -> list[Cells]:
        """Return a table in as many parts as its text needs to stay legible."""
        widths = _widths(table, box.width)
        head = _row_height(table.head, widths, PAGED, bold=True)
        heights = [_row_height(row, widths, PAGED) for row in table.rows]
        counts = _paged(heights, box.height - head)
        if len(counts) > 1:
            # as even as so many pages allow
            limits = range(max(heights), box.height - head, EMU // 20)
            counts = next((c for c in (_paged(heights, limit) for limit in limits)
                           if len(c) == len(counts)), counts)  # fmt: skip
        ends = list(accumulate(counts))
        return [
            Cells(table.head, table.rows[end - count : end], left=table.left)
            for end, count in zip(ends, counts, strict=True)
        ]

    def save(self, path: Path) -> None:
        """Write the presentation."""
        self.file.save(str(path))


def _ink(frame: Any, share: float = 1.0) -> None:
    """Write in the text colour of the theme."""
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
            if share < 1.0:
                fade(run.font.color, share)


def describe(frame: Any, text: str) -> None:
    """Give a chart, table or picture its alt text."""
    frame._element.xpath(".//p:cNvPr")[0].set("descr", text)


def _axis(model: Bars | Curves) -> str:
    if isinstance(model, Bars):
        return f"Chart of {model.axis} by {model.along or 'name'}"
    return f"Chart of {model.y_axis} by {model.x_axis}"


def _write(frame: Any, lines: Sequence[str], size: float, space: float = 0.0) -> None:
    frame.text = _kept("\n".join(lines))
    frame.word_wrap = True
    for paragraph in frame.paragraphs:
        paragraph.space_after = Pt(space * size)
        for run in paragraph.runs:
            run.font.size = Pt(size)


def _kept(text: str) -> str:
    """Keep numbers with their units and signs: office suites break lines after a minus."""
    together = unbroken(text).replace(" ±", "\N{NO-BREAK SPACE}±")
    return _SIGN.sub("\N{NON-BREAKING HYPHEN}", together)


def _lines(text: str, width: int, size: float, *, bold: bool = False) -> int:
    """Return how many lines a text takes."""
    room = max(width / EMU, 0.2)
    parts = [part for part in text.split("\n") if part]
    return sum(max(1, len(wrap(part, room, size, bold=bold))) for part in parts) or 1


def _fitting(text: str, width: int, height: int, largest: float, least: float) -> float:
    """Return the largest size at which a text fits a box."""
    size = largest
    inside = width - int(0.2 * EMU)
    while size > least:
        tall = _lines(text, inside, size, bold=True) * size * 1.2 / 72 * EMU + 0.1 * EMU
        if tall <= height:
            break
        size -= 1
    return size


def _paged(heights: Sequence[int], limit: int) -> list[int]:
    """Return how many rows each page takes."""
    counts, used = [0], 0
    for tall in heights:
        if used + tall > limit and counts[-1]:
            counts.append(0)
            used = 0
        counts[-1] += 1
        used += tall
    return counts


def _widths(table: Cells, width: int) -> list[int]:
    """Share the width among the columns by what is in them; no word is broken if it can be."""
    columns = [[_kept(row[c]) for row in (table.head, *table.rows)] for c in range(len(table.head))]
    least = [
        max(text_width(word, PAGED, bold=True) for cell in column for word in cell.split(" "))
        + 0.25
        for column in columns
    ]
    wanted = [
        max(low, min(max(text_width(cell, PAGED) for cell in column) + 0.25, 6.0))
        for low, column in zip(least, columns, strict=True)
    ]
    room, total = width / EMU, sum(wanted)
    if total <= room:
        shares = [w * room / total for w in wanted]
    else:
        give = sum(w - low for w, low in zip(wanted, least, strict=True)) or 1.0
        part = min(1.0, (total - room) / give)
        shares = [w - part * (w - low) for w, low in zip(wanted, least, strict=True)]
        shares = [share * room / sum(shares) for share in shares]
    widths = [int(share * EMU) for share in shares]
    widths[-1] += width - sum(widths)
    return widths


def _row_height(
    row: Sequence[str], widths: Sequence[int], size: float, *, bold: bool = False
) -> int:
    lines = max(
        _lines(cell, width - int(0.2 * EMU), size, bold=bold)
        for cell, width in zip(row, widths, strict=True)
    )
    return math.ceil((lines * size * 1.22 / 72 + 0.11) * EMU)


def _whole(table: Cells, widths: Sequence[int], size: float) -> bool:
    """Say whether no word of a table is broken at a size."""
    rooms = [width / EMU - 0.2 for width in widths]
    return all(
        text_width(word, size, bold=row is table.head) <= room
        for row in (table.head, *table.rows)
        for cell, room in zip(row, rooms, strict=True)
        for word in _kept(cell).split(" ")
    )


def _height(table: Cells, widths: Sequence[int], size: float) -> int:
    head = _row_height(table.head, widths, size, bold=True)
    return head + sum(_row_height(row, widths, size) for row in table.rows)


def _fill(cell: Any, text: str, size: float, *, left: bool, row: int) -> None:
    frame = cell.text_frame
    frame.text = _kept(text)
    cell.margin_top = cell.margin_bottom = Inches(0.04)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT if left else PP_ALIGN.RIGHT
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(size), row == 0
    _ink(frame)
    band = 0.16 if row == 0 else 0.05 if row % 2 else 0.0
    if band:
        cell.fill.solid()
        cell.fill.fore_color.theme_color = MSO_THEME_COLOR.TEXT_1
        fade(cell.fill.fore_color, band)


def _shade(cell: Any, share: float | None) -> None:
    cell.fill.solid()
    if share is None:
        cell.fill.fore_color.theme_color = MSO_THEME_COLOR.BACKGROUND_1
        return
    cell.fill.fore_color.theme_color = (
        MSO_THEME_COLOR.ACCENT_1 if share > 0 else MSO_THEME_COLOR.ACCENT_2
    )
    fade(cell.fill.fore_color, 0.08 + 0.6 * min(abs(share), 1.0) ** 0.5)


def _opened(template: Path) -> Any:
    """Open a template; a `.potx` is a presentation under another name."""
    try:
        content = bytes_of(template, MOST_TEMPLATE)
        if template.suffix.lower() == ".potx":
            content = _as_presentation(content)
        return Presentation(BytesIO(content))
    except FileNotFoundError:
        raise TemplateError(f"{template}: no such file") from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        problem = "is no PowerPoint file; give a .pptx or .potx with --template"
        raise TemplateError(f"{template}: {problem}") from None


def _as_presentation(content: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "[Content_Types].xml":
                data = data.replace(_TEMPLATE.encode(), _DECK.encode())
            new.writestr(item, data)
    return out.getvalue()


def _forget_slides(file: Any) -> None:
    """Drop the slides of a template, its layouts stay."""
    slides = file.slides._sldIdLst
    for entry in list(slides):
        file.part.drop_rel(entry.get(qn("r:id")))
        slides.remove(entry)
