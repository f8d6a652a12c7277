"""`/admin/api/v1/forecast`: expected money."""

from datetime import datetime
from typing import Any

from flask.views import MethodView

from tracker.forecast.ports import Ids, Slugs
from tracker.forecast.queries import Told, shop, shops, told
from tracker.forecast.rules import NoCurve
from tracker.forecast.schemas import (
    ForecastQuery,
    ForecastSchema,
    ForecastShopFilter,
    ForecastShopPage,
    ForecastShopSchema,
    shop_view,
)
from tracker.kit.database import snapshot
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import requires
from tracker.staff.rules import Role


def build(slugs: Slugs, ids: Ids) -> Blueprint:
    """The routes, over what shops are called."""
    blueprint = Blueprint(
        "forecast", __name__, url_prefix="/admin/api/v1/forecast", description="Expected money"
    )

    @blueprint.route("")
    class Ahead(MethodView):
        """The next three 1sts."""

        @requires(Role.VIEWER)
        @blueprint.arguments(ForecastQuery, location="query")
        @blueprint.response(200, ForecastSchema)
        @blueprint.doc(responses={"404": refusal("None was made until then")})
        def get(self, wanted: dict[str, Any]) -> Told:
            """What the next three 1sts may cost, and what became of it."""
            house = runtime()
            as_of: datetime = wanted.get("as_of") or house.clock.now()
            with snapshot(house.engine) as session:
                return told(session, as_of)

    @blueprint.route("/shops")
    class Shops(MethodView):
        """How purchases end."""

        @requires(Role.VIEWER)
        @blueprint.arguments(ForecastShopFilter, location="query")
        @blueprint.response(200, ForecastShopPage)
        def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
            """Shops with their curves, by the latest forecast."""
            with snapshot(runtime().engine) as session:
                found = shops(
                    session,
                    after=wanted["cursor"],
                    limit=wanted["limit"] + 1,
                    unlike=wanted["unlike"],
                )
                page = page_of(found, limit=wanted["limit"], cursor=lambda one: one[0].shop_id)
                names = slugs(session, [curve.shop_id for curve, _ in page["items"]])
                page["items"] = [
                    shop_view(names.get(curve.shop_id, ""), curve, watch)
                    for curve, watch in page["items"]
                ]
                return page

    @blueprint.route("/shops/<slug>")
    class OneShop(MethodView):
        """How purchases of one end."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ForecastShopSchema)
        def get(self, slug: str) -> dict[str, Any]:
            """A shop's curves, and how it stands against its own past."""
            with snapshot(runtime().engine) as session:
                known = ids(session, [slug])
                if slug not in known:
                    raise NoCurve(f"no shop is called {slug!r}")
                return shop_view(slug, *shop(session, known[slug]))

    return blueprint
