"""`/admin/api/v1/shops/health`: how each shop's reporting goes."""

from itertools import islice
from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.kit.clock import SystemClock
from tracker.kit.database import snapshot
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import requires
from tracker.staff.rules import Role
from webhooks.observations.health import health_of, health_of_all

blueprint = Blueprint(
    "health-of-shops",
    __name__,
    url_prefix="/admin/api/v1/shops",
    description="How shops' reporting goes",
)


class HealthFilter(Schema):
    """Which shops."""

    alarms = fields.Boolean(load_default=False, metadata={"description": "Only those not well"})
    cursor = fields.String(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class HealthSchema(Schema):
    """How one shop's reporting goes. Counts are of the last seven days, delays in seconds."""

    shop = fields.String()
    status = fields.String()
    last_event_at = fields.AwareDateTime(format="iso", allow_none=True)
    last_failure_at = fields.AwareDateTime(format="iso", allow_none=True)
    events_today = fields.Integer(metadata={"description": "Accepted since midnight in Moscow"})
    events = fields.Integer(metadata={"description": "Accepted"})
    duplicates = fields.Integer()
    refused = fields.Dict(fields.String(), fields.Integer(), metadata={"description": "By reason"})
    median_delay = fields.Float(
        allow_none=True, metadata={"description": "From receipt to being booked"}
    )
    p95_delay = fields.Float(allow_none=True)
    waiting = fields.Integer()
    parked = fields.Integer()
    secrets = fields.Integer(metadata={"description": "Those that hold"})
    secrets_ending = fields.List(
        fields.Integer(), metadata={"description": "Ids of those that end in a day and are in use"}
    )
    alarms = fields.List(
        fields.String(validate=validate.OneOf(["signatures_failing", "silent", "secret_ending"]))
    )


class HealthPage(Schema):
    """A page of shops; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(HealthSchema))
    next = fields.String(allow_none=True)


@blueprint.route("/health")
class HealthOfAll(MethodView):
    """Every shop."""

    @requires(Role.VIEWER)
    @blueprint.arguments(HealthFilter, location="query")
    @blueprint.response(200, HealthPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Shops in the order of their slugs."""
        with snapshot(runtime().engine) as session:
            healths = health_of_all(
                session,
                SystemClock().now(),
                after=wanted["cursor"],
                only_alarms=wanted["alarms"],
                portion=wanted["limit"] + 1,
            )
            found = [one.figures for one in islice(healths, wanted["limit"] + 1)]
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one["shop"])


@blueprint.route("/<slug>/health")
class HealthOfOne(MethodView):
    """One shop."""

    @requires(Role.VIEWER)
    @blueprint.response(200, HealthSchema)
    def get(self, slug: str) -> dict[str, Any]:
        """One shop."""
        with snapshot(runtime().engine) as session:
            return health_of(session, slug, SystemClock().now()).figures
