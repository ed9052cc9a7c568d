"""From a line to what its loop reads: a structure, numbers in single precision, shared rows."""

from __future__ import annotations

import math
import threading
import weakref
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .funnel import BOOST_FIGURES, FIGURES, STAGE_FIGURES, figure_names
from .jit import compiled
from .lanes import CHUNK, F, Singles, folded_rows, unfolded, wide
from .line import (
    AMPLIFICATION,
    DELIVERY,
    ENGAGEMENT_RATE,
    INCIDENT,
    INPUTS,
    N_CREATOR,
    POST_LUCK,
    ROUNDING,
    Line,
)
from .marginals import LOG_ZERO, SCORE_LIMIT
from .reuse import digest
from .structure import (
    AMOUNTS,
    COINS,
    PAID,
    Law,
    Structure,
    curves_of,
    is_known_amount,
    own_numbers,
    shared_rows,
    weights,
)

Array = npt.NDArray[np.float64]

#: Steps of a curve, doubled until the value between its nodes is right to `CURVE_ERROR` within
#: `SCORE_NEAR`, to ten times that beyond.
FEWEST_STEPS, MOST_STEPS = 1024, 16_384
CURVE_ERROR, SCORE_NEAR = 1e-5, 4.5
#: Degrees of polynomials, few so that lines share loops, and the error one may have; the same of
#: those over a score that is folded, which costs a root and a division more.
DEGREES, SMOOTH_ERROR = (4, 8, 12, 16, 20), 4e-6
DEGREES_FOLDED = (16, 20, 24)
#: Places at which it is looked for.
_PLACES = 8001
#: What becomes of a shared row: nothing, its exponential, whether it is the log of anything, and
#: the normal probability below it.
_AS_IS, _EXPONENTIAL, _ANYTHING, _PROBABILITY = range(4)


def score_mix(line: Line) -> Array:
    """Return the weights of normals in scores, posts included, shape (V, inputs, inputs)."""
    mix: Array = line.mix.copy()
    of_engagement = line.amplification_engagement
    told = mix[:, AMPLIFICATION, ENGAGEMENT_RATE].copy() if known(line) else 1.0
    mix[:, N_CREATOR:] = 0.0
    mix[:, POST_LUCK, POST_LUCK] = line.luck_own
    mix[:, AMPLIFICATION, ENGAGEMENT_RATE] = of_engagement * told
    mix[:, AMPLIFICATION, AMPLIFICATION] = line.amplification_own
    return mix


def known(line: Line) -> bool:
    """Return whether something is known of the creators of a line: of all, or of none."""
    return bool((line.known_of >= 0).any())


# --- Curves -----------------------------------------------------------------------------------------


def log_quantiles(line: Line, x: int, score: Array) -> Array:
    """Return the table of an input at normal scores, without jump and largest value."""
    (first, count), (low, scale) = line.pieces[x], line.ranges[x, :2]
    return _cubics(line.coefficients[first : first + max(count, 1)], count > 0, low, scale, score)


def _cubics(pieces: Array, bent: bool, low: float, scale: float, score: Array) -> Array:
    if not bent:
        return np.asarray(pieces[0, 0] + pieces[0, 1] * score)
    position = np.clip((score - low) * scale, 0.0, len(pieces) * (1.0 - 1e-15))
    k = position.astype(np.int64)
    u, c = position - k, pieces[k]
    return np.asarray(c[..., 0] + u * (c[..., 1] + u * (c[..., 2] + u * c[..., 3])))


def curve_ends(line: Line, x: int) -> tuple[float, float]:
    """Return the scores between which the curve of an input lies; beyond them its ends hold."""
    low, scale, count = line.ranges[x, 0], line.ranges[x, 1], line.pieces[x, 1]
    if count == 0:
        return -SCORE_LIMIT, SCORE_LIMIT
    return max(low, -SCORE_LIMIT), min(low + count / scale, SCORE_LIMIT)


def curve_of(line: Line, x: int) -> Array:
    """Return the log quantiles of an input at the nodes of its curve."""
    first, count = line.pieces[x]
    pieces = np.ascontiguousarray(line.coefficients[first : first + max(count, 1)])
    low, scale = map(float, line.ranges[x, :2])
    return _curve(pieces.tobytes(), bool(count), low, scale, *curve_ends(line, x))


