"""`/admin/api/v1/purchases`: what the shops reported, also what is nobody's or unmatched."""

from typing import Any

from flask.views import MethodView

from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.purchases.queries import listed
from tracker.purchases.rules import Status
from tracker.purchases.schemas import PurchaseFilter, PurchasePage
from tracker.staff.guard import requires
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
