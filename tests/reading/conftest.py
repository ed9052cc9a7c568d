"""Tables written as people and programs write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.reading import POSTS, Reading, Vocabulary, read_table

Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a table given as text (or bytes)."""

    def write(
        text: str | bytes, vocabulary: Vocabulary = POSTS, encoding: str = "utf-8", **how: str
    ) -> Reading:
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_table(path, vocabulary, mapped=how)

    return write


@pytest.fixture
def faults(read: Read) -> Callable[..., str]:
    """Return the faults of a table that must have some."""
    from sim.reading import ReadingError

    def faulty(*words: object, **how: str) -> str:
        with pytest.raises(ReadingError) as caught:
            read(*words, **how)
        return str(caught.value)

    return faulty
