"""How the team looks outside."""

from marshmallow import Schema, fields, validate

from tracker.audit.rules import MAX_REASON
from tracker.kit.http import MAX_ID
from tracker.proposals.schemas import PRINTABLE, ProposalSchema
from tracker.staff.rules import ALL_SCOPES, AREAS, Role
from tracker.team.rules import MAX_DAYS

_ROLE = validate.OneOf([str(one) for one in Role])
_SECRET = validate.Length(1, 128)
_CODE = validate.Regexp(r"[0-9]{6}\Z", error="Must be six digits.")
_REASON = [validate.Length(1, MAX_REASON), PRINTABLE]


class PeopleFilter(Schema):
    """Which part of the list."""

    cursor = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PersonSchema(Schema):
    """Somebody of the team, or who was."""

    login = fields.String(required=True)
    role = fields.String(required=True, validate=_ROLE)
    active = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    signs_in = fields.Boolean(
        required=True, metadata={"description": "There is a password and a telephone"}
    )
    tokens = fields.Integer(required=True, metadata={"description": "API tokens that are good"})
    last_seen_at = fields.AwareDateTime(format="iso", allow_none=True, required=True)


class PeoplePage(Schema):
    """A page of people; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(PersonSchema), required=True)
    next = fields.String(allow_none=True, required=True)


class JoiningTeamSchema(Schema):
    """Somebody who is to join the team."""

    login = fields.String(required=True, validate=validate.Length(1, 64))
    role = fields.String(required=True, validate=_ROLE)
    reason = fields.String(required=True, validate=_REASON)


class RoleWanted(Schema):
    """What somebody may do from now on."""

    role = fields.String(required=True, validate=_ROLE)
    reason = fields.String(required=True, validate=_REASON)


class TeamReasonSchema(Schema):
    """Why; it is kept."""

    reason = fields.String(required=True, validate=_REASON)


class TeamOutcomeSchema(Schema):
    """It was done, or another person has to approve the proposal."""

    done = fields.Boolean(required=True)
    enrolment = fields.String(
        allow_none=True,
        metadata={"description": "Shown once, to be handed to the person: see /enrolment"},
    )
    other_half = fields.String(
        allow_none=True,
        metadata={"description": "Likewise; whoever approves is told the rest (`told.enrolment`)"},
    )
    until = fields.AwareDateTime(format="iso", allow_none=True)
    proposal = fields.Nested(ProposalSchema, allow_none=True)


class TokensFilter(PeopleFilter):
    """Whose tokens."""

    login = fields.String(
        validate=validate.Length(1, 64),
        metadata={"description": "Others' for admins; else one's own"},
    )


class StaffTokenSchema(Schema):
    """An API token, without what it is."""

    id = fields.Integer(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    expires_at = fields.AwareDateTime(format="iso", required=True)
    last_used_at = fields.AwareDateTime(format="iso", allow_none=True, required=True)
    revoked_at = fields.AwareDateTime(format="iso", allow_none=True, required=True)
    live = fields.Boolean(required=True, metadata={"description": "It is good for something"})


class StaffTokensPage(Schema):
    """A page of tokens; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(StaffTokenSchema), required=True)
    next = fields.String(allow_none=True, required=True)


class TokenWanted(Schema):
    """A token of one's own; it may do no more than what it is asked for with."""

    name = fields.String(required=True, validate=[validate.Length(1, 100), PRINTABLE])
    scopes = fields.List(
        fields.String(validate=validate.Length(1, 64)),
        load_default=list(ALL_SCOPES),
        validate=validate.Length(1, 20),
        metadata={
            "description": "`read`, `write`, or of one area: `reports:read`. Areas: "
            + ", ".join(AREAS)
        },
    )
    days = fields.Integer(validate=validate.Range(1, MAX_DAYS))


class TokenMadeSchema(Schema):
    """A new token."""

    id = fields.Integer(required=True)
    token = fields.String(required=True, metadata={"description": "Shown once"})


class SignInSchema(Schema):
    """Who signs in."""

    login = fields.String(required=True, validate=[_SECRET, PRINTABLE])
    password = fields.String(required=True, validate=validate.Length(1, 1000))
    totp = fields.String(
        required=True, validate=_CODE, metadata={"description": "What the telephone shows"}
    )


class SessionOpenedSchema(Schema):
    """A session: its token goes where an API token would, and is over after 30 minutes without a
    request."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "At the latest"}
    )


class ActingSchema(Schema):
    """Who is asking, and what they may do."""

    login = fields.String(required=True)
    role = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    expires_at = fields.AwareDateTime(format="iso", required=True)
    by = fields.String(required=True, validate=validate.OneOf(["session", "token"]))


class EnrolmentWanted(Schema):
    """A secret that was handed over."""

    enrolment = fields.String(required=True, validate=_SECRET)
    other_half = fields.String(
        validate=_SECRET,
        metadata={"description": "Where two let one in: what the one who proposed it was told"},
    )


class EnrolmentShown(Schema):
    """What goes into a telephone."""

    login = fields.String(required=True)
    totp_secret = fields.String(required=True, metadata={"description": "Base 32, to be typed in"})
    totp_address = fields.String(
        required=True, metadata={"description": "The same for a QR code: `otpauth://totp/…`"}
    )


class EnrolmentAnswer(EnrolmentWanted):
    """The password that was chosen, and the first code."""

    password = fields.String(required=True, validate=validate.Length(1, 1000))
    totp = fields.String(required=True, validate=_CODE)


class EnrolledSchema(Schema):
    """Who signs in from now on."""

    login = fields.String(required=True)
