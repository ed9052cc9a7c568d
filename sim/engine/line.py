"""What the engine reads and writes: the inputs of the funnel, its sums, and one line as arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

#: What varies between creators.
CREATOR_INPUTS = (
    "engagement_rate",
    "followers",
    "reach_rate",
    "conversion_rate",
    "authentic_share",
    "fee",
    "delivery",
    "fit",
    "management_hours",
    "product_cost",
    "incident",
)
#: What varies between the posts of a creator.
POST_INPUTS = ("post_luck", "amplification")
INPUTS = (*CREATOR_INPUTS, *POST_INPUTS)
N_CREATOR, N_INPUTS = len(CREATOR_INPUTS), len(INPUTS)
(
    ENGAGEMENT_RATE,
    FOLLOWERS,
    REACH_RATE,
    CONVERSION_RATE,
    AUTHENTIC_SHARE,
    FEE,
    DELIVERY,
    FIT,
    MANAGEMENT_HOURS,
    PRODUCT_COST,
    INCIDENT,
    POST_LUCK,
    AMPLIFICATION,
) = range(N_INPUTS)

#: Running sums over the creators of a line, per world.
SUMS = (
    "impressions",
    "engagements",
    "expected_orders",
    "expected_orders_squared",
    "expected_orders_largest",
    "reach",
    "exposure",
    "fees",
    "hours",
    "goods",
    "delivered",
    "viral_posts",
    "capped_impressions",
    "capped_engagements",
    "incidents",
    "own_orders",
    "pay",
    "hired",
    "committed",
    "noticed",
    "boosting",
)
N_SUMS = len(SUMS)
(
    IMPRESSIONS,
    ENGAGEMENTS,
    EXPECTED_ORDERS,
    EXPECTED_ORDERS_SQUARED,
    EXPECTED_ORDERS_LARGEST,
    REACH,
    EXPOSURE,
    FEES,
    HOURS,
    GOODS,
    DELIVERED,
    VIRAL_POSTS,
    CAPPED_IMPRESSIONS,
    CAPPED_ENGAGEMENTS,
    INCIDENTS,
    OWN_ORDERS,
    PAY,
    HIRED,
    COMMITTED,
    NOTICED,
    BOOSTING,
) = range(N_SUMS)


@dataclass(frozen=True)
class Boost:
    """What a line spends on paid impressions of its posts once their first days have been seen."""

    money: float  #: USD, rights included, in equal parts for the posts that are boosted
    best: int  #: posts that are boosted, the best by what was seen
    right_of_fee: float  #: USD for the right to boost a post, per USD of its fee
    noise: float  #: sd of the log of what the first days show, over the whole of a post
    per_follower: bool  #: whether posts are ranked by engagements per follower, else by engagements
    carried: float  #: share of the log of a post's luck that goes over to paid viewers
    log_mean_carried: float  #: log of the mean of what goes over: it changes no mean


#: Share of a budget by which the last creator may pass it: sums of single numbers are no better.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Purse:
    """What a budget lets the stages of a line commit, and how many it lets go on from one to the next."""

    money: tuple[float, ...]  #: USD up to the end of each stage, inf where that is no matter
    #: USD committed for a creator in each stage: whatever it asks, and per USD of fee, hour and USD of goods
    dues: tuple[tuple[float, float, float, float], ...]
    shares: tuple[
        float, ...
    ] = ()  #: of those in the stage before; none: as many as `Line.keep` says

    def going_on(self, keep: Ints, people: int) -> Ints:
        """Return how many may take part in each stage, of 0 to so many in the stage before.

        Parameters
        ----------
        keep
            As in `Line`.
        people
            Most creators of a stage.

        Returns
        -------
        numpy.ndarray
            Shape (stages, people + 1).
        """
        before = np.arange(people + 1)
        if not self.shares:
            return np.minimum(keep[:, None], before)
        return np.array([kept_of(share, before) for share in self.shares])


def kept_of(share: float, before: npt.ArrayLike) -> Ints:
    """Return how many creators a share of those in the stage before is, one at least if there are any."""
    count = np.asarray(before, dtype=np.int64)
    kept: Ints = np.minimum(np.maximum(np.rint(share * count).astype(np.int64), 1), count)
    return kept


@dataclass(frozen=True, eq=False)
class Line:
    """One line as plain arrays: X inputs, K factors, V ways to mix, C creators, S stops.

    Logarithms are natural; amounts in USD, counts in accounts, impressions or hours.
    """

    key: tuple[np.uint64, np.uint64]  #: key words of the creators' stream
    creators: Bits  #: (C,) creator numbers or name ids
    stops: Ints  #: (S,) after how many creators the sums are written out, increasing
    drawn: Ints  #: creator inputs that are drawn, increasing
    #: (V, X, X) lower triangular: idiosyncratic scores from independent normals. Of known creators
    #: the row of amplification holds, under engagement, how much of that score is still unknown
    mix: Array
    mix_of: Ints  #: (C,) which mix a creator uses
    score_known: Array  #: (V', X) added to a creator's scores: what is known of it
    log_known: Array  #: (V', X) added to the log of a creator's values
    doubt: Array  #: (V', X) share of the tier's belief that holds for a creator
    known_of: Ints  #: (C,) which row of the three a creator uses; -1 where nobody is known
    loading: Array  #: (X, K) weight of each shared factor in the score
    belief: Array  #: (X, K) weight of each shared factor in the log of the value
    level: Array  #: (X,) what beliefs add to that log where all factors are zero; part of `shift`
    shift: Array  #: (X,) constant in the log of the value
    varies: npt.NDArray[np.bool_]  #: (X,) whether an input's row differs from one number
    pieces: (
        Ints  #: (X, 2) first piece in `coefficients` and number of pieces, 0 for a straight line
    )
    ranges: Array  #: (X, 4) first knot, pieces per score, score below which it is zero, largest log
    coefficients: Array  #: (P, 4) cubic pieces of all tables
    luck_own: float  #: weight of the post's own normal in the luck score
    amplification_engagement: float  #: weight of the creator's engagement score
    amplification_own: float  #: weight of the post's own normal in the amplification score
    repeats: Array  #: (posts,) factor on engagement of each post of a creator
    amplified_engagement: float  #: q, engagement of people reached by amplification
    amplified_conversion: float  #: w, their conversion, relative to followers
    per_impression: bool  #: basis of the engagement rate: impressions, else followers
    log_authentic_mean: float  #: log of the tier's mean authentic share
    audience: float  #: the platform's audience: cap of impressions per post
    market: float  #: addressable accounts of the niche, inf where unlimited
    viral_excess: float  #: A - 1 from which a post counts as viral
    fee_on_delivery: bool  #: whether fees fall due only if the creator delivers
    incident_loss: float  #: share of a creator's orders that an incident destroys
    own_orders: bool  #: whether each creator's orders are drawn: for pay or for choosing
    pay: tuple[float, float, float, float]  #: USD per engagement, per tracked order, least, most
    post_ends: Ints  #: (stages,) posts of a creator up to the end of each stage
    keep: Ints  #: (stages,) creators in each stage, the first all of them
    choose_by_orders: bool  #: stages choose by tracked orders, else by engagements
    money: float = math.inf  #: USD that the line may commit in a world, inf where that is no matter
    #: USD committed for a creator: whatever it asks, and per USD of fee, hour and USD of goods
    dues: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    purse: Purse | None = None  #: of a line in stages that a budget pays
    boost: Boost | None = None
    reach_of_post: Array | None = None  #: (posts,) factor of its format on a post's impressions


def steps_of(line: Line) -> Ints:
    """Return the steps of a line: first and last creator, first and last post, shape (steps, 4).

    A step ends at a stop, after which sums go on, or is a stage, with sums of its own.
    """
    if len(line.post_ends) > 1:
        posts = [0, *line.post_ends]
        rows = [(0, line.stops[-1], *posts[k : k + 2]) for k in range(len(line.post_ends))]
    else:
        creators = [0, *line.stops]
        rows = [(*creators[k : k + 2], 0, line.post_ends[0]) for k in range(len(line.stops))]
    return np.array(rows, dtype=np.int64)


def going_on(line: Line) -> Ints:
    """Return how many creators each stage keeps, of 0, 1, ... in the stage before, shape (stages, C + 1)."""
    purse = line.purse or Purse((), ())
    return purse.going_on(line.keep, len(line.creators))


def one_of(line: Line, k: int) -> Line:
    """Return the line of one creator of a line, who takes part in every stage."""
    return replace(
        line,
        creators=line.creators[k : k + 1],
        mix_of=line.mix_of[k : k + 1],
        known_of=line.known_of[k : k + 1],
        stops=np.ones(1, dtype=np.int64),
        keep=np.ones(len(line.keep), dtype=np.int64),
    )