@lru_cache(maxsize=256)
def _curve(pieces: bytes, bent: bool, low: float, scale: float, start: float, end: float) -> Array:
    table = np.frombuffer(pieces).reshape(-1, 4)

    def law(score: Array) -> Array:
        return _cubics(table, bent, low, scale, score)

    steps = FEWEST_STEPS
    while True:
        nodes = law(np.linspace(start, end, steps + 1))
        between = np.linspace(start, end, 2 * steps + 1)[1::2]
        allowed = np.where(np.abs(between) <= SCORE_NEAR, CURVE_ERROR, 10.0 * CURVE_ERROR)
        gap = law(between) - (nodes[1:] + nodes[:-1]) / 2.0
        if steps >= MOST_STEPS or (np.abs(np.expm1(gap)) <= allowed).all():
            break
        steps *= 2
    # Moved so that errors between neighbours average to nothing (the middle's is 3/2 of the mean).
    nodes[1:-1] = np.clip(nodes[1:-1] + (gap[1:] + gap[:-1]) / 3.0, nodes.min(), nodes.max())
    nodes.flags.writeable = False
    return nodes


def polynomial_of(line: Line, x: int) -> tuple[Array, bool] | None:
    """Return the log quantiles of an input as a polynomial over its scores, and whether they are folded.

    Increasing powers, over scores laid on [-1, 1], evenly or by `lanes.folded`; the shortest of `DEGREES`
    or else of `DEGREES_FOLDED` that is right to `SMOOTH_ERROR` within `SCORE_NEAR`, to ten times that
    beyond, when it is evaluated in single precision; None where none is.
    """
    first, count = line.pieces[x]
    pieces = np.ascontiguousarray(line.coefficients[first : first + max(count, 1)])
    low, scale = map(float, line.ranges[x, :2])
    start, end = curve_ends(line, x)
    even = _polynomial(pieces.tobytes(), bool(count), low, scale, start, end, folds=False)
    whole = end - start > 2.0 * SCORE_LIMIT - 1e-9
    if even is not None or not whole:
        return None if even is None else (even, False)
    folded = _polynomial(pieces.tobytes(), bool(count), low, scale, start, end, folds=True)
    return None if folded is None else (folded, True)


@lru_cache(maxsize=256)
def _polynomial(
    pieces: bytes, bent: bool, low: float, scale: float, start: float, end: float, *, folds: bool
) -> Array | None:
    from numpy.polynomial import chebyshev

    table = np.frombuffer(pieces).reshape(-1, 4)

    def score(t: Any) -> Any:
        return unfolded(t) if folds else (start + end + (end - start) * t) / 2.0

    def law(t: Any) -> Any:
        return _cubics(table, bent, low, scale, score(t))

    degrees = DEGREES_FOLDED if folds else DEGREES
    series = chebyshev.chebinterpolate(law, 4 * degrees[-1])
    t = np.cos(np.pi * (np.arange(_PLACES) + 0.5) / _PLACES)
    near = np.abs(score(t)) <= SCORE_NEAR
    exact, single = law(t), t.astype(F)
    if folds:
        # As loops do it: the score is rounded, then what folding makes of it.
        scores = score(t).astype(F)
        exact, single = _cubics(table, bent, low, scale, scores.astype(float)), folded_rows(scores)
    for degree in degrees:
        coefficients: Array = chebyshev.cheb2poly(series[: degree + 1])
        value, one = np.zeros(t.size, F), single.astype(float)
        for c in coefficients[::-1].astype(F):
            value = (one * value + float(c)).astype(F)  # rounded once, as loops do it
        error = np.abs(value - exact)
        if (error <= np.where(near, SMOOTH_ERROR, 10.0 * SMOOTH_ERROR)).all():
            coefficients.flags.writeable = False
            return coefficients
    return None


# --- The structure of a line ------------------------------------------------------------------------


