"""How claims look to members and to staff."""

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from tracker.claims.rules import BY_STAFF, MAX_FILE, MAX_FILES, MAX_NOTE, Outcome, State
from tracker.kit.fields import Moment, Rubles
from tracker.proposals.schemas import ProposalSchema

_PRINTABLE = validate.Predicate("isprintable", error="Must be printable.")
_BASE64 = MAX_FILE * 4 // 3 + 4


class File(fields.Field[bytes]):
    """A file's content: base64 outside, bytes in code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = {"type": "string", "format": "byte", **self.metadata}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        if not isinstance(value, str) or len(value) > _BASE64:
            raise ValidationError(f"Must be base64 of up to {MAX_FILE} bytes.")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError("Must be base64.") from error


class FilingSchema(Schema):
    """A purchase that did not appear."""

    shop = fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"description": "Its slug"}
    )
    order_id = fields.String(
        required=True,
        validate=[validate.Length(1, 100), _PRINTABLE],
        metadata={"description": "As the shop's receipt has it"},
    )
    ordered_at = Moment(required=True)
    amount = Rubles(
        required=True,
        validate=validate.Range(min=1, max=10**12),
        metadata={"description": "What was paid, by the receipt"},
    )
    note = fields.String(load_default="", validate=validate.Length(0, MAX_NOTE))
    evidence = fields.List(
        File,
        load_default=list,
        validate=validate.Length(0, MAX_FILES),
        metadata={"description": "PDF, PNG or JPEG, base64"},
    )


class ClaimSchema(Schema):
    """A claim as its member sees it."""

    id = fields.Integer(required=True)
    shop = fields.String(required=True)
    order_id = fields.String(required=True)
    ordered_at = fields.AwareDateTime(format="iso", required=True)
    amount = Rubles(required=True)
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    outcome = fields.String(
        allow_none=True, validate=validate.OneOf([*set(Outcome) - {Outcome.ANOTHERS}])
    )
    filed_at = fields.AwareDateTime(format="iso", required=True)
    deadline = fields.AwareDateTime(
        format="iso", required=True, metadata={"description": "An answer comes by then"}
    )
    closed_at = fields.AwareDateTime(format="iso", allow_none=True)


class ClaimsPage(Schema):
    """A page of claims; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ClaimSchema), required=True)
    next = fields.String(allow_none=True)


class PageQuery(Schema):
    """Which page."""

    cursor = fields.Integer(validate=validate.Range(1))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class StaffFilter(Schema):
    """Which claims."""

    state = fields.String(validate=validate.OneOf([*State]))
    shop_id = fields.Integer()
    member_id = fields.Integer()
    overdue = fields.Boolean()
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class FileSchema(Schema):
    """A file of a claim."""

    id = fields.Integer(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)


class StaffClaimSchema(Schema):
    """A claim as staff see it."""

    id = fields.Integer(required=True)
    member_id = fields.Integer(required=True)
    shop_id = fields.Integer(required=True)
    order_id = fields.String(required=True)
    ordered_at = fields.AwareDateTime(format="iso", required=True)
    amount = Rubles(required=True)
    state = fields.String(required=True)
    outcome = fields.String(allow_none=True)
    purchase_id = fields.Integer(allow_none=True)
    decided_by = fields.String(allow_none=True)
    filed_at = fields.AwareDateTime(format="iso", required=True)
    deadline = fields.AwareDateTime(format="iso", required=True)
    closed_at = fields.AwareDateTime(format="iso", allow_none=True)


class StaffClaimAnswered(StaffClaimSchema):
    """The same, or what another person has to approve first: the claim waits on meanwhile."""

    proposal = fields.Nested(ProposalSchema, allow_none=True)


class StaffClaimWhole(StaffClaimSchema):
    """The same with the member's words and files."""

    note = fields.String(allow_none=True)
    files = fields.List(fields.Nested(FileSchema), required=True)


class StaffClaimsPage(Schema):
    """A page of claims; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(StaffClaimSchema), required=True)
    next = fields.String(allow_none=True)


class ClaimDecisionSchema(Schema):
    """The answer of staff."""

    outcome = fields.String(required=True, validate=validate.OneOf([*BY_STAFF]))
    reason = fields.String(required=True, validate=validate.Length(1, 500))
    click_id = fields.String(
        validate=validate.Length(1, 100),
        metadata={"description": "To credit it to another click than the member's latest"},
    )
