"""One loop for one structure of a line: source text made of the funnel, compiled, kept on disk.

What comes out is a short Python file without branches that anybody can open; it lies in the cache
folder, beside what numba makes of it. All draws come first, so that the processor has many
independent steps at hand; each law that bends has a loop of its own, short enough for several of its
turns to be under way at once, and because where a processor has no look-ups in many lanes the
compiler would take apart everything that leads to one.
"""

from __future__ import annotations

import ast
import hashlib
import tempfile
import threading
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from .funnel import (
    OF_CREATOR,
    OF_POST,
    STAGE_FIGURES,
    STATES,
    figure_names,
    history_of,
    neutral,
    text_of,
)
from .jit import compiled_later
from .kept import cache_folder, put, sources_hash
from .lanes import CHUNK
from .line import INPUTS, SUMS
from .structure import (
    AMOUNTS,
    COINS,
    CREATOR_WORDS,
    FIRST_DAYS,
    OWN_ORDERS_WORD,
    POST_SHIFT,
    Structure,
    curves_of,
    inputs_of_part,
    is_known_amount,
    own_numbers,
    post_words,
    shared_rows,
)

#: Creators whose sums stay in single precision before they are added up in double.
GROUP = 32
#: `ast` of Python 3.11 fails where several threads use it at once.
AST_LOCK = threading.RLock()
#: The logarithm of nothing: its exponential is zero in single precision.
_NOTHING = -100


# --- Values of inputs, as lines of text -------------------------------------------------------------


