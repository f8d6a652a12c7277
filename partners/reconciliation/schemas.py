"""How statements and findings look to staff."""

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from partners.reconciliation.rules import Decision, FindingState, Kind, State
from tracker.kit.fields import Day, Rubles
from tracker.kit.http import MAX_ID

_SHA256 = validate.Regexp(r"[0-9a-f]{64}\Z", error="Must be 64 small hexadecimal digits.")
MAX_SAMPLE = 512 * 1024
"""Bytes of a file on which a format is tried."""
MAX_SAMPLE_UNPACKED = 8 * 1024**2
"""Bytes of all parts of one that is a workbook, when unpacked: it is read while somebody waits."""

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""What the API document says of a body that is a file, or a part of one."""


class FormatSchema(Schema):
    """How a shop writes its statements."""

    shop = fields.String()
    id = fields.Integer(
        allow_none=True,
        metadata={"description": "Null: nobody saved any; it is the usual one of the dialect"},
    )
    format = fields.Dict()


class FormatToSave(Schema):
    """A format to be saved."""

    format = fields.Dict(required=True)


class HowToSave(Schema):
    """Whether to save it."""

    check = fields.Boolean(load_default=False, metadata={"description": "Only check"})


class Base64(fields.Field[bytes]):
    """Bytes, as a string in base64."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = {"type": "string", "contentEncoding": "base64", **self.metadata}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        try:
            found = base64.b64decode(value if isinstance(value, str) else "?", validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError("Must be base64.") from error
        if not 0 < len(found) <= MAX_SAMPLE:
            raise ValidationError(f"Must be of 1 to {MAX_SAMPLE} bytes.")
        return found


class TrialSchema(Schema):
    """A format, and a file on which to try it."""

    format = fields.Dict(
        load_default=None, allow_none=True, metadata={"description": "Null: the one that holds"}
    )
    sample = Base64(required=True)


class StatementLineSchema(Schema):
    """A line, as it is read."""

    line = fields.Integer()
    order_id = fields.String(allow_none=True)
    ordered_at = fields.AwareDateTime(format="iso", allow_none=True)
    amount = Rubles()
    status = fields.String(allow_none=True, attribute="word")
    commission = Rubles(allow_none=True)
    click_id = fields.String(allow_none=True)


class TriedSchema(Schema):
    """What is read of a sample."""

    read = fields.Integer(metadata={"description": "Lines without a fault"})
    refused = fields.Integer()
    ignored = fields.Integer()
    lines = fields.List(
        fields.Nested(StatementLineSchema), metadata={"description": "The first ten"}
    )
    faults = fields.Dict(keys=fields.String(), values=fields.String())


class StatementFileSchema(Schema):
    """What is told of a file, and of which days it is: both included, where the shop is."""

    name = fields.String(load_default="statement", validate=validate.Length(1, 200))
    first = Day(required=True, data_key="from")
    last = Day(required=True, data_key="to")
    skip_faulty = fields.Boolean(
        load_default=False,
        metadata={"description": "Leave out lines with a fault instead of refusing the file"},
    )


class DigestSchema(Schema):
    """What the file is to be."""

    sha256 = fields.String(required=True, validate=_SHA256)


class ShopStatementSchema(Schema):
    """A shop's statement, and how far it has come."""

    id = fields.Integer()
    name = fields.String()
    first_day = fields.Date(data_key="from")
    last_day = fields.Date(data_key="to")
    state = fields.String()
    sha256 = fields.String(allow_none=True)
    size = fields.Integer()
    skip_faulty = fields.Boolean()
    progress = fields.Integer(metadata={"description": "Lines read so far"})
    lines = fields.Integer(metadata={"description": "Lines that are kept"})
    refused_lines = fields.Integer()
    ignored_lines = fields.Integer()
    total = Rubles(metadata={"description": "Of the lines, as they are written"})
    why = fields.String(allow_none=True)
    faults = fields.Dict(keys=fields.String(), values=fields.String())
    figures = fields.Dict(metadata={"description": "What came of the last matching"})
    uploaded_by = fields.String()
    uploaded_at = fields.AwareDateTime(format="iso")
    read_at = fields.AwareDateTime(format="iso", allow_none=True)
    matched_at = fields.AwareDateTime(format="iso", allow_none=True)


class ShopStatementPage(Schema):
    """A page of statements; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ShopStatementSchema))
    next = fields.String(allow_none=True)


class PageFilter(Schema):
    """Where to begin, and how many."""

    cursor = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class StatementFilter(PageFilter):
    """Which statements."""

    state = fields.String(validate=validate.OneOf([*State]))


class PartnerFindingFilter(PageFilter):
    """Which findings."""

    kind = fields.String(validate=validate.OneOf([*Kind]))
    state = fields.String(validate=validate.OneOf([*FindingState]))
    order_id = fields.String(validate=validate.Length(1, 200))


class PartnerFindingSchema(Schema):
    """In what a shop's statement and our books differ."""

    id = fields.Integer()
    kind = fields.String()
    order_id = fields.String()
    our_order_id = fields.String(allow_none=True)
    purchase_id = fields.Integer(allow_none=True)
    line = fields.Integer(allow_none=True)
    ordered_at = fields.AwareDateTime(format="iso", allow_none=True)
    click_id = fields.String(allow_none=True)
    our_amount = Rubles(allow_none=True)
    their_amount = Rubles(allow_none=True)
    our_word = fields.String(allow_none=True)
    their_word = fields.String(allow_none=True)
    our_commission = Rubles(allow_none=True)
    their_commission = Rubles(allow_none=True)
    commission_effect = Rubles(
        metadata={"description": "What the shop's debt changes by if they are right, about"}
    )
    cashback_effect = Rubles(metadata={"description": "Likewise of what we owe the member"})
    state = fields.String()
    decision = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(format="iso", allow_none=True)
    outcome = fields.String(allow_none=True)
    opened_at = fields.AwareDateTime(format="iso")
    ended_at = fields.AwareDateTime(format="iso", allow_none=True)


class PartnerFindingPage(Schema):
    """A page of findings; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(PartnerFindingSchema))
    next = fields.String(allow_none=True)


class PartnerDecisionSchema(Schema):
    """A decision, and the findings that it is for: of one kind, or these, or all."""

    decision = fields.String(required=True, validate=validate.OneOf([*Decision]))
    reason = fields.String(required=True, validate=validate.Length(1, 500))
    kind = fields.String(load_default=None, validate=validate.OneOf([*Kind]))
    ids = fields.List(
        fields.Integer(validate=validate.Range(1, MAX_ID)),
        load_default=None,
        validate=validate.Length(1, 1000),
    )
    again = fields.Boolean(
        load_default=False, metadata={"description": "Also those that were settled otherwise"}
    )
    expected = fields.Integer(
        load_default=None,
        validate=validate.Range(0),
        metadata={"description": "How many there are: nothing is decided if there are not"},
    )
    expected_commission = Rubles(
        signed=True,
        load_default=None,
        metadata={"description": "What all of them change what the shop owes us by; likewise"},
    )
    expected_cashback = Rubles(
        signed=True,
        load_default=None,
        metadata={"description": "What all of them change what we owe members by; likewise"},
    )


class PartnerDecidedSchema(Schema):
    """What a decision was for."""

    findings = fields.Integer()
    left = fields.Integer(
        metadata={"description": "More such findings than are decided at once: ask again"}
    )
    commission_effect = Rubles()
    cashback_effect = Rubles()
