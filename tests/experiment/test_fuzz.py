"""Whatever stands in a file: an experiment, or an error that says what is wrong with it.

The quick tests run everywhere; the long ones (``pytest -m statistical``) take as many examples as
``FUZZ_EXAMPLES`` says.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.experiment import models
from sim.experiment.families import PARAMETERS
from sim.experiment.layout import NAMED, TABLES, known_keys
from sim.experiment.presets import presets
from sim.experiment.starter import starter
from sim.experiment.toml import dotted, value
from sim.experiment.write import to_toml
from sim.plan import make_plan

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
LONG = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20000")),
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
SHIPPED = [
    *(
        path.read_text()
        for path in sorted((Path(__file__).parents[2] / "experiments").glob("*.toml"))
    ),
    starter("launch", "launch.toml"),
]

# --- Values ---------------------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(-5, 100_000),
    st.floats(0.0, 1.0),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.sampled_from([0, 1, -1, 0.5, 1e-300, 1e300, 10**400, 1e15, 2**63]),
)
WRITTEN = st.one_of(
    NUMBERS.map(str),
    st.tuples(NUMBERS, st.sampled_from(["", "k", "M", " %", "%", "€", ","])).map(
        lambda pair: f"{pair[0]}{pair[1]}"
    ),
    st.tuples(NUMBERS, st.sampled_from([" to ", " TO ", "-", " – ", "to"]), NUMBERS).map(
        lambda parts: "".join(map(str, parts))
    ),
    st.text(max_size=8),
    st.sampled_from(["instagram", "tiktok", "paid", "gifted", "micro", "macro", "followers", "general"]),
)  # fmt: skip
PARAMETER_NAMES = st.sampled_from(
    ["mean", "sd", "log_sd", "logit_sd", "median", "p05", "p95", "p00", "low", "mode", "high",
     "minimum", "tail_index", "name", "c", "a", "b", "s", "loc", "scale", "df"]
)  # fmt: skip
SCIPY = ("weibull_min", "lognorm", "lomax", "halfcauchy", "norm", "fisk", "beta", "t", "cauchy")
FAMILIES = st.sampled_from([*PARAMETERS, *SCIPY, "rv_continuous", "poisson", "__class__", "gama"])
LAWS = st.dictionaries(
    FAMILIES,
    st.one_of(
        st.dictionaries(PARAMETER_NAMES, st.one_of(NUMBERS, WRITTEN), max_size=4),
        st.sampled_from(["posts.csv:fee", "posts.csv:x", "none.csv:fee", "posts.csv", "\0:x"]),
    ),
    max_size=2,
)
TRUNCATED = st.tuples(LAWS, st.lists(NUMBERS, max_size=3)).map(
    lambda pair: {**pair[0], "truncate": pair[1]}
)
SCALARS = st.one_of(NUMBERS, WRITTEN, st.booleans(), st.just(dt.date(2025, 1, 2)))
VALUES = st.one_of(
    SCALARS,
    LAWS,
    TRUNCATED,
    st.lists(SCALARS, max_size=3),
    st.recursive(
        SCALARS,
        lambda inner: st.dictionaries(
            st.one_of(st.sampled_from(["spike", "cascade", "cap", "sd", "common", "share", "tier",
                                       "probability", "minimum", "tail_index", "b", "campaign",
                                       "platform", "niche", "micro", "macro"]), st.text(max_size=4)),
            inner, max_size=4,
        ),
        max_leaves=6,
    ),
)  # fmt: skip

# --- Trees ----------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.sampled_from(["micro", "macro", "nano", "instagram", "tiktok", "paid", "general", "own"]),
    st.text(max_size=5),
)


def misspelt(key: str) -> st.SearchStrategy[str]:
    return st.integers(0, len(key)).map(lambda at: key[:at] + key[at + 1 :])


def keys_of(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    right = st.sampled_from(sorted(known))
    return st.one_of(right, right, right, right.flatmap(misspelt))


def sections(path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Return tables with mostly known keys; now and then something that is no table."""
    known = known_keys(path)
    inner: st.SearchStrategy[Any] = VALUES
    if path == ("tier", "x"):
        inner = st.one_of(VALUES, sections(("tier", "x", "on")))
    table = st.dictionaries(keys_of(known) if known else NAMES, inner, max_size=5)
    if path == ("tier", "x", "on"):
        table = st.dictionaries(NAMES, sections(("tier", "x", "on", "y")), max_size=2)
    if len(path) == 1 and path[0] in NAMED:
        table = st.dictionaries(NAMES, sections((path[0], "x")), max_size=3)
    if path == ("shocks",):
        loadings = st.dictionaries(
            keys_of(get_args(models.Shocked)),
            st.dictionaries(keys_of(get_args(models.FactorKind)), NUMBERS, max_size=3),
            max_size=3,
        )
        table = st.tuples(table, loadings).map(lambda pair: {**pair[0], "loadings": pair[1]})
    return st.one_of(table, table, table, table, VALUES)


