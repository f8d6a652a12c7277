"""How findings look to staff, and callbacks to the operator."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from tracker.kit.fields import Day, Moment, Rubles
from tracker.reconciliation.rules import FindingKind, FindingState
from tracker.settlement.ports import Outcome
from tracker.settlement.rules import PayoutState

_VISIBLE = validate.Regexp(r"[!-~]{1,64}\Z", error="Must be 1 to 64 visible ASCII characters.")
_CODE = validate.Regexp(r"[a-z0-9_]{1,64}\Z", error="Must be 1 to 64 of a-z, 0-9 and _.")
_REASON = fields.String(
    required=True,
    validate=validate.Length(1, 500),
    metadata={"description": "Why: it is kept with the act"},
)


class FindingSchema(Schema):
    """In what the operator's books and ours differ."""

    id = fields.Integer()
    kind = fields.String()
    detail = fields.String(metadata={"description": "What exactly it is, as a code"})
    key = fields.String()
    payout_id = fields.Integer(allow_none=True)
    period = fields.String(allow_none=True)
    day = fields.Date(allow_none=True)
    ours = Rubles(allow_none=True)
    theirs = Rubles(allow_none=True)
    reference = fields.String()
    state = fields.String()
    owner = fields.String(allow_none=True)
    explanation = fields.String(allow_none=True)
    opened_at = fields.AwareDateTime(format="iso")
    closed_at = fields.AwareDateTime(format="iso", allow_none=True)


class FindingPage(Schema):
    """A page of findings; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(FindingSchema))
    next = fields.String(allow_none=True)


class FindingFilter(Schema):
    """Which findings; without a state those that are not explained."""

    period = fields.String()
    kind = fields.String(validate=validate.OneOf([*FindingKind]))
    state = fields.String(validate=validate.OneOf([*FindingState]))
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class FindingExplanationSchema(Schema):
    """What a finding was."""

    explanation = fields.String(required=True, validate=validate.Length(1, 500))


class DecisionSchema(Schema):
    """What became of a payout that the operator could not be made to tell of."""

    outcome = fields.String(
        required=True, validate=validate.OneOf([PayoutState.PAID, PayoutState.FAILED])
    )
    reason = _REASON
    reference = fields.String(
        load_default=None,
        allow_none=True,
        validate=_VISIBLE,
        metadata={"description": "The operator's own, of what was paid"},
    )
    unproved = fields.Boolean(
        load_default=False,
        metadata={"description": "Decide also what no compared statement bears out"},
    )


class DecidedSchema(Schema):
    """A payout that was decided."""

    id = fields.Integer()
    period = fields.String()
    amount = Rubles()
    state = fields.String()
    reference = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class StatementSchema(Schema):
    """A day that was compared."""

    day = Day()
    state = fields.String()
    lines = fields.Integer()
    total = Rubles()
    whole = fields.Boolean()
    compared_at = fields.AwareDateTime(format="iso", allow_none=True)


class ResultSchema(Schema):
    """What became of a top-up, as in an answer of the billing protocol."""

    key = fields.String(required=True, validate=_VISIBLE)
    status = fields.String(
        required=True,
        validate=validate.OneOf([Outcome.PAID, Outcome.FAILED, Outcome.ACCEPTED]),
    )
    amount = Rubles(required=True)
    reference = fields.String(required=True, allow_none=True, validate=_VISIBLE)
    reason = fields.String(required=True, allow_none=True, validate=_CODE)
    at = Moment(required=True, allow_none=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: object) -> None:
        """What is there belongs to the status."""
        expected = {"reference": Outcome.PAID, "at": Outcome.PAID, "reason": Outcome.FAILED}
        for name, status in expected.items():
            if (data[name] is None) == (data["status"] == status):
                raise ValidationError(f"Is there for {status}, and only then.", name)


class CallbackSchema(Schema):
    """What the operator tells by itself."""

    results = fields.List(
        fields.Nested(ResultSchema), required=True, validate=validate.Length(1, 1000)
    )
