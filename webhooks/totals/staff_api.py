"""`/admin/api/v1/control-totals`: what shops said of their days, and who has said nothing."""

from datetime import date
from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.kit.database import unit_of_work
from tracker.kit.fields import Day, Rubles
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import requires
from tracker.staff.rules import Role
from webhooks.totals.queries import found_in, kept, silent
from webhooks.totals.rules import due

blueprint = Blueprint(
    "control-totals",
    __name__,
    url_prefix="/admin/api/v1/control-totals",
    description="What shops said their days came to",
)


class TotalFilter(Schema):
    """Which control totals."""

    shop = fields.String()
    date = Day()
    status = fields.String(validate=validate.OneOf(["match", "differs"]))
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class SideSchema(Schema):
    """What one side has."""

    count = fields.Integer()
    sum = Rubles()


class FoundSchema(Schema):
    """How many orders were found to differ since the totals came."""

    missing = fields.Integer()
    extra = fields.Integer()
    amount_mismatch = fields.Integer()
    status_mismatch = fields.Integer()


class TotalSchema(Schema):
    """What a shop last said of a day."""

    id = fields.Integer()
    shop = fields.String()
    date = fields.Date()
    status = fields.String()
    received_at = fields.AwareDateTime(format="iso")
    trusted = fields.Boolean()
    booking = fields.Integer()
    ours = fields.Nested(SideSchema)
    theirs = fields.Nested(SideSchema)
    found = fields.Nested(FoundSchema)


class TotalPage(Schema):
    """A page of control totals; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(TotalSchema))
    next = fields.String(allow_none=True)


class SilentFilter(Schema):
    """For which day."""

    date = Day()


class SilentSchema(Schema):
    """Shops that have sent nothing for a day, though they usually do."""

    date = fields.Date()
    shops = fields.List(fields.String())


@blueprint.route("")
class Totals(MethodView):
    """Control totals."""

    @requires(Role.VIEWER)
    @blueprint.arguments(TotalFilter, location="query")
    @blueprint.response(200, TotalPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The last ones of each shop and day."""
        with unit_of_work(runtime().engine) as session:
            found = kept(
                session,
                slug=wanted.get("shop"),
                day=wanted.get("date"),
                differs=wanted["status"] == "differs" if "status" in wanted else None,
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        page = page_of(found, limit=wanted["limit"], cursor=lambda row: row.id)
        return page | {"items": [_shown(row) for row in page["items"]]}


@blueprint.route("/silent")
class Silent(MethodView):
    """Who has sent nothing."""

    @requires(Role.VIEWER)
    @blueprint.arguments(SilentFilter, location="query")
    @blueprint.response(200, SilentSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Shops that sent nothing for a day (the last that is due unless told otherwise)."""
        day: date = wanted.get("date") or due(runtime().clock.now())
        with unit_of_work(runtime().engine) as session:
            return {"date": day, "shops": silent(session, day)}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "shop": row.slug,
        "date": row.day,
        "status": "differs" if row.differs else "match",
        "received_at": row.received_at,
        "trusted": row.trusted,
        "booking": row.booking,
        "ours": {"count": row.our_count, "sum": int(row.our_sum)},
        "theirs": {"count": row.their_count, "sum": int(row.their_sum)},
        "found": found_in(row),
    }
