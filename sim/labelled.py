"""Arrays with named axes: the part of an xarray.Dataset that a run reads, without its import.

xarray brings pandas along: a third of a second of processor time and 80 MB in every command. A run
reads variables by name, picks worlds and portfolios, and no more; `Labelled` answers that by itself
and hands whatever else is asked of it to the xarray.Dataset of the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[Any]
#: What picks a part of an array: a whole number or a slice for each axis.
Key = tuple[int | slice, ...]


class Source(Protocol):
    """What values are read from: an array, or something on disk that is read a part at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def dtype(self) -> Any:
        """Type of the values."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return a part."""


#: Variables by name: names of axes, where the values are, attributes.
Content = Mapping[str, tuple[tuple[str, ...], Source, Mapping[str, Any]]]


class Named:
    """A variable: values, the names of their axes, attributes; read when they are asked for.

    Parameters
    ----------
    name, owner
        Of the variable, and the `Labelled` that it belongs to.
    dims
        Names of its axes.
    source
        Where its values are.
    attrs
        Its attributes: units and the like.
    """

    def __init__(
        self,
        name: str,
        owner: Labelled,
        dims: tuple[str, ...],
        source: Source,
        attrs: Mapping[str, Any],
    ) -> None:
        self.name, self.dims, self.attrs = name, dims, dict(attrs)
        self._owner, self.source = owner, source

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return tuple(self.source.shape)

    @property
    def dtype(self) -> Any:
        """Type of the values."""
        return self.source.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that the values take in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * int(self.dtype.itemsize)

    @cached_property
    def values(self) -> Array:
        """All values."""
        return np.asarray(self.source[(slice(None),) * len(self.dims)])

    def part(self, key: Key) -> Array:
        """Return some of the values, reading no others."""
        return np.asarray((self.values if "values" in self.__dict__ else self.source)[key])

    def transpose(self, *dims: str) -> Any:
        """Return the variable with its axes in an order; itself where that is theirs."""
        return self if dims == self.dims else self._real().transpose(*dims)

    def isel(self, indexers: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return a part of the variable by positions along its axes."""
        return self._owner.isel(indexers, **more)[self.name]

    def sel(self, labels: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return a part of the variable by labels along its axes."""
        return self._owner.sel(labels, **more)[self.name]

    def _real(self) -> xr.DataArray:
        return self._owner.to_xarray()[self.name]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._real(), name)


def _handed_on(operation: str) -> Callable[..., Any]:
    def call(self: Named, *others: Any) -> Any:
        others = tuple(o._real() if isinstance(o, Named) else o for o in others)
        return getattr(self._real(), operation)(*others)

    return call


for _operation in (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "neg", "abs", "eq",
    "ne", "lt", "le", "gt", "ge", "and", "or", "invert", "float", "int", "bool", "len", "iter",
    "getitem",
):  # fmt: skip
    setattr(Named, f"__{_operation}__", _handed_on(f"__{_operation}__"))


class _Part:
    """A part of a variable, not read before it is asked for."""

    def __init__(self, whole: Named, key: Key) -> None:
        self._whole, self._key = whole, key
        self.dtype = whole.dtype
        lengths = zip(key, whole.shape, strict=True)
        self.shape = tuple(len(range(*k.indices(n))) for k, n in lengths if isinstance(k, slice))

    def __getitem__(self, key: Any, /) -> Any:
        return self._whole.part(self._key)[key]


