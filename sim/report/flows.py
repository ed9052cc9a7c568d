"""Where money comes from and goes, and what each portfolio brings for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..charts import plot_funnel, plot_waterfall, titles
from ..charts.funnel import STAGES, funnels
from ..charts.money import MEANS, between, mean_repeats, waterfall
from ..charts.run import Run
from ..figures.spec import Bars, Figure, Series, roles
from ..measures.evaluate import Measured
from ..measures.summary import Summary
from ..run.dataset import line_costs
from ..text.currency import currency
from ..text.names import abridged
from ..text.numbers import counted, plain
from ..text.numbers import money as amount
from .always import METHOD


def money(run: Run, summary: Summary, name: str) -> Figure:
    """Return where a portfolio's money comes from and where it goes."""
    measures = summary[name]
    costs = line_costs(run.ds, run.ds["line_portfolio"].values == name).mean(axis=1)
    by_name = dict(zip(run.ds["component"].values.tolist(), costs.tolist(), strict=True))
    repeats = mean_repeats(run, name)
    steps = waterfall({key: measures[key] for key in MEANS}, by_name, repeats)
    base, totals, up, down, texts = [], [], [], [], []
    for step in steps:
        ends = (step.start, step.end)
        low, high = min(ends), max(ends)
        base.append(low if low > 0 else min(high, 0.0))
        total = step.change if step.total else 0.0
        totals.append(total)
        up.append(0.0 if step.total else max(high, 0.0) - max(low, 0.0))
        down.append(0.0 if step.total else min(low, 0.0) - min(high, 0.0))
        texts.append(amount(step.change, step.se, unit=False))
    tier, repeat = roles(run.tiers)[name]
    labels = tuple(step.label.replace("\n", " ") for step in steps)
    return Figure(
        name="waterfall",
        finding=titles.profit(name, measures["profit_mean"], measures["profit_median"]),
        made=f"Means over {counted(run.worlds, 'world')}, {currency()}. Grey: {between(repeats)}",
        panels=(
            Bars(
                labels,
                (
                    Series("start", tuple(base), "none"),
                    Series(name, tuple(totals), tier, repeat, labels=tuple(
                        text if step.total else ""
                        for text, step in zip(texts, steps, strict=True))),
                    Series("paid or not kept", tuple(up), "muted", labels=tuple(
                        "" if step.total else text
                        for text, step in zip(texts, steps, strict=True))),
                    Series("paid, below zero", tuple(down), "muted", 1),
                ),
                f"{currency()}, mean",
                form="money",
                stacked=True,
            ),
        ),
        method=METHOD
        + " Contribution is revenue x incremental share x (1 - return rate) x gross margin x "
        "(1 + repeat value).",
        plot=partial(plot_waterfall, run, portfolio=name),
        tips={
            f"step {step.label}": f"{step.label.replace(chr(10), ' ')}: {text} {currency()}"
            for step, text in zip(steps, texts, strict=True)
        },
    )  # fmt: skip


#: Most columns beside one another, and longest names below them, in a third of a slide.
_UPRIGHT, _SHORT = 3, 10


def journey(run: Run) -> Figure:
    """Return what each portfolio brings for 1,000 USD: impressions, engagements, orders."""
    drawn = funnels(run.ds)
    named = roles({funnel.name: funnel.tier for funnel in drawn})
    small = []
    tips: dict[str, str] = {}
    for stage in STAGES:
        entries = {funnel.name: funnel.stages[stage] for funnel in drawn}
        small.append(
            Bars(
                tuple(abridged(name, lines=1) for name in entries),
                tuple(
                    _own_bar(name, named[name], entry, list(entries))
                    for name, entry in entries.items()
                ),
                f"{stage} per 1,000 {currency()}",
                horizontal=len(entries) > _UPRIGHT or max(map(len, entries)) > _SHORT,
                form="number",
            )
        )
        tips |= {
            f"bar {stage} {name}": f"{name}: {plain(entry.value, entry.se)} {stage} per 1,000 {currency()}"
            for name, entry in entries.items()
        }
    return Figure(
        name="funnel",
        finding=titles.most_of("orders", {f.name: f.stages["orders"] for f in drawn}),
        made=f"Per 1,000 {currency()} of cost; ratios of means over {counted(run.worlds, 'world')}. Each stage has "
        "its own scale",
        panels=tuple(small),
        method=METHOD + " A run of one portfolio, or of more than five, is told by tier: all lines "
        "of a tier count together.",
        plot=partial(plot_funnel, run),
        tips=tips,
    )


def _own_bar(
    name: str, role: tuple[str, int], entry: Measured, categories: Sequence[str]
) -> Series:
    return Series(
        name,
        tuple(entry.value if other == name else None for other in categories),
        *role,
        errors=tuple(entry.se if other == name else None for other in categories),
        labels=tuple(plain(entry.value, entry.se) if other == name else "" for other in categories),
    )
