"""Posts drawn one by one are the kernel's, and what no lognormal could do."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from sim.evidence import TIERS, derived_value
from sim.experiment.presets import presets

SEED = 3


def test_no_lognormal_has_the_tail_of_tiktok() -> None:
    # the lognormal of the same spread misses real videos at ten times the median by far
    for tier in TIERS:
        real = derived_value("tiktok", tier, "views_exceedance_10")
        assert derived_value("tiktok", tier, "views_lognormal_exceedance_10") < 0.6 * real


def test_small_creators_have_the_heavier_tail() -> None:
    def tail_index(tier: str) -> float:
        return float(presets()["tiktok"][tier]["amplification"]["cascade"]["tail_index"])

    assert tail_index("micro") < tail_index("mid") < tail_index("mega")


def test_simulated_posts_are_the_kernel_s(simulated_posts: ModuleType) -> None:
    # the mean of the posts drawn one by one is the mean of the kernel's sums, beliefs and shocks off
    import sim

    table = {"tier": "micro", "platform": "tiktok", "creators": 50, "posts": 3}
    off = dict.fromkeys(("engagement_rate", "reach_rate", "conversion_rate", "fee"), 0)
    experiment = sim.build({
        "simulation": {"worlds": 20_000}, "portfolio": {"one": table},
        "shocks": {"scale": 0}, "beliefs": off,
        "tier": {"micro": {"delivery_rate": 1}},
    })  # fmt: skip
    dataset = sim.simulate(experiment)
    layout = simulated_posts.Layout.equal(300_000, 3)
    spec = simulated_posts.preset_tier("tiktok", "micro")
    posts = simulated_posts.simulate_posts(*spec, layout, SEED)
    for name, values in (("impressions", posts.views), ("engagements", posts.engagements)):
        per_creator = values.reshape(-1, 3).sum(axis=1)
        kernel = dataset[name].values / 50
        error = math.hypot(
            per_creator.std() / math.sqrt(len(per_creator)), kernel.std() / math.sqrt(len(kernel))
        )
        # 4 standard errors: one false alarm in 8,000 tests
        assert float(per_creator.mean()) == pytest.approx(float(kernel.mean()), abs=4 * error)
