"""Claims, checked: each with its verdict and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...evidence import Quoted, cite
from ...text.currency import MONEY
from ...text.numbers import from_to, percent
from ..common import finite
from ._answer import Audit, Claim, Claimed, Listed, Simulated, Verdict, WouldTake
from .expressions import Interval
from .required import Need


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

    def claim(self) -> Claim:
        """Return the row as plain figures and words."""
        return Claim(
            id=self.id,
            source=self.source,
            says=self.says,
            claims=self.claims,
            claimed=Claimed(finite(self.claimed.low), finite(self.claimed.high), self.unit),
            simulated=self.simulated,
            worlds_below=self.below,
            verdict=self.verdict,
            contradicts=tuple(self.contradicted),
            what_it_would_take=tuple(WouldTake(**each.to_dict()) for each in self.needs),
            because=self.sentence,
            by_construction=self.built_in or None,
            witnesses=self.witnesses,
            beside=self.beside,
            witnesses_beside=self.witnesses_beside,
            note=self.note,
        )


@dataclass(frozen=True)
class Checked:
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
    listed: tuple[Quoted, ...]
    worlds: int

    def __getitem__(self, name: str) -> AuditRow:
        """Return a row by its id."""
        return next(row for row in self.rows if row.id == name)

    def answer(self) -> Audit:
        """Return it as an answer: plain figures and words, in the currency of the claims."""
        return Audit(
            currency=MONEY,
            worlds=self.worlds,
            claims=tuple(row.claim() for row in self.rows),
            listed=tuple(
                Listed(
                    figure.id,
                    cite(figure.source),
                    Claimed(figure.low, figure.high, figure.unit),
                    figure.reason,
                )
                for figure in self.listed
            ),
        )
