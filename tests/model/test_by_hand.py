"""Three worlds worked out number by number in plain Python, against both readings of the funnel.

Nothing is statistical here: the hand calculation reads the same random stream through its own
Threefry. The text read in double precision must give the same sums to 1e-9, the compiled loop to
what single precision and its curves cost. `pytest -s` prints the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

import sim
from sim.engine.exact import exact_sums
from sim.engine.kernel import loop_sums, place
from sim.engine.keys import stream_key
from sim.engine.line import INPUTS, SUMS, Line
from sim.engine.orders import draw_orders
from sim.plan import make_plan

Array = npt.NDArray[np.float64]
Reference = Callable[[str], ModuleType]

WORLDS = 3
EXACT = 1e-9
FIRST_WORLD = 256
#: Relative error of a sum that each reading may have.
READINGS = {"exact": (exact_sums, 1e-9), "loop": (loop_sums, 1e-5)}
#: Inputs by the calls of the generator, a word each; pairs of words make normals.
CALLS = (
    ("engagement_rate", "followers", "reach_rate", "conversion_rate"),
    ("authentic_share", "fee", "delivery", "incident"),
    ("fit", "management_hours", "product_cost"),
)
KEY = (0x243F6A88, 0x85A308D3)
#: Two numbered creators and a named one, whose id needs all 64 bits.
CREATORS = (0, 7, (1 << 63) + 0x0123456789ABCDEF)
STOPS = (1, 3)
REPEATS = (1.0, 0.7)
Q, W = 0.5, 0.4
AUTHENTIC_MEAN = 0.6

#: By input: log value at score 0 and slope; shared weights in the score and in the log (two factors
#: each); weights of the creator's independent normals.
LINEAR: dict[str, tuple[float, float, tuple[float, float], tuple[float, float], dict[str, float]]] = {
    "engagement_rate": (-3.0, 0.6, (0.3, 0.2), (0.1, 0.0), {"engagement_rate": 0.9}),
    "followers": (9.5, 0.5, (0.0, 0.0), (0.0, 0.2), {"engagement_rate": -0.3, "followers": 0.95}),
    "reach_rate": (-1.0, 0.4, (0.0, 0.5), (0.0, 0.0), {"engagement_rate": 0.4, "reach_rate": 0.7}),
    "conversion_rate": (-3.5, 0.5, (0.4, 0.0), (0.2, 0.3), {"conversion_rate": 0.9}),
    "authentic_share": (-0.5, 0.1, (0.0, 0.0), (0.0, 0.0), {"authentic_share": 1.0}),
    "fee": (5.0, 0.5, (0.2, 0.0), (0.0, 0.1), {"engagement_rate": 0.3, "followers": 0.2, "fee": 0.9}),
    "delivery": (0.0, 0.0, (0.5, 0.0), (0.0, 0.0), {"delivery": 0.8}),
    "fit": (-0.1, 0.3, (0.0, 0.0), (0.0, 0.0), {"fit": 1.0}),
    "management_hours": (0.7, 0.2, (0.0, 0.0), (0.0, 0.0), {"management_hours": 1.0}),
    "product_cost": (3.0, 0.1, (0.0, 0.0), (0.0, 0.0), {"product_cost": 1.0}),
    "post_luck": (-0.1, 0.5, (0.0, 0.3), (0.0, 0.0), {}),
}  # fmt: skip
LUCK_OWN, AMPLIFICATION_ENGAGEMENT, AMPLIFICATION_OWN = 0.95, 0.3, 0.9
AMPLIFICATION_LOADING = (0.2, 0.0)
DELIVERED_FROM = -0.4
#: Three cubic pieces of log(A - 1) over scores 0.2 to 2.6; zero below 0.2, at most 1.2.
PIECES = ((-1.0, 0.5, 0.2, 0.1), (-0.2, 0.7, -0.1, 0.2), (0.6, 1.0, 0.3, -0.2))
AMPLIFIED_FROM, STEP, LARGEST_LOG = 0.2, 0.8, 1.2
#: The named creator's known values: added to its scores, and to the logs of its values.
KNOWN_SCORE = {"engagement_rate": 0.4, "delivery": 1.0, "amplification": 0.15}
#: How much of the engagement score is still unknown: what amplification has of it.
UNKNOWN = 0.7
KNOWN_LOG = {"followers": 0.8, "fee": -0.2}


@pytest.fixture(scope="module")
def line(make: Callable[..., sim.Experiment]) -> Line:
    """The line above as the arrays that the engine takes."""
    blank = make_plan(make(worlds=WORLDS)).works[0]
    n = len(INPUTS)
    loading, belief, mix, shift = np.zeros((n, 2)), np.zeros((n, 2)), np.zeros((n, n)), np.zeros(n)
    pieces, ranges = np.zeros((n, 2), dtype=np.int64), np.zeros((n, 4))
    coefficients = []
    for x, name in enumerate(INPUTS):
        start = sum(map(len, coefficients))
        pieces[x], ranges[x] = (start, 0), (0.0, 1.0, -math.inf, math.inf)
        if name == "amplification":
            pieces[x] = (start, len(PIECES))
            ranges[x] = (AMPLIFIED_FROM, 1.0 / STEP, AMPLIFIED_FROM, LARGEST_LOG)
            loading[x] = AMPLIFICATION_LOADING
            coefficients.append([list(piece) for piece in PIECES])
            continue
        if name == "incident":
            # None here: `test_mechanisms.py` has them.
            shift[x] = -700.0
            coefficients.append([[-700.0, 0.0, 0.0, 0.0]])
            continue
        level, slope, loading[x], belief[x], normals = LINEAR[name]
        # Half of the level stands in the shift, as the plan may put it.
        shift[x] = level / 2
        coefficients.append([[level / 2, slope, 0.0, 0.0]])
        for y, weight in normals.items():
            mix[x, INPUTS.index(y)] = weight
        if name == "delivery":
            ranges[x, 2] = DELIVERED_FROM
    mix[INPUTS.index("amplification"), INPUTS.index("engagement_rate")] = UNKNOWN
    score_known, log_known = np.zeros((2, n)), np.zeros((2, n))
    for name, value in KNOWN_SCORE.items():
        score_known[1, INPUTS.index(name)] = value
    for name, value in KNOWN_LOG.items():
        log_known[1, INPUTS.index(name)] = value
    return replace(
        blank,
        key=(np.uint64(KEY[0]), np.uint64(KEY[1])),
        creators=np.array(CREATORS, dtype=np.uint64),
        stops=np.array(STOPS),
        drawn=np.arange(10),
        mix=mix[None],
        mix_of=np.zeros(3, dtype=np.int64),
        score_known=score_known,
        log_known=log_known,
        doubt=np.ones((2, n)),
        known_of=np.array([0, 0, 1]),
        loading=loading,
        belief=belief,
        shift=shift,
        varies=np.ones(n, dtype=np.bool_),
        pieces=pieces,
        ranges=ranges,
        coefficients=np.array([row for rows in coefficients for row in rows]),
        luck_own=LUCK_OWN,
        amplification_engagement=AMPLIFICATION_ENGAGEMENT,
        amplification_own=AMPLIFICATION_OWN,
        repeats=np.array(REPEATS),
        post_ends=np.array([len(REPEATS)]),
        amplified_engagement=Q,
        amplified_conversion=W,
        per_impression=False,
        log_authentic_mean=math.log(AUTHENTIC_MEAN),
        audience=6_000.0,
        market=50_000.0,
        viral_excess=1.0,
        fee_on_delivery=True,
    )


@pytest.fixture(scope="module")
def factors() -> Array:
    """Two shared factors in three worlds that count, and rubbish in those that pad the chunk."""
    rows = np.full((2, 128), 99.0)
    rows[:, :WORLDS] = [[0.5, -1.2, 2.0], [-0.3, 0.8, 0.1]]
    return rows


def sums_of(line: Line, factors: Array, reading: str) -> dict[str, Array]:
    """Sums by name, shape (stops, worlds)."""
    out = np.full((len(line.stops), len(SUMS), WORLDS), np.nan)
    read = READINGS[reading][0]
    place(line, read(line, factors, np.ones(128), FIRST_WORLD, WORLDS), out)
    return {name: out[:, k] for k, name in enumerate(SUMS)}


# --- The hand calculation -----------------------------------------------------------------------------


class Creator:
    """One creator in one world, from random words to its inputs."""

    def __init__(
        self, threefry: ModuleType, world: int, creator: int, shared: tuple[float, float]
    ) -> None:
        identity = CREATORS[creator]
        self.words = identity % 2**32, identity >> 32
        self.threefry, self.world, self.shared = threefry, world, shared
        self.known = creator == 2
        self.normal: dict[str, float] = {}
        for call, names in enumerate(CALLS):
            self.normal |= dict(zip(names, self.draw(call), strict=False))
        self.score = {name: self.score_of(name) for name in INPUTS[:10]}
        self.log = {name: self.log_of(name, self.score[name]) for name in INPUTS[:10]}
        self.value = {name: math.exp(log) for name, log in self.log.items()}
        self.value["delivery"] = 1.0 if self.score["delivery"] >= DELIVERED_FROM else 0.0

    def draw(self, what: int) -> tuple[float, ...]:
        """Four normals of one call of the generator."""
        words = self.threefry.threefry((self.world, what, *self.words), KEY)
        return (*self.threefry.normals(*words[:2]), *self.threefry.normals(*words[2:]))

    def score_of(self, name: str) -> float:
        _, _, loading, _, own = LINEAR[name]
        z = sum(w * g for w, g in zip(loading, self.shared, strict=True))
        z += KNOWN_SCORE.get(name, 0.0) if self.known else 0.0
        return z + sum(w * self.normal[other] for other, w in own.items())

    def log_of(self, name: str, score: float) -> float:
        level, slope, _, belief, _ = LINEAR[name]
        log = level + slope * score + sum(w * g for w, g in zip(belief, self.shared, strict=True))
        return log + (KNOWN_LOG.get(name, 0.0) if self.known else 0.0)

    def post(self, post: int) -> tuple[float, float]:
        """Luck u and excess A - 1 of a post."""
        own_luck, own_amplification, _, _ = self.draw((post + 1) * 256)
        z = LINEAR["post_luck"][2][1] * self.shared[1] + LUCK_OWN * own_luck
        luck = math.exp(self.log_of("post_luck", z))
        z = AMPLIFICATION_LOADING[0] * self.shared[0]
        z += AMPLIFICATION_ENGAGEMENT * UNKNOWN * self.normal["engagement_rate"]
        z += KNOWN_SCORE["amplification"] if self.known else 0.0
        z += AMPLIFICATION_OWN * own_amplification
        return luck, self.excess(z)

    @staticmethod
    def excess(z: float) -> float:
        if z < AMPLIFIED_FROM:
            return 0.0
        position = min((z - AMPLIFIED_FROM) / STEP, len(PIECES) - 1e-9)
        piece = int(position)
        u = position - piece
        return math.exp(min(sum(c * u**k for k, c in enumerate(PIECES[piece])), LARGEST_LOG))


def by_hand(line: Line, c: Creator) -> dict[str, float]:
    """What a creator adds to each sum."""
    v = c.value
    delivered, reach_rate = v["delivery"], min(v["reach_rate"], 1.0)
    viewers = v["followers"] * v["authentic_share"] * reach_rate * delivered
    if line.per_impression:
        rate, conversion = v["engagement_rate"], v["conversion_rate"] * v["fit"]
    else:
        rate = v["engagement_rate"] / (v["authentic_share"] * reach_rate)
        conversion = v["conversion_rate"] * v["fit"] * v["authentic_share"] / AUTHENTIC_MEAN
    sums = dict.fromkeys(SUMS, 0.0)
    exposed, missed, expected = 0.0, 1.0, 0.0
    for post, repeat in enumerate(REPEATS):
        luck, excess = c.post(post)
        missed *= 1.0 - min(reach_rate * luck, 1.0)
        wanted = viewers * luck * (1.0 + excess)
        organic = min(viewers * luck, line.audience)
        extra = min(wanted, line.audience) - organic
        g = min(repeat * rate, 1.0)
        print(
            f"  post {post}: u={luck:.9g} A-1={excess:.9g} organic={organic:.9g} "
            f"extra={extra:.9g} g={g:.9g}"
        )
        sums["impressions"] += organic + extra
        sums["engagements"] += g * (organic + Q * extra)
        expected += g * conversion * (organic + Q * W * extra)
        exposed += extra
        sums["viral_posts"] += delivered * (excess >= line.viral_excess)
        sums["capped_impressions"] += wanted > line.audience
        sums["capped_engagements"] += delivered * (repeat * rate > 1.0)
    exposed += v["followers"] * v["authentic_share"] * delivered * (1.0 - missed)
    sums["expected_orders"], sums["expected_orders_squared"] = expected, expected**2
    sums["expected_orders_largest"] = expected
    sums["exposure"] = exposed
    sums["reach"] = exposed
    if line.market < math.inf:
        sums["reach"] = line.market * (1.0 - math.exp(-exposed / line.market))
    sums["fees"] = v["fee"] * (delivered if line.fee_on_delivery else 1.0)
    sums["hours"], sums["goods"] = v["management_hours"], v["product_cost"]
    sums["delivered"], sums["hired"] = delivered, 1.0
    print(f"  viewers={viewers:.9g} conversion={conversion:.9g} lambda={expected:.9g}")
    return sums


VARIANTS: dict[str, dict[str, Any]] = {
    "per follower": {},
    "per impression": {"per_impression": True},
    "no caps": {"audience": math.inf, "market": math.inf},
    "fee at signing": {"fee_on_delivery": False},
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_three_worlds(
    variant: str, reading: str, line: Line, factors: Array, reference: Reference
) -> None:
    line = replace(line, **VARIANTS[variant])
    given, threefry = sums_of(line, factors, reading), reference("threefry")
    met = dict.fromkeys(SUMS, 0.0)
    for world in range(WORLDS):
        shared = (float(factors[0, world]), float(factors[1, world]))
        total = dict.fromkeys(SUMS, 0.0)
        for creator in range(len(CREATORS)):
            c = Creator(threefry, FIRST_WORLD + world, creator, shared)
            print(f"world {world}, creator {creator}:")
            for name in INPUTS[:10]:
                print(
                    f"  {name}: normal={c.normal[name]:+.9f} score={c.score[name]:+.9f} "
                    f"log={c.log[name]:+.9f} value={c.value[name]:.9g}"
                )
            for name, value in by_hand(line, c).items():
                largest = name == "expected_orders_largest"
                total[name] = max(total[name], value) if largest else total[name] + value
            if creator + 1 in STOPS:
                stop = STOPS.index(creator + 1)
                for name, value in total.items():
                    tolerance = READINGS[reading][1]
                    assert given[name][stop, world] == pytest.approx(value, rel=tolerance), name
        met = {name: met[name] + total[name] for name in SUMS}
    # Worlds in which nothing happens would prove nothing; other tests have the rest.
    elsewhere = {"incidents", "own_orders", "pay", "committed", "boosting", "noticed"}
    assert all(met[name] > 0 for name in set(SUMS) - elsewhere if not name.startswith("capped"))
    assert met["delivered"] < WORLDS * len(CREATORS)
    if variant == "per follower":
        assert met["capped_impressions"] > 0


#: Where the value of one input shows when all others are one.
SHOWN_BY = {
    "engagement_rate": "engagements",
    "followers": "impressions",
    "reach_rate": "impressions",
    "conversion_rate": "expected_orders",
    "authentic_share": "impressions",
    "fee": "fees",
    "delivery": "delivered",
    "fit": "expected_orders",
    "management_hours": "hours",
    "product_cost": "goods",
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", SHOWN_BY)
def test_each_input_alone(
    name: str, reading: str, line: Line, factors: Array, reference: Reference
) -> None:
    """Every input's value, from words to normals, score and exponential."""
    x = INPUTS.index(name)
    flat, shift, belief = line.coefficients.copy(), line.shift.copy(), line.belief.copy()
    ranges, log_known = line.ranges.copy(), line.log_known.copy()
    for y, other in enumerate(INPUTS):
        if other not in {name, "incident"}:
            first, count = line.pieces[y]
            flat[first : first + max(count, 1)] = 0.0
            shift[y], belief[y], log_known[:, y] = 0.0, 0.0, 0.0
            ranges[y, 2] = math.inf if other == "amplification" else -math.inf
    alone = replace(
        line, coefficients=flat, shift=shift, belief=belief, ranges=ranges, log_known=log_known,
        stops=np.array([1, 2, 3]), repeats=np.ones(1), post_ends=np.ones(1, int), audience=math.inf, market=math.inf,
        per_impression=True, log_authentic_mean=0.0, fee_on_delivery=False,
    )  # fmt: skip
    each = np.diff(sums_of(alone, factors, reading)[SHOWN_BY[name]], axis=0, prepend=0.0)
    for world in range(WORLDS):
        shared = (float(factors[0, world]), float(factors[1, world]))
        for creator in range(len(CREATORS)):
            c = Creator(reference("threefry"), FIRST_WORLD + world, creator, shared)
            expected = min(c.value[name], 1.0) if x in (0, 2) else c.value[name]
            print(f"{name}: {each[creator, world]:.12g} against {expected:.12g}")
            # A difference of sums loses a digit.
            tolerance = 10 * READINGS[reading][1]
            assert each[creator, world] == pytest.approx(expected, rel=tolerance)


