"""Native PowerPoint charts and tables of a model: editable, in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pptx.dml.color import ColorFormat
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE, MSO_THEME_COLOR
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Emu, Pt

from ..charts.paper import text_width
from ..text.safe import printable
from ..text.verdicts import TOLD_APART
from .sheets import PlainCategories, PlainPoints
from .spec import Bars, Curve, Curves, Format, Series, Values, unbroken

#: Points of text that is read from the back of a room.
TEXT = 14

#: Least points of names below columns.
LEAST = 10
EMU = 914400
#: Share of a chart's width that its columns have, at least.
_STEP_WIDTH = 2.0
"""Inches of a chart for each step of its lower axis: labels that do not fit are turned."""
_PLOT_WIDTH = 0.75
#: Times from the first to the last value from which on a logarithmic axis is drawn: it begins and
#: ends at powers of ten, and less would leave most of it empty.
_DECADES = 100.0
#: Plot of a histogram, as shares of its chart.
_LEFT, _RIGHT, _CEILING, FLOOR = 0.09, 0.985, 0.1, 0.8

_COLOURS = {
    "micro": MSO_THEME_COLOR.ACCENT_1,
    "macro": MSO_THEME_COLOR.ACCENT_2,
    "mid": MSO_THEME_COLOR.ACCENT_3,
    "mixed": MSO_THEME_COLOR.ACCENT_4,
    "nano": MSO_THEME_COLOR.ACCENT_5,
    "mega": MSO_THEME_COLOR.ACCENT_6,
    "loss": MSO_THEME_COLOR.ACCENT_2,
    "gain": MSO_THEME_COLOR.ACCENT_3,
    "ink": MSO_THEME_COLOR.TEXT_1,
    "muted": MSO_THEME_COLOR.TEXT_1,
}
"""Slot of the template's theme for each tier: one colour per tier."""

#: Brightness of a tier's second, third, ... portfolio.
_SHADES = (0.0, 0.45, -0.35, 0.65)

_CODES: dict[Format, str] = {
    "percent": r"0\ %",
    "signed": r"+#,##0\ %;-#,##0\ %;0\ %",
    "money": r"[>=1000000]0.##,,\M;[<=-1000]-#,##0,k;#,##0",
    "number": "#,##0.###",
}


@dataclass(frozen=True)
class Box:
    """A place on a slide, EMU."""

    left: int
    top: int
    width: int
    height: int

    def part(self, k: int, count: int, gap: int = 0) -> Box:
        """Return the k-th of some columns of equal width."""
        width = (self.width - gap * (count - 1)) // count
        return Box(self.left + k * (width + gap), self.top, width, self.height)

    def split(self, share: float, gap: int = 0) -> tuple[Box, Box]:
        """Return two columns, the first with a share of the width."""
        first = int((self.width - gap) * share)
        second = self.width - gap - first
        return (
            Box(self.left, self.top, first, self.height),
            Box(self.left + first + gap, self.top, second, self.height),
        )

    @property
    def edges(self) -> tuple[Emu, Emu, Emu, Emu]:
        """Left, top, width and height as python-pptx takes them."""
        return Emu(self.left), Emu(self.top), Emu(self.width), Emu(self.height)


def paint(colour: ColorFormat, tier: str, repeat: int = 0) -> None:
    """Give a fill, line or text the colour of a tier from the theme."""
    slot = _COLOURS.get(tier, MSO_THEME_COLOR.TEXT_1)
    colour.theme_color = slot
    if slot == MSO_THEME_COLOR.TEXT_1:
        if tier != "ink" or repeat:
            fade(colour, 0.35 if repeat else 0.65)
    elif repeat:
        colour.brightness = _SHADES[repeat % len(_SHADES)]


def fade(colour: ColorFormat, share: float) -> None:
    """Let a colour of the theme cover only a share of what lies below it.

    Brightness would do on light paper only: on dark paper the text's colour is white already.
    """
    slot = colour._color._xClr
    for old in slot.findall(qn("a:alpha")):
        slot.remove(old)
    slot.append(parse_xml(f'<a:alpha {nsdecls("a")} val="{round(100_000 * share)}"/>'))


