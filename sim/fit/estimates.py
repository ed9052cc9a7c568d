"""What a fit finds: estimates with standard errors, how well they fit, and the curves behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..experiment.toml import value as toml_value
from ..text.numbers import Number, cell, counted, fixed, p_value, setting, whole_percent
from .reading import Floats

#: Below this chance a fit is called poor.
POOR = 0.01


@dataclass(frozen=True)
class Parameter:
    """A fitted parameter with its standard error; NaN where there is none.

    Attributes
    ----------
    name, value, se
        The parameter, its estimate and standard error.
    seen
        What the sample alone says; NaN where nothing packaged counts beside it.
    weight
        Weight of the sample beside what is packaged.
    """

    name: str
    value: float
    se: float
    seen: float = math.nan
    weight: float = 1.0

    @property
    def words(self) -> str:
        """The estimate in a few words, with what it would be without what is packaged."""
        text = f"{self.name} {cell(Number(self.value, self.se))}"
        if self.weight > 0.995:
            return text
        return f"{text} ({setting(self.seen)} in the sample, which counts for {whole_percent(self.weight)})"


@dataclass(frozen=True)
class Mean:
    """A mean per post over creators: what the fitted tier simulates, and what the sample has."""

    name: str
    fitted: float
    observed: float
    se: float

    @property
    def words(self) -> str:
        """Fitted over observed in one line."""
        return (
            f"{self.name} per post {setting(self.fitted)} simulated, "
            f"{cell(Number(self.observed, self.se))} in the sample: "
            f"{fixed(self.fitted / self.observed, 2)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        ratio = self.fitted / self.observed
        return {
            "name": self.name, "fitted": self.fitted, "observed": self.observed, "se": self.se,
            "fitted_over_observed": ratio,
        }  # fmt: skip


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
        return f"{self.test} {setting(self.statistic, 3)}, p {p_value(self.p)}"


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
    doubt
        Standard deviation of the log of its mean that is left; NaN where there is no belief of it.
    """

    key: str
    value: Any
    law: str
    estimates: tuple[Parameter, ...]
    n: int
    of: str
    goodness: Goodness | None = None
    curve: Curve | None = None
    also: dict[str, Any] = field(default_factory=dict)
    doubt: float = math.nan

    @property
    def words(self) -> str:
        """Say what was found, with standard errors."""
        numbers = ", ".join(each.words for each in self.estimates)
        fit = f"; {self.goodness.words}" if self.goodness else ""
        return f"{self.law}: {numbers} from {counted(self.n)} {self.of}{fit}"

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
            {
                "parameter": e.name, "value": _finite(e.value), "se": _finite(e.se),
                "sample": _finite(e.value if math.isnan(e.seen) else e.seen), "weight": e.weight,
            } | shared
            for e in self.estimates
        ]  # fmt: skip


@dataclass(frozen=True)
class TierFit:
    """Everything fitted of a tier on a platform."""

    tier: str
    platform: str
    creators: int
    posts: int
    inputs: tuple[Fitted, ...]
    notes: tuple[str, ...] = ()
    means: tuple[Mean, ...] = ()

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
    doubts
        Packaged doubt about each believed mean: standard deviation of its log, by key.
    read
        What each column of the file was taken for.
    """

    file: str
    tiers: tuple[TierFit, ...]
    economics: tuple[Fitted, ...]
    skipped: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    doubts: Mapping[str, float] = field(default_factory=dict)
    read: str = ""

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
            "read": self.read,
            "estimates": self.to_rows(),
            "means": [
                {"tier": tier.tier, "platform": tier.platform} | mean.to_dict()
                for tier in self.tiers for mean in tier.means
            ],
            "skipped": list(self.skipped),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
