"""How shops and offers look to staff."""

from marshmallow import Schema, fields, validate

from partners.offers.rules import MAX_CASHBACK_BP, MAX_COMMISSION_BP, MAX_HOLD_DAYS
from partners.shops.rules import Section, ShopStatus
from tracker.audit.rules import MAX_REASON
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.fields import Moment, Percent
from tracker.proposals.schemas import PRINTABLE

_SLUG = [validate.Length(1, 64), PRINTABLE]
_ENDS = validate.OneOf([*OnHoldEnd])


class TermsSchema(Schema):
    """What a shop promises."""

    cashback_percent = Percent(
        attribute="cashback_bp", required=True, validate=validate.Range(0, MAX_CASHBACK_BP)
    )
    commission_percent = Percent(
        attribute="commission_bp", required=True, validate=validate.Range(0, MAX_COMMISSION_BP)
    )
    hold_days = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MAX_HOLD_DAYS)
    )
    on_hold_end = fields.String(required=True, validate=_ENDS)


class OfferSchema(TermsSchema):
    """A shop's terms from a moment until its next offer begins."""

    shop = fields.String(required=True, metadata={"description": "Its slug"})
    valid_from = fields.AwareDateTime(format="iso", required=True)


class OfferWish(TermsSchema):
    """Terms that are to hold for a shop."""

    shop = fields.String(required=True, validate=_SLUG, metadata={"description": "Its slug"})
    since = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "From when on; without it: from now on"},
    )
    reason = fields.String(required=True, validate=[validate.Length(1, MAX_REASON), PRINTABLE])


class OfferOutcome(Schema):
    """What became of new terms."""

    state = fields.String(
        required=True,
        validate=validate.OneOf(["changed", "unchanged", "proposed"]),
        metadata={"description": "`proposed`: above the limit, so another person has to agree"},
    )
    proposal_id = fields.Integer(allow_none=True)


class OfferFilter(Schema):
    """Which offers."""

    shop = fields.String(validate=_SLUG)
    cursor = fields.String(load_default="", validate=validate.Length(max=64))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class OffersPage(Schema):
    """A page of offers; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(OfferSchema), required=True)
    next = fields.String(allow_none=True)


class StaffShopFilter(Schema):
    """Which shops."""

    status = fields.String(validate=validate.OneOf([*ShopStatus]))
    section = fields.String(validate=validate.OneOf([*Section]))
    cursor = fields.String(load_default="", validate=[validate.Length(max=64), PRINTABLE])
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class StaffShopSchema(Schema):
    """A shop, with the terms that it promises at present."""

    slug = fields.String(required=True)
    name = fields.String(required=True)
    section = fields.String(required=True)
    subsection = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*ShopStatus]))
    site_url = fields.String(required=True)
    link_template = fields.String(required=True)
    terms = fields.Nested(TermsSchema, allow_none=True)


class StaffShopsPage(Schema):
    """A page of shops; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(StaffShopSchema), required=True)
    next = fields.String(allow_none=True)
