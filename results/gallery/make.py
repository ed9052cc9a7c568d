"""Draw the gallery: run every example and write its picture and its lines into README.md.

Usage: python results/gallery/make.py [NAME ...]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import charts

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

#: Pixels to the inch: sharp on screens that have twice the points of a page.
DPI = 160

START = """\
import sim
from sim import charts

experiment = sim.load("experiments/micro_vs_macro.toml")
results = sim.simulate(experiment)
"""


@dataclass(frozen=True)
class Example:
    """A chart: its file, the question it answers, the lines that make it, whose lines they need."""

    name: str
    question: str
    lines: str
    theme: charts.Theme = charts.LIGHT
    needs: str = ""


FREE = (
    Example("roi", "What can happen?", "ax = charts.plot_roi(results)"),
    Example(
        "exceedance", "How likely is at least so much?", "ax = charts.plot_exceedance(results)"
    ),
    Example("difference", "Who wins, and by how much?", "ax = charts.plot_difference(results)"),
    Example("dots", "In how many of 100 worlds?", "ax = charts.plot_dots(results)"),
    Example("loss", "How likely is a loss?", "ax = charts.plot_loss(results)"),
    Example(
        "risk_return", "What is gained for bearing risk?", "ax = charts.plot_risk_return(results)"
    ),
    Example(
        "waterfall",
        "Where does the money go?",
        'ax = charts.plot_waterfall(results, portfolio="micro")',
    ),
    Example(
        "funnel", "What does each tier bring for the money?", "ax = charts.plot_funnel(results)"
    ),
    Example(
        "tail",
        "Are viral posts as rare as in real data?",
        """\
