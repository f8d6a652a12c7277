"""`/admin/api/v1/inbox`: what waits, what is parked and why."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import requires
from tracker.staff.rules import Role
from webhooks.inbox.models import EventState, ParkedReason
from webhooks.inbox.queries import search

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/admin/api/v1/inbox", description="Events from the shops"
)


class EventFilter(Schema):
    """Which events."""

    state = fields.String(validate=validate.OneOf([*EventState]))
    reason = fields.String(validate=validate.OneOf([*ParkedReason]))
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class EventSchema(Schema):
    """One event, without its body."""

    id = fields.Integer()
    shop_id = fields.Integer()
    webhook_id = fields.String()
    received_at = fields.AwareDateTime(format="iso")
    state = fields.String()
    attempts = fields.Integer()
    handled_at = fields.AwareDateTime(format="iso", allow_none=True)
    parked_reason = fields.String(allow_none=True)
    parked_detail = fields.String(allow_none=True)


class EventPage(Schema):
    """A page of events; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(EventSchema))
    next = fields.String(allow_none=True)


@blueprint.route("")
class Events(MethodView):
    """Events."""

    @requires(Role.VIEWER)
    @blueprint.arguments(EventFilter, location="query")
    @blueprint.response(200, EventPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Events in the order they came in."""
        with unit_of_work(runtime().engine) as session:
            found = search(
                session,
                state=EventState(wanted["state"]) if "state" in wanted else None,
                reason=ParkedReason(wanted["reason"]) if "reason" in wanted else None,
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda event: event.id)
