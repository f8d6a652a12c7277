"""How sign-ins look outside."""

from typing import Any

from marshmallow import Schema, fields, validate, validates_schema

from tracker.access.captcha import MAX_SOLUTION
from tracker.access.signin.rules import Step
from tracker.access.told import CODE, EMAIL, PASSWORD, PHONE, TICKET, DeviceFields, only_one_of
from tracker.members.rules import Language


class PasswordSignIn(DeviceFields):
    """By the number, or by the address that the member proved."""

    phone = fields.String(validate=PHONE)
    email = fields.String(validate=EMAIL)
    password = fields.String(required=True, validate=PASSWORD)

    @validates_schema
    def one_name(self, values: dict[str, Any], **_: object) -> None:
        only_one_of(values, "phone", "email")


class CodeWanted(Schema):
    """To which number, and the work that was done for it."""

    phone = fields.String(required=True, validate=PHONE)
    captcha = fields.String(required=True, validate=validate.Length(1, MAX_SOLUTION))
    language = fields.Enum(
        Language,
        by_value=True,
        load_default=Language.RU,
        metadata={"description": "Of the message"},
    )


class FlowSchema(Schema):
    """A code may be on its way: the same answer whoever has the number."""

    sign_in = fields.String(required=True, metadata={"description": "Names this sign-in"})
    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "When the code is of no more use"}
    )
    resend_after = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "When to ask for another one"}
    )


class CodeAnswer(DeviceFields):
    """The code that came."""

    sign_in = fields.String(required=True, validate=TICKET)
    code = fields.String(required=True, validate=CODE)


class StepUpCodeWanted(Schema):
    """A code to the address that the member proved."""

    sign_in = fields.String(required=True, validate=TICKET)


class StepUpAnswer(DeviceFields):
    """The second proof: the code from the letter, or the password."""

    sign_in = fields.String(required=True, validate=TICKET)
    code = fields.String(validate=CODE)
    password = fields.String(validate=PASSWORD)

    @validates_schema
    def one_proof(self, values: dict[str, Any], **_: object) -> None:
        only_one_of(values, "code", "password")


class SignedInSchema(Schema):
    """Signed in: a browser has a cookie now, an app has the token."""

    step = fields.Enum(Step, by_value=True, required=True)
    session_id = fields.Integer(metadata={"description": "When signed in"})
    expires_at = fields.AwareDateTime(
        format="iso", metadata={"description": "When the session ends, or this sign-in does"}
    )
    token = fields.String(
        metadata={"description": "Of an app, for `Authorization: Bearer`. Not shown again"}
    )
    sign_in = fields.String(
        metadata={"description": "When more is to be proved: names this sign-in from here on"}
    )
