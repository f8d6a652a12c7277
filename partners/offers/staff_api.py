"""`/admin/api/v1/shops` and `/admin/api/v1/offers`: the shops, and what they promise."""

from typing import Any

from flask.views import MethodView

from partners.offers.changing import change
from partners.offers.listing import Row, cursor_of, offers, shops, with_terms
from partners.offers.schemas import (
    OfferFilter,
    OfferOutcome,
    OffersPage,
    OfferWish,
    StaffShopFilter,
    StaffShopSchema,
    StaffShopsPage,
)
from partners.shops.rules import Section, ShopStatus
from partners.shops.service import find
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.rules import ProposalWaits
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "staff shops", __name__, url_prefix="/admin/api/v1", description="Shops and their terms"
)


@blueprint.route("/shops")
class Shops(MethodView):
    """Shops."""

    @requires(Role.VIEWER)
    @blueprint.arguments(StaffShopFilter, location="query")
    @blueprint.response(200, StaffShopsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Shops in the order of their slugs, each with the terms that it promises now."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            found = shops(
                session,
                status=ShopStatus(wanted["status"]) if "status" in wanted else None,
                section=Section(wanted["section"]) if "section" in wanted else None,
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
                at=house.clock.now(),
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one["slug"])


@blueprint.route("/shops/<slug>")
class OneShop(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, StaffShopSchema)
    def get(self, slug: str) -> Row:
        """A shop, with the terms that it promises now."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            return with_terms(session, find(session, slug), house.clock.now())


@blueprint.route("/offers")
class Offers(MethodView):
    """Offers."""

    @requires(Role.VIEWER)
    @blueprint.arguments(OfferFilter, location="query")
    @blueprint.response(200, OffersPage)
    @blueprint.doc(responses={"422": refusal("A field is wrong, or the cursor is of no such list")})
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """All terms that shops ever promised, by shop and moment."""
        with unit_of_work(runtime().engine) as session:
            found = offers(
                session,
                slug=wanted.get("shop"),
                cursor=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=cursor_of)

    @requires(Role.ADMIN)
    @blueprint.arguments(OfferWish)
    @blueprint.response(200, OfferOutcome)
    @blueprint.doc(
        responses={
            "409": refusal("A change of this shop's terms waits for its approval already"),
            "422": refusal("No such shop, or a field is wrong"),
        }
    )
    def post(self, told: dict[str, Any]) -> dict[str, Any]:
        """Change a shop's terms; above the limit it is only proposed: see `state`."""
        house, slug = runtime(), told["shop"]
        terms = Terms(
            told["cashback_bp"],
            told["commission_bp"],
            told["hold_days"],
            OnHoldEnd(told["on_hold_end"]),
        )
        now = house.clock.now().replace(microsecond=0)
        since = (told["since"] or now).replace(microsecond=0)
        with unit_of_work(house.engine, "offers.change") as session:
            done = change(
                session, house, {slug: terms}, since, by=acting(), reason=told["reason"], now=now
            )
        if slug in done.waiting:
            raise ProposalWaits(f"a change of the terms of {slug} waits for its approval")
        if slug in done.proposed:
            return {"state": "proposed", "proposal_id": done.proposed[slug].id}
        return {"state": "changed" if slug in done.now else "unchanged", "proposal_id": None}
