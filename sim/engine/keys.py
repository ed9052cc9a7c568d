"""Names become keys of random streams: what a draw is for decides it, never where it stands."""

from __future__ import annotations

import hashlib

import numpy as np

U = np.uint64


def stream_key(seed: int, *names: str | int) -> tuple[np.uint64, np.uint64]:
    """Return the two 32-bit key words of the stream that `names` describe.

    Parameters
    ----------
    seed
        Seed of the experiment, any integer.
    names
        What the stream is for, such as ``("creator", "instagram", "micro", "beauty")``.

    Returns
    -------
    tuple of numpy.uint64
        Two words below 2**32: the first 64 bits of the BLAKE2b digest of seed and names.
    """
    text = "\x1f".join([str(int(seed)), *(str(name) for name in names)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return U(int.from_bytes(digest[:4], "little")), U(int.from_bytes(digest[4:], "little"))


def name_id(name: str) -> np.uint64:
    """Return the 64-bit number that stands for a named creator in the counter."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    # Numbered creators use the lower half of the range, named ones the upper half.
    return U(int.from_bytes(digest, "little") | (1 << 63))
