"""Every input of an experiment as it will be used: value, unit, denominator, source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .engine import marginals as mg
from .evidence import sources
from .experiment import Distribution, Experiment, ExperimentError, Fault
from .experiment.fill import DEFAULT, THIS_FILE
from .experiment.layout import FREE, NAMED, TABLES
from .experiment.models import ExperimentTable
from .experiment.roster import Roster
from .experiment.toml import dotted
from .experiment.toml import value as as_toml
from .plan import Plan, TierTables, make_plan, portfolio_terms, tier_tables
from .plan.boosting import boosts
from .plan.tiers import compile_or_fault
from .text.numbers import fixed, percent, setting

#: Tables of inputs that are neither named by the analyst nor listed in a way of their own.
_PLAIN = ("simulation", "economics", "costs", "audience")
#: Worlds of the short run that counts how often the caps bind.
_CAP_WORLDS = 2048
#: What the key of a source may look like.
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: The normal score that nineteen in twenty do not pass.
_SCORE_95 = 1.6448536269514722


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
    used = {terms.compensation for terms in _terms(experiment)}
    rows: list[Input] = []
    for head in TABLES:
        tables = getattr(experiment, head)
        if head == "tier":
            rows += _tier_rows(experiment)
        elif head == "shocks":
            rows += _shock_rows(experiment)
        elif head == "beliefs":
            rows += _belief_rows(experiment)
        elif head in _PLAIN:
            rows += _table_rows(experiment, (head,), tables)
        elif head == "boost":
            table = _table_rows(experiment, (head,), tables)
            rows += table if boosts(experiment) else table[:1]
        elif head in FREE:
            rows += _asked_rows(head, experiment.tables().get(head, {}))
        elif head in NAMED:
            for name, table in tables.items():
                if head != "compensation" or name in used:
                    rows += _table_rows(experiment, (head, name), table)
    return rows


def _terms(experiment: Experiment) -> list[Any]:
    return [t for p in experiment.portfolio.values() for _, t, _ in portfolio_terms(p)]


def _table_rows(
    experiment: Experiment,
    path: tuple[str, ...],
    table: ExperimentTable,
    *,
    drawn: Mapping[str, mg.QuantileTable] | None = None,
    notes: Mapping[str, str] | None = None,
) -> list[Input]:
    """List the keys of a table; `drawn` holds what the engine draws from where the plan knows."""
    rows = []
    for name, field in type(table).model_fields.items():
        value, key = getattr(table, name), dotted((*path, name))
        if value is None:
            continue
        numbers: dict[str, float] = {}
        written = value
        if isinstance(value, Distribution):
            written = value.written
            numbers = describe(drawn[name] if drawn else compiled(experiment, key, value))
        rows.append(
            Input(
                key=key,
                written=as_toml(_plain(written)),
                unit=field.description or "",
                source=source_text(experiment.origins.get(key, "")),
                used=(notes or {}).get(name, ""),
                **numbers,
            )
        )
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, ExperimentTable):
        return {k: _plain(v) for k, v in value if v is not None}
    if isinstance(value, Roster):
        return value.path
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def compiled(experiment: Experiment, key: str, distribution: Distribution) -> mg.QuantileTable:
    """Return the table that the engine draws from, for a key outside the tiers.

    Raises
    ------
    ExperimentError
        Where there can be none.
    """
    faults: list[Fault] = []
    table = compile_or_fault(distribution, key, faults)
    if faults:
        raise ExperimentError(experiment.file, faults)
    return table


def describe(table: mg.QuantileTable) -> dict[str, float]:
    """Return mean, median and the 90 % interval of what the engine draws from a table."""
    p05, median, p95 = table.quantile(np.array([-_SCORE_95, 0.0, _SCORE_95]))
    return {"mean": mg.moment(table), "median": float(median), "p05": float(p05), "p95": float(p95)}


def _tier_rows(experiment: Experiment) -> Iterator[Input]:
    for tier, tier_on in experiment.tier.items():
        for platform, spec in tier_on.on.items():
            faults: list[Fault] = []
            tables = tier_tables(spec, f"tier.{tier}", faults)
            if tables is None:
                raise ExperimentError(experiment.file, faults)
            path = ("tier", tier, "on", platform)
            yield from _table_rows(
                experiment, path, spec, drawn=tables.tables, notes=_organic(tables)
            )


def _organic(tables: TierTables) -> dict[str, str]:
    """Say what quoted means become once amplified posts are taken out of them."""
    notes = {}
    for name in ("engagement_rate", "conversion_rate", "reach_rate"):
        factor = math.exp(tables.shift[name])
        mean = mg.moment(tables.tables[name]) * factor
        notes[name] = f"organic mean {setting(mean)}, {fixed(factor, 3)} of the quoted one"
    notes["amplification"] = (
        f"all impressions are {fixed(tables.amplification_mean, 3)} x organic ones"
    )
    luck = mg.moment(tables.tables["post_luck"])
    if not math.isclose(luck, 1.0, rel_tol=1e-6):
        notes["post_luck"] = f"divided by its mean, {setting(luck)}"
    return notes


def _shock_rows(experiment: Experiment) -> Iterator[Input]:
    shocks, origins = experiment.shocks, experiment.origins
    yield from (
        row for row in _table_rows(experiment, ("shocks",), shocks) if row.key != "shocks.loadings"
    )
    for name, loadings in shocks.loadings.items():
        for kind, weight in loadings.items():
            yield Input(
                f"shocks.loadings.{name}.{kind}",
                as_toml(weight),
                f"weight of the {kind} factor in the normal score of {name}",
                source_text(origins.get(f"shocks.loadings.{name}", "")),
                used=f"{percent((shocks.scale * weight) ** 2)} of the score's variance",
            )


def _belief_rows(experiment: Experiment) -> Iterator[Input]:
    for name, belief in experiment.beliefs.items():
        # A lognormal of mean one.
        centre = math.exp(-(belief.sd**2) / 2.0)
        yield Input(
            f"beliefs.{name}",
            as_toml({"sd": belief.sd, "common": belief.common}),
            f"sd of the log of a factor of mean 1 on a tier's mean {name}; share that tiers share",
            source_text(experiment.origins.get(f"beliefs.{name}", "")),
            mean=1.0,
            median=centre,
            p05=centre * math.exp(-_SCORE_95 * belief.sd),
            p95=centre * math.exp(_SCORE_95 * belief.sd),
        )


#: What the tables of other values say, and the command that asks.
_ASKED = {
    "sweep": "values that `sim sweep` gives to this key",
    "scenario": "what `sim scenario` puts in the place of this key",
}


def _asked_rows(
    head: str, tables: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[Input]:
    """List what other values are asked for: leaves of tables that may be nested."""
    for name, item in tables.items():
        here = (*path, *name.split("."))
        if isinstance(item, Mapping):
            yield from _asked_rows(head, item, here)
        else:
            unit = _ASKED[head] if len(here) > 1 else ""
            yield Input(dotted((head, *here)), as_toml(item), unit, THIS_FILE)


def source_text(origin: str) -> str:
    """Return an origin as a reader wants it: keys of sources become citations."""
    known = sources()
    return _WORD.sub(
        lambda word: known[word[0]].short if word[0] in known else word[0], origin or DEFAULT
    )


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
    for w in range(len(plan.works)):
        terms = next(line.terms for line in plan.lines if line.work == w)
        posts = float(plan.posts(w))
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
