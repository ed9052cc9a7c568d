"""The funnel of one line, compiled: draws creators, follows their posts, keeps running sums.

The loops run over *worlds* inside and creators outside. Lanes of a vector register are then
different worlds, so each world adds up its creators one after another in their order: no
reassociation, the same bits for any block size and thread count, and no array that knows both
worlds and creators. Every step is a short loop over a row of `CHUNK` worlds; rows live in one
scratch array at constant offsets, which lets the compiler see that they do not overlap.

Equations: MODEL in `sim/engine/README.md`; symbols in the comments are those of that page.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .jit import compiled, part
from .line import (
    AMPLIFICATION,
    AUTHENTIC_SHARE,
    CAPPED_ENGAGEMENTS,
    CAPPED_IMPRESSIONS,
    CONVERSION_RATE,
    DELIVERED,
    DELIVERY,
    ENGAGEMENT_RATE,
    ENGAGEMENTS,
    EXPECTED_ORDERS,
    EXPECTED_ORDERS_LARGEST,
    EXPECTED_ORDERS_SQUARED,
    EXPOSURE,
    FEE,
    FEES,
    FIT,
    FOLLOWERS,
    HOURS,
    IMPRESSIONS,
    INCIDENT,
    INCIDENTS,
    MANAGEMENT_HOURS,
    N_CREATOR,
    N_INPUTS,
    N_SUMS,
    OWN_ORDERS,
    PAY,
    POST_LUCK,
    PRODUCT,
    PRODUCT_COST,
    REACH,
    REACH_RATE,
    VIRAL_POSTS,
    Line,
)
from .marginals import LOG_ZERO
from .orders import poisson_quantile
from .random import CHUNK, exponential, normal_rows, philox, uniform

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
U = np.uint64

# Words of the counter that tell the draws of a creator apart; pairs of inputs come first.
_POST, _TRACKED, _UNTRACKED = 5, U(6), U(7)

# Scratch: one flat array; row r of it begins at r * CHUNK. Offsets that are constants let the
# compiler see that rows do not overlap, and no view of a row has to be counted.
(
    _Z,
    _PEOPLE,  # d F a
    _SHARE,  # r
    _RATE,  # g: organic engagements per organic impression
    _WORTH,  # v: orders per engagement
    _HERE,  # d, delivered and taking part in this stage
    _LUCK,
    _EXCESS,  # A - 1
    _MISSED,  # share of the authentic followers that no post has reached yet
    _ENGAGED,  # engagements of the creator
    _TOTAL,  # its expected orders
    _EXPOSED,  # accounts that see any of its posts
    _FIRST,
    _SECOND,
    _CHOSEN,  # whether the creator takes part in this stage
    _SEEN,  # what the brand saw of the creator
    _ALONG,  # position within a piece of a table
    _BEFORE,  # expected orders of the creator in earlier stages
    _UNREACHED,  # share of its authentic followers whom no earlier stage reached
    _FREE,  # share of the market that earlier stages of the creator did not reach
) = range(0, 20 * CHUNK, CHUNK)
_SUM = 20 * CHUNK  # N_SUMS rows
_SCORE = _SUM + N_SUMS * CHUNK  # X rows: shared part of the scores
_BELIEF = _SCORE + N_INPUTS * CHUNK  # X rows: beliefs in the log values
_SHIFT = _BELIEF + N_INPUTS * CHUNK  # X rows: beliefs and constants in the log values
_BASE = _SHIFT + N_INPUTS * CHUNK  # X rows: shared part of log values on straight lines
_NORMAL = _BASE + N_INPUTS * CHUNK  # independent normals of a creator, in pairs
_VALUE = _NORMAL + (N_INPUTS + 1) * CHUNK  # X rows: log values
_SIZE = _VALUE + N_INPUTS * CHUNK
_F, _A = _VALUE + FOLLOWERS * CHUNK, _VALUE + AUTHENTIC_SHARE * CHUNK
_R, _E = _VALUE + REACH_RATE * CHUNK, _VALUE + ENGAGEMENT_RATE * CHUNK
_C, _FIT = _VALUE + CONVERSION_RATE * CHUNK, _VALUE + FIT * CHUNK
_D, _FEE, _INCIDENT = (_VALUE + x * CHUNK for x in (DELIVERY, FEE, INCIDENT))
_IMPRESSIONS, _ENGAGEMENTS = _SUM + IMPRESSIONS * CHUNK, _SUM + ENGAGEMENTS * CHUNK
_ORDERS, _SQUARED = _SUM + EXPECTED_ORDERS * CHUNK, _SUM + EXPECTED_ORDERS_SQUARED * CHUNK
_LARGEST, _REACH = _SUM + EXPECTED_ORDERS_LARGEST * CHUNK, _SUM + REACH * CHUNK
_EXPOSURE, _FEES = _SUM + EXPOSURE * CHUNK, _SUM + FEES * CHUNK
_DELIVERED, _VIRAL = _SUM + DELIVERED * CHUNK, _SUM + VIRAL_POSTS * CHUNK
_CAPPED_IMPRESSIONS = _SUM + CAPPED_IMPRESSIONS * CHUNK
_CAPPED_ENGAGEMENTS = _SUM + CAPPED_ENGAGEMENTS * CHUNK
_INCIDENTS, _OWN_ORDERS, _PAY = (_SUM + k * CHUNK for k in (INCIDENTS, OWN_ORDERS, PAY))


@part
def add_row(s: Array, weight: float, row: int, out: int) -> None:
    """``out += weight * row``."""
    row_, out_ = U(row), U(out)
    for i in range(CHUNK):
        s[out_ + U(i)] += weight * s[row_ + U(i)]


@part
def fill_row(s: Array, value: float, out: int) -> None:
    """``out = value``."""
    out_ = U(out)
    for i in range(CHUNK):
        s[out_ + U(i)] = value


@part
def clear_sums(s: Array) -> None:
    """Set all sums to zero."""
    for i in range(N_SUMS * CHUNK):
        s[_SUM + i] = 0.0


@part
def exponential_row(s: Array, row: int) -> None:
    """``row = exp(row)``."""
    row_ = U(row)
    for i in range(CHUNK):
        s[row_ + U(i)] = exponential(s[row_ + U(i)])


@part
def table_row(
    s: Array, start: Ints, table: Array, span: Array, z: int, shift: int, out: int
) -> None:
    """Look up a row of scores: ``out = shift + log F^-1(Phi(z))``, `LOG_ZERO` below the jump.

    Parameters
    ----------
    s, start
        Scratch, and integer scratch of shape (CHUNK,).
    table
        Cubic pieces of all tables, flat.
    span
        Of this table, shape (6,): where its pieces begin in `table`, how many there are (0 for a
        straight line), first knot, pieces per score, jump, largest log.
    z, shift, out
        Where in `s` rows begin; `out` may be `shift`.
    """
    first, count = np.int64(span[0]), span[1]
    low, scale, jump, cap = span[2], span[3], span[4], span[5]
    z_, shift_, out_ = U(z), U(shift), U(out)
    if count == 0.0:
        c0, c1 = table[first], table[first + 1]
        for i in range(CHUNK):
            s[out_ + U(i)] = s[shift_ + U(i)] + min(c0 + c1 * s[z_ + U(i)], cap)
    else:
        last = count - 1e-9
        # Two loops: the first becomes wide, and loads of the second do not wait for it.
        for i in range(CHUNK):
            position = min(max((s[z_ + U(i)] - low) * scale, 0.0), last)
            piece = np.int64(position)
            s[_ALONG + i] = position - float(piece)
            start[i] = first + 4 * piece
        for i in range(CHUNK):
            k, u = U(start[i]), s[_ALONG + i]
            cubic = table[k] + u * (table[k + U(1)] + u * (table[k + U(2)] + u * table[k + U(3)]))
            s[out_ + U(i)] = s[shift_ + U(i)] + min(cubic, cap)
    if jump > -np.inf:
        for i in range(CHUNK):
            s[out_ + U(i)] = s[out_ + U(i)] if s[z_ + U(i)] >= jump else LOG_ZERO


@part
def rare_row(
    s: Array, start: Ints, table: Array, span: Array, z: int, shift: int, out: int
) -> None:
    """Like `table_row` and then the exponential, where few scores pass the jump: only those."""
    first, count = np.int64(span[0]), span[1]
    low, scale, jump, cap = span[2], span[3], span[4], span[5]
    z_, out_ = U(z), U(out)
    found = 0
    for i in range(CHUNK):
        s[out_ + U(i)] = 0.0
        start[found] = i
        found += np.int64(s[z_ + U(i)] >= jump)
    for j in range(found):
        i = start[j]
        position = min(max((s[z_ + U(i)] - low) * scale, 0.0), max(count, 1.0) - 1e-9)
        piece = np.int64(position)
        u, k = position - float(piece), first + 4 * piece
        log = table[k] + u * (table[k + 1] + u * (table[k + 2] + u * table[k + 3]))
        s[out_ + U(i)] = exponential(s[shift + i] + min(log, cap))


@part
def shared_rows(
    s: Array,
    loading: Array,
    belief: Array,
    shift: Array,
    straight: Array,
    bottom: Array,
    factors: Array,
    start: int,
) -> None:
    """Fill what creators share: scores, log values, and what a straight line adds normals to."""
    begin = U(start)
    for x in range(N_INPUTS):
        row = U(x * CHUNK)
        score, doubt = U(_SCORE) + row, U(_BELIEF) + row
        for i in range(CHUNK):
            s[score + U(i)] = 0.0
            s[doubt + U(i)] = 0.0
        for k in range(factors.shape[0]):
            if loading[x, k] != 0.0:
                for i in range(CHUNK):
                    s[score + U(i)] += loading[x, k] * factors[k, begin + U(i)]
            if belief[x, k] != 0.0:
                for i in range(CHUNK):
                    s[doubt + U(i)] += belief[x, k] * factors[k, begin + U(i)]
        for i in range(CHUNK):
            value = shift[x] + s[doubt + U(i)]
            s[U(_SHIFT) + row + U(i)] = value
            s[U(_VALUE) + row + U(i)] = value
            s[U(_BASE) + row + U(i)] = value + bottom[x] + straight[x] * s[score + U(i)]


@part
def combine_row(
    s: Array, weights: Array, which: Ints, count: int, v: int, x: int, base: int, out: int
) -> None:
    """``out = base + sum of weights * normals`` of an input, the few that count."""
    o, b, first = U(out), U(base), U(_NORMAL + which[v, x, 0] * CHUNK)
    if count == 1:
        w = weights[v, x, 0]
        for i in range(CHUNK):
            s[o + U(i)] = s[b + U(i)] + w * s[first + U(i)]
    else:
        second = U(_NORMAL + which[v, x, 1] * CHUNK)
        w0, w1 = weights[v, x, 0], weights[v, x, 1]
        for i in range(CHUNK):
            s[o + U(i)] = s[b + U(i)] + w0 * s[first + U(i)] + w1 * s[second + U(i)]
    for k in range(2, count):
        add_row(s, weights[v, x, k], _NORMAL + which[v, x, k] * CHUNK, out)


@part
def creator_rows(
    s: Array,
    start: Ints,
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    name: np.uint64,
    pairs: Ints,
    drawn: Ints,
    table: Array,
    spans: Array,
    straight: Array,
    weights: Array,
    which: Ints,
    counts: Ints,
    v: int,
    known: int,
    score_known: Array,
) -> None:
    """Draw one creator in CHUNK worlds: fill the rows of log values of its inputs."""
    for p in range(pairs.shape[0]):
        first = _NORMAL + 2 * pairs[p] * CHUNK
        normal_rows(key, world, U(pairs[p]), name, s, first, first + CHUNK)
    for d in range(drawn.shape[0]):
        x = drawn[d]
        row = x * CHUNK
        if straight[x] != 0.0:
            combine_row(s, weights, which, counts[v, x], v, x, _BASE + row, _VALUE + row)
            continue
        combine_row(s, weights, which, counts[v, x], v, x, _SCORE + row, _Z)
        shift = _SHIFT + row
        if known >= 0:
            shift = _VALUE + row
            for i in range(CHUNK):
                s[_Z + i] += score_known[known, x]
        table_row(s, start, table, spans[x], _Z, shift, _VALUE + row)


@part
def known_rows(s: Array, shift: Array, log_known: Array, doubt: Array, known: int) -> None:
    """Start from what is known of a creator instead of what holds for all."""
    for x in range(N_CREATOR):
        log, share, row = shift[x] + log_known[known, x], doubt[known, x], U(x * CHUNK)
        for i in range(CHUNK):
            s[U(_VALUE) + row + U(i)] = log + share * s[U(_BELIEF) + row + U(i)]


@part
def funnel_rows(s: Array, per_impression: bool, log_authentic_mean: float) -> None:
    """Turn log values of a creator into its audience, organic reach, engagement and conversion.

    People d F a who can see a post; organic engagements per organic impression, e / (a r) or e by
    basis; expected orders per engagement, c f (a / mean a).
    """
    basis = 0.0 if per_impression else 1.0
    log_mean = basis * log_authentic_mean
    for i in range(CHUNK):
        here = s[_CHOSEN + i] if s[_D + i] > LOG_ZERO else 0.0
        a, r = min(s[_A + i], 0.0), min(s[_R + i], 0.0)
        s[_HERE + i] = here
        s[_PEOPLE + i] = here * exponential(s[_F + i] + a)
        s[_SHARE + i] = exponential(r)
        s[_RATE + i] = s[_E + i] - basis * (a + r)
        s[_WORTH + i] = s[_C + i] + s[_FIT + i] + (basis * a - log_mean)
    for i in range(CHUNK):
        s[_RATE + i] = exponential(s[_RATE + i])
        s[_WORTH + i] = exponential(s[_WORTH + i])
        s[_ENGAGED + i] = 0.0
        s[_TOTAL + i] = 0.0
        s[_EXPOSED + i] = 0.0
        s[_MISSED + i] = s[_UNREACHED + i]


@part
def incident_rows(s: Array, loss: float, new: float) -> None:
    """Take from creators with an incident a share of their orders; in later stages none is new."""
    for i in range(CHUNK):
        incident = s[_HERE + i] if s[_INCIDENT + i] > LOG_ZERO else 0.0
        s[_INCIDENTS + i] += new * incident
        s[_WORTH + i] *= 1.0 - loss * incident


@part
def luck_rows(
    s: Array,
    start: Ints,
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    name: np.uint64,
    post: int,
    table: Array,
    spans: Array,
    luck_own: float,
    of_engagement: float,
    of_post: float,
    told: float,
) -> None:
    """Draw what is new with each post: its luck u and its excess amplification A - 1.

    `told` is what knowledge of the creator adds to the score of the amplification.
    """
    draw = U(((post + 1) << 8) | _POST)
    normal_rows(key, world, draw, name, s, _FIRST, _SECOND)
    row = POST_LUCK * CHUNK
    for i in range(CHUNK):
        s[_Z + i] = s[_SCORE + row + i] + luck_own * s[_FIRST + i]
    table_row(s, start, table, spans[POST_LUCK], _Z, _SHIFT + row, _LUCK)
    exponential_row(s, _LUCK)
    row, engagement = AMPLIFICATION * CHUNK, _NORMAL + ENGAGEMENT_RATE * CHUNK
    for i in range(CHUNK):
        own = of_engagement * s[engagement + i] + of_post * s[_SECOND + i]
        s[_Z + i] = s[_SCORE + row + i] + own
    if told != 0.0:
        for i in range(CHUNK):
            s[_Z + i] += told
    if spans[AMPLIFICATION, 4] > 1.0:
        rare_row(s, start, table, spans[AMPLIFICATION], _Z, _SHIFT + row, _EXCESS)
    else:
        table_row(s, start, table, spans[AMPLIFICATION], _Z, _SHIFT + row, _EXCESS)
        exponential_row(s, _EXCESS)


@part
def post_rows(
    s: Array, repeat: float, q: float, w: float, audience: float, viral_excess: float
) -> None:
    """Add one post: impressions I, engagements E and expected orders of each world.

    organic = F a r u, extra = organic (A - 1), together at most the platform's audience;
    E = g (organic + q extra), lambda = v g (organic + q w extra), g = engagements per organic
    impression, at most one.
    """
    for i in range(CHUNK):
        here, share = s[_HERE + i], s[_SHARE + i] * s[_LUCK + i]
        s[_MISSED + i] *= 1.0 - min(share, 1.0)
        organic = s[_PEOPLE + i] * share
        wanted = organic * (1.0 + s[_EXCESS + i])
        organic = min(organic, audience)
        extra = min(wanted, audience) - organic
        rate = repeat * s[_RATE + i]
        s[_CAPPED_ENGAGEMENTS + i] += here if rate > 1.0 else 0.0
        rate = min(rate, 1.0)
        s[_EXPOSED + i] += extra
        s[_ENGAGED + i] += rate * (organic + q * extra)
        s[_TOTAL + i] += rate * s[_WORTH + i] * (organic + q * w * extra)
        s[_IMPRESSIONS + i] += organic + extra
        s[_CAPPED_IMPRESSIONS + i] += 1.0 if wanted > audience else 0.0
        s[_VIRAL + i] += here if s[_EXCESS + i] >= viral_excess else 0.0


@part
def account_rows(s: Array, fee_on_delivery: bool, market: float) -> None:
    """Add a creator's totals to the sums of its line: orders, reach, delivery, fee.

    Accounts that see any organic post: F a (1 - prod_posts (1 - min(r u, 1))).
    """
    for i in range(CHUNK):
        total, here = s[_TOTAL + i], s[_HERE + i]
        s[_ENGAGEMENTS + i] += s[_ENGAGED + i]
        s[_ORDERS + i] += total
        before = s[_BEFORE + i]
        # What a stage adds to the square of all that the creator brings.
        s[_SQUARED + i] += total * (total + 2.0 * before)
        s[_LARGEST + i] = max(s[_LARGEST + i], before + total)
        s[_DELIVERED + i] += here
        exposed = s[_EXPOSED + i] + s[_PEOPLE + i] * (s[_UNREACHED + i] - s[_MISSED + i])
        s[_EXPOSED + i] = exposed
        s[_EXPOSURE + i] += exposed
        due = here if fee_on_delivery else s[_CHOSEN + i]
        s[_FEES + i] += due * exponential(s[_FEE + i])
    if market < np.inf:
        # reach_i = M (1 - exp(-x_i / M)), so log(1 - reach_i / M) = -x_i / M needs no logarithm.
        for i in range(CHUNK):
            t = s[_EXPOSED + i] / market
            # 1 - exp(-t) would cancel where a creator reaches next to nothing of the market.
            small = t * (1.0 - t * (0.5 - t / 6.0))
            s[_EXPOSED + i] = market * (small if t < 1e-5 else 1.0 - exponential(-t))
    for i in range(CHUNK):
        s[_REACH + i] += s[_FREE + i] * s[_EXPOSED + i]


@part
def amount_row(s: Array, varies: bool, value: int, out: int) -> None:
    """Add the exponential of a row to a sum: amounts of USD or hours."""
    out_, value_ = U(out), U(value)
    if varies:
        for i in range(CHUNK):
            s[out_ + U(i)] += s[_CHOSEN + i] * exponential(s[value_ + U(i)])
    else:
        amount = exponential(s[value])
        for i in range(CHUNK):
            s[out_ + U(i)] += s[_CHOSEN + i] * amount


@part
def poisson(
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    draw: np.uint64,
    name: np.uint64,
    mean: float,
) -> float:
    """Draw a Poisson number of a creator in a world."""
    a, b = philox(world, draw, name & U(0xFFFFFFFF), name >> U(32), key[0], key[1])
    return poisson_quantile(0.5 * uniform(a), (b & U(1)) == U(1), mean)


@part
def order_rows(
    s: Array,
    key: tuple[np.uint64, np.uint64],
    world: np.uint64,
    name: np.uint64,
    stage: int,
    stages: int,
    pay: tuple[float, float, float, float],
    by_orders: bool,
    tracked: Array,
    start: int,
) -> None:
    """Draw a creator's own orders: those that the brand sees, which pay and choice go by; others."""
    per_engagement, per_order, least, most = pay
    draw = U((stage + 1) << 8)
    for i in range(CHUNK):
        now, total, engaged, share = (
            world + U(i),
            s[_TOTAL + i],
            s[_ENGAGED + i],
            tracked[start + i],
        )
        seen = poisson(key, now, draw | _TRACKED, name, share * total)
        unseen = poisson(key, now, draw | _UNTRACKED, name, (1.0 - share) * total)
        s[_OWN_ORDERS + i] += seen + unseen
        due = min(max(per_engagement * engaged + per_order * seen, least), most)
        s[_PAY + i] += s[_HERE + i] * due
        # Between creators with as many orders in all stages, engagements decide.
        tie = engaged / ((1.0 + engaged) * stages)
        s[_SEEN + i] = seen + tie if by_orders else engaged


