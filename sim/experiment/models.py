"""The tables of an experiment file as immutable models: every key, its unit and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from ..text.currency import MONEY
from .amounts import read_currency, without_signs
from .distributions import POSITIVE, SHARE, Distribution, DistributionError, Kind, number, parse
from .numbers import whole
from .roster import Roster

#: What varies between creators or posts and may load on shared shocks.
Shocked = Literal[
    "engagement_rate", "reach_rate", "conversion_rate", "fee", "delivery", "post_luck",
    "amplification",
]  # fmt: skip
#: Tier figures whose mean may be in doubt.
Believed = Literal[
    "followers", "authentic_share", "reach_rate", "engagement_rate", "conversion_rate", "fit",
    "fee", "management_hours",
]  # fmt: skip
#: As in `sim.evidence.sets.SETS`.
EvidenceSet = Literal["pooled", "measured", "vendors"]
FactorKind = Literal["campaign", "platform", "niche"]


@dataclass(frozen=True)
class Assumed:
    """Why a key has the default that it has: explained as an assumption."""

    reason: str


@dataclass(frozen=True)
class InMoney:
    """That a key is an amount of money, or money per something: in the currency of its file."""


def _distribution(kind: Kind, *, money: bool = False) -> Any:
    def read(value: Any, info: Any) -> Distribution:
        context = info.context or {}
        currency = context.get("currency", MONEY) if money else ""
        plain = without_signs(value, currency) if money else value
        return parse(plain, kind, context.get("folder"), currency)

    return BeforeValidator(read, json_schema_input_type=float | str | dict[str, Any])


def _as_written(value: Distribution) -> Any:
    return value.written


_AS_A_SHARE = '; write 5 % as 0.05 or "5 %"'


def _number(
    low: float | None = None,
    high: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    percent: bool = True,
    money: bool = False,
) -> Any:
    def read(value: Any, info: Any) -> float:
        currency = (info.context or {}).get("currency", MONEY)
        plain = without_signs(value, currency) if money else value
        result = number(plain, percent=percent)
        if above is not None and not result > above:
            raise DistributionError(
                "must be positive" if above == 0 else f"must be above {above:g}"
            )
        if low is not None and result < low:
            raise DistributionError(
                "cannot be negative" if low == 0 else f"must be at least {low:g}"
            )
        hint = _AS_A_SHARE if 0 in (low, above) and 1 in (high, below) else ""
        if high is not None and result > high:
            raise DistributionError(f"cannot be above {high:g}{hint}")
        if below is not None and not result < below:
            raise DistributionError(f"must be below {below:g}{hint}")
        return result

    return BeforeValidator(read, json_schema_input_type=float | str)


def _whole(low: int, high: int) -> Any:
    def read(value: Any) -> int:
        # Beyond 2**53 a float would change a seed.
        plain = isinstance(value, int) and not isinstance(value, bool)
        result = value if plain else whole(value)
        if result != int(result) or result < low:
            raise DistributionError(f"must be a whole number of at least {low}")
        if result > high:
            raise DistributionError(f"cannot be above {high:,}")
        return int(result)

    return BeforeValidator(read, json_schema_input_type=int | str)


def _zero_or(least: float, high: float, none: str, *, below: bool = False) -> Any:
    """Read zero, or a number that is large enough to compute with."""

    def read(value: Any) -> float:
        result = number(value)
        if result != 0.0 and not least <= result:
            raise DistributionError(f"must be 0, {none}, or at least {least:g}")
        if result > high or (below and result == high):
            hint = _AS_A_SHARE if high == 1.0 else ""
            limit = "must be below" if below else "cannot be above"
            raise DistributionError(f"{limit} {high:g}{hint}")
        return result

    return BeforeValidator(read, json_schema_input_type=float | str)


def _all_or_some(value: Any) -> int | str:
    if value == "all":
        return "all"
    try:
        result = whole(value)
    except DistributionError:
        result = 0.0
    if result != int(result) or not 1.0 <= result <= 1_000_000.0:
        raise DistributionError('must be "all" or a whole number of posts, at least 1')
    return int(result)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise DistributionError("must be true or false")
    return value


def _range_of_numbers(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise DistributionError("must be two numbers such as [10_000, 100_000]")
    return value


_written = PlainSerializer(_as_written, return_type=Any)
Positive = Annotated[Distribution, _distribution(POSITIVE), _written]
NotAlwaysZero = Annotated[Distribution, _distribution(POSITIVE.never_all_zero()), _written]
Followers = Annotated[
    Distribution, _distribution(POSITIVE.truncated_elsewhere().no_share()), _written
]
#: Money, hours, accounts: amounts of something, on which a percent sign means nothing.
PositiveAmount = Annotated[Distribution, _distribution(POSITIVE.no_share()), _written]
MoneyLaw = Annotated[
    Distribution, _distribution(POSITIVE.no_share(), money=True), _written, InMoney()
]
Money = Annotated[float, _number(low=0.0, percent=False, money=True), InMoney()]
MoneyAboveZero = Annotated[float, _number(above=0.0, percent=False, money=True), InMoney()]
Amount = Annotated[float, _number(low=0.0, percent=False)]
AmountAboveZero = Annotated[float, _number(above=0.0, percent=False)]
Accounts = Annotated[float, _number(low=1.0, percent=False)]
Share = Annotated[Distribution, _distribution(SHARE), _written]
ShareNotAlwaysZero = Annotated[Distribution, _distribution(SHARE.never_all_zero()), _written]
OrdersPerEngagement = Annotated[Distribution, _distribution(SHARE.passed_by_some()), _written]
Ratio = Annotated[float, _number(low=0.0)]
AboveZero = Annotated[float, _number(above=0.0)]
AboveOne = Annotated[float, _number(above=1.0)]
Fraction = Annotated[float, _number(low=0.0, high=1.0)]
BelowOne = Annotated[float, _number(low=0.0, below=1.0)]
Correlation = Annotated[float, _number(low=-1.0, high=1.0)]
Real = Annotated[float, _number()]
Currency = Annotated[str, BeforeValidator(read_currency, json_schema_input_type=str)]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Seed = Annotated[int, _whole(0, 2**63 - 1)]
#: Counts are limited to what a machine can hold or finish.
Count = Annotated[int, _whole(1, 1_000_000_000)]
Creators = Annotated[int, _whole(1, 10_000_000)]
Posts = Annotated[int, _whole(1, 1_000)]


class ExperimentTable(BaseModel):
    """A table of an experiment file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Simulation(ExperimentTable):
    """How much is simulated."""

    worlds: Count = Field(100_000, description="worlds: joint draws of all that creators share")
    seed: Seed = Field(1, description="seed of all random streams")
    sampling: Literal["plain", "stratified"] = Field(
        "plain",
        description="plain: worlds are independent; stratified: each shared factor covers its "
        "range evenly within each of 32 independent groups",
    )
    replicates: Count = Field(
        1, description="worlds for each draw of the beliefs; above 1 the run has two levels"
    )
    beliefs: Count | None = Field(
        None, description="draws of the beliefs in a two-level run; else worlds / replicates"
    )


