"""Every chart that is free from a run, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..measures.comparison import Comparison
from ..measures.summary import Summary
from .difference import plot_difference
from .dots import plot_dots
from .funnel import plot_funnel
from .money import plot_waterfall
from .payback import plot_run_payback, takes_weeks
from .reach import plot_exceedance
from .risk import plot_loss, plot_risk_return
from .roi import plot_roi
from .run import Run
from .theme import LIGHT, Theme, lay_out, save

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Chart:
    """A chart that any run can draw.

    Attributes
    ----------
    name : str
        Of its file.
    question : str
        What it answers.
    plot : callable
        Takes a `Run` and returns the Axes.
    portfolios : int
        Fewest portfolios that it needs.
    fits : callable
        Takes a `Run` and says whether the chart would show something.
    each : bool
        Whether every portfolio has a place of its own in it.
    """

    name: str
    question: str
    plot: Callable[..., Axes]
    portfolios: int = 1
    fits: Callable[[Run], bool] = lambda run: True
    each: bool = False


CHARTS = (
    Chart("roi", "What can happen?", plot_roi, each=True),
    Chart("exceedance", "How likely is at least ...?", plot_exceedance, each=True),
    Chart("difference", "Who wins, and by how much?", plot_difference, portfolios=2),
    Chart("dots", "In how many of 100 worlds?", plot_dots, each=True),
    Chart("loss", "How likely is a loss?", plot_loss, each=True),
    Chart("risk_return", "What is gained for bearing risk?", plot_risk_return, 2, each=True),
    Chart("waterfall", "Where does the money go?", plot_waterfall),
    Chart("funnel", "What does each tier bring for the money?", plot_funnel),
    Chart("payback", "When is the money back?", plot_run_payback, fits=takes_weeks),
)
"""In the order in which a reader meets them."""


def draw(
    dataset: xr.Dataset,
    *,
    charts: Iterable[str] | None = None,
    summary: Summary | None = None,
    comparison: Comparison | None = None,
    portfolios: Sequence[str] | None = None,
    theme: Theme | None = None,
    **options: Any,
) -> dict[str, Axes]:
    """Draw the charts that are free from a run, each in its own figure (`axes.figure`).

    Parameters
    ----------
    dataset : xarray.Dataset
        Results of a run.
    charts : iterable of str, optional
        Names from `CHARTS`; by default all that the run has enough portfolios for.
    summary : Summary, optional
        Where it is known already; its target is drawn.
    comparison : Comparison, optional
        Of the portfolios to decide between, where it is known already.
    portfolios : sequence of str, optional
        Which have a place in charts that show each of them; all by default.
    theme : Theme, optional
        Colours, font and logo.
    **options
        Passed to every chart, such as ``title=""``.

    Returns
    -------
    dict of str to Axes
        By name of the chart.

    Raises
    ------
    ValueError
        For a chart that does not exist.
    """
    run = Run(dataset, summary)
    few = run if portfolios is None else run.only(portfolios)
    return {
        chart.name: plotted(chart, few if chart.each else run, comparison, theme=theme, **options)
        for chart in chosen(charts, run)
    }


def plotted(chart: Chart, run: Run, comparison: Comparison | None = None, **options: Any) -> Axes:
    """Draw a chart of a run; of what compares two portfolios, that of a comparison.

    Parameters
    ----------
    chart, run
        Which, of what.
    comparison
        Of the portfolios to decide between, where it is known already.
    **options
        Passed to the chart.
    """
    if chart.plot is plot_difference and comparison is not None:
        options |= {"a": comparison.a, "b": comparison.b, "comparison": comparison}
    if chart.plot is plot_waterfall and comparison is not None:
        options["portfolio"] = comparison.a
    return chart.plot(run, **options)


def draw_all(
    dataset: xr.Dataset,
    folder: str | Path,
    formats: Sequence[str] = ("png", "svg"),
    *,
    charts: Iterable[str] | None = None,
    summary: Summary | None = None,
    comparison: Comparison | None = None,
    portfolios: Sequence[str] | None = None,
    theme: Theme | None = None,
) -> list[Path]:
    """Draw the charts that are free from a run, and write them into a folder.

    Parameters
    ----------
    dataset : xarray.Dataset
        Results of a run.
    folder : str or Path
        Made if it does not exist; files are named after the charts.
    formats : sequence of str
        Of png, svg, pdf.
    charts, summary, comparison, portfolios, theme
        See `draw`.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = draw(
        dataset,
        charts=charts,
        summary=summary,
        comparison=comparison,
        portfolios=portfolios,
        theme=theme,
    )
    return [
        path
        for name, ax in drawn.items()
        for path in written(ax, folder / name, formats, theme or LIGHT)
    ]


def written(
    ax: Axes, path: Path, formats: Sequence[str] = ("png", "svg"), theme: Theme = LIGHT
) -> list[Path]:
    """Write a chart in some formats, and return the files: a path, with each format's suffix."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    lay_out(figure, theme)
    return [save(figure, path.with_name(f"{path.name}.{kind}"), theme) for kind in formats]


def chosen(names: Iterable[str] | None, run: Run) -> list[Chart]:
    """Return charts by their names; without names, those that a run has something for.

    Raises
    ------
    ValueError
        For a chart that does not exist.
    """
    known = {chart.name: chart for chart in CHARTS}
    if names is None:
        enough = [chart for chart in CHARTS if chart.portfolios <= len(run.names)]
        return [chart for chart in enough if chart.fits(run)]
    wanted = list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"unknown charts: {', '.join(unknown)}; known are {', '.join(known)}")
    return [known[name] for name in wanted]
