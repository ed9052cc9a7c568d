"""What the audit found: each claim with its verdict, and the figures that get none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...displays import Told
from ...evidence import Figure, cite
from ...text.numbers import from_to, percent
from .expressions import Interval
from .required import Need, finite

Verdict = Literal["holds", "holds only if", "contradicts"]


@dataclass(frozen=True)
class Simulated:
    """What the model gives.

    Attributes
    ----------
    value, se
        The figure and its Monte Carlo standard error; 0 where it is exact.
    reason
        Why there is no error.
    """

    value: float
    se: float | None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        content: dict[str, Any] = {"value": finite(self.value), "se": self.se}
        return content if self.reason is None else {**content, "reason": self.reason}


@dataclass(frozen=True)
class AuditRow:
    """One claim, checked.

    Attributes
    ----------
    id, says, source
        Name of the row, the claim in words, the source's short citation.
    claims
        Rows of the evidence that it rests on.
    claimed, unit
        What is claimed.
    simulated
        What the model gives; for a claim about a key of the experiment, its value there. None
        where the model has no such quantity: then the claim is held against other claims alone.
    below
        For a case: shares of its simulated worlds below the ends of the claim.
    verdict
        One of three.
    needs
        For `holds only if`: what it would take, the first needs first.
    contradicted
        For `contradicts`: rows of the evidence that cannot be true together with it, and what
        each of them says.
    amounts
        What several contradicting rows come to together, such as 25.44 growing to 97.55.
    built_in
        For `holds`: the key whose packaged default was made of it, so that it cannot fail; empty
        where there is none, or where the experiment has another value there.
    witnesses
        Clusters of sources that say the same; pages that restate one another are one.
    beside
        Other rows about the same thing with another figure.
    witnesses_beside
        Clusters of sources behind those.
    note
        From the data file.
    """

    id: str
    says: str
    source: str
    claims: tuple[str, ...]
    claimed: Interval
    unit: str
    simulated: Simulated | None
    below: tuple[float, float] | None
    verdict: Verdict
    needs: tuple[Need, ...]
    contradicted: Mapping[str, str]
    amounts: tuple[Interval, ...]
    built_in: str
    witnesses: int
    beside: tuple[str, ...]
    witnesses_beside: int
    note: str

    @property
    def sentence(self) -> str:
        """Say what the verdict rests on."""
        parts = []
        if self.verdict == "contradicts":
            parts.append(", ".join(f"{name} ({says})" for name, says in self.contradicted.items()))
            parts += [f"together {from_to(each.low, each.high)}" for each in self.amounts]
        if self.built_in:
            parts.append(f"true by construction: the default of {self.built_in} was made of it")
        parts.append(", or ".join(each.sentence for each in self.needs))
        if self.below is not None:
            low, high = (percent(share) for share in self.below)
            where = low if low == high else f"{low} to {high}"
            parts.append(f"{where} of simulated worlds lie below")
        return "; ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON: no infinity, no NaN."""
        return {
            "id": self.id,
            "source": self.source,
            "says": self.says,
            "claims": list(self.claims),
            "claimed": {
                "low": finite(self.claimed.low),
                "high": finite(self.claimed.high),
                "unit": self.unit,
            },
            "simulated": None if self.simulated is None else self.simulated.to_dict(),
            "worlds_below": None if self.below is None else list(self.below),
            "verdict": self.verdict,
            "contradicts": list(self.contradicted),
            "what_it_would_take": [each.to_dict() for each in self.needs],
            "because": self.sentence,
            "by_construction": self.built_in or None,
            "witnesses": self.witnesses,
            "beside": list(self.beside),
            "witnesses_beside": self.witnesses_beside,
            "note": self.note,
        }

    def to_row(self) -> dict[str, Any]:
        """Return the row for a table; what the model does not have is None."""
        simulated = self.simulated
        return {
            "id": self.id,
            "says": self.says,
            "source": self.source,
            "claimed": from_to(self.claimed.low, self.claimed.high),
            "simulated": None if simulated is None else finite(simulated.value),
            "se": None if simulated is None else simulated.se,
            "unit": self.unit,
            "verdict": self.verdict,
            "because": self.sentence,
        }


@dataclass(frozen=True)
class Audit(Told):
    """All claims, and the figures that are none.

    Attributes
    ----------
    rows
        The claims, checked.
    listed
        Figures that are neither checked nor used, each with its reason.
    worlds
        Worlds behind each simulated figure.
    """

    rows: tuple[AuditRow, ...]
    listed: tuple[Figure, ...]
    worlds: int

    def __getitem__(self, name: str) -> AuditRow:
        """Return a row by its id."""
        return next(row for row in self.rows if row.id == name)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the claims for JSON."""
        return [row.to_dict() for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Return the claims, the figures that get no verdict, and the answer in words, for JSON."""
        return {
            "analysis": "audit",
            "worlds": self.worlds,
            "claims": self.to_rows(),
            "listed": [listed(figure) for figure in self.listed],
            "sentence": self.sentence,
            "notes": [],
        }

    @property
    def sentence(self) -> str:
        """Count the verdicts, and the figures that get none."""
        verdicts = [row.verdict for row in self.rows]
        built_in = sum(bool(row.built_in) for row in self.rows)
        given = f" ({built_in} by construction)" if built_in else ""
        opinions = sum("opinion" in figure.reason for figure in self.listed)
        return (
            f"Of {len(verdicts)} claims {verdicts.count('holds')} hold{given}, "
            f"{verdicts.count('holds only if')} hold only if something else were true, and "
            f"{verdicts.count('contradicts')} contradict another claim. "
            f"{len(self.listed)} figures get no verdict, {opinions} of them shares of opinion such "
            "as 56 % of marketers: `sim audit --all` lists each with its reason."
        )


def listed(figure: Figure) -> dict[str, Any]:
    """Return a figure that is no claim: it has a reason in place of a verdict."""
    return {
        "id": figure.id,
        "source": cite(figure.source),
        "claimed": {"low": figure.low, "high": figure.high, "unit": figure.unit},
        "simulated": None,
        "verdict": None,
        "reason": figure.reason,
    }