class Spike(ExperimentTable):
    """A post takes off with a probability; its excess impressions follow a Pareto tail."""

    probability: Annotated[float, _zero_or(1e-9, 1.0, "which is never", below=True)] = Field(
        description="share of posts that take off"
    )
    minimum: AboveZero = Field(
        description="excess impressions of a post that takes off, at least, per organic impression"
    )
    tail_index: AboveZero = Field(description="Pareto tail index of the excess")


class Cascade(ExperimentTable):
    """A branching process: R ~ Beta(b, tail_index) viewers per viewer, A = 1 / (1 - R)."""

    b: AboveZero = Field(description="first parameter of the beta distribution of R")
    tail_index: AboveZero = Field(description="second parameter; the tail index of A - 1")


class Amplification(ExperimentTable):
    """How the algorithm multiplies the impressions of a post: one law, or none."""

    spike: Spike | None = None
    cascade: Cascade | None = None
    cap: AboveOne | None = Field(None, description="largest A: all per organic impressions")


class Tier(ExperimentTable):
    """What creators of a tier are like on a platform."""

    follower_range: Annotated[
        tuple[AmountAboveZero, AmountAboveZero], BeforeValidator(_range_of_numbers)
    ] = Field(description="accounts; followers are truncated to it")
    followers: Followers = Field(description="accounts per creator")
    authentic_share: ShareNotAlwaysZero = Field(description="real accounts per follower")
    reach_rate: ShareNotAlwaysZero = Field(
        description="accounts that see a post, per follower (see basis)"
    )
    reach_basis: Literal["followers", "authentic_followers"] = Field(
        description="followers: everybody who sees a post per follower, as sources quote; "
        "authentic_followers: organic reach per real follower"
    )
    engagement_rate: ShareNotAlwaysZero = Field(
        description="engagements per follower or impression, and post"
    )
    engagement_basis: Literal["followers", "impressions"] = Field(
        description="denominator of engagement_rate"
    )
    conversion_rate: OrdersPerEngagement = Field(description="orders per engagement")
    fit: Positive = Field(description="factor on conversion: relevance of the audience")
    fee: MoneyLaw = Field(description="USD per post")
    management_hours: PositiveAmount = Field(description="hours per creator")
    delivery_rate: Fraction = Field(description="share of creators who post at all")
    post_luck: NotAlwaysZero = Field(
        description="factor on the impressions of a post; scaled to mean 1"
    )
    amplification: Amplification = Field(description="law of algorithmic amplification")
    amplified_engagement: Fraction = Field(
        description="q: engagement of people reached by amplification, relative to followers"
    )
    amplified_conversion: Fraction = Field(description="w: their conversion, relative to followers")
    followers_engagement_correlation: Correlation = Field(
        description="correlation of the normal scores of followers and engagement_rate"
    )
    engagement_reach_correlation: Correlation = Field(
        description="correlation of the normal scores of engagement_rate and reach_rate"
    )
    amplification_engagement_correlation: Correlation = Field(
        description="correlation of a post's amplification score with its creator's engagement"
    )
    fee_elasticity: Real = Field(
        description="eta: slope of log fee on the log of expected engagements"
    )
    effort_elasticity: Annotated[Real, Assumed("pay does not change engagement")] = Field(
        0.0, description="slope of log engagement on the log of the tier's median fee"
    )
    effort_fee: Annotated[MoneyAboveZero | None, InMoney()] = Field(
        None, description="USD per post at which engagement_rate holds, for effort_elasticity"
    )
    incident_rate: Annotated[Fraction, Assumed("off")] = Field(
        0.0, description="share of creators with a brand-safety incident during the programme"
    )
    incident_loss: Annotated[Fraction, Assumed("half of them")] = Field(
        0.5, description="share of the orders of a creator that its incident destroys"
    )
    incident_spill: Annotated[Fraction, Assumed("it stays with the creator")] = Field(
        0.0, description="share of all orders of the portfolio that each incident destroys"
    )
    incident_cost: Annotated[Money, Assumed("nothing")] = Field(
        0.0, description="USD per incident: crisis work, replacement"
    )
    tracked_factor: Annotated[AboveZero | None, Assumed("as all tiers")] = Field(
        None,
        description="factor on economics.tracked_share: how well codes and links see its buyers",
    )
    incremental_factor: Annotated[Ratio | None, Assumed("as all tiers")] = Field(
        None,
        description="factor on economics.incremental_share: how far its buyers would not have come "
        "anyway",
    )
    leaked_orders: Annotated[Ratio | None, Assumed("as all tiers")] = Field(
        None, description="orders with a leaked code per tracked order"
    )
    order_value_factor: Annotated[AboveZero | None, Assumed("as all tiers")] = Field(
        None, description="factor on economics.order_value: what its buyers spend"
    )
    new_share: Annotated[Fraction | None, Assumed("as all tiers")] = Field(
        None, description="share of its orders by new customers; without it customers'"
    )
    retention: Annotated[BelowOne | None, Assumed("as all tiers")] = Field(
        None, description="share of its new customers who order again; without it customers'"
    )


