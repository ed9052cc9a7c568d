"""The outside view: where a forecast lies among campaigns that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..engine import marginals as mg
from ..evidence import cite
from ..evidence.campaigns import Campaigns, campaigns
from ..experiment import Experiment
from ..experiment.fill import THIS_FILE
from ..explain import compiled
from ..measures import Summary
from ..plan import portfolio_terms
from ..text.names import listed, spoken
from ..text.numbers import of_worlds, plain

if TYPE_CHECKING:
    import xarray as xr

#: What a ROAS is the product of, over a fee: keys of a tier and of the economics.
_CARRY = ("engagement_rate", "conversion_rate", "fee")
_CARRY_ALL = ("order_value", "incremental_share")


def incremental_roas(dataset: xr.Dataset, experiment: Experiment) -> dict[str, float]:
    """Return the median over worlds of incremental revenue over cost, by portfolio.

    Incremental revenue is contribution before returns and margin; exact where these are plain
    numbers, else by their means. Worlds without cost are left out, and portfolios without others.
    """
    mean = {
        name: mg.moment(
            compiled(experiment, f"economics.{name}", getattr(experiment.economics, name))
        )
        for name in ("return_rate", "gross_margin")
    }
    kept = (1.0 - mean["return_rate"]) * mean["gross_margin"]
    if kept <= 0.0:
        return {}
    medians = {}
    for name in dataset["portfolio"].values.tolist():
        row = dataset.sel(portfolio=name)
        cost, contribution = row["cost"].values, row["contribution"].values
        if "repeat_contribution" in row:
            contribution = contribution - row["repeat_contribution"].values
        spent = cost > 0.0
        if spent.any():
            medians[str(name)] = float(np.median(contribution[spent] / cost[spent])) / kept
    return medians


def outside_view(
    dataset: xr.Dataset, experiment: Experiment, summary: Summary, names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return where some portfolios lie among measured campaigns, and warnings where beyond all.

    Parameters
    ----------
    dataset, experiment, summary
        A run.
    names
        Portfolios to speak of.
    """
    medians = incremental_roas(dataset, experiment)
    known = [name for name in names if name in medians]
    if not known:
        return [], []
    rows = {row.id: row for row in campaigns()}
    each, mean, games = rows["nielsen-six"], rows["nielsen-twenty"], rows["games"]
    told = [f"{name} {plain(medians[name], None)}, {place(medians[name], each)}" for name in known]
    losses = [f"{n} in {of_worlds(summary[n]['loss_probability'])}" for n in known]
    sentence = (
        f"Outside view: median incremental ROAS of {'; of '.join(told)}; over more than "
        f"{mean.campaigns} campaigns it was {plain(mean.low, 0.0)} in the mean ({cite(mean.source)}). "
        f"Losing money: {listed(losses)}; of {games.what}, five of six made no profit "
        f"({cite(games.source)})."
    )
    warnings = [
        f"{name}: a median incremental ROAS of {plain(medians[name], None)} is {place(medians[name], each)}; "
        f"{_carried_by(experiment, name)}."
        for name in known
        if _beyond(medians[name], each)
    ]
    return [sentence], warnings


def place(value: float, row: Campaigns) -> str:
    """Return where a value lies beside the range that some campaigns are known to lie in."""
    assert row.low is not None
    assert row.high is not None
    span = f"{row.campaigns} measured campaigns ({plain(row.low, 0.0)} to {plain(row.high, 0.0)})"
    if value > row.high:
        return f"above all of {span}"
    return f"below all of {span}" if value < row.low else f"within the range of {span}"


def _beyond(value: float, row: Campaigns) -> bool:
    return not place(value, row).startswith("within")


def _carried_by(experiment: Experiment, portfolio: str) -> str:
    """Name the inputs that a ROAS is made of: the file's own first, then what is filled in."""
    own: list[str] = []
    rest: list[str] = []
    tiers = {(t.tier, t.platform) for _, t, _ in portfolio_terms(experiment.portfolio[portfolio])}
    keys = {
        **{name: [f"tier.{tier}.on.{on}.{name}" for tier, on in sorted(tiers)] for name in _CARRY},
        **{name: [f"economics.{name}"] for name in _CARRY_ALL},
    }
    for name, places in keys.items():
        mine = any(experiment.origins.get(key) == THIS_FILE for key in places)
        (own if mine else rest).append(spoken(name))
    said = f"the file's own {listed(own)}" if own else ""
    filled = f"{listed(rest)} from evidence or by assumption" if rest else ""
    return "it is carried by " + ", and ".join(part for part in (said, filled) if part)
