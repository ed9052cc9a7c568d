"""Mixes on small problems: limits hold, bounds hold, figures are those of fresh worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.experiment import Experiment, ExperimentError
from sim.questions.frontier import FrontierOptions, frontier
from sim.questions.frontier._answer import Frontier
from sim.questions.frontier._frontier import ask
from sim.questions.question import Setting

Make = Callable[..., Experiment]
PORTFOLIOS = {
    "micro": {"tier": "micro", "budget": 12_000},
    "gifted": {"tier": "micro", "compensation": "gifted", "budget": 12_000},
    "macro": {"tier": "macro", "compensation": "hybrid", "budget": 12_000},
}
LIMITS = {
    "pin": ["macro=1"],
    "max": ["gifted=8"],
    "share": ["micro-paid=40 %"],
    "min": ["micro=4"],
}


def best_mixes(experiment: Experiment, **options: Any) -> Frontier:
    """Three lines, few worlds: a search takes about a second."""
    asked = FrontierOptions(points=3, **options)
    return ask(Setting(experiment), asked, search_worlds=640, check_worlds=1_280)


@pytest.fixture(scope="module")
def experiment(preset: Make) -> Experiment:
    return preset(portfolio=PORTFOLIOS, decision={"a": "micro", "b": "macro"})


@pytest.fixture(scope="module")
def limited(experiment: Experiment) -> Frontier:
    return best_mixes(experiment, budget=14_000, spend=0.0, **LIMITS)


def test_every_mix_respects_every_limit(limited: Frontier) -> None:
    assert limited.mixes
    for mix in limited.mixes:
        held = mix.creators
        assert mix.committed <= 14_000.0
        assert held.get("macro-hybrid") == 1
        assert held.get("micro-gifted", 0) <= 8
        assert sum(held.get(f"micro-{terms}", 0) for terms in ("paid", "gifted")) >= 4
        assert mix.spend.get("micro-paid", 0.0) <= 0.4 * sum(mix.spend.values()) + 1e-6
        assert all(count == int(count) for count in held.values())


def test_no_mix_passes_its_bound(limited: Frontier) -> None:
    for mix in limited.mixes:
        mean = mix.searched.mean
        assert mix.searched.bound is not None
        # Cuts of the linear program stop at a ten-thousandth of the largest mean.
        assert mean <= mix.searched.bound + 1e-3 * abs(mix.searched.bound)


def test_figures_are_from_fresh_worlds(limited: Frontier) -> None:
    # Another seed, so never the same figure; the same law, so within the errors of both samples:
    # four of the check's, and the search has half its worlds (6 false alarms in 100,000 seeds).
    for mix in limited.mixes:
        checked = mix.checked["profit_mean"]
        assert checked.value is not None
        assert checked.value != mix.searched.mean
        if checked.se is not None:
            assert abs(checked.value - mix.searched.mean) < 4.0 * checked.se * 3.0**0.5


def test_limits_that_bind_have_their_price(limited: Frontier) -> None:
    prices = {price.limit: price for mix in limited.mixes for price in mix.prices}
    assert prices
    for price in prices.values():
        assert (price.gain.value or 0.0) > -1e-6
    assert any("macro" in note or "micro" in note or "budget" in note for note in limited.notes)


def test_excluded_lines_are_not_hired(experiment: Experiment) -> None:
    found = best_mixes(experiment, budget=9_000, exclude=["gifted"])
    assert all("micro-gifted" not in mix.creators for mix in found.mixes)
    assert all(mix.name != "micro-gifted" for mix in found.alone)
    assert all(mix.committed >= 0.9 * 9_000 for mix in found.mixes)
    # A line that leaves money unspent is no answer to what the money is best spent on.
    assert all(
        mix.committed >= 0.9 * 9_000 for mix in (*found.mixes, *found.alone) if mix.efficient
    )
    assert len(found.shown()) <= 20


def test_loss_as_the_risk(experiment: Experiment) -> None:
    found = best_mixes(experiment, budget=9_000, risk="loss")
    losses = [mix.checked["loss_probability"].value or 0.0 for mix in found.mixes]
    assert all(0.0 <= loss <= 1.0 for loss in losses)
    assert all(mix.searched.bound is None for mix in found.mixes)
    assert any("no linear program" in note for note in found.notes)


def test_order_of_mixes_is_that_of_their_checked_means(limited: Frontier) -> None:
    means = [mix.checked["profit_mean"].value or 0.0 for mix in limited.mixes]
    assert means == sorted(means, reverse=True)
    assert [mix.name for mix in limited.mixes] == [f"mix {k + 1}" for k in range(len(means))]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(
            {"min": ["macro=9"]}, ("a budget of 9,000 USD", "at least 9 macro"), id="dear"
        ),
        pytest.param(
            {"pin": ["gifted=3"], "exclude": ["gifted"]}, ("exactly 3", "no gifted"), id="pin"
        ),
        pytest.param(
            {"share": ["micro=10 %"], "exclude": ["macro"]},
            ("10 % of spend", "no macro"),
            id="share",
        ),
    ],
)
def test_infeasible_names_the_limits(
    experiment: Experiment, limits: dict[str, list[str]], words: tuple[str, ...]
) -> None:
    with pytest.raises(ExperimentError) as error:
        best_mixes(experiment, budget=9_000, **limits)
    for word in words:
        assert word in str(error.value)


def test_settings_are_checked_at_once(experiment: Experiment) -> None:
    with pytest.raises(ExperimentError) as error:
        frontier(experiment, budget=-1.0, risk="luck", spend=2.0, maximum=[])
    for word in ("budget: must be", "risk: must be", "spend: must be", "maximum: is no option"):
        assert word in str(error.value)
