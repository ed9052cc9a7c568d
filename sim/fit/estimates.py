"""What a fit finds: estimates with standard errors, how well they fit, and the curves behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from ..experiment.toml import value as toml_value
from .reading import Floats

#: Below this chance a fit is called poor.
POOR = 0.01


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error; NaN where there is none."""

    name: str
    value: float
    se: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {"name": self.name, "value": _finite(self.value), "se": _finite(self.se)}


@dataclass(frozen=True)
class Goodness:
    """How well a law fits.

    Attributes
    ----------
    statistic
        Largest distance between the distributions (Kolmogorov and Smirnov), or a chi-square.
    p
        Chance of one at least as large if the law were true.
    test
        Name of the test.
    """

    statistic: float
    p: float
    test: str

    @property
    def poor(self) -> bool:
        """Whether chance alone would hardly do it."""
        return self.p < POOR

    @property
    def words(self) -> str:
        """The test in one line."""
        chance = "< 0.01" if self.p < 0.01 else f"= {self.p:.2f}"
        return f"{self.test} {self.statistic:.3g}, p {chance}"


@dataclass(frozen=True)
class Curve:
    """Data and fit for a picture.

    Attributes
    ----------
    data, share
        Ordered observations, and the share of observations above each.
    fitted
        What the fit says in place of ``share``.
    unit
        Unit of the observations, with its denominator.
    """

    data: Floats
    share: Floats
    fitted: Floats
    unit: str


@dataclass(frozen=True)
class Fitted:
    """One key of an experiment, fitted.

    Attributes
    ----------
    key
        Its name, such as ``engagement_rate``.
    value
        As an experiment file takes it; None where it is only reported.
    law
        In words.
    estimates
        Parameters with standard errors.
    n
        How many observations it rests on.
    of
        What they are: creators, posts, campaigns.
    goodness, curve
        How well it fits, and a picture of it; None where there is nothing to compare.
    also
        Keys that belong with it, such as the basis of a rate.
    """

    key: str
    value: Any
    law: str
    estimates: tuple[Estimate, ...]
    n: int
    of: str
    goodness: Goodness | None = None
    curve: Curve | None = None
    also: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Say what was found, with standard errors."""
        numbers = ", ".join(f"{e.name} {e.value:.4g} ± {e.se:.2g}" for e in self.estimates)
        fit = f"; {self.goodness.words}" if self.goodness else ""
        return f"{self.law}: {numbers} from {self.n:,} {self.of}{fit}"

    def to_row(self) -> list[dict[str, Any]]:
        """Return one tidy row for each estimate."""
        shared = {
            "key": self.key,
            "law": self.law,
            "n": self.n,
            "of": self.of,
            "p": self.goodness.p if self.goodness else None,
            "toml": None if self.value is None else toml_value(self.value),
        }
        return [
            {"parameter": e.name, "value": _finite(e.value), "se": _finite(e.se)} | shared
            for e in self.estimates
        ]


@dataclass(frozen=True)
class TierFit:
    """Everything fitted of a tier on a platform."""

    tier: str
    platform: str
    creators: int
    posts: int
    inputs: tuple[Fitted, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> Fitted:
        """Return one input."""
        return next(each for each in self.inputs if each.key == key)

    def __contains__(self, key: str) -> bool:
        """Say whether an input was fitted."""
        return any(each.key == key for each in self.inputs)


@dataclass(frozen=True)
class Fit:
    """Everything fitted of a file.

    Attributes
    ----------
    file
        Name of the file.
    tiers
        By tier and platform.
    economics
        Keys of ``[economics]``.
    skipped
        Tiers with too few creators, in words.
    warnings
        Reasons to doubt the sample.
    notes
        What was done about what is not obvious.
    """

    file: str
    tiers: tuple[TierFit, ...]
    economics: tuple[Fitted, ...]
    skipped: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> TierFit:
        """Return the fit of a tier; ``micro`` or, with several platforms, ``micro on tiktok``."""
        return next(t for t in self.tiers if name in (t.tier, f"{t.tier} on {t.platform}"))

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows: one for each estimate."""
        rows = [
            {"tier": tier.tier, "platform": tier.platform} | row
            for tier in self.tiers for each in tier.inputs for row in each.to_row()
        ]  # fmt: skip
        blank = {"tier": None, "platform": None}
        return rows + [blank | row for each in self.economics for row in each.to_row()]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "file": self.file,
            "estimates": self.to_rows(),
            "skipped": list(self.skipped),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def rounded(value: float, digits: int = 4) -> float:
    """Return a number with so many digits, for a file that people read."""
    return float(f"{value:.{digits}g}")