def test_coins_fall_by_their_own_word(line: Line, factors: Array, reference: Reference) -> None:
    """Where nothing is told of delivery, a word is held against the chance that the world gives it."""
    x = INPUTS.index("delivery")
    score_known = line.score_known.copy()
    score_known[:, x] = 0.0
    told_nothing = replace(line, score_known=score_known, stops=np.array([1, 2, 3]))
    threefry, own = reference("threefry"), LINEAR["delivery"][4]["delivery"]
    for reading in READINGS:
        given = sums_of(told_nothing, factors, reading)["delivered"]
        each = np.diff(given, axis=0, prepend=0.0)
        for world in range(WORLDS):
            shared = sum(
                w * g for w, g in zip(LINEAR["delivery"][2], factors[:, world], strict=True)
            )
            chance = special.ndtr((shared - DELIVERED_FROM) / own)
            for creator, identity in enumerate(CREATORS):
                counter = (FIRST_WORLD + world, 1, identity % 2**32, identity >> 32)
                word = threefry.threefry(counter, KEY)[CALLS[1].index("delivery")]
                assert each[creator, world] == (word / 2**32 < chance)


def test_shared_factors(make: Callable[..., sim.Experiment], reference: Reference) -> None:
    """A factor is a uniform number of its own stream and a sign, through the normal quantile."""
    changes = {"shocks.loadings.conversion_rate": {"campaign": 0.5, "niche": 0.2}}
    shocks = sim.simulate(make(changes, worlds=200, seed=6))["shock"]
    for name in ("campaign", "niche:general"):
        key = stream_key(6, "factor", name)
        for world, score in enumerate(shocks.sel(factor=name).values):
            words = reference("threefry").threefry((world, 0, 0, 0), tuple(map(int, key)))
            u = reference("threefry").uniform(*words[:2])
            sign = -1 if words[0] & 1 else 1
            assert score == pytest.approx(sign * special.ndtri(u / 2), rel=1e-9, abs=1e-12)