class Labelled:
    """Variables with named axes, and attributes.

    Parameters
    ----------
    variables
        By name: names of axes, where the values are, attributes.
    coords
        Names of those that label axes or their places; the others are data.
    attrs
        What all of it is.
    close
        Ends the reading of a file.

    Attributes
    ----------
    encoding : dict
        Where it was read from, if from a file: ``source``.
    """

    def __init__(
        self,
        variables: Content,
        coords: tuple[str, ...],
        attrs: Mapping[str, Any],
        *,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.attrs, self.encoding = dict(attrs), dict[str, Any]()
        self.variables = {name: Named(name, self, *what) for name, what in variables.items()}
        self.names_of_coords = coords
        self._close = close

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each axis by its name."""
        return {
            dim: n for v in self.variables.values() for dim, n in zip(v.dims, v.shape, strict=True)
        }

    @property
    def data_vars(self) -> dict[str, Named]:
        """Variables that are no coordinates."""
        coords = self.names_of_coords
        return {name: v for name, v in self.variables.items() if name not in coords}

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.data_vars)

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, str):
            return self.variables[name]
        return self.to_xarray()[name]

    def isel(self, indexers: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return a part by positions along axes: whole numbers and slices."""
        indexers = {**(indexers or {}), **more}
        if not all(isinstance(at, int | np.integer | slice) for at in indexers.values()):
            return self.to_xarray().isel(indexers)
        parts = {}
        for name, v in self.variables.items():
            key = tuple(_plain(indexers.get(dim, slice(None))) for dim in v.dims)
            dims = tuple(dim for dim, k in zip(v.dims, key, strict=True) if isinstance(k, slice))
            parts[name] = (dims, _Part(v, key), v.attrs)
        return Labelled(parts, self.names_of_coords, self.attrs)

    def sel(self, labels: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return a part by the labels of axes; KeyError for one that is not there."""
        labels = {**(labels or {}), **more}
        if not all(isinstance(label, str) for label in labels.values()):
            return self.to_xarray().sel(labels)
        places = {}
        for dim, label in labels.items():
            known = self[dim].values.tolist()
            if label not in known:
                raise KeyError(label)
            places[dim] = known.index(label)
        return self.isel(**places)

    def assign_attrs(self, **attrs: Any) -> Any:
        """Return the same with other attributes."""
        same = {name: (v.dims, v.source, v.attrs) for name, v in self.variables.items()}
        return Labelled(same, self.names_of_coords, self.attrs | attrs)

    def close(self) -> None:
        """End the reading of the file."""
        if self._close is not None:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def to_xarray(self) -> xr.Dataset:
        """Return the xarray.Dataset of the same content; what lies in a file is read when used."""
        return self._dataset

    @cached_property
    def _dataset(self) -> xr.Dataset:
        import xarray as xr

        made = {}
        for name, v in self.variables.items():
            values: Any = v.values if isinstance(v.source, np.ndarray) else _lazy(v)
            made[name] = xr.Variable(v.dims, values, v.attrs)
        coords = {name: made.pop(name) for name in self.names_of_coords}
        dataset = xr.Dataset(made, coords, self.attrs)
        dataset.encoding.update(self.encoding)
        dataset.set_close(self._close)
        return dataset

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.to_xarray(), name)


def _plain(at: Any) -> int | slice:
    return at if isinstance(at, slice) else int(at)


def _lazy(v: Named) -> Any:
    """Return values for xarray that are read when they are used."""
    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Lazy(BackendArray):
        shape, dtype = v.shape, np.dtype(v.dtype)

        def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
            basic = indexing.IndexingSupport.BASIC
            return indexing.explicit_indexing_adapter(key, v.shape, basic, v.part)

    return indexing.LazilyIndexedArray(Lazy())


def labelled(
    variables: Content,
    coords: tuple[str, ...],
    attrs: Mapping[str, Any],
    *,
    close: Callable[[], None] | None = None,
) -> xr.Dataset:
    """Return a `Labelled`, which does for its readers what an xarray.Dataset does."""
    return cast("xr.Dataset", Labelled(variables, coords, attrs, close=close))


def real(dataset: Any) -> xr.Dataset:
    """Return an xarray.Dataset, which `Labelled` only stands for."""
    return cast("xr.Dataset", dataset.to_xarray() if isinstance(dataset, Labelled) else dataset)