class Platform(ExperimentTable):
    """What holds for a whole platform."""

    audience: AmountAboveZero = Field(description="accounts; no post has more impressions")
    viral_from: AboveZero = Field(description="A from which a post counts as viral")
    half_life_days: AmountAboveZero | None = Field(
        None, description="days until half of what a post brings has come; without it, at once"
    )


class Niche(ExperimentTable):
    """A topic with its own audience."""

    market: Accounts | None = Field(
        None, description="addressable accounts; without it the market is unlimited"
    )
    overlap: Annotated[Fraction, Assumed("audiences overlap as by chance")] = Field(
        1.0, description="overlap of audiences: 0 disjoint, 1 as by chance"
    )
    duplicate_waste: Annotated[Fraction, Assumed("half of duplicated reach brings nothing")] = (
        Field(0.5, description="share of duplicated reach whose orders are lost")
    )


class Audience(ExperimentTable):
    """What holds between niches, and between tiers of a portfolio."""

    overlap_between_niches: Annotated[Fraction, Assumed("none")] = Field(
        0.0, description="overlap of the audiences of different niches: 0 none, 1 as by chance"
    )
    reinforcement: Annotated[
        float, _number(low=-1.0, high=10.0), Assumed("tiers do not act on each other")
    ] = Field(
        0.0,
        description="change of conversion, a fraction, of accounts that have met another tier before",
    )
    order: Annotated[
        Literal["together", "large_first", "small_first"], Assumed("all tiers at once")
    ] = Field("together", description="which tiers of a portfolio post first")


