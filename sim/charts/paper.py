"""The sheet a chart is drawn on: its axes, its headline, its logo."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ..text.currency import currency
from ..text.names import capital
from .theme import FONT, LIGHT, Theme, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

WIDTH, HEIGHT = 6.4, 4.3
"""Inches. A third of a 13.3 inch slide is 0.69 of the width: 12 point text is still 8 point."""

MARGIN = 0.10
TITLE, SUBTITLE = 15.0, 10.5
LINE = 1.17
USUAL = 3
LOGO = 0.42
HINTING = 0.97
"""Inches: paper's edge, height of the logo; points: text sizes; line height in text sizes; lines of a
headline that a figure has room for; share of the width to fill, since hinted text on a coarse screen is wider than its outlines."""

NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass
class Paper:
    """Axes to draw in, and whether the figure around them is ours."""

    ax: Axes
    theme: Theme
    own: bool

    @property
    def figure(self) -> Figure:
        """The figure."""
        figure = self.ax.get_figure(root=True)
        assert figure is not None
        return figure

    def headline(
        self, finding: str, made: str, title: str | None = None, subtitle: str | None = None
    ) -> None:
        """Write the finding and, smaller, how the figure was made, or what was given instead.

        Across the whole figure where it is ours, else above the axes.
        """
        write = self._across if self.own else self._above
        write(capital(finding) if title is None else title, made if subtitle is None else subtitle)
        # A title that is set afterwards takes the place of this one.
        vars(self.ax)["set_title"] = partial(_retitled, self.ax)

    def _across(self, title: str, subtitle: str) -> None:
        width, height = self.figure.get_size_inches()
        room = width - 2 * MARGIN - self._draw_logo()
        lines = {
            TITLE: wrap(title, room, TITLE, bold=True),
            SUBTITLE: wrap(subtitle, width - 2 * MARGIN, SUBTITLE),
        }
        # A long headline takes room of its own, not that of the axes.
        longer = max(0, len(lines[TITLE]) - USUAL) * TITLE * LINE / 72
        if longer:
            height += longer
            self.figure.set_size_inches(width, height)
        top = height - MARGIN
        for size, rows in lines.items():
            if not rows:
                continue
            self.figure.text(
                MARGIN / width,
                top / height,
                "\n".join(rows),
                va="top",
                ha="left",
                fontsize=size,
                linespacing=1.2,
                fontweight="bold" if size == TITLE else "normal",
                color=self.theme.ink if size == TITLE else self.theme.muted,
                gid="title" if size == TITLE else "subtitle",
            )
            top -= len(rows) * size * LINE / 72 + 0.04
        self.figure.set_layout_engine(
            "constrained", rect=(0, 0, 1, (top - 0.02) / height), w_pad=0.06, h_pad=0.05
        )

    def _above(self, title: str, subtitle: str) -> None:
        room = self.ax.get_position().width * self.figure.get_size_inches()[0]
        rows = wrap(subtitle, room, SUBTITLE)
        pad = 10 + len(rows) * SUBTITLE * 1.25
        text = "\n".join(wrap(title, room, TITLE, bold=True))
        vars(self.ax).pop("set_title", None)
        self.ax.set_title(text, loc="left", pad=pad).set_gid("title")
        self.ax.annotate(
            "\n".join(rows),
            (0, 1),
            xytext=(0, 5),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            ha="left",
            fontsize=SUBTITLE,
            color=self.theme.muted,
            gid="subtitle",
            annotation_clip=False,
        )

    def _draw_logo(self) -> float:
        """Put the logo into the upper right corner; return the width it takes, inches."""
        if self.theme.logo is None:
            return 0.0
        from matplotlib.image import imread

        picture = imread(self.theme.logo)
        width, height = map(float, self.figure.get_size_inches())
        wide = float(min(LOGO * picture.shape[1] / picture.shape[0], width / 4))
        corner = (1 - (wide + MARGIN) / width, 1 - (LOGO + MARGIN) / height)
        box = self.figure.add_axes(
            (*corner, wide / width, LOGO / height), anchor="NE", label="logo"
        )
        box.imshow(picture)
        box.set_axis_off()
        box.set_in_layout(False)
        return wide + MARGIN


def _retitled(ax: Axes, label: str, *args: Any, **options: Any) -> Text:
    """Set the title of a chart in the place of its finding; places and paddings of its own go."""
    from matplotlib.text import Text

    figure = ax.get_figure(root=True)
    assert figure is not None
    own = [artist for artist in [*ax.get_children(), *figure.texts] if artist.get_gid() == "title"]
    title = next((artist for artist in own if isinstance(artist, Text)), None)
    if title is None:
        return type(ax).set_title(ax, label, *args, **options)
    fonts = options.pop("fontdict", None) or (args[0] if args else None) or {}
    for placed in ("loc", "pad", "y"):
        options.pop(placed, None)
    room = figure.get_size_inches()[0] - 2 * MARGIN
    title.set_text("\n".join(wrap(label, room, TITLE, bold=True)))
    title.update({**fonts, **options})
    return title


@contextmanager
def paper(
    ax: Axes | None, theme: Theme | None, *, width: float = WIDTH, height: float = HEIGHT
) -> Iterator[Paper]:
    """Draw in the given axes, or in those of a new figure, with the settings of a theme."""
    theme = theme or LIGHT
    with styled(theme):
        if ax is not None:
            dress(ax, theme)
            yield Paper(ax, theme, own=False)
            return
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        yield Paper(figure.add_subplot(), theme, own=True)


def dress(ax: Axes, theme: Theme) -> None:
    """Give axes made elsewhere the look of the theme."""
    settings = theme.rc()
    ax.set_facecolor(theme.background)
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set_color(theme.muted)
        spine.set_visible(side in {"left", "bottom"})
    ax.tick_params(color=theme.muted, labelcolor=theme.ink, labelsize=settings["xtick.labelsize"])
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(theme.muted)
        axis.label.set_fontsize(settings["axes.labelsize"])


def alt_text(ax: Axes) -> str:
    """Return title and subtitle of a chart as one text, for readers who cannot see it."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    texts = [*figure.texts, *ax.texts, ax.title, *ax.get_children()]
    lines = {}
    for artist in texts:
        gid = artist.get_gid()
        if gid in ("title", "subtitle") and hasattr(artist, "get_text"):
            lines[gid] = artist.get_text().replace("\n", " ").replace(NO_BREAK, " ").strip()
    return ". ".join(lines[gid].rstrip(".") for gid in ("title", "subtitle") if lines.get(gid))


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than so many inches, as evenly as the words allow."""
    unbreakable = rf" (?=%|{currency()}\b)"
    words = [
        part
        for word in re.sub(unbreakable, NO_BREAK, text).split(" ")
        if word
        for part in _breakable(word, width * HINTING, size, bold=bold)
    ]
    if not words:
        return []
    widths = [text_width(word, size, bold=bold) for word in words]
    space = text_width(" ", size, bold=bold)
    width *= HINTING
    lines = _fill(words, widths, space, width)
    if len(lines) == 1:
        return lines
    # the narrowest measure that needs no further line leaves no single word on the last one
    narrow, wide = width / 2, width
    for _ in range(6):
        middle = (narrow + wide) / 2
        if len(_fill(words, widths, space, middle)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return _fill(words, widths, space, wide)


def _breakable(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Return a word in parts no wider than a line, where its writing breaks between characters."""
    if not any(map(_is_wide, word)) or text_width(word, size, bold=bold) <= width:
        return [word]
    parts = [""]
    for character in word:
        if text_width(parts[-1] + character, size, bold=bold) > width and parts[-1]:
            parts.append("")
        parts[-1] += character
    return parts


def _is_wide(character: str) -> bool:
    """Say whether a character is as wide as it is high, as Chinese and Japanese ones are."""
    return unicodedata.east_asian_width(character) in ("W", "F")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text, inches."""
    return _ems(text, "bold" if bold else "normal") * size / 72


def _fill(words: list[str], widths: list[float], space: float, width: float) -> list[str]:
    lines, used = [words[0]], widths[0]
    for word, wide in zip(words[1:], widths[1:], strict=True):
        used += space + wide
        if used <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            used = wide
    return lines


@cache
def _ems(word: str, weight: str) -> float:
    """Width of a word in units of its font size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    wide = sum(map(_is_wide, word))
    rest = "".join(character for character in word if not _is_wide(character))
    if not rest:
        return float(wide)
    font = FontProperties(family=[FONT], weight=weight, size=100)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s)Glyph \d+ .* missing from font")
        across = text_to_path.get_text_width_height_descent(rest, font, ismath=False)[0]
    return wide + float(across) / 100
