"""How a member's own affairs look outside."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from tracker.adjustments.rules import Cause
from tracker.cabinet.cursors import MAX_CURSOR
from tracker.cabinet.rules import (
    Kind,
    MemberState,
    PaymentState,
    Status,
    Waits,
    Why,
)
from tracker.kit.fields import Day, Percent, Rubles
from tracker.members.rules import Language
from tracker.notifications.contracts import NO_CHANNEL, Channel

ALL = "all"
MAX_PAGE = 200


class Switch(fields.Boolean):
    """On or off: a JSON boolean and nothing that looks like one."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class ShopSchema(Schema):
    """A shop."""

    slug = fields.String()
    name = fields.String()


class LineSchema(Schema):
    """One line of a history."""

    id = fields.String(
        attribute="line.id", metadata={"description": "Stable; what it is made of is not"}
    )
    status = fields.Enum(Status, by_value=True, attribute="line.status")
    kind = fields.Enum(Kind, by_value=True, attribute="line.kind")
    amount = Rubles(attribute="line.amount")
    at = fields.AwareDateTime(
        format="iso",
        attribute="line.at",
        metadata={"description": "The business moment, as told in Moscow"},
    )
    shop = fields.Nested(ShopSchema, allow_none=True)
    order_id = fields.String(attribute="line.order_id", allow_none=True)
    period = fields.String(
        attribute="line.period",
        allow_none=True,
        metadata={"description": "Of a payment: the month on whose 1st it was due"},
    )
    expected_at = fields.AwareDateTime(
        format="iso",
        attribute="line.expected_at",
        allow_none=True,
        metadata={"description": "Of what is pending: when it is decided at the latest"},
    )
    usually_by = fields.Date(
        allow_none=True,
        metadata={
            "description": "Of what is pending: the day by which four in five of its like were"
            " confirmed; null: nobody can say"
        },
    )
    waits_for = fields.Enum(
        Waits,
        by_value=True,
        attribute="line.waits_for",
        allow_none=True,
        metadata={"description": "`review`: staff look at it, and no date can be told"},
    )
    reason = fields.Enum(
        Why,
        by_value=True,
        attribute="line.reason",
        allow_none=True,
        metadata={"description": "Of what was rejected"},
    )
    taken_back = fields.Boolean(
        attribute="line.taken_back",
        metadata={"description": "Rejected after some of it had been available"},
    )
    cause = fields.Enum(
        Cause,
        by_value=True,
        attribute="line.cause",
        allow_none=True,
        metadata={"description": "Of an adjustment by staff: why"},
    )


class HistoryFilter(Schema):
    """Which lines."""

    status = fields.String(load_default=ALL, validate=validate.OneOf([ALL, *Status]))
    first = Day(data_key="from", metadata={"description": "The first day, in Moscow"})
    last = Day(data_key="to", metadata={"description": "The last day, in Moscow; it is included"})
    cursor = fields.String(
        validate=validate.Length(1, MAX_CURSOR),
        metadata={"description": "`next` of the page above, with the same status, from and to"},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_PAGE))


class HistoryPage(Schema):
    """A page of lines, the latest first; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(LineSchema))
    next = fields.String(allow_none=True)


class NextPaymentSchema(Schema):
    """The next auto-payment, if nothing changes until then."""

    day = fields.Date(metadata={"description": "The 1st of the next month in Moscow"})
    at = fields.AwareDateTime(format="iso")
    auto_payment = fields.Boolean()
    minimum = Rubles(metadata={"description": "Less than this is not paid, and stays available"})
    amount = Rubles(metadata={"description": "What would be paid; 0.00 when nothing would"})


class BalanceSchema(Schema):
    """How a member's money stands. What is available is never below zero; a debt stands apart."""

    available = Rubles(attribute="balance.available")
    reserved = Rubles(attribute="balance.reserved", metadata={"description": "Put aside for goals"})
    pending = Rubles(attribute="balance.pending")
    in_flight = Rubles(
        attribute="balance.in_flight",
        metadata={"description": "On its way to a phone: not available any more, not spent yet"},
    )
    spent = Rubles(
        attribute="balance.spent",
        metadata={"description": "Paid out, spent on certificates and taken off by staff, in all"},
    )
    debt = Rubles(
        attribute="balance.debt",
        metadata={"description": "Taken back after it was paid; later cashback pays it off first"},
    )
    next_payment = fields.Nested(NextPaymentSchema)


class PromiseSchema(Schema):
    """The promise."""

    clicked_at = fields.AwareDateTime(format="iso")
    valid_until = fields.AwareDateTime(
        format="iso", metadata={"description": "Orders before this moment are credited to it"}
    )
    cashback_percent = Percent(attribute="terms.cashback_bp")
    hold_days = fields.Integer(attribute="terms.hold_days")


