"""Every input of an experiment as it will be used: value, unit, denominator, source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .engine import marginals as mg
from .evidence import sources
from .experiment import Distribution, Experiment
from .experiment.models import Table
from .experiment.write import value as as_toml
from .plan import Plan, make_plan, marginal, tier_tables

#: Worlds of the short run that counts how often the caps bind.
_CAP_WORLDS = 2048


@dataclass(frozen=True)
class Input:
    """One input as used.

    Attributes
    ----------
    key
        Dotted key in an experiment file.
    written
        The value as TOML.
    unit
        What it is, with its denominator.
    mean, median, p05, p95
        Of the distribution between creators (or of the doubt about the number); None for what is
        no number.
    used
        What becomes of it in the funnel, where that is something else.
    source
        A citation, the word *assumption* with its reason, or "this file".
    """

    key: str
    written: str
    unit: str
    source: str
    mean: float | None = None
    median: float | None = None
    p05: float | None = None
    p95: float | None = None
    used: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def explain(experiment: Experiment) -> list[Input]:
    """List every input of an experiment as it will be used.

    Parameters
    ----------
    experiment
        What `sim.load` returned.

    Returns
    -------
    list of Input
        In the order of the resolved file.
    """
    rows: list[Input] = []
    for name in ("simulation", "economics", "costs"):
        rows += _table_rows(experiment, name, getattr(experiment, name))
    for name in ("platform", "niche"):
        for key, table in getattr(experiment, name).items():
            rows += _table_rows(experiment, f"{name}.{key}", table)
    for tier, tier_on in experiment.tier.items():
        for platform, table in tier_on.on.items():
            prefix = f"tier.{tier}.on.{platform}"
            notes = _organic(experiment, tier, platform)
            rows += _table_rows(experiment, prefix, table, notes)
    used = {terms.compensation for terms in _terms(experiment)}
    for key in sorted(used):
        rows += _table_rows(experiment, f"compensation.{key}", experiment.compensation[key])
    for key, portfolio in experiment.portfolio.items():
        rows += _table_rows(experiment, f"portfolio.{key}", portfolio)
    rows += list(_shared_rows(experiment))
    return rows


def _terms(experiment: Experiment) -> list[Any]:
    from .plan import portfolio_terms

    return [t for p in experiment.portfolio.values() for _, t, _ in portfolio_terms(p)]


def _table_rows(
    experiment: Experiment, prefix: str, table: Table, notes: dict[str, str] | None = None
) -> list[Input]:
    rows = []
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if value is None:
            continue
        key = f"{prefix}.{name}"
        given = _given(experiment, prefix, name)
        if isinstance(value, Distribution):
            share = name in _SHARES
            numbers = describe(value, 1.0 if share else math.inf, _ends(table, name))
            written = as_toml(value.written)
        else:
            numbers, written = {}, as_toml(_plain(value))
        rows.append(
            Input(
                key=key,
                written=written,
                unit=field.description or "",
                source=source_text(experiment.origins.get(given, "default")),
                used=(notes or {}).get(name, ""),
                **numbers,
            )
        )
    return rows


_SHARES = (
    "authentic_share", "gross_margin", "return_rate", "incremental_share", "tracked_share",
)  # fmt: skip


def _given(experiment: Experiment, prefix: str, name: str) -> str:
    """Return the key whose origin counts: a tier's own table may stand above its platform."""
    return f"{prefix}.{name}"


def _ends(table: Table, name: str) -> tuple[float, float] | None:
    return table.follower_range if name == "followers" else None  # type: ignore[attr-defined,no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return {k: _plain(v) for k, v in value if v is not None}
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return list(value) if isinstance(value, tuple) else value


