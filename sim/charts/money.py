"""Where the money comes from and where it goes: waterfall, payback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..results import cost_by_component
from . import titles
from .marks import MIDDLE, hide, note
from .paper import paper
from .run import Run, as_run, decision
from .theme import Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SMALLEST = 0.01
"""Costs below this share of the largest bar are drawn together as other costs."""


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, USD: from `start` to `end`; a total starts at 0."""

    label: str
    start: float
    end: float
    total: bool = False


def waterfall(revenue: float, contribution: float, costs: dict[str, float]) -> list[Step]:
    """Return the steps from revenue through contribution and costs to profit.

    Parameters
    ----------
    revenue, contribution : float
        Means over the worlds, USD.
    costs : dict of str to float
        Mean cost by component, USD; zeros are left out, small ones put together.
    """
    least = SMALLEST * max(revenue, contribution, *costs.values(), 0.0)
    paid = {name: cost for name, cost in costs.items() if cost > 0}
    large = {name: paid[name] for name in paid if paid[name] >= least}
    other = sum(paid.values()) - sum(large.values())
    if other:
        large["other costs"] = other
    steps = [
        Step("revenue", 0.0, revenue, total=True),
        Step("goods, returns,\nwould buy anyway", revenue, contribution),
        Step("contribution", 0.0, contribution, total=True),
    ]
    left = contribution
    for name, cost in sorted(large.items(), key=lambda item: -item[1]):
        steps.append(Step(name.replace("_", " "), left, left - cost))
        left -= cost
    return [*steps, Step("profit", 0.0, left, total=True)]


def plot_waterfall(
    data: xr.Dataset | Run,
    ax: Axes | None = None,
    *,
    portfolio: str | None = None,
    theme: Theme | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Axes:
    """Draw where a portfolio's money comes from and where it goes, in means over the worlds.

    Parameters
    ----------
    data : xarray.Dataset or Run
        Results of a run.
    ax : Axes, optional
        Where to draw; a new figure by default.
    portfolio : str, optional
        By default the first of the experiment's decision.
    theme, title, subtitle
        See `plot_roi`.
    """
    run = as_run(data)
    name = portfolio or (decision(run.ds) or run.names)[0]
    summary = run.summary("revenue_mean", "contribution_mean", "profit_mean", "profit_median")[name]
    costs = cost_by_component(run.ds).sel(portfolio=name).mean("sim")
    steps = waterfall(
        summary["revenue_mean"].value or 0.0,
        summary["contribution_mean"].value or 0.0,
        {
            str(key): float(cost)
            for key, cost in zip(costs["component"].values, costs.values, strict=True)
        },
    )
    with paper(ax, theme, height=1.75 + 0.38 * len(steps)) as sheet:
        ax, look = sheet.ax, run.looks(theme)[name]
        for k, step in enumerate(steps):
            colour = look.colour if step.total else sheet.theme.muted
            if step.total and step.end < 0:
                colour = sheet.theme.loss
            ax.barh(-k, step.end - step.start, left=step.start, height=0.66, color=colour,
                    gid=f"step {step.label}")  # fmt: skip
            change = step.end - step.start
            text = titles.amount(change, None).removesuffix(" USD")
            right = max(step.start, step.end)
            note(ax, text, (right, -k), (6, 0), ha="left", fontsize=MIDDLE,
                 fontweight="bold" if step.total else "normal")  # fmt: skip
            if k + 1 < len(steps):
                ax.plot([step.end, step.end], [-k - 0.33, -k - 0.67], color=sheet.theme.muted,
                        linewidth=0.8)  # fmt: skip
        ax.axvline(0, color=sheet.theme.ink, linewidth=1)
        ax.set_yticks([-k for k in range(len(steps))], labels=[step.label for step in steps])
        ax.tick_params(axis="y", length=0)
        low, high = (f(end for step in steps for end in (step.start, step.end)) for f in (min, max))
        ax.set_xlim(low - 0.02 * (high - low), high + 0.14 * (high - low))
        ax.xaxis.set_major_formatter(lambda value, _: titles.amount(value).removesuffix(" USD"))
        ax.locator_params(axis="x", nbins=6)
        hide(ax, "left")
        ax.set_xlabel("USD, mean")
        found = titles.profit(name, summary["profit_mean"], summary["profit_median"])
        made = f"means over {run.worlds:,} worlds, USD; grey: what is paid or not kept"
        sheet.headline(found if title is None else title, made if subtitle is None else subtitle)
        return ax
