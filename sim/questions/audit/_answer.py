"""Published claims beside the model, as an answer: verdicts, and the words for them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ...charts.rows import AuditRow as Placed
from ...figures.spec import Bars, Cells, Figure, Series
from ...tables.table import Table, from_records, from_texts
from ...text.numbers import FRACTION, Number, brief, cell, counted, from_to
from ..question import Answer, absent

Verdict = Literal["holds", "holds only if", "contradicts"]

#: Verdicts from the bottom of the chart up, each with its colour.
VERDICTS = (("contradicts", "loss"), ("holds only if", "muted"), ("holds", "gain"))
#: Claims of the table on a slide.
MOST = 8
#: Longest ground of a verdict that a cell takes.
_LONGEST = 170
#: A row of the evidence by its name, with what it says; readers know the source, not the name.
_BY_NAME = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+ \(((?:[^()]|\([^()]*\))*)\)")
_SAYS = r"\1"
_NO_FIGURE = "–"
_METHOD = (
    "A claim contradicts others where both cannot be true, whatever the model says; else it holds "
    "where the simulated figure meets it, or holds only if a parameter had the value named. No "
    "assumption is adjusted so that a claim passes."
)


@dataclass(frozen=True)
class Claimed:
    """What is claimed: a range, its ends None where open."""

    low: float | None
    high: float | None
    unit: str

    @property
    def words(self) -> str:
        """The range as a cell."""
        low = -math.inf if self.low is None else self.low
        return from_to(low, math.inf if self.high is None else self.high)


@dataclass(frozen=True)
class Simulated:
    """What the model gives.

    Attributes
    ----------
    value, se
        The figure, None where there is none, and its Monte Carlo standard error; 0 where it is
        exact.
    reason
        Why there is no error.
    """

    value: float | None
    se: float | None
    reason: str | None = Field(default=None, exclude_if=absent)


@dataclass(frozen=True)
class WouldTake:
    """A value that a parameter would need for a claim to hold; see `required.Need`."""

    parameter: str
    low: float | None
    high: float | None
    now: float | None
    unit: str
    is_median: bool


@dataclass(frozen=True)
class Claim:
    """One published claim, checked.

    Attributes
    ----------
    id, source, says
        Name of the row, the source's short citation, the claim in words.
    claims
        Rows of the evidence that it rests on.
    claimed
        What is claimed.
    simulated
        What the model gives; for a claim about a key of the experiment, its value there. None
        where the model has no such quantity: then the claim is held against other claims alone.
    worlds_below
        For a case: shares of its simulated worlds below the ends of the claim.
    verdict
        One of three.
    contradicts
        Rows of the evidence that cannot be true together with it.
    what_it_would_take
        For `holds only if`: what it would take, the first needs first.
    because
        What the verdict rests on, in words.
    by_construction
        The key whose packaged default was made of it, so that it cannot fail; None where there is
        none.
    witnesses, beside, witnesses_beside
        Clusters of sources that say the same; other rows about the same thing, and the clusters
        behind those.
    note
        From the data file.
    """

    id: str
    source: str
    says: str
    claims: tuple[str, ...]
    claimed: Claimed
    simulated: Simulated | None
    worlds_below: tuple[float, float] | None
    verdict: Verdict
    contradicts: tuple[str, ...]
    what_it_would_take: tuple[WouldTake, ...]
    because: str
    by_construction: str | None
    witnesses: int
    beside: tuple[str, ...]
    witnesses_beside: int
    note: str

    @property
    def number(self) -> Number | None:
        """What the model gives, as it is written."""
        if self.simulated is None:
            return None
        one = self.simulated
        return Number(one.value, one.se, self.claimed.unit, one.reason)

    @property
    def has_ground(self) -> bool:
        """Whether more is to be said of its verdict than where the figure lies."""
        return self.verdict != "holds" or self.by_construction is not None

    def to_row(self) -> dict[str, Any]:
        """Return the claim as a tidy row; what the model does not have is None."""
        return {
            "id": self.id,
            "says": self.says,
            "source": self.source,
            "claimed": self.claimed.words,
            "simulated": self.simulated and self.simulated.value,
            "se": self.simulated and self.simulated.se,
            "unit": self.claimed.unit,
            "verdict": self.verdict,
            "because": self.because,
        }


@dataclass(frozen=True)
class Listed:
    """A figure that is no claim: it has a reason in place of a verdict."""

    id: str
    source: str
    claimed: Claimed
    reason: str
    simulated: None = None
    verdict: None = None


@dataclass(frozen=True)
class Audit(Answer):
    """All claims, and the figures that are none.

    Attributes
    ----------
    worlds
        Worlds behind each simulated figure.
    claims
        The claims, checked.
    listed
        Figures that are neither checked nor used, each with its reason.
    """

    question: ClassVar[str] = "audit"

    worlds: int
    claims: tuple[Claim, ...]
    listed: tuple[Listed, ...]

    def __getitem__(self, name: str) -> Claim:
        """Return a claim by its id."""
        return next(claim for claim in self.claims if claim.id == name)

    def _counts(self) -> dict[str, int]:
        verdicts: list[str] = [claim.verdict for claim in self.claims]
        return {verdict: verdicts.count(verdict) for verdict, _ in VERDICTS}

    @property
    def headline(self) -> str:
        """Count the verdicts."""
        counts = self._counts()
        return (
            f"Of {len(self.claims)} published claims {counts['holds']} hold under these "
            f"assumptions, {counts['holds only if']} would need another value, "
            f"{counts['contradicts']} contradict another claim"
        )

    @property
    def sentence(self) -> str:
        """Count the verdicts, and the figures that get none."""
        counts = self._counts()
        built_in = sum(bool(claim.by_construction) for claim in self.claims)
        given = f" ({built_in} by construction)" if built_in else ""
        opinions = sum("opinion" in figure.reason for figure in self.listed)
        return (
            f"Of {len(self.claims)} claims {counts['holds']} hold{given}, "
            f"{counts['holds only if']} hold only if something else were true, and "
            f"{counts['contradicts']} contradict another claim. "
            f"{len(self.listed)} figures get no verdict, {opinions} of them shares of opinion such "
            "as 56 % of marketers: `sim audit --all` lists each with its reason."
        )

    # --- As rows ----------------------------------------------------------------------------------

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each claim."""
        return [claim.to_row() for claim in self.claims]

    def tables(self) -> tuple[Table, ...]:
        """Return a row for each claim: what is claimed, what was simulated, and the verdict."""
        about = "a published claim"
        return (
            from_records("audit", about, self.to_rows(), {}, errors={"simulated": "se"}, labels=3),
        )

    def shown(self) -> Table:
        """Return each claim beside what was simulated, with its verdict."""
        texts = [
            {
                "claim": claim.id,
                "claimed": claim.claimed.words,
                "simulated": cell(claim.number) if claim.number else _NO_FIGURE,
                "verdict": claim.verdict,
            }
            for claim in self.claims
        ]
        return from_texts("audit", "a published claim", texts)

    # --- As figures -------------------------------------------------------------------------------

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the verdicts with the claims that tell most, and cases among their worlds."""
        cases = [claim for claim in self.claims if claim.worlds_below is not None]
        return (self._verdicts(), *([self._cases(cases)] if cases else []))

    def _verdicts(self) -> Figure:
        counts = list(self._counts().values())
        names = tuple(verdict for verdict, _ in VERDICTS)
        series = tuple(
            Series(
                verdict,
                tuple(float(counts[k]) if k == j else None for k in range(len(VERDICTS))),
                colour,
                labels=tuple(str(counts[k]) if k == j else "" for k in range(len(VERDICTS))),
            )
            for j, (verdict, colour) in enumerate(VERDICTS)
        )
        shown = telling(self.claims)
        sample = counted(self.worlds, "world")
        return Figure(
            name="audit",
            finding=self.headline,
            made=f"{sample}. Simulated figures with one standard error; the table holds the "
            f"{len(shown)} claims of {len(self.claims)} that tell most",
            reads=f"{sample} behind each simulated figure",
            panels=(
                Bars(names, series, "published claims", form="number", horizontal=True),
                Cells(
                    ("claim", "simulated", "verdict", "what it rests on"),
                    tuple(map(_cells, shown)),
                    left=frozenset({0, 2, 3}),
                ),
            ),
            method=_METHOD,
            sentences=(self.sentence,),
        )

    def _cases(self, cases: Sequence[Claim]) -> Figure:
        from ...charts.audit import INSIDE, plot_audit
        from ...charts.findings import audit

        rows = [
            Placed(
                claim.says,
                claim.source,
                *(claim.worlds_below or (0.0, 0.0)),
                f"simulated {brief(claim.number)}" if claim.number else "",
            )
            for claim in cases
        ]
        below = Cells(
            ("claim", "claimed", "simulated", "simulated worlds below it"),
            tuple(
                (
                    f"{claim.says} ({claim.source})",
                    claim.claimed.words,
                    _figure(claim),
                    from_percent(*(claim.worlds_below or (0.0, 0.0))),
                )
                for claim in cases
            ),
        )
        return Figure(
            name="cases",
            finding=audit(rows, INSIDE),
            made=f"{counted(self.worlds, 'world')}; shaded: 90 % of worlds; green claims reach "
            "into it",
            panels=(below,),
            method=_METHOD,
            sentences=(),
            plot=partial(plot_audit, rows),
        )


def from_percent(low: float, high: float) -> str:
    """Return shares of worlds below the two ends of a claim."""
    ends = [brief(Number(share, 0.0, FRACTION)) for share in (low, high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def telling(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims that tell most: those that fail, verdicts and sources in turn.

    Contradictions come first, then what the model misses by the largest factor; both are there
    where both exist.
    """
    failing = [claim for claim in claims if claim.verdict != "holds"]
    failing.sort(key=lambda claim: (claim.verdict != "contradicts", -_miss(claim)))
    seen: dict[tuple[str, str], int] = {}
    turns: dict[str, list[tuple[int, int]]] = {}
    for place, claim in enumerate(failing):
        who = (claim.verdict, claim.source)
        seen[who] = seen.get(who, 0) + 1
        turns.setdefault(claim.verdict, []).append((seen[who], place))
    alternating = zip_longest(*(sorted(of_verdict) for of_verdict in turns.values()))
    places = [each[1] for round_ in alternating for each in round_ if each is not None]
    return [failing[place] for place in sorted(places[:MOST])]


def _miss(claim: Claim) -> float:
    """Return the factor, as a logarithm, between the simulated figure and the claim's nearer end."""
    value = claim.simulated.value if claim.simulated else None
    ends = [end for end in (claim.claimed.low, claim.claimed.high) if end is not None and end > 0.0]
    if not ends or not value or value < 0.0:
        return 0.0
    return min(abs(math.log(value / end)) for end in ends)


def _cells(claim: Claim) -> tuple[str, ...]:
    return f"{claim.says} ({claim.source})", _figure(claim), claim.verdict, _ground(claim)


def _figure(claim: Claim) -> str:
    if claim.number is None:
        return _NO_FIGURE
    shown, unit = cell(claim.number), claim.claimed.unit
    return shown if unit in (FRACTION, "ratio") else f"{shown} {unit}"


def _ground(claim: Claim) -> str:
    """Return what a verdict rests on: the first needs, or who says otherwise."""
    because = claim.because
    if claim.verdict == "contradicts":
        because = f"not together with {_BY_NAME.sub(_SAYS, because)}"
    parts = because.split(", or ")
    text = f"{parts[0]}, or {len(parts) - 1} more" if len(parts) > 2 else because
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