def _untyped(made: Any) -> Any:
    """Return something of python-pptx, which has no types."""
    return made


def add_bars(slide: Any, model: Bars, box: Box) -> Any:
    """Add a native bar or column chart.

    Returns
    -------
    GraphicFrame
        Without alt text.
    """
    data: Any = _untyped(PlainCategories)(number_format="General")
    data.categories = [printable(text) for text in _categories(model)]
    for one in model.series:
        data.add_series(printable(one.name), one.values)
    frame = slide.shapes.add_chart(_bar_type(model), *box.edges, data)
    chart = frame.chart
    _dress(chart)
    plot = chart.plots[0]
    shared = one_each(model)
    if is_area(model):
        for one, drawn in zip(model.series, plot.series, strict=True):
            _paint_area(one, drawn)
    else:
        plot.overlap = 100 if model.stacked or shared or _mirrored(model) else 0
        plot.gap_width = 8 if model.touching else 60
        for one, drawn in zip(model.series, plot.series, strict=True):
            _paint_bar(one, drawn, labelled=not labels_in_names(model))
    _axes_of_bars(chart, model, box.width)
    own_name = shared and not model.touching
    steps = any(one.tier == "none" for one in model.series)
    chart.has_legend = len(model.series) > 1 and not own_name and not steps
    if chart.has_legend:
        _legend(chart)
    return frame


def _bar_type(model: Bars) -> XL_CHART_TYPE:
    if is_area(model):
        return XL_CHART_TYPE.AREA
    if model.stacked:
        return XL_CHART_TYPE.BAR_STACKED if model.horizontal else XL_CHART_TYPE.COLUMN_STACKED
    return XL_CHART_TYPE.BAR_CLUSTERED if model.horizontal else XL_CHART_TYPE.COLUMN_CLUSTERED


def one_each(model: Bars) -> bool:
    """Return whether every category has a bar of one series only."""
    return all(
        sum(series.values[k] is not None for series in model.series) <= 1
        for k in range(len(model.categories))
    )


def is_area(model: Bars) -> bool:
    """Return whether columns are drawn as areas: histograms of several, one behind the other."""
    return model.touching and not one_each(model)


def labels_in_names(model: Bars) -> bool:
    """Return whether labels stand beside the categories."""
    return model.stacked or any(any(series.errors) for series in model.series)


def _minus(text: str) -> str:
    """Keep a sign with its number."""
    return text.replace("-", "\N{NON-BREAKING HYPHEN}")


def _mirrored(model: Bars) -> bool:
    """Return whether bars leave the start on both sides, as in a tornado."""
    return model.start != 0.0 and len(model.series) == 2


def _categories(model: Bars) -> list[str]:
    """Return the categories, with the labels where those have no place of their own.

    On stacks they would lie inside, and beside error bars on top of them.
    """
    if model.every > 1:
        return [unbroken(_minus(name)) for name in model.categories]
    if not labels_in_names(model):
        return list(model.categories)
    texts = [" · ".join(s.labels[k] for s in model.series if s.labels and s.labels[k]) for k in
             range(len(model.categories))]  # fmt: skip
    link = ": " if model.horizontal else " "
    return [f"{name}{link}{unbroken(_minus(text))}" if text else name
            for name, text in zip(model.categories, texts, strict=True)]  # fmt: skip


def _paint_bar(one: Series, drawn: Any, *, labelled: bool) -> None:
    drawn.invert_if_negative = False
    if one.tier == "none":
        drawn.format.fill.background()
        drawn.format.line.fill.background()
        return
    drawn.format.fill.solid()
    paint(drawn.format.fill.fore_color, one.tier, one.repeat)
    if one.errors and any(one.errors):
        _error_bars(drawn, one.errors)
    if labelled and one.labels:
        for k, text in enumerate(one.labels):
            if text and one.values[k] is not None:
                _label(drawn.points[k], text, XL_LABEL_POSITION.OUTSIDE_END)


