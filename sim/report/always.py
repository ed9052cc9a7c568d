"""Figures that every run has: what can happen, who wins, what is risked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..charts import plot_difference, plot_exceedance, plot_loss, plot_risk_return, plot_roi, titles
from ..charts.numbers import FloatArray, at, defined
from ..charts.run import Run, decision
from ..charts.scale import RoiScale, roi_scale
from ..charts.theme import LIGHT
from ..figures.matplotlib import draw_curves
from ..figures.spec import Bars, Cells, Curve, Curves, Figure, Format, Series, Values, roles
from ..measures import Best, Measured, Why
from ..measures.comparison import Comparison
from ..measures.summary import Summary
from ..measures.why import FACTORS, factor
from ..run.evidence import ByEvidence
from ..text.currency import currency
from ..text.names import listed, measure_words, spoken
from ..text.numbers import FRACTION, Number, brief, cell, counted, fixed, gain, share_text, told
from ..text.verdicts import ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..charts.theme import Theme

METHOD = (
    "Every portfolio runs in the same simulated worlds: beliefs about the tiers, shared shocks and "
    "the luck of creators, posts and orders are drawn anew in each. ROI is profit / cost, "
    "profit is incremental contribution after returns minus cost. Standard errors cover the number "
    "of worlds, not the model. Inputs and their sources: slide or section 'Assumptions'."
)
#: Points of a curve on a slide.
POINTS = 60
#: Portfolios in one colour each on a slide.
MOST = 5


def shown(run: Run, summary: Summary) -> list[str]:
    """Return the portfolios that a slide has room for: all, or the pair, the best and the worst."""
    if len(run.names) <= MOST:
        return run.names
    by_median = ranked({name: summary[name]["roi_median"] for name in run.names})
    chosen = {*(decision(run.ds) or ()), *by_median[:1], *by_median[-1:]}
    return [name for name in run.names if name in chosen]


def _which(run: Run, names: Sequence[str]) -> str:
    """Say that not all portfolios are shown."""
    if len(names) == len(run.names):
        return ""
    return f"; {len(names)} of {len(run.names)} portfolios: {listed(names)}"


def _named(run: Run, names: Sequence[str]) -> str:
    return "" if len(names) == len(run.names) else f"; {len(names)} of {len(run.names)} named"


def distribution(run: Run, summary: Summary) -> Figure:
    """Return what can happen: the distribution of ROI as a histogram."""
    scale = roi_scale(list(run.ordered_roi.values()))
    edges = bin_edges(scale)
    tiers = roles(run.tiers)
    few = shown(run, summary)
    series = tuple(
        Series(name, _shares(run.ordered_roi[name], edges), *tiers[name]) for name in few
    )
    medians = {name: summary[name]["roi_median"] for name in run.names}
    return Figure(
        name="roi",
        finding=titles.highest_median(medians),
        made=(
            f"{counted(run.worlds, 'world')}. Each column is the share of worlds with an ROI from its label "
            f"up to the next; the first and the last hold all beyond{_which(run, few)}"
            f"{run.left_out()}"
        ),
        panels=(
            Bars(
                _bin_names(edges),
                series,
                "share of worlds",
                "ROI (profit / cost)" + (", steps are factors of the money back"
                                         if scale.doublings else ""),
                touching=True,
                every=PARTS,
            ),
        ),
        method=METHOD + " Medians lead where tails are heavy.",
        plot=partial(plot_roi, run),
        reads=f"{counted(run.worlds, 'world')}. Areas show how likely; dot: median, bar: 5 % to 95 % "
        f"quantile{run.left_out()}",
        probe=_exceedance_curves(run, scale, few),
    )  # fmt: skip


#: Bins from one labelled tick to the next.
PARTS = 4


def bin_edges(scale: RoiScale) -> FloatArray:
    """Return the edges of a histogram: labelled ticks of the axis and places between them.

    Bins before the first tick are as many as lie between two, less one, so that with the bin of
    all that is below, every `PARTS`-th bin begins at a tick.
    """
    ticks = scale.position(scale.ticks())
    step = float(ticks[1] - ticks[0]) / PARTS
    count = PARTS * (ticks.size - 1)
    places = float(ticks[0]) + step * np.arange(1 - PARTS, count + PARTS)
    edges = scale.roi(places)
    return np.where(np.abs(edges) < 1e-9, 0.0, edges)


def _bin_names(edges: FloatArray) -> tuple[str, ...]:
    names = [gain(float(edge)) for edge in edges]
    if len(set(names)) < len(names):
        names = [f"{fixed(100 * edge, 2)} %" if edge < -0.9 else name
                 for edge, name in zip(edges.tolist(), names, strict=True)]  # fmt: skip
    return (f"< {names[0]}", *names)


def _shares(ordered: FloatArray, edges: FloatArray) -> Values:
    """Return the share of worlds below the first edge, between edges, and above the last."""
    below = np.concatenate([[0], np.searchsorted(ordered, edges, side="left"), [ordered.size]])
    return tuple((np.diff(below) / max(ordered.size, 1)).tolist())


def _exceedance_curves(
    run: Run, scale: RoiScale, names: Sequence[str], high: float | None = None
) -> Curves:
    top = scale.high if high is None else high
    samples = {name: run.ordered_roi[name] for name in names if run.ordered_roi[name].size}
    levels = np.linspace(0, 1, POINTS // max(len(samples), 1) + 2)
    drawn = [at(ordered, float(level)) for ordered in samples.values() for level in levels]
    x = np.unique([v for v in [*drawn, scale.low, 0.0, run.target, top] if scale.low <= v <= top])
    tiers = roles(run.tiers)
    curves = []
    for name, ordered in samples.items():
        p = 1 - np.searchsorted(ordered, x, side="left") / ordered.size
        curves.append(Curve(name, tuple(x.tolist()), tuple(p.tolist()), *tiers[name]))
    return Curves(
        tuple(curves),
        "ROI (profit / cost)",
        "worlds with at least this ROI",
        x_range=(scale.low, top),
        y_range=(0.0, 1.0),
    )


def at_least(run: Run, summary: Summary) -> Figure:
    """Return how likely each ROI is reached."""
    scale = roi_scale(list(run.ordered_roi.values()), hold=[0.0, run.target])
    tops = [at(ordered, 0.9) for ordered in run.ordered_roi.values() if ordered.size]
    linear = RoiScale(max(scale.low, -1.0), max([*tops, 2 * run.target, 0.5]), doublings=False)
    entries = {name: summary[name]["target_probability"] for name in run.names}
    few = shown(run, summary)
    slide = _exceedance_curves(run, linear, few, linear.high)
    return Figure(
        name="exceedance",
        finding=titles.shares(f"ROI of {gain(run.target)} or more", entries, largest_first=True),
        made=f"{counted(run.worlds, 'world')}. Height: share of worlds with at least this ROI; the axis "
        f"ends where a tenth of the worlds of the best portfolio lies beyond{_which(run, few)}"
        f"{run.left_out()}",
        reads=f"{counted(run.worlds, 'world')}. Height: share of worlds with at least this ROI"
        f"{run.left_out()}",
        panels=(slide,),
        method=METHOD + " The curves are empirical: one step for each world.",
        plot=partial(_roomy, plot=plot_exceedance, run=run, model=slide),
        probe=_exceedance_curves(run, scale, few),
    )


def _roomy(
    ax: Axes | None = None,
    *,
    plot: Callable[..., Axes],
    run: Run,
    model: Curves,
    theme: Theme | None = None,
    **words: str,
) -> Axes:
    """Draw a chart of `sim.charts`; a narrow sheet, without room for what it writes, its model."""
    if ax is None:
        return plot(run, theme=theme, **words)
    return draw_curves(model, theme or LIGHT, ax)


def paired(run: Run, comparison: Comparison) -> Figure:
    """Return who wins in the same worlds, and by how much."""
    a, b = comparison.a, comparison.b
    roi = run.ds["roi"].transpose("portfolio", "sim").values
    ordered = defined(roi[run.names.index(a)] - roi[run.names.index(b)])
    scale = roi_scale([ordered], doublings=False)
    edges = bin_edges(scale)
    shares = _shares(ordered, edges)
    starts = [-np.inf, *edges.tolist()]
    tiers = roles(run.tiers)

    def side(name: str, mine: Sequence[bool]) -> Series:
        values = tuple(s if keep else None for s, keep in zip(shares, mine, strict=True))
        return Series(f"{name} ahead", values, *tiers[name])

    wins = comparison["a_beats_b"]
    middle = comparison["roi_difference_median"]
    return Figure(
        name="difference",
        finding=titles.winner(a, b, wins, run.worlds),
        made=(
            f"{counted(comparison.worlds, 'world')}, both portfolios in the same ones. ROI of {a} minus ROI "
            f"of {b}: median {brief(middle, signed=True).removesuffix(' %')} percentage points"
            f"{run.left_out((a, b))}"
        ),
        panels=(
            Bars(
                tuple(name.replace(" %", "") for name in _bin_names(edges)),
                (
                    side(a, [start >= 0 for start in starts]),
                    side(b, [start < 0 for start in starts]),
                ),
                "share of worlds",
                f"ROI of {a} minus ROI of {b}, percentage points",
                touching=True,
                every=PARTS,
            ),
        ),
        method=METHOD
        + " The comparison is paired: what both portfolios share cancels, so that choosing wrongly "
        "and losing money are two risks.",
        plot=partial(plot_difference, run, a=a, b=b, comparison=comparison),
    )


def losses(run: Run, summary: Summary) -> Figure:
    """Return how likely each portfolio loses money."""
    entries = {name: summary[name]["loss_probability"] for name in reversed(run.names)}
    tiers = roles(run.tiers)
    series = tuple(
        Series(
            name,
            tuple(entry.value if other == name else None for other in entries),
            *tiers[name],
            errors=tuple(entry.se if other == name else None for other in entries),
            labels=tuple(share_text(entry) if other == name else "" for other in entries),
        )
        for name, entry in entries.items()
    )
    tips = {
        f"bar {name}": f"{name} loses money in {told(x)} of worlds" for name, x in entries.items()
    }
    return Figure(
        name="losing",
        finding=titles.shares("Losing money", entries, largest_first=True),
        made=f"{counted(run.worlds, 'world')}. Line at the end of a bar: two standard errors either way"
        + run.left_out(),
        panels=(Bars(tuple(entries), series, "worlds that lose money (ROI < 0)", horizontal=True),),
        method=METHOD + " Losing money means that ROI is below zero.",
        plot=partial(plot_loss, run),
        tips=tips,
    )


#: What each set of evidence holds.
_SETS = {
    "pooled": "pooled evidence",
    "measured": "measured: posts, bookings, outcomes",
    "vendors": "vendors: pages, price lists, cases",
}


def evidence(by_set: ByEvidence) -> Figure:
    """Return the headline by evidence: who wins, or the median ROI of the one portfolio."""
    form: Format
    if by_set.pair is not None:
        what, form = f"{by_set.pair[0]} beats {by_set.pair[1]}", "percent"
        entries = {name: each.a_beats_b for name, each in by_set.sets.items() if each.a_beats_b}
        finding, axis = f"By evidence, {what} in", f"worlds in which {what}"
    else:
        portfolio = next(iter(by_set.sets[by_set.chosen].roi_median))
        form = "signed"
        entries = {name: each.roi_median[portfolio] for name, each in by_set.sets.items()}
        axis = f"median ROI of {portfolio}"
        finding = f"By evidence, {axis} is"
    labels = {
        name: share_text(entry) if form == "percent" else brief(entry, signed=True)
        for name, entry in entries.items()
    }
    each_set = listed([f"{text} ({name})" for name, text in labels.items()])
    left = listed([spoken(name) for name in by_set.left])
    return Figure(
        name="evidence",
        finding=f"{finding} {each_set}",
        made=(
            f"{counted(by_set.worlds, 'common world')} each; thin line: chance, two standard "
            f"errors either way. Left to evidence: {left}"
        ),
        panels=(
            Bars(
                tuple(
                    _SETS[name] + (" (this run)" if name == by_set.chosen else "")
                    for name in reversed(entries)
                ),
                (
                    Series(
                        "evidence",
                        tuple(entry.value for entry in reversed(entries.values())),
                        "muted",
                        errors=tuple(entry.se for entry in reversed(entries.values())),
                        labels=tuple(reversed(labels.values())),
                    ),
                ),
                axis,
                form=form,
                horizontal=True,
            ),
        ),
        method=(
            "Each set fills up what the file does not say from its own sources; where it has none, "
            "pooled figures stay. Figures of the file stand in every set. The worlds are the same "
            "in each, so that the sets differ by their sources only."
        ),
    )


#: Portfolios that a figure of the best has a bar for.
_MOST_BARS = 10


def best_of_all(run: Run, best: Best) -> Figure:
    """Return how often each of more than two portfolios has the highest ROI."""
    names = list(best.names)
    shown = names if len(names) <= _MOST_BARS else names[: _MOST_BARS - 1]
    tiers = roles(run.tiers)
    bars = {name: (best.shares[name], tiers[name]) for name in shown}
    if len(shown) < len(names):
        rest = sum(best.shares[name].value or 0.0 for name in names[len(shown) :])
        other = f"{counted(len(names) - len(shown))} others together"
        bars[other] = (Measured(rest, None, FRACTION), ("muted", 0))
    order = list(reversed(bars))
    series = tuple(
        Series(
            name,
            tuple(entry.value if one == name else None for one in order),
            tier,
            repeat,
            errors=tuple(entry.se if one == name else None for one in order),
            labels=tuple(share_text(entry) if one == name else "" for one in order),
        )
        for name, (entry, (tier, repeat)) in reversed(bars.items())
    )
    return Figure(
        name="best",
        finding=titles.best(best),
        made=(
            f"{counted(run.worlds, 'world')}, all portfolios in the same ones. Line at the end of a "
            "bar: two standard errors either way"
        ),
        panels=(
            Bars(tuple(order), series, "worlds in which it has the highest ROI", horizontal=True),
        ),
        method=(
            METHOD + " A tie counts in equal parts. Portfolios that are alike share the worlds in "
            "which they are the best: the most often best need not have the highest median."
        ),
    )


def reason(run: Run, summary: Summary, why: Why) -> Figure:
    """Return why one portfolio earns more per USD: the other's ROAS, times four factors."""
    ends = [why.level]
    for entry in why.factors.values():
        ends.append(ends[-1] * (entry.value or 1.0))
    steps = list(pairwise(ends))
    tiers = roles(run.tiers)
    names = [f"ROAS of {why.b}", *(FACTORS[name].words for name in why.factors)]
    texts = [f"× {factor(entry)}" for entry in why.factors.values()]

    total = {name: brief(summary[name]["roas"]) for name in (why.a, why.b)}

    def along(first: float | None, *values: float | None, last: float | None = None) -> Values:
        return (first, *values, last)

    def marks(rising: bool) -> tuple[str, ...]:
        own = [
            t if (end >= start) == rising else ""
            for t, (start, end) in zip(texts, steps, strict=True)
        ]
        return ("", *own, "")

    none = (None,) * len(steps)
    return Figure(
        name="why",
        finding=why.headline,
        made=(
            f"Means over {counted(run.worlds, 'world')}. Each factor multiplies what stands before it; "
            "their product is the ratio of both"
        ),
        panels=(
            Bars(
                (*names, f"ROAS of {why.a}"),
                (
                    Series("start", along(None, *(min(step) for step in steps)), "none"),
                    Series(why.b, along(ends[0], *none), *tiers[why.b],
                           labels=(total[why.b], *[""] * (len(steps) + 1))),
                    Series("more", along(None, *(max(b - a, 0.0) for a, b in steps)), "gain",
                           labels=marks(True)),
                    Series("less", along(None, *(max(a - b, 0.0) for a, b in steps)), "loss",
                           labels=marks(False)),
                    Series(why.a, along(None, *none, last=ends[-1]), *tiers[why.a],
                           labels=(*[""] * (len(steps) + 1), total[why.a])),
                ),
                "ROAS (revenue / cost)",
                form="number",
                stacked=True,
            ),
        ),
        method=(
            METHOD + f" ROAS is impressions per {currency()} x engagements per impression x orders per "
            "engagement x revenue per order, each a ratio of means; errors are paired, by the delta "
            "method on logarithms. Means speak of the worlds' total, not of how often one wins."
        ),
    )  # fmt: skip


