"""Draw the gallery: run every example and write its picture and its lines into README.md.

Usage: python results/gallery/make.py
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import charts

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

START = """\
import sim
from sim import charts

results = sim.simulate(sim.load("experiments/micro_vs_macro.toml"))
"""


@dataclass(frozen=True)
class Example:
    """A chart: the name of its file, the question it answers, and the lines that make it."""

    name: str
    question: str
    lines: str
    theme: charts.Theme = charts.LIGHT


EXAMPLES = (
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
one_post = sim.build({
    "simulation": {"worlds": 200_000, "seed": 1},
    "portfolio": {"post": {"tier": "micro", "platform": "tiktok", "creators": 1}},
    "tier": {"micro": {"on": {"tiktok": {
        "followers": 50_000, "authentic_share": 1.0, "reach_rate": 0.2, "delivery_rate": 1.0,
    }}}},
    "shocks": {"scale": 0},
    "beliefs": {"engagement_rate": {"sd": 0}, "reach_rate": {"sd": 0}},
})
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

{charts}
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

## Charts that an analysis feeds

Plain arrays and rows in, so that anything can feed them; `sim.charts.rows` documents the shapes.

| question | function | fed with |
|---|---|---|
| Which input moves the outcome most? | `plot_tornado` | `Swing` rows and the base |
| Where does the variance come from? | `plot_variance_split` | `Split` rows |
| What if an input changes? | `plot_sweep` | x, and a `SweepLine` for each portfolio |
| Where does the choice flip? | `plot_break_even` | x, y, the gap of each cell, its standard error |
| How many creators are enough? | `plot_diversification` | `Diversification` curves |
| Which mix brings most for its risk? | `plot_frontier` | `FrontierPoint` rows |
| How much do a few creators bring? | `plot_lorenz` | revenue (creators, worlds) by portfolio |
| When is the money back? | `plot_payback` | profit to date (weeks, worlds) |
| Do published claims fit? | `plot_audit` | `AuditRow` rows |
"""


def main() -> None:
    """Draw all examples and write the page."""
    os.chdir(ROOT)
    scope: dict[str, Any] = {}
    exec(START, scope)  # noqa: S102 - the lines shown are the lines run
    sections = []
    for example in EXAMPLES:
        exec(example.lines.split("\ncharts.save")[0], scope)  # noqa: S102
        ax = scope["ax"]
        charts.save(ax.figure, HERE / f"{example.name}.png", example.theme, dpi=96)
        sections.append(
            f"## {example.question}\n\n![{charts.alt_text(ax)}]({example.name}.png)\n\n"
            f"```python\n{example.lines}\n```\n"
        )
    page = TEXT.format(start=START, charts="\n".join(sections))
    (HERE / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
