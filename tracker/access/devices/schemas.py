"""How sessions look outside."""

from marshmallow import Schema, fields

from tracker.access.rules import Kind


class SessionSchema(Schema):
    """A device that is signed in."""

    id = fields.Integer(required=True)
    label = fields.String(
        required=True, metadata={"description": "Browser and system; `?` when it says neither"}
    )
    kind = fields.Enum(Kind, by_value=True, required=True)
    remembered = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    seen_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "To the hour or so"}
    )
    expires_at = fields.AwareDateTime(format="iso", required=True)
    current = fields.Boolean(required=True, metadata={"description": "The one that asks"})


class SessionList(Schema):
    """All of them, the one seen last first: 50 at most."""

    items = fields.List(fields.Nested(SessionSchema), required=True)