def law_of(line: Line, x: int, mix: Array) -> Law:
    """Return the law of an input."""
    told = known(line)
    moved = bool(line.belief[x].any()) and bool(line.doubt[:, x].any())
    first, count = line.pieces[x]
    jump = bool(line.ranges[x, 2] > -math.inf)
    flat = count == 0 and not line.coefficients[first, 1:].any() and not jump
    if (x < N_CREATOR and x not in line.drawn) or (x >= N_CREATOR and flat):
        return Law("fixed", moved=moved and told)
    normals = tuple(int(y) for y in np.flatnonzero(mix[:, x].any(axis=0)))
    if INPUTS[x] in COINS:
        return Law("threshold", normals)
    if count == 0 and not jump and line.ranges[x, 3] >= -LOG_ZERO:
        return Law("line", normals, moved and told)
    capped = bool(line.ranges[x, 3] < -LOG_ZERO)
    polynomial = polynomial_of(line, x)
    if polynomial is None:
        return Law("curve", normals, moved, jump, capped)
    coefficients, folds = polynomial
    return Law("smooth", normals, moved, jump, capped, len(coefficients) - 1, folds)


def structure_of(line: Line) -> Structure:
    """Return what decides the loop of a line."""
    mix = score_mix(line)
    laws = [law_of(line, x, mix) for x in range(len(INPUTS))]
    # A coin takes one word and a pair of normals two: coins only where no normal shares theirs.
    coins = [x for x in (DELIVERY, INCIDENT) if laws[x].kind == "threshold"]
    if all(laws[x].normals == (x,) and not _told(line, x) for x in coins):
        for x in coins:
            laws[x] = Law("coin", (x,))
    return Structure(
        laws=tuple(laws),
        one_post=len(line.repeats) == 1,
        market=line.market < math.inf,
        fee_on_delivery=line.fee_on_delivery,
        incident=bool(line.varies[INCIDENT]),
        known=known(line),
        stages=len(line.post_ends) > 1,
        by_orders=line.choose_by_orders,
        results=line.own_orders,
        quoted=any(line.dues),
        boosted=line.boost is not None,
        formats=line.reach_of_post is not None,
    )


def _told(line: Line, x: int) -> bool:
    return known(line) and bool(line.score_known[:, x].any() or line.log_known[:, x].any())


# --- What its loop reads ----------------------------------------------------------------------------


def figures_of(line: Line) -> dict[str, float]:
    """Return the `FIGURES` of a line, and `BOOST_FIGURES` if it boosts, in double precision."""
    numbers = {
        "basis": 0.0 if line.per_impression else 1.0,
        "log_mean_authentic": line.log_authentic_mean,
        "q": line.amplified_engagement,
        "w": line.amplified_conversion,
        "audience": line.audience,
        "market": line.market,
        "viral_excess": line.viral_excess,
        "loss": line.incident_loss,
        "stages": float(len(line.post_ends)),
        "money": line.money * (1.0 + ROUNDING),
    }
    names = ("pay_per_engagement", "pay_per_order", "pay_least", "pay_most")
    numbers |= dict(zip(names, line.pay, strict=True))
    names = ("due", "due_of_fee", "due_of_hours", "due_of_goods")
    numbers |= dict(zip(names, line.dues, strict=True))
    assert set(numbers) == set(FIGURES)
    if line.boost is not None:
        its = line.boost
        values = (
            its.money, its.right_of_fee, its.noise, float(its.per_follower), its.carried,
            its.log_mean_carried,
        )  # fmt: skip
        numbers |= dict(zip(BOOST_FIGURES, values, strict=True))
    return numbers


def stage_figures(line: Line) -> list[dict[str, float]]:
    """Return the `STAGE_FIGURES` of each stage of a line that a budget pays, in double precision."""
    if line.purse is None:
        return []
    dues = [own[:2] for own in line.purse.dues] + [(0.0, 0.0)]
    money = (usd * (1.0 + ROUNDING) for usd in line.purse.money)
    rows = zip(money, dues[:-1], dues[1:], strict=True)
    return [dict(zip(STAGE_FIGURES, (usd, *now, *then), strict=True)) for usd, now, then in rows]


