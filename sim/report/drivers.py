"""What drives the answer: swings of single inputs, shares of the variance, worth of knowing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..charts import headline
from ..charts.decisions import driven
from ..charts.run import Run
from ..figures.spec import Bars, Figure, Series, Table
from ..text.names import capital
from ..text.numbers import CURRENCY, cell, from_saved, labelled, money, percent, told
from ..text.verdicts import TOLD_APART
from .saved import Saved, error, value

#: Bars of a slide.
MOST = 8


def shares(saved: Saved, _run: Run) -> Figure:
    """Return where the spread of the outcome comes from."""
    found = driven(saved.content)
    back = found.bars[:MOST][::-1]
    own = [row for row in saved["drivers"] if row["outcome"] == saved["drivers"][-1]["outcome"]]
    parts = [
        f"{told(from_saved(row['first_order']))} from {row['words']}"
        for row in own
        if row["kind"] == "group" and row["input"] in {"beliefs", "shocks"}
    ]
    alone = Series("alone", tuple(bar.inner for bar in back), "ink")
    total = Series(
        "with interactions" if found.percents else found.label,
        tuple(bar.value for bar in back),
        "muted",
        1,
        errors=tuple(bar.se for bar in back),
        labels=tuple(bar.text for bar in back),
    )
    what = capital(found.label)
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(f"{what} of {found.outcome}, two standard errors", "; ".join(parts)),
        models=(
            Bars(
                tuple(bar.name for bar in back),
                (alone, total) if found.percents else (total,),
                found.label,
                form="percent" if found.percents else "number",
                horizontal=True,
            ),
        ),
        method=saved.method(
            "First-order and total Sobol' indices by pick-freeze (Saltelli et al. 2010)."
            if found.percents
            else ""
        ),
        sentences=(saved.sentence,),
    )


def information(saved: Saved, _run: Run) -> Figure:
    """Return what it is worth to know more before choosing."""
    known = [row for row in saved["known"] if row["learnable"]]
    known.sort(key=lambda row: -value(row["worth"]))
    rows = [
        (
            str(row["words"]),
            cell(from_saved(row["worth"])),
            percent(float(row["changes_choice"])) if row.get("changes_choice") is not None else "",
        )
        for row in known[:MOST]
    ]
    pilots = [
        (
            f"pilot of {row['creators']} creators: {row['line']}",
            f"{cell(from_saved(row['worth']))}, costs {money(float(row['cost']))}",
            percent(float(row["changes_choice"])),
        )
        for row in saved.content.get("pilots", [])
    ]
    budget = money(float(saved["budget"]))
    everything = next((row["worth"] for row in known if row["name"] == "beliefs"), None)
    told = f"; to know every doubtful number is {_worth(everything)}" if everything else ""
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(
            f"Without knowing more the choice is {saved['best']}{told}. Worth in {CURRENCY} at a budget of "
            f"{budget}, ± one standard error, * none (heavy tail or too few worlds)"
        ),
        models=(
            Table(
                ("what would be known", labelled("worth", CURRENCY), "changes the choice in"),
                (*rows, *pilots),
                notes=saved.notes,
            ),
        ),
        method=saved.method("Expected value of (partial) perfect and of sample information."),
        sentences=(saved.sentence,),
    )


def _worth(entry: Mapping[str, Any]) -> str:
    """Word a worth by what its error carries."""
    amount, se = value(entry), error(entry)
    if se is None:
        return f"worth about {money(amount, se)} (no standard error)"
    if amount <= TOLD_APART * se:
        return f"worth less than {money(max(amount, 0.0) + TOLD_APART * se, se)}"
    return f"worth about {money(amount, se)}"
