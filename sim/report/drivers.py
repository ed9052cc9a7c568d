"""What drives the answer: swings of single inputs, shares of the variance, worth of knowing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..charts import Swing, findings, plot_tornado
from ..charts.run import Run
from ..measures.format import percent, percent_with_error, usd
from ..measures.wording import TOLD_APART
from .models import Bars, Figure, Series, Table
from .saved import Saved, cell_of, error, form_of, text_of, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..charts.theme import Theme

#: Bars of a slide.
MOST = 8


def swings(saved: Saved, _run: Run) -> Figure:
    """Return which input moves the outcome most."""
    base, unit = value(saved["base"]), str(saved["base"]["unit"])
    outcome = _lower(str(saved["outcome"]).removeprefix("The "))
    rows = []
    for row in saved["inputs"]:
        low, high = row["settings"][0], row["settings"][-1]
        if row["low"]["value"] is None or row["high"]["value"] is None:
            continue
        rows.append(
            Swing(
                _brief(str(row["words"])),
                value(row["low"]),
                value(row["high"]),
                (str(low), str(high)),
                error(row["swing"]) or 0.0,
            )
        )
    rows.sort(key=lambda row: -abs(row.high - row.low))
    shown = rows[:MOST]
    if not shown:
        raise ValueError("no input was moved")

    def text(amount: float) -> str:
        return text_of(unit, amount)

    names = tuple(row.input for row in reversed(shown))
    series = (
        Series("low setting", tuple(row.low for row in reversed(shown)), "muted", 1,
               labels=tuple(row.settings[0] for row in reversed(shown))),
        Series("high setting", tuple(row.high for row in reversed(shown)), "muted",
               labels=tuple(row.settings[1] for row in reversed(shown))),
    )  # fmt: skip
    left_out = len(rows) - len(shown)
    more = f"; {left_out} inputs that move less are not shown" if left_out else ""
    return Figure(
        key=saved.key,
        finding=findings.moves_most(shown, outcome, text),
        made=saved.made(
            f"Each input alone at its 10 % and 90 % point or at the settings written beside the "
            f"bars; base {text(base)}{more}"
        ),
        models=(
            Bars(names, series, outcome, form=form_of(unit), horizontal=True, start=base),
        ),
        method=saved.method(),
        sentences=(saved.sentence,),
        plot=partial(_tornado, rows=shown, base=base, outcome=outcome, unit=unit),
        tips={
            f"{setting} {_two_lines(row.input)}": f"{row.input} at {setting}: {text(end)}"
            for row in shown
            for setting, end in zip(row.settings, (row.low, row.high), strict=True)
        },
    )  # fmt: skip


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


def _brief(words: str) -> str:
    """Return the name of an input, short enough to stand beside a bar."""
    return words.removeprefix("belief about ").replace("shock of the ", "shock of ")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def shares(saved: Saved, _run: Run) -> Figure:
    """Return where the spread of the outcome comes from."""
    drivers = [row for row in saved["drivers"] if isinstance(row, Mapping)]
    outcomes = list(dict.fromkeys(str(row["outcome"]) for row in drivers))
    outcome = outcomes[-1]
    own = [row for row in drivers if row["outcome"] == outcome]
    single = [row for row in own if row["kind"] != "group"]
    single.sort(key=lambda row: -value(row["total"]))
    shown = single[:MOST]
    groups = {str(row["input"]): row for row in own if row["kind"] == "group"}
    parts = [
        f"{percent_with_error(value(row['first_order']), error(row['first_order']))} from "
        f"{row['words']}"
        for name, row in groups.items()
        if name in {"beliefs", "shocks"}
    ]
    back = list(reversed(shown))
    scale = str(saved["scale"])
    series = (
        Series(
            "alone",
            tuple(value(row["first_order"]) for row in back),
            "ink",
            errors=tuple(error(row["first_order"]) for row in back),
        ),
        Series(
            "with interactions",
            tuple(value(row["total"]) for row in back),
            "muted",
            1,
            errors=tuple(error(row["total"]) for row in back),
            labels=tuple(percent(value(row["total"]), error(row["total"])) for row in back),
        ),
    )
    return Figure(
        key=saved.key,
        finding=_largest(shown, f"{scale} of {outcome}"),
        made=saved.made(
            f"Shares of the variance of {scale} of {outcome}, two standard errors",
            "; ".join(parts),
        ),
        models=(
            Bars(
                tuple(_brief(str(row["words"])) for row in back),
                series,
                "share of variance",
                horizontal=True,
            ),
        ),
        method=saved.method("First-order and total Sobol' indices by pick-freeze (Saltelli 2010)."
                            if saved["method"] == "sobol" else ""),
        sentences=(saved.sentence,),
    )  # fmt: skip


def _largest(rows: Sequence[Mapping[str, Any]], outcome: str) -> str:
    """Name the largest driver, and those that its errors cannot tell from it."""
    first = rows[0]
    size, spread = value(first["total"]), error(first["total"]) or 0.0
    equal = [
        row
        for row in rows
        if size - value(row["total"]) <= TOLD_APART * (spread + (error(row["total"]) or 0.0))
    ]
    share = percent(size, error(first["total"]))
    if len(equal) == 1:
        return f"{_capital(first['words'])} drives {outcome} most: {share} of its variance"
    names = " and ".join(str(row["words"]) for row in equal[:3])
    return f"{_capital(names)} drive {outcome} most: about {share} of its variance each"


def _capital(text: object) -> str:
    return str(text)[:1].upper() + str(text)[1:]


def information(saved: Saved, _run: Run) -> Figure:
    """Return what it is worth to know more before choosing."""
    known = [row for row in saved["known"] if row["learnable"]]
    known.sort(key=lambda row: -value(row["worth"]))
    shown = known[:MOST]
    rows = [
        (
            str(row["words"]),
            cell_of(row["worth"]),
            percent(float(row["changes_choice"])) if row.get("changes_choice") is not None else "",
        )
        for row in shown
    ]
    pilots = [
        (
            f"pilot of {row['creators']} creators: {row['line']}",
            f"{cell_of(row['worth'])}, costs {usd(float(row['cost']))}",
            percent(float(row["changes_choice"])),
        )
        for row in saved.content.get("pilots", [])
    ]
    everything = next((row["worth"] for row in known if row["name"] == "beliefs"), None)
    finding = saved.short
    if everything is not None:
        finding = (
            f"{_capital(saved['best'])} is the choice; to know every doubtful number first is "
            f"{_worth(everything)} of {usd(float(saved['budget']))}"
        )
    return Figure(
        key=saved.key,
        finding=finding,
        made=saved.made(
            f"Worth in USD at a budget of {usd(float(saved['budget']))}, ± one standard error, "
            "* none (heavy tail or too few worlds)"
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
