"""Which mix: how many creators are enough, and which mix is best for each level of risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..charts import headline
from ..charts.decisions import best_mixes, hired, risk_of, risk_of_mixes
from ..charts.run import Run
from ..figures.spec import Curve, Curves, Figure, Table, roles
from ..measures import MEASURES
from ..text.names import capital, measure_heading
from ..text.numbers import CURRENCY, FRACTION, Number, brief, cell, counted, from_saved, labelled
from .saved import Saved, error, value

#: Rows of a table on a slide.
MOST = 8


def diversified(saved: Saved, run: Run) -> Figure:
    """Return how the worst worlds improve with the number of creators, and where that ends."""
    measure, words, percents = risk_of(saved.content)
    tiers = roles(run.tiers)
    curves, floors = [], []
    signed = measure == "roi_es05"
    for row in saved["portfolios"]:
        name = str(row["portfolio"])
        points = [p for p in row["points"] if p[measure]["value"] is not None]
        x = tuple(float(p["creators"]) for p in points)
        tier, repeat = tiers.get(name, ("ink", 0))
        curves.append(
            Curve(
                name,
                x,
                tuple(value(p[measure]) for p in points),
                tier,
                repeat,
                y_errors=tuple(error(p[measure]) for p in points),
            )
        )
        floor = row["floor"][measure]
        if floor["value"] is not None:
            level = value(floor)
            curves.append(
                Curve(f"{name}, ever more creators", (1.0, x[-1]), (level, level), tier, repeat,
                      kind="dashed")
            )  # fmt: skip
            unit = FRACTION if percents else ""
            floors.append(f"{name} {brief(Number(level, error(floor), unit), signed=signed)}")
    high = max(max(curve.y) for curve in curves)
    low = min(min(curve.y) for curve in curves)
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(f"{capital(words)} by number of creators",
                        f"Dashed: ever more creators ({'; '.join(floors)})" if floors else ""),
        models=(
            Curves(
                tuple(curves),
                "creators (log axis)",
                words,
                x_form="number",
                y_form=("signed" if signed else "percent") if percents else "number",
                x_range=(1.0, max(curve.x[-1] for curve in curves)),
                y_range=(min(low, 0.0), max(high, 0.0)),
                x_log=True,
            ),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
    )  # fmt: skip


def efficient(saved: Saved, _run: Run) -> Figure:
    """Return the mixes that bring most for each level of risk."""
    risk, axis = risk_of_mixes(saved.content)
    mixes = best_mixes(saved.content)
    best_of_all = [mix["creators"] for mix in mixes]
    alone = [m for m in saved.content.get("alone", []) if m["creators"] not in best_of_all]
    points = [
        Curve("best mixes", _all(mixes, risk), _all(mixes, "profit_mean"), "ink", kind="line"),
        Curve("best mixes, points", _all(mixes, risk), _all(mixes, "profit_mean"), "ink",
              kind="points"),
        Curve("one kind alone", _all(alone, risk), _all(alone, "profit_mean"), "muted", 1,
              kind="points"),
    ]  # fmt: skip
    columns = dict.fromkeys(("profit_mean", "profit_median", risk, "loss_probability"))
    shown = [*mixes, *sorted(alone, key=lambda m: -value(m["checked"]["profit_mean"]))][:MOST]
    table = Table(
        ("mix of creators", *(labelled(measure_heading(c), MEASURES[c].unit) for c in columns)),
        tuple(
            (hired(mix), *(cell(from_saved(mix["checked"][c])) for c in columns)) for mix in shown
        ),
        notes=("± is one standard error, in worlds that the search did not see",),
    )
    chart = Curves(
        tuple(curve for curve in points if curve.x),
        axis,
        labelled("mean profit", CURRENCY),
        x_form="percent" if risk == "loss_probability" else "money",
        y_form="money",
    )
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=(
            f"{counted(int(saved['check_worlds']), 'fresh world')}; limits: {', '.join(saved['limits'])}. "
            "Best mixes joined by a line, each kind of creator alone beside them"
        ),
        models=(chart, table),
        method=saved.method(),
        sentences=(saved.sentence,),
    )


def _all(mixes: Sequence[Any], measure: str) -> tuple[float, ...]:
    return tuple(value(mix["checked"][measure]) for mix in mixes)
