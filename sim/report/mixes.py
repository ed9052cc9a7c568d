"""Which mix: how many creators are enough, and which mix is best for each level of risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..charts.run import Run
from ..charts.titles import listed
from ..measures.format import percent
from .always import roles
from .models import Curve, Curves, Figure, Table
from .saved import Saved, cell_of, error, form_of, text_of, value

_RISKS = {
    "es05": ("roi_es05", "mean ROI of the worst 5 % of worlds"),
    "loss": ("loss_probability", "worlds that lose money (ROI < 0)"),
}
#: Rows of a table on a slide.
MOST = 8


def diversified(saved: Saved, run: Run) -> Figure:
    """Return how the worst worlds improve with the number of creators, and where that ends."""
    measure, words = _RISKS.get(str(saved["risk"]), _RISKS["es05"])
    tiers = roles(run.tiers)
    curves, told, floors = [], [], []
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
            floors.append(f"{name} {percent(level, error(floor), signed=True)}")
        if row.get("enough") is not None:
            told.append(f"{row['enough']} with {name} ({row['hired']} hired)")
    step = f"{100 * float(saved['amount']):g} percentage points"
    finding = (
        f"Another creator moves the worst case by less than {step} beyond {listed(told)}"
        if told
        else saved.short
    )
    high = max(max(curve.y) for curve in curves)
    low = min(min(curve.y) for curve in curves)
    return Figure(
        key=saved.key,
        finding=finding,
        made=saved.made(f"{words[:1].upper()}{words[1:]} by number of creators",
                        f"Dashed: ever more creators ({'; '.join(floors)})" if floors else ""),
        models=(
            Curves(
                tuple(curves),
                "creators (log axis)",
                words,
                x_form="number",
                y_form="signed" if measure.startswith("roi") else "percent",
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
    key, words = _RISKS.get(str(saved["risk"]), _RISKS["es05"])
    mixes = [m for m in saved["mixes"] if m["efficient"]] or list(saved["mixes"])
    best_of_all = [mix["creators"] for mix in mixes]
    alone = [m for m in saved.content.get("alone", []) if m["creators"] not in best_of_all]
    risk = "profit_es05" if key == "roi_es05" else key
    unit = str(mixes[0]["checked"][risk]["unit"])
    points = [
        Curve("best mixes", _all(mixes, risk), _all(mixes, "profit_mean"), "ink", kind="line"),
        Curve("best mixes, points", _all(mixes, risk), _all(mixes, "profit_mean"), "ink",
              kind="points"),
        Curve("one kind alone", _all(alone, risk), _all(alone, "profit_mean"), "muted", 1,
              kind="points"),
    ]  # fmt: skip
    best = max(mixes, key=lambda mix: value(mix["checked"]["profit_mean"]))
    names = _holds(best)
    mean, worst = best["checked"]["profit_mean"], best["checked"][risk]
    axis = "mean profit of the worst 5 % of worlds" if unit.startswith("USD") else words
    finding = (
        f"The search for the highest mean profit ends at {names}: "
        f"{text_of('USD', value(mean), error(mean))}, and "
        + (
            f"{text_of('USD', value(worst), error(worst))} in the worst 5 % of worlds"
            if unit.startswith("USD")
            else f"a loss in {percent(value(worst), error(worst))} of worlds"
        )
    )
    columns = ("profit_mean", "profit_median", risk, "loss_probability")
    heads = ("mean profit", "median profit", axis, "worlds that lose money")
    shown = [*mixes, *sorted(alone, key=lambda m: -value(m["checked"]["profit_mean"]))][:MOST]
    table = Table(
        ("mix of creators", *heads),
        tuple((_holds(mix), *(cell_of(mix["checked"][c]) for c in columns)) for mix in shown),
        notes=("± is one standard error, in worlds that the search did not see",),
    )
    chart = Curves(
        tuple(curve for curve in points if curve.x),
        axis + (", USD" if unit.startswith("USD") else ""),
        "mean profit, USD",
        x_form=form_of(unit) if unit.startswith("USD") else "percent",
        y_form="usd",
    )
    return Figure(
        key=saved.key,
        finding=finding,
        made=(
            f"{int(saved['check_worlds']):,} fresh worlds; limits: {', '.join(saved['limits'])}. "
            "Best mixes joined by a line, each kind of creator alone beside them"
        ),
        models=(chart, table),
        method=saved.method(),
        sentences=(saved.sentence,),
    )


def _all(mixes: list[Any], measure: str) -> tuple[float, ...]:
    return tuple(value(mix["checked"][measure]) for mix in mixes)


def _holds(mix: Mapping[str, Any]) -> str:
    return listed([f"{count} {name}" for name, count in mix["creators"].items()]) or "nobody"
