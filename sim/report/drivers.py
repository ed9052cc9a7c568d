"""What drives the answer: swings of single inputs, shares of the variance, worth of knowing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..charts import Swing, headline, plot_tornado
from ..charts.cases import base_of, outcome_of, swings_of
from ..charts.decisions import driven
from ..charts.run import Run
from ..figures.spec import Bars, Figure, Format, Series, Table
from ..measures.format import percent, percent_with_error, usd
from ..measures.wording import TOLD_APART
from .saved import Saved, cell_of, error, form_of, text_of, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..charts.theme import Theme

#: Bars of a slide.
MOST = 8


def swings(saved: Saved, _run: Run) -> Figure:
    """Return which input moves the outcome most."""
    rows = swings_of(saved.content)
    if not rows:
        raise ValueError("no input was moved")
    shown, base, outcome = rows[:MOST], base_of(saved.content), outcome_of(saved.content)
    ranked = saved["method"] == "rank"
    unit = "" if ranked else str(saved["base"]["unit"])
    left_out = len(rows) - len(shown)
    more = f"; {left_out} inputs that move less are not shown" if left_out else ""
    how = (
        "Spearman's rank correlation over the worlds of the run"
        if ranked
        else "Each input alone at its 10 % and 90 % point or at the settings written beside the "
        f"bars; base {text_of(unit, base)}"
    )
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(how + more),
        models=(_swing_bars(shown, base, outcome, "number" if ranked else form_of(unit), ranked),),
        method=saved.method(),
        sentences=(saved.sentence,),
        plot=None
        if ranked
        else partial(_tornado, rows=shown, base=base, outcome=outcome, unit=unit),
        tips={}
        if ranked
        else {
            f"{setting} {_two_lines(row.input)}": (
                f"{row.input} at {setting}: {text_of(unit, end)}"
            )
            for row in shown
            for setting, end in zip(row.settings, (row.low, row.high), strict=True)
        },
    )


def _swing_bars(
    rows: Sequence[Swing], base: float, outcome: str, form: Format, ranked: bool
) -> Bars:
    back = rows[::-1]
    low = Series("low setting", tuple(row.low for row in back), "muted", 1,
                 labels=tuple(row.settings[0] for row in back))  # fmt: skip
    high = Series(outcome if ranked else "high setting", tuple(row.high for row in back), "muted",
                  labels=tuple(row.settings[1] for row in back))  # fmt: skip
    names = tuple(row.input for row in back)
    return Bars(names, (high,) if ranked else (low, high), outcome, form=form, horizontal=True,
                start=base)  # fmt: skip


def _tornado(
    theme: Theme,
    ax: Axes | None = None,
    *,
    rows: Sequence[Swing],
    base: float,
    outcome: str,
    unit: str,
) -> Axes:
    drawn = plot_tornado(
        [replace(row, input=_two_lines(row.input)) for row in rows],
        ax,
        base=base,
        outcome=outcome,
        text=lambda amount: text_of(unit, amount),
        theme=theme,
        title="",
        subtitle="",
    )
    if ax is not None:
        # on a narrow sheet the settings beside the bars take a larger share of it
        low, high = drawn.get_xlim()
        drawn.set_xlim(low - 0.3 * (high - low), high + 0.14 * (high - low))
        drawn.locator_params(axis="x", nbins=3)
    return drawn


def _two_lines(name: str) -> str:
    return "\n".join(textwrap.wrap(name, 20))


def shares(saved: Saved, _run: Run) -> Figure:
    """Return where the spread of the outcome comes from."""
    found = driven(saved.content)
    back = found.bars[:MOST][::-1]
    own = [row for row in saved["drivers"] if row["outcome"] == saved["drivers"][-1]["outcome"]]
    parts = [
        f"{percent_with_error(value(row['first_order']), error(row['first_order']))} from "
        f"{row['words']}"
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
    what = found.label[0].upper() + found.label[1:]
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
            cell_of(row["worth"]),
            percent(float(row["changes_choice"])) if row.get("changes_choice") is not None else "",
        )
        for row in known[:MOST]
    ]
    pilots = [
        (
            f"pilot of {row['creators']} creators: {row['line']}",
            f"{cell_of(row['worth'])}, costs {usd(float(row['cost']))}",
            percent(float(row["changes_choice"])),
        )
        for row in saved.content.get("pilots", [])
    ]
    budget = usd(float(saved["budget"]))
    everything = next((row["worth"] for row in known if row["name"] == "beliefs"), None)
    told = f"; to know every doubtful number is {_worth(everything)}" if everything else ""
    return Figure(
        key=saved.key,
        finding=headline(saved.content),
        made=saved.made(
            f"Without knowing more the choice is {saved['best']}{told}. Worth in USD at a budget of "
            f"{budget}, ± one standard error, * none (heavy tail or too few worlds)"
        ),
        models=(
            Table(
                ("what would be known", "worth, USD", "changes the choice in"),
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
        return f"worth about {usd(amount, se)} (no standard error)"
    if amount <= TOLD_APART * se:
        return f"worth less than {usd(max(amount, 0.0) + TOLD_APART * se, se)}"
    return f"worth about {usd(amount, se)}"