def _paint_area(one: Series, drawn: Any) -> None:
    """Fill a histogram so that those behind it can be seen."""
    drawn.format.fill.solid()
    paint(drawn.format.fill.fore_color, one.tier, one.repeat)
    fade(drawn.format.fill.fore_color, 0.35)
    drawn.format.line.width = Pt(2.25)
    paint(drawn.format.line.color, one.tier, one.repeat)


def _label(point: Any, text: str, position: XL_LABEL_POSITION) -> None:
    label = point.data_label
    label.text_frame.text = text
    label.text_frame.word_wrap = False
    font = label.text_frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(TEXT), True
    font.color.theme_color = MSO_THEME_COLOR.TEXT_1
    label.position = position


def _axes_of_bars(chart: Any, model: Bars, width: int) -> None:
    names, values = chart.category_axis, chart.value_axis
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.major_tick_mark = XL_TICK_MARK.NONE
    names.has_major_gridlines = False
    if model.every > 1:
        _lay_out(chart, model, width)
        names.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    elif not model.horizontal:
        _upright(names, model, width)
    if model.along:
        _title(names, model.along)
    _value_axis(values, model.axis, model.form)
    if model.start != 0.0:
        values.crosses_at = model.start
    shown = [v for s in model.series for v in s.values if v is not None] + [model.start]
    low, high = _with_errors(model, min(shown), max(shown))
    if not model.stacked:
        room = 0.12 * (high - low) if any(s.labels for s in model.series) else 0.0
        steps = min(5, max(1, int(width / EMU / _STEP_WIDTH))) if model.horizontal else 5
        _range(values, low - (room if low < model.start else 0.0), high + room, steps)


def _with_errors(model: Bars, low: float, high: float) -> tuple[float, float]:
    ends = [
        v + side * TOLD_APART * (e or 0.0)
        for s in model.series
        if s.errors
        for v, e in zip(s.values, s.errors, strict=True)
        if v is not None
        for side in (-1, 1)
    ]
    return min([low, *ends]), max([high, *ends])


def add_curves(slide: Any, model: Curves, box: Box) -> Any:
    """Add a native xy chart; lines are named in the legend, points at themselves."""
    # LibreOffice loses a first series that is shorter than another.
    curves = sorted(model.curves, key=lambda curve: -len(curve.x))
    data: Any = _untyped(PlainPoints)(number_format="General")
    for curve in curves:
        series = data.add_series(printable(curve.name))
        for x, y in zip(curve.x, curve.y, strict=True):
            series.add_data_point(x, y)
    kind = XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS
    frame = slide.shapes.add_chart(kind, *box.edges, data)
    chart = frame.chart
    _dress(chart)
    for curve, drawn in zip(curves, chart.plots[0].series, strict=True):
        _paint_curve(curve, drawn)
    _axis_of_curves(chart.category_axis, model.x_axis, model.x_form, model, "x")
    _axis_of_curves(chart.value_axis, model.y_axis, model.y_form, model, "y")
    lines = [curve for curve in curves if curve.kind in {"line", "dashed"}]
    chart.has_legend = len(lines) > 1 or (len(lines) == 1 and len(curves) > 1)
    if chart.has_legend:
        _legend(chart)
        _forget(chart, [k for k, c in enumerate(curves)
                        if c.label or c.name.endswith(", points")])  # fmt: skip
    return frame