def _draws(structure: Structure, words: tuple[int, ...], call_word: str) -> str:
    """Return the lines that draw words, four a call, and make normals of them in pairs."""
    coins = {x for x in words if x < len(INPUTS) and structure.laws[x].kind == "coin"}
    normal = {y for law in structure.laws if law.kind != "coin" for y in law.normals} | {FIRST_DAYS}
    text = ""
    for call in range(0, len(words), 4):
        inputs = words[call : call + 4]
        if not set(inputs) & (normal | coins):
            continue
        names = [f"w{x}" for x in inputs] + [f"spare_{k}" for k in range(4 - len(inputs))]
        counter = call_word.format(call=call // 4)
        text += f"{', '.join(names)} = threefry(world + U(i), {counter}, low, high, k0, k1)\n"
        for k in range(0, len(inputs), 2):
            if normal & set(inputs[k : k + 2]):
                other = f"n{inputs[k + 1]}" if k + 1 < len(inputs) else "spare"
                text += f"n{inputs[k]}, {other} = normals({names[k]}, {names[k + 1]})\n"
    return text


def _sum(*terms: str) -> str:
    return " + ".join(term for term in terms if term)


def _value(structure: Structure, name: str, asked: set[str]) -> tuple[str, str, str]:
    """Return the lines that make the value of an input: up to its score, the look-up, the rest."""
    x, law, known = INPUTS.index(name), structure.of(name), structure.known
    log, has = f"log_{name}", f"has_{name}"
    doubted = f"doubt_{name} * belief_{name}" if known and law.moved else ""
    if law.kind == "fixed":
        spelled = has if name in COINS else name if name in AMOUNTS else log
        if spelled not in asked:
            return "", "", ""
        if name in COINS or not known:
            return "", "", f"{spelled} = shift_{name}\n"
        if is_known_amount(name, law):
            return "", "", f"{name} = known_{name}\n"
        lines = f"{log} = {_sum(f'known_{name}', doubted)}\n"
        return "", "", lines + (f"{name} = exp({log})\n" if name in AMOUNTS else "")
    if law.kind == "coin":
        return f"{has} = where(chance(w{x}) < base_{name}, 1, 0)\n", "", ""
    told = f"told_{name}" if known else ""
    normals = [f"weight_{x}_{y} * n{y}" for y in law.normals]
    score = f"z_{name}"
    if law.kind == "threshold":
        lines = f"{score} = {_sum(f'base_{name}', told, *normals)}\n"
        return lines, "", f"{has} = where({score} >= jump_{name}, 1, 0)\n"
    if law.kind == "line":
        before = f"{log} = {_sum(f'base_{name}', told, doubted, *normals)}\n"
        return before, "", f"{name} = exp({log})\n" if name in AMOUNTS else ""
    before, laid = f"{score} = {_sum(f'base_{name}', told, *normals)}\n", ""
    if law.kind == "smooth":
        folded = f"folded({score})" if law.folds else score
        laid, value = f"t_{name} = min(max({folded}, -1), 1)\n", f"c_{name}_{law.degree}"
        for k in reversed(range(law.degree)):
            value = f"c_{name}_{k} + t_{name} * ({value})"
    else:
        value = f"curve(nodes_{name}, last_{name}, {score})"
    value = f"min({value}, cap_{name})" if law.capped else f"({value})"
    shift = f"shift_{name}" if law.moved and not known else ""
    look_up = f"{laid}{log} = {_sum(value, f'known_{name}' if known else shift, doubted)}\n"
    after = f"{log} = where({score} >= jump_{name}, {log}, {_NOTHING})\n" if law.jump else ""
    return before, look_up, after + (f"{name} = exp({log})\n" if name in AMOUNTS else "")


def loops_of(structure: Structure) -> dict[str, list[str]]:
    """Return the loops over worlds of each part, as text, in the order in which they run."""
    funnel = text_of(structure)
    asked = names_read("".join(funnel.values()))
    result = {}
    for section, text in funnel.items():
        inputs = inputs_of_part(section)
        draws = ""
        if section in {"creator", "whole"}:
            draws += _draws(structure, CREATOR_WORDS, "U({call})")
        if section in {"post", "whole"}:
            draws += _draws(structure, post_words(structure), "post")
            draws += f"n_first_days = n{FIRST_DAYS}\n" if structure.boosted else ""
        values = [_value(structure, name, asked) for name in inputs]
        before = draws + "".join(first for first, _, _ in values)
        look_ups = [look_up for _, look_up, _ in values if look_up]
        after = "".join(last for _, _, last in values) + text
        result[section] = [before, *look_ups, after] if look_ups else [before + after]
    return result


# --- From that text to Python -----------------------------------------------------------------------


def names_read(text: str) -> set[str]:
    """Return the names that a text reads."""
    nodes = list(ast.walk(ast.parse(text)))
    added = {
        n.target.id
        for n in nodes
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
    return added | {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def names_written(text: str) -> set[str]:
    """Return the names that a text assigns."""
    nodes = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name))
    return {n.id for n in nodes if isinstance(n.ctx, ast.Store)}


def rows_of(structure: Structure) -> tuple[str, ...]:
    """Return the rows of the scratch: shared ones, sums, states, and what loops leave to others."""
    parts = loops_of(structure)
    loops = [text for texts in parts.values() for text in texts]
    read, written = [names_read(text) for text in loops], [names_written(text) for text in loops]
    left: set[str] = set()
    for k, names in enumerate(written):
        left |= names & set().union(*read[:k], *read[k + 1 :])
    if structure.results:
        left |= {"seen_mean", "other_mean", "seen_orders", "other_orders"}
    if structure.boosted:
        left.add("boosted_posts")
    own = [*shared_rows(structure), *sums_of(structure), *states_of(structure)]
    history = history_of(structure) if structure.stages else ()
    elsewhere = {*own, *history, *OF_POST, *OF_CREATOR}
    return (*own, *sorted(left - elsewhere))


def sums_of(structure: Structure) -> tuple[str, ...]:
    """Return the running sums that a line's loop keeps, in the order of `SUMS`."""
    written = names_written("".join(text_of(structure).values()))
    return tuple(name for name in SUMS if name in written and name not in STATES)


def states_of(structure: Structure) -> tuple[str, ...]:
    """Return the states of a world that a line's loop keeps."""
    written = names_written("".join(text_of(structure).values()))
    return tuple(name for name in STATES if name in written)


class _Single(ast.NodeTransformer):
    """Makes every number single precision, every a b + c one rounding, and leaves out what is neutral."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.numbers:
            return self.visit_Constant(ast.Constant(self.numbers[node.id]))
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _call("F", ast.Constant(float(node.value)))  # type: ignore[arg-type]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        assert isinstance(node.target, ast.Name)
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return ast.Assign([node.target], self.visit(value))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        if node.func.id not in {"U", "threefry", "normals"}:
            node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        simple = self._simplified(node)
        if simple is not node:
            single: ast.AST = self.visit(simple)
            return single
        left, right, op = node.left, node.right, node.op
        if isinstance(op, ast.Add | ast.Sub):
            for product, other, product_is_left in ((right, left, False), (left, right, True)):
                if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult):
                    if self._simplified(product) is not product:
                        break
                    a, b = self.visit(product.left), self.visit(product.right)
                    c = self.visit(other)
                    if isinstance(op, ast.Sub) and product_is_left:
                        c = ast.UnaryOp(ast.USub(), c)
                    elif isinstance(op, ast.Sub):
                        a = ast.UnaryOp(ast.USub(), a)
                    return _call("fma", a, b, c)
        return ast.BinOp(self.visit(left), op, self.visit(right))

    def _number(self, node: ast.expr) -> float | None:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self.numbers.get(node.id)
        if isinstance(node, ast.BinOp):
            simple = self._simplified(node)
            return None if simple is node else self._number(simple)
        return None

    def _simplified(self, node: ast.BinOp) -> ast.expr:
        """Return what a sum or product with a neutral number comes to, else itself."""
        a, b = self._number(node.left), self._number(node.right)
        match node.op:
            case ast.Mult() if a == 0.0 or b == 0.0:
                return ast.Constant(0.0)
            case ast.Mult() if a == 1.0:
                return node.right
            case ast.Mult() | ast.Div() if b == 1.0:
                return node.left
            case ast.Add() if a == 0.0:
                return node.right
            case ast.Add() | ast.Sub() if b == 0.0:
                return node.left
            case ast.Div() if a is not None and b is not None:
                return ast.Constant(a / b)
        return node


def _call(name: str, *arguments: ast.AST) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])  # type: ignore[arg-type]


#: Names that every loop may use: functions, and what the frame binds.
_BOUND = {
    "threefry", "normals", "chance", "curve", "folded", "exp", "where", "min", "max", "U", "i",
    "world", "low", "high", "k0", "k1", "post", "repeat", "reach_of_post", "new",
}  # fmt: skip


def _loop(
    text: str, places: Mapping[str, str], numbers: Mapping[str, float], bound: set[str]
) -> list[str]:
    """Return a loop over worlds: rows are read where they are needed and written when done."""
    statements = [ast.unparse(line) for line in ast.parse(text).body]
    last = {name: k for k, line in enumerate(statements) for name in names_written(line)}
    lines: list[str] = []
    at_hand: set[str] = set(numbers)
    for k, line in enumerate(statements):
        read, written = names_read(line), names_written(line)
        lines += [f"{name} = {places[name]}" for name in sorted((read & set(places)) - at_hand)]
        unknown = read - set(places) - at_hand - bound
        assert not unknown, f"nothing says what {sorted(unknown)} are"
        at_hand |= read | written
        single = _Single(numbers).visit(ast.parse(line))
        lines.append(ast.unparse(ast.fix_missing_locations(single)))
        stored = sorted(name for name in written & set(places) if last[name] == k)
        lines += [f"{places[name]} = {name}" for name in stored]
    return [f"for i in range({CHUNK}):", *(f"    {line}" for line in lines)]


# --- The file ---------------------------------------------------------------------------------------

_FRAME = '''"""The loop of lines of this structure, made by sim/engine/emit.py:

{structure}
"""

import numpy as np
from sim.engine.lanes import F, U, curve, exp, fma, folded, where, wide
from sim.engine.orders import draw_own
from sim.engine.random import chance, normals, threefry
from sim.engine.running import begin, give, take
from sim.engine.selection import {selection}

{rows}


def line_sums(
    s, h, who, figures, own, repeats, nodes, shared, creators, steps, keep, k0, k1, first, out
):
    """Add up the creators of a line in each world: fills `out`, (steps, sums, worlds)."""
    wide()
    {figures}
    whole = np.empty({sums} * {chunk})
    for start in range(0, out.shape[2], {chunk}):
        world = U(first + U(start))
        for j in range({shared} * {chunk}):
            s[j] = shared[start // {chunk}, j]
        begin(s, whole, SUMS)
        {begin_states}
        for step in range(steps.shape[0]):
            {begin_step}
            for creator in range(steps[step, 0], {last}):
                {creator}
                {own}
                {loops}
                if creator % {group} == {group} - 1:
                    take(s, whole, SUMS)
                {end_creator}
            {boost}
            give(s, whole, SUMS, out, step, start)

'''

_CREATOR = "low, high = U(creators[creator]), U(creators[creator] >> np.uint64(32))"
#: A stage follows places, in which worlds may have different creators.
_FOLLOW = f"""
if step == 0:
    followed = creator + 1
    for i in range({CHUNK}):
        who[creator, 0, i] = U(creators[creator])
        who[creator, 1, i] = U(creators[creator] >> np.uint64(32))
    for k in range({{names}}):
        for i in range({CHUNK}):
            h[creator, k, i] = HISTORY[k]
"""
_ALONE = f"""
for i in range({CHUNK}):
    who[0, 0, i], who[0, 1, i] = low, high
"""
_BEGIN_STAGE = f"""
{{of_stage}}
if step == 0:
    new, last, followed, spent = F(1), steps[0, 1], 0, np.zeros({CHUNK})
else:
    new = F(0)
    table = keep[step * (creators.shape[0] + 1):]
    last = choose(h, who, followed, table, s, {{committed}}, {{money}}, spent)
    followed = last
    begin(s, whole, SUMS)
    {{begin_states}}
    {{no_end}}
"""
_OF_STAGE = f"""
stage = figures[figures.shape[0] - {len(STAGE_FIGURES)} * (steps.shape[0] - step):]
{", ".join(STAGE_FIGURES)} = {", ".join(f"stage[{k}]" for k in range(len(STAGE_FIGURES)))}
"""
#: Who is kept fits, so no money ends hiring.
_NO_END = "money = F(np.inf)"
_OWN_ORDERS = """
draw_own(
    s, np.int64(SEEN_MEAN), np.int64(OTHER_MEAN), np.int64(SEEN_ORDERS), np.int64(OTHER_ORDERS), world,
    U((np.uint32({stage} + 1) << np.uint32({shift})) | np.uint32({word})), who[{place}], k0, k1,
)
"""
_FOLLOWED = "followed = creator + 1"
#: Where what is kept of a post stands, and that of its creator: behind that of its last post. All of a
#: post is one row, and with one post both have one name: else the compiler would fear that they overlap.
_POST_AT = "post_at = creator * posts + p"
_CREATOR_AT = "creator_at = creator * posts + posts - 1"
_BOOST = """
choose_posts(h, s, np.int64(BOOSTED_POSTS), followed * posts, keep[0])
for creator in range(followed):
    {loops}
    if creator % {group} == {group} - 1:
        take(s, whole, SUMS)
"""
_HIRED = f"""
hiring = F(0)
for i in range({CHUNK}):
    hiring = max(hiring, s[HIRING + i])
if hiring == F(0):
    break
"""


def _indented(lines: Iterable[str], spaces: int) -> str:
    return ("\n" + " " * spaces).join(line for text in lines for line in text.split("\n") if line)


def source(structure: Structure) -> str:
    """Return the text of the file that holds the loop of a structure."""
    rows, numbers = rows_of(structure), neutral(structure)
    places = {name: f"s[{name.upper()} + i]" for name in rows}
    if structure.stages:
        places |= {name: f"h[creator, {k}, i]" for k, name in enumerate(history_of(structure))}
        places |= {name: f"who[creator, {k}, i]" for k, name in enumerate(("low", "high"))}
    if structure.boosted:
        of_post, of_creator = ("creator",) * 2 if structure.one_post else ("post_at", "creator_at")
        for k, name in enumerate((*OF_POST, *OF_CREATOR)):
            row = of_creator if name in OF_CREATOR else of_post
            places[name] = f"h[{row}, {k * CHUNK} + i]"
    parts = loops_of(structure)
    read = names_read("".join(text for texts in parts.values() for text in texts))
    figures = [
        f"{name} = figures[{k}]" for k, name in enumerate(figure_names(structure)) if name in read
    ]
    if structure.boosted or structure.formats:
        # Factors of formats stand behind those of repetition.
        figures += [f"posts = repeats.shape[0] // {2 if structure.formats else 1}"]
    curves = curves_of(structure)
    figures += [f"nodes_{name} = nodes[{k}]" for k, name in enumerate(curves)]
    own = [f"{name} = own[{{}}, {k}]" for k, name in enumerate(own_numbers(structure))]
    if structure.known:
        own = [line.format("creator") for line in own]
    else:
        figures, own = [*figures, *(line.format("0") for line in own)], []
    bound = {*_BOUND, *figure_names(structure), *own_numbers(structure), *STAGE_FIGURES}
    bound |= {f"nodes_{name}" for name in curves}
    creator_at = [_CREATOR_AT] if structure.boosted and not structure.one_post else []
    post_at = [f"    {_POST_AT}"] if creator_at else []
    creator = [_FOLLOW.format(names=len(history_of(structure))) if structure.stages else _CREATOR]
    creator += [_ALONE] if structure.results and not structure.stages else []
    loops = [*creator_at]
    by_format = ["reach_of_post = repeats[posts + p]"] if structure.formats else []
    boost = [*creator_at]
    for section, texts in parts.items():
        lines = [line for text in texts for line in _loop(text, places, numbers, bound)]
        if section == "post":
            loops += ["for p in range(steps[step, 2], steps[step, 3]):"]
            loops += [f"    post, repeat = U((p + 1) << {POST_SHIFT}), repeats[p]"]
            loops += post_at
            loops += [f"    {line}" for line in by_format]
            lines = [f"    {line}" for line in lines]
        elif section == "whole":
            loops += [f"post, repeat = U({1 << POST_SHIFT}), repeats[0]"]
            loops += ["p = 0", *by_format] if structure.formats else []
        elif section == "results":
            stage, place = ("step", "creator") if structure.stages else ("0", "0")
            loops += [
                _OWN_ORDERS.format(stage=stage, place=place, shift=POST_SHIFT, word=OWN_ORDERS_WORD)
            ]
        elif section == "boost_post":
            lines = [*post_at, *(f"    {line}" for line in lines)]
            boost += ["for p in range(posts):"]
        if section.startswith("boost"):
            boost += lines
        else:
            loops += lines
    count = len(shared_rows(structure))
    at = [f"{name.upper()} = {k * CHUNK}" for k, name in enumerate(rows)]
    at += [f"SUMS = np.int64({count * CHUNK})"]
    if structure.stages:
        at += [f"HISTORY = {tuple(history_of(structure).values())}"]
    begin_states = [
        f"for i in range({CHUNK}):",
        *(f"    s[{name.upper()} + i] = F({STATES[name]})" for name in states_of(structure)),
    ]
    begin_stage = _BEGIN_STAGE.format(
        of_stage=_OF_STAGE if structure.quoted else "",
        committed="np.int64(COMMITTED)" if structure.quoted else "-1",
        money="money" if structure.quoted else "np.inf",
        begin_states=_indented(begin_states, 4),
        no_end=_NO_END if structure.quoted else "",
    )
    begin_step = [begin_stage] if structure.stages else []
    begin_step += ["followed = 0"] if structure.boosted else []
    boosting = _BOOST.format(loops=_indented(boost, 4), group=GROUP)
    end_creator = [_FOLLOWED] if structure.boosted else []
    end_creator += [_HIRED] if structure.quoted else []
    text = _FRAME.format(
        structure=described(structure),
        rows="\n".join(at),
        figures=_indented(figures, 4),
        own=_indented(own, 16),
        loops=_indented(loops, 16),
        creator=_indented(creator, 16),
        last="last" if structure.stages else "steps[step, 1]",
        begin_step=_indented(begin_step, 12),
        begin_states=_indented(begin_states, 8),
        end_creator=_indented(end_creator, 16),
        boost=_indented([boosting] if structure.boosted else [], 12),
        selection="choose_posts" if structure.boosted else "choose",
        sums=len(sums_of(structure)), shared=count, chunk=CHUNK, group=GROUP,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip() or not line)


def described(structure: Structure) -> str:
    """Return a structure in words, an input a line."""
    laws = [f"{name}: {law}" for name, law in zip(INPUTS, structure.laws, strict=True)]
    switches = structure._asdict() | {"laws": None}
    return "\n".join([*laws, "with: " + ", ".join(name for name, on in switches.items() if on)])


# --- Compiled -----------------------------------------------------------------------------------------


class Loop(NamedTuple):
    """The loop of a structure."""

    sums: Callable[..., None]  #: compiled
    names: tuple[str, ...]  #: what it sums, in the order of its rows
    rows: int  #: rows of its scratch


def loop(structure: Structure) -> Loop:
    """Return the loop of a structure, made once."""
    with AST_LOCK:
        return _loop_of(structure)


@cache
def _loop_of(structure: Structure) -> Loop:
    name = f"line_{hashlib.sha256((repr(structure) + sources_hash()).encode()).hexdigest()[:16]}"
    names = (*sums_of(structure), *states_of(structure))
    sums = compiled_later(name, partial(_made, structure, name))
    return Loop(sums, names, len(rows_of(structure)))


def _made(structure: Structure, name: str) -> Callable[..., None]:
    """Return a loop as Python has it, its text where anybody can open it."""
    with AST_LOCK:
        text = source(structure)
    folder = cache_folder()
    file = Path(tempfile.gettempdir() if folder is None else folder) / f"{name}.py"
    if folder is not None:
        put(file, text.encode())
    module: Any = types.ModuleType(name)
    exec(compile(text, str(file), "exec"), module.__dict__)  # noqa: S102 - our own text
    loop: Callable[..., None] = module.line_sums
    return loop
