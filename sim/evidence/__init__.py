"""What sources say, and what real posts show: figures with source, denominator and year."""

from typing import TYPE_CHECKING

from sim.evidence.tables import (
    TIERS,
    Derived,
    Quoted,
    Source,
    cite,
    claims,
    derived,
    derived_row,
    derived_value,
    published,
    sources,
)

if TYPE_CHECKING:
    from sim.evidence.spread import SourceSpread, TierSpread, Witness, spread_of_sources

__all__ = [
    "TIERS",
    "Derived",
    "Quoted",
    "Source",
    "SourceSpread",
    "TierSpread",
    "Witness",
    "cite",
    "claims",
    "derived",
    "derived_row",
    "derived_value",
    "published",
    "sources",
    "spread_of_sources",
]


def __getattr__(name: str) -> object:
    """Load the comparison of sources when it is first asked for: it is most of the import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sim.evidence import spread

    return getattr(spread, name)
