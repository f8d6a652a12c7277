"""`/api/v1/sessions` and `/api/v1/sign-out`: where a member is signed in, and no longer."""

from typing import Any

from flask import Response, request
from flask.views import MethodView

from tracker.access.cookies import FORGOTTEN, forget_session
from tracker.access.devices.schemas import SessionList
from tracker.access.edge import REAL
from tracker.access.guard import acting_member, signed_in, token_of
from tracker.access.rules import Kind, SessionNotFound
from tracker.access.sessions import forget_token, live_sessions, revoke, revoke_all
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime

blueprint = Blueprint(
    "sessions", __name__, url_prefix="/api/v1", description="The devices that are signed in"
)


@blueprint.route("/sessions")
class Sessions(MethodView):
    """All devices."""

    @signed_in
    @blueprint.response(200, SessionList)
    def get(self) -> dict[str, Any]:
        """Where the member is signed in."""
        house = runtime()
        me = acting_member()
        with unit_of_work(house.engine) as session:
            found = live_sessions(session, me.member_id, REAL.now())
        shown = [
            {
                "id": one.id,
                "label": one.label,
                "kind": Kind(one.kind),
                "remembered": one.remembered,
                "created_at": one.created_at,
                "seen_at": one.seen_at,
                "expires_at": one.expires_at,
                "current": one.id == me.session_id,
            }
            for one in found
        ]
        return {"items": shown}

    @signed_in
    @blueprint.response(204)
    def delete(self) -> None:
        """Sign out all devices but the one that asks."""
        house = runtime()
        me = acting_member()
        with unit_of_work(house.engine) as session:
            revoke_all(session, me.member_id, REAL.now(), but=me.session_id)


@blueprint.route("/sessions/<int:session_id>")
class OneSession(MethodView):
    """One device."""

    @signed_in
    @blueprint.response(204)
    def delete(self, session_id: int) -> None:
        """Sign out a device."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            ended = revoke(session, acting_member().member_id, session_id, REAL.now())
        if not ended:
            raise SessionNotFound


@blueprint.route("/sign-out")
class SignOut(MethodView):
    """The end of a session."""

    @blueprint.response(204, headers=FORGOTTEN)
    @blueprint.doc(responses={"403": refusal("Sent by a page of another site")})
    def post(self) -> Response:
        """Sign out the device that asks. The same when it was not signed in."""
        house = runtime()
        token = token_of(request)
        if token is not None:
            with unit_of_work(house.engine) as session:
                forget_token(session, house.settings.keys, token, REAL.now())
        return forget_session(Response(status=204))
