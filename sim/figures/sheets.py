"""Chart data whose workbook, inside the slide, holds text as text and never as a formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from xlsxwriter import Workbook

_PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@contextmanager
def _plain_sheet(stream: Any) -> Iterator[tuple[Any, Any]]:
    with Workbook(stream, _PLAIN) as book:
        yield book, book.add_worksheet()


class _CategoryWriter(CategoryWorkbookWriter):
    def _open_worksheet(self, xlsx_file: Any) -> Any:
        return _plain_sheet(xlsx_file)


class _XyWriter(XyWorkbookWriter):
    def _open_worksheet(self, xlsx_file: Any) -> Any:
        return _plain_sheet(xlsx_file)


class PlainCategories(CategoryChartData):
    """Categories with series of values."""

    @property
    def _workbook_writer(self) -> Any:
        writer: Any = _CategoryWriter
        return writer(self)


class PlainPoints(XyChartData):
    """Series of points."""

    @property
    def _workbook_writer(self) -> Any:
        writer: Any = _XyWriter
        return writer(self)
