"""What costs are charged on, as a file holds it: what never varies is a number, what repeats is stored once.

Of the thirteen quantities of a line most are the same in every world (packages, hours, a fixed
cost) or equal to another one (usage rights go by the fee), so two thirds of the room and of the time
to write them would be for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

QUANTITY = "cost_quantity"
#: In a file: rows over worlds, which of them each quantity is (-1: none), and the number where none.
ROWS, ROW_OF, NUMBER = "cost_quantity_rows", "cost_quantity_row", "cost_quantity_number"
DIMENSION = "quantity_row"
#: Worlds that tell nearly all quantities apart.
_GLANCE = 16


@dataclass(frozen=True)
class Layout:
    """Where each quantity of a run is found.

    Attributes
    ----------
    row : ndarray of int, shape (lines, components)
        Which stored row it is; -1 where it does not vary.
    number : ndarray, shape (lines, components)
        What it is where it does not vary.
    places : tuple of (int, int)
        Line and component of each stored row.
    """

    row: npt.NDArray[np.int64]
    number: Array
    places: tuple[tuple[int, int], ...]

    @staticmethod
    def of(blocks: Iterable[Array]) -> Layout:
        """Return the layout of quantities that come in blocks of shape (lines, components, worlds)."""
        number: Any = None
        constant: Any = None
        same: Any = None
        for k, block in enumerate(blocks):
            if k == 0:
                number = block[..., 0].copy()
                constant = np.ones(number.shape, dtype=bool)
                same = np.ones((*number.shape, number.shape[1]), dtype=bool)
            constant = constant & (block == number[..., None]).all(axis=-1)
            glance = block[..., :_GLANCE]
            same = same & (glance[:, :, None] == glance[:, None]).all(axis=-1)
            for line, c, d in np.argwhere(same):
                if d < c and not (constant[line, c] and constant[line, d]):
                    same[line, c, d] = np.array_equal(block[line, c], block[line, d])
        row = np.full(number.shape, -1, dtype=np.int64)
        places: list[tuple[int, int]] = []
        for line, c in np.argwhere(~constant).tolist():
            first = next(d for d in range(c + 1) if same[line, c, d] or d == c)
            if first == c:
                row[line, c] = len(places)
                places.append((line, c))
            else:
                row[line, c] = row[line, first]
        return Layout(row, number, tuple(places))

    def rows(self, block: Array) -> Array:
        """Return what is stored of a block, shape (rows, worlds)."""
        lines, components = np.array(self.places, dtype=np.intp).reshape(-1, 2).T
        return block[lines, components]

    def variables(self) -> dict[str, tuple[tuple[str, ...], Any, dict[str, str]]]:
        """Return what tells a reader where each quantity is found."""
        dims = ("line", "component")
        return {
            ROW_OF: (dims, self.row, {"long_name": f"which of {ROWS}; -1: the number"}),
            NUMBER: (dims, self.number, {"long_name": "quantity that does not vary"}),
        }


def packed(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables by name as a file holds them."""
    kept = dict(variables)
    _, values, attrs = kept.pop(QUANTITY)
    layout = Layout.of([values])
    return kept | layout.variables() | {ROWS: ((DIMENSION, "sim"), layout.rows(values), attrs)}


def unpacked(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables as readers know them; files of earlier versions hold every quantity."""
    kept = dict(variables)
    if ROWS in kept:
        (_, rows, attrs), (dims, row, _), (_, number, _) = map(kept.pop, (ROWS, ROW_OF, NUMBER))
        kept[QUANTITY] = ((*dims, "sim"), Quantities(rows, row[()], number[()]), attrs)
    return kept


class Quantities:
    """Quantities of shape (lines, components, worlds), put together from stored rows when asked for."""

    def __init__(self, rows: Any, row: npt.NDArray[np.int64], number: Array) -> None:
        self._rows, self._row, self._number = rows, row, number
        self.shape, self.dtype = (*row.shape, rows.shape[1]), np.dtype(np.float64)

    def __getitem__(self, key: tuple[Any, Any, Any], /) -> Array:
        """Return the quantities at whole numbers or slices of lines, components and worlds."""
        lines, components, worlds = key
        row, number = np.asarray(self._row[lines, components]), self._number[lines, components]
        every = not isinstance(worlds, slice)
        count = () if every else (len(range(*worlds.indices(self.shape[2]))),)
        result = np.empty((*row.shape, *count))
        result[...] = number if every else np.expand_dims(number, -1)
        for stored in np.unique(row[row >= 0]).tolist():
            result[row == stored] = self._rows[stored, worlds]
        return result
