"""An experiment whose money is in the currency of packaged figures, to be held against those."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..experiment import Distribution, DistributionError, Experiment, ExperimentError, Fault, build
from ..experiment import models as m
from ..experiment.converted import money_keys
from ..experiment.toml import dotted
from ..text.currency import MONEY
from .keys import median, recentred
from .variant import ASIDE, Path


def in_dollars(experiment: Experiment) -> Experiment:
    """Return an experiment with its assumptions in `MONEY`, at its own rate of exchange.

    What portfolios spend stays as it is written: who asks has portfolios of their own.

    Raises
    ------
    ExperimentError
        For figures that cannot be multiplied: observations of a file.
    """
    if experiment.currency == MONEY:
        return experiment
    assert experiment.exchange_rate is not None
    factor, faults = 1.0 / experiment.exchange_rate, []
    tables = {name: table for name, table in experiment.tables().items() if name not in ASIDE}
    for path, value in _amounts(experiment):
        here = tables
        for part in path[:-1]:
            here = here[part]
        try:
            here[path[-1]] = _times(value, factor)
        except DistributionError as error:
            faults.append(Fault(dotted(path), str(error)))
    if faults:
        raise ExperimentError(experiment.file, faults)
    tables = {
        name: item for name, item in tables.items() if name not in ("currency", "exchange_rate")
    }
    return build(tables, name=experiment.name, file=experiment.file, folder=experiment.folder)


def _times(value: Any, factor: float) -> Any:
    if not isinstance(value, Distribution):
        return value * factor
    return recentred(value, median(value) * factor)


def _amounts(experiment: Experiment) -> Iterator[tuple[Path, Any]]:
    """Yield every amount of money that is not zero: where it stands and what it is."""
    places: list[tuple[Path, m.ExperimentTable]] = [
        (("economics",), experiment.economics),
        (("costs",), experiment.costs),
        (("boost",), experiment.boost),
        *((("compensation", name), kind) for name, kind in experiment.compensation.items()),
        *(
            (("tier", name, "on", platform), tier)
            for name, on in experiment.tier.items()
            for platform, tier in on.on.items()
        ),
    ]
    for path, table in places:
        for key in money_keys(type(table)):
            value = getattr(table, key)
            if value is not None and value != 0.0:
                yield (*path, key), value
