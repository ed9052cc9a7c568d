"""Sentences computed from a summary and a comparison; none claims more than its error carries.

A difference is told only where it exceeds two standard errors. Medians stand before means, and
where the two, or how often a portfolio wins and how well it does, point in different directions,
the sentence says so. All that the errors cover is the number of worlds, never the model.
"""

from __future__ import annotations

from ..text.currency import currency, writing_in
from ..text.numbers import (
    FRACTION,
    Number,
    brief,
    counted,
    of_worlds,
    percent,
    plain,
    setting,
    share_text,
    told,
)
from ..text.verdicts import TOLD_APART, UNTOLD, direction, order
from .best import Best
from .comparison import Comparison
from .hired import hiring_sentence
from .summary import Summary
from .why import Why

_BULK = (0.05, 0.95)
"""Levels between which dominance must be told to be worth a sentence."""

MOST_HIRED = 6
"""Portfolios up to which is told whom each hires; of more, of the two compared alone."""

NEARLY = 0.05
"""Share of area up to which dominance is called near; the share itself is always printed."""


def answer(
    summary: Summary,
    comparison: Comparison | None = None,
    *,
    best: Best | None = None,
    why: Why | None = None,
    asked: bool = True,
) -> list[str]:
    """Say in sentences what a run found; the first one is the answer.

    Parameters
    ----------
    summary : Summary
        Of the run, with all measures.
    comparison : Comparison, optional
        Of two of its portfolios; without one, each portfolio is described by itself.
    best : Best, optional
        How often each is the best, of more than two.
    why : Why, optional
        What one of the two earns more by.
    asked : bool
        Whether the pair was asked about; else the answer is which portfolio is the best.
    """
    with writing_in(summary.currency):
        return _answer(summary, comparison, best, why, asked)


def _answer(
    summary: Summary,
    comparison: Comparison | None,
    best: Best | None,
    why: Why | None,
    asked: bool,
) -> list[str]:
    spoken_of = list(summary.portfolios)
    if comparison is not None and len(spoken_of) > MOST_HIRED:
        spoken_of = [comparison.a, comparison.b]
    whom = hiring_sentence(summary.hired, spoken_of)
    if comparison is None:
        each = [sentence for name in summary.portfolios for sentence in _alone(summary, name)]
        return [*each, whom] if whom else each
    verdict = _verdict(summary, comparison)
    first = [verdict] if best is None else [verdict, best.sentence]
    if best is not None and not asked:
        first = [best.sentence, best.beside(summary), verdict]
    told = [
        *first,
        why.sentence if why is not None else "",
        *(_levels(summary, name) for name in (comparison.a, comparison.b)),
        *_better_than_both(summary, comparison),
        *_disagreements(summary, comparison),
        *_both_lose(comparison),
        *_dominance(comparison),
        *_awareness(summary, comparison),
        whom,
    ]
    return [sentence for sentence in told if sentence]


def _alone(summary: Summary, name: str) -> list[str]:
    measures = summary[name]
    loss, target = measures["loss_probability"], measures["target_probability"]
    if loss.value is None:
        return [f"{name}: ROI cannot be computed ({loss.reason})."]
    return [
        (
            f"{name} loses money in {of_worlds(loss, with_error=True)} and reaches an ROI of "
            f"{percent(summary.target, signed=True)} in {share_text(target, with_error=True, in_words=True)}."
        ),
        _levels(summary, name),
    ]


def _verdict(summary: Summary, comparison: Comparison) -> str:
    a, b, wins = comparison.a, comparison.b, comparison["a_beats_b"]
    if wins.value is None:
        return (
            f"{a} and {b} cannot be compared on ROI: {wins.reason}. Profit is defined in all worlds: "
            'say measure = "profit_mean" in [decision].'
        )
    ties = comparison["a_ties_b"]
    halves = f" (ties, {of_worlds(ties)}, count half)" if ties.value else ""
    side = direction(wins, 0.5)
    first, second = (b, a) if side < 0 else (a, b)
    losses = (
        f"{first} loses money in {of_worlds(summary[first]['loss_probability'], every=True)}, "
        f"{second} in {share_text(summary[second]['loss_probability'], in_words=True)}."
    )
    if side == 0:
        return (
            f"{a} and {b} {UNTOLD} in {counted(comparison.worlds, 'world')}: {a} beats {b} "
            f"in {share_text(wins, with_error=True, in_words=True)} of them{halves}; {losses}"
        )
    losses = "it" + losses.removeprefix(first)
    share = of_worlds(wins, with_error=True, mirrored=side < 0)
    return f"{first} beats {second} in {share}{halves}; {losses}"


def _levels(summary: Summary, name: str) -> str:
    measures = summary[name]
    middle, average = measures["roi_median"], measures["roi_mean"]
    if middle.value is None:
        return f"{name}: ROI cannot be computed ({middle.reason})."
    mean = f"mean {brief(average, signed=True)}"
    if average.heavy_tailed:
        mean += " (a heavy tail: no standard error, so go by the median)"
    low, high, profit = measures["roi_p05"], measures["roi_p95"], measures["profit_median"]
    return (
        f"ROI of {name}: median {brief(middle, signed=True)}, {mean}; 90 % of worlds lie "
        f"between {brief(low, signed=True)} and {brief(high, signed=True)}; "
        f"median profit {brief(profit)}."
    )


