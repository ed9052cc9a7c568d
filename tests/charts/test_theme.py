"""Colours, brands, files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim import charts
from sim.charts.brand import load_theme, theme_from_table
from sim.charts.colours import blend, channels, contrast
from sim.charts.paper import text_width, wrap
from sim.charts.theme import DARK, LIGHT, Theme, looks, not_drawn
from sim.experiment import ExperimentError

THEMES = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]

# Viénot, Brettel & Mollon (1999): what dichromats see, on linear RGB, protanopia and deuteranopia.
CONES = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714],
                  [0.0299566, 0.184309, 1.46709]])  # fmt: skip
BLIND = {
    "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}


def seen(colour: str, kind: str) -> np.ndarray:
    """Colour as a dichromat sees it, in CIELAB."""
    rgb = np.array(channels(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.linalg.inv(CONES) @ BLIND[kind] @ CONES @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
                    [0.0193, 0.1192, 0.9505]]) @ linear / [0.9505, 1, 1.089]  # fmt: skip
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", list(BLIND))
def test_the_usual_tiers_differ_for_the_colour_blind(kind: str) -> None:
    # 2.3 is just noticeable (Mahy et al. 1994); ten times that cannot be mixed up
    tiers = ("micro", "macro", "mixed")
    for one, other in combinations(tiers, 2):
        gap = np.linalg.norm(seen(LIGHT.tiers[one], kind) - seen(LIGHT.tiers[other], kind))
        assert gap > 23, (one, other)


@pytest.mark.parametrize("kind", list(BLIND))
def test_all_tiers_can_be_told_apart_by_the_colour_blind(kind: str) -> None:
    for one, other in combinations(LIGHT.tiers, 2):
        gap = np.linalg.norm(seen(LIGHT.tiers[one], kind) - seen(LIGHT.tiers[other], kind))
        assert gap > 3 * 2.3, (one, other, gap)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme: Theme) -> None:
    for tier in theme.tiers:
        for repeat in range(4):
            look = theme.look(tier, repeat=repeat)
            assert contrast(look.text, theme.background) >= 4.5
            assert contrast(look.colour, theme.background) >= 2.0
    for colour in (theme.ink, theme.muted, theme.loss, theme.gain):
        assert contrast(theme.text(colour), theme.background) >= 4.5


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert blend("#000000", "#FFFFFF", 0.5) == "#808080"


def test_one_colour_per_tier_and_a_look_of_its_own_for_each_portfolio() -> None:
    tiers = {"small": "micro", "more": "micro", "large": "macro", "both": "mixed", "what if": ""}
    found = looks(tiers)
    assert found["small"].colour == LIGHT.tiers["micro"]
    assert found["large"].colour == LIGHT.tiers["macro"]
    assert found["both"].colour == LIGHT.tiers["mixed"]
    assert len({look.colour for look in found.values()}) == 5
    assert found["more"].dash != found["small"].dash


def test_a_brand_changes_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    path = tmp_path / "brand.toml"
    path.write_text(
        '[theme]\nmode = "dark"\nfont = "Inter"\nlogo = "logo.png"\n'
        '[theme.colours]\nmicro = "#123456"\nbackground = "#000011"\n'
    )
    theme = load_theme(path)
    assert theme.tiers["micro"] == "#123456"
    assert theme.tiers["macro"] == DARK.tiers["macro"]
    assert (theme.background, theme.ink, theme.font) == ("#000011", DARK.ink, "Inter")
    assert theme.logo == tmp_path / "logo.png"


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"mode": "blue"}, 'theme.mode: must be "light" or "dark" (got "blue")'),
        ({"colors": {}}, "theme.colors: unknown key; did you mean `colours`?"),
        ({"font": 3}, "theme.font: must be the name of a font family (got 3)"),
        ({"logo": "a.svg"}, 'theme.logo: must be the name of a PNG file (got "a.svg")'),
        ({"logo": "a.png"}, 'theme.logo: no such file beside the theme: "a.png"'),
        ({"colours": 3}, "theme.colours: must be a table of colours (got 3)"),
        ({"colours": {"mikro": "#000000"}}, "theme.colours.mikro: unknown key; did you mean"),
        ({"colours": {"micro": "blue"}}, 'theme.colours.micro: must be a colour such as "#0072B2"'),
    ],
)
def test_faults_of_a_brand(table: dict[str, object], line: str) -> None:
    with pytest.raises(ExperimentError) as error:
        theme_from_table(table, file="brand.toml")
    assert f"brand.toml: {line}" in str(error.value)


def test_all_faults_of_a_brand_at_once() -> None:
    with pytest.raises(ExperimentError) as error:
        theme_from_table({"mode": "blue", "size": 3, "colours": {"micro": 1}})
    assert len(str(error.value).splitlines()) == 3


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "brand.toml"
    path.write_text("theme = [")
    with pytest.raises(ExperimentError, match="is not TOML"):
        load_theme(path)


def test_the_logo_is_drawn_in_the_upper_right_corner(tmp_path: Path, results: xr.Dataset) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    theme = Theme(logo=tmp_path / "logo.png")
    figure = charts.plot_loss(results, theme=theme).figure
    (logo,) = [ax for ax in figure.axes if ax.get_label() == "logo"]
    box = logo.get_position()
    assert box.x1 > 0.97
    assert box.y1 > 0.95
    title = next(text for text in figure.texts if text.get_gid() == "title")
    FigureCanvasAgg(figure).draw()
    assert title.get_window_extent().x1 <= logo.get_window_extent().x0


@pytest.mark.parametrize("theme", THEMES)
def test_svg_is_the_same_every_time_and_its_text_is_text(
    theme: Theme, tmp_path: Path, results: xr.Dataset
) -> None:
    pictures = []
    for name in ("one", "two"):
        ax = charts.plot_roi(results, theme=theme)
        pictures.append(charts.save(ax.figure, tmp_path / f"{name}.svg", theme).read_text())
    assert pictures[0] == pictures[1]
    assert ">micro<" in pictures[0]
    assert "<dc:date>" not in pictures[0]
    assert theme.background.lower() in pictures[0]


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_png_and_pdf_are_the_same_every_time(
    suffix: str, start: bytes, tmp_path: Path, results: xr.Dataset
) -> None:
    one, two = (
        charts.save(charts.plot_loss(results).figure, tmp_path / f"{name}.{suffix}").read_bytes()
        for name in "ab"
    )
    assert one == two
    assert one.startswith(start)


def test_a_png_is_written_at_twice_the_size_of_a_screen(
    tmp_path: Path, results: xr.Dataset
) -> None:
    ax = charts.plot_roi(results)
    content = charts.save(ax.figure, tmp_path / "roi.png").read_bytes()
    assert int.from_bytes(content[16:20]) == round(6.4 * 200)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"written as \.svg, \.png or \.pdf"):
        charts.save(Figure(), tmp_path / "chart.jpg")


def test_settings_of_matplotlib_come_back(results: xr.Dataset) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    charts.plot_roi(results, theme=DARK)
    assert dict(mpl.rcParams) == before


def test_importing_the_room_imports_no_matplotlib() -> None:
    code = (
        "import sys, sim.charts as c; [getattr(c, name) for name in c.__all__]; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_module_hides_a_function() -> None:
    for name in charts.__all__:
        getattr(charts, name)
    assert not [name for name in charts.__all__ if isinstance(getattr(charts, name), ModuleType)]
    with pytest.raises(AttributeError, match="no attribute 'plot_nothing'"):
        charts.plot_nothing  # noqa: B018


def test_axes_made_elsewhere_get_the_look_and_the_headline(
    results: xr.Dataset, eyes: Callable[[Axes], list[str]]
) -> None:
    figure = Figure(figsize=(14, 5), layout="constrained", facecolor=DARK.background)
    axes = figure.subplots(1, 2)
    for ax, plot in zip(axes, (charts.plot_roi, charts.plot_exceedance), strict=True):
        assert plot(results, ax, theme=DARK) is ax
        assert charts.alt_text(ax).startswith(("Micro has the highest", "ROI of +100 %"))
        assert not ax.spines["top"].get_visible()
    assert eyes(axes[0]) == []


def picture() -> bytes:
    """Return a small PNG, twice as wide as high."""
    from io import BytesIO

    from matplotlib.image import imsave

    stream = BytesIO()
    imsave(stream, np.zeros((20, 40, 3)), format="png")
    return stream.getvalue()


def test_a_long_headline_takes_room_of_its_own() -> None:
    from sim.charts.paper import paper

    heights, boxes = [], []
    for title in ("A headline", "Portfolios with very long names say what they are for " * 6):
        with paper(None, None) as sheet:
            sheet.headline(title, "how it was made")
            figure = sheet.figure
            figure.draw_without_rendering()
            heights.append(figure.get_size_inches()[1])
            boxes.append(sheet.ax.get_window_extent().height / figure.dpi)
    assert heights[1] > heights[0] + 0.5
    # Three lines of a headline have room as it is; what is longer leaves the axes alone.
    assert boxes[1] > boxes[0] - 0.6


@pytest.mark.parametrize("made_elsewhere", [False, True])
def test_a_title_set_afterwards_takes_the_place_of_the_finding(
    results: xr.Dataset, made_elsewhere: bool
) -> None:
    ax = charts.plot_roi(results, Figure().add_subplot() if made_elsewhere else None)
    ax.set_title("Spring", fontsize=11)
    assert charts.alt_text(ax).startswith("Spring. ")
    figure = ax.get_figure(root=True)
    texts = [*figure.texts, *ax.get_children()]
    (title,) = [artist for artist in texts if artist.get_gid() == "title"]
    assert (title.get_text(), title.get_fontsize()) == ("Spring", 11)
    assert ax.title.get_text() == ""


def test_writing_without_blanks_breaks_where_a_line_ends() -> None:
    text = "\u5c0f\u898f\u6a21\u306e\u30af\u30ea\u30a8\u30a4\u30bf\u30fc" * 6
    lines = wrap(text, 3.0, 15.0)
    assert "".join(lines) == text
    # An em of 15 points is 0.208 inches: at most 14 of them to a line.
    assert max(map(len, lines)) <= 14
    assert text_width(text, 15.0) == pytest.approx(60 * 15 / 72)


def test_characters_without_a_font_are_found() -> None:
    assert not_drawn(["micro", "caf\u00e9 \u2013 \u03b1"]) == ""
    assert not_drawn(["a\U000131a3b"]) == "\U000131a3"