class Format(ExperimentTable):
    """A kind of post, beside the one that a tier's figures speak of."""

    reach: AboveZero = Field(description="factor on the impressions of a post")
    engagement: Ratio = Field(description="factor on the engagements of a post")
    half_life: AboveZero = Field(description="factor on the days until half of it has come")
    fee: Ratio = Field(description="factor on the fee of a post")
    usable_share: Fraction = Field(
        description="share of such posts that leave an asset which the brand can use again"
    )


def _formats(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    whole_list = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    if not whole_list or not names:
        raise DistributionError('must be a format such as "reel", or a list of them, post by post')
    return tuple(names)


Formats = Annotated[
    tuple[str, ...], BeforeValidator(_formats, json_schema_input_type=str | list[str])
]


BoostedPosts = Annotated[
    int | Literal["all"],
    BeforeValidator(_all_or_some, json_schema_input_type=int | str),
]
ChooseBoosted = Literal["rate", "engagements"]


class Boost(ExperimentTable):
    """Paid impressions of posts, bought when their first days have been seen."""

    budget: Money = Field(
        description="USD per portfolio for boosting its posts, rights included; part of its budget"
    )
    posts: BoostedPosts = Field(
        description='how many of its posts a portfolio boosts, the best by what was seen; or "all"'
    )
    after_days: AmountAboveZero = Field(description="days of a post that are seen before")
    choose_by: ChooseBoosted = Field(
        description="what counts as best: engagements per follower, or engagements"
    )
    cpm: Annotated[
        Distribution,
        _distribution(POSITIVE.no_share().never_all_zero(), money=True),
        _written,
        InMoney(),
    ] = Field(description="USD per 1,000 bought impressions")
    rights_share: Ratio = Field(description="USD for the right to boost a post, per USD of its fee")
    engagement: Positive = Field(
        description="engagement of paid viewers per impression, relative to followers"
    )
    conversion: Positive = Field(description="their conversion, relative to followers")
    luck_carried: Fraction = Field(
        description="share of the log of a post's luck with its own viewers that goes over to paid "
        "ones: 0 says nothing of them, 1 all"
    )


class PortfolioBoost(ExperimentTable):
    """How one portfolio boosts; what is not given is as in the table of all."""

    budget: Annotated[Money | None, InMoney()] = Field(
        None, description="USD for boosting, rights included"
    )
    posts: BoostedPosts | None = Field(None, description='how many posts, or "all"')
    choose_by: ChooseBoosted | None = Field(None, description="what counts as best")


def _portfolio_boost(value: Any) -> Any:
    return value if isinstance(value, dict) else {"budget": value}


class Economics(ExperimentTable):
    """What an order is worth. A distribution here is doubt about the number, drawn per world."""

    order_value: MoneyLaw = Field(description="USD per order, before returns")
    order_value_cv: Annotated[float, _zero_or(1e-6, 100.0, "all orders alike")] = Field(
        description="sd of single order values / their mean"
    )
    gross_margin: Share = Field(description="gross profit per USD of kept revenue")
    return_rate: Share = Field(description="returned revenue per USD of revenue")
    incremental_share: Share = Field(description="share of revenue that would not have come anyway")
    tracked_share: Share = Field(description="share of order value that codes and links see")
    repeat_value: Positive = Field(description="later contribution per USD of first contribution")
    halo: Positive = Field(description="untracked lift per USD of order value")
    earned_media_value: MoneyLaw = Field(description="USD per engagement; reported, never added")


class Tracking(ExperimentTable):
    """What codes and links see, and what they give away: clicks, discounts, leaked codes."""

    clicks: Annotated[YesOrNo, Assumed("off")] = Field(
        False, description="whether clicks on the creators' links are simulated"
    )
    orders_per_click: Annotated[float, _number(above=0.0, high=1.0)] = Field(
        description="tracked orders per click"
    )
    discount_rate: Fraction = Field(
        description="USD off per USD of an order with a code, for leaked codes too"
    )
    leaked_orders: Ratio = Field(
        description="orders with a leaked code per tracked order: tracked, and none of them "
        "incremental"
    )
    window_days: AmountAboveZero | None = Field(
        None, description="days after a post in which code and link count; without it, for good"
    )


class Customers(ExperimentTable):
    """Who the buyers are, and how often they come again."""

    new_share: Fraction = Field(description="share of orders by customers who never bought before")
    retention: BelowOne | None = Field(
        None,
        description="share of new customers who order again after the first order; without it "
        "economics.repeat_value says what follows",
    )
    retention_sd: Annotated[float, _number(low=0.0, below=0.5)] = Field(
        description="sd of retention between customers: 0 for all alike (geometric), else a beta "
        "law (beta-geometric)"
    )
    interval_months: AboveZero = Field(
        description="months from one order of a customer to the next"
    )
    horizon_months: Annotated[float, _number(above=0.0, high=120.0)] = Field(
        description="months after the first order in which later ones count"
    )


class Cash(ExperimentTable):
    """When money is paid and received, for `sim cash`."""

    net_days: Amount = Field(description="days from when a creator's pay falls due to its payment")
    payout_days: Amount = Field(description="days from an order to its payout by shop or platform")
    cost_of_capital: Annotated[float, _number(low=0.0, high=10.0)] = Field(
        description="interest per year at which later money is discounted"
    )


class Costs(ExperimentTable):
    """What a programme costs beside the fees."""

    cost_of_goods: MoneyLaw = Field(description="USD per product unit sent to a creator")
    product_units: Amount = Field(description="units per creator")
    shipping: Money = Field(description="USD per creator")
    hourly_rate: Money = Field(description="USD per hour of management")
    agency_share: Ratio = Field(
        description="USD per USD of fees, commission, bonus and pay by results"
    )
    usage_rights_share: Ratio = Field(description="USD per USD of fees")
    fixed: Money = Field(description="USD per portfolio")
    bonus_per_order: Money = Field(description="USD per order")
    bonus_per_thousand_impressions: Money = Field(description="USD per 1,000 impressions")
    fee_due: Literal["delivery", "signing"] = Field(description="when fees fall due")


class Compensation(ExperimentTable):
    """What a creator gets and what it does to delivery and engagement."""

    fee_share: Ratio = Field(description="share of the tier's fee that is paid")
    commission_rate: Fraction = Field(description="USD per USD of tracked revenue after returns")
    engagement_factor: AboveZero = Field(description="factor on engagement")
    delivery_rate: Fraction | None = Field(
        None, description="share of creators who post; without it the tier's own"
    )
    pay_per_engagement: Annotated[Money, Assumed("none")] = Field(
        0.0, description="USD per engagement of the creator"
    )
    pay_per_order: Annotated[Money, Assumed("none")] = Field(
        0.0, description="USD per tracked order of the creator"
    )
    pay_floor: Annotated[Money, Assumed("none")] = Field(
        0.0, description="USD that a creator who posts gets at least for engagements and orders"
    )
    pay_cap: Annotated[MoneyAboveZero | None, InMoney()] = Field(
        None, description="USD that a creator gets at most for engagements and orders"
    )


def _read_already(value: Any) -> Any:
    if not isinstance(value, Roster):
        raise DistributionError('must name a file such as "creators.csv"')
    return value


def _path_of(value: Roster) -> str:
    return value.path


class MixLine(ExperimentTable):
    """One line of a mixed portfolio; what is not given is the portfolio's."""

    share: Annotated[float, _number(above=0.0, high=1.0)] = Field(
        description="share of the portfolio's budget, or of its creators where it has a count"
    )
    tier: str | None = None
    platform: str | None = None
    niche: str | None = None
    compensation: str | None = None
    posts: Posts | None = None
    repeat_factor: AboveZero | None = None
    format: Formats | None = None


def _mix_line(value: Any) -> Any:
    return value if isinstance(value, dict) else {"share": value}


class Stage(ExperimentTable):
    """One stage of a programme: who goes on from the one before, who is new, with how many posts."""

    keep: Annotated[float, _number(above=0.0, high=1.0)] = Field(
        1.0, description="share of the creators of the stage before who are hired again"
    )
    add: Annotated[int, _whole(0, 10_000_000)] = Field(
        0, description="creators who are hired in this stage, beside those kept"
    )
    posts: Posts = Field(1, description="posts per creator in this stage")


class Portfolio(ExperimentTable):
    """What the analyst compares: a number of creators, or a budget that hires them."""

    creators: Creators | None = Field(None, description="creators")
    budget: Annotated[MoneyAboveZero | None, InMoney()] = Field(
        None, description="USD committed before any revenue"
    )
    hiring: Literal["cap", "planned"] = Field(
        "cap",
        description="a budget is a cap that quotes of each world must fit into, stage by stage, or hires as many as "
        "their expected cost allows",
    )
    quotes: dict[str, tuple[float, float, float, float, float]] | None = Field(
        None,
        description="by line, USD it may commit and what a creator commits at the mean: whatever it "
        "asks, fee, hours, goods; written where prices vary and creators are held",
    )
    tier: str | None = Field(None, description="tier of all creators")
    roster: (
        Annotated[
            Roster,
            BeforeValidator(_read_already, json_schema_input_type=str),
            PlainSerializer(_path_of, return_type=str),
        ]
        | None
    ) = Field(None, description="CSV file of named creators, with what is known of each")
    mix: dict[str, Annotated[MixLine, BeforeValidator(_mix_line)]] | None = Field(
        None, description="lines by name with their shares; a line named after a tier is of it"
    )
    platform: str = Field("instagram", description="platform of all creators")
    niche: str = Field("general", description="niche of all creators")
    compensation: str = Field("paid", description="compensation of all creators")
    posts: Posts = Field(1, description="posts per creator")
    repeat_factor: Annotated[AboveZero, Assumed("neither fatigue nor growing trust")] = Field(
        1.0, description="factor on engagement from one post of a creator to the next"
    )
    format: Formats | None = Field(
        None,
        description="format of all posts, or of one after another in turn; without it, the kind of "
        "post that the tier's figures speak of",
    )
    stages: tuple[Stage, ...] | None = Field(
        None,
        description="stages of a programme; each but the first keeps the best of the one before, of every "
        "intake, and may add others",
    )
    choose_by: Literal["orders", "engagements"] = Field(
        "orders", description="what the brand saw of a creator: tracked orders, or engagements"
    )
    boost: Annotated[PortfolioBoost, BeforeValidator(_portfolio_boost)] | None = Field(
        None, description="USD for boosting its posts, or a table of how it boosts"
    )
    release_weeks: Annotated[Amount, Assumed("all posts at once")] = Field(
        0.0, description="weeks over which the posts (of each stage) come out evenly"
    )


class Shocks(ExperimentTable):
    """What all creators of a world share by chance."""

    scale: Ratio = Field(description="factor on all loadings")
    preserve_mean: YesOrNo = Field(
        False, description="take out what loadings on several inputs do to the means of a line"
    )
    loadings: dict[Shocked, dict[FactorKind, Correlation]] = Field(
        description="weight of each shared standard normal factor in the normal score of an input"
    )


class Belief(ExperimentTable):
    """Doubt about a tier's mean: a lognormal factor of mean one, drawn per world."""

    sd: Annotated[float, _number(low=0.0, high=3.0)] = Field(
        description="standard deviation of the log of the factor"
    )
    common: Fraction = Field(0.4, description="share of its variance that all tiers have in common")
    own: dict[str, Annotated[float, _number(low=0.0, high=3.0)]] = Field(
        default_factory=dict,
        description='by tier, or tier and platform ("micro on tiktok"), standard deviation of the log '
        "of what is its own, instead of the rest",
    )


def _belief(value: Any) -> Any:
    return value if isinstance(value, dict) else {"sd": value}


Beliefs = dict[Believed, Annotated[Belief, BeforeValidator(_belief)]]


class Decision(ExperimentTable):
    """The question that the experiment is for."""

    a: str
    b: str
    measure: str = "roi_mean"


class Sweep(ExperimentTable):
    """Values for keys to take, written as dotted keys; every combination of them unless zipped."""

    model_config = ConfigDict(extra="allow")

    zip: YesOrNo = Field(False, description="first values together, then second ones, and so on")
    resize: YesOrNo = Field(False, description="budgets hire again at each point")


class ResultsRow(ExperimentTable):
    """What a portfolio, one of its lines or one of its creators brought, as far as it is known."""

    portfolio: str
    line: str | None = None
    creator: str | None = None
    cost: Money | None = Field(None, description="USD")
    impressions: Amount | None = Field(None, description="impressions")
    engagements: Amount | None = Field(None, description="engagements")
    tracked_orders: Amount | None = Field(None, description="orders that codes and links saw")
    revenue: Money | None = Field(None, description="USD that codes and links saw")


class Results(ExperimentTable):
    """A campaign that was learned from."""

    name: str = Field(description="file that the results came in")
    digest: str = Field(description="what tells these results from others")
    portfolio: dict[str, dict[str, Any]] = Field(description="the portfolios as they were run")
    rows: tuple[ResultsRow, ...]


class Learned(ExperimentTable):
    """What results taught of the beliefs, as `sim learn` writes it."""

    factors: tuple[str, ...] = Field(description="beliefs, common to tiers or a tier's own")
    center: tuple[Real, ...] = Field(description="means of their normal scores; 0 before")
    covariance: tuple[tuple[Real, ...], ...] = Field(
        description="covariance of the scores, row by row; the identity before"
    )
    evidence: EvidenceSet = Field("pooled", description="what filled up the file that learned")
    campaigns: tuple[str, ...] = Field((), description="what was learned from")
    results: tuple[Results, ...] = Field(
        (), description="the results, from which more results are learned with"
    )


class TierOn(ExperimentTable):
    """A tier on each platform where the experiment uses it."""

    on: dict[str, Tier]


class Experiment(ExperimentTable):
    """A complete, validated experiment: what a file says, filled up from the packaged presets."""

    name: str
    title: str = ""
    evidence: EvidenceSet = Field(
        "pooled", description="whose figures fill up what the file does not say"
    )
    currency: Currency = Field(
        MONEY,
        description="what all money is counted in: EUR, GBP, ...; stands wherever these "
        "descriptions say USD",
    )
    exchange_rate: AboveZero | None = Field(
        None,
        description="what a USD is in the currency of the file, for packaged figures: 0.92 for EUR",
    )
    simulation: Simulation = Simulation()
    economics: Economics
    tracking: Tracking
    customers: Customers
    cash: Cash
    costs: Costs
    boost: Boost
    platform: dict[str, Platform]
    niche: dict[str, Niche]
    audience: Audience = Audience()
    tier: dict[str, TierOn]
    compensation: dict[str, Compensation]
    format: dict[str, Format] = {}
    portfolio: dict[str, Portfolio]
    shocks: Shocks
    beliefs: Beliefs
    learned: Learned | None = None
    decision: Decision | None = None
    sweep: Sweep | None = None
    scenario: dict[str, dict[str, Any]] | None = None
