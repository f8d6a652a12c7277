"""How purchases look to staff."""

from marshmallow import Schema, fields, validate

from tracker.clicks.sanity import Sign
from tracker.kit.fields import Rubles
from tracker.purchases.rewards import Decision, RewardState
from tracker.purchases.rules import Status


class PurchaseSchema(Schema):
    """One purchase, and where its money stands."""

    id = fields.Integer()
    shop_id = fields.Integer()
    order_id = fields.String()
    status = fields.String()
    upstream_status = fields.String(
        allow_none=True, metadata={"description": "The sender's own word; never merged with ours."}
    )
    feed = fields.String(allow_none=True)
    is_trusted = fields.Boolean(
        attribute="stated_trusted",
        metadata={"description": "Whether it was proved who stated the purchase."},
    )
    suspect_of = fields.Integer(
        allow_none=True, metadata={"description": "The purchase that this may be once more."}
    )
    separate_reason = fields.String(allow_none=True)
    unattributed_reason = fields.String(allow_none=True)
    click_id = fields.String(allow_none=True)
    attributed_click_id = fields.String(allow_none=True)
    member_id = fields.Integer(allow_none=True)
    ordered_at = fields.AwareDateTime(format="iso", allow_none=True)
    hold_ends_at = fields.AwareDateTime(format="iso", allow_none=True)
    pending_cashback = Rubles()
    confirmed_cashback = Rubles()
    pending_commission = Rubles()
    confirmed_commission = Rubles()
    ceiling = Rubles(allow_none=True)
    revision = fields.Integer()


class PurchaseFilter(Schema):
    """Which purchases."""

    status = fields.String(validate=validate.OneOf([*Status]))
    shop_id = fields.Integer()
    member_id = fields.Integer()
    order_id = fields.String()
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PurchasePage(Schema):
    """A page of purchases; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(PurchaseSchema))
    next = fields.String(allow_none=True)


class FlagSchema(Schema):
    """What looks odd of a purchase; its money is not moved by it."""

    id = fields.Integer()
    flag = fields.String(validate=validate.OneOf([*Sign]))
    noted_at = fields.AwareDateTime(format="iso")
    reviewed_at = fields.AwareDateTime(format="iso", allow_none=True)
    reviewed_by = fields.String(allow_none=True)
    note = fields.String(allow_none=True, metadata={"description": "What the reviewer found"})
    purchase_id = fields.Integer()
    shop_id = fields.Integer()
    order_id = fields.String()
    member_id = fields.Integer(allow_none=True)
    click_id = fields.String(allow_none=True)
    ordered_at = fields.AwareDateTime(format="iso", allow_none=True)
    status = fields.String(metadata={"description": "Of the purchase"})
    total = Rubles(metadata={"description": "Of all lines of the purchase"})


class FlagFilter(Schema):
    """Which flags."""

    flag = fields.String(validate=validate.OneOf([*Sign]))
    shop_id = fields.Integer()
    reviewed = fields.Boolean(metadata={"description": "False: those that wait for a review"})
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class FlagPage(Schema):
    """A page of flags; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(FlagSchema))
    next = fields.String(allow_none=True)


class ReviewSchema(Schema):
    """What somebody found who looked at a flag."""

    note = fields.String(required=True, validate=validate.Length(1, 500))


class RewardSchema(Schema):
    """What a friend brings whoever invited them."""

    id = fields.Integer()
    friend_id = fields.Integer()
    inviter_id = fields.Integer()
    amount = Rubles()
    state = fields.String()
    purchase_id = fields.Integer(
        allow_none=True, metadata={"description": "The friend's first purchase: it decides"}
    )
    suspicions = fields.String(
        allow_none=True, metadata={"description": "Why it is held, or was: device, number, email"}
    )
    decision = fields.String(allow_none=True)
    changed_at = fields.AwareDateTime(format="iso", allow_none=True)


class RewardFilter(Schema):
    """Which rewards."""

    state = fields.String(validate=validate.OneOf([*RewardState]))
    inviter_id = fields.Integer()
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class RewardPage(Schema):
    """A page of rewards; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(RewardSchema))
    next = fields.String(allow_none=True)


class RewardDecisionSchema(Schema):
    """The word of staff, for good, and why; it is kept in the audit."""

    decision = fields.String(required=True, validate=validate.OneOf([*Decision]))
    reason = fields.String(required=True, validate=validate.Length(1, 500))
