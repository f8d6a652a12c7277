"""How runs and payouts look to staff."""

from typing import Any

from marshmallow import Schema, fields, pre_dump, validate

from tracker.kit.fields import Rubles
from tracker.settlement.rules import RunState
from tracker.settlement.standing import Standing

_MOMENT: dict[str, Any] = {"format": "iso", "allow_none": True}


class RunSchema(Schema):
    """A month's run."""

    period = fields.String()
    state = fields.String()
    as_of = fields.AwareDateTime(format="iso")
    payouts = fields.Integer()
    total = Rubles()
    sha256 = fields.String()
    prepared_by = fields.String()
    prepared_at = fields.AwareDateTime(**_MOMENT)
    approved_by = fields.String(allow_none=True)
    approved_at = fields.AwareDateTime(**_MOMENT)
    started_at = fields.AwareDateTime(**_MOMENT)
    paused_by = fields.String(allow_none=True)
    pause_reason = fields.String(allow_none=True)
    done_at = fields.AwareDateTime(**_MOMENT)
    closed_at = fields.AwareDateTime(**_MOMENT)


class TallySchema(Schema):
    """How many, and what they come to."""

    count = fields.Integer()
    amount = Rubles()


class StandingSchema(Schema):
    """How a run stands at this moment."""

    period = fields.String()
    state = fields.String()
    payouts = fields.Dict(
        fields.String(),
        fields.Nested(TallySchema),
        metadata={"description": "By state; what is prepared of an approved run is `approved`"},
    )
    ended = fields.Integer(metadata={"description": "Of all payouts of the run"})
    per_minute = fields.Integer()
    seconds_left = fields.Integer(
        allow_none=True,
        metadata={"description": "Until all are sent at that pace; null: nothing is being sent"},
    )
    next_question_at = fields.AwareDateTime(**_MOMENT)
    guarded_since = fields.AwareDateTime(
        **_MOMENT,
        metadata={"description": "Nothing is sent before statements since then are compared"},
    )
    guard_reason = fields.String(allow_none=True)
    held_by = fields.String(
        allow_none=True, metadata={"description": "What keeps the gate shut, in words"}
    )
    pause_reason = fields.String(allow_none=True)

    @pre_dump
    def flat(self, stand: Standing, **_: object) -> dict[str, Any]:
        guard = stand.guard
        return {
            "period": stand.run.period,
            "state": stand.run.state,
            "payouts": stand.payouts,
            "ended": stand.ended,
            "per_minute": stand.per_minute,
            "seconds_left": stand.seconds_left,
            "next_question_at": stand.next_question_at,
            "guarded_since": guard.since if guard else None,
            "guard_reason": guard.reason if guard else None,
            "held_by": guard.held_by if guard else None,
            "pause_reason": stand.run.pause_reason if stand.run.state == RunState.PAUSED else None,
        }


class BridgeLineSchema(Schema):
    """One step from last month's list to this one's."""

    step = fields.String()
    count = fields.Integer(
        metadata={"description": "Bookings of what moved, payouts of the total, else members"}
    )
    amount = Rubles()


class BridgeSchema(Schema):
    """From last month's list to this one's."""

    previous = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(BridgeLineSchema))


class SumChangeSchema(Schema):
    """A member's sum on the list before, and on this one."""

    member_id = fields.Integer()
    before = Rubles()
    now = Rubles()


class SumChangesSchema(Schema):
    """How many members have more, less, are new or gone; of each the largest."""

    risen = fields.Nested(TallySchema)
    fallen = fields.Nested(TallySchema)
    joined = fields.Nested(TallySchema)
    gone = fields.Nested(TallySchema)
    largest = fields.Dict(fields.String(), fields.List(fields.Nested(SumChangeSchema)))


class PictureSchema(Schema):
    """What is to be known of a list before it is approved."""

    bridge = fields.Nested(BridgeSchema)
    changes = fields.Nested(SumChangesSchema)


class LineDiffersSchema(Schema):
    """A line that is not as it was sealed; null: it was not there, or is gone."""

    member_id = fields.Integer()
    number_id = fields.Integer()
    sealed = Rubles(allow_none=True)
    found = Rubles(allow_none=True)


class DifferencesSchema(Schema):
    """How many lines are not as they were sealed, and the first of them."""

    count = fields.Integer()
    first = fields.List(fields.Nested(LineDiffersSchema))


class PayoutSchema(Schema):
    """One payout."""

    id = fields.Integer()
    member_id = fields.Integer()
    phone = fields.String(metadata={"description": "Masked: its first and last digits"})
    amount = Rubles()
    state = fields.String()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class PreparationSchema(Schema):
    """Which month is to be prepared."""

    period = fields.String(required=True, metadata={"description": "YYYY-MM"})


class ApprovalSchema(Schema):
    """What a second person approves: the seal."""

    sha256 = fields.String(required=True)


class RunReasonSchema(Schema):
    """Why: it is kept with the act."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))
