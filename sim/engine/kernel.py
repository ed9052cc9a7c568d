"""The funnel of one line, compiled: draws creators, follows their posts, keeps running sums.

The loops run over *worlds* inside and creators outside. Lanes of a vector register are then
different worlds, so each world adds up its creators one after another in their order: no
reassociation, the same bits for any block size and thread count, and no array that knows both
worlds and creators. Every step is a short loop over a row of `CHUNK` worlds; rows live in one
scratch array at constant offsets, which lets the compiler see that they do not overlap.

Equations: MODEL in `sim/engine/README.md`; symbols in the comments are those of that page.
"""

from __future__ import annotations

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
    MANAGEMENT_HOURS,
    N_CREATOR,
    N_INPUTS,
    N_SUMS,
    POST_LUCK,
    PRODUCT,
    PRODUCT_COST,
    REACH,
    REACH_RATE,
    VIRAL_POSTS,
    Line,
)
from .marginals import LOG_ZERO
from .random import CHUNK, LOG_NOTHING, exp_row, normal_rows

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
U = np.uint64

# Scratch rows; a loop addresses row r of the flat array as s[r * CHUNK + i].
(
    _RADIUS,
    _EXPONENT,
    _FIRST,
    _SECOND,
    _SCALE,
    _LOG,
    _Z,
    _ORGANIC,  # F a r d
    _PER_IMPRESSION,  # organic engagements per organic impression
    _CONVERSION,  # orders per engagement
    _DELIVERED,
    _LUCK,
    _EXCESS,  # A - 1
    _TOTAL,  # expected orders of the creator
    _EXPOSED,  # accounts that see any of the posts
    _EXTRA,
    _SHARE,  # r
    _MISSED,  # share of the authentic followers that no post has reached yet
) = range(18)
_SUM = 18  # N_SUMS rows
_SCORE = _SUM + N_SUMS  # X rows: shared part of the scores
_SHIFT = _SCORE + N_INPUTS  # X rows: shared part of the log values
_NORMAL = _SHIFT + N_INPUTS  # X rows: independent normals of a creator
_VALUE = _NORMAL + N_INPUTS  # X rows: log values
_ROWS = _VALUE + N_INPUTS
# Offsets that loops use, as constants: the compiler then sees that rows do not overlap.
_LOG_ = _LOG * CHUNK
_Z_ = _Z * CHUNK
_ORGANIC_ = _ORGANIC * CHUNK
_RATE_ = _PER_IMPRESSION * CHUNK
_CONVERSION_ = _CONVERSION * CHUNK
_DELIVERED_ = _DELIVERED * CHUNK
_LUCK_ = _LUCK * CHUNK
_EXCESS_ = _EXCESS * CHUNK
_TOTAL_ = _TOTAL * CHUNK
_EXPOSED_ = _EXPOSED * CHUNK
_EXTRA_ = _EXTRA * CHUNK
_SHARE_ = _SHARE * CHUNK
_MISSED_ = _MISSED * CHUNK
_FIRST_ = _FIRST * CHUNK
_SECOND_ = _SECOND * CHUNK
_SUM_ = _SUM * CHUNK
_F_ = (_VALUE + FOLLOWERS) * CHUNK
_A_ = (_VALUE + AUTHENTIC_SHARE) * CHUNK
_R_ = (_VALUE + REACH_RATE) * CHUNK
_E_ = (_VALUE + ENGAGEMENT_RATE) * CHUNK
_C_ = (_VALUE + CONVERSION_RATE) * CHUNK
_FIT_ = (_VALUE + FIT) * CHUNK


@part
def scaled_row(weight: float, row: Array, out: Array) -> None:
    """``out = weight * row``."""
    for i in range(CHUNK):
        out[i] = weight * row[i]


@part
def add_row(weight: float, row: Array, out: Array) -> None:
    """``out += weight * row``."""
    for i in range(CHUNK):
        out[i] += weight * row[i]


