"""How months look outside."""

from marshmallow import Schema, fields, validate

from tracker.audit.rules import MAX_REASON
from tracker.kit.fields import Moment, Period


class PeriodCheckSchema(Schema):
    """A look at whether a month may be closed."""

    id = fields.Integer()
    asked_by = fields.String()
    asked_at = Moment()
    finished_at = Moment(allow_none=True, metadata={"description": "None: a worker will see to it"})
    holds = fields.Boolean(metadata={"description": "Whether nothing stands in the way"})
    obstacles = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        allow_none=True,
        metadata={"description": "By check, what stands in the way"},
    )


class PeriodDocumentSchema(Schema):
    """The seal of a document of a closed month."""

    name = fields.String()
    lines = fields.Integer(metadata={"description": "Without the header"})
    size = fields.Integer(metadata={"description": "Bytes"})
    sha256 = fields.Function(lambda one: one.sha256.hex(), metadata={"type": "string"})


class PeriodSchema(Schema):
    """A month of the books."""

    period = fields.String(metadata={"description": "`2011-01`"})
    state = fields.String(validate=validate.OneOf(["open", "closed"]))
    transactions = fields.Integer()
    closed_at = Moment(allow_none=True)
    proposed_by = fields.String(allow_none=True)
    approved_by = fields.String(allow_none=True)
    check = fields.Nested(PeriodCheckSchema, allow_none=True)
    documents = fields.List(fields.Nested(PeriodDocumentSchema))


class PeriodsQuery(Schema):
    """Where a page of months begins."""

    cursor = Period(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PeriodsSchema(Schema):
    """A page of the months that have books; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(PeriodSchema))
    next = fields.String(allow_none=True)


class ClosingSchema(Schema):
    """Why it is closed now; it is kept."""

    reason = fields.String(
        required=True,
        validate=[
            validate.Length(1, MAX_REASON),
            validate.Predicate("isprintable", error="Must be printable."),
        ],
    )