@part
def choose(seen: Array, keep: int, chosen: Array) -> None:
    """Keep in each world the creators of whom most was seen, the first ones where they tie.

    `seen` and `chosen` have shape (creators, CHUNK); who was not chosen before has -1 in `seen`.
    Sorted by Shell's method (1959), which needs no scratch and compiles at once.
    """
    people = seen.shape[0]
    order = np.empty(people, np.int64)
    for i in range(CHUNK):
        for k in range(people):
            order[k] = k
            chosen[k, i] = 0.0
        gap = people // 2
        while gap > 0:
            for k in range(gap, people):
                this, at = order[k], k
                while at >= gap:
                    other = order[at - gap]
                    ahead = seen[other, i] - seen[this, i]
                    if ahead > 0.0 or (ahead == 0.0 and other < this):
                        break
                    order[at] = other
                    at -= gap
                order[at] = this
            gap //= 2
        for k in range(keep):
            chosen[order[k], i] = 1.0


class Prepared(NamedTuple):
    """What the loops read of a line's tables and mixes: X inputs, V ways to mix."""

    table: Array  #: cubic pieces of all tables, flat
    spans: Array  #: (X, 6) see `table_row`
    straight: Array  #: (X,) slope of a straight table, 0 for others and where somebody is known
    bottom: Array  #: (X,) log value of a table at its first knot
    weights: Array  #: (V, X, X) of the normals in an input's score, or straight in its log value
    which: Ints  #: (V, X, X) which normals those are
    counts: Ints  #: (V, X) how many


