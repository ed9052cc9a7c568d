"""Results of invented runs, and eyes for what a reader would stumble over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

Results = Callable[..., xr.Dataset]

COMPONENTS = ("fee", "product", "management", "fixed")
MEDIAN_ROAS = {"nano": 12.0, "micro": 7.0, "mid": 4.0, "macro": 2.2, "mega": 1.6}


def invented_results(
    tiers: Mapping[str, tuple[str, ...]], worlds: int, *, seed: int = 1, spread: float = 0.8
) -> xr.Dataset:
    """Make a run with a line for each tier of each portfolio and lognormal outcomes."""
    random = np.random.default_rng(seed)
    lines = [(portfolio, tier) for portfolio, held in tiers.items() for tier in held]
    shared = random.normal(size=worlds)
    score = 0.6 * shared + 0.8 * random.normal(size=(len(lines), worlds))
    level = np.array([MEDIAN_ROAS[tier] for _, tier in lines])[:, np.newaxis]
    quantity = np.stack(
        [np.full((len(lines), worlds), base) for base in (20_000.0, 3_000.0, 200.0, 0.0)], axis=1
    ) * np.exp(0.1 * random.normal(size=(len(lines), 1, worlds)))
    price = np.tile([1.0, 1.0, 10.0, 1.0], (len(lines), 1))
    line_cost = np.einsum("lc,lcs->ls", price, quantity)
    line_revenue = line_cost * level * np.exp(spread * score)
    line_orders = np.round(line_revenue / 70)
    owner = np.array([[portfolio == name for portfolio, _ in lines] for name in tiers], dtype=float)
    cost, revenue = owner @ line_cost, owner @ line_revenue
    contribution = 0.47 * revenue
    by_world = {
        "cost": cost,
        "revenue": revenue,
        "contribution": contribution,
        "profit": contribution - cost,
        "roi": contribution / cost - 1,
        "roas": revenue / cost,
        "tracked_revenue": 0.6 * revenue,
        "impressions": owner @ line_orders * 200,
        "reach": owner @ line_orders * 180,
        "engagements": owner @ line_orders * 25,
        "orders": owner @ line_orders,
    }
    by_world |= {
        name: np.full_like(cost, value)
        for name, value in (
            ("top_creator_share", 0.2),
            ("effective_creators", 8.0),
            ("viral_posts", 1.0),
            ("assets", 0.0),
            ("earned_media_value", 0.0),
        )
    }
    by_line = {
        "line_impressions": line_orders * 200,
        "line_engagements": line_orders * 25,
        "line_orders": line_orders,
    }
    return xr.Dataset(
        {
            **{name: (("portfolio", "sim"), values) for name, values in by_world.items()},
            **{name: (("line", "sim"), values) for name, values in by_line.items()},
            "cost_quantity": (("line", "component", "sim"), quantity),
            "cost_price": (("line", "component"), price),
            "creators": ("portfolio", [10] * len(tiers)),
        },
        coords={
            "portfolio": list(tiers),
            "line": [f"{portfolio}/{tier}" for portfolio, tier in lines],
            "component": list(COMPONENTS),
            "line_portfolio": ("line", [portfolio for portfolio, _ in lines]),
            "line_tier": ("line", [tier for _, tier in lines]),
        },
        attrs={"worlds": worlds, "seed": seed, "sampling": "plain", "groups": 0},
    )


@pytest.fixture(scope="session")
def invented() -> Results:
    """Makes the results of an invented run."""
    return invented_results


@pytest.fixture(scope="session")
def results() -> xr.Dataset:
    """Micro, macro and a mix of both in 4,000 worlds."""
    tiers = {"micro": ("micro",), "macro": ("macro",), "hybrid": ("micro", "macro")}
    return invented_results(tiers, 4_000)


def texts(figure: Figure) -> list[Text]:
    """Return the texts that a reader sees, after one drawing of the figure."""
    figure.draw_without_rendering()
    found = [*figure.texts]
    for ax in figure.axes:
        if not ax.axison:
            continue
        legend = ax.get_legend()
        found += [*ax.texts, *ax.findobj(_is_title), ax.xaxis.label, ax.yaxis.label]
        found += legend.get_texts() if legend else []
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            margin = 1e-6 * (high - low)
            ticks = axis.get_major_ticks()
            found += [t.label1 for t in ticks if low - margin <= t.get_loc() <= high + margin]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _is_title(artist: Artist) -> bool:
    return artist.get_gid() == "title"


def artist(ax: Axes, gid: str) -> Any:
    """Return the one artist with this name."""
    (found,) = [child for child in ax.get_children() if child.get_gid() == gid]
    return found


def stumbles(ax: Axes) -> list[str]:
    """Return what is clipped by the paper's edge, and which texts run into each other."""
    found = []
    figure = ax.get_figure(root=True)
    shown = texts(figure)
    paper = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    for words, box in boxes:
        if box.x0 < -1 or box.y0 < -1 or box.x1 > paper.x1 + 1 or box.y1 > paper.y1 + 1:
            found.append(f"clipped: {words!r}")
    for (words, box), (others, other) in combinations(boxes, 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        tall = min(box.y1, other.y1) - max(box.y0, other.y0)
        if wide > 2 and tall > 3:
            found.append(f"overlap: {words!r} and {others!r}")
    return found


@pytest.fixture(scope="session")
def part() -> Callable[[Axes, str], Any]:
    """Finds the one artist of a chart with a name."""
    return artist


@pytest.fixture(scope="session")
def eyes() -> Callable[[Axes], list[str]]:
    """Sees clipped and overlapping texts."""
    return stumbles
