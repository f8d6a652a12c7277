"""How certificates look to a member."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from tracker.certificates.rules import CertificateState
from tracker.kit.fields import Moment, Rubles
from tracker.kit.http import MAX_ID

_ID = validate.Range(min=1, max=MAX_ID)


class OrderKeySchema(Schema):
    """Headers of an order."""

    class Meta:
        unknown = EXCLUDE

    order_key = fields.String(
        data_key="Idempotency-Key",
        validate=validate.Regexp(
            r"[!-~]{1,64}\Z", error="Must be 1 to 64 printable ASCII characters, no blanks."
        ),
        metadata={"description": "An order under the same key is the same order: it is made once"},
    )


class NewOrderSchema(Schema):
    """What is ordered."""

    amount = Rubles(
        required=True,
        metadata={"description": "One of the denominations; with `split` a sum of several"},
    )
    goal_id = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=_ID,
        metadata={"description": "Whose money goes first; without it, what is available alone"},
    )
    split = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"description": "Whether it may come as several certificates, as few as can be"},
    )


class CertificateSchema(Schema):
    """A certificate."""

    id = fields.Integer(metadata={"description": "Its number, as on the paper"})
    amount = Rubles()
    from_goal = Rubles(metadata={"description": "What of it the goal gave"})
    goal_id = fields.Integer(allow_none=True)
    state = fields.String(validate=validate.OneOf([str(one) for one in CertificateState]))
    ordered_at = Moment()
    issued_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True, metadata={"description": "None: never"})
    redeemed_at = Moment(allow_none=True)
    voided_at = Moment(
        allow_none=True, metadata={"description": "When its money came back to the member"}
    )
    codes = fields.Integer(metadata={"description": "How many codes were shown: the last is good"})


class OrderedSchema(Schema):
    """The certificates of an order."""

    items = fields.List(fields.Nested(CertificateSchema))


class CertificatesPage(Schema):
    """A page of certificates; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(CertificateSchema), required=True)
    next = fields.String(allow_none=True)


class DenominationsSchema(Schema):
    """The sums that certificates are of."""

    items = fields.List(Rubles)


class CertificateCodeSchema(Schema):
    """A certificate's code. It is told this once: asking again makes another one."""

    id = fields.Integer()
    amount = Rubles()
    code = fields.String(metadata={"description": "For the salon: five groups of five"})
    expires_at = Moment(allow_none=True, metadata={"description": "None: never"})


class CertificatesQuery(Schema):
    """Which page."""

    cursor = fields.Integer(validate=_ID)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


PDF: dict[str, Any] = {
    "description": "The certificate on paper",
    "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
}
