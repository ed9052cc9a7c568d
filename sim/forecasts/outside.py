"""Measured campaigns that come with the package: the outside view where nobody names another."""

from __future__ import annotations

from ..evidence import cite, claims, published
from ..evidence.campaigns import campaigns
from .results import Totals

#: What the campaign that states all its totals calls them, and figures that are forecast.
_WHOLE = {
    "case-blueland-cost": "cost",
    "case-blueland-revenue": "revenue",
    "case-blueland-impressions": "impressions",
    "case-blueland-engagements": "engagements",
}


def packaged() -> Totals:
    """Return measured campaigns by name, per USD of cost where no totals are stated.

    Revenue: campaigns whose sales codes or one shop traced, as results know them; those measured by
    marketing mix models count what codes never see and are left out. Where a source states one end
    of a range, that end. Impressions: costs per thousand of bookings, a platform each.
    """
    whole = {
        _WHOLE[row.id]: row.midpoint for row in claims() if row.id in _WHOLE and row.midpoint is not None
    }  # fmt: skip
    of: dict[str, dict[str, float]] = {"blueland": dict(whole)}
    cited = ["stack-influence"]
    for row in campaigns():
        end = row.low if row.low is not None else row.high
        if row.kind == "tracked" and row.measure == "roas" and row.id not in of and end is not None:
            of[row.id] = {"cost": 1.0, "revenue": end}
            cited.append(row.source)
    for quoted in published():
        if quoted.source == "inzpire" and quoted.quantity == "cost_per_mille" and quoted.midpoint:
            of[quoted.id] = {"cost": 1.0, "impressions": 1000.0 / quoted.midpoint}
            cited.append(quoted.source)
    read = f"packaged: {'; '.join(dict.fromkeys(cite(key) for key in cited))}"
    note = (
        "few and by their publishers' choice; nano creators of Beichert et al. count as 20, the least "
        "that is stated, macro creators as 6, the most; costs per thousand are in USD"
    )
    return Totals(of, read, (note,))