PORTFOLIO = st.fixed_dictionaries(
    {},
    optional={
        "tier": st.sampled_from(["micro", "macro", "own", "micor"]),
        "creators": st.one_of(st.integers(1, 50), NUMBERS),
        "budget": st.one_of(st.integers(1_000, 10**6), NUMBERS),
        "mix": st.dictionaries(
            st.sampled_from(["micro", "macro", "gift"]),
            st.one_of(st.sampled_from([0.5, 1.0]), NUMBERS, VALUES),
            max_size=3,
        ),
        "posts": st.one_of(st.integers(1, 3), NUMBERS),
        "platform": st.sampled_from(["instagram", "tiktok", "radio"]),
        "compensation": st.sampled_from(["paid", "gifted", "piad"]),
    },
)
TREES = st.tuples(
    st.dictionaries(st.sampled_from(["micro", "b", "a.b"]), PORTFOLIO, min_size=1, max_size=2),
    st.lists(
        st.sampled_from(TABLES).flatmap(lambda head: st.tuples(st.just(head), sections((head,)))),
        max_size=4,
    ),
).map(lambda pair: {"portfolio": pair[0], **dict(pair[1])})
#: A sound file with one thing changed, so that what comes after the reading is reached too.
NEARLY_SOUND = st.tuples(
    st.sampled_from(TABLES).flatmap(lambda head: st.tuples(st.just(head), sections((head,)))),
    st.booleans(),
).map(
    lambda pair: {
        "portfolio": {"micro": {"tier": "micro", "budget": 9_000}, "b": {"tier": "macro", "creators": 1}},
        **({} if pair[0][0] == "portfolio" else dict([pair[0]])),
    }
)  # fmt: skip

# --- Text -----------------------------------------------------------------------------------------

SNIPPETS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(['"', "[", "]", "{", "}", "=", "\n", ".", "#", "nan", "-", "0", " to ", "%",
                     "[[portfolio]]", "include = []\n", "\ufeff", "\r", "\x00", "'''"]),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Draw a shipped file with a few places cut, doubled or overwritten."""
    text = draw(st.sampled_from(SHIPPED))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        kept = draw(st.sampled_from(["", text[start:stop] * 2]))
        text = text[:start] + kept + draw(SNIPPETS) + text[stop:]
    return text


FOLDER = Path(tempfile.mkdtemp(prefix="creator-roi-fuzz-"))
(FOLDER / "roster.csv").write_text("name,followers\nAda,12_000\n")
(FOLDER / "posts.csv").write_text("fee,x\n100,a\n300,b\n0,\n")


def sound_or_said(read: Any) -> sim.Experiment | None:
    """Return an experiment; None where an error names file and key of every fault."""
    try:
        experiment: sim.Experiment = read()
    except sim.ExperimentError as caught:
        error = caught
    else:
        error = None
    if error is not None:
        lines = str(error).splitlines()
        assert len(lines) == len(error.faults) > 0
        assert all(line.startswith(error.file) for line in lines), lines
        return None
    resolved = tomllib.loads(to_toml(experiment))
    assert sim.build(resolved, folder=FOLDER).fingerprint() == experiment.fingerprint()
    return experiment


def check_tree(tables: dict[str, Any]) -> None:
    sound_or_said(lambda: sim.build(tables, folder=FOLDER))


def check_text(text: str) -> None:
    path = FOLDER / "fuzz.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    sound_or_said(lambda: sim.load(path))


def check_assignment(assignment: str) -> None:
    path = FOLDER / "base.toml"
    path.write_text(SHIPPED[0])
    sound_or_said(lambda: sim.load(path, [assignment]))


ASSIGNMENTS = st.one_of(
    st.text(max_size=30),
    st.tuples(
        st.lists(
            st.one_of(st.sampled_from([*TABLES, "micro", "on", "instagram", "fee", "mix"]), NAMES),
            min_size=1, max_size=5,
        ).map(dotted),
        VALUES.map(value),
    ).map("=".join),
)  # fmt: skip


@QUICK
@given(TREES)
def test_trees(tables):
    check_tree(tables)


@QUICK
@given(NEARLY_SOUND)
def test_nearly_sound_trees(tables):
    check_tree(tables)


@QUICK
@given(mutated())
def test_mutated_files(text):
    check_text(text)


@QUICK
@given(ASSIGNMENTS)
def test_assignments(assignment):
    check_assignment(assignment)


@settings(QUICK, max_examples=100)
@given(st.binary(max_size=60))
def test_bytes(content):
    path = FOLDER / "bytes.toml"
    path.write_bytes(content)
    sound_or_said(lambda: sim.load(path))


@pytest.mark.statistical
@LONG
@given(st.one_of(TREES, NEARLY_SOUND))
def test_many_trees(tables):
    check_tree(tables)


@pytest.mark.statistical
@LONG
@given(mutated())
def test_many_mutated_files(text):
    check_text(text)


@pytest.mark.statistical
@LONG
@given(ASSIGNMENTS)
def test_many_assignments(assignment):
    check_assignment(assignment)


@pytest.mark.statistical
@settings(LONG, max_examples=LONG.max_examples // 10)
@given(NEARLY_SOUND)
def test_many_plans(tables):
    """What the reader takes, the plan takes, or says why not."""
    experiment = sound_or_said(lambda: sim.build(tables, folder=FOLDER))
    if experiment is not None:
        said = None
        try:
            make_plan(experiment)
        except sim.ExperimentError as caught:
            said = caught
        assert said is None or said.faults


def test_the_strategies_reach_sound_experiments():
    """A fuzzer that only ever sees faults proves little."""
    sound = 0

    @settings(QUICK, max_examples=100, database=None)
    @given(NEARLY_SOUND)
    def count(tables: dict[str, Any]) -> None:
        nonlocal sound
        sound += sound_or_said(lambda: sim.build(tables, folder=FOLDER)) is not None

    count()
    assert sound >= 10
    assert presets()