class ItemSchema(Schema):
    """A line of a purchase: cashback = amount * cashback_percent / 100, half up to a kopeck."""

    line_id = fields.String(attribute="sold.line_id")
    sku = fields.String(attribute="sold.sku", allow_none=True)
    category = fields.String(attribute="sold.category", allow_none=True)
    quantity = fields.Integer(attribute="sold.quantity")
    amount = Rubles(attribute="sold.amount")
    cashback = Rubles()
    returned = Rubles(metadata={"description": "Of the amount, given back"})


class DeductionSchema(Schema):
    """What took something of the promise: a return, or a verdict (without an id)."""

    reason = fields.Enum(Why, by_value=True)
    amount = Rubles(metadata={"description": "Cashback"})
    at = fields.AwareDateTime(format="iso", allow_none=True)
    return_id = fields.String(allow_none=True, metadata={"description": "Empty: a cancellation"})


class PurchaseToldSchema(Schema):
    """A purchase and its arithmetic: promised less all deductions is pending or accrued."""

    shop = fields.Nested(ShopSchema, allow_none=True)
    order_id = fields.String(attribute="told.bought.order_id")
    ordered_at = fields.AwareDateTime(format="iso", attribute="told.bought.ordered_at")
    status = fields.String(attribute="told.bought.status")
    promised = Rubles(attribute="told.bought.promised")
    accrued = Rubles(attribute="told.bought.confirmed")
    pending = Rubles(attribute="told.bought.pending")
    rejected = Rubles(attribute="told.bought.rejected")
    hold_ends_at = fields.AwareDateTime(
        format="iso", attribute="told.bought.hold_ends_at", allow_none=True
    )
    click = fields.Nested(PromiseSchema, attribute="told.click")
    items = fields.List(fields.Nested(ItemSchema), attribute="told.reckoning.items")
    deductions = fields.List(fields.Nested(DeductionSchema), attribute="told.reckoning.deductions")


class PaymentSchema(Schema):
    """A payment to a phone."""

    period = fields.String()
    as_of = fields.AwareDateTime(format="iso")
    amount = Rubles()
    number = fields.String(metadata={"description": "Masked"})
    state = fields.Enum(PaymentState, by_value=True)
    reference = fields.String(allow_none=True, metadata={"description": "The operator's own"})


class MovementSchema(Schema):
    """A movement in the ledger, as it changed the member's balances."""

    kind = fields.String()
    pending = Rubles()
    available = Rubles()
    in_flight = Rubles()
    reserved = Rubles()
    effective_at = fields.AwareDateTime(format="iso", metadata={"description": "When it counts"})
    recorded_at = fields.AwareDateTime(format="iso", metadata={"description": "When we knew"})


class ExplanationSchema(Schema):
    """Where a line comes from. ``lines`` are those of now: money may have moved on since."""

    lines = fields.List(fields.Nested(LineSchema))
    purchase = fields.Nested(PurchaseToldSchema, allow_none=True)
    payment = fields.Nested(PaymentSchema, allow_none=True)
    movements = fields.List(fields.Nested(MovementSchema))


class MeSchema(Schema):
    """The member as the member sees it."""

    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    email_proved = fields.Boolean()
    language = fields.Enum(Language, by_value=True)
    joined_at = fields.AwareDateTime(format="iso")
    auto_payment = fields.Boolean()
    referral_code = fields.String()
    referral_link = fields.String()


class PreferencesSchema(Schema):
    """What is to be changed; what is not named stays."""

    language = fields.Enum(Language, by_value=True)
    auto_payment = Switch()


_CHANNELS = validate.OneOf([*Channel, NO_CHANNEL])


class ChoicesSchema(Schema):
    """A channel for each topic; what is not named goes by its default."""

    cashback = fields.String(validate=_CHANNELS)
    payouts = fields.String(validate=_CHANNELS)
    certificates = fields.String(validate=_CHANNELS)
    claims = fields.String(validate=_CHANNELS)
    security = fields.String(
        validate=validate.OneOf([Channel.SMS]),
        metadata={"description": "Cannot be turned off, nor sent elsewhere"},
    )


class MemberSchema(Schema):
    """A member as staff see one: numbers and addresses masked."""

    id = fields.Integer()
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    email_proved = fields.Boolean()
    language = fields.Enum(Language, by_value=True)
    joined_at = fields.AwareDateTime(format="iso")
    closed_at = fields.AwareDateTime(format="iso", allow_none=True)
    erased_at = fields.AwareDateTime(format="iso", allow_none=True)
    auto_payment = fields.Boolean()
    is_returned = fields.Boolean(
        attribute="returned", metadata={"description": "Was a member before"}
    )
    referrer_id = fields.Integer(allow_none=True)
    state = fields.Enum(MemberState, by_value=True)


class MemberSearch(Schema):
    """By the whole number: nobody can look through members digit by digit."""

    phone = fields.String(required=True, validate=validate.Length(1, 50))


class MemberList(Schema):
    """The members found: none or one."""

    items = fields.List(fields.Nested(MemberSchema))
