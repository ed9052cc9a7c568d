"""The generator word by word: its authors' vectors, a second implementation, keys, uniforms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from sim.engine import random
from sim.engine.jit import called
from sim.engine.keys import name_id, stream_key
from sim.engine.lanes import CHUNK
from sim.engine.random import threefry_words

pytestmark = pytest.mark.jitless
chance, uniform = called(random.chance), called(random.uniform)

Array = npt.NDArray[np.float64]
Words = tuple[int, ...]
W = np.uint32
WORD = 2**32

#: Lines "threefry4x32 13" of the file kat_vectors of Random123 (D. E. Shaw Research).
KNOWN_ANSWERS = """
00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 531c7e4f 39491ee5 2c855a92 3d6abf9a
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff c4189358 1c9cc83a d5881c67 6a0a89e0
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 082efa98 ec4e6c89 4aa71d8f 734738c2 431fc6a8 ae6debf1
"""
VECTORS = [tuple(int(w, 16) for w in line.split()) for line in KNOWN_ANSWERS.split("\n") if line]
Drawn = Callable[..., Words]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v[0]:08x}-{v[4]:08x}")
def test_second_implementation_gives_the_known_answers(
    vector: Words, beside: Callable[[str], ModuleType]
) -> None:
    """The engine uses two key words of four; the second implementation has all."""
    assert beside("threefry").threefry(vector[:4], vector[4:8]) == vector[8:]


def test_known_answer(drawn: Drawn) -> None:
    assert drawn(*VECTORS[0][:6]) == VECTORS[0][8:]


def test_agrees_with_the_second_implementation(
    drawn: Drawn, beside: Callable[[str], ModuleType]
) -> None:
    rng = np.random.default_rng(1)
    second = beside("threefry").threefry
    for row in rng.integers(0, WORD, (500, 6)).tolist():
        assert drawn(*row) == second(tuple(row[:4]), tuple(row[4:]))


def test_arrays_of_words_agree_with_single_ones(drawn: Drawn) -> None:
    """What the double-precision reading draws, and what is drawn where nothing is compiled."""
    rng = np.random.default_rng(2)
    rows = rng.integers(0, WORD, (6, 40))
    four = threefry_words(*rows[:4].astype(W), 5, 9)
    for i in range(40):
        assert tuple(int(x[i]) for x in four) == drawn(*rows[:4, i].tolist(), 5, 9)


def test_normals_agree_with_the_second_implementation(
    beside: Callable[[str], ModuleType], normals: Callable[..., tuple[Array, Array]]
) -> None:
    """Chunks at the ends of every word; polynomials against the library's log and cosine."""
    second = beside("threefry")
    for world, draw, creator in [
        (0, 0, 0), (128, 1, 1), (2**32 - CHUNK, 9 << 8, 2**32 - 1), (5 * CHUNK, 4, 2**63 + 11)
    ]:  # fmt: skip
        k0, k1 = stream_key(7, "creator", "instagram")
        first, other = normals((k0, k1), world, draw, creator)
        for i in (0, 1, 64, CHUNK - 1):
            counter = (world + i, draw, creator % WORD, creator // WORD)
            expected = second.normals(*second.threefry(counter, (int(k0), int(k1)))[:2])
            assert first[i] == pytest.approx(expected[0], rel=1e-6, abs=3e-7)
            assert other[i] == pytest.approx(expected[1], rel=1e-6, abs=3e-7)


def test_chance_of_a_word() -> None:
    """Steps of 2**-32, to the 24 bits of a single number."""
    for word in (0, 1, 2**20, 2**31, 2**32 - 1):
        assert float(chance(W(word))) == pytest.approx(word / 2**32, rel=2**-24)


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


def of_bits(bits: int) -> float:
    return float(uniform(W(bits % WORD), W(bits // WORD)))


def test_uniform_is_the_middle_of_its_cell() -> None:
    """63 bits make cells of width 2**-63; a float keeps 53 bits of their middle."""
    rng = np.random.default_rng(2)
    some = [int(b) >> shift for b, shift in zip(rng.integers(0, 2**63, 64), range(64), strict=True)]
    for bits in [0, 1, 2, 3, 2**32, 2**63, 2**64 - 1, *some]:
        middle = (Fraction(bits >> 1) + Fraction(1, 2)) / 2**63
        assert abs(Fraction(of_bits(bits)) / middle - 1) <= Fraction(1, 2**52)


def test_uniform_near_zero_and_one() -> None:
    assert of_bits(0) == 2.0**-64
    assert of_bits(2) - of_bits(0) == 2.0**-63
    assert of_bits(2**64 - 1) == 1.0
    below_one = of_bits(2**64 - 2**12)
    assert below_one < 1.0
    assert 1.0 - below_one < 2.0**-51


def test_uniform_never_decreases() -> None:
    rng = np.random.default_rng(3)
    bits = np.sort(rng.integers(0, 2**63, 2000)).tolist()
    values = [of_bits(2 * b) for b in bits]
    assert values == sorted(values)
