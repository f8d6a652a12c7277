"""Whether a value fits a schema of the API document: as much of JSON Schema as it uses."""

import re
from collections.abc import Callable
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "null": lambda value: value is None,
}
_SAID_ONLY = {"description", "examples", "format", "discriminator", "properties"}


def fits(document: dict[str, Any], name: str, value: Any) -> bool:
    """Whether a value fits a named schema."""
    schemas = document["components"]["schemas"]

    def fit(schema: dict[str, Any], value: Any) -> bool:
        inner = schema.get("properties", {}) if isinstance(value, dict) else {}
        asked = sorted(schema.keys() - _SAID_ONLY, key=lambda word: word != "type")
        return all(known[word](schema[word], value) for word in asked) and all(
            fit(inner[key], value[key]) for key in inner if key in value
        )

    known: dict[str, Callable[[Any, Any], bool]] = {
        "$ref": lambda asked, value: fit(schemas[asked.rpartition("/")[2]], value),
        "type": lambda asked, value: any(
            _TYPES[one](value) for one in ([asked] if isinstance(asked, str) else asked)
        ),
        "const": lambda asked, value: value == asked,
        "enum": lambda asked, value: value in asked,
        "pattern": lambda asked, value: re.search(asked, value) is not None,
        "required": lambda asked, value: value.keys() >= set(asked),
        "items": lambda asked, value: value is None or all(fit(asked, one) for one in value),
        "minItems": lambda asked, value: value is None or len(value) >= asked,
        "maxItems": lambda asked, value: value is None or len(value) <= asked,
        "minLength": lambda asked, value: value is None or len(value) >= asked,
        "maxLength": lambda asked, value: value is None or len(value) <= asked,
        "minimum": lambda asked, value: value >= asked,
        "maximum": lambda asked, value: value <= asked,
        "oneOf": lambda asked, value: sum(fit(one, value) for one in asked) == 1,
        "anyOf": lambda asked, value: any(fit(one, value) for one in asked),
    }
    return fit(schemas[name], value)
