"""`/admin/api/v1/inbox`: what waits, what is parked and why; and the hand of staff on it."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.queries import shown_of
from tracker.proposals.schemas import ProposalSchema
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role
from webhooks.desk.crediting import REATTRIBUTING, Word, reattribute_as
from webhooks.desk.service import discard_events, find_events, look, retry_events
from webhooks.inbox.models import EventState, ParkedReason

TASK = "inbox"

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/admin/api/v1/inbox", description="Events from the shops"
)


class EventFilter(Schema):
    """Which events."""

    state = fields.String(validate=validate.OneOf([*EventState]))
    reason = fields.String(validate=validate.OneOf([*ParkedReason]))
    shop_id = fields.Integer()
    webhook_id = fields.String()
    order_id = fields.String()
    trusted = fields.Boolean()
    since = fields.AwareDateTime(format="iso")
    until = fields.AwareDateTime(format="iso")
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class EventSchema(Schema):
    """One event, without its body."""

    id = fields.Integer()
    shop_id = fields.Integer()
    webhook_id = fields.String()
    received_at = fields.AwareDateTime(format="iso")
    state = fields.String()
    trusted = fields.Boolean()
    attempts = fields.Integer()
    handled_at = fields.AwareDateTime(format="iso", allow_none=True)
    parked_reason = fields.String(allow_none=True)
    parked_detail = fields.String(allow_none=True)


class EventPage(Schema):
    """A page of events; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(EventSchema))
    next = fields.String(allow_none=True)


class ConflictSchema(Schema):
    """Another body that came under the same webhook-id."""

    received_at = fields.AwareDateTime(format="iso")
    sha256 = fields.String()
    raw = fields.String()


class WholeEventSchema(EventSchema):
    """One event with its raw bytes and what they say."""

    shape = fields.String()
    sha256 = fields.String()
    size = fields.Integer(metadata={"description": "Bytes of the body"})
    raw = fields.String(allow_none=True, metadata={"description": "None: pruned by age"})
    decoded = fields.List(fields.Dict())
    conflicts = fields.List(fields.Nested(ConflictSchema))


class ReasonSchema(Schema):
    """Why; it is kept in the audit."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class ClickSchema(ReasonSchema):
    """The click that shall be credited, and why."""

    click_id = fields.String(required=True, validate=validate.Length(1, 200))


class DoneSchema(Schema):
    """Whether the event was in a state that allows it."""

    done = fields.Boolean()


class AttributedSchema(Schema):
    """The purchases that were credited, by their ids; or what another person has to approve."""

    purchases = fields.List(fields.Integer())
    proposal = fields.Nested(ProposalSchema, allow_none=True)


@blueprint.route("")
class Events(MethodView):
    """Events."""

    @requires(Role.VIEWER)
    @blueprint.arguments(EventFilter, location="query")
    @blueprint.response(200, EventPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Events in the order they came in."""
        limit, after = wanted.pop("limit"), wanted.pop("cursor")
        if "state" in wanted:
            wanted["state"] = EventState(wanted["state"])
        if "reason" in wanted:
            wanted["reason"] = ParkedReason(wanted["reason"])
        with unit_of_work(runtime().engine) as session:
            found = find_events(
                session,
                shop_id=wanted.pop("shop_id", None),
                webhook_id=wanted.pop("webhook_id", None),
                order_id=wanted.pop("order_id", None),
                after=after,
                limit=limit + 1,
                **wanted,
            )
        return page_of(found, limit=limit, cursor=lambda event: event.id)


@blueprint.route("/<int:event_id>")
class Event(MethodView):
    """One event."""

    @requires(Role.VIEWER)
    @blueprint.response(200, WholeEventSchema)
    def get(self, event_id: int) -> dict[str, Any]:
        """What became of it, its raw bytes, and what they say in our own terms."""
        with unit_of_work(runtime().engine) as session:
            return _plain(look(session, event_id))


@blueprint.route("/<int:event_id>/retry")
class Retry(MethodView):
    """Another try."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ReasonSchema)
    @blueprint.response(200, DoneSchema)
    def post(self, told: dict[str, str], event_id: int) -> dict[str, bool]:
        """Let a parked or discarded event be tried again."""
        with unit_of_work(runtime().engine) as session:
            look(session, event_id)
            done = retry_events(session, acting().login, [event_id], told["reason"])
        runtime().nudger.nudge(TASK)
        return {"done": event_id in done}


@blueprint.route("/<int:event_id>/discard")
class Discard(MethodView):
    """Nothing is to come of it."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ReasonSchema)
    @blueprint.response(200, DoneSchema)
    def post(self, told: dict[str, str], event_id: int) -> dict[str, bool]:
        """Let nothing come of a parked event. It is kept, and can still be retried."""
        with unit_of_work(runtime().engine) as session:
            look(session, event_id)
            done = discard_events(session, acting().login, [event_id], told["reason"])
        return {"done": event_id in done}


@blueprint.route("/<int:event_id>/reattribute")
class Reattribute(MethodView):
    """Another click."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ClickSchema)
    @blueprint.response(200, AttributedSchema)
    def post(self, told: dict[str, str], event_id: int) -> dict[str, Any]:
        """Credit the purchases that the event tells of to a click, whatever the shop says. Beyond
        what one may credit alone it is only asked for: see `proposal`."""
        house, by = runtime(), acting()
        word = Word(told["click_id"], by.login, told["reason"], house.clock.now())
        with unit_of_work(house.engine) as session:
            ids, asked = reattribute_as(session, house, event_id, word, by)
            shown = asked and shown_of(session, asked.id, {REATTRIBUTING.name: REATTRIBUTING})
        return {"purchases": ids, "proposal": shown}


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    """Moments within what was decoded as text, as JSON wants them."""
    return {**figures, "decoded": [_texts(one) for one in figures["decoded"]]}


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
