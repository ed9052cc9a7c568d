"""One name for a key wherever people read it."""

from __future__ import annotations

import pytest

from sim.experiment.words import key_words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tier.macro.fee", "fee of macro"),
        ("tier.macro.on.tiktok.reach_rate", "reach rate of macro on tiktok"),
        ("economics.order_value", "order value"),
        ("costs.hourly_rate", "hourly rate"),
        ("portfolio.micro.budget", "budget of micro"),
        ("compensation.affiliate.commission_rate", "commission rate of affiliate"),
        ("shocks.scale", "scale of all loadings"),
        ("shocks.loadings.conversion_rate.campaign", "campaign loading of conversion rate"),
        ("beliefs.conversion_rate.sd", "doubt about conversion rate"),
        ("beliefs.conversion_rate.own.micro", "doubt about conversion rate of micro"),
        ("beliefs.fee.common", "common of doubt about fee"),
    ],
)
def test_keys_in_words(key: str, words: str) -> None:
    assert key_words(key) == words