@part
def table_row(
    pieces: Ints, ranges: Array, coefficients: Array, z: Array, shift: Array, out: Array
) -> None:
    """Look up a row of scores: ``out = shift + log F^-1(Phi(z))``, `LOG_ZERO` below the jump."""
    first, count = pieces[0], pieces[1]
    low, scale, jump, cap = ranges[0], ranges[1], ranges[2], ranges[3]
    if count == 0:
        c0, c1 = coefficients[first, 0], coefficients[first, 1]
        for i in range(CHUNK):
            out[i] = shift[i] + min(c0 + c1 * z[i], cap)
    else:
        c = coefficients[first : first + count].ravel()
        last = float(count) - 1e-9
        for i in range(CHUNK):
            position = min(max((z[i] - low) * scale, 0.0), last)
            piece = np.int64(position)
            u = position - float(piece)
            k = U(4) * U(piece)
            cubic = c[k] + u * (c[k + U(1)] + u * (c[k + U(2)] + u * c[k + U(3)]))
            out[i] = shift[i] + min(cubic, cap)
    if jump > -np.inf:
        for i in range(CHUNK):
            out[i] = out[i] if z[i] >= jump else LOG_ZERO


@part
def shared_rows(
    loading: Array, belief: Array, shift: Array, factors: Array, start: int, rows: Array
) -> None:
    """Fill the shared part of scores and log values: sums over the factors of each world."""
    for x in range(N_INPUTS):
        rows[_SCORE + x] = 0.0
        rows[_SHIFT + x] = shift[x]
        for k in range(factors.shape[0]):
            factor = factors[k, start : start + CHUNK]
            if loading[x, k] != 0.0:
                add_row(loading[x, k], factor, rows[_SCORE + x])
            if belief[x, k] != 0.0:
                add_row(belief[x, k], factor, rows[_SHIFT + x])


@part
def creator_rows(line: Line, creator: int, world: np.uint64, rows: Array, bits: Bits) -> None:
    """Draw one creator in CHUNK worlds: fill the rows of log values of its inputs."""
    for p in range(line.pairs.shape[0]):
        pair = line.pairs[p]
        normal_rows(
            line.key,
            world,
            U(pair),
            line.creators[creator],
            rows[_RADIUS],
            bits[_RADIUS],
            rows[_EXPONENT],
            rows[_NORMAL + 2 * pair],
            rows[_NORMAL + 2 * pair + 1],
        )
    known, variant = line.known_of[creator], line.mix_of[creator]
    for x in range(N_CREATOR):
        log_known = line.log_known[known, x]
        value, shift = rows[_VALUE + x], rows[_SHIFT + x]
        for i in range(CHUNK):
            value[i] = shift[i] + log_known
    z = rows[_Z]
    for d in range(line.drawn.shape[0]):
        x = line.drawn[d]
        score, score_known = rows[_SCORE + x], line.score_known[known, x]
        for i in range(CHUNK):
            z[i] = score[i] + score_known
        for e in range(d + 1):
            y = line.drawn[e]
            if line.mix[variant, x, y] != 0.0:
                add_row(line.mix[variant, x, y], rows[_NORMAL + y], z)
        value = rows[_VALUE + x]
        table_row(line.pieces[x], line.ranges[x], line.coefficients, z, value, value)


@part
def funnel_rows(
    per_impression: bool, log_authentic_mean: float, s: Array, rows: Array, bits: Bits
) -> None:
    """Turn log values of a creator into organic reach, engagement and conversion.

    Organic impressions F a r of a delivered post; organic engagements per organic impression,
    e / (a r) or e by basis; expected orders per engagement, c f (a / mean a).
    """
    for i in range(CHUNK):
        s[_DELIVERED_ + i] = 1.0 if s[(_VALUE + DELIVERY) * CHUNK + i] > LOG_ZERO else 0.0
        s[_R_ + i] = min(s[_R_ + i], 0.0)
        s[_A_ + i] = min(s[_A_ + i], 0.0)
        s[_LOG_ + i] = s[_F_ + i] + s[_A_ + i] + s[_R_ + i]
    exp_row(rows[_LOG], rows[_SCALE], bits[_SCALE], rows[_ORGANIC])
    exp_row(rows[_VALUE + REACH_RATE], rows[_SCALE], bits[_SCALE], rows[_SHARE])
    for i in range(CHUNK):
        s[_ORGANIC_ + i] *= s[_DELIVERED_ + i]
        s[_LOG_ + i] = s[_E_ + i]
        s[_Z_ + i] = s[_C_ + i] + s[_FIT_ + i]
    if not per_impression:
        for i in range(CHUNK):
            s[_LOG_ + i] -= s[_A_ + i] + s[_R_ + i]
            s[_Z_ + i] += s[_A_ + i] - log_authentic_mean
    exp_row(rows[_LOG], rows[_SCALE], bits[_SCALE], rows[_PER_IMPRESSION])
    exp_row(rows[_Z], rows[_SCALE], bits[_SCALE], rows[_CONVERSION])


