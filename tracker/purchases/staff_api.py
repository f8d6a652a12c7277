"""`/admin/api/v1/purchases`: what the shops reported, also what is nobody's or unmatched."""

from typing import Any

from flask.views import MethodView

from tracker.clicks.sanity import Sign
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.purchases.flags_desk import Flagged, FlagNotFound, Wanted, flagged, review
from tracker.purchases.queries import listed
from tracker.purchases.rules import Status
from tracker.purchases.schemas import (
    FlagFilter,
    FlagPage,
    FlagSchema,
    PurchaseFilter,
    PurchasePage,
    ReviewSchema,
)
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "purchases", __name__, url_prefix="/admin/api/v1/purchases", description="Reported purchases"
)


@blueprint.route("")
class Purchases(MethodView):
    """Purchases."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PurchaseFilter, location="query")
    @blueprint.response(200, PurchasePage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Purchases in the order they were first heard of."""
        with unit_of_work(runtime().engine) as session:
            found = listed(
                session,
                status=Status(wanted["status"]) if "status" in wanted else None,
                shop_id=wanted.get("shop_id"),
                member_id=wanted.get("member_id"),
                order_id=wanted.get("order_id"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda purchase: purchase.id)


@blueprint.route("/flags")
class Flags(MethodView):
    """What looks odd of purchases."""

    @requires(Role.VIEWER)
    @blueprint.arguments(FlagFilter, location="query")
    @blueprint.response(200, FlagPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Flags in the order in which they were noted, each with its purchase."""
        with unit_of_work(runtime().engine) as session:
            which = Wanted(
                flag=Sign(wanted["flag"]) if "flag" in wanted else None,
                shop_id=wanted.get("shop_id"),
                reviewed=wanted.get("reviewed"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
            found = flagged(session, which)
        return page_of(found, limit=wanted["limit"], cursor=lambda flag: flag.id)


@blueprint.route("/flags/<int:purchase_id>/<flag>/review")
class FlagReview(MethodView):
    """Somebody has looked at a flag."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ReviewSchema)
    @blueprint.response(200, FlagSchema)
    @blueprint.doc(responses={"409": refusal("Somebody has reviewed it already")})
    def post(self, given: dict[str, str], purchase_id: int, flag: str) -> Flagged:
        """Keep what was found; it moves no money, and stands for good."""
        if flag not in [*Sign]:
            raise FlagNotFound(f"there is no flag {flag!r}")
        with unit_of_work(runtime().engine) as session:
            return review(session, purchase_id, Sign(flag), acting().login, given["note"])
