"""The story as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..charts.theme import DARK, LIGHT, Theme
from ..figures.spec import Cells, unbroken
from ..measures import MEASURES
from ..run.folder import file_in_place
from ..text.currency import in_currency
from ..text.names import capital, measure_heading
from ..text.numbers import counted, labelled
from .models import Story
from .numbers import tables_of
from .picture import Picture, dark_colours, picture
from .reading import open_run
from .repricing import MOST_BYTES, PAGE_BYTES, SHOWN, Repricing, repricing
from .story import all_figures, tell

if TYPE_CHECKING:
    from ..run.written import Answer

REPORT = "report.html"


def write_report(
    folder: str | Path,
    out: str | Path | None = None,
    *,
    theme: Theme | None = None,
    answer: Answer | None = None,
) -> Path:
    """Write a run as one HTML page.

    Parameters
    ----------
    folder : str or Path
        Folder of the run.
    out : str or Path, optional
        The file; ``report.html`` in the run's folder by default.
    theme : Theme, optional
        Colours of the charts.
    answer : Answer, optional
        Of the run, where it is known already.

    Returns
    -------
    Path
        The file, written whole.

    Raises
    ------
    RunError
        For a folder without a run.
    """
    target = Path(out) if out is not None else Path(folder) / REPORT
    with open_run(folder, answer) as opened:
        text = render(tell(opened), theme or LIGHT)
        # What is left of a page's size goes to the worlds that it prices anew.
        pricing = repricing(opened, min(MOST_BYTES, PAGE_BYTES - len(text.encode())))
        if pricing is not None:
            text = text.replace(_ENDS, _what_if(pricing) + _ENDS).replace(*_LINK)
    with file_in_place(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def render(story: Story, theme: Theme = LIGHT) -> str:
    """Return the page.

    Parameters
    ----------
    story : Story
        What the run has to say.
    theme : Theme
        Of the charts in daylight; dark colours follow from it.
    """
    from jinja2 import Environment, StrictUndefined

    figures = all_figures(story)
    drawn = [f for f in figures if f.plot is not None or not isinstance(f.panels[0], Cells)]
    pictures = {}
    for figure in drawn:
        broad = picture(figure, theme)
        pictures[figure.name] = (broad, picture(figure, theme, narrow=broad.height))
    script = _packaged("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"literal": _literal, "capital": capital}
    environment.finalize = _unbroken
    template = environment.from_string(_packaged("report.html.j2"))
    return template.render(
        story=story,
        lead=figures[1],
        pictures=pictures,
        numbers={f.name: tables_of(f) for f in figures},
        first_inputs=_inputs(story, first=True),
        all_inputs=_inputs(story, first=False),
        assumed=sum(row.assumed for row in story.inputs),
        worlds=dict(story.facts)["worlds"],
        style=_packaged("report.css") + _colours(pictures, theme),
        script=script,
        script_hash=f"sha256-{digest}",
    )


#: Where the section with sliders stands in a page, and the link to it among those of the sections.
_ENDS = '<section id="assumptions"'
_LINK = (
    '<li><a href="#assumptions">',
    '<li><a href="#what-if">What if</a></li>\n<li><a href="#assumptions">',
)


def _what_if(pricing: Repricing) -> str:
    """Return the section with sliders and the worlds that they price anew."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_packaged("what_if.html.j2")).render(
        pricing=pricing,
        worlds=counted(pricing.worlds, "world"),
        measures=[
            (name, labelled(measure_heading(name), in_currency(MEASURES[name].unit)))
            for name in SHOWN
        ],
        data=pricing.to_dict(),
    )


def _packaged(name: str) -> str:
    return files("sim.report").joinpath("templates", name).read_text(encoding="utf-8")


def _literal(text: str) -> str:
    """Return text that this package ships, unescaped."""
    from markupsafe import Markup

    return Markup(text)


def _unbroken(value: object) -> object:
    """Keep numbers with their units in plain texts; markup is left as it is."""
    return unbroken(value) if type(value) is str else value


def _colours(pictures: Mapping[str, tuple[Picture, ...]], theme: Theme) -> str:
    """Return the style sheet of dark screens; paper stays white."""
    dark = dark_colours("".join(p.svg for pair in pictures.values() for p in pair), theme, DARK)
    lines = "".join(f"{name}:{colour};" for name, colour in dark.items())
    page = (
        f"--paper:{DARK.background};--page:#0e1013;--ink:{DARK.ink};--muted:{DARK.muted};"
        "--line:#3a3f46;--link:#8ec7ff;--mark:#56b4e9;--warn:#e69f00;--warn-page:#2b2413;"
    )
    return f"@media screen and (prefers-color-scheme:dark){{:root{{{page}{lines}}}}}"


def _inputs(story: Story, *, first: bool) -> Cells:
    rows = story.key_inputs if first else story.inputs
    return Cells(
        ("input", "value", "unit", "source"),
        tuple((row.key, row.value, row.unit, row.source) for row in rows),
        left=frozenset(range(4)),
    )
