"""How far sources disagree on a tier's mean: the width of a belief.

A witness is a cluster of sources (`Source.cluster`): pages that quote or copy each other testify
once, and so do the posts measured here, which enter like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.evidence.tables import (
    TIERS,
    Figure,
    claims,
    derived,
    measured_figure,
    published,
    sources,
)

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
#: quantity -> statistic of `derived.csv` that measures the same thing
MEASURED = {"engagement_rate": "engagement_rate_mean"}


@dataclass(frozen=True)
class Witness:
    """What one cluster of sources says of one tier.

    ``value`` is the geometric mean over its sources of the geometric mean of each one's midpoints.
    """

    cluster: str
    tier: str
    value: float
    figures: tuple[str, ...]


@dataclass(frozen=True)
class TierSpread:
    """Witnesses on one tier.

    ``geometric_mean`` is theirs; ``level`` is the tier's effect once each witness's own level is
    taken out, so that who quotes the tier matters less. ``log_sd`` is None with a single witness.
    """

    tier: str
    witnesses: tuple[Witness, ...]
    geometric_mean: float
    level: float
    log_sd: float | None


@dataclass(frozen=True)
class SourceSpread:
    """Disagreement between witnesses on one quantity and platform.

    ``common_log_sd`` is the sd of the log of a witness's effect on all its tiers,
    ``tier_log_sd`` of what it adds tier by tier; ``common_correlation`` is the first variance
    over the sum of both. ``pooled_log_sd`` is the spread around tier means without that split.
    All are None where too few sources quote too few tiers: ``reason`` says so.
    ``total_log_sd`` is the root of the sum of both variances: the ``sd`` of a belief, whose
    ``common`` is ``common_correlation``. ``correlation_range`` holds the correlation's extremes
    when one witness at a time is left out. ``omitted`` lists figures of the quantity that did not
    enter, with the reason.
    """

    quantity: str
    platform: str
    tiers: dict[str, TierSpread]
    pooled_log_sd: float | None
    common_log_sd: float | None
    tier_log_sd: float | None
    common_correlation: float | None
    correlation_range: tuple[float, float] | None
    paired_witnesses: tuple[str, ...]
    omitted: dict[str, str]
    reason: str

    @property
    def total_log_sd(self) -> float | None:
        """Sd of the log of what a witness says of a tier, common and own together."""
        if self.common_log_sd is None or self.tier_log_sd is None:
            return None
        return math.hypot(self.common_log_sd, self.tier_log_sd)

    @property
    def ratio_log_sd(self) -> float | None:
        """Sd of the log of the ratio of two tiers: what they do not share, twice."""
        return None if self.tier_log_sd is None else math.sqrt(2.0) * self.tier_log_sd


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
        source's, and sources of one cluster count once, so that one measurement quoted three times
        is one opinion. Posts measured here are one witness.

    Raises
    ------
    ValueError
        If the quantity has no comparable figures by tier.
    """
    if quantity not in COMPARABLE:
        raise ValueError(f"quantity: must be one of {', '.join(COMPARABLE)} (got {quantity!r})")
    figures = [
        figure
        for figure in (*claims(), *published(), *_measured(quantity))
        if figure.quantity == quantity and figure.platform in (platform, "any")
    ]
    omitted = {figure.id: reason for figure in figures if (reason := _reason_to_omit(figure))}
    witnesses = _witnesses([figure for figure in figures if figure.id not in omitted])
    levels = _tier_levels(witnesses)
    tiers = {tier: _tier_spread(tier, level, witnesses) for tier, level in levels.items()}
    pooled, common, own, reason = _components(witnesses)
    counted = [witness.cluster for witness in witnesses]
    return SourceSpread(
        quantity=quantity,
        platform=platform,
        tiers=tiers,
        pooled_log_sd=pooled,
        common_log_sd=common,
        tier_log_sd=own,
        common_correlation=_share(common, own),
        correlation_range=_leaving_one_out(witnesses),
        paired_witnesses=tuple(sorted({key for key in counted if counted.count(key) > 1})),
        omitted=omitted,
        reason=reason,
    )


def tier_levels(figures: Iterable[Figure]) -> dict[str, float]:
    """Return the level of each tier by some figures, each witness's own level taken out.

    Figures bounded on one side, of no tier or on another denominator stay out. Same unit as theirs.
    """
    usable = [
        figure
        for figure in figures
        if figure.midpoint is not None
        and figure.subject in TIERS
        and figure.basis in COMPARABLE[figure.quantity]
    ]
    return _tier_levels(_witnesses(usable))


def _reason_to_omit(figure: Figure) -> str:
    if figure.basis not in COMPARABLE[figure.quantity]:
        return f"per {figure.basis}, not comparable"
    if figure.subject not in TIERS:
        return f"{figure.subject} is not a tier"
    if figure.midpoint is None:
        return "bounded on one side only: no midpoint"
    return "" if figure.use == "default" else figure.reason or f"used for {figure.use} only"


