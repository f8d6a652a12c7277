"""How relatives look to a member."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from tracker.access.told import CODE
from tracker.kit.fields import Percent, Rubles
from tracker.relatives.rules import MAX_LABEL, MAX_RELATIVES, WHOLE

_SUM = Rubles(
    validate=validate.Range(min=100, max=10**10),
    metadata={"description": "A sum each month, as far as the money goes; at least 1.00"},
)
_SHARE = Percent(
    validate=validate.Range(min=1, max=WHOLE),
    metadata={"description": "A share of what fixed amounts leave; 100.00 in all at most"},
)
_LABEL = fields.String(
    validate=[
        validate.Length(1, MAX_LABEL),
        validate.Predicate("isprintable", error="Must be printable."),
    ],
    metadata={"description": "What the member calls the relative; nobody else sees it"},
)


class WishSchema(Schema):
    """What is to go to a relative: either a sum or a share."""

    fixed_amount = _SUM
    share_percent = _SHARE
    label = _LABEL

    @validates_schema
    def _see_that_it_is_either(self, data: dict[str, Any], **_: Any) -> None:
        if ("fixed_amount" in data) == ("share_percent" in data):
            raise ValidationError(
                "Either fixed_amount or share_percent is expected.", "fixed_amount"
            )


class NewRelativeSchema(WishSchema):
    """A number to be added."""

    phone = fields.String(required=True, validate=validate.Length(1, 40))


class ChangeSchema(WishSchema):
    """What is to go to a relative from the next list on, and at which place of the list."""

    place = fields.Integer(validate=validate.Range(1, MAX_RELATIVES))


class AnswerSchema(Schema):
    """The code that the relative was sent."""

    code = fields.String(required=True, validate=CODE)


class RelativeSchema(Schema):
    """A relative on the list."""

    id = fields.Integer(required=True)
    phone = fields.String(required=True)
    label = fields.String(allow_none=True)
    place = fields.Integer(required=True)
    fixed_amount = Rubles(attribute="fixed", allow_none=True)
    share_percent = Percent(attribute="share_bp", allow_none=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(["unconfirmed", "active"]),
        metadata={"description": "Nothing goes to a number before its owner has confirmed it"},
    )


class AskedSchema(RelativeSchema):
    """A relative whose number was sent a code."""

    expires_at = fields.AwareDateTime(format="iso", required=True)
    resend_after = fields.AwareDateTime(format="iso", required=True)


class RelativesSchema(Schema):
    """The list, in its order."""

    items = fields.List(fields.Nested(RelativeSchema), required=True)
