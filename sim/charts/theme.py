"""How every chart looks: colours, font, logo; and how a figure becomes a file.

One colour per tier, everywhere. The palette is Okabe and Ito's (2008), told apart by readers with
any of the common colour deficiencies. matplotlib is imported only when something is drawn.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .colours import blend, readable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIXED = "mixed"
"""The tier of a portfolio that holds several."""

FONT = "DejaVu Sans"
DPI = 200
_WIDE = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Noto Sans JP", "Noto Sans SC",
    "Noto Sans KR", "Source Han Sans", "Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic",
    "IPAexGothic", "IPAGothic", "TakaoGothic", "PingFang SC", "Microsoft YaHei", "SimHei",
    "WenQuanYi Zen Hei", "Apple SD Gothic Neo", "Malgun Gothic", "Droid Sans Fallback",
    "Arial Unicode MS", "Unifont",
)  # fmt: skip
"""Families that hold what DejaVu Sans lacks (Chinese, Japanese, Korean), as systems ship them."""
TEXT_CONTRAST = 4.5
LINE_CONTRAST = 2.0
"""Least contrast of text (WCAG 2.2, level AA) and of thick lines and areas with the background."""

_TIERS = MappingProxyType(
    {
        "nano": "#56B4E9",
        "micro": "#0072B2",
        "mid": "#009E73",
        "macro": "#D55E00",
        "mega": "#E69F00",
        MIXED: "#CC79A7",
    }
)
_SPARE = ("#7A7A7A", "#8C6D1F", "#3F8F8F", "#8A4FBF", "#A23B3B")
"""Colours of series that belong to no tier, such as what-if variants."""

_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


@dataclass(frozen=True)
class Look:
    """How one portfolio is drawn: the colour of lines and areas, of text, and the line's dash."""

    colour: str
    text: str
    dash: Any = "-"


@dataclass(frozen=True)
class Theme:
    """Colours (hex), font and logo of all charts.

    Attributes
    ----------
    mode : str
        ``light`` or ``dark``: what the other colours start from.
    background, ink, muted, grid : str
        The paper, text, secondary text, and lines that guide the eye.
    loss, gain : str
        Where money is lost, and where it is made.
    tiers : mapping of str to str
        One colour for each tier, and for ``mixed`` portfolios.
    font : str
        Family; text falls back to DejaVu Sans, which is packaged with matplotlib.
    logo : Path or None
        PNG, drawn in the upper right corner.
    """

    mode: str = "light"
    background: str = "#FFFFFF"
    ink: str = "#1A1A1A"
    muted: str = "#5A5A5A"
    grid: str = "#DDDDDD"
    loss: str = "#B2182B"
    gain: str = "#1B7837"
    tiers: Mapping[str, str] = field(default_factory=lambda: _TIERS)
    font: str = FONT
    logo: Path | None = None

    def look(self, tier: str, *, repeat: int = 0) -> Look:
        """Return how a tier is drawn; each repeat of a tier has its own shade and dash."""
        colour = self.tiers.get(tier, _SPARE[repeat % len(_SPARE)])
        if tier in self.tiers and repeat:
            colour = blend(colour, self.ink if repeat % 2 else self.background, 0.35)
        return Look(
            readable(colour, self.background, LINE_CONTRAST),
            readable(colour, self.background, TEXT_CONTRAST),
            _DASHES[repeat % len(_DASHES)],
        )

    def text(self, colour: str) -> str:
        """Return the colour, moved away from the background until text in it can be read."""
        return readable(colour, self.background, TEXT_CONTRAST)

    def rc(self) -> dict[str, Any]:
        """Return the matplotlib settings of this theme."""
        return {
            "font.family": "sans-serif",
            "font.sans-serif": [*dict.fromkeys((self.font, FONT)), *wide_fonts(), "Arial"],
            "font.size": 12,
            "text.color": self.ink,
            "text.parse_math": False,
            "axes.titlesize": 15,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.titlecolor": self.ink,
            "axes.labelcolor": self.muted,
            "axes.labelsize": 11,
            "axes.edgecolor": self.muted,
            "axes.facecolor": self.background,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.unicode_minus": False,
            "axes.grid": False,
            "grid.color": self.grid,
            "grid.linewidth": 0.8,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
            "xtick.labelcolor": self.ink,
            "ytick.labelcolor": self.ink,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "legend.frameon": False,
            "legend.fontsize": 11,
            "lines.linewidth": 2.2,
            "lines.solid_capstyle": "round",
            "hatch.linewidth": 0.8,
            "figure.facecolor": self.background,
            "savefig.facecolor": "auto",
            "figure.dpi": 100,
            "svg.fonttype": "none",
            "svg.hashsalt": "creator-roi",
            "pdf.fonttype": 42,
        }


