"""From a run to what it has to say: the answer, the sections, the assumptions, the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from ..evidence import sources
from ..explain import Input
from ..figures.spec import Cells, Figure
from ..measures.comparison import Comparison
from ..measures.summary import Summary
from ..notebook import BEST, HEADLINE_OF_MANY, MOST_ROWS, MOST_SIDE_BY_SIDE, ranked_table
from ..questions.people import believed_figure
from ..run.written import Answer
from ..text.names import few, listed, measure_heading
from ..text.numbers import FRACTION, counted, fixed, writer
from ..text.safe import printable
from . import always, flows
from .asked import asked, unasked
from .models import Assumption, Section, Story
from .reading import Opened
from .saved import Saved

#: Measures of the comparison.
ROWS = (
    "cost_mean",
    "roi_median",
    "roi_mean",
    "roi_p05",
    "roi_es05",
    "roi_p95",
    "loss_probability",
    "profit_median",
    "roas",
    "cpe",
)

HEADINGS = {
    "comparison": "How they compare",
    "risk": "What is risked",
    "drivers": "What drives it",
    "flips": "When it flips",
    "mix": "Which mix",
    "claims": "What the field claims",
    "other": "What else was asked",
}

#: Inputs that a reader asks for first, in this order.
_FIRST = (
    r"economics\.(order_value|gross_margin|incremental_share|return_rate)$",
    r"boost\.(engagement|conversion|cpm)$",
    r"tier\..*\.conversion_rate$",
    r"tier\..*\.engagement_rate$",
    r"tier\..*\.fee$",
    r"beliefs\.",
)
_MOST_FIRST = 14
#: Creators of a roster that are named.
MOST_NAMED = 12


def tell(opened: Opened) -> Story:
    """Return what a run has to say.

    Parameters
    ----------
    opened : Opened
        A run, open for reading.
    """
    run, answer = opened.run, opened.answer
    summary = answer.summary
    pair = answer.comparisons[0] if answer.comparisons else None
    inputs = tuple(map(_assumption, opened.inputs))
    sentences = answer.sentences or ("The run has no answer",)
    return Story(
        title=str(opened.manifest.get("title") or opened.manifest["experiment"]),
        answer=sentences[0],
        sentences=tuple(sentences[1:]),
        first=tuple(_weighed(answer)),
        comparison=compared(answer, run.worlds),
        sections=tuple(_sections(opened, summary, pair)),
        key_inputs=tuple(_first(opened.inputs)),
        inputs=inputs,
        cited=tuple(_cited(inputs)),
        warnings=answer.warnings,
        facts=tuple(_facts(opened)),
        commands=tuple(_commands(opened)),
        unasked=tuple(_unasked(opened)),
        tiers=run.tiers,
    )


#: Beginnings of sentences that tables beside them tell, too.
_IN_TABLES = ("ROI of ", "Hired within the budget", "Outside view")


def _weighed(answer: Answer) -> list[str]:
    """Return the sentences after the first, what matters to a choice before what tables tell, too."""
    rest = list(answer.sentences[1:])
    by_evidence = answer.evidence.sentence if answer.evidence else ""
    return sorted(
        rest, key=lambda said: 0 if said == by_evidence else 1 + said.startswith(_IN_TABLES)
    )


def _sections(opened: Opened, summary: Summary, pair: Comparison | None) -> list[Section]:
    run = opened.run
    blocks = asked(run, opened.analyses)
    first = pair.a if pair else run.names[0]
    best = opened.answer.best
    some = run.only(best.shown(summary)) if best else run
    free = {
        "comparison": [
            always.distribution(some, summary),
            *([always.best_of_all(run, best)] if best else []),
            *([always.paired(run, pair)] if pair else []),
            *([always.reason(run, summary, opened.answer.why)] if opened.answer.why else []),
            *(
                [always.evidence(opened.answer.evidence), always.by_source(opened.answer.evidence)]
                if opened.answer.evidence
                else []
            ),
            flows.money(run, summary, first),
            flows.journey(run),
            *_rosters(opened, blocks),
        ],
        "risk": [
            always.losses(some, summary),
            always.at_least(some, summary),
            *([always.risk_and_return(some, summary)] if len(run.names) > 1 else []),
        ],
    }
    sections = [
        Section(key, heading, (*free.get(key, []), *blocks.get(key, [])))
        for key, heading in HEADINGS.items()
    ]
    return [section for section in sections if section.figures]


def _rosters(opened: Opened, blocks: Mapping[str, Sequence[Figure]]) -> list[Figure]:
    """Return the creators of each roster as read and as believed, where no answer shows them."""
    shown = {figure.name for figures in blocks.values() for figure in figures}
    figures = []
    for count, people in enumerate(opened.rosters.values()):
        name = "believed" if not count else f"believed-{count + 1}"
        if name not in shown:
            figures.append(believed_figure(people[:MOST_NAMED], len(people), name))
    return figures


def compared(answer: Answer, worlds: int) -> Figure:
    """Return the table of the portfolios side by side; many are rows, the best first."""
    summary, names = answer.summary, list(answer.summary.portfolios)
    many = len(names) > MOST_SIDE_BY_SIDE
    measures = HEADLINE_OF_MANY if many else summary.headline(ROWS)
    reasons = [
        f"{measure_heading(key)}, {name}: {entry.reason}"
        for key in measures
        for name in names
        if (entry := summary[name][key]).reason
    ]
    if many:
        head, *rows = map(tuple, ranked_table(answer))
    else:
        head, rows = ("", *names), list(summary.table(measures, words=True).texts())
    marks = "± is one Monte Carlo standard error"
    if many and answer.best:
        marks += f"; {BEST}: how often it has the highest of all"
    if reasons:
        marks += ", * stands for none"
    return Figure(
        name="comparison",
        finding=answer.sentences[0],
        made=f"{counted(worlds, 'world')}, the same for every portfolio; {marks}",
        panels=(Cells(head, tuple(rows), notes=tuple(reasons)),),
        method=always.METHOD,
    )


def _assumption(row: Input) -> Assumption:
    return Assumption(row.key, row.written, row.unit, row.source)


def _first(inputs: Sequence[Input]) -> list[Assumption]:
    """Return the inputs that a reader asks for first, their numbers in words."""
    chosen = [row for pattern in _FIRST for row in inputs if re.match(pattern, row.key)]
    return [
        Assumption(
            row.key,
            _in_words(row),
            "doubt about a tier's mean" if _is_belief(row) else row.unit,
            row.source,
        )
        for row in chosen[:_MOST_FIRST]
    ]


def _in_words(row: Input) -> str:
    if row.mean is None or row.p05 is None or row.p95 is None:
        return row.written
    fraction = row.key.endswith(("_rate", "_share", "_margin")) and not _is_belief(row)
    write = writer(FRACTION if fraction else "")
    if row.p05 == row.p95:
        return write(row.mean)
    if _is_belief(row):
        return f"factor, 90 % between {fixed(row.p05, 2)} and {fixed(row.p95, 2)}"
    return f"mean {write(row.mean)}, 90 % between {write(row.p05)} and {write(row.p95)}"


def _is_belief(row: Input) -> bool:
    return row.key.startswith("beliefs.")


def _cited(inputs: Sequence[Assumption]) -> list[tuple[str, str, str]]:
    """Return every source that an input names: citation, title, where it is."""
    named = " ".join(row.source for row in inputs)
    return [
        (source.short, _bibliographic(source.title, source.publisher_or_authors), source.locator)
        for source in sorted(sources().values(), key=lambda source: source.short.lower())
        if source.short in named and source.kind != "assumption"
    ]


def _bibliographic(title: str, who: str) -> str:
    end = "" if title.endswith(("?", "!", ".")) else "."
    return f"{title}{end} {who}".strip().removesuffix(".")


def _place(opened: Opened) -> str:
    """Return the run's folder as a command takes it, without the path of this machine."""
    name = opened.folder.resolve().name
    return f"results/{printable(name)}"


