"""Charts that analyses feed, on small arrays: what is drawn is what was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from sim import charts
from sim.charts.theme import LIGHT

Part = Callable[[Axes, str], Any]
Eyes = Callable[[Axes], list[str]]

X = np.array([5_000.0, 7_500, 10_000])


def swings(count: int) -> list[charts.Swing]:
    return [
        charts.Swing(f"input {k}", 2 - 0.1 * k, 2.5 + 0.2 * k, ("20 USD", "40 USD"), se=0.01)
        for k in range(count)
    ]


def splits() -> list[charts.Split]:
    return [
        charts.Split("micro", {"beliefs": 0.7, "shocks": 0.25, "creators": 0.05}, {}),
        charts.Split("both", {"beliefs": 0.4, "shocks": 0.2, "creators": 0.4}, {}),
    ]


def sweep_lines() -> dict[str, charts.SweepLine]:
    level = {"micro": np.array([2.0, 2, 2]), "macro": np.array([3.0, 2.2, 1])}
    return {
        name: charts.SweepLine(mean, np.full(3, 0.01), mean - 0.5, mean - 2, mean + 4)
        for name, mean in level.items()
    }


def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.linspace(0.01, 0.05, 5), np.linspace(2_000, 12_000, 6)
    return x, y, 100 * x - y[:, np.newaxis] / 4_000


def curves() -> dict[str, charts.Diversification]:
    n = np.array([1.0, 10, 100])
    return {
        name: charts.Diversification(n, np.sqrt(floor**2 + 1 / n), 0.01 * n**0, floor, 0.001)
        for name, floor in (("micro", 0.3), ("macro", 0.32))
    }


def frontier() -> tuple[list[charts.FrontierPoint], list[charts.FrontierPoint]]:
    line = [
        charts.FrontierPoint(name, mean, risk)
        for name, mean, risk in (("all macro", 0.6, -0.4), ("", 2.0, -0.5), ("all micro", 4, -0.8))
    ]
    return line, [charts.FrontierPoint("both", 1.5, -0.6)]


def claims() -> list[charts.AuditRow]:
    return [
        charts.AuditRow("ROAS 13", "a case", 0.7, 0.7, "median 7.2"),
        charts.AuditRow("ROAS 5 to 8", "a survey", 0.3, 0.55, "median 7.2"),
        charts.AuditRow("conversion 7 %", "a case", 0.97, 0.97, "median 3.6 %"),
    ]


def profits() -> np.ndarray:
    weeks = np.arange(1, 13)[:, np.newaxis]
    return -50_000 + 9_000 * weeks * np.linspace(0.2, 2, 500)


DRAW: dict[str, Callable[..., Axes]] = {
    "tornado": lambda **o: charts.plot_tornado(swings(6), base=2.2, **o),
    "variance": lambda **o: charts.plot_variance_split(splits(), tiers={"both": "mixed"}, **o),
    "sweep": lambda **o: charts.plot_sweep(X, sweep_lines(), label="fee, USD", **o),
    "break even": lambda **o: charts.plot_break_even(
        *grid(), a="micro", b="macro", xlabel="orders per engagement", ylabel="fee, USD", **o
    ),
    "diversification": lambda **o: charts.plot_diversification(curves(), **o),
    "frontier": lambda **o: charts.plot_frontier(*frontier(), tiers={"both": "mixed"}, **o),
    "audit": lambda **o: charts.plot_audit(claims(), **o),
    "payback": lambda **o: charts.plot_payback(profits(), portfolio="micro", **o),
    "tail": lambda **o: charts.plot_tail(
        1 / np.linspace(1, 0, 5_000, endpoint=False),
        charts.observed_tail("tiktok", "all", "views"), **o
    ),
    "lorenz": lambda **o: charts.plot_lorenz(
        {"micro": np.arange(1.0, 41)[:, np.newaxis] ** np.linspace(1, 2, 30)}, **o
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "theme", [pytest.param(LIGHT, id="light"), pytest.param(charts.DARK, id="dark")]
)
@pytest.mark.parametrize("name", list(DRAW))
def test_nothing_is_clipped_and_nothing_overlaps(
    name: str, theme: charts.Theme, eyes: Eyes
) -> None:
    ax = DRAW[name](theme=theme)
    assert eyes(ax) == []
    assert len(charts.alt_text(ax)) > 30
    assert ax.figure.get_facecolor() == pytest.approx(ax.get_facecolor())


@pytest.mark.parametrize("name", list(DRAW))
def test_own_title_in_axes_made_elsewhere(name: str) -> None:
    from matplotlib.figure import Figure

    ax = Figure(layout="constrained").add_subplot()
    assert DRAW[name](ax=ax, title="Ours", subtitle="by hand") is ax
    assert charts.alt_text(ax) == "Ours. by hand"


def test_bars_of_a_tornado_reach_from_the_base_to_the_outcomes(part: Part) -> None:
    ax = charts.plot_tornado(swings(12), base=2.2, made="9 worlds")
    high = part(ax, "40 USD input 11")
    assert high.get_x() == pytest.approx(2.2)
    assert high.get_width() == pytest.approx(2.5 + 0.2 * 11 - 2.2)
    # largest first, ten of twelve
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [f"input {k}" for k in range(11, 1, -1)]
    assert "9 worlds; base: +220 %" in charts.alt_text(ax)
    assert "2 inputs that move less are not shown" in charts.alt_text(ax)


def test_parts_of_the_variance_stand_in_a_row(part: Part) -> None:
    ax = charts.plot_variance_split(splits(), tiers={"both": "mixed"})
    beliefs, creators = part(ax, "beliefs both"), part(ax, "creators both")
    assert beliefs.get_width() == pytest.approx(0.4)
    assert creators.get_x() == pytest.approx(0.6)
    assert to_hex(beliefs.get_facecolor()).upper() == LIGHT.tiers["mixed"]
    shown = [text.get_text() for text in ax.texts]
    assert shown == ["70 %", "25 %", "40 %", "20 %", "40 %"]  # 5 % is too narrow for a number


def test_sweep_lines_are_median_mean_and_band(part: Part) -> None:
    ax = charts.plot_sweep(X, sweep_lines(), label="fee, USD")
    assert part(ax, "mean macro").get_ydata() == pytest.approx([3, 2.2, 1])
    assert part(ax, "median macro").get_ydata() == pytest.approx([2.5, 1.7, 0.5])
    band = part(ax, "band macro").get_paths()[0].get_extents()
    assert (band.y0, band.y1) == pytest.approx((-1, 7))
    assert to_hex(part(ax, "mean macro").get_color()).upper() == LIGHT.tiers["macro"]


def test_the_tie_line_runs_where_the_gap_is_zero() -> None:
    x, y, gap = grid()
    ax = charts.plot_break_even(x, y, gap, a="micro", b="macro", xlabel="x", ylabel="y")
    from matplotlib.contour import QuadContourSet

    (line,) = [child for child in ax.get_children() if isinstance(child, QuadContourSet)]
    points = np.concatenate([path.vertices for path in line.get_paths()])
    assert 100 * points[:, 0] == pytest.approx(points[:, 1] / 4_000)


def test_cells_within_two_errors_are_dotted(part: Part) -> None:
    x, y, gap = grid()
    ax = charts.plot_break_even(
        x, y, gap, a="micro", b="macro", xlabel="x", ylabel="y", se=np.full(gap.shape, 0.3)
    )
    assert len(part(ax, "unsure").get_xdata()) == int((np.abs(gap) <= 0.6).sum())
    colours = ax.collections[0].get_cmap()
    assert to_hex(colours(1.0)).upper() == LIGHT.tiers["micro"]
    assert to_hex(colours(0.0)).upper() == LIGHT.tiers["macro"]


def test_figures_stand_in_the_cells_of_a_small_map() -> None:
    x, y, gap = grid()
    few = slice(None, None, max(1, -(-max(gap.shape) // 9)))
    x, y, gap = x[few], y[few], gap[few, few]
    ax = charts.plot_break_even(x, y, gap, a="micro", b="macro", xlabel="x", ylabel="y")
    written = {text.get_gid(): text.get_text() for text in ax.texts if text.get_gid()}
    assert len([gid for gid in written if gid.startswith("cell")]) == gap.size
    j, i = np.unravel_index(np.argmax(gap), gap.shape)
    assert float(written[f"cell {j} {i}"].replace(",", "")) == pytest.approx(
        100 * gap.max(), rel=0.06
    )


def test_diversification_and_its_floor(part: Part) -> None:
    ax = charts.plot_diversification(curves())
    assert part(ax, "sd micro").get_ydata() == pytest.approx(np.sqrt([1.09, 0.19, 0.1]))
    assert part(ax, "floor micro").get_ydata() == pytest.approx([0.3, 0.3])


def test_frontier_runs_from_risk_to_safety(part: Part) -> None:
    ax = charts.plot_frontier(*frontier(), tiers={"both": "mixed"})
    assert part(ax, "frontier").get_xdata() == pytest.approx([-0.8, -0.5, -0.4])
    assert part(ax, "portfolio both").get_ydata() == pytest.approx([1.5])


def test_claims_stand_among_the_worlds(part: Part) -> None:
    ax = charts.plot_audit(claims())
    assert part(ax, "range 1").get_xdata() == pytest.approx([0.3, 0.55])
    inside, outside = (to_hex(part(ax, f"range {k}").get_color()) for k in (1, 2))
    assert inside == LIGHT.text(LIGHT.gain).lower()
    assert outside == LIGHT.text(LIGHT.loss).lower()


def test_payback_fan_holds_half_and_nine_tenths_of_the_worlds(part: Part) -> None:
    ax = charts.plot_payback(profits(), portfolio="micro")
    assert part(ax, "median").get_ydata() == pytest.approx(np.median(profits(), axis=1))
    for gid, levels in (("90 %", (0.05, 0.95)), ("50 %", (0.25, 0.75))):
        fan = part(ax, gid).get_paths()[0].vertices
        last = fan[fan[:, 0] == 12][:, 1]
        assert (last.min(), last.max()) == pytest.approx(np.quantile(profits()[-1], levels))


def test_the_simulated_tail_is_counted(part: Part) -> None:
    posts = 1 / np.linspace(1, 0, 5_000, endpoint=False)  # P(X >= x) = 1 / x
    ax = charts.plot_tail(posts, charts.observed_tail("tiktok", "all", "views"))
    curve = part(ax, "simulated")
    assert curve.get_ydata() == pytest.approx(1 / curve.get_xdata(), abs=3e-4)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlim()[1] >= 100


def test_a_tail_without_data_can_be_drawn(eyes: Eyes) -> None:
    assert eyes(charts.plot_tail(1 / np.linspace(1, 0, 500, endpoint=False))) == []


def test_lorenz_curve_by_hand(part: Part) -> None:
    revenue = np.repeat([[1.0], [6.0], [3.0]], 4, axis=1)
    ax = charts.plot_lorenz({"macro": revenue}, top=1 / 3)
    assert part(ax, "lorenz macro").get_ydata() == pytest.approx([0, 0.6, 0.9, 1])
    assert charts.alt_text(ax).startswith("The best 33 % of creators bring 60 % of revenue")
