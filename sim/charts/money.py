"""Where the money comes from and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..measures.evaluate import Measured
from ..run.dataset import line_costs
from ..text.currency import currency
from ..text.names import spoken
from ..text.numbers import counted, money, tick
from . import titles
from .marks import MIDDLE, hide, note
from .paper import paper
from .run import Run, as_run, decision, in_its_currency
from .theme import Theme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MEANS = ("revenue_mean", "contribution_mean", "cost_mean")
SMALLEST = 0.01
"""Costs below this share of the largest bar are drawn together as other costs."""


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, USD: from `start` to `end`; a total starts at 0.

    `se` is the standard error that its printed digits respect; None for an unknown one.
    """

    label: str
    start: float
    end: float
    se: float | None
    total: bool = False

    @property
    def change(self) -> float:
        """What the bar adds, USD."""
        return self.end - self.start


def waterfall(
    means: Mapping[str, Measured], components: Mapping[str, float], repeats: float = 0.0
) -> list[Step]:
    """Return the steps from revenue through contribution and costs to profit.

    Parameters
    ----------
    means : mapping of str to Measured
        ``revenue_mean``, ``contribution_mean`` and ``cost_mean``, USD.
    components : mapping of str to float
        Mean cost by component, USD; zeros are left out, small ones put together.
    repeats : float
        Mean contribution of repeat purchases, USD: a bar of its own.
    """
    revenue, contribution, cost = (means[key] for key in MEANS)
    income, kept = revenue.value or 0.0, contribution.value or 0.0
    least = SMALLEST * max(income, kept, *components.values(), 0.0)
    large = {name: paid for name, paid in components.items() if paid > 0 and paid >= least}
    other = sum(components.values()) - sum(large.values())
    paid = dict(sorted(large.items(), key=lambda item: -item[1]))
    if other > 0:
        paid["other costs"] = other
    steps = [
        Step("revenue", 0.0, income, revenue.se, total=True),
        Step("goods, returns,\nwould buy anyway", income, kept - repeats, revenue.se),
        *([Step("repeat purchases", kept - repeats, kept, contribution.se)] if repeats else []),
        Step("contribution", 0.0, kept, contribution.se, total=True),
    ]
    left = kept
    for name, spent in paid.items():
        steps.append(Step(spoken(name), left, left - spent, cost.se))
        left -= spent
    return [*steps, Step("profit", 0.0, left, contribution.se, total=True)]


def mean_repeats(run: Run, portfolio: str) -> float:
    """Return the mean contribution of a portfolio's repeat purchases, USD; 0 where none count."""
    if "repeat_contribution" not in run.ds:
        return 0.0
    return float(run.ds["repeat_contribution"].sel(portfolio=portfolio).mean())


def between(repeats: float) -> str:
    """Return what stands between the totals of a waterfall, in words."""
    return "what is paid or not kept" + (", or bought again" if repeats else "")


@in_its_currency
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
    summary = run.summary(*MEANS, "profit_mean", "profit_median")[name]
    costs = line_costs(run.ds, run.ds["line_portfolio"].values == name).mean(axis=1)
    by_name = zip(run.ds["component"].values.tolist(), costs.tolist(), strict=True)
    repeats = mean_repeats(run, name)
    steps = waterfall(summary, dict(by_name), repeats)
    with paper(ax, theme, height=1.75 + 0.38 * len(steps)) as sheet:
        ax, look = sheet.ax, run.looks(theme)[name]
        for k, step in enumerate(steps):
            colour = look.colour if step.total else sheet.theme.muted
            if step.total and step.end < 0:
                colour = sheet.theme.loss
            ax.barh(
                -k,
                step.change,
                left=step.start,
                height=0.66,
                color=colour,
                gid=f"step {step.label}",
            )
            text = money(step.change, step.se, unit=False)
            right = max(step.start, step.end)
            note(
                ax,
                text,
                (right, -k),
                (6, 0),
                ha="left",
                fontsize=MIDDLE,
                fontweight="bold" if step.total else "normal",
            )
            if k + 1 < len(steps):
                ax.plot(
                    [step.end, step.end],
                    [-k - 0.33, -k - 0.67],
                    color=sheet.theme.muted,
                    linewidth=0.8,
                )
        ax.axvline(0, color=sheet.theme.ink, linewidth=1)
        ax.set_yticks([-k for k in range(len(steps))], labels=[step.label for step in steps])
        ax.tick_params(axis="y", length=0)
        low, high = (f(end for step in steps for end in (step.start, step.end)) for f in (min, max))
        ax.set_xlim(low - 0.02 * (high - low), high + 0.14 * (high - low))
        ax.xaxis.set_major_formatter(lambda value, _: tick(value, currency()))
        ax.locator_params(axis="x", nbins=6)
        hide(ax, "left")
        ax.set_xlabel(f"{currency()}, mean")
        finding = titles.profit(name, summary["profit_mean"], summary["profit_median"])
        made = f"means over {counted(run.worlds, 'world')}, {currency()}; grey: {between(repeats)}"
        sheet.headline(finding, made, title, subtitle)
        return ax
