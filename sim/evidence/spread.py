"""How far sources disagree on a tier's mean: the width of a belief."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.evidence.tables import TIERS, Figure, claims, published

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# quantity -> denominators (for fees: what one fee pays) that may be compared with each other
COMPARABLE = {
    "engagement_rate": ("followers",),
    "conversion_rate": ("engagements",),
    "fee": ("post", "collaboration"),
    "reach_rate": ("followers",),
}


@dataclass(frozen=True)
class SourcePoint:
    """What one source says of one tier: the geometric mean of its figures' midpoints."""

    source: str
    tier: str
    value: float
    figures: tuple[str, ...]


@dataclass(frozen=True)
class TierSpread:
    """Sources on one tier. ``log_sd`` is None with a single source."""

    tier: str
    points: tuple[SourcePoint, ...]
    geometric_mean: float
    log_sd: float | None


@dataclass(frozen=True)
class SourceSpread:
    """Disagreement between sources on one quantity and platform.

    ``common_log_sd`` is the sd of the log of a source's effect on all its tiers,
    ``tier_log_sd`` of what it adds tier by tier; ``common_correlation`` is the first variance
    over the sum of both. ``pooled_log_sd`` is the spread around tier means without that split.
    All are None where too few sources quote too few tiers: ``reason`` says so.
    ``correlation_range`` holds the correlation's extremes when one source at a time is left out.
    ``omitted`` lists figures of the quantity that did not enter, with the reason.
    """

    quantity: str
    platform: str
    tiers: dict[str, TierSpread]
    pooled_log_sd: float | None
    common_log_sd: float | None
    tier_log_sd: float | None
    common_correlation: float | None
    correlation_range: tuple[float, float] | None
    paired_sources: tuple[str, ...]
    omitted: dict[str, str]
    reason: str


def spread_of_sources(quantity: str, platform: str = "instagram") -> SourceSpread:
    """Compare what sources say of each tier.

    Parameters
    ----------
    quantity : str
        ``engagement_rate`` (per follower), ``conversion_rate`` (per engagement), ``fee``
        (USD per post) or ``reach_rate`` (per follower).
    platform : str
        Figures for this platform and for ``any`` enter.

    Returns
    -------
    SourceSpread
        With every number that went in. A figure that restates another source counts as that
        source, so that one measurement quoted three times is one opinion.

    Raises
    ------
    ValueError
        If the quantity has no comparable figures by tier.
    """
    if quantity not in COMPARABLE:
        raise ValueError(f"quantity: must be one of {', '.join(COMPARABLE)} (got {quantity!r})")
    figures = [
        figure
        for figure in (*claims(), *published())
        if figure.quantity == quantity and figure.platform in (platform, "any")
    ]
    omitted = {figure.id: reason for figure in figures if (reason := _reason_to_omit(figure))}
    points = _points([figure for figure in figures if figure.id not in omitted])
    tiers = {tier: _tier_spread(tier, points) for tier in TIERS if _of_tier(tier, points)}
    pooled, common, own, reason = _components(points)
    counted = [point.source for point in points]
    return SourceSpread(
        quantity=quantity,
        platform=platform,
        tiers=tiers,
        pooled_log_sd=pooled,
        common_log_sd=common,
        tier_log_sd=own,
        common_correlation=_share(common, own),
        correlation_range=_leaving_one_out(points),
        paired_sources=tuple(sorted({key for key in counted if counted.count(key) > 1})),
        omitted=omitted,
        reason=reason,
    )


def _reason_to_omit(figure: Figure) -> str:
    if figure.basis not in COMPARABLE[figure.quantity]:
        return f"per {figure.basis}, not comparable"
    if figure.subject not in TIERS:
        return f"{figure.subject} is not a tier"
    if figure.midpoint is None:
        return "bounded on one side only: no midpoint"
    return "" if figure.use == "default" else figure.reason or f"used for {figure.use} only"


def _points(figures: list[Figure]) -> list[SourcePoint]:
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.origin or figure.source, figure.subject), []).append(figure)
    return [
        SourcePoint(source, tier, _geometric_mean([f.midpoint or 0.0 for f in group]), _ids(group))
        for (source, tier), group in groups.items()
    ]


def _ids(figures: list[Figure]) -> tuple[str, ...]:
    return tuple(figure.id for figure in figures)


def _of_tier(tier: str, points: list[SourcePoint]) -> list[SourcePoint]:
    return [point for point in points if point.tier == tier]


def _geometric_mean(values: list[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def _tier_spread(tier: str, points: list[SourcePoint]) -> TierSpread:
    mine = _of_tier(tier, points)
    centre = _geometric_mean([point.value for point in mine])
    squares = sum(math.log(point.value / centre) ** 2 for point in mine)
    log_sd = math.sqrt(squares / (len(mine) - 1)) if len(mine) > 1 else None
    return TierSpread(tier, tuple(mine), centre, log_sd)


def _share(common: float | None, own: float | None) -> float | None:
    if common is None or own is None or common + own == 0:
        return None
    return common**2 / (common**2 + own**2)


def _leaving_one_out(points: list[SourcePoint]) -> tuple[float, float] | None:
    found = []
    for key in sorted({point.source for point in points}):
        _, common, own, _ = _components([point for point in points if point.source != key])
        found.append(_share(common, own))
    known = [value for value in found if value is not None]
    return (min(known), max(known)) if known else None


def _components(
    points: list[SourcePoint],
) -> tuple[float | None, float | None, float | None, str]:
    """Split the disagreement into a source's common effect and a rest per tier.

    Additive model ``log value = tier + source + rest``, tiers fixed, sources random, unbalanced:
    fitting constants (Henderson 1953, method 3). With ``R`` the sum of squares that sources
    explain after tiers, ``s_rest² = SSE / (N - rank)`` and
    ``s_source² = (R - df * s_rest²) / tr(Z' M Z)``, ``M`` the projection off the tiers.
    """
    import numpy as np

    if not points:
        return None, None, None, "no figures"
    values = np.log([point.value for point in points])
    tiers = _indicators([point.tier for point in points])
    sources = _indicators([point.source for point in points])
    both = np.hstack([tiers, sources])
    rank_tiers, rank_both = np.linalg.matrix_rank(tiers), np.linalg.matrix_rank(both)
    within_tiers = _residual(tiers, values)
    free = len(values) - rank_tiers
    if free < 1:
        return None, None, None, "no tier is quoted by two sources"
    pooled = float(np.sqrt(within_tiers @ within_tiers / free))
    left, added = len(values) - rank_both, rank_both - rank_tiers
    if left < 1 or added < 1:
        return pooled, None, None, "no two sources quote the same two tiers"
    rest = _residual(both, values)
    rest_variance = float(rest @ rest) / left
    explained = float(within_tiers @ within_tiers - rest @ rest)
    weight = float(np.sum(_residual(tiers, sources) * sources))
    common_variance = max((explained - added * rest_variance) / weight, 0.0)
    return pooled, math.sqrt(common_variance), math.sqrt(rest_variance), ""


def _indicators(labels: list[str]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(np.array(labels)[:, None] == sorted(set(labels)), dtype=float)


def _residual(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])
