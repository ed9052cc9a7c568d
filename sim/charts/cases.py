"""Charts of tornados, scenarios and audits, from the JSON saved beside their run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..text.numbers import brief, counted, from_saved
from .audit import plot_audit
from .rows import AuditRow
from .scenarios import RoiRange, plot_scenarios

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = Mapping[str, Any]

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
