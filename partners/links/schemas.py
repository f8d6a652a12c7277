"""How clicks look to the member who made them."""

from marshmallow import Schema, fields, validate

from partners.shops.rules import MAX_SLUG
from tracker.clicks.rules import MAX_SUB_ID
from tracker.kit.fields import Percent

_PLACE = "What you call the place of the link: A-Z a-z 0-9 . _ ~ -, not dots alone"


class VisitSchema(Schema):
    """A shop to go to."""

    shop = fields.String(
        required=True, validate=validate.Length(1, MAX_SLUG), metadata={"description": "Its slug"}
    )
    sub_id = fields.String(
        load_default=None, validate=validate.Length(1, MAX_SUB_ID), metadata={"description": _PLACE}
    )


class PlaceSchema(Schema):
    """Where the link was followed."""

    sub_id = fields.String(
        load_default=None, validate=validate.Length(1, MAX_SUB_ID), metadata={"description": _PLACE}
    )


class MadeClickSchema(Schema):
    """A click, with what was promised at it: a later change of the shop's changes nothing."""

    click_id = fields.String(metadata={"description": "Opaque; the shop reports the order by it"})
    shop = fields.String()
    shop_name = fields.String()
    cashback_percent = Percent(
        attribute="cashback_bp", metadata={"description": "Of what is paid for an order"}
    )
    hold_days = fields.Integer(
        metadata={"description": "Days after the order when it is expected to be confirmed"}
    )
    clicked_at = fields.AwareDateTime(format="iso")
    valid_until = fields.AwareDateTime(
        format="iso", metadata={"description": "Orders before this moment are credited"}
    )
    sub_id = fields.String(allow_none=True)


class FollowedSchema(MadeClickSchema):
    """A click that was just made."""

    url = fields.String(metadata={"description": "Where to send the member now"})


class ClickFilter(Schema):
    """Which clicks."""

    cursor = fields.String(load_default=None, validate=validate.Length(1, 100))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ClickPage(Schema):
    """A page of clicks; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(MadeClickSchema))
    next = fields.String(allow_none=True)
