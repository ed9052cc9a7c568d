"""The text of the funnel read in double precision, creator after creator: what the loops must give.

Of their arithmetic it has the random words alone: logarithms, exponentials and the tables' cubics
are numpy's. It serves to measure what single precision costs, and runs where nothing is compiled.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from .emit import AST_LOCK, names_written
from .funnel import OF_CREATOR, OF_POST, STATES, history_of, neutral, text_of
from .jit import called
from .line import INPUTS, N_CREATOR, SUMS, Line, going_on, steps_of
from .marginals import LOG_ZERO
from .orders import poisson_quantile
from .prepare import figures_of, known, log_quantiles, score_mix, stage_figures, structure_of
from .random import threefry_words, uniform
from .structure import (
    AMOUNTS,
    COINS,
    CREATOR_WORDS,
    FIRST_DAYS,
    OWN_ORDERS_WORD,
    PAID,
    POST_SHIFT,
    Structure,
    post_words,
)

Array = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]
Scope = dict[str, Any]
#: The draws of the loops' own steps.
_quantile, _uniform = called(poisson_quantile), called(uniform)
_FUNCTIONS = {"min": np.minimum, "max": np.maximum, "exp": np.exp, "where": np.where}


def normals_of(a: Words, b: Words) -> tuple[Array, Array]:
    """Return the two normals of two words (`random.normals`)."""
    u = a * 2.0**-32 + (b & np.uint32(0x3FC)) * 2.0**-42 + 2.0**-41
    radius = np.sqrt(-np.log(np.minimum(u, 1.0)))
    angle = b.astype(np.int32) * (math.pi / 4.0 * 2.0**-31)
    one, two = (1.0 - 2.0 * ((b >> np.uint32(k)) & np.uint32(1)) for k in (0, 1))
    plus, minus = np.cos(angle) + np.sin(angle), np.cos(angle) - np.sin(angle)
    return one * radius * plus, two * radius * minus


def exact_sums(
    line: Line,
    factors: Array,
    tracked: Array,
    world: int,
    worlds: int,
    paid: Array | None = None,
) -> dict[str, Array]:
    """Return the sums of a line in double precision, shape (steps, worlds) each; see `kernel.place`."""
    with np.errstate(over="ignore", under="ignore"):
        given = {"tracked": tracked[:worlds]}
        if paid is not None:
            given |= dict(zip(PAID, paid[:, :worlds], strict=True))
        return _Reading(line, factors[:, :worlds], given, world).sums()


class _Reading:
    """One line in some worlds."""

    def __init__(self, line: Line, factors: Array, given: Scope, world: int) -> None:
        self.line, self.given = line, given
        self.structure = structure_of(line)
        with AST_LOCK:
            self.code, self.written = _compiled(self.structure)
        self.mix = score_mix(line)
        worlds = factors.shape[1]
        self.world = (world + np.arange(worlds)).astype(np.uint32)
        self.score = line.loading @ factors
        self.belief = line.belief @ factors
        self.figures = figures_of(line)
        self.of_stage = stage_figures(line)
        self.zero = np.zeros(worlds)

    def sums(self) -> dict[str, Array]:
        """Return all sums after each step."""
        structure = self.structure
        names = [name for name in (*SUMS, *STATES) if name in self.written]
        running = self._nothing()
        start = {name: self.zero + value for name, value in history_of(structure).items()}
        history: list[Scope] = [
            dict(start) for _ in (self.line.creators if structure.stages else ())
        ]
        spent = self.zero
        kept: list[Scope] = []
        steps = []
        for step, (first, last, post, end) in enumerate(steps_of(self.line)):
            of_stage = self.of_stage[step] if self.of_stage else {}
            if structure.stages and step > 0:
                spent = spent + running["committed"]
                left = of_stage.get("money", math.inf) - spent
                _choose(history, going_on(self.line)[step], left)
                of_stage = of_stage | {"money": math.inf}
                running = self._nothing()
            for creator in range(first, last):
                if structure.quoted and not running["hiring"].any():
                    for one in history[creator:]:
                        one |= {"chosen": self.zero, "seen": self.zero - 1.0}
                    break
                scope = {**_FUNCTIONS, **self.figures, **of_stage, **neutral(structure), **running}
                scope |= {**self.given, "new": 1.0 if step == 0 else 0.0}
                scope |= history[creator] if structure.stages else {}
                stage = step if structure.stages else 0
                posts = self._follow(scope, creator, range(post, end), stage)
                if structure.boosted:
                    own = {name: scope[name] for name in OF_CREATOR if name in scope}
                    kept += [one | own | {"last": one is posts[-1]} for one in posts]
                running = {name: scope[name] for name in running}
                if structure.stages:
                    history[creator] = {name: scope[name] for name in start}
            if structure.boosted:
                self._boost(running, kept)
            steps.append([running[name] for name in names])
        rows = {name: np.array([step[k] for step in steps]) for k, name in enumerate(names)}
        for name in ("management_hours", "product_cost"):
            x = INPUTS.index(name)
            if structure.laws[x].kind == "fixed" and not structure.known:
                rows[name] = _amount(self.line.shift[x] + self.belief[x])
        return rows

    def _nothing(self) -> Scope:
        return dict.fromkeys(SUMS, self.zero) | {
            name: self.zero + value for name, value in STATES.items()
        }

    def _boost(self, running: Scope, kept: list[Scope]) -> None:
        """Run the text of boosting for the best posts, creator by creator."""
        assert self.line.boost is not None
        early = np.array([post["shown_early"] for post in kept])
        order = np.argsort(-early, axis=0, kind="stable")
        chosen = np.zeros(early.shape)
        np.put_along_axis(chosen, order[: self.line.boost.best], 1.0, axis=0)
        chosen[early < 0.0] = 0.0
        begins = True
        for post, boosted in zip(kept, chosen, strict=True):
            if begins:
                scope = {**_FUNCTIONS, **self.figures, **neutral(self.structure), **running}
                scope |= {**self.given, "boosted_posts": chosen.sum(axis=0)}
            scope |= {**post, "boosted": boosted}
            if begins:
                exec(self.code["boost_creator"], scope)  # noqa: S102
            exec(self.code["boost_post"], scope)  # noqa: S102
            begins = post["last"]
            if begins:
                exec(self.code["boost_account"], scope)  # noqa: S102
                running |= {name: scope[name] for name in running}

    def _follow(self, scope: Scope, creator: int, posts: range, stage: int) -> list[Scope]:
        """Run the text for one creator: draw its inputs and those of its posts on the way.

        Returns what is kept of each post.
        """
        name = int(self.line.creators[creator])
        low, high = name & 0xFFFFFFFF, name >> 32
        words: dict[int, Words] = {}
        normals: dict[int, Array] = {}

        def draw(inputs: tuple[int, ...], word: int) -> None:
            for call in range(0, len(inputs), 4):
                four = threefry_words(self.world, word + call // 4, low, high, *self.line.key)
                own = inputs[call : call + 4]
                words.update(zip(own, four, strict=False))
                for k in range(0, len(own), 2):
                    pair = normals_of(four[k], four[k + 1])
                    normals.update(zip(own[k : k + 2], pair, strict=False))

        draw(CREATOR_WORDS, 0)
        for x in range(N_CREATOR):
            scope |= self._value(x, creator, words, normals)
        whole = "whole" in self.code
        kept = []
        if not whole:
            exec(self.code["creator"], scope)  # noqa: S102
        for post in posts:
            draw(post_words(self.structure), (post + 1) << POST_SHIFT)
            scope["n_first_days"] = normals.get(FIRST_DAYS)
            for x in range(N_CREATOR, len(INPUTS)):
                scope |= self._value(x, creator, words, normals)
            scope["repeat"] = self.line.repeats[post]
            if self.line.reach_of_post is not None:
                scope["reach_of_post"] = self.line.reach_of_post[post]
            exec(self.code["whole" if whole else "post"], scope)  # noqa: S102
            kept.append({name: scope[name] for name in OF_POST if name in scope})
        if not whole:
            exec(self.code["account"], scope)  # noqa: S102
        if self.structure.results:
            word = (stage + 1) << POST_SHIFT | OWN_ORDERS_WORD
            a, b, c, d = threefry_words(self.world, word, low, high, *self.line.key)
            scope["seen_orders"] = _poisson(a, b, scope["seen_mean"])
            scope["other_orders"] = _poisson(c, d, scope["other_mean"])
            exec(self.code["results"], scope)  # noqa: S102
        return kept

    def _value(
        self, x: int, creator: int, words: Mapping[int, Words], normals: Mapping[int, Array]
    ) -> Scope:
        """Return the value of an input of a creator, as its logarithm, amount, and yes or no."""
        line, law, name = self.line, self.structure.laws[x], INPUTS[x]
        told = line.known_of[creator] if known(line) else -1
        mix = self.mix[line.mix_of[creator]]
        score = self.score[x] + sum(mix[x, y] * normals[y] for y in law.normals)
        level: Any = line.shift[x] + self.belief[x]
        if told >= 0:
            score = score + line.score_known[told, x]
            level = line.shift[x] + line.log_known[told, x] + line.doubt[told, x] * self.belief[x]
        if law.kind == "coin":
            from scipy.special import ndtr

            chance = ndtr((self.score[x] - line.ranges[x, 2]) / mix[x, x])
            return {f"has_{name}": np.where(words[x] * 2.0**-32 < chance, 1.0, 0.0)}
        if law.kind == "threshold":
            return {f"has_{name}": np.where(score >= line.ranges[x, 2], 1.0, 0.0)}
        log = level
        if law.kind != "fixed":
            log = level + np.minimum(log_quantiles(line, x, score), line.ranges[x, 3])
            log = np.where(score >= line.ranges[x, 2], log, LOG_ZERO)
        if name in COINS:
            return {f"has_{name}": np.where(log > LOG_ZERO, 1.0, 0.0)}
        return {f"log_{name}": log, name: _amount(log)} if name in AMOUNTS else {f"log_{name}": log}


def _amount(log: Array) -> Array:
    return np.where(log > LOG_ZERO, np.exp(np.minimum(log, -LOG_ZERO)), 0.0)


def _poisson(low: Words, high: Words, mean: Array) -> Array:
    return np.array(
        [
            _quantile(0.5 * _uniform(a, b), bool(a & np.uint32(1)), m)
            for a, b, m in zip(low, high, mean, strict=True)
        ]
    )


def _choose(history: list[Scope], most: npt.NDArray[np.int64], left: Array) -> None:
    """Keep in each world the best, until enough are kept or the first does not fit into what is left."""
    seen, there, quotes = (
        np.array([creator.get(name, np.zeros(len(left))) for creator in history])
        for name in ("seen", "chosen", "again")
    )
    order = np.argsort(-seen, axis=0, kind="stable")
    fits = np.cumsum(np.take_along_axis(quotes, order, 0), axis=0) <= left
    enough = most[there.sum(axis=0).astype(np.int64)]
    fits &= np.arange(len(history))[:, None] < enough
    chosen = np.zeros(seen.shape)
    np.put_along_axis(chosen, order, fits.astype(float), axis=0)
    for creator, row in zip(history, chosen, strict=True):
        # Who is not kept is followed no further: what it brought counts in the stages that it was in.
        creator |= {"chosen": row, "before": creator["before"] * row}


@cache
def _compiled(structure: Structure) -> tuple[dict[str, CodeType], set[str]]:
    """Return the parts of the text as code, and the names that they assign."""
    texts = text_of(structure)
    codes = {part: _code(text) for part, text in texts.items()}
    return codes, names_written("".join(texts.values()))


def _code(text: str) -> CodeType:
    """Compile a text, ``x += y`` as ``x = x + y``, which leaves arrays that others keep as they are."""

    class Rebound(ast.NodeTransformer):
        def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
            assert isinstance(node.target, ast.Name)
            value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            return ast.Assign([node.target], value)

    tree = ast.fix_missing_locations(Rebound().visit(ast.parse(text)))
    return compile(tree, "<funnel>", "exec")
