"""A run as a person meets it, in a terminal or a notebook: answer, comparison table, one chart."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from .displays import paragraphs, table
from .run.dataset import load_results
from .run.written import Answer, read_answer
from .text.numbers import cell, counted

if TYPE_CHECKING:
    import xarray as xr

#: The measures that a first look needs, as rows.
HEADLINE = (
    "cost_mean",
    "roi_mean",
    "roi_median",
    "roi_p05",
    "roi_es05",
    "roi_p95",
    "loss_probability",
    "profit_median",
    "roas",
    "cpe",
    "top_creator_share",
)


#: Portfolios that are columns; more of them are rows, with fewer measures.
MOST_SIDE_BY_SIDE = 6
HEADLINE_OF_MANY = ("roi_median", "roi_mean", "roi_es05", "loss_probability", "profit_median")
#: Rows of a table that a screen or a few slides have room for.
MOST_ROWS = 24


def headline_table(answer: Answer) -> list[list[str]]:
    """Return the comparison of all portfolios as texts: a header, then a row per measure.

    More than `MOST_SIDE_BY_SIDE` portfolios are rows, as in `ranked_table`.
    """
    names = list(answer.summary.portfolios)
    if len(names) > MOST_SIDE_BY_SIDE:
        return ranked_table(answer, MOST_ROWS)
    table = answer.summary.table(answer.summary.headline(HEADLINE), words=True)
    return [["", *names], *map(list, table.texts())]


def ranked_table(answer: Answer, most: int | None = None) -> list[list[str]]:
    """Return many portfolios as rows of texts, those that are best most often first.

    Parameters
    ----------
    answer
        Of a run.
    most
        Portfolios at most; a last row then says how many more there are. All by default.
    """
    summary, best = answer.summary, answer.best
    names = list(best.names if best else summary.portfolios)
    shown = names
    if most is not None and len(names) > most:
        pair = answer.comparisons[0] if answer.comparisons else None
        told = dict.fromkeys((pair.a, pair.b) if pair else ())
        chosen = list(dict.fromkeys((*told, *names)))[: most - 1]
        shown = [name for name in names if name in chosen]
    measures = summary.table(HEADLINE_OF_MANY, words=True)
    heads = [row[0] for row in measures.texts()]
    cells = {column.name: column.texts() for column in measures.columns[1:]}
    shares = {name: [cell(best.shares[name])] for name in shown} if best else {}
    rows = [[name, *shares.get(name, []), *cells[name]] for name in shown]
    if len(shown) < len(names):
        rows.append([f"and {len(names) - len(shown)} more", *[""] * (len(rows[0]) - 1)])
    return [["", *([BEST] if best else []), *heads], *rows]


#: Heading of how often a portfolio has the highest ROI.
BEST = "highest ROI"


def as_text(rows: list[list[str]], width: int | None = None) -> str:
    """Return a table as wide as its numbers need.

    Parameters
    ----------
    rows
        Of texts; labels come first.
    width
        Characters of a line; what is wider goes on in a block below, under its labels again.
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    blocks: list[list[int]] = [[]]
    for column in range(1, len(widths)):
        room = widths[0] + sum(2 + widths[k] for k in (*blocks[-1], column))
        if width is not None and blocks[-1] and room > width:
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(
        "\n".join(
            "  ".join([row[0].ljust(widths[0]), *(row[k].rjust(widths[k]) for k in block)]).rstrip()
            for row in rows
        )
        for block in blocks
    )


def basis(answer: Answer) -> str:
    """Return what the figures of a run rest on."""
    return (
        f"{counted(int(answer.attrs['worlds']), 'world')}, seed {answer.attrs['seed']}; "
        "± is one Monte Carlo standard error, * has none (heavy tail)."
    )


@dataclass(frozen=True)
class Shown:
    """A run as `show` returns it.

    Attributes
    ----------
    answer
        Figures, comparisons, sentences, warnings.
    dataset
        The worlds.
    """

    answer: Answer
    dataset: xr.Dataset

    def __repr__(self) -> str:
        """Return what `sim run` prints."""
        notes = [f"Note: {warning}" for warning in self.answer.warnings]
        table = as_text(headline_table(self.answer))
        return "\n".join(
            [self._title, "", table, "", *self.answer.sentences, *notes, "", basis(self.answer)]
        )

    def _repr_html_(self) -> str:
        """Return answer, chart and table for a notebook."""
        head, *rows = headline_table(self.answer)
        first, *rest = self.answer.sentences
        notes = [f"Note: {warning}" for warning in self.answer.warnings]
        return (
            f"<div><h3>{escape(self._title)}</h3><p><b>{escape(first)}</b></p>"
            f"{self._chart()}{table(head, rows, basis(self.answer))}"
            f"{paragraphs(rest)}{paragraphs(notes, small=True)}</div>"
        )

    @property
    def _title(self) -> str:
        return str(self.answer.attrs.get("title") or self.answer.attrs["experiment"])

    def _chart(self) -> str:
        """Return the distributions of ROI as SVG within the page."""
        from .charts import Run, alt_text, plot_roi
        from .charts.theme import LIGHT, styled

        ax = plot_roi(Run(self.dataset, self.answer.summary))
        stream, figure = io.StringIO(), ax.get_figure(root=True)
        assert figure is not None
        with styled(LIGHT):
            figure.savefig(stream, format="svg", metadata={"Date": None})
        drawing = stream.getvalue()[stream.getvalue().index("<svg") :]
        label = f'<svg role="img" aria-label="{escape(alt_text(ax))}"'
        return re.sub(r"^<svg", lambda _: label, drawing)


def show(run: xr.Dataset | str | Path) -> Shown:
    """Return a run such that a notebook shows its answer, a chart and the comparison table.

    Parameters
    ----------
    run
        What `sim.simulate` returned, or a run's folder.

    Raises
    ------
    FileNotFoundError
        Where the folder holds no run.

    Examples
    --------
    >>> import sim
    >>> experiment = sim.load("experiments/micro_vs_macro.toml", worlds=2_000)
    >>> sim.show(sim.simulate(experiment)).answer.summary.worlds
    2000
    """
    dataset = load_results(run) if isinstance(run, str | Path) else run
    return Shown(read_answer(dataset), dataset)
