"""A run's headline under each set of evidence: which source says so, beside the error of chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..evidence.sets import INPUTS, SETS, evidence_on
from ..evidence.tables import cite
from ..experiment import Experiment
from ..experiment.evidence import level_of
from ..experiment.fill import THIS_FILE
from ..experiment.presets import preset_platforms
from ..experiment.toml import dotted
from ..measures import Measured, summarize
from ..measures.evaluate import evaluate
from ..measures.table import COMPARISONS
from ..measures.worlds import pair_worlds
from ..plan import portfolio_terms
from ..text.currency import currency
from ..text.names import key_words, listed, spoken
from ..text.numbers import FRACTION, brief, counted, share_text

if TYPE_CHECKING:
    import xarray as xr

#: Worlds of a set: a tenth of the run's, so that two more sets cost it a fifth; never more than
#: settle a share to half a point, never fewer than settle it to a point and a half.
MOST, FEWEST, PART = 10_000, 1_000, 10
#: What is told of each portfolio.
_TOLD = ("roi_median", "loss_probability")


@dataclass(frozen=True)
class SetAnswer:
    """What one set of evidence says.

    ``a_beats_b`` is None where there is nothing to compare; the others are by portfolio.
    """

    a_beats_b: Measured | None
    roi_median: Mapping[str, Measured]
    loss_probability: Mapping[str, Measured]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: ``{"a_beats_b": {"value", "se"}, "roi_median": {NAME: …}, …}``."""
        wins = self.a_beats_b
        return {
            **({"a_beats_b": _plain(wins)} if wins is not None else {}),
            "roi_median": {name: _plain(entry) for name, entry in self.roi_median.items()},
            "loss_probability": {n: _plain(entry) for n, entry in self.loss_probability.items()},
        }


@dataclass(frozen=True)
class Reason:
    """What each set says on one input that the file leaves to evidence.

    Attributes
    ----------
    words
        The input in words, with its tier and platform: ``fee of micro on instagram``.
    unit
        Of the levels.
    levels
        Mean or median of the input's law, as the presets quote it, by set.
    sources
        Citations, by set; empty where a set has none of its own and pooled figures stand in.
    """

    words: str
    unit: str
    levels: Mapping[str, float]
    sources: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers: ``{"words", "unit", "levels": {SET: …}, "sources": {SET: […]}}``."""
        sources = {name: list(cited) for name, cited in self.sources.items()}
        return {
            "words": self.words,
            "unit": self.unit,
            "levels": {**self.levels},
            "sources": sources,
        }


@dataclass(frozen=True)
class ByEvidence:
    """The answer under each set of evidence, over common worlds.

    Attributes
    ----------
    chosen
        The set that the run itself rests on.
    left
        Inputs that the file leaves to evidence.
    sets
        By name, in the order of `SETS`.
    pair
        The portfolios a and b, or None.
    worlds
        Of each set, the same worlds.
    reasons
        On each input left to evidence, what each set says and who says it.
    """

    chosen: str
    left: tuple[str, ...]
    sets: Mapping[str, SetAnswer]
    pair: tuple[str, str] | None
    worlds: int
    reasons: tuple[Reason, ...] = ()

    @property
    def sentence(self) -> str:
        """Each set's own answer with the error of chance, and what the file leaves to evidence."""
        answers = [self._says(name, answer) for name, answer in self.sets.items()]
        what = f"{self.pair[0]} beats {self.pair[1]} in" if self.pair else "median ROI"
        inputs = listed([spoken(name) for name in self.left])
        return (
            f"By evidence ({counted(self.worlds, 'common world')} each): {what} {listed(answers)}. "
            f"This run rests on {self.chosen}; the file leaves {inputs} to evidence."
        )

    def _says(self, name: str, answer: SetAnswer) -> str:
        if answer.a_beats_b is not None:
            return f"{share_text(answer.a_beats_b, with_error=True)} by {name}"
        medians = answer.roi_median
        told = [
            f"{brief(entry, signed=True)}{f' for {portfolio}' if len(medians) > 1 else ''}"
            for portfolio, entry in medians.items()
        ]
        return f"{listed(told)} by {name}"

    def to_dict(self) -> dict[str, Any]:
        """Return what ``summary.json`` holds: each set's answer under ``evidence``, and its basis."""
        return {
            "evidence": {name: answer.to_dict() for name, answer in self.sets.items()},
            "evidence_basis": {
                "chosen": self.chosen,
                "left": list(self.left),
                "worlds": self.worlds,
                "pair": list(self.pair or ()),
                "reasons": [reason.to_dict() for reason in self.reasons],
            },
        }


#: What stands in ``summary.json`` where a file leaves nothing to evidence.
NOTHING: Mapping[str, Any] = MappingProxyType({"evidence": {}, "evidence_basis": None})


