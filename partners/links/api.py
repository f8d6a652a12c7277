"""`GET /go/<slug>` and `/api/v1/clicks`: members go to shops, and see where they have been."""

from datetime import timedelta
from typing import Any

from flask import Response, request
from flask.views import MethodView
from marshmallow import EXCLUDE

from partners.links.queries import clicks_of
from partners.links.schemas import (
    ClickFilter,
    ClickPage,
    FollowedSchema,
    PlaceSchema,
    VisitSchema,
)
from partners.links.service import Followed, follow_link
from tracker.access.guard import acting_member, signed_in
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime

blueprint = Blueprint("clicks", __name__, description="Members go to shops")

_REFUSALS = {
    "404": refusal("No such shop"),
    "409": refusal("The shop promises nothing now, or its link cannot be followed"),
    "410": refusal("The shop has left the programme"),
    "429": refusal("More clicks than people make; Retry-After says when to come again"),
}
_ON_THE_WAY = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""Each click is one of its own, and the shop learns nothing of the page that led to it."""

_LOOKING_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""Headers by which a browser says that nobody has clicked yet."""


@blueprint.route("/go/<slug>")
class Go(MethodView):
    """The way to a shop."""

    @signed_in
    @blueprint.arguments(PlaceSchema, location="query", unknown=EXCLUDE)
    @blueprint.response(
        302,
        description="To the shop, with the click in the address",
        headers={"Location": {"schema": {"type": "string"}}},
    )
    @blueprint.alt_response(204, description="Nobody has clicked: HEAD, or fetched beforehand")
    @blueprint.doc(responses=_REFUSALS)
    def get(self, place: dict[str, str | None], slug: str) -> Response:
        """Record a click with the terms of this moment, and go to the shop.

        What else mails and pages add to an address is passed over.
        """
        if request.method == "HEAD" or _looks_ahead():
            return Response(status=204, headers=_ON_THE_WAY)
        followed = _follow(slug, place["sub_id"])
        return Response(status=302, headers={"Location": followed.address, **_ON_THE_WAY})


@blueprint.route("/api/v1/clicks")
class Clicks(MethodView):
    """A member's clicks."""

    @signed_in
    @blueprint.arguments(VisitSchema)
    @blueprint.response(201, FollowedSchema)
    @blueprint.doc(responses={"400": refusal("The body cannot be read"), **_REFUSALS})
    def post(self, visit: dict[str, Any]) -> dict[str, Any]:
        """The same for an app: the click, and the address to open now."""
        followed = _follow(visit["shop"], visit["sub_id"])
        click = followed.click
        return {
            "click_id": click.id,
            "shop": followed.shop,
            "shop_name": followed.shop_name,
            "cashback_bp": click.terms.cashback_bp,
            "hold_days": click.terms.hold_days,
            "clicked_at": click.clicked_at,
            "valid_until": click.valid_until,
            "sub_id": click.sub_id,
            "url": followed.address,
        }

    @signed_in
    @blueprint.arguments(ClickFilter, location="query")
    @blueprint.response(200, ClickPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The member's own clicks, the newest first."""
        limit = wanted["limit"]
        with unit_of_work(runtime().engine) as session:
            found = clicks_of(
                session, acting_member().member_id, before=wanted["cursor"], limit=limit + 1
            )
        return page_of(found, limit=limit, cursor=lambda click: click.click_id)


def _follow(slug: str, sub_id: str | None) -> Followed:
    house = runtime()
    with unit_of_work(house.engine) as session:
        return follow_link(
            session,
            acting_member().member_id,
            slug,
            at=house.clock.now(),
            window=timedelta(days=house.settings.attribution_days),
            sub_id=sub_id,
        )


def _looks_ahead() -> bool:
    said = " ".join(request.headers.get(name, "") for name in _LOOKING_AHEAD).lower()
    return "prefetch" in said or "prerender" in said or "preview" in said