def by_source(by_set: ByEvidence) -> Figure:
    """Return what each set of evidence says, and on which figures of which sources."""
    sets = list(by_set.sets)
    rows = []
    if by_set.pair is not None:
        wins = [by_set.sets[name].a_beats_b for name in sets]
        told_wins = [cell(one) if one is not None else "" for one in wins]
        rows.append((f"{by_set.pair[0]} beats {by_set.pair[1]}", *told_wins))
    portfolios = by_set.pair or tuple(by_set.sets[sets[0]].roi_median)
    for name in portfolios:
        for words, key in (
            ("median ROI of {}", "roi_median"),
            ("{} loses money", "loss_probability"),
        ):
            entries = [getattr(by_set.sets[one], key)[name] for one in sets]
            rows.append((words.format(name), *(cell(one) for one in entries)))
    places = {row.words.partition(" on ")[2] for row in by_set.reasons}
    same = []
    for row in by_set.reasons:
        words = row.words.partition(" on ")[0] if len(places) == 1 else row.words
        if len(set(row.levels.values())) == 1:
            same.append(words.partition(" of ")[0])
            continue
        texts = [brief(Number(row.levels[one], 0.0, row.unit)) for one in sets]
        whose = [_cited(row.sources[one]) for one in sets]
        rows.append((words, *(f"{text}; {who}" for text, who in zip(texts, whose, strict=True))))
    heads = [name + (" (this run)" if name == by_set.chosen else "") for name in sets]
    more = "; then inputs left to evidence, level and sources" if by_set.reasons else ""
    if same:
        more += f". The same in every set: {listed(list(dict.fromkeys(same)))}"
    return Figure(
        name="evidence-sources",
        finding="What each set of evidence says, and which sources say so",
        made=f"{counted(by_set.worlds, 'common world')} each; ± is one standard error{more}",
        panels=(Cells(("", *heads), tuple(rows), left=frozenset(range(len(heads) + 1))),),
        method=(
            "A level is the mean or median of an input over creators, as it is quoted; spread and "
            "doubt are pooled in every set. `sim explain FILE --evidence NAME` has all of a set."
        ),
    )


