"""The JSON Schema of experiment files, for editors: what a user may write, presets filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from . import models
from .families import PARAMETERS
from .layout import NAMED, PLAIN, TABLES, known_keys, sourced_keys

Schema = dict[str, Any]

_NUMBER: Schema = {
    "description": '250, "10k", "1.2M" or "3 %"',
    "anyOf": [{"type": "number"}, {"type": "string"}],
}
_DISTRIBUTION: Schema = {
    "description": 'a number, a 90 % interval such as "150 to 600", or a table naming a family',
    "anyOf": [
        {"type": "number"},
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 2,
            "properties": {
                **{
                    family: {
                        "type": "string" if family == "empirical" else "object",
                        "description": f"takes {parameters}",
                    }
                    for family, parameters in PARAMETERS.items()
                },
                "truncate": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/Number"},
                    "minItems": 2,
                    "maxItems": 2,
                    "description": "lowest and highest value",
                },
            },
            "additionalProperties": {
                "type": "object",
                "description": "any continuous family of scipy.stats: its shapes, loc and scale",
            },
        },
    ],
}
#: Values for a key, which may be written as a dotted key or as tables in tables.
_VALUES: Schema = {
    "description": 'a list such as [1000, 2000], "0.5x to 2x in 21 steps", '
    '"2000 to 12000 in 11 steps" or "1 to 1000 in 7 log steps"',
    "type": ["number", "string", "array", "object"],
}
_SCENARIOS: Schema = {
    "description": "named tables of overrides, run side by side with the file itself",
    "type": "object",
    "additionalProperties": {
        "description": 'keys with what they are instead; "0.8x" is so many times what they are',
        "type": "object",
        "additionalProperties": True,
    },
}
#: How pydantic writes the type of a number and of a distribution.
_TYPES = {
    frozenset(["number", "string"]): "Number",
    frozenset(["integer", "string"]): "Number",
    frozenset(["number", "string", "object"]): "Distribution",
}
#: Tables that no preset fills up.
_COMPLETE = (
    "Spike", "Cascade", "MixLine", "Decision", "Belief", "Learned", "Results", "ResultsRow",
)  # fmt: skip


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of an experiment file.

    Every key is optional that a preset fills; `portfolio` is required.
    """
    raw = models.Experiment.model_json_schema(mode="validation")
    definitions = {name: _plain(definition) for name, definition in raw.pop("$defs").items()}
    for name, definition in definitions.items():
        if name not in _COMPLETE:
            definition.pop("required", None)
    tables = {head: _plain(raw["properties"][head]) for head in TABLES}
    _add_sources(definitions)
    # A tier's keys stand in [tier.NAME], and below `on` where they hold on one platform only.
    tier = definitions["Tier"]
    on = {
        "type": "object",
        "description": "keys that hold on one platform only",
        "additionalProperties": {"$ref": "#/$defs/Tier"},
    }
    definitions["TierOn"] = {**tier, "properties": {**tier["properties"], "on": on}}
    loadings = definitions["Shocks"]["properties"]["loadings"]
    definitions["Shocks"]["properties"]["loadings"] = _closed(
        dict.fromkeys(
            get_args(models.Shocked),
            _closed({key: {"$ref": "#/$defs/Number"} for key in get_args(models.FactorKind)}),
        ),
        loadings["description"],
    )
    short = {"anyOf": [{"$ref": "#/$defs/Number"}, {"$ref": "#/$defs/Belief"}]}
    beliefs = dict.fromkeys(get_args(models.Believed), short)
    tables["beliefs"] = _closed({**beliefs, "source": _source(("beliefs",))})
    definitions["Sweep"]["additionalProperties"] = _VALUES
    tables["scenario"] = _SCENARIOS
    own = definitions["Portfolio"]["properties"]["boost"]
    shorter = [{"$ref": "#/$defs/Number"}, {"$ref": "#/$defs/PortfolioBoost"}]
    own.update(anyOf=shorter)
    own.pop("$ref", None)
    line = {"anyOf": [{"$ref": "#/$defs/Number"}, {"$ref": "#/$defs/MixLine"}]}
    definitions["Portfolio"]["properties"]["mix"]["additionalProperties"] = line
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "creator-roi experiment",
        "type": "object",
        "required": ["portfolio"],
        **_closed(
            {
                "title": {"type": "string", "description": "the question in words"},
                **{key: _plain(raw["properties"][key]) for key in PLAIN if key != "title"},
                "include": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "TOML files whose tables this file extends; its own keys win",
                },
                **tables,
            }
        ),
        "$defs": {"Number": _NUMBER, "Distribution": _DISTRIBUTION, **definitions},
    }


def schema_text() -> str:
    """Return the JSON Schema as the text of a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _closed(properties: Schema, description: str = "") -> Schema:
    described = {"description": description} if description else {}
    return {
        **described,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _add_sources(definitions: Schema) -> None:
    """Add the table `source` where a file may say where its values come from."""
    for head in TABLES:
        path = (head, "x") if head in NAMED else (head,)
        name = "Tier" if head == "tier" else head.capitalize()
        if "source" in (known_keys(path) or ()) and name in definitions:
            definitions[name]["properties"]["source"] = _source(path)


def _source(path: tuple[str, ...]) -> Schema:
    texts: Schema = {key: {"type": "string"} for key in sourced_keys(path)}
    return _closed(texts, "where values come from: a citation, or the word assumption and a reason")


def _plain(schema: Any) -> Any:
    """Return a schema of pydantic's without titles and nulls, with its repeated types named."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    result = {
        key: {name: _plain(inner) for name, inner in item.items()}
        if key == "properties"
        else _plain(item)
        for key, item in schema.items()
        if not (key == "title" and isinstance(item, str))
        and not (key == "default" and item is None)
    }
    options = [option for option in result.pop("anyOf", []) if option != {"type": "null"}]
    named = _TYPES.get(frozenset(option.get("type") for option in options))
    if named:
        result["$ref"] = f"#/$defs/{named}"
    elif len(options) == 1:
        result = {**options[0], **result}
    elif options:
        result["anyOf"] = options
    return result
