"""The JSON Schema: what editors accept is what the reader knows."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from sim.experiment import models
from sim.experiment.layout import FREE, NAMED, PLAIN, TABLES, is_section, known_keys
from sim.experiment.schema import json_schema, schema_text
from sim.experiment.starter import starter

FOLDER = Path(__file__).parents[2] / "experiments"
SHIPPED = sorted(FOLDER.glob("*.toml"))


def properties(schema: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Return the properties at a path, `x` standing for a name that the analyst chose."""
    found: Any = schema
    for part in path:
        known = found.get("properties", {})
        found = known[part] if part in known else found["additionalProperties"]
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].removeprefix("#/$defs/")]
    assert found["additionalProperties"] is False
    return found["properties"]


PATHS = [
    *((head,) for head in TABLES if head not in (*NAMED, *FREE)),
    *((head, "x") for head in NAMED),
    ("tier", "x", "on", "y"),
    ("tier", "x", "source"),
    ("economics", "source"),
    ("shocks", "loadings"),
    ("shocks", "source"),
    ("beliefs", "source"),
]


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_keys_are_those_of_the_reader(path):
    assert set(properties(json_schema(), *path)) == set(known_keys(path) or ())


def test_the_top_has_the_tables_of_the_reader():
    assert set(json_schema()["properties"]) == {*TABLES, *PLAIN, "include"}
    assert all(is_section((head,)) for head in TABLES)


@pytest.mark.parametrize("factor", get_args(models.FactorKind))
def test_factors(factor):
    assert factor in properties(json_schema(), "shocks", "loadings", "fee")


def test_references_lead_somewhere():
    schema = json_schema()

    def references(item: Any) -> Iterator[str]:
        if isinstance(item, Mapping):
            yield from ([item["$ref"]] if isinstance(item.get("$ref"), str) else [])
            for inner in item.values():
                yield from references(inner)
        elif isinstance(item, list):
            for inner in item:
                yield from references(inner)

    assert {r.removeprefix("#/$defs/") for r in references(schema)} == set(schema["$defs"])


def test_committed_schema_is_the_generated_one():
    """Written by ``sim schema --out experiments/experiment.schema.json``."""
    assert (FOLDER / "experiment.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_carry_the_directive(path):
    assert path.read_text().splitlines()[0] == "#:schema ./experiment.schema.json"


# --- With a validator, where one is installed -----------------------------------------------------


@pytest.fixture(scope="module")
def errors():
    """Return a function from tables to the errors that a validator finds."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    return lambda tables: [error.message for error in validator.iter_errors(tables)]


def test_is_valid_draft_2020_12():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_accepts_what_is_shipped(errors, path):
    assert errors(tomllib.loads(path.read_text())) == []


def test_accepts_the_starter(errors):
    assert errors(tomllib.loads(starter("launch", "launch.toml"))) == []


FINE = {"portfolio": {"micro": {"tier": "micro", "budget": 50_000}}}


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (("simulation", "wolrds"), 3),
        (("costz",), {}),
        (("tier", "micro", "feee"), 3),
        (("tier", "micro", "on", "instagram", "feee"), 3),
        (("tier", "micro", "fee"), [3]),
        (("tier", "micro", "fee"), {}),
        (("tier", "micro", "source", "feee"), "x"),
        (("tier", "micro", "amplification", "spkie"), {}),
        (("portfolio", "micro", "budgt"), 3),
        (("portfolio", "micro", "mix", "a", "shar"), 1),
        (("portfolio",), []),
        (("shocks", "loadings", "fees"), {}),
        (("shocks", "loadings", "fee", "campaing"), 0.1),
        (("beliefs", "fees"), 0.1),
        (("beliefs", "fee"), {"sdd": 0.1}),
        (("costs", "fee_due"), "later"),
        (("shocks", "preserve_mean"), "yes"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_rejects(errors, path, item):
    tables = copy.deepcopy(FINE)
    assert errors(tables) == []
    table: dict[str, Any] = tables
    for part in path[:-1]:
        table = table.setdefault(part, {})
    table[path[-1]] = item
    assert errors(tables)


def test_rejects_a_file_without_portfolios(errors):
    assert errors({})
