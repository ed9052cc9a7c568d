"""The JSON Schema of experiment files, for editors: what a user may write, presets filled in."""

from __future__ import annotations

from typing import Any

from . import models
from .load import TABLES


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an experiment file.

    Every key is optional that a preset fills; `portfolio` is required.
    """
    schema = models.Experiment.model_json_schema(mode="validation")
    definitions = schema["$defs"]
    for name, definition in definitions.items():
        if name not in ("Spike", "Cascade", "MixLine", "Decision", "Belief"):
            definition.pop("required", None)
    tier = definitions["Tier"]
    definitions["TierOn"] = {
        **tier,
        "properties": {
            **tier["properties"],
            "on": {
                "type": "object",
                "description": "keys that hold on one platform only",
                "additionalProperties": {"$ref": "#/$defs/Tier"},
            },
        },
    }
    for holder, key in (("Portfolio", "mix"),):
        lines = definitions[holder]["properties"][key]
        for option in lines.get("anyOf", [lines]):
            inner = option.get("additionalProperties")
            if inner:
                option["additionalProperties"] = {"anyOf": [{"type": "number"}, inner]}
    beliefs = schema["properties"]["beliefs"]
    beliefs["additionalProperties"] = {"anyOf": [{"type": "number"}, {"$ref": "#/$defs/Belief"}]}
    beliefs.pop("propertyNames", None)
    properties = {k: v for k, v in schema["properties"].items() if k in (*TABLES, "title")}
    properties["include"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "TOML files whose tables this file extends; its own keys win",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "creator-roi experiment",
        "type": "object",
        "additionalProperties": False,
        "required": ["portfolio"],
        "properties": properties,
        "$defs": definitions,
    }
