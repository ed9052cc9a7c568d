"""Philox4x32-10 in plain Python, from Salmon, Moraes, Dror and Shaw (2011), section 4.3."""

from __future__ import annotations

import math

WORD = 2**32
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Turn a counter and a key of 32-bit words into four random 32-bit words."""
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(MULTIPLIERS[0] * x0, WORD)
        high1, low1 = divmod(MULTIPLIERS[1] * x2, WORD)
        x0, x1, x2, x3 = high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0
        k0, k1 = (k0 + WEYL[0]) % WORD, (k1 + WEYL[1]) % WORD
    return x0, x1, x2, x3


def uniforms(
    counter: tuple[int, int, int, int], key: tuple[int, int]
) -> tuple[float, float, tuple[int, int]]:
    """Two uniform numbers from 63 and 62 bits, and the two lowest bits of the second as signs."""
    x0, x1, x2, x3 = philox(counter, key)
    a, b = x0 + WORD * x1, x2 + WORD * x3
    signs = 1 - 2 * (b & 1), 1 - 2 * (b >> 1 & 1)
    return ((a >> 1) + 0.5) / 2**63, ((b >> 2) + 0.5) / 2**62, signs


def normals(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[float, float]:
    """Two standard normal numbers (Box and Muller 1958), the angle within a quarter of the circle.

    The quarter from -90 to 0 degrees and two random signs make up the whole circle.
    """
    u, v, signs = uniforms(counter, key)
    radius = math.sqrt(-2.0 * math.log(u))
    angle = math.pi / 2.0 * v - math.pi / 2.0
    return signs[0] * radius * math.cos(angle), -signs[1] * radius * math.sin(angle)
