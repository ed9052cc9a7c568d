"""Simulated posts beside real ones, per platform and tier.

    python tests/validation/check.py [FOLDER, else ../shared/data]

Both sides go through the estimators of `post_statistics.py`: the real posts of the folder, and posts
drawn under the packaged presets by as many creators with as many posts each, twenty times over (so
that the model's own sampling noise is small). The error is the bootstrap error of the data. Where
the folder is absent the command says so and ends without a fault. How often a TikTok video exceeds a
multiple of what its creator usually gets is also judged: within 15 %, or within 1.96 bootstrap
errors where that is wider. Engagement on Instagram is a lognormal by choice, and real tails are a
little lighter: the last line of the platform says by how much.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from derive import (
    MULTIPLES,
    TIERS,
    instagram_statistics,
    read_instagram,
    read_tiktok,
    tier_index,
    tiktok_statistics,
)
from post_statistics import Posts, Statistics
from simulated_posts import Layout, preset_tier, simulate_posts

from sim.evidence import derived_row

FOLDER = Path(__file__).parents[3] / "shared" / "data"
REPEATS, SEED = 20, 7
TOLERANCE = 0.15
#: What is shown, in the words of `derived.csv`; exceedances come after.
SHOWN = {
    "instagram": (
        "engagement_rate_median", "engagement_rate_mean", "engagement_rate_log_sd",
        "engagement_rate_log_sd_between", "engagement_rate_log_sd_within",
        "engagement_followers_slope",
    ),
    "tiktok": (
        "views_per_follower_median", "views_per_follower_mean", "views_per_follower_log_sd_between",
        "views_per_follower_log_sd_within", "engagement_per_view_median",
        "engagement_per_view_mean", "engagement_per_view_log_sd_between",
        "engagement_per_view_log_sd_within", "views_engagement_correlation_within",
        "views_engagement_correlation_between", "engagement_rate_mean", "views_luck_log_sd",
    ),
}  # fmt: skip
TAIL = {"instagram": "engagement_exceedance", "tiktok": "views_exceedance"}


def real_posts(platform: str, folder: Path) -> dict[str, Posts]:
    """Return the posts of the folder by tier."""
    posts, _ = read_instagram(folder) if platform == "instagram" else read_tiktok(folder)
    tiers = tier_index(posts.followers)
    result = {}
    for i, tier in enumerate(TIERS):
        keep = np.flatnonzero(tiers == i)
        result[tier] = posts.take(keep, np.unique(posts.creator[keep], return_inverse=True)[1])
    return result


def model_posts(platform: str, tier: str, layout: Layout, seed: int = SEED) -> Posts:
    """Draw posts of a tier under the packaged presets; on Instagram relative to the tier's median."""
    posts = simulate_posts(*preset_tier(platform, tier), layout, seed)
    if platform == "tiktok":
        return posts
    rate = posts.engagements / posts.followers
    return replace(posts, ratio=rate / np.median(rate))


def statistics(platform: str, posts: Posts) -> Statistics:
    """Apply the estimators of a platform."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if platform == "tiktok":
            return tiktok_statistics(posts)
        return instagram_statistics(replace(posts, sponsored=posts.creator % 2 == 0))


def rows(platform: str, folder: Path) -> Iterator[tuple[str, str, float, float, float | None]]:
    """Yield tier, quantity, model, data and the error of the data."""
    for tier, real in real_posts(platform, folder).items():
        layout = Layout(np.tile(np.bincount(real.creator), REPEATS))
        found = statistics(platform, model_posts(platform, tier, layout))
        seen = statistics(platform, real)
        names = [f"{TAIL[platform]}_{k}" for k in MULTIPLES[platform]]
        for name in (*SHOWN[platform], *names):
            yield tier, name, found[name], seen[name], derived_row(platform, tier, name).se


def main(argv: list[str]) -> int:
    """Print model beside data, tier by tier, then how many of the tails agree."""
    if len(argv) > 2:
        print("usage: python tests/validation/check.py [FOLDER_OF_POSTS]", file=sys.stderr)
        return 2
    folder = Path(argv[1]) if len(argv) == 2 else FOLDER
    if not (folder / "tiktok_videos.csv").is_file():
        print(f"skipped: no posts in {folder} to check the model against")
        return 0
    for platform in ("instagram", "tiktok"):
        last, tails = "", []
        for tier, name, model, data, error in rows(platform, folder):
            if tier != last:
                print(f"\n{platform}, {tier:<36}{'model':>10}{'data':>10}   error  model / data")
                last = tier
            spread = "" if error is None else f"{error:.2g}"
            ratio = f"{model / data:.2f}" if data > 0 else ""
            verdict = ""
            if name.startswith(TAIL[platform]):
                tails.append((name, model, data, error))
                if platform == "tiktok":
                    verdict = "  agrees" if agrees(model, data, error) else "  differs"
            print(f"  {name:<44}{model:>10.4g}{data:>10.4g}{spread:>8}{ratio:>14}{verdict}")
        print(f"\n{platform}: {in_short(platform, tails)}")
    return 0


def in_short(platform: str, tails: Sequence[tuple[str, float, float, float | None]]) -> str:
    """Say how the tails of a platform compare."""
    if platform == "tiktok":
        good = sum(agrees(*each[1:]) for each in tails)
        return (
            f"{good} of {len(tails)} shares beyond a multiple agree within {TOLERANCE:.0%} or 1.96 "
            "bootstrap errors"
        )
    far = [(model, data) for name, model, data, _ in tails if name.endswith("_10")]
    model, data = zip(*far, strict=True)
    heavier = sum(m > d for m, d in far)
    return (
        f"beyond 10 times the tier's median lie {min(model):.2%} to {max(model):.2%} of the model's "
        f"posts and {min(data):.2%} to {max(data):.2%} of real ones; the lognormal has more of them "
        f"in {heavier} of {len(far)} tiers"
    )


def agrees(model: float, data: float, error: float | None) -> bool:
    """Say whether a share is met within 15 % or within 1.96 errors of the data."""
    return abs(model - data) <= max(TOLERANCE * data, 1.96 * (error or 0.0))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
