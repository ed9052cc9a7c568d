"""A figure as inline SVG: text stays text, colours follow light and dark, nothing is fetched."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..charts.colours import blend, channels
from ..charts.paper import wrap
from ..charts.theme import DARK, LIGHT, Theme, styled
from ..figures.matplotlib import draw
from ..figures.spec import Curves, Figure, written
from ..text.numbers import setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet
    from matplotlib.transforms import Bbox

#: Places along the axis at which a probe can stop.
STOPS = 61
#: Inches of a chart on a phone: text of 10 points is then 11 pixels on 390.
NARROW = 4.6
#: Cells of a map that are written as shapes.
MOST_CELLS = 2_500
#: Difference of channels below which a shade is a grey.
GREY = 0.06


@dataclass(frozen=True)
class Picture:
    """An inline SVG and what can be read from it.

    Attributes
    ----------
    svg : str
        The element, ids unique on the page.
    height : float
        Inches that it was drawn in.
    tips : list of (str, str)
        Id of a part, and what it says.
    probe : dict or None
        Where a reader can stop (shares of width and height of the SVG), and what is said there.
    """

    svg: str
    height: float
    tips: list[tuple[str, str]]
    probe: dict[str, Any] | None


def picture(figure: Figure, theme: Theme = LIGHT, *, narrow: float | None = None) -> Picture:
    """Draw a figure and return it ready to be put into a page.

    Parameters
    ----------
    figure : Figure
        With a chart.
    theme : Theme
        Whose light colours are drawn; the page maps them to dark ones.
    narrow : float, optional
        Height, inches, of a drawing for a phone: only so wide that its text stays legible.
    """
    own = None
    if narrow is not None:
        from matplotlib.figure import Figure as NewSheet

        own = NewSheet(figsize=(NARROW, narrow), layout="constrained").add_subplot()
    ax = draw(figure, own, theme=theme, headline=False)
    if own is not None:
        ax.set_xlabel("\n".join(wrap(ax.get_xlabel(), 0.62 * NARROW, 11)))
    root = ax.get_figure(root=True)
    assert root is not None
    stream = io.StringIO()
    with styled(theme):
        _tidy(root)
        if own is not None:
            _spread(ax)
        root.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    probe = _probe(ax, figure.probe) if figure.probe else None
    stem = f"{figure.name}-narrow" if narrow is not None else figure.name
    svg, names = _inline(stream.getvalue(), figure, stem)
    tips = [(names[gid], text) for gid, text in figure.tips.items() if gid in names]
    return Picture(svg, float(root.get_size_inches()[1]), tips, probe)


def _tidy(root: Sheet) -> None:
    """Hide tick labels that stand on the one before, and keep cells of a map as shapes."""
    engine = root.get_layout_engine()
    if engine is not None:
        engine.execute(root)
    for ax in root.axes:
        for mesh in ax.collections:
            array = mesh.get_array()
            if mesh.get_rasterized() and array is not None and array.size <= MOST_CELLS:
                # shapes take the colours of dark screens, a bitmap would not
                mesh.set_rasterized(False)
                mesh.set_edgecolor("face")
                mesh.set_linewidth(0.3)
        last = -math.inf
        labels = [
            (label.get_window_extent(), label)
            for minor in (False, True)
            for label in ax.get_xticklabels(minor=minor)
            if label.get_visible() and label.get_text()
        ]
        for box, label in sorted(labels, key=lambda pair: pair[0].x0):
            if box.x0 < last + 3:
                label.set_visible(False)
            else:
                last = box.x1


def _spread(ax: Axes) -> None:
    """Hide texts that stand on others, bold ones last: on a phone not every value has room."""
    texts = [text for text in ax.texts if text.get_visible() and text.get_text()]
    kept: list[Bbox] = []
    for text in sorted(texts, key=lambda text: text.get_fontweight() != "bold"):
        box = text.get_window_extent()
        if any(_covers(box, other) for other in kept):
            text.set_visible(False)
        else:
            kept.append(box)


def _covers(a: Bbox, b: Bbox) -> bool:
    wide, tall = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return bool(wide > 1 and tall > 3)


_ID = re.compile(r'\bid="([^"]*)"')
_USED = re.compile(r'(?:xlink:)?href="#([^"]*)"|url\(#([^)]*)\)')


def _inline(text: str, figure: Figure, stem: str) -> tuple[str, dict[str, str]]:
    """Return the SVG element alone, and the new id of every named part."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    names: dict[str, str] = {}

    def fresh(match: re.Match[str]) -> str:
        # matplotlib writes a gid as it is, spaces and all
        name = match[1].replace("&amp;", "&").replace("&lt;", "<").replace("&quot;", '"')
        names.setdefault(name, f"{stem}-{len(names)}")
        return f'id="{names[name]}"'

    text = _ID.sub(fresh, text)

    def pointed(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        target = names.get(name, name)
        return f'href="#{target}"' if match[1] else f"url(#{target})"

    text = _USED.sub(pointed, text)
    head, body = text.split(">", 1)
    box = re.search(r'viewBox="([^"]*)"', head)
    assert box is not None
    label = f"{stem}-name"
    family, body = _one_family(body)
    opening = (
        f'<svg viewBox="{box[1]}"{family} role="img" aria-labelledby="{label}-title {label}-desc" '
        f'focusable="false"><title id="{label}-title">{escape(figure.finding)}</title>'
        f'<desc id="{label}-desc">{escape(figure.made)}</desc>'
    )
    return opening + _shorter(_recoloured(body)), names


_FAMILY = re.compile(r" font-family: ([^;\"]*);")


def _one_family(svg: str) -> tuple[str, str]:
    """Return an attribute that says the fonts of all texts once, and the drawing without them.

    They are as many as the machine has for other scripts.
    """
    first = _FAMILY.search(svg)
    if first is None:
        return "", svg
    return f' style="font-family: {first[1]}"', svg.replace(first[0], "")


def _shorter(svg: str) -> str:
    """Round coordinates to hundredths of a point and drop white space between elements."""
    svg = re.sub(r"(\d+\.\d{2})\d+", r"\1", svg)
    return re.sub(r">\s+<", "><", svg)


def _recoloured(svg: str) -> str:
    """Replace every colour by a variable of the page that falls back to it."""

    def variable(kind: str, text: str) -> str:
        def named(match: re.Match[str]) -> str:
            colour = match[0].upper()
            return f"var(--{kind}{colour[1:]},{colour})"

        return re.sub(r"#[0-9a-fA-F]{6}(?=[;\"\s])", named, text)

    parts = re.split(r"(<text\b[^>]*>)", svg)
    return "".join(variable("t" if part.startswith("<text") else "c", part) for part in parts)


def dark_colours(svgs: str, light: Theme = LIGHT, dark: Theme = DARK) -> dict[str, str]:
    """Return for every colour variable in some pictures the colour it has on dark paper.

    The theme's own colours map to their namesakes, tiers to their look on dark paper; any other
    shade is turned over in lightness.
    """
    known: dict[str, str] = {}
    for name in ("background", "ink", "muted", "grid", "loss", "gain"):
        known[getattr(light, name).upper()] = getattr(dark, name)
    for tier in [*light.tiers, ""]:
        for repeat in range(4):
            bright, dim = light.look(tier, repeat=repeat), dark.look(tier, repeat=repeat)
            known.setdefault(bright.colour.upper(), dim.colour)
            known.setdefault(bright.text.upper(), dim.colour)
    for role in ("loss", "gain"):
        known.setdefault(light.text(getattr(light, role)).upper(), dark.text(getattr(dark, role)))
    used = sorted(set(re.findall(r"var\(--([ct])([0-9A-F]{6})", svgs)))
    colours = {}
    for kind, code in used:
        colour = known.get(f"#{code}") or _turned(f"#{code}", dark)
        colours[f"--{kind}{code}"] = dark.text(colour) if kind == "t" else colour
    return colours


def _turned(colour: str, dark: Theme) -> str:
    """Return a shade of light paper as the shade as far from dark paper: white becomes the paper.

    A tint keeps its hue; a grey is turned over.
    """
    red, green, blue = channels(colour)
    white = min(red, green, blue)
    if max(red, green, blue) - white < GREY:
        return blend(dark.ink, dark.background, white)
    mixed = (part - white + white * paper for part, paper in
             zip((red, green, blue), channels(dark.background), strict=True))  # fmt: skip
    return "#" + "".join(f"{round(255 * part):02X}" for part in mixed)


def _probe(ax: Axes, model: Curves) -> dict[str, Any] | None:
    """Return the stops of a probe along the x axis, with what every curve says there."""
    if not model.curves:
        return None
    root = ax.get_figure(root=True)
    assert root is not None
    width, height = (float(size) * root.dpi for size in root.get_size_inches())
    box = ax.get_window_extent()
    pixels = np.linspace(box.x0, box.x1, STOPS)
    places = ax.transData.inverted().transform([(x, box.y0) for x in pixels])[:, 0]
    low = min(min(curve.x) for curve in model.curves)
    high = max(max(curve.x) for curve in model.curves)
    stops = [
        [round(float(pixel) / width, 4), text]
        for pixel, place in zip(pixels, places.tolist(), strict=True)
        if low <= place <= high and (text := _said(model, place))
    ]
    if len(stops) < 2:
        return None
    return {
        "top": round(1 - box.y1 / height, 4),
        "bottom": round(1 - box.y0 / height, 4),
        "stops": stops,
    }


def _said(model: Curves, place: float) -> str:
    told = [
        f"{curve.name} {written(float(np.interp(place, curve.x, curve.y)), model.y_form)}"
        for curve in model.curves
    ]
    subject = model.x_axis.split(" (")[0]
    where = _rounded(place, model)
    start = f"{subject} of at least {where}" if "at least" in model.y_axis else f"{subject} {where}"
    return f"{start}: {', '.join(told)}"


def _rounded(place: float, model: Curves) -> str:
    if model.x_form == "number":
        return setting(place, 3)
    return written(round(place, 2), model.x_form)