def _paint_curve(curve: Curve, drawn: Any) -> None:
    drawn.smooth = False
    line = drawn.format.line
    if curve.kind in {"points", "hollow"}:
        line.fill.background()
        # LibreOffice draws no edges of markers: what is hollow elsewhere is a diamond here.
        round_ = curve.kind == "points"
        drawn.marker.style = XL_MARKER_STYLE.CIRCLE if round_ else XL_MARKER_STYLE.DIAMOND
        drawn.marker.size = 12
        drawn.marker.format.fill.solid()
        paint(drawn.marker.format.fill.fore_color, curve.tier, curve.repeat)
        drawn.marker.format.line.fill.background()
    else:
        line.width = Pt(3 if curve.kind == "line" else 2)
        paint(line.color, curve.tier, curve.repeat)
        if curve.kind == "dashed":
            line.dash_style = MSO_LINE.DASH
        drawn.marker.style = XL_MARKER_STYLE.NONE
    if curve.kind == "points" and curve.y_errors:
        _error_bars(drawn, curve.y_errors, "y")
        _error_bars(drawn, curve.x_errors, "x")
    if curve.label:
        _label(drawn.points[len(curve.x) - 1], curve.label, XL_LABEL_POSITION.RIGHT)


def _axis_of_curves(axis: Any, title: str, form: Format, model: Curves, which: str) -> None:
    _value_axis(axis, title, form)
    given = model.x_range if which == "x" else model.y_range
    values = [v for c in model.curves for v in (c.x if which == "x" else c.y)]
    low, high = given or (min(values), max(values))
    if which == "x" and model.x_log and high > _DECADES * low:
        scaling = axis._element.find(qn("c:scaling"))
        scaling.insert(0, parse_xml(f'<c:logBase {nsdecls("c")} val="10"/>'))
        axis.minimum_scale = 10.0 ** math.floor(math.log10(low))
        axis.maximum_scale = 10.0 ** math.ceil(math.log10(high) - 1e-9)
        axis.has_major_gridlines = False
    elif which == "x" and model.x_log:
        _title(axis, title.removesuffix(" (log axis)"))
        _range(axis, 0.0, high)
    else:
        labelled = any(curve.label for curve in model.curves)
        room = (0.35 if which == "x" else 0.12) * (high - low or abs(high) or 1.0)
        if labelled:
            least = -1.0 if form == "signed" and low >= -1 else -math.inf
            low, high = max(low - room / 3, least), high + room
        _range(axis, low, high)


def _dress(chart: Any) -> None:
    chart.font.size = Pt(TEXT)
    chart.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
    chart.has_title = False
    chart.has_legend = False


def _legend(chart: Any) -> None:
    chart.legend.position = XL_LEGEND_POSITION.TOP
    chart.legend.include_in_layout = False
    chart.legend.font.size = Pt(TEXT)


def _forget(chart: Any, places: Sequence[int]) -> None:
    """Leave series out of the legend."""
    legend = chart.legend._element
    after = legend.find(qn("c:legendPos"))
    for k in reversed(places):
        after.addnext(
            parse_xml(
                f'<c:legendEntry {nsdecls("c")}><c:idx val="{k}"/><c:delete val="1"/>'
                "</c:legendEntry>"
            )
        )


def _value_axis(axis: Any, title: str, form: Format) -> None:
    axis.has_major_gridlines = True
    line = axis.major_gridlines.format.line
    line.color.theme_color = MSO_THEME_COLOR.TEXT_1
    fade(line.color, 0.2)
    line.width = Pt(0.75)
    axis.format.line.color.theme_color = MSO_THEME_COLOR.TEXT_1
    fade(axis.format.line.color, 0.5)
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    axis.major_tick_mark = XL_TICK_MARK.NONE
    axis.tick_labels.number_format = _CODES[form]
    axis.tick_labels.number_format_is_linked = False
    _title(axis, title)


def _title(axis: Any, text: str) -> None:
    axis.has_title = True
    frame = axis.axis_title.text_frame
    frame.text = text
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(TEXT), False
    font.color.theme_color = MSO_THEME_COLOR.TEXT_1


def _upright(axis: Any, model: Bars, width: int) -> None:
    """Break the names of categories into lines instead of turning them, and no word of them."""
    words = [word for name in _categories(model) for word in name.split(" ")]
    room = _PLOT_WIDTH * width / EMU / len(model.categories)
    size = next((s for s in range(TEXT, LEAST, -1)
                 if max(text_width(word, s) for word in words) <= room), LEAST)  # fmt: skip
    axis.tick_labels.font.size = Pt(size)
    body = axis._element.find(f"{qn('c:txPr')}/{qn('a:bodyPr')}")
    body.set("rot", "0")
    body.set("vert", "horz")