@part
def exposed_row(s: Array) -> None:
    """Add the accounts that see any organic post: F a (1 - prod_posts (1 - min(r u, 1)))."""
    for i in range(CHUNK):
        audience = s[_ORGANIC_ + i] / max(s[_SHARE_ + i], 1e-300)
        s[_EXPOSED_ + i] += audience * (1.0 - s[_MISSED_ + i])


@part
def luck_rows(
    line: Line, creator: int, post: int, world: np.uint64, rows: Array, bits: Bits
) -> None:
    """Draw what is new with each post: its luck u and its excess amplification A - 1."""
    luck, excess, z, log = rows[_LUCK], rows[_EXCESS], rows[_Z], rows[_LOG]
    if line.varies[POST_LUCK] or line.varies[AMPLIFICATION]:
        normal_rows(
            line.key,
            world,
            U(((post + 1) << 8) | (POST_LUCK >> 1)),
            line.creators[creator],
            rows[_RADIUS],
            bits[_RADIUS],
            rows[_EXPONENT],
            rows[_FIRST],
            rows[_SECOND],
        )
    if line.varies[POST_LUCK]:
        scaled_row(1.0, rows[_SCORE + POST_LUCK], z)
        add_row(line.luck_own, rows[_FIRST], z)
        table_row(
            line.pieces[POST_LUCK],
            line.ranges[POST_LUCK],
            line.coefficients,
            z,
            rows[_SHIFT + POST_LUCK],
            log,
        )
        exp_row(log, rows[_SCALE], bits[_SCALE], luck)
    if line.varies[AMPLIFICATION]:
        scaled_row(1.0, rows[_SCORE + AMPLIFICATION], z)
        add_row(line.amplification_engagement, rows[_NORMAL + ENGAGEMENT_RATE], z)
        add_row(line.amplification_own, rows[_SECOND], z)
        table_row(
            line.pieces[AMPLIFICATION],
            line.ranges[AMPLIFICATION],
            line.coefficients,
            z,
            rows[_SHIFT + AMPLIFICATION],
            log,
        )
        exp_row(log, rows[_SCALE], bits[_SCALE], excess)


@part
def post_rows(
    repeat: float, q: float, w: float, audience: float, viral_excess: float, s: Array
) -> None:
    """Add one post: impressions I, engagements E and expected orders of each world.

    organic = F a r u, extra = organic (A - 1), together at most the platform's audience;
    E = g (organic + q extra), lambda = c g (organic + q w extra), g = engagements per organic
    impression, at most one.
    """
    for i in range(CHUNK):
        s[_MISSED_ + i] *= 1.0 - min(s[_SHARE_ + i] * s[_LUCK_ + i], 1.0)
        organic = s[_ORGANIC_ + i] * s[_LUCK_ + i]
        wanted = organic * (1.0 + s[_EXCESS_ + i])
        organic = min(organic, audience)
        extra = min(wanted, audience) - organic
        s[_EXPOSED_ + i] += extra
        s[_SUM_ + IMPRESSIONS * CHUNK + i] += organic + extra
        s[_SUM_ + CAPPED_IMPRESSIONS * CHUNK + i] += 1.0 if wanted > audience else 0.0
        s[_FIRST_ + i] = organic
        s[_EXTRA_ + i] = extra
    for i in range(CHUNK):
        rate = repeat * s[_RATE_ + i]
        s[_SUM_ + CAPPED_ENGAGEMENTS * CHUNK + i] += s[_DELIVERED_ + i] if rate > 1.0 else 0.0
        rate = min(rate, 1.0)
        s[_SUM_ + ENGAGEMENTS * CHUNK + i] += rate * (s[_FIRST_ + i] + q * s[_EXTRA_ + i])
        s[_TOTAL_ + i] += rate * s[_CONVERSION_ + i] * (s[_FIRST_ + i] + q * w * s[_EXTRA_ + i])
    for i in range(CHUNK):
        viral = s[_DELIVERED_ + i] if s[_EXCESS_ + i] >= viral_excess else 0.0
        s[_SUM_ + VIRAL_POSTS * CHUNK + i] += viral


