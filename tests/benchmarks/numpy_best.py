"""Opponent: the fastest numpy that we could write for this one problem.

Creators lie along the first axis and worlds along the last, so what a world shares is broadcast
and sums over creators add whole rows. Everything happens in place in buffers that fit the L2
cache; each normal is filled by `standard_normal(out=...)`; truncated, beta and logit-normal values
come from tables of quantiles; take-offs, missing posts and caps, which are rare, are handled by
index. One call per thread: the generator's fills and the ufuncs release the GIL.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy_plain import account
from problem import (
    AMPLIFICATION,
    CONVERSION,
    ENGAGEMENT,
    FEE,
    FOLLOWERS,
    LUCK,
    REACH,
    SUMS,
    Array,
    Problem,
)  # fmt: skip
from scipy import stats
from scipy.special import log_ndtr, ndtr, ndtri

#: Worlds per chunk: the fastest of 16 to 1,024 when this was written.
CHUNK = 256
#: Nodes of a table over normal scores from -8 to 8, and over probabilities.
SCORES, SPAN, SHARES = 1 << 14, 8.0, 1 << 14
_SHARE_SHIFT = np.uint32(32 - 14)


class Simulator:
    """Buffers and tables of one thread; `dtype` is what draws and products are held in."""

    def __init__(self, problem: Problem, seed: int | np.random.SeedSequence, dtype: Any) -> None:
        self.p, self.dtype = problem, dtype
        self.rng = np.random.Generator(np.random.SFC64(seed))
        self.buffers = np.empty((12, problem.creators, CHUNK), dtype)
        self.index = np.empty((problem.creators, CHUNK), np.int64)
        self.angle = np.empty((2, problem.creators, CHUNK), np.float32)
        p = problem
        score = np.linspace(-SPAN, SPAN, SCORES)
        mu, sd = p.log_followers.mean, p.log_followers.sd
        low, high = ndtr((np.log(p.follower_range) - mu) / sd)
        followers = np.exp(mu + sd * ndtri(low + (high - low) * ndtr(score)))
        self.followers = np.clip(followers, *p.follower_range).astype(dtype)
        logit = p.logit_reach.mean + p.logit_reach.sd * score
        self.reach = (1.0 / (1.0 + np.exp(-logit))).astype(dtype)
        middle = (np.arange(SHARES) + 0.5) / SHARES
        self.authentic = stats.beta.ppf(middle, *p.authentic).astype(dtype)
        self.jump = float(stats.norm.isf(p.take_off))

    def simulate(self, worlds: int) -> dict[str, Array]:
        """Return a row of worlds for each of `problem.OUTCOMES`."""
        sums = np.empty((len(SUMS), worlds))
        for start in range(0, worlds, CHUNK):
            self._chunk(sums[:, start : start + CHUNK])
        rows = dict(zip(SUMS, sums, strict=True))
        return rows | account(self.p, rows, self.rng)

    def _normals(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> None:
        """Fill two arrays with independent standard normals; the angle has 32 bits."""
        n = first.size
        words = self._bits(n if self.dtype == np.float64 else 2 * n)
        angle = words[:n].reshape(first.shape)
        if self.dtype == np.float64:
            first[...] = self.rng.random(first.shape)
            np.subtract(1.0, first, out=first)
        else:
            radius = words[n:].reshape(first.shape)
            np.multiply(radius, 2.0**-32, out=first, casting="unsafe", dtype=self.dtype)
            first += 2.0**-33
        np.log(first, out=first)
        first *= -2.0
        np.sqrt(first, out=first)
        phi, turned = (buffer[:, : first.shape[1]] for buffer in self.angle)
        np.multiply(angle, 2.0**-31 * math.pi, out=phi, casting="unsafe", dtype=np.float32)
        np.multiply(first, np.sin(phi, out=turned), out=second)
        first *= np.cos(phi, out=turned)

    def _bits(self, n: int) -> npt.NDArray[np.uint32]:
        """Return n random words of 32 bits."""
        words = self.rng.integers(0, (1 << 64) - 1, (n + 1) // 2, np.uint64, endpoint=True)
        return words.view(np.uint32)[:n]

    def _look_up(self, table: npt.NDArray[Any], z: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
        """Take the nearest of the table's values; destroys z."""
        z *= (SCORES - 1) / (2.0 * SPAN)
        z += 0.5 * SCORES
        index = self.index[:, : z.shape[1]]
        np.copyto(index, z, casting="unsafe")
        np.take(table, index, out=out, mode="clip")

    def _chunk(self, sums: Array) -> None:
        p, worlds = self.p, sums.shape[1]
        e, f, r, c, fee, luck, amp, x, y, tmp, a, rate = self.buffers[:, :, :worlds]
        for first, second in ((e, f), (r, c), (fee, luck), (amp, tmp)):
            self._normals(first, second)
        factors = self.rng.standard_normal((p.factors, worlds))
        score = (p.loading @ factors).astype(self.dtype)
        shift = (p.shift[:, None] + p.belief @ factors).astype(self.dtype)

        # Normals are independent: each input's score is built from them.
        self._weighted(amp, score[AMPLIFICATION], p.own(AMPLIFICATION), amp, e,
                       p.amplification_engagement, tmp)  # fmt: skip
        self._weighted(r, score[REACH], p.own(REACH), r, e, p.engagement_reach, tmp)
        self._look_up(self.reach, r, x)
        x *= np.exp(shift[REACH])
        np.minimum(x, 1.0, out=x)
        words = self._bits(2 * x.size).reshape(2, *x.shape)
        np.right_shift(words[0], _SHARE_SHIFT, out=self.index[:, :worlds])
        np.take(self.authentic, self.index[:, :worlds], out=a, mode="clip")
        x *= a  # a r
        # The fee needs the followers' own normal, so it comes first.
        of_engagement, of_followers, of_itself = (
            p.log_fee.sd * p.own(FEE) * weight for weight in p.fee_weights
        )
        fee *= of_itself
        fee += np.multiply(e, of_engagement, out=tmp)
        fee += np.multiply(f, of_followers, out=tmp)
        fee += p.log_fee.mean + p.log_fee.sd * score[FEE] + shift[FEE]
        np.exp(fee, out=fee)
        self._weighted(f, score[FOLLOWERS], p.own(FOLLOWERS), f, e, p.followers_engagement, tmp)
        self._look_up(self.followers, f, y)
        np.multiply(y, x, out=f)  # F a r
        y *= a  # F a
        e *= p.log_engagement.sd * p.own(ENGAGEMENT)
        e += p.log_engagement.mean + p.log_engagement.sd * score[ENGAGEMENT] + shift[ENGAGEMENT]
        np.exp(e, out=e)
        np.divide(e, x, out=rate)
        c *= p.log_conversion.sd * p.own(CONVERSION)
        c += (
            p.log_conversion.mean - p.log_authentic_mean
            + p.log_conversion.sd * score[CONVERSION] + shift[CONVERSION]
        )  # fmt: skip
        np.exp(c, out=c)
        c *= a
        luck *= p.log_luck.sd * p.own(LUCK)
        luck += p.log_luck.mean + p.log_luck.sd * score[LUCK] + shift[LUCK]
        np.exp(luck, out=luck)
        self._sum(sums, y, f, luck, rate, c, fee, amp, words[1], tmp)

    @staticmethod
    def _weighted(
        out: npt.NDArray[Any], shared: npt.NDArray[Any], own: float, independent: npt.NDArray[Any],
        other: npt.NDArray[Any], rho: float, tmp: npt.NDArray[Any],
    ) -> None:  # fmt: skip
        """``out = shared + own (rho other + sqrt(1 - rho^2) independent)``."""
        np.multiply(independent, own * math.sqrt(1.0 - rho * rho), out=out)
        out += np.multiply(other, own * rho, out=tmp)
        if shared.any():
            out += shared

    def _sum(
        self, sums: Array, audience: npt.NDArray[Any], seen: npt.NDArray[Any],
        luck: npt.NDArray[Any], rate: npt.NDArray[Any], conversion: npt.NDArray[Any],
        fee: npt.NDArray[Any], z: npt.NDArray[Any], words: npt.NDArray[np.uint32],
        tmp: npt.NDArray[Any],
    ) -> None:  # fmt: skip
        p, worlds = self.p, sums.shape[1]
        row = dict(zip(SUMS, sums, strict=True))

        def count(positions: npt.NDArray[np.int64], weight: Any = None) -> Array:
            return np.bincount(positions % worlds, weight, worlds)

        # Creators that do not post.
        absent = np.flatnonzero(words >= int(p.delivery_rate * 2.0**32))
        seen.reshape(-1)[absent] = 0.0
        fee.reshape(-1)[absent] = 0.0
        row["delivered"][:] = p.creators - count(absent)
        fee.sum(axis=0, out=row["fees"])
        # Engagements never exceed impressions.
        above = np.flatnonzero(rate > 1.0)
        row["capped_engagements"][:] = count(above[seen.reshape(-1)[above] > 0.0])
        np.minimum(rate, 1.0, out=rate)
        organic = np.multiply(seen, luck, out=luck)
        audience.reshape(-1)[absent] = 0.0
        np.minimum(organic, audience, out=audience).sum(axis=0, out=row["exposure"])
        self._cap(organic, row, count)
        # What every post brings, then the few that take off on top.
        np.multiply(rate, organic, out=tmp)
        organic.sum(axis=0, out=row["impressions"])
        tmp.sum(axis=0, out=row["engagements"])
        expected = np.multiply(tmp, conversion, out=tmp)
        up = np.flatnonzero(z > self.jump)
        up = up[organic.reshape(-1)[up] > 0.0]
        tail = log_ndtr(-z.reshape(-1)[up].astype(float)) - math.log(p.take_off)
        excess = p.take_off_minimum * np.exp(-tail / p.tail_index)
        base = organic.reshape(-1)[up].astype(float)
        extra = np.minimum(base * (1.0 + excess), p.audience) - base
        rate_up, conversion_up = rate.reshape(-1)[up], conversion.reshape(-1)[up]
        expected.reshape(-1)[up] += (rate_up * conversion_up * (p.q * p.w * extra)).astype(
            self.dtype
        )
        more = count(up, extra)
        row["impressions"] += more
        row["exposure"] += more
        row["engagements"] += count(up, rate_up * p.q * extra)
        row["viral_posts"][:] = count(up[excess >= p.viral_excess])
        row["capped_impressions"] += count(up[base * (1.0 + excess) > p.audience])
        expected.sum(axis=0, out=row["expected_orders"])
        expected.max(axis=0, out=row["expected_orders_largest"])
        np.einsum("ij,ij->j", expected, expected, out=row["expected_orders_squared"],
                  casting="same_kind")  # fmt: skip

    def _cap(self, organic: npt.NDArray[Any], row: dict[str, Array], count: Any) -> None:
        row["capped_impressions"][:] = 0.0
        if organic.max() > self.p.audience:
            above = np.flatnonzero(organic > self.p.audience)
            row["capped_impressions"][:] = count(above)
            np.minimum(organic, self.p.audience, out=organic)


def simulate(
    problem: Problem, worlds: int, seed: int, threads: int = 1, dtype: Any = np.float64
) -> dict[str, Array]:
    """Simulate on threads, each with its own generator, buffers and share of the worlds."""
    seeds = np.random.SeedSequence(seed).spawn(threads)
    simulators = [Simulator(problem, each, dtype) for each in seeds]
    return run(simulators, worlds)


def run(simulators: list[Simulator], worlds: int) -> dict[str, Array]:
    """Let simulators that exist already share the worlds."""
    if len(simulators) == 1:
        return simulators[0].simulate(worlds)
    sizes = [len(part) for part in np.array_split(np.arange(worlds), len(simulators))]
    with ThreadPoolExecutor(len(simulators)) as pool:
        parts = list(
            pool.map(lambda pair: pair[0].simulate(pair[1]), zip(simulators, sizes, strict=True))
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
