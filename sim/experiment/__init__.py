"""Experiment files: what an analyst writes becomes a validated, immutable `Experiment`.

A file goes through these rooms: `load` reads it, `merge` lays it over what it includes and below
``--set``, `shape` sorts out what is no key, `fill` lays the rest over the packaged presets,
`models` validate every value (`distributions`, `families`, `numbers` read them), `checks` compare
values, `translate` puts what went wrong into the words of the file. `layout` knows where what
stands; `write` and `schema` go the other way.
"""

from .distributions import Distribution, DistributionError
from .faults import ExperimentError, Fault
from .load import Experiment, build, load

__all__ = [
    "Distribution",
    "DistributionError",
    "Experiment",
    "ExperimentError",
    "Fault",
    "build",
    "load",
]
