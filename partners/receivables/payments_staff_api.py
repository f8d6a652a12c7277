"""`/admin/api/v1/payments`: what shops paid, and which invoices it is for."""

from typing import Any

from flask.views import MethodView

from partners.receivables import payments
from partners.receivables.matching import allocate, undo
from partners.receivables.models import Allocation
from partners.receivables.queries import allocations_of, payment_of, shop_named
from partners.receivables.queries import payments as payments_listed
from partners.receivables.rules import Part
from partners.receivables.schemas import (
    AllocationSchema,
    AllocationsSchema,
    MatchSchema,
    MoveSchema,
    NewPaymentSchema,
    PaymentFilter,
    PaymentShopSchema,
    PaymentsPage,
    ReceivableReasonSchema,
    ShopPaymentSchema,
)
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "payments", __name__, url_prefix="/admin/api/v1/payments", description="What shops paid"
)
_OTHERS = {"409": refusal("More than is left or open, another shop's, or over already")}


@blueprint.route("")
class Payments(MethodView):
    """What shops paid."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PaymentFilter, location="query")
    @blueprint.response(200, PaymentsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Payments in the order in which they were written down."""
        cursor, limit, slug = wanted.pop("cursor"), wanted.pop("limit"), wanted.pop("shop", None)
        with snapshot(runtime().engine) as session:
            shop_id = None if slug is None else shop_named(session, slug)
            found = payments_listed(
                session, shop_id=shop_id, after=cursor, limit=limit + 1, **wanted
            )
        return page_of(found, limit=limit, cursor=lambda one: one.id)

    @requires(Role.OPERATOR)
    @blueprint.arguments(NewPaymentSchema)
    @blueprint.response(201, ShopPaymentSchema)
    @blueprint.doc(responses={"409": refusal("The bank's number is known, with other figures")})
    def post(self, told: dict[str, Any]) -> Any:
        """Write down a payment, once for each of the bank's numbers; it is matched with the
        invoices that its purpose names, or with the one that has its sum."""
        house, slug = runtime(), told.pop("shop")
        with unit_of_work(house.engine) as session:
            shop_id = None if slug is None else shop_named(session, slug)
            paid = payments.Paid(**told, shop_id=shop_id)
            made, _ = payments.take(session, paid, acting().login, house.clock.now())
            return _shown(session, made.id)


@blueprint.route("/<int:payment_id>")
class OnePayment(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, ShopPaymentSchema)
    def get(self, payment_id: int) -> Any:
        """A payment, and what is left of it."""
        with snapshot(runtime().engine) as session:
            return _shown(session, payment_id)


@blueprint.route("/<int:payment_id>/matches")
class Matches(MethodView):
    """What a payment is for."""

    @requires(Role.VIEWER)
    @blueprint.response(200, AllocationsSchema)
    def get(self, payment_id: int) -> dict[str, Any]:
        """The invoices that a payment is matched with, also those that it no longer is."""
        with snapshot(runtime().engine) as session:
            payment_of(session, payment_id)
            return {"items": allocations_of(session, payment_id)}

    @requires(Role.OPERATOR)
    @blueprint.arguments(MatchSchema)
    @blueprint.response(200, AllocationsSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, Any], payment_id: int) -> dict[str, Any]:
        """Match a payment with invoices of its shop."""
        with unit_of_work(runtime().engine) as session:
            made = allocate(session, payment_id, _parts(told), acting().login)
            return {"items": made}


@blueprint.route("/matches/<int:match_id>/undo")
class Unmatching(MethodView):
    """Taking one back."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ReceivableReasonSchema)
    @blueprint.response(200, AllocationSchema)
    def post(self, told: dict[str, str], match_id: int) -> Allocation:
        """Take a part of a payment, or of a credit note, back from its invoice."""
        with unit_of_work(runtime().engine) as session:
            return undo(session, match_id, acting().login, told["reason"])


@blueprint.route("/<int:payment_id>/shop")
class PaymentShop(MethodView):
    """Whose it is."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(PaymentShopSchema)
    @blueprint.response(200, ShopPaymentSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, str], payment_id: int) -> Any:
        """Say which shop has paid, where nobody knew."""
        with unit_of_work(runtime().engine) as session:
            shop_id = shop_named(session, told["shop"])
            payments.assign(session, payment_id, shop_id, acting().login)
            return _shown(session, payment_id)


@blueprint.route("/<int:payment_id>/reverse")
class Reversing(MethodView):
    """Taking a payment back."""

    @requires(Role.APPROVER)
    @blueprint.arguments(ReceivableReasonSchema)
    @blueprint.response(200, ShopPaymentSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, str], payment_id: int) -> Any:
        """The payment was another's, or was sent back: the shop owes it again."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            who, now = acting().login, house.clock.now()
            payments.reverse(session, payment_id, who, told["reason"], now)
            return _shown(session, payment_id)


@blueprint.route("/<int:payment_id>/move")
class Moving(MethodView):
    """Another shop's."""

    @requires(Role.APPROVER)
    @blueprint.arguments(MoveSchema)
    @blueprint.response(201, ShopPaymentSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, str], payment_id: int) -> Any:
        """The payment is another shop's: it is reversed, and stands anew as that shop's."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            shop_id, who = shop_named(session, told["shop"]), acting().login
            now, reason = house.clock.now(), told["reason"]
            made = payments.move(session, payment_id, shop_id, who, reason=reason, now=now)
            return _shown(session, made.id)


def _parts(told: dict[str, Any]) -> list[Part] | None:
    return None if told["oldest_first"] else [Part(**one) for one in told["parts"]]


def _shown(session: Any, payment_id: int) -> Any:
    payment_of(session, payment_id)
    return payments_listed(session, after=payment_id - 1, limit=1)[0]
