"""What every measure returns: its value, and how much each world moves it.

A measure is a functional T of the distribution of the worlds. Its influence function says how T
moves when a little weight goes to one world (Hampel 1974); evaluated at the n worlds drawn, its
spread over sqrt(n) is the standard error of the measure. One mechanism, `precision.py`, therefore
serves a mean, a quantile, an expected shortfall and a ratio alike, and measures compose by the
chain rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Kind = Literal["open", "bounded", "proportion"]


Known = bool | None


@dataclass(frozen=True)
class Tail:
    """What the laws behind a variable say of errors; None where the sample must judge.

    Attributes
    ----------
    mean, sd : bool or None
        Whether the mean, and the standard deviation, has a standard error.
    lower : bool or None
        The same for measures of the worst worlds.
    why : str
        The law that leaves one without.
    """

    mean: Known = None
    sd: Known = None
    lower: Known = None
    why: str = ""

    def __and__(self, other: Tail) -> Tail:
        """Return what holds for a measure of two variables."""
        return Tail(
            both_known(self.mean, other.mean),
            both_known(self.sd, other.sd),
            both_known(self.lower, other.lower),
            self.why or other.why,
        )


def both_known(a: Known, b: Known) -> Known:
    """Return False where one is, else None where one is, else True."""
    return False if a is False or b is False else None if a is None or b is None else True


UNKNOWN = Tail()
LIGHT = Tail(mean=True, sd=True, lower=True)


class Sample:
    """Worlds on the last axis, sorted at most once.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per world; every measure expects them finite.
    tail : Tail
        What is known of its law.
    """

    def __init__(self, values: npt.ArrayLike, tail: Tail = UNKNOWN) -> None:
        self.tail = tail
        self.values: FloatArray = np.asarray(values, dtype=np.float64)
        self._beside: tuple[Sample, Beside] | None = None
        if self.values.ndim == 0 or self.values.shape[-1] == 0:
            raise ValueError("a measure needs at least one world on the last axis")

    @property
    def worlds(self) -> int:
        """Number of worlds n."""
        return int(self.values.shape[-1])

    @cached_property
    def ordered(self) -> FloatArray:
        """The worlds from worst to best, shape (..., n)."""
        if self.values.ndim == 1:
            return self.values[self.order]
        return np.sort(self.values, axis=-1)

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """Which world stands where in that order, ties as they come, shape (n,) of one sample."""
        order = np.argsort(self.values)
        ordered = self.values[order]
        if (ordered[1:] == ordered[:-1]).any():
            # A stable sort takes twice as long, and tells only ties apart.
            return np.argsort(self.values, kind="stable")
        return order

    def in_place(self, ordered: FloatArray) -> FloatArray:
        """Return numbers that belong to the worlds from worst to best in the worlds' own order."""
        result = np.empty(self.worlds)
        result[self.order] = ordered
        return result

    def beside(self, other: Sample) -> Beside:
        """Return what sorts the worlds of this one and of another together, made once for a pair."""
        if self._beside is None or self._beside[0] is not other:
            self._beside = (other, Beside.of(self, other))
        return self._beside[1]

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the worlds, shape (...)."""
        return np.asarray(self.values.mean(axis=-1))


@dataclass(frozen=True)
class Beside:
    """Two samples x and y of the same worlds, sorted together.

    Attributes
    ----------
    both : ndarray, shape (2 n,)
        All values of both, increasing.
    place_x, place_y : ndarray of int, shape (n,)
        Where the values of each lie there, from its worst world to its best; at a tie those of x
        come first.
    larger : Sample
        The larger of the two in each world.
    """

    both: FloatArray
    place_x: npt.NDArray[np.intp]
    place_y: npt.NDArray[np.intp]
    larger: Sample

    @staticmethod
    def of(x: Sample, y: Sample) -> Beside:
        """Merge two samples, each of which is sorted already."""
        own = np.arange(x.worlds)
        return Beside(
            np.sort(np.concatenate([x.ordered, y.ordered]), kind="stable"),
            own + np.searchsorted(y.ordered, x.ordered, "left"),
            own + np.searchsorted(x.ordered, y.ordered, "right"),
            Sample(np.maximum(x.values, y.values)),
        )


Worldly = Sample | npt.ArrayLike


def as_sample(x: Worldly) -> Sample:
    """Take an array, or a `Sample` whose order may be known already."""
    return x if isinstance(x, Sample) else Sample(x)


@dataclass(frozen=True)
class Estimate:
    """A measure and its estimated influence function at each world.

    Attributes
    ----------
    value : ndarray, shape (...)
        The measure; NaN where it does not exist.
    influence : ndarray, shape (..., n)
        Influence of each world, mean zero over the worlds; NaN where no error can be derived.
    kind : {"open", "bounded", "proportion"}
        Whether the influence can have a heavy tail ("open"), is bounded by construction, or is
        that of a share of worlds, which needs its own error where the share is 0 or 1.
    reason : str
        Why `value` or `influence` is NaN, where it is.
    has_error : bool or None
        Whether the laws behind it leave it a standard error; None where the sample must judge.
    law : str
        The law that leaves it none.
    """

    value: FloatArray
    influence: FloatArray
    kind: Kind = "open"
    reason: str = ""
    has_error: Known = None
    law: str = ""

    @property
    def worlds(self) -> int:
        """Number of worlds n."""
        return int(self.influence.shape[-1])

    def __sub__(self, other: Estimate) -> Estimate:
        """Difference of two measures of the same worlds; their dependence is carried along."""
        return Estimate(
            np.asarray(self.value - other.value),
            self.influence - other.influence,
            "open" if "open" in (self.kind, other.kind) else "bounded",
            self.reason or other.reason,
            both_known(self.has_error, other.has_error),
            self.law or other.law,
        )


Measurer = Callable[..., Estimate]


def spread_over(estimate: Estimate, keep: BoolArray) -> Estimate:
    """Put an estimate from the kept worlds back on the axis of all worlds.

    A measure of the kept worlds is a ratio (sum over kept / number kept), so that a left-out world
    has influence 0 and a kept one n / n_kept times its own: groups of worlds stay equal in size.

    Parameters
    ----------
    estimate : Estimate
        From the n_kept worlds that were kept.
    keep : ndarray of bool, shape (n,)
        The worlds that were kept.
    """
    shape = (*estimate.influence.shape[:-1], keep.size)
    influence = np.zeros(shape)
    influence[..., keep] = estimate.influence * (keep.size / keep.sum())
    return replace(estimate, influence=influence)


def column(value: FloatArray) -> FloatArray:
    """Append an axis of length one, so that a value (...) meets its worlds (..., n)."""
    return np.asarray(value)[..., np.newaxis]


def divide(numerator: Any, denominator: Any) -> FloatArray:
    """Quotient that is NaN, without a warning, where the denominator is zero."""
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient: FloatArray = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient
