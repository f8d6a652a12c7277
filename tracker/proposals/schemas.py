"""How proposals look outside."""

from marshmallow import Schema, fields, validate

from tracker.audit.rules import MAX_REASON
from tracker.kit.http import MAX_ID
from tracker.proposals.rules import State

PRINTABLE = validate.Predicate("isprintable", error="Must be printable.")
_STATES = validate.OneOf([*State])
_WORD = [validate.Length(1, 200), PRINTABLE]


class ProposalFilter(Schema):
    """Which proposals."""

    state = fields.String(validate=_STATES)
    action = fields.String(validate=_WORD, metadata={"description": "Such as `certificate.void`"})
    subject = fields.String(
        validate=_WORD, metadata={"description": "What it is done to: `certificate:17`"}
    )
    proposed_by = fields.String(validate=_WORD)
    cursor = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class ProposalReasonSchema(Schema):
    """Why it is decided so; it is kept."""

    reason = fields.String(required=True, validate=[validate.Length(1, MAX_REASON), PRINTABLE])


class ProposalApprovalSchema(Schema):
    """Agreeing to exactly what was read."""

    sha256 = fields.String(
        required=True,
        validate=validate.Length(1, 128),
        metadata={"description": "The `payload_sha256` of what was read"},
    )
    reason = fields.String(validate=[validate.Length(1, MAX_REASON), PRINTABLE])


class ProposalSchema(Schema):
    """What one of the staff proposed, and what became of it."""

    id = fields.Integer(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True, metadata={"description": "What it is done to"})
    payload = fields.Dict(required=True, metadata={"description": "Exactly what is to be done"})
    payload_sha256 = fields.String(
        required=True, metadata={"description": "What an approval has to name"}
    )
    seen = fields.Dict(
        required=True, metadata={"description": "How things stood when it was proposed"}
    )
    says = fields.Dict(
        required=True,
        metadata={"description": "`payload` and `seen` for reading: roubles and percent"},
    )
    reason = fields.String(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.AwareDateTime(format="iso", required=True)
    expires_at = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "Until then it may be approved"}
    )
    state = fields.String(required=True, validate=_STATES)
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(format="iso", allow_none=True)
    decision_reason = fields.String(allow_none=True)


class ProposalDoneSchema(ProposalSchema):
    """A proposal that was approved and done."""

    told = fields.Dict(
        allow_none=True,
        metadata={"description": "What the act has to tell, once: a new secret, for instance"},
    )


class ProposalsPage(Schema):
    """A page of proposals; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ProposalSchema), required=True)
    next = fields.String(allow_none=True)
