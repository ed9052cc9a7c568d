"""Named creators as read and as believed: the figure that a pick and every page of a roster show."""

from __future__ import annotations

from collections.abc import Sequence

from ..explain import Believed
from ..figures.spec import Bars, Cells, Figure, Series
from ..text.names import capital
from ..text.numbers import counted, percent, plain, whole_percent

_METHOD = (
    "What is known of a creator is heard through the correlations of its inputs (Kalman 1960), so "
    "that a rate measured on few posts is pulled toward its tier and earlier orders tell of all that "
    "makes orders."
)


def believed_figure(people: Sequence[Believed], every: int, name: str = "believed") -> Figure:
    """Return engagement as read and as believed, and a table of what is known of each creator.

    Parameters
    ----------
    people
        Those to show.
    every
        How many the list has.
    name
        Of the figure.
    """
    read = [one for one in people if one.rate_read is not None]
    back = read[::-1]
    rates = Bars(
        tuple(one.name for one in back),
        tuple(
            Series(
                word,
                tuple(getattr(one, field) for one in back),
                tier,
                labels=tuple(percent(getattr(one, field)) for one in back),
            )
            for word, field, tier in (
                ("as read", "rate_read", "muted"),
                ("as believed", "rate_believed", "ink"),
            )
        ),
        "engagement rate",
        form="percent",
        horizontal=True,
    )
    count = counted(every, "creator")
    shown = f"all {count}" if len(people) == every else f"{counted(len(people))} of {count}"
    return Figure(
        name=name,
        finding=_finding(read),
        made=f"{capital(shown)}. Believed: the mean over worlds, given all that is known of a creator "
        "and its tier; known: the share of what differs between creators that is known",
        panels=(rates, _cells(people)) if read else (_cells(people),),
        method=_METHOD,
    )


def _finding(read: Sequence[Believed]) -> str:
    """Say whose engagement is believed to be farthest from what was read."""

    def moved(one: Believed) -> float:
        assert one.rate_read is not None
        return abs((one.rate_believed or one.rate_read) / one.rate_read - 1.0)

    if not read:
        return "Nobody's engagement was measured: each is believed to be as its tier"
    most = max(read, key=moved)
    return (
        f"What was measured counts by its posts: {most.name}, read at {percent(most.rate_read)}, is "
        f"believed at {percent(most.rate_believed)}"
    )


def _cells(people: Sequence[Believed]) -> Cells:
    """Return creators as read and as believed, in as many columns as a slide has room for."""
    rows = [
        (
            one.name,
            ""
            if one.rate_read is None or one.rate_posts is None
            else f"{percent(one.rate_read)} on {plain(one.rate_posts)}",
            percent(one.rate_tier),
            percent(one.rate_believed),
            whole_percent(one.rate_counts),
            one.orders_read,
            plain(one.orders_believed),
            whole_percent(one.orders_counts),
        )
        for one in people
    ]
    head = (
        "creator", "rate as read, on posts", "of its tier", "as believed", "known of it",
        "orders as read", "of a post", "known of them",
    )  # fmt: skip
    return Cells(head, tuple(rows))
