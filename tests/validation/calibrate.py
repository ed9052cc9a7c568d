"""Where the figures of `sim/evidence/presets.toml` that rest on real posts come from.

    python tests/validation/calibrate.py          prints them as they stand in `fits.toml`
    python tests/validation/calibrate.py --write  and writes that file

Three fits by one procedure: on the creators with an even place in the sample, on those with an odd
one, and on all. The presets are the last; the first two are each judged on the creators that they
have not seen (`check.py`, `test_unused_posts.py`). Input are the committed statistics of `halves.csv`
and `histograms.csv`; scores are fixed, so that the same tables give the same figures.

Tiers that few creators stand for are drawn toward what tiers have in common, by what they rest on
(`pooling.py`).

**Instagram**, per kind of post (sponsored, organic):

1. The tier's mean engagement per follower. Common is a line: engagement per follower goes as
   followers^-0.12 (measured over all tiers); how far tiers lie off that line is taken from organic
   posts, of which there are many.
2. The law between creators is a beta with the luck of a post and amplification on top; its
   coefficient of variation by maximum likelihood on one post of each creator.

**TikTok**:

1. The law of amplification, so that simulated views exceed 2 to 100 times a creator's own median as
   often as real ones. Luck of log sd 0.65 and at most 80 times the organic impressions hold for all
   tiers: the spread below the median is the same in all of them, and no multiple asks for more.
2. Given the law: the organic reach that makes the median views per follower and its spread between
   creators right; how much less the amplified viewers engage, from how engagement per view falls as
   a creator's views rise; mean engagement per view and its spread.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from derive import TIERS, tiktok_statistics
from halves import Histogram, histogram, statistic
from pooling import between_groups, pool
from post_statistics import Floats
from scipy import optimize
from simulated_posts import Layout, own_median, simulate_posts, tier_with

from sim.engine.marginals import MarginalError
from sim.experiment.models import Amplification, Cascade
from sim.plan import amplification_table

FITS = Path(__file__).parent / "fits.toml"
HALVES = ("even", "odd", "all")
KINDS = ("sponsored", "organic")

# --- Instagram ------------------------------------------------------------------------------------

#: Engagement per follower goes as followers to this power, over all tiers (`derived.csv`).
SIZE_SLOPE = -0.12
#: Coefficients of variation between creators that are tried.
VARIATIONS = np.round(np.arange(0.3, 1.31, 0.05), 2)
POSTS, SEED = 100_000, 1


def off_the_line(half: str, kind: str) -> tuple[Floats, Floats]:
    """Log of mean engagement over the line along followers, and its error, by tier."""
    mean = [statistic(half, "instagram", kind, tier, "engagement_rate_mean") for tier in TIERS]
    size = [statistic(half, "instagram", kind, tier, "followers_geometric_mean") for tier in TIERS]
    logs = np.log([m.value for m in mean]) - SIZE_SLOPE * np.log([s.value for s in size])
    return logs, np.array([m.se / m.value for m in mean])


def engagement_means(half: str, kind: str) -> Floats:
    """Mean engagement per follower by tier, shape (tiers,), drawn toward the line along followers."""
    between = between_groups(*off_the_line(half, "organic"))
    logs = pool(*off_the_line(half, kind), between).mean
    size = [statistic(half, "instagram", kind, tier, "followers_geometric_mean") for tier in TIERS]
    return np.asarray(np.exp(logs + SIZE_SLOPE * np.log([s.value for s in size])))


def engagement_tables(mean: float, variation: float, luck: float) -> dict[str, Any]:
    """Engagement of a tier as keys of an experiment."""
    return {
        "engagement_rate": {"beta": {"mean": mean, "sd": mean * variation}},
        "post_luck": {"lognormal": {"mean": 1, "log_sd": luck}},
    }


def log_likelihood(seen: Histogram, tier: str, tables: Mapping[str, Any], mean: float) -> float:
    """Log likelihood of counted posts under a law that is moved to the mean of the posts."""
    posts = simulate_posts(*tier_with("instagram", tier, tables), Layout.equal(POSTS, 1), SEED)
    rate = posts.engagements / posts.followers
    logs = np.sort(np.log(rate * (mean / rate.mean())))
    below = np.searchsorted(logs, seen.edges) / len(logs)
    # half a simulated post in each bin keeps an empty one from ruling a law out
    share = (np.diff(below) * len(logs) + 0.5) / (len(logs) + 0.5 * len(seen.counts))
    return float(seen.counts @ np.log(share))


def variation_of(half: str, kind: str, tier: str, mean: float, luck: float) -> tuple[float, float]:
    """Coefficient of variation between creators and its error, from the curvature at the maximum."""
    seen = histogram(half, "instagram", kind, tier, "engagement_rate")
    own = statistic(half, "instagram", kind, tier, "engagement_rate_mean").value
    logs = np.array([
        log_likelihood(seen, tier, engagement_tables(mean, float(cv), luck), own)
        for cv in VARIATIONS
    ])  # fmt: skip
    near = slice(max(int(logs.argmax()) - 3, 0), int(logs.argmax()) + 4)
    curve, slope, _ = np.polyfit(VARIATIONS[near], logs[near], 2)
    return float(-slope / (2 * curve)), float(1 / math.sqrt(-2 * curve))


def fit_instagram(half: str, kind: str) -> dict[str, dict[str, float]]:
    """Mean engagement per follower and its coefficient of variation between creators, by tier."""
    luck = luck_log_sd(half)
    means = engagement_means(half, kind)
    value, se = np.full((2, len(TIERS)), np.nan)
    for i, tier in enumerate(TIERS):
        try:
            value[i], se[i] = variation_of(half, kind, tier, float(means[i]), luck)
        except KeyError:  # too few creators for a histogram
            continue
    variations = np.exp(pool(np.log(value), se / value).mean)
    return {
        tier: {"mean": float(f"{mean:.3g}"), "variation": round(float(cv), 2)}
        for tier, mean, cv in zip(TIERS, means, variations, strict=True)
    }


def luck_log_sd(half: str) -> float:
    """Post-to-post spread of log engagement on Instagram, over all tiers and kinds of post."""
    of_posts = statistic(half, "instagram", "any", "all", "engagement_rate_log_sd_within")
    return round(of_posts.value, 2)


# --- TikTok ---------------------------------------------------------------------------------------

MULTIPLES = (2, 3, 5, 10, 20, 50, 100)
LUCK_LOG_SD, CAP = 0.65, 80.0
TOLERANCE = 0.15
#: Videos of a creator behind the derived figures, about.
VIDEOS = 28
CREATORS = 12_000


@dataclass(frozen=True)
class Target:
    """Exceedance of real posts, shape (multiples,), and how far a model may be off, relative."""

    value: Floats
    limit: Floats


def by_tier(half: str, quantity: str) -> tuple[Floats, Floats]:
    """A TikTok statistic and its error by tier, shape (tiers,); NaN where there is none or it is 0."""
    rows = []
    for tier in TIERS:
        try:
            row = statistic(half, "tiktok", "organic", tier, quantity)
            rows.append((row.value, row.se) if row.value else (np.nan, np.nan))
        except KeyError:
            rows.append((np.nan, np.nan))
    value, se = np.array(rows).T
    return value, se


@cache
def pooled_logs(half: str, quantity: str) -> tuple[Floats, Floats]:
    """Pooled values by tier of a positive statistic and their relative errors, shape (tiers,)."""
    value, se = by_tier(half, quantity)
    pooled = pool(np.log(value), se / value)
    return np.exp(pooled.mean), pooled.sd


def pooled_slopes(half: str) -> Floats:
    """Slope of log engagement per view on log views within creators, pooled, shape (tiers,)."""
    return pool(*by_tier(half, "engagement_views_slope_within")).mean


def target(half: str, tier: str, multiples: Sequence[int] = MULTIPLES) -> Target:
    """Return pooled exceedances; the limit is 15 %, or 1.96 errors where wider."""
    i = TIERS.index(tier)
    pooled = [pooled_logs(half, f"views_exceedance_{k}") for k in multiples]
    value, error = (np.array([each[part][i] for each in pooled]) for part in (0, 1))
    return Target(value, np.maximum(TOLERANCE, 1.96 * error))


class Views:
    """Views of creators over their own median, for any law, on fixed scores."""

    def __init__(self, creators: int = CREATORS, posts: int = VIDEOS, seed: int = SEED) -> None:
        rng = np.random.default_rng(seed)
        self.luck, self.score = rng.standard_normal((2, creators * posts))
        self.creator = np.repeat(np.arange(creators), posts)

    def exceedance(self, b: float, tail_index: float, luck_log_sd: float, cap: float) -> Floats:
        """Return how often views exceed each of `MULTIPLES` times the creator's own median."""
        law = Amplification(cascade=Cascade(b=b, tail_index=tail_index), cap=cap)
        excess = np.exp(amplification_table(law).log_quantile(self.score))
        views = np.exp(luck_log_sd * self.luck) * (1.0 + np.minimum(excess, cap - 1.0))
        ratio = views / own_median(self.creator, views)
        return np.array([float(np.mean(ratio > k)) for k in MULTIPLES])


