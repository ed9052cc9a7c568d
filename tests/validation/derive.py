"""Statistics of real posts, by platform and tier, written to three tables.

    python tests/validation/derive.py FOLDER_OF_POSTS

- ``sim/evidence/derived.csv``: the whole sample.
- ``halves.csv``: each half of the creators alone, those with an even and those with an odd place in
  the sample, so that what is fitted on one half can be judged on the other.
- ``histograms.csv``: one post of each creator, counted in bins of the logarithm `BIN` wide: how the
  next post of a creator that nobody has seen yet is distributed. Groups of fewer than `FEW` creators
  are left out: their bins would come close to being the posts.

Deterministic: the same rows give the same files. Only statistics leave this script, never rows.
Standard errors come from a bootstrap over creators (posts of one creator stay together).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from post_statistics import (
    DAY,
    MIN_TAIL,
    Floats,
    Ints,
    Posts,
    Statistics,
    by_creator,
    common_effect_sd,
    correlation,
    detrended,
    followers_statistics,
    hill_index,
    rate_statistics,
    size_statistics,
    slope,
    sponsored_within,
    tail_statistics,
)
from scipy import stats

HERE = Path(__file__).parent
OUTPUT = HERE.parents[1] / "sim" / "evidence" / "derived.csv"
HALVES, HISTOGRAMS = HERE / "halves.csv", HERE / "histograms.csv"
HALF_COLUMNS = "half,platform,posts,tier,quantity,value,se,n"
HISTOGRAM_COLUMNS = "half,platform,posts,tier,quantity,n,first_bin,counts"
HALF_NAMES = ("even", "odd", "all")
BIN = 0.05
COLUMNS = "id,source,platform,tier,quantity,value,se,n,unit,basis,note"
TIERS = ("nano", "micro", "mid", "macro", "mega")
EDGES = (1e3, 1e4, 1e5, 5e5, 1e6, np.inf)
START_2018 = 1_514_764_800
RESAMPLES, SEED = 400, 20_180_101
MULTIPLES = {"instagram": (2, 3, 5, 10), "tiktok": (2, 3, 5, 10, 20, 50, 100)}
SOURCE = {"instagram": "kim-2020", "tiktok": "tiktok-2020"}
MIN_OWN = 10  # videos a creator needs before "relative to the own median" means anything
FEW = 30  # below this many creators a row says that it is weak
#: What halves are compared in; exceedances come on top.
COMPARED = {
    "instagram": ("engagement_rate",),
    "tiktok": (
        "views_per_follower", "engagement_per_view", "engagement_rate_mean", "views_luck_log_sd",
        "views_exceedance", "engagement_views_slope_within",
    ),
}  # fmt: skip


def tier_index(followers: Floats) -> Ints:
    """Position of each account in ``TIERS``; an upper edge belongs to the next tier."""
    return np.digitize(followers, EDGES[1:-1]).astype(np.int64)


def read_instagram(folder: Path) -> tuple[Posts, Ints]:
    """Read posts from 2018 on with an engagement; also the tiers of those left out."""
    data = pd.read_csv(folder / "instagram_posts.csv")
    data = data[data["posted_unix"] >= START_2018].sort_values("creator_id", kind="stable")
    data["engagements"] = data["likes"] + data["comments"]
    kept = data[data["engagements"] > 0]
    rate = (kept["engagements"] / kept["followers"]).to_numpy(float)
    tier = tier_index(kept["followers"].to_numpy(float))
    median = np.array([np.median(rate[tier == i]) for i in range(len(TIERS))])
    sponsored = (kept["hash_ad"] + kept["n_sponsor_tag"] > 0).to_numpy()
    blank = np.full(len(kept), np.nan)
    posts = _posts(kept, sponsored, pd.factorize(kept["category"], sort=True)[0], blank)
    zero = data.loc[data["engagements"] == 0, "followers"].to_numpy(float)
    return replace(posts, ratio=rate / median[tier]), tier_index(zero)


def read_tiktok(folder: Path) -> tuple[Posts, Ints]:
    """Read videos with views and engagements; also the tiers of those left out."""
    data = pd.read_csv(folder / "tiktok_videos.csv").sort_values("creator_id", kind="stable")
    data["engagements"] = data["likes"] + data["comments"] + data["shares"]
    ok = (data["views"] > 0) & (data["engagements"] > 0)
    kept = data[ok]
    views = kept["views"].to_numpy(float)
    none = np.zeros(len(kept), dtype=bool)
    posts = _posts(kept, none, none.astype(np.int64), views)
    median = kept.groupby("creator_id")["views"].transform("median").to_numpy(float)
    return replace(posts, ratio=views / median), tier_index(data.loc[~ok, "followers"].to_numpy())


def _posts(
    data: pd.DataFrame, sponsored: NDArray[np.bool_], category: Ints, views: Floats
) -> Posts:
    creator = pd.factorize(data["creator_id"])[0].astype(np.int64)
    column = {
        name: data[name].to_numpy(float)
        for name in ("followers", "engagements", "likes", "posted_unix")
    }
    return Posts(
        creator, column["followers"], column["engagements"], column["likes"],
        column["posted_unix"], sponsored, category, views,
        ratio=np.ones(len(data)), own=np.bincount(creator)[creator],
    )  # fmt: skip


def engagement_statistics(posts: Posts) -> Statistics:
    """Measure what both platforms have: engagement per follower, likes, the effect of size."""
    rate = posts.engagements / posts.followers
    return {
        **rate_statistics("engagement_rate", posts.creator, rate),
        **size_statistics("engagement_rate", "engagement", posts, posts.engagements),
        "likes_share": float(np.mean(posts.likes / posts.engagements)),
    }


def instagram_statistics(posts: Posts) -> Statistics:
    """Engagement per follower on Instagram; no views in this sample."""
    rate = np.log(posts.engagements / posts.followers)
    paid, free = rate[posts.sponsored], rate[~posts.sponsored]
    return {
        **engagement_statistics(posts),
        **tail_statistics("engagement", posts.ratio, MULTIPLES["instagram"]),
        "engagement_log_skewness": float(stats.skew(np.log(posts.ratio))),
        "sponsored_ratio": float(np.exp(np.median(paid) - np.median(free))),
        "sponsored_ratio_within": sponsored_within(posts, rate),
        **sponsored_statistics(posts),
    }


def sponsored_statistics(posts: Posts) -> Statistics:
    """Measure sponsored posts alone; too few creators have two for a spread within."""
    return {
        f"sponsored_{name}": value
        for name, value in kind_statistics(some(posts, posts.sponsored)).items()
        if not name.endswith(("_between", "_within"))
    }


def kind_statistics(posts: Posts) -> Statistics:
    """Engagement per follower of posts of one kind, and how often it exceeds its own median."""
    rate = posts.engagements / posts.followers
    return {
        **rate_statistics("engagement_rate", posts.creator, rate),
        **{
            name: value
            for name, value in tail_statistics(
                "engagement", rate / np.median(rate), MULTIPLES["instagram"]
            ).items()
            if "lognormal" not in name
        },
    }


def some(posts: Posts, keep: NDArray[np.bool_]) -> Posts:
    """Return the posts that are kept, their creators numbered afresh."""
    index = np.flatnonzero(keep)
    return posts.take(index, np.unique(posts.creator[index], return_inverse=True)[1])


def tiktok_statistics(posts: Posts) -> Statistics:
    """Measure views per follower, engagements per view and the tail of views on TikTok."""
    views, per_view = posts.views / posts.followers, posts.engagements / posts.views
    x, y = np.log(views), np.log(per_view)
    count, x_mean = by_creator(posts.creator, x)
    _, y_mean = by_creator(posts.creator, y)
    repeat = np.repeat(np.arange(len(count)), count.astype(int))
    luck = posts.ratio[posts.own >= MIN_OWN]
    return {
        **engagement_statistics(posts),
        **rate_statistics("views_per_follower", posts.creator, views),
        **rate_statistics("engagement_per_view", posts.creator, per_view),
        **size_statistics("views_per_follower", "views", posts, posts.views),
        "views_engagement_correlation": correlation(x, y),
        "views_engagement_correlation_between": correlation(x_mean, y_mean),
        "views_engagement_correlation_within": correlation(x - x_mean[repeat], y - y_mean[repeat]),
        "engagement_views_slope_within": slope(x - x_mean[repeat], y - y_mean[repeat]),
        **tail_statistics("views", luck, MULTIPLES["tiktok"]),
        "views_hill_index": hill_index(luck),
        "views_luck_log_sd": float(np.log(luck).std(ddof=1)),
        "views_luck_log_skewness": float(stats.skew(np.log(luck))),
    }


def bootstrap(posts: Posts, statistic: Callable[[Posts], Statistics], resamples: int) -> Statistics:
    """Estimate standard errors by drawing creators with replacement (Efron 1979)."""
    names, start, count = np.unique(posts.creator, return_index=True, return_counts=True)
    rng = np.random.default_rng(SEED)
    draws: dict[str, list[float]] = {}
    for _ in range(resamples):
        pick = rng.integers(len(names), size=len(names))
        creator = np.repeat(np.arange(len(names)), count[pick])
        first = np.cumsum(count[pick]) - count[pick]
        index = np.arange(len(creator)) + np.repeat(start[pick] - first, count[pick])
        for name, value in statistic(posts.take(index, creator)).items():
            draws.setdefault(name, []).append(value)
    # a statistic that does not exist in more than 5 % of the resamples has no sensible error
    return {
        name: float(np.nanstd(values, ddof=1))
        for name, values in draws.items()
        if resamples > 1 and np.isfinite(values).mean() >= 0.95
    }


def shared_effects(posts: Posts, platform: str) -> Statistics:
    """Spread of what creators share: calendar periods and, on Instagram, categories."""
    if platform == "tiktok":
        # the youngest videos had not yet collected their views
        old = (posts.own >= MIN_OWN) & (posts.posted < posts.posted.max() - 14 * DAY)
        residual = detrended(np.log(posts.ratio[old]), posts.posted[old])
        week = (posts.posted[old] // (7 * DAY)).astype(np.int64)
        return {"week_log_sd": common_effect_sd(residual, week - week.min(), posts.creator[old])}
    level = np.log(posts.ratio)
    residual = detrended(level, posts.posted)
    month = ((posts.posted - START_2018) // (30 * DAY)).astype(np.int64)
    within = residual - by_creator(posts.category, residual)[1][posts.category]
    cell = month * (posts.category.max() + 1) + posts.category
    own = within - by_creator(month, within)[1][month]
    return {
        "category_log_sd": common_effect_sd(level, posts.category, posts.creator),
        "month_log_sd": common_effect_sd(residual, month, posts.creator),
        "category_month_log_sd": common_effect_sd(own, cell, posts.creator),
    }


def group_rows(
    platform: str, tier: str, posts: Posts, zero: int, resamples: int
) -> list[list[str]]:
    """All rows of one platform and tier."""
    first, last = (0, -1) if tier == "all" else (TIERS.index(tier), TIERS.index(tier) + 1)
    measure = instagram_statistics if platform == "instagram" else tiktok_statistics

    def statistic(sample: Posts) -> Statistics:
        return measure(sample) | followers_statistics(sample, EDGES[first], EDGES[last])

    values, errors = statistic(posts), bootstrap(posts, statistic, resamples)
    if tier == "all":
        values |= shared_effects(posts, platform)
    posts_used, creators = len(posts.creator), len(np.unique(posts.creator))
    known = posts.own >= MIN_OWN
    counts = {"posts": posts_used, "creators": creators, "zero_engagement_posts": zero}
    if platform == "instagram":
        counts["sponsored_posts"] = int(posts.sponsored.sum())
        counts["sponsored_creators"] = len(np.unique(posts.creator[posts.sponsored]))
    else:
        counts["creators_10_videos"] = len(np.unique(posts.creator[known]))
    used = {
        "creators": creators,
        "own median": int(known.sum()),
        "organic median": int(posts.sponsored.sum()),
    }
    rows = [_row(platform, tier, name, float(count), None, count) for name, count in counts.items()]
    for name, value in values.items():
        over_creators = name.endswith("correlation_between")
        n = creators if over_creators else used.get(describe(name, platform)[1], posts_used)
        if name.startswith("sponsored_eng"):
            n = counts["sponsored_posts"]
        rows.append(_row(platform, tier, name, value, errors.get(name), n))
    for row in rows:
        few = counts["sponsored_creators"] if row[4].startswith("sponsored_eng") else creators
        if few < FEW:
            row[-1] = "; ".join(filter(None, [row[-1], f"weak: {few} creators"]))
    return rows


def _row(
    platform: str, tier: str, name: str, value: float, error: float | None, n: int
) -> list[str]:
    unit, basis, note = describe(name, platform)
    missing = not np.isfinite(value)
    if name.startswith("followers_lognormal") and error is None:
        note += "; no error: a power law in more than 5 % of the resamples"
    return [
        f"{platform}-{tier}-{name}".replace("_", "-"), SOURCE[platform], platform, tier, name,
        "" if missing else f"{value:.6g}",
        "" if missing or error is None else f"{error:.3g}",
        str(n), unit, basis, MISSING[name] if missing else note,
    ]  # fmt: skip


COUNTS = {
    "posts": "Instagram from 2018 on; with at least one engagement",
    "creators": "",
    "zero_engagement_posts": "left out of every other figure",
    "sponsored_posts": "flagged by hashtag or sponsor tag; undisclosed ones count as organic",
    "sponsored_creators": "creators with a post so flagged",
    "creators_10_videos": f"creators with {MIN_OWN} videos or more: those behind the tail of views",
}
MISSING = {
    "followers_lognormal_location": "degenerates to a power law: see followers_pareto_exponent",
    "followers_lognormal_scale": "degenerates to a power law: see followers_pareto_exponent",
    "views_hill_index": f"fewer than {MIN_TAIL} videos in the top 1 %",
    "sponsored_ratio_within": "fewer than 10 creators with both kinds of post",
}
# (start of the name, unit, basis, note); the first that fits describes a quantity
DESCRIPTIONS = (
    ("followers_lognormal_location", "log accounts", "creators", "lognormal before truncation"),
    ("followers_lognormal_scale", "log", "creators", "lognormal before truncation"),
    ("followers_pareto_exponent", "exponent", "creators", "P(more than F) ~ F^-exponent in tier"),
    ("followers_median", "accounts", "creators", ""),
    ("followers_log_sd", "log", "creators", "as seen, truncated to the tier"),
    ("engagement_rate_log", "log", "followers", ""),
    ("engagement_rate", "fraction", "followers", ""),
    ("engagement_per_view_log", "log", "views", ""),
    ("engagement_per_view", "fraction", "views", ""),
    ("views_per_follower_log", "log", "followers", ""),
    ("views_per_follower", "ratio", "followers", "views, not unique viewers"),
    ("engagement_lognormal", "probability", "tier median", "lognormal of the same log sd"),
    ("engagement_exceedance", "probability", "tier median", "engagement rate over tier median"),
    ("engagement_log_skewness", "skewness", "tier median", "of the log of engagement rate"),
    ("views_lognormal", "probability", "own median", "lognormal of the same log sd, median 1"),
    ("views_exceedance", "probability", "own median", "views over the creator's own median"),
    ("views_hill_index", "exponent", "own median", "top 1 % of views over own median"),
    ("views_luck_log_sd", "log", "own median", ""),
    ("views_luck_log_skewness", "skewness", "own median", ""),
    ("likes_share", "fraction", "engagements", "mean over posts"),
    ("sponsored_ratio_within", "ratio", "own organic posts", "geometric mean over creators"),
    ("sponsored_ratio", "ratio", "organic median", "different creators; same tier unless all"),
    ("week_log_sd", "log", "own median", "weeks shared by all creators; trend and noise off"),
    ("month_log_sd", "log", "tier median", "months shared by all creators; trend and noise off"),
    ("category_month_log_sd", "log", "tier median", "a month shared within a category alone"),
    ("category_log_sd", "log", "tier median", "lasting difference between categories"),
)


def describe(name: str, platform: str) -> tuple[str, str, str]:
    """Return unit, denominator and note of a quantity."""
    if name in COUNTS:
        note = COUNTS[name] if name != "posts" or platform == "instagram" else "organic videos"
        return "count", "", note
    if name.startswith("sponsored_eng"):
        unit, basis, note = describe(name.removeprefix("sponsored_"), platform)
        basis = basis.replace("tier median", "sponsored tier median")
        return unit, basis, "; ".join(filter(None, ["sponsored posts alone", note]))
    if name == "engagement_views_slope_within":
        return "elasticity", "views", "log engagement per view on log views, one creator's posts"
    if name.endswith("_slope"):
        return "elasticity", "followers", "log on log over posts, within the tier"
    if "correlation" in name:
        level = {"between": "over creators", "within": "over posts of one creator"}
        return "correlation", "logs", level.get(name.rsplit("_", 1)[-1], "over posts")
    return next((u, b, note) for start, u, b, note in DESCRIPTIONS if name.startswith(start))


def derive(folder: Path, resamples: int = RESAMPLES) -> list[list[str]]:
    """All rows of ``derived.csv`` from the posts in ``folder``."""
    rows: list[list[str]] = []
    for platform, read in (("instagram", read_instagram), ("tiktok", read_tiktok)):
        posts, lost = read(folder)
        tiers = tier_index(posts.followers)
        for tier in (*TIERS, "all"):
            wanted = range(len(TIERS)) if tier == "all" else [TIERS.index(tier)]
            keep = np.flatnonzero(np.isin(tiers, wanted))
            group = posts.take(keep, np.unique(posts.creator[keep], return_inverse=True)[1])
            zero = int(np.isin(lost, wanted).sum())
            rows += group_rows(platform, tier, group, zero, resamples)
    return rows


def halves(folder: Path, resamples: int = RESAMPLES) -> tuple[list[list[str]], list[list[str]]]:
    """All rows of ``halves.csv`` and of ``histograms.csv``."""
    rows: list[list[str]] = []
    counted: list[list[str]] = []
    for platform, read in (("instagram", read_instagram), ("tiktok", read_tiktok)):
        posts, _ = read(folder)
        tiers = tier_index(posts.followers)
        every = np.ones(len(tiers), dtype=bool)
        kinds = {"organic": ~posts.sponsored}
        if platform == "instagram":
            kinds = {"sponsored": posts.sponsored, **kinds, "any": every}
        for half in HALF_NAMES:
            parity = every if half == "all" else posts.creator % 2 == HALF_NAMES.index(half)
            for kind, of_kind in kinds.items():
                for tier in (*TIERS, "all") if kind != "any" else ("all",):
                    of_tier = every if tier == "all" else tiers == TIERS.index(tier)
                    group = some(posts, parity & of_kind & of_tier)
                    head = [half, platform, kind, tier]
                    rows += [head + row for row in half_rows(platform, group, resamples)]
                    if len(np.unique(group.creator)) >= FEW:
                        counted += [head + row for row in histogram_rows(platform, group)]
    return rows, counted


def half_rows(platform: str, posts: Posts, resamples: int) -> list[list[str]]:
    """Quantity, value, error and number of creators of what halves are compared in."""

    def statistic(sample: Posts) -> Statistics:
        measure = kind_statistics if platform == "instagram" else tiktok_statistics
        wanted = (*COMPARED[platform], "engagement_exceedance")
        values = {name: v for name, v in measure(sample).items() if name.startswith(wanted)}
        return values | {"followers_geometric_mean": float(np.exp(np.log(sample.followers).mean()))}

    values, errors = statistic(posts), bootstrap(posts, statistic, resamples)
    creators = str(len(np.unique(posts.creator)))
    return [
        [name, f"{value:.6g}", f"{errors[name]:.3g}" if name in errors else "", creators]
        for name, value in values.items()
        if np.isfinite(value)
    ]


def histogram_rows(platform: str, posts: Posts) -> list[list[str]]:
    """Quantity, creators, first bin and counts of one post of each creator, drawn by a fixed seed."""
    rng = np.random.default_rng(SEED)
    one = np.zeros(len(posts.creator), dtype=bool)
    one[np.unique(posts.creator[order := rng.permutation(len(one))], return_index=True)[1]] = True
    chosen = np.zeros(len(one), dtype=bool)
    chosen[order[one]] = True
    values = {"engagement_rate": posts.engagements / posts.followers}
    if platform == "tiktok":
        values["views_per_follower"] = posts.views / posts.followers
        values["engagement_per_view"] = posts.engagements / posts.views
    rows = []
    for name, value in values.items():
        bins = np.floor(np.log(value[chosen]) / BIN).astype(np.int64)
        counts = np.bincount(bins - bins.min())
        rows.append([name, str(len(bins)), str(bins.min()), " ".join(map(str, counts))])
    return rows


def write(path: Path, columns: str, rows: list[list[str]]) -> None:
    """Write a table and say so."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    print(f"{len(rows)} rows written to {path.relative_to(HERE.parents[1])}")


def main(argv: list[str]) -> int:
    """Write the three tables and say so."""
    if len(argv) != 2:
        print("usage: python tests/validation/derive.py FOLDER_OF_POSTS", file=sys.stderr)
        return 2
    folder = Path(argv[1])
    write(OUTPUT, COLUMNS, derive(folder))
    of_halves, histograms = halves(folder)
    write(HALVES, HALF_COLUMNS, of_halves)
    write(HISTOGRAMS, HISTOGRAM_COLUMNS, histograms)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
