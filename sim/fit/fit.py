"""From an export to fitted tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..engine import marginals as mg
from ..experiment import build
from ..experiment import models as m
from ..experiment.presets import preset_platforms, preset_tiers
from ..plan import marginal
from .accepted import acceptable
from .campaigns import fit_conversion, fit_fee, fit_fee_elasticity, fit_order_value
from .components import estimate, resampled, totals, within_variance
from .estimates import Estimate, Fit, Fitted, TierFit
from .followers import fit_followers
from .laws import Law, fit_law, log_amplification, packaged_law
from .means import compared, experiment_tier, held
from .pooling import pooled, priors
from .rates import (
    Measured,
    fit_amplified_engagement,
    fit_engagement,
    fit_followers_correlation,
    fit_reach,
    fit_reach_correlation,
)
from .reading import FitError, Posts
from .selection import selection_warnings

#: Creators below which no spread between them can be seen.
CREATORS = 3
Basis = Literal["followers", "impressions"]
Progress = Callable[[int, int], None]


def fit_posts(posts: Posts, *, basis: Basis | None = None, progress: Progress | None = None) -> Fit:
    """Estimate tier distributions, what creators and posts differ by, dependence and tail.

    Parameters
    ----------
    posts
        See `read_posts`.
    basis
        Denominator of engagement rates; by default that of the packaged tier, followers where
        there are no views.
    progress
        Called with tiers done and tiers in all.

    Raises
    ------
    FitError
        Where no tier has enough creators; the message says how many there are and how many it
        takes.
    """
    tiers, skipped, doubts = [], [], packaged_doubts()
    groups = list(_groups(posts))
    for done, (platform, name, tier, some) in enumerate(groups):
        creators = 0 if some is None else int(some.creator.max()) + 1
        if some is not None and creators >= CREATORS:
            tiers.append(_Tier(name, platform, tier, some, basis, doubts).fit())
        elif creators:
            skipped.append(f"{name} on {platform}: {creators} creators, {CREATORS} are needed")
        if progress is not None:
            progress(done + 1, len(groups))
    unknown = sorted({str(name) for name in posts.platform} - set(preset_platforms()))
    skipped += [f"{name or 'no platform'}: no tiers are packaged for it" for name in unknown]
    if not tiers:
        reasons = "; ".join(skipped) or "no creator lies within a tier"
        raise FitError(
            f"{posts.file}: too few creators to fit a tier ({reasons}). "
            "Add creators of one tier, or keep the packaged defaults."
        )
    return Fit(
        posts.file, tuple(tiers), fit_order_value(posts), tuple(skipped),
        tuple(selection_warnings(posts)), posts.notes, doubts, posts.read,
    )  # fmt: skip


def _groups(posts: Posts) -> Iterator[tuple[str, str, m.Tier, Posts | None]]:
    """Yield platform, tier, its packaged law and the rows of its creators."""
    counts = np.bincount(posts.creator)
    size = np.exp(totals(posts.creator, np.log(posts.followers)) / counts)[posts.creator]
    for platform in preset_platforms():
        there = posts.platform == platform
        if not there.any():
            continue
        for name in preset_tiers(platform):
            tier = packaged_tier(platform, name)
            low, high = tier.follower_range
            keep = there & (size >= low) & (size < high)
            yield platform, name, tier, posts.take(keep) if keep.any() else None


def packaged_tier(platform: str, name: str) -> m.Tier:
    """Return a tier on a platform as packaged."""
    one = {"tier": name, "platform": platform, "creators": 1}
    return build({"portfolio": {"one": one}}).tier[name].on[platform]


def packaged_doubts() -> dict[str, float]:
    """Return the packaged doubt about means of tiers: standard deviations of their logs, by key."""
    one = {"tier": preset_tiers("instagram")[0], "creators": 1}
    beliefs = build({"portfolio": {"one": one}}).beliefs
    return {str(name): belief.sd for name, belief in beliefs.items()}


@cache
def packaged_tracked_share() -> float:
    """Return the packaged share of orders that codes and links see."""
    one = {"tier": preset_tiers("instagram")[0], "creators": 1}
    share = build({"portfolio": {"one": one}}).economics.tracked_share
    return mg.moment(mg.compile_marginal(marginal(share)))


class _Tier:
    """One tier on one platform: its rows, and what is fitted to them in order."""

    def __init__(
        self,
        name: str,
        platform: str,
        tier: m.Tier,
        posts: Posts,
        basis: Basis | None,
        doubts: Mapping[str, float],
    ) -> None:
        self.name, self.platform, self.tier, self.posts = name, platform, tier, posts
        self.doubts = doubts
        _, self.tables = experiment_tier(name, platform, ())
        self.creators = int(posts.creator.max()) + 1
        self.viewed = int(np.sum(posts.views > 0.0)) >= CREATORS
        self.basis = basis or tier.engagement_basis
        self.notes: list[str] = []
        if self.basis == "impressions" and not self.viewed:
            self.notes.append("no views: engagement per follower instead of per impression")
            self.basis = "followers"

    def fit(self) -> TierFit:
        """Fit what the columns allow."""
        found: list[Fitted | None] = [self._followers()]
        law = self._law()
        found += law.fitted
        seen = self._seen(law) if self.viewed else None
        if seen is not None and len(seen.levels.posts) >= CREATORS:
            found.append(fit_reach(self.tier, seen, law))
        found += self._engagement(law)
        found += [fit_fee(self.posts), fit_conversion(self.posts, packaged_tracked_share())]
        fitted = [each for each in found if each is not None]
        inputs, refused = acceptable(self.name, self.platform, fitted)
        packaged = priors(self.tier, self.tables, self.doubts)
        shrunk = [pooled(each, packaged.get(each.key, {})) for each in inputs]
        place = (self.name, self.platform)
        kept = held(*place, shrunk, self.posts, law.seen_from, self.doubts)
        inputs, again = acceptable(*place, kept)
        self.notes += refused + again
        self._remark(inputs)
        return TierFit(
            self.name, self.platform, self.creators, len(self.posts.creator), inputs,
            tuple(self.notes), compared(self.name, self.platform, inputs, self.posts),
        )  # fmt: skip

    def _followers(self) -> Fitted:
        counts = np.bincount(self.posts.creator)
        size = np.exp(totals(self.posts.creator, np.log(self.posts.followers)) / counts)
        return fit_followers(size, *self.tier.follower_range, self.tables.tables["followers"])

    def _law(self) -> Law:
        """Return luck and amplification: fitted to single posts, or luck beside the packaged A."""
        single = self.posts.posts == 1.0
        if self.viewed:
            keep = single & (self.posts.views > 0.0)
            some = self.posts.take(keep) if keep.any() else None
            law = fit_law(some.creator, some.views, self.tier) if some else None
            if law is not None:
                return law
        return self._luck_alone(single)

    def _luck_alone(self, single: npt.NDArray[np.bool_]) -> Law:
        outcome = self.posts.views if self.viewed else self.posts.engagements
        keep = single & (outcome > 0.0)
        if not keep.any():
            return packaged_law(self.tier, np.nan)
        some = self.posts.take(keep)
        shown = Measured.of(some.creator, np.log(outcome[keep]), np.nan)
        if shown.assumed:
            self.notes.append(
                "fewer than 20 creators have several posts: the packaged luck of a post is taken "
                "off what creators differ by"
            )
            return packaged_law(self.tier, np.nan)
        share = 1.0 if self.viewed else self.tier.amplified_engagement
        law = packaged_law(self.tier, shown.within, share)
        if self.viewed:
            self.notes.append(
                "too few posts per creator for a law of amplification: the packaged one stays"
            )
        luck = Fitted(
            "post_luck", {"lognormal": {"mean": 1, "log_sd": round(law.luck, 4)}},
            "lognormal with mean 1", (_luck_estimate(shown, law),), len(shown.log), "posts",
        )  # fmt: skip
        return Law(law.luck, law.amplification, (luck,))

    def _seen(self, law: Law) -> Measured | None:
        keep = self.posts.views > 0.0
        some = self.posts.take(keep)
        per_follower = np.log(some.views / (some.followers * some.posts))
        luck = law.luck**2 + float(np.var(law.log_amplification))
        return Measured.of(some.creator, per_follower, luck)

    def _engagement(self, law: Law) -> list[Fitted | None]:
        per_view = self.basis == "impressions"
        keep = self.posts.engagements > 0.0
        keep &= (self.posts.views > 0.0) | (not self.viewed)
        if not keep.any():
            return []
        some = self.posts.take(keep)
        if int(some.creator.max()) + 1 < CREATORS:
            self.notes.append(f"fewer than {CREATORS} creators have engagements: none are fitted")
            return []
        engaged = np.log(some.engagements / some.posts)
        spread = _spread_of_engagement(law, self.tier.amplified_engagement)
        of_followers = Measured.of(some.creator, engaged - np.log(some.followers), spread)
        found: list[Fitted | None] = []
        q, rate = self.tier.amplified_engagement, of_followers
        if self.viewed:
            seen = Measured.of(some.creator, np.log(some.views / some.posts), spread)
            of_views = Measured.of(some.creator, engaged - np.log(some.views / some.posts), 0.05)
            amplified = fit_amplified_engagement(seen, of_views, law) if law.fitted else None
            q = q if amplified is None else float(amplified.value)
            rate = of_views if per_view else of_followers
            shown = Measured.of(
                some.creator, np.log(some.views / (some.followers * some.posts)), spread
            )
            found += [amplified, fit_reach_correlation(self.tier, rate, shown)]
        counts = np.bincount(some.creator)
        size = np.exp(totals(some.creator, np.log(some.followers)) / counts)
        found += [
            fit_engagement(some, rate, law, q, per_view),
            fit_followers_correlation(size, rate),
            fit_fee_elasticity(some, Measured.of(some.creator, engaged, spread)),
        ]
        return found

    def _remark(self, inputs: tuple[Fitted, ...]) -> None:
        poor = [f.key for f in inputs if f.goodness is not None and f.goodness.poor]
        if poor:
            self.notes.append(
                f"chance alone would hardly make {', '.join(poor)} differ so much from the law: "
                "look at the picture before relying on the tails"
            )


def _spread_of_engagement(law: Law, q: float) -> float:
    """Return the variance of log engagements from post to post under a law."""
    excess = np.expm1(log_amplification(law.amplification))
    return law.luck**2 + float(np.var(np.log1p(q * excess)))


def _luck_estimate(shown: Measured, law: Law) -> Estimate:
    drawn = within_variance(resampled(len(shown.levels.posts)), shown.levels)
    # The packaged amplification is taken off as it is: d sd = d variance / (2 sd).
    return Estimate("log_sd", law.luck, estimate(drawn)[1] / (2.0 * law.luck))