@compiled
def fill_shared(
    constant: Array, factor: Array, function: npt.NDArray[np.int64], factors: Array, out: Singles
) -> None:
    """Fill shared rows: a number plus weighted factors, and what becomes of it.

    Parameters
    ----------
    constant, factor, function
        Of each row: its number, the weights of the factors, shape (rows, factors), and which of the
        functions above is applied.
    factors
        Shape (factors, worlds).
    out
        Shape (chunks, rows x CHUNK).
    """
    wide()
    total = np.empty(CHUNK)
    for chunk in range(out.shape[0]):
        for row in range(constant.shape[0]):
            for i in range(CHUNK):
                total[i] = constant[row]
            for k in range(factor.shape[1]):
                weight = factor[row, k]
                if weight != 0.0:
                    for i in range(CHUNK):
                        total[i] += weight * factors[k, np.uint64(chunk * CHUNK + i)]
            if function[row] == _EXPONENTIAL:
                for i in range(CHUNK):
                    total[i] = math.exp(total[i]) if total[i] > LOG_ZERO else 0.0
            elif function[row] == _ANYTHING:
                for i in range(CHUNK):
                    total[i] = 1.0 if total[i] > LOG_ZERO else 0.0
            elif function[row] == _PROBABILITY:
                for i in range(CHUNK):
                    total[i] = 0.5 * math.erfc(-total[i] * 0.7071067811865476)
            for i in range(CHUNK):
                out[chunk, np.uint64(row * CHUNK + i)] = F(total[i])


