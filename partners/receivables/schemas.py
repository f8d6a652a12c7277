"""How invoices, payments and what is lent look outside."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from partners.receivables.rules import MAX_PAYMENT_DAYS, OURS, InvoiceKind, PaymentKind
from tracker.audit.rules import MAX_REASON
from tracker.kit.fields import Day, Moment, Period, Rubles
from tracker.kit.http import MAX_ID
from tracker.kit.money import MAX_KOPECKS
from tracker.members.rules import Language

_PRINTABLE = validate.Predicate("isprintable", error="Must be printable.")
_ID = validate.Range(1, MAX_ID)
_ABOVE_NOTHING = validate.Range(1, MAX_KOPECKS, error="Must be above zero.")


class _Paged(Schema):
    cursor = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))
    shop = fields.String(validate=validate.Length(1, 64), metadata={"description": "Its slug"})


class PaymentTermsSchema(Schema):
    """A shop's terms of payment, and who it is on paper."""

    payment_days = fields.Integer(
        strict=True, required=True, validate=validate.Range(0, MAX_PAYMENT_DAYS)
    )
    language = fields.String(
        load_default=str(Language.RU), validate=validate.OneOf([str(one) for one in Language])
    )
    legal_name = fields.String(load_default="", validate=[validate.Length(max=300), _PRINTABLE])
    address = fields.String(load_default="", validate=[validate.Length(max=300), _PRINTABLE])
    tax_id = fields.String(load_default="", validate=[validate.Length(max=300), _PRINTABLE])
    funding_limit = Rubles(
        allow_none=True,
        load_default=None,
        metadata={"description": "None: the house's limit"},
    )


class IssueSchema(Schema):
    """Of which month."""

    period = fields.String(
        required=True,
        validate=validate.Length(7, 7),
        metadata={"description": "`2011-01`, a month that is closed"},
    )


class InvoiceRunSchema(Schema):
    """The invoices of a month, asked for; a worker issues them."""

    period = fields.String()
    issued_on = fields.Date()
    asked_by = fields.String()
    asked_at = Moment()
    finished_at = Moment(allow_none=True)
    invoices = fields.Integer(allow_none=True)


class InvoiceFilter(_Paged):
    """Which invoices."""

    period = Period()
    only_open = fields.Boolean(data_key="open", load_default=False)


class InvoiceSchema(Schema):
    """What a closed month of a shop came to."""

    id = fields.Integer()
    number = fields.String()
    shop = fields.String()
    period = fields.String()
    kind = fields.String(validate=validate.OneOf([str(one) for one in InvoiceKind]))
    amount = Rubles(metadata={"description": "Below zero: a credit note"})
    open = Rubles(metadata={"description": "Not paid yet; of a credit note what is not set off"})
    lines = fields.Integer()
    issued_on = fields.Date()
    due_on = fields.Date()
    sha256 = fields.Function(lambda one: one.sha256.hex(), metadata={"type": "string"})


class InvoicesPage(Schema):
    """A page of invoices; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(InvoiceSchema), required=True)
    next = fields.String(allow_none=True)


class PaymentFilter(_Paged):
    """Which payments."""

    unassigned = fields.Boolean(
        load_default=False, metadata={"description": "Of which nobody knows the shop"}
    )
    unmatched = fields.Boolean(
        load_default=False, metadata={"description": "Of which something is for no invoice yet"}
    )


def _bare(told: object) -> object:
    """Without the blanks around it, as lines of a file are read."""
    return told.strip() if isinstance(told, str) else told


def _none_of_ours(reference: str) -> None:
    if OURS.fullmatch(reference):
        raise ValidationError("So we number what is written off, or moved to another shop.")


class NewPaymentSchema(Schema):
    """A line of the bank's."""

    bank_reference = fields.String(
        required=True,
        pre_load=_bare,
        validate=[validate.Length(1, 200), _PRINTABLE, _none_of_ours],
        metadata={"description": "The bank's own number of it: once written down, once only"},
    )
    amount = Rubles(required=True, validate=_ABOVE_NOTHING)
    received_on = Day(required=True)
    payer = fields.String(load_default="", validate=[validate.Length(max=500), _PRINTABLE])
    purpose = fields.String(load_default="", validate=[validate.Length(max=500), _PRINTABLE])
    shop = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))


