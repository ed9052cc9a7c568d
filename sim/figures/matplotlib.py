"""Figures drawn by matplotlib: panels side by side, or the drawing that a figure brings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..charts.colours import blend
from ..charts.marks import MIDDLE, hide, note
from ..charts.numbers import spread_apart
from ..charts.paper import HEIGHT, WIDTH, Paper, paper
from ..charts.theme import LIGHT, Look, Theme, styled
from ..text.currency import writing_in
from ..text.numbers import tick
from ..text.verdicts import TOLD_APART
from .spec import Bars, Cells, Curve, Curves, Figure, Format, Panel, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


#: Inches between a chart's axes and the edges of its sheet, headline included.
_AROUND = 1.6
#: Letters of a name of which three stand side by side in a legend.
_SHORT = 12


def draw(
    figure: Figure, ax: Axes | None = None, *, theme: Theme = LIGHT, headline: bool = True
) -> Axes:
    """Return the axes that a figure is drawn in; the first of several.

    Parameters
    ----------
    figure : Figure
        With a drawing of its own, or with charts among its models.
    ax : Axes, optional
        Where to draw; on a sheet of its own by default. Several charts then stand one above the
        other in the place of these axes.
    theme : Theme
        Colours and font.
    headline : bool
        Whether finding and caption stand above the chart.

    Raises
    ------
    TypeError
        For a figure that holds tables alone.
    """
    with writing_in(figure.currency):
        return _drawn(figure, ax, theme, headline)


def _drawn(figure: Figure, ax: Axes | None, theme: Theme, headline: bool) -> Axes:
    title, caption = (figure.finding, figure.caption) if headline else ("", "")
    if figure.plot is not None:
        return figure.plot(ax, theme=theme, title=title, subtitle=caption)
    charts = figure.charts
    if not charts:
        raise TypeError("a table is no chart")
    with styled(theme):
        places = _beside(len(charts), max(map(_height, charts))) if ax is None else _below(
            ax, len(charts)
        )  # fmt: skip
        for chart, place in zip(charts, places, strict=True):
            draw_panel(chart, theme, place)
        if headline:
            Paper(places[0], theme, own=ax is None).headline(title, caption)
    return places[0]


def _beside(count: int, height: float) -> list[Axes]:
    """Return axes side by side on a new sheet of so many inches."""
    from matplotlib.figure import Figure as Sheet

    sheet = Sheet(figsize=(WIDTH * (1.0 if count == 1 else 1.35), height), layout="constrained")
    return list(sheet.subplots(1, count, squeeze=False)[0])


def _below(ax: Axes, count: int) -> list[Axes]:
    """Return axes one above the other where the given ones were."""
    if count == 1:
        return [ax]
    sheet, place = ax.get_figure(root=True), ax.get_subplotspec()
    assert sheet is not None
    assert place is not None
    ax.remove()
    rows = place.subgridspec(count, 1)
    return [sheet.add_subplot(rows[k, 0]) for k in range(count)]


def _height(chart: Bars | Curves) -> float:
    if isinstance(chart, Curves):
        return HEIGHT
    shared = _one_each(chart) or chart.stacked
    rows = len(chart.categories) * ((1 if shared else len(chart.series)) + 0.6)
    return _AROUND + 0.27 * rows


def _one_each(model: Bars) -> bool:
    """Return whether every category has a bar of one series only."""
    return all(
        sum(one.values[k] is not None for one in model.series) <= 1
        for k in range(len(model.categories))
    )


def draw_panel(model: Panel, theme: Theme, ax: Axes | None = None) -> Axes:
    """Draw a model without a headline.

    Raises
    ------
    TypeError
        For a table.
    """
    if isinstance(model, Bars):
        return draw_bars(model, theme, ax)
    if isinstance(model, Curves):
        return draw_curves(model, theme, ax)
    assert isinstance(model, Cells)
    raise TypeError("a table is no chart")


def look_of(theme: Theme, tier: str, repeat: int) -> Look:
    """Return how a series is drawn."""
    plain = {"ink": theme.ink, "muted": theme.muted, "loss": theme.loss, "gain": theme.gain}
    if tier not in plain:
        return theme.look(tier, repeat=repeat)
    colour = blend(plain[tier], theme.background, 0.55) if repeat else plain[tier]
    return Look(colour, theme.text(colour))


def draw_bars(model: Bars, theme: Theme, ax: Axes | None = None) -> Axes:
    """Draw bars from left to right, categories from the last at the bottom upwards."""
    categories, series = model.categories, model.series
    if model.horizontal:
        order = list(range(len(categories)))
    else:
        order = list(reversed(range(len(categories))))
    shared = _one_each(model) or model.stacked
    rows = 1 if shared else len(series)
    floats = any(one.tier == "none" for one in series)
    with paper(ax, theme, height=1.0 + 0.27 * len(categories) * (rows + 0.6)) as sheet:
        ax = sheet.ax
        thick = 0.8 / rows
        ends: dict[int, float] = {}
        for i, one in enumerate(series):
            look = look_of(sheet.theme, one.tier, one.repeat)
            for place, k in enumerate(order):
                value = one.values[k]
                if value is None:
                    continue
                start = ends.get(k, 0.0) if model.stacked else model.start
                end = start + value if model.stacked else value
                ends[k] = end
                if one.tier == "none":
                    continue
                y = place + (0.0 if shared else 0.4 - thick * (i + 0.5))
                label = one.labels[k] if one.labels else ""
                if model.stacked and not floats:
                    _part(sheet, start, end, y, label, look, f"bar {i} {k}")
                    continue
                ax.barh(y, end - start, left=start, height=0.92 * thick,
                        color=look.colour, gid=f"bar {i} {k}")  # fmt: skip
                _bar_end(sheet, (one.errors[k] or 0.0) if one.errors else 0.0, end, y,
                         label, look)  # fmt: skip
        ax.set_yticks(range(len(order)), labels=[_wrapped(categories[k]) for k in order])
        ax.tick_params(axis="y", length=0)
        # A bar that starts where another ends would hold the axis there.
        ax.use_sticky_edges = not model.stacked
        ax.margins(x=0.16)
        if model.start == 0.0 and ax.get_xlim()[0] < 0 and _least(model) >= 0:
            ax.set_xlim(left=0.0)
        ax.axvline(model.start, color=sheet.theme.ink, linewidth=1)
        _form(ax.xaxis, model.form)
        ax.locator_params(axis="x", nbins=5)
        ax.grid(axis="x")
        hide(ax, "left")
        ax.set_xlabel(model.axis)
        if len(series) > 1 and (not shared or (model.stacked and not floats)):
            _legend(sheet, [(s.name, look_of(theme, s.tier, s.repeat)) for s in series])
        return ax


def _least(model: Bars) -> float:
    return min((v for s in model.series for v in s.values if v is not None), default=0.0)


def _part(
    sheet: Paper, start: float, end: float, y: float, label: str, look: Look, gid: str
) -> None:
    """Draw a part of a bar, its label within."""
    sheet.ax.barh(y, end - start, left=start, height=0.7, color=look.colour, gid=gid,
                  edgecolor=sheet.theme.background, linewidth=1.5)  # fmt: skip
    if label:
        note(sheet.ax, label, ((start + end) / 2.0, y), (0, 0), ha="center", va="center",
             color=sheet.theme.background, fontweight="bold", fontsize=MIDDLE)  # fmt: skip


def _bar_end(sheet: Paper, se: float, value: float, y: float, label: str, look: Look) -> None:
    """Draw two standard errors at the end of a bar, and its label beyond them."""
    low, high = value - TOLD_APART * se, value + TOLD_APART * se
    if se:
        sheet.ax.plot([low, high], [y, y], color=sheet.theme.ink, linewidth=2,
                      solid_capstyle="butt")  # fmt: skip
    if label:
        side = 1 if value >= 0 else -1
        note(sheet.ax, label, (high if side > 0 else low, y), (6 * side, 0),
             ha="left" if side > 0 else "right", color=look.text, fontweight="bold",
             fontsize=MIDDLE)  # fmt: skip


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, 20))


def _legend(sheet: Paper, entries: Sequence[tuple[str, Look]]) -> None:
    from matplotlib.patches import Patch

    sheet.ax.legend(
        handles=[Patch(color=look.colour, label=name) for name, look in entries],
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3 if max(len(name) for name, _ in entries) <= _SHORT else 2, handlelength=1.0, borderaxespad=0.3,
    )  # fmt: skip


def draw_curves(model: Curves, theme: Theme, ax: Axes | None = None) -> Axes:
    """Draw lines and points, each named where it ends."""
    with paper(ax, theme) as sheet:
        ax = sheet.ax
        ax.grid()
        if model.x_log:
            ax.set_xscale("log")
            ax.minorticks_off()
        for curve in model.curves:
            _curve(ax, curve, look_of(sheet.theme, curve.tier, curve.repeat))
        if model.x_range:
            ax.set_xlim(*model.x_range)
        else:
            ax.margins(x=0.14)
        ax.margins(y=0.1)
        low, high = ax.get_ylim()
        if low < 0 < high:
            ax.axhline(0, color=sheet.theme.loss, linewidth=1.2, zorder=1)
        ax.set_ylim(low, high)
        _names(sheet, model)
        _form(ax.xaxis, model.x_form)
        _form(ax.yaxis, model.y_form)
        if not model.x_log:
            ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(model.x_axis)
        ax.set_ylabel(model.y_axis)
        return ax


def _curve(ax: Axes, curve: Curve, look: Look) -> None:
    style: dict[str, Any] = {"color": look.colour, "gid": f"curve {curve.name}"}
    if curve.kind in {"points", "hollow"}:
        full = curve.kind == "points"
        face = look.colour if full else ax.get_facecolor()
        ax.plot(curve.x, curve.y, "o", markersize=9, markerfacecolor=face, **style)
    else:
        dash: Any = (0, (4, 2)) if curve.kind == "dashed" else look.dash
        ax.plot(curve.x, curve.y, linestyle=dash, **style)
    if curve.y_errors:
        known = [k for k, se in enumerate(curve.y_errors) if se]
        ax.errorbar(
            [curve.x[k] for k in known], [curve.y[k] for k in known],
            yerr=[TOLD_APART * (curve.y_errors[k] or 0.0) for k in known], fmt="none",
            ecolor=look.colour, elinewidth=1.4,
        )  # fmt: skip


def _names(sheet: Paper, model: Curves) -> None:
    """Name the curves in the right margin."""
    named = [
        curve
        for curve in model.curves
        if curve.kind != "hollow" and not curve.name.endswith(", points")
    ]
    low, high = sheet.ax.get_ylim()
    places = spread_apart([curve.y[-1] for curve in named], 0.07 * (high - low), low, high)
    right = sheet.ax.get_xlim()[1]
    for curve, place in zip(named, places, strict=True):
        look = look_of(sheet.theme, curve.tier, curve.repeat)
        note(sheet.ax, _wrapped(curve.name), (right, float(place)), (6, 0), ha="left",
             color=look.text, fontweight="bold")  # fmt: skip


def _form(axis: Axis, form: Format) -> None:
    axis.set_major_formatter(lambda value, _: tick(value, unit_of(form), signed=form == "signed"))
