"""Charts of tornados, scenarios and audits, from the JSON saved beside their run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..text.names import short_words
from ..text.numbers import brief, counted, from_saved, scored, writer
from . import findings
from .audit import plot_audit
from .drivers import plot_tornado
from .rows import AuditRow, Swing
from .scenarios import RoiRange, plot_scenarios

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]

# --- Tornado --------------------------------------------------------------------------------------


def tornado(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw what each input does alone, or how it goes with the outcome."""
    del options["tiers"]
    ranked = content["method"] == "rank"
    if ranked:
        if options["title"] is None:
            options["title"] = tornado_headline(content)
        if options["subtitle"] is None:
            sample = f"{counted(content['worlds'], 'world')} of the run"
            options["subtitle"] = f"{sample}, Spearman's rank correlation"
    return plot_tornado(
        swings_of(content),
        ax,
        base=base_of(content),
        outcome=outcome_of(content),
        unit="" if ranked else content["base"]["unit"],
        signed=ranked or content["measure"].startswith("roi"),
        made=f"{counted(content['worlds'], 'world')} at each end",
        **options,
    )


def tornado_parts(content: Content) -> tuple[str, ...]:
    """Return the charts of a tornado: none where nothing is uncertain."""
    return ("",) if content["inputs"] else ()


def tornado_headline(content: Content) -> str:
    """Say which input moves the outcome most."""
    rows = swings_of(content)
    if content["method"] != "rank" or not rows:
        return findings.moves_most(rows, outcome_of(content), _write(content))
    return f"{rows[0].input} goes with the outcome most closely: {scored(rows[0].high)}"


def base_of(content: Content) -> float:
    """Return where the bars of a tornado start."""
    return 0.0 if content["method"] == "rank" else float(content["base"]["value"])


def outcome_of(content: Content) -> str:
    """Return what the bars of a tornado measure."""
    return "rank correlation" if content["method"] == "rank" else str(content["label"])


def swings_of(content: Content) -> list[Swing]:
    """Return the bars of a tornado, longest first."""
    names = short_words({row["input"]: row["words"] for row in content["inputs"]})
    rows = []
    for row in content["inputs"]:
        if content["method"] == "rank":
            rank = row["rank_correlation"]
            settings, ends, se = ("", scored(rank["value"])), (0.0, rank["value"]), rank["se"]
        else:
            settings = (_setting(row["settings"][0]), _setting(row["settings"][2]))
            ends, se = (row["low"]["value"], row["high"]["value"]), row["swing"]["se"]
        if None not in ends:
            rows.append(Swing(names[row["input"]], *ends, settings, se or 0.0))
    return sorted(rows, key=lambda row: -abs(row.high - row.low))


def _write(content: Content) -> Callable[[float], str]:
    return writer(content["base"]["unit"], signed=content["measure"].startswith("roi"))


def _setting(text: str) -> str:
    """Return a setting in few letters: scores of a shock are standard deviations."""
    score = text.startswith("score ")
    return f"{text.removeprefix('score ')} sd" if score else text


# --- Scenarios ------------------------------------------------------------------------------------


def scenario(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw the range of ROI of each portfolio in each scenario."""
    cases = {
        case["scenario"]: {
            name: RoiRange(*(own[measure]["value"] for measure in _ROI))
            for name, own in case["portfolios"].items()
        }
        for case in content["scenarios"]
    }
    if options["title"] is None:
        options["title"] = content["headline"]
    made = f"{counted(content['worlds'], 'world')}, the same in every scenario"
    return plot_scenarios(cases, ax, made=made, **options)


_ROI = ("roi_p05", "roi_median", "roi_p95", "roi_mean")

# --- Audit ----------------------------------------------------------------------------------------


def audit(content: Content, ax: Axes | None, **options: Any) -> Axes:
    """Draw where the cases lie among their own simulated worlds."""
    del options["tiers"]
    rows = [
        AuditRow(
            row["says"],
            row["source"],
            row["worlds_below"][0],
            row["worlds_below"][1],
            f"simulated {brief(from_saved({**row['simulated'], 'unit': row['claimed']['unit']}))}",
        )
        for row in content["claims"]
        if row["worlds_below"]
    ]
    return plot_audit(rows, ax, made=counted(content["worlds"], "world"), **options)


def audit_parts(content: Content) -> tuple[str, ...]:
    """Return the charts of an audit: one where a case has a place among its worlds."""
    return ("",) if any(row["worlds_below"] for row in content["claims"]) else ()


def audit_headline(content: Content) -> str:
    """Count the verdicts."""
    verdicts = [row["verdict"] for row in content["claims"]]
    holds, only, against = (
        verdicts.count(verdict) for verdict in ("holds", "holds only if", "contradicts")
    )
    return (
        f"Of {len(verdicts)} published claims {holds} hold under these assumptions, {only} would "
        f"need another value, {against} contradict another claim"
    )