@part
def account_rows(market: float, s: Array, rows: Array, bits: Bits) -> None:
    """Add a creator's totals to the sums of its line: orders, reach, delivery."""
    for i in range(CHUNK):
        total = s[_TOTAL_ + i]
        s[_SUM_ + EXPECTED_ORDERS * CHUNK + i] += total
        s[_SUM_ + EXPECTED_ORDERS_SQUARED * CHUNK + i] += total * total
        largest = s[_SUM_ + EXPECTED_ORDERS_LARGEST * CHUNK + i]
        s[_SUM_ + EXPECTED_ORDERS_LARGEST * CHUNK + i] = max(largest, total)
        s[_SUM_ + DELIVERED * CHUNK + i] += s[_DELIVERED_ + i]
        s[_SUM_ + EXPOSURE * CHUNK + i] += s[_EXPOSED_ + i]
    if market < np.inf:
        # reach_i = M (1 - exp(-x_i / M)), so log(1 - reach_i / M) = -x_i / M needs no logarithm.
        for i in range(CHUNK):
            s[_LOG_ + i] = -s[_EXPOSED_ + i] / market
        exp_row(rows[_LOG], rows[_SCALE], bits[_SCALE], rows[_EXTRA])
        for i in range(CHUNK):
            t = s[_EXPOSED_ + i] / market
            # 1 - exp(-t) would cancel where a creator reaches next to nothing of the market.
            small = t * (1.0 - t * (0.5 - t / 6.0))
            s[_EXPOSED_ + i] = market * (small if t < 1e-5 else 1.0 - s[_EXTRA_ + i])
    for i in range(CHUNK):
        s[_SUM_ + REACH * CHUNK + i] += s[_EXPOSED_ + i]


@part
def amount_row(varies: bool, value: Array, rows: Array, bits: Bits, out: Array) -> None:
    """Add the exponential of a row to a sum: amounts of USD or hours."""
    if varies:
        exp_row(value, rows[_SCALE], bits[_SCALE], rows[_EXTRA])
        add_row(1.0, rows[_EXTRA], out)
    else:
        amount = np.exp(value[0]) if value[0] > LOG_NOTHING else 0.0
        for i in range(CHUNK):
            out[i] += amount


@compiled
def line_sums(line: Line, factors: Array, world: np.uint64, worlds: int, out: Array) -> None:
    """Simulate all creators of a line in a block of worlds.

    Parameters
    ----------
    line
        The line.
    factors
        Shared standard normal factors, shape (K, padded), `padded` the block's worlds rounded up
        to a multiple of `CHUNK`.
    world
        Index of the block's first world, a multiple of `CHUNK`.
    worlds
        Worlds of the block that count.
    out
        Sums to fill, shape (S, N_SUMS, worlds): after each stop, over the creators so far.
    """
    s = np.zeros(_ROWS * CHUNK)
    rows = s.reshape(_ROWS, CHUNK)
    bits = s.view(np.uint64).reshape(_ROWS, CHUNK)
    rows[_LUCK] = 1.0
    posts = line.repeats.shape[0]
    for start in range(0, worlds, CHUNK):
        here = min(CHUNK, worlds - start)
        now = world + U(start)
        shared_rows(line.loading, line.belief, line.shift, factors, start, rows)
        rows[_SUM : _SUM + N_SUMS] = 0.0
        first = 0
        for stop in range(line.stops.shape[0]):
            for creator in range(first, line.stops[stop]):
                creator_rows(line, creator, now, rows, bits)
                funnel_rows(line.per_impression, line.log_authentic_mean, s, rows, bits)
                rows[_TOTAL] = 0.0
                rows[_EXPOSED] = 0.0
                rows[_MISSED] = 1.0
                for post in range(posts):
                    luck_rows(line, creator, post, now, rows, bits)
                    post_rows(
                        line.repeats[post],
                        line.amplified_engagement,
                        line.amplified_conversion,
                        line.audience,
                        line.viral_excess,
                        s,
                    )
                exposed_row(s)
                account_rows(line.market, s, rows, bits)
                fee = rows[_VALUE + FEE]
                if line.fee_on_delivery:
                    for i in range(CHUNK):
                        fee[i] = fee[i] if s[_DELIVERED_ + i] > 0.0 else LOG_ZERO
                amount_row(True, fee, rows, bits, rows[_SUM + FEES])
                for x, total in ((MANAGEMENT_HOURS, HOURS), (PRODUCT_COST, PRODUCT)):
                    value = rows[_VALUE + x]
                    amount_row(line.varies[x], value, rows, bits, rows[_SUM + total])
            first = line.stops[stop]
            for k in range(N_SUMS):
                for i in range(here):
                    out[stop, k, start + i] = rows[_SUM + k, i]
