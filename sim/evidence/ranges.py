"""Between which figures all that is published on an input lies, and who says the ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .tables import (
    Quoted,
    cite,
    claims,
    derived,
    measured_figure,
    published,
    sources,
)


@dataclass(frozen=True)
class Published:
    """The ends of what is published on an input, in the unit of its key.

    Attributes
    ----------
    low, high : float or None
        None where nothing is said on that side.
    lowest, highest : str
        Citations of the ends.
    witnesses : int
        Independent sources: those that copy each other count once.
    about : str
        What the figures are about: a tier, or more than one.
    """

    low: float | None
    high: float | None
    lowest: str
    highest: str
    witnesses: int
    about: str


#: By input, the quantity of the tables where it has another name, and what makes its unit of theirs.
_QUANTITIES: dict[str, tuple[str, Callable[[float], float]]] = {
    "repeat_value": ("long_term_multiplier", lambda times: times - 1.0),
    "delivery_rate": ("delivered", float),
}
#: Statistics of real posts that speak of an input, with their denominator.
_MEASURED = {
    ("engagement_rate", "followers"): ("engagement_rate_mean", "sponsored_engagement_rate_mean"),
    ("engagement_rate", "impressions"): ("engagement_per_view_mean",),
}
#: Subjects that are another thing than a creator's post, though of the same quantity.
_OTHER = {"gifted", "paid", "brands", "Blueland"}
#: Witnesses from which on a tier is judged by its own figures alone.
_ENOUGH = 2


def published_range(
    name: str, *, tier: str = "", platform: str = "any", basis: str = ""
) -> Published | None:
    """Return between what the published figures on an input lie; None where there are none.

    Parameters
    ----------
    name
        The input, such as ``engagement_rate`` or ``order_value``.
    tier
        Where it is one of a tier: its own figures count, or those of all tiers where fewer than two
        witnesses speak of it.
    platform
        Its platform; figures for ``any`` count, too.
    basis
        Its denominator, where figures of several exist.
    """
    figures = [
        figure
        for figure in _figures(name, basis)
        if figure.platform in (platform, "any")
        and figure.subject not in _OTHER
        and (not basis or figure.basis == basis)
        and (figure.low is not None or figure.high is not None)
    ]
    own = [figure for figure in figures if figure.subject == tier]
    about = tier
    if not tier or len(_witnesses(own)) < _ENOUGH:
        own, about = figures, "all tiers" if tier else ""
    if not own:
        return None
    _, scaled = _QUANTITIES.get(name, ("", float))
    lows = [(scaled(f.low), f.source) for f in own if f.low is not None]
    highs = [(scaled(f.high), f.source) for f in own if f.high is not None]
    if name == "repeat_value":
        lows = []  # a multiplier says how much at most, not that there must be some
    low, high = min(lows, default=None), max(highs, default=None)
    return Published(
        low[0] if low else None,
        high[0] if high else None,
        cite(low[1]) if low else "",
        cite(high[1]) if high else "",
        len(_witnesses(own)),
        about,
    )


def _witnesses(figures: list[Quoted]) -> set[str]:
    return {sources()[figure.source].cluster for figure in figures}


def _figures(name: str, basis: str) -> Iterator[Quoted]:
    quantity, _ = _QUANTITIES.get(name, (name, float))
    yield from (f for f in (*claims(), *published()) if f.quantity == quantity)
    statistics = _MEASURED.get((name, basis), ())
    for row in derived():
        if row.quantity in statistics and row.value is not None and "weak" not in row.note:
            figure = measured_figure(row, name)
            # Views are the impressions of a video.
            yield figure if figure.basis != "views" else _per_impression(figure)


def _per_impression(figure: Quoted) -> Quoted:
    from dataclasses import replace

    return replace(figure, basis="impressions")
