"""Which of several portfolios is best how often: the share of worlds in which its ROI is the highest.

Pairs answer who beats whom; of more than two portfolios a reader asks for the best. Every portfolio
runs in the same worlds, so that the best of a world is known, and the shares add up to one. A tie counts in equal
parts; a portfolio that hires nobody in a world, and has no ROI there, is not the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.names import listed
from ..text.numbers import (
    FRACTION,
    brief,
    counted,
    of_worlds,
    share_text,
)
from ..text.verdicts import UNTOLD, direction, leaders, ranked
from .estimate import Estimate, FloatArray, spread_over
from .evaluate import Measured, measured
from .summary import Summary
from .worlds import CLUSTERED_SAMPLING, portfolio_names

if TYPE_CHECKING:
    import xarray as xr

FEWEST = 3
"""Portfolios from which on the best of them is asked for; a pair is compared."""

MOST_SHOWN = 12
"""Portfolios up to which a picture shows all of them."""

NAMED = 5
"""Portfolios that a sentence names, with the share of each."""


@dataclass(frozen=True)
class Best:
    """How often each of several portfolios has the highest ROI.

    Attributes
    ----------
    shares : mapping of str to Measured
        Share of worlds, by portfolio; the most often best comes first, ties as in the file.
    level : tuple of str
        The first, and all whose share cannot be told apart from its: within two standard errors
        of the difference, which is paired. Since the first must be told apart from each of the
        others, the choice among many makes no false winner more likely (Hsu 1984).
    left_out : int
        Worlds in which no portfolio has an ROI.
    """

    shares: Mapping[str, Measured]
    level: tuple[str, ...]
    left_out: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Portfolios, the most often best first."""
        return tuple(self.shares)

    def pair(self, summary: Summary) -> tuple[str, str]:
        """Return the most often best, and what to hold it against.

        That is the portfolio of the highest median ROI, where this is another one for certain:
        portfolios that are alike share the worlds in which they are the best, so that the most
        often best need not be the best choice. Else the second.
        """
        medians = {name: summary[name]["roi_median"] for name in self.names}
        top = leaders(medians)
        return self.names[0], self.names[1] if self.names[0] in top or not top else top[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: ``{"on", "shares": {NAME: {"value", "se"}}, "level", "left_out"}``."""
        return {
            "on": "roi",
            "shares": {
                name: {"value": entry.value, "se": entry.se} for name, entry in self.shares.items()
            },
            "level": list(self.level),
            "left_out": self.left_out,
        }

    def shown(self, summary: Summary, most: int = MOST_SHOWN) -> list[str]:
        """Return the portfolios that a picture has room for: all, or those that are spoken of.

        The most often best, what it is held against, and whoever is first or last in what charts
        say: median, mean, worst worlds, losses.

        Parameters
        ----------
        summary
            Of the same run.
        most
            Portfolios up to which all are shown.
        """
        if len(self.names) <= most:
            return list(summary.portfolios)
        chosen = {*self.names[: most // 2], *self.pair(summary)}
        for measure in (
            "roi_median",
            "roi_mean",
            "roi_es05",
            "loss_probability",
            "target_probability",
        ):
            entries = {name: row[measure] for name, row in summary.portfolios.items()}
            names = ranked(entries)
            chosen |= {*names[:1], *names[-1:]}
        return [name for name in summary.portfolios if name in chosen]

    @property
    def sentence(self) -> str:
        """Return in one sentence which is best how often."""
        of = f"Of {len(self.names)} portfolios"
        first, *others = self.names
        share = of_worlds(self.shares[first], with_error=True)
        if len(self.level) == 1:
            shown = others if len(others) < NAMED else others[:2]
            parts = [f"{one} in {self._share(one)}" for one in shown]
            parts += self._rest(others[len(shown) :])
            return f"{of} {first} has the highest ROI most often: in {share}, {listed(parts)}."
        shown = others if len(others) < NAMED else list(self.level[1:3])
        parts = [f"{one} in {self._share(one)}" for one in shown]
        parts += self._rest(others[len(shown) :])
        return (
            f"{of} {self._level()} {UNTOLD} as the most often best: {first} has the highest ROI in "
            f"{share}, {listed(parts)}."
        )

    def _share(self, name: str) -> str:
        return share_text(self.shares[name], in_words=True)

    def _rest(self, names: Sequence[str]) -> list[str]:
        """Say of the portfolios that are not named how often one of them is the best at most."""
        if not names:
            return []
        return [
            f"each of {counted(len(names), 'other')} in at most {share_text(self.shares[names[0]])}"
        ]

    def _level(self) -> str:
        if len(self.level) <= NAMED:
            return listed(list(self.level))
        return f"{', '.join(self.level[:2])} and {counted(len(self.level) - 2)} more"

    def beside(self, summary: Summary) -> str:
        """Return how often the first loses money, and whose median and mean are higher for certain.

        Parameters
        ----------
        summary
            Of the same run.
        """
        loss = of_worlds(summary[self.names[0]]["loss_probability"], every=True)
        more = "".join(self._other(summary, twin) for twin in ("median", "mean"))
        return f"{self.names[0]} loses money in {loss}{more}."

    def _other(self, summary: Summary, twin: str) -> str:
        entries = {name: summary[name][f"roi_{twin}"] for name in self.names}
        top = leaders(entries)
        if not top or self.names[0] in top:
            return ""
        return (
            f"; the highest {twin} ROI is that of {top[0]}, {brief(entries[top[0]], signed=True)}"
        )


def best_of(ds: xr.Dataset) -> Best | None:
    """Return how often each portfolio has the highest ROI; None for fewer than three.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of a run, variables by (portfolio, sim).

    Returns
    -------
    Best or None
        None, too, where no world has an ROI of any portfolio.
    """
    names = portfolio_names(ds)
    if len(names) < FEWEST:
        return None
    roi = np.asarray(ds["roi"].transpose("portfolio", "sim").values, dtype=np.float64)
    # A portfolio that hires nobody in a world is not the best there.
    roi = np.where(np.isfinite(roi), roi, -np.inf)
    keep = np.isfinite(roi.max(axis=0))
    if not keep.any():
        return None
    weights = _weights(roi[:, keep])
    groups = int(ds.attrs.get("groups", 0))
    clustered = ds.attrs.get("sampling") == CLUSTERED_SAMPLING

    def share(of: FloatArray, *, gap: bool = False) -> Measured:
        value = np.asarray(of.mean())
        estimate = Estimate(value, of - value, "bounded" if gap else "proportion", has_error=True)
        if groups and not keep.all():
            estimate = spread_over(estimate, keep)
        left_out = int(keep.size - keep.sum())
        return measured(estimate, FRACTION, groups=groups, clustered=clustered, left_out=left_out)

    each = weights.mean(axis=1)
    order = sorted(range(len(names)), key=lambda k: -each[k])
    first = weights[order[0]]
    level = [
        names[k]
        for k in order
        if k == order[0] or direction(share(first - weights[k], gap=True)) <= 0
    ]
    return Best(
        {names[k]: share(weights[k]) for k in order}, tuple(level), int(keep.size - keep.sum())
    )


def _weights(roi: FloatArray) -> FloatArray:
    """Return the part that each portfolio has in being best, shape (portfolios, worlds)."""
    top = roi == roi.max(axis=0)
    return np.asarray(top / top.sum(axis=0), dtype=np.float64)


def read_best(content: Mapping[str, Any]) -> Best | None:
    """Return what `Best.to_dict` wrote into ``summary.json``; None where there was none.

    Raises
    ------
    KeyError, TypeError
        Where it is not whole.
    """
    row = content.get("best")
    if row is None:
        return None
    shares = {
        str(name): Measured(entry["value"], entry["se"], FRACTION)
        for name, entry in row["shares"].items()
    }
    return Best(shares, tuple(row["level"]), int(row["left_out"]))