def prepared(line: Line) -> Prepared:
    """Return what the loops read of a line: the few normals of each score come first."""
    first = line.pieces[:, 0]
    spans = np.column_stack([4.0 * first, line.pieces[:, 1], line.ranges])
    no_ends = (line.ranges[:, 2] == -np.inf) & (line.ranges[:, 3] >= -LOG_ZERO)
    on_line = (line.pieces[:, 1] == 0) & no_ends & ~(line.known_of >= 0).any()
    straight = np.where(on_line, line.coefficients[first, 1], 0.0)
    scaled = line.mix * np.where(straight != 0.0, straight, 1.0)[:, None]
    which = np.argsort(scaled == 0.0, axis=2, kind="stable")
    return Prepared(
        np.ascontiguousarray(line.coefficients).ravel(),
        np.ascontiguousarray(spans),
        straight,
        line.coefficients[first, 0],
        np.ascontiguousarray(np.take_along_axis(scaled, which, 2)),
        which,
        np.count_nonzero(scaled, axis=2),
    )


def line_sums(
    line: Line, factors: Array, tracked: Array, world: np.uint64, worlds: int, out: Array
) -> None:
    """Simulate all creators of a line in a block of worlds.

    Parameters
    ----------
    line
        The line.
    factors
        Shared standard normal factors, shape (K, padded), `padded` the block's worlds rounded up
        to a multiple of `CHUNK`.
    tracked
        Share of orders that the brand sees, shape (padded,).
    world
        Index of the block's first world, a multiple of `CHUNK`.
    worlds
        Worlds of the block that count.
    out
        Sums to fill, shape (S, N_SUMS, worlds): after each stop, over the creators so far; for a
        line in stages, of each stage.
    """
    _line_sums(line, prepared(line), factors, tracked, world, worlds, out)


