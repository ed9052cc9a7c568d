"""When the answer flips: ties along an input, sweeps, scenarios, and where the choice is wrong."""

from __future__ import annotations

from ..charts import headline
from ..charts.run import Run
from ..figures.spec import (
    Bars,
    Figure,
    Series,
    Values,
)
from ..text.numbers import (
    from_saved,
    percent,
    told,
)
from .saved import Saved, error, value


def regions(saved: Saved, _run: Run) -> Figure:
    """Return in which circumstances the choice is wrong."""
    inside, overall = saved["density"], saved["losing"]
    a, b = str(saved["a"]), saved.content.get("b")
    what = f"{a} loses to {b}" if b else f"{a} loses money"
    entries = (overall, inside)
    values: Values = tuple(value(entry) for entry in entries)
    texts = tuple(percent(value(entry), error(entry)) for entry in entries)
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(
            f"Share of worlds in which {what}; the region holds "
            f"{told(from_saved(saved['mass']))} of worlds and "
            f"{told(from_saved(saved['coverage']))} of the "
            "losses",
            "Lines: two standard errors",
        ),
        models=(
            Bars(
                ("in all worlds", "in the region"),
                (
                    Series(
                        what,
                        values,
                        "loss",
                        errors=tuple(error(entry) for entry in entries),
                        labels=texts,
                    ),
                ),
                f"worlds in which {what}",
                horizontal=True,
            ),
        ),
        method=saved.method("The region is a box found by patient rule induction (Friedman and "
                            "Fisher 1999) in one half of the worlds and judged in the other."),
        sentences=(saved.sentence,),
    )  # fmt: skip
