"""Where the TikTok figures of `sim/evidence/presets.toml` come from: a fit on `derived.csv`.

    python tests/validation/calibrate.py

Deterministic: fixed scores, so that the same table gives the same figures. It prints them as they
stand in the presets. Two steps:

1. The law of amplification, by group of tiers, so that simulated views exceed 2, 3, 5, 10, 20, 50
   and 100 times a creator's own median as often as real ones. Luck of log sd 0.65 and at most 80
   times the organic impressions hold for all tiers: the spread below the median is the same in all
   of them, and no multiple asks for more. Creators of a group share a law because alone they are
   too few (20 nano creators).
2. Given the law, per tier: the organic reach that makes the median views per follower and its
   spread between creators right; how much less the amplified viewers engage, from how engagement
   per view falls as a creator's views rise; mean engagement per view and its spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from derive import tiktok_statistics
from post_statistics import Floats
from scipy import optimize
from simulated_posts import Layout, own_median, simulate_posts

import sim
from sim.engine.marginals import MarginalError
from sim.evidence import derived_row, derived_value
from sim.experiment.models import Amplification, Cascade
from sim.plan import amplification_table

MULTIPLES = (2, 3, 5, 10, 20, 50, 100)
GROUPS = {"small": ("micro",), "middle": ("mid", "macro"), "mega": ("mega",)}
GROUP_OF = {"nano": "small", "micro": "small", "mid": "middle", "macro": "middle", "mega": "mega"}
LUCK_LOG_SD, CAP = 0.65, 80.0
TOLERANCE = 0.15
#: Videos of a creator behind the derived figures, about.
VIDEOS = 28
CREATORS, SEED = 12_000, 1


@dataclass(frozen=True)
class Target:
    """Exceedance of real posts, shape (multiples,), and how far a model may be off, relative."""

    value: Floats
    limit: Floats


def target(tier: str, multiples: Sequence[int] = MULTIPLES) -> Target:
    """Return the derived exceedances; the limit is 15 %, or 1.96 bootstrap errors where wider."""
    rows = [derived_row("tiktok", tier, f"views_exceedance_{k}") for k in multiples]
    value = np.array([row.value for row in rows], dtype=float)
    error = np.array([row.se for row in rows], dtype=float)
    return Target(value, np.maximum(TOLERANCE, 1.96 * error / value))


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


def misfit(found: Floats, wanted: Target) -> float:
    """Sum of squared deviations in units of what is allowed, steep beyond four fifths of it."""
    off = (found / wanted.value - 1.0) / wanted.limit
    beyond = np.maximum(np.abs(off[:-1]) - 0.8, 0.0)
    return float(np.sum(off**2) + 20.0 * np.sum(beyond**2))


def fit_cascade(tiers: Sequence[str], views: Views) -> tuple[float, float]:
    """Return b and the tail index of the cascade that fits a group of tiers best."""
    wanted = [target(tier) for tier in tiers]

    def loss(logs: Floats) -> float:
        try:
            found = views.exceedance(math.exp(logs[0]), math.exp(logs[1]), LUCK_LOG_SD, CAP)
        except MarginalError:  # no table can be made of such a law
            return 1e6
        return sum(misfit(found, one) for one in wanted) / len(wanted)

    options = {"maxfev": 80, "xatol": 0.005, "fatol": 0.005}
    starts = ((0.2, 0.7), (0.7, 1.3))
    fits = [
        optimize.minimize(loss, np.log(s), method="Nelder-Mead", options=options) for s in starts
    ]
    best = min(fits, key=lambda fit: float(fit.fun))
    return float(math.exp(best.x[0])), float(math.exp(best.x[1]))


@dataclass(frozen=True)
class TierFit:
    """Figures of a tier: organic reach per real follower, engagement per impression, and q."""

    reach_median: float
    reach_logit_sd: float
    engagement_mean: float
    engagement_log_sd: float
    amplified_engagement: float

    @property
    def tables(self) -> dict[str, object]:
        """The figures as keys of an experiment's tier."""
        return {
            "reach_rate": {
                "logitnormal": {"median": self.reach_median, "logit_sd": self.reach_logit_sd}
            },
            "engagement_rate": {
                "lognormal": {"mean": self.engagement_mean, "log_sd": self.engagement_log_sd}
            },
            "amplified_engagement": self.amplified_engagement,
        }


