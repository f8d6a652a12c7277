"""What every part of the API document says alike: problems, and refusals that are problems."""

from typing import Any

from marshmallow import Schema, fields

from tracker.kit.problems import MEDIA


class FaultSchema(Schema):
    """What is wrong with a field."""

    field = fields.String(required=True)
    reason = fields.String(required=True)


class ProblemSchema(Schema):
    """A problem document (RFC 9457): go by ``status`` and ``code``, show ``detail`` to people."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable"})
    detail = fields.String(required=True)
    status = fields.Integer(metadata={"description": "Left out where shops report, of 401 and 404"})
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "Fields at fault"})


def refusal(description: str) -> dict[str, Any]:
    """An answer that says no, by a problem document."""
    return {"description": description, "content": {MEDIA: {"schema": ProblemSchema}}}


def answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def schema_ref(name: str) -> dict[str, str]:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def an_object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON schema of an object with these fields; names that are not known are ignored."""
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
    }


def a_list(items: dict[str, Any], *, least: int = 0, most: int) -> dict[str, Any]:
    """A JSON schema of a list."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


MONEY: dict[str, Any] = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$",
    "examples": ["1530.00"],
}
"""Roubles, as everywhere on the wire."""