class ShopPaymentSchema(Schema):
    """Money that came from a shop, or that we gave up."""

    id = fields.Integer()
    kind = fields.String(validate=validate.OneOf([str(one) for one in PaymentKind]))
    bank_reference = fields.String()
    shop = fields.String(allow_none=True)
    amount = Rubles()
    left_over = Rubles(metadata={"description": "For no invoice yet"})
    received_on = fields.Date()
    payer = fields.String()
    purpose = fields.String()
    recorded_by = fields.String()
    recorded_at = Moment()
    reversed_by = fields.String(allow_none=True)
    reversed_at = Moment(allow_none=True)


class PaymentsPage(Schema):
    """A page of payments; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ShopPaymentSchema), required=True)
    next = fields.String(allow_none=True)


class PaymentShopSchema(Schema):
    """Whose it is."""

    shop = fields.String(required=True, validate=validate.Length(1, 64))


class PartSchema(Schema):
    """So much for an invoice."""

    invoice_id = fields.Integer(required=True, strict=True, validate=_ID)
    amount = Rubles(required=True, validate=_ABOVE_NOTHING)


class MatchSchema(Schema):
    """What a payment, or a credit note, is for."""

    parts = fields.List(fields.Nested(PartSchema), validate=validate.Length(1, 1000))
    oldest_first = fields.Boolean(
        load_default=False, metadata={"description": "The invoices that were due first"}
    )

    @validates_schema
    def one_of_both(self, data: dict[str, object], **_: object) -> None:
        """Raises ValidationError."""
        if bool(data.get("parts")) == data["oldest_first"]:
            raise ValidationError("Either parts or oldest_first is expected.", "parts")


class AllocationSchema(Schema):
    """A part that is matched."""

    id = fields.Integer()
    payment_id = fields.Integer(allow_none=True)
    credit_note_id = fields.Integer(allow_none=True)
    invoice_id = fields.Integer()
    amount = Rubles()
    made_by = fields.String()
    made_at = Moment()
    undone_by = fields.String(allow_none=True)
    undone_at = Moment(allow_none=True)


class AllocationsSchema(Schema):
    """What is matched."""

    items = fields.List(fields.Nested(AllocationSchema))


class ReceivableReasonSchema(Schema):
    """Why; it is kept."""

    reason = fields.String(required=True, validate=[validate.Length(1, MAX_REASON), _PRINTABLE])


class MoveSchema(ReceivableReasonSchema):
    """Whose a payment is after all, and why."""

    shop = fields.String(required=True, validate=validate.Length(1, 64))


class WriteOffSchema(ReceivableReasonSchema):
    """How much of an invoice is given up, and why."""

    amount = Rubles(required=True, validate=_ABOVE_NOTHING)


class DayQuery(Schema):
    """As of which business date."""

    day = Day(metadata={"description": "By default today's in Moscow"})


class OwedSchema(Schema):
    """What a shop owes, by how long it is overdue."""

    shop = fields.String()
    owed = Rubles(metadata={"description": "As the ledger has it"})
    not_due = Rubles()
    days_30 = Rubles(metadata={"description": "1 to 30 days overdue"})
    days_60 = Rubles(metadata={"description": "31 to 60 days"})
    days_90 = Rubles(metadata={"description": "61 to 90 days"})
    days_older = Rubles(metadata={"description": "More than 90 days"})
    not_invoiced = Rubles(
        metadata={"description": "Of open months, less what is for no invoice yet"}
    )


class ReceivablesSchema(Schema):
    """What shops owe us on a business date."""

    day = fields.Date()
    total = Rubles()
    items = fields.List(fields.Nested(OwedSchema))


class LentSchema(Schema):
    """What members had of a shop's cashback before it paid."""

    shop = fields.String()
    paid_to_members = Rubles()
    covered = Rubles(metadata={"description": "What its paid invoices stand for"})
    funded = Rubles(metadata={"description": "Ours, until it pays"})
    limit = Rubles()
    above_limit = fields.Boolean()


class FundingSchema(Schema):
    """What was lent to shops, as reckoned on a business date."""

    day = fields.Date(allow_none=True)
    funded = Rubles()
    items = fields.List(fields.Nested(LentSchema))
