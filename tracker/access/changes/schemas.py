"""How changes look outside."""

from typing import Any

from marshmallow import Schema, fields, validates_schema

from tracker.access.changes.rules import By
from tracker.access.told import CODE, EMAIL, PASSWORD, PHONE, TICKET, only_one_of


class OnItsWay(Schema):
    """Codes are on their way."""

    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "When they are of no more use"}
    )
    resend_after = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "When to ask for others"}
    )


class ResetSchema(OnItsWay):
    """A code for setting a password is on its way."""

    reset = fields.String(required=True, metadata={"description": "Names this change"})
    by = fields.Enum(By, by_value=True, required=True, metadata={"description": "Where it went"})


class NewPassword(Schema):
    """Another password, by the one that holds or by a code."""

    old_password = fields.String(validate=PASSWORD)
    reset = fields.String(validate=TICKET)
    code = fields.String(validate=CODE, metadata={"description": "With `reset`"})
    new_password = fields.String(required=True, validate=PASSWORD)
    birth_date = fields.Date(
        metadata={"description": "Not kept: the password is not to be made of it"}
    )

    @validates_schema
    def one_proof(self, values: dict[str, Any], **_: object) -> None:
        only_one_of(values, "old_password", "reset")
        only_one_of(values, "old_password", "code")


class NewNumber(Schema):
    """Another number."""

    phone = fields.String(required=True, validate=PHONE)
    password = fields.String(required=True, validate=PASSWORD)
    lost = fields.Boolean(
        load_default=False,
        metadata={"description": "The old number receives nothing: the code goes by e-mail"},
    )


class NumberChange(OnItsWay):
    """A code went to the new number, and another to the old one or to the address."""

    change = fields.String(required=True, metadata={"description": "Names this change"})
    old = fields.Enum(
        By, by_value=True, required=True, metadata={"description": "Where the other code went"}
    )


class NumberAnswer(Schema):
    """Both codes. One that was right already need not be sent again."""

    change = fields.String(required=True, validate=TICKET)
    old_code = fields.String(validate=CODE)
    new_code = fields.String(validate=CODE)


class NewEmail(Schema):
    """Another address."""

    email = fields.String(required=True, validate=EMAIL)
    password = fields.String(required=True, validate=PASSWORD)


class EmailChange(OnItsWay):
    """A code went to the new address."""

    change = fields.String(required=True, metadata={"description": "Names this change"})


class EmailAnswer(Schema):
    """The code from the letter."""

    change = fields.String(required=True, validate=TICKET)
    code = fields.String(required=True, validate=CODE)
