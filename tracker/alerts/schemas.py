"""How alerts look outside."""

from marshmallow import Schema, fields, validate

from tracker.alerts.rules import SUBJECT, Severity
from tracker.kit.fields import Moment


class AlertSchema(Schema):
    """A condition that holds of a subject."""

    subject = fields.String(metadata={"description": "A shop, a run …; empty: of all"})
    value = fields.Integer()
    limit = fields.Integer()
    said = fields.String(metadata={"description": "More, in words"})
    since = Moment()
    acknowledged_by = fields.String(allow_none=True)
    acknowledged_at = Moment(allow_none=True)
    note = fields.String(allow_none=True)


class ConditionSchema(Schema):
    """A condition, and of what it holds now."""

    name = fields.String()
    about = fields.String()
    severity = fields.String(validate=validate.OneOf([str(one) for one in Severity]))
    unit = fields.String()
    limit = fields.Integer(metadata={"description": "It holds where a reading is above it"})
    every_seconds = fields.Integer()
    runbook = fields.String(metadata={"description": "Where the documentation says what to do"})
    looked_at = Moment(allow_none=True)
    error = fields.String(allow_none=True, metadata={"description": "Why the last look failed"})
    holds = fields.List(fields.Nested(AlertSchema))


class ConditionsSchema(Schema):
    """All conditions."""

    items = fields.List(fields.Nested(ConditionSchema))


class AcknowledgementSchema(Schema):
    """Who looks after it says how."""

    subject = fields.String(required=True, validate=validate.Length(max=SUBJECT))
    note = fields.String(required=True, validate=validate.Length(1, 500))
