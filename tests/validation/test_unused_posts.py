"""Predictions of posts that were not used in the fit.

Creators are split in two; each half is predicted by the fit on the other (`fits.toml`), and the
shipped presets, which are the fit on all, stand beside all posts. Fixed seeds, and samples so large
that their own noise is a fraction of what is allowed.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

HALVES = ("even", "odd", "all")
SPLITS = ("even", "odd")
#: Creators below which a bootstrap error says too little.
LEAST = 30
FEW = "so few creators that the mean's own error is a fifth and more"
APART = (
    "the halves themselves are apart: 0.125 ± 0.022 engagements per follower on 59 creators, 0.059 "
    "± 0.009 on 52; views per follower 0.99 ± 0.15 and 0.64 ± 0.12"
)
TIKTOK, SPONSORED, ORGANIC = (
    ("tiktok", "organic"), ("instagram", "sponsored"), ("instagram", "organic"),
)  # fmt: skip
#: Means that leave 0.67 to 1.5, each with its measured cause.
EXCEPTIONS: dict[tuple[str, str, str, str, str], str] = {
    ("even", *SPONSORED, "mega", "engagement_rate_mean"): f"10 creators: {FEW}",
    ("odd", *SPONSORED, "mega", "engagement_rate_mean"): f"4 creators: {FEW}",
    (
        "odd",
        *ORGANIC,
        "macro",
        "engagement_rate_mean",
    ): "111 creators, error 12 %, and the half that "
    "was fitted on lies lower by 29 %: ratio 0.66, 2.7 errors off",
    ("even", *TIKTOK, "nano", "engagement_rate_mean"): f"9 creators: {FEW}",
    ("odd", *TIKTOK, "nano", "engagement_rate_mean"): f"12 creators: {FEW}",
    ("odd", *TIKTOK, "nano", "views_per_follower_mean"): f"12 creators: {FEW}",
    ("all", *TIKTOK, "nano", "engagement_rate_mean"): f"21 creators: {FEW}",
    ("all", *TIKTOK, "nano", "views_per_follower_mean"): f"21 creators: {FEW}",
    ("even", *TIKTOK, "micro", "engagement_rate_mean"): APART,
    ("odd", *TIKTOK, "micro", "engagement_rate_mean"): APART,
    ("odd", *TIKTOK, "micro", "views_per_follower_mean"): APART,
}
#: Spreads and tails that the model does not have, each with its measured cause.
NOT_MODELLED: dict[str, str] = {
    "engagement_per_view_log_sd_within": "engagement per view is drawn once for a creator; posts of "
    "one creator differ by 0.27 of the log, which adds a thirtieth to the variance of engagements",
    "engagement_per_view_log_sd": "the same",
}
#: Spreads that one law of luck for all tiers cannot meet.
ONE_LUCK = {
    ("odd", *ORGANIC, "mega", "engagement_rate_log_sd_within"): "posts of one creator above a "
    "million followers differ by 0.72 ± 0.05 of the log, 0.80 in this half; 0.52 over all tiers",
}


@pytest.mark.parametrize(("platform", "kind"), [SPONSORED, ORGANIC, TIKTOK])
@pytest.mark.parametrize("half", HALVES)
def test_means_are_met_or_an_exception_says_why(
    unused: ModuleType, check: ModuleType, half: str, platform: str, kind: str
) -> None:
    off = {one.name for one in unused.comparisons(half, platform, kind) if check.mean_is_off(one)}
    assert off == {name for name in EXCEPTIONS if name[:3] == (half, platform, kind)}


def test_the_causes_of_the_exceptions_are_as_measured(
    unused: ModuleType, check: ModuleType, calibrate: ModuleType
) -> None:
    """Either the model lies within three errors of so few, or no fit on the one half could do it."""
    for name in EXCEPTIONS:
        half, platform, kind, tier, quantity = name
        (one,) = (c for c in unused.comparisons(half, platform, kind) if c.name == name)
        fitted_on = calibrate.statistic(half, platform, kind, tier, quantity).value
        apart = not check.LOW <= fitted_on / one.seen.value <= check.HIGH
        assert abs(one.off) < 3 or apart, name


@pytest.mark.parametrize(("platform", "kind"), [SPONSORED, ORGANIC, TIKTOK])
@pytest.mark.parametrize("half", SPLITS)
def test_spreads_are_those_of_the_other_half(
    unused: ModuleType, half: str, platform: str, kind: str
) -> None:
    """Within a fifth, or three bootstrap errors where wider, for tiers of thirty creators and more.

    Some 40 spreads: one false alarm in ten fresh samples of posts.
    """
    # too few creators have two sponsored posts for a spread between and within
    parts = ("log_sd",) if kind == "sponsored" else ("log_sd", "between", "within")
    wrong = {}
    for one in unused.comparisons(half, platform, kind):
        known = one.seen.creators >= LEAST and one.quantity not in NOT_MODELLED
        if known and "log_sd" in one.quantity and one.quantity.endswith(parts):
            allowed = max(0.2 * one.seen.value, 3 * one.seen.se)
            if abs(one.simulated - one.seen.value) > allowed:
                wrong[one.name] = (one.simulated, one.seen)
    assert set(wrong) == {name for name in ONE_LUCK if name[:3] == (half, platform, kind)}


@pytest.mark.parametrize(("platform", "kind", "within"), [
    (*SPONSORED, 0.25), (*TIKTOK, 0.25),
    # the shoulder of the law, three to five times the median, is up to 1.6 times too heavy for
    # organic posts: their luck is more peaked than a lognormal (half of it within the quartiles of a log sd of 0.39, not 0.50)
    (*ORGANIC, 0.65),
])  # fmt: skip
@pytest.mark.parametrize("half", SPLITS)
def test_tails_are_those_of_the_other_half(
    unused: ModuleType, half: str, platform: str, kind: str, within: float
) -> None:
    """How often posts exceed a multiple, or three bootstrap errors where wider."""
    wrong = {}
    for one in unused.comparisons(half, platform, kind):
        known = one.seen.creators >= LEAST
        if known and "exceedance" in one.quantity and "lognormal" not in one.quantity:
            # a share of zero has a bootstrap error of zero: one post of as many creators instead
            error = max(one.seen.se if np.isfinite(one.seen.se) else 0.0, 1 / one.seen.creators)
            allowed = max(within * one.seen.value, 3 * error)
            if abs(one.simulated - one.seen.value) > allowed:
                wrong[one.name] = (one.simulated, one.seen)
    assert wrong == {}


@pytest.mark.parametrize(("platform", "kind"), [SPONSORED, TIKTOK])
@pytest.mark.parametrize("half", SPLITS)
def test_ranges_cover_the_next_post_of_a_new_creator(
    unused: ModuleType, half: str, platform: str, kind: str
) -> None:
    """One post per creator, tiers of 200 creators and more, three binomial errors."""
    covers = [
        cover
        for cover in unused.coverages(half, platform, kind, least=200)
        if cover.quantity
        != "engagement_per_view"  # what posts of one creator differ by is left out
    ]
    assert covers != []
    assert {(c.tier, c.quantity, c.range): (c.share, c.off) for c in covers if abs(c.off) > 3} == {}


@pytest.mark.parametrize("half", SPLITS)
def test_the_law_holds_for_organic_posts_of_which_there_are_thousands(
    unused: ModuleType, half: str
) -> None:
    """The same law with the level of organic posts: off by three points at most beyond chance."""
    covers = list(unused.coverages(half, "instagram", "organic", least=200))
    assert {cover.tier for cover in covers} == {"nano", "micro", "mid"}
    for cover in covers:
        assert abs(cover.share - cover.range) < 0.03 + 3 * cover.se, cover


def test_a_lognormal_would_have_two_to_three_times_the_tail(
    unused: ModuleType, calibrate: ModuleType, simulated_posts: ModuleType
) -> None:
    # the yardstick can fail: the law that was shipped before puts too much beyond ten times
    # the median of organic posts, the beta does not
    for tier in ("nano", "micro"):
        seen = calibrate.statistic("all", "instagram", "organic", tier, "engagement_exceedance_10")
        wide = {"engagement_rate": {"lognormal": {"mean": 0.04, "log_sd": 0.85}}}
        posts = simulated_posts.simulate_posts(
            *simulated_posts.tier_with("instagram", tier, wide),
            simulated_posts.Layout.equal(200_000, 1), 3,
        )  # fmt: skip
        rate = posts.engagements / posts.followers
        lognormal = float(np.mean(rate > 10 * np.median(rate)))
        assert lognormal > seen.value + 3 * seen.se
        beta = unused.simulated("all", "instagram", "organic", tier)["engagement_exceedance_10"]
        assert beta < seen.value + 3 * seen.se


# --- The presets are what the calibration printed ----------------------------------------------------


@pytest.mark.parametrize("tier", ["nano", "micro", "mid", "macro", "mega"])
def test_presets_are_the_fit_on_all(calibrate: ModuleType, tier: str) -> None:
    from sim.experiment.presets import presets

    given = presets()
    fitted = calibrate.fitted_tables("all", "instagram", "sponsored", tier)
    own = given["instagram"]["any"] | given["instagram"][tier]
    assert own["post_luck"] == fitted["post_luck"]
    assert own["engagement_rate"]["beta"] == pytest.approx(
        fitted["engagement_rate"]["beta"], rel=0.01
    )
    fitted = calibrate.fitted_tables("all", "tiktok", "organic", tier)
    own = given["tiktok"]["any"] | given["tiktok"][tier]
    assert {key: own[key] for key in fitted} == fitted


@pytest.mark.statistical
@pytest.mark.parametrize("half", HALVES)
def test_the_fit_on_instagram_is_what_the_tables_give(calibrate: ModuleType, half: str) -> None:
    # fixed scores: equal to the last digit that is kept
    for kind in ("sponsored", "organic"):
        kept = dict(calibrate.fits()[half]["instagram"][kind])
        assert kept.pop("luck_log_sd") == calibrate.luck_log_sd(half)
        assert calibrate.fit_instagram(half, kind) == kept


@pytest.mark.statistical
@pytest.mark.parametrize("tier", ["nano", "micro", "mega"])
def test_the_fit_on_tiktok_is_what_the_tables_give(calibrate: ModuleType, tier: str) -> None:
    kept = calibrate.fits()["all"]["tiktok"]["organic"][tier]
    fresh = calibrate.fit_tiktok("all", tier, calibrate.Views())
    assert fresh == pytest.approx(kept, abs=0.011)


# --- Pooling --------------------------------------------------------------------------------------


def test_pooling_by_hand(pooling: ModuleType) -> None:
    # two groups one apart with errors 0.5: Q = 2, tau² = (2 - 1) / (8 - 4) = 1/4, weights one half
    pooled = pooling.pool(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    assert pooled.between == pytest.approx(0.5)
    assert pooled.centre == pytest.approx(0.5)
    assert pooled.own == pytest.approx([0.5, 0.5])
    assert pooled.mean == pytest.approx([0.25, 0.75])


def test_groups_that_differ_less_than_their_errors_share_one_value(pooling: ModuleType) -> None:
    pooled = pooling.pool(np.array([1.0, 1.1, 0.9]), np.array([0.5, 0.5, 0.5]))
    assert pooled.between == 0.0
    assert pooled.mean == pytest.approx([1.0, 1.0, 1.0])


def test_a_group_without_a_value_takes_what_the_others_share(pooling: ModuleType) -> None:
    pooled = pooling.pool(np.array([0.0, 2.0, np.nan]), np.array([0.1, 0.1, np.nan]))
    assert pooled.mean[2] == pytest.approx(1.0)
    assert pooled.own[2] == 0.0


def test_pooling_covers_what_was_drawn(pooling: ModuleType) -> None:
    """Groups N(0, 1) with errors 0.2 to 2: 95 % ranges hold in 93 to 97 % of 4,000 groups.

    Binomial standard error 0.0034: six of them, beyond any false alarm.
    """
    rng = np.random.default_rng(4)
    truth, se = rng.normal(size=4_000), rng.uniform(0.2, 2.0, size=4_000)
    pooled = pooling.pool(rng.normal(truth, se), se)
    assert pooled.between == pytest.approx(1.0, abs=0.1)
    held = np.abs(pooled.mean - truth) < 1.96 * pooled.sd
    assert 0.93 < held.mean() < 0.97