def _cited(sources: Sequence[str]) -> str:
    """Return who says it, of many the first."""
    if not sources:
        return "as pooled"
    return listed(sources) if len(sources) < 3 else f"{sources[0]} and {len(sources) - 1} more"


def risk_and_return(run: Run, summary: Summary) -> Figure:
    """Return what is gained for bearing risk."""
    known = [name for name in run.names if summary[name]["roi_mean"].value is not None]
    tiers = roles(run.tiers)
    few = shown(run, summary)
    curves, hollow, tips = [], [], {}
    for name in known:
        worst, mean = summary[name]["roi_es05"], summary[name]["roi_mean"]
        if worst.value is None or mean.value is None:
            continue
        text = brief(mean, signed=True)
        curves.append(
            Curve(
                name, (worst.value,), (mean.value,), *tiers[name], kind="points",
                x_errors=(worst.se,), y_errors=(mean.se,),
                label=f"{name} {text}" if name in few else "",
            )
        )  # fmt: skip
        median = summary[name]["roi_median"].value
        if median is not None:
            hollow.append(
                Curve(f"{name}, median", (worst.value,), (median,), *tiers[name], kind="hollow")
            )
        tips[f"mean {name}"] = (
            f"{name}: mean ROI {text}, {brief(worst, signed=True)} in the worst 5 % of worlds"
        )
        tips[f"median {name}"] = (
            f"{name}: median ROI {brief(summary[name]['roi_median'], signed=True)}"
        )
    scatter = Curves(
        (*_apart(curves), *hollow),
        measure_words("roi_es05"),
        "ROI",
        y_form="signed",
    )
    return Figure(
        name="risk-return",
        finding=titles.risk_and_return(
            {name: summary[name]["roi_mean"] for name in known},
            {name: summary[name]["roi_es05"] for name in known},
        ),
        made=(
            f"{counted(run.worlds, 'world')}. Dot: mean ROI with two standard errors; diamond: median; "
            f"right: milder worst 5 % of worlds{_named(run, few)}{run.left_out()}"
        ),
        reads=f"{counted(run.worlds, 'world')}. Full dot: mean ROI with two standard errors, hollow: "
        f"median; right: milder worst case{run.left_out()}",
        panels=(scatter,),
        method=METHOD + " Risk is expected shortfall: the mean ROI of the worst 5 % of worlds "
        "(Rockafellar and Uryasev 2000).",
        plot=partial(_roomy, plot=plot_risk_return, run=run, model=scatter),
        tips=tips,
    )


def _apart(points: Sequence[Curve]) -> list[Curve]:
    """Return the same points, labels dropped where they would overlap an earlier point's."""
    labelled = [point for point in points if point.label]
    wide, tall = (
        (max(values) - min(values)) or 1.0
        for values in ([p.x[0] for p in points], [p.y[0] for p in points])
    )
    kept: list[Curve] = []
    for point in labelled:
        if all(
            abs(point.y[0] - other.y[0]) > 0.09 * tall or abs(point.x[0] - other.x[0]) > 0.4 * wide
            for other in kept
        ):
            kept.append(point)
    return [point if point in kept else replace(point, label="") for point in points]
