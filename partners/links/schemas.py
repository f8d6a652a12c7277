"""How clicks look to the member who made them."""

from marshmallow import Schema, ValidationError, fields, validate

from partners.shops.rules import MAX_SLUG
from tracker.clicks.rules import SUB_ID, read_sub_id
from tracker.kit.fields import Percent

_PLACE = "What you call the place of the link; it is kept with the click, and travels with it"


def _see_that_it_is_one(text: str) -> None:
    try:
        read_sub_id(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _sub_id() -> fields.String:
    return fields.String(
        load_default=None,
        # The pattern is for the document: Python's $ lets a line end through.
        validate=[validate.Regexp(SUB_ID), _see_that_it_is_one],
        metadata={"description": _PLACE},
    )


class VisitSchema(Schema):
    """A shop to go to."""

    shop = fields.String(
        required=True, validate=validate.Length(1, MAX_SLUG), metadata={"description": "Its slug"}
    )
    sub_id = _sub_id()


class PlaceSchema(Schema):
    """Where the link was followed."""

    sub_id = _sub_id()


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