def fit_tier(tier: str, law: tuple[float, float], rounds: int = 12) -> TierFit:
    """Adjust each figure by how far its own statistic is off, until all meet the data."""
    source = "micro" if tier == "nano" else tier  # spreads of 21 nano creators are weak
    wanted = {
        name: derived_value("tiktok", tier, name)
        for name in ("views_per_follower_median", "engagement_per_view_mean")
    } | {
        name: derived_value("tiktok", source, name)
        for name in ("views_per_follower_log_sd_between", "engagement_per_view_log_sd_between")
    }
    slope = engagement_slope({name: derived_value("tiktok", source, name) for name in SLOPE_FROM})
    fit = TierFit(0.2, 1.2, 0.15, 0.42, 0.7)
    for _ in range(rounds):
        found = statistics(tier, law, fit)
        ratio = {name: value / found[name] for name, value in wanted.items()}
        odds = fit.reach_median / (1 - fit.reach_median) * ratio["views_per_follower_median"]
        fit = TierFit(
            odds / (1 + odds),
            fit.reach_logit_sd * ratio["views_per_follower_log_sd_between"],
            fit.engagement_mean * ratio["engagement_per_view_mean"],
            fit.engagement_log_sd * ratio["engagement_per_view_log_sd_between"],
            float(
                np.clip(fit.amplified_engagement + 2.0 * (slope - engagement_slope(found)), 0.05, 1)
            ),
        )
    return fit


SLOPE_FROM = (
    "views_engagement_correlation_within",
    "engagement_per_view_log_sd_within",
    "views_per_follower_log_sd_within",
)


def engagement_slope(statistics: dict[str, float]) -> float:
    """Slope of log engagement per view on log views, over the posts of one creator."""
    correlation, engagement, views = (statistics[name] for name in SLOPE_FROM)
    return correlation * engagement / views


def statistics(tier: str, law: tuple[float, float], fit: TierFit) -> dict[str, float]:
    """Return what the estimators say of simulated posts with these figures."""
    cascade = {"cascade": {"b": law[0], "tail_index": law[1]}, "cap": CAP}
    luck = {"lognormal": {"mean": 1, "log_sd": LUCK_LOG_SD}}
    tables = {
        "portfolio": {"one": {"tier": tier, "platform": "tiktok", "creators": 1}},
        "tier": {tier: {"amplification": cascade, "post_luck": luck, **fit.tables}},
    }
    experiment = sim.build(tables)
    spec, audience = experiment.tier[tier].on["tiktok"], experiment.platform["tiktok"].audience
    return tiktok_statistics(simulate_posts(spec, audience, Layout.equal(6_000, VIDEOS), SEED))


def main() -> int:
    """Print all figures in the words of the presets."""
    views = Views()
    laws = {name: fit_cascade(tiers, views) for name, tiers in GROUPS.items()}
    print(f"post_luck = {{ lognormal = {{ mean = 1, log_sd = {LUCK_LOG_SD} }} }}")
    for name, (b, tail_index) in laws.items():
        print(
            f"{name}: amplification = {{ cascade = {{ b = {b:.2f}, tail_index = {tail_index:.2f} }}"
            f", cap = {CAP:g} }}"
        )
    for tier, group in GROUP_OF.items():
        b, tail_index = laws[group]
        fit = fit_tier(tier, (round(b, 2), round(tail_index, 2)))
        print(f"\n[tiktok.{tier}]")
        print(
            f"reach_rate = {{ logitnormal = {{ median = {fit.reach_median:.3f}, "
            f"logit_sd = {fit.reach_logit_sd:.2f} }} }}\n"
            f"engagement_rate = {{ lognormal = {{ mean = {fit.engagement_mean:.3f}, "
            f"log_sd = {fit.engagement_log_sd:.2f} }} }}\n"
            f"amplified_engagement = {fit.amplified_engagement:.2f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