one_post = sim.build(
    {
        "simulation": {"worlds": 200_000, "seed": 1},
        "portfolio": {"post": {"tier": "micro", "platform": "tiktok", "creators": 1}},
        "tier": {
            "micro": {
                "on": {
                    "tiktok": {
                        "followers": 50_000,
                        "authentic_share": 1.0,
                        "reach_rate": 0.2,
                        "delivery_rate": 1.0,
                    }
                }
            }
        },
        "shocks": {"scale": 0},
        "beliefs": {"engagement_rate": {"sd": 0}, "reach_rate": {"sd": 0}},
    }
)
views = sim.simulate(one_post)["line_impressions"].values[0]
ax = charts.plot_tail(
    views / sorted(views)[len(views) // 2],
    charts.observed_tail("tiktok", "micro", "views"),
    name="simulated posts of one creator",
    source="real posts, 2020",
    tier="micro",
)""",
    ),
    Example(
        "payback",
        "When is the money back?",
        """\
pilot = sim.load("experiments/pilot_then_scale.toml", worlds=20_000)
ax = charts.plot_run_payback(sim.simulate(pilot), portfolio="tested")""",
    ),
)

ASKED = (
    Example(
        "tornado",
        "Which input moves the answer most?",
        """\
tornado = sim.tornado(experiment)
ax = tornado.plot(tiers=tiers)""",
    ),
    Example(
        "sensitivity",
        "Which inputs does the outcome hang on, alone and together with others?",
        """\
sensitivity = sim.sensitivity(experiment, run=results)
ax = sensitivity.plot(tiers=tiers)""",
    ),
    Example(
        "variance",
        "Where does the variance come from?",
        "ax = sensitivity.plot(figure=1, tiers=tiers)",
        needs="sensitivity",
    ),
    Example(
        "sweep",
        "What if a price changes?",
        """\
sweep = sim.sweep(experiment, {"tier.macro.fee": "0.25x to 2x in 25 steps"}, run=results)
ax = sweep.plot(tiers=tiers)""",
    ),
    Example(
        "heatmap",
        "Where does the choice flip, in two inputs?",
        """\
fees = {"tier.micro.fee": "0.5x to 4x in 15 steps", "tier.macro.fee": "0.25x to 2x in 15 steps"}
grid = sim.sweep(experiment, fees, run=results)
ax = grid.plot(tiers=tiers)""",
    ),
    Example(
        "breakeven",
        "At which value do the two tie?",
        """\
tie = sim.breakeven(experiment, "tier.macro.fee", run=results)
ax = tie.plot(tiers=tiers)""",
    ),
    Example(
        "scenarios",
        "What if several things change together?",
        """\
prices = sim.load("experiments/cost_sensitivity.toml")
scenarios = sim.scenario(prices)
ax = scenarios.plot()""",
    ),
    Example(
        "diversification",
        "How many creators are enough?",
        """\
diversify = sim.diversify(experiment)
ax = diversify.plot(tiers=tiers)""",
    ),
    Example(
        "worth",
        "What is it worth to know more?",
        """\
worth = sim.worth(experiment, run=results)
ax = worth.plot()""",
    ),
    Example(
        "frontier",
        "Which mix brings most for its risk?",
        """\
mixes = sim.load("experiments/budget_mix.toml")
frontier = sim.frontier(mixes, max=["gifted=60"])
ax = frontier.plot()""",
    ),
    Example(
        "mixes",
        "What do the efficient mixes hold?",
        "ax = frontier.plot(figure=1)",
        needs="frontier",
    ),
    Example(
        "pick",
        "Whom of a list to hire?",
        """\
shortlist = sim.load("experiments/shortlist.toml")
pick = sim.pick(shortlist, 5_000)
ax = pick.plot()""",
    ),
    Example(
        "ceilings",
        "Above which price not?",
        "ax = pick.plot(figure=1)",
        needs="pick",
    ),
    Example(
        "grow",
        "Should the money follow results?",
        """\
programme = sim.load("experiments/growing_programme.toml")
grow = sim.grow(programme)
ax = grow.plot()""",
    ),
    Example(
        "moves",
        "Where does it go?",
        "ax = grow.plot(figure=1)",
        needs="grow",
    ),
    Example(
        "cash",
        "When does money go out, and when does it come in?",
        """\
returning = sim.load("experiments/customers_and_cash.toml")
cash = sim.cash(returning)
ax = cash.plot()""",
    ),
    Example(
        "dashboard",
        "What would the dashboard choose?",
        """\
coded = sim.load("experiments/dashboard.toml")
dashboard = sim.dashboard(coded)
ax = dashboard.plot()""",
    ),
    Example(
        "region",
        "Where does the favourite lose?",
        """\
region = sim.discover(sim.load("experiments/when_does_micro_lose.toml"))
ax = region.plot()""",
    ),
    Example(
        "audit",
        "Do published claims fit?",
        """\
audit = sim.audit(sim.load("experiments/blueland.toml"))
ax = audit.plot(figure=1)""",
    ),
)

LOOK = (
    Example(
        "dark",
        "The same in the dark",
        "ax = charts.plot_roi(results, theme=charts.DARK)\n"
        'charts.save(ax.figure, "roi.svg", charts.DARK)',
        charts.DARK,
    ),
)

TEXT = """\
# Gallery

Every chart is one function: data in, matplotlib `Axes` out. The title is the finding, computed from
the numbers and worded no more firmly than their standard errors allow; the line below says how the
figure was made. All pictures come from real runs; `python results/gallery/make.py` draws them and
writes this page.

```python
{start}
charts.draw_all(results, "charts/")  # everything that is free from a run, as PNG and SVG
```

Each function takes `ax=` to draw into a figure of your own, `theme=`, `title=` and `subtitle=`
(`""` for none); `charts.save(ax.figure, "name.svg")` writes SVG, PNG or PDF that are the same, byte
for byte, each time.

{free}
{asked}
{look}
## Your own colours, font and logo

A TOML file with a table `[theme]`; what it does not name stays as it is. `charts.load_theme("brand.toml")`
reads it, for `theme=`.

```toml
[theme]
mode = "light"        # or "dark"
font = "Inter"        # where it is installed; DejaVu Sans otherwise
logo = "logo.png"     # beside this file; drawn in the upper right corner

[theme.colours]       # tiers, "mixed" portfolios, and what is not a portfolio
micro = "#005F73"
macro = "#CA6702"
mixed = "#94547D"
background = "#FFFDF8"
```

## Charts that want your own numbers

Charts of answers are drawn by these, which are fed with plain arrays and rows (documented beside
them), so that anything can feed them.

| function | |
|---|---|
{others}"""

ASKED_START = """\
# Charts of answers

An analysis returns an answer; its `to_dict()`, which is also what `results/NAME/analysis/` keeps as
JSON, is all that a chart needs.

```python
tiers = charts.Run(results).tiers  # each portfolio in the colour of its tier
```

"""


def main() -> None:
    """Draw the examples and write the page; those named, if any are, and no page."""
    os.chdir(ROOT)
    wanted = set(sys.argv[1:])
    scope: dict[str, Any] = {}
    exec(START + "\ntiers = charts.Run(results).tiers", scope)  # noqa: S102
    parts = {
        "free": "\n".join(_section(example, scope, wanted) for example in FREE),
        "asked": ASKED_START + "\n".join(_section(example, scope, wanted) for example in ASKED),
        "look": "\n".join(_section(example, scope, wanted) for example in LOOK),
    }
    if not wanted:
        page = TEXT
        for name, text in {"start": START, "others": _others(parts.values()), **parts}.items():
            page = page.replace(f"{{{name}}}", text)
        (HERE / "README.md").write_text(page, encoding="utf-8")


def _others(shown: Iterable[str]) -> str:
    """Return a row for each chart that no lines call, with the first line of its docstring."""
    text = "".join(shown)
    rows = []
    for name in charts.__all__:
        if name.startswith("plot_") and f"{name}(" not in text:
            said = (getattr(charts, name).__doc__ or "").splitlines()[0]
            rows.append(f"| `{name}` | {said} |\n")
    return "".join(rows)


def _needing(name: str) -> set[str]:
    """Return the examples whose lines go on from those of another."""
    return {example.name for example in ASKED if example.needs == name}


def _section(example: Example, scope: dict[str, Any], wanted: set[str]) -> str:
    """Run the lines of an example, which are the lines shown; return its part of the page."""
    if wanted and not wanted & {example.name, *_needing(example.name)}:
        return ""
    exec(example.lines.split("\ncharts.save")[0], scope)  # noqa: S102
    ax = scope["ax"]
    charts.save(ax.figure, HERE / f"{example.name}.png", example.theme, dpi=DPI)
    return (
        f"## {example.question}\n\n![{charts.alt_text(ax)}]({example.name}.png)\n\n"
        f"```python\n{example.lines}\n```\n"
    )


if __name__ == "__main__":
    main()
