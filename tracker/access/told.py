"""What the routes of joining, signing in and changes are told alike."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from tracker.access.rules import Kind
from tracker.access.tickets import MAX_TICKET

CODE = [validate.Length(equal=6), validate.Regexp("^[0-9]{6}$", error="Must be six digits.")]
PHONE = validate.Length(1, 50)
EMAIL = validate.Length(1, 254)
PASSWORD = validate.Length(1, 1_000)
TICKET = validate.Length(1, MAX_TICKET)


def only_one_of(values: Any, *names: str) -> None:
    """Raises ValidationError unless exactly one of these fields was sent."""
    if sum(name in values for name in names) != 1:
        raise ValidationError({names[0]: [f"Exactly one of {' and '.join(names)}."]})


class DeviceFields(Schema):
    """What is to be signed in."""

    kind = fields.Enum(
        Kind,
        by_value=True,
        required=True,
        metadata={"description": "`browser`: by a cookie; `app`: by a token in the answer"},
    )
    device = fields.String(
        validate=validate.Length(1, 100),
        metadata={"description": "An id that the device made up for itself, if it has one"},
    )
    remember_me = fields.Boolean(
        load_default=False,
        metadata={"description": "Signed in for 30 days from when it is last seen, not 12 hours"},
    )