@cache
def wide_fonts() -> tuple[str, ...]:
    """Return the families with Chinese, Japanese and Korean characters that this machine has."""
    from matplotlib.font_manager import fontManager

    known = {entry.name for entry in fontManager.ttflist}
    return tuple(name for name in _WIDE if name in known)


def not_drawn(texts: Iterable[str], theme: Theme | None = None) -> str:
    """Return the characters of some texts that no font of a chart has: boxes would be drawn.

    Parameters
    ----------
    texts : iterable of str
        Such as names of portfolios.
    theme : Theme, optional
        With its own font.
    """
    wanted = {c for text in texts for c in text if not c.isascii() and not c.isspace()}
    if not wanted:
        return ""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    own = [theme.font] if theme is not None else []
    for family in dict.fromkeys((*own, FONT, *wide_fonts())):
        held = get_font(findfont(FontProperties(family=[family]))).get_charmap()
        wanted = {c for c in wanted if ord(c) not in held}
    return "".join(sorted(wanted))


LIGHT = Theme()
DARK = Theme(
    mode="dark",
    background="#16191D",
    ink="#F2F2F2",
    muted="#B5B8BD",
    grid="#3A3F46",
    loss="#F28E8E",
    gain="#7FCF9B",
)
MODES = MappingProxyType({"light": LIGHT, "dark": DARK})


def looks(tiers: Mapping[str, str], theme: Theme = LIGHT) -> dict[str, Look]:
    """Return how each portfolio is drawn.

    Parameters
    ----------
    tiers : mapping of str to str
        Tier of each portfolio, or ``mixed``; any other word is a series of its own.
    theme : Theme
        Where the colours are taken from.
    """
    seen: dict[str, int] = {}
    result = {}
    for name, tier in tiers.items():
        key = tier if tier in theme.tiers else ""
        result[name] = theme.look(key, repeat=seen.get(key, 0))
        seen[key] = seen.get(key, 0) + 1
    return result


def tiers_of(names: Sequence[str], tiers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the tier of each name: as given, else the name itself (a tier's name is its tier)."""
    return {name: (tiers or {}).get(name, name) for name in names}


@contextmanager
def styled(theme: Theme) -> Iterator[None]:
    """Draw with the settings of a theme, and put matplotlib's own back afterwards."""
    import matplotlib as mpl

    settings: Any = theme.rc()
    with mpl.rc_context(), warnings.catch_warnings():
        # Told once, by `not_drawn`, and not for every text of every chart.
        warnings.filterwarnings("ignore", message=r"(?s)Glyph \d+ .* missing from font")
        # Nor does a matplotlibrc of the user's change a chart.
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        yield


def lay_out(figure: Figure, theme: Theme = LIGHT, *, dpi: float = DPI) -> None:
    """Lay a figure out for good: each of its files would do it again, and be drawn twice for it."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    with styled(theme):
        own = figure.dpi
        figure.set_dpi(dpi)
        engine.execute(figure)
        figure.set_dpi(own)
        figure.set_layout_engine(None)


_NO_DATE: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def save(figure: Figure, path: str | Path, theme: Theme = LIGHT, *, dpi: float = DPI) -> Path:
    """Write a figure as SVG, PNG or PDF, by the file's suffix.

    The same chart drawn again gives the same bytes: no dates, and SVG ids from a fixed salt. Text
    in SVG stays text.

    Parameters
    ----------
    figure : Figure
        Of a chart, `axes.figure`.
    path : str or Path
        Where to.
    theme : Theme
        That it was drawn with.
    dpi : float
        Dots per inch of a PNG.

    Raises
    ------
    ValueError
        For another suffix.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _NO_DATE:
        raise ValueError(f"{path}: charts are written as .svg, .png or .pdf")
    with styled(theme):
        figure.savefig(path, dpi=dpi, format=kind, metadata=_NO_DATE[kind])
    return path
