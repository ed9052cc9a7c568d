"""What was learned, as plain figures and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..experiment import Experiment
from ..measures import Measured
from ..text.currency import in_own_currency
from ..text.names import spoken
from ..text.numbers import counted, fixed, told, whole_percent
from ..vary.factors import figure_text
from .results import Campaign

if TYPE_CHECKING:
    from .running import Running

#: Share of a doubt from which a figure is said to have taught something.
_TAUGHT = 0.01


@dataclass(frozen=True)
class Quantiles:
    """Median and 90 % range of a figure, in its unit."""

    median: float
    p05: float
    p95: float

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers."""
        return {"median": self.median, "p05": self.p05, "p95": self.p95}


@dataclass(frozen=True)
class LearnedInput:
    """A figure in doubt, before and after.

    Attributes
    ----------
    name
        Dotted key as in an experiment file.
    words, topic
        What it is, and what it is a figure of.
    prior, posterior
        As the file has it, and as a later run draws it.
    """

    name: str
    words: str
    topic: str
    prior: Quantiles
    posterior: Quantiles


@dataclass(frozen=True)
class Taught:
    """What one figure of the results teaches alone.

    Attributes
    ----------
    figure
        Name of the column.
    input
        The input of which it teaches most.
    share
        Share of the variance of that input's log that it removes, to first order.
    """

    figure: str
    input: str
    share: float


@dataclass(frozen=True)
class Answers:
    """What an experiment answers.

    Attributes
    ----------
    portfolios
        Measures of each portfolio, by name.
    wins
        How often one portfolio of the decision beats the other, by the two in words; empty for none.
    """

    portfolios: Mapping[str, Mapping[str, Measured]]
    wins: Mapping[str, Measured]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "portfolios": {
                name: {key: entry.to_dict() for key, entry in own.items()}
                for name, own in self.portfolios.items()
            },
            "decision": {words: entry.to_dict() for words, entry in self.wins.items()},
        }


@dataclass(frozen=True)
class Learnt:
    """What was learned.

    Attributes
    ----------
    experiment
        With the learned beliefs.
    inputs
        What the results speak of.
    taught
        By figure.
    khat, effective, draws, steps
        Pareto shape of the weights, how many of the draws they are worth, and how often a sample
        was tempered and proposed again.
    before, after
        What is answered by the beliefs as they were, and as they are.
    campaigns
        Results, the earlier ones too.
    notes
        How the results were read and what was left out.
    running
        What to do next, where the last campaign still runs.
    """

    experiment: Experiment
    inputs: tuple[LearnedInput, ...]
    taught: tuple[Taught, ...]
    khat: float
    effective: float
    draws: int
    steps: int
    before: Answers
    after: Answers
    campaigns: tuple[Campaign, ...]
    notes: tuple[str, ...]
    running: Running | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words for JSON."""
        return {
            "campaigns": [{"name": c.name, "digest": c.digest} for c in self.campaigns],
            "inputs": [
                {"name": i.name, "prior": i.prior.to_dict(), "posterior": i.posterior.to_dict()}
                for i in self.inputs
            ],
            "taught": [vars(taught) for taught in self.taught],
            "pareto_k": None if np.isinf(self.khat) else self.khat,
            "effective_worlds": self.effective,
            "draws": self.draws,
            "tempered": self.steps,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            **({} if self.running is None else self.running.to_dict()),
            "sentences": self.sentences,
            "notes": list(self.notes),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each input, with every digit."""
        return [
            {"input": i.name}
            | {f"prior_{name}": value for name, value in i.prior.to_dict().items()}
            | {f"posterior_{name}": value for name, value in i.posterior.to_dict().items()}
            for i in self.inputs
        ]

    @in_own_currency
    def shown(self) -> list[dict[str, str]]:
        """Return the rows that a terminal shows."""

        def text(topic: str, of: Quantiles) -> tuple[str, str]:
            low, high = (figure_text(topic, value) for value in (of.p05, of.p95))
            return figure_text(topic, of.median), f"{low} to {high}"

        rows = []
        for one in self.inputs:
            before, after = text(one.topic, one.prior), text(one.topic, one.posterior)
            rows.append(
                {
                    "input": one.words,
                    "before": before[0],
                    "90 % range before": before[1],
                    "after": after[0],
                    "90 % range after": after[1],
                }
            )
        return rows

    @property
    def currency(self) -> str:
        """What money is counted in."""
        return self.experiment.currency

    @property
    @in_own_currency
    def sentences(self) -> list[str]:
        """The answer in words: what taught what, and what that does to the answer."""
        words = {i.name: i.words for i in self.inputs}
        lines = [
            f"{spoken(t.figure).capitalize()} alone {_verb(t.figure)} away {whole_percent(t.share)} of the doubt "
            f"about {words[t.input]}."
            if t.share >= _TAUGHT
            else f"{spoken(t.figure).capitalize()} taught hardly anything."
            for t in self.taught
        ]
        for name, own in self.before.portfolios.items():
            later = self.after.portfolios[name]
            lines.append(
                f"{name}: mean profit {told(own['profit_mean'])} before, {told(later['profit_mean'])} after; "
                f"median ROI {told(own['roi_median'])} before, {told(later['roi_median'])} after."
            )
        for words_of, wins in self.before.wins.items():
            lines.append(
                f"{words_of}: in {told(wins)} of worlds before, {told(self.after.wins[words_of])} after."
            )
        lines.append(
            f"From {counted(len(self.campaigns), 'campaign')}; the weights are worth "
            f"{counted(round(self.effective))} of {counted(self.draws, 'draw')}"
            + ("." if np.isinf(self.khat) else f" (Pareto k {fixed(self.khat, 2)}).")
        )
        return lines if self.running is None else [*self.running.sentences, *lines]


def _verb(figure: str) -> str:
    return "takes" if figure in ("cost", "revenue") else "take"
