"""Draws that stand next to each other, in any sense the engine knows, have nothing in common.

False alarms: 1e-4 over all cases of the battery together (200 tests, Bonferroni); seeds are fixed.
With 1e8 draws a correlation of 0.001 and marginal cells off by 0.3 % would be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from sim.engine import factors as steps
from sim.engine.factors import factor_row
from sim.engine.jit import called
from sim.engine.keys import name_id, stream_key
from sim.engine.lanes import CHUNK
from sim.engine.orders import draw_orders

permuted = called(steps.permuted)
Array = npt.NDArray[np.float64]
Beside = Callable[[str], ModuleType]
U, W = np.uint64, np.uint32
QUICK, FULL = 1_000_000, 100_000_000

KEY = stream_key(1, "creator", "micro", "instagram", "beauty")
#: Lists of neighbours: keys, draw words (twice the counter's second word), creators.
NEIGHBOURS = {
    "creators": ([KEY], [0], list(range(64))),
    "named creators": ([KEY], [0], [int(name_id(f"@creator{i}")) for i in range(64)]),
    "inputs": ([KEY], [0, 1, 2, 3, 4, 5, 2 << 8, (2 << 8) + 1], [3]),
    "posts": ([KEY], [2 * ((post + 1) << 8) for post in range(64)], [3]),
    "names": ([stream_key(1, "creator", f"tier {i}", "instagram") for i in range(64)], [0], [0]),
    "seeds": ([stream_key(seed, "creator", "micro") for seed in range(64)], [0], [0]),
    "key words": ([(U(k0), U(k1)) for k0 in range(8) for k1 in range(8)], [0], [0]),
    "high creators": ([KEY], [0], [c << 32 for c in range(64)]),
}


@pytest.mark.parametrize("kind", NEIGHBOURS)
def test_neighbours_are_independent_normals(kind: str, beside: Beside) -> None:
    battery = beside("battery")
    found = battery.collect(battery.addresses(*NEIGHBOURS[kind]), QUICK)
    assert battery.suspicious(found) == {}


@pytest.mark.statistical
@pytest.mark.parametrize("kind", NEIGHBOURS)
def test_neighbours_are_independent_normals_in_full(kind: str, beside: Beside) -> None:
    battery = beside("battery")
    found = battery.collect(battery.addresses(*NEIGHBOURS[kind]), FULL)
    assert found.draws > 0.98 * FULL
    assert battery.suspicious(found) == {}


def test_battery_stays_within_its_count_of_tests(beside: Beside) -> None:
    battery = beside("battery")
    found = battery.collect(battery.addresses(*NEIGHBOURS["inputs"]), 10_000)
    assert len(list(battery.p_values(found))) * len(NEIGHBOURS) <= battery.TESTS


def test_battery_sees_a_creator_drawn_twice(beside: Beside) -> None:
    battery = beside("battery")
    found = battery.collect(battery.addresses([KEY], [0], [i // 2 for i in range(64)]), QUICK)
    assert "correlation of values, address and next" in battery.suspicious(found)


@pytest.mark.parametrize(
    ("scale", "shift", "name"),
    [(1.01, 0.0, "moment 2"), (1.0, 0.01, "moment 1"), (1.02, 0.0, "uniform marginal")],
)
def test_battery_sees_a_wrong_marginal(
    scale: float, shift: float, name: str, beside: Beside
) -> None:
    """Normals from numpy, spoilt by a hundredth or two, in the battery's own sums."""
    battery = beside("battery")
    z = np.random.default_rng(1).standard_normal(QUICK) * scale + shift
    cells = np.minimum((special.ndtr(z) * battery.BINS).astype(int), battery.BINS - 1)
    clean = battery.collect(battery.addresses(*NEIGHBOURS["creators"]), QUICK)
    spoilt = clean._replace(
        bins=np.bincount(cells, minlength=battery.BINS)[None].repeat(2, axis=0),
        powers=np.array([np.sum(z**k) for k in range(1, 5)]),
        draws=len(z),
    )
    assert any(test.startswith(name) for test in battery.suspicious(spoilt))


def test_kolmogorov_smirnov(normals: Callable[..., tuple[Array, Array]]) -> None:
    """Both normals of a draw over 2**18 worlds; 1e-6 false alarms each."""
    rows = [normals(KEY, world, 0, 17) for world in range(0, 1 << 18, CHUNK)]
    for side in range(2):
        z = np.concatenate([row[side] for row in rows])
        assert stats.kstest(z, "norm").pvalue > 1e-6