def by_evidence(
    experiment: Experiment,
    dataset: xr.Dataset,
    pair: tuple[str, str] | None,
    *,
    threads: int | None = None,
) -> ByEvidence | None:
    """Answer an experiment's question under each set of evidence, over the same worlds.

    Parameters
    ----------
    experiment
        As loaded from a file.
    dataset
        Its worlds: the first of them answer for the set that it rests on.
    pair
        The portfolios to compare.
    threads
        Threads; all processors by default.

    Returns
    -------
    ByEvidence or None
        None where the sets say the same, since the file leaves nothing to them, and where beliefs
        were learned, which holds for one set.

    Notes
    -----
    Fewer worlds than the run has, see `MOST`. Sets of the same numbers are run once. The worlds are
    independent of each other, whatever the run's are.
    """
    from .simulate import Where, simulated

    if not experiment.left_to_evidence or experiment.learned is not None:
        return None
    count = _worlds(int(dataset.sizes["sim"]))
    under = {name: _short(experiment, name, count) for name in SETS}
    hashes = {name: one.fingerprint() for name, one in under.items()}
    if len(set(hashes.values())) == 1:
        return None
    answers: dict[str, SetAnswer] = {}
    if dataset.attrs["sampling"] == "plain":
        own = dataset.isel(sim=slice(count))
        answers[hashes[experiment.evidence]] = _answer(own, pair)
    for name, one in under.items():
        if hashes[name] not in answers:
            answers[hashes[name]] = _answer(simulated(one, Where(threads)), pair)
    return ByEvidence(
        experiment.evidence,
        experiment.left_to_evidence,
        {name: answers[hashes[name]] for name in SETS},
        pair,
        count,
        tuple(_reasons(experiment, under)),
    )


def _reasons(experiment: Experiment, under: Mapping[str, Experiment]) -> Iterator[Reason]:
    """Yield what each set says of every tier's inputs that the file does not state itself."""
    for name in INPUTS:
        if name == "tracked_share" or name not in experiment.left_to_evidence:
            continue
        for tier, platform in _hired(experiment):
            key = dotted(("tier", tier, "on", platform, name))
            if experiment.origins.get(key) == THIS_FILE or platform not in preset_platforms():
                continue
            terms = {of: one.tier[tier].on[platform] for of, one in under.items()}
            known = {of: evidence_on(name, platform, of) for of in under}
            yield Reason(
                key_words(key),
                currency() if name == "fee" else FRACTION,
                {of: _quoted(getattr(one, name)) for of, one in terms.items()},
                {of: () if one.fell_back else tuple(cite(source) for source in one.sources)
                 for of, one in known.items()},
            )  # fmt: skip


def _quoted(law: Any) -> float:
    """Return the mean or median of a law as it is quoted; a plain number as it is."""
    written = getattr(law, "written", law)
    return float(written) if isinstance(written, int | float) else level_of(written)


def _hired(experiment: Experiment) -> list[tuple[str, str]]:
    """Return tier and platform of every line, in the order of the file."""
    terms = [t for p in experiment.portfolio.values() for _, t, _ in portfolio_terms(p)]
    return list(dict.fromkeys((one.tier, one.platform) for one in terms))


def _worlds(of_run: int) -> int:
    return min(of_run, max(FEWEST, min(MOST, of_run // PART)))


def _short(experiment: Experiment, name: str, count: int) -> Experiment:
    """Return an experiment under a set, in so many independent worlds."""
    own = experiment.under(name) if name != experiment.evidence else experiment
    changed = {"worlds": count, "sampling": "plain", "replicates": 1, "beliefs": None}
    return own.model_copy(update={"simulation": experiment.simulation.model_copy(update=changed)})


def _answer(dataset: xr.Dataset, pair: tuple[str, str] | None) -> SetAnswer:
    summary = summarize(dataset, _TOLD)
    told = [{name: summary[name][key] for name in summary.portfolios} for key in _TOLD]
    wins = evaluate(COMPARISONS["a_beats_b"], pair_worlds(dataset, *pair), {}) if pair else None
    return SetAnswer(wins, *told)


def _plain(entry: Measured) -> dict[str, float | None]:
    return {"value": entry.value, "se": entry.se}


def _measured(entry: Mapping[str, Any]) -> Measured:
    return Measured(entry["value"], entry["se"], FRACTION)


def read_by_evidence(content: Mapping[str, Any]) -> ByEvidence | None:
    """Return what `ByEvidence.to_dict` wrote into ``summary.json``; None where nothing was left.

    Raises
    ------
    KeyError, TypeError
        Where it is not whole.
    """
    basis = content.get("evidence_basis")
    if basis is None:
        return None

    sets = {}
    for name, row in content["evidence"].items():
        wins = row.get("a_beats_b")
        told = [{n: _measured(entry) for n, entry in row[key].items()} for key in _TOLD]
        sets[name] = SetAnswer(_measured(wins) if wins else None, *told)
    pair = tuple(basis["pair"])
    return ByEvidence(
        basis["chosen"],
        tuple(basis["left"]),
        sets,
        (pair[0], pair[1]) if pair else None,
        int(basis["worlds"]),
        tuple(_read_reason(row) for row in basis.get("reasons", ())),
    )


def _read_reason(row: Mapping[str, Any]) -> Reason:
    sources = {name: tuple(cited) for name, cited in row["sources"].items()}
    return Reason(str(row["words"]), str(row["unit"]), dict(row["levels"]), sources)