def misfit(shares: Floats, wanted: Target) -> float:
    """Sum of squared deviations in units of what is allowed, steep beyond four fifths of it."""
    off = (shares / wanted.value - 1.0) / wanted.limit
    beyond = np.maximum(np.abs(off[:-1]) - 0.8, 0.0)
    return float(np.sum(off**2) + 20.0 * np.sum(beyond**2))


def fit_cascade(half: str, tier: str, views: Views) -> tuple[float, float]:
    """Return b and the tail index of the cascade that fits a tier best."""
    wanted = target(half, tier)

    def loss(logs: Floats) -> float:
        try:
            shares = views.exceedance(math.exp(logs[0]), math.exp(logs[1]), LUCK_LOG_SD, CAP)
        except MarginalError:  # no table can be made of such a law
            return 1e6
        return misfit(shares, wanted)

    options = {"maxfev": 60, "xatol": 0.005, "fatol": 0.005}
    starts = ((0.2, 0.7), (0.7, 1.3))
    fits = [
        optimize.minimize(loss, np.log(s), method="Nelder-Mead", options=options) for s in starts
    ]
    best = min(fits, key=lambda fit: float(fit.fun))
    return round(float(math.exp(best.x[0])), 2), round(float(math.exp(best.x[1])), 2)


#: Statistics of a tier that its figures are adjusted to, in the order of their use.
ADJUSTED = (
    "views_per_follower_median", "views_per_follower_log_sd_between", "engagement_per_view_mean",
    "engagement_per_view_log_sd_between",
)  # fmt: skip