def test_world_decides_alone(normals: Callable[..., tuple[Array, Array]]) -> None:
    """The same world gives the same draw, wherever a chunk begins."""
    first, second = normals(KEY, 0, 2, 5)
    late, later = normals(KEY, 40, 2, 5)
    np.testing.assert_array_equal(first[40:], late[: CHUNK - 40])
    np.testing.assert_array_equal(second[40:], later[: CHUNK - 40])


# --- Factors and orders ----------------------------------------------------------------------------


def factors(name: str, worlds: int, bits: int = -1, repeats: int = 1, seed: int = 1) -> Array:
    out = np.empty(worlds)
    factor_row(stream_key(seed, "factor", name), 0, repeats, bits, out)
    return out


@pytest.mark.parametrize("name", ["campaign", "platform:instagram", "conversion_rate"])
def test_plain_factors_are_normal_and_apart(name: str) -> None:
    """Normality and correlation with a near name and a near seed; 1e-6 false alarms each."""
    z = factors(name, QUICK)
    assert stats.kstest(z, "norm").pvalue > 1e-6
    for other in (factors(name + "2", QUICK), factors(name, QUICK, seed=2), np.roll(z, 1)):
        assert abs(np.mean(z * other)) * math.sqrt(QUICK) < stats.norm.isf(5e-7)
    assert z.min() < -4.2
    assert z.max() > 4.2


def test_beliefs_of_two_levels_repeat() -> None:
    z = factors("conversion_rate", 600, repeats=50).reshape(12, 50)
    assert (z == z[:, :1]).all()
    assert len(np.unique(z[:, 0])) == 12
    np.testing.assert_array_equal(z[:, 0], factors("conversion_rate", 12))


@pytest.mark.jitless
@pytest.mark.parametrize("bits", range(9))
def test_orders_of_strata_are_permutations(bits: int) -> None:
    k0, k1 = map(W, stream_key(1, "factor", "campaign"))
    for group in range(3):
        places = [int(permuted(i, bits, W(group), k0, k1)) for i in range(2**bits)]
        assert sorted(places) == list(range(2**bits))


def test_every_order_of_strata_is_as_likely() -> None:
    """Who goes where, over 20,000 permutations of eight; 1e-6 false alarms.

    Each row and column of the table is fixed, which leaves 7 x 7 degrees of freedom and takes the
    factor 7 / 8 from the statistic.
    """
    groups, k = 20_000, tuple(map(W, stream_key(1, "factor", "campaign")))
    table = np.zeros((8, 8))
    for group in range(groups):
        for i in range(8):
            table[i, int(permuted(i, 3, W(group), k[0], k[1]))] += 1
    statistic = ((table - groups / 8) ** 2).sum() / (groups / 8) * 7 / 8
    assert 5e-7 < stats.chi2.sf(statistic, 49) < 1 - 5e-7


def test_stratified_factors_take_every_stratum_once() -> None:
    bits, groups = 7, 4
    for name in ("campaign", "niche:beauty"):
        z = factors(name, groups << bits, bits).reshape(groups, -1)
        strata = np.sort((stats.norm.cdf(z) * 2**bits).astype(int), axis=1)
        np.testing.assert_array_equal(strata, np.tile(np.arange(2**bits), (groups, 1)))


def test_stratified_factors_are_apart() -> None:
    """Correlation of two factors over groups of 64, as of independent ones; 1e-6 false alarms."""
    a, b = (factors(name, 1 << 18, 6) for name in ("campaign", "campaign2"))
    assert abs(np.mean(a * b)) * math.sqrt(1 << 18) < stats.norm.isf(5e-7)
    assert abs(np.mean(a[:-1] * b[1:])) * math.sqrt(1 << 18) < stats.norm.isf(5e-7)


def test_orders_and_their_values_are_apart() -> None:
    """Orders of one line against another's, and mean value per order against orders.

    1e-6 false alarms each.
    """
    expected, shape, z = np.full(400_000, 30.0), 2.0, []
    for name in ("micro", "micro2"):
        orders, value = np.empty((2, len(expected)))
        draw_orders(stream_key(1, "orders", name), 0, expected, shape, orders, value)
        z.append((orders - 30.0) / math.sqrt(30.0))
        z.append((value / orders - shape) / np.sqrt(shape / orders))
    correlation = np.corrcoef(z)
    bound = stats.norm.isf(5e-7) / math.sqrt(len(expected))
    assert np.abs(correlation[np.triu_indices(4, 1)]).max() < bound
