"""How certificates look to staff and to salons."""

from marshmallow import Schema, fields, validate

from tracker.audit.rules import MAX_REASON
from tracker.certificates.rules import CertificateState
from tracker.certificates.salon_rules import MAX_RECEIPT
from tracker.certificates.searching import Moment as Which
from tracker.kit.fields import Moment, Rubles
from tracker.kit.http import MAX_ID
from tracker.proposals.rules import State

_ID = validate.Range(min=1, max=MAX_ID)
_CURSOR = validate.Range(min=0, max=MAX_ID)
_PRINTABLE = validate.Predicate("isprintable", error="Must be printable.")
_STATES = validate.OneOf([*CertificateState])
_VOID_STATES = validate.OneOf([*State])

CSV = {"type": "string", "description": "A line for each, under a line of names"}


class CertificateFilter(Schema):
    """Which certificates."""

    state = fields.String(validate=_STATES)
    member_id = fields.Integer(validate=_ID)
    salon = fields.String(
        validate=validate.Length(1, 64), metadata={"description": "The slug of whoever took it"}
    )
    moment = fields.String(
        load_default=Which.ORDERED,
        validate=validate.OneOf([*Which]),
        metadata={"description": "Which moment `from` and `to` are about"},
    )
    since = Moment(data_key="from", metadata={"description": "The first moment, included"})
    until = Moment(data_key="to", metadata={"description": "The moment before which it was"})


class CertificateSearch(CertificateFilter):
    """Which certificates, and which page of them."""

    cursor = fields.Integer(load_default=0, validate=_CURSOR)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class VoidSearch(Schema):
    """Which voids."""

    state = fields.String(validate=_VOID_STATES)
    cursor = fields.Integer(load_default=0, validate=_CURSOR)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class CertificateReasonSchema(Schema):
    """Why something is done; it is kept."""

    reason = fields.String(required=True, validate=[validate.Length(1, MAX_REASON), _PRINTABLE])


class VoidApprovalSchema(CertificateReasonSchema):
    """Why it is agreed to."""

    sha256 = fields.String(
        validate=validate.Length(1, 128),
        metadata={"description": "The `payload_sha256` of what was read, if it is to be compared"},
    )


class StaffCertificateSchema(Schema):
    """A certificate as staff see it: never its code."""

    id = fields.Integer(required=True)
    member_id = fields.Integer(required=True)
    goal_id = fields.Integer(allow_none=True)
    amount = Rubles(required=True)
    from_goal = Rubles(required=True, metadata={"description": "What of it the goal gave"})
    state = fields.String(required=True, validate=_STATES)
    codes = fields.Integer(required=True, metadata={"description": "How many were shown"})
    ordered_at = fields.AwareDateTime(format="iso", required=True)
    issued_at = fields.AwareDateTime(format="iso", allow_none=True)
    expires_at = fields.AwareDateTime(
        format="iso", allow_none=True, metadata={"description": "None: never"}
    )
    redeemed_at = fields.AwareDateTime(format="iso", allow_none=True)
    salon = fields.String(allow_none=True, metadata={"description": "The slug of whoever took it"})
    receipt_id = fields.String(allow_none=True)
    voided_at = fields.AwareDateTime(format="iso", allow_none=True)
    void_reason = fields.String(
        allow_none=True, metadata={"description": "`expired` when it was too old"}
    )
    released_by = fields.String(
        allow_none=True, metadata={"description": "Who let it pass the review"}
    )


class CertificateVoidSchema(Schema):
    """A void that one of the staff asked for."""

    id = fields.Integer(required=True)
    certificate_id = fields.Integer(required=True)
    member_id = fields.Integer(required=True)
    amount = Rubles(required=True)
    certificate_state = fields.String(
        required=True,
        validate=_STATES,
        metadata={"description": "How the certificate stands now: a salon may have been faster"},
    )
    state = fields.String(required=True, validate=_VOID_STATES)
    reason = fields.String(required=True)
    payload_sha256 = fields.String(
        required=True, metadata={"description": "What an approval may name"}
    )
    proposed_by = fields.String(required=True)
    proposed_at = fields.AwareDateTime(format="iso", required=True)
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(format="iso", allow_none=True)


class StaffCertificateWhole(StaffCertificateSchema):
    """The same, with the voids that were asked for."""

    voids = fields.List(fields.Nested(CertificateVoidSchema), required=True)


class StaffCertificatesPage(Schema):
    """A page of certificates; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(StaffCertificateSchema), required=True)
    next = fields.String(allow_none=True)


class CertificateVoidsPage(Schema):
    """A page of voids; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(CertificateVoidSchema), required=True)
    next = fields.String(allow_none=True)


class RedemptionSchema(Schema):
    """What a salon shows."""

    code = fields.String(
        required=True,
        validate=validate.Length(1, 256),
        metadata={"description": "As typed or scanned; case, blanks and hyphens do not matter"},
    )
    receipt_id = fields.String(
        required=True,
        validate=[validate.Length(1, MAX_RECEIPT), _PRINTABLE],
        metadata={"description": "The salon's own; the same one again gets the same answer"},
    )
    salon_id = fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"description": "Its slug"}
    )


class RedeemedSchema(Schema):
    """A certificate that was taken, in full."""

    id = fields.Integer(required=True, metadata={"description": "Its number, as on the paper"})
    amount = Rubles(required=True)
    state = fields.String(required=True, validate=validate.Equal("redeemed"))
    redeemed_at = fields.AwareDateTime(format="iso", required=True)
    receipt_id = fields.String(required=True)
    salon_id = fields.String(required=True)
