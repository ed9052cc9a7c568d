"""Experiment files: what an analyst writes becomes a validated, immutable `Experiment`."""

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