def _measured(quantity: str) -> list[Figure]:
    """Return what posts measured here say of the quantity, as figures of a source."""
    rows = (row for row in derived() if row.quantity == MEASURED.get(quantity))
    return [measured_figure(row, quantity) for row in rows]


def _witnesses(figures: list[Figure]) -> list[Witness]:
    by_source: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        by_source.setdefault((figure.origin or figure.source, figure.subject), []).append(figure)
    by_cluster: dict[tuple[str, str], list[list[Figure]]] = {}
    for (source, tier), group in by_source.items():
        by_cluster.setdefault((sources()[source].cluster, tier), []).append(group)
    return [
        Witness(
            cluster,
            tier,
            _geometric_mean([_geometric_mean([f.midpoint or 0.0 for f in own]) for own in groups]),
            _ids([figure for own in groups for figure in own]),
        )
        for (cluster, tier), groups in by_cluster.items()
    ]


def _ids(figures: list[Figure]) -> tuple[str, ...]:
    return tuple(figure.id for figure in figures)


def _geometric_mean(values: list[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def _tier_spread(tier: str, level: float, witnesses: list[Witness]) -> TierSpread:
    mine = [witness for witness in witnesses if witness.tier == tier]
    centre = _geometric_mean([witness.value for witness in mine])
    squares = sum(math.log(witness.value / centre) ** 2 for witness in mine)
    log_sd = math.sqrt(squares / (len(mine) - 1)) if len(mine) > 1 else None
    return TierSpread(tier, tuple(mine), centre, level, log_sd)


def _tier_levels(witnesses: list[Witness]) -> dict[str, float]:
    """Return the tiers' effects in ``log value = tier + witness``, effects of witnesses adding to 0.

    Least squares; where tiers are not tied by witnesses in common, the shortest solution.
    """
    import numpy as np

    if not witnesses:
        return {}
    clusters = _indicators([witness.cluster for witness in witnesses])
    tiers = _indicators([witness.tier for witness in witnesses])
    # coded so that the effects of the witnesses add to zero
    contrasts = clusters[:, :-1] - clusters[:, -1:]
    values = np.log([witness.value for witness in witnesses])
    effects = np.linalg.lstsq(np.hstack([tiers, contrasts]), values, rcond=None)[0]
    names = sorted({witness.tier for witness in witnesses})
    level = dict(zip(names, np.exp(effects[: len(names)]), strict=True))
    return {tier: float(level[tier]) for tier in TIERS if tier in level}


def _share(common: float | None, own: float | None) -> float | None:
    if common is None or own is None or common + own == 0:
        return None
    return common**2 / (common**2 + own**2)


def _leaving_one_out(witnesses: list[Witness]) -> tuple[float, float] | None:
    shares = []
    for key in sorted({witness.cluster for witness in witnesses}):
        _, common, own, _ = _components([each for each in witnesses if each.cluster != key])
        shares.append(_share(common, own))
    known = [value for value in shares if value is not None]
    return (min(known), max(known)) if known else None


def _components(
    witnesses: list[Witness],
) -> tuple[float | None, float | None, float | None, str]:
    """Split the disagreement into a witness's common effect and a rest per tier.

    Additive model ``log value = tier + witness + rest``, tiers fixed, witnesses random, unbalanced:
    fitting constants (Henderson 1953, method 3). With ``R`` the sum of squares that witnesses
    explain after tiers, ``s_rest² = SSE / (N - rank)`` and
    ``s_witness² = (R - df * s_rest²) / tr(Z' M Z)``, ``M`` the projection off the tiers.
    """
    import numpy as np

    if not witnesses:
        return None, None, None, "no figures"
    values = np.log([witness.value for witness in witnesses])
    tiers = _indicators([witness.tier for witness in witnesses])
    clusters = _indicators([witness.cluster for witness in witnesses])
    both = np.hstack([tiers, clusters])
    rank_tiers, rank_both = np.linalg.matrix_rank(tiers), np.linalg.matrix_rank(both)
    within_tiers = _residual(tiers, values)
    free = len(values) - rank_tiers
    if free < 1:
        return None, None, None, "no tier is quoted by two witnesses"
    pooled = float(np.sqrt(within_tiers @ within_tiers / free))
    left, added = len(values) - rank_both, rank_both - rank_tiers
    if left < 1 or added < 1:
        return pooled, None, None, "no two witnesses quote the same two tiers"
    rest = _residual(both, values)
    rest_variance = float(rest @ rest) / left
    explained = float(within_tiers @ within_tiers - rest @ rest)
    weight = float(np.sum(_residual(tiers, clusters) * clusters))
    common_variance = max((explained - added * rest_variance) / weight, 0.0)
    return pooled, math.sqrt(common_variance), math.sqrt(rest_variance), ""


def _indicators(labels: list[str]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(np.array(labels)[:, None] == sorted(set(labels)), dtype=float)


def _residual(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])