class Prepared:
    """Everything that the loop of a line reads, but for the worlds.

    Attributes
    ----------
    digest
        Of every figure of the line: what its sums are kept by, see `reuse`.
    structure
        What decides the loop.
    repeats
        Of each post: the factor of repetition on its engagements, then the factor of its format on
        its impressions where posts are of formats.
    figures
        Numbers of the line, in the order of `funnel.figure_names`, then those of each stage.
    own
        Numbers of each known creator, or of all where nothing is known, in the order of
        `structure.own_numbers`, shape (creators or 1, numbers).
    nodes
        Shape (curves, steps + 1), in the order of `structure.curves_of`.
    """

    def __init__(self, line: Line) -> None:
        self.digest = digest(line)
        self.structure = structure_of(line)
        self.mix = score_mix(line)
        of_posts = line.repeats
        if line.reach_of_post is not None:
            of_posts = np.concatenate([of_posts, line.reach_of_post])
        self.repeats = of_posts.astype(F)
        self.key = (np.uint32(line.key[0]), np.uint32(line.key[1]))
        self.rows = shared_rows(self.structure)
        self._place_scores(line)
        self.figures = self._figures(line)
        self.own = self._own(line)
        self._share(line)

    def _place_scores(self, line: Line) -> None:
        """Say what becomes of each score: a position on a curve, a logarithm on a line, itself."""
        self.slope, self.offset = np.ones(len(INPUTS)), np.zeros(len(INPUTS))
        values = {INPUTS.index(name): name for name in curves_of(self.structure)}
        curves = {x: curve_of(line, x) for x in values}
        self.steps = {x: len(nodes) - 1 for x, nodes in curves.items()}
        self.nodes = np.zeros((len(curves), max(map(len, curves.values()), default=1)), F)
        for k, (x, nodes) in enumerate(curves.items()):
            low, high = curve_ends(line, x)
            self.slope[x] = self.steps[x] / (high - low)
            self.offset[x] = -low * self.slope[x]
            self.nodes[k, : len(nodes)] = nodes + self._level(line, x)
        for x, law in enumerate(self.structure.laws):
            if law.kind == "line":
                self.offset[x], self.slope[x] = line.coefficients[line.pieces[x, 0], :2]
            elif law.kind == "smooth" and not law.folds:
                low, high = curve_ends(line, x)
                self.slope[x], self.offset[x] = 2.0 / (high - low), -(high + low) / (high - low)

    def _level(self, line: Line, x: int) -> float:
        """Return what is added to all nodes of a curve: its shift, where no row carries it."""
        carried = self.structure.known or self.structure.laws[x].moved
        return 0.0 if carried else float(line.shift[x])

    def _figures(self, line: Line) -> Singles:
        numbers = figures_of(line)
        for x, name in enumerate(INPUTS):
            law = self.structure.of(name)
            numbers[f"last_{name}"] = float(np.nextafter(F(self.steps.get(x, 1)), F(0.0)))
            numbers[f"cap_{name}"] = line.ranges[x, 3] + self._level(line, x)
            if law.jump or law.kind == "threshold":
                numbers[f"jump_{name}"] = line.ranges[x, 2] * self.slope[x] + self.offset[x]
            if law.kind == "smooth":
                polynomial = polynomial_of(line, x)
                assert polynomial is not None
                numbers |= {f"c_{name}_{k}": float(c) for k, c in enumerate(polynomial[0])}
                numbers[f"c_{name}_0"] += self._level(line, x)
        with np.errstate(over="ignore"):
            values = [numbers[name] for name in figure_names(self.structure)]
            values += [value for stage in stage_figures(line) for value in stage.values()]
            return np.array(values, F)

    def _own(self, line: Line) -> Singles:
        told = self.structure.known
        people = len(line.creators) if told else 1
        mix_of, known_of = (of[:people] if told else [0] for of in (line.mix_of, line.known_of))
        columns = {
            f"weight_{x}_{y}": self.mix[mix_of, x, y] * self.slope[x]
            for x, y in weights(self.structure)
        }
        for x, name in enumerate(INPUTS):
            score = self.slope[x] * line.score_known[known_of, x]
            level = line.shift[x] + line.log_known[known_of, x]
            if self.structure.laws[x].kind == "line":
                score = score + self.offset[x] + level
            columns[f"told_{name}"] = score
            law = self.structure.laws[x]
            if is_known_amount(name, law):
                level = np.where(level > LOG_ZERO, np.exp(level), 0.0)
            columns[f"known_{name}"] = np.maximum(level, LOG_ZERO)
            columns[f"doubt_{name}"] = line.doubt[known_of, x]
        own = [columns[name] for name in own_numbers(self.structure)]
        return np.ascontiguousarray(np.array(own, F).reshape(len(own), people).T)

    def _share(self, line: Line) -> None:
        """Say what each shared row is: a number, weights of the shared factors, and a function."""
        told = self.structure.known
        self.constant = np.zeros(len(self.rows))
        self.factor = np.zeros((len(self.rows), line.loading.shape[1]))
        self.function = np.zeros(len(self.rows), np.int64)
        for k, row in enumerate(self.rows):
            if row in ("tracked", *PAID):
                continue
            kind, _, name = row.partition("_")
            x = INPUTS.index(name)
            law = self.structure.laws[x]
            if kind == "base" and law.kind == "coin":
                # A score from some number on: the chance that the creator's normal gets there.
                own = self.mix[0, x, x]
                self.constant[k] = -line.ranges[x, 2] / own
                self.factor[k] = line.loading[x] / own
                self.function[k] = _PROBABILITY
            elif kind == "base":
                self.factor[k] = self.slope[x] * line.loading[x]
                if law.kind != "line":
                    self.constant[k] = self.offset[x]
                elif not told:
                    self.constant[k] = self.offset[x] + line.shift[x]
                    self.factor[k] += line.belief[x]
            elif kind == "belief":
                self.factor[k] = line.belief[x]
            else:
                self.constant[k], self.factor[k] = line.shift[x], line.belief[x]
                if law.kind == "fixed" and name in AMOUNTS:
                    self.function[k] = _EXPONENTIAL
                elif name in COINS:
                    self.function[k] = _ANYTHING

    def shared(self, factors: Array, tracked: Array, paid: Array | None = None) -> Singles:
        """Return what creators share in each chunk of worlds, shape (chunks, rows x CHUNK)."""
        out = np.empty((factors.shape[1] // CHUNK, len(self.rows) * CHUNK), F)
        fill_shared(self.constant, self.factor, self.function, np.ascontiguousarray(factors), out)
        given = {"tracked": tracked}
        if paid is not None:
            given |= dict(zip(PAID, paid, strict=True))
        for name in given.keys() & set(self.rows):
            k = self.rows.index(name)
            out.reshape(len(out), -1, CHUNK)[:, k] = given[name].reshape(-1, CHUNK)
        return out


_PREPARED: weakref.WeakKeyDictionary[Line, Prepared] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def prepared(line: Line) -> Prepared:
    """Return what the loop of a line reads, made once."""
    with _LOCK:
        ready = _PREPARED.get(line)
        if ready is None:
            ready = _PREPARED[line] = Prepared(line)
        return ready
