"""NetCDF files of labelled arrays, by h5py alone: what is written, and what is read again.

A NetCDF-4 file is an HDF5 file whose axes are dimension scales. Any reader of NetCDF opens one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..labelled import Content

if TYPE_CHECKING:
    import h5py

#: Attributes that hold the structure of a file, not its content.
_STRUCTURE = {
    "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_FillValue", "_NCProperties",
    "_Netcdf4Coordinates", "_Netcdf4Dimid", "coordinates",
}  # fmt: skip
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable."


class Shape:
    """Stands for values that are written later, a part at a time."""

    def __init__(self, *shape: int) -> None:
        self.shape, self.dtype = shape, np.dtype(np.float64)


def write(
    path: Path, variables: Content, coords: tuple[str, ...], attrs: Mapping[str, Any]
) -> None:
    """Write variables as a NetCDF file.

    Parameters
    ----------
    path
        The file; what is there is replaced.
    variables
        By name: names of axes, values or a `Shape`, attributes.
    coords
        Names of those that are coordinates.
    attrs
        Attributes of the file: text and numbers.
    """
    import h5py

    sizes = {
        d: n
        for dims, values, _ in variables.values()
        for d, n in zip(dims, values.shape, strict=True)
    }
    with h5py.File(path, "w", track_order=True) as file:
        scales = {}
        for k, (dim, size) in enumerate(sizes.items()):
            if dim in variables:
                scales[dim] = _created(file, dim, variables[dim][1])
                scales[dim].make_scale(dim)
            else:
                scales[dim] = file.create_dataset(dim, (size,), ">f4", track_order=True)
                scales[dim].make_scale(f"{_NO_VARIABLE}{size:10d}")
            scales[dim].attrs["_Netcdf4Dimid"] = np.int32(k)
        for name, (dims, values, own) in variables.items():
            if name in scales:
                created = scales[name]
            else:
                created = _created(file, name, values)
                for k, dim in enumerate(dims):
                    created.dims[k].attach_scale(scales[dim])
            created.attrs.update(own)
        file.attrs["coordinates"] = " ".join(name for name in coords if name not in sizes)
        file.attrs.update(attrs)


def _created(file: h5py.File, name: str, values: Any) -> h5py.Dataset:
    import h5py

    if isinstance(values, Shape):
        return file.create_dataset(name, values.shape, values.dtype, track_order=True)
    if values.dtype.kind in "UO":
        text = h5py.string_dtype()
        return file.create_dataset(name, data=values.astype(object), dtype=text, track_order=True)
    return file.create_dataset(name, data=values, track_order=True)


def read(file: h5py.File) -> tuple[Content, tuple[str, ...], dict[str, Any]]:
    """Return the variables of an open file, names of its coordinates, and its attributes.

    Text is read at once, numbers when they are asked for.
    """
    variables, coords = {}, _text(file.attrs.get("coordinates", "")).split()
    for name, there in file.items():
        own = {key: _plain(value) for key, value in there.attrs.items()}
        if own.get("NAME", "").startswith(_NO_VARIABLE):
            continue
        if own.get("CLASS") == "DIMENSION_SCALE":
            dims: tuple[str, ...] = (name,)
            coords.append(name)
        else:
            dims = tuple(axis[0].name.rpartition("/")[2] for axis in there.dims)
            coords += own.get("coordinates", "").split()
        values = _strings(there) if there.dtype.kind == "O" else there
        variables[name] = (dims, values, _without_structure(own))
    attrs = {key: _plain(value) for key, value in file.attrs.items()}
    known = tuple(name for name in variables if name in set(coords))
    return variables, known, _without_structure(attrs)


def _without_structure(attrs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attrs.items() if key not in _STRUCTURE}


def _strings(there: h5py.Dataset) -> npt.NDArray[np.str_]:
    return np.array(there.asstr()[()], dtype=np.str_)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    """Return an attribute as a number or text where it holds one."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return _text(value) if isinstance(value, bytes | str) else value
