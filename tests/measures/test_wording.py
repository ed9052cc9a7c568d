"""Sentences: what is claimed, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from sim.measures import answer, compare, summarize
from sim.measures.evaluate import Measured
from sim.text.verdicts import direction

Results = Callable[..., xr.Dataset]
N = 10_000


def told(ds: xr.Dataset, a: str = "micro", b: str = "macro") -> list[str]:
    """Sentences on a against b."""
    return answer(summarize(ds), compare(ds, a, b))


def outcomes(*shares: tuple[int, float, float]) -> dict[str, np.ndarray]:
    """Worlds from (how many, ROI of micro, ROI of macro)."""
    micro, macro = (
        np.concatenate([np.full(count, pair[side]) for count, *pair in shares]) for side in (0, 1)
    )
    return {"micro": micro, "macro": macro}


def test_first_sentence_is_the_answer(run_of: Results) -> None:
    ds = run_of(outcomes((8310, 1.0, 0.5), (400, -0.1, 0.2), (1290, 0.2, 0.3)))
    ds["roi"][1, :2170] = -0.2
    first = told(ds)[0]
    # sqrt(0.831 x 0.169 / 10,000) = 0.37 %, 0.2 % and 0.4 % for the losses
    assert first == (
        "micro beats macro in 83.1 % (± 0.4) of worlds; "
        "it loses money in 4.0 % of all worlds, macro in 21.7 %."
    )
    # the same fact, whoever is asked about first
    assert told(ds, "macro", "micro")[0] == first


def test_a_draw_is_not_called(run_of: Results) -> None:
    ds = run_of(outcomes((5090, 1.0, 0.5), (4910, 0.5, 1.0)))
    first = told(ds)[0]
    assert first.startswith("micro and macro cannot be told apart in 10,000 worlds: ")
    assert "micro beats macro in 50.9 % (± 0.5)" in first
    clear = run_of(outcomes((5110, 1.0, 0.5), (4890, 0.5, 1.0)))
    assert told(clear)[0].startswith("micro beats macro in 51.1 %")


def test_certainty_and_impossibility_are_words(run_of: Results) -> None:
    first = told(run_of(outcomes((N, 1.0, -0.5))))[0]
    assert first == (
        "micro beats macro in all of the worlds; it loses money in none of the worlds, macro in all."
    )


def test_ties_are_reported(run_of: Results) -> None:
    first = told(run_of(outcomes((7000, 1.0, 0.5), (3000, 0.5, 0.5))))[0]
    assert "micro beats macro in 85.0 % (± 0.2)" in first
    assert "(ties, 30.0 % of worlds, count half)" in first


def test_same_portfolio_twice_cannot_be_told_apart(run_of: Results) -> None:
    roi = np.random.default_rng(1).normal(size=N)
    sentences = told(run_of({"micro": roi, "macro": roi}))
    assert "cannot be told apart" in sentences[0]
    assert not any("dominates" in sentence for sentence in sentences)


def test_medians_come_with_means(run_of: Results) -> None:
    random = np.random.default_rng(2)
    ds = run_of({"micro": random.normal(1.0, 0.5, N), "macro": random.normal(0.5, 0.5, N)})
    levels = [sentence for sentence in told(ds) if "mean +" in sentence]
    assert len(levels) == 2
    assert all("median +" in sentence for sentence in levels)


def test_rare_large_wins_are_told(run_of: Results) -> None:
    # micro wins in 80 % of worlds by 0.2, macro in the rest by 3: medians and means part ways
    sentences = told(run_of(outcomes((8000, 0.5, 0.3), (2000, 0.5, 3.5))))
    assert sentences[0].startswith("micro beats macro in 80.0 %")
    assert "Mean and median disagree: macro has the higher mean ROI, micro the higher median." in (
        sentences
    )
    assert (
        "micro wins more often, but macro has the higher mean ROI: it wins less often and by more."
        in sentences
    )


def test_a_worse_tail_is_told(run_of: Results) -> None:
    sentences = told(run_of(outcomes((9000, 1.0, 0.5), (1000, -0.8, 0.2))))
    assert (
        "micro wins more often, but the worst 5 % of worlds are worse with micro: "
        "mean ROI there -80 % against +20 % with macro." in sentences
    )


def test_a_draw_still_tells_mean_and_tail(run_of: Results) -> None:
    sentences = told(run_of(outcomes((4900, 2.0, 0.5), (5000, 0.4, 0.5), (100, -0.8, -0.8))))
    assert "cannot be told apart" in sentences[0]
    assert "micro has the higher mean ROI all the same." in sentences
    assert any(s.startswith("The worst 5 % of worlds are worse with micro: ") for s in sentences)


def test_agreement_needs_no_caveat(run_of: Results) -> None:
    random = np.random.default_rng(3)
    luck = random.normal(size=N)
    ds = run_of({"micro": 1.0 + luck, "macro": 0.5 + luck + 0.1 * random.normal(size=N)})
    text = " ".join(told(ds))
    assert "disagree" not in text
    assert " but " not in text


def test_a_better_one_that_is_not_compared_is_named(run_of: Results) -> None:
    roi = np.random.default_rng(8).normal(size=N)
    ds = run_of({"micro": roi, "macro": roi - 0.5, "mixed": roi + 0.5})
    sentence = "Neither is the best of the 3 portfolios: the median ROI of mixed is +"
    assert any(text.startswith(sentence) for text in told(ds))
    assert not any("Neither" in text for text in told(ds, "mixed", "macro"))


def test_losing_together_is_told(run_of: Results) -> None:
    sentences = told(run_of(outcomes((700, -0.5, -0.2), (9300, 1.0, 0.5))))
    assert "Both lose money in 7.0 % of worlds, whichever is chosen." in sentences


def test_dominance_says_between_which_quantiles(run_of: Results) -> None:
    roi = np.random.default_rng(4).normal(size=N)
    ds = run_of({"micro": roi, "macro": roi + 1})
    (sentence,) = (s for s in told(ds) if "dominates" in s)
    seen = compare(ds, "micro", "macro").dominance["roi_first_order"]
    assert (seen.a_ahead, seen.covers(0.01, 0.99)) == (False, True)
    assert sentence == (
        f"macro dominates micro (first order) between the {100 * seen.low:g} % and the "
        f"{100 * seen.high:g} % quantile of ROI: each of its quantiles there is higher; further out "
        "the worlds drawn do not tell."
    )
    # The same, whoever is asked about first.
    assert sentence in told(ds, "macro", "micro")


def test_second_order_dominance_says_down_to_where(run_of: Results) -> None:
    """A higher mean and a smaller spread: the upper quantiles of the other are higher."""
    random = np.random.default_rng(14)
    ds = run_of({"micro": random.normal(0.3, 0.7, N), "macro": random.normal(0.0, 1.0, N)})
    (sentence,) = (s for s in told(ds) if "dominates" in s)
    assert sentence.startswith("micro dominates macro (second order) down to the worst ")
    assert "of worlds: for every p from " in sentence


def test_near_dominance_says_how_near(run_of: Results) -> None:
    random = np.random.default_rng(5)
    ds = run_of({"micro": random.normal(0.6, 1.4, N), "macro": random.normal(0.0, 1.0, N)})
    (sentence,) = (s for s in told(ds) if "dominates" in s)
    assert sentence.startswith("micro nearly dominates macro (first order: ")
    assert "% (± " in sentence


def test_heavy_tail_sends_the_reader_to_the_median(run_of: Results) -> None:
    random = np.random.default_rng(6)
    ds = run_of({"micro": random.pareto(1.2, N), "macro": random.normal(0.2, 0.1, N)})
    text = " ".join(told(ds))
    assert "(a heavy tail: no standard error, so go by the median)" in text
    # neither mean can be called higher
    assert "higher mean" not in text


def test_awareness_has_its_own_winner(run_of: Results) -> None:
    ds = run_of(outcomes((N, 1.0, 0.5)))
    ds["reach"][1] = 30.0
    ds["impressions"][0] = 40.0
    sentence = told(ds)[-1]
    assert sentence == (
        "For awareness, macro reaches more accounts per USD in all of the worlds "
        "(0.03 against 0.01), but micro has the lower cpm in all."
    )


def test_one_portfolio_is_described_by_itself(run_of: Results) -> None:
    sentences = answer(summarize(run_of({"micro": np.linspace(-0.5, 2.0, N)})))
    assert sentences[0] == (
        "micro loses money in 20.0 % (± 0.4) of worlds and reaches an ROI of +100 % "
        "in 40.0 % (± 0.5)."
    )
    assert sentences[1].startswith("ROI of micro: median +75 %, mean +75.0 %;")


def test_undefined_roi_is_said(run_of: Results) -> None:
    ds = run_of({"micro": [np.nan, np.nan], "macro": [0.5, 0.6]})
    ds["cost"][0] = 0.0
    first, second, *_ = told(ds)
    assert first.startswith("micro and macro cannot be compared on ROI: roi_a and roi_b undefined")
    assert second == "micro: ROI cannot be computed (roi undefined in every world)."
    assert answer(summarize(ds))[0] == second


@pytest.mark.parametrize(
    ("value", "se", "sign"),
    [
        (0.6, 0.04, 1),
        (0.4, 0.04, -1),
        (0.55, 0.04, 0),
        (0.5, 0.0, 0),
        (0.9, None, 0),
        (None, None, 0),
    ],
)
def test_direction_needs_two_errors(value: float | None, se: float | None, sign: int) -> None:
    assert direction(Measured(value, se, "fraction"), 0.5) == sign
