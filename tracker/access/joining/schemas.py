"""How joining looks outside."""

from marshmallow import Schema, fields, validate

from tracker.access.captcha import MAX_SOLUTION
from tracker.access.rules import Step
from tracker.access.told import CODE, DeviceFields
from tracker.members.rules import Language

# The lengths keep out what `$` lets through: a line's end.
_TOKEN = [validate.Length(equal=47), validate.Regexp("^joi_[A-Za-z0-9_-]{43}$")]
_CODE = [validate.Length(equal=6), validate.Regexp("^[0-9]{6}$", error="Must be six digits.")]
_CAPTCHA = [validate.Length(1, MAX_SOLUTION), validate.Regexp("^[A-Za-z0-9+/=]+$")]
_TOUCH = [validate.Length(1, 200), validate.Regexp("^[!-~]+$")]


class ChallengeSchema(Schema):
    """A challenge as ALTCHA's widget reads it, version 2."""

    parameters = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "PBKDF2 with these must give a key that begins with `keyPrefix`"},
    )
    signature = fields.String(required=True)


class Begin(Schema):
    """Who wants to join, and the work that was done for it."""

    phone = fields.String(required=True, validate=validate.Length(1, 50))
    captcha = fields.String(
        required=True,
        validate=_CAPTCHA,
        metadata={"description": "A solution in base64, as ALTCHA's widget gives it; good once"},
    )
    language = fields.Enum(
        Language,
        by_value=True,
        load_default=Language.RU,
        metadata={"description": "Of the messages from now on, and of the cabinet"},
    )
    referral = fields.String(
        validate=_TOUCH,
        metadata={"description": "What a referral link left with an app; a browser has a cookie"},
    )


class Token(Schema):
    """Which joining."""

    joining = fields.String(required=True, validate=_TOKEN)


class Code(Token):
    """The code that came, last of several."""

    code = fields.String(required=True, validate=CODE)


class Email(Token):
    """The address, or another one instead."""

    email = fields.String(required=True, validate=validate.Length(1, 254))


class Password(Token, DeviceFields):
    """The last step, and what is to be signed in."""

    password = fields.String(
        required=True,
        validate=validate.Length(1, 1_000),
        metadata={
            "description": "8 to 128 characters, with upper- and lower-case Latin letters and "
            "digits; not a common one, and no date of birth"
        },
    )
    birth_date = fields.Date(
        metadata={"description": "Kept nowhere: the password must not say it in any way"}
    )


class WaySchema(Schema):
    """How far it has come. Nothing in it tells whether the number is a member's."""

    step = fields.Enum(
        Step, by_value=True, required=True, metadata={"description": "What is to be given next"}
    )
    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "By when all of it is to be done"}
    )
    code_expires_at = fields.AwareDateTime(
        format="iso", metadata={"description": "When the code that is on its way is of no more use"}
    )
    resend_after = fields.AwareDateTime(
        format="iso", metadata={"description": "When to ask for another one"}
    )


class BegunSchema(WaySchema):
    """It has begun."""

    joining = fields.String(
        required=True,
        metadata={"description": "Names this joining from here on. Whoever has it goes on with it"},
    )


class JoinedSchema(Schema):
    """A member now, and signed in: a browser has a cookie, an app has the token."""

    step = fields.Enum(Step, by_value=True, required=True)
    session_id = fields.Integer(required=True)
    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "When the session ends"}
    )
    token = fields.String(
        metadata={"description": "Of an app, for `Authorization: Bearer`. Not shown again"}
    )