def _range(axis: Any, low: float, high: float, steps: int = 5) -> None:
    """Give an axis round ends and about so many round steps that hold everything."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    if (
        -1 <= low < -0.5 <= high
        and axis.tick_labels.number_format == _CODES["signed"]
        and high < 600
    ):
        # nothing lies below a loss of everything
        step = next(s for s in (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100) if high + 1 <= 7 * s)
        axis.minimum_scale, axis.major_unit = -1.0, step
        axis.maximum_scale = -1.0 + step * math.ceil((high + 1) / step - 1e-9)
        return
    rough = (high - low) / steps
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= rough * 0.999)
    axis.minimum_scale = round(math.floor(low / step + 1e-9) * step, 12)
    axis.maximum_scale = round(math.ceil(high / step - 1e-9) * step, 12)
    axis.major_unit = step
    if step < 0.01 and axis.tick_labels.number_format == _CODES["percent"]:
        axis.tick_labels.number_format = r"0.0\ %"


def _error_bars(drawn: Any, errors: Values, direction: str = "") -> None:
    """Add two standard errors either way."""
    points = "".join(
        f'<c:pt idx="{k}"><c:v>{TOLD_APART * se!r}</c:v></c:pt>'
        for k, se in enumerate(errors)
        if se
    )
    if not points:
        return
    sizes = (
        f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(errors)}"/>'
        f"{points}</c:numLit>"
    )
    which = f'<c:errDir val="{direction}"/>' if direction else ""
    bars = parse_xml(
        f'<c:errBars {nsdecls("c", "a")}>{which}<c:errBarType val="both"/>'
        f'<c:errValType val="cust"/><c:noEndCap val="1"/><c:plus>{sizes}</c:plus>'
        f'<c:minus>{sizes}</c:minus><c:spPr><a:ln w="25400"><a:solidFill>'
        '<a:schemeClr val="tx1"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    element = drawn._element
    for name in ("c:cat", "c:xVal", "c:val", "c:yVal"):
        successor = element.find(qn(name))
        if successor is not None:
            successor.addprevious(bars)
            return


def _lay_out(chart: Any, model: Bars, width: int) -> None:
    """Put the plot of a histogram where `edges_of` says, below its legend and above its axis."""
    area = chart._chartSpace.find(f"{qn('c:chart')}/{qn('c:plotArea')}")
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    names = [text_width(one.name, TEXT) + 0.4 for one in model.series]
    # Names that do not fit beside each other stand below each other.
    stacked = sum(names) > 0.8 * width / EMU
    ceiling = _CEILING + (0.06 * (len(names) - 1) if stacked else 0.0)
    places = {"x": _LEFT, "y": ceiling, "w": _RIGHT - _LEFT, "h": FLOOR - ceiling}
    edges = "".join(f'<c:{name}Mode val="edge"/>' for name in "xy")
    sizes = "".join(f'<c:{name} val="{round(value, 4)}"/>' for name, value in places.items())
    area.insert(0, parse_xml(
        f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/>{edges}{sizes}'
        "</c:manualLayout></c:layout>"
    ))  # fmt: skip


def edges_of(model: Bars) -> list[tuple[float, str]]:
    """Return where bins begin whose edge is written, as shares of a chart's width, with the edges.

    The first bin holds all below the first edge and has none.
    """
    bins = len(model.categories)
    # An area has its first and last point at the ends of the axis, a column stands between them.
    places, before = (bins - 1, 0.5) if is_area(model) else (bins, 0.0)
    return [
        (_LEFT + (_RIGHT - _LEFT) * (k - before) / places, _minus(model.categories[k]))
        for k in range(model.every, bins, model.every)
    ]
