"""`/api/v1/relatives`: to whose phones a member's cashback goes, beside the member's own."""

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.access import edge
from tracker.access.codes import Asked, Destination, answer, ask
from tracker.access.edge import REAL, nudge, see_right, spend_guess, spend_message
from tracker.access.guard import acting_member, signed_in
from tracker.access.rules import Purpose
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime
from tracker.members.rules import Language, normal_phone
from tracker.members.service import find
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify
from tracker.relatives.queries import Listed, listed, one_of
from tracker.relatives.schemas import (
    AnswerSchema,
    AskedSchema,
    ChangeSchema,
    NewRelativeSchema,
    RelativeSchema,
    RelativesSchema,
)
from tracker.relatives.service import Wish, add, change, confirm, remove, see_that_it_waits

blueprint = Blueprint(
    "relatives",
    __name__,
    url_prefix="/api/v1/relatives",
    description="To whose phones the cashback goes, beside the member's own",
)


@blueprint.route("")
class Relatives(MethodView):
    """The list."""

    @signed_in
    @blueprint.response(200, RelativesSchema)
    def get(self) -> dict[str, Any]:
        """The relatives, in their order."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            found = listed(session, house.settings.keys, acting_member().member_id)
        return {"items": [_shown(one) for one in found]}

    @signed_in
    @blueprint.arguments(NewRelativeSchema)
    @blueprint.response(201, AskedSchema)
    @blueprint.doc(
        responses={
            "409": refusal("On the list already, or the list is full"),
            "429": refusal("Too many codes were asked for"),
        }
    )
    def post(self, told: dict[str, Any]) -> dict[str, Any]:
        """Add a number: its owner is sent a code, and tells it to the member."""
        house = runtime()
        me, phone = acting_member().member_id, normal_phone(told.pop("phone"))
        spend_message(Destination(phone=phone))
        with unit_of_work(house.engine) as session:
            made = add(session, house.settings.keys, me, phone, _wish(told))
            asked = _ask(session, me, made)
        nudge()
        return _shown(made) | _until(asked)


@blueprint.route("/<int:relative_id>")
class OneRelative(MethodView):
    """One of them."""

    @signed_in
    @blueprint.arguments(ChangeSchema)
    @blueprint.response(200, RelativeSchema)
    def patch(self, told: dict[str, Any], relative_id: int) -> dict[str, Any]:
        """Let something else go to a relative, from the next list on."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            changed = change(
                session,
                house.settings.keys,
                acting_member().member_id,
                relative_id,
                wish=_wish(told),
                place=told.get("place"),
            )
        return _shown(changed)

    @signed_in
    @blueprint.response(204)
    def delete(self, relative_id: int) -> None:
        """Take a relative off the list; what has not been sent yet stays with the member."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            keys, me = house.settings.keys, acting_member().member_id
            remove(session, keys, me, relative_id, house.clock.now())


@blueprint.route("/<int:relative_id>/resend")
class Resend(MethodView):
    """Another code."""

    @signed_in
    @blueprint.response(200, AskedSchema)
    @blueprint.doc(
        responses={
            "409": refusal("Confirmed already"),
            "422": refusal("No codes are sent to such numbers"),
            "429": refusal("Too soon, or too many codes were asked for"),
        }
    )
    def post(self, relative_id: int) -> dict[str, Any]:
        """Send the relative another code; the one before is good no more."""
        house = runtime()
        keys, me = house.settings.keys, acting_member().member_id
        with unit_of_work(house.engine) as session:
            found = see_that_it_waits(session, keys, me, relative_id)
            language = Language(find(session, me).language)
        to = Destination(phone=found.phone)
        asked = edge.ask(Purpose.RELATIVE, _flow(me, found), to, language)
        return _shown(found) | _until(asked)


@blueprint.route("/<int:relative_id>/confirm")
class Confirmation(MethodView):
    """The owner's word."""

    @signed_in
    @blueprint.arguments(AnswerSchema)
    @blueprint.response(200, RelativeSchema)
    @blueprint.doc(
        responses={
            "409": refusal("Confirmed already, or the code is good no more"),
            "429": refusal("Too many wrong codes from here"),
        }
    )
    def post(self, told: dict[str, str], relative_id: int) -> dict[str, Any]:
        """Confirm a number by the code that its owner was sent."""
        house = runtime()
        keys, me = house.settings.keys, acting_member().member_id
        with unit_of_work(house.engine) as session:
            see_that_it_waits(session, keys, me, relative_id)
        spend_guess()
        with unit_of_work(house.engine) as session:
            found = see_that_it_waits(session, keys, me, relative_id)
            flow, now = _flow(me, found), REAL.now()
            verdict = answer(session, keys, Purpose.RELATIVE, flow, told["code"], now)
            if verdict is verdict.RIGHT:
                confirm(session, found.number_id, house.clock.now())
                _tell(session, me, found)
        see_right(code=verdict)
        nudge()
        with unit_of_work(house.engine) as session:
            return _shown(one_of(session, keys, me, relative_id))


def _ask(session: Session, member_id: int, one: Listed) -> Asked:
    """A code to the relative's number, in the member's language: the relative's is not known."""
    return ask(
        session,
        runtime().settings.keys,
        Purpose.RELATIVE,
        Destination(phone=one.phone),
        _flow(member_id, one),
        REAL.now(),
        language=Language(find(session, member_id).language),
    )


def _tell(session: Session, member_id: int, one: Listed) -> None:
    """Whoever is at the member's device may not be the member."""
    key = f"relative:{one.id}:added"
    notify(session, [Notice(member_id, Kind.RELATIVE_ADDED, key)], runtime().clock.now())


def _flow(member_id: int, one: Listed) -> str:
    return f"member {member_id}, number {one.number_id}"


def _wish(told: dict[str, Any]) -> Wish:
    return Wish(told.get("fixed_amount"), told.get("share_percent"), told.get("label"))


def _shown(one: Listed) -> dict[str, Any]:
    state = "unconfirmed" if one.proved_at is None else "active"
    names = ("id", "phone", "label", "place", "fixed", "share_bp")
    return {name: getattr(one, name) for name in names} | {"state": state}


def _until(asked: Asked) -> dict[str, Any]:
    return {"expires_at": asked.expires_at, "resend_after": asked.resend_after}