def test_orders_are_poisson_quantiles(reference: Reference) -> None:
    """Each count is the smallest n whose distribution function reaches the hand-drawn probability."""
    key, worlds = (np.uint64(KEY[0]), np.uint64(KEY[1])), 3_000
    expected = np.geomspace(1e-3, 1e6, worlds)
    orders, values = np.empty(worlds), np.empty(worlds)
    with np.errstate(over="ignore"):
        draw_orders(key, 0, expected, 4.0, orders, values)
    for world, (n, mean) in enumerate(zip(orders, expected, strict=True)):
        words = reference("threefry").threefry((world, 0, 0, 0), KEY)
        p = reference("threefry").uniform(*words[:2]) / 2.0
        # Either tail is as likely; both counts stay on the right side but for rounding.
        if words[0] & 1:
            above, more = stats.poisson.sf([n, n - 1], mean)
            assert above <= p * (1 + EXACT)
            assert more >= p * (1 - EXACT)
        else:
            below, less = stats.poisson.cdf([n, n - 1], mean)
            assert below >= p * (1 - EXACT)
            assert less <= p * (1 + EXACT)


def test_a_plan_keys_creators_by_pool_and_seed(make: Callable[..., sim.Experiment]) -> None:
    """The first eight bytes of BLAKE2b over seed and names, as `keys` documents."""
    import hashlib

    work = make_plan(make(seed=5)).works[0]
    digest = hashlib.blake2b(b"5\x1fcreator\x1fsmall\x1finstagram\x1fgeneral", digest_size=8)
    words = np.frombuffer(digest.digest(), dtype="<u4")
    assert [int(k) for k in work.key] == [int(w) for w in words]
    assert work.key == stream_key(5, "creator", "small", "instagram", "general")