def _facts(opened: Opened) -> list[tuple[str, str]]:
    manifest, run = opened.manifest, opened.run
    packages = manifest.get("packages", {})
    hired = opened.answer.summary.creators
    creators = [f"{name} {counted(count)}" for name, count in hired.items()]
    facts = [
        ("experiment", str(manifest["experiment"])),
        ("creators hired", listed(creators) if len(creators) < MOST_ROWS else few(creators)),
        ("worlds", f"{counted(run.worlds)}"),
        ("seed", str(manifest.get("seed", "unknown"))),
        ("sampling", str(run.ds.attrs.get("sampling", "plain"))),
        ("hash of the experiment", str(manifest["experiment_hash"])),
        ("creator-roi", str(manifest.get("version", "unknown"))),
        ("packages", ", ".join(f"{name} {version}" for name, version in packages.items())),
    ]
    if opened.analyses:
        facts.append(("analyses saved", ", ".join(opened.analyses)))
    return facts


def _commands(opened: Opened) -> list[tuple[str, str]]:
    place = _place(opened)
    return [
        (f"sim run {place}/experiment.toml", "run it again: same seed, same numbers"),
        (f"sim explain {place}/experiment.toml", "every input with its unit and source"),
        (f"sim report {place}", "this page again, with what has been asked since"),
        (f"sim deck {place} -o deck.pptx", "the same as slides that can be edited"),
    ]


def _unasked(opened: Opened) -> list[tuple[str, str]]:
    place = _place(opened)
    known = {Saved(name, content).question for name, content in opened.analyses.items()}
    return [
        (f"sim {name} {place}/experiment.toml {needs}".rstrip(), what)
        for name, needs, what in unasked(known)
    ]


def all_figures(story: Story) -> list[Figure]:
    """Return every figure of a story, in order."""
    return [story.comparison, *chain.from_iterable(s.figures for s in story.sections)]
