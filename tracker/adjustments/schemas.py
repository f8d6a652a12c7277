"""How adjustments look outside."""

from marshmallow import Schema, fields, validate

from tracker.adjustments.rules import CAUSES, Cause, Kind
from tracker.audit.rules import MAX_REASON
from tracker.kit.fields import Moment, Rubles
from tracker.kit.http import MAX_ID
from tracker.proposals.rules import MAX_KEY, State
from tracker.proposals.schemas import PRINTABLE

_KINDS = validate.OneOf([*Kind])
_ID = validate.Range(1, MAX_ID)
_WITH_WHICH = "; ".join(f"{kind}: {', '.join(sorted(CAUSES[kind]))}" for kind in Kind)


class AdjustmentHeaders(Schema):
    """What goes with a proposal."""

    key = fields.String(
        data_key="Idempotency-Key",
        validate=[validate.Length(1, MAX_KEY), PRINTABLE],
        metadata={"description": "With the same one the same is proposed once"},
    )


class AdjustmentWish(Schema):
    """What is to be done to a member's money."""

    kind = fields.String(required=True, validate=_KINDS)
    member_id = fields.Integer(required=True, validate=_ID)
    amount = Rubles(required=True, metadata={"description": "Above zero, whatever the kind"})
    cause = fields.String(
        required=True,
        validate=validate.OneOf([*Cause]),
        metadata={"description": f"The member is told it. {_WITH_WHICH}"},
    )
    note = fields.String(
        required=True,
        validate=[validate.Length(1, MAX_REASON), PRINTABLE],
        metadata={"description": "For staff: why, and what shows it. No names, no numbers"},
    )
    effective_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When it counts, also in a closed month; else: when approved"},
    )
    payout_id = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=_ID,
        metadata={"description": "With `operator_paid`: which payout"},
    )


class AdjustmentFilter(Schema):
    """Which adjustments."""

    state = fields.String(validate=validate.OneOf([*State]))
    kind = fields.String(validate=_KINDS)
    member_id = fields.Integer(validate=_ID)
    cursor = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class AdjustmentSchema(Schema):
    """An adjustment, and what became of it."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=_KINDS)
    member_id = fields.Integer(required=True)
    amount = Rubles(required=True)
    cause = fields.String(required=True, validate=validate.OneOf([*Cause]))
    note = fields.String(required=True)
    effective_at = fields.AwareDateTime(format="iso", allow_none=True)
    period = fields.String(
        allow_none=True, metadata={"description": "In which month's books it stands, if booked"}
    )
    payout_id = fields.Integer(allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    payload_sha256 = fields.String(
        required=True, metadata={"description": "What an approval has to name"}
    )
    proposed_by = fields.String(required=True)
    proposed_at = fields.AwareDateTime(format="iso", required=True)
    expires_at = fields.AwareDateTime(format="iso", required=True)
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(format="iso", allow_none=True)
    decision_reason = fields.String(allow_none=True)


class AdjustmentsPage(Schema):
    """A page of adjustments; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(AdjustmentSchema), required=True)
    next = fields.String(allow_none=True)