def _better_than_both(summary: Summary, comparison: Comparison) -> list[str]:
    """Name the portfolio that is not compared and has the highest median ROI, where it is told."""
    pair = (comparison.a, comparison.b)
    medians = {name: summary[name]["roi_median"] for name in summary.portfolios}
    others = [name for name in medians if name not in pair and medians[name].value is not None]
    if not others:
        return []
    best = max(others, key=lambda name: medians[name].value or 0.0)
    if not all(order(medians[best], medians[name]) > 0 for name in pair):
        return []
    mean = summary[best]["roi_mean"]
    return [
        (
            f"Neither is the best of the {len(medians)} portfolios: the median ROI of {best} is "
            f"{brief(medians[best], signed=True)}, its mean {brief(mean, signed=True)}."
        )
    ]


def _disagreements(summary: Summary, comparison: Comparison) -> list[str]:
    wins = direction(comparison["a_beats_b"], 0.5)
    average = direction(comparison["roi_difference_mean"])
    middle = direction(comparison["roi_median_gap"])
    worst = direction(comparison["roi_es05_gap"])
    name = {1: comparison.a, -1: comparison.b}
    sentences = []
    if average * middle < 0:
        sentences.append(
            f"Mean and median disagree: {name[average]} has the higher mean ROI, "
            f"{name[middle]} the higher median."
        )
    if wins * average < 0:
        sentences.append(
            f"{name[wins]} wins more often, but {name[average]} has the higher mean ROI: "
            f"it wins less often and by more."
        )
    if not wins and average:
        sentences.append(f"{name[average]} has the higher mean ROI all the same.")
    if worst and wins != worst:
        start = f"{name[wins]} wins more often, but the" if wins else "The"
        weak, strong = (summary[name[side]]["roi_es05"] for side in (-worst, worst))
        sentences.append(
            f"{start} worst 5 % of worlds are worse with {name[-worst]}: mean ROI there "
            f"{brief(weak, signed=True)} against {brief(strong, signed=True)} "
            f"with {name[worst]}."
        )
    return sentences


def _both_lose(comparison: Comparison) -> list[str]:
    both = comparison["both_lose"]
    if not both.value:
        return []
    return [f"Both lose money in {of_worlds(both)}, whichever is chosen."]


def _dominance(comparison: Comparison) -> list[str]:
    for seen in (comparison.dominance["roi_first_order"], comparison.dominance["roi_second_order"]):
        high = _BULK[1] if seen.order == 1 else 1.0
        if seen.covers(_BULK[0], high) and seen.low is not None and seen.high is not None:
            pair = comparison.a, comparison.b
            first, second = pair if seen.a_ahead else pair[::-1]
            return [_dominates(first, second, seen.order, seen.low, seen.high)]
    meaning = {
        "first": "every quantile of its ROI is at least as high",
        "second": "for every p the worst p % of its worlds have at least as high a mean ROI",
    }
    for level, what in meaning.items():
        entry = comparison[f"roi_{level}_order_violation"]
        if entry.value is None:
            continue
        against = min(entry.value, 1 - entry.value)
        if entry.value <= 0.5:
            first, second = comparison.a, comparison.b
        else:
            first, second = comparison.b, comparison.a
        if entry.se is not None and against + TOLD_APART * entry.se < NEARLY:
            return [
                (
                    f"{first} nearly dominates {second} ({level} order: {what}): only "
                    f"{told(Number(against, entry.se, FRACTION))} of the area between the two speaks "
                    "against it."
                )
            ]
    return []


def _dominates(first: str, second: str, order: int, low: float, high: float) -> str:
    """Say between which probabilities dominance is told; beyond them the worlds are too few."""
    if order == 1:
        return (
            f"{first} dominates {second} (first order) between the {setting(100 * low)} % and the "
            f"{setting(100 * high)} % quantile of ROI: each of its quantiles there is higher; further out "
            "the worlds drawn do not tell."
        )
    return (
        f"{first} dominates {second} (second order) down to the worst {setting(100 * low)} % of worlds: for "
        f"every p from {setting(100 * low)} to 100 the worst p % of its worlds have a higher mean ROI; "
        "further down the worlds drawn do not tell."
    )


def _awareness(summary: Summary, comparison: Comparison) -> list[str]:
    reach, views = comparison["a_beats_b_reach_per_usd"], comparison["a_beats_b_cpm"]
    further, cheaper = direction(reach, 0.5), direction(views, 0.5)
    name = {1: comparison.a, -1: comparison.b}
    if not further:
        return []
    other = name[-further]
    per_usd = [summary[who]["reach_per_usd"] for who in (name[further], other)]
    sentence = (
        f"For awareness, {name[further]} reaches more accounts per {currency()} in "
        f"{of_worlds(reach, mirrored=further < 0)} "
        f"({' against '.join(plain(entry.value, entry.se) for entry in per_usd)})"
    )
    if cheaper:
        share = share_text(views, mirrored=cheaper < 0, in_words=True)
        link = "and" if cheaper == further else f"but {name[cheaper]}"
        sentence += f", {link} has the lower cpm in {share}"
    return [sentence + "."]
