"""How runs and payouts look to staff."""

from marshmallow import Schema, fields

from tracker.kit.fields import Rubles


class RunSchema(Schema):
    """A month's run."""

    period = fields.String()
    state = fields.String()
    as_of = fields.AwareDateTime(format="iso")
    payouts = fields.Integer()
    total = Rubles()
    sha256 = fields.String()
    prepared_by = fields.String()
    approved_by = fields.String(allow_none=True)


class PayoutSchema(Schema):
    """One payout."""

    id = fields.Integer()
    member_id = fields.Integer()
    phone = fields.String(metadata={"description": "Masked: its first and last digits"})
    amount = Rubles()
    state = fields.String()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ApprovalSchema(Schema):
    """What a second person approves: the seal."""

    sha256 = fields.String(required=True)