def describe(
    distribution: Distribution, upper: float = math.inf, ends: tuple[float, float] | None = None
) -> dict[str, float]:
    """Return mean, median and the 90 % interval of a distribution as it will be drawn."""
    if distribution.family == "constant":
        value = float(distribution.parameters["value"])
        return {"mean": value, "median": value, "p05": value, "p95": value}
    low, high = ends or (0.0, math.inf if distribution.family == "lognormal" else upper)
    table = mg.compile_marginal(marginal(distribution, low, high))
    p05, median, p95 = table.quantile(np.array([-1.6448536269514722, 0.0, 1.6448536269514722]))
    return {"mean": mg.moment(table), "median": float(median), "p05": float(p05), "p95": float(p95)}


def _organic(experiment: Experiment, tier: str, platform: str) -> dict[str, str]:
    """Say what quoted means become once amplified posts are taken out of them."""
    tables = tier_tables(experiment.tier[tier].on[platform], f"tier.{tier}", [])
    if tables is None:
        return {}
    notes = {}
    for name in ("engagement_rate", "conversion_rate", "reach_rate"):
        factor = math.exp(tables.shift[name])
        mean = mg.moment(tables.tables[name]) * factor
        notes[name] = f"organic mean {mean:.4g}, {factor:.3f} of the quoted one"
    notes["amplification"] = f"all impressions are {tables.amplification_mean:.3f} x organic ones"
    return notes


def _shared_rows(experiment: Experiment) -> Iterator[Input]:
    shocks = experiment.shocks
    yield Input(
        "shocks.scale", as_toml(shocks.scale), "factor on all loadings",
        source_text(experiment.origins.get("shocks.scale", "")),
    )  # fmt: skip
    for name, loadings in shocks.loadings.items():
        for kind, weight in loadings.items():
            origin = experiment.origins.get(f"shocks.loadings.{name}", "")
            yield Input(
                f"shocks.loadings.{name}.{kind}",
                as_toml(weight),
                f"weight of the {kind} factor in the normal score of {name}",
                source_text(origin),
                used=f"{100 * (shocks.scale * weight) ** 2:.1f} % of the score's variance",
            )
    for name, belief in experiment.beliefs.items():
        low, high = math.exp(-1.6449 * belief.sd), math.exp(1.6449 * belief.sd)
        centre = math.exp(-(belief.sd**2) / 2.0)
        yield Input(
            f"beliefs.{name}",
            as_toml({"sd": belief.sd, "common": belief.common}),
            f"sd of the log of a factor of mean 1 on a tier's mean {name}; share that tiers share",
            source_text(experiment.origins.get(f"beliefs.{name}", "")),
            mean=1.0,
            median=centre,
            p05=centre * low,
            p95=centre * high,
        )


def source_text(origin: str) -> str:
    """Return an origin as a reader wants it: keys of sources become citations."""
    if origin in ("", "this file", "default") or origin.startswith("assumption"):
        return origin or "default"
    head, colon, rest = origin.partition(":")
    keys = [key.strip() for key in head.split(",")]
    known = sources()
    if all(key.split(" ")[0] in known for key in keys):
        head = ", ".join(
            known[key.split(" ")[0]].short + key[len(key.split(" ")[0]) :] for key in keys
        )
    return head + colon + rest


def caps(experiment: Experiment) -> list[dict[str, Any]]:
    """Count how often the caps bind, in a short run.

    Returns
    -------
    list of dict
        For each kind of line: tier, platform, and the share of posts whose impressions or
        engagements are cut.
    """
    from .engine.run import block_rows

    plan: Plan = make_plan(experiment)
    capped = block_rows(plan, 0, _CAP_WORLDS)["capped"]
    rows = []
    for w, work in enumerate(plan.works):
        terms = next(line.terms for line in plan.lines if line.work == w)
        posts = float(work.stops[-1]) * terms.posts
        rows.append(
            {
                "tier": terms.tier,
                "platform": terms.platform,
                "compensation": terms.compensation,
                "impressions_cut": float(capped[w, 0].mean()) / posts,
                "engagements_cut": float(capped[w, 1].mean()) / posts,
            }
        )
    return rows
