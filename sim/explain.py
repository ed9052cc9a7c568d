"""Every input of an experiment as it will be used: value, unit, denominator, source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .engine import line as k
from .engine import marginals as mg
from .engine.each import Followed, follow
from .evidence import sources
from .experiment import Distribution, Experiment, ExperimentError, Fault
from .experiment.fill import DEFAULT, THIS_FILE
from .experiment.layout import FREE, NAMED, TABLES
from .experiment.models import ExperimentTable, Tier
from .experiment.roster import Roster, earlier_orders
from .experiment.toml import dotted
from .experiment.toml import value as as_toml
from .plan import Plan, TierTables, make_plan, portfolio_terms, tier_tables
from .plan.boosting import boosts
from .plan.each import each_of
from .plan.shared import creator_mix
from .plan.tiers import compile_or_fault
from .tables.table import Column, Table
from .text.currency import MONEY, currency, in_currency
from .text.names import listed
from .text.numbers import FRACTION, fixed, labelled, percent, setting

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
    rows = [*_currency_rows(experiment)]
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


def _currency_rows(experiment: Experiment) -> Iterator[Input]:
    """List what money is counted in, and the rate of packaged figures, where it is not USD."""
    code, rate = experiment.currency, experiment.exchange_rate
    if code == MONEY:
        return
    yield Input("currency", as_toml(code), "what all money is counted in", THIS_FILE)
    if rate is not None:
        source = experiment.origins.get("exchange_rate", THIS_FILE)
        unit = f"{code} per {MONEY}, for packaged figures alone"
        yield Input("exchange_rate", as_toml(rate), unit, source_text(source))


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
                unit=in_currency(field.description or "", experiment.currency),
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
            used=_learned_of(experiment, str(name)),
            mean=1.0,
            median=centre,
            p05=centre * math.exp(-_SCORE_95 * belief.sd),
            p95=centre * math.exp(_SCORE_95 * belief.sd),
        )


def _learned_of(experiment: Experiment, believed: str) -> str:
    """Say what campaigns moved a belief, if any did."""
    learned = experiment.learned
    if learned is None or believed not in {name.split(":")[0] for name in learned.factors}:
        return ""
    return f"moved by what was learned from {listed(learned.campaigns)}"


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


# --- Named creators ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Believed:
    """A creator of a roster, as read and as believed.

    Attributes
    ----------
    name, tier, platform, niche, followers
        As read.
    rate_read, rate_posts
        Engagement rate as read, and the posts it was measured on; None where it is not known.
    rate_tier, rate_believed
        Mean of its tier as quoted, and of this creator given all that is known; None where it never
        posts.
    rate_counts
        Share of what differs between creators in engagement (variance of the score) that is known:
        0 of somebody nobody knows, 1 where nothing is left to learn.
    fee_read, fee_tier, fee_believed
        USD per post as read, in the mean of its tier, and in the mean believed; None where no fee
        is paid.
    orders_read
        Orders of earlier posts: ``70 in 3; 12 in 1``.
    orders_believed
        Expected orders of a post that comes.
    orders_counts
        As `rate_counts`, of the log of expected orders per follower.
    """

    name: str
    tier: str
    platform: str
    niche: str
    followers: float
    rate_read: float | None
    rate_posts: float | None
    rate_tier: float
    rate_believed: float | None
    rate_counts: float
    fee_read: float | None
    fee_tier: float
    fee_believed: float | None
    orders_read: str
    orders_believed: float | None
    orders_counts: float


def believed(
    experiment: Experiment, portfolio: str, followed: Followed | None = None
) -> list[Believed]:
    """Return each creator of a roster as read and as believed, in the order of the file.

    Parameters
    ----------
    experiment, portfolio
        The experiment, and its portfolio with a roster.
    followed
        The creators, where they have been followed already; else in a short run.
    """
    if followed is None:
        followed = follow(each_of(experiment, portfolio, _CAP_WORLDS, quoted=False))
    each, table = followed.each, experiment.portfolio[portfolio]
    faults: list[Fault] = []
    tiers = {
        (name, platform): tier_tables(spec, f"tier.{name}", faults)
        for name, tier_on in experiment.tier.items()
        for platform, spec in tier_on.on.items()
    }
    engaged, delivered = (followed.row(row).mean(axis=1) for row in (k.ENGAGEMENTS, k.DELIVERED))
    shown, expected, fees = (
        followed.row(row).mean(axis=1) for row in (k.IMPRESSIONS, k.EXPECTED_ORDERS, k.FEES)
    )
    means: dict[tuple[str, str], tuple[float, float]] = {}
    counts: dict[tuple[str, str], _Counts] = {}
    rows = {}
    for i, (line, row) in enumerate(zip(each.plan.lines, each.people, strict=True)):
        tier = tiers[row.tier, row.platform]
        assert tier is not None
        work = each.plan.works[line.work]
        repeats = (
            float(np.sum(work.repeats))
            * experiment.compensation[line.terms.compensation].engagement_factor
        )
        seen = shown[i] * repeats / line.terms.posts if work.per_impression else (
            delivered[i] * row.followers * repeats
        )  # fmt: skip
        of = row.tier, row.platform
        if of not in counts:
            counts[of] = _Counts(experiment.tier[row.tier].on[row.platform], tier, work)
            means[of] = mg.moment(tier.tables["engagement_rate"]), mg.moment(tier.tables["fee"])
        rate_counts, orders_counts = counts[of].of(work)
        paid = experiment.compensation[line.terms.compensation].fee_share > 0.0
        due = delivered[i] if work.fee_on_delivery else 1.0
        rows[row.name] = Believed(
            name=row.name,
            tier=row.tier,
            platform=row.platform,
            niche=row.niche,
            followers=row.followers,
            rate_read=_or_none(row.engagement_rate),
            rate_posts=None if math.isnan(row.engagement_rate) else row.posts,
            rate_tier=means[of][0],
            rate_believed=float(engaged[i] / seen) if seen > 0.0 else None,
            rate_counts=rate_counts,
            fee_read=_or_none(row.fee),
            fee_tier=means[of][1],
            fee_believed=float(fees[i] / due) if paid and due > 0.0 else None,
            orders_read=earlier_orders(row),
            orders_believed=(
                float(expected[i] / (delivered[i] * line.terms.posts))
                if delivered[i] > 0.0
                else None
            ),
            orders_counts=orders_counts,
        )
    assert table.roster is not None
    return [rows[row.name] for row in table.roster.rows]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


class _Counts:
    """How much of what differs between creators of a tier is known of one of them."""

    def __init__(self, spec: Tier, tier: TierTables, work: k.Line) -> None:
        own = np.sqrt(np.maximum(1.0 - (work.loading**2).sum(axis=1), 0.0))
        self._before = creator_mix(spec, tier.tables, own, "", [])
        self._engagement, self._orders = np.zeros((2, len(k.INPUTS)))
        self._engagement[k.ENGAGEMENT_RATE] = 1.0
        for x in (k.ENGAGEMENT_RATE, k.CONVERSION_RATE, k.FIT, k.AUTHENTIC_SHARE):
            table = tier.tables[k.INPUTS[x]]
            self._orders[x] = 0.0 if table.constant else mg.log_moments(table)[1]

    def of(self, work: k.Line) -> tuple[float, float]:
        """Return the share of engagement, and of orders per follower, that is known of a creator."""
        after = work.mix[work.mix_of[0]]
        return self._known(self._engagement, after), self._known(self._orders, after)

    def _known(self, weights: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
        before, left = (
            float(((weights @ mix)[: k.N_CREATOR] ** 2).sum()) for mix in (self._before, after)
        )
        return min(max(1.0 - left / before, 0.0), 1.0) if before > 0.0 else 0.0


def known_table(people: Sequence[Believed], name: str) -> Table:
    """Return creators as read and as believed, a row for each."""

    def share(of: str, heading: str) -> Column:
        values = [getattr(one, of) for one in people]
        return Column(of, values, FRACTION, heading=heading)

    columns = (
        Column("name", [one.name for one in people]),
        Column("tier", [one.tier for one in people]),
        Column("followers", [one.followers for one in people], "accounts", heading="followers"),
        Column(
            "rate_read", [one.rate_read for one in people], FRACTION, heading="engagement as read"
        ),
        Column("rate_posts", [one.rate_posts for one in people], "posts", heading="posts"),
        Column("rate_tier", [one.rate_tier for one in people], FRACTION, heading="its tier"),
        Column(
            "rate_believed", [one.rate_believed for one in people], FRACTION, heading="as believed"
        ),
        share("rate_counts", "engagement known"),
        Column("orders_read", [one.orders_read for one in people], heading="earlier orders"),
        Column(
            "orders_believed",
            [one.orders_believed for one in people],
            "orders",
            heading="orders of a post",
        ),
        share("orders_counts", "orders known"),
        Column(
            "fee_read",
            [one.fee_read for one in people],
            currency(),
            heading=labelled("fee as read", currency()),
        ),
        Column(
            "fee_believed",
            [one.fee_believed for one in people],
            currency(),
            heading=labelled("fee as believed", currency()),
        ),
    )
    return Table(name, "a creator as read and as believed", columns)
