"""Threefry4x32 in plain Python, from Salmon, Moraes, Dror and Shaw (2011), section 4.2."""

from __future__ import annotations

import math

WORD = 2**32
PARITY = 0x1BD11BDA
#: Rotations of rounds 0 to 7: of the first and of the second mix.
ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
Words = tuple[int, ...]


def rotated(x: int, by: int) -> int:
    """Turn a word left."""
    return (x << by | x >> (32 - by)) % WORD


def threefry(counter: Words, key: Words, rounds: int = 13) -> Words:
    """Turn a counter of four 32-bit words and a key of up to four into four random words.

    Words 1 and 3 change places after every round; the key goes in before the first round and after
    every fourth.
    """
    k = [*key, *[0] * (4 - len(key))]
    k.append(PARITY ^ k[0] ^ k[1] ^ k[2] ^ k[3])
    x = [(c + k[i]) % WORD for i, c in enumerate(counter)]
    for number in range(rounds):
        for first, by in zip((0, 2), ROTATIONS[number % 8], strict=True):
            x[first] = (x[first] + x[first + 1]) % WORD
            x[first + 1] = rotated(x[first + 1], by) ^ x[first]
        x[1], x[3] = x[3], x[1]
        if number % 4 == 3:
            turn = number // 4 + 1
            x = [(c + k[(turn + i) % 5]) % WORD for i, c in enumerate(x)]
            x[3] = (x[3] + turn) % WORD
    # The last exchange of words is undone: it would only rename them.
    if rounds % 2:
        x[1], x[3] = x[3], x[1]
    return tuple(x)


def uniform(low: int, high: int) -> float:
    """A uniform number from the upper 63 bits of two words."""
    return ((low + WORD * high >> 1) + 0.5) / 2**63


def normals(a: int, b: int) -> tuple[float, float]:
    """Two standard normal numbers of two words (Box and Muller 1958), the circle turned by 45 degrees."""
    u = min((a * 2**8 + (b >> 2) % 2**8 + 0.5) / 2**40, 1.0)
    angle = (b - WORD if b >= WORD // 2 else b) / 2**31 * math.pi / 4.0
    radius = math.sqrt(-math.log(u))
    signs = 1 - 2 * (b & 1), 1 - 2 * (b >> 1 & 1)
    first = signs[0] * radius * (math.cos(angle) + math.sin(angle))
    return first, signs[1] * radius * (math.cos(angle) - math.sin(angle))