def fit_tiktok(half: str, tier: str, views: Views, rounds: int = 12) -> dict[str, float]:
    """Adjust each figure of a tier by how far its own statistic is off, until all meet the data."""
    i = TIERS.index(tier)
    wanted = {name: float(pooled_logs(half, name)[0][i]) for name in ADJUSTED}
    slope = float(pooled_slopes(half)[i])
    b, tail_index = fit_cascade(half, tier, views)
    fit = {
        "b": b, "tail_index": tail_index, "reach_median": 0.2, "reach_logit_sd": 1.2,
        "engagement_mean": 0.15, "engagement_log_sd": 0.42, "amplified_engagement": 0.7,
    }  # fmt: skip
    for _ in range(rounds):
        seen = tiktok_statistics(
            simulate_posts(
                *tier_with("tiktok", tier, tiktok_tables(fit)), Layout.equal(6_000, VIDEOS), SEED
            )
        )
        ratio = {name: value / seen[name] for name, value in wanted.items()}
        odds = fit["reach_median"] / (1 - fit["reach_median"]) * ratio[ADJUSTED[0]]
        off = slope - seen["engagement_views_slope_within"]
        fit |= {
            "reach_median": odds / (1 + odds),
            "reach_logit_sd": fit["reach_logit_sd"] * ratio[ADJUSTED[1]],
            "engagement_mean": fit["engagement_mean"] * ratio[ADJUSTED[2]],
            "engagement_log_sd": fit["engagement_log_sd"] * ratio[ADJUSTED[3]],
            "amplified_engagement": float(
                np.clip(fit["amplified_engagement"] + 2.0 * off, 0.05, 1.0)
            ),
        }
    digits = {"reach_median": 3, "engagement_mean": 3}
    return {name: round(value, digits.get(name, 2)) for name, value in fit.items()}


def tiktok_tables(fit: Mapping[str, float]) -> dict[str, Any]:
    """Figures of a tier on TikTok as keys of an experiment."""
    cascade = {"b": fit["b"], "tail_index": fit["tail_index"]}
    reach = {"median": fit["reach_median"], "logit_sd": fit["reach_logit_sd"]}
    rate = {"mean": fit["engagement_mean"], "log_sd": fit["engagement_log_sd"]}
    return {
        "post_luck": {"lognormal": {"mean": 1, "log_sd": LUCK_LOG_SD}},
        "amplification": {"cascade": cascade, "cap": CAP},
        "reach_rate": {"logitnormal": reach},
        "engagement_rate": {"lognormal": rate},
        "amplified_engagement": fit["amplified_engagement"],
    }


# --- All of it ------------------------------------------------------------------------------------


@cache
def fits() -> dict[str, Any]:
    """Return the figures of `fits.toml`: by half, platform, kind of post and tier."""
    return tomllib.loads(FITS.read_text(encoding="utf-8"))


def fitted_tables(half: str, platform: str, kind: str, tier: str) -> dict[str, Any]:
    """Keys of a tier as fitted on half of the creators, or on all."""
    fit = fits()[half][platform][kind]
    if platform == "tiktok":
        return tiktok_tables(fit[tier])
    return engagement_tables(fit[tier]["mean"], fit[tier]["variation"], fit["luck_log_sd"])


def lines() -> list[str]:
    """All figures as they stand in `fits.toml`."""
    views = Views()
    text = ["# Written by calibrate.py: the same fit on each half of the creators, and on all."]
    for half in HALVES:
        for kind in KINDS:
            text += [f"\n[{half}.instagram.{kind}]", f"luck_log_sd = {luck_log_sd(half)}"]
            text += [f"{tier} = {_inline(fit)}" for tier, fit in fit_instagram(half, kind).items()]
        text.append(f"\n[{half}.tiktok.organic]")
        text += [f"{tier} = {_inline(fit_tiktok(half, tier, views))}" for tier in TIERS]
    return text


def _inline(figures: Mapping[str, float]) -> str:
    return "{ " + ", ".join(f"{name} = {value}" for name, value in figures.items()) + " }"


def main(argv: list[str]) -> int:
    """Print all figures, and write them if asked to."""
    text = "\n".join(lines()) + "\n"
    print(text, end="")
    if "--write" in argv:
        FITS.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
