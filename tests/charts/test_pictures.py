"""A few pictures, compared with what was looked at and found good.

They are compared with `pytest tests/charts/test_pictures.py --mpl`, and drawn anew with
`pytest tests/charts/test_pictures.py --mpl-generate-path=tests/charts/baseline`. Words are hidden
and the tolerance is generous, so that they survive another font or renderer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim import charts

same = pytest.mark.mpl_image_compare(
    baseline_dir="baseline", remove_text=True, tolerance=12, style={}, savefig_kwargs={"dpi": 60}
)


def without_words(ax: Axes) -> Figure:
    """Fix the layout, then hide what another font would draw differently."""
    figure = ax.get_figure(root=True)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for text in figure.findobj(Text):
        text.set_visible(False)
    return figure


@same
@pytest.mark.parametrize("plot", [charts.plot_roi, charts.plot_dots, charts.plot_difference])
def test_distributions(plot: Callable[[xr.Dataset], Axes], results: xr.Dataset) -> Figure:
    return without_words(plot(results))


@same
def test_dark(results: xr.Dataset) -> Figure:
    return without_words(charts.plot_exceedance(results, theme=charts.DARK))


@same
def test_break_even() -> Figure:
    x, y = np.linspace(1, 5, 9), np.linspace(2, 12, 8)
    gap = x - y[:, np.newaxis] / 4 - 1
    ax = charts.plot_break_even(
        x, y, gap, a="micro", b="macro", xlabel="x", ylabel="y", se=np.full(gap.shape, 0.2)
    )
    return without_words(ax)
