"""When the money is back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..measures.payback import profit_to_date
from ..text.currency import currency
from ..text.numbers import counted, labelled, tick
from . import findings
from .marks import SMALL, note
from .paper import paper
from .run import Run, as_run, decision, in_its_currency
from .theme import Theme, looks

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


#: Worlds in a fan: more would not move its edges by the width of a line.
_SHOWN = 20_000
#: A fan is drawn from this many weeks on, up to the week when all but this share has come.
_LEAST_WEEKS, _OUTSTANDING = 3, 0.005


def _weeks(run: Run) -> int:
    """Return the weeks until nearly all orders of the slowest line have come."""
    there = run.ds["arrived"].values >= 1.0 - _OUTSTANDING
    return int(np.where(there.any(1), there.argmax(1) + 1, there.shape[1]).max())


def takes_weeks(run: Run) -> bool:
    """Say whether the orders of a run come over weeks."""
    return "arrived" in run.ds and _weeks(run) >= _LEAST_WEEKS


@in_its_currency
def plot_run_payback(
    run: Run | xr.Dataset, ax: Axes | None = None, *, portfolio: str | None = None, **options: Any
) -> Axes:
    """Draw profit to date of a portfolio of a run; the first of the decision by default.

    Parameters
    ----------
    run : Run or xarray.Dataset
        Results of a run.
    ax, **options
        See `plot_payback`.
    portfolio : str, optional
        Its name.
    """
    run = as_run(run)
    pair = decision(run.ds)
    name = portfolio or (pair[0] if pair else run.names[0])
    profit = profit_to_date(run.ds, name, _SHOWN)[: max(_weeks(run), _LEAST_WEEKS)]
    return plot_payback(profit, ax, portfolio=name, tier=run.tiers[name], **options)


def plot_payback(
    profit: npt.ArrayLike,
    ax: Axes | None = None,
    *,
    portfolio: str = "portfolio",
    tier: str | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw profit to date, week by week, as a fan: median, 50 % and 90 % of worlds.

    Parameters
    ----------
    profit : array_like, shape (weeks, worlds)
        Contribution less cost up to the end of each week, USD.
    ax : Axes, optional
        Where to draw; a new figure by default.
    portfolio : str
        Its name, for the title.
    tier : str, optional
        Whose colour the fan has; by default the portfolio's name.
    theme, title, subtitle
        See `plot_roi`.
    """
    values = np.asarray(profit, dtype=np.float64)
    weeks = np.arange(1, values.shape[0] + 1)
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    lowest, low, middle, high, highest = np.quantile(values, levels, axis=1)
    with paper(ax, theme) as sheet:
        ax, look = sheet.ax, looks({portfolio: tier or portfolio}, sheet.theme)[portfolio]
        ax.grid(axis="y")
        for below, above, alpha, gid in (
            (lowest, highest, 0.18, "90 %"),
            (low, high, 0.32, "50 %"),
        ):
            ax.fill_between(
                weeks, below, above, color=look.colour, alpha=alpha, linewidth=0, gid=gid
            )
        ax.plot(weeks, middle, color=look.colour, linewidth=2.6, gid="median")
        bottom = min(float(lowest.min()), 0.0)
        top = max(float(highest.max()), 0.0)
        room = 0.04 * ((top - bottom) or 1.0)
        ax.set_ylim(bottom - room, top + room)
        ax.axhspan(bottom - room, 0, color=sheet.theme.loss, alpha=0.09, linewidth=0)
        ax.axhline(0, color=sheet.theme.loss, linewidth=1.2)
        ax.set_xlim(1, max(2, weeks[-1]))
        note(
            ax,
            "not yet paid back",
            (max(2, weeks[-1]), 0),
            (-4, -3),
            va="top",
            ha="right",
            fontsize=SMALL,
            color=sheet.theme.text(sheet.theme.loss),
        )
        ax.yaxis.set_major_formatter(lambda value, _: tick(value, currency()))
        ax.locator_params(axis="x", integer=True)
        ax.set_xlabel("weeks after the first post")
        ax.set_ylabel(labelled("profit to date", currency()))
        finding = findings.payback(portfolio, values)
        made = f"{counted(values.shape[1], 'world')}; line: median, bands: 50 % and 90 % of worlds"
        sheet.headline(finding, made, title, subtitle)
        return ax
