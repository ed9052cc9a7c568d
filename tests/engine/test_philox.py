"""The generator word by word: its authors' vectors, a second implementation, keys, uniforms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from sim.engine.keys import name_id, stream_key
from sim.engine.random import CHUNK, philox, uniform

pytestmark = pytest.mark.jitless

Array = npt.NDArray[np.float64]
Words = tuple[int, ...]
U = np.uint64
WORD = 2**32

#: Lines "philox4x32 10" of the file kat_vectors of Random123 (D. E. Shaw Research): the first three
#: from release 1.14 (tests/kat_vectors), the others from the first one (examples/kat_vectors).
KNOWN_ANSWERS = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
00000001 00000000 00000000 00000000 00000001 00000000 ac08141b dfc5ccbe 79c07a47 a7f66093
00000000 00000001 00000000 00000000 00000001 00000000 833ff8dc 225c963c 232b88b3 0b334b07
00000000 00000000 00000001 00000000 00000001 00000000 07071c12 428264b6 3909104b 6da2bda2
00000000 00000000 00000000 00000001 00000001 00000000 127bee41 1e047488 48842b20 0a393496
243f6a88 85a308d3 13198a2e 03707344 00000000 ffffffff 08f7720c 845ee9e0 502ccd3d a9a00e27
452821e6 38d01377 be5466cf 34e90c6c 00000000 80000000 94ca5566 14924b2f 28214292 59faeaee
"""
VECTORS = [tuple(int(w, 16) for w in line.split()) for line in KNOWN_ANSWERS.split("\n") if line]


def words(*counter_and_key: int) -> Words:
    """Return the four words that the engine's Philox makes of six."""
    a, b = (int(x) for x in philox(*(U(w) for w in counter_and_key)))
    return a % WORD, a // WORD, b % WORD, b // WORD


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v[0]:08x}-{v[4]:08x}")
def test_known_answers(vector: Words) -> None:
    assert words(*vector[:6]) == vector[6:]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v[0]:08x}-{v[4]:08x}")
def test_second_implementation_gives_the_known_answers(
    vector: Words, beside: Callable[[str], ModuleType]
) -> None:
    assert beside("philox").philox(vector[:4], vector[4:6]) == vector[6:]


def test_agrees_with_the_second_implementation(beside: Callable[[str], ModuleType]) -> None:
    rng = np.random.default_rng(1)
    second = beside("philox").philox
    for row in rng.integers(0, WORD, (500, 6)).tolist():
        assert words(*row) == second(tuple(row[:4]), tuple(row[4:]))


def test_upper_halves_of_counter_words_are_ignored() -> None:
    """Worlds and draws are 64-bit numbers in the kernel: 2**32 of each are told apart."""
    for word in range(4):
        counter = [3, 1, 4, 1]
        low = words(*counter, 5, 9)
        counter[word] += 7 * WORD
        assert words(*counter, 5, 9) == low


def test_normals_agree_with_the_second_implementation(
    beside: Callable[[str], ModuleType], normals: Callable[..., tuple[Array, Array]]
) -> None:
    """Chunks at the ends of every word; polynomials against the library's log and cosine."""
    second = beside("philox").normals
    for world, draw, creator in [
        (0, 0, 0), (128, 1, 1), (2**32 - CHUNK, (9 << 8) | 5, 2**32 - 1), (5 * CHUNK, 4, 2**63 + 11)
    ]:  # fmt: skip
        k0, k1 = stream_key(7, "creator", "instagram")
        first, other = normals((k0, k1), world, draw, creator)
        for i in (0, 1, 64, CHUNK - 1):
            counter = (world + i, draw, creator % WORD, creator // WORD)
            expected = second(counter, (int(k0), int(k1)))
            assert first[i] == pytest.approx(expected[0], rel=1e-10, abs=1e-10)
            assert other[i] == pytest.approx(expected[1], rel=1e-10, abs=1e-10)


# --- Keys ------------------------------------------------------------------------------------------


def test_stream_key_is_the_digest_of_seed_and_names() -> None:
    digest = hashlib.blake2b(b"1\x1fcreator\x1finstagram", digest_size=8).digest()
    expected = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
    key = stream_key(1, "creator", "instagram")
    assert tuple(int(word) for word in key) == expected
    assert all(isinstance(word, np.uint64) for word in key)


def test_stream_keys_stay_as_they_are() -> None:
    """Recorded: another value here changes every result ever made."""
    recorded = {
        (0,): (0x9D7D2B84, 0x75DFCD43),
        (1, "factor", "campaign"): (0xAFA72B3F, 0x03444EED),
        (2025, "creator", "micro", "instagram", "general"): (0x2578FD36, 0xA5FB0943),
        (1, "orders", "micro", "instagram", "general", "paid", 1, 0): (0xA18662A2, 0xC1F61A21),
    }
    for (seed, *names), expected in recorded.items():
        assert tuple(int(word) for word in stream_key(seed, *names)) == expected
    assert int(name_id("@ada")) == 0x8C4E36C1FD739A4A


def test_keys_tell_names_apart() -> None:
    keys = {
        stream_key(seed, *names)
        for seed in (-1, 0, 1, 2**70)
        for names in [("ab", "c"), ("a", "bc"), ("abc",), ("c", "ab"), ("a", "b", "c"), (), ("",)]
    }
    assert len(keys) == 4 * 7


def test_named_creators_never_meet_numbered_ones() -> None:
    digest = hashlib.blake2b(b"@ada", digest_size=8).digest()
    assert int(name_id("@ada")) == int.from_bytes(digest, "little") | 2**63
    ids = [int(name_id(f"creator {i}")) for i in range(1000)]
    assert len(set(ids)) == 1000
    assert all(2**63 <= i < 2**64 for i in ids)


# --- Uniforms --------------------------------------------------------------------------------------


def test_uniform_is_the_middle_of_its_cell() -> None:
    """63 bits make cells of width 2**-63; a float keeps 53 bits of their middle."""
    rng = np.random.default_rng(2)
    some = [int(b) >> shift for b, shift in zip(rng.integers(0, 2**63, 64), range(64), strict=True)]
    for bits in [0, 1, 2, 3, 2**32, 2**63, 2**64 - 1, *some]:
        middle = (Fraction(bits >> 1) + Fraction(1, 2)) / 2**63
        assert abs(Fraction(float(uniform(U(bits)))) / middle - 1) <= Fraction(1, 2**52)


def test_uniform_near_zero_and_one() -> None:
    assert uniform(U(0)) == 2.0**-64
    assert uniform(U(2)) - uniform(U(0)) == 2.0**-63
    assert uniform(U(2**64 - 1)) == 1.0
    below_one = uniform(U(2**64 - 2**12))
    assert below_one < 1.0
    assert 1.0 - below_one < 2.0**-51


def test_uniform_never_decreases() -> None:
    rng = np.random.default_rng(3)
    bits = np.sort(rng.integers(0, 2**63, 2000).astype(np.uint64) << U(1))
    values = [float(uniform(b)) for b in bits]
    assert values == sorted(values)
