"""Charts of answers about drivers, knowledge, numbers and mixes, as files beside the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .asking import Answer

if TYPE_CHECKING:
    import xarray as xr


def charts_of(answer: Answer, run: xr.Dataset) -> Callable[[Path], None]:
    """Return what draws an answer: PNG and SVG of each of its charts, by the tiers of its run."""

    def draw(stem: Path) -> None:
        from ..charts.decisions import plot_decision
        from ..charts.run import portfolio_tiers
        from ..charts.theme import save
        from ..folders import file_in_place

        axes = plot_decision(answer.to_dict(), tiers=portfolio_tiers(run))
        for word, ax in axes.items():
            figure = ax.get_figure(root=True)
            assert figure is not None
            for kind in ("png", "svg"):
                name = f"{stem.name}_{word}" if word else stem.name
                with file_in_place(stem.with_name(f"{name}.{kind}")) as temporary:
                    save(figure, temporary)
                figure.set_layout_engine("none")  # laid out once, by the first file

    return draw
