"""The presentation that slides are made from without a template: 16:9, the house's colours."""

from __future__ import annotations

import re
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches

from ..charts.theme import LIGHT

_SLOTS = {
    "dk1": LIGHT.ink,
    "lt1": LIGHT.background,
    "dk2": LIGHT.muted,
    "lt2": "#F2F4F7",
    "accent1": LIGHT.tiers["micro"],
    "accent2": LIGHT.tiers["macro"],
    "accent3": LIGHT.tiers["mid"],
    "accent4": LIGHT.tiers["mixed"],
    "accent5": LIGHT.tiers["nano"],
    "accent6": LIGHT.tiers["mega"],
    "hlink": LIGHT.tiers["micro"],
    "folHlink": LIGHT.muted,
}
"""One slot of the theme for each tier: see `natives.py`."""

FONT = "Calibri"


def house_style() -> Any:
    """Return an empty presentation of 13.333 x 7.5 inches.

    The default of python-pptx is 4:3; its placeholders are stretched, titles go to the upper left,
    and the theme takes the colours of the charts.
    """
    file = Presentation()
    stretch = Inches(13.333) / file.slide_width
    file.slide_width, file.slide_height = Inches(13.333), Inches(7.5)
    for owner in (file.slide_master, *file.slide_layouts):
        for shape in owner.placeholders:
            if shape._element.find(".//" + qn("a:xfrm")) is not None:
                shape.left, shape.width = (
                    Emu(int(shape.left * stretch)),
                    Emu(int(shape.width * stretch)),
                )
    _place_titles(file)
    _theme(file)
    return file


def _place_titles(file: Any) -> None:
    master = file.slide_master
    style = master._element.find(".//" + qn("p:titleStyle") + "/" + qn("a:lvl1pPr"))
    style.set("algn", "l")
    properties = style.find(qn("a:defRPr"))
    properties.set("sz", "2800")
    properties.set("b", "1")
    for owner in (master, *file.slide_layouts):
        for shape in owner.placeholders:
            kind = shape.placeholder_format.type
            if kind == PP_PLACEHOLDER.TITLE and owner in (master, *_titled(file)):
                shape.left, shape.top = Inches(0.6), Inches(0.35)
                shape.width, shape.height = Inches(12.13), Inches(1.1)
            elif kind == PP_PLACEHOLDER.CENTER_TITLE:
                shape.left, shape.top = Inches(0.9), Inches(1.9)
                shape.width, shape.height = Inches(11.5), Inches(1.9)
            elif kind == PP_PLACEHOLDER.SUBTITLE:
                shape.left, shape.top = Inches(0.9), Inches(4.0)
                shape.width, shape.height = Inches(11.5), Inches(1.9)
                for paragraph in shape._element.iter(qn("a:lvl1pPr")):
                    paragraph.set("algn", "l")
            elif kind in {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}:
                shape.top, shape.height = Inches(7.0), Inches(0.35)


def _titled(file: Any) -> list[Any]:
    """Return the layouts that hold a title and nothing else but furniture."""
    return [layout for layout in file.slide_layouts if layout.name == "Title Only"]


def _theme(file: Any) -> None:
    part = file.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    text = part.blob.decode("utf-8")
    for slot, colour in _SLOTS.items():
        new = f'<a:{slot}><a:srgbClr val="{colour[1:]}"/></a:{slot}>'
        text = re.sub(rf"<a:{slot}>.*?</a:{slot}>", new, text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<a:latin typeface=")[^"]*(")', rf"\g<1>{FONT}\g<2>", text)
    part._blob = text.encode("utf-8")