@compiled
def _line_sums(
    line: Line,
    of: Prepared,
    factors: Array,
    tracked: Array,
    world: np.uint64,
    worlds: int,
    out: Array,
) -> None:
    s, index = np.zeros(_SIZE), np.zeros(CHUNK, np.int64)
    table, spans, straight, bottom, weights, which, counts = of
    key, names = line.key, line.creators
    pairs, drawn, known_of, mix_of = line.pairs, line.drawn, line.known_of, line.mix_of
    score_known, shift, repeats, pay = line.score_known, line.shift, line.repeats, line.pay
    q, w = line.amplified_engagement, line.amplified_conversion
    posts_vary = line.varies[POST_LUCK] or line.varies[AMPLIFICATION]
    hours_vary, goods_vary = line.varies[MANAGEMENT_HOURS], line.varies[PRODUCT_COST]
    stages, people = line.post_ends.shape[0], line.stops[-1]
    staged = stages > 1
    history = people if staged else 1
    seen, chosen = np.zeros((history, CHUNK)), np.ones((history, CHUNK))
    before, unreached = np.zeros((history, CHUNK)), np.ones((history, CHUNK))
    free = np.ones((history, CHUNK))
    for start in range(0, worlds, CHUNK):
        here, now = min(CHUNK, worlds - start), world + U(start)
        shared_rows(s, line.loading, line.belief, shift, straight, bottom, factors, start)
        fill_row(s, 1.0, _LUCK)
        fill_row(s, 0.0, _EXCESS)
        fill_row(s, 1.0, _CHOSEN)
        clear_sums(s)
        fill_row(s, 0.0, _BEFORE)
        fill_row(s, 1.0, _UNREACHED)
        fill_row(s, 1.0, _FREE)
        for k in range(history):
            for i in range(CHUNK):
                seen[k, i] = 0.0
                before[k, i] = 0.0
                unreached[k, i] = 1.0
                free[k, i] = 1.0
        first, post = 0, 0
        for step in range(max(line.stops.shape[0], stages)):
            last = people if staged else line.stops[step]
            end = line.post_ends[step if staged else 0]
            if step > 0 and staged:
                choose(seen, line.keep[step], chosen)
                clear_sums(s)
                first = 0
            for creator in range(first, last):
                if staged:
                    for i in range(CHUNK):
                        s[_CHOSEN + i] = 1.0 if step == 0 else chosen[creator, i]
                        s[_BEFORE + i] = before[creator, i]
                        s[_UNREACHED + i] = unreached[creator, i]
                        s[_FREE + i] = free[creator, i]
                name, known = names[creator], known_of[creator]
                of_engagement, told = line.amplification_engagement, 0.0
                if known >= 0:
                    known_rows(s, shift, line.log_known, line.doubt, known)
                    of_engagement *= line.mix[mix_of[creator], AMPLIFICATION, ENGAGEMENT_RATE]
                    told = score_known[known, AMPLIFICATION]
                creator_rows(
                    s, index, key, now, name, pairs, drawn, table, spans, straight, weights, which,
                    counts, mix_of[creator], known, score_known,
                )  # fmt: skip
                funnel_rows(s, line.per_impression, line.log_authentic_mean)
                if line.varies[INCIDENT]:
                    new = 0.0 if staged and step > 0 else 1.0
                    incident_rows(s, line.incident_loss, new)
                for p in range(post, end):
                    if posts_vary:
                        luck_rows(
                            s, index, key, now, name, p, table, spans, line.luck_own,
                            of_engagement, line.amplification_own, told,
                        )  # fmt: skip
                    post_rows(s, repeats[p], q, w, line.audience, line.viral_excess)
                account_rows(s, line.fee_on_delivery, line.market)
                hours, goods = _VALUE + MANAGEMENT_HOURS * CHUNK, _VALUE + PRODUCT_COST * CHUNK
                amount_row(s, hours_vary or known >= 0, hours, _SUM + HOURS * CHUNK)
                amount_row(s, goods_vary or known >= 0, goods, _SUM + PRODUCT * CHUNK)
                if line.own_orders:
                    stage = step if staged else 0
                    order_rows(
                        s, key, now, name, stage, stages, pay, line.choose_by_orders, tracked,
                        start,
                    )  # fmt: skip
                if staged:
                    for i in range(CHUNK):
                        more = seen[creator, i] + s[_SEEN + i]
                        seen[creator, i] = more if s[_CHOSEN + i] > 0.0 else -1.0
                        before[creator, i] += s[_TOTAL + i]
                        unreached[creator, i] = s[_MISSED + i]
                        # `_EXPOSED` now holds what this stage alone reaches of the market.
                        free[creator, i] *= 1.0 - s[_EXPOSED + i] / line.market
            first, post = last, end if staged else 0
            for k in range(N_SUMS):
                for i in range(here):
                    out[step, k, start + i] = s[_SUM + k * CHUNK + i]
