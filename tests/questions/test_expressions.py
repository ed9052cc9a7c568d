"""The vocabulary of the audit, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.evidence import Quoted, claims, derived_row, published
from sim.experiment import ExperimentError, Fault
from sim.questions.audit.expressions import (
    Interval,
    Scene,
    Speaker,
    TermError,
    claims_in,
    portfolios_in,
)
from sim.questions.audit.required import solve

FIGURES: dict[str, Quoted] = {figure.id: figure for figure in (*claims(), *published())}
SPEAKER = Speaker(FIGURES, {})


@pytest.mark.parametrize(
    ("term", "low", "high"),
    [
        (3, 3, 3),
        ({"claim": "roi-si-micro"}, 5, 8),
        ({"claim": "fee-si-macro"}, 5_000, math.inf),
        ({"claim": "er-ce-macro"}, -math.inf, 0.02),
        ({"multiply": [2, {"claim": "roi-si-micro"}]}, 10, 16),
        ({"divide": [{"claim": "roi-si-micro"}, {"claim": "er-si-macro-range"}]}, 250, 800),
        ({"divide": [1, {"claim": "er-ce-macro"}]}, 50, math.inf),
        ({"add": [{"claim": "roi-si-micro"}, -1]}, 4, 7),
        ({"both": [{"claim": "roi-si-micro"}, {"claim": "roi-am-average"}]}, 5.78, 6.5),
        ({"growth": [100, 121, 2]}, 0.1, 0.1),
    ],
)
def test_arithmetic_of_claims(term: Any, low: float, high: float) -> None:
    found = SPEAKER.interval(term)
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


@pytest.mark.parametrize(
    ("term", "problem"),
    [
        ({"eval": "1 + 1"}, "is no term"),
        ("er-si-macro-ig", "is no term"),
        (True, "is no term"),
        ({"claim": "nobody"}, "no claim is called 'nobody'"),
        ({"measure": "roas", "of": "nobody"}, "no portfolio of the audit is called 'nobody'"),
        ({"both": [{"claim": "roi-si-micro"}, {"claim": "roi-am-top"}]}, "no value in common"),
        ({"growth": [1, {"claim": "roi-si-micro"}, 2]}, "without a range"),
    ],
)
def test_what_is_no_term_is_an_error_that_says_so(term: Any, problem: str) -> None:
    with pytest.raises(TermError, match=problem):
        SPEAKER.evaluate(term)


def test_terms_name_their_claims_and_portfolios() -> None:
    term = {
        "divide": [{"claim": "a"}, {"multiply": [{"measure": "cpe", "of": "x"}, {"claim": "b"}]}]
    }
    assert claims_in(term) == ["a", "b"]
    assert portfolios_in(term) == {"x"}


def test_tolerance_is_for_figures_without_a_range() -> None:
    assert Interval(2.0, 2.0).widened(0.1) == Interval(1.8, 2.2)
    assert Interval(1.0, 3.0).widened(0.1) == Interval(1.0, 3.0)
    assert Interval(0.0, 1.0).meets(Interval(1.0, 2.0))
    assert not Interval(0.0, 1.0).meets(Interval(1.1, 2.0))


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    import sim

    portfolios = {"one": {"tier": "micro", "creators": 20}, "two": {"tier": "nano", "creators": 20}}
    experiment = sim.build({"portfolio": portfolios, "simulation": {"worlds": 2_000}})
    scene = Scene(experiment, sim.simulate)
    return Speaker(FIGURES, dict.fromkeys(("", "one", "two"), scene))


def test_simulated_figures_carry_their_error_through_arithmetic(speaker: Speaker) -> None:
    # the ratio of two ratios against a bootstrap over the same worlds
    term = {"divide": [{"measure": "roas", "of": "one"}, {"measure": "roas", "of": "two"}]}
    found = speaker.evaluate(term)
    dataset = speaker.scenes[""].dataset
    of = {(v, p): dataset[v].sel(portfolio=p).values
          for v in ("revenue", "cost") for p in ("one", "two")}  # fmt: skip

    def ratio(pick: Any) -> float:
        one = of["revenue", "one"][pick].mean() / of["cost", "one"][pick].mean()
        return float(one / (of["revenue", "two"][pick].mean() / of["cost", "two"][pick].mean()))

    rng = np.random.default_rng(0)
    draws = [ratio(rng.integers(2_000, size=2_000)) for _ in range(600)]
    assert not isinstance(found, Interval)
    assert float(found.value) == pytest.approx(ratio(slice(None)))
    error = float(found.influence.std() / math.sqrt(2_000))
    # 600 draws know the error to 3 %; 4 times that
    assert error == pytest.approx(float(np.std(draws)), rel=0.12)


def test_a_simulated_figure_joins_numbers_but_no_ranges(speaker: Speaker) -> None:
    roas = {"measure": "roas", "of": "one"}
    double = speaker.evaluate({"multiply": [2, roas]})
    single = speaker.evaluate(roas)
    assert not isinstance(double, Interval)
    assert not isinstance(single, Interval)
    assert float(double.value) == pytest.approx(2 * float(single.value))
    with pytest.raises(TermError, match="not with a range"):
        speaker.evaluate({"multiply": [roas, {"claim": "roi-si-micro"}]})


def test_input_is_the_quoted_mean(speaker: Speaker) -> None:
    found = speaker.interval({"input": "engagement_rate", "tier": "micro"})
    assert found.low == pytest.approx(0.0390, rel=1e-6)  # a beta given by its mean


def test_input_over_several_tiers_weighs_them_by_their_accounts() -> None:
    import sim

    tables = {"portfolio": {t: {"tier": t, "creators": 2} for t in ("mid", "macro")}}
    experiment = sim.build(tables | {"tier": {"mid": {"fee": 1_000}, "macro": {"fee": 9_000}}})
    speaker = Speaker(FIGURES, {"": Scene(experiment, sim.simulate)})
    mean = speaker.interval({"input": "fee", "tiers": ["mid", "macro"]}).low
    # Sizes of accounts drawn from the lognormal that the posts of the sample follow.
    rng = np.random.default_rng(1)
    followers = np.exp(rng.normal(9.46624, 2.06753, size=4_000_000))
    mid = ((followers > 1e5) & (followers < 5e5)).sum()
    macro = ((followers > 5e5) & (followers < 1e6)).sum()
    share = macro / (mid + macro)
    error = 8_000 * np.sqrt(share * (1 - share) / (mid + macro))
    assert mean == pytest.approx(1_000 + 8_000 * share, abs=4 * error)


def test_real_posts_stand_with_two_standard_errors(speaker: Speaker) -> None:
    found = speaker.interval({"measured": "engagement_rate_mean", "tier": "micro"})
    row = derived_row("instagram", "micro", "engagement_rate_mean")
    assert row.value is not None
    assert row.se is not None
    assert (found.low + found.high) / 2 == pytest.approx(row.value)
    assert found.high - found.low == pytest.approx(4 * row.se)


def test_spread_is_relative_and_carries_its_error(speaker: Speaker) -> None:
    found = speaker.evaluate({"spread": "engagements", "of": "one"})
    values = speaker.scenes[""].dataset["engagements"].sel(portfolio="one").values
    assert not isinstance(found, Interval)
    assert float(found.value) == pytest.approx(values.std(ddof=1) / values.mean())
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(600):
        sample = values[rng.integers(values.size, size=values.size)]
        draws.append(sample.std(ddof=1) / sample.mean())
    error = float(found.influence.std() / math.sqrt(values.size))
    # 600 draws know the error to 3 %; 4 times that
    assert error == pytest.approx(float(np.std(draws)), rel=0.12)


@pytest.mark.parametrize("power", [-2.0, -0.5, 0.9, 1.0])
def test_levers_of_powers_are_found(power: float) -> None:
    found = solve(lambda x: 3.0 * x**power, 2.0, 3.0 * 2.0**power, 12.0)
    assert found == pytest.approx(4.0 ** (1.0 / power), rel=2e-3)


def test_levers_that_start_at_zero_are_found() -> None:
    assert solve(lambda x: 5.0 * (1.0 + x), 0.0, 5.0, 20.0) == pytest.approx(3.0, rel=1e-3)


def test_levers_that_cannot_do_it_are_none() -> None:
    assert solve(lambda x: 5.0 + 0.0 * x, 1.0, 5.0, 20.0) is None
    assert solve(lambda x: 5.0 * (1.0 + x), 0.0, 5.0, 2.0) is None  # would have to be negative

    def share(x: float) -> float:
        if x >= 1.0:
            raise ExperimentError("test", [Fault("share", "cannot be above 1")])
        return 5.0 * x

    assert solve(share, 0.5, 2.5, 20.0) is None
