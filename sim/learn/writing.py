"""Learned beliefs as TOML that an experiment includes, with the results that they rest on."""

from __future__ import annotations

from pathlib import Path

from ..experiment import Experiment
from ..experiment.merge import Unreadable, read_toml
from ..experiment.models import Learned
from ..experiment.toml import key, value
from .results import LearnError

_HEAD = """# Beliefs as results taught them, written by `sim learn`. An experiment uses them with
#
#     include = ["{name}"]
#
# and learns more with: sim learn EXPERIMENT MORE_RESULTS -o {name}
# The results are kept below: with more of them everything is learned again from the beliefs as they
# were before any. `center` and `covariance` are of normal scores: of a lognormal belief with log sd s
# the factor is exp(s z - s^2 / 2); before, all z are standard normal and independent.
"""


def to_toml(learned: Learned, name: str) -> str:
    """Return the file that an experiment includes.

    Parameters
    ----------
    learned
        What was learned.
    name
        Name of the file.
    """
    rows = ",\n".join(f"  {value(list(row))}" for row in learned.covariance)
    lines = [
        _HEAD.format(name=name),
        "[learned]",
        f"evidence = {value(learned.evidence)}",
        f"campaigns = {value(list(learned.campaigns))}",
        "factors = [",
        *(f"  {value(factor)}," for factor in learned.factors),
        "]",
        f"center = {value(list(learned.center))}",
        f"covariance = [\n{rows},\n]" if learned.covariance else "covariance = []",
    ]
    for one in learned.results:
        lines += [
            "",
            "[[learned.results]]",
            f"name = {value(one.name)}",
            f"digest = {value(one.digest)}",
            "rows = [",
            *(f"  {value(row.model_dump(exclude_none=True))}," for row in one.rows),
            "]",
        ]
        for portfolio, table in one.portfolio.items():
            lines += [f"[learned.results.portfolio.{key(portfolio)}]"]
            lines += [f"{key(name)} = {value(item)}" for name, item in table.items()]
    return "\n".join(lines) + "\n"


def check_target(path: Path, experiment: Experiment) -> None:
    """Refuse to write over results that an experiment does not keep.

    Raises
    ------
    LearnError
        Where the file is none of `sim learn`, or keeps other results.
    """
    if not path.exists():
        return
    try:
        there = read_toml(path)
    except Unreadable as error:
        raise LearnError(f"{path}: {error}; name another file with --out") from None
    learned = there.get("learned")
    if set(there) != {"learned"} or not isinstance(learned, dict):
        raise LearnError(f"{path}: is no file of learned beliefs; name another with --out")
    results = learned.get("results", [])
    kept = {one.digest for one in experiment.learned.results} if experiment.learned else set()
    lost = [str(one.get("name")) for one in results if one.get("digest") not in kept]
    if lost:
        raise LearnError(
            f"{path}: keeps the results {', '.join(lost)}, which {experiment.file} does not include: "
            f'write include = ["{path.name}"] there to learn from all, or name another file with --out'
        )
