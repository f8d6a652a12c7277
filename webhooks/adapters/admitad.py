"""Admitad's three forms: a shop's integration postback, a publisher's postback, a revision. Pure.

Which of them a request is, its fields say: ``payment_status`` is of a publisher's postback,
``status`` of a revision. None of them tells when it was sent.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.credentials.rules import Secret
from partners.intake.contracts import PurchaseNotice
from tracker.kit.errors import Unreadable
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.contracts import Line
from webhooks.errors import SignatureNotAccepted
from webhooks.schemes.keys import URL_KEY, UrlKey
from webhooks.schemes.standard import STANDARD
from webhooks.wire import forms, xml
from webhooks.wire.dialect import MAX_NOTICES, Dialect
from webhooks.wire.letters import Content, Letter, Shape
from webhooks.wire.loose import LooseReader
from webhooks.wire.reading import Faults
from webhooks.wire.scheme import Shown
from webhooks.wire.telling import Told

MAX_BODY = 1024 * 1024
MAX_ORDER_ID = 100
NAMESPACE = "http://admitad.com/payments-revision"
_ONE = "1"
"""The line of an order that is told as a whole, or of a cart whose positions have no numbers."""

_PUBLISHED = ("new", "approved", "declined", "pending")
_REVISED = ("approved", "declined", "pending")
_XML_REVISED = {"1": "approved", "2": "declined"}
_SIGN = "revision_sign"
_POSTBACK_KEY = UrlKey("postback_key")


@dataclass(frozen=True, slots=True)
class RevisionSignature:
    """A signature over a programme's code and an order's number, and over nothing else."""

    name: str = "admitad-revision"
    proves: str = "that the sender has the shop's key, and which order is meant; no status, no sum"
    is_trusted: bool = False
    fields: tuple[str, ...] = (_SIGN,)

    def applies(self, letter: Letter) -> bool:
        """Whether there is a signature of this kind."""
        content = letter.content
        return (
            content is not None
            and content.shape is Shape.FORM
            and bool(forms.values(content.raw, _SIGN))
        )

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:  # noqa: ARG002
        """Let in what is signed. Raises SignatureNotAccepted, also for what cannot be read.

        The signature is not kept: whoever saw it could say anything else of the same order. Nor is
        a key that stands beside it.
        """
        rest = letter.content.raw if letter.content else b""
        given = forms.values(rest, _SIGN)
        for one in (_SIGN, _POSTBACK_KEY.field, URL_KEY.field):
            rest = forms.without(rest, one)
        try:
            fields = forms.decode(rest)
        except Unreadable:
            raise SignatureNotAccepted from None
        campaign, order = fields.get("campaign_code", ""), fields.get("order_id", "")
        sign = given[0].lower() if len(given) == 1 else b""
        owner = None
        for secret in secrets:
            signed = hmac.digest(secret.url_key, (campaign + order).encode(), "sha1").hex().encode()
            if hmac.compare_digest(sign, signed) and secret.url_key:
                owner = owner or secret
        if owner is None or not (campaign and order):
            raise SignatureNotAccepted
        content = Content(Shape.FORM, rest)
        return Shown(owner, content.identity, content)


REVISION_SIGNATURE = RevisionSignature()


def _read(content: Content, received_at: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    if content.shape is Shape.XML:
        return _xml_revision(content.raw, received_at, faults)
    form = LooseReader(forms.decode(content.raw), faults)
    if form.has("payment_status"):
        return _published(form, received_at)
    if form.has("status"):
        return _form_revision(form, received_at)
    return _integrated(form, received_at)


def _integrated(form: LooseReader, at: datetime) -> tuple[PurchaseNotice, ...]:
    """A cart line. Its price is of one piece: so the vendor's own shop modules send it."""
    _no_lead(form, "payment_type")
    quantity = form.pieces("quantity")
    amount = form.amount("price") * quantity
    if amount > MAX_KOPECKS:
        form.fault("price", "comes to more than a trillion roubles")
    line_id = form.optional_label("position_id") or _ONE
    told = Told(_order_id(form, "order_id"), at, currency=form.currency("currency_code"))
    line = Line(line_id, quantity, amount, form.note("product_id"))
    click_id = form.optional_identifier("uid")
    return (told.stated((line,), click_id=click_id, ordered_at=at, whole=False),)


def _published(form: LooseReader, at: datetime) -> tuple[PurchaseNotice, ...]:
    """The order as it stands now, and the verdict.

    ``pending`` is what was approved and then held again: it confirms nothing. What the other words
    state ranks above what ``new`` stated, since they come later.
    """
    _no_lead(form, "type")
    word = form.choice("payment_status", _PUBLISHED)
    has_sum = word != "declined" or form.has("order_sum")
    told = Told(
        _order_id(form, "order_id"),
        at,
        currency=form.currency("currency") if has_sum else form.optional_currency("currency"),
        upstream=form.written("payment_status"),
        feed="publisher",
    )
    if not has_sum:
        return (told.cancelled(),)
    amount = form.amount("order_sum")
    stated = told.stated(
        (Line(_ONE, 1, amount),),
        click_id=form.optional_identifier("subid"),
        ordered_at=form.unix("time") if form.has("time") else at,
        is_restated=word != "new",
    )
    return (stated, *_verdict(told, word, amount))


def _form_revision(form: LooseReader, at: datetime) -> tuple[PurchaseNotice, ...]:
    word = form.choice("status", _REVISED)
    told = Told(_order_id(form, "order_id"), at, upstream=form.written("status"))
    return _verdict(told, word, form.optional_amount("amount"), form.note("comment"))


def _xml_revision(raw: bytes, at: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    found = xml.records(raw, root="Payments", record="Payment", namespace=NAMESPACE)
    if not 0 < len(found) <= MAX_NOTICES:
        faults["Payments"] = f"must hold 1 to {MAX_NOTICES} times Payment"
    notices: list[PurchaseNotice] = []
    for place, fields in enumerate(found):
        payment = LooseReader(fields, faults, f"Payment[{place}]")
        word = _XML_REVISED.get(payment.choice("Status", tuple(_XML_REVISED)), "")
        told = Told(_order_id(payment, "OrderID"), at, upstream=payment.written("Status"))
        amount = payment.optional_amount("OrderAmount")
        notices += _verdict(told, word, amount, payment.note("Comment"))
    return tuple(notices)


def _verdict(
    told: Told, word: str, amount: int | None, reason: str | None = None
) -> tuple[PurchaseNotice, ...]:
    """What follows from a status. ``pending`` is no verdict: it is taken, and says nothing."""
    if word == "approved":
        return (told.confirmed(amount),)
    if word == "declined":
        return (told.cancelled(reason),)
    return ()


def _order_id(reader: LooseReader, name: str) -> str:
    order_id = reader.label(name)
    if len(order_id) > MAX_ORDER_ID:
        reader.fault(name, f"must have 1 to {MAX_ORDER_ID} characters")
    return order_id


def _no_lead(form: LooseReader, name: str) -> None:
    if form.written(name) == "lead":
        form.fault(name, "is a lead, which has no sum: only sales earn cashback")


DIALECT = Dialect(
    "admitad",
    "Admitad: integration postbacks, publisher postbacks, revisions as form or XML",
    _read,
    (STANDARD, REVISION_SIGNATURE, _POSTBACK_KEY, URL_KEY),
    frozenset({Shape.FORM, Shape.XML}),
    frozenset({"POST", "GET"}),
    MAX_BODY,
)
